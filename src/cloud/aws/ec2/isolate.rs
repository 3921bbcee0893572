//! Machines cut off the network: interface by interface, first into a group that lets all through, then into one without
//! rules. What all is let through for is not tracked, so that nothing of it outlives the second move (an open connection
//! that is tracked would).

use super::super::error::{failed, not_answered};
use super::instances::{self, filter};
use super::shared::{pages, receipt};
use super::{CASE, rules, tags};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::{Direction, Ec2Change};
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, NetworkInterface, ResourceType, SecurityGroup,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

const MODIFY: &str = "ec2:ModifyNetworkInterfaceAttribute";
/// The tag that tells the case's two groups apart.
const ROLE: &str = "triage:role";
const OPEN: &str = "open";
const CLOSED: &str = "closed";

pub(super) async fn interfaces(
    client: &Client,
    at: &Place,
    by: Filter,
) -> Result<Vec<NetworkInterface>, CloudError> {
    let request = client.describe_network_interfaces().include_managed_resources(true).filters(by);
    Ok(pages!("ec2:DescribeNetworkInterfaces", at, request.clone(), network_interfaces))
}

async fn of_instance(client: &Client, at: &Place, id: &str) -> Result<Vec<NetworkInterface>, CloudError> {
    interfaces(client, at, filter("attachment.instance-id", [id])).await
}

fn groups_of(interface: &NetworkInterface) -> BTreeSet<&str> {
    interface.groups.iter().flatten().filter_map(|group| group.group_id.as_deref()).collect()
}

/// The case's groups of a network, by role.
async fn quarantine(
    client: &Client,
    at: &Place,
    case: &str,
    vpc: &str,
) -> Result<BTreeMap<String, SecurityGroup>, CloudError> {
    let request = client
        .describe_security_groups()
        .filters(filter("vpc-id", [vpc]))
        .filters(filter(&format!("tag:{CASE}"), [case]));
    let found = pages!("ec2:DescribeSecurityGroups", at, request.clone(), security_groups);
    // Somebody who may tag could tag another group so: the name is asked, too.
    let ours = found.into_iter().filter_map(|group| {
        let role = group.tags.iter().flatten().find(|tag| tag.key.as_deref() == Some(ROLE));
        let role = role.and_then(|tag| tag.value.clone())?;
        (group.group_name.as_deref() == Some(&*name(case, &role))).then_some((role, group))
    });
    Ok(ours.collect())
}

/// Names take few characters, and at most 255.
fn name(case: &str, role: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let case: String = case.chars().take(200).map(plain).collect();
    format!("triage-{case}-{role}")
}

pub(super) async fn look(
    client: &Client,
    at: &Place,
    case: &str,
    change: &Ec2Change,
) -> Result<Sight, CloudError> {
    if let Ec2Change::DeleteQuarantine { vpc } = change {
        return look_at_quarantine(client, at, case, vpc).await;
    }
    let id = &**change.subject();
    let found = instances::find(client, at, &[id]).await?;
    if found.get(id).is_none_or(instances::is_over) {
        return Ok(Sight::Gone);
    }
    let interfaces = of_instance(client, at, id).await?;
    let groups: BTreeMap<&str, BTreeSet<&str>> = interfaces
        .iter()
        .filter_map(|one| Some((one.network_interface_id.as_deref()?, groups_of(one))))
        .collect();
    if let Ec2Change::RestoreInterfaces { groups: wanted, .. } = change {
        let is_done = wanted.iter().all(|(interface, wanted)| {
            let wanted: BTreeSet<&str> = wanted.iter().map(|group| &**group).collect();
            groups.get(&**interface).is_none_or(|now| *now == wanted)
        });
        return Ok(Sight::there(json!({ "groups": groups }), is_done));
    }
    let vpcs: BTreeSet<&str> = interfaces.iter().filter_map(|one| one.vpc_id.as_deref()).collect();
    let mut closed = BTreeSet::new();
    for vpc in &vpcs {
        if let Some(group) = quarantine(client, at, case, vpc).await?.remove(CLOSED)
            && let Some(id) = group.group_id
            && rules::of_group(client, at, &id).await?.is_empty()
        {
            closed.insert(id);
        }
    }
    let is_cut = |now: &BTreeSet<&str>| !now.is_empty() && now.iter().all(|group| closed.contains(*group));
    let is_done = !groups.is_empty() && groups.values().all(is_cut);
    Ok(Sight::there(json!({ "groups": groups, "vpcs": vpcs }), is_done))
}

pub(super) async fn perform(
    client: &Client,
    at: &Place,
    case: &str,
    change: &Ec2Change,
) -> Result<Receipt, CloudError> {
    match change {
        Ec2Change::RestoreInterfaces { id, groups } => restore(client, at, id, groups).await,
        Ec2Change::DeleteQuarantine { vpc } => delete_quarantine(client, at, case, vpc).await,
        _ => isolate(client, at, case, change.subject()).await,
    }
}

