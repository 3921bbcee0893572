//! Real recorded logs, which are not ours to commit: with `TRIAGE_SHARED_DATA` naming their folder, each test runs over
//! them; without it each says so and passes, except in CI, where it fails.

use crate::scenarios::{Nowhere, run, seen};
use crate::support::shared;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::cloud::files::FileSource;
use triage::cloud::{LogSource, Query};
use triage::collect;
use triage::model::gap::GapKind;
use triage::model::report::Window;
use triage::model::{Principal, Provenance, time};
use triage::progress::Progress;
use triage::read;

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is a list"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The report about this principal, and the answer.
fn audit(folder: &std::path::Path, principal: &str) -> (Value, Value) {
    let folder = folder.join("aws/invictus-ir");
    let answer = std::fs::read_to_string(folder.join("ANSWER.json")).expect("the answer is there");
    let mut logs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains("_CloudTrail_"))
        .collect();
    logs.sort();
    assert_eq!(logs.len(), 55);
    let principal = Principal::parse(principal).expect("a principal");
    let report = run(Investigation::new(principal, Window::default()), &logs);
    (seen(&report), serde_json::from_str(&answer).expect("the answer is JSON"))
}

/// `ec2:elastic-ip` → `aws.ec2.elastic_ip`.
fn our_kind(kind: &str) -> String {
    format!("aws.{}", kind.replace(':', ".").replace('-', "_"))
}

#[test]
fn the_leaked_key_is_followed_through_an_hour_of_attacks() {
    let Some(folder) = shared() else { return };
    let (report, answer) = audit(&folder, "AKIATFQR7NSC8Q4X20BJ");
    let counts = &report["counts"];
    assert_eq!(counts["records_read"], 2900);
    assert_eq!(counts["other_records"], 0);
    assert_eq!(counts["duplicates"], 0);
    assert_eq!(counts["events_of_principal"], 2104);
    assert_eq!(counts["events_of_derived"], 71);
    let derived_errors: u64 =
        rows(&answer, "credential_chain").iter().filter_map(|row| row["errors"].as_u64()).sum();
    assert_eq!(counts["failed"], 224 + derived_errors);
    credentials(&report, &answer);
    creations(&report, &answer);
    standing(&report, &answer);
    attempts(&report, &answer);
    nobody_else(&report);
}

/// 18 derived, with what each did. Two sessions of the attacker's functions that nobody used would be right too.
fn credentials(report: &Value, answer: &Value) {
    let got: BTreeMap<&str, &Value> =
        rows(report, "credentials")[1..].iter().map(|row| (text(row, "id"), row)).collect();
    let mut known = BTreeSet::new();
    for want in rows(answer, "credential_chain") {
        // A password has no key id: the report names it by its user.
        let id = match want["credential"].as_str() {
            Some(id) => id,
            None => text(want, "identity").rsplit('/').next().expect("an ARN"),
        };
        let id = id.rsplit('/').next().expect("an id");
        let row = got.get(id).unwrap_or_else(|| panic!("{id} ({}) is missing", want["via"]));
        assert_eq!(row["used"], want["used"], "{id}");
        assert_eq!(row["events"], want["events_using_it"], "{id}");
        assert_eq!(row["depth"], want["depth"], "{id}");
        for (ours, theirs) in
            [("first_use", "first_use"), ("last_use", "last_use"), ("issued_at", "issued_at")]
        {
            assert_eq!(row[ours], want[theirs], "{id}, {ours}");
        }
        known.insert(id);
    }
    let unused_functions: Vec<_> =
        got.iter().filter(|(id, row)| !known.contains(**id) && row["used"] == false).collect();
    assert_eq!(known.len(), 18);
    assert!(
        got.len() - unused_functions.len() == 18 && [0, 2].contains(&unused_functions.len()),
        "{:?}",
        got.keys()
    );
}

/// All 150 by kind, id and event: 146 resources, and two keys and two passwords, which are told as credentials only.
fn creations(report: &Value, answer: &Value) {
    let mut got: BTreeSet<(String, String, String)> = rows(report, "resources")
        .iter()
        // A statement that lets strangers in is a thing to be taken back; the answer has it among the findings alone.
        .filter(|row| text(row, "kind") != "aws.lambda.permission")
        .map(|row| (text(row, "kind").to_owned(), text(row, "id").to_owned(), text(row, "event").to_owned()))
        .collect();
    assert_eq!(got.len(), 146);
    for row in rows(report, "credentials") {
        if ["aws.access_key", "aws.login_profile"].contains(&text(row, "kind")) && row["depth"] != 0 {
            let kind = text(row, "kind").replace("aws.", "aws.iam.");
            got.insert((kind, text(row, "id").to_owned(), text(row, "event").to_owned()));
        }
    }
    let want: BTreeSet<(String, String, String)> = rows(answer, "resources_created")
        .iter()
        .map(|row| {
            (our_kind(text(row, "kind")), text(row, "id").to_owned(), text(row, "event_id").to_owned())
        })
        .collect();
    assert_eq!(want.len(), 150);
    assert_eq!(got, want);
}

