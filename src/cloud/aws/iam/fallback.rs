//! Denies for users and roles whose inline policies are full: AWS's own policy, a boundary, a group.

use super::holder::{Held, Holder};
use super::{Iam, absent, decoded, failed, last, next, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::{Sight, deny};
use serde_json::json;
use std::sync::Arc;

fn deny_all(held: &Held) -> String {
    let partition = held.arn.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:iam::aws:{}", deny::AWS_DENY_ALL)
}

/// Whether AWSDenyAll is attached as wanted; with an `id`, to that very user or role.
pub(super) async fn attached(
    iam: &Iam,
    holder: Holder<'_>,
    id: Option<&str>,
    wanted: bool,
) -> Result<Sight, CloudError> {
    let held = holder.see(iam).await?;
    if id.is_some_and(|id| id != held.id) {
        return Ok(Sight::Gone);
    }
    let attached = holder.attached(iam).await?.contains(&deny_all(&held));
    Ok(Sight::there(json!({ "id": held.id, "attached": attached }), attached == wanted))
}

pub(super) async fn attach(iam: &Iam, holder: Holder<'_>) -> Result<Receipt, CloudError> {
    let held = holder.see(iam).await?;
    holder.attach(iam, &deny_all(&held)).await
}

pub(super) async fn detach(iam: &Iam, holder: Holder<'_>, id: &str) -> Result<Receipt, CloudError> {
    let held = holder.is(iam, id).await?;
    holder.detach(iam, &deny_all(&held)).await
}

pub(super) async fn bound(iam: &Iam, holder: Holder<'_>) -> Result<Sight, CloudError> {
    let held = holder.see(iam).await?;
    let is_done = held.boundary.as_deref() == Some(&*deny_all(&held));
    Ok(Sight::there(json!({ "id": held.id, "boundary": held.boundary }), is_done))
}

pub(super) async fn bind(iam: &Iam, holder: Holder<'_>) -> Result<Receipt, CloudError> {
    let held = holder.see(iam).await?;
    holder.set_boundary(iam, Some(&deny_all(&held))).await
}

pub(super) async fn boundary(
    iam: &Iam,
    holder: Holder<'_>,
    id: &str,
    wanted: &Option<Arc<str>>,
) -> Result<Sight, CloudError> {
    let held = holder.see(iam).await?;
    if held.id != id {
        return Ok(Sight::Gone);
    }
    let is_done = held.boundary.as_deref() == wanted.as_deref();
    Ok(Sight::there(json!({ "id": held.id, "boundary": held.boundary }), is_done))
}

pub(super) async fn set_boundary(
    iam: &Iam,
    holder: Holder<'_>,
    id: &str,
    wanted: &Option<Arc<str>>,
) -> Result<Receipt, CloudError> {
    holder.is(iam, id).await?;
    holder.set_boundary(iam, wanted.as_deref()).await
}

/// The groups of a user, with their paths.
pub(super) async fn groups(iam: &Iam, user: &str) -> Result<Vec<(String, String)>, CloudError> {
    let call = "iam:ListGroupsForUser";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_groups_for_user().user_name(user).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        all.extend(answer.groups().iter().map(|one| (one.group_name().to_owned(), one.path().to_owned())));
        if !next(call, &iam.at, answer.is_truncated, answer.marker(), &mut marker)? {
            return Ok(all);
        }
    }
}

fn is_ours((name, path): &(String, String)) -> bool {
    name == deny::DENY_GROUP && path == deny::PATH
}

async fn group_policy(iam: &Iam) -> Result<Option<String>, CloudError> {
    let request = iam.client.get_group_policy().group_name(deny::DENY_GROUP).policy_name(deny::DENY_ALL);
    let answer = request.send().await.map_err(|error| failed("iam:GetGroupPolicy", &iam.at, error));
    Ok(absent(answer)?.map(|answer| decoded(answer.policy_document())))
}

