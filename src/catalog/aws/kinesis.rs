//! Amazon Kinesis Data Streams. Stream names repeat across regions; deletions match within one.

use super::policy_document::{grant, lets_outsiders_in};
use crate::catalog::technique::TRANSFER_TO_CLOUD_ACCOUNT;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Exposure;

pub static KINESIS: Service = Service {
    source: "kinesis.amazonaws.com",
    rows: &[
        on("CreateStream")
            .creates("aws.kinesis.stream", "requestParameters.streamName")
            .contain("kinesis:DeleteStream"),
        on("DeleteStream")
            .deletes("aws.kinesis.stream", "requestParameters.streamName|requestParameters.streamARN"),
        on("PutResourcePolicy")
            .touches(
                "aws.kinesis.resource_policy",
                "requestParameters.resourceARN",
                "its policy was replaced",
            )
            .tells(|record, facts| {
                grant(record, "requestParameters.policy", "requestParameters.resourceARN", facts)
            }),
        on("PutResourcePolicy")
            .about("aws.kinesis.resource_policy", "requestParameters.resourceARN")
            .contain("kinesis:DeleteResourcePolicy")
            .finding(
                Exposure,
                &TRANSFER_TO_CLOUD_ACCOUNT,
                "The policy of {id} now lets another account, or anybody, in.",
            )
            .pair("kinesis:policy")
            .only_if(|record| lets_outsiders_in(record, "requestParameters.policy")),
        on("DeleteResourcePolicy")
            .touches("aws.kinesis.resource_policy", "requestParameters.resourceARN", "its policy was deleted")
            .undoes("kinesis:policy"),
    ],
};
