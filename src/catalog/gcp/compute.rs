//! Compute Engine: instances, what launches them, and what is bought for them.
//!
//! A call is an operation of two entries. Only the first has request and response; both have the numeric id in
//! `resource.labels` (instances, groups, templates) and the name in `resourceName`, so both give the same resource.

use super::common::{self, COMPUTE, Say, TARGET};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::{FindingKind::*, Technique};

const INSTANCE: &str = "gcp.compute.instance";
const INSTANCE_ID: &str =
    "resource.labels.instance_id|protoPayload.response.targetId|protoPayload.resourceName";
const GROUP: &str = "gcp.compute.instance_group_manager";
const GROUP_ID: &str =
    "resource.labels.instance_group_manager_id|protoPayload.response.targetId|protoPayload.resourceName";
/// A resize request's operation targets the group; only its own name is its own.
const RESIZE_REQUEST: &str = "protoPayload.resourceName~/resizeRequests/|protoPayload.resourceName~/instanceGroupManagerResizeRequests/|{protoPayload.resourceName}/resizeRequests/{protoPayload.request.name}";
const AUTOSCALER: &str = "gcp.compute.autoscaler";
const AUTOSCALER_ID: &str =
    "resource.labels.autoscaler_id|protoPayload.response.targetId|protoPayload.resourceName";
const TEMPLATE: &str = "gcp.compute.instance_template";
const TEMPLATE_ID: &str =
    "resource.labels.instance_template_id|protoPayload.response.targetId|protoPayload.resourceName";
const BULK: &str = "gcp.compute.bulk_insert";
const PROJECT: &str = "gcp.compute.project";

