//! EC2's answers → [`Observed`], as the recorded inventory reads them (`read::inventory`).

use super::shared::time;
use crate::catalog::aws;
use crate::cloud::aws::each::tags;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Time};
use aws_sdk_ec2::types::{
    Address, FleetData, Image, Instance, KeyPairInfo, LaunchTemplate, NetworkInterface, SecurityGroup,
    Snapshot, SpotFleetRequestConfig, SpotInstanceRequest, Tag, Volume,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in crate::cloud::aws) fn one(at: &Place, kind: &'static str, id: &str, state: State) -> Observed {
    Observed {
        resource: ResourceRef {
            kind,
            id: id.into(),
            names: Vec::new(),
            account: at.account.clone(),
            region: at.region.clone(),
            launcher: None,
        },
        at: Time::now(),
        state,
        created_at: None,
        held_by: Vec::new(),
        made_by: None,
        identity: None,
        details: BTreeMap::new(),
    }
}

/// One answer for each that was wanted, in that order; what was not found is gone. `found` was asked for by id, whole.
pub(in crate::cloud::aws) fn answered(
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
    found: Vec<Observed>,
) -> Vec<Observed> {
    let found: BTreeMap<Arc<str>, Observed> =
        found.into_iter().map(|one| (one.resource.id.clone(), one)).collect();
    let answer = |want: &ResourceRef| {
        let seen = want.all_names().find_map(|name| found.get(name).cloned());
        seen.unwrap_or_else(|| one(at, kind, &want.id, State::Gone))
    };
    wanted.iter().map(answer).collect()
}

pub(in crate::cloud::aws) fn tell(one: &mut Observed, word: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        one.details.insert(word.into(), text.into());
    }
}

/// Launchers that its tags name, and all of its tags.
pub(super) fn tell_tags(one: &mut Observed, found: &[Tag]) {
    let spelled: Vec<_> = found.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect();
    one.held_by.extend(aws::launchers(&json!({ "Tags": spelled }), "", "Tags[]"));
    tags(
        one,
        found.iter().filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))),
    );
}

fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key.as_deref() == Some(key)).and_then(|tag| tag.value.as_deref())
}

pub(super) fn instance(at: &Place, instance: &Instance) -> Option<Observed> {
    let state = match super::instances::state(instance) {
        "pending" | "running" => State::Running,
        "stopping" | "stopped" => State::Stopped,
        "shutting-down" | "terminated" => State::Gone,
        _ => State::Unknown,
    };
    let mut seen = one(at, "aws.ec2.instance", instance.instance_id.as_deref()?, state);
    let tags = instance.tags.as_deref().unwrap_or_default();
    seen.created_at = instance.launch_time.as_ref().and_then(time);
    tell_tags(&mut seen, tags);
    seen.held_by.extend(instance.spot_instance_request_id.as_deref().map(Arc::from));
    let profile = instance.iam_instance_profile.as_ref().and_then(|profile| profile.arn.as_deref());
    seen.identity = profile.map(Arc::from);
    let placement = instance.placement.as_ref();
    let operator = instance.operator.as_ref().filter(|operator| operator.managed == Some(true));
    for (word, text) in [
        ("type", instance.instance_type.as_ref().map(|kind| kind.as_str())),
        ("az", placement.and_then(|placement| placement.availability_zone.as_deref())),
        ("image", instance.image_id.as_deref()),
        ("key_name", instance.key_name.as_deref()),
        ("lifecycle", instance.instance_lifecycle.as_ref().map(|kind| kind.as_str())),
        ("root_device", instance.root_device_type.as_ref().map(|kind| kind.as_str())),
        ("profile", profile),
        ("launch_template", tag(tags, "aws:ec2launchtemplate:id")),
        ("asg", tag(tags, "aws:autoscaling:groupName")),
        ("public_ip", instance.public_ip_address.as_deref()),
        ("vpc", instance.vpc_id.as_deref()),
        ("operator", operator.map(|operator| operator.principal.as_deref().unwrap_or("a service"))),
    ] {
        tell(&mut seen, word, text);
    }
    if instance.hibernation_options.as_ref().and_then(|one| one.configured) == Some(true) {
        tell(&mut seen, "hibernate", Some("true"));
    }
    Some(seen)
}

