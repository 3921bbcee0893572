//! EMR, live: what we look at and what we do to it.

use super::each::{detail, observed, or_gone, receipt, stamp, tags};
use super::many::{each, none_of, pages};
use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::EmrChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_emr::Client;
use aws_sdk_emr::types::{
    Cluster, ClusterState, InstanceCollectionType, InstanceGroup, InstanceGroupModifyConfig,
    InstanceGroupType,
};
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.emr.cluster"];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&EmrChange]) -> Vec<Result<Sight, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| async move { or_gone(sight(client, at, change).await) }).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn sight(client: &Client, at: &Place, change: &EmrChange) -> Result<Sight, CloudError> {
    let found = cluster(client, at, id(change)).await?;
    let created_at = found.status.as_ref().and_then(|status| status.timeline.as_ref());
    let created_at = created_at.and_then(|one| stamp(one.creation_date_time.as_ref()));
    let protected = found.termination_protected;
    match change {
        EmrChange::ResizeEmrGroup { cluster, group, nodes } => {
            if is_over(&found) {
                return Ok(Sight::Gone);
            }
            let groups = groups(client, at, cluster).await?;
            let Some(found) = groups.iter().find(|one| one.id.as_deref() == Some(&**group)) else {
                return Ok(Sight::Gone);
            };
            let count = found.requested_instance_count;
            let state = json!({ "cluster": cluster, "group": group, "nodes": count });
            Ok(Sight::there(state, count == Some(*nodes)))
        }
        EmrChange::UnprotectEmrCluster { .. } | EmrChange::ProtectEmrCluster { .. } => {
            let wanted = matches!(change, EmrChange::ProtectEmrCluster { .. });
            let state = json!({ "id": found.id, "created_at": created_at, "protected": protected });
            // What has ended needs no protection and can't be given any.
            Ok(Sight::there(state, protected == Some(wanted) || is_over(&found)))
        }
        EmrChange::TerminateEmrCluster { .. } => {
            Ok(Sight::there(json!({ "id": found.id, "created_at": created_at }), is_over(&found)))
        }
    }
}

fn id(change: &EmrChange) -> &str {
    match change {
        EmrChange::ResizeEmrGroup { cluster, .. }
        | EmrChange::UnprotectEmrCluster { cluster }
        | EmrChange::ProtectEmrCluster { cluster }
        | EmrChange::TerminateEmrCluster { cluster } => cluster,
    }
}

/// EMR shows ended clusters for two months; what it does not know at all it calls an invalid request, which stays an error.
async fn cluster(client: &Client, at: &Place, id: &str) -> Result<Cluster, CloudError> {
    const CALL: &str = "elasticmapreduce:DescribeCluster";
    let sent = client.describe_cluster().cluster_id(id).send().await;
    let answer = sent.map_err(|error| failed(CALL, at, error))?;
    answer.cluster.ok_or_else(|| not_answered(CALL, at, "cluster"))
}

fn state_of(cluster: &Cluster) -> Option<&ClusterState> {
    cluster.status.as_ref()?.state.as_ref()
}

fn is_over(cluster: &Cluster) -> bool {
    matches!(state_of(cluster), Some(ClusterState::Terminated | ClusterState::TerminatedWithErrors))
}

async fn groups(client: &Client, at: &Place, cluster: &str) -> Result<Vec<InstanceGroup>, CloudError> {
    const CALL: &str = "elasticmapreduce:ListInstanceGroups";
    pages(CALL, at, |token| async move {
        let page = client.list_instance_groups().cluster_id(cluster).set_marker(token).send().await;
        let page = page.map_err(|error| failed(CALL, at, error))?;
        Ok((page.instance_groups.unwrap_or_default(), page.marker))
    })
    .await
}

/// Clusters are protected and terminated together; where one is refused, each by itself.
pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&EmrChange],
) -> Vec<Result<Receipt, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return none_of(changes, error),
    };
    let client = &client;
    if let [EmrChange::ResizeEmrGroup { .. }, ..] = changes {
        return each(changes, |change| async move { call(client, at, &[change]).await }).await;
    }
    match call(client, at, changes).await {
        Ok(receipt) => changes.iter().map(|_| Ok(receipt.clone())).collect(),
        Err(error) if error.is_unclear() || changes.len() < 2 => none_of(changes, error),
        Err(_) => each(changes, |change| async move { call(client, at, &[change]).await }).await,
    }
}

