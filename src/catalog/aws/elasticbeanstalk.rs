//! AWS Elastic Beanstalk: an environment is a stack (`awseb-<id>-stack`) with a scaling group in it.

use crate::catalog::{Service, on};

pub static ELASTICBEANSTALK: Service = Service {
    source: "elasticbeanstalk.amazonaws.com",
    rows: &[
        on("CreateEnvironment")
            .creates("aws.elasticbeanstalk.environment", "responseElements.environmentId")
            .names("responseElements.environmentName|requestParameters.environmentName")
            .contain("elasticbeanstalk:UpdateEnvironment, elasticbeanstalk:TerminateEnvironment"),
        on("UpdateEnvironment").touches(
            "aws.elasticbeanstalk.environment",
            "responseElements.environmentId|requestParameters.environmentId\
                 |requestParameters.environmentName",
            "version or settings changed",
        ),
        on("TerminateEnvironment")
            .deletes(
                "aws.elasticbeanstalk.environment",
                "responseElements.environmentId|requestParameters.environmentId\
                 |requestParameters.environmentName",
            )
            .names("responseElements.environmentName|requestParameters.environmentName"),
        on("CreateApplication")
            .creates("aws.elasticbeanstalk.application", "requestParameters.applicationName")
            .contain("elasticbeanstalk:DeleteApplication"),
        on("DeleteApplication")
            .deletes("aws.elasticbeanstalk.application", "requestParameters.applicationName"),
        on("CreateApplicationVersion")
            .creates(
                "aws.elasticbeanstalk.application_version",
                "requestParameters.applicationName+requestParameters.versionLabel",
            )
            .contain("elasticbeanstalk:DeleteApplicationVersion"),
        on("DeleteApplicationVersion").deletes(
            "aws.elasticbeanstalk.application_version",
            "requestParameters.applicationName+requestParameters.versionLabel",
        ),
    ],
};
