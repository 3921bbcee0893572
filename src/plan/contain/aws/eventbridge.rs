//! What is done about things of EventBridge.

use super::super::{Ask, RELAUNCHES, Way, origin};
use crate::model::change::EventBridgeChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match (ask.resource.kind, ask.detail("managed_by")) {
        ("aws.eventbridge.rule", Some(service)) => Way::by_hand(
            format!(
                "{} {service} manages it and makes it again: only what {service} made it for ends it.",
                origin(ask.resource)
            ),
            format!("find and stop in {service} what needs the rule; events:DescribeRule shows it"),
        ),
        ("aws.eventbridge.rule", None) => {
            Way::step(RELAUNCHES, EventBridgeChange::DisableEventRule { rule: ask.id() })
        }
        _ => return None,
    })
}
