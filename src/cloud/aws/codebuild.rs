//! CodeBuild, live: what we look at and what we do to it.
//!
//! Of projects and builds nothing is kept of their environment: it can hold secrets.

use super::each::{detail, name, observed, receipt, stamp, tags};
use super::many::{each, none_of};
use super::{Aws, failed};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::CodeBuildChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_codebuild::Client;
use aws_sdk_codebuild::types::{Build, BuildBatch, Project, ProjectVisibilityType, StatusType, Tag};
use serde_json::json;
use std::collections::HashMap;

const PROJECT: &str = "aws.codebuild.project";
const BUILD: &str = "aws.codebuild.build";
const BATCH: &str = "aws.codebuild.build_batch";
const WEBHOOK: &str = "aws.codebuild.webhook";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[PROJECT, BUILD, BATCH, WEBHOOK];

/// The BatchGet calls take this many ids; they tell apart what was not found.
const AT_ONCE: usize = 100;

type Found<T> = HashMap<String, T>;

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&CodeBuildChange],
) -> Vec<Result<Sight, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return none_of(changes, error),
    };
    let ids: Vec<&str> = changes.iter().map(|change| id(change)).collect();
    let seen = match changes.first() {
        Some(CodeBuildChange::StopBuild { .. }) => {
            builds(&client, at, &ids).await.map(|found| sights(changes, &found, |_, one| build_seen(one)))
        }
        Some(CodeBuildChange::StopBuildBatch { .. }) => {
            batches(&client, at, &ids).await.map(|found| sights(changes, &found, |_, one| batch_seen(one)))
        }
        Some(_) => projects(&client, at, &ids).await.map(|found| sights(changes, &found, project_seen)),
        None => return Vec::new(),
    };
    match seen {
        Ok(seen) => seen.into_iter().map(Ok).collect(),
        Err(error) => none_of(changes, error),
    }
}

/// Projects by name, of which ARNs are made.
fn id(change: &CodeBuildChange) -> &str {
    match change {
        CodeBuildChange::StopBuild { build } => build,
        CodeBuildChange::StopBuildBatch { batch } => batch,
        CodeBuildChange::DeleteBuildWebhook { project } => project,
        CodeBuildChange::HideBuildProject { project } | CodeBuildChange::ShowBuildProject { project, .. } => {
            name(project)
        }
    }
}

fn sights<T>(
    changes: &[&CodeBuildChange],
    found: &Found<T>,
    see: fn(&CodeBuildChange, &T) -> Sight,
) -> Vec<Sight> {
    let one =
        |change: &&CodeBuildChange| found.get(id(change)).map_or(Sight::Gone, |found| see(change, found));
    changes.iter().map(one).collect()
}

fn build_seen(found: &Build) -> Sight {
    let state = json!({ "arn": found.arn, "started_at": stamp(found.start_time.as_ref()) });
    Sight::there(state, found.build_status != Some(StatusType::InProgress))
}

fn batch_seen(found: &BuildBatch) -> Sight {
    let state = json!({ "arn": found.arn, "started_at": stamp(found.start_time.as_ref()) });
    Sight::there(state, found.build_batch_status != Some(StatusType::InProgress))
}

