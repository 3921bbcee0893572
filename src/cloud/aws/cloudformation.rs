//! CloudFormation, live: what we look at and what we do to it.
//!
//! A deleted stack answers to its ARN for 90 days, and not to its name.

use super::each::{detail, observed, or_gone, or_none, receipt, stamp, tags};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::CloudFormationChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack, StackSet, StackSetOperationStatus, StackStatus, Tag};
use serde_json::json;

const STACK: &str = "aws.cloudformation.stack";
const SET: &str = "aws.cloudformation.stack_set";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[STACK, SET];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudFormationChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &CloudFormationChange) -> Result<Sight, CloudError> {
    let client = client!(aws, at, aws_sdk_cloudformation)?;
    match change {
        CloudFormationChange::UnprotectStack { stack: id }
        | CloudFormationChange::ProtectStack { stack: id } => {
            let found = stack(&client, at, id).await?;
            let protected = found.enable_termination_protection.unwrap_or(false);
            let wanted = matches!(change, CloudFormationChange::ProtectStack { .. });
            Ok(Sight::there(json!({ "arn": found.stack_id, "protected": protected }), protected == wanted))
        }
        CloudFormationChange::DeleteStack { stack: id } => {
            let found = stack(&client, at, id).await?;
            let created = stamp(found.creation_time.as_ref());
            Ok(Sight::there(json!({ "arn": found.stack_id, "created_at": created }), false))
        }
        CloudFormationChange::StopStackSetOperations { set } => {
            let (_, stopping) = (stack_set(&client, at, set).await?, under_way(&client, at, set).await?);
            let state = json!({ "set": set_name(set) });
            Ok(Sight::there(state, stopping.iter().all(|(_, status)| *status == Stage::Stopping)))
        }
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudFormationChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &CloudFormationChange) -> Result<Receipt, CloudError> {
    let client = client!(aws, at, aws_sdk_cloudformation)?;
    match change {
        CloudFormationChange::UnprotectStack { stack } | CloudFormationChange::ProtectStack { stack } => {
            let on = matches!(change, CloudFormationChange::ProtectStack { .. });
            let call = client.update_termination_protection().stack_name(&**stack);
            let sent = call.enable_termination_protection(on).send().await;
            Ok(receipt(
                &sent.map_err(|error| failed("cloudformation:UpdateTerminationProtection", at, error))?,
            ))
        }
        CloudFormationChange::DeleteStack { stack } => {
            let sent = client.delete_stack().stack_name(&**stack).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudformation:DeleteStack", at, error))?))
        }
        CloudFormationChange::StopStackSetOperations { set } => {
            const CALL: &str = "cloudformation:StopStackSetOperation";
            let mut last = Receipt::default();
            for (operation, stage) in under_way(&client, at, set).await? {
                if stage == Stage::Stopping {
                    continue;
                }
                let call = client.stop_stack_set_operation().stack_set_name(set_name(set));
                let sent = call.operation_id(operation).send().await;
                last = receipt(&sent.map_err(|error| failed(CALL, at, error))?);
            }
            Ok(last)
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
    let client = client!(aws, at, aws_sdk_cloudformation)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let found = if kind == STACK {
            or_none(stack(&client, at, &one.id).await)?.map(|stack| {
                let mut seen = observed(one, State::Running, stack.creation_time.as_ref());
                detail(&mut seen, "status", stack.stack_status.as_ref().map(StackStatus::as_str));
                let protected = stack.enable_termination_protection.unwrap_or(false);
                detail(&mut seen, "protected", protected.then_some("termination protection"));
                tell_tags(&mut seen, stack.tags());
                seen.held_by.extend(stack.parent_id.map(Into::into));
                seen.identity = stack.role_arn.map(Into::into);
                seen
            })
        } else {
            or_none(stack_set(&client, at, &one.id).await)?.map(|set| {
                let mut seen = observed(one, State::Running, None);
                tell_tags(&mut seen, set.as_ref().map_or(&[], |set| set.tags()));
                seen
            })
        };
        seen.push(found.unwrap_or_else(|| observed(one, State::Gone, None)));
    }
    Ok(seen)
}

async fn stack(client: &Client, at: &Place, id: &str) -> Result<Stack, CloudError> {
    const CALL: &str = "cloudformation:DescribeStacks";
    let asked = client.describe_stacks().stack_name(id).send().await;
    let answer = asked.map_err(|error| {
        let mut error = failed(CALL, at, error);
        // One code for a stack that is not there and for a request that is wrong: the text alone tells them apart.
        if error.code.as_deref() == Some("ValidationError") && error.message().ends_with("does not exist") {
            error.refusal = Refusal::NotFound;
        }
        error
    })?;
    let found = answer.stacks.unwrap_or_default().into_iter().next();
    let found = found.ok_or_else(|| not_answered(CALL, at, "stack"))?;
    match found.stack_status {
        Some(StackStatus::DeleteComplete) => {
            Err(CloudError::new(Refusal::NotFound, CALL, at, None, "it is deleted"))
        }
        _ => Ok(found),
    }
}

async fn stack_set(client: &Client, at: &Place, id: &str) -> Result<Option<StackSet>, CloudError> {
    let asked = client.describe_stack_set().stack_set_name(set_name(id)).send().await;
    let answer = asked.map_err(|error| failed("cloudformation:DescribeStackSet", at, error))?;
    Ok(answer.stack_set)
}

fn tell_tags(seen: &mut Observed, found: &[Tag]) {
    let told = found.iter();
    tags(seen, told.filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Runs,
    Stopping,
}

async fn under_way(client: &Client, at: &Place, set: &str) -> Result<Vec<(String, Stage)>, CloudError> {
    let call = client.list_stack_set_operations().stack_set_name(set_name(set));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(one) = pages.next().await {
        let one = one.map_err(|error| failed("cloudformation:ListStackSetOperations", at, error))?;
        let stage = match one.status {
            Some(StackSetOperationStatus::Running | StackSetOperationStatus::Queued) => Stage::Runs,
            Some(StackSetOperationStatus::Stopping) => Stage::Stopping,
            _ => continue,
        };
        found.extend(one.operation_id.map(|id| (id, stage)));
    }
    Ok(found)
}

/// `arn:…:stackset/NAME:UUID` is asked for as `NAME:UUID`, which never means another of that name.
fn set_name(set: &str) -> &str {
    set.split_once(":stackset/").map_or(set, |(_, name)| name)
}
