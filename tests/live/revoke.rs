//! After `revoke` nothing of the thief's works, whoever asks, and everything of the owners' does.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};

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
fn every_credential_of_the_chain_is_refused_and_the_owners_work_on() {
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

    let shop = stand.text("/accounts/shop");
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
    for name in ["alice", "responder"] {
        for account in stand.list("accounts") {
            assert_eq!(
                state[&account]["iam"]["users"][name], before[&account]["iam"]["users"][name],
                "{name} of {account}"
            );
        }
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
    let own = stand.text("/keys/responder/AccessKeyId").to_owned();
    stand
        .run(stand.command(&["revoke", "--principal", &own, "--yes", MEANT]).args(["--case-dir", "g"]))
        .exits(4);
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "the branch that we sit on");
    assert_eq!(stand.state(), before);
}

#[test]
fn a_full_quota_is_no_way_to_escape() {
    let Some(stand) = Stand::attacked() else { return };
    stand.faults(json!([{"kind": "code", "service": "iam", "action": "PutUserPolicy", "code": "LimitExceeded", "status": 409,
                         "contains": "ci-runner", "message": "Maximum policy size of 2048 bytes exceeded for user ci-runner"}]));
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    is_locked_out(&stand);
}
