//! What is handed over of a live case: the ticket, filed with Google's support after consent and once; prices of today; and what
//! `doctor` says before the night.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::fs;

const FILING: &str = "cloudsupport.cases.create";

/// The entries of a case's journal.
fn entries(stand: &Stand, case: &str) -> Vec<Value> {
    let text = fs::read_to_string(stand.path(case).join("journal.ndjson")).expect("a journal");
    let line = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["entry"].clone();
    text.lines().map(line).collect()
}

fn filings(stand: &Stand, since: usize) -> usize {
    stand.changes(since).iter().filter(|change| change.ends_with(FILING)).count()
}

#[test]
fn a_ticket_is_filed_after_consent_once_and_nothing_is_lost_where_it_is_not() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let project = stand.text("/projects/shop").to_owned();
    stand.triage("audit", &["--case-dir", "case"]).goes_through();
    let submit = |more: &[&str]| {
        let args = ["report", "case", "--support-case", "--submit", "--project", &project, MEANT];
        stand.run(&mut stand.command(&[&args, more].concat()))
    };
    let is_whole = |out: &str| {
        assert!(
            out.starts_with("Suspended, or warned of abuse"),
            "the text is printed whatever comes: {out}"
        );
        assert!(out.contains("\nSubject: Compromised ") && out.contains("\nEVIDENCE"), "{out}");
    };

    let mark = stand.mark();
    let dry = submit(&["--dry-run"]).exits(0);
    is_whole(&dry.out);
    assert!(dry.out.contains("TICKET PLAN") && dry.out.contains(FILING), "{}", dry.out);
    // Nobody is there to consent.
    let refused = submit(&[]).exits(4);
    is_whole(&refused.out);
    assert_eq!(stand.changes(mark), Vec::<String>::new());

    // Without a support plan Google refuses.
    stand.faults(json!([{"kind": "denied", "service": "cloudsupport"}]));
    let denied = submit(&["--yes"]).exits(1);
    is_whole(&denied.out);
    assert!(
        denied.err.contains("Standard Support") && denied.err.contains("nothing was changed"),
        "{}",
        denied.err
    );
    stand.faults(json!([{"kind": "denied", "service": "cloudsupport", "method": "create"}]));
    let denied = submit(&["--yes"]);
    assert!(matches!(denied.code, Some(1 | 5)), "{:?}: {}", denied.code, denied.err);
    is_whole(&denied.out);
    stand.faults(json!([]));
    let mark = stand.mark();

    let filed = submit(&["--yes"]).exits(0);
    is_whole(&filed.out);
    assert_eq!(filings(&stand, mark), 1);
    let name = format!("projects/{project}/cases/44556600");
    assert!(filed.err.contains(&format!("Filed: {name}")), "{}", filed.err);
    let journal = entries(&stand, "case");
    assert!(
        journal.iter().any(|entry| entry["outcome"]["outcome"]["ok"]["made"] == json!([name])),
        "{journal:#?}"
    );
    assert!(
        journal.iter().any(|entry| entry["verified"]["sight"]["there"]["state"]["case"] == *name),
        "{journal:#?}"
    );
    // What was sent is what was printed, and goes where security goes.
    let state = stand.state();
    let case = &state["resources"]["cloudsupport"][format!("projects/{project}")][0];
    let printed = filed.out.split_once("\n\n").expect("a head").1;
    let body = case["description"].as_str().expect("a text");
    assert!(printed.starts_with(body.trim_end()) && body.contains("WE ASK FOR"), "{body}");
    assert_eq!((&case["classification"]["id"], &case["priority"]), (&json!("100IK0002"), &json!("P2")));
    assert_ne!(case["testCase"], true);
    // The report tells its number.
    let told = stand.run(&mut stand.command(&["report", "case", "-v", "--allow-gaps"])).exits(0);
    assert!(told.out.contains(&name), "{}", told.out);

    // Filing it again is once.
    let again = submit(&["--yes"]).exits(0);
    is_whole(&again.out);
    assert!(again.err.contains("it is so already"), "{}", again.err);
    assert_eq!(filings(&stand, mark), 1);
    // A test case is another, and nobody acts on it.
    submit(&["--yes", "--test-case"]).exits(0);
    assert_eq!(filings(&stand, mark), 2);
    let state = stand.state();
    assert_eq!(state["resources"]["cloudsupport"][format!("projects/{project}")][1]["testCase"], true);
    stand.run(&mut stand.command(&["verify", "case"])).exits(0);
}
