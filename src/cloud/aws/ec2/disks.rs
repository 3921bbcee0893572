//! Disks: copied for forensics, and deleted.

use super::super::error::failed;
use super::instances::{self, filter};
use super::shared::{pages, receipt};
use super::{CASE, tags};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Image, Instance, ResourceType, Snapshot, Volume};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) async fn volumes(client: &Client, at: &Place, ids: &[&str]) -> Result<Vec<Volume>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let by = filter("volume-id", ids.iter().copied());
        let request = client.describe_volumes().include_managed_resources(true).filters(by);
        found.extend(pages!("ec2:DescribeVolumes", at, request.clone(), volumes));
    }
    Ok(found)
}

pub(super) async fn snapshots(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Vec<Snapshot>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let request = client.describe_snapshots().filters(filter("snapshot-id", ids.iter().copied()));
        found.extend(pages!("ec2:DescribeSnapshots", at, request.clone(), snapshots));
    }
    Ok(found)
}

/// Disabled and deprecated ones too.
pub(super) async fn images(client: &Client, at: &Place, ids: &[&str]) -> Result<Vec<Image>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let by = filter("image-id", ids.iter().copied());
        let request = client.describe_images().include_deprecated(true).include_disabled(true).filters(by);
        found.extend(pages!("ec2:DescribeImages", at, request.clone(), images));
    }
    Ok(found)
}

/// The EBS disks that a machine has, sorted.
fn attached(instance: &Instance) -> BTreeSet<String> {
    let disks = instance.block_device_mappings.iter().flatten().filter_map(|disk| disk.ebs.as_ref());
    disks.filter_map(|ebs| ebs.volume_id.clone()).collect()
}

/// Of these disks, those that a snapshot of the case holds already; one that failed holds nothing.
async fn copied(
    client: &Client,
    at: &Place,
    case: &str,
    disks: &BTreeSet<String>,
) -> Result<BTreeSet<String>, CloudError> {
    let disks: Vec<&str> = disks.iter().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    for disks in disks.chunks(200) {
        let request = client
            .describe_snapshots()
            .owner_ids("self")
            .filters(filter("volume-id", disks.iter().copied()))
            .filters(filter(&format!("tag:{CASE}"), [case]));
        let snapshots = pages!("ec2:DescribeSnapshots", at, request.clone(), snapshots);
        let whole = snapshots.into_iter().filter(|one| {
            matches!(one.state.as_ref().map(|state| state.as_str()), Some("pending" | "completed"))
        });
        found.extend(whole.filter_map(|one| one.volume_id));
    }
    Ok(found)
}

/// What a change would copy; `None` where it is gone.
async fn wanted(
    client: &Client,
    at: &Place,
    change: &Ec2Change,
) -> Result<Option<BTreeSet<String>>, CloudError> {
    let id = &**change.subject();
    Ok(match change {
        Ec2Change::SnapshotInstance { .. } => {
            let found = instances::find(client, at, &[id]).await?;
            found.get(id).filter(|one| !instances::is_over(one)).map(attached)
        }
        _ => {
            let found = volumes(client, at, &[id]).await?;
            (!found.is_empty()).then(|| [id.to_owned()].into())
        }
    })
}

pub(super) async fn look(
    client: &Client,
    at: &Place,
    case: &str,
    change: &Ec2Change,
) -> Result<Sight, CloudError> {
    let Some(disks) = wanted(client, at, change).await? else { return Ok(Sight::Gone) };
    let copied = copied(client, at, case, &disks).await?;
    Ok(Sight::there(json!({ "volumes": disks }), disks.is_subset(&copied)))
}

/// One call for each disk, so that one that can't be copied (a lost encryption key) does not keep the others; it is named.
pub(super) async fn copy(
    client: &Client,
    at: &Place,
    case: &str,
    change: &Ec2Change,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "ec2:CreateSnapshot";
    let subject = &**change.subject();
    let Some(disks) = wanted(client, at, change).await? else {
        return Err(CloudError::new(Refusal::NotFound, CALL, at, None, subject));
    };
    let copied = copied(client, at, case, &disks).await?;
    let mut made = Vec::new();
    let mut first = None;
    for disk in disks.difference(&copied) {
        let call = client
            .create_snapshot()
            .volume_id(disk)
            .description(format!("{disk} of {subject}, evidence of {case}"))
            .tag_specifications(tags(ResourceType::Snapshot, case, &[("triage:of", subject)]));
        match call.send().await {
            Ok(snapshot) => made.extend(snapshot.snapshot_id),
            Err(error) => {
                let error = failed(CALL, at, error);
                let message = format!("{disk}: {}", error.message());
                let named = CloudError::new(error.refusal, CALL, at, error.code.as_deref(), &message);
                first.get_or_insert(named);
            }
        }
    }
    match first {
        Some(error) => Err(error),
        None => Ok(Receipt { request_id: None, made }),
    }
}

pub(super) async fn look_at_volume(
    client: &Client,
    at: &Place,
    change: &Ec2Change,
) -> Result<Sight, CloudError> {
    let found = volumes(client, at, &[change.subject()]).await?;
    Ok(match found.first().and_then(|one| one.state.as_ref()).map(|state| state.as_str()) {
        None | Some("deleted" | "deleting") => Sight::Gone,
        Some(_) => Sight::there(json!({}), false),
    })
}

pub(super) async fn delete(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    receipt("ec2:DeleteVolume", at, client.delete_volume().volume_id(&**change.subject()).send().await)
}
