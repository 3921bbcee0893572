//! Compute Engine: disks, snapshots, images.
//!
//! `createSnapshot`'s resourceName and targetId are the source disk's; only its request names the snapshot.

use super::common::{self, COMPUTE, TARGET};
use crate::catalog::technique::*;
use crate::catalog::{Row, Service, on};
use crate::model::report::FindingKind::*;

const DISK: &str = "gcp.compute.disk";
const DISK_ID: &str = "resource.labels.disk_id|protoPayload.response.targetId|protoPayload.resourceName";
const SNAPSHOT: &str = "gcp.compute.snapshot";
const SNAPSHOT_ID: &str =
    "resource.labels.snapshot_id|protoPayload.response.targetId|protoPayload.resourceName";
const INSTANT: &str = "gcp.compute.instant_snapshot";
const IMAGE: &str = "gcp.compute.image";
const IMAGE_ID: &str = "resource.labels.image_id|protoPayload.response.targetId|protoPayload.resourceName";
const MACHINE_IMAGE: &str = "gcp.compute.machine_image";
const POOL: &str = "gcp.compute.storage_pool";

/// A deletion of what may be the only copy.
const fn destroys(events: &'static str, kind: &'static str, id: &'static str, note: &'static str) -> Row {
    on(events).deletes(kind, id).names(COMPUTE).finding(Destruction, &DATA_DESTRUCTION, note)
}

pub static COMPUTE_DISK: Service = Service {
    source: "compute.googleapis.com",
    rows: &[
        on("compute.disks.insert|compute.regionDisks.insert")
            .creates(DISK, DISK_ID)
            .names(COMPUTE)
            .contain("!compute.disks.delete")
            .note("Disk {id} is billed by size until it is deleted."),
        on("compute.disks.resize|compute.regionDisks.resize|compute.disks.update|compute.regionDisks.update")
            .touches(DISK, DISK_ID, "resized or changed")
            .names(COMPUTE),
        destroys("compute.disks.delete|compute.regionDisks.delete", DISK, DISK_ID, "Disk {id} was deleted; a snapshot or a backup is the only way back."),
        on("compute.disks.setIamPolicy|compute.regionDisks.setIamPolicy")
            .touches(DISK, DISK_ID, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.disks.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, DISK, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("compute.disks.createSnapshot|compute.regionDisks.createSnapshot")
            .creates(SNAPSHOT, "projects/{resource.labels.project_id}/global/snapshots/{protoPayload.request.name}|protoPayload.request.name")
            .names("protoPayload.request.name")
            .contain("!compute.snapshots.delete")
            .note("Snapshot {id} is a full copy of a disk; sharing it needs no further copying."),
        on("compute.snapshots.insert")
            .creates(SNAPSHOT, SNAPSHOT_ID)
            .names(COMPUTE)
            .contain("!compute.snapshots.delete")
            .note("Snapshot {id} is a full copy of a disk; sharing it needs no further copying."),
        on("compute.snapshots.delete")
            .deletes(SNAPSHOT, SNAPSHOT_ID)
            .names(COMPUTE)
            .finding(Destruction, &INHIBIT_RECOVERY, "Snapshot {id} was deleted; what only it could restore is lost."),
        on("compute.snapshots.setIamPolicy")
            .touches(SNAPSHOT, SNAPSHOT_ID, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.snapshots.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, SNAPSHOT, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("compute.instantSnapshots.insert|compute.regionInstantSnapshots.insert")
            .creates(INSTANT, TARGET)
            .names(COMPUTE)
            .contain("!compute.instantSnapshots.delete"),
        on("compute.instantSnapshots.delete|compute.regionInstantSnapshots.delete").deletes(INSTANT, TARGET).names(COMPUTE),
        on("compute.images.insert")
            .creates(IMAGE, IMAGE_ID)
            .names(COMPUTE)
            .contain("compute.images.deprecate;!compute.images.delete")
            .note("Image {id} is a copy of a disk, or a disk from outside that VMs may be started from."),
        destroys("compute.images.delete", IMAGE, IMAGE_ID, "Image {id} was deleted; VMs can no longer be started from it."),
        on("compute.images.deprecate|compute.images.patch").touches(IMAGE, IMAGE_ID, "changed").names(COMPUTE),
        on("compute.images.setIamPolicy")
            .touches(IMAGE, IMAGE_ID, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.images.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, IMAGE, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("compute.machineImages.insert")
            .creates(MACHINE_IMAGE, TARGET)
            .names(COMPUTE)
            .contain("!compute.machineImages.delete")
            .note("Machine image {id} is a full copy of a VM: disks, metadata and service account."),
        on("compute.machineImages.delete")
            .deletes(MACHINE_IMAGE, TARGET)
            .names(COMPUTE)
            .finding(Destruction, &INHIBIT_RECOVERY, "Machine image {id} was deleted; what only it could restore is lost."),
        on("compute.machineImages.setIamPolicy")
            .touches(MACHINE_IMAGE, TARGET, "IAM policy changed")
            .names(COMPUTE)
            .contain("compute.machineImages.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, MACHINE_IMAGE, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("compute.storagePools.insert").creates(POOL, TARGET).names(COMPUTE).contain("!compute.storagePools.delete"),
        on("compute.storagePools.delete").deletes(POOL, TARGET).names(COMPUTE),
    ],
};
