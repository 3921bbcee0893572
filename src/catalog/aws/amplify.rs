//! AWS Amplify: AMBERSQUID mined inside its build containers.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static AMPLIFY: Service = Service {
    source: "amplify.amazonaws.com",
    rows: &[
        on("CreateApp")
            .creates("aws.amplify.app", "responseElements.app.appId")
            .names("responseElements.app.appArn")
            .contain("amplify:StopJob, amplify:DeleteApp")
            .tells(role),
        on("UpdateApp").touches("aws.amplify.app", "requestParameters.appId", "settings changed"),
        on("DeleteApp").deletes("aws.amplify.app", "responseElements.app.appId|requestParameters.appId"),
        on("CreateBackendEnvironment")
            .creates(
                "aws.amplify.backend_environment",
                "responseElements.backendEnvironment.backendEnvironmentArn",
            )
            .names("requestParameters.appId+requestParameters.environmentName")
            .contain("amplify:DeleteBackendEnvironment"),
        on("DeleteBackendEnvironment")
            .deletes(
                "aws.amplify.backend_environment",
                "responseElements.backendEnvironment.backendEnvironmentArn\
                 |requestParameters.appId+requestParameters.environmentName",
            )
            .names("requestParameters.appId+requestParameters.environmentName"),
        on("CreateBranch")
            .creates("aws.amplify.branch", "responseElements.branch.branchArn")
            .names("requestParameters.appId+requestParameters.branchName")
            .contain("amplify:DeleteBranch"),
        on("DeleteBranch")
            .deletes(
                "aws.amplify.branch",
                "responseElements.branch.branchArn|requestParameters.appId+requestParameters.branchName",
            )
            .names("requestParameters.appId+requestParameters.branchName"),
        on("StartJob|StartDeployment")
            .touches("aws.amplify.app", "requestParameters.appId", "build started")
            .contain("amplify:StopJob"),
        on("CreateWebhook")
            .creates("aws.amplify.webhook", "responseElements.webhook.webhookId")
            .contain("amplify:DeleteWebhook"),
        on("DeleteWebhook")
            .deletes("aws.amplify.webhook", "responseElements.webhook.webhookId|requestParameters.webhookId"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(
        record,
        facts,
        "requestParameters.iamServiceRoleArn|responseElements.app.iamServiceRoleArn",
    );
}
