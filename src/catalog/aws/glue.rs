//! AWS Glue: code that runs with a role in an account of Amazon's.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static GLUE: Service = Service {
    source: "glue.amazonaws.com",
    rows: &[
        on("CreateDevEndpoint")
            .creates("aws.glue.dev_endpoint", "responseElements.endpointName|requestParameters.endpointName")
            .finding(
                Persistence,
                &t::SSH_AUTHORIZED_KEYS,
                "Development endpoint {id} opens a shell over SSH that has its role's credentials.",
            )
            .contain("glue:DeleteDevEndpoint")
            .pair("glue:dev-endpoint")
            .tells(role),
        on("UpdateDevEndpoint")
            .touches("aws.glue.dev_endpoint", "requestParameters.endpointName", "keys or libraries changed")
            .finding(
                PrivilegeEscalation,
                &t::SSH_AUTHORIZED_KEYS,
                "Development endpoint {id} was changed: a key added to it opens its role's credentials.",
            )
            .contain("glue:UpdateDevEndpoint"),
        on("DeleteDevEndpoint")
            .deletes("aws.glue.dev_endpoint", "requestParameters.endpointName")
            .undoes("glue:dev-endpoint"),
        on("CreateJob")
            .creates("aws.glue.job", "responseElements.name|requestParameters.name")
            .contain("glue:BatchStopJobRun, glue:DeleteJob")
            .tells(role),
        on("UpdateJob")
            .touches("aws.glue.job", "requestParameters.jobName", "script or role changed")
            .contain("glue:UpdateJob")
            .tells(new_role),
        on("DeleteJob").deletes("aws.glue.job", "responseElements.jobName|requestParameters.jobName"),
        on("StartJobRun")
            .creates("aws.glue.job_run", "responseElements.jobRunId")
            .names("requestParameters.jobName+responseElements.jobRunId")
            .contain("glue:BatchStopJobRun"),
        on("BatchStopJobRun").deletes(
            "aws.glue.job_run",
            "responseElements.successfulSubmissions[].jobRunId|requestParameters.jobRunIds[]",
        ),
        on("CreateTrigger")
            .creates("aws.glue.trigger", "responseElements.name|requestParameters.name")
            .finding(Persistence, &t::SCHEDULED_TASK, "Trigger {id} starts Glue jobs by itself.")
            .contain("glue:StopTrigger, glue:DeleteTrigger")
            .pair("glue:trigger"),
        on("DeleteTrigger")
            .deletes("aws.glue.trigger", "responseElements.name|requestParameters.name")
            .undoes("glue:trigger"),
        on("CreateCrawler")
            .creates("aws.glue.crawler", "requestParameters.name")
            .contain("glue:StopCrawler, glue:DeleteCrawler")
            .tells(role),
        on("DeleteCrawler").deletes("aws.glue.crawler", "requestParameters.name"),
        on("CreateSession")
            .creates("aws.glue.session", "responseElements.session.id|requestParameters.id")
            .contain("glue:StopSession")
            .tells(role),
        on("RunStatement")
            .touches("aws.glue.session", "requestParameters.sessionId", "ran code")
            .contain("glue:CancelStatement, glue:StopSession"),
        on("StopSession|DeleteSession")
            .deletes("aws.glue.session", "responseElements.id|requestParameters.id"),
        on("PutResourcePolicy")
            .about("aws.glue.catalog_policy", "awsRegion")
            .finding(
                Exposure,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "The policy of the data catalog in {id} was replaced: check whom it lets in.",
            )
            .contain("glue:PutResourcePolicy, glue:DeleteResourcePolicy")
            .pair("glue:catalog-policy"),
        on("DeleteResourcePolicy")
            .about("aws.glue.catalog_policy", "awsRegion")
            .undoes("glue:catalog-policy"),
        on("PutDataCatalogEncryptionSettings").touches("aws.glue.catalog", "awsRegion", "encryption changed"),
        on("TagResource|UntagResource"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.role|requestParameters.roleArn");
}

fn new_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.jobUpdate.role");
}
