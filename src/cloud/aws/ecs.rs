//! ECS, live: what we look at and what we do to it.

mod find;

use super::each::{detail, listed, observed, receipt, stamp, tags};
use super::many::{each, none_of, pages};
use super::{Aws, failed};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::EcsChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{CapacityProvider, Cluster, SchedulingStrategy, Service, Tag, Task};
use find::{Answers, cluster_in, clusters, described, providers, services, tasks};
use serde_json::json;

const CLUSTER: &str = "aws.ecs.cluster";
const SERVICE: &str = "aws.ecs.service";
const TASK: &str = "aws.ecs.task";
const PROVIDER: &str = "aws.ecs.capacity_provider";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[CLUSTER, SERVICE, TASK, PROVIDER];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&EcsChange]) -> Vec<Result<Sight, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return none_of(changes, error),
    };
    let ids: Vec<&str> = changes.iter().map(|change| id(change)).collect();
    match changes.first() {
        Some(EcsChange::StopEcsTask { .. }) => {
            let found = tasks(&client, at, &ids).await;
            found.into_iter().map(|found| found.map(|found| found.map_or(Sight::Gone, task_seen))).collect()
        }
        Some(_) => {
            let found = services(&client, at, &ids).await.into_iter().zip(changes);
            found
                .map(|(found, change)| {
                    found.map(|found| found.map_or(Sight::Gone, |found| service_seen(found, change)))
                })
                .collect()
        }
        None => Vec::new(),
    }
}

fn id(change: &EcsChange) -> &str {
    match change {
        EcsChange::EmptyEcsService { service }
        | EcsChange::ResizeEcsService { service, .. }
        | EcsChange::DeleteEcsService { service } => service,
        EcsChange::StopEcsTask { task } => task,
    }
}

fn task_seen(task: Task) -> Sight {
    let is_done = matches!(task.last_status.as_deref(), Some("STOPPED" | "DELETED"));
    let state = json!({
        "arn": task.task_arn,
        "cluster": task.cluster_arn,
        "created_at": stamp(task.created_at.as_ref()),
    });
    Sight::there(state, is_done)
}

fn service_seen(service: Service, change: &EcsChange) -> Sight {
    let tasks = service.running_count + service.pending_count;
    let is_done = match change {
        EcsChange::EmptyEcsService { .. } => service.desired_count == 0 && tasks == 0,
        EcsChange::ResizeEcsService { to, .. } => service.desired_count == *to,
        // What reads INACTIVE is gone.
        EcsChange::DeleteEcsService { .. } | EcsChange::StopEcsTask { .. } => false,
    };
    let state = json!({
        "arn": service.service_arn,
        "cluster": service.cluster_arn,
        "created_at": stamp(service.created_at.as_ref()),
        "desired_count": service.desired_count,
    });
    Sight::there(state, is_done)
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&EcsChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn call(client: &Client, at: &Place, change: &EcsChange) -> Result<Receipt, CloudError> {
    match change {
        EcsChange::EmptyEcsService { service } => resize(client, at, service, 0).await,
        EcsChange::ResizeEcsService { service, to } => resize(client, at, service, *to).await,
        EcsChange::DeleteEcsService { service } => {
            let cluster = home(client, at, service).await?;
            let call = client.delete_service().cluster(cluster).service(&**service).force(true);
            let sent = call.send().await.map_err(|error| failed("ecs:DeleteService", at, error))?;
            Ok(receipt(&sent))
        }
        EcsChange::StopEcsTask { task } => {
            let cluster = match cluster_in(task) {
                Some(cluster) => cluster.to_owned(),
                None => only(tasks(client, at, &[task]).await)?
                    .and_then(|found| found.cluster_arn)
                    .ok_or_else(|| missing("ecs:DescribeTasks", at))?,
            };
            let call = client.stop_task().cluster(cluster).task(&**task).reason("stopped by triage");
            let sent = call.send().await.map_err(|error| failed("ecs:StopTask", at, error))?;
            Ok(receipt(&sent))
        }
    }
}

async fn resize(client: &Client, at: &Place, service: &str, to: i32) -> Result<Receipt, CloudError> {
    let cluster = home(client, at, service).await?;
    let call = client.update_service().cluster(cluster).service(service).desired_count(to);
    let sent = call.send().await.map_err(|error| failed("ecs:UpdateService", at, error))?;
    Ok(receipt(&sent))
}

/// The cluster of a service.
async fn home(client: &Client, at: &Place, service: &str) -> Result<String, CloudError> {
    if let Some(cluster) = cluster_in(service) {
        return Ok(cluster.to_owned());
    }
    let found = only(services(client, at, &[service]).await)?;
    found.and_then(|found| found.cluster_arn).ok_or_else(|| missing("ecs:DescribeServices", at))
}

fn only<T>(answers: Vec<Result<Option<T>, CloudError>>) -> Result<Option<T>, CloudError> {
    answers.into_iter().next().unwrap_or(Ok(None))
}

fn missing(call: &'static str, at: &Place) -> CloudError {
    CloudError::new(Refusal::NotFound, call, at, None, "it is in none of the clusters")
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
    match kind {
        SERVICE => joined(wanted, services(client, at, &ids).await, see_service),
        TASK => joined(wanted, tasks(client, at, &ids).await, see_task),
        CLUSTER => joined(wanted, described(client, at, &ids).await?, see_cluster),
        _ => joined(wanted, providers(client, at, &ids).await?, see_provider),
    }
}

fn joined<T>(
    wanted: &[ResourceRef],
    found: Answers<T>,
    see: fn(&ResourceRef, &T) -> Observed,
) -> Result<Vec<Observed>, CloudError> {
    let gone = |wanted: &ResourceRef| observed(wanted, State::Gone, None);
    let pairs = wanted.iter().zip(found);
    pairs
        .map(|(wanted, found)| Ok(found?.map_or_else(|| gone(wanted), |found| see(wanted, &found))))
        .collect()
}

fn pair(tag: &Tag) -> Option<(&str, &str)> {
    Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))
}