/// With an `id`, whether that very user is out of the group; else whether the user is in it and it denies.
pub(super) async fn group(iam: &Iam, user: &str, id: Option<&str>) -> Result<Sight, CloudError> {
    let held = Holder::user(user).see(iam).await?;
    if id.is_some_and(|id| id != held.id) {
        return Ok(Sight::Gone);
    }
    let is_member = groups(iam, last(user)).await?.iter().any(is_ours);
    let is_done = match id {
        Some(_) => !is_member,
        None => is_member && group_policy(iam).await?.as_deref().is_some_and(deny::is_everything),
    };
    Ok(Sight::there(json!({ "id": held.id, "member": is_member }), is_done))
}

/// Makes the group where it is not there yet. Its policy is written before anybody is in it.
pub(super) async fn join(iam: &Iam, user: &str) -> Result<Receipt, CloudError> {
    let mut made = Vec::new();
    let answer = iam.client.get_group().group_name(deny::DENY_GROUP).max_items(1).send().await;
    match absent(answer.map_err(|error| failed("iam:GetGroup", &iam.at, error)))? {
        Some(answer) => {
            if answer.group().map(|group| group.path()) != Some(deny::PATH) {
                let why = "a group of our name is there that is not ours";
                return Err(iam.refused(Refusal::Conflict, "iam:CreateGroup", why));
            }
        }
        None => {
            let answer = iam.client.create_group().group_name(deny::DENY_GROUP).path(deny::PATH).send().await;
            answer.map_err(|error| failed("iam:CreateGroup", &iam.at, error))?;
            made.push(deny::DENY_GROUP.to_owned());
        }
    }
    if !group_policy(iam).await?.as_deref().is_some_and(deny::is_everything) {
        let request = iam.client.put_group_policy().group_name(deny::DENY_GROUP).policy_name(deny::DENY_ALL);
        let answer = request.policy_document(deny::everything()).send().await;
        answer.map_err(|error| failed("iam:PutGroupPolicy", &iam.at, error))?;
    }
    let answer =
        iam.client.add_user_to_group().group_name(deny::DENY_GROUP).user_name(last(user)).send().await;
    let receipt = answer.map(|it| receipt(&it));
    let receipt = receipt.map_err(|error| failed("iam:AddUserToGroup", &iam.at, error))?;
    Ok(Receipt { made, ..receipt })
}

/// The group goes with its last member; one that somebody hung more on stays, empty.
pub(super) async fn leave(iam: &Iam, user: &str, id: &str) -> Result<Receipt, CloudError> {
    Holder::user(user).is(iam, id).await?;
    let request = iam.client.remove_user_from_group().group_name(deny::DENY_GROUP).user_name(last(user));
    let answer = request.send().await.map(|it| receipt(&it));
    let answer = answer.map_err(|error| failed("iam:RemoveUserFromGroup", &iam.at, error));
    let done = absent(answer)?.unwrap_or_default();
    let answer = iam.client.get_group().group_name(deny::DENY_GROUP).max_items(1).send().await;
    let group = absent(answer.map_err(|error| failed("iam:GetGroup", &iam.at, error)))?;
    let is_empty = group.as_ref().is_some_and(|one| {
        one.users().is_empty() && !one.is_truncated && one.group().map(|it| it.path()) == Some(deny::PATH)
    });
    if !is_empty {
        return Ok(done);
    }
    let request = iam.client.delete_group_policy().group_name(deny::DENY_GROUP).policy_name(deny::DENY_ALL);
    let answer = request.send().await.map(|_| ());
    absent(answer.map_err(|error| failed("iam:DeleteGroupPolicy", &iam.at, error)))?;
    let answer = iam.client.delete_group().group_name(deny::DENY_GROUP).send().await.map(|_| ());
    match absent(answer.map_err(|error| failed("iam:DeleteGroup", &iam.at, error))) {
        // Something else hangs on it, or somebody joined in the meantime.
        Err(error) if error.refusal == Refusal::Protected => Ok(done),
        Err(error) => Err(error),
        Ok(_) => Ok(done),
    }
}
