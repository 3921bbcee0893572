//! SageMaker.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SageMakerChange {
    StopNotebook { name: Arc<str> },
}

impl SageMakerChange {
    pub fn spec(&self) -> Spec {
        match self {
            SageMakerChange::StopNotebook { .. } => spec(
                "sagemaker:StopNotebookInstance",
                &["sagemaker:StopNotebookInstance", "sagemaker:DescribeNotebookInstance"],
                "stops it and keeps its volume",
                "the notebook reads Stopped",
                Undo::Call("sagemaker:StartNotebookInstance"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            SageMakerChange::StopNotebook { .. } => Reversal::None("not built yet"),
        }
    }
}
