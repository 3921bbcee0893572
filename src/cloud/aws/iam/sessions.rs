//! Sessions of a role: some by name in one inline policy, and the managed policy for roles whose inline policies are full.

use super::holder::{Held, Holder};
use super::{Iam, absent, covers, decoded, failed, last, next, not_answered, receipt, until};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::deny::{self, Named};
use crate::model::{Sight, Time};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn look(
    iam: &Iam,
    role: &str,
    names: &[Arc<str>],
    issued_before: Option<Time>,
) -> Result<Sight, CloudError> {
    let held = Holder::role(role).see(iam).await?;
    let document = Holder::role(role).policy(iam, deny::NAMED_SESSIONS).await?;
    let is_done = document.as_deref().is_some_and(|document| has(document, &held, names, issued_before));
    Ok(Sight::there(json!({ "id": held.id, "policy": document }), is_done))
}

/// Adds these names to those that are denied already: one policy holds all.
pub(super) async fn deny(iam: &Iam, role: &str, names: &[Arc<str>]) -> Result<Receipt, CloudError> {
    let holder = Holder::role(role);
    let held = holder.see(iam).await?;
    let before = holder.policy(iam, deny::NAMED_SESSIONS).await?;
    holder.put(iam, deny::NAMED_SESSIONS, &more(iam, &held, names, before.as_deref())?).await
}

fn has(document: &str, held: &Held, names: &[Arc<str>], issued_before: Option<Time>) -> bool {
    let all = deny::read_named(document).unwrap_or_default();
    names.iter().all(|name| {
        let id = format!("{}:{name}", held.id);
        all.iter().any(|one| one.ids.contains(&id) && issued_before.is_none_or(|at| at <= one.until))
    })
}

/// What was denied before, and these. A document under our name that is not ours is replaced: it could be made to hold never.
fn more(iam: &Iam, held: &Held, names: &[Arc<str>], before: Option<&str>) -> Result<String, CloudError> {
    let mut ids = BTreeSet::new();
    for name in names {
        if !deny::is_session_name(name) {
            return Err(iam.refused(Refusal::Invalid, "iam:PutRolePolicy", "not a session's name"));
        }
        ids.insert(format!("{}:{name}", held.id));
    }
    let before = before.and_then(deny::read_named).unwrap_or_default();
    Ok(deny::named(&deny::with_named(before, Named { until: until(), ids })))
}

/// ARN and name of our managed policy for a role.
fn managed(held: &Held, role: &str, is_named: bool) -> (String, String) {
    let name = format!("{}{}", deny::REVOCATION[usize::from(is_named)], last(role));
    let mut parts = held.arn.split(':').skip(1);
    let (partition, account) = (parts.next().unwrap_or("aws"), parts.nth(2).unwrap_or_default());
    (format!("arn:{partition}:iam::{account}:policy{}{name}", deny::PATH), name)
}

/// What our managed policy says now, by its default version.
async fn said(iam: &Iam, arn: &str) -> Result<Option<String>, CloudError> {
    let answer = iam.client.get_policy().policy_arn(arn).send().await;
    let Some(answer) = absent(answer.map_err(|error| failed("iam:GetPolicy", &iam.at, error)))? else {
        return Ok(None);
    };
    let version = answer.policy().and_then(|policy| policy.default_version_id());
    let version = version.ok_or_else(|| not_answered("iam:GetPolicy", &iam.at, "default version"))?;
    let answer = iam.client.get_policy_version().policy_arn(arn).version_id(version).send().await;
    let Some(answer) = absent(answer.map_err(|error| failed("iam:GetPolicyVersion", &iam.at, error)))? else {
        return Ok(None);
    };
    Ok(answer.policy_version().and_then(|one| one.document()).map(decoded))
}

/// `document` is there where the policy is attached: one that hangs on nothing denies nothing.
pub(super) async fn look_attached(
    iam: &Iam,
    role: &str,
    names: &[Arc<str>],
    issued_before: Option<Time>,
) -> Result<Sight, CloudError> {
    let held = Holder::role(role).see(iam).await?;
    let (arn, _) = managed(&held, role, !names.is_empty());
    let document = match Holder::role(role).attached(iam).await?.contains(&arn) {
        true => said(iam, &arn).await?,
        false => None,
    };
    let is_done = document.as_deref().is_some_and(|document| match names {
        [] => covers(issued_before)(document),
        names => has(document, &held, names, issued_before),
    });
    Ok(Sight::there(json!({ "id": held.id, "document": document }), is_done))
}

