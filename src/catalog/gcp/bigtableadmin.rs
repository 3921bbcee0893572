//! Bigtable.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.bigtableadmin.instance";
const TABLE: &str = "gcp.bigtableadmin.table";

pub static BIGTABLEADMIN: Service = Service {
    source: "bigtableadmin.googleapis.com",
    rows: &[
        on("BigtableInstanceAdmin.CreateInstance")
            .creates(INSTANCE, within!("instances", "instanceId"))
            .names(within!("instances", "instanceId"))
            .contain("!bigtableadmin.instances.delete")
            .note("Bigtable instance {id} is billed by node and hour."),
        on("BigtableInstanceAdmin.CreateCluster")
            .creates("gcp.bigtableadmin.cluster", within!("clusters", "clusterId")),
        on("BigtableInstanceAdmin.DeleteCluster").deletes("gcp.bigtableadmin.cluster", within!("clusters")),
        on("BigtableInstanceAdmin.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Bigtable instance {id} was deleted with its tables.",
        ),
        on("BigtableInstanceAdmin.SetIamPolicy")
            .touches(INSTANCE, within!("instances"), "IAM policy changed")
            .contain("bigtableadmin.instances.setIamPolicy")
            .tells(|record, facts| {
                common::policy(record, facts, INSTANCE, Exfiltration, &ADDITIONAL_CLOUD_ROLES)
            }),
        on("BigtableTableAdmin.CreateTable").creates(TABLE, within!("tables", "tableId")),
        on("BigtableTableAdmin.DeleteTable|BigtableTableAdmin.DropRowRange")
            .deletes(TABLE, within!("tables"))
            .finding(Destruction, &DATA_DESTRUCTION, "Table {id} was deleted or emptied."),
    ],
};
