//! A log bucket behind a sink of the organization: read instead of every project where it is complete, and not believed where it
//! lacks a record, leaves something out or was changed in the window.

use crate::audit::rows;
use crate::stand::Stand;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The attacked organization with so many more projects in it that nobody asks them one by one.
struct Wide {
    stand: Stand,
    since: String,
    before: String,
    /// Entries that the thief's key made.
    own: Vec<String>,
}

impl Wide {
    fn new() -> Option<Wide> {
        let stand = Stand::attacked()?;
        let organization = stand.text("/organization").to_owned();
        let projects: serde_json::Map<String, Value> =
            (0..210).map(|n| (format!("quiet-{n:04}"), json!({"parent": organization}))).collect();
        stand.door("clock", json!({"offset": -40 * 86_400}));
        stand.door("tree", json!({"projects": projects}));
        stand.door("clock", json!({"offset": 0}));
        stand.door("knobs", json!({"quota": 10_000}));
        let leaked: triage::model::Time = stand.text("/leaked_at").parse().expect("a time");
        let days = |days: i64| {
            triage::model::Time::from_second(leaked.as_second() - days * 86_400).expect("a time").to_string()
        };
        let Value::Array(entries) = stand.door("entries", json!({})) else { panic!("a list") };
        let is_own = |entry: &&Value| {
            entry["protoPayload"]["authenticationInfo"]["serviceAccountKeyName"]
                .as_str()
                .is_some_and(|key| key.ends_with(stand.text("/key")))
                && entry["logName"].as_str().is_some_and(|log| log.ends_with("activity"))
                && entry["timestamp"].as_str().is_some_and(|at| at > stand.text("/leaked_at"))
        };
        let own = entries
            .iter()
            .filter(is_own)
            .map(|entry| entry["insertId"].as_str().expect("text").to_owned())
            .collect();
        Some(Wide { since: days(25), before: days(35), own, stand })
    }

    /// Sets a central bucket up.
    fn central(&self, sink: Value, lost: &[&String]) {
        let mut whole = json!({
            "resourceName": format!("{}/sinks/all", self.stand.text("/organization")),
            "filter": "logName:\"cloudaudit.googleapis.com\"", "updateTime": self.before,
        });
        whole.as_object_mut().expect("a map").extend(sink.as_object().expect("a map").clone());
        let bucket =
            format!("projects/{}/locations/global/buckets/central", self.stand.text("/projects/ops"));
        self.stand.door("central", json!({"bucket": {"name": bucket}, "sink": whole, "lost": lost}));
    }

    /// A report, how many reads it took, and what it says of the central bucket.
    #[track_caller]
    fn audit(&self, case: &str) -> (Value, usize, String) {
        let mark = self.stand.mark();
        let args = ["-o", "json", "--case-dir", case, "--since", &self.since];
        let report = self.stand.triage("audit", &args).goes_through().json();
        let reads =
            self.stand.calls(mark).iter().filter(|call| call["method"] == "logging.entries.list").count();
        let told: Vec<&str> = rows(&report, "gaps")
            .iter()
            .filter_map(|gap| gap["why"].as_str())
            .filter(|why| why.contains("central bucket"))
            .collect();
        let told = told.join("\n");
        (report, reads, told)
    }
}

/// What was found, and where was looked.
fn found(report: &Value) -> Value {
    let of = |list: &str, words: &[&str]| -> BTreeSet<String> {
        let row = |row: &Value| words.iter().map(|word| row[*word].to_string()).collect::<Vec<_>>().join(" ");
        rows(report, list).iter().map(row).collect()
    };
    let scopes = report["coverage"]["scopes"].as_array().expect("a list").iter();
    let scopes: BTreeSet<String> = scopes
        .filter(|one| one["source"] == "activity")
        .map(|one| format!("{} {}", one["account"], one["seen"]))
        .collect();
    json!({
        "credentials": of("credentials", &["id", "kind", "events", "first_use", "last_use"]),
        "resources": of("resources", &["kind", "id", "created_by", "state"]),
        "findings": of("findings", &["kind", "subject", "note"]),
        "counts": [report["counts"]["events_of_principal"], report["counts"]["events_of_derived"]],
        "scopes": scopes,
    })
}

#[track_caller]
fn same(one: &Value, other: &Value) {
    let (one, other) = (found(one), found(other));
    for (part, value) in one.as_object().expect("a map") {
        assert_eq!(*value, other[part], "{part}");
    }
}

#[test]
fn a_complete_central_bucket_is_read_instead_of_every_project_and_an_incomplete_one_is_told() {
    let Some(wide) = Wide::new() else { return };
    assert!(wide.own.len() > 10);
    let (by_projects, many, told) = wide.audit("projects");
    assert_eq!(told, "");
    wide.central(json!({}), &[]);
    let (by_bucket, few, told) = wide.audit("bucket");
    assert_eq!(told, "");
    same(&by_bucket, &by_projects);
    assert!(few < many, "{few} requests, and {many} without it");
    // One record was lost on the way: the projects' own word counts.
    wide.central(json!({}), &[&wide.own[3]]);
    let (by_doubt, _, told) = wide.audit("doubt");
    assert!(told.contains("it lacks 1 of") && told.contains("all projects are asked instead"), "{told}");
    same(&by_doubt, &by_projects);
}

#[test]
fn a_sink_that_leaves_out_or_was_changed_in_the_window_is_not_used() {
    let Some(wide) = Wide::new() else { return };
    let (by_projects, _, _) = wide.audit("projects");
    let exclusion = json!([{"name": "noise", "filter": "protoPayload.methodName:\"instances.insert\""}]);
    wide.central(json!({"exclusions": exclusion}), &[]);
    let (report, _, told) = wide.audit("excluded");
    assert!(told.contains("exclusion \"noise\""), "{told}");
    same(&report, &by_projects);
    wide.central(json!({"updateTime": wide.stand.text("/leaked_at")}), &[]);
    let (report, _, told) = wide.audit("changed");
    assert!(told.contains("made or changed at") && told.contains("in the window"), "{told}");
    same(&report, &by_projects);
}
