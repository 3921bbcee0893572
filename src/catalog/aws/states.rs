//! AWS Step Functions.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static STATES: Service = Service {
    source: "states.amazonaws.com",
    rows: &[
        on("CreateStateMachine")
            .creates("aws.stepfunctions.state_machine", "responseElements.stateMachineArn")
            .names("requestParameters.name")
            .contain("states:StopExecution, states:DeleteStateMachine")
            .tells(role),
        on("UpdateStateMachine")
            .touches(
                "aws.stepfunctions.state_machine",
                "requestParameters.stateMachineArn",
                "definition or role changed",
            )
            .contain("states:UpdateStateMachine")
            .tells(role),
        on("DeleteStateMachine")
            .deletes("aws.stepfunctions.state_machine", "requestParameters.stateMachineArn"),
        on("StartExecution|StartSyncExecution")
            .creates("aws.stepfunctions.execution", "responseElements.executionArn")
            .contain("states:StopExecution"),
        on("StopExecution").deletes("aws.stepfunctions.execution", "requestParameters.executionArn"),
        on("CreateActivity")
            .creates("aws.stepfunctions.activity", "responseElements.activityArn")
            .contain("states:DeleteActivity"),
        on("DeleteActivity").deletes("aws.stepfunctions.activity", "requestParameters.activityArn"),
        on("TagResource|UntagResource"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.roleArn");
}
