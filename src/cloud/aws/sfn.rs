//! Step Functions, live: what we look at and what we do to it.

use super::each::{detail, meaning, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::StepFunctionsChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::operation::describe_state_machine::DescribeStateMachineOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

const EXECUTION: &str = "aws.stepfunctions.execution";
const MACHINE: &str = "aws.stepfunctions.state_machine";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[EXECUTION, MACHINE];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&StepFunctionsChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &StepFunctionsChange) -> Result<Sight, CloudError> {
    let client = client!(aws, at, aws_sdk_sfn)?;
    match change {
        StepFunctionsChange::StopExecution { execution }
        | StepFunctionsChange::RedriveExecution { execution } => {
            let found = describe_execution(&client, at, execution).await?;
            let runs = runs(&found.status);
            let is_stop = matches!(change, StepFunctionsChange::StopExecution { .. });
            // One that went on and ended was redriven, too.
            let is_done = match is_stop {
                true => !runs,
                false => runs || found.status != ExecutionStatus::Aborted,
            };
            let state = json!({ "started_at": stamp(Some(&found.start_date)), "runs": runs });
            Ok(Sight::there(state, is_done))
        }
        StepFunctionsChange::DeleteStateMachine { machine } => {
            let found = describe_machine(&client, at, machine).await?;
            let created = stamp(Some(&found.creation_date));
            Ok(Sight::there(json!({ "arn": found.state_machine_arn, "created_at": created }), false))
        }
    }
}

fn runs(status: &ExecutionStatus) -> bool {
    matches!(status, ExecutionStatus::Running | ExecutionStatus::PendingRedrive)
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&StepFunctionsChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &StepFunctionsChange) -> Result<Receipt, CloudError> {
    let client = client!(aws, at, aws_sdk_sfn)?;
    match change {
        StepFunctionsChange::StopExecution { execution } => {
            let sent = client.stop_execution().execution_arn(&**execution).send().await;
            Ok(receipt(&sent.map_err(|error| failed("states:StopExecution", at, error))?))
        }
        StepFunctionsChange::RedriveExecution { execution } => {
            let sent = client.redrive_execution().execution_arn(&**execution).send().await;
            Ok(receipt(&sent.map_err(|error| failed("states:RedriveExecution", at, error))?))
        }
        StepFunctionsChange::DeleteStateMachine { machine } => {
            let sent = client.delete_state_machine().state_machine_arn(&**machine).send().await;
            Ok(receipt(&sent.map_err(|error| failed("states:DeleteStateMachine", at, error))?))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_sfn)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let mut found = if kind == EXECUTION {
            execution(&client, at, one).await?
        } else {
            or_none(describe_machine(&client, at, &one.id).await)?.map(|machine| {
                let mut found = observed(one, State::Running, Some(&machine.creation_date));
                detail(&mut found, "type", Some(machine.r#type.as_str()));
                found.identity = Some(machine.role_arn.into());
                found
            })
        };
        // An execution has no tags of its own: its machine's are meant.
        if let Some(found) = &mut found
            && let Some(machine) = machine_of(&one.id)
        {
            tags_or_why(found, tags(&client, at, &machine).await);
        }
        seen.push(found.unwrap_or_else(|| observed(one, State::Gone, None)));
    }
    Ok(seen)
}

/// `arn:…:execution:MACHINE:ID` or `arn:…:express:MACHINE:RUN:ID` → the machine's ARN, which stays as it is.
fn machine_of(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [start @ .., kind, machine] = parts.get(..7)? else { return None };
    match *kind {
        "stateMachine" | "execution" | "express" => {
            Some(format!("{}:stateMachine:{machine}", start.join(":")))
        }
        _ => None,
    }
}

async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let asked = client.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = asked.map_err(|error| failed("states:ListTagsForResource", at, error))?;
    let found = answer.tags.unwrap_or_default().into_iter();
    Ok(found.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
}

async fn execution(client: &Client, at: &Place, one: &ResourceRef) -> Result<Option<Observed>, CloudError> {
    if is_express(&one.id) {
        // Nothing describes it, and it ends by itself within five minutes.
        let mut found = observed(one, State::Unknown, None);
        detail(&mut found, "type", Some("EXPRESS"));
        return Ok(Some(found));
    }
    let found = or_none(describe_execution(client, at, &one.id).await)?;
    Ok(found.map(|found| {
        let state = if runs(&found.status) { State::Running } else { State::Stopped };
        let mut seen = observed(one, state, Some(&found.start_date));
        seen.held_by.push(found.state_machine_arn.into());
        seen
    }))
}

fn is_express(execution: &str) -> bool {
    execution.split(':').nth(5) == Some("express")
}

async fn describe_execution(
    client: &Client,
    at: &Place,
    execution: &str,
) -> Result<DescribeExecutionOutput, CloudError> {
    let asked = client.describe_execution().execution_arn(execution).send().await;
    let error = |error| failed("states:DescribeExecution", at, error);
    asked.map_err(|found| meaning(error(found), "ExecutionDoesNotExist", Refusal::NotFound))
}

async fn describe_machine(
    client: &Client,
    at: &Place,
    machine: &str,
) -> Result<DescribeStateMachineOutput, CloudError> {
    let asked = client.describe_state_machine().state_machine_arn(machine).send().await;
    let error = |error| failed("states:DescribeStateMachine", at, error);
    asked.map_err(|found| meaning(error(found), "StateMachineDoesNotExist", Refusal::NotFound))
}
