//! After `contain` nothing that the thief launched runs, everything else stands as it stood, and there is a way back.

use crate::kinds::hidden_are_asked_for;
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

/// Machines that the thief launched by its own hand.
fn machines(stand: &Stand) -> Vec<&Value> {
    let made = stand.world["resources"].as_array().expect("a list").iter();
    made.filter(|one| one["kind"] == "aws.ec2.instance" && one["by"] != "workers").collect()
}

/// Without groups and copies that were not there before: they are added beside the owners' own.
fn as_before(state: &Value, before: &Value) -> Value {
    let mut state = state.clone();
    for account in state.as_object_mut().expect("accounts").iter_mut() {
        for place in account.1.as_object_mut().expect("regions").iter_mut() {
            for what in ["rules", "snapshots", "copies"] {
                let old = &before[account.0][place.0][what];
                if let Some(Value::Object(map)) = place.1.get_mut(what) {
                    map.retain(|name, _| old.get(name).is_some());
                    if map.is_empty() {
                        place.1.as_object_mut().expect("a place").remove(what);
                    }
                }
            }
        }
    }
    state
}

#[test]
fn machines_are_cut_off_and_their_disks_saved_under_the_cases_name_and_all_of_it_has_a_way_back() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    let mark = stand.mark();
    let more = ["--yes", "--isolate", "--snapshot", MEANT, "--pause", "1", "--case-dir", "case"];
    stand.triage("contain", &more).goes_through();
    let after = stand.state();
    is_contained(&stand, &after, &[]);
    // Also what a service keeps hidden.
    let hidden = ["DescribeInstances", "DescribeNetworkInterfaces", "DescribeAutoScalingGroups"];
    hidden_are_asked_for(&stand, mark, &hidden);
    let case = stand.read_json("case/case.json")["id"].as_str().expect("an id").to_owned();
    let calls = stand.calls(mark);
    for made in machines(&stand) {
        let id = made["id"].as_str().expect("text");
        let path = format!("{}/{id}/groups", pointer(made, "instances"));
        let groups =
            |state: &Value| state.pointer(&path).and_then(Value::as_object).cloned().expect("groups");
        let (was, is) = (groups(&before), groups(&after));
        assert!(!is.is_empty() && was.keys().eq(is.keys()), "{made}: {was:?} {is:?}");
        for (interface, now) in &is {
            let [now] = now.as_array().expect("groups").as_slice() else { panic!("{made}: {now}") };
            assert_ne!(was[interface], json!([now]), "{made} is in another group");
            let rules = &after.pointer(&pointer(made, "rules")).expect("rules")[now.as_str().expect("text")];
            assert_eq!((&rules["in"], &rules["out"]), (&json!([]), &json!([])), "{made}: {rules}");
            // In two steps: first into a group that lets all through, so that no open connection is tracked, then into this one.
            let moves: Vec<&Value> = calls
                .iter()
                .filter(|call| call["action"] == "ModifyNetworkInterfaceAttribute")
                .filter(|call| call["asked"]["NetworkInterfaceId"] == **interface)
                .map(|call| &call["asked"]["Groups"])
                .collect();
            let [open, shut] = moves.as_slice() else { panic!("{interface}: {moves:?}") };
            assert_eq!(**shut, json!([now]));
            let open = open[0].as_str().expect("a group");
            let rules = &after.pointer(&pointer(made, "rules")).expect("rules")[open];
            assert!(
                rules["in"].to_string().contains("0.0.0.0/0")
                    && rules["out"].to_string().contains("0.0.0.0/0"),
                "{rules}"
            );
        }
        let copied = after.pointer(&pointer(made, "copies")).and_then(Value::as_object).expect("copies");
        let ours: Vec<_> = copied.values().filter(|copy| copy["tags"]["triage:of"] == *id).collect();
        assert!(!ours.is_empty(), "its disks were saved: {copied:?}");
        assert!(
            ours.iter().all(|copy| copy["tags"]["triage:case"] == *case && copy["of"].is_string()),
            "{ours:?}"
        );
    }
    for action in ["CreateSnapshot", "CreateSecurityGroup"] {
        let made: Vec<_> = calls.iter().filter(|call| call["action"] == action).collect();
        assert!(!made.is_empty(), "{action}");
        assert!(made.iter().all(|call| call["asked"].to_string().contains(&case)), "{action}: {made:?}");
    }
    let paths = allowed(&stand);
    assert_eq!(without(&as_before(&after, &before), &paths), without(&before, &paths), "innocents");

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    let (end, kept) = (stand.state(), |state: &Value| state.to_string().matches("triage:of").count());
    // Copies of disks are evidence, and stay; the groups of the isolation go.
    assert_eq!(kept(&end), kept(&after));
    assert!(!end.to_string().contains("\"triage-"), "the groups are gone: {}", undone.err);
    assert_eq!(as_before(&end, &before), before, "as it was: {}", undone.err);
}

