//! EventBridge rules.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBridgeChange {
    DisableEventRule {
        rule: Arc<str>,
    },
    /// Takes a disabling back. `state` as EventBridge spells it.
    EnableEventRule {
        rule: Arc<str>,
        state: Arc<str>,
    },
}

impl EventBridgeChange {
    pub fn spec(&self) -> Spec {
        match self {
            EventBridgeChange::DisableEventRule { .. } => spec(
                "events:DisableRule",
                &["events:DisableRule", "events:DescribeRule"],
                "the rule triggers nothing more; its targets stay",
                "the rule reads DISABLED",
                Undo::Call("events:EnableRule"),
            ),
            EventBridgeChange::EnableEventRule { .. } => spec(
                "events:PutRule(as it is, State as before)",
                &["events:PutRule", "events:DescribeRule"],
                "the rule triggers its targets again",
                "the rule reads the state that it had",
                Undo::Call("events:DisableRule"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let state = before.get("state").and_then(Value::as_str);
        Reversal::Changes(match (self, state) {
            (EventBridgeChange::DisableEventRule { .. }, Some("DISABLED")) => Vec::new(),
            (EventBridgeChange::DisableEventRule { rule }, state) => {
                let state = state.unwrap_or("ENABLED").into();
                vec![EventBridgeChange::EnableEventRule { rule: rule.clone(), state }.into()]
            }
            (EventBridgeChange::EnableEventRule { rule, .. }, _) => {
                vec![EventBridgeChange::DisableEventRule { rule: rule.clone() }.into()]
            }
        })
    }
}
