//! Amazon SQS.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::TRANSFER_TO_CLOUD_ACCOUNT;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Exposure;

pub static SQS: Service = Service {
    source: "sqs.amazonaws.com",
    rows: &[
        on("CreateQueue")
            .creates("aws.sqs.queue", "responseElements.queueUrl|requestParameters.queueName")
            .names("requestParameters.queueName"),
        on("DeleteQueue").deletes("aws.sqs.queue", QUEUE),
        on("PurgeQueue").touches("aws.sqs.queue", QUEUE, "emptied"),
        on("SetQueueAttributes")
            .touches("aws.sqs.queue", QUEUE, "its settings were changed")
            .tells(|record, facts| grant(record, POLICY, QUEUE, facts)),
        on("SetQueueAttributes")
            .about("aws.sqs.queue", QUEUE)
            .contain("sqs:SetQueueAttributes")
            .finding(
                Exposure,
                &TRANSFER_TO_CLOUD_ACCOUNT,
                "The policy of queue {id} now lets another account, or anybody, in.",
            )
            .pair("sqs:policy")
            .only_if(|record| lets_outsiders_in(record, POLICY)),
        on("SetQueueAttributes")
            .about("aws.sqs.queue", QUEUE)
            .undoes("sqs:policy")
            .only_if(|record| keeps_outsiders_out(record, POLICY)),
        on("AddPermission|RemovePermission").touches("aws.sqs.queue", QUEUE, "who may use it was changed"),
    ],
};

const QUEUE: &str = "requestParameters.queueUrl";
const POLICY: &str = "requestParameters.attributes.Policy";
