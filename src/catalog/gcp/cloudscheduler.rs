//! Cloud Scheduler.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const JOB: &str = "gcp.cloudscheduler.job";
const ID: &str = concat!(
    within!("jobs"),
    "|protoPayload.request.job.name~/jobs/|projects/{resource.labels.project_id}/locations/{resource.labels.location}/jobs/{resource.labels.job_id}"
);
const RUNS_AS: &str = "protoPayload.request.job.httpTarget.oauthToken.serviceAccountEmail|protoPayload.request.job.httpTarget.oidcToken.serviceAccountEmail";

pub static CLOUDSCHEDULER: Service = Service {
    source: "cloudscheduler.googleapis.com",
    rows: &[
        on("CloudScheduler.CreateJob")
            .creates(JOB, ID)
            .names(ID)
            .contain("cloudscheduler.jobs.pause;!cloudscheduler.jobs.delete")
            .finding(Persistence, &SCHEDULED_TASK, "Scheduler job {id} calls its target again and again as its service account, whatever happens to the key that made it.")
            .pair("gcp.cloudscheduler.job")
            .tells(|record, facts| common::carries(record, facts, JOB, RUNS_AS)),
        on("CloudScheduler.UpdateJob|CloudScheduler.ResumeJob")
            .touches(JOB, ID, "changed or resumed")
            .names(ID)
            .contain("cloudscheduler.jobs.pause")
            .finding(Persistence, &SCHEDULED_TASK, "Scheduler job {id} was changed or resumed; see what it calls now and as whom.")
            .pair("gcp.cloudscheduler.job")
            .tells(|record, facts| common::carries(record, facts, JOB, RUNS_AS)),
        on("CloudScheduler.PauseJob").touches(JOB, ID, "paused").names(ID).undoes("gcp.cloudscheduler.job"),
        on("CloudScheduler.RunJob").touches(JOB, ID, "run").names(ID),
        on("CloudScheduler.DeleteJob").deletes(JOB, ID).names(ID).undoes("gcp.cloudscheduler.job"),
    ],
};
