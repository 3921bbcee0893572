//! How each service is asked: where it is read, what in it tells which it is and whether it runs, what ends it.

use super::super::endpoints::{AIPLATFORM, Api, BATCH, DATAFLOW, DATAPROC, NOTEBOOKS, TPU};
use crate::model::change::gcp::WorkloadOf;
use reqwest::Method;
use serde_json::Value;

pub(super) struct Row {
    pub api: Api,
    /// As names have it.
    pub collection: &'static str,
    pub get: (&'static str, &'static str),
    /// Where its uid stands, and when it was made; the first that is there.
    pub uid: Option<&'static str>,
    pub born: &'static [&'static str],
    /// Where its state stands: in these nothing runs, in these it runs.
    pub state: &'static str,
    pub over: &'static [&'static str],
    pub up: &'static [&'static str],
    pub end: Option<Act>,
    pub start: Option<Act>,
    pub delete: Option<Act>,
    /// Where its operations are followed.
    pub operations: Option<&'static str>,
    /// Why it can't be stopped, though its kind can.
    pub unstoppable: Option<fn(&Value) -> Option<&'static str>>,
}

/// One call: by project, place and id, or through a name that the thing itself tells.
#[derive(Clone, Copy)]
pub(super) struct Act {
    pub call: &'static str,
    pub template: &'static str,
    verb: Verb,
    pub has_body: bool,
    pub through: Option<&'static str>,
    /// What is sent besides, by word: itself, or what stands there in the thing.
    pub with: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy)]
enum Verb {
    Post,
    Put,
    Delete,
}

impl Act {
    pub fn method(&self) -> Method {
        match self.verb {
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Delete => Method::DELETE,
        }
    }
}

const fn post(call: &'static str, template: &'static str) -> Option<Act> {
    Some(Act { call, template, verb: Verb::Post, has_body: true, through: None, with: &[] })
}

const fn delete(call: &'static str, template: &'static str) -> Option<Act> {
    Some(Act { call, template, verb: Verb::Delete, has_body: false, through: None, with: &[] })
}

const fn with(act: Option<Act>, with: &'static [(&'static str, &'static str)]) -> Option<Act> {
    match act {
        Some(act) => Some(Act { with, ..act }),
        None => None,
    }
}

macro_rules! vertex {
    ($collection:literal, $over:expr, $get:literal, $cancel:literal, $delete:literal) => {
        Row {
            api: AIPLATFORM,
            collection: $collection,
            get: ($get, concat!("v1/projects/{}/locations/{}/", $collection, "/{}")),
            uid: None,
            born: &["/createTime"],
            state: "/state",
            over: $over,
            up: &[],
            end: post($cancel, concat!("v1/projects/{}/locations/{}/", $collection, "/{}:cancel")),
            start: None,
            delete: delete($delete, concat!("v1/projects/{}/locations/{}/", $collection, "/{}")),
            operations: Some("v1/{+}"),
            unstoppable: None,
        }
    };
}

const JOB_OVER: &[&str] = &[
    "JOB_STATE_CANCELLED",
    "JOB_STATE_EXPIRED",
    "JOB_STATE_FAILED",
    "JOB_STATE_PARTIALLY_SUCCEEDED",
    "JOB_STATE_SUCCEEDED",
];
const PIPELINE_OVER: &[&str] =
    &["PIPELINE_STATE_CANCELLED", "PIPELINE_STATE_FAILED", "PIPELINE_STATE_SUCCEEDED"];

