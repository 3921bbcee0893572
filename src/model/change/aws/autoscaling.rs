//! Auto Scaling groups.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoScalingChange {
    SuspendScalingGroup { name: Arc<str> },
}

impl AutoScalingChange {
    pub fn spec(&self) -> Spec {
        match self {
            AutoScalingChange::SuspendScalingGroup { .. } => spec(
                "autoscaling:SuspendProcesses(all but Terminate)",
                &["autoscaling:SuspendProcesses", "autoscaling:DescribeAutoScalingGroups"],
                "the group launches, replaces and judges nothing more, so that its members can be stopped and kept",
                "the processes read suspended",
                Undo::Call("autoscaling:ResumeProcesses(those that this suspended)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            AutoScalingChange::SuspendScalingGroup { .. } => Reversal::None("not built yet"),
        }
    }
}