#[test]
fn what_was_stopped_first_is_copied_and_then_destroyed_and_nothing_is_left_to_do() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).goes_through();
    let stopped = stand.state();
    is_contained(&stand, &stopped, &[]);
    let mark = stand.mark();
    let destroy = ["--yes", "--destroy", MEANT, "--pause", "1", "--case", "case"];
    stand.triage("contain", &destroy).goes_through();
    let (state, calls) = (stand.state(), stand.calls(mark));
    for made in machines(&stand) {
        let id = made["id"].as_str().expect("text");
        assert_eq!(state.pointer(&format!("{}/{id}", pointer(made, "instances"))), None, "{made} is gone");
        let at = |action: &str| {
            let of = |call: &&Value| {
                call["action"] == action
                    && call["account"] == made["account"]
                    && call["asked"].to_string().contains(id)
            };
            calls.iter().filter(of).map(|call| call["n"].as_u64().expect("a number")).collect::<Vec<_>>()
        };
        let (copied, ended) = (at("CreateSnapshot"), at("TerminateInstances"));
        assert!(!copied.is_empty() && !ended.is_empty(), "{made}: {copied:?} {ended:?}");
        assert!(copied.iter().max() < ended.iter().min(), "copied before it ends: {made}");
        let cleared = at("ModifyInstanceAttribute");
        let was_held = before.pointer(&format!("{}/{id}/held", pointer(made, "instances")));
        // The protection against stopping went when it was stopped.
        assert_eq!(cleared.len(), usize::from(was_held == Some(&json!([true, true]))), "{made}");
        assert!(cleared.iter().all(|n| Some(n) < ended.iter().min()), "{made}");
    }
    let single = |call: &&Value| {
        let asked = &call["asked"];
        let named = ["DisableApiTermination", "DisableApiStop"];
        named.iter().filter(|name| asked.get(**name).is_some_and(|value| !value.is_null())).count() == 1
    };
    let cleared: Vec<&Value> =
        calls.iter().filter(|call| call["action"] == "ModifyInstanceAttribute").collect();
    assert!(cleared.iter().all(single), "one attribute at a time: {cleared:?}");
    assert!(
        state[stand.text("/accounts/data")]["us-west-2"]["scaling"].get("workers").is_none(),
        "the group is gone"
    );
    for innocent in stand.world["innocent"].as_array().expect("a list") {
        if innocent["kind"] == "aws.ec2.instance" {
            let path =
                format!("{}/{}", pointer(innocent, "instances"), innocent["id"].as_str().expect("text"));
            assert!(state.pointer(&path).is_some(), "{innocent}");
            assert_eq!(state.pointer(&path), before.pointer(&path), "{innocent}");
        }
    }
    let mark = stand.mark();
    stand.triage("contain", &destroy).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    assert_eq!(stand.state(), state);
}
