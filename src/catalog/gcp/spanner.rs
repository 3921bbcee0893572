//! Spanner.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.spanner.instance";
const DATABASE: &str = "gcp.spanner.database";
const DATABASE_ID: &str = "protoPayload.resourceName~/databases/|protoPayload.response.name~/databases/|protoPayload.request.database~/databases/";
const BACKUP: &str = "gcp.spanner.backup";

pub static SPANNER: Service = Service {
    source: "spanner.googleapis.com",
    rows: &[
        on("InstanceAdmin.CreateInstance")
            .creates(INSTANCE, within!("instances", "instanceId"))
            .names(within!("instances", "instanceId"))
            .contain("!spanner.instances.delete")
            .note("Spanner instance {id} is billed by the hour from the start."),
        on("InstanceAdmin.UpdateInstance").touches(INSTANCE, within!("instances"), "resized or changed"),
        on("InstanceAdmin.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Spanner instance {id} was deleted with its databases.",
        ),
        on("DatabaseAdmin.CreateDatabase|DatabaseAdmin.RestoreDatabase").creates(DATABASE, DATABASE_ID),
        on("DatabaseAdmin.DropDatabase").deletes(DATABASE, DATABASE_ID).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Database {id} was dropped.",
        ),
        on("DatabaseAdmin.CreateBackup|DatabaseAdmin.CopyBackup")
            .creates(BACKUP, within!("backups", "backupId")),
        on("DatabaseAdmin.DeleteBackup").deletes(BACKUP, within!("backups")).finding(
            Destruction,
            &INHIBIT_RECOVERY,
            "Database backup {id} was deleted.",
        ),
        on("DatabaseAdmin.SetIamPolicy").touches(DATABASE, DATABASE_ID, "IAM policy changed").tells(
            |record, facts| common::policy(record, facts, DATABASE, Exfiltration, &ADDITIONAL_CLOUD_ROLES),
        ),
        on("InstanceAdmin.SetIamPolicy").touches(INSTANCE, within!("instances"), "IAM policy changed").tells(
            |record, facts| common::policy(record, facts, INSTANCE, Persistence, &ADDITIONAL_CLOUD_ROLES),
        ),
    ],
};
