//! Cloud Scheduler, live: what we look at and what we do to it.

use super::Gcp;
use super::each::{name, observed, or_none, receipt, text};
use super::endpoints::SCHEDULER;
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::SchedulerChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.cloudscheduler.job"];

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &SchedulerChange) -> Result<Sight, CloudError> {
    let (id, wanted) = wanted(change);
    let job = get(gcp, at, id).await?;
    let state = text(&job, "state");
    Ok(Sight::there(json!({"state": state}), state == Some(wanted)))
}

fn wanted(change: &SchedulerChange) -> (&str, &'static str) {
    match change {
        SchedulerChange::PauseSchedulerJob { name } => (name, "PAUSED"),
        SchedulerChange::ResumeSchedulerJob { name } => (name, "ENABLED"),
    }
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &SchedulerChange) -> Result<Receipt, CloudError> {
    let (call, template, id) = match change {
        SchedulerChange::PauseSchedulerJob { name } => (
            "cloudscheduler.projects.locations.jobs.pause",
            "v1/projects/{}/locations/{}/jobs/{}:pause",
            name,
        ),
        SchedulerChange::ResumeSchedulerJob { name } => (
            "cloudscheduler.projects.locations.jobs.resume",
            "v1/projects/{}/locations/{}/jobs/{}:resume",
            name,
        ),
    };
    let ask = Ask::post(call, at, SCHEDULER, template, &[&at.account, &at.region, name(id)])?;
    Ok(receipt(&gcp.rest.json(&ask.body(json!({})).repeatable()).await?))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(job) = or_none(get(gcp, at, &one.id).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match text(&job, "state") {
            Some("ENABLED") => State::Running,
            Some("PAUSED" | "DISABLED") => State::Stopped,
            _ => State::Unknown,
        };
        seen.push(observed(one, state, None));
    }
    Ok(seen)
}

async fn get(gcp: &Gcp, at: &Place, id: &str) -> Result<Value, CloudError> {
    let ask = Ask::get(
        "cloudscheduler.projects.locations.jobs.get",
        at,
        SCHEDULER,
        "v1/projects/{}/locations/{}/jobs/{}",
        &[&at.account, &at.region, name(id)],
    )?;
    gcp.rest.json(&ask).await
}
