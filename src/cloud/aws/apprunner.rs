//! App Runner, live: what we look at and what we do to it.

use super::each::{detail, observed, or_none, receipt, stamp, tags_or_why};
use super::many::{each, none_of};
use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::AppRunnerChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_apprunner::Client;
use aws_sdk_apprunner::types::{Service, ServiceStatus};
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.apprunner.service"];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&AppRunnerChange],
) -> Vec<Result<Sight, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| sight(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn sight(client: &Client, at: &Place, change: &AppRunnerChange) -> Result<Sight, CloudError> {
    let (arn, wanted) = match change {
        AppRunnerChange::PauseAppRunnerService { service } => (service, ServiceStatus::Paused),
        AppRunnerChange::ResumeAppRunnerService { service } => (service, ServiceStatus::Running),
    };
    let Some(found) = service(client, at, arn).await? else { return Ok(Sight::Gone) };
    let state = json!({
        "arn": found.service_arn,
        "created_at": stamp(Some(&found.created_at)),
        "is_paused": found.status == ServiceStatus::Paused,
    });
    Ok(Sight::there(state, found.status == wanted))
}

/// Deleted services are shown for a while.
async fn service(client: &Client, at: &Place, arn: &str) -> Result<Option<Service>, CloudError> {
    const CALL: &str = "apprunner:DescribeService";
    let sent = client.describe_service().service_arn(arn).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    let found = answer.service.ok_or_else(|| not_answered(CALL, at, "service"))?;
    Ok(Some(found).filter(|one| one.status != ServiceStatus::Deleted))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&AppRunnerChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn call(client: &Client, at: &Place, change: &AppRunnerChange) -> Result<Receipt, CloudError> {
    match change {
        AppRunnerChange::PauseAppRunnerService { service } => {
            let sent = client.pause_service().service_arn(&**service).send().await;
            Ok(receipt(&sent.map_err(|error| failed("apprunner:PauseService", at, error))?))
        }
        AppRunnerChange::ResumeAppRunnerService { service } => {
            let sent = client.resume_service().service_arn(&**service).send().await;
            Ok(receipt(&sent.map_err(|error| failed("apprunner:ResumeService", at, error))?))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let found = each(wanted, |one| async move {
        let Some(found) = service(client, at, &one.id).await? else {
            return Ok(observed(one, State::Gone, None));
        };
        let mut seen = see(one, &found);
        tags_or_why(&mut seen, tags(client, at, &found.service_arn).await);
        Ok(seen)
    })
    .await;
    found.into_iter().collect()
}

async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let asked = client.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = asked.map_err(|error| failed("apprunner:ListTagsForResource", at, error))?;
    let found = answer.tags.unwrap_or_default().into_iter();
    Ok(found.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
}

fn see(wanted: &ResourceRef, found: &Service) -> Observed {
    let state = match found.status {
        ServiceStatus::Paused | ServiceStatus::CreateFailed => State::Stopped,
        _ => State::Running,
    };
    let mut seen = observed(wanted, state, Some(&found.created_at));
    let instance = found.instance_configuration.as_ref();
    seen.identity = instance.and_then(|one| one.instance_role_arn.as_deref()).map(Into::into);
    let source = found.source_configuration.as_ref();
    let image = source.and_then(|one| one.image_repository.as_ref()).map(|one| &*one.image_identifier);
    let code = source.and_then(|one| one.code_repository.as_ref()).map(|one| &*one.repository_url);
    detail(&mut seen, "image", image.or(code));
    detail(&mut seen, "cpu", instance.and_then(|one| one.cpu.as_deref()));
    detail(&mut seen, "memory", instance.and_then(|one| one.memory.as_deref()));
    detail(&mut seen, "url", found.service_url.as_deref());
    seen
}
