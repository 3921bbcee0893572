//! ECS.

use super::super::{Reversal, Spec, Undo, destroying, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EcsChange {
    EmptyEcsService { service: Arc<str> },
    StopEcsTask { task: Arc<str> },
}

impl EcsChange {
    pub fn spec(&self) -> Spec {
        match self {
            EcsChange::EmptyEcsService { .. } => destroying(spec(
                "ecs:UpdateService(desiredCount=0)",
                &["ecs:UpdateService", "ecs:DescribeServices"],
                "the service ends its tasks and starts none; what they held in memory and on their own disk is lost",
                "the service runs 0 tasks",
                Undo::Call("ecs:UpdateService(saved desiredCount); the tasks are new ones"),
            )),
            EcsChange::StopEcsTask { .. } => destroying(spec(
                "ecs:StopTask",
                &["ecs:StopTask", "ecs:DescribeTasks"],
                "stops the task; what it held in memory and on its own disk is lost",
                "the task reads STOPPED",
                Undo::None("A stopped task can't be started again; run a new one."),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            EcsChange::EmptyEcsService { .. } | EcsChange::StopEcsTask { .. } => {
                Reversal::None("not built yet")
            }
        }
    }
}
