//! Amazon Route 53, logged in us-east-1.

use crate::catalog::technique::{CLOUD_SERVICE_HIJACKING, DATA_DESTRUCTION, DISABLE_CLOUD_LOGS};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{DefenseEvasion, Destruction, ServiceAbuse};

pub static ROUTE53: Service = Service {
    source: "route53.amazonaws.com",
    rows: &[
        on("CreateHostedZone")
            .creates("aws.route53.hosted_zone", "responseElements.hostedZone.id")
            .names("requestParameters.name|responseElements.hostedZone.name")
            .contain("route53:DeleteHostedZone")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Zone {id} for {requestParameters.name} was created, from which names can be served.")
            .pair("route53:zone")
            .tells(bare_zone),
        on("DeleteHostedZone").deletes("aws.route53.hosted_zone", "requestParameters.id").tells(bare_zone),
        on("DeleteHostedZone").about("aws.route53.hosted_zone", "requestParameters.id").undoes("route53:zone").tells(bare_zone),
        on("ChangeResourceRecordSets")
            .touches("aws.route53.records", ZONE, "records {requestParameters.changeBatch.changes[].resourceRecordSet.name} were changed")
            .names("responseElements.changeInfo.id")
            .contain("route53:ChangeResourceRecordSets")
            .finding(Destruction, &DATA_DESTRUCTION, "Records {requestParameters.changeBatch.changes[].resourceRecordSet.name} of zone {id} were changed: names may lead elsewhere, or nowhere.")
            .tells(bare_zone),
        on("AssociateVPCWithHostedZone|DisassociateVPCFromHostedZone").touches("aws.route53.hosted_zone", ZONE, "the networks that see it were changed"),
        on("DeleteQueryLoggingConfig")
            .deletes("aws.route53.query_logging", "requestParameters.id")
            .contain("route53:CreateQueryLoggingConfig")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Query logging {id} was deleted: DNS queries to the zone are no longer recorded."),
        on("CreateQueryLoggingConfig").creates("aws.route53.query_logging", "responseElements.queryLoggingConfig.id"),
    ],
};

const ZONE: &str = "requestParameters.hostedZoneId";

/// A zone is `/hostedzone/Z…` in responses and mostly `Z…` in requests: keeps the bare id, so that both match.
fn bare_zone(_: &Record, facts: &mut Vec<Fact>) {
    let bare = |text: &str| text.replace("/hostedzone/", "");
    for fact in facts {
        if let Fact::Signal(signal) = fact {
            signal.subject = bare(&signal.subject).into();
            signal.pair = bare(&signal.pair).into();
            signal.note = bare(&signal.note);
        } else if let Some(zone) = fact.resource_mut() {
            zone.id = bare(&zone.id).into();
        }
    }
}
