//! Glue, live: what we look at and what we do to it.

use super::each::{detail, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed, not_answered};
use crate::catalog::aws::arn::partition_of;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::GlueChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_glue::Client;
use aws_sdk_glue::types::{
    DevEndpoint, Job, JobRun, JobRunState, Session, SessionStatus, Trigger, TriggerState,
};
use serde_json::json;

const TRIGGER: &str = "aws.glue.trigger";
const JOB: &str = "aws.glue.job";
const RUN: &str = "aws.glue.job_run";
const SESSION: &str = "aws.glue.session";
const ENDPOINT: &str = "aws.glue.dev_endpoint";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[TRIGGER, JOB, RUN, SESSION, ENDPOINT];

/// BatchStopJobRun takes so many.
const MOST_RUNS: usize = 25;

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&GlueChange]) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &GlueChange) -> Result<Sight, CloudError> {
    let glue = Glue { client: client!(aws, at, aws_sdk_glue)?, at };
    match change {
        GlueChange::StopGlueTrigger { name } | GlueChange::StartGlueTrigger { name } => {
            let runs = is_on(&glue.trigger(name).await?);
            let is_done = runs == matches!(change, GlueChange::StartGlueTrigger { .. });
            Ok(Sight::there(json!({ "name": name, "runs": runs }), is_done))
        }
        GlueChange::StopGlueJobRun { job, run } => {
            let found = glue.run(job, run).await?;
            let started = stamp(found.started_on.as_ref());
            Ok(Sight::there(json!({ "run": run, "started_at": started }), !is_under_way(&found)))
        }
        GlueChange::StopGlueJobRuns { job } => {
            let found = glue.job(job).await?;
            let is_done = glue.runs_under_way(job).await?.is_empty();
            Ok(Sight::there(json!({ "job": job, "created_at": stamp(found.created_on.as_ref()) }), is_done))
        }
        GlueChange::DeleteGlueJob { job } => {
            let found = glue.job(job).await?;
            Ok(Sight::there(json!({ "job": job, "created_at": stamp(found.created_on.as_ref()) }), false))
        }
        GlueChange::StopGlueSession { id } => {
            let found = glue.session(id).await?;
            let created = stamp(found.created_on.as_ref());
            Ok(Sight::there(json!({ "id": id, "created_at": created }), is_over(&found)))
        }
        GlueChange::CloseDevEndpoint { name } => {
            let found = glue.endpoint(name).await?;
            let keys = keys(&found);
            let created = stamp(found.created_timestamp.as_ref());
            let state = json!({ "name": name, "created_at": created, "keys": keys });
            Ok(Sight::there(state, keys.is_empty()))
        }
        GlueChange::OpenDevEndpoint { name, keys: wanted } => {
            let found = glue.endpoint(name).await?;
            let keys = keys(&found);
            let is_done = wanted.iter().all(|key| keys.contains(&&**key));
            let created = stamp(found.created_timestamp.as_ref());
            Ok(Sight::there(json!({ "name": name, "created_at": created, "keys": keys }), is_done))
        }
        GlueChange::DeleteDevEndpoint { name } => {
            let found = glue.endpoint(name).await?;
            let created = stamp(found.created_timestamp.as_ref());
            Ok(Sight::there(json!({ "name": name, "created_at": created }), false))
        }
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&GlueChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &GlueChange) -> Result<Receipt, CloudError> {
    let glue = Glue { client: client!(aws, at, aws_sdk_glue)?, at };
    let client = &glue.client;
    macro_rules! call {
        ($api:literal, $call:expr) => {{
            let sent = $call.send().await;
            Ok(receipt(&sent.map_err(|error| failed($api, at, error))?))
        }};
    }
    match change {
        GlueChange::StopGlueTrigger { name } => {
            call!("glue:StopTrigger", client.stop_trigger().name(&**name))
        }
        GlueChange::StartGlueTrigger { name } => {
            call!("glue:StartTrigger", client.start_trigger().name(&**name))
        }
        GlueChange::StopGlueJobRun { job, run } => glue.stop(job, &[run.to_string()]).await,
        GlueChange::StopGlueJobRuns { job } => {
            let mut last = Receipt::default();
            for some in glue.runs_under_way(job).await?.chunks(MOST_RUNS) {
                last = glue.stop(job, some).await?;
            }
            Ok(last)
        }
        GlueChange::DeleteGlueJob { job } => call!("glue:DeleteJob", client.delete_job().job_name(&**job)),
        GlueChange::StopGlueSession { id } => call!("glue:StopSession", client.stop_session().id(&**id)),
        GlueChange::CloseDevEndpoint { name } => {
            let found = glue.endpoint(name).await?;
            let keys = found.public_keys.unwrap_or_default();
            if keys.is_empty() && found.public_key.is_some() {
                let why = "the one key that it was made with can't be taken out";
                return Err(CloudError::new(Refusal::Unmodifiable, UPDATE, at, None, why));
            }
            let call = client.update_dev_endpoint().endpoint_name(&**name).set_delete_public_keys(Some(keys));
            call!("glue:UpdateDevEndpoint", call)
        }
        GlueChange::OpenDevEndpoint { name, keys } => {
            let keys = keys.iter().map(|key| key.to_string()).collect();
            call!(
                "glue:UpdateDevEndpoint",
                client.update_dev_endpoint().endpoint_name(&**name).set_add_public_keys(Some(keys))
            )
        }
        GlueChange::DeleteDevEndpoint { name } => {
            call!("glue:DeleteDevEndpoint", client.delete_dev_endpoint().endpoint_name(&**name))
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
    let glue = Glue { client: client!(aws, at, aws_sdk_glue)?, at };
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let mut found = match kind {
            TRIGGER => or_none(glue.trigger(&one.id).await)?.map(|trigger| {
                let state = if is_on(&trigger) { State::Running } else { State::Stopped };
                let mut seen = observed(one, state, None);
                detail(&mut seen, "type", trigger.r#type.as_ref().map(|one| one.as_str()));
                seen
            }),
            JOB => match or_none(glue.job(&one.id).await)? {
                None => None,
                Some(job) => {
                    let under_way = glue.runs_under_way(&one.id).await?.len();
                    // It costs nothing between its runs, but can be started.
                    let mut seen = observed(one, State::Running, job.created_on.as_ref());
                    detail(&mut seen, "runs", Some(&under_way.to_string()));
                    detail(&mut seen, "type", job.worker_type.as_ref().map(|one| one.as_str()));
                    seen.identity = job.role.as_deref().map(Into::into);
                    Some(seen)
                }
            },
            RUN => match run_of(one) {
                None => Some(observed(one, State::Unknown, None)),
                Some((job, run)) => or_none(glue.run(job, run).await)?.map(|found| {
                    let state = if is_under_way(&found) { State::Running } else { State::Stopped };
                    let mut seen = observed(one, state, found.started_on.as_ref());
                    seen.held_by.push(job.into());
                    detail(&mut seen, "type", found.worker_type.as_ref().map(|one| one.as_str()));
                    seen
                }),
            },
            SESSION => or_none(glue.session(&one.id).await)?.map(|session| {
                let state = if is_over(&session) { State::Stopped } else { State::Running };
                let mut seen = observed(one, state, session.created_on.as_ref());
                detail(&mut seen, "type", session.worker_type.as_ref().map(|one| one.as_str()));
                seen.identity = session.role.as_deref().map(Into::into);
                seen
            }),
            _ => or_none(glue.endpoint(&one.id).await)?.map(|endpoint| {
                let mut seen = observed(one, State::Running, endpoint.created_timestamp.as_ref());
                detail(&mut seen, "type", endpoint.worker_type.as_ref().map(|one| one.as_str()));
                detail(&mut seen, "keys", Some(&keys(&endpoint).len().to_string()));
                seen.identity = endpoint.role_arn.as_deref().map(Into::into);
                seen
            }),
        };
        if let Some(found) = &mut found
            && let Some(arn) = arn_of(at, kind, one)
        {
            tags_or_why(found, glue.tags(&arn).await);
        }
        seen.push(found.unwrap_or_else(|| observed(one, State::Gone, None)));
    }
    Ok(seen)
}

/// Glue's calls take names, its tags ARNs. A run has no tags of its own: its job's are meant.
fn arn_of(at: &Place, kind: &str, one: &ResourceRef) -> Option<String> {
    let (what, name) = match kind {
        TRIGGER => ("trigger", &*one.id),
        JOB => ("job", &*one.id),
        RUN => ("job", run_of(one)?.0),
        SESSION => ("session", &*one.id),
        _ => ("devEndpoint", &*one.id),
    };
    let partition = partition_of(&at.region);
    Some(format!("arn:{partition}:glue:{}:{}:{what}/{name}", at.region, at.account))
}

/// `JOB/jr_…`, as the catalog names a run beside its id.
fn run_of(one: &ResourceRef) -> Option<(&str, &str)> {
    one.all_names().find_map(|name| name.rsplit_once('/')).filter(|(_, run)| run.starts_with("jr_"))
}

fn is_on(trigger: &Trigger) -> bool {
    matches!(trigger.state, Some(TriggerState::Activated | TriggerState::Activating))
}

fn is_under_way(run: &JobRun) -> bool {
    use JobRunState::*;
    matches!(run.job_run_state, Some(Starting | Running | Stopping | Waiting))
}

fn is_over(session: &Session) -> bool {
    use SessionStatus::*;
    matches!(session.status, Some(Failed | Stopped | Timeout))
}

/// One that was made with a single key holds it apart from the list.
fn keys(endpoint: &DevEndpoint) -> Vec<&str> {
    let listed = endpoint.public_keys.iter().flatten().map(String::as_str);
    let mut keys: Vec<&str> = listed.chain(endpoint.public_key.as_deref()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

const UPDATE: &str = "glue:UpdateDevEndpoint";

struct Glue<'a> {
    client: Client,
    at: &'a Place,
}

impl Glue<'_> {
    async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
        let asked = self.client.get_tags().resource_arn(arn).send().await;
        let answer = asked.map_err(|error| failed("glue:GetTags", self.at, error))?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    async fn trigger(&self, name: &str) -> Result<Trigger, CloudError> {
        const CALL: &str = "glue:GetTrigger";
        let asked = self.client.get_trigger().name(name).send().await;
        let found = asked.map_err(|error| failed(CALL, self.at, error))?.trigger;
        found.ok_or_else(|| not_answered(CALL, self.at, "trigger"))
    }

    async fn job(&self, name: &str) -> Result<Job, CloudError> {
        const CALL: &str = "glue:GetJob";
        let asked = self.client.get_job().job_name(name).send().await;
        let found = asked.map_err(|error| failed(CALL, self.at, error))?.job;
        found.ok_or_else(|| not_answered(CALL, self.at, "job"))
    }

    async fn run(&self, job: &str, run: &str) -> Result<JobRun, CloudError> {
        const CALL: &str = "glue:GetJobRun";
        let asked = self.client.get_job_run().job_name(job).run_id(run).send().await;
        let found = asked.map_err(|error| failed(CALL, self.at, error))?.job_run;
        found.ok_or_else(|| not_answered(CALL, self.at, "run"))
    }

    async fn runs_under_way(&self, job: &str) -> Result<Vec<String>, CloudError> {
        let mut pages = self.client.get_job_runs().job_name(job).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(run) = pages.next().await {
            let run = run.map_err(|error| failed("glue:GetJobRuns", self.at, error))?;
            if is_under_way(&run) {
                found.extend(run.id);
            }
        }
        found.sort();
        Ok(found)
    }

    async fn session(&self, id: &str) -> Result<Session, CloudError> {
        const CALL: &str = "glue:GetSession";
        let asked = self.client.get_session().id(id).send().await;
        let found = asked.map_err(|error| failed(CALL, self.at, error))?.session;
        found.ok_or_else(|| not_answered(CALL, self.at, "session"))
    }

    async fn endpoint(&self, name: &str) -> Result<DevEndpoint, CloudError> {
        const CALL: &str = "glue:GetDevEndpoint";
        let asked = self.client.get_dev_endpoint().endpoint_name(name).send().await;
        let found = asked.map_err(|error| failed(CALL, self.at, error))?.dev_endpoint;
        found.ok_or_else(|| not_answered(CALL, self.at, "endpoint"))
    }

    /// A run that can't be stopped is told in the answer, not by its code.
    async fn stop(&self, job: &str, runs: &[String]) -> Result<Receipt, CloudError> {
        const CALL: &str = "glue:BatchStopJobRun";
        let call = self.client.batch_stop_job_run().job_name(job).set_job_run_ids(Some(runs.to_vec()));
        let answer = call.send().await.map_err(|error| failed(CALL, self.at, error))?;
        match answer.errors().iter().find_map(|one| one.error_detail.as_ref()) {
            Some(refused) => Err(CloudError::new(
                Refusal::Protected,
                CALL,
                self.at,
                refused.error_code.as_deref(),
                refused.error_message.as_deref().unwrap_or_default(),
            )),
            None => Ok(receipt(&answer)),
        }
    }
}
