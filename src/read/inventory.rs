//! One line of a recorded inventory → what it shows.
//!
//! A line is `{"observed_at", "call", "account", "region", "response"}`, the response as the cloud's own call gave it.
//! Pure. A call that is not interpreted is named, never taken for "nothing there".

use super::Unreadable;
use crate::catalog::{self, aws, gcp};
use crate::model::gap::GapKind;
use crate::model::observed::{KeySeen, Listing, State};
use crate::model::{Gap, Observed, ResourceRef, Time, time};
use serde_json::{Value, json};
use std::sync::Arc;

/// What one call showed.
#[derive(Debug, Default, PartialEq)]
pub struct Look {
    pub observed: Vec<Observed>,
    pub keys: Vec<KeySeen>,
    pub listings: Vec<Listing>,
    pub gaps: Vec<Gap>,
}

/// Reads one line.
pub fn read(raw: &[u8]) -> Result<Look, Unreadable> {
    let line: Value = serde_json::from_slice(raw).map_err(|e| Unreadable(format!("not JSON: {e}")))?;
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let at = text("observed_at").and_then(time::parse).ok_or_else(|| Unreadable("no observed_at".into()))?;
    let call = text("call").ok_or_else(|| Unreadable("no call".into()))?;
    let place = Place {
        at,
        account: text("account").unwrap_or("").into(),
        region: text("region").unwrap_or("").into(),
    };
    let response = line.get("response").ok_or_else(|| Unreadable(format!("no response to {call}")))?;
    let mut look = Look::default();
    match call {
        "ec2:DescribeInstances" => ec2_instances(response, &place, &mut look),
        "ec2:DescribeSpotInstanceRequests" => spot_requests(response, &place, &mut look),
        "autoscaling:DescribeAutoScalingGroups" => scaling_groups(response, &place, &mut look),
        "ecs:DescribeTasks" => ecs_tasks(response, &place, &mut look),
        "ecs:ListTasks" => ecs_task_names(response, &place, &mut look),
        "ecs:DescribeServices" => ecs_services(response, &place, &mut look),
        "iam:ListAccessKeys" => access_keys(response, call, &place, &mut look),
        "lambda:ListFunctions" => functions(response, &place, &mut look),
        "compute.instances.aggregatedList" | "compute.instances.list" => {
            per_zone(response, "instances", &place, &mut look, compute_instance);
            list(response, "gcp.compute.instance", call, &place, &line, &mut look);
        }
        "compute.instanceGroupManagers.aggregatedList" | "compute.instanceGroupManagers.list" => {
            per_zone(response, "instanceGroupManagers", &place, &mut look, group_manager);
            list(response, "gcp.compute.instance_group_manager", call, &place, &line, &mut look);
        }
        OBSERVE => observed(response, &place, &mut look)?,
        "compute.globalOperations.aggregatedList" => {
            per_zone(response, "operations", &place, &mut look, operation);
        }
        _ => look.gaps.push(Gap::new(
            GapKind::Blind,
            format!("{call} in {} of {}", place.region, place.account),
            "this inventory call is kept as evidence, but what it shows is not interpreted",
        )),
    }
    let aws_kind = match call {
        "ec2:DescribeInstances" => Some("aws.ec2.instance"),
        "ec2:DescribeSpotInstanceRequests" => Some("aws.ec2.spot_request"),
        "autoscaling:DescribeAutoScalingGroups" => Some("aws.autoscaling.group"),
        "lambda:ListFunctions" => Some("aws.lambda.function"),
        _ => None,
    };
    if let Some(kind) = aws_kind {
        list(response, kind, call, &place, &line, &mut look);
    }
    Ok(look)
}

/// The name under which [`line`] writes what a live look showed: it is put together from several of the cloud's own calls.
const OBSERVE: &str = "triage:observe";

