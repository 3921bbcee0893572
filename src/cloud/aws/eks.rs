//! EKS, live: what we look at and what we do to it.

use super::each::{detail, observed, or_gone, or_none, receipt, stamp, tag_map};
use super::many::{each, none_of, pages};
use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{AccessEntry, EksChange};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_eks::Client;
use aws_sdk_eks::types::{
    AccessEntry as Entry, AccessScope, AccessScopeType, AssociatedAccessPolicy, FargateProfile, Nodegroup,
    NodegroupScalingConfig, NodegroupStatus,
};
use serde_json::{Value, json};
use std::sync::Arc;

const CLUSTER: &str = "aws.eks.cluster";
const NODEGROUP: &str = "aws.eks.nodegroup";
const PROFILE: &str = "aws.eks.fargate_profile";
const ENTRY: &str = "aws.eks.access_entry";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[CLUSTER, NODEGROUP, PROFILE, ENTRY];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&EksChange]) -> Vec<Result<Sight, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| async move { or_gone(sight(client, at, change).await) }).await
        }
        Err(error) => none_of(changes, error),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&EksChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn sight(client: &Client, at: &Place, change: &EksChange) -> Result<Sight, CloudError> {
    match change {
        EksChange::EmptyNodegroup { nodegroup: arn } => sized(client, at, arn, (0, 0)).await,
        EksChange::ResizeNodegroup { nodegroup: arn, min, desired } => {
            sized(client, at, arn, (*min, *desired)).await
        }
        EksChange::DeleteFargateProfile { profile: arn } => {
            let Some(found) = profile(client, at, arn).await? else { return Ok(Sight::Gone) };
            let selectors: Vec<Value> = found
                .selectors()
                .iter()
                .map(|one| json!({ "namespace": one.namespace, "labels": one.labels }))
                .collect();
            let state = json!({
                "arn": found.fargate_profile_arn,
                "created_at": stamp(found.created_at.as_ref()),
                "role": found.pod_execution_role_arn,
                "subnets": found.subnets,
                "selectors": selectors,
            });
            Ok(Sight::there(state, false))
        }
        EksChange::DeleteAccessEntry { cluster, principal } => {
            let Some(found) = entry(client, at, cluster, principal).await? else { return Ok(Sight::Gone) };
            let mut policies: Vec<(String, Vec<String>)> = policies(client, at, cluster, principal)
                .await?
                .into_iter()
                .map(|one| (one.policy_arn.clone().unwrap_or_default(), namespaces(&one)))
                .collect();
            policies.sort();
            let policies: Vec<Value> =
                policies.iter().map(|(arn, of)| json!({ "arn": arn, "namespaces": of })).collect();
            let state = json!({
                "arn": found.access_entry_arn,
                "created_at": stamp(found.created_at.as_ref()),
                "entry": written(&found),
                "policies": policies,
            });
            Ok(Sight::there(state, false))
        }
        EksChange::CreateAccessEntry { cluster, entry: wanted } => {
            let found = entry(client, at, cluster, &wanted.principal).await?;
            if found.is_none() {
                // No entry may mean no cluster.
                let sent = client.describe_cluster().name(&**cluster).send().await;
                sent.map_err(|error| failed("eks:DescribeCluster", at, error))?;
            }
            let is_done = found.is_some();
            Ok(Sight::there(json!({ "entry": found.as_ref().map(written) }), is_done))
        }
        EksChange::AssociateAccessPolicy { cluster, principal, policy, namespaces: wanted } => {
            let found = policies(client, at, cluster, principal).await?;
            let found = found.iter().find(|one| one.policy_arn.as_deref() == Some(&**policy));
            let of = found.map(namespaces);
            let is_done = of
                .as_ref()
                .is_some_and(|of| of.iter().map(String::as_str).eq(wanted.iter().map(|one| &**one)));
            Ok(Sight::there(json!({ "policy": policy, "namespaces": of }), is_done))
        }
    }
}

/// Cluster and name in `arn:aws:eks:eu-west-3:111122223333:nodegroup/cluster/name/uuid`.
fn parts(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.split('/').skip(1);
    Some((parts.next()?, parts.next()?))
}

fn unnamed(call: &'static str, at: &Place) -> CloudError {
    CloudError::new(Refusal::Invalid, call, at, None, "its ARN names no cluster")
}

/// `None` where it is gone, or another one bears its name.
async fn nodegroup(client: &Client, at: &Place, arn: &str) -> Result<Option<Nodegroup>, CloudError> {
    const CALL: &str = "eks:DescribeNodegroup";
    let (cluster, name) = parts(arn).ok_or_else(|| unnamed(CALL, at))?;
    let sent = client.describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    let found = answer.nodegroup.ok_or_else(|| not_answered(CALL, at, "node group"))?;
    Ok(Some(found).filter(|one| one.nodegroup_arn.as_deref() == Some(arn)))
}

