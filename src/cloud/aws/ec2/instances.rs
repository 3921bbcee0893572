//! Machines: stopped, started, terminated, and the protections against that.

use super::super::error::failed;
use super::shared::{all_or_each, or_gone, pages, receipt};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, Instance, InstanceAttributeName};
use serde_json::json;
use std::collections::BTreeMap;

/// A filter takes no more values.
const FILTER_VALUES: usize = 200;

pub(super) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Returns those that exist, by id. Asked by filter: an unknown id in a list of ids fails the whole call.
pub(super) async fn find(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<BTreeMap<String, Instance>, CloudError> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(FILTER_VALUES) {
        for one in list(client, at, filter("instance-id", ids.iter().copied())).await? {
            if let Some(id) = one.instance_id.clone() {
                found.insert(id, one);
            }
        }
    }
    Ok(found)
}

/// Service-managed ones too, which an account can hide (aws.md 0.8).
pub(super) async fn list(client: &Client, at: &Place, by: Filter) -> Result<Vec<Instance>, CloudError> {
    let request = client.describe_instances().include_managed_resources(true).max_results(1000).filters(by);
    let reservations = pages!("ec2:DescribeInstances", at, request.clone(), reservations);
    Ok(reservations.into_iter().flat_map(|one| one.instances.unwrap_or_default()).collect())
}

/// `running`, `shutting-down`, …; empty where the cloud does not say.
pub(super) fn state(instance: &Instance) -> &str {
    let state = instance.state.as_ref().and_then(|state| state.name.as_ref());
    state.map(|name| name.as_str()).unwrap_or_default()
}

pub(super) fn is_over(instance: &Instance) -> bool {
    matches!(state(instance), "terminated" | "shutting-down")
}

async fn find_all(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Result<BTreeMap<String, Instance>, CloudError> {
    let ids: Vec<&str> = changes.iter().map(|change| &**change.subject()).collect();
    find(client, at, &ids).await
}

pub(super) async fn look(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Sight, CloudError>> {
    match find_all(client, at, changes).await {
        Ok(found) => changes.iter().map(|change| Ok(sight(change, found.get(&**change.subject())))).collect(),
        Err(error) => vec![Err(error); changes.len()],
    }
}

fn sight(change: &Ec2Change, instance: Option<&Instance>) -> Sight {
    let Some(instance) = instance else { return Sight::Gone };
    let (wanted, is_last): (&[&str], bool) = match change {
        Ec2Change::StopInstance { .. } => (&["stopping", "stopped"], false),
        Ec2Change::StartInstance { .. } => (&["pending", "running"], false),
        _ => (&[], true),
    };
    // One that is on its way out is gone for all but who waits for its end.
    let state = state(instance);
    if state == "terminated" || state == "shutting-down" && !is_last {
        return Sight::Gone;
    }
    // One that somebody started again has another launch time.
    let launched = instance.launch_time.map(|time| time.to_string());
    Sight::there(json!({ "launch_time": launched }), wanted.contains(&state))
}

fn ids(changes: &[&Ec2Change]) -> Vec<String> {
    changes.iter().map(|change| change.subject().to_string()).collect()
}

pub(super) async fn stop(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    all_or_each(&ids(changes), |ids| {
        Box::pin(async move {
            let call = client.stop_instances().set_instance_ids(Some(ids)).force(true);
            receipt("ec2:StopInstances", at, call.send().await)
        })
    })
    .await
}

pub(super) async fn start(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    all_or_each(&ids(changes), |ids| {
        Box::pin(async move {
            let call = client.start_instances().set_instance_ids(Some(ids));
            receipt("ec2:StartInstances", at, call.send().await)
        })
    })
    .await
}

/// By availability zone: one that is protected keeps all others of its zone in the same call (aws.md 3.2).
pub(super) async fn terminate(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    let found = match find_all(client, at, changes).await {
        Ok(found) => found,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let mut zones: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        let placement = found.get(&**change.subject()).and_then(|one| one.placement.as_ref());
        let zone = placement.and_then(|placement| placement.availability_zone.as_deref());
        zones.entry(zone.unwrap_or_default()).or_default().push(place);
    }
    let mut answers: BTreeMap<usize, Result<Receipt, CloudError>> = BTreeMap::new();
    for places in zones.values() {
        let ids: Vec<String> = places.iter().map(|place| changes[*place].subject().to_string()).collect();
        let told = all_or_each(&ids, |ids| {
            Box::pin(async move {
                let call = client.terminate_instances().set_instance_ids(Some(ids)).skip_os_shutdown(true);
                receipt("ec2:TerminateInstances", at, call.send().await)
            })
        });
        answers.extend(places.iter().copied().zip(told.await));
    }
    answers.into_values().collect()
}

/// Which protection a change is about, and whether it is on after it.
fn protection(change: &Ec2Change) -> (InstanceAttributeName, bool) {
    match change {
        Ec2Change::ClearStopProtection { .. } => (InstanceAttributeName::DisableApiStop, false),
        Ec2Change::SetStopProtection { .. } => (InstanceAttributeName::DisableApiStop, true),
        Ec2Change::SetTerminationProtection { .. } => (InstanceAttributeName::DisableApiTermination, true),
        _ => (InstanceAttributeName::DisableApiTermination, false),
    }
}

pub(super) async fn look_at_protections(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Sight, CloudError>> {
    let found = match find_all(client, at, changes).await {
        Ok(found) => found,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let mut sights = Vec::with_capacity(changes.len());
    for change in changes {
        let id = &**change.subject();
        let is_there = found.get(id).is_some_and(|one| !is_over(one));
        let (attribute, wanted) = protection(change);
        sights.push(match is_there {
            false => Ok(Sight::Gone),
            true => {
                let is_on = is_protected(client, at, id, attribute).await;
                or_gone(is_on.map(|is_on| Sight::there(json!({ "on": is_on }), is_on == wanted)))
            }
        });
    }
    sights
}

pub(super) async fn is_protected(
    client: &Client,
    at: &Place,
    id: &str,
    attribute: InstanceAttributeName,
) -> Result<bool, CloudError> {
    let call = client.describe_instance_attribute().instance_id(id).attribute(attribute);
    let answer = call.send().await.map_err(|error| failed("ec2:DescribeInstanceAttribute", at, error))?;
    let value = answer.disable_api_stop.or(answer.disable_api_termination);
    value.and_then(|value| value.value).ok_or_else(|| {
        super::super::error::not_answered("ec2:DescribeInstanceAttribute", at, "value of the attribute")
    })
}

/// One attribute in a call takes no more.
pub(super) async fn protect(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    let mut answers = Vec::with_capacity(changes.len());
    for change in changes {
        let (attribute, is_on) = protection(change);
        let value = AttributeBooleanValue::builder().value(is_on).build();
        let call = client.modify_instance_attribute().instance_id(&**change.subject());
        let call = match attribute {
            InstanceAttributeName::DisableApiStop => call.disable_api_stop(value),
            _ => call.disable_api_termination(value),
        };
        answers.push(receipt("ec2:ModifyInstanceAttribute", at, call.send().await));
    }
    answers
}
