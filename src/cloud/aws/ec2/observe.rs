//! What EC2 shows of things: their state, what holds them, and what a plan or a reader wants to know besides.

use super::super::ec2::instances::{self, filter};
use super::seen;
use super::shared::pages;
use crate::cloud::CloudError;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Instance, InstanceAttributeName, SpotInstanceRequest};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const KINDS: &[&str] = &["aws.ec2.instance", "aws.ec2.spot_request"];

/// Of how many running machines a sweep reads the user data: one call each.
const USER_DATA: usize = 200;

pub(super) async fn observe(
    client: &Client,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let ids: Vec<&str> = wanted.iter().map(|one| &*one.id).collect();
    let found = match kind {
        "aws.ec2.instance" => machines(client, at, &ids).await?,
        "aws.ec2.spot_request" => spot_requests(client, at, &ids)
            .await?
            .iter()
            .filter_map(|one| seen::spot_request(at, one))
            .collect(),
        _ => Vec::new(),
    };
    Ok(seen::answered(at, kind, wanted, found))
}

/// With their protections and the hash of their user data: three calls each.
async fn machines(client: &Client, at: &Place, ids: &[&str]) -> Result<Vec<Observed>, CloudError> {
    let found: Vec<Instance> = instances::find(client, at, ids).await?.into_values().collect();
    let spot = spot_types(client, at, &found).await?;
    let mut all = Vec::new();
    for instance in &found {
        let Some(mut one) = seen::instance(at, instance) else { continue };
        tell_spot(&mut one, instance, &spot);
        if one.state != State::Gone {
            let id = one.resource.id.clone();
            for (word, attribute) in [
                ("stop_protection", InstanceAttributeName::DisableApiStop),
                ("termination_protection", InstanceAttributeName::DisableApiTermination),
            ] {
                // Not known is not "off": whoever meets the protection says so.
                let is_on = instances::is_protected(client, at, &id, attribute).await;
                let text = is_on.map_or_else(|_| "unknown".to_owned(), |is_on| is_on.to_string());
                one.details.insert(word.into(), text.into());
            }
            tell_user_data(client, &mut one).await;
        }
        all.push(one);
    }
    Ok(all)
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
    let requests = spot_requests(client, at, &requests).await?;
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

pub(super) async fn spot_requests(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Vec<SpotInstanceRequest>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let by = filter("spot-instance-request-id", ids.iter().copied());
        let request = client.describe_spot_instance_requests().filters(by);
        found.extend(pages!("ec2:DescribeSpotInstanceRequests", at, request.clone(), spot_instance_requests));
    }
    Ok(found)
}

/// Every machine that is not terminated, and every spot request that can still launch.
pub(super) async fn sweep(client: &Client, at: &Place) -> Result<Vec<Observed>, CloudError> {
    let alive = filter("instance-state-name", ["pending", "running", "stopping", "stopped"]);
    let found = instances::list(client, at, alive).await?;
    let mut all = Vec::new();
    let mut read = 0;
    for instance in &found {
        let Some(mut one) = seen::instance(at, instance) else { continue };
        if one.state == State::Running {
            match read < USER_DATA {
                true => tell_user_data(client, &mut one).await,
                false => {
                    one.details.insert(
                        "user_data_sha256".into(),
                        Arc::from(format!("not read: more than {USER_DATA} machines run here")),
                    );
                }
            }
            read += 1;
        }
        all.push(one);
    }
    let open = filter("state", ["open", "active", "disabled"]);
    let request = client.describe_spot_instance_requests().filters(open);
    let spot = pages!("ec2:DescribeSpotInstanceRequests", at, request.clone(), spot_instance_requests);
    all.extend(spot.iter().filter_map(|one| seen::spot_request(at, one)));
    Ok(all)
}
