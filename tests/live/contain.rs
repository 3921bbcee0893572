//! After `contain` nothing that the thief launched runs, everything else stands as it stood, and there is a way back.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};

/// Where the state may differ after `contain`: what the thief made, and what it changed.
fn allowed(stand: &Stand) -> Vec<String> {
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let mut paths = vec![
        format!("/{data}/us-west-2/scaling/workers"),
        format!("/{shop}/eu-west-1/functions/helper"),
        format!("/{data}/us-east-1/ecs"),
        format!("/{shop}/us-east-1/trails/house"),
        format!("/{shop}/us-east-1/pairs/keys"),
        format!("/{shop}/iam/users/backup-svc"),
        format!("/{shop}/iam/roles/data-pipeline"),
    ];
    for made in stand.world["resources"].as_array().expect("a list") {
        let (account, region, id) = (made["account"].as_str(), made["region"].as_str(), made["id"].as_str());
        let place = format!("/{}/{}", account.expect("an account"), region.expect("a region"));
        let id = id.expect("an id");
        match made["kind"].as_str() {
            Some("aws.ec2.instance") => paths.push(format!("{place}/instances/{id}")),
            Some("aws.ec2.snapshot") => paths.push(format!("{place}/snapshots/{id}")),
            _ => {}
        }
    }
    for changed in stand.world["touched"].as_array().expect("a list") {
        if changed["kind"] == "aws.ec2.security_group" {
            paths.push(format!("/{shop}/us-east-1/rules/{}", changed["id"].as_str().expect("an id")));
        }
    }
    paths
}

/// The same state without what may differ.
fn without(state: &Value, paths: &[String]) -> Value {
    let mut state = state.clone();
    for path in paths {
        if let Some(at) = state.pointer_mut(path) {
            *at = Value::Null;
        }
    }
    state
}

/// Key pairs that are not there any more.
fn lost_pairs(before: &Value, after: &Value, place: &str) -> Vec<Value> {
    let keys =
        |state: &Value| state.pointer(&format!("{place}/pairs/keys")).and_then(Value::as_array).cloned();
    let after = keys(after).unwrap_or_default();
    keys(before).unwrap_or_default().into_iter().filter(|key| !after.contains(key)).collect()
}

#[track_caller]
fn is_contained(stand: &Stand, state: &Value, but: &[&str]) {
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    for made in stand.world["resources"].as_array().expect("a list") {
        let (place, id) = (
            &state[made["account"].as_str().expect("text")][made["region"].as_str().expect("text")],
            made["id"].as_str().expect("text"),
        );
        let is = match made["kind"].as_str().expect("text") {
            "aws.ec2.instance" if made["by"] != "workers" => &place["instances"][id]["state"],
            "aws.ec2.snapshot" => &place["snapshots"][id],
            "aws.ecs.service" => &place["ecs"][id]["desired"],
            _ => continue,
        };
        let want = match made["kind"].as_str() {
            Some("aws.ec2.instance") => json!(if but.contains(&id) { "running" } else { "stopped" }),
            Some("aws.ec2.snapshot") => json!([]),
            _ => json!(0),
        };
        assert_eq!(is, &want, "{made}");
    }
    let workers = &state[data]["us-west-2"]["scaling"]["workers"];
    // Suspended and its members stopped: emptying it would terminate them, which is no reversible rung.
    assert_eq!(workers["alive"], 0, "{workers}");
    let suspended = workers["suspended"].as_array().expect("a list");
    assert!(suspended.contains(&json!("Launch")) && !suspended.contains(&json!("Terminate")), "{workers}");
    assert_eq!(state[shop]["eu-west-1"]["functions"]["helper"]["concurrency"], 0);
    assert_eq!(state[shop]["us-east-1"]["trails"]["house"], true, "the trail records again");
    let group = stand.world["touched"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["kind"] == "aws.ec2.security_group")
        .expect("one");
    let rules = &state[shop]["us-east-1"]["rules"][group["id"].as_str().expect("text")]["in"];
    assert!(!rules.to_string().contains("0.0.0.0/0"), "the group is shut again: {rules}");
}

#[test]
fn what_was_launched_is_stopped_innocents_are_untouched_and_undo_brings_it_all_back() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).goes_through();
    let after = stand.state();
    is_contained(&stand, &after, &[]);
    let lost = lost_pairs(&before, &after, &format!("/{}/us-east-1", stand.text("/accounts/shop")));
    assert!(lost.iter().all(|key| key == "backup"), "no key pair but the thief's: {lost:?}");
    let paths = allowed(&stand);
    assert_eq!(without(&after, &paths), without(&before, &paths), "innocents");

    let mark = stand.mark();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    assert_eq!(stand.state(), after);

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    assert_eq!(stand.state(), before, "as it was: {}", undone.err);
}

#[test]
fn one_that_cannot_be_stopped_stops_nothing_else() {
    let Some(stand) = Stand::attacked() else { return };
    let stubborn = stand.world["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["region"] == "eu-west-2")
        .expect("one");
    let stubborn = stubborn["id"].as_str().expect("text").to_owned();
    stand.faults(json!([{"kind": "code", "service": "ec2", "action": "StopInstances", "code": "OperationNotPermitted", "contains": stubborn}]));
    let done = stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).exits(5);
    assert!(done.err.contains(&stubborn) || done.out.contains(&stubborn), "it is named: {}", done.err);
    is_contained(&stand, &stand.state(), &[&stubborn]);
    stand.faults(json!([]));
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "again"]).goes_through();
    is_contained(&stand, &stand.state(), &[]);
}

#[test]
fn what_is_destroyed_is_saved_first_and_only_the_thiefs() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand
        .triage("contain", &["--yes", "--destroy", MEANT, "--pause", "1", "--case-dir", "case"])
        .goes_through();
    let state = stand.state();
    for made in stand.world["resources"].as_array().expect("a list") {
        let at = &state[made["account"].as_str().expect("text")][made["region"].as_str().expect("text")];
        let id = made["id"].as_str().expect("text");
        if made["kind"] == "aws.ec2.instance" && made["by"] != "workers" {
            let kept = &at["instances"][id];
            assert!(kept.is_null(), "{id} is gone: {kept}");
            let (was, is) = (before.pointer(&pointer(made, "snapshots")), at["snapshots"].as_object());
            let grew =
                is.map_or(0, |is| is.len()) > was.and_then(Value::as_object).map_or(0, |was| was.len());
            assert!(grew, "its volumes were saved in {}: {}", made["region"], at["snapshots"]);
        }
    }
    for innocent in stand.world["innocent"].as_array().expect("a list") {
        if innocent["kind"] == "aws.ec2.instance" {
            let path =
                format!("{}/{}", pointer(innocent, "instances"), innocent["id"].as_str().expect("text"));
            assert_eq!(state.pointer(&path), before.pointer(&path), "{path}");
        }
    }
}

fn pointer(row: &Value, what: &str) -> String {
    format!("/{}/{}/{what}", row["account"].as_str().expect("text"), row["region"].as_str().expect("text"))
}
