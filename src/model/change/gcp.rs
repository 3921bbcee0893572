//! What could ever be changed in Google Cloud. Facts of gcp.md 5.1 and 6: disabling an account ends minted tokens, disabling a
//! key does not; a managed group makes a machine again that is stopped behind its back. Named through [`super`].

use super::{Spec, Undo, once, spec};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A change of Google Cloud. Numeric ids name one incarnation, so a namesake is never hit; project and zone are the step's
/// target's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GcpChange {
    /// `email` may be the unique id: the call takes both.
    DisableServiceAccount {
        email: Arc<str>,
    },
    DisableServiceAccountKey {
        email: Arc<str>,
        key: Arc<str>,
    },
    DeactivateHmacKey {
        project: Arc<str>,
        access_id: Arc<str>,
    },
    /// `projects/P/locations/global/keys/ID`.
    DeleteApiKey {
        name: Arc<str>,
    },
    /// `member` as the report has it, without `user:` or `serviceAccount:`.
    RemoveBinding {
        on: PolicyOf,
        role: Arc<str>,
        member: Arc<str>,
    },
    TurnOffAutoscaler {
        name: Arc<str>,
    },
    PauseSchedulerJob {
        name: Arc<str>,
    },
    StopInstance {
        id: Arc<str>,
    },
    /// Through its managed group, which makes a machine again that is stopped behind its back.
    StopGroupMember {
        group: Arc<str>,
        id: Arc<str>,
    },
    DisableFirewall {
        id: Arc<str>,
    },
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

impl GcpChange {
    pub fn spec(&self) -> Spec {
        match self {
            GcpChange::DisableServiceAccount { .. } => spec(
                "iam.projects.serviceAccounts.disable",
                &["iam.serviceAccounts.disable", "iam.serviceAccounts.get"],
                "every token of the account is rejected, minted ones too; whatever runs as it stops working at once",
                "the account reads disabled",
                Undo::Call(
                    "iam.projects.serviceAccounts.enable, not before the last stolen token has expired (1 h after it was minted, up to 12 h where the organization allows): enabling makes old tokens work again",
                ),
            ),
            GcpChange::DisableServiceAccountKey { .. } => spec(
                "iam.projects.serviceAccounts.keys.disable",
                &["iam.serviceAccountKeys.disable", "iam.serviceAccountKeys.get"],
                "the key gets no new token; tokens minted with it live on for up to 1 h unless the account is disabled",
                "the key reads disabled",
                Undo::Call(
                    "iam.projects.serviceAccounts.keys.enable, never for a key that leaked: make a new one",
                ),
            ),
            GcpChange::DeactivateHmacKey { .. } => spec(
                "storage.projects.hmacKeys.update(state=INACTIVE)",
                &["storage.hmacKeys.update", "storage.hmacKeys.get"],
                "the key signs no storage request; disabling its account may not stop it",
                "the key reads INACTIVE",
                Undo::Call("storage.projects.hmacKeys.update(state=ACTIVE)"),
            ),
            GcpChange::DeleteApiKey { .. } => spec(
                "apikeys.projects.locations.keys.delete",
                &["apikeys.keys.delete", "apikeys.keys.get"],
                "the key is refused; there is no way to switch one off, but for 30 days it can be brought back",
                "the key reads deleted",
                Undo::Call("apikeys.projects.locations.keys.undelete, within 30 days"),
            ),
            GcpChange::RemoveBinding { on, .. } => spec(
                on.set(),
                on.permissions(),
                "removes exactly this member from this role, read-modify-write with etag, every condition's binding; takes 2 to 7 minutes to hold everywhere",
                "the member is not in the role's bindings",
                Undo::Call("setIamPolicy(the saved bindings of this member again)"),
            ),
            GcpChange::TurnOffAutoscaler { .. } => spec(
                "compute.autoscalers.patch(mode=OFF)",
                &[
                    "compute.autoscalers.update",
                    "compute.autoscalers.get",
                    "compute.instanceGroupManagers.use",
                ],
                "the group is resized by nobody; the configuration stays",
                "the autoscaler reads OFF",
                Undo::Call("compute.autoscalers.patch(saved mode)"),
            ),
            GcpChange::PauseSchedulerJob { .. } => spec(
                "cloudscheduler.projects.locations.jobs.pause",
                &["cloudscheduler.jobs.pause", "cloudscheduler.jobs.get"],
                "the job triggers nothing more",
                "the job reads PAUSED",
                Undo::Call("cloudscheduler.projects.locations.jobs.resume"),
            ),
            GcpChange::StopInstance { .. } => spec(
                "compute.instances.stop",
                &["compute.instances.stop", "compute.instances.get"],
                "stops it and keeps its disks; what is in memory and on local SSD is lost; addressed by numeric id, so never its namesake",
                "the instance reads TERMINATED, which is Google's word for stopped",
                Undo::Call("compute.instances.start"),
            ),
            GcpChange::StopGroupMember { .. } => once(spec(
                "compute.instanceGroupManagers.stopInstances",
                &[
                    "compute.instanceGroupManagers.update",
                    "compute.instanceGroupManagers.get",
                    "compute.instances.get",
                ],
                "stops it through its group, which wants one machine less from then on and makes none in its place; its disks stay",
                "the instance reads TERMINATED, which is Google's word for stopped, and the group's target size is one less",
                Undo::Call("compute.instanceGroupManagers.startInstances"),
            )),
            GcpChange::DisableFirewall { .. } => spec(
                "compute.firewalls.patch(disabled=true)",
                &["compute.firewalls.update", "compute.firewalls.get", "compute.networks.updatePolicy"],
                "the rule lets nothing in; it stays as evidence",
                "the rule reads disabled",
                Undo::Call("compute.firewalls.patch(disabled=false)"),
            ),
        }
    }
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
