//! What is done about things of EventBridge Scheduler.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::SchedulerChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.scheduler.schedule" => {
            Way::step(RELAUNCHES, SchedulerChange::DisableSchedule { schedule: ask.id() })
        }
        _ => return None,
    })
}
