//! IAM, live: service accounts, their keys, providers of identities from outside.

use super::Gcp;
use super::each::{detail, number, observed, or_none, receipt, text};
use super::endpoints::IAM;
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::IamChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.iam.service_account", "gcp.iam.workload_identity_pool_provider"];

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &IamChange) -> Result<Sight, CloudError> {
    let wants = matches!(
        change,
        IamChange::DisableServiceAccount { .. }
            | IamChange::DisableServiceAccountKey { .. }
            | IamChange::DisableIdentityProvider { .. }
    );
    let (thing, state) = match change {
        IamChange::DisableServiceAccount { email } | IamChange::EnableServiceAccount { email } => {
            let account = account(gcp, at, email).await?;
            let state = json!({"unique_id": number(&account["uniqueId"]), "disabled": is_off(&account)});
            (account, state)
        }
        IamChange::DisableServiceAccountKey { email, key }
        | IamChange::EnableServiceAccountKey { email, key } => {
            let key = key_of(gcp, at, email, key).await?;
            let state = json!({
                "disabled": is_off(&key), "disable_reason": text(&key, "disableReason").filter(|_| is_off(&key) && is_googles(&key)),
                "origin": text(&key, "keyOrigin"), "valid_after": text(&key, "validAfterTime"),
            });
            (key, state)
        }
        IamChange::DisableIdentityProvider { name } | IamChange::EnableIdentityProvider { name } => {
            let provider = provider(gcp, at, name).await?;
            if text(&provider, "state") == Some("DELETED") {
                return Ok(Sight::Gone);
            }
            let state = json!({"disabled": is_off(&provider)});
            (provider, state)
        }
    };
    Ok(Sight::there(state, is_off(&thing) == wants))
}

/// Google leaves out what is false.
fn is_off(thing: &Value) -> bool {
    thing["disabled"].as_bool().unwrap_or_default()
}

/// Whether Google itself disabled a key (gcp.md 5.4).
pub(super) fn is_googles(key: &Value) -> bool {
    matches!(
        text(key, "disableReason"),
        Some(
            "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"
                | "SERVICE_ACCOUNT_KEY_DISABLE_REASON_COMPROMISE_DETECTED"
        )
    )
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &IamChange) -> Result<Receipt, CloudError> {
    let account = |call, template, email: &str| {
        Ask::post(call, at, IAM, template, &[home(email), email]).map(|ask| ask.body(json!({})))
    };
    let key = |call, template, email: &str, key: &str| {
        Ask::post(call, at, IAM, template, &[home(email), email, key]).map(|ask| ask.body(json!({})))
    };
    let ask = match change {
        IamChange::DisableServiceAccount { email } => account(
            "iam.projects.serviceAccounts.disable",
            "v1/projects/{}/serviceAccounts/{}:disable",
            email,
        )?,
        IamChange::EnableServiceAccount { email } => {
            account("iam.projects.serviceAccounts.enable", "v1/projects/{}/serviceAccounts/{}:enable", email)?
        }
        IamChange::DisableServiceAccountKey { email, key: id } => key(
            "iam.projects.serviceAccounts.keys.disable",
            "v1/projects/{}/serviceAccounts/{}/keys/{}:disable",
            email,
            id,
        )?,
        IamChange::EnableServiceAccountKey { email, key: id } => key(
            "iam.projects.serviceAccounts.keys.enable",
            "v1/projects/{}/serviceAccounts/{}/keys/{}:enable",
            email,
            id,
        )?,
        IamChange::DisableIdentityProvider { name } => return switch(gcp, at, name, true).await,
        IamChange::EnableIdentityProvider { name } => return switch(gcp, at, name, false).await,
    };
    Ok(receipt(&gcp.rest.json(&ask.repeatable()).await?))
}

