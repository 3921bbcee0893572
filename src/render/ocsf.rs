//! A dossier as OCSF 1.5.0 events, one JSON object a line: API Activity (6003) for what was called, Detection Finding (2004)
//! for what that means, Remediation Activity (7001) for what was done about it.
//!
//! Attributes are those that 1.1 has too, where it has the class. `fixtures/schema/ocsf-1.5.0` holds the published schema that
//! a test checks this against. Values are exact; what a terminal would obey is written as `\uXXXX`.

mod event;

use super::json;
use super::words::{finding_tag, is_alarm};
use crate::model::dossier::{After, Became, Done, Moment, UndoState};
use crate::model::plan::PlanKind;
use crate::model::report::{Confidence, Finding, FindingKind, Resource};
use crate::model::{Dossier, Outcome, Provider};
use event::*;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the lines: calls, findings, remediations, each oldest first.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let mut out = String::new();
    let alarms = dossier.report.findings.iter().filter(|one| is_alarm(one));
    let alarms: BTreeSet<&str> = alarms.flat_map(|one| &one.events).map(|id| &**id).collect();
    let mut made: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for one in &dossier.report.resources {
        made.entry(&one.event).or_default().push(one);
    }
    for one in &dossier.timeline {
        let made = made.get(&*one.event).map(Vec::as_slice).unwrap_or_default();
        add(&mut out, &call(dossier, one, made, alarms.contains(&*one.event)));
    }
    for (n, one) in dossier.report.findings.iter().enumerate() {
        add(&mut out, &detection(dossier, one, n));
    }
    for one in &dossier.deeds {
        add(&mut out, &remediation(dossier, one));
    }
    out.into_bytes()
}

fn add(out: &mut String, event: &impl Serialize) {
    let line = serde_json::to_string(event).expect("an event has string keys and no failing Serialize");
    out.push_str(&json::escape(&line));
    out.push('\n');
}

fn case(dossier: &Dossier) -> Option<&str> {
    dossier.about.id.as_deref()
}

/// `Create`, `Read`, `Update`, `Delete`, by the verb that begins the call's name.
fn activity(one: &Moment) -> (u32, &'static str) {
    const CREATES: [&str; 13] = [
        "create", "run", "insert", "add", "import", "register", "request", "launch", "allocate", "generate",
        "bulk", "copy", "issue",
    ];
    const DELETES: [&str; 7] = ["delete", "terminate", "remove", "deregister", "release", "revoke", "cancel"];
    let name = one.action.rsplit([':', '.']).next().unwrap_or_default().to_ascii_lowercase();
    let begins = |verbs: &[&str]| verbs.iter().any(|verb| name.starts_with(verb));
    match one.read_only {
        true => (2, "Read"),
        false if begins(&CREATES) => (1, "Create"),
        false if begins(&DELETES) => (4, "Delete"),
        false => (3, "Update"),
    }
}

fn call<'a>(dossier: &'a Dossier, one: &'a Moment, made: &[&'a Resource], alarms: bool) -> ApiActivity<'a> {
    let (activity_id, activity_name) = activity(one);
    let (status_id, status, error) = match &one.outcome {
        Outcome::Succeeded => (1, "Success", None),
        Outcome::DryRun => (99, "Dry Run", None),
        Outcome::Failed(code) => (2, "Failure", Some(&**code)),
    };
    let log = match one.provider {
        Provider::Aws => "CloudTrail",
        Provider::Gcp => "Cloud Audit Logs",
    };
    let (severity_id, severity) = if alarms { (4, "High") } else { (1, "Informational") };
    ApiActivity {
        head: Head {
            category_uid: 6,
            category_name: "Application Activity",
            class_uid: 6003,
            class_name: "API Activity",
            activity_id,
            activity_name,
            type_uid: 600_300 + activity_id,
            severity_id,
            severity,
            status_id,
            status,
            status_code: error,
            time: one.at.as_millisecond(),
            time_dt: one.at.to_string(),
            message: None,
            metadata: Metadata::new(case(dossier), one.event.to_string(), Some(log)),
            cloud: Cloud::new(one.provider, &one.account, &one.region),
        },
        actor: Actor {
            user: User {
                uid: one.principal_id.as_deref(),
                name: one.principal.as_deref().or(Some(&one.credential)),
                credential_uid: Some(&one.credential),
            },
        },
        api: Api {
            operation: &one.action,
            service: Some(Service { name: one.action.split([':', '.']).next().unwrap_or_default() }),
            response: error.map(|error| Response { error }),
        },
        src_endpoint: Endpoint::of(one.address.as_deref()),
        http_request: one.user_agent.as_deref().map(|user_agent| HttpRequest { user_agent }),
        resources: made.iter().map(|one| ResourceDetails::of(one)).collect(),
        unmapped: json!({"confidence": one.confidence, "credential_depth": one.depth}),
    }
}

