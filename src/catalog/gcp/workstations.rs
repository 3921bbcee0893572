//! Cloud Workstations.

use super::common::within;
use crate::catalog::{Service, on};

const WORKSTATION: &str = "gcp.workstations.workstation";
const CONFIG: &str = "gcp.workstations.workstation_config";
const CLUSTER: &str = "gcp.workstations.workstation_cluster";

pub static WORKSTATIONS: Service = Service {
    source: "workstations.googleapis.com",
    rows: &[
        on("Workstations.CreateWorkstation")
            .creates(
                WORKSTATION,
                concat!("protoPayload.response.uid|", within!("workstations", "workstationId")),
            )
            .names(within!("workstations", "workstationId"))
            .contain("workstations.workstations.stop;!workstations.workstations.delete"),
        on("Workstations.StartWorkstation")
            .touches(WORKSTATION, within!("workstations"), "started")
            .contain("workstations.workstations.stop"),
        on("Workstations.StopWorkstation").touches(WORKSTATION, within!("workstations"), "stopped"),
        on("Workstations.DeleteWorkstation").deletes(WORKSTATION, within!("workstations")),
        on("Workstations.CreateWorkstationConfig")
            .creates(
                CONFIG,
                concat!("protoPayload.response.uid|", within!("workstationConfigs", "workstationConfigId")),
            )
            .names(within!("workstationConfigs", "workstationConfigId"))
            .contain("!workstations.workstationConfigs.delete")
            .note("Workstation configuration {id} may keep a pool of VMs running that nobody uses."),
        on("Workstations.DeleteWorkstationConfig").deletes(CONFIG, within!("workstationConfigs")),
        on("Workstations.CreateWorkstationCluster")
            .creates(
                CLUSTER,
                concat!("protoPayload.response.uid|", within!("workstationClusters", "workstationClusterId")),
            )
            .names(within!("workstationClusters", "workstationClusterId"))
            .contain("!workstations.workstationClusters.delete"),
        on("Workstations.DeleteWorkstationCluster").deletes(CLUSTER, within!("workstationClusters")),
    ],
};
