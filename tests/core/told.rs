//! What all rows together make of the recorded events: nothing twice, whichever files the rows of one service lie in.

use crate::support::fixtures;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use triage::catalog::{Act, Row, aws, gcp};
use triage::model::{Event, Fact, Provenance};
use triage::read;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder that lists") {
        let path = entry.expect("a folder that lists").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Every recorded event, by file and line.
fn events() -> Vec<(String, Event)> {
    let mut found = Vec::new();
    for path in ["events", "scenarios"].iter().flat_map(|folder| files(&fixtures().join(folder))) {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        let raw = std::fs::read(&path).expect("a fixture can be read");
        let records: Vec<&[u8]> = match kind.as_str() {
            "json" => vec![&raw],
            "ndjson" => raw.split(|byte| *byte == b'\n').collect(),
            _ => continue,
        };
        for (at, record) in records.into_iter().enumerate() {
            if let Ok(Some(event)) = read::read(record, Provenance::default()) {
                found.push((format!("{}:{}", path.display(), at + 1), event));
            }
        }
    }
    found
}

#[test]
fn no_event_tells_anything_twice() {
    let events = events();
    assert!(events.len() > 1000, "only {} events", events.len());
    let mut twice = Vec::new();
    for (name, event) in &events {
        let facts = &event.facts;
        for (at, fact) in facts.iter().enumerate() {
            if facts[..at].contains(fact) {
                twice.push(format!("{name}: {fact:?}"));
            }
        }
        let mut made = BTreeSet::new();
        for fact in facts {
            if let Fact::Created(resource) = fact
                && !made.insert((resource.kind, &resource.id))
            {
                twice.push(format!("{name}: makes {} {} twice", resource.kind, resource.id));
            }
        }
    }
    assert_eq!(twice, Vec::<String>::new());
}

#[test]
fn rows_for_one_act_of_an_event_take_turns() {
    for services in [aws::SERVICES, gcp::SERVICES] {
        let mut rows: BTreeMap<(&str, &str, &str), Vec<&Row>> = BTreeMap::new();
        for (source, row) in services.iter().flat_map(|s| s.rows.iter().map(|row| (s.source, row))) {
            for event in row.events.split('|').filter(|_| row.act != Act::Tells || row.finding.is_some()) {
                rows.entry((source, event, row.kind)).or_default().push(row);
            }
        }
        for ((source, event, kind), rows) in rows {
            for (at, row) in rows.iter().enumerate() {
                for other in rows[..at].iter().filter(|other| other.act == row.act) {
                    let conditions = [row, other].map(|row| row.only_if.is_some());
                    assert_eq!(
                        conditions, [true; 2],
                        "{source} {event} is told twice as {:?} {kind}",
                        row.act
                    );
                }
            }
        }
    }
}

/// Answers are written by hand-told stories: what they call a thing must be what a report calls it.
#[test]
fn answers_call_things_as_rows_do() {
    let rows = [aws::SERVICES, gcp::SERVICES].into_iter().flatten().flat_map(|service| service.rows);
    let known: BTreeSet<&str> = rows.map(|row| row.kind).collect();
    let mut named = 0;
    for scenario in std::fs::read_dir(fixtures().join("scenarios")).expect("scenarios").flatten() {
        let answer = std::fs::read(scenario.path().join("expect/answer.json")).expect("an answer");
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        for thing in ["resources", "touched"].iter().filter_map(|list| answer[list].as_array()).flatten() {
            let kind = thing["kind"].as_str().expect("a thing has a kind");
            assert!(known.contains(kind), "{kind} in {}", scenario.path().display());
            named += 1;
        }
    }
    assert!(named > 100, "only {named}");
}
