//! What became of things of Compute, and what computes in a project, whoever made it.

use super::super::Gcp;
use super::super::each::{at_time, number, observed, or_none, text};
use super::super::endpoints::COMPUTE;
use super::super::rest::Ask;
use super::seen::{self, LISTS, List, not_whole};
use crate::cloud::CloudError;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef};
use std::collections::BTreeMap;

/// Kinds that are asked for one by one: they lie in no zone.
const GLOBAL: &[(&str, &str, &str)] = &[
    ("gcp.compute.firewall", "compute.firewalls.get", "projects/{}/global/firewalls/{}"),
    ("gcp.compute.image", "compute.images.get", "projects/{}/global/images/{}"),
    (
        "gcp.compute.instance_template",
        "compute.instanceTemplates.get",
        "projects/{}/global/instanceTemplates/{}",
    ),
    ("gcp.compute.snapshot", "compute.snapshots.get", "projects/{}/global/snapshots/{}"),
];

pub(in super::super) const KINDS: &[&str] = &[
    seen::INSTANCE,
    seen::GROUP,
    seen::AUTOSCALER,
    "gcp.compute.disk",
    "gcp.compute.firewall",
    "gcp.compute.image",
    "gcp.compute.instance_template",
    "gcp.compute.snapshot",
];

/// Looks at things of one kind in one place: one answer for each.
pub(in super::super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    match LISTS.iter().find(|list| list.kind == kind) {
        Some(list) => in_list(gcp, at, list, wanted).await,
        None => one_by_one(gcp, at, kind, wanted).await,
    }
}

async fn in_list(
    gcp: &Gcp,
    at: &Place,
    list: &List,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let listed = gcp.listed(at, list).await?;
    let (all, silent) = (&listed.0, &listed.1);
    let by_id: BTreeMap<&str, &Observed> = all.iter().map(|one| (&*one.resource.id, one)).collect();
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let is_number = !one.id.is_empty() && one.id.bytes().all(|byte| byte.is_ascii_digit());
        let found = match by_id.get(&*one.id) {
            Some(found) => Some(*found),
            // Only what has no number in the record goes by its name.
            None if is_number => None,
            None => all.iter().find(|found| found.resource.is_same(one)),
        };
        match found {
            Some(found) => seen.push(Observed { resource: merged(one, &found.resource), ..found.clone() }),
            // Gone everywhere: no list of its project has it.
            None if silent.is_empty() => {
                let nowhere = ResourceRef { region: "".into(), ..one.clone() };
                seen.push(observed(&nowhere, State::Gone, None));
            }
            None => return Err(not_whole(list, at, silent)),
        }
    }
    Ok(seen)
}

/// The one that was asked for, by every name that is known now.
fn merged(asked: &ResourceRef, found: &ResourceRef) -> ResourceRef {
    // Records tell the region of some and the zone of others; the cloud tells which it is.
    let mut one = ResourceRef { region: found.region.clone(), ..asked.clone() };
    for name in found.all_names() {
        if *name != one.id && !one.names.contains(name) {
            one.names.push(name.clone());
        }
    }
    one
}

async fn one_by_one(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let Some((_, call, template)) = GLOBAL.iter().find(|(known, ..)| *known == kind) else {
        return Ok(Vec::new());
    };
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let id = super::super::each::name(&one.id);
        let ask = Ask::get(call, at, COMPUTE, template, &[&at.account, id])?;
        let Some(found) = or_none(gcp.rest.json(&ask).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let state = match (number(&found["id"]), found["disabled"].as_bool(), text(&found, "status")) {
            (Some(found), ..) if is_number && found != id => State::Gone,
            (_, Some(true), _) => State::Stopped,
            (_, _, Some("DELETING" | "FAILED")) => State::Unknown,
            _ => State::Running,
        };
        seen.push(observed(one, state, at_time(&found["creationTimestamp"])));
    }
    Ok(seen)
}

/// Everything that computes in a project; a list that is not whole is an error besides what it showed.
pub(in super::super) async fn sweep(gcp: &Gcp, at: &Place) -> Vec<Result<Vec<Observed>, CloudError>> {
    let mut answers = Vec::new();
    for list in LISTS.iter().filter(|list| matches!(list.kind, seen::INSTANCE | seen::GROUP)) {
        match gcp.listed(at, list).await {
            Ok(listed) => {
                let (all, silent) = &*listed;
                if !silent.is_empty() {
                    answers.push(Err(not_whole(list, at, silent)));
                }
                answers.push(Ok(all.clone()));
            }
            Err(error) => answers.push(Err(error)),
        }
    }
    answers
}
