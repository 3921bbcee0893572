//! Batch: jobs that start their own VMs (label `batch-job-uid`).

use super::common::{self, within};
use crate::catalog::{Service, on};

const JOB: &str = "gcp.batch.job";
const ID: &str = concat!("protoPayload.response.uid|", within!("jobs", "jobId"));
const NAMES: &str = within!("jobs", "jobId");

pub static BATCH: Service = Service {
    source: "batch.googleapis.com",
    rows: &[
        on("BatchService.CreateJob")
            .creates(JOB, ID)
            .names(NAMES)
            .contain("batch.jobs.cancel;!batch.jobs.delete")
            .note("Batch job {id} starts VMs of its own; cancel the job, not the VMs.")
            .tells(|record, facts| {
                common::carries(
                    record,
                    facts,
                    JOB,
                    "protoPayload.request.job.allocationPolicy.serviceAccount.email",
                );
            }),
        on("BatchService.DeleteJob|BatchService.CancelJob").deletes(JOB, ID).names(NAMES),
    ],
};