/// Nine things are left; six where three scheduled deletions of secrets are seen to end.
fn standing(report: &Value, answer: &Value) {
    let left: BTreeSet<&str> = rows(report, "resources")
        .iter()
        .filter(|row| row["state"] == "left")
        .map(|row| text(row, "id"))
        .collect();
    let nine: BTreeSet<&str> =
        rows(answer, "still_existing_at_end").iter().map(|row| text(row, "id")).collect();
    let six: BTreeSet<&str> = nine.iter().copied().filter(|id| !id.contains(":secret:")).collect();
    assert_eq!((nine.len(), six.len()), (9, 6));
    assert!(left == nine || left == six, "{left:?}");
    let told = |id: &str, kinds: &[&str]| {
        rows(report, "findings").iter().any(|row| {
            kinds.contains(&text(row, "kind"))
                && text(row, "subject").ends_with(id)
                && row["standing"] == false
        })
    };
    for item in rows(answer, "persistence") {
        let id = match text(item, "id") {
            // Its finding names the anchor by ARN; there is one.
            "malicious-rolesanywhere-trust-anchor" => "trust-anchor/49e25ec3-bdfe-4150-8683-b4ea4ee85cfd",
            id => id,
        };
        assert!(told(id, &["persistence"]), "persistence: {item}");
    }
    for item in rows(answer, "exposures") {
        let request = &item["request"];
        let subject = ["imageId", "snapshotId", "dBSnapshotIdentifier", "functionName"]
            .iter()
            .find_map(|key| request[*key].as_str())
            .expect("an exposure names what it exposes");
        assert!(told(subject, &["exfiltration", "exposure"]), "exposure: {item}");
        let at = time::parse(text(item, "time")).expect("a time");
        let ends = rows(report, "findings").iter().filter(|row| text(row, "subject").ends_with(subject));
        let times: Vec<_> =
            ends.flat_map(|row| [text(row, "at"), text(row, "until")]).filter_map(time::parse).collect();
        assert!(times.contains(&at), "exposure at {at} neither begins nor ends a finding: {item}");
    }
    // A function's code that was replaced, and one that everyone may start.
    assert!(told("stratus-red-team-backdoor-f-func", &["persistence"]));
}

fn attempts(report: &Value, answer: &Value) {
    let got: BTreeMap<String, u64> = rows(report, "attempts")
        .iter()
        .map(|row| {
            let call = text(row, "action").split(':').nth(1).expect("service:Call");
            (format!("{call} {}", text(row, "error")), row["count"].as_u64().expect("a count"))
        })
        .collect();
    let want: BTreeMap<String, u64> = answer["failed_attempts"]
        .as_object()
        .expect("a table")
        .iter()
        .map(|(call, count)| (call.clone(), count.as_u64().expect("a count")))
        .collect();
    assert_eq!(got, want);
}

/// `benjamin` looked around in the same hour, and services did their own work.
fn nobody_else(report: &Value) {
    for section in ["credentials", "findings", "resources", "touched", "attempts"] {
        let text = report[section].to_string();
        assert!(!text.contains("benjamin"), "benjamin is blamed in {section}");
    }
    let own: BTreeSet<&str> = rows(report, "credentials").iter().map(|row| text(row, "id")).collect();
    for row in rows(report, "uses") {
        assert!(own.contains(text(row, "credential")));
        assert_ne!(row["address"], "10.248.16.43", "that is benjamin's");
    }
    for row in rows(report, "resources") {
        assert!(own.contains(text(row, "created_by")), "{row}");
    }
}

#[test]
fn the_whole_user_is_followed_when_asked_by_arn() {
    let Some(folder) = shared() else { return };
    let (report, answer) = audit(&folder, "arn:aws:iam::123837392027:user/bert-jan");
    let want = &answer["if_seeded_by_user_arn"];
    let counts = &report["counts"];
    let total = |keys: [&str; 2]| keys.iter().filter_map(|key| counts[*key].as_u64()).sum::<u64>();
    assert_eq!(counts["events_of_principal"], want["events"]);
    assert_eq!(total(["events_of_principal", "events_of_derived"]), want["attributed_total_with_derived"]);
    creations(&report, &answer);
    nobody_else(&report);
}

/// What a folder holds: records as its README counts them, values handed on by the containers (log entries of another
/// kind among them), records of which a copy was read before, and places that can't be read.
struct Holds {
    folder: &'static str,
    promised: u64,
    read: u64,
    other: u64,
    twice: u64,
    unread: usize,
}

