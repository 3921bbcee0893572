//! Amazon AppStream.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static APPSTREAM: Service = Service {
    source: "appstream.amazonaws.com",
    rows: &[
        on("CreateFleet")
            .creates("aws.appstream.fleet", "responseElements.fleet.arn|requestParameters.name")
            .names("responseElements.fleet.name|requestParameters.name")
            .contain("appstream:StopFleet, appstream:DeleteFleet")
            .tells(role),
        on("StartFleet").touches("aws.appstream.fleet", "requestParameters.name", "started"),
        on("StopFleet").touches("aws.appstream.fleet", "requestParameters.name", "stopped"),
        on("UpdateFleet").touches("aws.appstream.fleet", "requestParameters.name", "size changed"),
        on("DeleteFleet").deletes("aws.appstream.fleet", "requestParameters.name"),
        on("CreateImageBuilder")
            .creates(
                "aws.appstream.image_builder",
                "responseElements.imageBuilder.arn|requestParameters.name",
            )
            .names("responseElements.imageBuilder.name|requestParameters.name")
            .contain("appstream:StopImageBuilder, appstream:DeleteImageBuilder")
            .tells(role),
        on("StartImageBuilder").touches("aws.appstream.image_builder", "requestParameters.name", "started"),
        on("StopImageBuilder").touches("aws.appstream.image_builder", "requestParameters.name", "stopped"),
        on("DeleteImageBuilder").deletes(
            "aws.appstream.image_builder",
            "requestParameters.name|responseElements.imageBuilder.arn",
        ),
        on("CreateImageBuilderStreamingURL")
            .touches("aws.appstream.image_builder", "requestParameters.name", "opened in a browser")
            .finding(
                CredentialAccess,
                &t::UNSECURED_CREDENTIALS,
                "A link into image builder {id} was made: whoever has it works there with its role's \
                 credentials.",
            )
            .contain("appstream:StopImageBuilder"),
        on("CreateStack")
            .creates("aws.appstream.stack", "responseElements.stack.arn|requestParameters.name")
            .names("requestParameters.name")
            .contain("appstream:DeleteStack"),
        on("DeleteStack").deletes("aws.appstream.stack", "requestParameters.name"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.iamRoleArn");
}
