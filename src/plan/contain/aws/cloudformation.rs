//! What is done about things of CloudFormation.

use super::super::{Ask, RELAUNCHES, RUNS, Way, origin};
use crate::model::change::CloudFormationChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.cloudformation.stack" if ask.options.destroy => Way::Steps(vec![
            // What it made is stopped before, so that nothing is lost that a snapshot was wanted of.
            (RUNS + 5, CloudFormationChange::UnprotectStack { stack: ask.id() }.into()),
            (RUNS + 6, CloudFormationChange::DeleteStack { stack: ask.id() }.into()),
        ]),
        "aws.cloudformation.stack" => Way::by_hand(
            format!(
                "{} A stack has no stop, and does nothing by itself: what it made is stopped one by one where it is known here.",
                origin(ask.resource)
            ),
            "cloudformation:ListStackResources shows what it made; with --destroy, or when evidence is taken: \
             cloudformation:UpdateTerminationProtection, then cloudformation:DeleteStack (destroys)",
        ),
        "aws.cloudformation.stack_set" => {
            Way::step(RELAUNCHES, CloudFormationChange::StopStackSetOperations { set: ask.id() })
        }
        _ => return None,
    })
}
