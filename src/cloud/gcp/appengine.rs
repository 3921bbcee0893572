//! App Engine, live: versions, by their full name and when they were made.

use super::Gcp;
use super::each::{at_time, detail, observed, or_none, text};
use super::endpoints::APPENGINE;
use super::named::{named, part, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{AppengineChange, Named};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.appengine.version"];

const TEMPLATE: &str = "v1/apps/{}/services/{}/versions/{}";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &AppengineChange) -> Result<Sight, CloudError> {
    let (it, wanted) = wanted(change);
    let found = get(gcp, at, it).await?;
    let status = text(&found, "servingStatus");
    Ok(match wanted {
        Some(_) => Sight::there(json!({"status": status}), status == wanted),
        // It is stopped before it is deleted: its status is not what must stay.
        None => Sight::there(json!({"created": text(&found, "createTime")}), false),
    })
}

fn wanted(change: &AppengineChange) -> (&Named, Option<&'static str>) {
    match change {
        AppengineChange::StopAppVersion { it } => (it, Some("STOPPED")),
        AppengineChange::ServeAppVersion { it } => (it, Some("SERVING")),
        AppengineChange::DeleteAppVersion { it } => (it, None),
    }
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &AppengineChange) -> Result<Receipt, CloudError> {
    let (it, wanted) = wanted(change);
    get(gcp, at, it).await?;
    let ids = [&*at.account, service(it), short(it)];
    let (call, ask) = match wanted {
        Some(status) => {
            let call = "appengine.apps.services.versions.patch";
            let ask = Ask::new(call, at, Method::PATCH, APPENGINE, TEMPLATE, &ids)?
                .with("updateMask", "servingStatus")
                .body(json!({"servingStatus": status}));
            (call, ask.repeatable())
        }
        None => {
            let call = "appengine.apps.services.versions.delete";
            (call, Ask::new(call, at, Method::DELETE, APPENGINE, TEMPLATE, &ids)?)
        }
    };
    let begun = gcp.rest.json(&ask).await?;
    gcp.followed(begun, APPENGINE, "v1/{+}", call, at).await
}

/// Empty where the record did not tell: no such path can be asked for, and that is an error.
fn service(it: &Named) -> &str {
    part(&it.name, &["services"]).unwrap_or_default()
}

async fn get(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "appengine.apps.services.versions.get";
    let ids = [&*at.account, service(it), short(it)];
    let found = gcp.rest.json(&Ask::get(call, at, APPENGINE, TEMPLATE, &ids)?).await?;
    same(found, it, "", "createTime", call, at)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(found) = or_none(get(gcp, at, &named(one)).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match text(&found, "servingStatus") {
            Some("SERVING") => State::Running,
            Some("STOPPED") => State::Stopped,
            _ => State::Unknown,
        };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        let is_flexible = matches!(text(&found, "env"), Some("flex" | "flexible")) || found["vm"] == true;
        let scaling = ["manualScaling", "basicScaling"].into_iter().find(|word| found[*word].is_object());
        detail(
            &mut looked,
            "scaling",
            Some(scaling.map_or("automatic", |word| word.trim_end_matches("Scaling"))),
        );
        detail(&mut looked, "environment", Some(if is_flexible { "flexible" } else { "standard" }));
        detail(&mut looked, "creator", text(&found, "createdBy"));
        looked.identity = text(&found, "serviceAccount").map(Into::into);
        seen.push(looked);
    }
    Ok(seen)
}
