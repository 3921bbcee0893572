//! Pub/Sub. A subscription's own record may have the topic in resourceName.

use super::common::{self, Say, within};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const TOPIC: &str = "gcp.pubsub.topic";
const TOPIC_ID: &str =
    concat!(within!("topics"), "|protoPayload.request.topic~/topics/|resource.labels.topic_id~/topics/");
const SUBSCRIPTION: &str = "gcp.pubsub.subscription";
const SUBSCRIPTION_ID: &str = concat!(
    within!("subscriptions"),
    "|protoPayload.request.subscription~/subscriptions/|protoPayload.request.subscription.name~/subscriptions/|resource.labels.subscription_id~/subscriptions/"
);
const SNAPSHOT: &str = "gcp.pubsub.snapshot";

pub static PUBSUB: Service = Service {
    source: "pubsub.googleapis.com",
    rows: &[
        on("Publisher.CreateTopic").creates(TOPIC, TOPIC_ID).contain("!pubsub.topics.delete"),
        on("Publisher.UpdateTopic").touches(TOPIC, TOPIC_ID, "changed"),
        on("Publisher.DeleteTopic").deletes(TOPIC, TOPIC_ID).finding(
            Destruction,
            &SERVICE_STOP,
            "Topic {id} was deleted; what is published to it fails.",
        ),
        on("Subscriber.CreateSubscription")
            .creates(SUBSCRIPTION, SUBSCRIPTION_ID)
            .contain("pubsub.subscriptions.modifyPushConfig;!pubsub.subscriptions.delete")
            .note("Subscription {id} gets a copy of everything published to its topic.")
            .tells(push),
        on("Subscriber.UpdateSubscription|Subscriber.ModifyPushConfig")
            .touches(SUBSCRIPTION, SUBSCRIPTION_ID, "changed")
            .contain("pubsub.subscriptions.modifyPushConfig")
            .tells(push),
        on("Subscriber.DeleteSubscription").deletes(SUBSCRIPTION, SUBSCRIPTION_ID).finding(
            Destruction,
            &SERVICE_STOP,
            "Subscription {id} was deleted with the messages it still held.",
        ),
        on("Subscriber.DeleteSubscription").about(SUBSCRIPTION, SUBSCRIPTION_ID).undoes("gcp.pubsub.push"),
        on("Subscriber.CreateSnapshot").creates(SNAPSHOT, within!("snapshots")),
        on("Subscriber.DeleteSnapshot").deletes(SNAPSHOT, within!("snapshots")),
        on("IAMPolicy.SetIamPolicy")
            .touches(TOPIC, "protoPayload.resourceName~/topics/", "IAM policy changed")
            .names("protoPayload.request.resource~/topics/")
            .contain("pubsub.topics.setIamPolicy")
            .tells(|record, facts| {
                common::policy(record, facts, TOPIC, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)
            }),
        on("IAMPolicy.SetIamPolicy")
            .touches(SUBSCRIPTION, "protoPayload.resourceName~/subscriptions/", "IAM policy changed")
            .names("protoPayload.request.resource~/subscriptions/")
            .contain("pubsub.subscriptions.setIamPolicy")
            .tells(|record, facts| {
                common::policy(record, facts, SUBSCRIPTION, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)
            }),
    ],
};

/// Tells a subscription that pushes to an address outside, and one that no longer does.
fn push(record: &Record, facts: &mut Vec<Fact>) {
    let Some(of) = common::last(facts, SUBSCRIPTION).map(|resource| resource.id.clone()) else { return };
    let config = "protoPayload.request.pushConfig|protoPayload.request.subscription.pushConfig";
    if record.value(config).is_none() {
        return;
    }
    let endpoint = record.first("protoPayload.request.pushConfig.pushEndpoint|protoPayload.request.subscription.pushConfig.pushEndpoint");
    let say = |note| Say {
        kind: Exfiltration,
        technique: &EXFILTRATION_OVER_WEB,
        subject: &of,
        pair: "gcp.pubsub.push",
        note,
    };
    facts.push(match endpoint {
        Some(to) => {
            say(format!("Subscription {of} pushes every message to {}.", common::brief(&to))).fact(record)
        }
        None => say(format!("Subscription {of} pushes nowhere.")).undoing(record),
    });
}