const fn holds(
    folder: &'static str,
    promised: u64,
    read: u64,
    other: u64,
    twice: u64,
    unread: usize,
) -> Holds {
    Holds { folder, promised, read, other, twice, unread }
}

const FOLDERS: &[Holds] = &[
    // 24 CloudTrail records, one of them trimmed of its eventTime; 13 payloads of other EventBridge sources.
    holds("aws/cloud-custodian-cwe", 24, 36, 13, 1, 1),
    // One file is cut off on purpose: no record of it is lost, the cut is named.
    holds("aws/cloudgrep", 2, 2, 0, 0, 1),
    // The answer file beside the logs is JSON, and no audit record.
    holds("aws/invictus-ir", 2900, 2901, 1, 0, 0),
    // 11 samples are trimmed of their time or have `redacted` there; many vary one record and keep its eventID, time and name.
    holds("aws/panther-analysis", 227, 216, 0, 60, 11),
    holds("aws/permiso-cartographer", 909, 909, 0, 13, 0),
    holds("aws/plaso-lookupevents", 6, 6, 0, 0, 0),
    holds("aws/stratus-detonation", 155, 155, 0, 0, 0),
    // 15 samples have "..." for a time; one value is no audit record.
    holds("aws/streamalert", 56, 42, 1, 5, 15),
    holds("aws/traildiscover", 315, 315, 0, 1, 0),
    // The same records plain and gzipped; one value is no audit record.
    holds("aws/trailscraper", 7, 8, 1, 4, 0),
    holds("gcp/c7n-events", 46, 47, 1, 1, 0),
    // Entries cut down to what a rule needs: 15 have no time.
    holds("gcp/forseti-rte", 27, 12, 0, 0, 15),
    holds("gcp/iris3", 9, 9, 0, 0, 0),
    // Three Kubernetes manifests lie beside the logs.
    holds("gcp/khi", 12, 12, 0, 0, 3),
    holds("gcp/panther-analysis", 69, 68, 0, 11, 1),
    // Two entries are text and JSON payloads.
    holds("gcp/plaso", 11, 11, 2, 0, 0),
    holds("gcp/security-analytics", 18, 18, 3, 2, 0),
    // Documentation samples: 7 are a protoPayload without a time.
    holds("gcp/stratus-docs", 8, 1, 0, 0, 7),
];

#[test]
fn every_recorded_value_is_read_or_named() {
    let Some(folder) = shared() else { return };
    let mut wrong = Vec::new();
    for want in FOLDERS {
        let (source, gaps) = FileSource::new(&[folder.join(want.folder).to_string_lossy().into_owned()]);
        assert_eq!(gaps, []);
        let principal = Principal::parse("AKIATFQR7NSC8Q4X20BJ").expect("a principal");
        let mut investigation = Investigation::new(principal, Window::default());
        let stop = AtomicBool::new(false);
        let corpus = collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop)
            .unwrap_or_else(|error| panic!("{}: {error:#}", want.folder));
        assert!(corpus.complete);
        collect::tell(&mut investigation, &corpus);
        investigation.report();
        let unread = corpus.gaps.iter().filter(|gap| gap.kind == GapKind::Unread).count();
        let counts = &corpus.counts;
        let got = (counts.records_read, counts.other_records, counts.duplicates, unread);
        if got != (want.read, want.other, want.twice, want.unread) {
            wrong
                .push(format!("{}: read, other, twice, unread are {got:?}\n{:#?}", want.folder, corpus.gaps));
        }
        // In full, whoever they are about: what the light look takes, the full look takes too, or says why not.
        let (mut values, mut refused) = (0, 0);
        for shard in source.shards(&Query::default()) {
            source.fetch(&shard, &mut |raw| {
                values += 1;
                let full = read::read(raw.bytes, Provenance::default());
                assert_eq!(full.is_err(), read::head(raw.bytes).is_err(), "{}:{}", shard.name, raw.line);
                refused += u64::from(full.is_err());
                ControlFlow::Continue(())
            });
        }
        if values != want.read + refused || refused > want.unread as u64 {
            wrong.push(format!("{}: {values} values, of which {refused} unreadable", want.folder));
        }
    }
    let listed: BTreeSet<&str> = FOLDERS.iter().map(|want| want.folder).collect();
    for cloud in ["aws", "gcp"] {
        for entry in std::fs::read_dir(folder.join(cloud)).expect("the folder is there") {
            let name = format!("{cloud}/{}", entry.expect("an entry").file_name().to_string_lossy());
            assert!(listed.contains(&*name), "{name} is not in the table");
        }
    }
    assert_eq!(FOLDERS.iter().map(|want| want.promised).sum::<u64>(), 4801);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
