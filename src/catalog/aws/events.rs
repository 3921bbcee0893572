//! Amazon EventBridge: rules start their targets on a schedule or whenever something happens.

use super::arn;
use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on, path};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static EVENTS: Service = Service {
    source: "events.amazonaws.com",
    rows: &[
        on("PutRule")
            .creates("aws.eventbridge.rule", "responseElements.ruleArn|requestParameters.name")
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "Rule {id} starts its targets on a schedule, or whenever something happens in the account.",
            )
            .contain("events:DisableRule, events:RemoveTargets, events:DeleteRule")
            .pair("eventbridge:rule")
            .tells(rule),
        on("EnableRule")
            .touches("aws.eventbridge.rule", "requestParameters.name", "enabled")
            .tells(rule_name),
        on("DisableRule")
            .touches("aws.eventbridge.rule", "requestParameters.name", "disabled")
            .undoes("eventbridge:rule")
            .tells(rule_name),
        on("DeleteRule")
            .deletes("aws.eventbridge.rule", "requestParameters.name")
            .undoes("eventbridge:rule")
            .tells(rule_name),
        on("PutTargets")
            .about(
                "aws.eventbridge.target",
                "requestParameters.rule+requestParameters.targets[].id|requestParameters.targets[].id",
            )
            .contain("events:DisableRule, events:RemoveTargets")
            .tells(targets),
        on("RemoveTargets")
            .about(
                "aws.eventbridge.target",
                "requestParameters.rule+requestParameters.ids[]|requestParameters.ids[]",
            )
            .tells(targets_removed),
        on("CreateEventBus")
            .creates("aws.eventbridge.event_bus", "responseElements.eventBusArn|requestParameters.name")
            .names("requestParameters.name")
            .contain("events:DeleteEventBus"),
        on("DeleteEventBus").deletes("aws.eventbridge.event_bus", "requestParameters.name"),
        on("PutPermission|RemovePermission").touches(
            "aws.eventbridge.event_bus",
            "requestParameters.eventBusName",
            "permissions changed",
        ),
        on("CreateConnection")
            .creates("aws.eventbridge.connection", "responseElements.connectionArn")
            .names("requestParameters.name")
            .contain("events:DeauthorizeConnection, events:DeleteConnection"),
        on("DeleteConnection")
            .deletes("aws.eventbridge.connection", "responseElements.connectionArn|requestParameters.name")
            .names("requestParameters.name"),
        on("CreateApiDestination")
            .creates("aws.eventbridge.api_destination", "responseElements.apiDestinationArn")
            .names("requestParameters.name")
            .finding(
                Exfiltration,
                &t::EXFILTRATION_OVER_WEB,
                "API destination {id} lets rules send events to an address on the internet.",
            )
            .contain("events:DeleteApiDestination")
            .pair("eventbridge:api-destination"),
        on("DeleteApiDestination")
            .deletes("aws.eventbridge.api_destination", "requestParameters.name")
            .undoes("eventbridge:api-destination"),
        on("TagResource|UntagResource|PutEvents"),
    ],
};

/// A rule's name is unique within its bus; on the default bus it goes alone.
fn rule_name(record: &Record, facts: &mut Vec<Fact>) {
    let Some(name) = record.first("requestParameters.name") else { return };
    let bus = record.first("requestParameters.eventBusName");
    let bus = bus.as_deref().map(|bus| bus.rsplit('/').next().unwrap_or(bus)).filter(|bus| *bus != "default");
    let full = bus.map_or_else(|| name.to_string(), |bus| format!("{bus}/{name}"));
    for rule in tell::named(facts, "aws.eventbridge.rule") {
        if !rule.id.starts_with("arn:") {
            rule.id = full.as_str().into();
        }
        tell::add_name(rule, &full);
    }
}

fn rule(record: &Record, facts: &mut Vec<Fact>) {
    rule_name(record, facts);
    tell::carries(record, facts, "requestParameters.roleArn");
}

fn targets(record: &Record, facts: &mut Vec<Fact>) {
    let Some(rule) = record.first("requestParameters.rule") else { return };
    let resource = record.resource("aws.eventbridge.rule", rule.clone());
    for target in record.values("requestParameters.targets[]") {
        let text = |key| path::resolve(target, key, record.event).into_iter().next();
        let (Some(id), Some(arn)) = (text("id"), text("arn")) else { continue };
        let abroad = arn::account_of(&arn).filter(|account| *account != &*record.scope.account);
        let (kind, technique, note) = match abroad {
            Some(account) => (
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                format!("Rule {rule} sends events of this account to account {account} ({arn})."),
            ),
            None => (Persistence, &t::EVENT_TRIGGERED, format!("Rule {rule} starts {arn} by itself.")),
        };
        let concerns = format!("{rule} {id}");
        let pair = Half { label: "eventbridge:target", concerns: &concerns, undoes: false };
        facts.push(tell::half(record, kind, technique, note, rule.clone(), pair));
        facts.push(Fact::Touched { resource: resource.clone(), how: format!("given target {arn}") });
        if let Some(identity) = text("roleArn") {
            facts.push(Fact::Carries { compute: resource.clone(), identity });
        }
    }
}

fn targets_removed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(rule) = record.first("requestParameters.rule") else { return };
    for id in record.all("requestParameters.ids[]") {
        let concerns = format!("{rule} {id}");
        let pair = Half { label: "eventbridge:target", concerns: &concerns, undoes: true };
        facts.push(tell::half(record, Persistence, &t::EVENT_TRIGGERED, String::new(), rule.clone(), pair));
    }
    let resource = record.resource("aws.eventbridge.rule", rule);
    facts.push(Fact::Touched { resource, how: "targets removed".to_owned() });
}
