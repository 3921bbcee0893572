//! Inside a GKE cluster: workloads, access rules, secrets.
//!
//! `resourceName` (`core/v1/namespaces/N/pods/P`) is unique in its cluster only, so names carry the cluster.

use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const WORKLOAD: &str = "gcp.k8s.workload";
const RBAC: &str = "gcp.k8s.rbac";
const ID: &str = "protoPayload.response.metadata.uid|{resource.labels.cluster_name}/{protoPayload.resourceName}|protoPayload.resourceName";
const NAMES: &str = "{resource.labels.cluster_name}/{protoPayload.resourceName}";
/// Rules and accounts go by name, which is what joins a finding and its undoing.
const RULE_NAMES: &str = "protoPayload.response.metadata.uid";
/// For acts on a part of a thing the response is not the thing.
const PLACE: &str = "{resource.labels.cluster_name}/{protoPayload.resourceName}|protoPayload.resourceName";

pub static K8S: Service = Service {
    source: "k8s.io",
    rows: &[
        on("io.k8s.core.v1.pods.create|io.k8s.apps.v1.deployments.create|io.k8s.apps.v1.daemonsets.create|io.k8s.apps.v1.statefulsets.create|io.k8s.apps.v1.replicasets.create|io.k8s.batch.v1.jobs.create|io.k8s.batch.v1.cronjobs.create")
            .creates(WORKLOAD, ID)
            .names(NAMES)
            .contain("kubectl scale --replicas=0;!kubectl delete")
            .note("Workload {id} was started in a cluster; its controller makes its pods again."),
        on("io.k8s.core.v1.pods.delete|io.k8s.apps.v1.deployments.delete|io.k8s.apps.v1.daemonsets.delete|io.k8s.apps.v1.statefulsets.delete|io.k8s.apps.v1.replicasets.delete|io.k8s.batch.v1.jobs.delete|io.k8s.batch.v1.cronjobs.delete")
            .deletes(WORKLOAD, ID)
            .names(NAMES),
        on("io.k8s.core.v1.pods.patch|io.k8s.core.v1.pods.update|io.k8s.apps.v1.deployments.patch|io.k8s.apps.v1.deployments.update|io.k8s.apps.v1.daemonsets.patch|io.k8s.apps.v1.daemonsets.update|io.k8s.apps.v1.statefulsets.patch|io.k8s.batch.v1.cronjobs.patch")
            .touches(WORKLOAD, ID, "changed")
            .names(NAMES),
        on("io.k8s.core.v1.pods.exec.create|io.k8s.core.v1.pods.attach.create|io.k8s.core.v1.pods.exec.get|io.k8s.core.v1.pods.portforward.create")
            .touches(WORKLOAD, PLACE, "entered")
            .finding(Execution, &CLOUD_ADMIN_COMMAND, "A command was run in pod {id}; what it can read and sign in as must count as known."),
        on("io.k8s.authorization.rbac.v1.clusterrolebindings.create|io.k8s.authorization.rbac.v1.rolebindings.create|io.k8s.authorization.rbac.v1.clusterroles.create|io.k8s.authorization.rbac.v1.roles.create")
            .creates(RBAC, PLACE)
            .names(RULE_NAMES)
            .contain("!kubectl delete")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Access rule {id} was made in a cluster; it outlives every change of Google's own IAM.")
            .pair("gcp.k8s.rbac"),
        on("io.k8s.authorization.rbac.v1.clusterrolebindings.patch|io.k8s.authorization.rbac.v1.clusterrolebindings.update|io.k8s.authorization.rbac.v1.rolebindings.patch|io.k8s.authorization.rbac.v1.rolebindings.update|io.k8s.authorization.rbac.v1.clusterroles.patch|io.k8s.authorization.rbac.v1.clusterroles.update")
            .touches(RBAC, PLACE, "changed")
            .names(RULE_NAMES)
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Access rule {id} in a cluster was changed; see whom it lets in now."),
        on("io.k8s.authorization.rbac.v1.clusterrolebindings.delete|io.k8s.authorization.rbac.v1.rolebindings.delete|io.k8s.authorization.rbac.v1.clusterroles.delete|io.k8s.authorization.rbac.v1.roles.delete")
            .deletes(RBAC, PLACE)
            .names(RULE_NAMES)
            .undoes("gcp.k8s.rbac"),
        on("io.k8s.core.v1.secrets.create|io.k8s.core.v1.serviceaccounts.create")
            .creates(RBAC, PLACE)
            .names(RULE_NAMES)
            .contain("!kubectl delete")
            .finding(Persistence, &ADDITIONAL_CLOUD_CREDENTIALS, "{id} was made in a cluster; a service account's secret there is a password that Google's IAM does not know.")
            .pair("gcp.k8s.account"),
        on("io.k8s.core.v1.secrets.delete|io.k8s.core.v1.serviceaccounts.delete").deletes(RBAC, PLACE).names(RULE_NAMES).undoes("gcp.k8s.account"),
        on("io.k8s.core.v1.secrets.get|io.k8s.core.v1.secrets.list")
            .about("gcp.k8s.secret", PLACE)
            .finding(CredentialAccess, &UNSECURED_CREDENTIALS, "Cluster secret {id} was read and must be changed."),
    ],
};
