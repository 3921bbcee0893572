//! Amazon EventBridge Scheduler: a schedule can make almost any API call with its role.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static SCHEDULER: Service = Service {
    source: "scheduler.amazonaws.com",
    rows: &[
        on("CreateSchedule")
            .creates("aws.scheduler.schedule", "responseElements.scheduleArn")
            .finding(
                Persistence,
                &t::SCHEDULED_TASK,
                "Schedule {id} calls an API by itself, with a role of its own, until somebody disables it.",
            )
            .contain("scheduler:UpdateSchedule, scheduler:DeleteSchedule")
            .pair("scheduler:schedule")
            .tells(schedule),
        on("UpdateSchedule")
            .touches(
                "aws.scheduler.schedule",
                "responseElements.scheduleArn|requestParameters.name",
                "changed",
            )
            .contain("scheduler:UpdateSchedule")
            .tells(schedule),
        on("DeleteSchedule")
            .deletes("aws.scheduler.schedule", "requestParameters.name")
            .undoes("scheduler:schedule")
            .tells(name),
        on("CreateScheduleGroup")
            .creates("aws.scheduler.schedule_group", "responseElements.scheduleGroupArn")
            .names("requestParameters.name")
            .contain("scheduler:DeleteScheduleGroup"),
        on("DeleteScheduleGroup").deletes("aws.scheduler.schedule_group", "requestParameters.name"),
        on("TagResource|UntagResource"),
    ],
};

/// A schedule's name is unique within its group; who names no group means `default`.
fn name(record: &Record, facts: &mut Vec<Fact>) {
    let Some(name) = record.first("requestParameters.name") else { return };
    let group = record.first("requestParameters.groupName").unwrap_or_else(|| "default".into());
    let full = format!("{group}/{name}");
    for schedule in tell::named(facts, "aws.scheduler.schedule") {
        if !schedule.id.starts_with("arn:") {
            schedule.id = full.as_str().into();
        }
        tell::add_name(schedule, &full);
    }
}

fn schedule(record: &Record, facts: &mut Vec<Fact>) {
    name(record, facts);
    tell::carries(record, facts, "requestParameters.target.roleArn");
}
