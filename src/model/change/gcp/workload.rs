//! What managed services run: Batch, Dataproc, Dataflow, Vertex AI, Workbench, TPU.
//!
//! What can be stopped is started again; a job that is cancelled can't be resumed, and its plan says so beforehand. Each goes by its
//! name and by what no other that ever bore the name has: its uid, else the time when it was made.

use super::super::{Reversal, Spec, Undo, destroying, gated, settling, spec};
use crate::model::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadChange {
    /// Ends a job for good.
    CancelWorkload {
        of: WorkloadOf,
        name: Arc<str>,
        born: Born,
    },
    StopWorkload {
        of: WorkloadOf,
        name: Arc<str>,
        born: Born,
    },
    /// Takes that back.
    StartWorkload {
        of: WorkloadOf,
        name: Arc<str>,
        born: Born,
    },
    DeleteWorkload {
        of: WorkloadOf,
        name: Arc<str>,
        born: Born,
    },
    /// Every model of an endpoint.
    UndeployModels {
        name: Arc<str>,
        born: Born,
    },
    /// Takes that back: models as they were deployed and their shares of the traffic, one JSON text.
    DeployModels {
        name: Arc<str>,
        born: Born,
        models: Arc<str>,
    },
}

/// Which of all that ever bore a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Born {
    /// As Google numbered it, where the record tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Arc<str>>,
    /// By its record.
    pub at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadOf {
    BatchJob,
    DataflowJob,
    DataprocBatch,
    DataprocCluster,
    DataprocJob,
    DataprocSession,
    Endpoint,
    NotebookRuntime,
    PersistentResource,
    TpuNode,
    TpuQueuedResource,
    VertexBatchPredictionJob,
    VertexCustomJob,
    VertexNasJob,
    VertexPipelineJob,
    VertexSchedule,
    VertexTrainingPipeline,
    VertexTuningJob,
    WorkbenchInstance,
}

/// What is known of one kind: catalog's kind, calls that end, start and delete it, what they need.
struct About {
    kind: &'static str,
    ends: &'static str,
    starts: &'static str,
    deletes: &'static str,
    permissions: &'static [&'static str],
}

macro_rules! about {
    ($kind:literal, $ends:literal, $starts:literal, $deletes:literal, [$($needs:literal),* $(,)?]) => {
        About { kind: $kind, ends: $ends, starts: $starts, deletes: $deletes, permissions: &[$($needs),*] }
    };
}

impl WorkloadOf {
    pub const ALL: &[WorkloadOf] = &[
        WorkloadOf::BatchJob,
        WorkloadOf::DataflowJob,
        WorkloadOf::DataprocBatch,
        WorkloadOf::DataprocCluster,
        WorkloadOf::DataprocJob,
        WorkloadOf::DataprocSession,
        WorkloadOf::Endpoint,
        WorkloadOf::NotebookRuntime,
        WorkloadOf::PersistentResource,
        WorkloadOf::TpuNode,
        WorkloadOf::TpuQueuedResource,
        WorkloadOf::VertexBatchPredictionJob,
        WorkloadOf::VertexCustomJob,
        WorkloadOf::VertexNasJob,
        WorkloadOf::VertexPipelineJob,
        WorkloadOf::VertexSchedule,
        WorkloadOf::VertexTrainingPipeline,
        WorkloadOf::VertexTuningJob,
        WorkloadOf::WorkbenchInstance,
    ];

    pub fn of_kind(kind: &str) -> Option<WorkloadOf> {
        WorkloadOf::ALL.iter().copied().find(|one| one.kind() == kind)
    }

