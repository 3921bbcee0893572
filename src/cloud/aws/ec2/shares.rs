//! Snapshots and images: with whom they are shared.

use super::super::error::failed;
use super::shared::{or_gone, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ImageAttributeName, LaunchPermission, LaunchPermissionModifications, OperationType, PermissionGroup,
    SnapshotAttributeName,
};
use serde_json::json;

/// With whom: an account, an organization or a unit of it by ARN, everybody.
enum With<'a> {
    Account(&'a str),
    Organization(&'a str),
    Unit(&'a str),
    Everybody,
}

fn with(member: &str) -> With<'_> {
    match member {
        "*" | "all" => With::Everybody,
        arn if arn.contains(":ou/") => With::Unit(arn),
        arn if arn.starts_with("arn:") => With::Organization(arn),
        account => With::Account(account),
    }
}

pub(super) async fn look(client: &Client, at: &Place, change: &Ec2Change) -> Result<Sight, CloudError> {
    use Ec2Change::*;
    let (is_shared, wanted) = match change {
        UnshareSnapshot { id, with } => (snapshot(client, at, id, with).await, false),
        ShareSnapshot { id, with } => (snapshot(client, at, id, with).await, true),
        UnshareImage { id, with } => (image(client, at, id, with).await, false),
        ShareImage { id, with } => (image(client, at, id, with).await, true),
        _ => return Ok(Sight::Gone),
    };
    or_gone(is_shared.map(|is_shared| Sight::there(json!({ "shared": is_shared }), is_shared == wanted)))
}

async fn snapshot(client: &Client, at: &Place, id: &str, member: &str) -> Result<bool, CloudError> {
    let call = client.describe_snapshot_attribute().snapshot_id(id);
    let answer = call.attribute(SnapshotAttributeName::CreateVolumePermission).send().await;
    let answer = answer.map_err(|error| failed("ec2:DescribeSnapshotAttribute", at, error))?;
    Ok(answer.create_volume_permissions.iter().flatten().any(|one| match with(member) {
        With::Account(account) => one.user_id.as_deref() == Some(account),
        With::Everybody => one.group == Some(PermissionGroup::All),
        With::Organization(_) | With::Unit(_) => false,
    }))
}

async fn image(client: &Client, at: &Place, id: &str, member: &str) -> Result<bool, CloudError> {
    let call = client.describe_image_attribute().image_id(id);
    let answer = call.attribute(ImageAttributeName::LaunchPermission).send().await;
    let answer = answer.map_err(|error| failed("ec2:DescribeImageAttribute", at, error))?;
    Ok(answer.launch_permissions.iter().flatten().any(|one| match with(member) {
        With::Account(account) => one.user_id.as_deref() == Some(account),
        With::Everybody => one.group == Some(PermissionGroup::All),
        With::Organization(arn) => one.organization_arn.as_deref() == Some(arn),
        With::Unit(arn) => one.organizational_unit_arn.as_deref() == Some(arn),
    }))
}

pub(super) async fn perform(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    use Ec2Change::*;
    match change {
        UnshareSnapshot { id, with } | ShareSnapshot { id, with } => {
            let adds = matches!(change, ShareSnapshot { .. });
            share_snapshot(client, at, id, with, adds).await
        }
        UnshareImage { id, with } | ShareImage { id, with } => {
            let adds = matches!(change, ShareImage { .. });
            share_image(client, at, id, with, adds).await
        }
        _ => Err(CloudError::new(Refusal::Invalid, "ec2", at, None, "not a change of a share")),
    }
}

async fn share_snapshot(
    client: &Client,
    at: &Place,
    id: &str,
    member: &str,
    adds: bool,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "ec2:ModifySnapshotAttribute";
    let call = client
        .modify_snapshot_attribute()
        .snapshot_id(id)
        .attribute(SnapshotAttributeName::CreateVolumePermission)
        .operation_type(if adds { OperationType::Add } else { OperationType::Remove });
    let call = match with(member) {
        With::Account(account) => call.user_ids(account),
        With::Everybody => call.group_names("all"),
        With::Organization(arn) | With::Unit(arn) => {
            let why = format!("a snapshot is not shared with {arn}");
            return Err(CloudError::new(Refusal::Invalid, CALL, at, None, &why));
        }
    };
    receipt(CALL, at, call.send().await)
}

async fn share_image(
    client: &Client,
    at: &Place,
    id: &str,
    member: &str,
    adds: bool,
) -> Result<Receipt, CloudError> {
    let permission = LaunchPermission::builder();
    let permission = match with(member) {
        With::Account(account) => permission.user_id(account),
        With::Everybody => permission.group(PermissionGroup::All),
        With::Organization(arn) => permission.organization_arn(arn),
        With::Unit(arn) => permission.organizational_unit_arn(arn),
    };
    let change = LaunchPermissionModifications::builder();
    let change = match adds {
        true => change.add(permission.build()),
        false => change.remove(permission.build()),
    };
    let call = client.modify_image_attribute().image_id(id).launch_permission(change.build());
    receipt("ec2:ModifyImageAttribute", at, call.send().await)
}
