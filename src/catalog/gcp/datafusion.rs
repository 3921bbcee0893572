//! Cloud Data Fusion.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.datafusion.instance";

pub static DATAFUSION: Service = Service {
    source: "datafusion.googleapis.com",
    rows: &[
        on("DataFusion.CreateInstance")
            .creates(INSTANCE, within!("instances", "instanceId"))
            .names(within!("instances", "instanceId"))
            .contain("!datafusion.instances.delete")
            .note("Data Fusion {id} is billed by the hour and starts Dataproc clusters for its pipelines."),
        on("DataFusion.UpdateInstance|DataFusion.RestartInstance").touches(
            INSTANCE,
            within!("instances"),
            "changed",
        ),
        on("DataFusion.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &SERVICE_STOP,
            "Data Fusion {id} was deleted.",
        ),
    ],
};
