//! Wave 1 for principals of every kind: a user who holds one of everything, a role, root, each in one plan and with a way back; the
//! organization's policy first where it is wanted, nothing detached and nothing deleted.

use crate::revoke::{dead, denied, fine};
use crate::stand::{Done, MEANT, Stand};
use serde_json::{Value, json};

struct Waves {
    stand: Stand,
}

impl Waves {
    /// Wave 1 alone.
    #[track_caller]
    fn revoke(&self, principal: &str, case: &str, more: &[&str]) -> Done {
        let accounts = self.stand.list("accounts").join(",");
        let args = [
            "revoke",
            "--principal",
            principal,
            "--own-only",
            "--accounts",
            &accounts,
            "--regions",
            "us-east-1",
            MEANT,
            "--case-dir",
            case,
        ];
        self.stand.run(&mut self.stand.command(&[&args, more].concat()))
    }

    /// Takes a case back when all of it is safe.
    #[track_caller]
    fn undo(&self, case: &str) {
        self.stand.age(case);
        let args = ["undo", case, "--yes", MEANT, "--rearm-leaked-key"];
        self.stand.run(&mut self.stand.command(&args)).exits(0);
    }

    /// What was called since then that changed something, without place.
    fn called(&self, since: usize) -> Vec<String> {
        let calls = self.stand.changes(since);
        calls.iter().filter_map(|call| Some(call.rsplit_once(' ')?.1.to_owned())).collect()
    }
}

/// Containment takes nothing away: what is deleted or detached is evidence, and may let somebody in again.
#[track_caller]
fn takes_nothing_away(called: &[String]) {
    let takes =
        |call: &&String| call.contains(":Delete") || call.contains(":Detach") || call.contains(":Remove");
    assert_eq!(called.iter().filter(takes).collect::<Vec<_>>(), Vec::<&String>::new(), "{called:?}");
}

/// Without passwords, which nobody can give back.
fn but_passwords(state: &Value, shop: &str) -> Value {
    let mut state = state.clone();
    *state.pointer_mut(&format!("/{shop}/iam/users/ci-runner/login")).expect("a password") = Value::Null;
    state
}

#[test]
fn a_user_a_role_and_a_root_lose_all_that_is_theirs_and_nothing_is_deleted() {
    let Some(stand) = Stand::attacked() else { return };
    let held = stand.add("held");
    let waves = Waves { stand };
    let stand = &waves.stand;
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let (before, holdings) = (stand.state(), stand.add("holdings"));

    // The user that leaked: everything of it, the organization's policy before all else.
    let mark = stand.mark();
    waves.revoke(stand.leaked(), "user", &["--yes", "--scp"]).exits(0);
    let called = waves.called(mark);
    assert!(
        called[0] == "organizations:CreatePolicy" && called[1] == "organizations:AttachPolicy",
        "{called:?}"
    );
    takes_nothing_away(&called);
    let (state, now) = (stand.state(), stand.add("holdings"));
    let name = format!("TriageDeny-{shop}");
    assert_eq!(state[stand.text("/accounts/management")]["policies"][&name], json!([shop]));
    let id = |name: &str| held[name].as_str().expect("an id");
    assert_eq!(now["ssh"][id("ssh")], "Inactive");
    assert_eq!(now["certificates"][id("certificate")], "Inactive");
    let user = &state[shop]["iam"]["users"]["ci-runner"];
    assert!(user["keys"].as_object().expect("keys").values().all(|status| status == "Inactive"), "{user}");
    assert_eq!(user["login"], true, "the password is reset");
    assert_eq!(
        user["attached"], before[shop]["iam"]["users"]["ci-runner"]["attached"],
        "what AWS attached for the leak stays, and so does all else"
    );
    assert!(user["attached"].to_string().contains("AWSCompromisedKeyQuarantineV3"), "{user}");
    let plan = stand.read_json("user/plan-revoke.json");
    assert!(plan["withheld"].to_string().contains("AWS put its own quarantine"), "{}", plan["withheld"]);
    let tried = stand.tries(&["leaked", "second", "token", "alice"]);
    assert_eq!((&tried["leaked"], &tried["second"], &tried["token"]), (&dead(), &dead(), &denied()));
    assert_eq!(tried["alice"], fine());
    let mark = stand.mark();
    waves.revoke(stand.leaked(), "again", &["--yes", "--scp"]).exits(0);
    assert_eq!(waves.called(mark), Vec::<String>::new(), "a second run has nothing to do");
    waves.undo("user");
    assert_eq!(but_passwords(&stand.state(), shop), but_passwords(&before, shop), "as it was");
    assert_eq!(stand.add("holdings"), holdings, "as it was");

    // A role that is asked about itself: its sessions of now; denied whole on request.
    let before = stand.state();
    let role = format!("arn:aws:iam::{shop}:role/build");
    let mark = stand.mark();
    waves.revoke(&role, "role", &["--yes"]).exits(0);
    takes_nothing_away(&waves.called(mark));
    let tried = stand.tries(&["build", "owner_build", "alice"]);
    assert_eq!((&tried["build"], &tried["owner_build"], &tried["alice"]), (&denied(), &denied(), &fine()));
    stand.door("clock", json!({"ahead": 600}));
    assert_eq!(stand.becomes("alice", shop, "build", "alice"), fine(), "sessions from now on");
    waves.revoke(&role, "whole", &["--yes", "--deny-role"]).exits(0);
    assert_eq!(stand.becomes("alice", shop, "build", "alice"), denied(), "denied whole, as asked");
    waves.undo("whole");
    waves.undo("role");
    assert_eq!(stand.state(), before, "as it was");

    // Root of a member: the organization's policy alone holds it, and the rest is said.
    let root = format!("arn:aws:iam::{data}:root");
    let done = waves.revoke(&root, "root", &["--yes"]).exits(0);
    assert_eq!(
        stand.state()[stand.text("/accounts/management")]["policies"][format!("TriageDeny-{data}")],
        json!([data])
    );
    assert!(done.out.contains("IAMDeleteRootUserCredentials"), "{}", done.out);
    waves.undo("root");
    assert_eq!(stand.state(), before, "as it was");
}