pub(super) fn spot_request(at: &Place, request: &SpotInstanceRequest) -> Option<Observed> {
    let state = match request.state.as_ref().map(|state| state.as_str()) {
        Some("open" | "active") => State::Running,
        Some("disabled") => State::Stopped,
        Some("closed" | "cancelled" | "failed") => State::Gone,
        Some(_) | None => State::Unknown,
    };
    let mut seen = one(at, "aws.ec2.spot_request", request.spot_instance_request_id.as_deref()?, state);
    seen.created_at = request.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, request.tags.as_deref().unwrap_or_default());
    tell(&mut seen, "spot_type", request.r#type.as_ref().map(|kind| kind.as_str()));
    tell(&mut seen, "instance", request.instance_id.as_deref());
    let template = request.launch_specification.as_ref();
    tell(&mut seen, "image", template.and_then(|template| template.image_id.as_deref()));
    tell(&mut seen, "key_name", template.and_then(|template| template.key_name.as_deref()));
    Some(seen)
}

/// What is over launches nothing; what has no capacity can be given some again.
fn launching(state: &str, capacity: Option<i32>) -> State {
    match state {
        "cancelled" | "deleted" | "failed" => State::Gone,
        // It launches no more, and its machines go on.
        state if state.starts_with("cancelled") || state.starts_with("deleted") => State::Stopped,
        "" => State::Unknown,
        _ if capacity == Some(0) => State::Stopped,
        _ => State::Running,
    }
}

pub(super) fn spot_fleet(at: &Place, fleet: &SpotFleetRequestConfig) -> Option<Observed> {
    let config = fleet.spot_fleet_request_config.as_ref();
    let capacity = config.and_then(|config| config.target_capacity);
    let state = fleet.spot_fleet_request_state.as_ref().map_or("", |state| state.as_str());
    let id = fleet.spot_fleet_request_id.as_deref()?;
    let mut seen = one(at, "aws.ec2.spot_fleet", id, launching(state, capacity));
    seen.created_at = fleet.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, fleet.tags.as_deref().unwrap_or_default());
    let kind = config.and_then(|config| config.r#type.as_ref()).map(|kind| kind.as_str());
    tell(&mut seen, "fleet_type", kind);
    tell(&mut seen, "capacity", capacity.map(|number| number.to_string()).as_deref());
    let configs = config.and_then(|config| config.launch_template_configs.as_deref()).unwrap_or_default();
    let template = configs.iter().find_map(|config| config.launch_template_specification.as_ref());
    tell(&mut seen, "launch_template", template.and_then(|one| one.launch_template_id.as_deref()));
    let plain = config.and_then(|config| config.launch_specifications.as_deref()).unwrap_or_default();
    tell(&mut seen, "image", plain.iter().find_map(|one| one.image_id.as_deref()));
    tell(&mut seen, "key_name", plain.iter().find_map(|one| one.key_name.as_deref()));
    Some(seen)
}

pub(super) fn fleet(at: &Place, fleet: &FleetData) -> Option<Observed> {
    let capacity = fleet.target_capacity_specification.as_ref().and_then(|one| one.total_target_capacity);
    let state = fleet.fleet_state.as_ref().map_or("", |state| state.as_str());
    let mut seen = one(at, "aws.ec2.fleet", fleet.fleet_id.as_deref()?, launching(state, capacity));
    seen.created_at = fleet.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, fleet.tags.as_deref().unwrap_or_default());
    tell(&mut seen, "fleet_type", fleet.r#type.as_ref().map(|kind| kind.as_str()));
    tell(&mut seen, "capacity", capacity.map(|number| number.to_string()).as_deref());
    let configs = fleet.launch_template_configs.as_deref().unwrap_or_default();
    let template = configs.iter().find_map(|config| config.launch_template_specification.as_ref());
    tell(&mut seen, "launch_template", template.and_then(|one| one.launch_template_id.as_deref()));
    Some(seen)
}

pub(super) fn template(at: &Place, found: &LaunchTemplate) -> Option<Observed> {
    let mut seen = one(at, "aws.ec2.launch_template", found.launch_template_id.as_deref()?, State::Running);
    seen.resource.names.extend(found.launch_template_name.as_deref().map(Arc::from));
    seen.created_at = found.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    let operator = found.operator.as_ref().filter(|operator| operator.managed == Some(true));
    let operator = operator.map(|operator| operator.principal.as_deref().unwrap_or("a service"));
    tell(&mut seen, "operator", operator);
    Some(seen)
}

