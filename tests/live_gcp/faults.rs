//! Everything that can go wrong while asking: nothing is lost, what could not be seen is named, the exit code says so.

use crate::audit::{gaps, rows};
use crate::stand::{Done, Stand};
use serde_json::{Value, json};

#[track_caller]
fn audit(stand: &Stand, case: &str, more: &[&str]) -> Done {
    let mut args = vec!["-o", "json", "--case-dir", case];
    args.extend(more);
    stand.triage("audit", &args)
}

/// The same rows without the moment at which each was looked at, and what it cost until then.
fn without_times(part: &[Value]) -> Vec<Value> {
    let mut part = part.to_vec();
    for row in part.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("observed_at");
        row.remove("cost");
    }
    part
}

#[track_caller]
fn tells_the_same(name: &str, report: &Value, calm: &Value) {
    for part in ["credentials", "resources", "touched", "findings", "attempts"] {
        assert_eq!(without_times(rows(report, part)), without_times(rows(calm, part)), "{name}: {part}");
    }
}

#[test]
fn what_passes_is_waited_for_and_loses_nothing() {
    let Some(stand) = Stand::attacked() else { return };
    // Time is short here, and quotas are the pacing's own tests.
    stand.door("knobs", json!({"quota": 100_000}));
    let done = audit(&stand, "calm", &[]);
    let (code, calm) = (done.code.expect("an exit code"), done.json());
    for (name, fault) in [
        ("logs throttled", json!({"kind": "log_throttle", "times": 2})),
        ("compute throttled", json!({"kind": "throttle", "service": "compute", "times": 1})),
        ("broken", json!({"kind": "error", "service": "logging", "status": 503, "times": 2})),
        ("compute broken", json!({"kind": "error", "service": "compute", "status": 503, "times": 2})),
        ("reset", json!({"kind": "reset", "service": "logging", "times": 2})),
        ("empty pages", json!({"kind": "empty_page", "times": 6})),
        ("duplicates", json!({"kind": "duplicates"})),
    ] {
        stand.faults(json!([fault]));
        let report = audit(&stand, name, &[]).exits(code).json();
        let hit = stand.faults(json!([]));
        assert!(name == "duplicates" || hit[0]["hit"].as_u64() > Some(0), "{name}: it was met: {hit}");
        tells_the_same(name, &report, &calm);
    }
    // Every answer of the attack in two parts; what a filter finds in one of them needs the other.
    stand.faults(json!([{"kind": "split"}]));
    let report = audit(&stand, "split", &[]).exits(code).json();
    stand.faults(json!([]));
    // The first part's id is the entry's, with its number.
    let report = serde_json::from_str(&report.to_string().replace("-0\"", "\"")).expect("JSON");
    tells_the_same("split", &report, &calm);
    // Pages of a few entries, as large entries make them.
    stand.door("knobs", json!({"most": 7}));
    tells_the_same("small pages", &audit(&stand, "small", &[]).exits(code).json(), &calm);
}

#[test]
fn what_cannot_be_seen_is_named() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let (shop, data, lab) =
        (stand.text("/projects/shop"), stand.text("/projects/data"), stand.text("/projects/lab"));
    for (name, fault, words) in [
        ("logs denied", json!({"kind": "denied_logs", "project": lab}), vec![lab]),
        ("compute off", json!({"kind": "disabled", "service": "compute", "project": lab}), vec![lab]),
        ("compute denied", json!({"kind": "denied", "service": "compute", "project": data}), vec![data]),
        (
            "compute broken",
            json!({"kind": "error", "service": "compute", "project": shop, "status": 503}),
            vec![shop],
        ),
        (
            "logs broken",
            json!({"kind": "error", "service": "logging", "method": "entries.list", "status": 503}),
            vec!["entries"],
        ),
    ] {
        stand.faults(json!([fault]));
        let report = audit(&stand, name, &[]).exits(3).json();
        stand.faults(json!([]));
        let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
        assert!(
            told.iter().any(|gap| words.iter().all(|word| gap.contains(word))),
            "{name}: {words:?} is not in {told:#?}"
        );
    }
    stand.door("knobs", json!({"unreachable": ["us-east1-b"]}));
    let report = audit(&stand, "unreachable", &[]).exits(3).json();
    let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains("us-east1-b")), "{told:#?}");
}

#[test]
fn a_token_that_expires_on_the_way_is_fetched_again() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let done = audit(&stand, "calm", &[]);
    let (code, calm) = (done.code.expect("an exit code"), done.json());
    // Refused once in the middle, as when a clock is off: who asks again with a new token is let in.
    stand.faults(json!([{"kind": "token", "after": 12, "times": 1}]));
    let done = audit(&stand, "expired", &[]).exits(code);
    assert_eq!(stand.faults(json!([]))[0]["hit"], 1, "it was met");
    tells_the_same("expired", &done.json(), &calm);
}

#[test]
fn what_the_logs_do_not_tell_yet_the_operations_tell() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let calm = audit(&stand, "calm", &[]).json();
    let late = stand.made("instances").find(|row| row["by"] == "leaked").expect("one")["id"]
        .as_str()
        .expect("text")
        .to_owned();
    let held = stand.door("hold", json!({"contains": late, "seconds": 3600}));
    assert!(held.as_u64() >= Some(2), "a launch is two entries: {held}");
    let done = audit(&stand, "late", &[]);
    assert!(matches!(done.code, Some(0 | 3)), "{:?}: {}", done.code, done.err);
    assert!(done.out.contains(&late), "Compute's own operations are the second witness of {late}");
    stand.door("hold", json!({"contains": late, "seconds": 0}));
    tells_the_same("all there", &audit(&stand, "there", &[]).json(), &calm);
}

#[test]
fn whoever_cannot_sign_in_is_told_so() {
    let Some(stand) = Stand::attacked() else { return };
    stand.faults(json!([{"kind": "denied", "service": "token"}]));
    let done = audit(&stand, "dead", &[]).exits(1);
    stand.faults(json!([]));
    assert!(
        done.err.contains("sign in") || done.err.contains("credential") || done.err.contains("token"),
        "{}",
        done.err
    );
}
