//! What EC2 shows of things: their state, what holds them, and what a plan or a reader wants to know besides.

use super::super::error::not_answered;
use super::instances::{self, filter};
use super::{disks, fleets, isolate, left, rules, seen, spot};
use crate::cloud::CloudError;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Instance, InstanceAttributeName};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

pub(super) const KINDS: &[&str] = &[
    "aws.ec2.instance",
    "aws.ec2.spot_request",
    "aws.ec2.spot_fleet",
    "aws.ec2.fleet",
    "aws.ec2.launch_template",
    "aws.ec2.security_group",
    "aws.ec2.key_pair",
    "aws.ec2.snapshot",
    "aws.ec2.image",
    "aws.ec2.volume",
    "aws.ec2.network_interface",
    "aws.ec2.elastic_ip",
];

/// Of how many running machines a sweep reads the user data: one call each.
const USER_DATA: usize = 200;
/// Of how many machines something is asked at once: one account and region may ask 20 such questions a second.
const AT_ONCE: usize = 8;

pub(super) async fn observe(
    client: &Client,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let ids: Vec<&str> = wanted.iter().map(|one| &*one.id).collect();
    let ids = &ids[..];
    let all = |seen: Vec<Option<Observed>>| seen.into_iter().flatten().collect::<Vec<_>>();
    let found: Vec<Observed> = match kind {
        "aws.ec2.instance" => machines(client, at, ids).await?,
        "aws.ec2.spot_request" => {
            let found = spot::requests(client, at, ids).await?;
            all(found.iter().map(|one| seen::spot_request(at, one)).collect())
        }
        "aws.ec2.spot_fleet" => {
            let found = fleets::spot_fleets(client, at, ids).await?;
            all(found.values().map(|one| seen::spot_fleet(at, one)).collect())
        }
        "aws.ec2.fleet" => {
            let found = fleets::fleets(client, at, ids).await?;
            all(found.values().map(|one| seen::fleet(at, one)).collect())
        }
        "aws.ec2.launch_template" => {
            let found = left::templates(client, at, ids).await?;
            all(found.iter().map(|one| seen::template(at, one)).collect())
        }
        "aws.ec2.security_group" => {
            let found = rules::groups(client, at, ids).await?;
            all(found.iter().map(|one| seen::group(at, one)).collect())
        }
        "aws.ec2.key_pair" => {
            let found = left::key_pairs(client, at, "key-pair-id", ids).await?;
            all(found.iter().map(|one| seen::key_pair(at, one)).collect())
        }
        "aws.ec2.snapshot" => {
            let found = disks::snapshots(client, at, ids).await?;
            all(found.iter().map(|one| seen::snapshot(at, one)).collect())
        }
        "aws.ec2.image" => {
            let found = disks::images(client, at, ids).await?;
            all(found.iter().map(|one| seen::image(at, one)).collect())
        }
        "aws.ec2.volume" => {
            let found = disks::volumes(client, at, ids).await?;
            all(found.iter().map(|one| seen::volume(at, one)).collect())
        }
        "aws.ec2.network_interface" => {
            let mut found = Vec::new();
            for ids in ids.chunks(200) {
                let by = filter("network-interface-id", ids.iter().copied());
                found.extend(isolate::interfaces(client, at, by).await?);
            }
            all(found.iter().map(|one| seen::interface(at, one)).collect())
        }
        _ => {
            let found = left::addresses(client, at, ids).await?;
            all(found.iter().map(|one| seen::address(at, one)).collect())
        }
    };
    Ok(seen::answered(at, kind, wanted, found))
}

/// What is asked about each machine by itself.
#[derive(Clone, Copy)]
struct Asked {
    protections: bool,
    user_data: bool,
}

/// With their protections and the hash of their user data: three calls each.
async fn machines(client: &Client, at: &Place, ids: &[&str]) -> Result<Vec<Observed>, CloudError> {
    let found: Vec<Instance> = instances::find(client, at, ids).await?.into_values().collect();
    let spot = spot_types(client, at, &found).await?;
    let seen = found.iter().filter_map(|instance| {
        let mut one = seen::instance(at, instance)?;
        tell_spot(&mut one, instance, &spot);
        let asked = one.state != State::Gone;
        Some((one, Asked { protections: asked, user_data: asked }))
    });
    ask_each(client, at, seen.collect()).await
}

