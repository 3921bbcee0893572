//! `triage verify`: every file that was altered, is missing or was added is named, and so is every line of the journal.

use crate::support::{Bench, Done, scenario};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const EVIDENCE: &str = "evidence/aws/111122223333/us-east-1/management.ndjson.gz";

/// A sealed case in the bench.
pub fn case(bench: &Bench) -> &'static str {
    bench.run(&["audit", "--case", &scenario("aws-role-chain"), "--case-dir", "case"]).exits(3);
    "case"
}

/// Makes a file that can be written to of one that was made read-only.
fn loosen(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("rights can be given");
    }
}

fn verify(bench: &Bench, more: &[&str]) -> Done {
    bench.run(&[&["verify", "case"], more].concat())
}

fn head(bench: &Bench) -> String {
    verify(bench, &["-o", "json"]).json()["head"].as_str().expect("a sealed case has a head").to_owned()
}

/// A journal as the program writes it: its last line holds the hash of what stands before it, its first of nothing.
fn journal(lines: usize) -> String {
    let (mut text, mut prev) = (String::new(), sum(""));
    for no in 1..=lines {
        let body = format!(
            r#"{{"schema":"triage.journal/1","no":{no},"at":"2026-07-14T10:00:0{no}Z","prev":"{prev}","entry":"interrupted""#
        );
        let line = format!(r#"{body},"sum":"{}"}}"#, sum(&body));
        prev = sum(&line);
        text += &format!("{line}\n");
    }
    text
}

fn sum(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_case_that_nobody_touched_is_unchanged() {
    let bench = Bench::new();
    case(&bench);
    let done = verify(&bench, &[]).exits(0);
    assert!(done.text().starts_with("UNCHANGED  case\n"), "{}", done.text());
    assert!(done.text().contains("no journal: nothing was done in it"), "{}", done.text());
    let report = verify(&bench, &["-o", "json"]).exits(0).json();
    assert_eq!((&report["schema"], &report["verdict"]), (&"triage.verify/1".into(), &"unchanged".into()));
    assert!(report["files"].as_u64().is_some_and(|files| files > 20), "{report}");
    assert_eq!((&report["faults"], &report["writable"]), (&Value::Array(vec![]), &0.into()));
}

#[test]
fn what_was_altered_is_missing_or_was_added_is_named() {
    type Change = fn(&Path);
    let changes: [(Change, &str, &str); 7] = [
        (
            |case| {
                loosen(&case.join(EVIDENCE));
                fs::write(case.join(EVIDENCE), "other").expect("it can be written");
            },
            EVIDENCE,
            "altered",
        ),
        (|case| fs::remove_file(case.join(EVIDENCE)).expect("it is there"), EVIDENCE, "missing"),
        (
            |case| fs::write(case.join("evidence/aws/more.ndjson"), "{}").expect("w"),
            "evidence/aws/more.ndjson",
            "added",
        ),
        (|case| fs::write(case.join("report.json"), "{}").expect("w"), "report.json", "altered"),
        (|case| fs::write(case.join("plan-undo.json"), "{}").expect("w"), "plan-undo.json", "added"),
        (|case| fs::remove_file(case.join("plan-revoke.json")).expect("r"), "plan-revoke.json", "missing"),
        (
            |case| {
                let sums = fs::read_to_string(case.join("SHA256SUMS")).expect("sums are text");
                fs::write(case.join("SHA256SUMS"), format!("{sums}no sum\n")).expect("w");
            },
            "SHA256SUMS:",
            "no_sum",
        ),
    ];
    for (change, file, what) in changes {
        let bench = Bench::new();
        case(&bench);
        change(&bench.path("case"));
        let report = verify(&bench, &["-o", "json"]).exits(1).json();
        let faults = report["faults"].as_array().expect("a list");
        assert_eq!(faults.len(), 1, "{report}");
        assert!(faults[0]["file"].as_str().is_some_and(|name| name.starts_with(file)), "{report}");
        assert_eq!((&faults[0]["what"], &report["verdict"]), (&what.into(), &"altered".into()));
        let text = verify(&bench, &[]).exits(1);
        assert!(text.text().starts_with("ALTERED  case\n") && text.text().contains(file), "{}", text.text());
    }
}

#[test]
fn notes_beside_a_case_are_told_and_no_fault() {
    let bench = Bench::new();
    case(&bench);
    bench.write("case/notes.md", "called the bank at 4");
    let report = verify(&bench, &["-o", "json"]).exits(0).json();
    assert_eq!(report["beside"], serde_json::json!(["notes.md"]));
}

#[test]
fn a_case_without_sums_is_not_whole() {
    let bench = Bench::new();
    case(&bench);
    fs::remove_file(bench.path("case/SHA256SUMS")).expect("it is there");
    let report = verify(&bench, &["-o", "json"]).exits(3).json();
    assert_eq!((&report["verdict"], &report["faults"][0]["what"]), (&"not_whole".into(), &"unsealed".into()));
    assert!(report.get("head").is_none());
    assert!(verify(&bench, &[]).exits(3).text().contains("head  unknown"));
}

#[test]
fn no_case_is_an_error_with_a_way_out() {
    let bench = Bench::new();
    for folder in ["nowhere", "."] {
        let done = bench.run(&["verify", folder]).exits(1);
        assert!(done.out.is_empty() && done.err.contains("error: open the case"), "{}", done.err);
    }
    let done = bench.run(&["verify", ".", "--head", "abc"]).exits(2);
    assert!(done.err.contains("64 hexadecimal digits"), "{}", done.err);
}

#[test]
fn the_line_of_the_journal_that_was_altered_is_named() {
    let bench = Bench::new();
    case(&bench);
    bench.write("case/journal.ndjson", journal(4));
    let report = verify(&bench, &["-o", "json"]).exits(0).json();
    assert_eq!(report["journal"]["lines"], 4);
    let before = report["head"].as_str().expect("a head").to_owned();

    let altered = journal(4).replacen("10:00:02", "11:00:02", 1);
    bench.write("case/journal.ndjson", altered);
    let done = verify(&bench, &[]).exits(1);
    assert!(
        done.text().contains("journal.ndjson: line 2 was altered: its checksum is another"),
        "{}",
        done.text()
    );

    // A crash in the middle of the last line.
    let torn = journal(4);
    bench.write("case/journal.ndjson", &torn[..torn.len() - 30]);
    let report = verify(&bench, &["-o", "json"]).exits(3).json();
    assert_eq!(report["journal"]["torn"], 4);

    // Lines cut off at the end leave no trace in the chain; the head that somebody kept shows them.
    bench.write("case/journal.ndjson", journal(3));
    verify(&bench, &[]).exits(0);
    assert_ne!(head(&bench), before);
    let done = verify(&bench, &["--head", &before]).exits(1);
    assert!(done.text().contains("is not the one given"), "{}", done.text());
    bench.write("case/journal.ndjson", journal(4));
    verify(&bench, &["--head", &before.to_uppercase()]).exits(0);
}

#[test]
fn coreutils_alone_check_a_case_and_make_its_head() {
    let bench = Bench::new();
    case(&bench);
    bench.write("case/journal.ndjson", journal(2));
    let script = "sha256sum --quiet -c SHA256SUMS && { sha256sum < SHA256SUMS; tail -n 1 journal.ndjson | tr -d '\\n' | sha256sum; } | sha256sum";
    let made = Command::new("sh").args(["-c", script]).current_dir(bench.path("case")).output();
    let made = made.expect("a shell runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8(made.stdout).expect("a sum is text");
    assert_eq!(made, format!("{}  -\n", head(&bench)));
    // Every file that a run wrote is summed up, but for the journal, which has a chain.
    let files = bench.files("case");
    let sums = std::str::from_utf8(&files["SHA256SUMS"]).expect("sums are text");
    let summed: Vec<&str> =
        sums.lines().filter_map(|line| line.split_once("  ").map(|(_, name)| name)).collect();
    let ours =
        files.keys().map(String::as_str).filter(|name| !["SHA256SUMS", "journal.ndjson"].contains(name));
    assert_eq!(summed, ours.collect::<Vec<_>>());
}
