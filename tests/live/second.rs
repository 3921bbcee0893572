//! A second opinion on revocation, from ministack: its IAM checks signatures, keys, policies and their conditions by itself, and
//! was written by neither us nor moto.

use crate::audit::gaps;
use crate::revoke::{dead, denied, fine};
use crate::stand::{MEANT, Stand, script};
use serde_json::{Value, json};

/// What ministack knows nothing of: said, and nothing else is.
const LACKS: [&str; 6] = [
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeSpotFleetRequests",
    "SSH keys",
    "signing certificates",
    "credentials of single services",
    "the console password",
];

#[track_caller]
fn is_revoked(stand: &Stand) {
    let tried = stand.tries(&["leaked", "token", "build", "alice", "owner_build"]);
    assert_eq!(tried["leaked"], dead());
    assert_eq!(tried["token"], denied(), "a session of the user");
    assert_eq!(tried["build"], denied(), "a session of a role");
    assert_eq!(tried["alice"], fine());
    assert_eq!(tried["owner_build"], fine(), "the owners' session of the same role");
    let account = stand.text("/accounts/shop");
    assert_eq!(
        stand.becomes("alice", account, "build", "release"),
        fine(),
        "a session that is opened afterwards"
    );
}

/// The documents by themselves: that they do what we think, told by somebody else's IAM.
#[test]
fn the_documents_are_enforced_as_we_think() {
    let Some(stand) = Stand::second() else { return };
    let tried = stand.tries(&["leaked", "token", "build"]);
    assert!(tried.as_object().expect("a map").values().all(|each| *each == fine()), "{tried}");
    script(stand.python, &["second.py", &stand.url, "--by-hand"], &stand.world);
    is_revoked(&stand);
}

#[test]
fn what_the_program_revokes_is_refused() {
    let Some(stand) = Stand::second() else { return };
    let done = stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case", "-o", "json"]).exits(3);
    let told: Vec<String> = gaps(&done.json()).iter().map(|gap| gap.to_string()).collect();
    let is_known = |gap: &&String| !LACKS.iter().any(|lacks| gap.contains(lacks));
    assert_eq!(told.iter().filter(is_known).collect::<Vec<_>>(), Vec::<&String>::new());
    is_revoked(&stand);
    let mark = stand.mark();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "again"]).exits(3);
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    let reads: Vec<Value> =
        stand.calls(mark).into_iter().filter(|call| call["error"] == json!("AccessDenied")).collect();
    assert_eq!(reads, Vec::<Value>::new());
}
