//! AWS Elemental MediaPackage, second API.

use crate::catalog::{Service, on};

pub static MEDIAPACKAGEV2: Service = Service {
    source: "mediapackagev2.amazonaws.com",
    rows: &[
        on("CreateChannel")
            .creates("aws.mediapackagev2.channel", "responseElements.arn|requestParameters.channelName")
            .names("responseElements.channelName|requestParameters.channelName")
            .contain("mediapackagev2:DeleteChannel"),
        on("DeleteChannel").deletes("aws.mediapackagev2.channel", "requestParameters.channelName"),
        on("CreateChannelGroup")
            .creates(
                "aws.mediapackagev2.channel_group",
                "responseElements.arn|requestParameters.channelGroupName",
            )
            .names("requestParameters.channelGroupName"),
        on("DeleteChannelGroup")
            .deletes("aws.mediapackagev2.channel_group", "requestParameters.channelGroupName"),
    ],
};
