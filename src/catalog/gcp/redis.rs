//! Memorystore for Redis.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.redis.instance";

pub static REDIS: Service = Service {
    source: "redis.googleapis.com",
    rows: &[
        on("CloudRedis.CreateInstance")
            .creates(INSTANCE, within!("instances", "instanceId"))
            .names(within!("instances", "instanceId"))
            .contain("!redis.instances.delete"),
        on("CloudRedis.UpdateInstance|CloudRedis.ImportInstance").touches(
            INSTANCE,
            within!("instances"),
            "changed",
        ),
        on("CloudRedis.ExportInstance").touches(INSTANCE, within!("instances"), "exported").finding(
            Exfiltration,
            &TRANSFER_TO_CLOUD_ACCOUNT,
            "Cache {id} was exported to a bucket.",
        ),
        on("CloudRedis.DeleteInstance").deletes(INSTANCE, within!("instances")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Cache {id} was deleted with everything in it.",
        ),
    ],
};
