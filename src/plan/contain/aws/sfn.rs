//! What is done about things of Step Functions.

use super::super::{Ask, RELAUNCHES, RUNS, Way, origin};
use crate::model::change::StepFunctionsChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let origin = origin(ask.resource);
    Some(match ask.resource.kind {
        "aws.stepfunctions.execution" if ask.id().split(':').nth(5) == Some("express") => Way::by_hand(
            format!("{origin} An express execution can't be stopped; it ends by itself within five minutes."),
            String::new(),
        ),
        "aws.stepfunctions.execution" => {
            Way::step(RELAUNCHES, StepFunctionsChange::StopExecution { execution: ask.id() })
        }
        "aws.stepfunctions.state_machine" if ask.options.destroy => {
            Way::step(RUNS, StepFunctionsChange::DeleteStateMachine { machine: ask.id() })
        }
        "aws.stepfunctions.state_machine" => Way::by_hand(
            format!(
                "{origin} A state machine has no switch, and does nothing until something starts it; its executions are stopped one by \
                 one where they are known here."
            ),
            "states:ListExecutions (RUNNING) and states:StopExecution; with --destroy, or when evidence is taken: \
             states:DeleteStateMachine (destroys)",
        ),
        _ => return None,
    })
}
