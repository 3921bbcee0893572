//! Vertex AI: jobs, endpoints, notebooks runtimes, pools, and the models that it serves.
//!
//! The console logs its calls as `google.cloud.aiplatform.ui.…`; normalised they are the same.

use super::common::{self, NAME, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const CUSTOM: &str = "gcp.aiplatform.custom_job";
const TUNING: &str = "gcp.aiplatform.hyperparameter_tuning_job";
const BATCH: &str = "gcp.aiplatform.batch_prediction_job";
const NAS: &str = "gcp.aiplatform.nas_job";
const PIPELINE: &str = "gcp.aiplatform.pipeline_job";
const TRAINING: &str = "gcp.aiplatform.training_pipeline";
const ENDPOINT: &str = "gcp.aiplatform.endpoint";
const RUNTIME: &str = "gcp.aiplatform.notebook_runtime";
const POOL: &str = "gcp.aiplatform.persistent_resource";
const MODEL: &str = "gcp.aiplatform.publisher_model";
/// The endpoint of a deployment; its operation's name is within the endpoint too.
const ENDPOINT_ITSELF: &str =
    "protoPayload.request.endpoint~/endpoints/|protoPayload.resourceName~/endpoints/";
const RUNTIME_ID: &str = concat!(
    within!("notebookRuntimes", "notebookRuntimeId"),
    "|protoPayload.response.metadata.genericMetadata.name~/notebookRuntimes/"
);

pub static AIPLATFORM: Service = Service {
    source: "aiplatform.googleapis.com",
    rows: &[
        on("JobService.CreateCustomJob")
            .creates(CUSTOM, within!("customJobs"))
            .names(within!("customJobs"))
            .contain("aiplatform.customJobs.cancel;!aiplatform.customJobs.delete")
            .note("Training job {id} runs its maker's container on machines of Google's, often with GPUs.")
            .tells(|record, facts| common::carries(record, facts, CUSTOM, "protoPayload.request.customJob.jobSpec.serviceAccount")),
        on("JobService.CancelCustomJob|JobService.DeleteCustomJob").deletes(CUSTOM, within!("customJobs")),
        on("JobService.CreateHyperparameterTuningJob")
            .creates(TUNING, within!("hyperparameterTuningJobs"))
            .names(within!("hyperparameterTuningJobs"))
            .contain("aiplatform.hyperparameterTuningJobs.cancel;!aiplatform.hyperparameterTuningJobs.delete")
            .tells(|record, facts| {
                common::carries(record, facts, TUNING, "protoPayload.request.hyperparameterTuningJob.trialJobSpec.serviceAccount");
            }),
        on("JobService.CancelHyperparameterTuningJob|JobService.DeleteHyperparameterTuningJob").deletes(TUNING, within!("hyperparameterTuningJobs")),
        on("JobService.CreateBatchPredictionJob")
            .creates(BATCH, within!("batchPredictionJobs"))
            .names(within!("batchPredictionJobs"))
            .contain("aiplatform.batchPredictionJobs.cancel;!aiplatform.batchPredictionJobs.delete")
            .tells(|record, facts| common::carries(record, facts, BATCH, "protoPayload.request.batchPredictionJob.serviceAccount")),
        on("JobService.CancelBatchPredictionJob|JobService.DeleteBatchPredictionJob").deletes(BATCH, within!("batchPredictionJobs")),
        on("JobService.CreateNasJob")
            .creates(NAS, within!("nasJobs"))
            .names(within!("nasJobs"))
            .contain("aiplatform.nasJobs.cancel;!aiplatform.nasJobs.delete"),
        on("JobService.CancelNasJob|JobService.DeleteNasJob").deletes(NAS, within!("nasJobs")),
        on("PipelineService.CreatePipelineJob")
            .creates(PIPELINE, within!("pipelineJobs", "pipelineJobId"))
            .names(within!("pipelineJobs", "pipelineJobId"))
            .contain("aiplatform.pipelineJobs.cancel;!aiplatform.pipelineJobs.delete")
            .tells(|record, facts| common::carries(record, facts, PIPELINE, "protoPayload.request.pipelineJob.serviceAccount")),
        on("PipelineService.CancelPipelineJob|PipelineService.DeletePipelineJob").deletes(PIPELINE, within!("pipelineJobs")),
        on("PipelineService.CreateTrainingPipeline")
            .creates(TRAINING, within!("trainingPipelines"))
            .names(within!("trainingPipelines"))
            .contain("aiplatform.trainingPipelines.cancel;!aiplatform.trainingPipelines.delete"),
        on("PipelineService.CancelTrainingPipeline|PipelineService.DeleteTrainingPipeline").deletes(TRAINING, within!("trainingPipelines")),
        on("ScheduleService.CreateSchedule")
            .creates("gcp.aiplatform.schedule", within!("schedules"))
            .contain("aiplatform.schedules.pause;!aiplatform.schedules.delete")
            .finding(Persistence, &SCHEDULED_TASK, "Schedule {id} starts jobs again and again.")
            .pair("gcp.aiplatform.schedule"),
        on("ScheduleService.DeleteSchedule|ScheduleService.PauseSchedule").deletes("gcp.aiplatform.schedule", within!("schedules")).undoes("gcp.aiplatform.schedule"),
        on("EndpointService.CreateEndpoint")
            .creates(ENDPOINT, within!("endpoints", "endpointId"))
            .names(within!("endpoints", "endpointId"))
            .contain("aiplatform.endpoints.undeployModel;!aiplatform.endpoints.delete")
            .note("Endpoint {id} is billed by the hour once a model is deployed on it."),
        on("EndpointService.DeployModel")
            .touches(ENDPOINT, ENDPOINT_ITSELF, "model deployed")
            .contain("aiplatform.endpoints.undeployModel")
            .tells(|record, facts| common::carries(record, facts, ENDPOINT, "protoPayload.request.deployedModel.serviceAccount")),
        on("EndpointService.UndeployModel").touches(ENDPOINT, ENDPOINT_ITSELF, "model undeployed"),
        on("EndpointService.DeleteEndpoint").deletes(ENDPOINT, within!("endpoints")),
        on("ModelService.UploadModel").creates("gcp.aiplatform.model", within!("models")),
        on("ModelService.DeleteModel").deletes("gcp.aiplatform.model", within!("models")).finding(Destruction, &DATA_DESTRUCTION, "Model {id} was deleted."),
        on("NotebookService.AssignNotebookRuntime")
            .creates(RUNTIME, RUNTIME_ID)
            .contain("aiplatform.notebookRuntimes.stop;!aiplatform.notebookRuntimes.delete")
            .note("Colab runtime {id} is a VM of Google's that runs what its owner types."),
        on("NotebookService.StartNotebookRuntime").touches(RUNTIME, RUNTIME_ID, "started").contain("aiplatform.notebookRuntimes.stop"),
        on("NotebookService.StopNotebookRuntime").touches(RUNTIME, RUNTIME_ID, "stopped"),
        on("NotebookService.DeleteNotebookRuntime").deletes(RUNTIME, RUNTIME_ID),
        on("PersistentResourceService.CreatePersistentResource")
            .creates(POOL, within!("persistentResources", "persistentResourceId"))
            .names(within!("persistentResources", "persistentResourceId"))
            .contain("!aiplatform.persistentResources.delete")
            .note("Machine pool {id} is billed until it is deleted, idle or not."),
        on("PersistentResourceService.DeletePersistentResource").deletes(POOL, within!("persistentResources")),
        on("PredictionService.GenerateContent|PredictionService.StreamGenerateContent|PredictionService.RawPredict|PredictionService.StreamRawPredict|PredictionService.Predict|PredictionService.ServerStreamingPredict|LlmUtilityService.CountTokens")
            .about(MODEL, "protoPayload.request.model|protoPayload.request.endpoint|protoPayload.resourceName")
            .names(NAME)
            .contain("serviceusage.services.disable")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Model {id} was used at your cost; the log has neither prompts nor answers."),
    ],
};
