//! Every Google credential edge: a recorded-shape entry of each, and exactly what it tells.

use crate::support::fixtures;
use triage::model::report::FindingKind;
use triage::model::{Event, Fact, Minter, Provenance, ResourceRef};
use triage::read::cloudaudit;

/// Reads the fixture `service/Method` and returns its event.
#[track_caller]
pub fn event(name: &str) -> Event {
    let path = fixtures().join("events/gcp").join(name).with_extension("json");
    let raw = std::fs::read(fixtures().join(format!("events/gcp/{name}.json")))
        .unwrap_or_else(|_| panic!("no fixture {path:?}"));
    cloudaudit::read(&raw, Provenance::default()).expect(name).expect(name)
}

fn resource(resource: &ResourceRef) -> String {
    format!(
        "{} {} [{}] in {} {}",
        resource.kind,
        resource.id,
        resource.names.join(" "),
        resource.account,
        resource.region
    )
}

/// One line per fact, with everything in it that a reader of the report could see or `analyze` could join by.
pub fn told(fact: &Fact) -> String {
    match fact {
        Fact::Created(made) => format!("created {}", resource(made)),
        Fact::Deleted(gone) => format!("deleted {}", resource(gone)),
        Fact::Touched { resource: touched, how } => format!("touched {}: {how}", resource(touched)),
        Fact::Issued(issued) => {
            let minter = match &issued.minter {
                Minter::Actor => "actor".to_owned(),
                Minter::Compute { service, name } => format!("{service} {name}"),
                Minter::External { issuer, subject } => format!("{subject} of {issuer}"),
            };
            let or = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
            let until = issued.expires.map_or("-".to_owned(), |time| time.to_string());
            format!(
                "issued {} {} as {} ({}) of {} via {} by {minter} until {until} {:?}",
                issued.kind,
                issued.id,
                or(&issued.principal),
                or(&issued.principal_id),
                or(&issued.account),
                issued.via,
                issued.strength
            )
        }
        Fact::Revoked { kind, id, how } => format!("revoked {kind} {id}: {how}"),
        Fact::Restored { kind, id, how } => format!("restored {kind} {id}: {how}"),
        Fact::SignedIn { principal, via } => format!("signed in {principal} via {via}"),
        Fact::Carries { compute, identity } => format!("{} carries {identity}", resource(compute)),
        Fact::Granted { member, role, on } => format!("granted {role} on {on} to {member}"),
        Fact::Withdrawn { member, role, on } => format!("withdrew {role} on {on} from {member}"),
        Fact::Forwarded { service } => format!("forwarded by {service}"),
        Fact::Leak { key, principal, found_at } => format!(
            "leak of {} of {} at {}",
            key.as_deref().unwrap_or("-"),
            principal.as_deref().unwrap_or("-"),
            found_at.as_deref().unwrap_or("-")
        ),
        Fact::Signal(signal) if signal.undoes => format!("undoes {}", signal.pair),
        Fact::Signal(signal) => format!(
            "finding {} {} about {} <{}>: {}",
            kind(signal.kind),
            signal.technique.map_or("-", |technique| technique.id),
            signal.subject,
            signal.pair,
            signal.note
        ),
    }
}

fn kind(kind: FindingKind) -> String {
    serde_json::to_value(kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
}

#[test]
fn dump() {
    let mut all: Vec<_> = walk(&fixtures().join("events/gcp"));
    all.sort();
    for name in all {
        let e = event(&name);
        println!("        (\n            {name:?},\n            {:?},\n            &[", &*e.action);
        for f in &e.facts {
            println!("                {:?},", told(f));
        }
        println!("            ],\n        ),");
    }
}

fn walk(root: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for service in std::fs::read_dir(root).unwrap().flatten() {
        for file in std::fs::read_dir(service.path()).unwrap().flatten() {
            let name = file.path();
            names.push(format!(
                "{}/{}",
                service.file_name().to_string_lossy(),
                name.file_name().unwrap().to_string_lossy().trim_end_matches(".json")
            ));
        }
    }
    names
}
