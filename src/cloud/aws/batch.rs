//! AWS Batch, live: what we look at and what we do to it.

use super::each::{detail, observed, receipt, tag_map};
use super::many::{each, none_of, pages};
use super::{Aws, failed};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::BatchChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight, Time};
use aws_sdk_batch::Client;
use aws_sdk_batch::types::{
    CeState, CeStatus, ComputeEnvironmentDetail, ComputeResourceUpdate, JobDetail, JobQueueDetail, JobStatus,
    JqState, JqStatus,
};
use serde_json::json;
use std::collections::HashMap;

const ENVIRONMENT: &str = "aws.batch.compute_environment";
const QUEUE: &str = "aws.batch.job_queue";
const JOB: &str = "aws.batch.job";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[ENVIRONMENT, QUEUE, JOB];

/// The Describe calls take this many names; they leave out what does not exist.
const AT_ONCE: usize = 100;

type Found<T> = HashMap<String, T>;

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&BatchChange]) -> Vec<Result<Sight, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return none_of(changes, error),
    };
    let ids: Vec<&str> = changes.iter().map(|change| id(change)).collect();
    let seen = match changes.first() {
        Some(BatchChange::StopBatchJob { .. }) => {
            jobs(&client, at, &ids).await.map(|found| sights(changes, &found, |_, job| job_seen(job)))
        }
        Some(BatchChange::DisableBatchQueue { .. } | BatchChange::EnableBatchQueue { .. }) => {
            queues(&client, at, &ids).await.map(|found| sights(changes, &found, queue_seen))
        }
        Some(_) => {
            environments(&client, at, &ids).await.map(|found| sights(changes, &found, environment_seen))
        }
        None => return Vec::new(),
    };
    match seen {
        Ok(seen) => seen.into_iter().map(Ok).collect(),
        Err(error) => none_of(changes, error),
    }
}

fn id(change: &BatchChange) -> &str {
    match change {
        BatchChange::DisableBatchEnvironment { name }
        | BatchChange::EnableBatchEnvironment { name }
        | BatchChange::SetBatchMinimum { name, .. } => name,
        BatchChange::DisableBatchQueue { queue } | BatchChange::EnableBatchQueue { queue } => queue,
        BatchChange::StopBatchJob { job } => job,
    }
}

fn sights<T>(changes: &[&BatchChange], found: &Found<T>, see: fn(&BatchChange, &T) -> Sight) -> Vec<Sight> {
    let one = |change: &&BatchChange| found.get(id(change)).map_or(Sight::Gone, |found| see(change, found));
    changes.iter().map(one).collect()
}

fn environment_seen(change: &BatchChange, found: &ComputeEnvironmentDetail) -> Sight {
    let least = found.compute_resources.as_ref().and_then(|one| one.minv_cpus);
    let is_settled = !matches!(found.status, Some(CeStatus::Creating | CeStatus::Updating));
    let is_done = match change {
        BatchChange::DisableBatchEnvironment { .. } => found.state == Some(CeState::Disabled),
        BatchChange::EnableBatchEnvironment { .. } => found.state == Some(CeState::Enabled),
        BatchChange::SetBatchMinimum { vcpus, .. } => least == Some(*vcpus),
        BatchChange::DisableBatchQueue { .. }
        | BatchChange::EnableBatchQueue { .. }
        | BatchChange::StopBatchJob { .. } => false,
    };
    let mut state = json!({ "arn": found.compute_environment_arn, "uuid": found.uuid });
    // Each sees what it changes itself: a plan switches it off first, which is no reason not to set its minimum.
    match change {
        BatchChange::SetBatchMinimum { .. } => state["min_vcpus"] = json!(least),
        _ => state["state"] = json!(found.state.as_ref().map(|one| one.as_str())),
    }
    Sight::there(state, is_settled && is_done)
}

