//! Spot requests, as they are found.

use super::instances::filter;
use super::shared::pages;
use crate::cloud::CloudError;
use crate::model::Place;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, SpotInstanceRequest};

/// Returns those that exist. Asked by filter: an unknown id in a list of ids fails the whole call.
pub(super) async fn requests(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Vec<SpotInstanceRequest>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        found.extend(list(client, at, filter("spot-instance-request-id", ids.iter().copied())).await?);
    }
    Ok(found)
}

pub(super) async fn list(
    client: &Client,
    at: &Place,
    by: Filter,
) -> Result<Vec<SpotInstanceRequest>, CloudError> {
    let request = client.describe_spot_instance_requests().filters(by);
    Ok(pages!("ec2:DescribeSpotInstanceRequests", at, request.clone(), spot_instance_requests))
}
