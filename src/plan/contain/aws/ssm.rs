//! What is done about things of Systems Manager.

use super::super::{Ask, LETS_IN, RELAUNCHES, Way, origin};
use crate::model::change::SsmChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let origin = origin(ask.resource);
    Some(match ask.resource.kind {
        "aws.ssm.maintenance_window" => {
            Way::step(RELAUNCHES, SsmChange::DisableMaintenanceWindow { id: ask.id() })
        }
        "aws.ssm.association" if ask.options.destroy => {
            Way::step(RELAUNCHES, SsmChange::DeleteAssociation { id: ask.id() })
        }
        "aws.ssm.association" => Way::by_hand(
            format!(
                "{origin} It can't be disabled, only deleted, and runs its document until then: that needs --destroy."
            ),
            format!(
                "save it (aws ssm describe-association --association-id {id}), then aws ssm delete-association \
                 --association-id {id} (destroys)",
                id = ask.id()
            ),
        ),
        "aws.ssm.activation" if ask.options.destroy => {
            Way::step(LETS_IN, SsmChange::DeleteActivation { id: ask.id() })
        }
        "aws.ssm.activation" => Way::by_hand(
            format!(
                "{origin} It can't be disabled, only deleted, and lets machines join until then: that needs --destroy."
            ),
            format!(
                "aws ssm delete-activation --activation-id {} (destroys), then aws ssm deregister-managed-instance for each \
                 machine (mi-…) that aws ssm describe-instance-information shows with it",
                ask.id()
            ),
        ),
        _ => return None,
    })
}
