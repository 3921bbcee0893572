//! EventBridge Scheduler.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerChange {
    DisableSchedule {
        schedule: Arc<str>,
    },
    /// Takes that back.
    EnableSchedule {
        schedule: Arc<str>,
    },
}

/// UpdateSchedule sets everything anew, the target's role too.
const UPDATE: &[&str] = &["scheduler:UpdateSchedule", "scheduler:GetSchedule", "iam:PassRole"];

impl SchedulerChange {
    pub fn spec(&self) -> Spec {
        match self {
            SchedulerChange::DisableSchedule { .. } => spec(
                "scheduler:UpdateSchedule(as it is, State=DISABLED)",
                UPDATE,
                "the schedule calls nothing more; its target and times stay",
                "the schedule reads DISABLED",
                Undo::Call("scheduler:UpdateSchedule(as it is, State=ENABLED)"),
            ),
            SchedulerChange::EnableSchedule { .. } => spec(
                "scheduler:UpdateSchedule(as it is, State=ENABLED)",
                UPDATE,
                "the schedule calls its target again at its times",
                "the schedule reads ENABLED",
                Undo::Call("scheduler:UpdateSchedule(as it is, State=DISABLED)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("state").and_then(Value::as_str).unwrap_or("ENABLED");
        Reversal::Changes(match self {
            SchedulerChange::DisableSchedule { schedule } if was == "ENABLED" => {
                vec![SchedulerChange::EnableSchedule { schedule: schedule.clone() }.into()]
            }
            SchedulerChange::EnableSchedule { schedule } if was == "DISABLED" => {
                vec![SchedulerChange::DisableSchedule { schedule: schedule.clone() }.into()]
            }
            SchedulerChange::DisableSchedule { .. } | SchedulerChange::EnableSchedule { .. } => Vec::new(),
        })
    }
}
