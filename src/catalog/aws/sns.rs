//! Amazon SNS.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::{SMS_PUMPING, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::{Exfiltration, Exposure, ServiceAbuse};

pub static SNS: Service = Service {
    source: "sns.amazonaws.com",
    rows: &[
        on("CreateTopic")
            .creates("aws.sns.topic", "responseElements.topicArn")
            .names("requestParameters.name")
            .contain("sns:DeleteTopic"),
        on("DeleteTopic").deletes("aws.sns.topic", TOPIC),
        on("Subscribe")
            .creates("aws.sns.subscription", "responseElements.subscriptionArn")
            .contain("sns:Unsubscribe")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "{requestParameters.endpoint} was subscribed to topic {requestParameters.topicArn} and gets what is published there.")
            .pair("sns:subscription")
            .only_if(is_confirmed),
        // Until the endpoint answers, the response holds two words instead of an ARN.
        on("Subscribe")
            .touches("aws.sns.topic", TOPIC, "{requestParameters.endpoint} was asked to confirm a subscription")
            .contain("sns:Unsubscribe")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "{requestParameters.endpoint} was subscribed to topic {id} and gets what is published there once it confirms.")
            .only_if(|record| !is_confirmed(record)),
        on("ConfirmSubscription").creates("aws.sns.subscription", "responseElements.subscriptionArn").contain("sns:Unsubscribe"),
        on("Unsubscribe").deletes("aws.sns.subscription", "requestParameters.subscriptionArn"),
        on("Unsubscribe").about("aws.sns.subscription", "requestParameters.subscriptionArn").undoes("sns:subscription"),
        on("SetTopicAttributes")
            .touches("aws.sns.topic", TOPIC, "its {requestParameters.attributeName} was changed")
            .tells(|record, facts| grant(record, TOPIC_POLICY, TOPIC, facts)),
        on("SetTopicAttributes")
            .about("aws.sns.topic", TOPIC)
            .contain("sns:SetTopicAttributes")
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "The policy of topic {id} now lets another account, or anybody, in.")
            .pair("sns:policy")
            .only_if(|record| lets_outsiders_in(record, TOPIC_POLICY)),
        on("SetTopicAttributes").about("aws.sns.topic", TOPIC).undoes("sns:policy").only_if(|record| record.is("requestParameters.attributeName", "Policy") && keeps_outsiders_out(record, TOPIC_POLICY)),
        on("AddPermission|RemovePermission").touches("aws.sns.topic", TOPIC, "who may use it was changed"),
        on("SetSMSAttributes")
            .about("aws.sns.sms_settings", "recipientAccountId|userIdentity.accountId")
            .contain("sns:SetSMSAttributes")
            .finding(ServiceAbuse, &SMS_PUMPING, "The text message settings of account {id} were changed in {awsRegion}: look at the monthly spend limit."),
        // A data event: seen only where a trail records it.
        on("Publish|PublishBatch")
            .about("aws.sns.sms", "requestParameters.phoneNumber")
            .contain("sns:SetSMSAttributes")
            .finding(ServiceAbuse, &SMS_PUMPING, "Text messages were sent to {id} at your cost.")
            .only_if(|record| record.first("requestParameters.phoneNumber").is_some()),
        on("Publish|PublishBatch").touches("aws.sns.topic", "requestParameters.topicArn|requestParameters.targetArn", "messages were published"),
    ],
};

const TOPIC: &str = "requestParameters.topicArn";
const TOPIC_POLICY: &str = "requestParameters.attributeValue";

fn is_confirmed(record: &Record) -> bool {
    record.first("responseElements.subscriptionArn").is_some_and(|arn| arn.starts_with("arn:"))
}