/// Asks about each, a few at a time; in the same order.
async fn ask_each(
    client: &Client,
    at: &Place,
    all: Vec<(Observed, Asked)>,
) -> Result<Vec<Observed>, CloudError> {
    let mut told: BTreeMap<usize, Observed> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut rest = all.into_iter().enumerate();
    loop {
        while tasks.len() < AT_ONCE
            && let Some((place, (mut one, asked))) = rest.next()
        {
            let (client, at) = (client.clone(), at.clone());
            tasks.spawn(async move {
                if asked.protections {
                    tell_protections(&client, &at, &mut one).await;
                }
                if asked.user_data {
                    tell_user_data(&client, &mut one).await;
                }
                (place, one)
            });
        }
        match tasks.join_next().await {
            Some(Ok((place, one))) => {
                told.insert(place, one);
            }
            Some(Err(_)) => return Err(not_answered("ec2:DescribeInstanceAttribute", at, "whole answer")),
            None => return Ok(told.into_values().collect()),
        }
    }
}

async fn tell_protections(client: &Client, at: &Place, one: &mut Observed) {
    for (word, attribute) in [
        ("stop_protection", InstanceAttributeName::DisableApiStop),
        ("termination_protection", InstanceAttributeName::DisableApiTermination),
    ] {
        // Not known is not "off": whoever meets the protection says so.
        let is_on = instances::is_protected(client, at, &one.resource.id, attribute).await;
        let text = is_on.map_or_else(|_| "unknown".to_owned(), |is_on| is_on.to_string());
        one.details.insert(word.into(), text.into());
    }
}

/// The hash alone: user data often holds secrets.
async fn tell_user_data(client: &Client, one: &mut Observed) {
    let call = client.describe_instance_attribute().instance_id(&*one.resource.id);
    let text = match call.attribute(InstanceAttributeName::UserData).send().await {
        Ok(answer) => match answer.user_data.and_then(|data| data.value).filter(|data| !data.is_empty()) {
            Some(data) => match aws_smithy_types::base64::decode(data.trim()) {
                Ok(data) => hex(&Sha256::digest(&data)),
                Err(_) => "unknown".to_owned(),
            },
            None => return,
        },
        Err(_) => "unknown".to_owned(),
    };
    one.details.insert("user_data_sha256".into(), text.into());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `one-time` or `persistent`, by request, of the requests of these machines.
async fn spot_types(
    client: &Client,
    at: &Place,
    found: &[Instance],
) -> Result<BTreeMap<String, String>, CloudError> {
    let requests: BTreeSet<&str> =
        found.iter().filter_map(|one| one.spot_instance_request_id.as_deref()).collect();
    let requests: Vec<&str> = requests.into_iter().collect();
    let requests = spot::requests(client, at, &requests).await?;
    Ok(requests
        .into_iter()
        .filter_map(|one| Some((one.spot_instance_request_id?, one.r#type?.as_str().to_owned())))
        .collect())
}

fn tell_spot(one: &mut Observed, instance: &Instance, types: &BTreeMap<String, String>) {
    let request = instance.spot_instance_request_id.as_ref();
    if let Some(found) = request.and_then(|request| types.get(request)) {
        one.details.insert("spot_type".into(), found.as_str().into());
    }
}

/// Every machine that is not terminated, and everything of EC2's that can still launch one.
pub(super) async fn sweep(client: &Client, at: &Place) -> Result<Vec<Observed>, CloudError> {
    let alive = filter("instance-state-name", ["pending", "running", "stopping", "stopped"]);
    let found = instances::list(client, at, alive).await?;
    let mut asked = Vec::new();
    let mut read = 0;
    for instance in &found {
        let Some(mut one) = seen::instance(at, instance) else { continue };
        let is_running = one.state == State::Running;
        if is_running && read == USER_DATA {
            let why = format!("not read: more than {USER_DATA} machines run here");
            one.details.insert("user_data".into(), why.into());
        }
        let user_data = is_running && read < USER_DATA;
        read += usize::from(user_data);
        asked.push((one, Asked { protections: false, user_data }));
    }
    let mut all = ask_each(client, at, asked).await?;
    let requests = spot::list(client, at, filter("state", ["open", "active"])).await?;
    all.extend(requests.iter().filter_map(|one| seen::spot_request(at, one)));
    let spot_fleets = fleets::list_spot_fleets(client, at, None).await?;
    all.extend(spot_fleets.iter().filter_map(|one| seen::spot_fleet(at, one)));
    let fleets = fleets::list_fleets(client, at, None).await?;
    all.extend(fleets.iter().filter_map(|one| seen::fleet(at, one)));
    all.retain(|one| one.state != State::Gone);
    Ok(all)
}
