//! IAM policies, live: read, changed by exactly one delta, written back with the etag that was read.
//!
//! Version 3 is asked for and kept, or conditions are lost; a concurrent change is a conflict and is read again, never overruled.

use super::Gcp;
use super::each::{receipt, text};
use super::endpoints::{Api, CLOUDFUNCTIONS, COMPUTE, IAM, RESOURCEMANAGER, STORAGE};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::PolicyOf;
use crate::model::change::gcp::{Binding, PolicyChange};
use crate::model::{Observed, Place, ResourceRef, Sight};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

/// So often a policy is read and written anew when somebody else wrote it in between.
const CONFLICTS: u32 = 6;
/// Our own deny policies, one for each principal: their id is made from this and its name.
const DENY: &str = "triage-deny-";

/// What `--soft` denies: create, launch, and what gives rights away (gcp.md 5.2).
const DENIED: &[&str] = &[
    "compute.googleapis.com/disks.create",
    "compute.googleapis.com/firewalls.create",
    "compute.googleapis.com/firewalls.update",
    "compute.googleapis.com/instanceGroupManagers.create",
    "compute.googleapis.com/instanceTemplates.create",
    "compute.googleapis.com/instances.create",
    "compute.googleapis.com/instances.setMetadata",
    "compute.googleapis.com/instances.setServiceAccount",
    "compute.googleapis.com/instances.start",
    "compute.googleapis.com/projects.setCommonInstanceMetadata",
    "cloudresourcemanager.googleapis.com/projects.create",
    "cloudresourcemanager.googleapis.com/projects.setIamPolicy",
    "container.googleapis.com/clusters.create",
    "iam.googleapis.com/roles.create",
    "iam.googleapis.com/roles.update",
    "iam.googleapis.com/serviceAccountKeys.create",
    "iam.googleapis.com/serviceAccounts.actAs",
    "iam.googleapis.com/serviceAccounts.create",
    "iam.googleapis.com/serviceAccounts.getAccessToken",
    "iam.googleapis.com/serviceAccounts.setIamPolicy",
    "iam.googleapis.com/serviceAccounts.signBlob",
    "iam.googleapis.com/serviceAccounts.signJwt",
];

/// Where a policy is read and written.
pub(super) struct Home {
    api: Api,
    get: (&'static str, Method, &'static str),
    set: (&'static str, Method, &'static str),
    ids: Vec<String>,
    /// How the version is asked for.
    version: Version,
}

enum Version {
    Body,
    Query(&'static str),
}

impl Home {
    pub(super) fn of(on: &PolicyOf) -> Home {
        let manager = |get, set, template: (&'static str, &'static str), id: &Arc<str>| Home {
            api: RESOURCEMANAGER,
            get: (get, Method::POST, template.0),
            set: (set, Method::POST, template.1),
            ids: vec![id.to_string()],
            version: Version::Body,
        };
        match on {
            PolicyOf::Project(id) => manager(
                "resourcemanager.projects.getIamPolicy",
                "resourcemanager.projects.setIamPolicy",
                ("v3/projects/{}:getIamPolicy", "v3/projects/{}:setIamPolicy"),
                id,
            ),
            PolicyOf::Folder(id) => manager(
                "resourcemanager.folders.getIamPolicy",
                "resourcemanager.folders.setIamPolicy",
                ("v3/folders/{}:getIamPolicy", "v3/folders/{}:setIamPolicy"),
                id,
            ),
            PolicyOf::Organization(id) => manager(
                "resourcemanager.organizations.getIamPolicy",
                "resourcemanager.organizations.setIamPolicy",
                ("v3/organizations/{}:getIamPolicy", "v3/organizations/{}:setIamPolicy"),
                id,
            ),
            PolicyOf::ServiceAccount(email) => Home {
                api: IAM,
                get: (
                    "iam.projects.serviceAccounts.getIamPolicy",
                    Method::POST,
                    "v1/projects/{}/serviceAccounts/{}:getIamPolicy",
                ),
                set: (
                    "iam.projects.serviceAccounts.setIamPolicy",
                    Method::POST,
                    "v1/projects/{}/serviceAccounts/{}:setIamPolicy",
                ),
                ids: vec![super::iam::home(email).to_owned(), email.to_string()],
                version: Version::Query("options.requestedPolicyVersion"),
            },
            PolicyOf::Bucket(name) => Home {
                api: STORAGE,
                get: ("storage.buckets.getIamPolicy", Method::GET, "b/{}/iam"),
                set: ("storage.buckets.setIamPolicy", Method::PUT, "b/{}/iam"),
                ids: vec![name.to_string()],
                version: Version::Query("optionsRequestedPolicyVersion"),
            },
        }
    }

