//! Each change of Compute: what is looked at before and after it, and the call.

use super::super::Gcp;
use super::super::each::{name, not_answered, number, text};
use super::super::endpoints::COMPUTE;
use super::super::policy::{self, Home};
use super::super::rest::Ask;
use super::{groups, metadata};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::ComputeChange::{self, *};
use crate::model::change::gcp::{AccessConfig, ShareOf};
use crate::model::{Place, Sight};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// Machines with this network tag send nothing.
const TAG: &str = "triage-isolated";
/// Our own rule of a network.
const RULE: &str = "triage-deny-egress-";

/// Google's words for a machine that runs no more.
fn is_stopped(instance: &Value) -> bool {
    matches!(text(instance, "status"), Some("TERMINATED" | "STOPPED" | "SUSPENDED"))
}

pub(in super::super) async fn look(
    gcp: &Gcp,
    at: &Place,
    change: &ComputeChange,
) -> Result<Sight, CloudError> {
    Ok(match change {
        TurnOffAutoscaler { name } => mode(gcp, at, name, "OFF").await?,
        SetAutoscalerMode { name, mode: wanted } => mode(gcp, at, name, wanted).await?,
        DeleteAutoscaler { name } => {
            let found = groups::autoscaler(gcp, at, name).await?;
            Sight::there(
                json!({"id": number(&found["id"]), "config": groups::config(gcp, at, &found).await?}),
                false,
            )
        }
        RecreateAutoscaler { config, .. } => {
            let is_there = groups::is_scaled(gcp, at, config).await?;
            Sight::there(json!({}), is_there)
        }
        StopInstance { id } => running(gcp, at, id, false).await?,
        StartInstance { id } => running(gcp, at, id, true).await?,
        StopGroupMember { group, id } => member(gcp, at, group, id, false).await?,
        StartGroupMember { group, id } => member(gcp, at, group, id, true).await?,
        SnapshotInstance { id } => {
            let found = instance(gcp, at, id).await?;
            let mut are_ready = true;
            let mut kept = Vec::new();
            for disk in lasting(&found) {
                let snapshot = or_missing(snapshot(gcp, at, &snapshot_name(gcp, id, &disk)).await)?;
                are_ready &= snapshot.as_ref().is_some_and(|one| text(one, "status") == Some("READY"));
                kept.push(disk);
            }
            Sight::there(json!({"disks": kept}), are_ready)
        }
        DetachExternalAddresses { id } => {
            let configs = configs(&instance(gcp, at, id).await?);
            let is_done = configs.is_empty();
            Sight::there(json!({"configs": configs}), is_done)
        }
        AttachExternalAddresses { id, configs: wanted } => {
            let now = configs(&instance(gcp, at, id).await?);
            let has = |one: &AccessConfig| now.iter().any(|other| other.interface == one.interface);
            Sight::there(json!({}), wanted.iter().all(has))
        }
        DenyEgressOf { network } => {
            let rule = or_missing(firewall(gcp, at, &rule(network)).await)?;
            let holds = rule.as_ref().is_some_and(|rule| !rule["disabled"].as_bool().unwrap_or_default());
            Sight::there(json!({"rule": rule.and_then(|rule| number(&rule["id"]))}), holds)
        }
        AllowEgressOf { network } => {
            firewall(gcp, at, &rule(network)).await?;
            Sight::there(json!({}), false)
        }
        IsolateInstance { id } => {
            let is_in = tags(&instance(gcp, at, id).await?).contains(&TAG.to_owned());
            Sight::there(json!({"isolated": is_in}), is_in)
        }
        RejoinInstance { id } => {
            let is_in = tags(&instance(gcp, at, id).await?).contains(&TAG.to_owned());
            Sight::there(json!({"isolated": is_in}), !is_in)
        }
        DisableFirewall { id } => rule_is(gcp, at, id, true).await?,
        EnableFirewall { id } => rule_is(gcp, at, id, false).await?,
        UnshareCompute { of, id, members } => {
            let policy = policy::read(gcp, at, &home(*of, at, id)).await?;
            let held =
                policy::held(&policy, |_, one| members.iter().any(|member| policy::is_member(one, member)));
            let is_done = held.is_empty();
            Sight::there(json!({"bindings": held}), is_done)
        }
        ShareComputeAgain { of, id, bindings } => {
            let mut policy = policy::read(gcp, at, &home(*of, at, id)).await?;
            Sight::there(json!({}), !policy::add(&mut policy, bindings))
        }
        RemoveInstanceSshKeys { id, added } => {
            let sight = metadata::sight(&instance(gcp, at, id).await?["metadata"], None);
            metadata::only_its_own(gcp, at, Some(id), added.as_ref(), sight).await?
        }
        RestoreInstanceSshKeys { id, keys, .. } => {
            metadata::sight(&instance(gcp, at, id).await?["metadata"], Some(keys))
        }
        RemoveProjectSshKeys { project, added } => {
            let sight = metadata::sight(&metadata::of_project(gcp, at, project).await?, None);
            metadata::only_its_own(gcp, at, None, added.as_ref(), sight).await?
        }
        RestoreProjectSshKeys { project, keys, .. } => {
            metadata::sight(&metadata::of_project(gcp, at, project).await?, Some(keys))
        }
        UnprotectInstance { id } => protection(gcp, at, id, false).await?,
        ProtectInstance { id } => protection(gcp, at, id, true).await?,
        DeleteComputeInstance { id } => {
            instance(gcp, at, id).await?;
            Sight::there(json!({}), false)
        }
        DeleteInstanceGroup { id } => {
            let group = groups::by_place(gcp, at, id).await?;
            Sight::there(json!({"id": number(&group["id"])}), false)
        }
        DeleteInstanceTemplate { id } => {
            template(gcp, at, id).await?;
            Sight::there(json!({}), false)
        }
    })
}

