//! Google Kubernetes Engine: clusters and node pools. What happens inside a cluster is in [`super::k8s`].
//!
//! Records spell a cluster with `zones/Z` or `locations/Z`, by project id or number.

use super::common::{self, Say, within};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const CLUSTER: &str = "gcp.container.cluster";
const CLUSTER_ID: &str = concat!(
    within!("clusters"),
    "|projects/{resource.labels.project_id}/locations/{resource.labels.location}/clusters/{resource.labels.cluster_name}"
);
const CLUSTER_NAMES: &str = concat!(
    within!("clusters"),
    "|projects/{resource.labels.project_id}/locations/{resource.labels.location}/clusters/{resource.labels.cluster_name}",
    "|protoPayload.response.targetLink~/projects/|protoPayload.request.cluster.name"
);
const POOL: &str = "gcp.container.node_pool";
const POOL_ID: &str = concat!(
    within!("nodePools"),
    "|projects/{resource.labels.project_id}/locations/{resource.labels.location}/clusters/{resource.labels.cluster_name}/nodePools/{resource.labels.nodepool_name}"
);
const POOL_NAMES: &str = concat!(
    within!("nodePools"),
    "|projects/{resource.labels.project_id}/locations/{resource.labels.location}/clusters/{resource.labels.cluster_name}/nodePools/{resource.labels.nodepool_name}",
    "|protoPayload.response.targetLink~/nodePools/"
);

pub static CONTAINER: Service = Service {
    source: "container.googleapis.com",
    rows: &[
        on("ClusterManager.CreateCluster")
            .creates(CLUSTER, CLUSTER_ID)
            .names(CLUSTER_NAMES)
            .contain("container.clusters.nodePools.setAutoscaling;container.clusters.nodePools.setSize;!container.clusters.delete")
            .note("Cluster {id} starts its own VMs under Google's agents; shrink its pools first, they come back otherwise.")
            .tells(|record, facts| {
                common::carries(
                    record,
                    facts,
                    CLUSTER,
                    "protoPayload.request.cluster.nodePools[].config.serviceAccount|protoPayload.request.cluster.nodeConfig.serviceAccount|protoPayload.request.cluster.autoscaling.autoprovisioningNodePoolDefaults.serviceAccount",
                );
            }),
        on("ClusterManager.DeleteCluster")
            .deletes(CLUSTER, CLUSTER_ID)
            .names(CLUSTER_NAMES)
            .finding(Destruction, &DATA_DESTRUCTION, "Cluster {id} was deleted with everything that ran in it."),
        on("ClusterManager.CreateNodePool")
            .creates(POOL, POOL_ID)
            .names(POOL_NAMES)
            .contain("container.clusters.nodePools.setAutoscaling;container.clusters.nodePools.setSize;!container.clusters.nodePools.delete")
            .note("Node pool {id} starts its own VMs under Google's agents.")
            .tells(|record, facts| common::carries(record, facts, POOL, "protoPayload.request.nodePool.config.serviceAccount")),
        on("ClusterManager.SetNodePoolSize|ClusterManager.SetNodePoolAutoscaling|ClusterManager.UpdateNodePool|ClusterManager.SetNodePoolManagement|ClusterManager.RollbackNodePoolUpgrade")
            .touches(POOL, POOL_ID, "resized or changed")
            .names(POOL_NAMES)
            .contain("container.clusters.nodePools.setAutoscaling;container.clusters.nodePools.setSize"),
        on("ClusterManager.DeleteNodePool")
            .deletes(POOL, POOL_ID)
            .names(POOL_NAMES)
            .finding(Destruction, &SERVICE_STOP, "Node pool {id} was deleted with its VMs."),
        on("ClusterManager.UpdateCluster|ClusterManager.SetLoggingService|ClusterManager.SetMonitoringService|ClusterManager.SetNetworkPolicy|ClusterManager.SetAddonsConfig|ClusterManager.SetLabels|ClusterManager.UpdateMaster")
            .touches(CLUSTER, CLUSTER_ID, "changed")
            .names(CLUSTER_NAMES)
            .contain("container.clusters.update")
            .tells(exposed),
        on("ClusterManager.SetMasterAuth")
            .touches(CLUSTER, CLUSTER_ID, "master credentials changed")
            .names(CLUSTER_NAMES)
            .contain("container.clusters.update")
            .finding(Persistence, &ADDITIONAL_CLOUD_CREDENTIALS, "The master credentials of cluster {id} were set; they work without any Google identity."),
        on("ClusterManager.SetLegacyAbac")
            .touches(CLUSTER, CLUSTER_ID, "legacy authorization changed")
            .names(CLUSTER_NAMES)
            .contain("container.clusters.update")
            .tells(abac),
    ],
};

/// Tells an API server opened to everybody and logging switched off.
fn exposed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(cluster) = common::last(facts, CLUSTER).map(|resource| resource.id.clone()) else { return };
    let networks = "protoPayload.request.update.desiredMasterAuthorizedNetworksConfig";
    let off = record.is(&format!("{networks}.enabled"), "false");
    let all = record.is(&format!("{networks}.cidrBlocks[].cidrBlock"), "0.0.0.0/0");
    let private = record.is("protoPayload.request.update.desiredEnablePrivateEndpoint", "false");
    if off || all || private {
        let note = format!("The control plane of cluster {cluster} can be reached from the whole internet.");
        facts.push(
            Say {
                kind: Exposure,
                technique: &MODIFY_CLOUD_CONFIGURATION,
                subject: &cluster,
                pair: "gcp.container.master",
                note,
            }
            .fact(record),
        );
    } else if record.is(&format!("{networks}.enabled"), "true") {
        let note = format!("The control plane of cluster {cluster} is restricted again.");
        facts.push(
            Say {
                kind: Exposure,
                technique: &MODIFY_CLOUD_CONFIGURATION,
                subject: &cluster,
                pair: "gcp.container.master",
                note,
            }
            .undoing(record),
        );
    }
    let logging = "protoPayload.request.update.desiredLoggingService|protoPayload.request.loggingService";
    let say = Say {
        kind: DefenseEvasion,
        technique: &DISABLE_CLOUD_LOGS,
        subject: &cluster,
        pair: "gcp.container.logging",
        note: format!(
            "Cluster {cluster} sends no more system and workload logs; the audit log of its API is kept."
        ),
    };
    match record.first(logging).as_deref() {
        Some("none") => facts.push(say.fact(record)),
        Some(_) => facts.push(say.undoing(record)),
        None => {}
    }
}

/// Tells legacy authorization switched on and off: with it every pod's account is an administrator.
fn abac(record: &Record, facts: &mut Vec<Fact>) {
    let Some(cluster) = common::last(facts, CLUSTER).map(|resource| resource.id.clone()) else { return };
    let say = Say {
        kind: Persistence,
        technique: &ADDITIONAL_CLOUD_ROLES,
        subject: &cluster,
        pair: "gcp.container.abac",
        note: format!(
            "Legacy authorization of cluster {cluster} is on: every account in it is nearly an administrator."
        ),
    };
    if record.is("protoPayload.request.enabled", "true") {
        facts.push(say.fact(record));
    } else if record.is("protoPayload.request.enabled", "false") {
        facts.push(say.undoing(record));
    }
}