    /// Of an image, a snapshot or a disk.
    pub(super) fn of_compute(
        calls: (&'static str, &'static str),
        templates: (&'static str, &'static str),
        ids: Vec<String>,
    ) -> Home {
        Home {
            api: COMPUTE,
            get: (calls.0, Method::GET, templates.0),
            set: (calls.1, Method::POST, templates.1),
            ids,
            version: Version::Query("optionsRequestedPolicyVersion"),
        }
    }

    /// Of a function: project, place, name.
    pub(super) fn of_function(ids: Vec<String>) -> Home {
        Home {
            api: CLOUDFUNCTIONS,
            get: (
                "cloudfunctions.projects.locations.functions.getIamPolicy",
                Method::GET,
                "v1/projects/{}/locations/{}/functions/{}:getIamPolicy",
            ),
            set: (
                "cloudfunctions.projects.locations.functions.setIamPolicy",
                Method::POST,
                "v1/projects/{}/locations/{}/functions/{}:setIamPolicy",
            ),
            ids,
            version: Version::Query("options.requestedPolicyVersion"),
        }
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.iter().map(String::as_str).collect()
    }

    /// Whether the policy is the body itself, and not one of its fields.
    fn is_bare(&self) -> bool {
        self.api == STORAGE
    }
}

pub(super) async fn read(gcp: &Gcp, at: &Place, home: &Home) -> Result<Value, CloudError> {
    let (call, method, template) = home.get.clone();
    let is_post = method == Method::POST;
    let mut ask = Ask::new(call, at, method, home.api, template, &home.ids())?.repeatable();
    match home.version {
        Version::Body => ask = ask.body(json!({"options": {"requestedPolicyVersion": 3}})),
        Version::Query(word) => {
            ask = ask.with(word, 3);
            if is_post {
                ask = ask.body(json!({}));
            }
        }
    }
    gcp.rest.json(&ask).await
}

async fn write(gcp: &Gcp, at: &Place, home: &Home, mut policy: Value) -> Result<Receipt, CloudError> {
    let (call, method, template) = home.set.clone();
    if text(&policy, "etag").is_none() {
        // Without it a write would overrule whoever wrote in between.
        return Err(CloudError::new(Refusal::Failed, call, at, None, "the policy came without an etag"));
    }
    policy["version"] = 3.into();
    let body = if home.is_bare() { policy } else { json!({"policy": policy}) };
    let ask = Ask::new(call, at, method, home.api, template, &home.ids())?.body(body);
    gcp.rest.json(&ask).await.map(|answer| receipt(&answer))
}

/// Reads, changes, writes; again where somebody else wrote in between, or where it is not known whether it was written.
pub(super) async fn edit(
    gcp: &Gcp,
    at: &Place,
    home: &Home,
    change: impl Fn(&mut Value) -> bool + Send,
) -> Result<Receipt, CloudError> {
    let mut tries = 0;
    loop {
        let mut policy = read(gcp, at, home).await?;
        if !change(&mut policy) {
            return Ok(Receipt::default());
        }
        match write(gcp, at, home, policy).await {
            Err(error)
                if tries < CONFLICTS
                    && matches!(
                        error.refusal,
                        Refusal::Conflict | Refusal::Unreachable | Refusal::Failed
                    ) =>
            {
                tries += 1;
                tokio::time::sleep(super::rest::backoff(tries)).await;
            }
            done => return done,
        }
    }
}

/// Whether a policy's member is this one: policies say what kind it is, reports do not. A deleted one is another.
pub(super) fn is_member(written: &str, member: &str) -> bool {
    let bare = match written.split_once(':') {
        Some(("deleted" | "principal" | "principalSet", _)) | None => written,
        Some((_, bare)) => bare,
    };
    bare.eq_ignore_ascii_case(member) || written.eq_ignore_ascii_case(member)
}

/// What members that `is` picks have in a policy.
pub(super) fn held(policy: &Value, is: impl Fn(&str, &str) -> bool) -> Vec<Binding> {
    let mut held = Vec::new();
    for binding in policy["bindings"].as_array().into_iter().flatten() {
        let Some(role) = text(binding, "role") else { continue };
        let condition = binding.get("condition").filter(|one| !one.is_null());
        for member in binding["members"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if is(role, member) {
                let condition = condition.map(|one| one.to_string().into());
                held.push(Binding { role: role.into(), member: member.into(), condition });
            }
        }
    }
    held.sort();
    held
}

/// Takes members out; whether any was in.
pub(super) fn remove(policy: &mut Value, is: impl Fn(&str, &str) -> bool) -> bool {
    let mut has_changed = false;
    let Some(bindings) = policy["bindings"].as_array_mut() else { return false };
    for binding in bindings.iter_mut() {
        let Some(role) = binding["role"].as_str().map(str::to_owned) else { continue };
        if let Some(members) = binding["members"].as_array_mut() {
            let before = members.len();
            members.retain(|member| !member.as_str().is_some_and(|member| is(&role, member)));
            has_changed |= members.len() != before;
        }
    }
    bindings.retain(|binding| !binding["members"].as_array().is_some_and(Vec::is_empty));
    has_changed
}

/// Puts members back; whether any was out.
pub(super) fn add(policy: &mut Value, wanted: &[Binding]) -> bool {
    let mut has_changed = false;
    if !policy["bindings"].is_array() {
        policy["bindings"] = json!([]);
    }
    let Some(bindings) = policy["bindings"].as_array_mut() else { return false };
    for one in wanted {
        let condition: Option<Value> =
            one.condition.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let is_its = |binding: &Value| {
            binding["role"] == *one.role
                && binding.get("condition").filter(|one| !one.is_null()) == condition.as_ref()
        };
        match bindings.iter_mut().find(|binding| is_its(binding)) {
            Some(binding) => {
                let Some(members) = binding["members"].as_array_mut() else { continue };
                if !members.iter().any(|member| *member == *one.member) {
                    members.push((*one.member).into());
                    has_changed = true;
                }
            }
            None => {
                let mut binding = json!({"role": &*one.role, "members": [&*one.member]});
                if let Some(condition) = condition {
                    binding["condition"] = condition;
                }
                bindings.push(binding);
                has_changed = true;
            }
        }
    }
    has_changed
}

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &PolicyChange) -> Result<Sight, CloudError> {
    match change {
        PolicyChange::RemoveBinding { on, role, member } => {
            let policy = read(gcp, at, &Home::of(on)).await?;
            let held = held(&policy, |its, one| its == &**role && is_member(one, member));
            let is_done = held.is_empty();
            Ok(Sight::there(json!({"bindings": held}), is_done))
        }
        PolicyChange::AddBindings { on, bindings } => {
            let mut policy = read(gcp, at, &Home::of(on)).await?;
            let is_done = !add(&mut policy, bindings);
            Ok(Sight::there(json!({}), is_done))
        }
        PolicyChange::DenyPrincipal { on, principal } => {
            let is_there = denied(gcp, at, on, principal).await?;
            Ok(Sight::there(json!({"denied": is_there}), is_there))
        }
        PolicyChange::AllowPrincipal { on, principal } => {
            let is_there = denied(gcp, at, on, principal).await?;
            Ok(Sight::there(json!({"denied": is_there}), !is_there))
        }
    }
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &PolicyChange) -> Result<Receipt, CloudError> {
    match change {
        PolicyChange::RemoveBinding { on, role, member } => {
            let is = |its: &str, one: &str| its == &**role && is_member(one, member);
            edit(gcp, at, &Home::of(on), |policy| remove(policy, is)).await
        }
        PolicyChange::AddBindings { on, bindings } => {
            edit(gcp, at, &Home::of(on), |policy| add(policy, bindings)).await
        }
        PolicyChange::DenyPrincipal { on, principal } => deny(gcp, at, on, principal).await,
        PolicyChange::AllowPrincipal { on, principal } => allow(gcp, at, on, principal).await,
    }
}

