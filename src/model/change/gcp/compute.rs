//! Compute Engine: machines, what makes them again, what lets in, and what was given away.

use super::super::{Reversal, Spec, Undo, gated, once, settling, spec};
use crate::model::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Instances, firewalls and groups go by numeric id; autoscalers, and what has none, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComputeChange {
    TurnOffAutoscaler {
        name: Arc<str>,
    },
    /// Takes that back: `ON`, `ONLY_UP`, `ONLY_SCALE_OUT`.
    SetAutoscalerMode {
        name: Arc<str>,
        mode: Arc<str>,
    },
    /// Google deletes no group that an autoscaler holds.
    DeleteAutoscaler {
        name: Arc<str>,
    },
    /// Takes that back while its group is there: name, target and policy as they were, one JSON text.
    RecreateAutoscaler {
        name: Arc<str>,
        config: Arc<str>,
    },
    StopInstance {
        id: Arc<str>,
    },
    /// Takes that back.
    StartInstance {
        id: Arc<str>,
    },
    /// Through its managed group, which makes a machine again that is stopped behind its back.
    StopGroupMember {
        group: Arc<str>,
        id: Arc<str>,
    },
    /// Takes that back.
    StartGroupMember {
        group: Arc<str>,
        id: Arc<str>,
    },
    /// Every disk that lasts, as snapshots that bear the case's label.
    SnapshotInstance {
        id: Arc<str>,
    },
    DetachExternalAddresses {
        id: Arc<str>,
    },
    /// Takes that back.
    AttachExternalAddresses {
        id: Arc<str>,
        configs: Vec<AccessConfig>,
    },
    /// Denies everything out of machines that bear the isolation tag, before any other rule of their network.
    DenyEgressOf {
        network: Arc<str>,
    },
    /// Takes that back.
    AllowEgressOf {
        network: Arc<str>,
    },
    /// Gives it the isolation tag, besides those that it has.
    IsolateInstance {
        id: Arc<str>,
    },
    /// Takes that back.
    RejoinInstance {
        id: Arc<str>,
    },
    DisableFirewall {
        id: Arc<str>,
    },
    /// Takes that back.
    EnableFirewall {
        id: Arc<str>,
    },
    /// Takes these members (with or without `user:` and the like) out of what may use an image, a snapshot or a disk.
    UnshareCompute {
        of: ShareOf,
        id: Arc<str>,
        members: Vec<Arc<str>>,
    },
    /// Takes that back: roles and members as they were.
    ShareComputeAgain {
        of: ShareOf,
        id: Arc<str>,
        bindings: Vec<super::Binding>,
    },
    /// Takes the SSH keys out of a machine's metadata: where there were none before, and nobody else added any since.
    RemoveInstanceSshKeys {
        id: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<AddedKeys>,
    },
    /// Takes that back: public keys, by word.
    RestoreInstanceSshKeys {
        id: Arc<str>,
        keys: Vec<(Arc<str>, Arc<str>)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<AddedKeys>,
    },
    /// The same of a project, whose keys open every machine in it.
    RemoveProjectSshKeys {
        project: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<AddedKeys>,
    },
    /// Takes that back.
    RestoreProjectSshKeys {
        project: Arc<str>,
        keys: Vec<(Arc<str>, Arc<str>)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<AddedKeys>,
    },
    /// Clears the flag that stands in the way of deleting it.
    UnprotectInstance {
        id: Arc<str>,
    },
    /// Takes that back.
    ProtectInstance {
        id: Arc<str>,
    },
    DeleteComputeInstance {
        id: Arc<str>,
    },
    DeleteInstanceGroup {
        id: Arc<str>,
    },
    DeleteInstanceTemplate {
        id: Arc<str>,
    },
}

/// An external address of one network interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccessConfig {
    /// `nic0`.
    pub interface: Arc<str>,
    pub name: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Arc<str>>,
}

/// Where the principal put SSH keys in: the log hides their values, so that only who changed them when tells whose they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddedKeys {
    /// When the word was new.
    pub since: Time,
    /// Every record of the principal's that changed it.
    pub events: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareOf {
    Image,
    Snapshot,
    Disk,
}

