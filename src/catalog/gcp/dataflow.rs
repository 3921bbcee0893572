//! Dataflow: jobs, whose workers are VMs with the label `dataflow_job_id`.
//!
//! Records have no resourceName; the id stands in a label, the request or the response.

use super::common;
use crate::catalog::{Record, Service, on};

const JOB: &str = "gcp.dataflow.job";
const ID: &str = "resource.labels.job_id|protoPayload.request.jobId|protoPayload.response.id|protoPayload.response.job.id|protoPayload.resourceName~/jobs/";
const NAMES: &str = "protoPayload.resourceName~/jobs/|projects/{resource.labels.project_id}/locations/{resource.labels.region}/jobs/{protoPayload.request.jobId}|projects/{resource.labels.project_id}/locations/{resource.labels.region}/jobs/{resource.labels.job_id}|protoPayload.request.jobId|protoPayload.response.id|protoPayload.request.jobName|protoPayload.response.name";
const RUNS_AS: &str = "protoPayload.request.serviceAccount|protoPayload.request.job.environment.serviceAccountEmail|protoPayload.request.environment.serviceAccountEmail|protoPayload.request.launchParameters.environment.serviceAccountEmail|protoPayload.request.launchParameter.environment.serviceAccountEmail";

pub static DATAFLOW: Service = Service {
    source: "dataflow.googleapis.com",
    rows: &[
        on("dataflow.jobs.create|JobsV1Beta3.CreateJob|TemplatesService.LaunchTemplate|TemplatesService.CreateJobFromTemplate|FlexTemplatesService.LaunchFlexTemplate")
            .creates(JOB, ID)
            .names(NAMES)
            .contain("dataflow.jobs.update")
            .note("Dataflow job {id} starts its own VMs; cancel the job, not the VMs.")
            .tells(|record, facts| common::carries(record, facts, JOB, RUNS_AS)),
        on("dataflow.jobs.cancel|dataflow.jobs.drain").deletes(JOB, ID).names(NAMES),
        on("JobsV1Beta3.UpdateJob|dataflow.jobs.update|dataflow.jobs.updateContents")
            .deletes(JOB, ID)
            .names(NAMES)
            .only_if(ends),
        on("JobsV1Beta3.UpdateJob|dataflow.jobs.update|dataflow.jobs.updateContents")
            .touches(JOB, ID, "changed")
            .names(NAMES)
            .only_if(|record| !ends(record)),
    ],
};

/// Whether the call ends the job.
fn ends(record: &Record) -> bool {
    record
        .all("protoPayload.request.job.requestedState|protoPayload.request.requestedState|protoPayload.response.requestedState")
        .iter()
        .any(|state| matches!(&**state, "JOB_STATE_CANCELLED" | "JOB_STATE_DRAINED" | "JOB_STATE_CANCELLING" | "JOB_STATE_DRAINING"))
}
