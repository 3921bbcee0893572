//! ECS. A service's ARN is its name in a cluster: its time of creation tells it from another one of that name.

use super::super::{Change, Reversal, Spec, Undo, destroying, gated, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EcsChange {
    EmptyEcsService {
        service: Arc<str>,
    },
    /// Undo alone.
    ResizeEcsService {
        service: Arc<str>,
        to: i32,
    },
    DeleteEcsService {
        service: Arc<str>,
    },
    StopEcsTask {
        task: Arc<str>,
    },
}

impl EcsChange {
    pub fn spec(&self) -> Spec {
        match self {
            EcsChange::EmptyEcsService { .. } => settling(
                watched(destroying(spec(
                    "ecs:UpdateService(desiredCount=0)",
                    &["ecs:UpdateService", "ecs:DescribeServices", "ecs:ListClusters"],
                    "the service ends its tasks and starts none; what they held in memory and on their own disk is lost; a target of Application \
                     Auto Scaling may raise it again (application-autoscaling:DescribeScalableTargets shows it)",
                    "the service runs 0 tasks",
                    Undo::Call("ecs:UpdateService(saved desiredCount); the tasks are new ones"),
                ))),
                600,
            ),
            EcsChange::ResizeEcsService { .. } => settling(
                spec(
                    "ecs:UpdateService(desiredCount)",
                    &["ecs:UpdateService", "ecs:DescribeServices", "ecs:ListClusters"],
                    "the service starts as many tasks as before; they are new ones",
                    "the service wants as many tasks as before",
                    Undo::Call("ecs:UpdateService(desiredCount=0)"),
                ),
                120,
            ),
            EcsChange::DeleteEcsService { .. } => settling(
                gated(spec(
                    "ecs:DeleteService(force=true)",
                    &["ecs:DeleteService", "ecs:DescribeServices", "ecs:ListClusters"],
                    "the service and its tasks end; a daemon service has no count that could be set to 0",
                    "the service reads INACTIVE",
                    Undo::None("A deleted service is made again by hand, with ecs:CreateService."),
                )),
                600,
            ),
            EcsChange::StopEcsTask { .. } => settling(
                destroying(spec(
                    "ecs:StopTask",
                    &["ecs:StopTask", "ecs:DescribeTasks", "ecs:ListClusters"],
                    "stops the task; what it held in memory and on its own disk is lost",
                    "the task reads STOPPED",
                    Undo::None("A stopped task can't be started again; run a new one."),
                )),
                300,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        match self {
            EcsChange::EmptyEcsService { service } | EcsChange::ResizeEcsService { service, .. } => {
                let service = service.clone();
                let was = before.get("desired_count").and_then(Value::as_i64);
                match (was.map(i32::try_from), self) {
                    (Some(Ok(0)), EcsChange::EmptyEcsService { .. }) => Reversal::Changes(Vec::new()),
                    (Some(Ok(0)), _) => back(EcsChange::EmptyEcsService { service }),
                    (Some(Ok(to)), _) => back(EcsChange::ResizeEcsService { service, to }),
                    (Some(Err(_)) | None, _) => {
                        Reversal::None("How many tasks it wanted before was not seen.")
                    }
                }
            }
            EcsChange::DeleteEcsService { .. } => {
                Reversal::None("A deleted service is made again by hand, with ecs:CreateService.")
            }
            EcsChange::StopEcsTask { .. } => {
                Reversal::None("A stopped task can't be started again; run a new one.")
            }
        }
    }
}

fn back(change: EcsChange) -> Reversal {
    Reversal::Changes(vec![Change::from(change)])
}
