//! What is done about things of Cloud Scheduler.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::gcp::SchedulerChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "gcp.cloudscheduler.job" => {
            Way::step(RELAUNCHES, SchedulerChange::PauseSchedulerJob { name: ask.id() })
        }
        _ => return None,
    })
}
