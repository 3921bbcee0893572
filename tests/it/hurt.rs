//! Hard to hurt, seen from outside: hostile names, readers that go away, full disks, and secrets inside evidence.

use crate::support::{Bench, aws_record, walk};
use serde_json::{Value, json};
use std::process::Stdio;

const KEY: &str = "AKIARTX3GSDSTEXAMPLE";

fn record(id: u32, more: Value) -> String {
    let identity = json!({"type": "IAMUser", "principalId": "AIDARTX3GSDSZEXAMPLE", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:user/ci", "accessKeyId": KEY, "userName": "ci"});
    let mut record: Value =
        serde_json::from_str(&aws_record(identity, "2026-05-04T10:00:00Z", id)).expect("a record");
    for (name, value) in more.as_object().expect("an object") {
        record[name] = value.clone();
    }
    record.to_string()
}

#[test]
fn hostile_text_reaches_no_terminal_and_no_other_folder() {
    let bench = Bench::new();
    let nasty = "x\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}\r\nFORGED  row\u{7f}";
    let made = json!({
        "eventSource": "s3.amazonaws.com", "eventName": "CreateBucket", "readOnly": false, "userAgent": nasty,
        "sourceIPAddress": nasty, "awsRegion": format!("../../{nasty}"), "recipientAccountId": "../../../etc",
        "requestParameters": {"bucketName": nasty},
    });
    bench.write("logs/a.jsonl", record(1, made));
    bench.write("logs/rub\u{1b}[2Jbish\n.json", "{ not json");
    for format in ["table", "json", "jsonl"] {
        let args = ["-v", "--principal", KEY, "--logs", "logs", "-o", format, "--case-dir", format];
        let done = bench.run(&args).exits(3);
        for shown in [done.text(), &done.err] {
            let bad = shown.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
            assert_eq!(bad, None, "{format}");
            assert!(!shown.lines().any(|line| line.starts_with("FORGED")), "{format}");
        }
        assert!(bench.files(format).keys().any(|name| name.starts_with("evidence/aws/")), "{format}");
    }
    let outside: Vec<_> = std::fs::read_dir(bench.path(""))
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    assert_eq!(
        outside.len(),
        4,
        "an account called ../../../etc names no place outside the case: {outside:?}"
    );
    assert!(walk(&bench.path("")).iter().all(|path| !path.to_string_lossy().contains("..")));
}

#[test]
fn a_reader_that_goes_away_and_a_full_disk_are_no_panic() {
    let bench = Bench::new();
    bench.write("logs/a.jsonl", record(1, json!({})));
    let mut child =
        bench.command(&["-v", "--principal", KEY, "--logs", "logs"]).spawn().expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = bench.command(&["--principal", KEY, "--logs", "logs", "-o", "json"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().expect("the binary ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "a result that could not be written is no success: {told}");
    assert!(told.contains("write the result"), "{told}");
}

#[test]
fn what_is_made_from_evidence_holds_no_key_material() {
    let bench = Bench::new();
    let (token, secret) =
        ("FwoGZXIvYXdzEXAMPLETOKENnotforreports", "EXAMPLEsecretEXAMPLEsecretEXAMPLEsecret1");
    let made = json!({
        "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
        "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/Ops", "roleSessionName": "s"},
        "responseElements": {
            "credentials": {"accessKeyId": "ASIARTX3GSDSREXAMPLE", "secretAccessKey": secret, "sessionToken": token},
            "assumedRoleUser": {"assumedRoleId": "AROARTX3GSDSQEXAMPLE:s", "arn": "arn:aws:sts::111122223333:assumed-role/Ops/s"}}
    });
    bench.write("logs/a.jsonl", record(1, made));
    for format in ["table", "json", "jsonl"] {
        let args = ["-v", "--principal", KEY, "--logs", "logs", "-o", format, "--case-dir", format];
        let done = bench.run(&args);
        assert!(done.text().contains("ASIARTX3GSDSREXAMPLE"));
        let mut said = bench.files(format);
        said.retain(|name, _| !name.starts_with("evidence/"));
        assert!(said.len() >= 5, "{:?}", said.keys());
        said.insert("stdout".into(), done.out.clone());
        said.insert("stderr".into(), done.err.into_bytes());
        for (name, bytes) in said {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!text.contains(token) && !text.contains(secret), "{format}: {name}");
        }
    }
}