/// Batch tells neither an own id nor a time of a queue: another one of that name is told by what it feeds.
fn queue_seen(change: &BatchChange, found: &JobQueueDetail) -> Sight {
    let is_settled = !matches!(found.status, Some(JqStatus::Creating | JqStatus::Updating));
    let wanted = match change {
        BatchChange::EnableBatchQueue { .. } => JqState::Enabled,
        _ => JqState::Disabled,
    };
    let mut feeds: Vec<&str> = found
        .compute_environment_order()
        .iter()
        .filter_map(|one| one.compute_environment.as_deref())
        .collect();
    feeds.sort_unstable();
    let state = json!({
        "arn": found.job_queue_arn,
        "state": found.state.as_ref().map(|one| one.as_str()),
        "feeds": feeds,
    });
    Sight::there(state, is_settled && found.state == Some(wanted))
}

fn job_seen(found: &JobDetail) -> Sight {
    let state = json!({ "id": found.job_id, "queue": found.job_queue, "created_at": found.created_at });
    Sight::there(state, is_over(found))
}

fn is_over(job: &JobDetail) -> bool {
    matches!(job.status, Some(JobStatus::Succeeded | JobStatus::Failed))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&BatchChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn call(client: &Client, at: &Place, change: &BatchChange) -> Result<Receipt, CloudError> {
    match change {
        BatchChange::DisableBatchEnvironment { name } => switch(client, at, name, CeState::Disabled).await,
        BatchChange::EnableBatchEnvironment { name } => switch(client, at, name, CeState::Enabled).await,
        BatchChange::SetBatchMinimum { name, vcpus } => {
            let least = ComputeResourceUpdate::builder().minv_cpus(*vcpus).build();
            let call =
                client.update_compute_environment().compute_environment(&**name).compute_resources(least);
            let sent =
                call.send().await.map_err(|error| failed("batch:UpdateComputeEnvironment", at, error))?;
            Ok(receipt(&sent))
        }
        BatchChange::DisableBatchQueue { queue } => switch_queue(client, at, queue, JqState::Disabled).await,
        BatchChange::EnableBatchQueue { queue } => switch_queue(client, at, queue, JqState::Enabled).await,
        BatchChange::StopBatchJob { job } => {
            let sent = client.terminate_job().job_id(&**job).reason("stopped by triage").send().await;
            Ok(receipt(&sent.map_err(|error| failed("batch:TerminateJob", at, error))?))
        }
    }
}

async fn switch(client: &Client, at: &Place, name: &str, to: CeState) -> Result<Receipt, CloudError> {
    let call = client.update_compute_environment().compute_environment(name).state(to);
    let sent = call.send().await.map_err(|error| failed("batch:UpdateComputeEnvironment", at, error))?;
    Ok(receipt(&sent))
}

async fn switch_queue(client: &Client, at: &Place, queue: &str, to: JqState) -> Result<Receipt, CloudError> {
    let sent = client.update_job_queue().job_queue(queue).state(to).send().await;
    Ok(receipt(&sent.map_err(|error| failed("batch:UpdateJobQueue", at, error))?))
}

/// By ARN and by name: a plan may call it either way.
async fn environments(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Found<ComputeEnvironmentDetail>, CloudError> {
    const CALL: &str = "batch:DescribeComputeEnvironments";
    let mut all = Found::new();
    for some in ids.chunks(AT_ONCE) {
        let found = pages(CALL, at, |token| async move {
            let call = client.describe_compute_environments().set_next_token(token);
            let call = call.set_compute_environments(Some(owned(some)));
            let page = call.send().await.map_err(|error| failed(CALL, at, error))?;
            Ok((page.compute_environments.unwrap_or_default(), page.next_token))
        })
        .await?;
        for one in found.into_iter().filter(|one| one.status != Some(CeStatus::Deleted)) {
            all.extend(one.compute_environment_name.clone().map(|name| (name, one.clone())));
            all.extend(one.compute_environment_arn.clone().map(|arn| (arn, one)));
        }
    }
    Ok(all)
}

async fn queues(client: &Client, at: &Place, ids: &[&str]) -> Result<Found<JobQueueDetail>, CloudError> {
    const CALL: &str = "batch:DescribeJobQueues";
    let mut all = Found::new();
    for some in ids.chunks(AT_ONCE) {
        let found = pages(CALL, at, |token| async move {
            let call = client.describe_job_queues().set_next_token(token).set_job_queues(Some(owned(some)));
            let page = call.send().await.map_err(|error| failed(CALL, at, error))?;
            Ok((page.job_queues.unwrap_or_default(), page.next_token))
        })
        .await?;
        for one in found.into_iter().filter(|one| one.status != Some(JqStatus::Deleted)) {
            all.extend(one.job_queue_name.clone().map(|name| (name, one.clone())));
            all.extend(one.job_queue_arn.clone().map(|arn| (arn, one)));
        }
    }
    Ok(all)
}

/// Batch forgets jobs some days after their end.
async fn jobs(client: &Client, at: &Place, ids: &[&str]) -> Result<Found<JobDetail>, CloudError> {
    let mut all = Found::new();
    for some in ids.chunks(AT_ONCE) {
        let sent = client.describe_jobs().set_jobs(Some(owned(some))).send().await;
        let found = sent.map_err(|error| failed("batch:DescribeJobs", at, error))?.jobs.unwrap_or_default();
        all.extend(found.into_iter().filter_map(|one| Some((one.job_id.clone()?, one))));
    }
    Ok(all)
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let ids: Vec<&str> = wanted.iter().map(|one| &*one.id).collect();
    Ok(match kind {
        ENVIRONMENT => joined(wanted, &environments(client, at, &ids).await?, see_environment),
        QUEUE => joined(wanted, &queues(client, at, &ids).await?, see_queue),
        _ => joined(wanted, &jobs(client, at, &ids).await?, see_job),
    })
}

fn joined<T>(
    wanted: &[ResourceRef],
    found: &Found<T>,
    see: fn(&ResourceRef, &T) -> Observed,
) -> Vec<Observed> {
    let gone = |one| observed(one, State::Gone, None);
    wanted.iter().map(|one| found.get(&*one.id).map_or_else(|| gone(one), |found| see(one, found))).collect()
}

/// Disabled, it still has machines while jobs run.
fn see_environment(wanted: &ResourceRef, found: &ComputeEnvironmentDetail) -> Observed {
    let resources = found.compute_resources.as_ref();
    let now = resources.and_then(|one| one.desiredv_cpus);
    let is_off = found.state == Some(CeState::Disabled) && now.unwrap_or(0) == 0;
    let mut seen = observed(wanted, if is_off { State::Stopped } else { State::Running }, None);
    seen.identity = resources.and_then(|one| one.instance_role.as_deref()).map(Into::into);
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    detail(&mut seen, "type", resources.and_then(|one| one.r#type.as_ref()).map(|one| one.as_str()));
    detail(&mut seen, "min_vcpus", number(resources.and_then(|one| one.minv_cpus)).as_deref());
    detail(&mut seen, "desired", number(now).as_deref());
    detail(&mut seen, "cluster", found.ecs_cluster_arn.as_deref());
    let configured = resources.map(|one| one.ec2_configuration()).unwrap_or_default();
    let image = configured.iter().find_map(|one| one.image_id_override.as_deref());
    detail(&mut seen, "image", image);
    detail(&mut seen, "key_name", resources.and_then(|one| one.ec2_key_pair.as_deref()));
    tag_map(&mut seen, found.tags());
    seen
}

fn see_queue(wanted: &ResourceRef, found: &JobQueueDetail) -> Observed {
    let is_off = found.state == Some(JqState::Disabled);
    let mut seen = observed(wanted, if is_off { State::Stopped } else { State::Running }, None);
    detail(&mut seen, "type", found.job_queue_type.as_ref().map(|one| one.as_str()));
    tag_map(&mut seen, found.tags());
    seen
}

fn see_job(wanted: &ResourceRef, found: &JobDetail) -> Observed {
    let mut seen = observed(wanted, if is_over(found) { State::Gone } else { State::Running }, None);
    seen.created_at = found.created_at.and_then(|at| Time::from_millisecond(at).ok());
    let container = found.container.as_ref();
    seen.identity = container.and_then(|one| one.job_role_arn.as_deref()).map(Into::into);
    detail(&mut seen, "status", found.status.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "queue", found.job_queue.as_deref());
    detail(&mut seen, "image", container.and_then(|one| one.image.as_deref()));
    detail(&mut seen, "type", container.and_then(|one| one.instance_type.as_deref()));
    tag_map(&mut seen, found.tags());
    seen
}