fn project_seen(change: &CodeBuildChange, found: &Project) -> Sight {
    let created_at = stamp(found.created.as_ref());
    if let CodeBuildChange::DeleteBuildWebhook { .. } = change {
        let Some(webhook) = &found.webhook else { return Sight::Gone };
        let state = json!({ "project": found.arn, "created_at": created_at, "url": webhook.url });
        return Sight::there(state, false);
    }
    let is_public = found.project_visibility == Some(ProjectVisibilityType::PublicRead);
    let state = json!({
        "project": found.arn,
        "created_at": created_at,
        "visibility": if is_public { "PUBLIC_READ" } else { "PRIVATE" },
        "reader": found.resource_access_role,
    });
    Sight::there(state, is_public == matches!(change, CodeBuildChange::ShowBuildProject { .. }))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&CodeBuildChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn call(client: &Client, at: &Place, change: &CodeBuildChange) -> Result<Receipt, CloudError> {
    match change {
        CodeBuildChange::StopBuild { build } => {
            let sent = client.stop_build().id(&**build).send().await;
            Ok(receipt(&sent.map_err(|error| failed("codebuild:StopBuild", at, error))?))
        }
        CodeBuildChange::StopBuildBatch { batch } => {
            let sent = client.stop_build_batch().id(&**batch).send().await;
            Ok(receipt(&sent.map_err(|error| failed("codebuild:StopBuildBatch", at, error))?))
        }
        CodeBuildChange::DeleteBuildWebhook { project } => {
            let sent = client.delete_webhook().project_name(&**project).send().await;
            Ok(receipt(&sent.map_err(|error| failed("codebuild:DeleteWebhook", at, error))?))
        }
        CodeBuildChange::HideBuildProject { project } => {
            show(client, at, project, ProjectVisibilityType::Private, None).await
        }
        CodeBuildChange::ShowBuildProject { project, reader } => {
            show(client, at, project, ProjectVisibilityType::PublicRead, reader.as_deref()).await
        }
    }
}

async fn show(
    client: &Client,
    at: &Place,
    project: &str,
    to: ProjectVisibilityType,
    reader: Option<&str>,
) -> Result<Receipt, CloudError> {
    let call = client.update_project_visibility().project_arn(project).project_visibility(to);
    let sent = call.set_resource_access_role(reader.map(str::to_owned)).send().await;
    Ok(receipt(&sent.map_err(|error| failed("codebuild:UpdateProjectVisibility", at, error))?))
}

async fn builds(client: &Client, at: &Place, ids: &[&str]) -> Result<Found<Build>, CloudError> {
    let mut all = Found::new();
    for some in ids.chunks(AT_ONCE) {
        let sent = client.batch_get_builds().set_ids(Some(owned(some))).send().await;
        let found = sent.map_err(|error| failed("codebuild:BatchGetBuilds", at, error))?;
        all.extend(
            found.builds.unwrap_or_default().into_iter().filter_map(|one| Some((one.id.clone()?, one))),
        );
    }
    Ok(all)
}

async fn batches(client: &Client, at: &Place, ids: &[&str]) -> Result<Found<BuildBatch>, CloudError> {
    let mut all = Found::new();
    for some in ids.chunks(AT_ONCE) {
        let sent = client.batch_get_build_batches().set_ids(Some(owned(some))).send().await;
        let found = sent.map_err(|error| failed("codebuild:BatchGetBuildBatches", at, error))?;
        let found = found.build_batches.unwrap_or_default();
        all.extend(found.into_iter().filter_map(|one| Some((one.id.clone()?, one))));
    }
    Ok(all)
}

async fn projects(client: &Client, at: &Place, names: &[&str]) -> Result<Found<Project>, CloudError> {
    let mut all = Found::new();
    for some in names.chunks(AT_ONCE) {
        let sent = client.batch_get_projects().set_names(Some(owned(some))).send().await;
        let found = sent.map_err(|error| failed("codebuild:BatchGetProjects", at, error))?;
        let found = found.projects.unwrap_or_default();
        all.extend(found.into_iter().filter_map(|one| Some((one.name.clone()?, one))));
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
    let ids: Vec<&str> =
        wanted.iter().map(|one| if kind == PROJECT { name(&one.id) } else { &*one.id }).collect();
    Ok(match kind {
        BUILD => joined(wanted, &ids, &builds(client, at, &ids).await?, see_build),
        BATCH => joined(wanted, &ids, &batches(client, at, &ids).await?, see_batch),
        PROJECT => joined(wanted, &ids, &projects(client, at, &ids).await?, see_project),
        _ => joined(wanted, &ids, &projects(client, at, &ids).await?, see_webhook),
    })
}

fn joined<T>(
    wanted: &[ResourceRef],
    ids: &[&str],
    found: &Found<T>,
    see: fn(&ResourceRef, &T) -> Observed,
) -> Vec<Observed> {
    let gone = |one| observed(one, State::Gone, None);
    let pairs = wanted.iter().zip(ids);
    pairs.map(|(one, id)| found.get(*id).map_or_else(|| gone(one), |found| see(one, found))).collect()
}

fn see_build(wanted: &ResourceRef, found: &Build) -> Observed {
    let state = match found.build_status {
        Some(StatusType::InProgress) => State::Running,
        Some(_) => State::Gone,
        None => State::Unknown,
    };
    let mut seen = observed(wanted, state, found.start_time.as_ref());
    seen.made_by = found.initiator.as_deref().map(Into::into);
    seen.identity = found.service_role.as_deref().map(Into::into);
    detail(&mut seen, "project", found.project_name.as_deref());
    detail(&mut seen, "type", found.environment.as_ref().map(|one| one.compute_type.as_str()));
    detail(&mut seen, "image", found.environment.as_ref().map(|one| &*one.image));
    seen
}

fn see_batch(wanted: &ResourceRef, found: &BuildBatch) -> Observed {
    let state = match found.build_batch_status {
        Some(StatusType::InProgress) => State::Running,
        Some(_) => State::Gone,
        None => State::Unknown,
    };
    let mut seen = observed(wanted, state, found.start_time.as_ref());
    seen.made_by = found.initiator.as_deref().map(Into::into);
    seen.identity = found.service_role.as_deref().map(Into::into);
    detail(&mut seen, "project", found.project_name.as_deref());
    seen
}

fn see_project(wanted: &ResourceRef, found: &Project) -> Observed {
    let mut seen = observed(wanted, State::Running, found.created.as_ref());
    seen.identity = found.service_role.as_deref().map(Into::into);
    detail(&mut seen, "visibility", found.project_visibility.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "type", found.environment.as_ref().map(|one| one.compute_type.as_str()));
    detail(&mut seen, "image", found.environment.as_ref().map(|one| &*one.image));
    detail(&mut seen, "source", found.source.as_ref().and_then(|one| one.location.as_deref()));
    detail(&mut seen, "webhook", found.webhook.as_ref().and_then(|one| one.url.as_deref()));
    tell_tags(&mut seen, found);
    seen
}

/// A webhook is its project's.
fn tell_tags(seen: &mut Observed, project: &Project) {
    let pair = |tag: &'_ Tag| Some((tag.key.as_deref()?.to_owned(), tag.value.clone().unwrap_or_default()));
    let found: Vec<(String, String)> = project.tags().iter().filter_map(pair).collect();
    tags(seen, found.iter().map(|(key, value)| (&**key, &**value)));
}

fn see_webhook(wanted: &ResourceRef, found: &Project) -> Observed {
    let Some(webhook) = &found.webhook else { return observed(wanted, State::Gone, None) };
    let mut seen = observed(wanted, State::Running, None);
    tell_tags(&mut seen, found);
    seen.identity = found.service_role.as_deref().map(Into::into);
    detail(&mut seen, "url", webhook.url.as_deref());
    detail(&mut seen, "source", found.source.as_ref().and_then(|one| one.location.as_deref()));
    seen
}