async fn isolate(client: &Client, at: &Place, case: &str, id: &str) -> Result<Receipt, CloudError> {
    let interfaces = of_instance(client, at, id).await?;
    let mut moves = Vec::new();
    let mut made = Vec::new();
    let mut groups: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for interface in &interfaces {
        let (Some(id), Some(vpc)) = (interface.network_interface_id.as_deref(), interface.vpc_id.as_deref())
        else {
            return Err(not_answered("ec2:DescribeNetworkInterfaces", at, "id or network of an interface"));
        };
        if !groups.contains_key(vpc) {
            groups.insert(vpc, prepare_once(client, at, case, vpc, &mut made).await?);
        }
        let (open, closed) = groups[vpc].clone();
        moves.push((id, open, closed));
    }
    for (interface, open, _) in &moves {
        set(client, at, interface, vec![open.clone()]).await?;
    }
    let mut last = Receipt::default();
    for (interface, _, closed) in &moves {
        last = set(client, at, interface, vec![closed.clone()]).await?;
    }
    Ok(Receipt { made, ..last })
}

async fn set(
    client: &Client,
    at: &Place,
    interface: &str,
    groups: Vec<String>,
) -> Result<Receipt, CloudError> {
    let call = client.modify_network_interface_attribute().network_interface_id(interface);
    receipt(MODIFY, at, call.set_groups(Some(groups)).send().await)
}

/// The open and the closed group of a network, once they are made.
type Pair = Arc<tokio::sync::Mutex<Option<(String, String)>>>;

/// Machines of one network are cut off side by side: the first makes the groups, the others wait for them. What was made a
/// moment ago may not be listed yet.
async fn prepare_once(
    client: &Client,
    at: &Place,
    case: &str,
    vpc: &str,
    made: &mut Vec<String>,
) -> Result<(String, String), CloudError> {
    static PAIRS: Mutex<BTreeMap<String, Pair>> = Mutex::new(BTreeMap::new());
    let pair = {
        let mut pairs = PAIRS.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.entry(format!("{vpc} {case}")).or_default().clone()
    };
    let mut pair = pair.lock().await;
    if let Some(pair) = &*pair {
        return Ok(pair.clone());
    }
    let prepared = prepare(client, at, case, vpc, made).await?;
    *pair = Some(prepared.clone());
    Ok(prepared)
}

/// Returns the open and the closed group of a network, made where they are not there.
async fn prepare(
    client: &Client,
    at: &Place,
    case: &str,
    vpc: &str,
    made: &mut Vec<String>,
) -> Result<(String, String), CloudError> {
    let mut found = quarantine(client, at, case, vpc).await?;
    let mut ids = Vec::new();
    for role in [OPEN, CLOSED] {
        ids.push(match found.remove(role).and_then(|group| group.group_id) {
            Some(id) => id,
            None => {
                let id = create(client, at, case, vpc, role).await?;
                made.push(id.clone());
                id
            }
        });
    }
    let (open, closed) = (ids.swap_remove(0), ids.swap_remove(0));
    // One range in a call: one that is there already sinks the call.
    for direction in [Direction::In, Direction::Out] {
        let all = || IpPermission::builder().ip_protocol("-1");
        let four = all().ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
        let six = all().ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build()).build();
        rules::authorize(client, at, &open, direction, four).await?;
        rules::authorize(client, at, &open, direction, six).await?;
    }
    // A new group lets everything out.
    rules::revoke(client, at, &closed, &rules::of_group(client, at, &closed).await?).await?;
    Ok((open, closed))
}

async fn create(
    client: &Client,
    at: &Place,
    case: &str,
    vpc: &str,
    role: &str,
) -> Result<String, CloudError> {
    const CALL: &str = "ec2:CreateSecurityGroup";
    let call = client
        .create_security_group()
        .group_name(name(case, role))
        .description("isolates machines during an incident; see its tags")
        .vpc_id(vpc)
        .tag_specifications(tags(ResourceType::SecurityGroup, case, &[(ROLE, role)]));
    let answer = call.send().await.map_err(|error| failed(CALL, at, error))?;
    answer.group_id.ok_or_else(|| not_answered(CALL, at, "group id"))
}

async fn restore(
    client: &Client,
    at: &Place,
    id: &str,
    groups: &BTreeMap<Arc<str>, Vec<Arc<str>>>,
) -> Result<Receipt, CloudError> {
    let there = of_instance(client, at, id).await?;
    let mut last = Receipt::default();
    for interface in there.iter().filter_map(|one| one.network_interface_id.as_deref()) {
        if let Some(groups) = groups.get(interface) {
            let groups = groups.iter().map(|group| group.to_string()).collect();
            last = set(client, at, interface, groups).await?;
        }
    }
    Ok(last)
}

/// Done where the groups still hold something: what does is undone by itself.
async fn look_at_quarantine(client: &Client, at: &Place, case: &str, vpc: &str) -> Result<Sight, CloudError> {
    let found = quarantine(client, at, case, vpc).await?;
    let ids: BTreeSet<&str> = found.values().filter_map(|group| group.group_id.as_deref()).collect();
    if ids.is_empty() {
        return Ok(Sight::Gone);
    }
    let held = interfaces(client, at, filter("group-id", ids.iter().copied())).await?;
    Ok(Sight::there(json!({ "groups": ids }), !held.is_empty()))
}

async fn delete_quarantine(
    client: &Client,
    at: &Place,
    case: &str,
    vpc: &str,
) -> Result<Receipt, CloudError> {
    let mut last = Receipt::default();
    for group in quarantine(client, at, case, vpc).await?.into_values().filter_map(|group| group.group_id) {
        let answer = client.delete_security_group().group_id(group).send().await;
        last = receipt("ec2:DeleteSecurityGroup", at, answer)?;
    }
    Ok(last)
}
