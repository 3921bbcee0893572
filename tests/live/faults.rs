//! Everything that can go wrong while asking: nothing is lost, what could not be seen is named, the exit code says so.

use crate::audit::gaps;
use crate::stand::{Done, Stand};
use serde_json::{Value, json};

const REGIONS: &str = "us-east-1,eu-west-1,us-west-2,eu-west-2";

#[track_caller]
fn audit(stand: &Stand, case: &str, regions: &str) -> Done {
    let accounts = stand.list("accounts").join(",");
    let args =
        ["audit", "--principal", stand.leaked(), "--accounts", &accounts, "--regions", regions, "-o", "json"];
    stand.run(stand.command(&args).args(["--case-dir", case]))
}

/// The same rows without the moment at which each was looked at, and what it cost until then.
fn without_times(rows: &Value) -> Vec<Value> {
    let mut rows = rows.as_array().expect("a list").clone();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("observed_at");
        row.remove("cost");
    }
    rows
}

fn ids(report: &Value) -> Vec<&str> {
    report["credentials"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect()
}

#[test]
fn what_passes_is_waited_for_and_loses_nothing() {
    let Some(stand) = Stand::attacked() else { return };
    let done = audit(&stand, "calm", REGIONS);
    let (code, calm) = (done.code.expect("an exit code"), done.json());
    for (name, fault) in [
        ("throttled", json!({"kind": "throttle", "service": "cloudtrail", "times": 6})),
        ("broken", json!({"kind": "500", "service": "cloudtrail", "times": 4})),
        ("reset", json!({"kind": "reset", "service": "cloudtrail", "times": 4})),
        (
            "empty",
            json!({"kind": "empty_page", "list": "Events", "service": "cloudtrail", "action": "LookupEvents", "times": 4}),
        ),
        ("held", json!({"kind": "throttle", "service": "sts", "times": 2})),
    ] {
        stand.faults(json!([fault]));
        let report = audit(&stand, name, REGIONS).exits(code).json();
        assert_ne!(stand.faults(json!([]))[0]["hit"], Value::Null, "{name}: it was met");
        for part in ["credentials", "resources", "findings"] {
            assert_eq!(without_times(&report[part]), without_times(&calm[part]), "{name}: {part}");
        }
    }
}

#[test]
fn what_cannot_be_seen_is_named() {
    let Some(stand) = Stand::attacked() else { return };
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let lookup = |kind: &str| json!({"kind": kind, "service": "cloudtrail", "action": "LookupEvents", "region": "eu-west-1", "account": shop});
    let mut looping = lookup("answer");
    looping["answer"] = json!({"Events": [], "NextToken": "again"});
    for (name, fault, words) in [
        ("denied", lookup("denied"), vec!["eu-west-1", shop, "cloudtrail:LookupEvents"]),
        ("broken", lookup("500"), vec!["eu-west-1", shop]),
        ("disabled", lookup("disabled"), vec!["eu-west-1", shop]),
        ("looping", looping, vec!["eu-west-1", shop]),
        (
            "no way in",
            json!({"kind": "denied", "service": "sts", "action": "AssumeRole", "contains": data}),
            vec![data, "AssumeRole"],
        ),
    ] {
        stand.faults(json!([fault]));
        let report = audit(&stand, name, REGIONS).exits(3).json();
        stand.faults(json!([]));
        let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
        assert!(
            told.iter().any(|gap| words.iter().all(|word| gap.contains(word))),
            "{name}: {words:?} is not in {told:#?}"
        );
        let found = ids(&report);
        for other in ["token", "federated", "backdoor"] {
            assert!(
                found.contains(&stand.text(&format!("/credentials/{other}"))),
                "{name}: {other} is still found in {found:?}"
            );
        }
        let blind = &report["coverage"];
        assert!(
            blind["seen"].as_u64() < blind["of"].as_u64(),
            "{name}: {} of {}",
            blind["seen"],
            blind["of"]
        );
    }
}

#[test]
fn a_region_that_never_answers_is_given_up_in_time() {
    let Some(stand) = Stand::attacked() else { return };
    let silent = json!({"kind": "hang", "service": "cloudtrail", "action": "LookupEvents", "region": "eu-west-1", "seconds": 600});
    stand.faults(json!([silent]));
    let report = audit(&stand, "silent", REGIONS).exits(3).json();
    let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains("eu-west-1")), "{told:#?}");
    assert!(ids(&report).contains(&stand.text("/credentials/token")), "what answered is told");
    // Whoever waits for a place that says nothing waits in every pass: so many tries, and no more.
    let tried = stand.faults(json!([]))[0]["hit"].as_u64().expect("a number");
    let accounts = stand.list("accounts").len() as u64;
    assert!(tried <= 40 * accounts, "{tried} requests that nobody answered");
}

#[test]
fn a_region_that_is_not_enabled_and_an_organization_that_says_nothing_are_gaps() {
    let Some(stand) = Stand::attacked() else { return };
    let report = audit(&stand, "disabled", "us-east-1,me-south-1").exits(3).json();
    let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains("me-south-1")), "{told:#?}");

    stand.faults(json!([{"kind": "denied", "service": "organizations"}]));
    let args = [
        "audit",
        "--principal",
        stand.leaked(),
        "--org",
        "--regions",
        "us-east-1",
        "--case-dir",
        "alone",
        "-o",
        "json",
    ];
    let done = stand.run(&mut stand.command(&args)).exits(3);
    let told: Vec<String> = gaps(&done.json()).iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains("organizations:ListAccounts")), "{told:#?}");
}

#[test]
fn whoever_cannot_sign_in_is_told_so() {
    let Some(stand) = Stand::attacked() else { return };
    for (name, fault) in [
        ("dead", json!({"kind": "dead", "service": "sts"})),
        ("broken", json!({"kind": "500", "service": "sts"})),
    ] {
        stand.faults(json!([fault]));
        let done = audit(&stand, name, "us-east-1").exits(1);
        stand.faults(json!([]));
        assert!(
            done.err.contains("GetCallerIdentity") || done.err.contains("sign in"),
            "{name}: {}",
            done.err
        );
    }
}