fn see_service(wanted: &ResourceRef, service: &Service) -> Observed {
    let tasks = service.running_count + service.pending_count;
    let is_over = service.desired_count == 0 && tasks == 0;
    let state = if is_over { State::Stopped } else { State::Running };
    let mut seen = observed(wanted, state, service.created_at.as_ref());
    seen.made_by = service.created_by.as_deref().map(Into::into);
    detail(&mut seen, "cluster", service.cluster_arn.as_deref());
    detail(&mut seen, "desired", Some(&service.desired_count.to_string()));
    detail(&mut seen, "tasks", Some(&tasks.to_string()));
    detail(&mut seen, "task_definition", service.task_definition.as_deref());
    detail(&mut seen, "type", service.launch_type.as_ref().map(|one| one.as_str()));
    let is_daemon = service.scheduling_strategy == Some(SchedulingStrategy::Daemon);
    detail(&mut seen, "scheduling", is_daemon.then_some("DAEMON"));
    tags(&mut seen, service.tags().iter().filter_map(pair));
    seen
}

fn see_task(wanted: &ResourceRef, task: &Task) -> Observed {
    let state = match task.last_status.as_deref() {
        Some("STOPPED" | "DELETED") => State::Gone,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = observed(wanted, state, task.created_at.as_ref());
    if let Some(service) = task.group.as_deref().and_then(|group| group.strip_prefix("service:")) {
        // A service's name is unique in its cluster; its ARN says both.
        if let Some((start, cluster)) =
            task.cluster_arn.as_deref().and_then(|arn| arn.split_once(":cluster/"))
        {
            seen.held_by.push(format!("{start}:service/{cluster}/{service}").into());
        }
        seen.held_by.push(service.into());
    }
    let overrides = task.overrides.as_ref();
    seen.identity = overrides.and_then(|one| one.task_role_arn.as_deref()).map(Into::into);
    let images: Vec<&str> = task.containers().iter().filter_map(|one| one.image.as_deref()).collect();
    detail(&mut seen, "image", Some(&images.join(" ")));
    detail(&mut seen, "cluster", task.cluster_arn.as_deref());
    detail(&mut seen, "task_definition", task.task_definition_arn.as_deref());
    detail(&mut seen, "type", task.launch_type.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "cpu", task.cpu.as_deref());
    detail(&mut seen, "memory", task.memory.as_deref());
    tags(&mut seen, task.tags().iter().filter_map(pair));
    seen
}

/// A cluster costs nothing: it runs while something in it does.
fn see_cluster(wanted: &ResourceRef, cluster: &Cluster) -> Observed {
    let tasks = cluster.running_tasks_count + cluster.pending_tasks_count;
    let is_used = tasks + cluster.registered_container_instances_count > 0;
    let mut seen = observed(wanted, if is_used { State::Running } else { State::Stopped }, None);
    detail(&mut seen, "tasks", Some(&tasks.to_string()));
    detail(&mut seen, "services", Some(&cluster.active_services_count.to_string()));
    detail(&mut seen, "machines", Some(&cluster.registered_container_instances_count.to_string()));
    tags(&mut seen, cluster.tags().iter().filter_map(pair));
    seen
}

fn see_provider(wanted: &ResourceRef, provider: &CapacityProvider) -> Observed {
    let mut seen = observed(wanted, State::Running, None);
    let group = provider.auto_scaling_group_provider.as_ref();
    detail(&mut seen, "asg", group.map(|one| &*one.auto_scaling_group_arn));
    let managed = provider.managed_instances_provider.as_ref();
    detail(&mut seen, "type", managed.map(|_| "managed instances"));
    tags(&mut seen, provider.tags().iter().filter_map(pair));
    seen
}

/// Lists every service and running task here, whoever made it.
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let clusters = clusters(client, at).await?;
    let found = each(&clusters, |cluster| in_cluster(client, at, cluster)).await;
    let found: Vec<Vec<Observed>> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

async fn in_cluster(client: &Client, at: &Place, cluster: &str) -> Result<Vec<Observed>, CloudError> {
    const SERVICES: &str = "ecs:ListServices";
    const TASKS: &str = "ecs:ListTasks";
    let services_here = pages(SERVICES, at, |token| async move {
        let call = client.list_services().cluster(cluster).max_results(100).set_next_token(token);
        let page = call.send().await.map_err(|error| failed(SERVICES, at, error))?;
        Ok((page.service_arns.unwrap_or_default(), page.next_token))
    })
    .await?;
    let tasks_here = pages(TASKS, at, |token| async move {
        let page = client.list_tasks().cluster(cluster).set_next_token(token).send().await;
        let page = page.map_err(|error| failed(TASKS, at, error))?;
        Ok((page.task_arns.unwrap_or_default(), page.next_token))
    })
    .await?;
    let (services_here, tasks_here) = (texts(&services_here), texts(&tasks_here));
    let services = services(client, at, &services_here).await;
    let mut seen = joined(&refs(SERVICE, at, &services_here), services, see_service)?;
    let tasks = tasks(client, at, &tasks_here).await;
    seen.extend(joined(&refs(TASK, at, &tasks_here), tasks, see_task)?);
    // What ended between the list and the look.
    seen.retain(|one| one.state != State::Gone);
    Ok(seen)
}

fn texts(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

fn refs(kind: &'static str, at: &Place, arns: &[&str]) -> Vec<ResourceRef> {
    arns.iter().map(|arn| listed(kind, at, arn, None)).collect()
}
