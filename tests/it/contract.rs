//! The contract with scripts: arguments, streams, exit codes.

use crate::run::{Place, code, json, record, scenario, text, user_key};
use serde_json::json;

const KEY: &str = "AKIARTX3GSDSTEXAMPLE";

#[test]
fn what_was_typed_wrong_is_told_with_what_would_be_taken() {
    let place = Place::new();
    place.write("logs/a.json", r#"{"Records":[]}"#);
    for principal in [
        "",
        "bob",
        "i-0123456789abcdef0",
        "123456789012",
        "arn:aws:s3:::bucket",
        "sa@",
        "AKIA",
        "a\u{1b}[31mb",
    ] {
        let output = place.run(&["audit", "--principal", principal, "--logs", "logs"]);
        assert_eq!(code(&output), 2, "{principal:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("accepted"), "{principal:?}: {}", text(&output.stderr));
        assert!(!output.stderr.contains(&0x1b), "{principal:?}");
        assert!(output.stdout.is_empty());
    }
    for args in [
        &["audit"][..],
        &["audit", "--principal", KEY],
        &["--logs", "logs"],
        &["audit", "--principal", KEY, "--logs", "logs", "--since", "soon"],
        &["frobnicate"],
    ] {
        let output = place.run(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", text(&output.stderr));
    }
    let made = std::fs::read_dir(place.0.path()).expect("a folder").count();
    assert_eq!(made, 1, "a refused command leaves nothing behind");
}

#[test]
fn every_form_of_principal_is_followed() {
    let place = Place::new();
    let session = json!({
        "type": "AssumedRole", "principalId": "AROARTX3GSDSQEXAMPLE:ops", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:assumed-role/Ops/ops", "accessKeyId": "ASIARTX3GSDSREXAMPLE",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/Ops", "accountId": "111122223333"},
            "attributes": {"creationDate": "2026-05-04T09:59:00Z", "mfaAuthenticated": "false"}}
    });
    let federated = json!({
        "type": "FederatedUser", "principalId": "111122223333:guest", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:federated-user/guest", "accessKeyId": "ASIARTX3GSDSTEXAMPLE",
    });
    let root = json!({"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"});
    let lines = [
        record(1, user_key(KEY), "DescribeInstances", json!({})),
        record(2, session, "DescribeInstances", json!({})),
        record(3, federated, "DescribeInstances", json!({})),
        record(4, root, "DescribeInstances", json!({})),
    ];
    place.write("logs/trail.jsonl", lines.join("\n"));
    let entry = |id: &str, authentication: serde_json::Value| {
        json!({"logName": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity", "insertId": id, "timestamp": "2026-05-04T10:00:00Z",
            "resource": {"type": "project", "labels": {"project_id": "shop-prod-4821"}}, "severity": "NOTICE",
            "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "compute.googleapis.com",
                "methodName": "v1.compute.instances.list", "resourceName": "projects/shop-prod-4821", "authenticationInfo": authentication,
                "requestMetadata": {"callerIp": "203.0.113.9"}}})
        .to_string()
    };
    let wif =
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/web";
    let google = [
        entry("a", json!({"principalEmail": "builder@shop-prod-4821.iam.gserviceaccount.com"})),
        entry("b", json!({"principalEmail": "alice@shop.example"})),
        entry("c", json!({"principalSubject": wif})),
    ];
    place.write("logs/sink.jsonl", google.join("\n"));
    for principal in [
        KEY,
        "AIDARTX3GSDSZEXAMPLE",
        "arn:aws:iam::111122223333:user/ci",
        "ASIARTX3GSDSREXAMPLE",
        "AROARTX3GSDSQEXAMPLE",
        "arn:aws:iam::111122223333:role/Ops",
        "arn:aws:sts::111122223333:assumed-role/Ops/ops",
        "arn:aws:sts::111122223333:federated-user/guest",
        "arn:aws:iam::111122223333:root",
        "builder@shop-prod-4821",
        "builder@shop-prod-4821.iam.gserviceaccount.com",
        "alice@shop.example",
        wif,
    ] {
        let output = place.run(&["audit", "--principal", principal, "--logs", "logs", "-o", "json"]);
        let report = json(&output);
        assert_eq!(report["counts"]["events_of_principal"], 1, "{principal}");
        assert_eq!(report["counts"]["records_read"], 7, "{principal}");
        assert_eq!(report["principal"]["given"], principal);
        assert_eq!(code(&output), 0, "{principal}: {}", text(&output.stderr));
    }
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let place = Place::new();
    let attack = scenario("aws-role-chain");
    let gaps = place.run(&["audit", "--case", &attack, "-o", "json"]);
    assert_eq!(code(&gaps), 3);
    assert_eq!(code(&place.run(&["audit", "--case", &attack, "--allow-gaps"])), 0);
    assert_eq!(code(&place.run(&["audit", "--case", &attack, "--allow-gaps", "--fail-on-findings"])), 6);
    let quiet = scenario("aws-busy-deployer");
    assert_eq!(code(&place.run(&["audit", "--case", &quiet, "--fail-on-findings"])), 0);
    assert_eq!(code(&place.run(&["audit", "--case", "nowhere"])), 1);
    place.write("full/file", "x");
    let taken = place.run(&["audit", "--case", &quiet, "--case-dir", "full"]);
    assert_eq!(code(&taken), 1, "a folder that holds something is never written to");
    assert_eq!(std::fs::read_dir(place.path("full")).expect("a folder").count(), 1);
    // A path without logs is not a clean bill of health.
    let missing = place.run(&["audit", "--principal", KEY, "--logs", "no/such/folder", "-o", "json"]);
    assert_eq!(code(&missing), 3);
    assert_eq!(json(&missing)["gaps"][0]["kind"], "unread");
}

