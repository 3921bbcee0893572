//! AWS Batch: compute environments relaunch instances for queued jobs.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static BATCH: Service = Service {
    source: "batch.amazonaws.com",
    rows: &[
        on("CreateComputeEnvironment")
            .creates("aws.batch.compute_environment", "responseElements.computeEnvironmentArn")
            .names("responseElements.computeEnvironmentName|requestParameters.computeEnvironmentName")
            .contain("batch:UpdateComputeEnvironment, batch:DeleteComputeEnvironment")
            .tells(environment),
        on("UpdateComputeEnvironment")
            .touches(
                "aws.batch.compute_environment",
                "responseElements.computeEnvironmentArn|requestParameters.computeEnvironment",
                "size or state changed",
            )
            .contain("batch:UpdateComputeEnvironment"),
        on("DeleteComputeEnvironment")
            .deletes("aws.batch.compute_environment", "requestParameters.computeEnvironment"),
        on("CreateJobQueue")
            .creates("aws.batch.job_queue", "responseElements.jobQueueArn")
            .names("responseElements.jobQueueName|requestParameters.jobQueueName")
            .contain("batch:UpdateJobQueue, batch:DeleteJobQueue"),
        on("UpdateJobQueue").touches(
            "aws.batch.job_queue",
            "responseElements.jobQueueArn|requestParameters.jobQueue",
            "state changed",
        ),
        on("DeleteJobQueue").deletes("aws.batch.job_queue", "requestParameters.jobQueue"),
        on("SubmitJob").creates("aws.batch.job", "responseElements.jobId").contain("batch:TerminateJob"),
        on("TerminateJob|CancelJob").deletes("aws.batch.job", "requestParameters.jobId"),
        on("RegisterJobDefinition")
            .creates("aws.batch.job_definition", "responseElements.jobDefinitionArn")
            .contain("batch:DeregisterJobDefinition")
            .tells(definition),
        on("DeregisterJobDefinition")
            .deletes("aws.batch.job_definition", "requestParameters.jobDefinition")
            .tells(definition_names),
        on("TagResource|UntagResource"),
    ],
};

fn environment(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.computeResources.instanceRole");
    tell::carries(record, facts, "requestParameters.serviceRole");
}

fn definition_names(_: &Record, facts: &mut Vec<Fact>) {
    tell::name_after(facts, "aws.batch.job_definition", ":job-definition/");
}

fn definition(record: &Record, facts: &mut Vec<Fact>) {
    definition_names(record, facts);
    tell::carries(record, facts, "requestParameters.containerProperties.jobRoleArn");
    tell::carries(record, facts, "requestParameters.containerProperties.executionRoleArn");
}