pub(super) async fn attach(iam: &Iam, role: &str, names: &[Arc<str>]) -> Result<Receipt, CloudError> {
    let held = Holder::role(role).see(iam).await?;
    let (arn, name) = managed(&held, role, !names.is_empty());
    let before = said(iam, &arn).await?;
    let document = match names {
        [] => deny::older_than(until()),
        names => more(iam, &held, names, before.as_deref())?,
    };
    match before {
        Some(_) => write(iam, &arn, &document).await?,
        None => {
            let request = iam.client.create_policy().policy_name(name).path(deny::PATH);
            let answer = request.policy_document(document).send().await;
            answer.map_err(|error| failed("iam:CreatePolicy", &iam.at, error))?;
        }
    }
    let mut receipt = Holder::role(role).attach(iam, &arn).await?;
    receipt.made.push(arn);
    Ok(receipt)
}

/// A new default version; a policy has five at most, so that the oldest makes room.
async fn write(iam: &Iam, arn: &str, document: &str) -> Result<(), CloudError> {
    let versions = versions(iam, arn).await?;
    if versions.len() >= 5 {
        let oldest = versions.iter().filter(|(_, is_default, _)| !is_default).min_by_key(|(_, _, at)| *at);
        if let Some((version, _, _)) = oldest {
            delete_version(iam, arn, version).await?;
        }
    }
    let request = iam.client.create_policy_version().policy_arn(arn).policy_document(document);
    let answer = request.set_as_default(true).send().await;
    answer.map(|_| ()).map_err(|error| failed("iam:CreatePolicyVersion", &iam.at, error))
}

async fn versions(iam: &Iam, arn: &str) -> Result<Vec<(String, bool, i64)>, CloudError> {
    let call = "iam:ListPolicyVersions";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_policy_versions().policy_arn(arn).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        all.extend(answer.versions().iter().filter_map(|one| {
            let at = one.create_date().map_or(0, |at| at.secs());
            Some((one.version_id()?.to_owned(), one.is_default_version(), at))
        }));
        if !next(call, &iam.at, answer.is_truncated, answer.marker(), &mut marker)? {
            return Ok(all);
        }
    }
}

async fn delete_version(iam: &Iam, arn: &str, version: &str) -> Result<(), CloudError> {
    let answer = iam.client.delete_policy_version().policy_arn(arn).version_id(version).send().await;
    let answer = answer.map(|_| ()).map_err(|error| failed("iam:DeletePolicyVersion", &iam.at, error));
    absent(answer).map(|_| ())
}

pub(super) async fn look_dropped(
    iam: &Iam,
    role: &str,
    id: &str,
    is_named: bool,
    document: Option<&str>,
) -> Result<Sight, CloudError> {
    let held = Holder::role(role).see(iam).await?;
    if held.id != id {
        return Ok(Sight::Gone);
    }
    let (arn, _) = managed(&held, role, is_named);
    let now = match Holder::role(role).attached(iam).await?.contains(&arn) {
        true => said(iam, &arn).await?,
        false => None,
    };
    let is_done = match (now.as_deref(), document) {
        (Some(now), Some(before)) => deny::same(now, before),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    Ok(Sight::there(json!({ "id": held.id, "document": now }), is_done))
}

pub(super) async fn take_back(
    iam: &Iam,
    role: &str,
    id: &str,
    is_named: bool,
    document: Option<&str>,
) -> Result<Receipt, CloudError> {
    let held = Holder::role(role).is(iam, id).await?;
    let (arn, _) = managed(&held, role, is_named);
    if let Some(document) = document {
        write(iam, &arn, document).await?;
        return Holder::role(role).attach(iam, &arn).await;
    }
    Holder::role(role).detach(iam, &arn).await?;
    for (version, is_default, _) in absent(versions(iam, &arn).await)?.unwrap_or_default() {
        if !is_default {
            delete_version(iam, &arn, &version).await?;
        }
    }
    let answer = iam.client.delete_policy().policy_arn(&arn).send().await;
    let answer = answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DeletePolicy", &iam.at, error));
    Ok(absent(answer)?.unwrap_or_default())
}
