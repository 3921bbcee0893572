//! After `revoke` nothing of the thief's works, whoever asks, and everything of the owners' does.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const THIEF: [&str; 7] = ["leaked", "token", "federated", "build", "deploy", "billing", "backdoor"];
const OWNERS: [&str; 4] = ["alice", "owner_build", "owner_data", "owner_management"];

pub fn fine() -> Value {
    json!({"iam": "ok", "sts": "ok", "ec2": "ok", "ecs": "ok", "lambda": "ok", "s3": "ok"})
}

/// What every protocol says to a key that is switched off.
pub fn dead() -> Value {
    json!({"iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId", "ec2": "AuthFailure", "ecs": "UnrecognizedClientException",
           "lambda": "UnrecognizedClientException", "s3": "InvalidAccessKeyId"})
}

/// What every protocol says to a session that a policy denies.
pub fn denied() -> Value {
    json!({"iam": "AccessDenied", "sts": "AccessDenied", "ec2": "UnauthorizedOperation", "ecs": "AccessDeniedException",
           "lambda": "AccessDeniedException", "s3": "AccessDenied"})
}

#[track_caller]
pub fn is_locked_out(stand: &Stand) {
    let tried = stand.tries(&THIEF);
    for name in THIEF {
        let wants = if ["leaked", "backdoor"].contains(&name) { dead() } else { denied() };
        assert_eq!(tried[name], wants, "{name}");
    }
}

#[test]
fn every_credential_of_the_chain_is_refused_and_later_sessions_work() {
    let Some(stand) = Stand::attacked() else { return };
    for (name, tried) in stand.tries(&THIEF).as_object().expect("a map") {
        assert_eq!(tried, &fine(), "{name} works before");
    }
    let before = stand.state();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    is_locked_out(&stand);
    assert_eq!(stand.tries(&["second"])["second"], dead(), "the other key of the user");
    for (name, tried) in stand.tries(&OWNERS).as_object().expect("a map") {
        assert_eq!(tried, &fine(), "{name} is none of the thief's");
    }

    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let state = stand.state();
    let users = &state[shop]["iam"]["users"];
    let statuses =
        |user: &str| users[user]["keys"].as_object().expect("keys").values().cloned().collect::<Vec<_>>();
    assert_eq!(statuses("ci-runner"), ["Inactive", "Inactive"]);
    assert_eq!(statuses("backup-svc"), ["Inactive"]);
    assert_eq!(statuses("alice"), ["Active"]);
    assert_eq!(
        users["backup-svc"]["specific"].as_object().expect("made").values().collect::<Vec<_>>(),
        ["Inactive"]
    );
    assert_eq!(users["backup-svc"]["login"], true, "the password is reset");
    let trust = &state[shop]["iam"]["roles"]["data-pipeline"]["trust"];
    assert_eq!(trust, &was_trusted(), "the trust policy that stood before");
    for name in ["alice", "responder"] {
        for account in stand.list("accounts") {
            assert_eq!(
                state[&account]["iam"]["users"][name], before[&account]["iam"]["users"][name],
                "{name} of {account}"
            );
        }
    }

    stand.door("clock", json!({"ahead": 600}));
    assert_eq!(stand.becomes("alice", shop, "build", "alice"), fine(), "the role of the owners works again");
    assert_eq!(stand.becomes("owner_data", data, "deploy", "release"), fine());
    is_locked_out(&stand);

    let mark = stand.mark();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
}

/// Who might take the role before the thief rewrote that.
fn was_trusted() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
}

#[test]
fn what_would_let_stolen_sessions_in_again_is_taken_back_when_they_have_ended_and_not_before() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    let (revoked, mark) = (stand.state(), stand.mark());

    let undo = |more: &[&str]| stand.run(stand.command(&["undo", "case", "--yes", MEANT]).args(more));
    let refused = undo(&[]).exits(4);
    assert!(refused.err.contains("Refused") && refused.err.contains("It is safe from 2"), "{}", refused.err);
    let refused = undo(&["--rearm-leaked-key", "-o", "json"]);
    assert!(refused.out.contains("which may live until"), "{}", refused.out);
    // Keys and ways in are the operator's own word; what they give back is no session.
    let state = stand.state();
    let (shop, tried) = (stand.text("/accounts/shop"), stand.tries(&THIEF));
    assert_eq!(refused.code, Some(5), "{}", refused.err);
    assert_ne!(state, revoked, "the keys were given back, as asked");
    for name in THIEF {
        assert_eq!(tried[name], denied(), "{name} is denied all the same");
    }
    assert!(
        stand.changes(mark).iter().all(|call| !call.contains("Policy") || call.contains("AssumeRolePolicy")),
        "{:?}",
        stand.changes(mark)
    );

    stand.age("case");
    undo(&["--rearm-leaked-key"]).exits(0);
    let mut after = stand.state();
    let password = after.pointer_mut(&format!("/{shop}/iam/users/backup-svc/login")).expect("a password");
    assert_eq!(*password, json!(true), "nobody knows the password that it had");
    *password = before.pointer(&format!("/{shop}/iam/users/backup-svc/login")).expect("a password").clone();
    assert_eq!(after, before, "as it was");
    let mark = stand.mark();
    undo(&[]).exits(0);
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "nothing is left to take back");
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
        assert_eq!(done.code, Some(code), "{what} {more:?}: {}", done.err);
        assert_eq!(stand.changes(mark), Vec::<String>::new(), "{what} {more:?}");
    }
    let own = stand.text("/keys/responder/AccessKeyId").to_owned();
    stand
        .run(stand.command(&["revoke", "--principal", &own, "--yes", MEANT]).args(["--case-dir", "g"]))
        .exits(4);
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "the branch that we sit on");
    assert_eq!(stand.state(), before);
}

