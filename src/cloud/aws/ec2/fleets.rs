//! What launches machines: spot requests, spot fleets, fleets.

use super::super::error::{failed, refusal};
use super::shared::{may_be_one, pages, receipt};
use super::spot;
use crate::cloud::{Async, CloudError, Receipt, Refusal};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::{
    ExcessCapacityTerminationPolicy, FleetData, FleetExcessCapacityTerminationPolicy, SpotFleetRequestConfig,
    TargetCapacitySpecificationRequest,
};
use serde_json::json;
use std::collections::BTreeMap;

/// Returns those that exist, by id. One unknown id fails a call, so that each is asked for by itself.
pub(super) async fn spot_fleets(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<BTreeMap<String, SpotFleetRequestConfig>, CloudError> {
    let mut found = BTreeMap::new();
    for id in ids {
        match list_spot_fleets(client, at, Some(id)).await {
            Ok(all) => found.extend(
                all.into_iter()
                    .filter(|one| one.spot_fleet_request_id.as_deref() == Some(id))
                    .map(|one| ((*id).to_owned(), one)),
            ),
            Err(error) if error.refusal == Refusal::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub(super) async fn list_spot_fleets(
    client: &Client,
    at: &Place,
    id: Option<&str>,
) -> Result<Vec<SpotFleetRequestConfig>, CloudError> {
    let mut request = client.describe_spot_fleet_requests();
    if let Some(id) = id {
        request = request.spot_fleet_request_ids(id);
    }
    Ok(pages!("ec2:DescribeSpotFleetRequests", at, request.clone(), spot_fleet_request_configs))
}

/// Returns those that exist, by id: fleets of type `instant` are shown to who names them alone.
pub(super) async fn fleets(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<BTreeMap<String, FleetData>, CloudError> {
    let mut found = BTreeMap::new();
    for id in ids {
        match list_fleets(client, at, Some(id)).await {
            Ok(all) => found.extend(
                all.into_iter()
                    .filter(|one| one.fleet_id.as_deref() == Some(id))
                    .map(|one| ((*id).to_owned(), one)),
            ),
            Err(error) if error.refusal == Refusal::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub(super) async fn list_fleets(
    client: &Client,
    at: &Place,
    id: Option<&str>,
) -> Result<Vec<FleetData>, CloudError> {
    let mut request = client.describe_fleets();
    if let Some(id) = id {
        request = request.fleet_ids(id);
    }
    Ok(pages!("ec2:DescribeFleets", at, request.clone(), fleets))
}

pub(super) async fn look(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Sight, CloudError>> {
    let ids: Vec<&str> = changes.iter().map(|change| &**change.subject()).collect();
    match sights(client, at, changes, &ids).await {
        Ok(sights) => sights.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error); changes.len()],
    }
}

async fn sights(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
    ids: &[&str],
) -> Result<Vec<Sight>, CloudError> {
    use Ec2Change::*;
    Ok(match changes.first() {
        Some(CancelSpotRequest { .. }) => {
            let found = spot::requests(client, at, ids).await?;
            let of = |id: &&str| {
                let one = found.iter().find(|one| one.spot_instance_request_id.as_deref() == Some(*id));
                let state = one.map(|one| one.state.as_ref().map_or("", |state| state.as_str()));
                match state {
                    None => Sight::Gone,
                    // One that has no instance any more reads closed.
                    Some(state) => {
                        Sight::there(json!({}), matches!(state, "cancelled" | "closed" | "failed"))
                    }
                }
            };
            ids.iter().map(of).collect()
        }
        Some(HoldFleet { .. } | SizeFleet { .. } | CancelFleet { .. } | TerminateFleet { .. }) => {
            let found = fleets(client, at, ids).await?;
            changes.iter().map(|change| fleet(change, found.get(&**change.subject()))).collect()
        }
        _ => {
            let found = spot_fleets(client, at, ids).await?;
            changes.iter().map(|change| spot_fleet(change, found.get(&**change.subject()))).collect()
        }
    })
}

fn spot_fleet(change: &Ec2Change, fleet: Option<&SpotFleetRequestConfig>) -> Sight {
    let Some(fleet) = fleet else { return Sight::Gone };
    let state = fleet.spot_fleet_request_state.as_ref().map_or("", |state| state.as_str());
    let config = fleet.spot_fleet_request_config.as_ref();
    let capacity = config.and_then(|config| config.target_capacity);
    let on_demand = config.and_then(|config| config.on_demand_target_capacity).unwrap_or(0);
    let is_over = state.starts_with("cancelled") || state == "failed";
    let sized = json!({ "capacity": capacity, "on_demand": on_demand });
    match change {
        Ec2Change::CancelSpotFleet { .. } => Sight::there(json!({}), is_over),
        Ec2Change::TerminateSpotFleet { .. } => {
            Sight::there(json!({}), matches!(state, "cancelled" | "cancelled_terminating"))
        }
        Ec2Change::SizeSpotFleet { capacity: wanted, on_demand: also, .. } => match is_over {
            true => Sight::Gone,
            false => Sight::there(sized, capacity == Some(*wanted) && on_demand == *also),
        },
        _ => Sight::there(sized, is_over || capacity == Some(0)),
    }
}

fn fleet(change: &Ec2Change, fleet: Option<&FleetData>) -> Sight {
    let Some(fleet) = fleet else { return Sight::Gone };
    let state = fleet.fleet_state.as_ref().map_or("", |state| state.as_str());
    let is_over = state.starts_with("deleted") || state == "failed";
    let target = fleet.target_capacity_specification.as_ref();
    let total = target.and_then(|target| target.total_target_capacity);
    let on_demand = target.and_then(|target| target.on_demand_target_capacity).unwrap_or(0);
    let spot = target.and_then(|target| target.spot_target_capacity).unwrap_or(0);
    let sized = json!({ "total": total, "on_demand": on_demand, "spot": spot });
    match change {
        Ec2Change::CancelFleet { .. } => Sight::there(json!({}), is_over),
        Ec2Change::TerminateFleet { .. } => {
            Sight::there(json!({}), matches!(state, "deleted" | "deleted_terminating"))
        }
        Ec2Change::SizeFleet { total: wanted, .. } => match is_over {
            true => Sight::Gone,
            false => Sight::there(sized, total == Some(*wanted)),
        },
        _ => Sight::there(sized, is_over || total == Some(0)),
    }
}

pub(super) async fn perform(
    client: &Client,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    use Ec2Change::*;
    let ids: Vec<String> = changes.iter().map(|change| change.subject().to_string()).collect();
    match changes.first() {
        Some(CancelSpotFleet { .. }) => {
            each_where_one_sinks_all(&ids, |ids| Box::pin(cancel_spot_fleets(client, at, ids, false))).await
        }
        Some(TerminateSpotFleet { .. }) => {
            each_where_one_sinks_all(&ids, |ids| Box::pin(cancel_spot_fleets(client, at, ids, true))).await
        }
        Some(CancelFleet { .. }) => {
            each_where_one_sinks_all(&ids, |ids| Box::pin(delete_fleets(client, at, ids, false))).await
        }
        Some(TerminateFleet { .. }) => {
            each_where_one_sinks_all(&ids, |ids| Box::pin(delete_fleets(client, at, ids, true))).await
        }
        Some(_) | None => {
            let mut answers = Vec::with_capacity(changes.len());
            for change in changes {
                answers.push(one(client, at, change).await);
            }
            answers
        }
    }
}

async fn one(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    use Ec2Change::*;
    let id = &**change.subject();
    match change {
        CancelSpotRequest { .. } => {
            let call = client.cancel_spot_instance_requests().spot_instance_request_ids(id);
            receipt("ec2:CancelSpotInstanceRequests", at, call.send().await)
        }
        HoldSpotFleet { .. } | SizeSpotFleet { .. } => {
            let (capacity, on_demand) = match change {
                SizeSpotFleet { capacity, on_demand, .. } => (*capacity, *on_demand),
                _ => (0, 0),
            };
            let mut call = client
                .modify_spot_fleet_request()
                .spot_fleet_request_id(id)
                .target_capacity(capacity)
                .on_demand_target_capacity(on_demand);
            if capacity == 0 {
                call =
                    call.excess_capacity_termination_policy(ExcessCapacityTerminationPolicy::NoTermination);
            }
            receipt("ec2:ModifySpotFleetRequest", at, call.send().await)
        }
        HoldFleet { .. } | SizeFleet { .. } => {
            let target = TargetCapacitySpecificationRequest::builder();
            let target = match change {
                SizeFleet { total, on_demand, spot, .. } => target
                    .total_target_capacity(*total)
                    .on_demand_target_capacity(*on_demand)
                    .spot_target_capacity(*spot),
                _ => target.total_target_capacity(0).on_demand_target_capacity(0).spot_target_capacity(0),
            };
            let call = client.modify_fleet().fleet_id(id).target_capacity_specification(target.build());
            let call = match change {
                HoldFleet { .. } => call
                    .excess_capacity_termination_policy(FleetExcessCapacityTerminationPolicy::NoTermination),
                _ => call,
            };
            receipt("ec2:ModifyFleet", at, call.send().await)
        }
        _ => Err(CloudError::new(Refusal::Invalid, "ec2", at, None, "not a change of a fleet")),
    }
}

/// The call may fail whole, too: then each is asked for by itself.
async fn each_where_one_sinks_all<'a>(
    ids: &[String],
    call: impl Fn(Vec<String>) -> Async<'a, Result<Vec<Result<Receipt, CloudError>>, CloudError>> + Sync,
) -> Vec<Result<Receipt, CloudError>> {
    match call(ids.to_vec()).await {
        Ok(answers) => answers,
        Err(error) if ids.len() == 1 || !may_be_one(&error) => vec![Err(error); ids.len()],
        Err(_) => {
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                match call(vec![id.clone()]).await {
                    Ok(one) => answers.extend(one),
                    Err(error) => answers.push(Err(error)),
                }
            }
            answers
        }
    }
}

/// The call succeeds whole and tells of each what failed.
async fn cancel_spot_fleets(
    client: &Client,
    at: &Place,
    ids: Vec<String>,
    terminate: bool,
) -> Result<Vec<Result<Receipt, CloudError>>, CloudError> {
    const CALL: &str = "ec2:CancelSpotFleetRequests";
    let call = client.cancel_spot_fleet_requests().terminate_instances(terminate);
    let answer = call.set_spot_fleet_request_ids(Some(ids.clone())).send().await;
    let answer = answer.map_err(|error| failed(CALL, at, error))?;
    let request = answer.request_id().map(str::to_owned);
    let unsuccessful = answer.unsuccessful_fleet_requests.unwrap_or_default();
    let of =
        |id: &String| match unsuccessful.iter().find(|one| one.spot_fleet_request_id.as_ref() == Some(id)) {
            Some(one) => {
                let error = one.error.as_ref();
                let code = error.and_then(|error| error.code.as_ref()).map(|code| code.as_str());
                Err(refused(CALL, at, code, error.and_then(|error| error.message.as_deref())))
            }
            None => Ok(Receipt { request_id: request.clone(), made: Vec::new() }),
        };
    Ok(ids.iter().map(of).collect())
}

/// The call succeeds whole and tells of each what failed.
async fn delete_fleets(
    client: &Client,
    at: &Place,
    ids: Vec<String>,
    terminate: bool,
) -> Result<Vec<Result<Receipt, CloudError>>, CloudError> {
    const CALL: &str = "ec2:DeleteFleets";
    let call = client.delete_fleets().terminate_instances(terminate);
    let answer = call.set_fleet_ids(Some(ids.clone())).send().await;
    let answer = answer.map_err(|error| failed(CALL, at, error))?;
    let request = answer.request_id().map(str::to_owned);
    let unsuccessful = answer.unsuccessful_fleet_deletions.unwrap_or_default();
    let of = |id: &String| match unsuccessful.iter().find(|one| one.fleet_id.as_ref() == Some(id)) {
        Some(one) => {
            let error = one.error.as_ref();
            let code = error.and_then(|error| error.code.as_ref()).map(|code| code.as_str());
            Err(refused(CALL, at, code, error.and_then(|error| error.message.as_deref())))
        }
        None => Ok(Receipt { request_id: request.clone(), made: Vec::new() }),
    };
    Ok(ids.iter().map(of).collect())
}

/// These codes are EC2's own here: `fleetIdDoesNotExist`, `fleetRequestNotInCancellableState`.
fn refused(call: &'static str, at: &Place, code: Option<&str>, message: Option<&str>) -> CloudError {
    let refusal = match code.unwrap_or_default() {
        "fleetIdDoesNotExist" | "fleetRequestIdDoesNotExist" => Refusal::NotFound,
        "fleetNotInDeletableState" | "fleetRequestNotInCancellableState" => Refusal::Protected,
        "unexpectedError" => Refusal::Failed,
        other => refusal(other, 400),
    };
    CloudError::new(refusal, call, at, code, message.unwrap_or_default())
}
