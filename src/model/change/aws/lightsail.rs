//! Lightsail.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LightsailChange {
    StopLightsailInstance { name: Arc<str> },
}

impl LightsailChange {
    pub fn spec(&self) -> Spec {
        match self {
            LightsailChange::StopLightsailInstance { .. } => spec(
                "lightsail:StopInstance",
                &["lightsail:StopInstance", "lightsail:GetInstance"],
                "stops it and keeps its disk",
                "the instance reads stopped",
                Undo::Call("lightsail:StartInstance"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            LightsailChange::StopLightsailInstance { .. } => Reversal::None("not built yet"),
        }
    }
}