fn or_missing(found: Result<Value, CloudError>) -> Result<Option<Value>, CloudError> {
    super::super::each::or_none(found)
}

async fn mode(gcp: &Gcp, at: &Place, name: &str, wanted: &str) -> Result<Sight, CloudError> {
    let found = groups::autoscaler(gcp, at, name).await?;
    let mode = text(&found["autoscalingPolicy"], "mode").unwrap_or("ON");
    Ok(Sight::there(json!({"id": number(&found["id"]), "mode": mode}), mode == wanted))
}

async fn running(gcp: &Gcp, at: &Place, id: &str, wanted: bool) -> Result<Sight, CloudError> {
    let found = instance(gcp, at, id).await?;
    let is_done = match wanted {
        true => text(&found, "status") == Some("RUNNING"),
        false => is_stopped(&found),
    };
    Ok(Sight::there(json!({"status": settled(&found)}), is_done))
}

/// What an instance is, without the moments between: those change by themselves between plan and call.
fn settled(instance: &Value) -> &'static str {
    if is_stopped(instance) { "TERMINATED" } else { "RUNNING" }
}

async fn member(gcp: &Gcp, at: &Place, group: &str, id: &str, wanted: bool) -> Result<Sight, CloudError> {
    let found = instance(gcp, at, id).await?;
    let is_done = match wanted {
        true => text(&found, "status") == Some("RUNNING"),
        false => is_stopped(&found),
    };
    Ok(Sight::there(json!({"status": settled(&found), "group": name(group)}), is_done))
}

async fn rule_is(gcp: &Gcp, at: &Place, id: &str, wanted: bool) -> Result<Sight, CloudError> {
    let is_off = firewall(gcp, at, id).await?["disabled"].as_bool().unwrap_or_default();
    Ok(Sight::there(json!({"disabled": is_off}), is_off == wanted))
}

async fn protection(gcp: &Gcp, at: &Place, id: &str, wanted: bool) -> Result<Sight, CloudError> {
    let is_on = instance(gcp, at, id).await?["deletionProtection"].as_bool().unwrap_or_default();
    Ok(Sight::there(json!({"protected": is_on}), is_on == wanted))
}

