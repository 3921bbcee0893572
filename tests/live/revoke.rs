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
fn every_credential_of_the_chain_is_refused_and_later_sessions_work() {
    let Some(stand) = Stand::attacked() else { return };
    for (name, tried) in stand.tries(&THIEF).as_object().expect("a map") {
        assert_eq!(tried, &fine(), "{name} works before");
    }
    let before = stand.state();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).exits(0);
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
    assert_eq!(
        trust["Statement"][0]["Principal"],
        json!({"Service": "glue.amazonaws.com"}),
        "the trust policy that stood before"
    );
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
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "again"]).exits(0);
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    assert!(
        [4, 5].contains(&undone.code.unwrap_or(-1)),
        "it would let stolen sessions in: {:?} {}",
        undone.code,
        undone.err
    );
    let still = stand.tries(&THIEF);
    for name in ["leaked", "token", "federated", "build", "deploy", "billing"] {
        assert_ne!(still[name], fine(), "{name} after the undo: {}", undone.err);
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
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).exits(0);
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
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).exits(0);
    is_locked_out(&stand);
}
