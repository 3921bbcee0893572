//! Cloud Scheduler.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerChange {
    /// A job's name alone, or `projects/P/locations/L/jobs/NAME`.
    PauseSchedulerJob { name: Arc<str> },
    /// Takes that back.
    ResumeSchedulerJob { name: Arc<str> },
}

impl SchedulerChange {
    pub fn spec(&self) -> Spec {
        match self {
            SchedulerChange::PauseSchedulerJob { .. } => spec(
                "cloudscheduler.projects.locations.jobs.pause",
                &["cloudscheduler.jobs.get", "cloudscheduler.jobs.pause"],
                "the job triggers nothing more",
                "the job reads PAUSED",
                Undo::Call("cloudscheduler.projects.locations.jobs.resume"),
            ),
            SchedulerChange::ResumeSchedulerJob { .. } => spec(
                "cloudscheduler.projects.locations.jobs.resume",
                &["cloudscheduler.jobs.enable", "cloudscheduler.jobs.get"],
                "the job triggers again at its times",
                "the job reads ENABLED",
                Undo::Call("cloudscheduler.projects.locations.jobs.pause"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("state").and_then(Value::as_str);
        Reversal::Changes(match self {
            SchedulerChange::PauseSchedulerJob { name } if was == Some("ENABLED") => {
                vec![SchedulerChange::ResumeSchedulerJob { name: name.clone() }.into()]
            }
            SchedulerChange::ResumeSchedulerJob { name } if was == Some("PAUSED") => {
                vec![SchedulerChange::PauseSchedulerJob { name: name.clone() }.into()]
            }
            SchedulerChange::PauseSchedulerJob { .. } | SchedulerChange::ResumeSchedulerJob { .. } => {
                Vec::new()
            }
        })
    }
}
