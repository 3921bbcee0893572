//! One of every kind that moto keeps, made by the thief, and in another region one of the owners' under the same name: held, given
//! back, ended. And what signs in besides access keys.
//!
//! What moto does not keep, or not as AWS does, is held against AWS's own descriptions and a memory of ours (`powers.rs`,
//! `effects.py`): Lightsail, App Runner, Cloud Control, Roles Anywhere; minimum and jobs of Batch, jobs of SageMaker, runs, sessions and developer
//! endpoints of Glue, builds, sizes of fleets, access entries, associations, sessions, commands and windows of Systems Manager.

use crate::revoke::{dead, denied, fine};
use crate::stand::{MEANT, Stand, script};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Asserts that what AWS hides by default was asked for on the wire, whoever asked for these things: by each of these calls, and
/// that each was made.
#[track_caller]
pub fn hidden_are_asked_for(stand: &Stand, since: usize, calls: &[&str]) {
    let own = stand.text("/keys/responder/AccessKeyId");
    let mut met = BTreeSet::new();
    for call in stand.calls(since) {
        let action = call["action"].as_str().unwrap_or_default().to_owned();
        let is_ours =
            call["key"] == *own || call["agent"].as_str().is_some_and(|agent| agent.contains("triage"));
        if is_ours && calls.contains(&&*action) {
            assert_eq!(call["managed"], "true", "{call}");
            met.insert(action);
        }
    }
    assert_eq!(met, calls.iter().map(|call| (*call).to_owned()).collect(), "each was asked");
}

/// The differences of two looks, by kind.
fn changed(before: &Value, after: &Value) -> Vec<(String, Value)> {
    let before = before.as_object().expect("kinds");
    let now = |kind: &str| after.get(kind).cloned().unwrap_or(Value::Null);
    let all = before.iter().filter(|(kind, was)| now(kind) != **was);
    all.map(|(kind, _)| (kind.clone(), now(kind))).collect()
}

#[test]
fn one_of_each_kind_is_held_given_back_and_ended_and_its_namesake_stands() {
    let Some(stand) = Stand::small("kinds") else { return };
    let before = stand.kinds();
    let mark = stand.mark();

    // Something more is launched when a sweep has found nothing new: the next one sees it.
    let launch = json!({
        "url": stand.url, "keys": stand.world["keys"]["leaked"], "service": "ec2", "region": "us-east-1", "call": "run_instances",
        "with": {"ImageId": "ami-0fedcba9876543210", "InstanceType": "p3.2xlarge", "MinCount": 1, "MaxCount": 1}
    });
    let mut late = String::new();
    let mut contain = stand.whole("contain", &["--yes", MEANT, "--pause", "3", "--case-dir", "case"]);
    stand
        .run_until(&mut contain, "Sweep 2 done", || {
            let made = stand.door("act", launch);
            late = made["Instances"][0]["InstanceId"].as_str().expect("an id").to_owned();
        })
        .goes_through();
    let after = stand.kinds();
    assert_eq!(after["machines"][&late], "stopped", "what came after the first quiet sweep: {late}");
    let held: Vec<(String, Value)> = [
        ("door", json!([])),
        ("emr", json!(["WAITING", {"CORE": 1, "MASTER": 1, "TASK": 0}])),
        ("endpoint", Value::Null),
        ("environment", json!(["DISABLED", 0])),
        ("execution", json!("ABORTED")),
        ("fleet", json!("deleted_running")),
        ("nodegroup", json!({"minSize": 0, "maxSize": 3, "desiredSize": 0})),
        ("notebook", json!("Stopped")),
        ("queue", json!("DISABLED")),
        ("rule", json!("DISABLED")),
        ("schedule", json!("DISABLED")),
        // moto forgets what is cancelled. Its machine is gone; the one whose machine was stopped launches no more while that is there.
        ("spot_fleet", json!(["cancelled_running", 2])),
        ("spot_left", Value::Null),
        ("spot_machine", json!("stopped")),
        ("task", json!("STOPPED")),
        ("trigger", json!("DEACTIVATED")),
    ]
    .map(|(kind, now)| (kind.to_owned(), now))
    .into();
    assert_eq!(changed(&before["thiefs"], &after["thiefs"]), held);
    assert_eq!(after["owners"], before["owners"], "the owners' of the same names");
    // Out of the owners' group before it is stopped, so that the group neither ends it nor launches another.
    assert_eq!(
        after["group"],
        json!({"sizes": [1, 2, 9], "joined": ["Standby", "stopped"], "others": before["group"]["others"]})
    );
    let hidden =
        ["DescribeInstances", "DescribeVolumes", "DescribeNetworkInterfaces", "DescribeLaunchTemplates"];
    hidden_are_asked_for(&stand, mark, &[&hidden[..], &["DescribeAutoScalingGroups"]].concat());

    // What has no way back stays as it is, and what can't be taken back is told; all else is as it was.
    stand.faults(json!([{"kind": "code", "action": "RedriveExecution", "code": "ExecutionLimitExceeded"}]));
    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(5);
    assert!(undone.err.contains("states:RedriveExecution"), "{}", undone.err);
    let back = stand.kinds();
    let gone: BTreeSet<String> =
        ["execution", "fleet", "spot_fleet", "spot_left", "task"].map(str::to_owned).into();
    let differs: BTreeSet<String> =
        changed(&before["thiefs"], &back["thiefs"]).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(differs, gone, "{}", undone.err);
    assert_eq!((&back["owners"], &back["group"]), (&before["owners"], &before["group"]));

    let mark = stand.mark();
    stand
        .triage("contain", &["--yes", "--destroy", MEANT, "--pause", "0", "--case-dir", "end"])
        .goes_through();
    let end = stand.kinds();
    let ended = &end["thiefs"];
    for kind in ["address", "endpoint", "face", "identity", "machine", "notebook", "template", "volume"] {
        assert_eq!(ended[kind], Value::Null, "{kind}: {ended:#}");
    }
    assert_eq!(ended["profile"], json!([]));
    assert_eq!(ended["emr"][0], "TERMINATED");
    assert_eq!(ended["stack"], "DELETE_COMPLETE");
    assert_eq!((&ended["spot_runs"], &ended["spot_machine"]), (&Value::Null, &json!("terminated")));
    assert_eq!(end["owners"], before["owners"], "the owners' of the same names");
    assert_eq!(end["group"]["others"], before["group"]["others"]);
    // The request before its machine, or it would start another; and its disks before both end.
    let (calls, machine) = (stand.calls(mark), stand.text("/thiefs/spot_machine"));
    let at = |action: &str, id: &str| {
        let of = |call: &&Value| call["action"] == action && call["asked"].to_string().contains(id);
        calls.iter().find(of).unwrap_or_else(|| panic!("{action} {id}"))["n"].as_u64().expect("a number")
    };
    let cancelled = at("CancelSpotInstanceRequests", stand.text("/thiefs/spot_runs"));
    assert!(cancelled < at("TerminateInstances", machine));
    assert!(at("CreateSnapshot", machine) < at("TerminateInstances", machine));
}