const STOP: &[&str] = &["compute.instances.get", "compute.instances.stop"];
const START: &[&str] =
    &["compute.disks.use", "compute.instances.get", "compute.instances.start", "compute.subnetworks.use"];
const GROUP: &[&str] = &[
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.list",
    "compute.instanceGroupManagers.update",
    "compute.instances.get",
];
const AUTOSCALER: &[&str] = &[
    "compute.autoscalers.get",
    "compute.autoscalers.update",
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.use",
];
const AUTOSCALER_END: &[&str] = &[
    "compute.autoscalers.create",
    "compute.autoscalers.delete",
    "compute.autoscalers.get",
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.use",
];
const ADDRESS: &[&str] = &[
    "compute.instances.addAccessConfig",
    "compute.instances.deleteAccessConfig",
    "compute.instances.get",
    "compute.networks.useExternalIp",
    "compute.subnetworks.useExternalIp",
];
const EGRESS: &[&str] = &[
    "compute.firewalls.create",
    "compute.firewalls.delete",
    "compute.firewalls.get",
    "compute.networks.updatePolicy",
];
const TAGS: &[&str] = &["compute.instances.get", "compute.instances.setTags"];
const FIREWALL: &[&str] =
    &["compute.firewalls.get", "compute.firewalls.update", "compute.networks.updatePolicy"];
const METADATA: &[&str] =
    &["compute.instances.get", "compute.instances.setMetadata", "iam.serviceAccounts.actAs"];
const PROJECT_METADATA: &[&str] =
    &["compute.projects.get", "compute.projects.setCommonInstanceMetadata", "iam.serviceAccounts.actAs"];
const PROTECTION: &[&str] = &["compute.instances.get", "compute.instances.setDeletionProtection"];

/// A stop that waits for the guest's own shutdown takes up to 90 s, and Google's own time besides.
const STOPS_WITHIN: u64 = 240;

