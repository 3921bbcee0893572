//! What an audit of the attacked organization says, and that it changes nothing.

use crate::stand::Stand;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// Our word for a kind of the world's.
fn kind(of: &Value) -> &'static str {
    match of.as_str() {
        Some("instances") => "gcp.compute.instance",
        Some("instanceGroupManagers") => "gcp.compute.instance_group_manager",
        Some("autoscalers") => "gcp.compute.autoscaler",
        Some("instanceTemplates") => "gcp.compute.instance_template",
        Some("firewalls") => "gcp.compute.firewall",
        Some("run.services") => "gcp.run.service",
        Some("scheduler.jobs") => "gcp.cloudscheduler.job",
        other => panic!("no such kind in the world: {other:?}"),
    }
}

pub fn rows<'a>(report: &'a Value, part: &str) -> &'a [Value] {
    report[part].as_array().map_or(&[], Vec::as_slice)
}

/// The gaps that tell of something that could have been seen.
pub fn gaps(report: &Value) -> Vec<&Value> {
    rows(report, "gaps").iter().filter(|gap| gap["kind"] != "blind").collect()
}

pub fn ids(report: &Value, part: &str) -> BTreeSet<String> {
    rows(report, part).iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect()
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Every credential that the leaked one became or made is told.
#[track_caller]
fn credentials_are_told(stand: &Stand, report: &Value) {
    let found = ids(report, "credentials");
    for pointer in ["/backup_key", "/made_key", "/hmac"] {
        let id = last(stand.text(pointer));
        assert!(found.contains(id), "{pointer} {id} is not in {found:#?}");
    }
    let accounts: BTreeSet<&str> =
        rows(report, "credentials").iter().filter_map(|row| row["principal"].as_str()).collect();
    for name in ["leaked", "deployer", "operator", "backup", "metrics"] {
        let email = stand.text(&format!("/accounts/{name}"));
        assert!(accounts.contains(email), "{name} is not in {accounts:#?}");
    }
    assert!(!found.contains(stand.text("/accounts/web")), "what nobody became is no credential of the thief");
}

/// What the thief made is told by its number, and nothing of the owners' with it.
#[track_caller]
fn resources_are_told(stand: &Stand, report: &Value, but: impl Fn(&Value) -> bool) {
    let confirmed = |row: &&Value| row["confidence"] == "confirmed";
    let found: BTreeSet<(&str, &str)> = rows(report, "resources")
        .iter()
        .filter(confirmed)
        .filter_map(|row| Some((row["kind"].as_str()?, row["id"].as_str()?)))
        .collect();
    for made in stand.world["resources"].as_array().expect("a list").iter().filter(|row| !but(row)) {
        let id = made["id"].as_str().expect("an id");
        let known =
            found.contains(&(kind(&made["kind"]), id)) || found.contains(&(kind(&made["kind"]), last(id)));
        assert!(known, "{made} is not in {found:#?}");
    }
    for innocent in stand.world["innocent"].as_array().expect("a list") {
        let id = innocent["id"].as_str().expect("an id");
        assert!(!found.iter().any(|(_, found)| *found == id), "{innocent} is the owners'");
    }
}

#[test]
fn exported_logs_alone_tell_the_story() {
    let Some(stand) = Stand::attacked() else { return };
    let Value::Array(entries) = stand.door("entries", json!({})) else { panic!("entries are a list") };
    let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    fs::create_dir(stand.path("logs")).expect("a folder");
    fs::write(stand.path("logs/entries.jsonl"), lines.join("\n")).expect("a file");
    let (key, logs) = (stand.path("leaked.json"), stand.path("logs"));
    let args = [
        "audit",
        "--key-file",
        key.to_str().expect("UTF-8"),
        "--logs",
        logs.to_str().expect("UTF-8"),
        "-o",
        "json",
    ];
    let mark = stand.mark();
    let done = stand
        .run(stand.command(&args).args(["--leaked-at", stand.text("/leaked_at"), "--allow-gaps"]))
        .exits(0);
    assert_eq!(stand.mark(), mark, "no network");
    let report = done.json();
    credentials_are_told(&stand, &report);
    // A bulk insert's record names no machine, and who is launched by a group is told by looking.
    let bulk: BTreeSet<&str> = ["deployer", "operator", "workers"].into();
    resources_are_told(&stand, &report, |row| {
        row["kind"] == "instances" && bulk.contains(row["by"].as_str().expect("text"))
    });
}

#[test]
fn a_live_audit_tells_everything_and_changes_nothing() {
    let Some(stand) = Stand::attacked() else { return };
    let (before, mark) = (stand.state(), stand.mark());
    let done = stand.triage("audit", &["-o", "json", "--case-dir", "case"]).goes_through();
    let report = done.json();
    credentials_are_told(&stand, &report);
    resources_are_told(&stand, &report, |_| false);
    assert!(done.err.contains("responder@example.com"), "who we are comes first: {}", done.err);
    assert_eq!(stand.changes(mark), Vec::<String>::new());
    assert_eq!(stand.state(), before);
    // Six projects fit one request: a page for each level of the chain, and few beside.
    let asked = stand.calls(mark).iter().filter(|call| call["method"] == "logging.entries.list").count();
    assert!(asked <= 10, "{asked} requests of entries.list");
    let refused: Vec<Value> = stand.calls(mark).into_iter().filter(|call| call["status"] == 400).collect();
    assert!(refused.is_empty(), "Google knows every field that is sent: {refused:#?}");
}

#[test]
fn what_no_record_shows_is_named_with_what_it_would_have_told() {
    let Some(stand) = Stand::attacked() else { return };
    let done = stand
        .triage("audit", &["-o", "json", "--case-dir", "case", "--since", "2024-01-01T00:00:00Z"])
        .exits(3);
    let report = done.json();
    let gaps = rows(&report, "gaps");
    let told = |place: &str, word: &str| {
        let is =
            |gap: &Value| gap["where"] == place && gap["why"].as_str().is_some_and(|why| why.contains(word));
        gaps.iter().find(|gap| is(gap)).cloned()
    };
    let (shop, data) = (stand.text("/projects/shop"), stand.text("/projects/data"));
    let off =
        told(shop, "Data Access is off here").unwrap_or_else(|| panic!("nobody switched it on: {gaps:#?}"));
    assert_eq!(off["kind"], "blind");
    assert!(off["why"].as_str().expect("text").contains("GenerateAccessToken"), "{off}");
    // There reads of IAM are logged, and nothing else.
    let off = told(data, "Data Access is off here").unwrap_or_else(|| panic!("of secrets: {gaps:#?}"));
    let why = off["why"].as_str().expect("text");
    assert!(!why.contains("GenerateAccessToken") && why.contains("AccessSecretVersion"), "{why}");
    let gone = told(shop, "_Default keeps Data Access records for 30 days").expect("the window is longer");
    assert_eq!(gone["kind"], "retention");
}
