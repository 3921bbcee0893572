//! Dataproc: clusters, their jobs, serverless batches and sessions.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const CLUSTER: &str = "gcp.dataproc.cluster";
const CLUSTER_ID: &str =
    concat!("resource.labels.cluster_uuid|protoPayload.response.clusterUuid|", within!("clusters"));
const CLUSTER_NAMES: &str = concat!(
    within!("clusters"),
    "|projects/{resource.labels.project_id}/regions/{resource.labels.region}/clusters/{resource.labels.cluster_name}",
    "|protoPayload.request.cluster.clusterName|protoPayload.request.clusterName"
);
const JOB: &str = "gcp.dataproc.job";
const JOB_ID: &str = concat!(
    "protoPayload.response.jobUuid|",
    within!("jobs"),
    "|projects/{resource.labels.project_id}/regions/{protoPayload.request.region}/jobs/{protoPayload.response.reference.jobId}"
);
const JOB_NAMES: &str = concat!(
    within!("jobs"),
    "|protoPayload.response.reference.jobId|protoPayload.request.job.reference.jobId|protoPayload.request.jobId"
);
const BATCH: &str = "gcp.dataproc.batch";
const BATCH_ID: &str = concat!("protoPayload.response.uuid|", within!("batches", "batchId"));
const SESSION: &str = "gcp.dataproc.session";
const SESSION_ID: &str = concat!("protoPayload.response.uuid|", within!("sessions", "sessionId"));
const RUNS_AS: &str = "protoPayload.request.cluster.config.gceClusterConfig.serviceAccount";
const BATCH_RUNS_AS: &str = "protoPayload.request.batch.environmentConfig.executionConfig.serviceAccount";
const SESSION_RUNS_AS: &str = "protoPayload.request.session.environmentConfig.executionConfig.serviceAccount";

pub static DATAPROC: Service = Service {
    source: "dataproc.googleapis.com",
    rows: &[
        on("ClusterController.CreateCluster")
            .creates(CLUSTER, CLUSTER_ID)
            .names(CLUSTER_NAMES)
            .contain("dataproc.clusters.stop;!dataproc.clusters.delete")
            .note("Dataproc cluster {id} starts its own VMs; stop the cluster, not the VMs.")
            .tells(|record, facts| common::carries(record, facts, CLUSTER, RUNS_AS)),
        on("ClusterController.UpdateCluster|ClusterController.StartCluster")
            .touches(CLUSTER, CLUSTER_ID, "resized or started")
            .names(CLUSTER_NAMES)
            .contain("dataproc.clusters.stop"),
        on("ClusterController.StopCluster").touches(CLUSTER, CLUSTER_ID, "stopped").names(CLUSTER_NAMES),
        on("ClusterController.DeleteCluster").deletes(CLUSTER, CLUSTER_ID).names(CLUSTER_NAMES).finding(
            Destruction,
            &SERVICE_STOP,
            "Dataproc cluster {id} was deleted with its VMs.",
        ),
        on("JobController.SubmitJob|JobController.SubmitJobAsOperation")
            .creates(JOB, JOB_ID)
            .names(JOB_NAMES)
            .contain("dataproc.jobs.cancel")
            .finding(Execution, &CLOUD_API, "Job {id} ran code on a Dataproc cluster as the cluster's service account."),
        on("JobController.CancelJob|JobController.DeleteJob").deletes(JOB, JOB_ID).names(JOB_NAMES),
        on("BatchController.CreateBatch")
            .creates(BATCH, BATCH_ID)
            .names(within!("batches", "batchId"))
            .contain("dataproc.operations.cancel;!dataproc.batches.delete")
            .note("Serverless Spark batch {id} runs its maker's code and is billed by the second.")
            .tells(|record, facts| common::carries(record, facts, BATCH, BATCH_RUNS_AS)),
        on("BatchController.DeleteBatch").deletes(BATCH, BATCH_ID).names(within!("batches", "batchId")),
        on("SessionController.CreateSession")
            .creates(SESSION, SESSION_ID)
            .names(within!("sessions", "sessionId"))
            .contain("dataproc.sessions.terminate")
            .note("Serverless Spark session {id} runs its maker's code and is billed by the second.")
            .tells(|record, facts| common::carries(record, facts, SESSION, SESSION_RUNS_AS)),
        on("SessionController.TerminateSession|SessionController.DeleteSession").deletes(SESSION, SESSION_ID).names(within!("sessions", "sessionId")),
        on("AutoscalingPolicyService.CreateAutoscalingPolicy").creates("gcp.dataproc.autoscaling_policy", within!("autoscalingPolicies")),
        on("AutoscalingPolicyService.DeleteAutoscalingPolicy").deletes("gcp.dataproc.autoscaling_policy", within!("autoscalingPolicies")),
        on("WorkflowTemplateService.CreateWorkflowTemplate").creates("gcp.dataproc.workflow_template", within!("workflowTemplates")),
        on("WorkflowTemplateService.DeleteWorkflowTemplate").deletes("gcp.dataproc.workflow_template", within!("workflowTemplates")),
        on("WorkflowTemplateService.InstantiateWorkflowTemplate|WorkflowTemplateService.InstantiateInlineWorkflowTemplate")
            .touches("gcp.dataproc.workflow_template", within!("workflowTemplates"), "run"),
    ],
};
