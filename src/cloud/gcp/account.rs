//! Everything that there is to know of a service account before it is disabled: a handful of calls.

use super::Gcp;
use super::each::{at_time, name, number, or_none, text};
use super::endpoints::{CLOUDASSET, ORGPOLICY, POLICYANALYZER};
use super::rest::Ask;
use super::{compute, iam, storage};
use crate::cloud::{CloudError, Refusal};
use crate::model::account::{AccountKey, AccountSeen};
use crate::model::identity::Part;
use crate::model::observed::State;
use crate::model::{Place, Provider, Time};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
/// Only where the organization allows it (gcp.md 5.1).
const EXTENSION: &str = "iam.allowServiceAccountCredentialLifetimeExtension";

/// Looks at an account, by e-mail or unique id; `None` when there is none.
pub(super) async fn seen(gcp: &Gcp, id: &str) -> Result<Option<AccountSeen>, CloudError> {
    let at = Place::new(
        match iam::home(id) {
            "-" => id,
            project => project,
        },
        "",
    );
    let Some(account) = or_none(iam::account(gcp, &at, id).await)? else { return Ok(None) };
    let email: Arc<str> = text(&account, "email").unwrap_or(id).into();
    let project: Arc<str> = text(&account, "projectId").unwrap_or_else(|| iam::home(&email)).into();
    let at = Place::new(project.clone(), "");
    let (keys, hmac, runs, serves, used, longest, key_uses) = tokio::join!(
        iam::keys(gcp, &at, &email),
        storage::hmac_keys(gcp, &at, &project, &email),
        compute::sweep(gcp, &at),
        serves(gcp, &at, &email),
        last_used(gcp, &at, "serviceAccountLastAuthentication", &email, None),
        longest_token(gcp, &at, &email),
        last_used(gcp, &at, "serviceAccountKeyLastAuthentication", &email, Some("")),
    );
    let key_uses: Part<Vec<(String, Option<Time>)>> = part(key_uses);
    let keys = part(keys.map(|all| all.iter().filter_map(|one| key(one, &key_uses)).collect()));
    let hmac_keys = part(hmac.map(|all| {
        let active = all.iter().filter(|one| text(one, "state") == Some("ACTIVE"));
        active.filter_map(|one| text(one, "accessId")).map(Arc::from).collect()
    }));
    let runs = part(runs.into_iter().collect::<Result<Vec<_>, _>>().map(|lists| {
        let all = lists.into_iter().flatten();
        let its = all.filter(|one| one.identity.as_deref() == Some(&*email) && one.state == State::Running);
        its.map(|one| one.details.get("name").cloned().unwrap_or_else(|| one.resource.id.clone())).collect()
    }));
    Ok(Some(AccountSeen {
        provider: Provider::Gcp,
        at: Time::now(),
        unique_id: number(&account["uniqueId"]).unwrap_or_default().into(),
        is_disabled: account["disabled"].as_bool().unwrap_or_default(),
        keys,
        hmac_keys,
        runs,
        serves: part(serves),
        last_used: part(used.map(|all| all.into_iter().filter_map(|(_, at)| at).max())),
        longest_token: part(longest),
        email,
        project,
    }))
}

/// What runs without a machine of its own and may run as an account, as the asset inventory calls it.
const SERVES: &str =
    "(run.googleapis.com/(Service|Job)|cloudfunctions.googleapis.com/(CloudFunction|Function))";

