//! AWS CloudShell: a shell in the browser; its record keys keep their capital letters.

use crate::catalog::technique as t;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static CLOUDSHELL: Service = Service {
    source: "cloudshell.amazonaws.com",
    rows: &[
        on("CreateEnvironment")
            .creates("aws.cloudshell.environment", "responseElements.environmentId")
            .finding(
                Execution,
                &t::CLOUD_API,
                "CloudShell {id} was opened: what was typed in it comes from an address of Amazon's.",
            )
            .pair("cloudshell:environment"),
        on("CreateSession").touches(
            "aws.cloudshell.environment",
            "requestParameters.environmentId|responseElements.environmentId",
            "entered",
        ),
        on("StartEnvironment|StopEnvironment").touches(
            "aws.cloudshell.environment",
            "requestParameters.environmentId|responseElements.environmentId",
            "started or stopped",
        ),
        on("DeleteEnvironment")
            .deletes(
                "aws.cloudshell.environment",
                "requestParameters.environmentId|responseElements.environmentId",
            )
            .undoes("cloudshell:environment"),
        on("GetFileDownloadUrls")
            .touches("aws.cloudshell.environment", "requestParameters.environmentId", "file downloaded")
            .finding(Exfiltration, &t::EXFILTRATION_OVER_WEB, "A file was downloaded from CloudShell {id}."),
        on("GetFileUploadUrls").touches(
            "aws.cloudshell.environment",
            "requestParameters.environmentId",
            "file uploaded",
        ),
        // The console does these by itself while the shell is open.
        on("PutCredentials|SendHeartBeat|RedeemCode|CreateSessionToken"),
    ],
};
