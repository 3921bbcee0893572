//! Lambda.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LambdaChange {
    StopFunction { name: Arc<str> },
}

impl LambdaChange {
    pub fn spec(&self) -> Spec {
        match self {
            LambdaChange::StopFunction { .. } => spec(
                "lambda:PutFunctionConcurrency(0)",
                &["lambda:PutFunctionConcurrency", "lambda:GetFunctionConcurrency"],
                "the function starts no more, by URL, event or schedule; runs under way end by themselves within 15 minutes; code and settings stay",
                "reserved concurrency reads 0",
                Undo::Call("lambda:DeleteFunctionConcurrency, or PutFunctionConcurrency(saved value)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            LambdaChange::StopFunction { .. } => Reversal::None("not built yet"),
        }
    }
}