/// Services, jobs and functions that run as an account. The asset inventory has all regions in one answer; its own search does not
/// know whom they run as, their own descriptions do.
async fn serves(gcp: &Gcp, at: &Place, email: &str) -> Result<Vec<Arc<str>>, CloudError> {
    let call = "cloudasset.searchAllResources";
    let ask = Ask::get(call, at, CLOUDASSET, "v1/projects/{}:searchAllResources", &[&at.account])?
        .with("assetTypes", SERVES)
        .with("readMask", "name,location,versionedResources")
        .with("pageSize", 500);
    let all = gcp.rest.list(ask, "results").await?;
    let its = all.iter().filter(|one| is_run_as(&one["versionedResources"], email));
    let told =
        |one: &Value| Some(format!("{} in {}", name(text(one, "name")?), text(one, "location")?).into());
    let mut found: Vec<Arc<str>> = its.filter_map(told).collect();
    // A function of the second generation is a service of the same name.
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether a description of a service names an account where it says whom it runs as: `serviceAccount`, `serviceAccountName`,
/// `serviceAccountEmail`, by its API's version.
fn is_run_as(description: &Value, email: &str) -> bool {
    match description {
        Value::Array(all) => all.iter().any(|one| is_run_as(one, email)),
        Value::Object(fields) => fields.iter().any(|(word, value)| match value {
            Value::String(text) => word.starts_with("serviceAccount") && text == email,
            value => is_run_as(value, email),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn part<T>(answer: Result<T, CloudError>) -> Part<T> {
    match answer {
        Ok(seen) => Part::Seen(seen),
        Err(error) => Part::Unread(error.to_string()),
    }
}

fn key(one: &Value, uses: &Part<Vec<(String, Option<Time>)>>) -> Option<AccountKey> {
    let id = text(one, "name").map(name)?;
    let exposed = one["extendedStatus"].as_array().into_iter().flatten();
    let exposed = exposed
        .filter(|status| text(status, "key") == Some("SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED"));
    Some(AccountKey {
        id: id.into(),
        is_disabled: one["disabled"].as_bool().unwrap_or_default(),
        disabled_by_google: text(one, "disableReason").filter(|_| iam::is_googles(one)).map(Arc::from),
        exposed_at: exposed.filter_map(|status| text(status, "value")).next().map(Arc::from),
        is_uploaded: text(one, "keyOrigin") == Some("USER_PROVIDED"),
        created_at: at_time(&one["validAfterTime"]),
        last_used: match uses {
            Part::Seen(all) => Part::Seen(all.iter().find(|(key, _)| key == id).and_then(|(_, at)| *at)),
            Part::Unread(why) => Part::Unread(why.clone()),
        },
    })
}

/// When an account or its keys last got a token: day by day, and late.
async fn last_used(
    gcp: &Gcp,
    at: &Place,
    kind: &str,
    email: &str,
    keys: Option<&str>,
) -> Result<Vec<(String, Option<Time>)>, CloudError> {
    let call = "policyanalyzer.projects.locations.activityTypes.activities.query";
    let template = "v1/projects/{}/locations/global/activityTypes/{}/activities:query";
    let ask = Ask::get(call, at, POLICYANALYZER, template, &[&at.account, kind])?.with("pageSize", 1000);
    let ask = match keys {
        // Of keys only those of the whole project can be asked; their names tell whose they are.
        Some(_) => ask,
        None => {
            let plain: String = email.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
            let name = format!("//iam.googleapis.com/projects/{}/serviceAccounts/{plain}", at.account);
            ask.with("filter", format!("activities.fullResourceName=\"{name}\""))
        }
    };
    let all = gcp.rest.list(ask, "activities").await?;
    let mine = all.iter().filter(|one| {
        let name = text(one, "fullResourceName").unwrap_or_default();
        name.contains(&format!("/serviceAccounts/{email}")) || keys.is_none()
    });
    Ok(mine
        .map(|one| {
            let id = text(one, "fullResourceName").map(name).unwrap_or_default().to_owned();
            (id, at_time(&one["activity"]["lastAuthenticatedTime"]))
        })
        .collect())
}

/// 1 h, or 12 h where a policy names the account or allows all.
async fn longest_token(gcp: &Gcp, at: &Place, email: &str) -> Result<Duration, CloudError> {
    let call = "orgpolicy.projects.policies.getEffectivePolicy";
    let template = "v2/projects/{}/policies/{}:getEffectivePolicy";
    let ask = Ask::get(call, at, ORGPOLICY, template, &[&at.account, EXTENSION])?;
    let policy = match gcp.rest.json(&ask).await {
        Ok(policy) => policy,
        // No such policy anywhere above: the default holds.
        Err(error) if error.refusal == Refusal::NotFound => return Ok(HOUR),
        Err(error) => return Err(error),
    };
    let is_allowed = policy["spec"]["rules"].as_array().into_iter().flatten().any(|rule| {
        let named =
            rule["values"]["allowedValues"].as_array().into_iter().flatten().filter_map(Value::as_str);
        rule["allowAll"].as_bool().unwrap_or_default() || named.into_iter().any(|one| one == email)
    });
    Ok(if is_allowed { HOUR * 12 } else { HOUR })
}

impl Gcp {
    /// What there is to know of a service account, by e-mail or unique id; `None` when there is none.
    pub async fn account(&self, id: &str) -> Result<Option<AccountSeen>, CloudError> {
        seen(self, id).await
    }
}
