//! What is handed over of a live case: the ticket, filed with Google's support after consent and once; prices of today; and what
//! `doctor` says before the night.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
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

/// What the machines of a type cost, with basis, month and kind, by their ids.
fn rates(report: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = report["resources"].as_array().expect("a list").iter();
    let of_kind =
        all.filter(|one| one["cost"]["basis"].as_str().is_some_and(|basis| basis.starts_with(kind)));
    of_kind.map(|one| (one["id"].as_str().expect("an id").to_owned(), one["cost"].clone())).collect()
}

#[test]
fn todays_prices_are_asked_for_and_the_table_fills_in() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let now = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let audit = |case: &str, more: &[&str]| {
        let mark = stand.mark();
        let args = [&["--case-dir", case, "--allow-gaps", "-o", "json"], more].concat();
        let done = stand.triage("audit", &args).exits(0);
        let asked = stand
            .calls(mark)
            .iter()
            .filter(|call| call["method"] == "cloudbilling.services.skus.list")
            .count();
        (done.json(), done.err, asked)
    };
    let (report, _, asked) = audit("table", &[]);
    let table = rates(&report, "c2-standard-60");
    assert_eq!(asked, 0, "no price is asked for that nobody wanted");
    assert!(
        !table.is_empty() && table.values().all(|cost| cost["kind"] != "live_price" && cost["as_of"] != *now),
        "{table:#?}"
    );

    let (report, err, asked) = audit("live", &["--live-prices"]);
    let live = rates(&report, "c2-standard-60");
    assert!(asked > 1, "page after page");
    assert!(live.keys().eq(table.keys()) && !err.contains("Today's prices"), "{err}");
    let mut todays = 0;
    for (id, cost) in &live {
        // 60 vCPUs and 240 GB of today, an address and a disk of the table: the month is the oldest.
        let rate = cost["per_hour"].as_f64().expect("a number");
        let is_todays = (3.936..3.96).contains(&rate);
        todays += usize::from(is_todays);
        // The catalog does not sell them everywhere.
        assert!(is_todays || cost == &table[id] || cost["per_hour"] == table[id]["per_hour"], "{cost}");
        assert!(cost["as_of"] != *now && cost["basis"].to_string().contains("external IPv4"), "{cost}");
    }
    assert!(
        todays > 0
            && table.values().all(|cost| !(3.936..3.96).contains(&cost["per_hour"].as_f64().unwrap_or(0.0)))
    );
    stand.faults(json!([{"kind": "denied", "service": "cloudbilling", "method": "skus.list"}]));
    let (report, err, asked) = audit("denied", &["--live-prices"]);
    assert!(
        asked > 0
            && err.contains("Today's prices could not all be asked for")
            && err.contains("cloudbilling.services.skus.list"),
        "{err}"
    );
    let fallen = rates(&report, "c2-standard-60");
    assert!(fallen.keys().eq(table.keys()));
    for (id, cost) in &fallen {
        for field in ["kind", "as_of", "basis", "per_hour"] {
            assert_eq!(cost[field], table[id][field], "{field} of {id}");
        }
    }
}

#[test]
fn doctor_says_where_we_get_to_and_changes_nothing() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();
    let doctor = |more: &[&str]| {
        let done = stand.run(&mut stand.command(&[&["doctor", "gcp"], more].concat()));
        assert!(matches!(done.code, Some(0 | 3)), "{:?}: {}{}", done.code, done.out, done.err);
        done
    };
    let line = |out: &str, head: &str, part: &str| {
        out.lines().any(|line| line.starts_with(head) && line.contains(part))
    };
    let done = doctor(&["-v"]);
    let out = &done.out;
    for (head, part) in [
        ("SELF   ", "Google Cloud"),
        ("WHO    ", "responder@example.com"),
        ("CLOCK  ", "Google's"),
        ("WHERE  ", "6 projects, 2 folders, 1 organization: "),
        ("APIS   ", "sec-ops-7001: "),
        ("MAY    ", "audit: all "),
        ("MAY    ", "revoke: all "),
        ("MAY    ", "contain: all "),
        ("LOGS   ", "reads, shop-data-1177: iam.googleapis.com ADMIN_READ"),
        ("LOGS   ", "all else: kept 30 days in "),
        ("BLIND  ", "5 of 6 projects log no read of IAM"),
    ] {
        assert!(line(out, head, part), "{head}{part}: {out}");
    }
    for project in ["shop", "data", "stage", "lab", "ops", "pay"] {
        let id = stand.text(&format!("/projects/{project}"));
        assert!(line(out, "WHERE  ", id), "{id}: {out}");
    }
    // A clock that is off misleads, and far off it refuses.
    stand.door("knobs", json!({"skew": 90}));
    assert!(line(&doctor(&[]).out, "CLOCK  ", "s behind Google's: times in a case will mislead"));
    stand.door("knobs", json!({"skew": -900}));
    assert!(line(&doctor(&[]).out, "CLOCK  ", "set the clock"));
    // A case says so, too.
    stand.triage("audit", &["--case-dir", "case"]).goes_through();
    let case: Value =
        serde_json::from_slice(&fs::read(stand.path("case/case.json")).expect("a case")).expect("JSON");
    let ahead = case["clock"]["ahead_seconds"].as_i64().unwrap_or_else(|| panic!("{case:#}"));
    assert!((895..=905).contains(&ahead), "{ahead}");
    stand.door("knobs", json!({"skew": 0}));
    // What is missing is said, and where.
    let ops = stand.text("/projects/ops");
    stand.door("services", json!({"project": ops, "off": ["cloudasset"]}));
    let pay = stand.text("/projects/pay");
    stand.faults(json!([{"kind": "denied", "method": "projects.testIamPermissions", "contains": pay}, {"kind": "denied", "method": "buckets.list", "project": pay}]));
    let done = doctor(&[]).exits(3);
    assert!(line(&done.out, "APIS   ", "cloudasset.googleapis.com"), "{}", done.out);
    assert!(line(&done.out, "MAY    ", &format!("{pay}: could not be asked: ")), "{}", done.out);
    assert!(
        line(&done.out, "LOGS   ", &format!("{pay}: its log buckets could not be asked for: ")),
        "{}",
        done.out
    );
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a doctor changes nothing");
}
