//! What the program finds by asking: exactly the thief's credentials and resources, and nobody else's.

use crate::stand::Stand;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Row = (String, String, String, String);

fn rows(list: &Value) -> BTreeSet<Row> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|row| (text(row, "kind"), text(row, "account"), text(row, "region"), text(row, "id")))
        .collect()
}

fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// Gaps that make a result incomplete.
pub fn gaps(report: &Value) -> Vec<&Value> {
    report["gaps"]
        .as_array()
        .map(|gaps| gaps.iter().filter(|gap| gap["kind"] != "blind").collect())
        .unwrap_or_default()
}

/// Every credential that the thief had or made.
pub fn credentials(stand: &Stand) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = stand.list("credentials").into_iter().collect();
    all.extend(["backup-svc".to_owned(), stand.text("/service_specific").to_owned()]);
    all
}

#[test]
fn an_audit_finds_exactly_what_the_thief_became_and_made() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();
    let done = stand.triage("audit", &["--case-dir", "case", "-o", "json"]);
    let report = done.json();

    assert_eq!(ids(&report["credentials"]), credentials(&stand));
    assert_eq!(rows(&report["resources"]), rows(&stand.world["resources"]), "made, and nothing but");
    // A trail that is stopped cuts nothing off: the event history, which was read, goes on.
    assert_eq!(gaps(&report), Vec::<&Value>::new());
    done.exits(0);
    let innocent = ids(&stand.world["innocent"]);
    for named in ["resources", "touched"] {
        let guilty = ids(&report[named]);
        assert!(guilty.is_disjoint(&innocent), "{named}: {:?}", guilty.intersection(&innocent));
    }
    let touched = ids(&report["touched"]);
    for each in stand.world["touched"].as_array().expect("a list") {
        let id = each["id"].as_str().expect("an id");
        assert!(touched.iter().any(|seen| seen.ends_with(id)), "{id} was changed: {touched:?}");
    }
    let (accounts, regions) = (stand.list("accounts"), stand.list("regions"));
    let scopes = report["coverage"]["scopes"].as_array().expect("a list");
    for (account, region) in
        accounts.iter().flat_map(|account| regions.iter().map(move |region| (account, region)))
    {
        let is_seen = scopes
            .iter()
            .any(|at| at["account"] == **account && at["region"] == **region && at["seen"] == true);
        assert!(is_seen, "{region} of {account} was asked: {scopes:?}");
    }
    for resource in report["resources"].as_array().expect("a list") {
        if resource["kind"] == "aws.ec2.instance" {
            assert_eq!(resource["state"], "running", "{resource}");
        }
    }

    assert_eq!(stand.changes(mark), Vec::<String>::new(), "an audit changes nothing");
    let throttled = stand.calls(mark).iter().filter(|call| call["error"] == "ThrottlingException").count();
    assert_eq!(throttled, 0, "two requests a second are not exceeded");
    assert!(stand.path("case/report.json").is_file() && stand.path("case/evidence").is_dir());

    // Opened again without any cloud it says the same: whose calls were ours is in the case.
    let mark = stand.mark();
    let again =
        stand.run(stand.command(&["audit", "--case", "case", "-o", "json"]).args(["--case-dir", "twin"]));
    assert_eq!(again.exits(0).json(), report);
    let twin =
        stand.run(stand.command(&["audit", "--case", "twin", "-o", "json"]).args(["--case-dir", "third"]));
    assert_eq!(twin.exits(0).json(), report);
    assert_eq!(stand.mark(), mark, "nobody was asked");
}

#[test]
fn a_session_at_the_end_of_the_chain_leads_back_to_the_key_that_leaked() {
    let Some(stand) = Stand::attacked() else { return };
    let (accounts, last) = (stand.list("accounts").join(","), stand.text("/credentials/billing").to_owned());
    let args = [
        "audit",
        "--principal",
        &last,
        "--accounts",
        &accounts,
        "--regions",
        "us-east-1,us-west-2,eu-west-1,eu-west-2",
    ];
    let done = stand.run(stand.command(&args).args(["--case-dir", "case", "-o", "json"]));
    let report = done.json();
    let chain = report["root"]["chain"].to_string();
    for name in ["leaked", "build", "deploy"] {
        let id = stand.text(&format!("/credentials/{name}"));
        assert!(chain.contains(id), "{name} {id} is not in {chain}: {}", done.err);
    }
}

#[test]
fn every_account_of_the_organization_is_asked_although_a_page_of_it_is_empty() {
    let Some(stand) = Stand::attacked() else { return };
    stand.faults(json!([{"kind": "empty_page", "list": "Accounts", "service": "organizations", "action": "ListAccounts", "times": 1}]));
    let args = [
        "audit",
        "--principal",
        stand.leaked(),
        "--org",
        "--regions",
        "us-east-1,eu-west-1,us-west-2",
        "-o",
        "json",
    ];
    let report = stand.run(stand.command(&args).args(["--case-dir", "case"])).goes_through().json();
    let asked: BTreeSet<&str> = report["coverage"]["scopes"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|scope| scope["account"].as_str())
        .collect();
    // Nothing in these regions leads into the management account, so nothing is asked there.
    for account in
        stand.list("accounts").iter().filter(|account| **account != stand.text("/accounts/management"))
    {
        assert!(asked.contains(account.as_str()), "{account} is not in {asked:?}");
    }
    assert!(
        ids(&report["credentials"]).contains(stand.text("/credentials/deploy")),
        "{}",
        report["credentials"]
    );
}
