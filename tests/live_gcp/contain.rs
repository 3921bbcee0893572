//! After `contain` nothing that the thief launched runs, everything else stands as it stood, and there is a way back.

use crate::stand::{MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every machine that stands, as `(project, scope, thing)`.
fn machines(state: &Value) -> Vec<(&str, &str, &Value)> {
    let mut found = Vec::new();
    for (project, scopes) in state["compute"].as_object().expect("a map") {
        for (scope, held) in scopes.as_object().expect("a map") {
            for thing in held["instances"].as_object().into_iter().flat_map(|things| things.values()) {
                found.push((project.as_str(), scope.as_str(), thing));
            }
        }
    }
    found
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// A thing of Compute by collection and number, wherever it lies.
fn thing<'a>(state: &'a Value, row: &Value) -> Option<&'a Value> {
    let held = &state["compute"][text(row, "project")][text(row, "place")][text(row, "kind")];
    let (id, name) = (text(row, "id"), row["name"].as_str());
    held.as_object()?.values().find(|thing| thing["id"] == id || (name.is_none() && thing["name"] == id))
}

#[track_caller]
fn is_contained(stand: &Stand, state: &Value, but: &[&str]) {
    let thiefs: BTreeSet<&str> = stand.made("instances").map(|row| text(row, "id")).collect();
    for made in stand.made("instances") {
        let Some(found) = thing(state, made) else { panic!("{made} is kept: it is evidence") };
        let want = if but.contains(&text(made, "id")) { "RUNNING" } else { "TERMINATED" };
        assert_eq!(found["status"], want, "{made}");
    }
    // Nobody made new ones in their place either.
    let innocent: BTreeSet<&str> =
        stand.world["innocent"].as_array().expect("a list").iter().map(|row| text(row, "id")).collect();
    let (lab, data) = (stand.text("/projects/lab"), stand.text("/projects/data"));
    for (project, scope, machine) in machines(state) {
        let id = text(machine, "id");
        if machine["status"] == "RUNNING" && (project == lab || project == data) && !but.contains(&id) {
            assert!(innocent.contains(id), "{project} {scope}: {machine} runs");
        }
        assert!(!(innocent.contains(id) && thiefs.contains(id)), "the world is sane");
    }
    for scaler in stand.made("autoscalers") {
        if let Some(found) = thing(state, scaler) {
            assert_eq!(found["autoscalingPolicy"]["mode"], "OFF", "{scaler}");
        }
    }
    let shop = stand.text("/projects/shop");
    for rule in stand.made("firewalls") {
        assert_eq!(thing(state, rule).expect("it is kept")["disabled"], true, "{rule}");
    }
    let job =
        &state["resources"]["cloudscheduler"][format!("projects/{shop}/locations/us-central1/jobs/wake")];
    assert_eq!(job["state"], "PAUSED", "{job}");
    let service =
        &state["resources"]["run"][format!("projects/{shop}/locations/us-central1/services/metrics")];
    assert_eq!(service["scaling"], json!({"scalingMode": "MANUAL", "manualInstanceCount": 0}), "{service}");
    assert!(
        !state["policies"]["buckets/shop-assets-4821"].to_string().contains("allUsers"),
        "the bucket is shut again"
    );
    assert!(!state["compute"].to_string().contains("mallory"), "no machine lets the thief in");
}

/// The state without what may differ: what the thief made and what it changed.
fn innocents(stand: &Stand, state: &Value) -> Value {
    let mut state = state.clone();
    let rows: Vec<Value> = stand.world["resources"].as_array().expect("a list").clone();
    for row in rows {
        let (kind, project, place, id) =
            (text(&row, "kind"), text(&row, "project"), text(&row, "place"), text(&row, "id"));
        if let Some(things) = state["compute"][project][place][kind].as_object_mut() {
            things.retain(|_, thing| thing["id"] != id);
        }
    }
    let (shop, data) = (stand.text("/projects/shop"), stand.text("/projects/data"));
    for (path, name) in [
        ("/resources/run".to_owned(), format!("projects/{shop}/locations/us-central1/services/metrics")),
        ("/resources/cloudscheduler".to_owned(), format!("projects/{shop}/locations/us-central1/jobs/wake")),
        ("/resources/logging".to_owned(), format!("projects/{shop}/sinks/to-archive")),
        (
            "/resources/storage/shop-assets-4821/iamConfiguration".to_owned(),
            "publicAccessPrevention".to_owned(),
        ),
        ("/policies".to_owned(), "buckets/shop-assets-4821".to_owned()),
        (format!("/compute/{data}/global"), "projects".to_owned()),
        (format!("/compute/{shop}/zones~1us-central1-a/instances/web-1"), "metadata".to_owned()),
        (format!("/projects/{shop}"), "_services".to_owned()),
    ] {
        if let Some(at) = state.pointer_mut(&path).and_then(Value::as_object_mut) {
            at.remove(&name);
        }
    }
    // A machine's disks have its name; users of them come and go with it.
    without_empty(&mut state);
    state
}

