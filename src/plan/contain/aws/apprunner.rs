//! What is done about things of App Runner.

use super::super::{Ask, RUNS, Way};
use crate::model::change::AppRunnerChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.apprunner.service" => {
            Way::step(RUNS, AppRunnerChange::PauseAppRunnerService { service: ask.id() })
        }
        _ => return None,
    })
}