#[test]
fn a_thief_that_fights_back_loses() {
    let Some(stand) = Stand::attacked() else { return };
    // The deny of the backdoor is taken away within the seconds before it is enforced, reads lag, a role's policy is throttled.
    stand.door("hooks", json!([{"after": "PutUserPolicy", "user": "backup-svc", "seconds": 2}]));
    stand.door("lag", json!({"seconds": 4}));
    stand.faults(json!([{"kind": "throttle", "service": "iam", "action": "PutRolePolicy", "times": 2}]));
    let done = stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    assert!(done.err.contains("TAKEN AWAY AGAIN") && done.err.contains("is in force again"), "{}", done.err);
    stand.door("lag", json!({"seconds": 0}));
    assert_eq!(stand.door("hooks", json!([]))[0]["done"], 1, "the thief did take it away");
    is_locked_out(&stand);
    let state = stand.state();
    let user = &state[stand.text("/accounts/shop")]["iam"]["users"]["backup-svc"];
    assert!(user["inline"].is_object(), "the deny stands again: {user}");
}

#[test]
fn a_full_quota_is_no_way_to_escape() {
    let Some(stand) = Stand::attacked() else { return };
    stand.faults(json!([{"kind": "code", "service": "iam", "action": "PutUserPolicy", "code": "LimitExceeded", "status": 409,
                         "contains": "ci-runner", "message": "Maximum policy size of 2048 bytes exceeded for user ci-runner"}]));
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    is_locked_out(&stand);
}

#[test]
fn what_comes_late_and_what_is_taken_away_late_is_seen_by_whoever_watches() {
    let Some(stand) = Stand::attacked() else { return };
    // The thief goes one step further, and no log tells of it for a while.
    stand.door("late", json!({"seconds": 40}));
    let late = stand.session("build", stand.text("/accounts/data"), "deploy", "i-0late");
    stand.door("late", json!({"seconds": 0}));
    assert_eq!(stand.tries_of(&late), fine());
    // After the look at 15 s the deny of the leaked key's user is taken away.
    stand.door("hooks", json!([{"after": "PutUserPolicy", "user": "ci-runner", "seconds": 25}]));
    let config = stand.config("look_again_after = [20]\nask_again_after = [25, 50]\n");
    let more = ["--yes", "--watch", MEANT, "--config", &config, "--case-dir", "case"];
    let done = stand.triage("revoke", &more).goes_through();
    assert_eq!(stand.door("hooks", json!([]))[0]["done"], 1, "the thief did take it away");
    assert!(done.err.contains("TAKEN AWAY AGAIN") && done.err.contains("is in force again"), "{}", done.err);
    is_locked_out(&stand);
    assert_eq!(stand.tries_of(&late), denied(), "the session that came late");
}

#[test]
fn a_run_that_is_killed_is_taken_up_again_and_does_nothing_twice() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();
    let first = stand.killed(&mut stand.whole("revoke", &["--yes", MEANT, "--case-dir", "case"]), "case", 3);
    assert!(first >= 3, "it was under way: {first}");
    let again = ["--yes", MEANT, "--case", "case"];
    for lines in [first + 4, first + 15, first + 30] {
        stand.killed(&mut stand.whole("revoke", &again), "case", lines);
    }
    stand.triage("revoke", &again).goes_through();
    is_locked_out(&stand);
    let mut made = BTreeMap::new();
    for call in stand.calls(mark).iter().filter(|call| call["mutating"] == true) {
        let asked = &call["asked"];
        let what = ["UserName", "RoleName", "PolicyName", "AccessKeyId", "ServiceSpecificCredentialId"]
            .map(|name| asked[name].as_str().unwrap_or_default().to_owned());
        *made.entry((call["account"].to_string(), call["action"].to_string(), what)).or_insert(0) += 1;
    }
    let twice: Vec<_> = made.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "called more than once: {twice:?}");
    assert!(made.len() > 5, "{made:?}");
    let mark = stand.mark();
    stand.triage("revoke", &again).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "nothing is left");
}

#[test]
fn what_could_not_be_asked_in_the_first_wave_is_still_told_after_the_second() {
    let Some(stand) = Stand::attacked() else { return };
    stand.faults(json!([
        {"kind": "denied", "service": "iam", "action": "ListSSHPublicKeys", "contains": "ci-runner", "times": 1},
        {"kind": "denied", "service": "organizations", "action": "DescribeOrganization"},
    ]));
    let done = stand.triage("revoke", &["--dry-run", MEANT, "--case-dir", "case", "-o", "json"]).exits(3);
    assert_eq!(stand.faults(json!([]))[0]["hit"], 1, "the second wave could ask");
    let gaps = done.json()["gaps"].to_string();
    assert!(gaps.contains("SSH keys could not be read"), "{gaps}");
    assert!(gaps.contains("organizations:DescribeOrganization"), "{gaps}");
}