pub(in super::super) async fn perform(
    gcp: &Gcp,
    at: &Place,
    change: &ComputeChange,
) -> Result<Receipt, CloudError> {
    match change {
        TurnOffAutoscaler { name } => groups::set_mode(gcp, at, name, "OFF").await,
        SetAutoscalerMode { name, mode } => groups::set_mode(gcp, at, name, mode).await,
        DeleteAutoscaler { name } => groups::delete_autoscaler(gcp, at, name).await,
        RecreateAutoscaler { config, .. } => groups::recreate(gcp, at, config).await,
        StopInstance { id } => {
            let found = instance(gcp, at, id).await?;
            let mut ask = on(at, id, "compute.instances.stop", "projects/{}/zones/{}/instances/{}/stop")?
                .with("noGracefulShutdown", true);
            // Google wants to hear that what is on them is lost.
            if found["disks"].as_array().into_iter().flatten().any(|disk| disk["type"] == "SCRATCH") {
                ask = ask.with("discardLocalSsd", true);
            }
            match gcp.compute(ask.clone()).await {
                // Some machines know no other shutdown.
                Err(error) if error.refusal == Refusal::Invalid => {
                    gcp.compute(ask.with("noGracefulShutdown", false)).await
                }
                done => done,
            }
        }
        StartInstance { id } => {
            gcp.compute(on(at, id, "compute.instances.start", "projects/{}/zones/{}/instances/{}/start")?)
                .await
        }
        StopGroupMember { group, id } => through(gcp, at, group, id, true).await,
        StartGroupMember { group, id } => through(gcp, at, group, id, false).await,
        SnapshotInstance { id } => keep(gcp, at, id).await,
        DetachExternalAddresses { id } => detach(gcp, at, id).await,
        AttachExternalAddresses { id, configs } => attach(gcp, at, id, configs).await,
        DenyEgressOf { network } => deny(gcp, at, network).await,
        AllowEgressOf { network } => {
            let call = "compute.firewalls.delete";
            let template = "projects/{}/global/firewalls/{}";
            gcp.compute(Ask::new(
                call,
                at,
                Method::DELETE,
                COMPUTE,
                template,
                &[&at.account, &rule(network)],
            )?)
            .await
        }
        IsolateInstance { id } => retag(gcp, at, id, true).await,
        RejoinInstance { id } => retag(gcp, at, id, false).await,
        DisableFirewall { id } => switch(gcp, at, id, true).await,
        EnableFirewall { id } => switch(gcp, at, id, false).await,
        UnshareCompute { of, id, members } => {
            let is = |_: &str, one: &str| members.iter().any(|member| policy::is_member(one, member));
            policy::edit(gcp, at, &home(*of, at, id), |policy| policy::remove(policy, is)).await
        }
        ShareComputeAgain { of, id, bindings } => {
            policy::edit(gcp, at, &home(*of, at, id), |policy| policy::add(policy, bindings)).await
        }
        RemoveInstanceSshKeys { id, .. } => metadata::of_instance(gcp, at, id, &[]).await,
        RestoreInstanceSshKeys { id, keys, .. } => metadata::of_instance(gcp, at, id, keys).await,
        RemoveProjectSshKeys { project, .. } => metadata::set_project(gcp, at, project, &[]).await,
        RestoreProjectSshKeys { project, keys, .. } => metadata::set_project(gcp, at, project, keys).await,
        UnprotectInstance { id } => protect(gcp, at, id, false).await,
        ProtectInstance { id } => protect(gcp, at, id, true).await,
        DeleteComputeInstance { id } => {
            let call = "compute.instances.delete";
            let template = "projects/{}/zones/{}/instances/{}";
            gcp.compute(Ask::new(
                call,
                at,
                Method::DELETE,
                COMPUTE,
                template,
                &[&at.account, &at.region, id],
            )?)
            .await
        }
        DeleteInstanceGroup { id } => groups::delete(gcp, at, id).await,
        DeleteInstanceTemplate { id } => {
            let call = "compute.instanceTemplates.delete";
            let template = "projects/{}/global/instanceTemplates/{}";
            gcp.compute(Ask::new(call, at, Method::DELETE, COMPUTE, template, &[&at.account, id])?).await
        }
    }
}

/// A call on an instance.
fn on(at: &Place, id: &str, call: &'static str, template: &'static str) -> Result<Ask, CloudError> {
    Ask::post(call, at, COMPUTE, template, &[&at.account, &at.region, id])
}

/// An instance by number, never its namesake.
pub(super) async fn instance(gcp: &Gcp, at: &Place, id: &str) -> Result<Value, CloudError> {
    let call = "compute.instances.get";
    let ask =
        Ask::get(call, at, COMPUTE, "projects/{}/zones/{}/instances/{}", &[&at.account, &at.region, id])?;
    same(gcp.rest.json(&ask).await?, id, call, at)
}

/// What was asked for by number must be what comes.
fn same(found: Value, id: &str, call: &'static str, at: &Place) -> Result<Value, CloudError> {
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match number(&found["id"]) {
        Some(it) if is_number && it != id => {
            Err(CloudError::new(Refusal::NotFound, call, at, None, "what has its name now is another"))
        }
        _ => Ok(found),
    }
}

async fn through(gcp: &Gcp, at: &Place, group: &str, id: &str, stops: bool) -> Result<Receipt, CloudError> {
    let call = "compute.instanceGroupManagers.stopInstances";
    let machine = instance(gcp, at, id).await?;
    let found = groups::group_of(&machine).ok_or_else(|| not_answered(call, at, "group of the instance"))?;
    if !groups::is_it(&groups::group(gcp, at, &found).await?, group) {
        return Err(CloudError::new(
            Refusal::Protected,
            call,
            at,
            None,
            "it belongs to another group than was planned",
        ));
    }
    groups::switch(gcp, at, &machine, &found, stops).await
}

