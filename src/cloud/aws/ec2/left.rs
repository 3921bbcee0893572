//! What is left lying about: key pairs, launch templates, interfaces, addresses.

use super::super::error::failed;
use super::instances::filter;
use super::isolate;
use super::shared::{pages, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Address, KeyPairInfo, LaunchTemplate};
use aws_smithy_types::Blob;
use serde_json::json;

/// With their public halves. Asked by filter: an unknown id in a list of ids fails the whole call.
pub(super) async fn key_pairs(
    client: &Client,
    at: &Place,
    by: &str,
    ids: &[&str],
) -> Result<Vec<KeyPairInfo>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let call = client.describe_key_pairs().include_public_key(true);
        let answer = call.filters(filter(by, ids.iter().copied())).send().await;
        let answer = answer.map_err(|error| failed("ec2:DescribeKeyPairs", at, error))?;
        found.extend(answer.key_pairs.unwrap_or_default());
    }
    Ok(found)
}

pub(super) async fn templates(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Vec<LaunchTemplate>, CloudError> {
    let mut found = Vec::new();
    // One unknown id fails a call, and no filter takes ids.
    for id in ids {
        let request =
            client.describe_launch_templates().include_managed_resources(true).launch_template_ids(*id);
        let answer = async {
            Ok::<_, CloudError>(pages!("ec2:DescribeLaunchTemplates", at, request.clone(), launch_templates))
        };
        match answer.await {
            Ok(all) => found.extend(all),
            Err(error) if error.refusal == Refusal::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub(super) async fn addresses(client: &Client, at: &Place, ids: &[&str]) -> Result<Vec<Address>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let call = client.describe_addresses().filters(filter("allocation-id", ids.iter().copied()));
        let answer = call.send().await.map_err(|error| failed("ec2:DescribeAddresses", at, error))?;
        found.extend(answer.addresses.unwrap_or_default());
    }
    Ok(found)
}

/// Type and key, without the comment, which a cloud may change.
fn key(public: &str) -> Vec<&str> {
    public.split_whitespace().take(2).collect()
}

pub(super) async fn look(client: &Client, at: &Place, change: &Ec2Change) -> Result<Sight, CloudError> {
    use Ec2Change::*;
    let subject = &**change.subject();
    let is_there = match change {
        DeleteKeyPair { .. } => {
            let found = key_pairs(client, at, "key-pair-id", &[subject]).await?;
            return Ok(match found.first() {
                Some(one) => {
                    let public = one.public_key.as_deref().map(str::trim);
                    Sight::there(json!({ "name": one.key_name, "public_key": public }), false)
                }
                None => Sight::Gone,
            });
        }
        ImportKeyPair { public_key, .. } => {
            let found = key_pairs(client, at, "key-name", &[subject]).await?;
            let now = found.first().and_then(|one| one.public_key.as_deref());
            let is_done = now.is_some_and(|now| key(now) == key(public_key));
            return Ok(Sight::there(json!({ "there": !found.is_empty() }), is_done));
        }
        DeleteLaunchTemplate { .. } => !templates(client, at, &[subject]).await?.is_empty(),
        DeleteNetworkInterface { .. } => {
            let by = filter("network-interface-id", [subject]);
            !isolate::interfaces(client, at, by).await?.is_empty()
        }
        ReleaseAddress { .. } => !addresses(client, at, &[subject]).await?.is_empty(),
        _ => false,
    };
    Ok(if is_there { Sight::there(json!({}), false) } else { Sight::Gone })
}

pub(super) async fn perform(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    use Ec2Change::*;
    let subject = &**change.subject();
    match change {
        DeleteKeyPair { .. } => {
            receipt("ec2:DeleteKeyPair", at, client.delete_key_pair().key_pair_id(subject).send().await)
        }
        ImportKeyPair { public_key, .. } => {
            let call = client.import_key_pair().key_name(subject);
            let answer = call.public_key_material(Blob::new(public_key.as_bytes())).send().await;
            receipt("ec2:ImportKeyPair", at, answer)
        }
        DeleteLaunchTemplate { .. } => {
            let answer = client.delete_launch_template().launch_template_id(subject).send().await;
            receipt("ec2:DeleteLaunchTemplate", at, answer)
        }
        DeleteNetworkInterface { .. } => {
            let answer = client.delete_network_interface().network_interface_id(subject).send().await;
            receipt("ec2:DeleteNetworkInterface", at, answer)
        }
        ReleaseAddress { .. } => {
            receipt("ec2:ReleaseAddress", at, client.release_address().allocation_id(subject).send().await)
        }
        _ => Err(CloudError::new(Refusal::Invalid, "ec2", at, None, "not a change of this")),
    }
}
