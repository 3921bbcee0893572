//! AWS Elemental MediaLive.

use crate::catalog::{Service, on};

pub static MEDIALIVE: Service = Service {
    source: "medialive.amazonaws.com",
    rows: &[
        on("CreateChannel")
            .creates("aws.medialive.channel", "responseElements.channel.id")
            .names("responseElements.channel.arn|responseElements.channel.name|requestParameters.name")
            .contain("medialive:StopChannel, medialive:DeleteChannel"),
        on("DeleteChannel").deletes("aws.medialive.channel", "requestParameters.channelId"),
        on("StartChannel|StopChannel|UpdateChannel").touches(
            "aws.medialive.channel",
            "requestParameters.channelId",
            "started, stopped or changed",
        ),
        on("CreateInput")
            .creates("aws.medialive.input", "responseElements.input.id")
            .names("responseElements.input.arn|requestParameters.name"),
        on("DeleteInput").deletes("aws.medialive.input", "requestParameters.inputId"),
    ],
};
