//! A dossier as a timeline for Timesketch: one JSON object a line, with `message`, `datetime` and `timestamp_desc`.
//!
//! Values are exact; what a terminal would obey is written as `\uXXXX`. <https://timesketch.org/guides/user/import-from-json-csv/>

use super::json;
use crate::model::dossier::{Became, Done, Moment};
use crate::model::report::{Confidence, Finding};
use crate::model::{Dossier, Outcome, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A line. Flat, as Timesketch wants it.
#[derive(Default, Serialize)]
struct Row<'a> {
    message: String,
    datetime: String,
    timestamp_desc: &'static str,
    /// Stable: the cloud's own id, or the journal's number.
    event_id: String,
    tag: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    technique: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
}

/// Returns the lines, oldest first.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let mut found: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    for finding in &dossier.report.findings {
        for event in &finding.events {
            found.entry(event).or_default().insert(tag(finding));
        }
    }
    let mut made: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &dossier.report.resources {
        made.entry(&one.event).or_default().push(&one.id);
    }
    let mut rows: Vec<(Time, Row<'_>)> = Vec::new();
    rows.extend(dossier.timeline.iter().map(|one| (one.at, moment(one, &found, &made))));
    for (n, one) in dossier.report.findings.iter().enumerate() {
        rows.push((one.at, finding(one, n)));
    }
    rows.extend(dossier.deeds.iter().map(|one| (one.at, deed(one))));
    rows.sort_by(|a, b| (a.0, &a.1.event_id).cmp(&(b.0, &b.1.event_id)));
    let mut out = String::new();
    for (_, row) in &rows {
        let line = serde_json::to_string(row).expect("a row has string keys and no failing Serialize");
        out.push_str(&json::escape(&line));
        out.push('\n');
    }
    out.into_bytes()
}

fn written(at: Time) -> String {
    format!("{at:.6}")
}

fn tag(finding: &Finding) -> &'static str {
    super::words::finding_tag(finding.kind)
}

fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "attacker",
        Confidence::Suspect => "suspect",
        Confidence::LikelyLegitimate => "likely-legitimate",
    }
}

fn moment<'a>(
    one: &'a Moment,
    found: &BTreeMap<&str, BTreeSet<&'static str>>,
    made: &BTreeMap<&str, Vec<&'a str>>,
) -> Row<'a> {
    let error = match &one.outcome {
        Outcome::Succeeded => None,
        Outcome::DryRun => Some("dry run"),
        Outcome::Failed(code) => Some(&**code),
    };
    let mut message = match (&one.principal, error) {
        (Some(who), None) => format!("{who} called {} with {}", one.action, one.credential),
        (Some(who), Some(error)) => {
            format!("{who} tried {} with {} and got {error}", one.action, one.credential)
        }
        (None, None) => format!("{} was called with {}", one.action, one.credential),
        (None, Some(error)) => format!("{} was tried with {} and gave {error}", one.action, one.credential),
    };
    if let Some(address) = &one.address {
        message += &format!(" from {address}");
    }
    let made = made.get(&*one.event).map(Vec::as_slice).unwrap_or_default();
    if let Some(first) = made.first() {
        message += &match made.len() {
            1 => format!(", and made {first}"),
            n => format!(", and made {first} and {} more", n - 1),
        };
    }
    let mut tags = vec![sure(one.confidence)];
    tags.extend(found.get(&*one.event).into_iter().flatten());
    tags.extend(error.map(|_| "failed"));
    Row {
        message,
        datetime: written(one.at),
        timestamp_desc: "Event Logged",
        event_id: one.event.to_string(),
        tag: tags,
        action: Some(&one.action),
        error,
        credential: Some(&one.credential),
        principal: one.principal.as_deref(),
        source_ip: one.address.as_deref(),
        user_agent: one.user_agent.as_deref(),
        account: Some(&one.account),
        region: Some(&one.region),
        resource: made.first().copied(),
        ..Row::default()
    }
}

fn finding(one: &Finding, n: usize) -> Row<'_> {
    Row {
        message: one.note.clone(),
        datetime: written(one.at),
        timestamp_desc: "Finding",
        // Findings are sorted, so that the number is the same whenever the report is.
        event_id: format!("triage-finding-{}", n + 1),
        tag: vec!["finding", tag(one), sure(one.confidence)],
        credential: one.credential.as_deref(),
        account: one.account.as_deref(),
        region: one.region.as_deref(),
        resource: Some(&one.subject),
        technique: one.technique.map(|technique| technique.id),
        ..Row::default()
    }
}

fn deed(one: &Done) -> Row<'_> {
    let outcome = match one.became {
        Became::Verified => "done and seen",
        Became::Taken => "done, not seen yet",
        Became::Refused => "refused",
        Became::NotDone => "not done",
        Became::Gone => "its target was gone",
        Became::Unknown => "nobody knows what became of it",
    };
    Row {
        message: format!("triage called {} on {}: {outcome}", one.api, one.target.id),
        datetime: written(one.at),
        timestamp_desc: "Response Action",
        event_id: format!("triage-action-{}", one.no),
        tag: vec!["responder", one.kind.name()],
        action: Some(one.api),
        account: Some(&one.place.account),
        region: (!one.place.region.is_empty()).then_some(&one.place.region),
        resource: Some(&one.target.id),
        operator: one.operator.as_deref(),
        ..Row::default()
    }
}
