//! Scheduled actions and launch configurations: what a group is sized and made by.

use super::super::ec2::{pages, receipt};
use super::group::name_of;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{AutoScalingChange, ScheduledSize};
use crate::model::{Place, Sight};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{LaunchConfiguration, ScheduledUpdateGroupAction};
use aws_smithy_types::date_time::{DateTime, Format};
use serde_json::json;
use std::sync::Arc;

pub(super) async fn look(
    client: &Client,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut sights = Vec::with_capacity(changes.len());
    for change in changes {
        sights.push(sight(client, at, change).await);
    }
    sights
}

async fn sight(client: &Client, at: &Place, change: &AutoScalingChange) -> Result<Sight, CloudError> {
    use AutoScalingChange::*;
    match change {
        DeleteScheduledAction { group, action } => {
            Ok(match scheduled(client, at, Some(group)).await?.iter().find(|one| is_named(one, action)) {
                Some(found) => {
                    let arn = found.scheduled_action_arn.as_deref();
                    Sight::there(json!({ "arn": arn, "plan": plan(found) }), false)
                }
                None => Sight::Gone,
            })
        }
        PutScheduledAction { group, action, plan: wanted } => {
            let found = scheduled(client, at, Some(group)).await?;
            let found = found.iter().find(|one| is_named(one, action)).map(plan);
            let is_done = found.as_ref().is_some_and(|found| is_same(found, wanted));
            Ok(Sight::there(json!({ "plan": found }), is_done))
        }
        DeleteLaunchConfiguration { name } => {
            Ok(match configurations(client, at, &[name]).await?.into_iter().next() {
                Some(found) => Sight::there(json!({ "arn": found.launch_configuration_arn }), false),
                None => Sight::Gone,
            })
        }
        _ => Ok(Sight::Gone),
    }
}

fn is_named(one: &ScheduledUpdateGroupAction, action: &str) -> bool {
    one.scheduled_action_name.as_deref() == Some(action)
}

/// All of a group, or of a region.
pub(super) async fn scheduled(
    client: &Client,
    at: &Place,
    group: Option<&str>,
) -> Result<Vec<ScheduledUpdateGroupAction>, CloudError> {
    let request = client
        .describe_scheduled_actions()
        .include_managed_resources(true)
        .set_auto_scaling_group_name(group.map(|group| name_of(group).to_owned()));
    let call = "autoscaling:DescribeScheduledActions";
    let answer = async { Ok(pages!(call, at, request.clone(), scheduled_update_group_actions)) };
    answer.await
}

pub(super) async fn configurations(
    client: &Client,
    at: &Place,
    names: &[&str],
) -> Result<Vec<LaunchConfiguration>, CloudError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut found = Vec::new();
    for names in names.chunks(50) {
        let request =
            client.describe_launch_configurations().set_launch_configuration_names(Some(names.to_vec()));
        let call = "autoscaling:DescribeLaunchConfigurations";
        found.extend(pages!(call, at, request.clone(), launch_configurations));
    }
    Ok(found)
}

/// The start of one that recurs is its next time, which moves on by itself.
fn is_same(found: &ScheduledSize, wanted: &ScheduledSize) -> bool {
    let settled = |one: &ScheduledSize| match one.recurrence {
        Some(_) => ScheduledSize { start: None, ..one.clone() },
        None => one.clone(),
    };
    settled(found) == settled(wanted)
}

fn plan(action: &ScheduledUpdateGroupAction) -> ScheduledSize {
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let time = |time: &Option<DateTime>| {
        time.as_ref().and_then(|time| time.fmt(Format::DateTime).ok()).map(Arc::from)
    };
    ScheduledSize {
        start: time(&action.start_time),
        end: time(&action.end_time),
        recurrence: text(&action.recurrence),
        time_zone: text(&action.time_zone),
        min: action.min_size,
        max: action.max_size,
        desired: action.desired_capacity,
    }
}

pub(super) async fn perform(
    client: &Client,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut answers = Vec::with_capacity(changes.len());
    for change in changes {
        answers.push(make(client, at, change).await);
    }
    answers
}

async fn make(client: &Client, at: &Place, change: &AutoScalingChange) -> Result<Receipt, CloudError> {
    use AutoScalingChange::*;
    match change {
        DeleteScheduledAction { group, action } => {
            let call = client.delete_scheduled_action().auto_scaling_group_name(name_of(group));
            let answer = call.scheduled_action_name(&**action).send().await;
            receipt("autoscaling:DeleteScheduledAction", at, answer)
        }
        PutScheduledAction { group, action, plan } => {
            let time = |time: &Option<Arc<str>>| {
                time.as_deref().and_then(|time| DateTime::from_str(time, Format::DateTime).ok())
            };
            let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
            // A start that is over is refused; one that recurs starts by itself.
            let start = time(&plan.start).filter(|start| {
                plan.recurrence.is_none() || *start > DateTime::from(std::time::SystemTime::now())
            });
            let call = client
                .put_scheduled_update_group_action()
                .auto_scaling_group_name(name_of(group))
                .scheduled_action_name(&**action)
                .set_start_time(start)
                .set_end_time(time(&plan.end))
                .set_recurrence(text(&plan.recurrence))
                .set_time_zone(text(&plan.time_zone))
                .set_min_size(plan.min)
                .set_max_size(plan.max)
                .set_desired_capacity(plan.desired);
            receipt("autoscaling:PutScheduledUpdateGroupAction", at, call.send().await)
        }
        DeleteLaunchConfiguration { name } => {
            let call = client.delete_launch_configuration().launch_configuration_name(&**name);
            receipt("autoscaling:DeleteLaunchConfiguration", at, call.send().await)
        }
        _ => Err(CloudError::new(Refusal::Invalid, "autoscaling", at, None, "not a change of a schedule")),
    }
}
