//! What is done about things of Auto Scaling groups.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::AutoScalingChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.autoscaling.group" => {
            Way::step(RELAUNCHES, AutoScalingChange::SuspendScalingGroup { name: ask.id() })
        }
        _ => return None,
    })
}