impl ComputeChange {
    pub fn spec(&self) -> Spec {
        match self {
            ComputeChange::TurnOffAutoscaler { .. } => spec(
                "compute.autoscalers.patch(mode=OFF)",
                AUTOSCALER,
                "the group is resized by nobody; the configuration stays",
                "the autoscaler reads OFF",
                Undo::Call("compute.autoscalers.patch(saved mode)"),
            ),
            ComputeChange::SetAutoscalerMode { .. } => spec(
                "compute.autoscalers.patch(saved mode)",
                AUTOSCALER,
                "the group is resized again as its autoscaler is configured",
                "the autoscaler reads that mode",
                Undo::Call("compute.autoscalers.patch(mode=OFF)"),
            ),
            ComputeChange::DeleteAutoscaler { .. } => gated(spec(
                "compute.autoscalers.delete",
                AUTOSCALER_END,
                "the group is resized by nobody and can be deleted; its machines stay as they are",
                "there is no such autoscaler",
                Undo::Call("compute.autoscalers.insert(as it was), while its group is there"),
            )),
            ComputeChange::RecreateAutoscaler { .. } => spec(
                "compute.autoscalers.insert(as it was)",
                AUTOSCALER_END,
                "the group is resized again as its autoscaler was configured",
                "an autoscaler of that name scales that group",
                Undo::Call("compute.autoscalers.delete"),
            ),
            ComputeChange::StopInstance { .. } => settling(
                spec(
                    "compute.instances.stop",
                    STOP,
                    "stops it and keeps its disks; what is in memory and on local SSD is lost; addressed by numeric id, so never its namesake",
                    "the instance reads TERMINATED, which is Google's word for stopped",
                    Undo::Call("compute.instances.start"),
                ),
                STOPS_WITHIN,
            ),
            ComputeChange::StartInstance { .. } => settling(
                spec(
                    "compute.instances.start",
                    START,
                    "starts it again from its disks",
                    "the instance reads RUNNING",
                    Undo::Call("compute.instances.stop"),
                ),
                STOPS_WITHIN,
            ),
            ComputeChange::StopGroupMember { .. } => settling(
                once(spec(
                    "compute.instanceGroupManagers.stopInstances",
                    GROUP,
                    "stops it through its group, which wants one machine less from then on and makes none in its place; its disks stay",
                    "the instance reads TERMINATED, which is Google's word for stopped, and the group's target size is one less",
                    Undo::Call("compute.instanceGroupManagers.startInstances"),
                )),
                STOPS_WITHIN,
            ),
            ComputeChange::StartGroupMember { .. } => settling(
                once(spec(
                    "compute.instanceGroupManagers.startInstances",
                    GROUP,
                    "starts it through its group, which wants one machine more from then on",
                    "the instance reads RUNNING",
                    Undo::Call("compute.instanceGroupManagers.stopInstances"),
                )),
                STOPS_WITHIN,
            ),
            ComputeChange::SnapshotInstance { .. } => settling(
                spec(
                    "compute.snapshots.insert(every disk that lasts)",
                    &[
                        "compute.disks.createSnapshot",
                        "compute.disks.useReadOnly",
                        "compute.instances.get",
                        "compute.snapshots.create",
                        "compute.snapshots.get",
                        "compute.snapshots.list",
                        "compute.snapshots.setLabels",
                    ],
                    "keeps a copy of its disks as they are, labelled with the case; snapshots cost by size",
                    "a snapshot of each disk reads READY",
                    Undo::None("Snapshots are evidence: they are kept until a human deletes them."),
                ),
                900,
            ),
            ComputeChange::DetachExternalAddresses { .. } => once(spec(
                "compute.instances.deleteAccessConfig(each interface)",
                ADDRESS,
                "nobody reaches it from outside and it reaches nothing but through NAT; an address that is not reserved is lost for good",
                "no interface has an external address",
                Undo::Call(
                    "compute.instances.addAccessConfig(each interface, reserved addresses as they were)",
                ),
            )),
            ComputeChange::AttachExternalAddresses { .. } => once(spec(
                "compute.instances.addAccessConfig(each interface)",
                ADDRESS,
                "gives it external addresses again; one that was not reserved is another now",
                "each interface has its external address",
                Undo::Call("compute.instances.deleteAccessConfig"),
            )),
            ComputeChange::DenyEgressOf { .. } => spec(
                "compute.firewalls.insert(deny all egress of the isolation tag, priority 0)",
                EGRESS,
                "machines with the isolation tag send nothing out of this network; connections that are open may live until they are idle",
                "the rule is there and not disabled",
                Undo::Call("compute.firewalls.delete(our own rule)"),
            ),
            ComputeChange::AllowEgressOf { .. } => spec(
                "compute.firewalls.delete(our own rule)",
                EGRESS,
                "takes our own rule away",
                "the rule is gone",
                Undo::Call("compute.firewalls.insert"),
            ),
            ComputeChange::IsolateInstance { .. } => spec(
                "compute.instances.setTags(with the isolation tag)",
                TAGS,
                "puts it behind the rule that denies everything out; its other tags stay",
                "its tags hold the isolation tag",
                Undo::Call("compute.instances.setTags(without the isolation tag)"),
            ),
            ComputeChange::RejoinInstance { .. } => spec(
                "compute.instances.setTags(without the isolation tag)",
                TAGS,
                "takes it out from behind that rule",
                "its tags do not hold the isolation tag",
                Undo::Call("compute.instances.setTags(with the isolation tag)"),
            ),
            ComputeChange::DisableFirewall { .. } => spec(
                "compute.firewalls.patch(disabled=true)",
                FIREWALL,
                "the rule lets nothing in; it stays as evidence",
                "the rule reads disabled",
                Undo::Call("compute.firewalls.patch(disabled=false)"),
            ),
            ComputeChange::EnableFirewall { .. } => spec(
                "compute.firewalls.patch(disabled=false)",
                FIREWALL,
                "the rule holds again",
                "the rule does not read disabled",
                Undo::Call("compute.firewalls.patch(disabled=true)"),
            ),
            ComputeChange::UnshareCompute { of, .. } => spec(
                of.set("without these members"),
                of.permissions(),
                "these members may not use it any more; copies that they made are theirs",
                "its policy does not name them",
                Undo::Call("setIamPolicy(with the saved bindings again)"),
            ),
            ComputeChange::ShareComputeAgain { of, .. } => spec(
                of.set("with the saved bindings"),
                of.permissions(),
                "these members may use it again",
                "its policy names them",
                Undo::Call("setIamPolicy(without them)"),
            ),
            ComputeChange::RemoveInstanceSshKeys { .. } => spec(
                "compute.instances.setMetadata(without ssh-keys)",
                METADATA,
                "takes every SSH key out of its metadata; who is logged in stays so",
                "its metadata holds no SSH keys",
                Undo::Call("compute.instances.setMetadata(the saved keys)"),
            ),
            ComputeChange::RestoreInstanceSshKeys { .. } => spec(
                "compute.instances.setMetadata(the saved keys)",
                METADATA,
                "lets the holders of these keys in again",
                "its metadata holds these keys",
                Undo::Call("compute.instances.setMetadata(without ssh-keys)"),
            ),
            ComputeChange::RemoveProjectSshKeys { .. } => spec(
                "compute.projects.setCommonInstanceMetadata(without ssh-keys)",
                PROJECT_METADATA,
                "takes every SSH key out of the project's metadata, which opened all of its machines; who is logged in stays so",
                "the project's metadata holds no SSH keys",
                Undo::Call("compute.projects.setCommonInstanceMetadata(the saved keys)"),
            ),
            ComputeChange::RestoreProjectSshKeys { .. } => spec(
                "compute.projects.setCommonInstanceMetadata(the saved keys)",
                PROJECT_METADATA,
                "lets the holders of these keys into every machine of the project again",
                "the project's metadata holds these keys",
                Undo::Call("compute.projects.setCommonInstanceMetadata(without ssh-keys)"),
            ),
            ComputeChange::UnprotectInstance { .. } => gated(spec(
                "compute.instances.setDeletionProtection(false)",
                PROTECTION,
                "clears the flag that forbids deleting it",
                "deletionProtection reads false",
                Undo::Call("compute.instances.setDeletionProtection(true)"),
            )),
            ComputeChange::ProtectInstance { .. } => spec(
                "compute.instances.setDeletionProtection(true)",
                PROTECTION,
                "it can't be deleted until the flag is cleared",
                "deletionProtection reads true",
                Undo::Call("compute.instances.setDeletionProtection(false)"),
            ),
            ComputeChange::DeleteComputeInstance { .. } => settling(
                gated(spec(
                    "compute.instances.delete",
                    &["compute.instances.delete", "compute.instances.get"],
                    "deletes it, and those of its disks that are deleted with it",
                    "there is no such instance",
                    Undo::None("A deleted instance does not come back."),
                )),
                STOPS_WITHIN,
            ),
            ComputeChange::DeleteInstanceGroup { .. } => settling(
                gated(spec(
                    "compute.instanceGroupManagers.delete",
                    &[
                        "compute.instanceGroupManagers.delete",
                        "compute.instanceGroupManagers.get",
                        "compute.instanceGroupManagers.list",
                    ],
                    "deletes the group and every machine in it",
                    "there is no such group",
                    Undo::None("A deleted group and its machines do not come back."),
                )),
                600,
            ),
            ComputeChange::DeleteInstanceTemplate { .. } => gated(spec(
                "compute.instanceTemplates.delete",
                &["compute.instanceTemplates.delete", "compute.instanceTemplates.get"],
                "deletes the template; machines made from it stay",
                "there is no such template",
                Undo::None("A deleted template does not come back."),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let text = |word: &str| before.get(word).and_then(Value::as_str);
        let ran = !matches!(text("status"), Some("TERMINATED" | "STOPPED" | "SUSPENDED"));
        let flag = |word: &str| before.get(word).and_then(Value::as_bool).unwrap_or_default();
        let one = |change: ComputeChange| Reversal::Changes(vec![change.into()]);
        let nothing = Reversal::Changes(Vec::new());
        match self {
            ComputeChange::TurnOffAutoscaler { name } | ComputeChange::SetAutoscalerMode { name, .. } => {
                match text("mode") {
                    Some("OFF") => one(ComputeChange::TurnOffAutoscaler { name: name.clone() }),
                    Some(mode) => {
                        let (name, mode) = (name.clone(), mode.into());
                        one(ComputeChange::SetAutoscalerMode { name, mode })
                    }
                    None => Reversal::None("Which mode the autoscaler had was not seen before."),
                }
            }
            ComputeChange::DeleteAutoscaler { name } => {
                match before.get("config").filter(|one| one.is_object()) {
                    Some(config) => {
                        let (name, config) = (name.clone(), config.to_string().into());
                        one(ComputeChange::RecreateAutoscaler { name, config })
                    }
                    None => Reversal::None("How the autoscaler was configured was not seen before."),
                }
            }
            ComputeChange::RecreateAutoscaler { name, .. } => {
                one(ComputeChange::DeleteAutoscaler { name: name.clone() })
            }
            ComputeChange::StopInstance { id } if ran => one(ComputeChange::StartInstance { id: id.clone() }),
            ComputeChange::StartInstance { id } if !ran => {
                one(ComputeChange::StopInstance { id: id.clone() })
            }
            ComputeChange::StopGroupMember { group, id } if ran => {
                one(ComputeChange::StartGroupMember { group: group.clone(), id: id.clone() })
            }
            ComputeChange::StartGroupMember { group, id } if !ran => {
                one(ComputeChange::StopGroupMember { group: group.clone(), id: id.clone() })
            }
            ComputeChange::SnapshotInstance { .. } => {
                Reversal::None("Snapshots are evidence: they are kept until a human deletes them.")
            }
            ComputeChange::DetachExternalAddresses { id } => {
                let saved = before.get("configs").cloned().unwrap_or(Value::Null);
                match serde_json::from_value::<Vec<AccessConfig>>(saved) {
                    Ok(configs) if configs.is_empty() => nothing,
                    Ok(configs) => one(ComputeChange::AttachExternalAddresses { id: id.clone(), configs }),
                    Err(_) => Reversal::None("Which external addresses it had was not seen before."),
                }
            }
            ComputeChange::AttachExternalAddresses { id, .. } => {
                one(ComputeChange::DetachExternalAddresses { id: id.clone() })
            }
            // A rule of ours that was there before is somebody else's step.
            ComputeChange::DenyEgressOf { network } if before.get("rule").is_none_or(Value::is_null) => {
                one(ComputeChange::AllowEgressOf { network: network.clone() })
            }
            ComputeChange::AllowEgressOf { network } => {
                one(ComputeChange::DenyEgressOf { network: network.clone() })
            }
            ComputeChange::IsolateInstance { id } if !flag("isolated") => {
                one(ComputeChange::RejoinInstance { id: id.clone() })
            }
            ComputeChange::RejoinInstance { id } if flag("isolated") => {
                one(ComputeChange::IsolateInstance { id: id.clone() })
            }
            ComputeChange::DisableFirewall { id } if !flag("disabled") => {
                one(ComputeChange::EnableFirewall { id: id.clone() })
            }
            ComputeChange::EnableFirewall { id } if flag("disabled") => {
                one(ComputeChange::DisableFirewall { id: id.clone() })
            }
            ComputeChange::UnshareCompute { of, id, .. } => {
                let saved = before.get("bindings").cloned().unwrap_or(Value::Null);
                match serde_json::from_value::<Vec<super::Binding>>(saved) {
                    Ok(bindings) if bindings.is_empty() => nothing,
                    Ok(bindings) => {
                        one(ComputeChange::ShareComputeAgain { of: *of, id: id.clone(), bindings })
                    }
                    Err(_) => Reversal::None("With whom it was shared was not seen before."),
                }
            }
            ComputeChange::ShareComputeAgain { of, id, bindings } => {
                let members = bindings.iter().map(|one| one.member.clone()).collect();
                one(ComputeChange::UnshareCompute { of: *of, id: id.clone(), members })
            }
            ComputeChange::RemoveInstanceSshKeys { id, added } => match keys_of(before) {
                Some(keys) if keys.is_empty() => nothing,
                Some(keys) => {
                    let (id, added) = (id.clone(), added.clone());
                    one(ComputeChange::RestoreInstanceSshKeys { id, keys, added })
                }
                None => Reversal::None(UNSEEN_KEYS),
            },
            ComputeChange::RemoveProjectSshKeys { project, added } => match keys_of(before) {
                Some(keys) if keys.is_empty() => nothing,
                Some(keys) => {
                    let (project, added) = (project.clone(), added.clone());
                    one(ComputeChange::RestoreProjectSshKeys { project, keys, added })
                }
                None => Reversal::None(UNSEEN_KEYS),
            },
            ComputeChange::RestoreInstanceSshKeys { id, added, .. } => {
                one(ComputeChange::RemoveInstanceSshKeys { id: id.clone(), added: added.clone() })
            }
            ComputeChange::RestoreProjectSshKeys { project, added, .. } => {
                one(ComputeChange::RemoveProjectSshKeys { project: project.clone(), added: added.clone() })
            }
            ComputeChange::UnprotectInstance { id } if flag("protected") => {
                one(ComputeChange::ProtectInstance { id: id.clone() })
            }
            ComputeChange::ProtectInstance { id } if !flag("protected") => {
                one(ComputeChange::UnprotectInstance { id: id.clone() })
            }
            ComputeChange::DeleteComputeInstance { .. } => {
                Reversal::None("A deleted instance does not come back.")
            }
            ComputeChange::DeleteInstanceGroup { .. } => {
                Reversal::None("A deleted group and its machines do not come back.")
            }
            ComputeChange::DeleteInstanceTemplate { .. } => {
                Reversal::None("A deleted template does not come back.")
            }
            // It was so before.
            ComputeChange::StopInstance { .. }
            | ComputeChange::StartInstance { .. }
            | ComputeChange::StopGroupMember { .. }
            | ComputeChange::StartGroupMember { .. }
            | ComputeChange::DenyEgressOf { .. }
            | ComputeChange::IsolateInstance { .. }
            | ComputeChange::RejoinInstance { .. }
            | ComputeChange::DisableFirewall { .. }
            | ComputeChange::EnableFirewall { .. }
            | ComputeChange::UnprotectInstance { .. }
            | ComputeChange::ProtectInstance { .. } => nothing,
        }
    }
}

const UNSEEN_KEYS: &str = "Which SSH keys there were was not seen before.";

fn keys_of(before: &Value) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    serde_json::from_value(before.get("keys")?.clone()).ok()
}

impl ShareOf {
    /// As URLs spell the collection.
    pub fn collection(self) -> &'static str {
        match self {
            ShareOf::Image => "images",
            ShareOf::Snapshot => "snapshots",
            ShareOf::Disk => "disks",
        }
    }

    fn set(self, how: &'static str) -> &'static str {
        match (self, how) {
            (ShareOf::Image, "without these members") => "compute.images.setIamPolicy(without these members)",
            (ShareOf::Image, _) => "compute.images.setIamPolicy(with the saved bindings)",
            (ShareOf::Snapshot, "without these members") => {
                "compute.snapshots.setIamPolicy(without these members)"
            }
            (ShareOf::Snapshot, _) => "compute.snapshots.setIamPolicy(with the saved bindings)",
            (ShareOf::Disk, "without these members") => "compute.disks.setIamPolicy(without these members)",
            (ShareOf::Disk, _) => "compute.disks.setIamPolicy(with the saved bindings)",
        }
    }

    fn permissions(self) -> &'static [&'static str] {
        match self {
            ShareOf::Image => &["compute.images.getIamPolicy", "compute.images.setIamPolicy"],
            ShareOf::Snapshot => &["compute.snapshots.getIamPolicy", "compute.snapshots.setIamPolicy"],
            ShareOf::Disk => &["compute.disks.getIamPolicy", "compute.disks.setIamPolicy"],
        }
    }
}
