//! Filestore.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.file.instance";

pub static FILE: Service = Service {
    source: "file.googleapis.com",
    rows: &[
        on("CloudFilestoreManager.CreateInstance")
            .creates(INSTANCE, within!("instances", "instanceId"))
            .names(within!("instances", "instanceId"))
            .contain("!file.instances.delete"),
        on("CloudFilestoreManager.UpdateInstance|CloudFilestoreManager.RestoreInstance").touches(
            INSTANCE,
            within!("instances"),
            "changed",
        ),
        on("CloudFilestoreManager.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "File share {id} was deleted with everything on it.",
        ),
        on("CloudFilestoreManager.CreateBackup")
            .creates("gcp.file.backup", within!("backups", "backupId"))
            .names(within!("backups", "backupId")),
        on("CloudFilestoreManager.DeleteBackup").deletes("gcp.file.backup", within!("backups")).finding(
            Destruction,
            &INHIBIT_RECOVERY,
            "File share backup {id} was deleted.",
        ),
        on("CloudFilestoreManager.CreateSnapshot")
            .creates("gcp.file.snapshot", within!("snapshots", "snapshotId")),
        on("CloudFilestoreManager.DeleteSnapshot").deletes("gcp.file.snapshot", within!("snapshots")),
    ],
};