async fn profile(client: &Client, at: &Place, arn: &str) -> Result<Option<FargateProfile>, CloudError> {
    const CALL: &str = "eks:DescribeFargateProfile";
    let (cluster, name) = parts(arn).ok_or_else(|| unnamed(CALL, at))?;
    let sent =
        client.describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    let found = answer.fargate_profile.ok_or_else(|| not_answered(CALL, at, "Fargate profile"))?;
    Ok(Some(found).filter(|one| one.fargate_profile_arn.as_deref() == Some(arn)))
}

async fn entry(
    client: &Client,
    at: &Place,
    cluster: &str,
    principal: &str,
) -> Result<Option<Entry>, CloudError> {
    const CALL: &str = "eks:DescribeAccessEntry";
    let sent = client.describe_access_entry().cluster_name(cluster).principal_arn(principal).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    answer.access_entry.map(Some).ok_or_else(|| not_answered(CALL, at, "access entry"))
}

/// As undo wants it. A user name that EKS made itself is not given: it refuses some of its own.
fn written(entry: &Entry) -> AccessEntry {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    let username = entry.username.as_deref().filter(|name| !name.starts_with("arn:"));
    AccessEntry {
        principal: text(&entry.principal_arn),
        kind: text(&entry.r#type),
        username: username.map(Arc::from),
        groups: entry.kubernetes_groups().iter().map(|group| group.as_str().into()).collect(),
    }
}

async fn policies(
    client: &Client,
    at: &Place,
    cluster: &str,
    principal: &str,
) -> Result<Vec<AssociatedAccessPolicy>, CloudError> {
    const CALL: &str = "eks:ListAssociatedAccessPolicies";
    pages(CALL, at, |token| async move {
        let call = client.list_associated_access_policies().cluster_name(cluster).principal_arn(principal);
        let page = call.set_next_token(token).send().await.map_err(|error| failed(CALL, at, error))?;
        Ok((page.associated_access_policies.unwrap_or_default(), page.next_token))
    })
    .await
}

/// Empty for the whole cluster.
fn namespaces(policy: &AssociatedAccessPolicy) -> Vec<String> {
    policy.access_scope.as_ref().map(|scope| scope.namespaces().to_vec()).unwrap_or_default()
}

async fn sized(
    client: &Client,
    at: &Place,
    arn: &str,
    (min, desired): (i32, i32),
) -> Result<Sight, CloudError> {
    let Some(found) = nodegroup(client, at, arn).await? else { return Ok(Sight::Gone) };
    let size = found.scaling_config.as_ref();
    let size = size.map(|size| (size.min_size, size.desired_size));
    let settled = found.status != Some(NodegroupStatus::Updating);
    let state = json!({
        "arn": found.nodegroup_arn,
        "created_at": stamp(found.created_at.as_ref()),
        "min": size.and_then(|size| size.0),
        "desired": size.and_then(|size| size.1),
    });
    Ok(Sight::there(state, settled && size == Some((Some(min), Some(desired)))))
}

async fn call(client: &Client, at: &Place, change: &EksChange) -> Result<Receipt, CloudError> {
    match change {
        EksChange::EmptyNodegroup { nodegroup } => resize(client, at, nodegroup, 0, 0).await,
        EksChange::ResizeNodegroup { nodegroup, min, desired } => {
            resize(client, at, nodegroup, *min, *desired).await
        }
        EksChange::DeleteFargateProfile { profile } => {
            const CALL: &str = "eks:DeleteFargateProfile";
            let (cluster, name) = parts(profile).ok_or_else(|| unnamed(CALL, at))?;
            let call = client.delete_fargate_profile().cluster_name(cluster).fargate_profile_name(name);
            Ok(receipt(&call.send().await.map_err(|error| failed(CALL, at, error))?))
        }
        EksChange::DeleteAccessEntry { cluster, principal } => {
            let call = client.delete_access_entry().cluster_name(&**cluster).principal_arn(&**principal);
            let sent = call.send().await.map_err(|error| failed("eks:DeleteAccessEntry", at, error))?;
            Ok(receipt(&sent))
        }
        EksChange::CreateAccessEntry { cluster, entry } => {
            let groups: Vec<String> = entry.groups.iter().map(|group| group.to_string()).collect();
            let call = client
                .create_access_entry()
                .cluster_name(&**cluster)
                .principal_arn(&*entry.principal)
                .r#type(&*entry.kind)
                .set_username(entry.username.as_deref().map(str::to_owned))
                .set_kubernetes_groups((!groups.is_empty()).then_some(groups));
            let sent = call.send().await.map_err(|error| failed("eks:CreateAccessEntry", at, error))?;
            Ok(receipt(&sent))
        }
        EksChange::AssociateAccessPolicy { cluster, principal, policy, namespaces } => {
            let scope = match namespaces.is_empty() {
                true => AccessScope::builder().r#type(AccessScopeType::Cluster),
                false => AccessScope::builder()
                    .r#type(AccessScopeType::Namespace)
                    .set_namespaces(Some(namespaces.iter().map(|one| one.to_string()).collect())),
            };
            let call = client
                .associate_access_policy()
                .cluster_name(&**cluster)
                .principal_arn(&**principal)
                .policy_arn(&**policy)
                .access_scope(scope.build());
            let sent = call.send().await.map_err(|error| failed("eks:AssociateAccessPolicy", at, error))?;
            Ok(receipt(&sent))
        }
    }
}

/// The greatest size stays: EKS takes no 0 for it.
async fn resize(
    client: &Client,
    at: &Place,
    arn: &str,
    min: i32,
    desired: i32,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "eks:UpdateNodegroupConfig";
    let (cluster, name) = parts(arn).ok_or_else(|| unnamed(CALL, at))?;
    let size = NodegroupScalingConfig::builder().min_size(min).desired_size(desired).build();
    let call =
        client.update_nodegroup_config().cluster_name(cluster).nodegroup_name(name).scaling_config(size);
    Ok(receipt(&call.send().await.map_err(|error| failed(CALL, at, error))?))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let found = each(wanted, |one| async move {
        let seen = match kind {
            NODEGROUP => nodegroup(client, at, &one.id).await?.map(|found| see_nodegroup(one, &found)),
            PROFILE => profile(client, at, &one.id).await?.map(|found| see_profile(one, &found)),
            ENTRY => see_entry(client, at, one).await?,
            _ => see_cluster(client, at, one).await?,
        };
        Ok(seen.unwrap_or_else(|| observed(one, State::Gone, None)))
    })
    .await;
    found.into_iter().collect()
}

fn see_nodegroup(wanted: &ResourceRef, found: &Nodegroup) -> Observed {
    let desired = found.scaling_config.as_ref().and_then(|size| size.desired_size);
    let state = if desired == Some(0) { State::Stopped } else { State::Running };
    let mut seen = observed(wanted, state, found.created_at.as_ref());
    seen.held_by.extend(found.cluster_name.as_deref().map(Arc::from));
    seen.identity = found.node_role.as_deref().map(Into::into);
    let groups = found.resources.as_ref().map(|one| one.auto_scaling_groups()).unwrap_or_default();
    let groups: Vec<&str> = groups.iter().filter_map(|group| group.name.as_deref()).collect();
    detail(&mut seen, "asg", Some(&groups.join(" ")));
    detail(&mut seen, "type", Some(&found.instance_types().join(" ")));
    detail(&mut seen, "capacity", found.capacity_type.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "desired", desired.map(|size| size.to_string()).as_deref());
    tag_map(&mut seen, found.tags());
    seen
}

fn see_profile(wanted: &ResourceRef, found: &FargateProfile) -> Observed {
    let mut seen = observed(wanted, State::Running, found.created_at.as_ref());
    seen.identity = found.pod_execution_role_arn.as_deref().map(Into::into);
    let spaces: Vec<&str> = found.selectors().iter().filter_map(|one| one.namespace.as_deref()).collect();
    detail(&mut seen, "cluster", found.cluster_name.as_deref());
    detail(&mut seen, "namespaces", Some(&spaces.join(" ")));
    tag_map(&mut seen, found.tags());
    seen
}

/// The entry of that ARN alone: the same principal may have been given another one since.
async fn see_entry(
    client: &Client,
    at: &Place,
    wanted: &ResourceRef,
) -> Result<Option<Observed>, CloudError> {
    let name = wanted.all_names().find_map(|name| name.split_once("/arn:"));
    let Some((cluster, principal)) = name else { return Err(unnamed("eks:DescribeAccessEntry", at)) };
    let found = entry(client, at, cluster, &format!("arn:{principal}")).await?;
    let is_it = |one: &Entry| {
        !wanted.id.contains(":access-entry/") || one.access_entry_arn.as_deref() == Some(&*wanted.id)
    };
    Ok(found.filter(is_it).map(|found| {
        let mut seen = observed(wanted, State::Running, found.created_at.as_ref());
        seen.identity = found.principal_arn.as_deref().map(Into::into);
        detail(&mut seen, "cluster", found.cluster_name.as_deref());
        detail(&mut seen, "type", found.r#type.as_deref());
        detail(&mut seen, "groups", Some(&found.kubernetes_groups().join(" ")));
        tag_map(&mut seen, found.tags());
        seen
    }))
}

async fn see_cluster(
    client: &Client,
    at: &Place,
    wanted: &ResourceRef,
) -> Result<Option<Observed>, CloudError> {
    const CALL: &str = "eks:DescribeCluster";
    let name = super::each::name(&wanted.id);
    let sent = client.describe_cluster().name(name).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    let found = answer.cluster.ok_or_else(|| not_answered(CALL, at, "cluster"))?;
    let mut seen = observed(wanted, State::Running, found.created_at.as_ref());
    seen.identity = found.role_arn.as_deref().map(Into::into);
    let makes_nodes = found.compute_config.as_ref().and_then(|one| one.enabled) == Some(true);
    detail(&mut seen, "type", makes_nodes.then_some("auto mode"));
    detail(&mut seen, "protected", found.deletion_protection.map(|is| is.to_string()).as_deref());
    tag_map(&mut seen, found.tags());
    Ok(Some(seen))
}
