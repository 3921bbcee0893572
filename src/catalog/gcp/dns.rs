//! Cloud DNS. `resourceName` is `managedZones/Z` or `policies/P`, without the project.

use super::common::{self, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const ZONE: &str = "gcp.dns.managed_zone";
const ZONE_ID: &str = "protoPayload.resourceName~managedZones/|managedZones/{resource.labels.zone_name}";
const ZONE_NAMES: &str = "protoPayload.resourceName~managedZones/|protoPayload.response.managedZone.id|protoPayload.response.managedZone.name|protoPayload.request.managedZone.name|resource.labels.zone_name";
const POLICY: &str = "gcp.dns.policy";
const POLICY_ID: &str = "protoPayload.resourceName~olicies/|policies/{resource.labels.policy_name}";

pub static DNS: Service = Service {
    source: "dns.googleapis.com",
    rows: &[
        on("dns.managedZones.create")
            .creates(ZONE, ZONE_ID)
            .names(ZONE_NAMES)
            .contain("!dns.managedZones.delete"),
        on("dns.managedZones.patch|dns.managedZones.update")
            .touches(ZONE, ZONE_ID, "changed")
            .names(ZONE_NAMES)
            .tells(|record, facts| query_logs(record, facts, ZONE)),
        on("dns.changes.create")
            .touches(ZONE, ZONE_ID, "records changed")
            .names(ZONE_NAMES)
            .contain("dns.changes.create")
            .tells(records),
        on("dns.managedZones.delete").deletes(ZONE, ZONE_ID).names(ZONE_NAMES).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "DNS zone {id} was deleted; its names resolve no more and may be taken over.",
        ),
        on("dns.policies.create").creates(POLICY, POLICY_ID).names("protoPayload.response.policy.id"),
        on("dns.policies.patch|dns.policies.update")
            .touches(POLICY, POLICY_ID, "changed")
            .contain("dns.policies.patch")
            .tells(|record, facts| query_logs(record, facts, POLICY)),
        on("dns.policies.delete").deletes(POLICY, POLICY_ID).finding(
            DefenseEvasion,
            &DISABLE_CLOUD_LOGS,
            "DNS policy {id} was deleted; the query log that it kept, if any, has ended.",
        ),
        on("dns.responsePolicies.create")
            .creates("gcp.dns.response_policy", "protoPayload.resourceName")
            .finding(
                LateralMovement,
                &MODIFY_CLOUD_CONFIGURATION,
                "DNS response policy {id} can answer any name with an address of its maker's choice.",
            ),
        on("dns.responsePolicies.delete").deletes("gcp.dns.response_policy", "protoPayload.resourceName"),
    ],
};

/// Tells DNS query logging switched off, and on again.
fn query_logs(record: &Record, facts: &mut Vec<Fact>, kind: &str) {
    let Some(of) = common::last(facts, kind).map(|resource| resource.id.clone()) else { return };
    let path = "protoPayload.request.policy.enableLogging|protoPayload.request.policyResource.enableLogging|protoPayload.request.managedZoneResource.cloudLoggingConfig.enableLogging|protoPayload.response.policy.enableLogging";
    let say = Say {
        kind: DefenseEvasion,
        technique: &DISABLE_CLOUD_LOGS,
        subject: &of,
        pair: "gcp.dns.logging",
        note: format!("DNS query logging of {of} is off: from here on lookups leave no record."),
    };
    if record.is(path, "false") {
        facts.push(say.fact(record));
    } else if record.is(path, "true") {
        facts.push(say.undoing(record));
    }
}

/// Tells which names of a zone were changed.
fn records(record: &Record, facts: &mut Vec<Fact>) {
    let Some(zone) = common::last(facts, ZONE).map(|resource| resource.id.clone()) else { return };
    let mut names = record.all("protoPayload.request.change.additions[].name");
    names.extend(record.all("protoPayload.request.change.deletions[].name"));
    names.sort();
    names.dedup();
    let what = if names.is_empty() { "names".to_owned() } else { common::brief(&names.join(", ")) };
    let note = format!("In DNS zone {zone} {what} changed; see where they point now.");
    facts.push(
        Say { kind: LateralMovement, technique: &MODIFY_CLOUD_CONFIGURATION, subject: &zone, pair: "", note }
            .fact(record),
    );
}
