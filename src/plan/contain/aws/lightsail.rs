//! What is done about things of Lightsail.

use super::super::{Ask, RUNS, Way};
use crate::model::change::LightsailChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.lightsail.instance" => {
            Way::step(RUNS, LightsailChange::StopLightsailInstance { name: ask.name() })
        }
        _ => return None,
    })
}
