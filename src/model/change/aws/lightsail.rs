//! Lightsail. Everything has a name alone; its ARN, which ends in an id of its own, tells it from another one of that name.

use super::super::{Change, Reversal, Spec, Undo, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LightsailChange {
    StopLightsailInstance {
        name: Arc<str>,
    },
    /// Undo alone.
    StartLightsailInstance {
        name: Arc<str>,
    },
    SnapshotLightsailInstance {
        name: Arc<str>,
        snapshot: Arc<str>,
    },
    DeleteLightsailInstance {
        name: Arc<str>,
    },
    DisableLightsailContainers {
        name: Arc<str>,
    },
    /// Undo alone.
    EnableLightsailContainers {
        name: Arc<str>,
    },
    DeleteLightsailContainers {
        name: Arc<str>,
    },
}

const NO_INSTANCE: &str = "A deleted instance does not come back; a new one can be made from its snapshot.";
const NO_CONTAINERS: &str =
    "A deleted container service is made again by hand, with lightsail:CreateContainerService.";
const KEPT: &str = "The snapshot stays: it is evidence.";

impl LightsailChange {
    pub fn spec(&self) -> Spec {
        match self {
            LightsailChange::StopLightsailInstance { .. } => settling(
                spec(
                    "lightsail:StopInstance",
                    &["lightsail:StopInstance", "lightsail:GetInstance"],
                    "stops it and keeps its disk; what is in memory is lost; it costs on as long as it exists",
                    "the instance reads stopped",
                    Undo::Call("lightsail:StartInstance"),
                ),
                300,
            ),
            LightsailChange::StartLightsailInstance { .. } => settling(
                spec(
                    "lightsail:StartInstance",
                    &["lightsail:StartInstance", "lightsail:GetInstance"],
                    "starts it again, with another address unless it has a static one",
                    "the instance reads running",
                    Undo::Call("lightsail:StopInstance"),
                ),
                300,
            ),
            LightsailChange::SnapshotLightsailInstance { .. } => settling(
                spec(
                    "lightsail:CreateInstanceSnapshot",
                    &[
                        "lightsail:CreateInstanceSnapshot",
                        "lightsail:GetInstanceSnapshot",
                        "lightsail:GetInstance",
                        "lightsail:TagResource",
                    ],
                    "keeps a copy of its disks",
                    "the snapshot reads available",
                    Undo::None(KEPT),
                ),
                3600,
            ),
            LightsailChange::DeleteLightsailInstance { .. } => settling(
                gated(spec(
                    "lightsail:DeleteInstance(forceDeleteAddOns=true)",
                    &["lightsail:DeleteInstance", "lightsail:GetInstance"],
                    "deletes it with its disk and its automatic snapshots; only this ends its cost",
                    "the instance is gone",
                    Undo::None(NO_INSTANCE),
                )),
                300,
            ),
            LightsailChange::DisableLightsailContainers { .. } => settling(
                spec(
                    "lightsail:UpdateContainerService(isDisabled=true)",
                    &["lightsail:UpdateContainerService", "lightsail:GetContainerServices"],
                    "ends its containers and its address answers no more; its deployments stay; it costs on as long as it exists",
                    "the container service reads DISABLED",
                    Undo::Call("lightsail:UpdateContainerService(isDisabled=false)"),
                ),
                900,
            ),
            LightsailChange::EnableLightsailContainers { .. } => settling(
                spec(
                    "lightsail:UpdateContainerService(isDisabled=false)",
                    &["lightsail:UpdateContainerService", "lightsail:GetContainerServices"],
                    "starts its last deployment again",
                    "the container service is not disabled",
                    Undo::Call("lightsail:UpdateContainerService(isDisabled=true)"),
                ),
                900,
            ),
            LightsailChange::DeleteLightsailContainers { .. } => settling(
                gated(spec(
                    "lightsail:DeleteContainerService",
                    &["lightsail:DeleteContainerService", "lightsail:GetContainerServices"],
                    "deletes it with its deployments and images; only this ends its cost",
                    "the container service is gone",
                    Undo::None(NO_CONTAINERS),
                )),
                900,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was_off = before.get("is_off").and_then(Value::as_bool);
        let back = |change: LightsailChange| Reversal::Changes(vec![Change::from(change)]);
        match (self, was_off) {
            (LightsailChange::StopLightsailInstance { name }, Some(false)) => {
                back(LightsailChange::StartLightsailInstance { name: name.clone() })
            }
            (LightsailChange::StartLightsailInstance { name }, Some(true)) => {
                back(LightsailChange::StopLightsailInstance { name: name.clone() })
            }
            (LightsailChange::DisableLightsailContainers { name }, Some(false)) => {
                back(LightsailChange::EnableLightsailContainers { name: name.clone() })
            }
            (LightsailChange::EnableLightsailContainers { name }, Some(true)) => {
                back(LightsailChange::DisableLightsailContainers { name: name.clone() })
            }
            (
                LightsailChange::StopLightsailInstance { .. }
                | LightsailChange::StartLightsailInstance { .. }
                | LightsailChange::DisableLightsailContainers { .. }
                | LightsailChange::EnableLightsailContainers { .. },
                Some(_),
            ) => Reversal::Changes(Vec::new()),
            (
                LightsailChange::StopLightsailInstance { .. }
                | LightsailChange::StartLightsailInstance { .. }
                | LightsailChange::DisableLightsailContainers { .. }
                | LightsailChange::EnableLightsailContainers { .. },
                None,
            ) => Reversal::None("Whether it ran before was not seen."),
            (LightsailChange::SnapshotLightsailInstance { .. }, _) => Reversal::None(KEPT),
            (LightsailChange::DeleteLightsailInstance { .. }, _) => Reversal::None(NO_INSTANCE),
            (LightsailChange::DeleteLightsailContainers { .. }, _) => Reversal::None(NO_CONTAINERS),
        }
    }
}
