//! Cloud Support, live: where a ticket goes, whether it is filed, and filing it. Standard Support or better has the API; without
//! it Google refuses.

use super::Gcp;
use super::each::{not_answered, observed, text};
use super::endpoints::SUPPORT;
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::SupportChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use serde_json::{Value, json};
use std::sync::Arc;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

/// What a classification about a compromise is called, the fittest first.
const ABOUT: &[&str] = &["compromise", "hijack", "abuse", "security"];
/// More is not promised.
const PAGE: usize = 100;

/// Where a ticket about a compromise goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub id: Arc<str>,
    /// Its levels, as Google names them: `Technical Issue > Security > …`.
    pub name: Arc<str>,
}

impl Gcp {
    /// Asks what kinds of cases there are, and returns the one that is about a compromise.
    pub async fn ticket_route(&self, account: &str) -> Result<Route, CloudError> {
        const CALL: &str = "cloudsupport.caseClassifications.search";
        let at = Place::new(account, "");
        let ask = Ask::get(CALL, &at, SUPPORT, "v2/caseClassifications:search", &[])?.with("pageSize", PAGE);
        let all = self.rest.list(ask, "caseClassifications").await?;
        fittest(&all)
            .ok_or_else(|| not_answered(CALL, &at, "classification about a compromise, abuse or security"))
    }
}

/// The first word that any of them has decides; of these the shortest name, since what is nested deeper is about one product.
fn fittest(all: &[Value]) -> Option<Route> {
    ABOUT.iter().find_map(|word| {
        let named = all.iter().filter_map(|one| Some((text(one, "displayName")?, text(one, "id")?)));
        let fit = named.filter(|(name, _)| name.to_lowercase().contains(word));
        let (name, id) = fit.min_by_key(|(name, id)| (name.len(), *name, *id))?;
        Some(Route { id: id.into(), name: name.into() })
    })
}

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &SupportChange) -> Result<Sight, CloudError> {
    let SupportChange::CreateSupportCase { parent, display_name, test_case, .. } = change;
    let ask = Ask::get("cloudsupport.cases.list", at, SUPPORT, "v2/{+}/cases", &[parent])?
        .with("filter", "state=OPEN")
        .with("pageSize", PAGE);
    let open = gcp.rest.list(ask, "cases").await?;
    let is_ours = |one: &&Value| {
        text(one, "displayName") == Some(&**display_name)
            && one["testCase"].as_bool().unwrap_or(false) == *test_case
            && text(one, "state") != Some("CLOSED")
    };
    let filed = open.iter().find(is_ours).map(|one| one["name"].clone());
    let is_filed = filed.is_some();
    Ok(Sight::there(json!({ "case": filed }), is_filed))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &SupportChange) -> Result<Receipt, CloudError> {
    const CALL: &str = "cloudsupport.cases.create";
    let SupportChange::CreateSupportCase {
        parent,
        display_name,
        description,
        classification,
        priority,
        test_case,
        ..
    } = change;
    let ask = Ask::post(CALL, at, SUPPORT, "v2/{+}/cases", &[parent])?.body(json!({
        "displayName": display_name, "description": description, "priority": priority, "testCase": test_case,
        "classification": {"id": classification}, "languageCode": "en",
    }));
    let filed = gcp.rest.json(&ask).await?;
    let name = text(&filed, "name").ok_or_else(|| not_answered(CALL, at, "case"))?;
    Ok(Receipt { request_id: None, made: vec![name.to_owned()] })
}

/// Tickets are nothing that a principal made: none is ever asked about.
pub(super) async fn observe(
    _gcp: &Gcp,
    _at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Ok(wanted.iter().map(|one| observed(one, State::Unknown, None)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compromise_goes_where_compromises_go() {
        let all = |names: &[&str]| -> Vec<Value> {
            names.iter().map(|name| json!({"displayName": name, "id": format!("id of {name}")})).collect()
        };
        let of = |names: &[&str]| fittest(&all(names)).map(|route| route.name.to_string());
        let compute = "Technical Issue > Compute > Compute Engine";
        assert_eq!(of(&[compute]), None);
        assert_eq!(of(&[]), None);
        let security = "Technical Issue > Security";
        let deep = "Technical Issue > Security > Key Management";
        assert_eq!(of(&[compute, deep, security]).as_deref(), Some(security));
        let hijack = "Billing > Account Hijacking";
        assert_eq!(of(&[security, hijack]).as_deref(), Some(hijack));
        // What has no id can't be filed under.
        assert_eq!(fittest(&[json!({"displayName": security})]), None);
    }
}