/// Writes what a live look showed as one line that [`read`] understands.
pub fn line(at: Time, place: &crate::model::Place, seen: &[Observed]) -> Vec<u8> {
    let things: Vec<Value> = seen
        .iter()
        .map(|one| {
            json!({
                "kind": one.resource.kind,
                "id": one.resource.id,
                "names": one.resource.names,
                "account": one.resource.account,
                "region": one.resource.region,
                "launcher": one.resource.launcher,
                "at": one.at,
                "state": state_name(one.state),
                "created_at": one.created_at,
                "held_by": one.held_by,
                "made_by": one.made_by,
                "identity": one.identity,
                "details": one.details,
            })
        })
        .collect();
    let line = json!({
        "observed_at": at,
        "call": OBSERVE,
        "account": place.account,
        "region": place.region,
        "response": {"observed": things},
    });
    let mut line = line.to_string().into_bytes();
    line.push(b'\n');
    line
}

const STATES: [(State, &str); 4] = [
    (State::Running, "running"),
    (State::Stopped, "stopped"),
    (State::Gone, "gone"),
    (State::Unknown, "unknown"),
];

fn state_name(state: State) -> &'static str {
    STATES.iter().find(|(one, _)| *one == state).map_or("unknown", |(_, name)| name)
}

/// Our own lines: what is not understood is no line of ours, and said.
fn observed(response: &Value, place: &Place, look: &mut Look) -> Result<(), Unreadable> {
    let missing = |what: &str| Unreadable(format!("{OBSERVE} without {what}"));
    let list = response.get("observed").and_then(Value::as_array).ok_or_else(|| missing("observed"))?;
    for thing in list {
        let kind = text(thing, "kind").and_then(catalog::kind).ok_or_else(|| missing("a known kind"))?;
        let id = text(thing, "id").ok_or_else(|| missing("an id"))?;
        let word = text(thing, "state").ok_or_else(|| missing("a state"))?;
        let known = STATES.iter().find(|(_, name)| *name == word).map(|(state, _)| *state);
        let mut seen = place.see(kind, id, known.ok_or_else(|| missing("a known state"))?);
        let arc = |key: &str| text(thing, key).map(Arc::from);
        let arcs = |key: &str| items(thing, key).filter_map(Value::as_str).map(Arc::from).collect();
        seen.at = text(thing, "at").and_then(time::parse).unwrap_or(place.at);
        seen.resource.names = arcs("names");
        seen.resource.account = arc("account").unwrap_or_default();
        seen.resource.region = arc("region").unwrap_or_default();
        seen.resource.launcher = arc("launcher");
        seen.created_at = text(thing, "created_at").and_then(time::parse);
        seen.held_by = arcs("held_by");
        seen.made_by = arc("made_by");
        seen.identity = arc("identity");
        let details = thing.get("details").and_then(Value::as_object).into_iter().flatten();
        seen.details =
            details.filter_map(|(word, text)| Some((word.as_str().into(), text.as_str()?.into()))).collect();
        look.observed.push(seen);
    }
    Ok(())
}

struct Place {
    at: Time,
    account: Arc<str>,
    region: Arc<str>,
}

impl Place {
    fn see(&self, kind: &'static str, id: &str, state: State) -> Observed {
        Observed {
            resource: ResourceRef {
                kind,
                id: id.into(),
                names: Vec::new(),
                account: self.account.clone(),
                region: self.region.clone(),
                launcher: None,
            },
            at: self.at,
            state,
            created_at: None,
            held_by: Vec::new(),
            made_by: None,
            identity: None,
            details: Default::default(),
        }
    }
}