// ---- Disks

/// Disks that outlive a stop, by name; local ones hold nothing that could be kept.
fn lasting(instance: &Value) -> Vec<String> {
    let disks = instance["disks"].as_array().into_iter().flatten();
    let lasting = disks.filter(|disk| disk["type"] != "SCRATCH");
    lasting.filter_map(|disk| text(disk, "source")).map(|source| name(source).to_owned()).collect()
}

/// One name for one disk of one case, so that a second run finds the first one's.
fn snapshot_name(gcp: &Gcp, id: &str, disk: &str) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(format!("{}/{id}/{disk}", gcp.case).as_bytes());
    let hex: String = hash.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("triage-{hex}")
}

async fn snapshot(gcp: &Gcp, at: &Place, name: &str) -> Result<Value, CloudError> {
    let ask = Ask::get(
        "compute.snapshots.get",
        at,
        COMPUTE,
        "projects/{}/global/snapshots/{}",
        &[&at.account, name],
    )?;
    gcp.rest.json(&ask).await
}

async fn keep(gcp: &Gcp, at: &Place, id: &str) -> Result<Receipt, CloudError> {
    let call = "compute.snapshots.insert";
    let machine = instance(gcp, at, id).await?;
    let mut done = Receipt::default();
    for disk in machine["disks"].as_array().into_iter().flatten().filter(|disk| disk["type"] != "SCRATCH") {
        let Some(source) = text(disk, "source") else { continue };
        let own = snapshot_name(gcp, id, name(source));
        if or_missing(snapshot(gcp, at, &own).await)?.is_some() {
            continue;
        }
        let from = source.find("projects/").map_or(source, |from| &source[from..]);
        let body = json!({
            "name": own, "sourceDisk": from, "description": format!("triage case {}", gcp.case),
            "labels": {"triage-case": label(&gcp.case), "triage-instance": label(id)},
        });
        let ask = Ask::post(call, at, COMPUTE, "projects/{}/global/snapshots", &[&at.account])?.body(body);
        let made = gcp.compute(ask).await?;
        done.request_id = made.request_id;
        done.made.push(own);
    }
    Ok(done)
}

/// A label's value: small letters, digits, `-` and `_`, at most 63.
fn label(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' { c } else { '-' };
    text.to_ascii_lowercase().chars().map(fits).take(63).collect()
}

// ---- Network

fn configs(instance: &Value) -> Vec<AccessConfig> {
    let mut configs = Vec::new();
    for interface in instance["networkInterfaces"].as_array().into_iter().flatten() {
        let Some(nic) = text(interface, "name") else { continue };
        for config in interface["accessConfigs"].as_array().into_iter().flatten() {
            configs.push(AccessConfig {
                interface: nic.into(),
                name: text(config, "name").unwrap_or("External NAT").into(),
                address: text(config, "natIP").map(Arc::from),
                tier: text(config, "networkTier").map(Arc::from),
            });
        }
    }
    configs
}

async fn detach(gcp: &Gcp, at: &Place, id: &str) -> Result<Receipt, CloudError> {
    let mut done = Receipt::default();
    for config in configs(&instance(gcp, at, id).await?) {
        let template = "projects/{}/zones/{}/instances/{}/deleteAccessConfig";
        let ask = on(at, id, "compute.instances.deleteAccessConfig", template)?
            .with("accessConfig", &config.name)
            .with("networkInterface", &config.interface);
        done = gcp.compute(ask).await?;
    }
    Ok(done)
}

async fn attach(gcp: &Gcp, at: &Place, id: &str, wanted: &[AccessConfig]) -> Result<Receipt, CloudError> {
    let now = configs(&instance(gcp, at, id).await?);
    let mut done = Receipt::default();
    for config in wanted.iter().filter(|one| !now.iter().any(|other| other.interface == one.interface)) {
        let ask = |address: Option<&str>| {
            let mut body = json!({"name": &*config.name, "type": "ONE_TO_ONE_NAT"});
            if let Some(tier) = &config.tier {
                body["networkTier"] = (**tier).into();
            }
            if let Some(address) = address {
                body["natIP"] = address.into();
            }
            let template = "projects/{}/zones/{}/instances/{}/addAccessConfig";
            on(at, id, "compute.instances.addAccessConfig", template)
                .map(|ask| ask.with("networkInterface", &config.interface).body(body))
        };
        done = match gcp.compute(ask(config.address.as_deref())?).await {
            // It was nobody's own: it went back to Google, and another comes.
            Err(error)
                if matches!(error.refusal, Refusal::Invalid | Refusal::NotFound | Refusal::Protected) =>
            {
                gcp.compute(ask(None)?).await?
            }
            answer => answer?,
        };
    }
    Ok(done)
}