fn severity(one: &Finding) -> (u32, &'static str) {
    if one.confidence == Confidence::LikelyLegitimate {
        return (1, "Informational");
    }
    match one.kind {
        FindingKind::Leak
        | FindingKind::Persistence
        | FindingKind::PrivilegeEscalation
        | FindingKind::Exfiltration
        | FindingKind::Destruction => (5, "Critical"),
        FindingKind::DefenseEvasion
        | FindingKind::Exposure
        | FindingKind::ResourceHijacking
        | FindingKind::ServiceAbuse
        | FindingKind::Commitment
        | FindingKind::CredentialAccess => (4, "High"),
        FindingKind::LateralMovement | FindingKind::Execution => (3, "Medium"),
        FindingKind::Discovery => (2, "Low"),
    }
}

fn detection<'a>(dossier: &'a Dossier, one: &'a Finding, n: usize) -> DetectionFinding<'a> {
    let (severity_id, severity) = severity(one);
    let (confidence_id, confidence) = match one.confidence {
        Confidence::Confirmed => (3, "High"),
        Confidence::Suspect => (2, "Medium"),
        Confidence::LikelyLegitimate => (1, "Low"),
    };
    let provider = dossier.report.principal.provider;
    let (status_id, status) = if one.standing { (1, "New") } else { (4, "Resolved") };
    let account = one.account.as_deref().or(dossier.report.principal.account.as_deref()).unwrap_or_default();
    // Findings are sorted, so that the number is the same whenever the report is.
    let uid = format!("{}/{}", case(dossier).unwrap_or("triage"), n + 1);
    DetectionFinding {
        head: Head {
            category_uid: 2,
            category_name: "Findings",
            class_uid: 2004,
            class_name: "Detection Finding",
            activity_id: 1,
            activity_name: "Create",
            type_uid: 200_401,
            severity_id,
            severity,
            status_id,
            status,
            status_code: None,
            time: one.at.as_millisecond(),
            time_dt: one.at.to_string(),
            message: Some(one.note.clone()),
            metadata: Metadata::new(case(dossier), uid.clone(), None),
            cloud: Cloud::new(provider, account, one.region.as_deref().unwrap_or_default()),
        },
        confidence_id,
        confidence,
        is_alert: is_alarm(one),
        finding_info: FindingInfo {
            uid,
            title: finding_tag(one.kind),
            desc: &one.note,
            types: vec![finding_tag(one.kind)],
            first_seen_time: one.at.as_millisecond(),
            last_seen_time: one.until.map(|until| until.as_millisecond()),
            attacks: one.technique.map(Attack::of).into_iter().collect(),
            related_events: one.events.iter().map(|uid| RelatedEvent { uid }).collect(),
        },
        evidences: vec![Evidence {
            actor: Actor {
                user: User {
                    uid: None,
                    name: one.credential.as_deref().or(Some(&dossier.report.principal.id)),
                    credential_uid: one.credential.as_deref(),
                },
            },
        }],
        resources: vec![ResourceDetails {
            uid: &one.subject,
            name: None,
            r#type: None,
            region: one.region.as_deref(),
        }],
    }
}

fn remediation<'a>(dossier: &'a Dossier, one: &'a Done) -> RemediationActivity<'a> {
    let (activity_id, activity_name) = match (one.kind, one.api) {
        (PlanKind::Undo, _) => (3, "Restore"),
        (PlanKind::Ticket, _) => (99, "Other"),
        (PlanKind::Contain, "cloudtrail:StartLogging") => (5, "Detect"),
        (PlanKind::Contain, _) => (1, "Isolate"),
        (PlanKind::Revoke, _) => (2, "Evict"),
    };
    let (status_id, status) = match one.became {
        Became::Verified => (1, "Success"),
        Became::Taken => (4, "Partial"),
        Became::Refused | Became::NotDone => (2, "Failure"),
        Became::Gone => (3, "Does Not Exist"),
        Became::Unknown => (0, "Unknown"),
    };
    let uid = format!("{}/{}", case(dossier).unwrap_or("triage"), one.no);
    let provider = dossier.report.principal.provider;
    RemediationActivity {
        head: Head {
            category_uid: 7,
            category_name: "Remediation",
            class_uid: 7001,
            class_name: "Remediation Activity",
            activity_id,
            activity_name,
            type_uid: 700_100 + activity_id,
            severity_id: 1,
            severity: "Informational",
            status_id,
            status,
            status_code: None,
            time: one.at.as_millisecond(),
            time_dt: one.at.to_string(),
            message: one.why.clone(),
            metadata: Metadata::new(case(dossier), uid.clone(), None),
            cloud: Cloud::new(provider, &one.place.account, &one.place.region),
        },
        command_uid: uid,
        api: Api { operation: one.api, service: None, response: None },
        remediation: Remediation { desc: one.does },
        observables: vec![Observable {
            name: "unmapped.target.id",
            type_id: 10,
            r#type: "Resource UID",
            value: &one.target.id,
        }],
        unmapped: json!({
            "target": one.target,
            "operator": one.operator,
            "before": one.before,
            "after": match &one.after {
                None => json!(null),
                Some(After::Gone) => json!("gone"),
                Some(After::There(state)) => state.clone(),
            },
            "undo": match &one.undo {
                UndoState::Undone => json!("undone"),
                UndoState::Partly { parts, of } => json!({"undone": parts, "of": of}),
                UndoState::Possible { calls, safe_from, .. } => json!({"calls": calls, "safe_from": safe_from}),
                UndoState::None(why) => json!({"none": why}),
                UndoState::Needless => json!(null),
            },
        }),
    }
}
