//! Bindings of IAM policies, and deny policies.
//!
//! A binding is taken out read-modify-write with etag, version 3 and every condition kept; what is put back is exactly what was
//! taken out (gcp.md 5.1).

use super::super::{Reversal, Spec, Undo, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyChange {
    /// `member` as the report has it, without `user:` or `serviceAccount:`.
    RemoveBinding { on: PolicyOf, role: Arc<str>, member: Arc<str> },
    /// Takes that back: members exactly as the policy had them.
    AddBindings { on: PolicyOf, bindings: Vec<Binding> },
    /// A deny policy of one principal on a project (`projects/P`), folder or organization.
    DenyPrincipal { on: Arc<str>, principal: Arc<str> },
    /// Takes that back.
    AllowPrincipal { on: Arc<str>, principal: Arc<str> },
}

/// One member of one role, under one condition if there is any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Binding {
    pub role: Arc<str>,
    pub member: Arc<str>,
    /// The condition as the policy spells it, one JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Arc<str>>,
}

const DENIES: &[&str] = &["iam.denypolicies.create", "iam.denypolicies.delete", "iam.denypolicies.get"];

impl PolicyChange {
    pub fn spec(&self) -> Spec {
        match self {
            PolicyChange::RemoveBinding { on, .. } => watched(spec(
                on.set(),
                on.permissions(),
                "removes exactly this member from this role, read-modify-write with etag, every condition's binding; takes 2 to 7 minutes to hold everywhere",
                "the member is not in the role's bindings",
                Undo::Call("setIamPolicy(the saved bindings of this member again)"),
            )),
            PolicyChange::AddBindings { on, .. } => spec(
                on.add(),
                on.permissions(),
                "puts exactly these members back into their roles, with their conditions",
                "every member is in its role's bindings",
                Undo::Call("setIamPolicy(without these members)"),
            ),
            PolicyChange::DenyPrincipal { .. } => watched(settling(
                spec(
                    "iam.policies.createPolicy(this principal: no create, no launch, no IAM)",
                    DENIES,
                    "the principal may create and launch nothing and change no IAM there any more; what it reads and its tokens stay",
                    "the deny policy names the principal",
                    Undo::Call("iam.policies.delete(the deny policy)"),
                ),
                120,
            )),
            PolicyChange::AllowPrincipal { .. } => settling(
                spec(
                    "iam.policies.delete(the deny policy)",
                    DENIES,
                    "the principal may do again what its roles allow",
                    "there is no such deny policy",
                    Undo::Call("iam.policies.createPolicy"),
                ),
                120,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        match self {
            PolicyChange::RemoveBinding { on, .. } => {
                let saved = before.get("bindings").cloned().unwrap_or(Value::Null);
                match serde_json::from_value::<Vec<Binding>>(saved) {
                    Ok(bindings) if bindings.is_empty() => Reversal::Changes(Vec::new()),
                    Ok(bindings) => {
                        Reversal::Changes(vec![PolicyChange::AddBindings { on: on.clone(), bindings }.into()])
                    }
                    Err(_) => {
                        Reversal::None("Which bindings the member had was not seen before it was removed.")
                    }
                }
            }
            PolicyChange::AddBindings { on, bindings } => Reversal::Changes(
                bindings
                    .iter()
                    .map(|one| {
                        let (role, member) = (one.role.clone(), one.member.clone());
                        PolicyChange::RemoveBinding { on: on.clone(), role, member }.into()
                    })
                    .collect(),
            ),
            PolicyChange::DenyPrincipal { on, principal } => Reversal::Changes(vec![
                PolicyChange::AllowPrincipal { on: on.clone(), principal: principal.clone() }.into(),
            ]),
            PolicyChange::AllowPrincipal { on, principal } => Reversal::Changes(vec![
                PolicyChange::DenyPrincipal { on: on.clone(), principal: principal.clone() }.into(),
            ]),
        }
    }
}

/// Whose IAM policy a binding is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOf {
    Project(Arc<str>),
    Folder(Arc<str>),
    Organization(Arc<str>),
    ServiceAccount(Arc<str>),
    Bucket(Arc<str>),
}

impl PolicyOf {
    /// Returns whose policy a grant is in: by the report's name of it and, for what a bare name doesn't tell, by its kind.
    /// `None` for what this program does not change.
    pub fn named(on: &str, kind: Option<&str>) -> Option<PolicyOf> {
        if let Some((collection, name)) = on.split_once('/') {
            let name: Arc<str> = name.into();
            return match collection {
                _ if name.is_empty() => None,
                "projects" if on.starts_with("projects/_/buckets/") => {
                    bucket(&on["projects/_/buckets/".len()..])
                }
                _ if name.contains('/') => None,
                "projects" => Some(PolicyOf::Project(name)),
                "folders" => Some(PolicyOf::Folder(name)),
                "organizations" => Some(PolicyOf::Organization(name)),
                _ => None,
            };
        }
        if kind == Some("gcp.storage.bucket") {
            return bucket(on);
        }
        on.ends_with(".gserviceaccount.com").then(|| PolicyOf::ServiceAccount(on.into()))
    }

    fn set(&self) -> &'static str {
        match self {
            PolicyOf::Project(_) => "resourcemanager.projects.setIamPolicy(without this member)",
            PolicyOf::Folder(_) => "resourcemanager.folders.setIamPolicy(without this member)",
            PolicyOf::Organization(_) => "resourcemanager.organizations.setIamPolicy(without this member)",
            PolicyOf::ServiceAccount(_) => "iam.projects.serviceAccounts.setIamPolicy(without this member)",
            PolicyOf::Bucket(_) => "storage.buckets.setIamPolicy(without this member)",
        }
    }

    fn add(&self) -> &'static str {
        match self {
            PolicyOf::Project(_) => "resourcemanager.projects.setIamPolicy(with these members)",
            PolicyOf::Folder(_) => "resourcemanager.folders.setIamPolicy(with these members)",
            PolicyOf::Organization(_) => "resourcemanager.organizations.setIamPolicy(with these members)",
            PolicyOf::ServiceAccount(_) => "iam.projects.serviceAccounts.setIamPolicy(with these members)",
            PolicyOf::Bucket(_) => "storage.buckets.setIamPolicy(with these members)",
        }
    }

    fn permissions(&self) -> &'static [&'static str] {
        match self {
            PolicyOf::Project(_) => {
                &["resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"]
            }
            PolicyOf::Folder(_) => {
                &["resourcemanager.folders.getIamPolicy", "resourcemanager.folders.setIamPolicy"]
            }
            PolicyOf::Organization(_) => {
                &["resourcemanager.organizations.getIamPolicy", "resourcemanager.organizations.setIamPolicy"]
            }
            PolicyOf::ServiceAccount(_) => {
                &["iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"]
            }
            PolicyOf::Bucket(_) => &["storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"],
        }
    }
}

fn bucket(name: &str) -> Option<PolicyOf> {
    (!name.is_empty() && !name.contains('/')).then(|| PolicyOf::Bucket(name.into()))
}