    pub fn kind(self) -> &'static str {
        self.about().kind
    }

    fn about(self) -> About {
        match self {
            WorkloadOf::BatchJob => about!(
                "gcp.batch.job",
                "batch.projects.locations.jobs.cancel",
                "",
                "batch.projects.locations.jobs.delete",
                ["batch.jobs.cancel", "batch.jobs.delete", "batch.jobs.get", "batch.operations.get"]
            ),
            WorkloadOf::DataflowJob => about!(
                "gcp.dataflow.job",
                "dataflow.projects.locations.jobs.update(requestedState=JOB_STATE_CANCELLED)",
                "",
                "dataflow.projects.locations.jobs.update(requestedState=JOB_STATE_CANCELLED)",
                ["dataflow.jobs.cancel", "dataflow.jobs.get"]
            ),
            WorkloadOf::DataprocBatch => about!(
                "gcp.dataproc.batch",
                "dataproc.projects.regions.operations.cancel(the batch's own operation)",
                "",
                "dataproc.projects.locations.batches.delete",
                ["dataproc.batches.delete", "dataproc.batches.get", "dataproc.operations.cancel"]
            ),
            WorkloadOf::DataprocCluster => about!(
                "gcp.dataproc.cluster",
                "dataproc.projects.regions.clusters.stop",
                "dataproc.projects.regions.clusters.start",
                "dataproc.projects.regions.clusters.delete",
                [
                    "dataproc.clusters.delete",
                    "dataproc.clusters.get",
                    "dataproc.clusters.start",
                    "dataproc.clusters.stop",
                    "dataproc.operations.get"
                ]
            ),
            WorkloadOf::DataprocJob => about!(
                "gcp.dataproc.job",
                "dataproc.projects.regions.jobs.cancel",
                "",
                "dataproc.projects.regions.jobs.delete",
                ["dataproc.jobs.cancel", "dataproc.jobs.delete", "dataproc.jobs.get"]
            ),
            WorkloadOf::DataprocSession => about!(
                "gcp.dataproc.session",
                "dataproc.projects.locations.sessions.terminate",
                "",
                "dataproc.projects.locations.sessions.delete",
                [
                    "dataproc.operations.get",
                    "dataproc.sessions.delete",
                    "dataproc.sessions.get",
                    "dataproc.sessions.terminate"
                ]
            ),
            WorkloadOf::Endpoint => about!(
                "gcp.aiplatform.endpoint",
                "aiplatform.projects.locations.endpoints.undeployModel(each model)",
                "aiplatform.projects.locations.endpoints.deployModel(each saved model)",
                "aiplatform.projects.locations.endpoints.delete",
                [
                    "aiplatform.endpoints.delete",
                    "aiplatform.endpoints.deploy",
                    "aiplatform.endpoints.get",
                    "aiplatform.endpoints.undeploy"
                ]
            ),
            WorkloadOf::NotebookRuntime => about!(
                "gcp.aiplatform.notebook_runtime",
                "aiplatform.projects.locations.notebookRuntimes.stop",
                "aiplatform.projects.locations.notebookRuntimes.start",
                "aiplatform.projects.locations.notebookRuntimes.delete",
                [
                    "aiplatform.notebookRuntimes.delete",
                    "aiplatform.notebookRuntimes.get",
                    "aiplatform.notebookRuntimes.start",
                    "aiplatform.notebookRuntimes.stop"
                ]
            ),
            WorkloadOf::PersistentResource => about!(
                "gcp.aiplatform.persistent_resource",
                "aiplatform.projects.locations.persistentResources.delete",
                "",
                "aiplatform.projects.locations.persistentResources.delete",
                ["aiplatform.persistentResources.delete", "aiplatform.persistentResources.get"]
            ),
            WorkloadOf::TpuNode => about!(
                "gcp.tpu.node",
                "tpu.projects.locations.nodes.stop",
                "tpu.projects.locations.nodes.start",
                "tpu.projects.locations.nodes.delete",
                [
                    "tpu.nodes.delete",
                    "tpu.nodes.get",
                    "tpu.nodes.start",
                    "tpu.nodes.stop",
                    "tpu.operations.get"
                ]
            ),
            WorkloadOf::TpuQueuedResource => about!(
                "gcp.tpu.queued_resource",
                "tpu.projects.locations.queuedResources.delete(force)",
                "",
                "tpu.projects.locations.queuedResources.delete(force)",
                [
                    "tpu.nodes.delete",
                    "tpu.operations.get",
                    "tpu.queuedresources.delete",
                    "tpu.queuedresources.get"
                ]
            ),
            WorkloadOf::VertexBatchPredictionJob => about!(
                "gcp.aiplatform.batch_prediction_job",
                "aiplatform.projects.locations.batchPredictionJobs.cancel",
                "",
                "aiplatform.projects.locations.batchPredictionJobs.delete",
                [
                    "aiplatform.batchPredictionJobs.cancel",
                    "aiplatform.batchPredictionJobs.delete",
                    "aiplatform.batchPredictionJobs.get"
                ]
            ),
            WorkloadOf::VertexCustomJob => about!(
                "gcp.aiplatform.custom_job",
                "aiplatform.projects.locations.customJobs.cancel",
                "",
                "aiplatform.projects.locations.customJobs.delete",
                ["aiplatform.customJobs.cancel", "aiplatform.customJobs.delete", "aiplatform.customJobs.get"]
            ),
            WorkloadOf::VertexNasJob => about!(
                "gcp.aiplatform.nas_job",
                "aiplatform.projects.locations.nasJobs.cancel",
                "",
                "aiplatform.projects.locations.nasJobs.delete",
                ["aiplatform.nasJobs.cancel", "aiplatform.nasJobs.delete", "aiplatform.nasJobs.get"]
            ),
            WorkloadOf::VertexPipelineJob => about!(
                "gcp.aiplatform.pipeline_job",
                "aiplatform.projects.locations.pipelineJobs.cancel",
                "",
                "aiplatform.projects.locations.pipelineJobs.delete",
                [
                    "aiplatform.pipelineJobs.cancel",
                    "aiplatform.pipelineJobs.delete",
                    "aiplatform.pipelineJobs.get"
                ]
            ),
            WorkloadOf::VertexSchedule => about!(
                "gcp.aiplatform.schedule",
                "aiplatform.projects.locations.schedules.pause",
                "aiplatform.projects.locations.schedules.resume",
                "aiplatform.projects.locations.schedules.delete",
                ["aiplatform.schedules.delete", "aiplatform.schedules.get", "aiplatform.schedules.update"]
            ),
            WorkloadOf::VertexTrainingPipeline => about!(
                "gcp.aiplatform.training_pipeline",
                "aiplatform.projects.locations.trainingPipelines.cancel",
                "",
                "aiplatform.projects.locations.trainingPipelines.delete",
                [
                    "aiplatform.trainingPipelines.cancel",
                    "aiplatform.trainingPipelines.delete",
                    "aiplatform.trainingPipelines.get"
                ]
            ),
            WorkloadOf::VertexTuningJob => about!(
                "gcp.aiplatform.hyperparameter_tuning_job",
                "aiplatform.projects.locations.hyperparameterTuningJobs.cancel",
                "",
                "aiplatform.projects.locations.hyperparameterTuningJobs.delete",
                [
                    "aiplatform.hyperparameterTuningJobs.cancel",
                    "aiplatform.hyperparameterTuningJobs.delete",
                    "aiplatform.hyperparameterTuningJobs.get"
                ]
            ),
            WorkloadOf::WorkbenchInstance => about!(
                "gcp.notebooks.instance",
                "notebooks.projects.locations.instances.stop",
                "notebooks.projects.locations.instances.start",
                "notebooks.projects.locations.instances.delete",
                [
                    "notebooks.instances.delete",
                    "notebooks.instances.get",
                    "notebooks.instances.start",
                    "notebooks.instances.stop",
                    "notebooks.operations.get"
                ]
            ),
        }
    }

    /// How it can be ended without being deleted.
    pub fn ending(self) -> Ending {
        match self {
            WorkloadOf::DataprocCluster
            | WorkloadOf::NotebookRuntime
            | WorkloadOf::TpuNode
            | WorkloadOf::VertexSchedule
            | WorkloadOf::WorkbenchInstance => Ending::Stop,
            WorkloadOf::Endpoint => Ending::Undeploy,
            WorkloadOf::PersistentResource | WorkloadOf::TpuQueuedResource => Ending::Deletion,
            WorkloadOf::BatchJob
            | WorkloadOf::DataflowJob
            | WorkloadOf::DataprocBatch
            | WorkloadOf::DataprocJob
            | WorkloadOf::DataprocSession
            | WorkloadOf::VertexBatchPredictionJob
            | WorkloadOf::VertexCustomJob
            | WorkloadOf::VertexNasJob
            | WorkloadOf::VertexPipelineJob
            | WorkloadOf::VertexTrainingPipeline
            | WorkloadOf::VertexTuningJob => Ending::Cancel,
        }
    }
}