static BATCH_JOB: Row = Row {
    api: BATCH,
    collection: "jobs",
    get: ("batch.projects.locations.jobs.get", "v1/projects/{}/locations/{}/jobs/{}"),
    uid: Some("/uid"),
    born: &["/createTime"],
    state: "/status/state",
    over: &["CANCELLED", "FAILED", "SUCCEEDED"],
    up: &[],
    end: post("batch.projects.locations.jobs.cancel", "v1/projects/{}/locations/{}/jobs/{}:cancel"),
    start: None,
    delete: delete("batch.projects.locations.jobs.delete", "v1/projects/{}/locations/{}/jobs/{}"),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

static DATAFLOW_JOB: Row = Row {
    api: DATAFLOW,
    collection: "jobs",
    get: ("dataflow.projects.locations.jobs.get", "v1b3/projects/{}/locations/{}/jobs/{}"),
    uid: Some("/id"),
    born: &["/createTime"],
    state: "/currentState",
    over: &[
        "JOB_STATE_CANCELLED",
        "JOB_STATE_DONE",
        "JOB_STATE_DRAINED",
        "JOB_STATE_FAILED",
        "JOB_STATE_UPDATED",
    ],
    up: &[],
    end: Some(Act {
        call: "dataflow.projects.locations.jobs.update",
        template: "v1b3/projects/{}/locations/{}/jobs/{}",
        verb: Verb::Put,
        has_body: true,
        through: None,
        with: &[("requestedState", "JOB_STATE_CANCELLED")],
    }),
    start: None,
    // No job can be deleted; cancelled is all.
    delete: None,
    operations: None,
    unstoppable: None,
};

static DATAPROC_BATCH: Row = Row {
    api: DATAPROC,
    collection: "batches",
    get: ("dataproc.projects.locations.batches.get", "v1/projects/{}/locations/{}/batches/{}"),
    uid: Some("/uuid"),
    born: &["/createTime"],
    state: "/state",
    over: &["CANCELLED", "FAILED", "SUCCEEDED"],
    up: &[],
    end: Some(Act {
        call: "dataproc.projects.regions.operations.cancel",
        template: "v1/{+}:cancel",
        verb: Verb::Post,
        has_body: false,
        through: Some("operation"),
        with: &[],
    }),
    start: None,
    delete: delete("dataproc.projects.locations.batches.delete", "v1/projects/{}/locations/{}/batches/{}"),
    operations: None,
    unstoppable: None,
};

static DATAPROC_CLUSTER: Row = Row {
    api: DATAPROC,
    collection: "clusters",
    get: ("dataproc.projects.regions.clusters.get", "v1/projects/{}/regions/{}/clusters/{}"),
    uid: Some("/clusterUuid"),
    born: &["/statusHistory/0/stateStartTime", "/status/stateStartTime"],
    state: "/status/state",
    over: &["STOPPED"],
    up: &["RUNNING"],
    end: with(
        post("dataproc.projects.regions.clusters.stop", "v1/projects/{}/regions/{}/clusters/{}:stop"),
        &[("clusterUuid", "/clusterUuid")],
    ),
    start: with(
        post("dataproc.projects.regions.clusters.start", "v1/projects/{}/regions/{}/clusters/{}:start"),
        &[("clusterUuid", "/clusterUuid")],
    ),
    delete: with(
        delete("dataproc.projects.regions.clusters.delete", "v1/projects/{}/regions/{}/clusters/{}"),
        &[("clusterUuid", "/clusterUuid")],
    ),
    operations: Some("v1/{+}"),
    unstoppable: Some(|cluster| {
        let config = &cluster["config"];
        let secondary = &config["secondaryWorkerConfig"]["numInstances"];
        if secondary.as_u64().unwrap_or_default() > 0 {
            return Some("secondary workers");
        }
        config["autoscalingConfig"]["policyUri"].is_string().then_some("an autoscaling policy")
    }),
};

static DATAPROC_JOB: Row = Row {
    api: DATAPROC,
    collection: "jobs",
    get: ("dataproc.projects.regions.jobs.get", "v1/projects/{}/regions/{}/jobs/{}"),
    uid: Some("/jobUuid"),
    born: &["/statusHistory/0/stateStartTime", "/status/stateStartTime"],
    state: "/status/state",
    over: &["CANCELLED", "DONE", "ERROR"],
    up: &[],
    end: post("dataproc.projects.regions.jobs.cancel", "v1/projects/{}/regions/{}/jobs/{}:cancel"),
    start: None,
    delete: delete("dataproc.projects.regions.jobs.delete", "v1/projects/{}/regions/{}/jobs/{}"),
    operations: None,
    unstoppable: None,
};

static DATAPROC_SESSION: Row = Row {
    api: DATAPROC,
    collection: "sessions",
    get: ("dataproc.projects.locations.sessions.get", "v1/projects/{}/locations/{}/sessions/{}"),
    uid: Some("/uuid"),
    born: &["/createTime"],
    state: "/state",
    over: &["FAILED", "TERMINATED"],
    up: &[],
    end: post(
        "dataproc.projects.locations.sessions.terminate",
        "v1/projects/{}/locations/{}/sessions/{}:terminate",
    ),
    start: None,
    delete: delete("dataproc.projects.locations.sessions.delete", "v1/projects/{}/locations/{}/sessions/{}"),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

/// Its models are taken off one by one.
static ENDPOINT: Row = Row {
    api: AIPLATFORM,
    collection: "endpoints",
    get: ("aiplatform.projects.locations.endpoints.get", "v1/projects/{}/locations/{}/endpoints/{}"),
    uid: None,
    born: &["/createTime"],
    state: "",
    over: &[],
    up: &[],
    end: None,
    start: None,
    delete: delete(
        "aiplatform.projects.locations.endpoints.delete",
        "v1/projects/{}/locations/{}/endpoints/{}",
    ),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

static RUNTIME: Row = Row {
    api: AIPLATFORM,
    collection: "notebookRuntimes",
    get: (
        "aiplatform.projects.locations.notebookRuntimes.get",
        "v1/projects/{}/locations/{}/notebookRuntimes/{}",
    ),
    uid: None,
    born: &["/createTime"],
    state: "/runtimeState",
    over: &["STOPPED"],
    up: &["RUNNING"],
    end: post(
        "aiplatform.projects.locations.notebookRuntimes.stop",
        "v1/projects/{}/locations/{}/notebookRuntimes/{}:stop",
    ),
    start: post(
        "aiplatform.projects.locations.notebookRuntimes.start",
        "v1/projects/{}/locations/{}/notebookRuntimes/{}:start",
    ),
    delete: delete(
        "aiplatform.projects.locations.notebookRuntimes.delete",
        "v1/projects/{}/locations/{}/notebookRuntimes/{}",
    ),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

static POOL: Row = Row {
    api: AIPLATFORM,
    collection: "persistentResources",
    get: (
        "aiplatform.projects.locations.persistentResources.get",
        "v1/projects/{}/locations/{}/persistentResources/{}",
    ),
    uid: None,
    born: &["/createTime"],
    state: "/state",
    over: &[],
    up: &[],
    end: None,
    start: None,
    delete: delete(
        "aiplatform.projects.locations.persistentResources.delete",
        "v1/projects/{}/locations/{}/persistentResources/{}",
    ),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

static SCHEDULE: Row = Row {
    api: AIPLATFORM,
    collection: "schedules",
    get: ("aiplatform.projects.locations.schedules.get", "v1/projects/{}/locations/{}/schedules/{}"),
    uid: None,
    born: &["/createTime"],
    state: "/state",
    over: &["COMPLETED", "PAUSED"],
    up: &["ACTIVE"],
    end: post(
        "aiplatform.projects.locations.schedules.pause",
        "v1/projects/{}/locations/{}/schedules/{}:pause",
    ),
    start: post(
        "aiplatform.projects.locations.schedules.resume",
        "v1/projects/{}/locations/{}/schedules/{}:resume",
    ),
    delete: delete(
        "aiplatform.projects.locations.schedules.delete",
        "v1/projects/{}/locations/{}/schedules/{}",
    ),
    operations: Some("v1/{+}"),
    unstoppable: None,
};

static NODE: Row = Row {
    api: TPU,
    collection: "nodes",
    get: ("tpu.projects.locations.nodes.get", "v2/projects/{}/locations/{}/nodes/{}"),
    uid: Some("/id"),
    born: &["/createTime"],
    state: "/state",
    over: &["PREEMPTED", "STOPPED", "TERMINATED"],
    up: &["READY"],
    end: post("tpu.projects.locations.nodes.stop", "v2/projects/{}/locations/{}/nodes/{}:stop"),
    start: post("tpu.projects.locations.nodes.start", "v2/projects/{}/locations/{}/nodes/{}:start"),
    delete: delete("tpu.projects.locations.nodes.delete", "v2/projects/{}/locations/{}/nodes/{}"),
    operations: Some("v2/{+}"),
    unstoppable: Some(|node| {
        let hosts = node["networkEndpoints"].as_array().map_or(0, Vec::len);
        if hosts > 1 {
            return Some("more than one host");
        }
        node["queuedResource"].is_string().then_some("a queued resource that it belongs to")
    }),
};

static QUEUED: Row = Row {
    api: TPU,
    collection: "queuedResources",
    get: ("tpu.projects.locations.queuedResources.get", "v2/projects/{}/locations/{}/queuedResources/{}"),
    uid: None,
    born: &["/createTime"],
    state: "/state/state",
    over: &["FAILED", "SUSPENDED"],
    up: &[],
    end: None,
    start: None,
    delete: with(
        delete(
            "tpu.projects.locations.queuedResources.delete",
            "v2/projects/{}/locations/{}/queuedResources/{}",
        ),
        &[("force", "true")],
    ),
    operations: Some("v2/{+}"),
    unstoppable: None,
};

static WORKBENCH: Row = Row {
    api: NOTEBOOKS,
    collection: "instances",
    get: ("notebooks.projects.locations.instances.get", "v2/projects/{}/locations/{}/instances/{}"),
    uid: Some("/id"),
    born: &["/createTime"],
    state: "/state",
    over: &["DELETED", "STOPPED", "SUSPENDED"],
    up: &["ACTIVE"],
    end: post("notebooks.projects.locations.instances.stop", "v2/projects/{}/locations/{}/instances/{}:stop"),
    start: post(
        "notebooks.projects.locations.instances.start",
        "v2/projects/{}/locations/{}/instances/{}:start",
    ),
    delete: delete(
        "notebooks.projects.locations.instances.delete",
        "v2/projects/{}/locations/{}/instances/{}",
    ),
    operations: Some("v2/{+}"),
    unstoppable: None,
};

static CUSTOM: Row = vertex!(
    "customJobs",
    JOB_OVER,
    "aiplatform.projects.locations.customJobs.get",
    "aiplatform.projects.locations.customJobs.cancel",
    "aiplatform.projects.locations.customJobs.delete"
);
static TUNING: Row = vertex!(
    "hyperparameterTuningJobs",
    JOB_OVER,
    "aiplatform.projects.locations.hyperparameterTuningJobs.get",
    "aiplatform.projects.locations.hyperparameterTuningJobs.cancel",
    "aiplatform.projects.locations.hyperparameterTuningJobs.delete"
);
static PREDICTION: Row = vertex!(
    "batchPredictionJobs",
    JOB_OVER,
    "aiplatform.projects.locations.batchPredictionJobs.get",
    "aiplatform.projects.locations.batchPredictionJobs.cancel",
    "aiplatform.projects.locations.batchPredictionJobs.delete"
);
static NAS: Row = vertex!(
    "nasJobs",
    JOB_OVER,
    "aiplatform.projects.locations.nasJobs.get",
    "aiplatform.projects.locations.nasJobs.cancel",
    "aiplatform.projects.locations.nasJobs.delete"
);
static PIPELINE: Row = vertex!(
    "pipelineJobs",
    PIPELINE_OVER,
    "aiplatform.projects.locations.pipelineJobs.get",
    "aiplatform.projects.locations.pipelineJobs.cancel",
    "aiplatform.projects.locations.pipelineJobs.delete"
);
static TRAINING: Row = vertex!(
    "trainingPipelines",
    PIPELINE_OVER,
    "aiplatform.projects.locations.trainingPipelines.get",
    "aiplatform.projects.locations.trainingPipelines.cancel",
    "aiplatform.projects.locations.trainingPipelines.delete"
);

pub(super) fn row(of: WorkloadOf) -> &'static Row {
    match of {
        WorkloadOf::BatchJob => &BATCH_JOB,
        WorkloadOf::DataflowJob => &DATAFLOW_JOB,
        WorkloadOf::DataprocBatch => &DATAPROC_BATCH,
        WorkloadOf::DataprocCluster => &DATAPROC_CLUSTER,
        WorkloadOf::DataprocJob => &DATAPROC_JOB,
        WorkloadOf::DataprocSession => &DATAPROC_SESSION,
        WorkloadOf::Endpoint => &ENDPOINT,
        WorkloadOf::NotebookRuntime => &RUNTIME,
        WorkloadOf::PersistentResource => &POOL,
        WorkloadOf::TpuNode => &NODE,
        WorkloadOf::TpuQueuedResource => &QUEUED,
        WorkloadOf::VertexBatchPredictionJob => &PREDICTION,
        WorkloadOf::VertexCustomJob => &CUSTOM,
        WorkloadOf::VertexNasJob => &NAS,
        WorkloadOf::VertexPipelineJob => &PIPELINE,
        WorkloadOf::VertexSchedule => &SCHEDULE,
        WorkloadOf::VertexTrainingPipeline => &TRAINING,
        WorkloadOf::VertexTuningJob => &TUNING,
        WorkloadOf::WorkbenchInstance => &WORKBENCH,
    }
}
