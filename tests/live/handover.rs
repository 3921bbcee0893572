//! What is handed over of a live case: the ticket, filed with AWS Support after consent and once; and what machines cost, by
//! today's prices where they can be had.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// The entries of a case's journal; none where nothing was called.
fn entries(stand: &Stand, case: &str) -> Vec<Value> {
    let text = fs::read_to_string(stand.path(case).join("journal.ndjson")).unwrap_or_default();
    let line = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["entry"].clone();
    text.lines().map(line).collect()
}

fn filings(stand: &Stand, since: usize) -> Vec<Value> {
    stand
        .calls(since)
        .into_iter()
        .filter(|call| call["action"] == "CreateCase" && call["status"] == 200)
        .collect()
}

#[test]
fn a_ticket_is_filed_after_consent_once_and_nothing_is_lost_where_it_is_not() {
    let Some(stand) = Stand::attacked() else { return };
    let done = stand.triage("audit", &["--case-dir", "case"]);
    assert!(matches!(done.code, Some(0 | 3)), "{}", done.err);
    let submit = |more: &[&str]| {
        let args = ["report", "case", "--support-case", "--submit", MEANT];
        stand.run(&mut stand.command(&[&args, more].concat()))
    };
    let is_whole = |out: &str| {
        assert!(
            out.contains("\nSubject: Compromised ") && out.contains("\nEVIDENCE"),
            "printed whatever comes: {out}"
        );
    };

    let mark = stand.mark();
    let dry = submit(&["--dry-run"]).exits(0);
    is_whole(&dry.out);
    assert!(dry.out.contains("TICKET PLAN") && dry.out.contains("support:CreateCase"), "{}", dry.out);
    // Nobody is there to consent.
    is_whole(&submit(&[]).exits(4).out);
    // The account's plan has no API; or it has, and the case is refused.
    for (fault, code) in [
        (
            json!({"kind": "code", "service": "support", "code": "SubscriptionRequiredException", "message": "Amazon Web Services Premium Support Subscription is required to use this service."}),
            1,
        ),
        (
            json!({"kind": "code", "service": "support", "action": "CreateCase", "code": "CaseCreationLimitExceeded", "message": "too many"}),
            1,
        ),
    ] {
        stand.faults(json!([fault]));
        let refused = submit(&["--yes"]).exits(code);
        is_whole(&refused.out);
        let said = if fault["action"].is_null() {
            ["SubscriptionRequired", "Business Support"]
        } else {
            ["CaseCreationLimitExceeded", "failed"]
        };
        assert!(said.iter().all(|part| refused.err.contains(part)), "{}", refused.err);
    }
    stand.faults(json!([]));
    assert_eq!(filings(&stand, mark), Vec::<Value>::new());

    let filed = submit(&["--yes"]).exits(0);
    is_whole(&filed.out);
    let filings_now = filings(&stand, mark);
    let [filing] = &filings_now[..] else { panic!("{filings_now:#?}") };
    let asked = &filing["asked"];
    assert_eq!(filing["account"], stand.text("/accounts/shop"));
    assert_eq!(
        (&asked["serviceCode"], &asked["categoryCode"], &asked["severityCode"]),
        (&json!("customer-account"), &json!("security"), &json!("urgent"))
    );
    let body = asked["communicationBody"].as_str().expect("a text");
    assert!(filed.out.contains(body.trim_end()) && body.chars().count() <= 8000, "{body}");
    let journal = entries(&stand, "case");
    let made = journal.iter().find_map(|entry| entry["outcome"]["outcome"]["ok"]["made"][0].as_str());
    assert!(made.is_some_and(|id| id.starts_with("case-")), "{journal:#?}");
    let seen = journal.iter().find_map(|entry| entry["verified"]["sight"]["there"]["state"]["case"].as_str());
    let seen = seen.expect("the number that the console shows").to_owned();
    assert!(filed.err.contains(&format!("Filed: {seen}")), "{}", filed.err);
    // The report tells its number.
    let told = stand.run(&mut stand.command(&["report", "case", "-v", "--allow-gaps"])).exits(0);
    assert!(told.out.contains(&seen), "{}", told.out);
    // Filing it again is once.
    let again = submit(&["--yes"]).exits(0);
    is_whole(&again.out);
    assert!(again.err.contains("it is so already"), "{}", again.err);
    assert_eq!(filings(&stand, mark).len(), 1);
    stand
        .run(&mut stand.command(&["report", "case", "--support-case", "--submit", "--test-case", MEANT]))
        .exits(2);
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
    let now = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let mark = stand.mark();
    let audit = |case: &str, more: &[&str]| {
        let args = [&["--case-dir", case, "--allow-gaps", "-o", "json"], more].concat();
        let done = stand.triage("audit", &args).exits(0);
        (serde_json::from_str::<Value>(&done.out).expect("JSON"), done.err)
    };
    let asked = |since| stand.calls(since).iter().filter(|call| call["action"] == "GetProducts").count();

    let (report, _) = audit("table", &[]);
    assert_eq!(asked(mark), 0, "no price is asked for that nobody wanted");
    let table = rates(&report, "p3.16xlarge");
    assert!(
        !table.is_empty() && table.values().all(|cost| cost["kind"] != "live_price" && cost["as_of"] != *now),
        "{table:#?}"
    );

    let (report, err) = audit("live", &["--live-prices"]);
    assert!(asked(mark) > 0);
    let live = rates(&report, "p3.16xlarge");
    // Also where the table has no price.
    assert!(table.keys().all(|id| live.contains_key(id)) && live.len() > table.len());
    for cost in live.values() {
        assert_eq!(cost["as_of"], now, "{cost}");
        assert!(
            cost["kind"] == "live_price" || cost["kind"] == "upper_bound" || cost["kind"] == "lower_bound",
            "{cost}"
        );
        assert!(!cost["notes"].to_string().contains("no price"), "{cost}");
    }
    assert!(
        live.values().any(|cost| cost["per_hour"].as_f64().is_some_and(|rate| (25.1..25.5).contains(&rate))),
        "{live:#?}"
    );
    // A type that the price list has not: the table's, with its own month.
    let other = rates(&report, "g5.12xlarge");
    assert!(
        !other.is_empty() && other.values().all(|cost| cost["kind"] != "live_price" && cost["as_of"] != *now),
        "{other:#?}"
    );
    assert!(!err.contains("Today's prices"), "{err}");

    stand.faults(json!([{"kind": "denied", "service": "pricing"}]));
    let (report, err) = audit("denied", &["--live-prices"]);
    assert!(
        err.contains("Today's prices could not all be asked for") && err.contains("pricing:GetProducts"),
        "{err}"
    );
    let fallen = rates(&report, "p3.16xlarge");
    assert!(fallen.keys().eq(table.keys()));
    for (id, cost) in &fallen {
        for field in ["kind", "as_of", "basis", "per_hour"] {
            assert_eq!(cost[field], table[id][field], "{field} of {id}");
        }
    }
}
