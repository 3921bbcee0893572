//! Groups: what they do by themselves, their size, protections and warm pools.

use super::super::ec2::{pages, receipt};
use super::members;
use crate::cloud::aws::error::failed;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{AutoScalingChange, SUSPENDED, WarmPool};
use crate::model::{Place, Sight};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, DeletionProtection, InstanceReusePolicy, WarmPoolConfiguration, WarmPoolState,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// One call takes no more names.
const NAMES: usize = 50;
/// One call takes no more ids (aws.md 3.2).
const PROTECTED: usize = 50;

/// Returns those that exist, by name; service-managed ones too. Unknown names are no error.
pub(super) async fn find(
    client: &Client,
    at: &Place,
    names: &BTreeSet<&str>,
) -> Result<BTreeMap<String, AutoScalingGroup>, CloudError> {
    let names: Vec<String> = names.iter().map(|name| name_of(name).to_owned()).collect();
    let mut found = BTreeMap::new();
    for names in names.chunks(NAMES) {
        let request = client
            .describe_auto_scaling_groups()
            .include_managed_resources(true)
            .max_records(100)
            .set_auto_scaling_group_names(Some(names.to_vec()));
        let call = "autoscaling:DescribeAutoScalingGroups";
        for one in pages!(call, at, request.clone(), auto_scaling_groups) {
            if let Some(name) = one.auto_scaling_group_name.clone() {
                found.insert(name, one);
            }
        }
    }
    Ok(found)
}

/// The name of a group that is given by name or ARN (`…:autoScalingGroupName/NAME`).
pub(super) fn name_of(group: &str) -> &str {
    group.split_once(":autoScalingGroupName/").map_or(group, |(_, name)| name)
}

/// The group that a change is about, and its ARN where the change names it: another of that name is another thing.
pub(super) fn group_of(change: &AutoScalingChange) -> (&str, Option<&str>) {
    use AutoScalingChange::*;
    match change {
        SuspendScalingGroup { name }
        | EmptyScalingGroup { name }
        | ClearScaleInProtection { name }
        | ClearDeletionProtection { name }
        | DeleteWarmPool { name }
        | DeleteScalingGroup { name }
        | DeleteLaunchConfiguration { name } => (name, name.starts_with("arn:").then_some(&**name)),
        ResumeScalingGroup { name, arn, .. }
        | SizeScalingGroup { name, arn, .. }
        | SetScaleInProtection { name, arn, .. }
        | SetDeletionProtection { name, arn, .. }
        | PutWarmPool { name, arn, .. } => (name, Some(arn)),
        EnterStandby { group, .. }
        | ExitStandby { group, .. }
        | DeleteScheduledAction { group, .. }
        | PutScheduledAction { group, .. } => (group, group.starts_with("arn:").then_some(&**group)),
    }
}