/// An empty map and none are the same.
fn without_empty(value: &mut Value) {
    if let Value::Object(map) = value {
        map.values_mut().for_each(without_empty);
        map.retain(|_, inner| !inner.as_object().is_some_and(serde_json::Map::is_empty));
    }
}

#[test]
fn what_was_launched_is_stopped_innocents_are_untouched_and_undo_brings_it_all_back() {
    let Some(stand) = Stand::attacked() else { return };
    let before = stand.state();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).goes_through();
    let after = stand.state();
    is_contained(&stand, &after, &[]);
    assert_eq!(innocents(&stand, &after), innocents(&stand, &before), "innocents");

    // The sink is back.
    let sink = format!("projects/{}/sinks/to-archive", stand.text("/projects/shop"));
    assert_eq!(after["resources"]["logging"][sink]["description"], "the auditors'");

    let mark = stand.mark();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    assert_eq!(stand.state(), after);

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    assert_eq!(stand.state(), before, "as it was: {}", undone.err);
}

#[test]
fn an_operation_that_fails_after_it_was_accepted_is_told_and_the_rest_is_done() {
    let Some(stand) = Stand::attacked() else { return };
    let unlucky = stand.made("instances").find(|row| row["by"] == "leaked").expect("one");
    stand.faults(json!([{"kind": "operation", "operation": "stop", "project": unlucky["project"], "times": 1, "status": 503,
                         "code": "RESOURCE_OPERATION_RATE_EXCEEDED", "message": "Operation rate exceeded for resource."}]));
    let done = stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]);
    assert_eq!(stand.faults(json!([]))[0]["hit"], 1, "it was met");
    let state = stand.state();
    let running: Vec<&str> = stand
        .made("instances")
        .filter(|row| thing(&state, row).is_some_and(|thing| thing["status"] == "RUNNING"))
        .map(|row| text(row, "id"))
        .collect();
    // Either a later sweep stopped it, or the run says that it did not.
    match running.len() {
        0 => assert!(matches!(done.code, Some(0 | 3 | 5)), "{:?}: {}", done.code, done.err),
        1 => assert_eq!(done.code, Some(5), "{}", done.err),
        _ => panic!("{running:?} run: {}", done.err),
    }
    is_contained(&stand, &state, &running);
}

#[test]
fn a_call_whose_answer_nobody_heard_is_made_again_as_the_same_request() {
    let Some(stand) = Stand::attacked() else { return };
    // One stop takes its time, and its answer never comes.
    stand.faults(json!([{"kind": "mute", "method": "instances.stop", "times": 1},
                        {"kind": "slow", "method": "instances.stop", "times": 1, "seconds": 60}]));
    let mark = stand.mark();
    let args = ["--yes", MEANT, "--pause", "1"];
    let silent = |call: &Value| call["method"] == "compute.instances.stop" && call["status"] == "hang";
    stand.killed(stand.whole("contain", &args).args(["--case-dir", "case"]), || {
        stand.calls(mark).iter().any(silent)
    });
    let first = stand.calls(mark).into_iter().find(silent).expect("it was seen");
    let of_it = |since: usize| -> Vec<Value> {
        let calls = stand.calls(since).into_iter();
        calls.filter(|call| call["method"] == first["method"] && call["path"] == first["path"]).collect()
    };
    assert_eq!(of_it(mark).len(), 1);

    stand.faults(json!([]));
    let mark = stand.mark();
    let again = ["contain", "--case", "case", "--organization", stand.organization()];
    stand.run(stand.command(&again).args(args)).goes_through();
    let again = of_it(mark);
    assert_eq!(again.len(), 1, "it was not seen to be done yet: {again:#?}");
    assert!(first["request"].is_string() && again[0]["request"] == first["request"], "{first} {again:#?}");
    let stops = stand.calls(0);
    let stops: Vec<&Value> = stops.iter().filter(|call| call["request"].is_string()).collect();
    let ids: BTreeSet<&str> = stops.iter().map(|call| text(call, "request")).collect();
    assert_eq!(ids.len() + 1, stops.len(), "and no other request shares its id with any");
    is_contained(&stand, &stand.state(), &[]);
}
