//! EventBridge Scheduler, live: what we look at and what we do to it.

use super::each::{detail, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::SchedulerChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::ScheduleState;
use aws_smithy_types::DateTime;
use serde_json::json;
use std::time::SystemTime;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.scheduler.schedule"];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&SchedulerChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &SchedulerChange) -> Result<Sight, CloudError> {
    let (id, wanted) = wanted(change);
    let schedule = get(&client!(aws, at, aws_sdk_scheduler)?, at, id).await?;
    let is_done = schedule.state.as_ref() == Some(&wanted);
    let state = json!({
        "arn": schedule.arn, "created_at": stamp(schedule.creation_date.as_ref()),
        "state": schedule.state.as_ref().map(ScheduleState::as_str),
    });
    Ok(Sight::there(state, is_done))
}

fn wanted(change: &SchedulerChange) -> (&str, ScheduleState) {
    match change {
        SchedulerChange::DisableSchedule { schedule } => (schedule, ScheduleState::Disabled),
        SchedulerChange::EnableSchedule { schedule } => (schedule, ScheduleState::Enabled),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SchedulerChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

/// UpdateSchedule forgets whatever it is not told again.
async fn change_one(aws: &Aws, at: &Place, change: &SchedulerChange) -> Result<Receipt, CloudError> {
    let (id, wanted) = wanted(change);
    let client = client!(aws, at, aws_sdk_scheduler)?;
    let is = get(&client, at, id).await?;
    let (group, name) = parts(id);
    let group = is.group_name.or_else(|| group.map(str::to_owned));
    let sent = client
        .update_schedule()
        .name(name)
        .set_group_name(group)
        .set_schedule_expression(is.schedule_expression)
        .set_schedule_expression_timezone(is.schedule_expression_timezone)
        .set_start_date(is.start_date.filter(is_to_come))
        .set_end_date(is.end_date)
        .set_description(is.description)
        .set_kms_key_arn(is.kms_key_arn)
        .set_target(is.target)
        .set_flexible_time_window(is.flexible_time_window)
        .set_action_after_completion(is.action_after_completion)
        .state(wanted)
        .send()
        .await;
    Ok(receipt(&sent.map_err(|error| failed("scheduler:UpdateSchedule", at, error))?))
}

/// A start that is over has no effect any more, and is refused when it is sent again.
fn is_to_come(date: &DateTime) -> bool {
    *date > DateTime::from(SystemTime::now())
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_scheduler)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(schedule) = or_none(get(&client, at, &one.id).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match schedule.state {
            Some(ScheduleState::Enabled) => State::Running,
            Some(ScheduleState::Disabled) => State::Stopped,
            _ => State::Unknown,
        };
        let mut found = observed(one, state, schedule.creation_date.as_ref());
        detail(&mut found, "schedule", schedule.schedule_expression.as_deref());
        // A schedule has no tags of its own: its group's are meant.
        if let Some(group) = schedule.arn.as_deref().and_then(group_of) {
            tags_or_why(&mut found, tags(&client, at, &group).await);
        }
        if let Some(target) = schedule.target {
            detail(&mut found, "target", Some(&target.arn));
            found.identity = Some(target.role_arn.into());
        }
        seen.push(found);
    }
    Ok(seen)
}

/// `arn:…:schedule/GROUP/NAME` → `arn:…:schedule-group/GROUP`.
fn group_of(schedule: &str) -> Option<String> {
    let (start, path) = schedule.split_once(":schedule/")?;
    Some(format!("{start}:schedule-group/{}", path.split('/').next()?))
}

async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let asked = client.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = asked.map_err(|error| failed("scheduler:ListTagsForResource", at, error))?;
    Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

async fn get(client: &Client, at: &Place, id: &str) -> Result<GetScheduleOutput, CloudError> {
    let (group, name) = parts(id);
    let asked = client.get_schedule().name(name).set_group_name(group.map(str::to_owned)).send().await;
    asked.map_err(|error| failed("scheduler:GetSchedule", at, error))
}

/// `arn:…:schedule/GROUP/NAME`, `GROUP/NAME` or `NAME` in the default group.
fn parts(id: &str) -> (Option<&str>, &str) {
    let path = match id.starts_with("arn:") {
        true => id.split_once(":schedule/").map_or(id, |(_, path)| path),
        false => id,
    };
    path.split_once('/').map_or((None, path), |(group, name)| (Some(group), name))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn schedules_are_found_in_their_group() {
        for (id, expect) in [
            ("arn:aws:scheduler:eu-west-3:111122223333:schedule/jobs/nightly", (Some("jobs"), "nightly")),
            ("jobs/nightly", (Some("jobs"), "nightly")),
            ("nightly", (None, "nightly")),
        ] {
            assert_eq!(parts(id), expect, "{id}");
        }
    }
}
