//! Every rung of `contain`: cut off and copied, stopped, destroyed; what each needs, what it leaves alone, and the way back.

use crate::stand::{MEANT, Stand};
use crate::tail::is_same;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const WORLD: &str = "rungs.py";
const TAG: &str = "triage-isolated";

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

#[track_caller]
fn contain(stand: &Stand, case: &str, more: &[&str]) -> crate::stand::Done {
    let billing = stand.text("/billing").to_owned();
    let mut args = vec!["--yes", MEANT, "--pause", "1", "--case-dir", case, "--billing-account", &billing];
    args.extend(more);
    stand.triage("contain", &args)
}

/// Things of Compute of one kind in a project, by number, with their place.
fn things<'a>(state: &'a Value, project: &str, kind: &str) -> BTreeMap<&'a str, (&'a str, &'a Value)> {
    let scopes = state["compute"][project].as_object().expect("a map").iter();
    let held = scopes.flat_map(|(scope, held)| {
        held[kind].as_object().into_iter().flatten().map(move |(_, thing)| (scope.as_str(), thing))
    });
    held.map(|(scope, thing)| (text(thing, "id"), (scope, thing))).collect()
}

/// Numbers of the machines that the thief has: alone, and in groups.
fn alone(stand: &Stand) -> Vec<&str> {
    ["/made/protected", "/made/scratch"].map(|pointer| stand.text(pointer)).into()
}

fn members(stand: &Stand) -> Vec<&str> {
    let rows = ["members", "wide_members"]
        .into_iter()
        .flat_map(|of| stand.world["made"][of].as_array().expect("a list"));
    rows.map(|row| row[1].as_str().expect("text")).collect()
}

/// What the owners have under the same names, untouched; and what keeps their project from being deleted.
#[track_caller]
fn owners_are_spared(stand: &Stand, state: &Value, before: &Value) {
    let (shop, stage) = (stand.text("/projects/shop"), stand.text("/projects/stage"));
    assert_eq!(state["compute"][stage], before["compute"][stage], "the owners' group of the same name");
    let spared = stand.text("/spared/machine");
    assert_eq!(things(state, shop, "instances")[spared], things(before, shop, "instances")[spared]);
    let lien = stand.text("/spared/lien");
    assert_eq!(state["liens"][lien], before["liens"][lien]);
    assert_eq!(state["projects"][shop], before["projects"][shop]);
}

/// Budgets are what their owners made of them; what was made again has another number.
#[track_caller]
fn budgets_warn_again(stand: &Stand, state: &Value) {
    let held = state["resources"]["billingbudgets"].as_object().expect("budgets");
    let told: BTreeMap<&str, (&str, &Value)> = held
        .values()
        .map(|one| {
            (
                text(one, "displayName"),
                (text(&one["amount"]["specifiedAmount"], "units"), &one["thresholdRules"]),
            )
        })
        .collect();
    let half = json!([{"thresholdPercent": 0.5}]);
    assert_eq!(told, [("all", ("900", &half)), ("lab", ("50", &half)), ("shop", ("300", &half))].into());
    assert!(!held.contains_key(stand.world["budgets"][0].as_str().expect("text")));
}

/// A state without what is not there until somebody looks, and places where nothing is.
pub fn as_set(mut state: Value) -> Value {
    for scopes in state["compute"].as_object_mut().expect("a map").values_mut() {
        for (_, held) in scopes.as_object_mut().expect("a map") {
            let is_said = |_: &String, things: &mut Value| things != &json!({});
            let held = held.as_object_mut().expect("a map");
            if let Some(projects) = held.get_mut("projects").and_then(Value::as_object_mut) {
                projects.retain(|_, one| one["commonInstanceMetadata"]["items"] != json!([]));
            }
            held.retain(is_said);
        }
        scopes.as_object_mut().expect("a map").retain(|_, held| held != &json!({}));
    }
    state["compute"].as_object_mut().expect("a map").retain(|_, scopes| scopes != &json!({}));
    state
}

/// A state without what an undo makes anew: numbers, and times of making.
fn as_if_new(state: Value, shop: &str) -> Value {
    let mut state = as_set(state);
    for held in state["compute"][shop].as_object_mut().expect("a map").values_mut() {
        for scaler in held.get_mut("autoscalers").and_then(Value::as_object_mut).into_iter().flatten() {
            for word in ["id", "creationTimestamp"] {
                scaler.1.as_object_mut().expect("a map").remove(word);
            }
        }
    }
    // Copies are evidence and stay.
    state["compute"][shop]["global"].as_object_mut().expect("a map").remove("snapshots");
    let liens = state["liens"].as_object().expect("a map").values().cloned();
    let mut liens: Vec<Value> = liens
        .map(|mut lien| {
            lien.as_object_mut().expect("a map").retain(|word, _| word != "name" && word != "createTime");
            lien
        })
        .collect();
    liens.sort_by_key(Value::to_string);
    state["liens"] = liens.into();
    state
}

