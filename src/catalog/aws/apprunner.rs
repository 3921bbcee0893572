//! AWS App Runner.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static APPRUNNER: Service = Service {
    source: "apprunner.amazonaws.com",
    rows: &[
        on("CreateService")
            .creates("aws.apprunner.service", "responseElements.service.serviceArn")
            .contain("apprunner:PauseService, apprunner:DeleteService")
            .tells(role),
        on("UpdateService").touches(
            "aws.apprunner.service",
            "responseElements.service.serviceArn|requestParameters.serviceArn",
            "source or size changed",
        ),
        on("PauseService|ResumeService|StartDeployment").touches(
            "aws.apprunner.service",
            "requestParameters.serviceArn",
            "paused, resumed or deployed",
        ),
        on("DeleteService").deletes(
            "aws.apprunner.service",
            "responseElements.service.serviceArn|requestParameters.serviceArn",
        ),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.instanceConfiguration.instanceRoleArn");
    tell::carries(
        record,
        facts,
        "requestParameters.sourceConfiguration.authenticationConfiguration.accessRoleArn",
    );
}
