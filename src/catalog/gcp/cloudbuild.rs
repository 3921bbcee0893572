//! Cloud Build: builds run their maker's code as a service account.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const BUILD: &str = "gcp.cloudbuild.build";
const BUILD_ID: &str = concat!(
    "resource.labels.build_id|protoPayload.response.metadata.build.id|protoPayload.response.id|protoPayload.request.id|",
    within!("builds")
);
const BUILD_NAMES: &str = concat!(
    within!("builds"),
    "|protoPayload.response.metadata.build.name|projects/{resource.labels.project_id}/builds/{resource.labels.build_id}"
);
/// A build without an id yet has the collection in resourceName, which ends before the slash and is no build.
const TRIGGER: &str = "gcp.cloudbuild.build_trigger";
const TRIGGER_ID: &str = concat!(
    "resource.labels.build_trigger_id|protoPayload.response.id|protoPayload.request.triggerId|",
    within!("triggers")
);
const TRIGGER_NAMES: &str = concat!(
    within!("triggers"),
    "|projects/{resource.labels.project_id}/triggers/{resource.labels.build_trigger_id}|protoPayload.request.trigger.name"
);
const POOL: &str = "gcp.cloudbuild.worker_pool";
const POOL_ID: &str = concat!("protoPayload.response.uid|", within!("workerPools", "workerPoolId"));

pub static CLOUDBUILD: Service = Service {
    source: "cloudbuild.googleapis.com",
    rows: &[
        on("CloudBuild.CreateBuild|CloudBuild.RetryBuild|CloudBuild.RunBuildTrigger")
            .creates(BUILD, BUILD_ID)
            .names(BUILD_NAMES)
            .contain("cloudbuild.builds.cancel")
            .note("Build {id} ran its maker's code as the build's service account.")
            .tells(|record, facts| {
                common::carries(record, facts, BUILD, "protoPayload.request.build.serviceAccount|protoPayload.response.metadata.build.serviceAccount");
            }),
        on("CloudBuild.CancelBuild").deletes(BUILD, BUILD_ID).names(BUILD_NAMES),
        on("CloudBuild.ApproveBuild").touches(BUILD, BUILD_ID, "approved").names(BUILD_NAMES),
        on("CloudBuild.CreateBuildTrigger")
            .creates(TRIGGER, TRIGGER_ID)
            .names(TRIGGER_NAMES)
            .contain("cloudbuild.triggers.patch;!cloudbuild.triggers.delete")
            .finding(Persistence, &EVENT_TRIGGERED, "Trigger {id} starts builds by itself, as a service account, until it is disabled.")
            .pair("gcp.cloudbuild.trigger")
            .tells(|record, facts| common::carries(record, facts, TRIGGER, "protoPayload.request.trigger.serviceAccount")),
        on("CloudBuild.UpdateBuildTrigger")
            .touches(TRIGGER, TRIGGER_ID, "changed")
            .names(TRIGGER_NAMES)
            .contain("cloudbuild.triggers.patch")
            .finding(Persistence, &EVENT_TRIGGERED, "Trigger {id} was changed; see what it builds now and as whom."),
        on("CloudBuild.DeleteBuildTrigger").deletes(TRIGGER, TRIGGER_ID).names(TRIGGER_NAMES).undoes("gcp.cloudbuild.trigger"),
        on("CloudBuild.CreateWorkerPool")
            .creates(POOL, POOL_ID)
            .names(within!("workerPools", "workerPoolId"))
            .contain("!cloudbuild.workerPools.delete"),
        on("CloudBuild.DeleteWorkerPool").deletes(POOL, POOL_ID).names(within!("workerPools")),
    ],
};
