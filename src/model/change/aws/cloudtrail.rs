//! Trails.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudTrailChange {
    StartTrail { name: Arc<str> },
}

impl CloudTrailChange {
    pub fn spec(&self) -> Spec {
        match self {
            CloudTrailChange::StartTrail { .. } => spec(
                "cloudtrail:StartLogging",
                &["cloudtrail:StartLogging", "cloudtrail:GetTrailStatus"],
                "the trail records again; what happened while it was off is in event history alone",
                "the trail reads IsLogging",
                Undo::Call("cloudtrail:StopLogging"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            CloudTrailChange::StartTrail { .. } => Reversal::None("not built yet"),
        }
    }
}
