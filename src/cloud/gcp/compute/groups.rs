//! Managed groups and their autoscalers: zonal or regional, found by where they are.

use super::super::Gcp;
use super::super::each::{name, not_answered, number, or_none, text};
use super::super::endpoints::COMPUTE;
use super::super::rest::Ask;
use super::seen::{GROUP, LISTS, not_whole};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::Place;
use reqwest::Method;
use serde_json::{Value, json};

/// Whether a place is a zone (`us-east1-b`) and not a region (`us-east1`).
pub(super) fn is_zone(place: &str) -> bool {
    place
        .rsplit('-')
        .next()
        .is_some_and(|last| last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// The group that holds an instance, as the instance itself says: `zones/Z/…` or `regions/R/…`, and its name.
pub(super) fn group_of(instance: &Value) -> Option<(bool, String, String)> {
    let items = instance["metadata"]["items"].as_array()?;
    let by =
        items.iter().find(|entry| entry["key"] == "created-by").and_then(|entry| text(entry, "value"))?;
    let parts: Vec<&str> = by.split('/').collect();
    match parts[..] {
        ["projects", _, scope @ ("zones" | "regions"), place, "instanceGroupManagers", name] => {
            Some((scope == "zones", place.to_owned(), name.to_owned()))
        }
        _ => None,
    }
}

/// A group, by the place that its member says; it must be the one that is meant.
pub(super) async fn group(
    gcp: &Gcp,
    at: &Place,
    found: &(bool, String, String),
) -> Result<Value, CloudError> {
    let (is_zonal, place, name) = found;
    let ask = match is_zonal {
        true => Ask::get(
            "compute.instanceGroupManagers.get",
            at,
            COMPUTE,
            "projects/{}/zones/{}/instanceGroupManagers/{}",
            &[&at.account, place, name],
        ),
        false => Ask::get(
            "compute.regionInstanceGroupManagers.get",
            at,
            COMPUTE,
            "projects/{}/regions/{}/instanceGroupManagers/{}",
            &[&at.account, place, name],
        ),
    };
    gcp.rest.json(&ask?).await
}

/// Whether a group is the one that a plan means, by number or else by name.
pub(super) fn is_it(group: &Value, wanted: &str) -> bool {
    let wanted = name(wanted);
    number(&group["id"]).as_deref() == Some(wanted) || text(group, "name") == Some(wanted)
}

/// The call that stops or starts members of a group; which ones stands in its body.
pub(super) fn switching(at: &Place, group: &(bool, String, String), stops: bool) -> Result<Ask, CloudError> {
    let (is_zonal, place, name) = group;
    let (call, template) = match (is_zonal, stops) {
        (true, true) => (
            "compute.instanceGroupManagers.stopInstances",
            "projects/{}/zones/{}/instanceGroupManagers/{}/stopInstances",
        ),
        (true, false) => (
            "compute.instanceGroupManagers.startInstances",
            "projects/{}/zones/{}/instanceGroupManagers/{}/startInstances",
        ),
        (false, true) => (
            "compute.regionInstanceGroupManagers.stopInstances",
            "projects/{}/regions/{}/instanceGroupManagers/{}/stopInstances",
        ),
        (false, false) => (
            "compute.regionInstanceGroupManagers.startInstances",
            "projects/{}/regions/{}/instanceGroupManagers/{}/startInstances",
        ),
    };
    Ask::post(call, at, COMPUTE, template, &[&at.account, place, name])
}

/// Stops or starts one member through its group.
pub(super) async fn switch(
    gcp: &Gcp,
    at: &Place,
    instance: &Value,
    found: &(bool, String, String),
    stops: bool,
) -> Result<Receipt, CloudError> {
    let ask = switching(at, found, stops)?;
    let lacks = || not_answered(ask.call, at, "selfLink of the instance");
    let link = text(instance, "selfLink").ok_or_else(lacks)?;
    let from = link.find("projects/").ok_or_else(lacks)?;
    let mut body = json!({"instances": [&link[from..]]});
    if stops {
        body["forceStop"] = true.into();
    }
    gcp.compute(ask.body(body)).await
}

pub(super) async fn autoscaler(gcp: &Gcp, at: &Place, name: &str) -> Result<Value, CloudError> {
    let (call, template) = match is_zone(&at.region) {
        true => ("compute.autoscalers.get", "projects/{}/zones/{}/autoscalers/{}"),
        false => ("compute.regionAutoscalers.get", "projects/{}/regions/{}/autoscalers/{}"),
    };
    gcp.rest.json(&Ask::get(call, at, COMPUTE, template, &[&at.account, &at.region, name])?).await
}

pub(super) async fn set_mode(gcp: &Gcp, at: &Place, wanted: &str, mode: &str) -> Result<Receipt, CloudError> {
    // The call wants its name; the number that we go by could be a namesake's later, so both are read together.
    let found = autoscaler(gcp, at, wanted).await?;
    let (call, template) = match is_zone(&at.region) {
        true => ("compute.autoscalers.patch", "projects/{}/zones/{}/autoscalers"),
        false => ("compute.regionAutoscalers.patch", "projects/{}/regions/{}/autoscalers"),
    };
    let name = text(&found, "name").ok_or_else(|| not_answered(call, at, "name"))?;
    let ask = Ask::new(call, at, Method::PATCH, COMPUTE, template, &[&at.account, &at.region])?
        .with("autoscaler", name)
        .body(json!({"autoscalingPolicy": {"mode": mode}}));
    gcp.compute(ask).await
}

/// What an autoscaler is made again from, and the number of the group that it scales.
pub(super) async fn config(gcp: &Gcp, at: &Place, found: &Value) -> Result<Value, CloudError> {
    let target = text(found, "target").and_then(|url| url.find("projects/").map(|from| &url[from..]));
    let Some(target) = target else { return Err(not_answered("compute.autoscalers.get", at, "target")) };
    let group = or_none(group(gcp, at, &scaled(at, target)).await)?;
    let mut body =
        json!({"name": found["name"], "target": target, "autoscalingPolicy": found["autoscalingPolicy"]});
    if let Some(description) = text(found, "description") {
        body["description"] = description.into();
    }
    Ok(json!({"autoscaler": body, "group": group.and_then(|group| number(&group["id"]))}))
}

/// The group that an autoscaler scales lies where it does.
fn scaled(at: &Place, target: &str) -> (bool, String, String) {
    (is_zone(&at.region), at.region.to_string(), name(target).to_owned())
}

/// Whether the group that an autoscaler was deleted from has one of its name again; without that group it is not found.
pub(super) async fn is_scaled(gcp: &Gcp, at: &Place, config: &str) -> Result<bool, CloudError> {
    let (body, wanted) = read(at, config)?;
    let target = text(&body, "target").unwrap_or_default();
    let held = group(gcp, at, &scaled(at, target)).await?;
    if number(&held["id"]) != wanted {
        let why = "the group that has its name now is another";
        return Err(CloudError::new(Refusal::NotFound, "compute.instanceGroupManagers.get", at, None, why));
    }
    let called = text(&body, "name").unwrap_or_default();
    let found = or_none(autoscaler(gcp, at, called).await)?;
    Ok(found.is_some_and(|one| text(&one, "target").map(name) == Some(name(target))))
}

pub(super) async fn recreate(gcp: &Gcp, at: &Place, config: &str) -> Result<Receipt, CloudError> {
    let (call, template) = match is_zone(&at.region) {
        true => ("compute.autoscalers.insert", "projects/{}/zones/{}/autoscalers"),
        false => ("compute.regionAutoscalers.insert", "projects/{}/regions/{}/autoscalers"),
    };
    let (body, _) = read(at, config)?;
    gcp.compute(Ask::post(call, at, COMPUTE, template, &[&at.account, &at.region])?.body(body)).await
}

/// What [`config`] wrote: the autoscaler, and the number of its group.
fn read(at: &Place, config: &str) -> Result<(Value, Option<String>), CloudError> {
    let saved: Value = serde_json::from_str(config).unwrap_or_default();
    match saved["autoscaler"].is_object() && saved["group"].is_string() {
        true => Ok((saved["autoscaler"].clone(), number(&saved["group"]))),
        false => {
            let why = "the saved autoscaler has no group, or can't be read";
            Err(CloudError::new(Refusal::Invalid, "compute.autoscalers.insert", at, None, why))
        }
    }
}

pub(super) async fn delete_autoscaler(gcp: &Gcp, at: &Place, id: &str) -> Result<Receipt, CloudError> {
    let (call, template) = match is_zone(&at.region) {
        true => ("compute.autoscalers.delete", "projects/{}/zones/{}/autoscalers/{}"),
        false => ("compute.regionAutoscalers.delete", "projects/{}/regions/{}/autoscalers/{}"),
    };
    let ids = [&*at.account, &*at.region, id];
    gcp.compute(Ask::new(call, at, Method::DELETE, COMPUTE, template, &ids)?).await
}

/// Deletes a group and its machines.
pub(super) async fn delete(gcp: &Gcp, at: &Place, id: &str) -> Result<Receipt, CloudError> {
    let (call, template) = match is_zone(&at.region) {
        true => ("compute.instanceGroupManagers.delete", "projects/{}/zones/{}/instanceGroupManagers/{}"),
        false => {
            ("compute.regionInstanceGroupManagers.delete", "projects/{}/regions/{}/instanceGroupManagers/{}")
        }
    };
    let found = by_place(gcp, at, id).await?;
    let called = text(&found, "name").ok_or_else(|| not_answered(call, at, "name"))?;
    let ids = [&*at.account, &*at.region, called];
    gcp.compute(Ask::new(call, at, Method::DELETE, COMPUTE, template, &ids)?).await
}

/// A group of this place. Paths of groups take names alone, unlike those of all else: a number is looked for in the list.
pub(super) async fn by_place(gcp: &Gcp, at: &Place, id: &str) -> Result<Value, CloudError> {
    const CALL: &str = "compute.instanceGroupManagers.get";
    let wanted = name(id);
    let is_number = !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit());
    let mut called = wanted.to_owned();
    if is_number {
        let list = LISTS.iter().find(|list| list.kind == GROUP).expect("groups are listed");
        let listed = gcp.listed(at, list).await?;
        let found = listed.0.iter().find(|one| *one.resource.id == *wanted);
        called = match found.and_then(|one| one.details.get("name")) {
            Some(name) => name.to_string(),
            None if listed.1.is_empty() => {
                return Err(CloudError::new(Refusal::NotFound, CALL, at, None, "no group has its number"));
            }
            None => return Err(not_whole(list, at, &listed.1)),
        };
    }
    let found = group(gcp, at, &(is_zone(&at.region), at.region.to_string(), called)).await?;
    match !is_number || number(&found["id"]).as_deref() == Some(wanted) {
        true => Ok(found),
        false => Err(CloudError::new(Refusal::NotFound, CALL, at, None, "what has its name now is another")),
    }
}
