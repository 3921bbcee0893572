//! What Compute shows: aggregated lists of a project, all zones in one, partial answers told apart from whole ones.

use super::super::Gcp;
use super::super::each::{at_time, detail, listed, name, number, observed, text};
use super::super::endpoints::COMPUTE;
use super::super::rest::Ask;
use crate::catalog::gcp::common::LAUNCHER_LABELS;
use crate::cloud::{CloudError, Refusal};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef};
use serde_json::Value;
use std::sync::Arc;

pub(super) const INSTANCE: &str = "gcp.compute.instance";
pub(super) const GROUP: &str = "gcp.compute.instance_group_manager";
pub(super) const AUTOSCALER: &str = "gcp.compute.autoscaler";

/// What an aggregated list is of, and where it is.
pub(super) struct List {
    pub kind: &'static str,
    pub call: &'static str,
    pub template: &'static str,
    /// The word that holds the things of one scope.
    pub items: &'static str,
    read: fn(&Value, &Place) -> Option<Observed>,
}

pub(super) const LISTS: &[List] = &[
    List {
        kind: INSTANCE,
        call: "compute.instances.aggregatedList",
        template: "projects/{}/aggregated/instances",
        items: "instances",
        read: instance,
    },
    List {
        kind: GROUP,
        call: "compute.instanceGroupManagers.aggregatedList",
        template: "projects/{}/aggregated/instanceGroupManagers",
        items: "instanceGroupManagers",
        read: group,
    },
    List {
        kind: AUTOSCALER,
        call: "compute.autoscalers.aggregatedList",
        template: "projects/{}/aggregated/autoscalers",
        items: "autoscalers",
        read: autoscaler,
    },
    List {
        kind: "gcp.compute.disk",
        call: "compute.disks.aggregatedList",
        template: "projects/{}/aggregated/disks",
        items: "disks",
        read: disk,
    },
];

/// Compute's own list of what was done in the last two weeks: an independent witness of who launched what (gcp.md 2.5).
pub(super) const OPERATIONS: List = List {
    kind: "gcp.compute.operation",
    call: "compute.globalOperations.aggregatedList",
    template: "projects/{}/aggregated/operations",
    items: "operations",
    read: operation,
};

/// Codes of a scope that is empty, and nothing else.
const NOTHING_HERE: &[&str] = &["NO_RESULTS_ON_PAGE"];

/// Things, and the scopes that did not answer.
pub(super) type Whole = (Vec<Observed>, Vec<String>);

/// Everything of one kind in a project, and the scopes that did not answer.
pub(super) async fn all(gcp: &Gcp, at: &Place, list: &List) -> Result<Whole, CloudError> {
    let project = Place::new(at.account.clone(), "");
    let (mut seen, mut silent) = (Vec::new(), Vec::new());
    let ask = Ask::get(list.call, &project, COMPUTE, list.template, &[&at.account])?.with("maxResults", 500);
    let mut take = |page: &Value| {
        let before = seen.len();
        for (scope, held) in page["items"].as_object().into_iter().flatten() {
            let code = text(&held["warning"], "code").unwrap_or_default();
            if !code.is_empty() && !NOTHING_HERE.contains(&code) {
                silent.push(format!("{scope} ({code})"));
            }
            let things = held[list.items].as_array().into_iter().flatten();
            seen.extend(things.filter_map(|thing| (list.read)(thing, &project)));
        }
        let unreachable = page["unreachables"].as_array().into_iter().flatten().filter_map(Value::as_str);
        silent.extend(unreachable.map(|scope| format!("{} (unreachable)", name(scope))));
        let code = text(&page["warning"], "code").unwrap_or_default();
        if !code.is_empty() && !NOTHING_HERE.contains(&code) {
            silent.push(format!("the list ({code})"));
        }
        seen.len() - before
    };
    // A zone that is down must not cost the others: but a dated API may not know the parameter (gcp.md 6).
    let partly = gcp.rest.pages(ask.clone().with("returnPartialSuccess", true), &mut take).await;
    match partly {
        Err(error) if error.refusal == Refusal::Invalid => {
            gcp.rest.pages(ask, &mut take).await?;
        }
        answer => answer?,
    }
    silent.sort();
    silent.dedup();
    Ok((seen, silent))
}

/// Why a list is not whole.
pub(super) fn not_whole(list: &List, at: &Place, silent: &[String]) -> CloudError {
    let at = Place::new(at.account.clone(), "");
    CloudError::new(
        Refusal::Unreachable,
        list.call,
        &at,
        None,
        &format!("no answer for {}", silent.join(", ")),
    )
}

pub(super) fn state(instance: &Value) -> State {
    match text(instance, "status") {
        Some("PROVISIONING" | "STAGING" | "RUNNING" | "REPAIRING") => State::Running,
        Some("STOPPING" | "STOPPED" | "TERMINATED" | "SUSPENDING" | "SUSPENDED" | "PENDING_STOP") => {
            State::Stopped
        }
        Some(_) | None => State::Unknown,
    }
}

fn scope(thing: &Value) -> Arc<str> {
    text(thing, "zone").or_else(|| text(thing, "region")).map(name).unwrap_or_default().into()
}

