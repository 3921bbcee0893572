//! AWS Batch.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchChange {
    DisableBatchEnvironment { name: Arc<str> },
}

impl BatchChange {
    pub fn spec(&self) -> Spec {
        match self {
            BatchChange::DisableBatchEnvironment { .. } => spec(
                "batch:UpdateComputeEnvironment(state=DISABLED)",
                &["batch:UpdateComputeEnvironment", "batch:DescribeComputeEnvironments"],
                "takes no new job; jobs under way go on until they are terminated",
                "the environment reads DISABLED",
                Undo::Call("batch:UpdateComputeEnvironment(state=ENABLED)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            BatchChange::DisableBatchEnvironment { .. } => Reversal::None("not built yet"),
        }
    }
}
