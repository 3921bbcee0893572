//! Hard to hurt: hostile names, rubbish, full disks and Ctrl-C, seen from outside.

use crate::run::{Place, code, files, json, record, text, user_key};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;

const KEY: &str = "AKIARTX3GSDSTEXAMPLE";

#[test]
fn hostile_text_reaches_no_terminal() {
    let place = Place::new();
    let nasty = "x\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}\r\nFORGED  row\u{7f}";
    let made = record(
        1,
        user_key(KEY),
        "CreateBucket",
        json!({
            "eventSource": "s3.amazonaws.com", "readOnly": false, "userAgent": nasty, "sourceIPAddress": nasty,
            "awsRegion": format!("../../{nasty}"), "recipientAccountId": "../../../etc",
            "requestParameters": {"bucketName": nasty},
        }),
    );
    place.write("logs/a.jsonl", &made);
    place.write(&format!("logs/{}", "rub\u{1b}[2Jbish\n.json"), "{ not json");
    for format in ["table", "json", "jsonl"] {
        let output =
            place.run(&["-v", "--principal", KEY, "--logs", "logs", "-o", format, "--case-dir", format]);
        for stream in [&output.stdout, &output.stderr] {
            let shown = text(stream);
            let bad = shown.chars().find(|c| *c != '\n' && (c.is_control() || matches!(c, '\u{202e}')));
            assert_eq!(bad, None, "{format}");
            assert!(!shown.lines().any(|line| line.starts_with("FORGED")), "{format}");
        }
    }
    // An account called `../../../etc` names no place outside the case.
    let escaped = files(place.0.path()).into_iter().find(|file| file.to_string_lossy().contains(".."));
    assert_eq!(escaped, None);
    assert!(!files(&place.path("json/evidence")).is_empty());
}

#[test]
fn a_reader_that_goes_away_and_a_disk_that_is_full_are_no_panic() {
    let place = Place::new();
    place.write("logs/a.jsonl", record(1, user_key(KEY), "DescribeInstances", json!({})));
    let mut child = place
        .command(&["-v", "--principal", KEY, "--logs", "logs"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = place
        .command(&["--principal", KEY, "--logs", "logs", "-o", "json"])
        .stdout(full)
        .output()
        .expect("it ends");
    assert_eq!(code(&output), 1, "a result that could not be written is no success");
    assert!(text(&output.stderr).contains("write the result"), "{}", text(&output.stderr));
}

#[test]
fn rubbish_is_named_with_file_and_line_and_the_rest_is_used() {
    let place = Place::new();
    let good = |id| record(id, user_key(KEY), "DescribeInstances", json!({}));
    place.write(
        "logs/mixed.jsonl",
        format!("{}\r\n%%% rubbish\r\n{}\r\n{{\"eventID\": 1, \"cut", good(1), good(2)),
    );
    place.write("logs/cut.json", format!("{{\"Records\":[{},{}", good(3), &good(4)[..200]));
    place.write("logs/deep.json", "[".repeat(100_000));
    place.write("logs/empty.json", "");
    let output = place.run(&["audit", "--principal", KEY, "--logs", "logs", "-o", "json"]);
    let report = json(&output);
    assert_eq!(code(&output), 3);
    assert_eq!(report["counts"]["events_of_principal"], 3);
    let gaps: Vec<String> = report["gaps"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|gap| gap["where"].as_str().expect("a place").to_owned())
        .collect();
    for place in
        ["logs/mixed.jsonl:2", "logs/mixed.jsonl:4", "logs/cut.json:1", "logs/deep.json", "logs/empty.json"]
    {
        assert!(gaps.iter().any(|gap| gap.starts_with(place)), "{place} is not in {gaps:?}");
    }
}

#[test]
fn ctrl_c_leaves_a_partial_report_and_a_sealed_case() {
    let place = Place::new();
    let line = record(1, user_key(KEY), "DescribeInstances", json!({}));
    // Enough to be in the middle of when the signal comes.
    for file in 0..60_u32 {
        let lines: Vec<String> = (0..3_000_u32)
            .map(|n| line.replace("000000000001", &format!("{:012}", file * 10_000 + n)))
            .collect();
        place.write(&format!("logs/{file:03}.jsonl"), lines.join("\n"));
    }
    let child = place
        .command(&["audit", "--principal", KEY, "--logs", "logs", "-o", "json", "--case-dir", "case"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It listens before it makes the case folder.
    while !place.path("case/evidence").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let report = json(&output);
    assert_eq!(code(&output), 130, "{}", text(&output.stderr));
    assert_eq!(report["partial"], true);
    assert!(report["gaps"].to_string().contains("cut short"));
    assert!(place.path("case/SHA256SUMS").is_file() && place.path("case/report.json").is_file());
    let again = place.run(&["audit", "--case", "case", "-o", "json"]);
    assert_eq!(text(&output.stdout), text(&again.stdout), "opened again it is as partial as it was");
}