/// All are of one kind.
async fn call(client: &Client, at: &Place, changes: &[&EmrChange]) -> Result<Receipt, CloudError> {
    let ids: Vec<String> = changes.iter().map(|change| id(change).to_owned()).collect();
    match changes.first() {
        Some(EmrChange::ResizeEmrGroup { cluster, group, nodes }) => {
            let group =
                InstanceGroupModifyConfig::builder().instance_group_id(&**group).instance_count(*nodes);
            let call = client.modify_instance_groups().cluster_id(&**cluster).instance_groups(group.build());
            let sent = call.send().await;
            Ok(receipt(&sent.map_err(|error| failed("elasticmapreduce:ModifyInstanceGroups", at, error))?))
        }
        Some(EmrChange::UnprotectEmrCluster { .. }) => protect(client, at, ids, false).await,
        Some(EmrChange::ProtectEmrCluster { .. }) => protect(client, at, ids, true).await,
        Some(EmrChange::TerminateEmrCluster { .. }) => {
            let sent = client.terminate_job_flows().set_job_flow_ids(Some(ids)).send().await;
            Ok(receipt(&sent.map_err(|error| failed("elasticmapreduce:TerminateJobFlows", at, error))?))
        }
        None => Ok(Receipt::default()),
    }
}

async fn protect(client: &Client, at: &Place, ids: Vec<String>, on: bool) -> Result<Receipt, CloudError> {
    let call = client.set_termination_protection().set_job_flow_ids(Some(ids)).termination_protected(on);
    let sent = call.send().await;
    Ok(receipt(&sent.map_err(|error| failed("elasticmapreduce:SetTerminationProtection", at, error))?))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let found = each(wanted, |one| async move {
        let found = cluster(client, at, &one.id).await?;
        // Fleets in place of groups have no count of their own to set; what says nothing is from before there were fleets.
        let has_groups = found.instance_collection_type != Some(InstanceCollectionType::InstanceFleet);
        let groups = match has_groups && !is_over(&found) {
            true => groups(client, at, &one.id).await?,
            false => Vec::new(),
        };
        Ok(see(one, &found, &groups))
    })
    .await;
    found.into_iter().collect()
}

fn see(wanted: &ResourceRef, found: &Cluster, groups: &[InstanceGroup]) -> Observed {
    let state = match state_of(found) {
        Some(_) if is_over(found) => State::Gone,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let created_at = found.status.as_ref().and_then(|status| status.timeline.as_ref());
    let created_at = created_at.and_then(|one| one.creation_date_time.as_ref());
    let mut seen = observed(wanted, state, created_at);
    let machines = found.ec2_instance_attributes.as_ref();
    seen.identity = machines.and_then(|one| one.iam_instance_profile.as_deref()).map(Into::into);
    detail(&mut seen, "key_name", machines.and_then(|one| one.ec2_key_name.as_deref()));
    detail(&mut seen, "protected", found.termination_protected.map(|is| is.to_string()).as_deref());
    let types: std::collections::BTreeSet<&str> =
        groups.iter().filter_map(|group| group.instance_type.as_deref()).collect();
    detail(&mut seen, "type", Some(&types.into_iter().collect::<Vec<_>>().join(" ")));
    let is_task = |group: &&InstanceGroup| {
        group.instance_group_type == Some(InstanceGroupType::Task)
            && group.requested_instance_count.is_some_and(|count| count > 0)
    };
    let mut tasks: Vec<&str> = groups.iter().filter(is_task).filter_map(|one| one.id.as_deref()).collect();
    tasks.sort_unstable();
    detail(&mut seen, "task_groups", Some(&tasks.join(" ")));
    let told = found.tags().iter();
    tags(
        &mut seen,
        told.filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))),
    );
    seen
}
