//! Lightsail, live: what we look at and what we do to it.

use super::each::{detail, listed, observed, or_gone, or_none, receipt, stamp, tags};
use super::many::{each, none_of, pages};
use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::LightsailChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_lightsail::Client;
use aws_sdk_lightsail::operation::create_instance_snapshot::CreateInstanceSnapshotOutput;
use aws_sdk_lightsail::types::{
    ContainerService, ContainerServiceState, Instance, InstanceSnapshotState, Tag,
};
use serde_json::json;

const INSTANCE: &str = "aws.lightsail.instance";
const CONTAINERS: &str = "aws.lightsail.container_service";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[INSTANCE, CONTAINERS];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&LightsailChange],
) -> Vec<Result<Sight, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| async move { or_gone(sight(client, at, change).await) }).await
        }
        Err(error) => none_of(changes, error),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&LightsailChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, &aws.case, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn sight(client: &Client, at: &Place, change: &LightsailChange) -> Result<Sight, CloudError> {
    match change {
        LightsailChange::StopLightsailInstance { name } => {
            let found = instance(client, at, name).await?;
            Ok(switched(&found, state_of(&found) == Some("stopped")))
        }
        LightsailChange::StartLightsailInstance { name } => {
            let found = instance(client, at, name).await?;
            Ok(switched(&found, state_of(&found) == Some("running")))
        }
        LightsailChange::DeleteLightsailInstance { name } => {
            Ok(seen(&instance(client, at, name).await?, false))
        }
        LightsailChange::SnapshotLightsailInstance { name, snapshot } => {
            let found = instance(client, at, name).await?;
            let is_done = is_kept(client, at, &found, snapshot).await?;
            Ok(seen(&found, is_done))
        }
        LightsailChange::DisableLightsailContainers { name } => {
            containers(client, at, name, true, |one| one.state == Some(ContainerServiceState::Disabled)).await
        }
        LightsailChange::EnableLightsailContainers { name } => {
            containers(client, at, name, true, |one| !is_off(one)).await
        }
        LightsailChange::DeleteLightsailContainers { name } => {
            containers(client, at, name, false, |_| false).await
        }
    }
}

async fn instance(client: &Client, at: &Place, name: &str) -> Result<Instance, CloudError> {
    const CALL: &str = "lightsail:GetInstance";
    let sent = client.get_instance().instance_name(name).send().await;
    let answer = sent.map_err(|error| failed(CALL, at, error))?;
    answer.instance.ok_or_else(|| not_answered(CALL, at, "instance"))
}

fn state_of(instance: &Instance) -> Option<&str> {
    instance.state.as_ref()?.name.as_deref()
}

/// Which one it is. That it is off is the doing of the step before, and no reason not to copy or delete it.
fn seen(found: &Instance, is_done: bool) -> Sight {
    Sight::there(json!({ "arn": found.arn, "created_at": stamp(found.created_at.as_ref()) }), is_done)
}

/// The same, and whether it is off.
fn switched(found: &Instance, is_done: bool) -> Sight {
    let state = json!({
        "arn": found.arn,
        "created_at": stamp(found.created_at.as_ref()),
        "is_off": matches!(state_of(found), Some("stopped" | "stopping")),
    });
    Sight::there(state, is_done)
}

/// Whether a snapshot of that name is one of this very instance, and whole.
async fn is_kept(client: &Client, at: &Place, of: &Instance, snapshot: &str) -> Result<bool, CloudError> {
    let sent = client.get_instance_snapshot().instance_snapshot_name(snapshot).send().await;
    let answer = or_none(sent.map_err(|error| failed("lightsail:GetInstanceSnapshot", at, error)))?;
    let found = answer.and_then(|answer| answer.instance_snapshot);
    Ok(found.is_some_and(|one| {
        one.from_instance_arn == of.arn && one.state == Some(InstanceSnapshotState::Available)
    }))
}

/// Container services have no pages: all of a region, or the one of that name.
async fn services(
    client: &Client,
    at: &Place,
    name: Option<&str>,
) -> Result<Vec<ContainerService>, CloudError> {
    let sent = client.get_container_services().set_service_name(name.map(str::to_owned)).send().await;
    let answer = sent.map_err(|error| failed("lightsail:GetContainerServices", at, error))?;
    Ok(answer.container_services.unwrap_or_default())
}

fn is_off(service: &ContainerService) -> bool {
    service.is_disabled == Some(true) || service.state == Some(ContainerServiceState::Disabled)
}

async fn containers(
    client: &Client,
    at: &Place,
    name: &str,
    is_switched: bool,
    is_done: fn(&ContainerService) -> bool,
) -> Result<Sight, CloudError> {
    let found = services(client, at, Some(name)).await?;
    let found = found.iter().find(|one| one.container_service_name.as_deref() == Some(name));
    Ok(found.map_or(Sight::Gone, |found| {
        let mut state = json!({ "arn": found.arn, "created_at": stamp(found.created_at.as_ref()) });
        if is_switched {
            state["is_off"] = json!(is_off(found));
        }
        Sight::there(state, is_done(found))
    }))
}

