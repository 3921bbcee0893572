//! Instance profiles: which role a machine hands out.

use super::instances::filter;
use super::shared::{pages, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::Ec2Change;
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{IamInstanceProfileAssociation, IamInstanceProfileSpecification};
use serde_json::json;

/// The profile that a machine has now.
async fn association(
    client: &Client,
    at: &Place,
    instance: &str,
) -> Result<Option<IamInstanceProfileAssociation>, CloudError> {
    let request =
        client.describe_iam_instance_profile_associations().filters(filter("instance-id", [instance]));
    let call = "ec2:DescribeIamInstanceProfileAssociations";
    let found = pages!(call, at, request.clone(), iam_instance_profile_associations);
    Ok(found.into_iter().find(|one| {
        let state = one.state.as_ref().map(|state| state.as_str());
        one.instance_id.as_deref() == Some(instance)
            && !matches!(state, Some("disassociating" | "disassociated"))
    }))
}

fn arn(association: &IamInstanceProfileAssociation) -> Option<&str> {
    association.iam_instance_profile.as_ref().and_then(|profile| profile.arn.as_deref())
}

/// The name of a profile.
fn last(profile: &str) -> &str {
    profile.rsplit('/').next().unwrap_or(profile)
}

pub(super) async fn look(client: &Client, at: &Place, change: &Ec2Change) -> Result<Sight, CloudError> {
    let id = &**change.subject();
    let found = super::instances::find(client, at, &[id]).await?;
    if found.get(id).is_none_or(super::instances::is_over) {
        return Ok(Sight::Gone);
    }
    let found = association(client, at, id).await?;
    let now = found.as_ref().and_then(arn);
    let is_done = match change {
        Ec2Change::ReplaceInstanceProfile { profile, .. }
        | Ec2Change::GiveInstanceProfile { profile, .. } => now == Some(&**profile),
        Ec2Change::RemoveInstanceProfile { profile: Some(profile), .. } => {
            now.is_none_or(|now| last(now) != last(profile))
        }
        _ => found.is_none(),
    };
    Ok(Sight::there(json!({ "profile": now }), is_done))
}

pub(super) async fn perform(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    let id = &**change.subject();
    let by_arn = |arn: &str| IamInstanceProfileSpecification::builder().arn(arn).build();
    if let Ec2Change::GiveInstanceProfile { profile, .. } = change {
        let call = client.associate_iam_instance_profile().instance_id(id);
        let answer = call.iam_instance_profile(by_arn(profile)).send().await;
        return receipt("ec2:AssociateIamInstanceProfile", at, answer);
    }
    let found = association(client, at, id).await?.and_then(|one| one.association_id);
    let Some(found) = found else {
        let call = "ec2:DescribeIamInstanceProfileAssociations";
        return Err(CloudError::new(Refusal::NotFound, call, at, None, "the machine has no profile"));
    };
    match change {
        Ec2Change::ReplaceInstanceProfile { profile, .. } => {
            let call = client.replace_iam_instance_profile_association().association_id(found);
            let answer = call.iam_instance_profile(by_arn(profile)).send().await;
            receipt("ec2:ReplaceIamInstanceProfileAssociation", at, answer)
        }
        _ => {
            let answer = client.disassociate_iam_instance_profile().association_id(found).send().await;
            receipt("ec2:DisassociateIamInstanceProfile", at, answer)
        }
    }
}