#[test]
fn stdout_is_the_result_and_stderr_the_conversation() {
    let place = Place::new();
    let case = scenario("gcp-cryptojacking");
    let table = place.run(&["--case", &case]);
    let shown = text(&table.stdout);
    assert!(shown.contains("REVOKE PLAN") && shown.contains("CONTAIN PLAN"), "bare triage proposes");
    assert!(shown.contains("nothing has been done"));
    assert!(!table.stdout.contains(&0x1b), "a pipe gets no colour");
    assert!(text(&table.stderr).contains("The case is in"));
    let lines = place.run(&["audit", "--case", &case, "-o", "jsonl"]);
    let kinds: Vec<String> = text(&lines.stdout)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["type"].to_string())
        .collect();
    assert_eq!(kinds[0], "\"report\"");
    assert!(kinds.iter().filter(|kind| *kind == "\"resource\"").count() > 80);
    let report = json(&place.run(&["audit", "--case", &case, "-o", "json", "--quiet"]));
    assert_eq!(report["schema"], "triage.report/1");
    let seen =
        report["coverage"]["scopes"].as_array().expect("a list").iter().filter(|s| s["seen"] == true).count();
    assert_eq!(report["coverage"]["seen"], seen);
}

#[test]
fn folders_globs_and_both_clouds_mix() {
    let place = Place::new();
    let mine = record(1, user_key(KEY), "DescribeInstances", json!({}));
    place.write("logs/deep/er/a.json", format!("{{\"Records\":[{mine}]}}"));
    place.write("logs/b.jsonl", record(2, user_key(KEY), "DescribeVpcs", json!({})));
    place.write("logs/README.md", "# how these were exported\n");
    let count = |logs: &[&str]| {
        let mut args = vec!["audit", "--principal", KEY, "-o", "json", "--logs"];
        args.extend(logs);
        json(&place.run(&args))["counts"]["events_of_principal"].clone()
    };
    assert_eq!(count(&["logs"]), 2);
    assert_eq!(count(&["logs/**/*.json"]), 1);
    assert_eq!(count(&["logs/b.jsonl", "logs/deep"]), 2);
    assert_eq!(count(&["logs", "logs/b.jsonl"]), 2);
    let args =
        ["audit", "--principal", KEY, "-o", "json", "--logs", "logs", "--since", "2026-05-04T10:00:02Z"];
    assert_eq!(json(&place.run(&args))["counts"]["events_of_principal"], 1);
}
