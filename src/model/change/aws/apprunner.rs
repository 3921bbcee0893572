//! App Runner.

use super::super::{Change, Reversal, Spec, Undo, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Services are named by ARN, which ends in an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppRunnerChange {
    PauseAppRunnerService {
        service: Arc<str>,
    },
    /// Undo alone.
    ResumeAppRunnerService {
        service: Arc<str>,
    },
}

impl AppRunnerChange {
    pub fn spec(&self) -> Spec {
        match self {
            AppRunnerChange::PauseAppRunnerService { .. } => settling(
                spec(
                    "apprunner:PauseService",
                    &["apprunner:PauseService", "apprunner:DescribeService"],
                    "ends its instances, its address answers no more and it costs nothing; its settings stay",
                    "the service reads PAUSED",
                    Undo::Call("apprunner:ResumeService"),
                ),
                600,
            ),
            AppRunnerChange::ResumeAppRunnerService { .. } => settling(
                spec(
                    "apprunner:ResumeService",
                    &["apprunner:ResumeService", "apprunner:DescribeService"],
                    "starts its instances again",
                    "the service reads RUNNING",
                    Undo::Call("apprunner:PauseService"),
                ),
                900,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let back = |change: AppRunnerChange| Reversal::Changes(vec![Change::from(change)]);
        match (self, before.get("is_paused").and_then(Value::as_bool)) {
            (AppRunnerChange::PauseAppRunnerService { service }, Some(false)) => {
                back(AppRunnerChange::ResumeAppRunnerService { service: service.clone() })
            }
            (AppRunnerChange::ResumeAppRunnerService { service }, Some(true)) => {
                back(AppRunnerChange::PauseAppRunnerService { service: service.clone() })
            }
            (_, Some(_)) => Reversal::Changes(Vec::new()),
            (_, None) => Reversal::None("Whether it ran before was not seen."),
        }
    }
}
