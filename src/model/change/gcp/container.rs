//! Google Kubernetes Engine: what makes nodes again, then the nodes themselves, through the managed groups that hold them. Setting
//! a pool's size to 0 deletes its machines and their disks, so it is no step of ours: nodes are stopped (gcp.md 4.1, 6).
//!
//! `it` is a cluster and means all its pools, or one pool (`…/clusters/C/nodePools/P`).

use super::super::{Reversal, Spec, Undo, gated, once, settling, spec};
use super::named::{Named, UNSEEN, saved};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerChange {
    /// A cluster makes no new pools.
    TurnOffNodeProvisioning {
        it: Named,
    },
    /// Takes that back: the cluster's autoscaling as one JSON text.
    RestoreNodeProvisioning {
        it: Named,
        saved: Arc<str>,
    },
    TurnOffNodeAutoscaling {
        it: Named,
    },
    /// Takes that back: by pool.
    RestoreNodeAutoscaling {
        it: Named,
        saved: Arc<str>,
    },
    TurnOffNodeRepair {
        it: Named,
    },
    /// Takes that back: by pool.
    RestoreNodeRepair {
        it: Named,
        saved: Arc<str>,
    },
    StopNodes {
        it: Named,
    },
    /// Takes that back, but for those that were stopped before.
    StartNodes {
        it: Named,
        stopped: Vec<Arc<str>>,
    },
    DeleteGkeCluster {
        it: Named,
    },
    DeleteGkeNodePool {
        it: Named,
    },
}

const CLUSTER: &[&str] = &["container.clusters.get", "container.clusters.update", "container.operations.get"];
const NODES: &[&str] = &[
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.update",
    "compute.instances.get",
    "compute.instances.list",
    "container.clusters.get",
];
/// A cluster takes one change at a time, and each its time.
const SETTLES: u64 = 300;