/// A deny policy's place, as its name holds it: `cloudresourcemanager.googleapis.com%2Fprojects%2FP`.
fn attached(on: &str) -> String {
    // What is given is one escaped part: the path escapes its `%` again, so it is handed over unescaped.
    format!("cloudresourcemanager.googleapis.com/{on}")
}

/// An id that a principal has for ever: letters, digits and hyphens, at most 63.
fn deny_id(principal: &str) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(principal.as_bytes());
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{DENY}{hex}")
}

/// As deny policies spell a principal.
fn subject(principal: &str) -> String {
    match principal {
        all if all.starts_with("principal:") || all.starts_with("principalSet:") => all.to_owned(),
        account if account.ends_with("gserviceaccount.com") => {
            format!("principal://iam.googleapis.com/projects/-/serviceAccounts/{account}")
        }
        user => format!("principal://goog/subject/{user}"),
    }
}

fn deny_ask(
    call: &'static str,
    at: &Place,
    method: Method,
    on: &str,
    template: &'static str,
    id: Option<&str>,
) -> Result<Ask, CloudError> {
    if !on.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        || on.split('/').count() != 2
    {
        return Err(CloudError::new(
            Refusal::Invalid,
            call,
            at,
            None,
            &format!("{on:?} has no deny policies"),
        ));
    }
    let place = utf8_percent_encode(&attached(on), NON_ALPHANUMERIC)
        .to_string()
        .replace("%2E", ".")
        .replace("%2D", "-");
    let ids: Vec<&str> = std::iter::once(&*place).chain(id).collect();
    Ask::escaped(call, at, method, IAM, template, &ids)
}