pub(super) async fn look(
    client: &Client,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Sight, CloudError>> {
    let names = changes.iter().map(|change| group_of(change).0).collect();
    let found = match find(client, at, &names).await {
        Ok(found) => found,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let mut sights = Vec::with_capacity(changes.len());
    for change in changes {
        let (name, arn) = group_of(change);
        let group = found.get(name_of(name));
        let group =
            group.filter(|one| arn.is_none_or(|arn| one.auto_scaling_group_arn.as_deref() == Some(arn)));
        sights.push(match group {
            Some(group) => sight(client, at, change, group).await,
            None => Ok(Sight::Gone),
        });
    }
    sights
}

pub(super) fn suspended(group: &AutoScalingGroup) -> BTreeSet<&str> {
    let processes = group.suspended_processes.iter().flatten();
    processes.filter_map(|one| one.process_name.as_deref()).collect()
}

/// Members that are protected from scale-in, sorted.
pub(super) fn protected(group: &AutoScalingGroup) -> BTreeSet<&str> {
    let members = group.instances.iter().flatten();
    let kept = members.filter(|one| one.protected_from_scale_in == Some(true));
    kept.filter_map(|one| one.instance_id.as_deref()).collect()
}

pub(super) fn deletion_protection(group: &AutoScalingGroup) -> &str {
    group.deletion_protection.as_ref().map_or("none", DeletionProtection::as_str)
}

async fn sight(
    client: &Client,
    at: &Place,
    change: &AutoScalingChange,
    group: &AutoScalingGroup,
) -> Result<Sight, CloudError> {
    use AutoScalingChange::*;
    let arn = group.auto_scaling_group_arn.as_deref();
    let suspended = suspended(group);
    let sizes = (group.min_size, group.max_size, group.desired_capacity);
    let sized = json!({ "arn": arn, "min": sizes.0, "max": sizes.1, "desired": sizes.2 });
    let members = group.instances.as_deref().unwrap_or_default();
    let protected = protected(group);
    let level = deletion_protection(group);
    Ok(match change {
        SuspendScalingGroup { .. } => Sight::there(
            json!({ "arn": arn, "suspended": suspended }),
            SUSPENDED.iter().all(|one| suspended.contains(one)),
        ),
        ResumeScalingGroup { processes, .. } => Sight::there(
            json!({ "arn": arn, "suspended": suspended }),
            !processes.iter().any(|one| suspended.contains(&**one)),
        ),
        EmptyScalingGroup { .. } => {
            Sight::there(sized, sizes == (Some(0), Some(0), Some(0)) && members.is_empty())
        }
        SizeScalingGroup { min, max, desired, .. } => {
            Sight::there(sized, sizes == (Some(*min), Some(*max), Some(*desired)))
        }
        EnterStandby { id, .. } | ExitStandby { id, .. } => {
            match members.iter().find(|one| one.instance_id.as_deref() == Some(&**id)) {
                Some(member) => members::sight(change, arn, member),
                None => Sight::Gone,
            }
        }
        ClearScaleInProtection { .. } => {
            Sight::there(json!({ "arn": arn, "protected": protected }), protected.is_empty())
        }
        SetScaleInProtection { ids, .. } => {
            let is_done = members
                .iter()
                .filter_map(|one| one.instance_id.as_deref())
                .filter(|member| ids.iter().any(|id| &**id == *member))
                .all(|member| protected.contains(member));
            Sight::there(json!({ "arn": arn, "protected": protected }), is_done)
        }
        ClearDeletionProtection { .. } => {
            Sight::there(json!({ "arn": arn, "level": level }), level == "none")
        }
        SetDeletionProtection { level: wanted, .. } => {
            Sight::there(json!({ "arn": arn, "level": level }), level == &**wanted)
        }
        DeleteWarmPool { .. } => match pool(client, at, group).await? {
            Some(pool) => Sight::there(json!({ "arn": arn, "pool": pool }), false),
            None => Sight::Gone,
        },
        PutWarmPool { pool: wanted, .. } => {
            let pool = pool(client, at, group).await?;
            let is_done = pool.as_ref() == Some(wanted);
            Sight::there(json!({ "arn": arn, "pool": pool }), is_done)
        }
        DeleteScalingGroup { .. } => Sight::there(json!({ "arn": arn }), false),
        DeleteScheduledAction { .. } | PutScheduledAction { .. } | DeleteLaunchConfiguration { .. } => {
            Sight::Gone
        }
    })
}

/// The group's warm pool; one that is being deleted is still one.
async fn pool(client: &Client, at: &Place, group: &AutoScalingGroup) -> Result<Option<WarmPool>, CloudError> {
    let call = client.describe_warm_pool();
    let answer = call.set_auto_scaling_group_name(group.auto_scaling_group_name.clone()).send().await;
    let answer = answer.map_err(|error| failed("autoscaling:DescribeWarmPool", at, error))?;
    let of = |pool: WarmPoolConfiguration| WarmPool {
        max: pool.max_group_prepared_capacity,
        min: pool.min_size,
        state: pool.pool_state.map(|state| state.as_str().into()),
        reuse: pool.instance_reuse_policy.and_then(|policy| policy.reuse_on_scale_in),
    };
    Ok(answer.warm_pool_configuration.map(of))
}

pub(super) async fn perform(
    client: &Client,
    at: &Place,
    change: &AutoScalingChange,
) -> Result<Receipt, CloudError> {
    use AutoScalingChange::*;
    const UPDATE: &str = "autoscaling:UpdateAutoScalingGroup";
    let name = name_of(group_of(change).0);
    let update = client.update_auto_scaling_group().auto_scaling_group_name(name);
    match change {
        SuspendScalingGroup { .. } => {
            let processes = SUSPENDED.iter().map(|one| (*one).to_owned()).collect();
            let call = client.suspend_processes().auto_scaling_group_name(name);
            let answer = call.set_scaling_processes(Some(processes)).send().await;
            receipt("autoscaling:SuspendProcesses", at, answer)
        }
        // Without a list it would resume what others suspended, too.
        ResumeScalingGroup { processes, .. } if processes.is_empty() => Ok(Receipt::default()),
        ResumeScalingGroup { processes, .. } => {
            let processes = processes.iter().map(|one| one.to_string()).collect();
            let call = client.resume_processes().auto_scaling_group_name(name);
            let answer = call.set_scaling_processes(Some(processes)).send().await;
            receipt("autoscaling:ResumeProcesses", at, answer)
        }
        EmptyScalingGroup { .. } => {
            receipt(UPDATE, at, update.min_size(0).max_size(0).desired_capacity(0).send().await)
        }
        SizeScalingGroup { min, max, desired, .. } => {
            let call = update.min_size(*min).max_size(*max).desired_capacity(*desired);
            receipt(UPDATE, at, call.send().await)
        }
        ClearScaleInProtection { .. } => {
            let found = find(client, at, &[name].into()).await?;
            let ids = found.get(name).map(protected).unwrap_or_default();
            protect(client, at, name, ids.into_iter().map(str::to_owned).collect(), false).await
        }
        SetScaleInProtection { ids, .. } => {
            // Those that have left the group since would fail the call.
            let found = find(client, at, &[name].into()).await?;
            let members: BTreeSet<&str> = found
                .get(name)
                .and_then(|group| group.instances.as_deref())
                .unwrap_or_default()
                .iter()
                .filter_map(|one| one.instance_id.as_deref())
                .collect();
            let ids = ids.iter().filter(|id| members.contains(&***id)).map(|id| id.to_string()).collect();
            protect(client, at, name, ids, true).await
        }
        ClearDeletionProtection { .. } => {
            receipt(UPDATE, at, update.deletion_protection(DeletionProtection::None).send().await)
        }
        SetDeletionProtection { level, .. } => {
            receipt(UPDATE, at, update.deletion_protection(DeletionProtection::from(&**level)).send().await)
        }
        DeleteWarmPool { .. } => {
            let call = client.delete_warm_pool().auto_scaling_group_name(name).force_delete(true);
            receipt("autoscaling:DeleteWarmPool", at, call.send().await)
        }
        PutWarmPool { pool, .. } => {
            let reuse =
                pool.reuse.map(|reuse| InstanceReusePolicy::builder().reuse_on_scale_in(reuse).build());
            let call = client
                .put_warm_pool()
                .auto_scaling_group_name(name)
                .set_max_group_prepared_capacity(pool.max)
                .set_min_size(pool.min)
                .set_pool_state(pool.state.as_deref().map(WarmPoolState::from))
                .set_instance_reuse_policy(reuse);
            receipt("autoscaling:PutWarmPool", at, call.send().await)
        }
        DeleteScalingGroup { .. } => {
            let call = client.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(true);
            receipt("autoscaling:DeleteAutoScalingGroup", at, call.send().await)
        }
        EnterStandby { .. }
        | ExitStandby { .. }
        | DeleteScheduledAction { .. }
        | PutScheduledAction { .. }
        | DeleteLaunchConfiguration { .. } => {
            Err(CloudError::new(Refusal::Invalid, "autoscaling", at, None, "not a change of a group"))
        }
    }
}

async fn protect(
    client: &Client,
    at: &Place,
    name: &str,
    ids: Vec<String>,
    is_on: bool,
) -> Result<Receipt, CloudError> {
    let mut last = Receipt::default();
    for ids in ids.chunks(PROTECTED) {
        let call =
            client.set_instance_protection().auto_scaling_group_name(name).protected_from_scale_in(is_on);
        let answer = call.set_instance_ids(Some(ids.to_vec())).send().await;
        last = receipt("autoscaling:SetInstanceProtection", at, answer)?;
    }
    Ok(last)
}
