//! What is done about things of EventBridge.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::EventBridgeChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.eventbridge.rule" => {
            Way::step(RELAUNCHES, EventBridgeChange::DisableEventRule { rule: ask.id() })
        }
        _ => return None,
    })
}
