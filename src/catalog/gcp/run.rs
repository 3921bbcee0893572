//! Cloud Run: services, jobs and their executions, worker pools.
//!
//! v1 names a service `namespaces/P/services/S` in the region of its label, v2 by its full path; both are one service.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const SERVICE: &str = "gcp.run.service";
const SERVICE_ID: &str = concat!(
    "protoPayload.response.uid|protoPayload.response.metadata.uid|",
    within!("services", "serviceId")
);
const SERVICE_NAMES: &str =
    concat!(within!("services", "serviceId"), "|protoPayload.request.service.name~/services/");
const JOB: &str = "gcp.run.job";
const JOB_ID: &str =
    concat!("protoPayload.response.uid|protoPayload.response.metadata.uid|", within!("jobs", "jobId"));
const JOB_NAMES: &str = concat!(within!("jobs", "jobId"), "|protoPayload.request.job.name~/jobs/");
/// Of a job that is acted on, not made: the response is the execution or an operation.
const JOB_ITSELF: &str = "protoPayload.request.name~/jobs/|protoPayload.resourceName~/jobs/";
const EXECUTION: &str = "gcp.run.execution";
const EXECUTION_ID: &str = "protoPayload.response.metadata.name~/executions/|protoPayload.response.name~/executions/|protoPayload.resourceName~/executions/|protoPayload.request.name~/executions/|protoPayload.response.metadata.uid|protoPayload.response.uid";
const POOL: &str = "gcp.run.worker_pool";
const POOL_ID: &str = concat!("protoPayload.response.uid|", within!("workerPools", "workerPoolId"));
const POOL_NAMES: &str = within!("workerPools", "workerPoolId");
const RUNS_AS: &str = "protoPayload.request.service.template.serviceAccount|protoPayload.request.service.spec.template.spec.serviceAccountName|protoPayload.request.workerPool.template.serviceAccount";
const JOB_RUNS_AS: &str = "protoPayload.request.job.template.template.serviceAccount|protoPayload.request.job.spec.template.spec.template.spec.serviceAccountName";

pub static RUN: Service = Service {
    source: "run.googleapis.com",
    rows: &[
        on("Services.CreateService")
            .creates(SERVICE, SERVICE_ID)
            .names(SERVICE_NAMES)
            .contain("run.services.patch;!run.services.delete")
            .note("Service {id} runs its maker's container; set its maximum instances and ingress before deleting it.")
            .tells(|record, facts| common::carries(record, facts, SERVICE, RUNS_AS)),
        on("Services.ReplaceService|Services.UpdateService")
            .touches(SERVICE, SERVICE_ID, "replaced")
            .names(SERVICE_NAMES)
            .contain("run.services.patch")
            .tells(|record, facts| common::carries(record, facts, SERVICE, RUNS_AS)),
        on("Services.DeleteService")
            .deletes(SERVICE, SERVICE_ID)
            .names(SERVICE_NAMES)
            .finding(Destruction, &SERVICE_STOP, "Cloud Run service {id} was deleted."),
        on("Services.SetIamPolicy")
            .touches(SERVICE, within!("services"), "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("run.services.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, SERVICE, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("Revisions.DeleteRevision").deletes("gcp.run.revision", within!("revisions")).names(within!("revisions")),
        on("Jobs.CreateJob")
            .creates(JOB, JOB_ID)
            .names(JOB_NAMES)
            .contain("run.jobs.executions.cancel;!run.jobs.delete")
            .note("Job {id} costs only while an execution runs; cancel those first.")
            .tells(|record, facts| common::carries(record, facts, JOB, JOB_RUNS_AS)),
        on("Jobs.UpdateJob|Jobs.ReplaceJob")
            .touches(JOB, JOB_ID, "changed")
            .names(JOB_NAMES)
            .contain("run.jobs.patch")
            .tells(|record, facts| common::carries(record, facts, JOB, JOB_RUNS_AS)),
        on("Jobs.DeleteJob").deletes(JOB, JOB_ID).names(JOB_NAMES).finding(Destruction, &SERVICE_STOP, "Cloud Run job {id} was deleted."),
        on("Jobs.RunJob").touches(JOB, JOB_ITSELF, "run").contain("run.jobs.executions.cancel"),
        on("Jobs.RunJob")
            .creates(EXECUTION, EXECUTION_ID)
            .names("protoPayload.response.metadata.name~/executions/|protoPayload.response.name~/executions/|protoPayload.response.uid|protoPayload.response.metadata.uid")
            .contain("run.jobs.executions.cancel")
            .note("Execution {id} of a job was started."),
        on("Executions.CancelExecution|Executions.DeleteExecution").deletes(EXECUTION, EXECUTION_ID),
        on("Jobs.SetIamPolicy")
            .touches(JOB, within!("jobs"), "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("run.jobs.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, JOB, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("WorkerPools.CreateWorkerPool")
            .creates(POOL, POOL_ID)
            .names(POOL_NAMES)
            .contain("run.workerPools.patch;!run.workerPools.delete")
            .note("Worker pool {id} runs without being called; set its instance count to 0.")
            .tells(|record, facts| common::carries(record, facts, POOL, RUNS_AS)),
        on("WorkerPools.UpdateWorkerPool").touches(POOL, POOL_ID, "changed").names(POOL_NAMES).contain("run.workerPools.patch"),
        on("WorkerPools.DeleteWorkerPool").deletes(POOL, POOL_ID).names(POOL_NAMES),
        on("DomainMappings.CreateDomainMapping").creates("gcp.run.domain_mapping", "protoPayload.resourceName|protoPayload.request.domainMapping.metadata.name"),
        on("DomainMappings.DeleteDomainMapping").deletes("gcp.run.domain_mapping", "protoPayload.resourceName"),
    ],
};