fn see(kind: &'static str, thing: &Value, at: &Place, state: State) -> Option<Observed> {
    let place = Place { account: at.account.clone(), region: scope(thing) };
    let id = number(&thing["id"])?;
    let link = text(thing, "selfLink").and_then(|link| link.find("projects/").map(|from| &link[from..]));
    let mut resource: ResourceRef = listed(kind, &place, &id, link);
    resource.names.extend(text(thing, "name").filter(|_| link.is_none()).map(Arc::from));
    let mut seen = observed(&resource, state, at_time(&thing["creationTimestamp"]));
    detail(&mut seen, "name", text(thing, "name"));
    Some(seen)
}

/// A launch that succeeded.
fn operation(thing: &Value, at: &Place) -> Option<Observed> {
    let kind = text(thing, "operationType")?;
    let is_launch = kind.eq_ignore_ascii_case("insert") || kind.eq_ignore_ascii_case("bulkInsert");
    let link = text(thing, "targetLink")?;
    let target = &link[link.find("projects/")?..];
    let has_failed =
        !thing["error"].is_null() || thing["httpErrorStatusCode"].as_u64().is_some_and(|code| code >= 400);
    if !is_launch || !target.contains("/instances/") || has_failed {
        return None;
    }
    let place = Place { account: at.account.clone(), region: scope(thing) };
    let resource = listed(INSTANCE, &place, &number(&thing["targetId"])?, Some(target));
    let mut seen = observed(&resource, State::Unknown, at_time(&thing["insertTime"]));
    seen.held_by.extend(text(thing, "operationGroupId").map(Arc::from));
    seen.made_by = text(thing, "user").map(Arc::from);
    Some(seen)
}

fn instance(thing: &Value, at: &Place) -> Option<Observed> {
    let mut seen = see(INSTANCE, thing, at, state(thing))?;
    for entry in thing["metadata"]["items"].as_array().into_iter().flatten() {
        if entry["key"] == "created-by"
            && let Some(by) = text(entry, "value")
        {
            seen.held_by.push(by.into());
            // The project goes by number there, and by id elsewhere.
            if let Some((_, rest)) = by.strip_prefix("projects/").and_then(|rest| rest.split_once('/')) {
                seen.held_by.push(format!("projects/{}/{rest}", at.account).into());
            }
        }
    }
    for label in LAUNCHER_LABELS {
        seen.held_by.extend(text(&thing["labels"], label).map(Arc::from));
    }
    seen.identity = thing["serviceAccounts"][0]["email"].as_str().map(Arc::from);
    detail(&mut seen, "type", text(thing, "machineType").map(name));
    detail(&mut seen, "status", text(thing, "status"));
    if thing["deletionProtection"].as_bool().unwrap_or_default() {
        detail(&mut seen, "protected", Some("true"));
    }
    let interface = &thing["networkInterfaces"][0];
    detail(&mut seen, "network", text(interface, "network").map(name));
    let address = interface["accessConfigs"][0]["natIP"].as_str();
    detail(&mut seen, "address", address);
    let disks = thing["disks"].as_array().into_iter().flatten();
    if disks.clone().any(|disk| disk["type"] == "SCRATCH") {
        detail(&mut seen, "local_ssd", Some("true"));
    }
    let gpus: u64 = thing["guestAccelerators"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|gpu| gpu["acceleratorCount"].as_u64())
        .sum();
    detail(&mut seen, "gpus", Some(gpus.to_string().as_str()).filter(|_| gpus > 0));
    for (key, value) in thing["labels"].as_object().into_iter().flatten() {
        detail(&mut seen, &format!("tag:{key}"), value.as_str());
    }
    Some(seen)
}

fn group(thing: &Value, at: &Place) -> Option<Observed> {
    let state = match thing["targetSize"].as_i64() {
        Some(0) => State::Stopped,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = see(GROUP, thing, at, state)?;
    // What it keeps stopped is deleted with it, too.
    let kept =
        ["targetStoppedSize", "targetSuspendedSize"].map(|word| thing[word].as_i64().unwrap_or_default());
    let members = thing["targetSize"].as_i64().map(|size| size + kept.iter().sum::<i64>());
    detail(&mut seen, "members", members.map(|size| size.to_string()).as_deref());
    seen.held_by.extend(text(thing, "instanceTemplate").map(name).map(Arc::from));
    Some(seen)
}

fn autoscaler(thing: &Value, at: &Place) -> Option<Observed> {
    let state = match text(&thing["autoscalingPolicy"], "mode") {
        Some("OFF") => State::Stopped,
        Some(_) | None => State::Running,
    };
    let mut seen = see(AUTOSCALER, thing, at, state)?;
    detail(&mut seen, "target", text(thing, "target").map(name));
    Some(seen)
}

fn disk(thing: &Value, at: &Place) -> Option<Observed> {
    let state = match text(thing, "status") {
        Some("READY" | "CREATING" | "RESTORING") => State::Running,
        Some(_) | None => State::Unknown,
    };
    let mut seen = see("gcp.compute.disk", thing, at, state)?;
    detail(&mut seen, "size", number(&thing["sizeGb"]).as_deref());
    detail(&mut seen, "attached_to", thing["users"][0].as_str().map(name));
    Some(seen)
}