pub static COMPUTE_ENGINE: Service = Service {
    source: "compute.googleapis.com",
    rows: &[
        // ---- instances
        on("compute.instances.insert")
            .creates(INSTANCE, INSTANCE_ID)
            .names(COMPUTE)
            .contain("compute.instances.stop;!compute.instances.delete")
            .note("VM {id} was started and is billed until it is stopped.")
            .tells(|record, facts| {
                common::launcher(record, facts, INSTANCE);
                common::carries(record, facts, INSTANCE, "protoPayload.request.serviceAccounts[].email");
                if record.is("protoPayload.request.deletionProtection", "true") {
                    protect(record, facts);
                }
            }),
        on("compute.instances.bulkInsert|compute.regionInstances.bulkInsert")
            .creates(BULK, "protoPayload.response.operationGroupId|operation.id|protoPayload.response.name")
            .names("operation.id|protoPayload.response.name|namePattern:{protoPayload.request.namePattern}")
            .contain("compute.instances.stop;!compute.instances.delete")
            .note("Bulk operation {id} started up to thousands of VMs that have no log entries of their own; the operations list and the inventory name them.")
            .tells(|record, facts| {
                common::carries(record, facts, BULK, "protoPayload.request.instanceProperties.serviceAccounts[].email");
            }),
        on("compute.instances.delete").deletes(INSTANCE, INSTANCE_ID).names(COMPUTE).finding(
            Destruction,
            &DELETE_CLOUD_INSTANCE,
            "VM {id} was deleted; its boot disk and whatever only it held are probably gone with it.",
        ),
        on("compute.instances.start|compute.instances.resume|compute.instances.startWithEncryptionKey")
            .touches(INSTANCE, INSTANCE_ID, "started")
            .names(COMPUTE)
            .contain("compute.instances.stop")
            .undoes("gcp.compute.stop"),
        on("compute.instances.stop|compute.instances.suspend")
            .touches(INSTANCE, INSTANCE_ID, "stopped")
            .names(COMPUTE)
            .contain("compute.instances.start")
            .finding(Destruction, &SERVICE_STOP, "VM {id} was stopped; what ran on it is down until somebody starts it.")
            .pair("gcp.compute.stop"),
        on("compute.instances.reset").touches(INSTANCE, INSTANCE_ID, "reset").names(COMPUTE),
        on("compute.instances.setMachineType|compute.instances.setMachineResources|compute.instances.update")
            .touches(INSTANCE, INSTANCE_ID, "resized or changed")
            .names(COMPUTE)
            .contain("compute.instances.stop"),
        on("compute.instances.setScheduling|compute.instances.setLabels|compute.instances.updateShieldedInstanceConfig|compute.instances.setDiskAutoDelete")
            .touches(INSTANCE, INSTANCE_ID, "settings changed")
            .names(COMPUTE),
        on("compute.instances.setMetadata")
            .touches(INSTANCE, INSTANCE_ID, "metadata changed")
            .names(COMPUTE)
            .contain("compute.instances.setMetadata")
            .tells(|record, facts| metadata(record, facts, INSTANCE, "instanceMetadataDelta")),
        on("compute.projects.setCommonInstanceMetadata")
            .touches(PROJECT, "resource.labels.project_id|protoPayload.resourceName", "common metadata changed")
            .names("protoPayload.resourceName|protoPayload.response.targetId")
            .contain("compute.projects.setCommonInstanceMetadata")
            .tells(|record, facts| metadata(record, facts, PROJECT, "projectMetadataDelta")),
        on("compute.instances.setServiceAccount")
            .touches(INSTANCE, INSTANCE_ID, "given a service account")
            .names(COMPUTE)
            .contain("compute.instances.stop;compute.instances.setServiceAccount")
            .finding(
                PrivilegeEscalation,
                &TEMPORARY_ELEVATED_ACCESS,
                "VM {id} was given another service account; whoever is on that VM can now use its tokens.",
            )
            .tells(|record, facts| common::carries(record, facts, INSTANCE, "protoPayload.request.email")),
        on("compute.instances.setIamPolicy")
            .touches(INSTANCE, INSTANCE_ID, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.instances.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, INSTANCE, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("compute.instances.setTags")
            .touches(INSTANCE, INSTANCE_ID, "network tags changed")
            .names(COMPUTE)
            .contain("compute.instances.setTags")
            .finding(
                LateralMovement,
                &DISABLE_CLOUD_FIREWALL,
                "VM {id} got other network tags, so other firewall rules apply to it now.",
            ),
        on("compute.instances.addAccessConfig")
            .touches(INSTANCE, INSTANCE_ID, "given a public address")
            .names(COMPUTE)
            .contain("compute.instances.deleteAccessConfig")
            .finding(Exposure, &MODIFY_CLOUD_CONFIGURATION, "VM {id} got a public address.")
            .pair("gcp.compute.address"),
        on("compute.instances.deleteAccessConfig")
            .touches(INSTANCE, INSTANCE_ID, "public address removed")
            .names(COMPUTE)
            .undoes("gcp.compute.address"),
        on("compute.instances.updateNetworkInterface|compute.instances.updateAccessConfig")
            .touches(INSTANCE, INSTANCE_ID, "network interface changed")
            .names(COMPUTE)
            .contain("compute.instances.deleteAccessConfig;compute.instances.setTags")
            .finding(
                LateralMovement,
                &MODIFY_CLOUD_CONFIGURATION,
                "The network interface of VM {id} was changed; check whether it is now reachable from elsewhere.",
            ),
        on("compute.instances.setDeletionProtection")
            .touches(INSTANCE, INSTANCE_ID, "deletion protection changed")
            .names(COMPUTE)
            .contain("compute.instances.setDeletionProtection")
            .tells(protect),
        on("compute.instances.attachDisk")
            .touches(INSTANCE, INSTANCE_ID, "disk attached")
            .names(COMPUTE)
            .contain("compute.instances.detachDisk")
            .finding(
                Exfiltration,
                &DATA_FROM_CLOUD_STORAGE,
                "A disk was attached to VM {id}; whoever is on that VM can read all of it.",
            ),
        on("compute.instances.detachDisk").touches(INSTANCE, INSTANCE_ID, "disk detached").names(COMPUTE),
        on("compute.instances.getSerialPortOutput|compute.instances.getGuestAttributes|compute.instances.getScreenshot")
            .about(INSTANCE, INSTANCE_ID)
            .names(COMPUTE)
            .finding(
                Discovery,
                &CLOUD_DISCOVERY,
                "The console output or guest attributes of VM {id} were read; they can hold secrets that its scripts print.",
            ),
        // ---- managed instance groups
        on("compute.instanceGroupManagers.insert")
            .creates(GROUP, GROUP_ID)
            .names(COMPUTE)
            .contain("compute.autoscalers.delete;compute.instanceGroupManagers.resize;!compute.instanceGroupManagers.delete")
            .note("Group {id} makes its VMs again when they are deleted: stop its autoscaler, then the group, then the VMs."),
        on("compute.regionInstanceGroupManagers.insert")
            .creates(GROUP, GROUP_ID)
            .names(COMPUTE)
            .contain("compute.regionAutoscalers.delete;compute.regionInstanceGroupManagers.resize;!compute.regionInstanceGroupManagers.delete")
            .note("Group {id} makes its VMs again when they are deleted: stop its autoscaler, then the group, then the VMs."),
        on("compute.instanceGroupManagers.delete|compute.regionInstanceGroupManagers.delete")
            .deletes(GROUP, GROUP_ID)
            .names(COMPUTE)
            .finding(
                Destruction,
                &DELETE_CLOUD_INSTANCE,
                "Instance group {id} was deleted with all its VMs.",
            ),
        on("compute.instanceGroupManagers.resize|compute.regionInstanceGroupManagers.resize|compute.instanceGroupManagers.resizeAdvanced")
            .touches(GROUP, GROUP_ID, "resized")
            .names(COMPUTE)
            .contain("compute.autoscalers.delete;compute.instanceGroupManagers.resize"),
        on("compute.instanceGroupManagers.createInstances|compute.regionInstanceGroupManagers.createInstances")
            .touches(GROUP, GROUP_ID, "made to create instances")
            .names(COMPUTE)
            .contain("compute.autoscalers.delete;compute.instanceGroupManagers.resize"),
        on("compute.instanceGroupManagers.setInstanceTemplate|compute.regionInstanceGroupManagers.setInstanceTemplate|compute.instanceGroupManagers.recreateInstances|compute.regionInstanceGroupManagers.recreateInstances")
            .touches(GROUP, GROUP_ID, "given another template or re-created")
            .names(COMPUTE)
            .contain("compute.instanceGroupManagers.resize"),
        on("compute.instanceGroupManagers.patch|compute.regionInstanceGroupManagers.patch|compute.instanceGroupManagers.applyUpdatesToInstances|compute.regionInstanceGroupManagers.applyUpdatesToInstances|compute.instanceGroupManagers.abandonInstances|compute.regionInstanceGroupManagers.abandonInstances|compute.instanceGroupManagers.deleteInstances|compute.regionInstanceGroupManagers.deleteInstances|compute.instanceGroupManagers.setAutoHealingPolicies")
            .touches(GROUP, GROUP_ID, "changed")
            .names(COMPUTE)
            .contain("compute.autoscalers.delete;compute.instanceGroupManagers.resize"),
        on("compute.instanceGroupManagerResizeRequests.insert|compute.regionInstanceGroupManagerResizeRequests.insert")
            .creates("gcp.compute.instance_group_manager_resize_request", RESIZE_REQUEST)
            .contain("compute.instanceGroupManagerResizeRequests.cancel;compute.instanceGroupManagers.resize")
            .note("Queued capacity {id}: its VMs appear later, when Google has them."),
        on("compute.instanceGroupManagerResizeRequests.cancel|compute.instanceGroupManagerResizeRequests.delete|compute.regionInstanceGroupManagerResizeRequests.cancel|compute.regionInstanceGroupManagerResizeRequests.delete")
            .deletes("gcp.compute.instance_group_manager_resize_request", RESIZE_REQUEST),
        on("compute.autoscalers.insert")
            .creates(AUTOSCALER, AUTOSCALER_ID)
            .names(COMPUTE)
            .contain("compute.autoscalers.delete")
            .note("Autoscaler {id} undoes every resize of its group until it is deleted or off."),
        on("compute.regionAutoscalers.insert")
            .creates(AUTOSCALER, AUTOSCALER_ID)
            .names(COMPUTE)
            .contain("compute.regionAutoscalers.delete")
            .note("Autoscaler {id} undoes every resize of its group until it is deleted or off."),
        on("compute.autoscalers.patch|compute.autoscalers.update|compute.regionAutoscalers.patch|compute.regionAutoscalers.update")
            .touches(AUTOSCALER, AUTOSCALER_ID, "changed")
            .names(COMPUTE)
            .contain("compute.autoscalers.delete"),
        on("compute.autoscalers.delete|compute.regionAutoscalers.delete").deletes(AUTOSCALER, AUTOSCALER_ID).names(COMPUTE),
        on("compute.instanceGroups.insert|compute.regionInstanceGroups.insert")
            .creates("gcp.compute.instance_group", "resource.labels.instance_group_id|protoPayload.response.targetId|protoPayload.resourceName")
            .names(COMPUTE)
            .contain("!compute.instanceGroups.delete"),
        on("compute.instanceGroups.delete|compute.regionInstanceGroups.delete")
            .deletes("gcp.compute.instance_group", "resource.labels.instance_group_id|protoPayload.response.targetId|protoPayload.resourceName")
            .names(COMPUTE),
        on("compute.instanceTemplates.insert|compute.regionInstanceTemplates.insert")
            .creates(TEMPLATE, TEMPLATE_ID)
            .names(COMPUTE)
            .contain("!compute.instanceTemplates.delete")
            .note("Template {id} costs nothing itself; groups start VMs from it, with its scripts and service account.")
            .tells(|record, facts| {
                common::carries(record, facts, TEMPLATE, "protoPayload.request.properties.serviceAccounts[].email");
            }),
        on("compute.instanceTemplates.delete|compute.regionInstanceTemplates.delete")
            .deletes(TEMPLATE, TEMPLATE_ID)
            .names(COMPUTE),
        on("compute.instanceTemplates.setIamPolicy")
            .touches(TEMPLATE, TEMPLATE_ID, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.instanceTemplates.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, TEMPLATE, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        // ---- capacity that is paid for with or without VMs
        on("compute.reservations.insert")
            .creates("gcp.compute.reservation", "resource.labels.reservation_id|protoPayload.response.targetId|protoPayload.resourceName")
            .names(COMPUTE)
            .contain("!compute.reservations.delete")
            .note("Reservation {id} is billed even when no VM uses it."),
        on("compute.reservations.delete")
            .deletes("gcp.compute.reservation", "resource.labels.reservation_id|protoPayload.response.targetId|protoPayload.resourceName")
            .names(COMPUTE),
        on("compute.futureReservations.insert")
            .creates("gcp.compute.future_reservation", TARGET)
            .names(COMPUTE)
            .contain("compute.futureReservations.cancel;!compute.futureReservations.delete")
            .note("Future reservation {id} becomes a bill at its start time unless it is cancelled before."),
        on("compute.futureReservations.delete|compute.futureReservations.cancel")
            .deletes("gcp.compute.future_reservation", TARGET)
            .names(COMPUTE),
        on("compute.regionCommitments.insert")
            .creates("gcp.compute.commitment", TARGET)
            .names(COMPUTE)
            .finding_without_technique(
                Commitment,
                "Commitment {id} obliges you to pay for one or three years; only Google can take it back: open a billing case now.",
            ),
        on("compute.regionCommitments.update")
            .touches("gcp.compute.commitment", TARGET, "changed")
            .names(COMPUTE)
            .finding_without_technique(Commitment, "Commitment {id} was changed (plan or renewal); only Google can take that back."),
        on("compute.nodeGroups.insert")
            .creates("gcp.compute.node_group", TARGET)
            .names(COMPUTE)
            .contain("!compute.nodeGroups.delete")
            .note("Sole-tenant nodes {id} are billed whether VMs run on them or not."),
        on("compute.nodeGroups.addNodes|compute.nodeGroups.patch")
            .touches("gcp.compute.node_group", TARGET, "nodes added or changed")
            .names(COMPUTE)
            .contain("!compute.nodeGroups.deleteNodes"),
        on("compute.nodeGroups.delete").deletes("gcp.compute.node_group", TARGET).names(COMPUTE),
        on("compute.nodeTemplates.insert").creates("gcp.compute.node_template", TARGET).names(COMPUTE).contain("!compute.nodeTemplates.delete"),
        on("compute.nodeTemplates.delete").deletes("gcp.compute.node_template", TARGET).names(COMPUTE),
        on("compute.resourcePolicies.insert")
            .creates("gcp.compute.resource_policy", TARGET)
            .names(COMPUTE)
            .contain("!compute.resourcePolicies.delete"),
        on("compute.resourcePolicies.delete").deletes("gcp.compute.resource_policy", TARGET).names(COMPUTE),
    ],
};

/// What a metadata key gives to whoever sets it; the log has keys, never values.
fn power_of(key: &str) -> Option<(crate::model::report::FindingKind, &'static Technique, &'static str)> {
    Some(match key {
        "ssh-keys" | "sshKeys" => (Persistence, &SSH_AUTHORIZED_KEYS, "lets the holder of a new SSH key in"),
        "windows-keys" => (Persistence, &SSH_AUTHORIZED_KEYS, "resets Windows passwords"),
        "enable-oslogin" | "enable-oslogin-2fa" | "block-project-ssh-keys" => {
            (DefenseEvasion, &MODIFY_AUTH_PROCESS, "decides who may log in over SSH")
        }
        "serial-port-enable" => (LateralMovement, &DIRECT_VM_CONNECTIONS, "opens the serial console"),
        "startup-script"
        | "startup-script-url"
        | "shutdown-script"
        | "shutdown-script-url"
        | "user-data"
        | "gce-container-declaration"
        | "windows-startup-script-ps1"
        | "windows-startup-script-cmd"
        | "windows-startup-script-bat"
        | "windows-startup-script-url"
        | "sysprep-specialize-script-ps1"
        | "sysprep-specialize-script-cmd"
        | "sysprep-specialize-script-url" => {
            (Persistence, &EVENT_TRIGGERED, "runs code as root at the next boot or shutdown")
        }
        _ => return None,
    })
}

/// Tells which powerful metadata keys came and went. The delta stands on the operation's first or last entry.
fn metadata(record: &Record, facts: &mut Vec<Fact>, kind: &str, delta: &str) {
    let Some(of) = common::last(facts, kind).map(|resource| resource.id.clone()) else { return };
    let place = if kind == PROJECT { "every VM of project" } else { "VM" };
    for (field, verb) in [("added", "set"), ("modified", "changed"), ("deleted", "removed")] {
        for key in record.all(&format!("protoPayload.metadata.{delta}.{field}MetadataKeys[]")) {
            let Some((finding, technique, power)) = power_of(&key) else { continue };
            let say = Say {
                kind: finding,
                technique,
                subject: &of,
                pair: &format!("gcp.metadata {key}"),
                note: format!(
                    "Metadata key {key} was {verb} on {place} {of}; it {power}. The log hides the value: read the current one."
                ),
            };
            // Taking one of the guards away is an act of its own, not the undoing of having set it.
            let is_guard = finding == DefenseEvasion;
            facts.push(if verb == "removed" && !is_guard { say.undoing(record) } else { say.fact(record) });
        }
    }
}

/// Tells deletion protection set or lifted; an operation's last entry has no request and tells nothing.
fn protect(record: &Record, facts: &mut Vec<Fact>) {
    let Some(of) = common::last(facts, INSTANCE).map(|resource| resource.id.clone()) else { return };
    let path = "protoPayload.request.deletionProtection";
    let say = Say {
        kind: Persistence,
        technique: &MODIFY_CLOUD_CONFIGURATION,
        subject: &of,
        pair: "gcp.compute.deletion_protection",
        note: format!(
            "VM {of} is protected from deletion; stopping it still works, deleting it needs the flag cleared."
        ),
    };
    if record.is(path, "true") {
        facts.push(say.fact(record));
    } else if record.is(path, "false") {
        facts.push(say.undoing(record));
    }
}