async fn call(
    client: &Client,
    at: &Place,
    case: &str,
    change: &LightsailChange,
) -> Result<Receipt, CloudError> {
    match change {
        LightsailChange::StopLightsailInstance { name } => {
            let sent = client.stop_instance().instance_name(&**name).force(true).send().await;
            Ok(receipt(&sent.map_err(|error| failed("lightsail:StopInstance", at, error))?))
        }
        LightsailChange::StartLightsailInstance { name } => {
            let sent = client.start_instance().instance_name(&**name).send().await;
            Ok(receipt(&sent.map_err(|error| failed("lightsail:StartInstance", at, error))?))
        }
        LightsailChange::SnapshotLightsailInstance { name, snapshot } => {
            let sent: CreateInstanceSnapshotOutput = client
                .create_instance_snapshot()
                .instance_name(&**name)
                .instance_snapshot_name(&**snapshot)
                .tags(Tag::builder().key("triage:incident").value(case).build())
                .send()
                .await
                .map_err(|error| failed("lightsail:CreateInstanceSnapshot", at, error))?;
            Ok(Receipt { made: vec![snapshot.to_string()], ..receipt(&sent) })
        }
        LightsailChange::DeleteLightsailInstance { name } => {
            let call = client.delete_instance().instance_name(&**name).force_delete_add_ons(true);
            let sent = call.send().await.map_err(|error| failed("lightsail:DeleteInstance", at, error))?;
            Ok(receipt(&sent))
        }
        LightsailChange::DisableLightsailContainers { name } => switch(client, at, name, true).await,
        LightsailChange::EnableLightsailContainers { name } => switch(client, at, name, false).await,
        LightsailChange::DeleteLightsailContainers { name } => {
            let sent = client.delete_container_service().service_name(&**name).send().await;
            Ok(receipt(&sent.map_err(|error| failed("lightsail:DeleteContainerService", at, error))?))
        }
    }
}

async fn switch(client: &Client, at: &Place, name: &str, off: bool) -> Result<Receipt, CloudError> {
    let sent = client.update_container_service().service_name(name).is_disabled(off).send().await;
    Ok(receipt(&sent.map_err(|error| failed("lightsail:UpdateContainerService", at, error))?))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let found = each(wanted, |one| async move {
        let seen = match kind {
            INSTANCE => or_none(instance(client, at, &one.id).await)?.map(|found| see_instance(one, &found)),
            _ => {
                let found = or_none(services(client, at, Some(&one.id)).await)?.unwrap_or_default();
                let is_it =
                    |found: &&ContainerService| found.container_service_name.as_deref() == Some(&*one.id);
                found.iter().find(is_it).map(|found| see_containers(one, found))
            }
        };
        Ok(seen.unwrap_or_else(|| observed(one, State::Gone, None)))
    })
    .await;
    found.into_iter().collect()
}

fn pair(tag: &Tag) -> Option<(&str, &str)> {
    Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))
}

fn see_instance(wanted: &ResourceRef, found: &Instance) -> Observed {
    let state = match state_of(found) {
        Some("stopped" | "stopping") => State::Stopped,
        Some("terminated" | "shutting-down") => State::Gone,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = observed(wanted, state, found.created_at.as_ref());
    detail(&mut seen, "type", found.bundle_id.as_deref());
    detail(&mut seen, "image", found.blueprint_id.as_deref());
    detail(&mut seen, "key_name", found.ssh_key_name.as_deref());
    detail(&mut seen, "address", found.public_ip_address.as_deref());
    detail(&mut seen, "arn", found.arn.as_deref());
    tags(&mut seen, found.tags().iter().filter_map(pair));
    seen
}

fn see_containers(wanted: &ResourceRef, found: &ContainerService) -> Observed {
    let state = if is_off(found) { State::Stopped } else { State::Running };
    let mut seen = observed(wanted, state, found.created_at.as_ref());
    let deployed = found.current_deployment.as_ref().and_then(|one| one.containers.as_ref());
    let mut images: Vec<&str> =
        deployed.into_iter().flatten().filter_map(|(_, one)| one.image.as_deref()).collect();
    images.sort_unstable();
    detail(&mut seen, "type", found.power.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "desired", found.scale.map(|scale| scale.to_string()).as_deref());
    detail(&mut seen, "image", Some(&images.join(" ")));
    detail(&mut seen, "url", found.url.as_deref());
    tags(&mut seen, found.tags().iter().filter_map(pair));
    seen
}

/// Lists every instance and container service here, whoever made it.
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    const CALL: &str = "lightsail:GetInstances";
    let client = &Client::new(&aws.config(at).await?);
    let instances = pages(CALL, at, |token| async move {
        let page = client.get_instances().set_page_token(token).send().await;
        let page = page.map_err(|error| failed(CALL, at, error))?;
        Ok((page.instances.unwrap_or_default(), page.next_page_token))
    })
    .await?;
    let services = services(client, at, None).await?;
    let instances = instances.iter().filter_map(|one| {
        Some(see_instance(&listed(INSTANCE, at, one.name.as_deref()?, one.arn.as_deref()), one))
    });
    let services = services.iter().filter_map(|one| {
        let resource = listed(CONTAINERS, at, one.container_service_name.as_deref()?, one.arn.as_deref());
        Some(see_containers(&resource, one))
    });
    Ok(instances.chain(services).collect())
}
