//! AlloyDB.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.alloydb.instance";
const CLUSTER: &str = "gcp.alloydb.cluster";
const USER: &str = "gcp.alloydb.user";

pub static ALLOYDB: Service = Service {
    source: "alloydb.googleapis.com",
    rows: &[
        on("AlloyDBAdmin.CreateInstance|AlloyDBAdmin.CreateSecondaryInstance")
            .creates(INSTANCE, concat!("protoPayload.response.uid|", within!("instances", "instanceId")))
            .names(within!("instances", "instanceId"))
            .contain("alloydb.clusters.instances.patch;!alloydb.clusters.instances.delete"),
        on("AlloyDBAdmin.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &SERVICE_STOP,
            "AlloyDB instance {id} was deleted.",
        ),
        on("AlloyDBAdmin.CreateCluster|AlloyDBAdmin.CreateSecondaryCluster|AlloyDBAdmin.RestoreCluster")
            .creates(CLUSTER, concat!("protoPayload.response.uid|", within!("clusters", "clusterId")))
            .names(within!("clusters", "clusterId"))
            .contain("!alloydb.clusters.delete"),
        on("AlloyDBAdmin.DeleteCluster").deletes(CLUSTER, within!("clusters")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "AlloyDB cluster {id} was deleted with its data.",
        ),
        on("AlloyDBAdmin.CreateUser")
            .creates(USER, within!("users", "userId"))
            .names(within!("users", "userId"))
            .finding(
                Persistence,
                &ADDITIONAL_CLOUD_CREDENTIALS,
                "Database user {id} was made; its password works without any Google identity.",
            )
            .pair("gcp.alloydb.user"),
        on("AlloyDBAdmin.DeleteUser").deletes(USER, within!("users")).undoes("gcp.alloydb.user"),
        on("AlloyDBAdmin.CreateBackup").creates("gcp.alloydb.backup", within!("backups", "backupId")),
        on("AlloyDBAdmin.DeleteBackup").deletes("gcp.alloydb.backup", within!("backups")).finding(
            Destruction,
            &INHIBIT_RECOVERY,
            "AlloyDB backup {id} was deleted.",
        ),
    ],
};