async fn denied(gcp: &Gcp, at: &Place, on: &str, principal: &str) -> Result<bool, CloudError> {
    let id = deny_id(principal);
    let ask = deny_ask("iam.policies.get", at, Method::GET, on, "v2/policies/{}/denypolicies/{}", Some(&id))?;
    match gcp.rest.json(&ask).await {
        Ok(policy) => Ok(policy["rules"].as_array().into_iter().flatten().any(|rule| {
            rule["denyRule"]["deniedPrincipals"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|one| *one == *subject(principal))
        })),
        Err(error) if error.refusal == Refusal::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn deny(gcp: &Gcp, at: &Place, on: &str, principal: &str) -> Result<Receipt, CloudError> {
    const CALL: &str = "iam.policies.createPolicy";
    let ask = deny_ask(CALL, at, Method::POST, on, "v2/policies/{}/denypolicies", None)?
        .with("policyId", deny_id(principal))
        .body(json!({
            "displayName": format!("triage {}", gcp.case),
            "rules": [{
                "description": "made by triage: what a leaked credential must not do",
                "denyRule": {"deniedPrincipals": [subject(principal)], "deniedPermissions": DENIED},
            }],
        }));
    let operation = gcp.rest.json(&ask).await?;
    gcp.followed(operation, IAM, "v2/{+}", CALL, at).await
}

async fn allow(gcp: &Gcp, at: &Place, on: &str, principal: &str) -> Result<Receipt, CloudError> {
    const CALL: &str = "iam.policies.delete";
    let id = deny_id(principal);
    let ask = deny_ask(CALL, at, Method::DELETE, on, "v2/policies/{}/denypolicies/{}", Some(&id))?;
    let operation = gcp.rest.json(&ask).await?;
    gcp.followed(operation, IAM, "v2/{+}", CALL, at).await
}

pub(super) async fn observe(
    _gcp: &Gcp,
    _at: &Place,
    _kind: &'static str,
    _wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Value {
        json!({"etag": "e", "version": 3, "bindings": [
            {"role": "roles/owner", "members": ["user:Mule@example.net", "user:boss@example.com"]},
            {"role": "roles/owner", "members": ["user:mule@example.net"], "condition": {"title": "t", "expression": "x"}},
            {"role": "roles/viewer", "members": ["user:mule@example.net", "deleted:user:mule@example.net?uid=1"]},
        ]})
    }

    #[test]
    fn exactly_one_members_bindings_go_and_come_back() {
        let is = |role: &str, one: &str| role == "roles/owner" && is_member(one, "mule@example.net");
        let held = held(&policy(), is);
        assert_eq!(held.len(), 2);
        let mut changed = policy();
        assert!(remove(&mut changed, is) && !remove(&mut changed, is));
        assert_eq!(changed["bindings"].as_array().unwrap().len(), 2);
        assert_eq!(changed["bindings"][1], policy()["bindings"][2]);
        assert!(add(&mut changed, &held) && !add(&mut changed, &held));
        let sorted = |policy: &Value| super::held(policy, |_, _| true);
        assert_eq!(sorted(&changed), sorted(&policy()));
    }
}
