//! EC2's answers → [`Observed`], as the recorded inventory reads them (`read::inventory`).

use super::shared::time;
use crate::catalog::aws;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Time};
use aws_sdk_ec2::types::{Instance, SpotInstanceRequest, Tag};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many tags a reader is told.
const TAGS: usize = 12;

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

/// Launchers that its tags name; its own name and what AWS itself wrote, for the reader.
pub(super) fn tell_tags(one: &mut Observed, tags: &[Tag]) {
    let spelled: Vec<_> = tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect();
    one.held_by.extend(aws::launchers(&json!({ "Tags": spelled }), "", "Tags[]"));
    let told = |key: &&str| *key == "Name" || key.starts_with("aws:");
    let mut shown = 0;
    for tag in tags {
        let Some(key) = tag.key.as_deref().filter(told) else { continue };
        if shown < TAGS {
            tell(one, &format!("tag:{key}"), tag.value.as_deref());
            shown += 1;
        }
    }
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
    tell(&mut seen, "spot_type", request.r#type.as_ref().map(|kind| kind.as_str()));
    tell(&mut seen, "instance", request.instance_id.as_deref());
    let template = request.launch_specification.as_ref();
    tell(&mut seen, "image", template.and_then(|template| template.image_id.as_deref()));
    tell(&mut seen, "key_name", template.and_then(|template| template.key_name.as_deref()));
    Some(seen)
}