/// Everything of IAM as moto shows it.
fn signed(stand: &Stand) -> Value {
    let seen = script(stand.python, &["kinds.py", &stand.url, "signed"], &stand.world);
    serde_json::from_str(&seen).expect("JSON")
}

#[test]
fn all_that_signs_in_as_a_user_is_off_and_the_quarantine_stays_on_it() {
    let Some(stand) = Stand::small("signs") else { return };
    let (before, was) = (signed(&stand), stand.state());
    let quarantine = "AWSCompromisedKeyQuarantineV3";
    assert_eq!(before["ci-runner"]["ssh"], json!(["Active"]));
    // No deny fits beside what the thief wrote into its own role: it takes that policy's place.
    let full = |action: &str| {
        json!({"kind": "code", "service": "iam", "action": action, "code": "LimitExceeded", "status": 409, "contains": "helper",
               "message": "a quota is exhausted"})
    };
    let mut beside = full("PutRolePolicy");
    beside["unless"] = json!("PolicyName=padding");
    stand.faults(json!([full("AttachRolePolicy"), full("PutRolePermissionsBoundary"), beside]));
    let done = stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case", "-v"]).goes_through();
    let met = stand.faults(json!([]));
    assert!(met.as_array().expect("a list").iter().all(|fault| fault["hit"].is_number()), "{met}");

    let after = signed(&stand);
    assert_eq!(
        after["ci-runner"],
        json!({"ssh": ["Inactive"], "certificates": ["Inactive"], "attached": before["ci-runner"]["attached"]})
    );
    assert!(after["ci-runner"]["attached"].to_string().contains(quarantine), "{after}");
    assert_eq!(after["alice"], before["alice"]);
    assert!(done.out.contains(quarantine) && done.out.contains("It stays"), "{}", done.out);
    let deny =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
    let account = stand.text("/accounts/house");
    let inline = |state: &Value| state[account]["iam"]["roles"]["helper"]["inline"].clone();
    assert_eq!(inline(&was), json!({"padding": stand.world["padding"]}));
    assert_eq!(inline(&stand.state()), json!({"padding": deny}));
    let tried = stand.tries(&["leaked", "ops", "helper", "owner_ops", "alice"]);
    assert_eq!(tried["leaked"], dead());
    for thiefs in ["ops", "helper"] {
        assert_eq!(tried[thiefs], denied(), "{thiefs}");
    }
    for owners in ["owner_ops", "alice"] {
        assert_eq!(tried[owners], fine(), "{owners}");
    }

    stand.age("case");
    stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT, "--rearm-leaked-key"])).exits(0);
    assert_eq!((signed(&stand), stand.state()), (before, was), "as it was");
}

