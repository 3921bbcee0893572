//! EventBridge rules.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBridgeChange {
    DisableEventRule { rule: Arc<str> },
}

impl EventBridgeChange {
    pub fn spec(&self) -> Spec {
        match self {
            EventBridgeChange::DisableEventRule { .. } => spec(
                "events:DisableRule",
                &["events:DisableRule", "events:DescribeRule"],
                "the rule triggers nothing more",
                "the rule reads DISABLED",
                Undo::Call("events:EnableRule"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            EventBridgeChange::DisableEventRule { .. } => Reversal::None("not built yet"),
        }
    }
}
