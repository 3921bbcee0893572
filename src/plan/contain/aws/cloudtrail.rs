//! What is done about trails that the principal made: they carry its owners' records to where it wants them.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::CloudTrailChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.cloudtrail.trail" => Way::step(RELAUNCHES, CloudTrailChange::StopTrail { name: ask.id() }),
        _ => return None,
    })
}