#[test]
fn a_role_that_is_asked_about_loses_its_sessions_and_whole_where_that_is_asked_for() {
    let Some(stand) = Stand::small("signs") else { return };
    let account = stand.text("/accounts/house");
    let role = format!("arn:aws:iam::{account}:role/ops");
    let revoke = |more: &[&str]| {
        let mut command = stand.command(&["revoke", "--principal", &role, "--accounts", account]);
        stand
            .run(command.args(["--regions", "us-east-1,eu-west-1", "--yes", MEANT]).args(more))
            .goes_through()
    };
    let was = stand.state();
    let done = revoke(&["--case-dir", "case"]);
    // Whoever holds one: those of now end, and the owners take the role again.
    let tried = stand.tries(&["ops", "owner_ops", "alice"]);
    assert_eq!((&tried["ops"], &tried["owner_ops"], &tried["alice"]), (&denied(), &denied(), &fine()));
    assert!(done.out.contains("Its sessions last up to 60 min"), "{}", done.out);
    stand.door("clock", json!({"ahead": 600}));
    assert_eq!(stand.becomes("alice", account, "ops", "again"), fine());
    let trust = |state: &Value| state[account]["iam"]["roles"]["ops"]["trust"].clone();
    assert_eq!(trust(&stand.state()), trust(&was), "nobody's way into it was changed");

    let done = revoke(&["--deny-role", "--case-dir", "whole"]);
    assert!(done.out.contains("CUTS OFF everybody"), "{}", done.out);
    stand.door("clock", json!({"ahead": 600}));
    assert_eq!(stand.becomes("alice", account, "ops", "later"), denied(), "denied whole");
    for case in ["whole", "case"] {
        stand.age(case);
        stand.run(&mut stand.command(&["undo", case, "--yes", MEANT])).exits(0);
    }
    assert_eq!(stand.state(), was, "as it was");
}

#[test]
fn the_organization_goes_first_where_that_is_asked_for_and_is_taken_back() {
    let Some(stand) = Stand::attacked() else { return };
    stand.add("policies");
    let (shop, management) = (stand.text("/accounts/shop"), stand.text("/accounts/management"));
    let was = stand.state();
    let mark = stand.mark();
    stand.triage("revoke", &["--yes", "--scp", MEANT, "--own-only", "--case-dir", "case"]).goes_through();
    let changes: Vec<String> =
        stand.changes(mark).into_iter().filter(|call| !call.contains("AssumeRole")).collect();
    let at = |words: &str| changes.iter().position(|call| call.contains(words)).unwrap_or(usize::MAX);
    assert!(at("organizations:AttachPolicy") < at("iam:"), "before anything in the account: {changes:?}");
    let policies = |state: &Value| state[management]["policies"].as_object().expect("policies").clone();
    let ours: Vec<(String, Value)> =
        policies(&stand.state()).into_iter().filter(|(name, _)| !policies(&was).contains_key(name)).collect();
    assert_eq!(ours, [(format!("TriageDeny-{shop}"), json!([shop]))]);
    // It holds by itself: the session goes before any policy of the account is looked at, and nobody there can take it off.
    let denying: Vec<Value> = stand
        .calls(mark)
        .into_iter()
        .filter(|call| call["service"] == "organizations" && call["action"] == "CreatePolicy")
        .collect();
    let content = denying[0]["asked"]["Content"].as_str().expect("a document");
    assert!(content.contains(":user/build/ci-runner") && content.contains("aws:PrincipalArn"), "{content}");
    assert_eq!(stand.tries(&["token"])["token"], denied());
    assert_eq!(stand.tries(&["alice"])["alice"], fine());

    // Root of a member account, which no policy in it holds for.
    let root = format!("arn:aws:iam::{shop}:root");
    let mark = stand.mark();
    let mut command = stand.command(&["revoke", "--principal", &root, "--accounts", shop, "--own-only"]);
    let done = stand
        .run(command.args(["--regions", "us-east-1", "--yes", MEANT, "--case-dir", "root"]))
        .goes_through();
    assert!(done.out.contains("its keys and password stay until they are deleted"), "{}", done.out);
    let content: Vec<String> = stand
        .calls(mark)
        .iter()
        .filter_map(|call| Some(call["asked"]["Content"].as_str()?.to_owned()))
        .collect();
    assert!(
        content.last().is_some_and(|text| text.contains(&root) && text.contains("ci-runner")),
        "{content:?}"
    );

    for case in ["root", "case"] {
        stand.age(case);
        stand.run(&mut stand.command(&["undo", case, "--yes", MEANT, "--rearm-leaked-key"])).exits(0);
    }
    assert_eq!(stand.state(), was, "as it was");
}
