//! What is done about things of EC2.

use super::super::{Ask, RELAUNCHES, RUNS, Way, has_live_instance};
use crate::model::change::Ec2Change;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.ec2.spot_request" => match has_live_instance(ask.ground, ask.resource) {
            true => Way::by_hand(
                "This plan stops its instance, which disables the request. Cancelled first, it would leave an instance that can't be \
                 stopped any more but only terminated.",
                "when evidence is taken: ec2:CancelSpotInstanceRequests, then ec2:TerminateInstances (destroys)",
            ),
            false => Way::step(RELAUNCHES, Ec2Change::CancelSpotRequest { id: ask.id() }),
        },
        "aws.ec2.instance" => Way::step(RUNS, Ec2Change::StopInstance { id: ask.id() }),
        _ => return None,
    })
}
