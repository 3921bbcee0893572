//! Cloud TPU.

use super::common::{self, within};
use crate::catalog::{Service, on};

const NODE: &str = "gcp.tpu.node";
const NODE_ID: &str = concat!("protoPayload.response.id|", within!("nodes", "nodeId"));
const QUEUED: &str = "gcp.tpu.queued_resource";
const QUEUED_ID: &str = within!("queuedResources", "queuedResourceId");

pub static TPU: Service = Service {
    source: "tpu.googleapis.com",
    rows: &[
        on("Tpu.CreateNode")
            .creates(NODE, NODE_ID)
            .names(within!("nodes", "nodeId"))
            .contain("tpu.nodes.stop;!tpu.nodes.delete")
            .note("TPU {id} is among the dearest things Google rents.")
            .tells(|record, facts| {
                common::carries(record, facts, NODE, "protoPayload.request.node.serviceAccount.email")
            }),
        on("Tpu.StartNode")
            .touches(NODE, NODE_ID, "started")
            .names(within!("nodes", "nodeId"))
            .contain("tpu.nodes.stop"),
        on("Tpu.StopNode|Tpu.UpdateNode")
            .touches(NODE, NODE_ID, "stopped or changed")
            .names(within!("nodes", "nodeId")),
        on("Tpu.DeleteNode").deletes(NODE, NODE_ID).names(within!("nodes", "nodeId")),
        on("Tpu.CreateQueuedResource")
            .creates(QUEUED, QUEUED_ID)
            .names(QUEUED_ID)
            .contain("!tpu.queuedResources.delete")
            .note("Queued request {id} becomes TPUs as soon as Google has them.")
            .tells(|record, facts| {
                common::carries(
                    record,
                    facts,
                    QUEUED,
                    "protoPayload.request.queuedResource.tpu.nodeSpec[].node.serviceAccount.email",
                );
            }),
        on("Tpu.DeleteQueuedResource").deletes(QUEUED, QUEUED_ID).names(QUEUED_ID),
    ],
};