impl ContainerChange {
    pub fn spec(&self) -> Spec {
        let settled = |api, does, expect, undo| settling(spec(api, CLUSTER, does, expect, undo), SETTLES);
        match self {
            ContainerChange::TurnOffNodeProvisioning { .. } => settled(
                "container.projects.locations.clusters.update(desiredClusterAutoscaling.enableNodeAutoprovisioning=false)",
                "the cluster makes no new node pools for what wants to run",
                "node auto-provisioning does not read enabled",
                Undo::Call("container.projects.locations.clusters.update(saved autoscaling)"),
            ),
            ContainerChange::RestoreNodeProvisioning { .. } => settled(
                "container.projects.locations.clusters.update(saved autoscaling)",
                "the cluster makes node pools by itself again",
                "its autoscaling reads as it was saved",
                Undo::Call("container.projects.locations.clusters.update(enableNodeAutoprovisioning=false)"),
            ),
            ContainerChange::TurnOffNodeAutoscaling { .. } => settled(
                "container.projects.locations.clusters.nodePools.setAutoscaling(enabled=false)",
                "the pools are resized by nobody; their nodes stay",
                "no pool's autoscaling reads enabled",
                Undo::Call("container.projects.locations.clusters.nodePools.setAutoscaling(saved)"),
            ),
            ContainerChange::RestoreNodeAutoscaling { .. } => settled(
                "container.projects.locations.clusters.nodePools.setAutoscaling(saved)",
                "the pools are resized as they were",
                "the pools' autoscaling reads as it was saved",
                Undo::Call("container.projects.locations.clusters.nodePools.setAutoscaling(enabled=false)"),
            ),
            ContainerChange::TurnOffNodeRepair { .. } => settled(
                "container.projects.locations.clusters.nodePools.setManagement(autoRepair=false)",
                "nodes that are stopped are not made again by auto-repair; a cluster in a release channel refuses this",
                "no pool's management reads autoRepair",
                Undo::Call("container.projects.locations.clusters.nodePools.setManagement(saved)"),
            ),
            ContainerChange::RestoreNodeRepair { .. } => settled(
                "container.projects.locations.clusters.nodePools.setManagement(saved)",
                "nodes are repaired again",
                "the pools' management reads as it was saved",
                Undo::Call("container.projects.locations.clusters.nodePools.setManagement(autoRepair=false)"),
            ),
            ContainerChange::StopNodes { .. } => settling(
                once(spec(
                    "compute.instanceGroupManagers.stopInstances(every node, through its group)",
                    NODES,
                    "stops every node through its managed group, which makes none in its place; their disks stay, what is in memory and on local SSD is lost",
                    "every node of its groups is stopped",
                    Undo::Call(
                        "compute.instanceGroupManagers.startInstances(every node that was not stopped before)",
                    ),
                )),
                SETTLES,
            ),
            ContainerChange::StartNodes { .. } => settling(
                once(spec(
                    "compute.instanceGroupManagers.startInstances(every node that was not stopped before)",
                    NODES,
                    "starts the nodes again from their disks",
                    "every node of its groups reads RUNNING, but for those that were stopped before",
                    Undo::Call("compute.instanceGroupManagers.stopInstances"),
                )),
                SETTLES,
            ),
            ContainerChange::DeleteGkeCluster { .. } => gated(settling(
                spec(
                    "container.projects.locations.clusters.delete",
                    &["container.clusters.delete", "container.clusters.get", "container.operations.get"],
                    "deletes the cluster, its nodes and their boot disks; persistent volumes' disks mostly stay",
                    "the cluster is gone",
                    Undo::None("A deleted cluster does not come back."),
                ),
                900,
            )),
            ContainerChange::DeleteGkeNodePool { .. } => gated(settling(
                spec(
                    "container.projects.locations.clusters.nodePools.delete",
                    CLUSTER,
                    "deletes the pool's nodes and their boot disks",
                    "the pool is gone",
                    Undo::None("A deleted node pool does not come back."),
                ),
                900,
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let back = |change: Option<ContainerChange>| match change {
            Some(change) => Reversal::Changes(vec![change.into()]),
            None => Reversal::None(UNSEEN),
        };
        let saved = || saved(before);
        match self {
            ContainerChange::TurnOffNodeProvisioning { it } => {
                back(saved().map(|saved| ContainerChange::RestoreNodeProvisioning { it: it.clone(), saved }))
            }
            ContainerChange::TurnOffNodeAutoscaling { it } => {
                back(saved().map(|saved| ContainerChange::RestoreNodeAutoscaling { it: it.clone(), saved }))
            }
            ContainerChange::TurnOffNodeRepair { it } => {
                back(saved().map(|saved| ContainerChange::RestoreNodeRepair { it: it.clone(), saved }))
            }
            ContainerChange::StopNodes { it } => {
                let stopped = before.get("stopped").cloned().unwrap_or(Value::Null);
                let stopped = serde_json::from_value::<Vec<Arc<str>>>(stopped).ok();
                back(stopped.map(|stopped| ContainerChange::StartNodes { it: it.clone(), stopped }))
            }
            ContainerChange::RestoreNodeProvisioning { it, .. } => {
                back(Some(ContainerChange::TurnOffNodeProvisioning { it: it.clone() }))
            }
            ContainerChange::RestoreNodeAutoscaling { it, .. } => {
                back(Some(ContainerChange::TurnOffNodeAutoscaling { it: it.clone() }))
            }
            ContainerChange::RestoreNodeRepair { it, .. } => {
                back(Some(ContainerChange::TurnOffNodeRepair { it: it.clone() }))
            }
            ContainerChange::StartNodes { it, .. } => {
                back(Some(ContainerChange::StopNodes { it: it.clone() }))
            }
            ContainerChange::DeleteGkeCluster { .. } | ContainerChange::DeleteGkeNodePool { .. } => {
                Reversal::None("What was deleted does not come back.")
            }
        }
    }
}