#[test]
fn machines_are_copied_and_cut_off_before_they_are_stopped_and_come_back_exactly() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let shop = stand.text("/projects/shop");
    let (before, mark) = (stand.state(), stand.mark());
    contain(&stand, "case", &["--isolate", "--snapshot"]).goes_through();
    let after = stand.state();
    let was = things(&before, shop, "instances");
    let mut disks = 0;
    for id in alone(&stand).into_iter().chain(members(&stand)) {
        let (_, now) = things(&after, shop, "instances")[id];
        assert_eq!(now["status"], "TERMINATED", "{now}");
        let mut tags = was[id].1["tags"]["items"].as_array().cloned().unwrap_or_default();
        tags.push(TAG.into());
        assert_eq!(now["tags"]["items"], Value::Array(tags), "{now}");
        for interface in now["networkInterfaces"].as_array().expect("a list") {
            assert!(interface["accessConfigs"].as_array().is_none_or(Vec::is_empty), "{interface}");
        }
        assert_eq!(
            now["deletionProtection"], was[id].1["deletionProtection"],
            "only to destroy it is that cleared"
        );
        disks += was[id].1["disks"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|disk| disk["type"] == "PERSISTENT")
            .count();
    }
    // One rule of the network that all of them are in, before any other.
    let rules = &after["compute"][shop]["global"]["firewalls"];
    let rule = &rules["triage-deny-egress-default"];
    assert_eq!(
        (&rule["direction"], &rule["priority"], &rule["denied"], &rule["targetTags"], &rule["disabled"]),
        (&json!("EGRESS"), &json!(0), &json!([{"IPProtocol": "all"}]), &json!([TAG]), &json!(false))
    );
    // A copy of every disk that lasts, labelled with the case.
    let copies = things(&after, shop, "snapshots");
    assert_eq!(copies.len(), disks);
    let case: Value =
        serde_json::from_slice(&std::fs::read(stand.path("case/case.json")).expect("a case")).expect("JSON");
    for (_, copy) in copies.values() {
        assert_eq!(copy["status"], "READY");
        let label = text(&copy["labels"], "triage-case");
        assert_eq!(label, text(&case, "id").to_ascii_lowercase(), "{copy}");
    }
    // Of each machine: copied, then cut off, then stopped.
    let calls = stand.calls(mark);
    let first = |of: &str, what: &str| {
        let is = |call: &&Value| {
            call["method"].as_str().is_some_and(|name| name.ends_with(what))
                && text(call, "path").contains(of)
        };
        calls.iter().find(is).and_then(|call| call["n"].as_u64())
    };
    for id in alone(&stand) {
        let order = [first(id, "setTags"), first(id, "deleteAccessConfig"), first(id, "instances.stop")];
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{id}: {order:?}");
        assert!(first("", "snapshots.insert") < order[0]);
    }
    assert_eq!(after["liens"], before["liens"], "only to destroy are those cleared");
    owners_are_spared(&stand, &after, &before);
    budgets_warn_again(&stand, &after);

    let mark = stand.mark();
    contain(&stand, "again", &["--isolate", "--snapshot"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    let back = stand.state();
    assert_eq!(things(&back, shop, "snapshots").len(), disks, "copies are evidence");
    is_same(&as_if_new(back, shop), &as_if_new(before, shop), &format!("as it was: {}", undone.err));
}

#[test]
fn what_was_stopped_is_destroyed_when_that_is_asked_for_and_nothing_else() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let (shop, mined) = (stand.text("/projects/shop"), stand.text("/projects/mined"));
    let before = stand.state();
    contain(&stand, "stopped", &[]).goes_through();
    let stopped = stand.state();
    for id in alone(&stand).into_iter().chain(members(&stand)) {
        let (_, now) = things(&stopped, shop, "instances")[id];
        assert_eq!(now["status"], "TERMINATED");
        assert_eq!(now["deletionProtection"], things(&before, shop, "instances")[id].1["deletionProtection"]);
    }
    assert_eq!(stopped["liens"], before["liens"]);
    assert_eq!(stopped["projects"][mined]["state"], "ACTIVE");

    let mark = stand.mark();
    contain(&stand, "case", &["--destroy"]).goes_through();
    let after = stand.state();
    let mut disks = 0;
    for id in alone(&stand).into_iter().chain(members(&stand)) {
        assert!(!things(&after, shop, "instances").contains_key(id), "{id} is gone");
        let (_, was) = things(&before, shop, "instances")[id];
        disks += was["disks"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|disk| disk["type"] == "PERSISTENT")
            .count();
    }
    for (pointer, kind) in [
        ("/made/group", "instanceGroupManagers"),
        ("/made/wide", "instanceGroupManagers"),
        ("/made/scaler", "autoscalers"),
        ("/made/wide_scaler", "autoscalers"),
        ("/made/template", "instanceTemplates"),
    ] {
        assert!(!things(&after, shop, kind).contains_key(stand.text(pointer)), "{pointer} is gone");
    }
    assert_eq!(things(&after, shop, "snapshots").len(), disks, "not without a copy of each disk");
    // What is deleted was copied before: every copy comes before every deletion of what has it.
    let calls = stand.calls(mark);
    let of = |what: &str| -> Vec<u64> {
        let is = |call: &&Value| {
            call["status"] == 200 && call["method"].as_str().is_some_and(|name| name.ends_with(what))
        };
        calls.iter().filter(is).filter_map(|call| call["n"].as_u64()).collect()
    };
    let (copied, ended) = (of("snapshots.insert"), of("nstanceGroupManagers.delete"));
    assert_eq!((copied.len(), ended.len()), (disks, 2), "{:#?}", stand.changes(mark));
    assert!(
        of("utoscalers.delete").iter().max() < ended.iter().min(),
        "Google deletes no group that one holds"
    );
    let cleared: Vec<&Value> =
        calls.iter().filter(|call| text_or(call, "method").ends_with("setDeletionProtection")).collect();
    assert!(
        cleared.len() == 1 && text(cleared[0], "path").contains(stand.text("/made/protected")),
        "{cleared:#?}"
    );
    assert!(after["liens"][stand.text("/made/lien")].is_null(), "it kept the project");
    assert_eq!(after["projects"][mined]["state"], "DELETE_REQUESTED");
    owners_are_spared(&stand, &after, &before);
    budgets_warn_again(&stand, &after);

    let mark = stand.mark();
    contain(&stand, "again", &["--destroy"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    // What can come back comes back: the project, and what kept it.
    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    let back = stand.state();
    assert_eq!(back["projects"][mined]["state"], "ACTIVE", "{}", undone.err);
    assert_eq!(as_if_new(back, shop)["liens"], as_if_new(before, shop)["liens"]);
}

fn text_or<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn what_could_not_be_copied_is_stopped_and_not_destroyed() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let shop = stand.text("/projects/shop");
    let before = stand.state();
    stand.faults(
        json!([{"kind": "operation", "method": "snapshots.insert", "status": 403, "code": "QUOTA_EXCEEDED",
                         "message": "Quota 'SNAPSHOTS' exceeded."}]),
    );
    let done = contain(&stand, "case", &["--destroy"]).exits(5);
    assert!(stand.faults(json!([]))[0]["hit"].as_u64() > Some(0), "it was met");
    assert!(done.err.contains("QUOTA_EXCEEDED") || done.err.contains("SNAPSHOTS"), "{}", done.err);
    let after = stand.state();
    for id in alone(&stand).into_iter().chain(members(&stand)) {
        let (_, now) = things(&after, shop, "instances")[id];
        assert_eq!(now["status"], "TERMINATED", "{now}");
    }
    for pointer in ["/made/group", "/made/wide"] {
        assert!(things(&after, shop, "instanceGroupManagers").contains_key(stand.text(pointer)));
    }
    assert_eq!(things(&after, shop, "autoscalers").len() + 2, things(&before, shop, "autoscalers").len());
    owners_are_spared(&stand, &after, &before);

    // Their groups are there: autoscalers come back as they were.
    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    let back = stand.state();
    let template = stand.text("/made/template");
    let mut expect = as_if_new(before, shop);
    // A template has no copy and no way back.
    let held = expect["compute"][shop]["global"]["instanceTemplates"].as_object_mut().expect("a map");
    held.retain(|_, one| one["id"] != template);
    let back = as_if_new(back, shop);
    is_same(&back, &as_set(expect), &undone.err);
}
