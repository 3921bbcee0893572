//! After `revoke` nothing of the chain opens anything, the owners work on, and nothing else changed.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every way in that the thief has, as the world's tokens name them.
const THIEF: [&str; 5] = ["leaked", "deployer", "operator", "backup", "metrics"];

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// The members of a policy as `role member condition`, whatever their order.
fn granted(state: &Value, resource: &str) -> BTreeSet<String> {
    let bindings = state["policies"][resource]["bindings"].as_array().cloned().unwrap_or_default();
    let row = |binding: &Value| {
        let (role, when) = (text(binding, "role").to_owned(), binding["condition"]["expression"].to_string());
        let members = binding["members"].as_array().cloned().unwrap_or_default();
        members
            .into_iter()
            .map(move |member| format!("{role} {} {when}", member.as_str().expect("text")))
            .collect::<Vec<_>>()
    };
    bindings.iter().flat_map(row).collect()
}

#[track_caller]
fn is_locked_out(stand: &Stand) {
    for (name, code) in stand.tries(&THIEF).as_object().expect("a map") {
        assert_eq!(code, 401, "the token of {name} is refused");
    }
    let state = stand.state();
    for name in THIEF {
        let email = stand.text(&format!("/accounts/{name}"));
        assert_eq!(state["accounts"][email]["disabled"], true, "{name}");
    }
    for pointer in ["/backup_key", "/made_key"] {
        let name = stand.text(pointer).split('/').collect::<Vec<_>>();
        let key = &state["keys"][format!("{}/{}", name[3], name[5])];
        assert_eq!(key["disabled"], true, "{pointer}: {key}");
    }
    let leaked = format!("{}/{}", stand.text("/accounts/leaked"), stand.text("/key"));
    assert_eq!(state["keys"][leaked]["disabled"], true, "the leaked key is disabled, not deleted");
    assert_eq!(state["hmac"][stand.text("/hmac")]["state"], "INACTIVE");
}

/// What the thief granted is gone, and nothing else of the policies.
#[track_caller]
fn only_what_was_added_is_gone(stand: &Stand, before: &Value, after: &Value) {
    let added: Vec<(String, String)> = stand.world["bindings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            (text(row, "resource").to_owned(), format!("{} {} null", text(row, "role"), text(row, "member")))
        })
        .chain([(
            "buckets/shop-assets-4821".to_owned(),
            "roles/storage.objectViewer allUsers null".to_owned(),
        )])
        .collect();
    let resources: BTreeSet<&String> = [before, after]
        .iter()
        .flat_map(|state| state["policies"].as_object().expect("a map").keys())
        .collect();
    for resource in resources {
        let (was, is) = (granted(before, resource), granted(after, resource));
        let gone: BTreeSet<String> =
            added.iter().filter(|(of, _)| of == resource).map(|(_, row)| row.clone()).collect();
        assert!(gone.is_subset(&was), "{resource}: {gone:?} stood before in {was:#?}");
        assert_eq!(is, &was - &gone, "{resource}");
        assert_eq!(
            before["policies"][resource]["auditConfigs"], after["policies"][resource]["auditConfigs"],
            "{resource}"
        );
    }
}

#[test]
fn every_link_of_the_chain_is_refused_and_nothing_else_changed() {
    let Some(stand) = Stand::attacked() else { return };
    for (name, code) in stand.tries(&THIEF).as_object().expect("a map") {
        assert_eq!(code, 200, "{name} works before");
    }
    let before = stand.state();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    is_locked_out(&stand);
    let after = stand.state();
    only_what_was_added_is_gone(&stand, &before, &after);
    let thiefs: BTreeSet<&str> = THIEF.iter().map(|name| stand.text(&format!("/accounts/{name}"))).collect();
    for (email, account) in before["accounts"].as_object().expect("a map") {
        if !thiefs.contains(email.as_str()) {
            assert_eq!(&after["accounts"][email], account, "{email} is none of the thief's");
        }
    }
    for part in ["compute", "projects", "folders", "liens", "roles"] {
        assert_eq!(after[part], before[part], "{part}");
    }

    let mark = stand.mark();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
}

#[test]
fn undo_gives_no_thief_a_live_session_back() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    let done = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    // What is safe is taken back; what is not is withheld, with the time from which it is.
    assert_eq!(done.code, Some(5), "{}", done.err);
    assert!(done.err.contains("It is safe from "), "{}", done.err);
    let leaked = format!("{}/{}", stand.text("/accounts/leaked"), stand.text("/key"));
    assert_eq!(stand.state()["keys"][leaked]["disabled"], true, "a key that leaked is not given back");
    for (name, code) in stand.tries(&THIEF).as_object().expect("a map") {
        assert_eq!(code, 401, "the token of {name} stays refused: {}", done.err);
    }
    // What gives nobody a session back is given back.
    let after = stand.state();
    for row in stand.world["bindings"].as_array().expect("a list") {
        let resource = text(row, "resource");
        assert_eq!(granted(&after, resource), granted(&before, resource), "{resource}: {}", done.err);
    }
}

#[test]
fn nothing_is_changed_without_consent() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    let mark = stand.mark();
    for (what, more, code) in [
        ("revoke", vec![MEANT, "--case-dir", "a"], 4),
        ("revoke", vec!["--yes", "--case-dir", "b"], 4),
        ("revoke", vec!["--dry-run", MEANT, "--case-dir", "c"], 0),
        ("contain", vec![MEANT, "--case-dir", "d"], 4),
        ("contain", vec!["--yes", "--case-dir", "e"], 4),
        ("contain", vec!["--dry-run", MEANT, "--case-dir", "f"], 0),
    ] {
        let done = stand.triage(what, &more);
        let code = if code == 0 && done.code == Some(3) { 3 } else { code };
        assert_eq!(done.code, Some(code), "{what} {more:?}: {}", done.err);
        assert_eq!(stand.changes(mark), Vec::<String>::new(), "{what} {more:?}");
    }
    assert_eq!(stand.state(), before);
}

#[test]
fn nobody_works_with_the_leaked_identity() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();
    for what in ["audit", "revoke"] {
        let key = stand.path("leaked.json");
        let args = [what, "--key-file", key.to_str().expect("UTF-8"), "--organization", stand.organization()];
        let mut command = stand.command(&args);
        if what == "revoke" {
            command.args(["--yes", MEANT]);
        }
        stand.run(command.env("GOOGLE_APPLICATION_CREDENTIALS", &key)).exits(4);
    }
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "the branch that we sit on");
}

#[test]
fn a_policy_that_others_change_at_the_same_time_is_read_again() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.faults(json!([{"kind": "etag", "project": stand.text("/projects/data"), "times": 1}]));
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    assert_eq!(stand.faults(json!([]))[0]["hit"], 1, "it was met");
    is_locked_out(&stand);
    only_what_was_added_is_gone(&stand, &before, &stand.state());
}
