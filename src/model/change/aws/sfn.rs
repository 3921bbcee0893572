//! Step Functions.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepFunctionsChange {
    StopExecution {
        execution: Arc<str>,
    },
    /// Takes a stop back: it goes on from the step that was cut off.
    RedriveExecution {
        execution: Arc<str>,
    },
    DeleteStateMachine {
        machine: Arc<str>,
    },
}

impl StepFunctionsChange {
    pub fn spec(&self) -> Spec {
        match self {
            StepFunctionsChange::StopExecution { .. } => spec(
                "states:StopExecution",
                &["states:StopExecution", "states:DescribeExecution"],
                "the execution starts no further step; what its step under way has started elsewhere goes on",
                "the execution reads ABORTED, or ended by itself",
                Undo::Call("states:RedriveExecution, for 14 days"),
            ),
            StepFunctionsChange::RedriveExecution { .. } => spec(
                "states:RedriveExecution",
                &["states:RedriveExecution", "states:DescribeExecution"],
                "the execution goes on from the step that was cut off, which runs again",
                "the execution reads RUNNING, or ended by itself",
                Undo::Call("states:StopExecution"),
            ),
            StepFunctionsChange::DeleteStateMachine { .. } => settling(
                gated(spec(
                    "states:DeleteStateMachine",
                    &["states:DeleteStateMachine", "states:DescribeStateMachine"],
                    "deletes the state machine; executions under way end at their next step",
                    "the state machine does not exist",
                    Undo::None(
                        "A deleted state machine can't be brought back; the record of its making holds its definition.",
                    ),
                )),
                600,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let ran = before.get("runs").and_then(Value::as_bool).unwrap_or(false);
        match self {
            StepFunctionsChange::StopExecution { .. } if !ran => Reversal::Changes(Vec::new()),
            StepFunctionsChange::StopExecution { execution } => Reversal::Changes(vec![
                StepFunctionsChange::RedriveExecution { execution: execution.clone() }.into(),
            ]),
            StepFunctionsChange::RedriveExecution { execution } => Reversal::Changes(vec![
                StepFunctionsChange::StopExecution { execution: execution.clone() }.into(),
            ]),
            StepFunctionsChange::DeleteStateMachine { .. } => Reversal::None(
                "A deleted state machine can't be brought back; the record of its making holds its definition.",
            ),
        }
    }
}
