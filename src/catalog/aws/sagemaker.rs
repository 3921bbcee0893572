//! Amazon SageMaker: GPU machines in an account of Amazon's, with roles of this one.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static SAGEMAKER: Service = Service {
    source: "sagemaker.amazonaws.com",
    rows: &[
        // Notebooks.
        on("CreateNotebookInstance")
            .creates("aws.sagemaker.notebook_instance", "responseElements.notebookInstanceArn")
            .names("requestParameters.notebookInstanceName")
            .contain("sagemaker:StopNotebookInstance, sagemaker:DeleteNotebookInstance")
            .tells(role),
        on("StartNotebookInstance").touches(
            "aws.sagemaker.notebook_instance",
            "requestParameters.notebookInstanceName",
            "started",
        ),
        on("StopNotebookInstance").touches(
            "aws.sagemaker.notebook_instance",
            "requestParameters.notebookInstanceName",
            "stopped",
        ),
        on("UpdateNotebookInstance")
            .touches(
                "aws.sagemaker.notebook_instance",
                "requestParameters.notebookInstanceName",
                "type, role or start script changed",
            )
            .tells(role),
        on("DeleteNotebookInstance")
            .deletes("aws.sagemaker.notebook_instance", "requestParameters.notebookInstanceName"),
        on("CreateNotebookInstanceLifecycleConfig")
            .creates("aws.sagemaker.lifecycle_config", "responseElements.notebookInstanceLifecycleConfigArn")
            .names("requestParameters.notebookInstanceLifecycleConfigName")
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "Lifecycle configuration {id} runs its script as root whenever its notebooks start.",
            )
            .contain("sagemaker:DeleteNotebookInstanceLifecycleConfig")
            .pair("sagemaker:lifecycle-config"),
        on("UpdateNotebookInstanceLifecycleConfig")
            .touches(
                "aws.sagemaker.lifecycle_config",
                "requestParameters.notebookInstanceLifecycleConfigName",
                "script changed",
            )
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "The script that notebooks run at start, {id}, was changed.",
            ),
        on("DeleteNotebookInstanceLifecycleConfig")
            .deletes(
                "aws.sagemaker.lifecycle_config",
                "requestParameters.notebookInstanceLifecycleConfigName",
            )
            .undoes("sagemaker:lifecycle-config"),
        on("CreatePresignedNotebookInstanceUrl")
            .about("aws.sagemaker.notebook_access", "requestParameters.notebookInstanceName")
            .finding(
                CredentialAccess,
                &t::UNSECURED_CREDENTIALS,
                "A link into notebook {id} was made: whoever has it works there with its role's \
                 credentials.",
            )
            .contain("sagemaker:StopNotebookInstance"),
        on("CreatePresignedNotebookInstanceUrl").touches(
            "aws.sagemaker.notebook_instance",
            "requestParameters.notebookInstanceName",
            "opened in a browser",
        ),
        // Jobs.
        on("CreateTrainingJob")
            .creates("aws.sagemaker.training_job", "responseElements.trainingJobArn")
            .names("requestParameters.trainingJobName")
            .contain("sagemaker:StopTrainingJob")
            .tells(role),
        on("StopTrainingJob|DeleteTrainingJob")
            .deletes("aws.sagemaker.training_job", "requestParameters.trainingJobName"),
        on("CreateProcessingJob")
            .creates("aws.sagemaker.processing_job", "responseElements.processingJobArn")
            .names("requestParameters.processingJobName")
            .contain("sagemaker:StopProcessingJob")
            .tells(role),
        on("StopProcessingJob|DeleteProcessingJob")
            .deletes("aws.sagemaker.processing_job", "requestParameters.processingJobName"),
        on("CreateTransformJob")
            .creates("aws.sagemaker.transform_job", "responseElements.transformJobArn")
            .names("requestParameters.transformJobName")
            .contain("sagemaker:StopTransformJob"),
        on("StopTransformJob").deletes("aws.sagemaker.transform_job", "requestParameters.transformJobName"),
        on("CreateHyperParameterTuningJob")
            .creates("aws.sagemaker.tuning_job", "responseElements.hyperParameterTuningJobArn")
            .names("requestParameters.hyperParameterTuningJobName")
            .contain("sagemaker:StopHyperParameterTuningJob")
            .tells(tuning_role),
        on("StopHyperParameterTuningJob|DeleteHyperParameterTuningJob")
            .deletes("aws.sagemaker.tuning_job", "requestParameters.hyperParameterTuningJobName"),
        on("CreateAutoMLJob|CreateAutoMLJobV2")
            .creates("aws.sagemaker.auto_ml_job", "responseElements.autoMLJobArn")
            .names("requestParameters.autoMLJobName")
            .contain("sagemaker:StopAutoMLJob")
            .tells(role),
        on("StopAutoMLJob").deletes("aws.sagemaker.auto_ml_job", "requestParameters.autoMLJobName"),
        // Endpoints and clusters.
        on("CreateModel")
            .creates("aws.sagemaker.model", "responseElements.modelArn")
            .names("requestParameters.modelName")
            .contain("sagemaker:DeleteModel")
            .tells(model_role),
        on("DeleteModel").deletes("aws.sagemaker.model", "requestParameters.modelName"),
        on("CreateEndpointConfig")
            .creates("aws.sagemaker.endpoint_config", "responseElements.endpointConfigArn")
            .names("requestParameters.endpointConfigName")
            .contain("sagemaker:DeleteEndpointConfig"),
        on("DeleteEndpointConfig")
            .deletes("aws.sagemaker.endpoint_config", "requestParameters.endpointConfigName"),
        on("CreateEndpoint")
            .creates("aws.sagemaker.endpoint", "responseElements.endpointArn")
            .names("requestParameters.endpointName")
            .contain("sagemaker:UpdateEndpointWeightsAndCapacities, sagemaker:DeleteEndpoint"),
        on("UpdateEndpoint|UpdateEndpointWeightsAndCapacities").touches(
            "aws.sagemaker.endpoint",
            "responseElements.endpointArn|requestParameters.endpointName",
            "size or model changed",
        ),
        on("DeleteEndpoint").deletes("aws.sagemaker.endpoint", "requestParameters.endpointName"),
        on("CreateCluster")
            .creates("aws.sagemaker.hyperpod_cluster", "responseElements.clusterArn")
            .names("requestParameters.clusterName")
            .contain("sagemaker:UpdateCluster, sagemaker:DeleteCluster")
            .tells(cluster_role),
        on("UpdateCluster").touches(
            "aws.sagemaker.hyperpod_cluster",
            "responseElements.clusterArn|requestParameters.clusterName",
            "size changed",
        ),
        on("DeleteCluster")
            .deletes(
                "aws.sagemaker.hyperpod_cluster",
                "responseElements.clusterArn|requestParameters.clusterName",
            )
            .names("requestParameters.clusterName"),
        // Studio.
        on("CreateDomain")
            .creates("aws.sagemaker.domain", "responseElements.domainArn")
            .names("responseElements.domainId")
            .contain("sagemaker:DeleteApp, sagemaker:DeleteDomain")
            .tells(domain),
        on("DeleteDomain").deletes("aws.sagemaker.domain", "requestParameters.domainId"),
        on("CreateUserProfile")
            .creates("aws.sagemaker.user_profile", "responseElements.userProfileArn")
            .names("requestParameters.domainId+requestParameters.userProfileName")
            .contain("sagemaker:DeleteUserProfile")
            .tells(profile_role),
        on("DeleteUserProfile").deletes(
            "aws.sagemaker.user_profile",
            "requestParameters.domainId+requestParameters.userProfileName",
        ),
        on("CreateSpace")
            .creates("aws.sagemaker.space", "responseElements.spaceArn")
            .names("requestParameters.domainId+requestParameters.spaceName")
            .contain("sagemaker:DeleteSpace"),
        on("DeleteSpace")
            .deletes("aws.sagemaker.space", "requestParameters.domainId+requestParameters.spaceName"),
        on("CreateApp")
            .creates("aws.sagemaker.app", "responseElements.appArn")
            .contain("sagemaker:DeleteApp")
            .tells(app),
        on("DeleteApp")
            .deletes("aws.sagemaker.app", "requestParameters.domainId+requestParameters.appName")
            .tells(app),
        on("CreatePresignedDomainUrl")
            .touches("aws.sagemaker.domain", "requestParameters.domainId", "opened in a browser")
            .finding(
                CredentialAccess,
                &t::UNSECURED_CREDENTIALS,
                "A link into SageMaker domain {id} was made: whoever has it works there with a user \
                 profile's role.",
            )
            .contain("sagemaker:DeleteApp"),
        on("AddTags|DeleteTags"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.roleArn");
}

fn tuning_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(
        record,
        facts,
        "requestParameters.trainingJobDefinition.roleArn|requestParameters.trainingJobDefinitions[].roleArn",
    );
}

fn model_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.executionRoleArn");
}

fn cluster_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.instanceGroups[].executionRole");
}

/// `…:domain/d-…`: every other call names a domain by that last part.
fn domain(record: &Record, facts: &mut Vec<Fact>) {
    tell::name_after(facts, "aws.sagemaker.domain", ":domain/");
    tell::carries(record, facts, "requestParameters.defaultUserSettings.executionRole");
}

fn profile_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.userSettings.executionRole");
}

/// An app is named by domain, owner, type and name together.
fn app(record: &Record, facts: &mut Vec<Fact>) {
    let part = |key: &str| record.first(&format!("requestParameters.{key}"));
    let parts = [
        part("domainId"),
        part("userProfileName").or_else(|| part("spaceName")),
        part("appType"),
        part("appName"),
    ];
    let name = parts.map(|part| part.unwrap_or_default().to_string()).join("/");
    for app in tell::named(facts, "aws.sagemaker.app") {
        if !app.id.starts_with("arn:") {
            app.id = name.as_str().into();
        }
        tell::add_name(app, &name);
    }
}
