//! What to look for elsewhere: addresses, user agents, credentials, images, hashes and accounts that were let in.
//!
//! A table of few columns, to paste or to `cut`. What is likely the owners' own is left out.

use super::csv::{table, time};
use super::line::Line;
use super::summary::is_bad;
use super::untrusted::Untrusted;
use super::words::{self, is_news, is_service};
use crate::model::report::{Confidence, Report, Use};
use crate::model::{Dossier, Time};
use std::collections::BTreeMap;

const HEADS: [&str; 6] = ["type", "value", "first_seen", "last_seen", "confidence", "note"];

/// Details of a resource that name what it ran or was let in by, and how they are called here.
const DETAILS: [(&str, &str); 5] = [
    ("image", "image"),
    ("user_data_sha256", "user_data_sha256"),
    ("code_sha256", "code_sha256"),
    ("key_name", "ssh_key_pair"),
    ("container_image", "container_image"),
];

/// By type and value.
#[derive(Default)]
struct Found<'a>(BTreeMap<(&'static str, &'a str), Seen>);

struct Seen {
    first: Option<Time>,
    last: Option<Time>,
    confidence: Confidence,
    note: &'static str,
}

impl<'a> Found<'a> {
    fn add(&mut self, kind: &'static str, value: &'a str, seen: Seen) {
        if value.is_empty() || seen.confidence == Confidence::LikelyLegitimate {
            return;
        }
        match self.0.get_mut(&(kind, value)) {
            None => drop(self.0.insert((kind, value), seen)),
            Some(known) => {
                known.first = [known.first, seen.first].into_iter().flatten().min();
                known.last = known.last.max(seen.last);
                known.confidence = known.confidence.min(seen.confidence);
            }
        }
    }
}

/// Returns the table, its heads first.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let mut found = Found::default();
    let report = &dossier.report;
    of_uses(report, &mut found);
    // Of a principal that nothing is wrong with, all is the owners'.
    if is_bad(report) {
        of_credentials(report, &mut found);
        of_resources(report, &mut found);
    }
    let rows = found.0.into_iter().map(|((kind, value), seen)| {
        [
            Line::new().put(kind),
            Line::new().put(Untrusted(value)),
            time(seen.first),
            time(seen.last),
            Line::new().put(words::confidence_word(seen.confidence)),
            Line::new().put(seen.note),
        ]
    });
    table(&HEADS, rows)
}

fn of_uses<'a>(report: &'a Report, found: &mut Found<'a>) {
    // An agent that the owners use too finds the owners.
    let owners = report.uses.iter().filter(|one| one.confidence == Confidence::LikelyLegitimate);
    let owners: Vec<&str> = owners.filter_map(|one| one.user_agent.as_deref()).collect();
    let is_wanted = |one: &&Use| !is_service(one) && (is_bad(report) || is_news(one));
    for one in report.uses.iter().filter(is_wanted) {
        let seen =
            |note| Seen { first: Some(one.first), last: Some(one.last), confidence: one.confidence, note };
        if let Some(address) = one.address.as_deref() {
            let is_address = address.parse::<std::net::IpAddr>().is_ok();
            let kind = if is_address { "address" } else { "service" };
            found.add(kind, address, seen(if one.new { "new" } else { "" }));
        }
        if let Some(agent) = one.user_agent.as_deref().filter(|agent| !owners.contains(agent)) {
            found.add("user_agent", agent, seen(""));
        }
    }
}

fn of_credentials<'a>(report: &'a Report, found: &mut Found<'a>) {
    for one in &report.credentials {
        let note = match (one.depth, one.state) {
            (0, _) => "the principal itself",
            (_, "left") => "made or entered by it",
            (_, _) => "made or entered by it, deleted since",
        };
        let first = one.issued_at.or(one.first_use);
        let seen = Seen { first, last: one.last_use, confidence: one.confidence, note };
        found.add(words::credential_type(one.kind), &one.id, seen);
    }
    for key in &report.leaked_keys {
        let seen = Seen { first: None, last: None, confidence: Confidence::Confirmed, note: "leaked" };
        found.add("key", key, seen);
    }
    for one in &report.grants {
        let seen = Seen {
            first: None,
            last: None,
            confidence: Confidence::Confirmed,
            note: "was let in, and not seen to be put out",
        };
        found.add("trusted", &one.member, seen);
    }
}

fn of_resources<'a>(report: &'a Report, found: &mut Found<'a>) {
    for one in &report.resources {
        let seen = |note| Seen { first: Some(one.created_at), last: None, confidence: one.confidence, note };
        for (word, kind) in DETAILS {
            if let Some(text) = one.details.get(word) {
                found.add(kind, text, seen("of what it launched"));
            }
        }
        if one.kind.ends_with(".image") {
            found.add("image", &one.id, seen("made by it"));
        }
        if one.kind == "aws.ec2.key_pair" {
            found.add("ssh_key_pair", &one.id, seen("made by it"));
        }
        if matches!(one.kind, "aws.iam.user" | "aws.iam.role" | "gcp.iam.service_account") {
            found.add("identity", &one.id, seen("made by it"));
        }
    }
}
