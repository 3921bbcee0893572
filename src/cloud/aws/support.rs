//! AWS Support, live: where a ticket goes, whether it is filed, and filing it. Its one endpoint is the partition's global one;
//! accounts without a plan that has the API are told `SubscriptionRequiredException`.

use super::each::{observed, receipt};
use super::error::not_answered;
use super::{Aws, client, failed};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::SupportChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_support::Client;
use serde_json::json;
use std::sync::Arc;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

/// Most pages that an honest answer has.
const PAGES: usize = 100;
const LANGUAGE: &str = "en";

/// Where a ticket about a compromise goes, by the codes of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub service: Arc<str>,
    pub category: Arc<str>,
    pub severity: Arc<str>,
}

/// Asks for the codes: service Account, category Security, and the highest severity that the plan has, save one that is for a
/// business that stands still.
pub async fn route(aws: &Aws, at: &Place) -> Result<Route, CloudError> {
    const SERVICES: &str = "support:DescribeServices";
    const LEVELS: &str = "support:DescribeSeverityLevels";
    let client = client!(aws, at, aws_sdk_support)?;
    let services = client.describe_services().language(LANGUAGE).send().await;
    let services = services.map_err(|error| failed(SERVICES, at, error))?;
    let mut found = None;
    for service in services.services.unwrap_or_default() {
        let is_account = service.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("account"))
            || service.code.as_deref() == Some("customer-account");
        let (true, Some(code)) = (is_account, service.code) else { continue };
        let categories = service.categories.unwrap_or_default();
        let is_security =
            |name: Option<&str>| name.is_some_and(|name| name.to_ascii_lowercase().contains("security"));
        let category = categories
            .into_iter()
            .find(|one| is_security(one.name.as_deref()) || is_security(one.code.as_deref()));
        found = found.or(category.and_then(|one| one.code).map(|category| (code, category)));
    }
    let Some((service, category)) = found else {
        return Err(not_answered(SERVICES, at, "service Account with a category Security"));
    };
    let levels = client.describe_severity_levels().language(LANGUAGE).send().await;
    let levels = levels.map_err(|error| failed(LEVELS, at, error))?;
    let codes: Vec<String> =
        levels.severity_levels.unwrap_or_default().into_iter().filter_map(|one| one.code).collect();
    let severity =
        ["urgent", "high", "normal", "low"].into_iter().find(|code| codes.iter().any(|one| one == code));
    let Some(severity) = severity else { return Err(not_answered(LEVELS, at, "severity that we know")) };
    Ok(Route { service: service.into(), category: category.into(), severity: severity.into() })
}

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&SupportChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(look_at(aws, at, change).await);
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &SupportChange) -> Result<Sight, CloudError> {
    let SupportChange::CreateCase { subject, .. } = change;
    let filed = filed(&client!(aws, at, aws_sdk_support)?, at, subject).await?;
    let is_filed = filed.is_some();
    Ok(Sight::there(json!({ "case": filed }), is_filed))
}

/// The open case with this subject, which bears the incident's id; by the number that the console shows, else by its long id.
async fn filed(client: &Client, at: &Place, subject: &str) -> Result<Option<String>, CloudError> {
    const CALL: &str = "support:DescribeCases";
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let asked = client
            .describe_cases()
            .include_resolved_cases(false)
            .include_communications(false)
            .set_next_token(token.clone())
            .send()
            .await;
        let page = asked.map_err(|error| failed(CALL, at, error))?;
        let found =
            page.cases.unwrap_or_default().into_iter().find(|one| one.subject.as_deref() == Some(subject));
        if let Some(found) = found {
            let named =
                found.display_id.or(found.case_id).ok_or_else(|| not_answered(CALL, at, "case id"))?;
            return Ok(Some(named));
        }
        match page.next_token.filter(|next| !next.is_empty()) {
            None => return Ok(None),
            next if next == token => break,
            next => token = next,
        }
    }
    Err(not_answered(CALL, at, "end of its pages"))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SupportChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(file(aws, at, change).await);
    }
    done
}

async fn file(aws: &Aws, at: &Place, change: &SupportChange) -> Result<Receipt, CloudError> {
    let SupportChange::CreateCase { subject, body, service, category, severity } = change;
    let client = client!(aws, at, aws_sdk_support)?;
    let sent = client
        .create_case()
        .subject(&**subject)
        .communication_body(&**body)
        .service_code(&**service)
        .category_code(&**category)
        .severity_code(&**severity)
        .issue_type("customer-service")
        .language(LANGUAGE)
        .send()
        .await;
    let sent = sent.map_err(|error| failed("support:CreateCase", at, error))?;
    Ok(Receipt { made: sent.case_id.iter().cloned().collect(), ..receipt(&sent) })
}

/// Tickets are nothing that a principal made: none is ever asked about.
pub(super) async fn observe(
    _aws: &Aws,
    _at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Ok(wanted.iter().map(|one| observed(one, State::Unknown, None)).collect())
}