/// A response without a next page, to a call without filters, lists everything there was.
fn list(response: &Value, kind: &'static str, call: &str, place: &Place, line: &Value, look: &mut Look) {
    let more = ["NextToken", "nextToken", "nextPageToken", "NextMarker", "Marker"]
        .iter()
        .any(|key| response.get(key).and_then(Value::as_str).is_some_and(|token| !token.is_empty()));
    let filtered = line.get("params").and_then(Value::as_object).is_some_and(|params| !params.is_empty());
    let unreachable =
        response.get("unreachables").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
            || look.gaps.iter().any(|gap| gap.kind == GapKind::Denied);
    if more || filtered || unreachable {
        return;
    }
    let everywhere = call.ends_with("aggregatedList");
    look.listings.push(Listing {
        kind,
        account: place.account.clone(),
        region: (!everywhere).then(|| place.region.clone()),
        at: place.at,
    });
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn ec2_instances(response: &Value, place: &Place, look: &mut Look) {
    for instance in items(response, "Reservations").flat_map(|reservation| items(reservation, "Instances")) {
        let Some(id) = text(instance, "InstanceId") else { continue };
        let state = match instance.get("State").and_then(|state| text(state, "Name")) {
            Some("pending" | "running") => State::Running,
            Some("stopping" | "stopped") => State::Stopped,
            Some("shutting-down" | "terminated") => State::Gone,
            Some(_) | None => State::Unknown,
        };
        let mut seen = place.see("aws.ec2.instance", id, state);
        seen.created_at = instance.get("LaunchTime").and_then(time::parse_loose);
        for (word, key) in [("type", "InstanceType"), ("lifecycle", "InstanceLifecycle")] {
            seen.details.extend(text(instance, key).map(|text| (word.into(), text.into())));
        }
        seen.held_by.extend(aws::launchers(instance, "", "Tags[]"));
        seen.held_by.extend(text(instance, "SpotInstanceRequestId").map(Arc::from));
        seen.identity =
            instance.get("IamInstanceProfile").and_then(|profile| text(profile, "Arn")).map(Arc::from);
        look.observed.push(seen);
    }
}

fn spot_requests(response: &Value, place: &Place, look: &mut Look) {
    for request in items(response, "SpotInstanceRequests") {
        let Some(id) = text(request, "SpotInstanceRequestId") else { continue };
        let state = match text(request, "State") {
            Some("open" | "active") => State::Running,
            Some("disabled") => State::Stopped,
            Some("closed" | "cancelled" | "failed") => State::Gone,
            Some(_) | None => State::Unknown,
        };
        let mut seen = place.see("aws.ec2.spot_request", id, state);
        seen.created_at = request.get("CreateTime").and_then(time::parse_loose);
        look.observed.push(seen);
        if let Some(instance) = text(request, "InstanceId") {
            let mut held = place.see("aws.ec2.instance", instance, State::Unknown);
            held.held_by.push(id.into());
            look.observed.push(held);
        }
    }
}

fn scaling_groups(response: &Value, place: &Place, look: &mut Look) {
    for group in items(response, "AutoScalingGroups") {
        let Some(name) = text(group, "AutoScalingGroupName") else { continue };
        // A group without instances is still armed: only its limits say whether it can launch.
        let can_launch = group.get("MaxSize").and_then(Value::as_i64).is_none_or(|max| max > 0);
        let mut seen = place.see(
            "aws.autoscaling.group",
            name,
            if can_launch { State::Running } else { State::Stopped },
        );
        seen.resource.names.extend(text(group, "AutoScalingGroupARN").map(Arc::from));
        seen.created_at = group.get("CreatedTime").and_then(time::parse_loose);
        look.observed.push(seen);
        for instance in items(group, "Instances") {
            let Some(id) = text(instance, "InstanceId") else { continue };
            let state = match text(instance, "LifecycleState") {
                Some("InService" | "Pending" | "Pending:Wait" | "Standby" | "Detaching") => State::Running,
                Some("Terminated") => State::Gone,
                Some(_) | None => State::Unknown,
            };
            let mut member = place.see("aws.ec2.instance", id, state);
            member.held_by.push(name.into());
            look.observed.push(member);
        }
    }
}

fn ecs_tasks(response: &Value, place: &Place, look: &mut Look) {
    for task in items(response, "tasks") {
        let Some(arn) = text(task, "taskArn") else { continue };
        let state = match text(task, "lastStatus") {
            Some("STOPPED" | "DELETED") => State::Gone,
            Some(_) => State::Running,
            None => State::Unknown,
        };
        let mut seen = place.see("aws.ecs.task", arn, state);
        seen.created_at = task.get("createdAt").and_then(time::parse_loose);
        if let Some(service) = text(task, "group").and_then(|group| group.strip_prefix("service:")) {
            // A service's name is unique in its cluster; its ARN says both.
            if let Some(cluster) = text(task, "clusterArn").and_then(|arn| arn.split_once(":cluster/")) {
                seen.held_by.push(format!("{}:service/{}/{service}", cluster.0, cluster.1).into());
            }
            seen.held_by.push(service.into());
        }
        look.observed.push(seen);
    }
}

/// A list of names: the tasks exist, and no more is told of them. It covers one cluster, so it lists no place whole.
fn ecs_task_names(response: &Value, place: &Place, look: &mut Look) {
    let arns = items(response, "taskArns").filter_map(Value::as_str).filter(|arn| !arn.is_empty());
    look.observed.extend(arns.map(|arn| place.see("aws.ecs.task", arn, State::Unknown)));
}

/// Keys are credentials, no resources: whether each works is told apart from what was made.
fn access_keys(response: &Value, call: &str, place: &Place, look: &mut Look) {
    for key in items(response, "AccessKeyMetadata") {
        let Some(id) = text(key, "AccessKeyId") else { continue };
        let active = match text(key, "Status") {
            Some("Active") => true,
            Some("Inactive" | "Expired") => false,
            Some(_) | None => {
                look.gaps.push(Gap::new(
                    GapKind::Blind,
                    format!("{call} in {} of {}", place.region, place.account),
                    format!("it does not say whether key {id} works"),
                ));
                continue;
            }
        };
        let user = text(key, "UserName").map(Arc::from);
        look.keys.push(KeySeen {
            key: id.into(),
            active,
            user,
            account: place.account.clone(),
            at: place.at,
        });
    }
}

fn ecs_services(response: &Value, place: &Place, look: &mut Look) {
    for service in items(response, "services") {
        let Some(arn) = text(service, "serviceArn") else { continue };
        let state = match (text(service, "status"), service.get("desiredCount").and_then(Value::as_i64)) {
            (Some("INACTIVE"), _) => State::Gone,
            (_, Some(0)) => State::Stopped,
            (Some(_), _) => State::Running,
            (None, _) => State::Unknown,
        };
        let mut seen = place.see("aws.ecs.service", arn, state);
        seen.resource.names.extend(text(service, "serviceName").map(Arc::from));
        seen.created_at = service.get("createdAt").and_then(time::parse_loose);
        look.observed.push(seen);
    }
}

fn functions(response: &Value, place: &Place, look: &mut Look) {
    for function in items(response, "Functions") {
        let Some(arn) = text(function, "FunctionArn") else { continue };
        let mut seen = place.see("aws.lambda.function", arn, State::Running);
        seen.resource.names.extend(text(function, "FunctionName").map(Arc::from));
        seen.identity = text(function, "Role").map(Arc::from);
        look.observed.push(seen);
    }
}

/// Walks `items: {"zones/Z": {key: […], warning}}` of an aggregated list, or a plain list's `items`.
fn per_zone(
    response: &Value,
    key: &str,
    place: &Place,
    look: &mut Look,
    read: fn(&Value, &Place) -> Option<Observed>,
) {
    match response.get("items") {
        Some(Value::Object(scopes)) => {
            for (scope, page) in scopes {
                let region = scope.rsplit('/').next().unwrap_or(scope);
                let here = Place { at: place.at, account: place.account.clone(), region: region.into() };
                look.observed.extend(items(page, key).filter_map(|item| read(item, &here)));
                let code = page.get("warning").and_then(|warning| text(warning, "code"));
                if let Some(code) = code.filter(|code| *code != "NO_RESULTS_ON_PAGE") {
                    look.gaps.push(Gap::new(
                        GapKind::Denied,
                        format!("{key} in {region} of {}", place.account),
                        format!("the inventory could not see it: {code}"),
                    ));
                }
            }
        }
        Some(Value::Array(list)) => look.observed.extend(list.iter().filter_map(|item| read(item, place))),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

/// `https://…/projects/P/zones/Z/instances/N` → `projects/P/zones/Z/instances/N`.
fn path_of(link: &str) -> &str {
    link.find("projects/").map_or(link, |start| &link[start..])
}

fn zone_of(item: &Value) -> Option<Arc<str>> {
    text(item, "zone")
        .or_else(|| text(item, "region"))
        .and_then(|link| link.rsplit('/').next())
        .map(Arc::from)
}

/// Writes the project of a name as this account: links carry its number where logs carry its id.
fn in_project(name: &str, project: &str) -> Option<Arc<str>> {
    let rest = name.strip_prefix("projects/")?.split_once('/')?.1;
    (!project.is_empty()).then(|| format!("projects/{project}/{rest}").into())
}

fn compute_instance(item: &Value, place: &Place) -> Option<Observed> {
    let state = match text(item, "status") {
        Some("PROVISIONING" | "STAGING" | "RUNNING" | "REPAIRING") => State::Running,
        Some("STOPPING" | "STOPPED" | "TERMINATED" | "SUSPENDING" | "SUSPENDED" | "PENDING_STOP") => {
            State::Stopped
        }
        Some(_) | None => State::Unknown,
    };
    let mut seen = place.see("gcp.compute.instance", text(item, "id")?, state);
    seen.resource.region = zone_of(item).unwrap_or_else(|| place.region.clone());
    seen.resource.names = link_names(item, place);
    seen.created_at = item.get("creationTimestamp").and_then(time::parse_loose);
    let machine = text(item, "machineType").and_then(|path| path.rsplit('/').next());
    seen.details.extend(machine.map(|machine| ("type".into(), machine.into())));
    let lifecycle = item.get("scheduling").and_then(|scheduling| text(scheduling, "provisioningModel"));
    seen.details.extend(lifecycle.map(|text| ("lifecycle".into(), text.into())));
    if let Some(metadata) = item.get("metadata") {
        for entry in items(metadata, "items").filter(|entry| text(entry, "key") == Some("created-by")) {
            if let Some(name) = text(entry, "value") {
                seen.held_by.push(name.into());
                seen.held_by.extend(in_project(name, &place.account));
            }
        }
    }
    for label in gcp::common::LAUNCHER_LABELS {
        seen.held_by.extend(item.get("labels").and_then(|labels| text(labels, label)).map(Arc::from));
    }
    seen.identity = items(item, "serviceAccounts").find_map(|account| text(account, "email")).map(Arc::from);
    Some(seen)
}

fn link_names(item: &Value, place: &Place) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = text(item, "selfLink").map(path_of).into_iter().map(Arc::from).collect();
    if names.is_empty()
        && let (Some(zone), Some(name)) = (zone_of(item), text(item, "name"))
    {
        names.push(format!("projects/{}/zones/{zone}/instances/{name}", place.account).into());
    }
    names
}

fn group_manager(item: &Value, place: &Place) -> Option<Observed> {
    let size = item.get("targetSize").and_then(Value::as_i64);
    let state = match size {
        Some(0) => State::Stopped,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = place.see("gcp.compute.instance_group_manager", text(item, "id")?, state);
    seen.resource.region = zone_of(item).unwrap_or_else(|| place.region.clone());
    seen.resource.names = text(item, "selfLink").map(path_of).into_iter().map(Arc::from).collect();
    seen.created_at = item.get("creationTimestamp").and_then(time::parse_loose);
    Some(seen)
}

/// An insert that succeeded names the instance that it made, who asked, and the bulk operation that it was part of: the
/// second, independent witness (gcp.md 2.5).
fn operation(item: &Value, place: &Place) -> Option<Observed> {
    let target = text(item, "targetLink").map(path_of)?;
    let is_insert = text(item, "operationType")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("insert") || kind.eq_ignore_ascii_case("bulkInsert"));
    if !is_insert || !target.contains("/instances/") || item.get("error").is_some() {
        return None;
    }
    let mut seen = place.see("gcp.compute.instance", text(item, "targetId")?, State::Unknown);
    seen.resource.names.push(target.into());
    seen.created_at = item.get("insertTime").and_then(time::parse_loose);
    seen.held_by.extend(text(item, "operationGroupId").map(Arc::from));
    seen.made_by = text(item, "user").map(Arc::from);
    Some(seen)
}
