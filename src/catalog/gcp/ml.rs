//! AI Platform's first API, which old projects still log.

use super::common::within;
use crate::catalog::{Service, on};

pub static ML: Service = Service {
    source: "ml.googleapis.com",
    rows: &[
        on("JobService.CreateJob")
            .creates("gcp.ml.job", "{protoPayload.request.parent}/jobs/{protoPayload.request.job.jobId}|protoPayload.resourceName~/jobs/")
            .names("protoPayload.response.jobId")
            .contain("ml.jobs.cancel"),
        on("JobService.CancelJob").deletes("gcp.ml.job", within!("jobs")),
        on("ModelService.CreateModel").creates("gcp.ml.model", within!("models")),
        on("ModelService.DeleteModel").deletes("gcp.ml.model", within!("models")),
    ],
};