pub(super) fn group(at: &Place, found: &SecurityGroup) -> Option<Observed> {
    let mut seen = one(at, "aws.ec2.security_group", found.group_id.as_deref()?, State::Running);
    seen.resource.names.extend(found.group_name.as_deref().map(Arc::from));
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    let rules = |rules: &Option<Vec<_>>| rules.as_ref().map_or(0, Vec::len).to_string();
    tell(&mut seen, "rules_in", Some(&rules(&found.ip_permissions)));
    tell(&mut seen, "rules_out", Some(&rules(&found.ip_permissions_egress)));
    tell(&mut seen, "vpc", found.vpc_id.as_deref());
    Some(seen)
}

pub(super) fn key_pair(at: &Place, found: &KeyPairInfo) -> Option<Observed> {
    let mut seen = one(at, "aws.ec2.key_pair", found.key_pair_id.as_deref()?, State::Running);
    seen.resource.names.extend(found.key_name.as_deref().map(Arc::from));
    seen.created_at = found.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    let is_read = found.public_key.as_deref().is_some_and(|key| !key.trim().is_empty());
    tell(&mut seen, "public_key", Some(if is_read { "read" } else { "unreadable" }));
    tell(&mut seen, "fingerprint", found.key_fingerprint.as_deref());
    Some(seen)
}

pub(super) fn snapshot(at: &Place, found: &Snapshot) -> Option<Observed> {
    let mut seen = one(at, "aws.ec2.snapshot", found.snapshot_id.as_deref()?, State::Running);
    seen.created_at = found.start_time.as_ref().and_then(time);
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    tell(&mut seen, "volume", found.volume_id.as_deref());
    tell(&mut seen, "gib", found.volume_size.map(|size| size.to_string()).as_deref());
    tell(&mut seen, "kms_key", found.kms_key_id.as_deref());
    tell(&mut seen, "status", found.state.as_ref().map(|state| state.as_str()));
    Some(seen)
}

pub(super) fn image(at: &Place, found: &Image) -> Option<Observed> {
    let state = match found.state.as_ref().map(|state| state.as_str()) {
        Some("deregistered") => State::Gone,
        _ => State::Running,
    };
    let mut seen = one(at, "aws.ec2.image", found.image_id.as_deref()?, state);
    seen.resource.names.extend(found.name.as_deref().map(Arc::from));
    seen.created_at = found.creation_date.as_deref().and_then(crate::model::time::parse);
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    tell(&mut seen, "public", found.public.map(|public| public.to_string()).as_deref());
    Some(seen)
}

pub(super) fn volume(at: &Place, found: &Volume) -> Option<Observed> {
    let state = match found.state.as_ref().map(|state| state.as_str()) {
        Some("deleting" | "deleted") => State::Gone,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = one(at, "aws.ec2.volume", found.volume_id.as_deref()?, state);
    seen.created_at = found.create_time.as_ref().and_then(time);
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    let attached = found.attachments.iter().flatten().find_map(|one| one.instance_id.as_deref());
    tell(&mut seen, "attached_to", attached);
    tell(&mut seen, "snapshot", found.snapshot_id.as_deref());
    tell(&mut seen, "type", found.volume_type.as_ref().map(|kind| kind.as_str()));
    tell(&mut seen, "gib", found.size.map(|size| size.to_string()).as_deref());
    Some(seen)
}

pub(super) fn interface(at: &Place, found: &NetworkInterface) -> Option<Observed> {
    let id = found.network_interface_id.as_deref()?;
    let mut seen = one(at, "aws.ec2.network_interface", id, State::Running);
    tell_tags(&mut seen, found.tag_set.as_deref().unwrap_or_default());
    let attachment = found.attachment.as_ref();
    tell(&mut seen, "attached_to", attachment.and_then(|one| one.instance_id.as_deref()));
    tell(&mut seen, "attachment", attachment.and_then(|one| one.attachment_id.as_deref()));
    let public = found.association.as_ref().and_then(|one| one.public_ip.as_deref());
    tell(&mut seen, "public_ip", public);
    Some(seen)
}

pub(super) fn address(at: &Place, found: &Address) -> Option<Observed> {
    let mut seen = one(at, "aws.ec2.elastic_ip", found.allocation_id.as_deref()?, State::Running);
    seen.resource.names.extend(found.public_ip.as_deref().map(Arc::from));
    tell_tags(&mut seen, found.tags.as_deref().unwrap_or_default());
    tell(&mut seen, "public_ip", found.public_ip.as_deref());
    tell(&mut seen, "attached_to", found.instance_id.as_deref().or(found.network_interface_id.as_deref()));
    Some(seen)
}
