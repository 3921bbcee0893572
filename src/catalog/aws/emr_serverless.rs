//! Amazon EMR Serverless.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static EMR_SERVERLESS: Service = Service {
    source: "emr-serverless.amazonaws.com",
    rows: &[
        on("CreateApplication")
            .creates("aws.emr_serverless.application", "responseElements.applicationId")
            .names("responseElements.arn")
            .contain("emr-serverless:StopApplication, emr-serverless:DeleteApplication"),
        on("StartApplication|UpdateApplication").touches(
            "aws.emr_serverless.application",
            "requestParameters.applicationId",
            "started or changed",
        ),
        on("StopApplication").touches(
            "aws.emr_serverless.application",
            "requestParameters.applicationId",
            "stopped",
        ),
        on("DeleteApplication").deletes("aws.emr_serverless.application", "requestParameters.applicationId"),
        on("StartJobRun")
            .creates("aws.emr_serverless.job_run", "responseElements.jobRunId")
            .contain("emr-serverless:CancelJobRun")
            .tells(role),
        on("CancelJobRun")
            .deletes("aws.emr_serverless.job_run", "responseElements.jobRunId|requestParameters.jobRunId"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.executionRoleArn");
}