async fn switch(gcp: &Gcp, at: &Place, name: &str, disabled: bool) -> Result<Receipt, CloudError> {
    const CALL: &str = "iam.projects.locations.workloadIdentityPools.providers.patch";
    let ask = Ask::new(CALL, at, Method::PATCH, IAM, "v1/{+}", &[name])?
        .with("updateMask", "disabled")
        .body(json!({"disabled": disabled}))
        .repeatable();
    let operation = gcp.rest.json(&ask).await?;
    gcp.followed(operation, IAM, "v1/{+}", CALL, at).await
}

/// The project that an account's e-mail names; `-` is any.
pub(super) fn home(email: &str) -> &str {
    let host = email.split_once('@').map_or("", |(_, host)| host);
    host.strip_suffix(".iam.gserviceaccount.com").filter(|project| !project.contains('.')).unwrap_or("-")
}

/// A service account, by e-mail or unique id.
pub(super) async fn account(gcp: &Gcp, at: &Place, email: &str) -> Result<Value, CloudError> {
    let call = "iam.projects.serviceAccounts.get";
    gcp.rest.json(&Ask::get(call, at, IAM, "v1/projects/{}/serviceAccounts/{}", &[home(email), email])?).await
}

pub(super) async fn key_of(gcp: &Gcp, at: &Place, email: &str, key: &str) -> Result<Value, CloudError> {
    let call = "iam.projects.serviceAccounts.keys.get";
    let template = "v1/projects/{}/serviceAccounts/{}/keys/{}";
    gcp.rest.json(&Ask::get(call, at, IAM, template, &[home(email), email, key])?).await
}

/// The keys that people hold; those that Google holds itself never leak.
pub(super) async fn keys(gcp: &Gcp, at: &Place, email: &str) -> Result<Vec<Value>, CloudError> {
    let call = "iam.projects.serviceAccounts.keys.list";
    let ask = Ask::get(call, at, IAM, "v1/projects/{}/serviceAccounts/{}/keys", &[home(email), email])?;
    let answer = gcp.rest.json(&ask.with("keyTypes", "USER_MANAGED")).await?;
    Ok(answer["keys"].as_array().cloned().unwrap_or_default())
}

async fn provider(gcp: &Gcp, at: &Place, name: &str) -> Result<Value, CloudError> {
    let call = "iam.projects.locations.workloadIdentityPools.providers.get";
    gcp.rest.json(&Ask::get(call, at, IAM, "v1/{+}", &[name])?).await
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let found = match kind {
            "gcp.iam.service_account" => {
                let email = one.all_names().find(|name| name.contains('@') && !name.contains('/'));
                let found = or_none(account(gcp, at, email.unwrap_or(&one.id)).await)?;
                // A namesake that was made since is another account.
                found.filter(|found| !is_other(&one.id, found))
            }
            _ => {
                let name = one.all_names().find(|name| name.starts_with("projects/")).unwrap_or(&one.id);
                match provider(gcp, at, name).await {
                    Err(error) if error.refusal == Refusal::Invalid => None,
                    answer => or_none(answer)?,
                }
            }
        };
        let Some(found) = found else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = if is_off(&found) { State::Stopped } else { State::Running };
        let mut now = observed(one, state, None);
        detail(&mut now, "email", text(&found, "email"));
        seen.push(now);
    }
    Ok(seen)
}

fn is_other(id: &Arc<str>, found: &Value) -> bool {
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    is_number && number(&found["uniqueId"]).is_some_and(|unique| unique != **id)
}

#[cfg(test)]
mod tests {
    use super::home;

    #[test]
    fn an_account_says_where_it_is_at_home() {
        for (email, expect) in [
            ("a@shop-prod-4821.iam.gserviceaccount.com", "shop-prod-4821"),
            ("123456789012-compute@developer.gserviceaccount.com", "-"),
            ("a@p.example.com.iam.gserviceaccount.com", "-"),
            ("118005532197004821937", "-"),
        ] {
            assert_eq!(home(email), expect, "{email}");
        }
    }
}