/// The gentlest way to end something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Stop,
    Undeploy,
    /// For good.
    Cancel,
    /// There is no other.
    Deletion,
}

/// A cluster's machines, a TPU's host: minutes.
const ENDS_WITHIN: u64 = 600;
const CANCELLED: &str = "A cancelled job can't be resumed: submit it again.";
const DELETED: &str = "What is deleted can't be brought back: make it anew.";

impl WorkloadChange {
    pub fn spec(&self) -> Spec {
        let timed = |spec| settling(spec, ENDS_WITHIN);
        match self {
            WorkloadChange::CancelWorkload { of, .. } => timed(destroying(spec(
                of.about().ends,
                of.about().permissions,
                "ends the job with the machines that its service started for it; what it had worked out is lost, its record stays",
                "the job reads cancelled or ended",
                Undo::None(CANCELLED),
            ))),
            WorkloadChange::StopWorkload { of, .. } => timed(spec(
                of.about().ends,
                of.about().permissions,
                "stops it through its service, with the machines that run it; disks and configuration stay",
                "it reads stopped or paused",
                Undo::Call(of.about().starts),
            )),
            WorkloadChange::StartWorkload { of, .. } => timed(spec(
                of.about().starts,
                of.about().permissions,
                "it runs again as it did",
                "it reads running",
                Undo::Call(of.about().ends),
            )),
            WorkloadChange::DeleteWorkload { of, .. } => timed(gated(spec(
                of.about().deletes,
                of.about().permissions,
                "deletes it with what it holds: records, disks, machines",
                "it is not there",
                Undo::None(DELETED),
            ))),
            WorkloadChange::UndeployModels { .. } => timed(spec(
                WorkloadOf::Endpoint.about().ends,
                WorkloadOf::Endpoint.about().permissions,
                "takes every model off the endpoint, which costs nothing then; models and endpoint stay",
                "the endpoint has no deployed model",
                Undo::Call(WorkloadOf::Endpoint.about().starts),
            )),
            WorkloadChange::DeployModels { .. } => settling(
                spec(
                    WorkloadOf::Endpoint.about().starts,
                    WorkloadOf::Endpoint.about().permissions,
                    "deploys the saved models again under their ids, with their shares of the traffic",
                    "the endpoint has every saved model",
                    Undo::Call(WorkloadOf::Endpoint.about().ends),
                ),
                1800,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let ran = before.get("runs").and_then(Value::as_bool);
        let models = before
            .get("models")
            .filter(|models| models["deployed"].as_array().is_some_and(|all| !all.is_empty()));
        Reversal::Changes(match self {
            WorkloadChange::CancelWorkload { .. } => return Reversal::None(CANCELLED),
            WorkloadChange::DeleteWorkload { .. } => return Reversal::None(DELETED),
            WorkloadChange::StopWorkload { of, name, born } if ran == Some(true) => {
                let (of, name, born) = (*of, name.clone(), born.clone());
                vec![WorkloadChange::StartWorkload { of, name, born }.into()]
            }
            WorkloadChange::StartWorkload { of, name, born } if ran == Some(false) => {
                let (of, name, born) = (*of, name.clone(), born.clone());
                vec![WorkloadChange::StopWorkload { of, name, born }.into()]
            }
            WorkloadChange::UndeployModels { name, born } => match models {
                Some(models) => {
                    let (name, born, models) = (name.clone(), born.clone(), models.to_string().into());
                    vec![WorkloadChange::DeployModels { name, born, models }.into()]
                }
                None => Vec::new(),
            },
            WorkloadChange::DeployModels { name, born, .. } => {
                vec![WorkloadChange::UndeployModels { name: name.clone(), born: born.clone() }.into()]
            }
            WorkloadChange::StopWorkload { .. } | WorkloadChange::StartWorkload { .. } => Vec::new(),
        })
    }
}
