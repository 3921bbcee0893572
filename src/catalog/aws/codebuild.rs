//! AWS CodeBuild: builds run anything with the project's role; a webhook lets an outside repository start them.

use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static CODEBUILD: Service = Service {
    source: "codebuild.amazonaws.com",
    rows: &[
        on("CreateProject")
            .creates("aws.codebuild.project", "responseElements.project.arn")
            .names("responseElements.project.name|requestParameters.name")
            .contain("codebuild:UpdateProject, codebuild:StopBuild, codebuild:DeleteProject")
            .tells(role),
        on("UpdateProject")
            .touches(
                "aws.codebuild.project",
                "responseElements.project.arn|requestParameters.name",
                "source, commands or role changed",
            )
            .names("requestParameters.name")
            .contain("codebuild:UpdateProject")
            .tells(role),
        on("UpdateProjectVisibility")
            .touches("aws.codebuild.project", "requestParameters.projectArn", "visibility changed")
            .contain("codebuild:UpdateProjectVisibility")
            .tells(visibility),
        on("DeleteProject").deletes("aws.codebuild.project", "requestParameters.name"),
        on("StartBuild|RetryBuild")
            .creates("aws.codebuild.build", "responseElements.build.id")
            .names("responseElements.build.arn")
            .contain("codebuild:StopBuild")
            .tells(build),
        on("StopBuild")
            .deletes("aws.codebuild.build", "responseElements.build.id|requestParameters.id")
            .names("responseElements.build.arn"),
        on("BatchDeleteBuilds")
            .deletes("aws.codebuild.build", "responseElements.buildsDeleted[]|requestParameters.ids[]"),
        on("StartBuildBatch|RetryBuildBatch")
            .creates("aws.codebuild.build_batch", "responseElements.buildBatch.id")
            .names("responseElements.buildBatch.arn")
            .contain("codebuild:StopBuildBatch"),
        on("StopBuildBatch|DeleteBuildBatch")
            .deletes("aws.codebuild.build_batch", "responseElements.buildBatch.id|requestParameters.id"),
        on("CreateWebhook")
            .creates("aws.codebuild.webhook", "requestParameters.projectName")
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "A webhook lets an outside repository start builds of project {id} with its role.",
            )
            .contain("codebuild:DeleteWebhook")
            .pair("codebuild:webhook"),
        on("DeleteWebhook")
            .deletes("aws.codebuild.webhook", "requestParameters.projectName")
            .undoes("codebuild:webhook"),
        on("ImportSourceCredentials")
            .creates("aws.codebuild.source_credentials", "responseElements.arn")
            .contain("codebuild:DeleteSourceCredentials"),
        on("DeleteSourceCredentials").deletes("aws.codebuild.source_credentials", "requestParameters.arn"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "responseElements.project.serviceRole|requestParameters.serviceRole");
}

/// A build's credentials are minted with the session name `AWSCodeBuild-<uuid>`, the uuid of `project:uuid`.
fn build(record: &Record, facts: &mut Vec<Fact>) {
    for build in tell::named(facts, "aws.codebuild.build") {
        if let Some((_, uuid)) = build.id.clone().rsplit_once(':') {
            tell::add_name(build, &format!("AWSCodeBuild-{uuid}"));
        }
    }
    tell::carries(record, facts, "requestParameters.serviceRoleOverride|responseElements.build.serviceRole");
}

fn visibility(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = record.first("requestParameters.projectArn") else { return };
    let undoes = !record.is("requestParameters.projectVisibility", "PUBLIC_READ");
    let note = format!("The logs and artifacts of build project {id} were made public.");
    let pair = Half { label: "codebuild:public", concerns: &id, undoes };
    facts.push(tell::half(record, Exposure, &t::EXFILTRATION_OVER_WEB, note, id.clone(), pair));
}