fn tags(instance: &Value) -> Vec<String> {
    let tags = instance["tags"]["items"].as_array().into_iter().flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn retag(gcp: &Gcp, at: &Place, id: &str, isolates: bool) -> Result<Receipt, CloudError> {
    let machine = instance(gcp, at, id).await?;
    let mut items = tags(&machine);
    items.retain(|tag| tag != TAG);
    if isolates {
        items.push(TAG.to_owned());
    }
    let body = json!({"items": items, "fingerprint": machine["tags"]["fingerprint"]});
    let template = "projects/{}/zones/{}/instances/{}/setTags";
    gcp.compute(on(at, id, "compute.instances.setTags", template)?.body(body)).await
}

/// Our own rule of a network: one for each.
fn rule(network: &str) -> String {
    let name: String = name(network).chars().take(40).collect();
    format!("{RULE}{name}")
}

async fn deny(gcp: &Gcp, at: &Place, network: &str) -> Result<Receipt, CloudError> {
    let body = json!({
        "name": rule(network), "network": format!("projects/{}/global/networks/{}", at.account, name(network)),
        "direction": "EGRESS", "priority": 0, "denied": [{"IPProtocol": "all"}], "destinationRanges": ["0.0.0.0/0"],
        "targetTags": [TAG], "description": format!("triage case {}", gcp.case),
    });
    let call = "compute.firewalls.insert";
    gcp.compute(Ask::post(call, at, COMPUTE, "projects/{}/global/firewalls", &[&at.account])?.body(body))
        .await
}

async fn firewall(gcp: &Gcp, at: &Place, id: &str) -> Result<Value, CloudError> {
    let call = "compute.firewalls.get";
    let ask = Ask::get(call, at, COMPUTE, "projects/{}/global/firewalls/{}", &[&at.account, id])?;
    same(gcp.rest.json(&ask).await?, id, call, at)
}

async fn switch(gcp: &Gcp, at: &Place, id: &str, disabled: bool) -> Result<Receipt, CloudError> {
    let call = "compute.firewalls.patch";
    let template = "projects/{}/global/firewalls/{}";
    let ask = Ask::new(call, at, Method::PATCH, COMPUTE, template, &[&at.account, id])?;
    gcp.compute(ask.body(json!({"disabled": disabled}))).await
}

async fn template(gcp: &Gcp, at: &Place, id: &str) -> Result<Value, CloudError> {
    let call = "compute.instanceTemplates.get";
    let ask = Ask::get(call, at, COMPUTE, "projects/{}/global/instanceTemplates/{}", &[&at.account, id])?;
    same(gcp.rest.json(&ask).await?, id, call, at)
}

async fn protect(gcp: &Gcp, at: &Place, id: &str, wanted: bool) -> Result<Receipt, CloudError> {
    let template = "projects/{}/zones/{}/instances/{}/setDeletionProtection";
    let ask = on(at, id, "compute.instances.setDeletionProtection", template)?;
    gcp.compute(ask.with("deletionProtection", wanted)).await
}

// ---- Sharing

fn home(of: ShareOf, at: &Place, id: &str) -> Home {
    let id = id.to_owned();
    match of {
        ShareOf::Image => Home::of_compute(
            ("compute.images.getIamPolicy", "compute.images.setIamPolicy"),
            ("projects/{}/global/images/{}/getIamPolicy", "projects/{}/global/images/{}/setIamPolicy"),
            vec![at.account.to_string(), id],
        ),
        ShareOf::Snapshot => Home::of_compute(
            ("compute.snapshots.getIamPolicy", "compute.snapshots.setIamPolicy"),
            ("projects/{}/global/snapshots/{}/getIamPolicy", "projects/{}/global/snapshots/{}/setIamPolicy"),
            vec![at.account.to_string(), id],
        ),
        ShareOf::Disk => Home::of_compute(
            ("compute.disks.getIamPolicy", "compute.disks.setIamPolicy"),
            ("projects/{}/zones/{}/disks/{}/getIamPolicy", "projects/{}/zones/{}/disks/{}/setIamPolicy"),
            vec![at.account.to_string(), at.region.to_string(), id],
        ),
    }
}
