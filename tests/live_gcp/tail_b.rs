//! What is not Compute: settings that the log remembers, buckets, what managed services run, APIs, billing, SSH keys. Each has an innocent
//! namesake elsewhere, and some things a contain leaves to a person.

use crate::stand::{MEANT, Stand, script};
use serde_json::{Value, json};
use std::fs;

/// What is kept of a service under a full name.
#[track_caller]
fn held<'a>(state: &'a Value, service: &str, name: &str) -> &'a Value {
    let found = &state["resources"][service][name];
    assert!(!found.is_null(), "{service} {name} is kept");
    found
}

/// Where a thing's state stands, and what it reads when nothing of it runs.
fn is_over(name: &str, thing: &Value) -> bool {
    let collection = name.rsplit('/').nth(1).expect("a name");
    match collection {
        "jobs" if name.contains("/regions/") || thing.get("taskGroups").is_some() => {
            thing["status"]["state"] == "CANCELLED"
        }
        "jobs" => thing["currentState"] == "JOB_STATE_CANCELLED",
        "clusters" => thing["status"]["state"] == "STOPPED",
        "batches" => thing["state"] == "CANCELLED",
        "sessions" => thing["state"] == "TERMINATED",
        "customJobs" => thing["state"] == "JOB_STATE_CANCELLED",
        "pipelineJobs" => thing["state"] == "PIPELINE_STATE_CANCELLED",
        "endpoints" => thing.get("deployedModels").is_none(),
        "instances" | "nodes" => thing["state"] == "STOPPED",
        // Only to be deleted.
        "queuedResources" => thing["state"]["state"] == "ACCEPTED",
        other => panic!("{other}"),
    }
}

/// Jobs that a cancel ends for good.
fn is_cancelled(name: &str) -> bool {
    ["/jobs/", "/batches/", "/sessions/", "/customJobs/", "/pipelineJobs/"]
        .iter()
        .any(|part| name.contains(part))
}

fn rows<'a>(stand: &'a Stand, word: &str) -> Vec<(&'a str, &'a str)> {
    let all = stand.world[word].as_array().expect("a list").iter();
    all.map(|row| (row[0].as_str().expect("text"), row[1].as_str().expect("text"))).collect()
}

fn emails(state: &Value, project: &str) -> Vec<String> {
    let all = state["resources"]["essentialcontacts"].as_object().expect("contacts").iter();
    let of = all.filter(|(name, _)| name.starts_with(&format!("projects/{project}/")));
    let mut emails: Vec<String> =
        of.map(|(_, one)| one["email"].as_str().expect("text").to_owned()).collect();
    emails.sort();
    emails
}

fn keys(state: &Value, project: &str) -> String {
    state["compute"][project]["global"]["projects"][project]["commonInstanceMetadata"]["items"].to_string()
}

#[track_caller]
fn is_contained(stand: &Stand, state: &Value) {
    let (shop, lab, mined) =
        (stand.text("/projects/shop"), stand.text("/projects/lab"), stand.text("/projects/mined"));
    for (service, name) in rows(stand, "made") {
        let thing = held(state, service, name);
        assert!(is_over(name, thing), "{name}: {thing}");
    }
    let sink = |name: &str| held(state, "logging", &format!("projects/{shop}/{name}"));
    let archive = sink("sinks/to-archive");
    assert_eq!(
        (&archive["filter"], &archive["description"]),
        (&json!("severity>=NOTICE"), &json!("the auditors'"))
    );
    assert_eq!(archive["destination"], "storage.googleapis.com/shop-assets-4821");
    let errors = sink("sinks/errors");
    // As the owners' last change left it, not as they made it.
    assert_eq!(
        (&errors["filter"], &errors["description"]),
        (&json!("severity>=WARNING"), &json!("on-call reads it"))
    );
    assert!(errors["disabled"] != true && errors["exclusions"][0]["name"] == "chatter", "{errors}");
    assert_eq!(sink("sinks/mirror")["disabled"], true);
    assert_eq!(sink("exclusions/noise")["filter"], "resource.type=\"http_load_balancer\"");
    assert_eq!(sink("exclusions/hush")["disabled"], true);
    assert_eq!(emails(state, shop), ["oncall@example.com", "security@example.com"]);
    let bucket = |name: &str| &held(state, "storage", name)["iamConfiguration"]["publicAccessPrevention"];
    assert_eq!(
        (bucket("shop-assets-4821"), bucket("shop-books-4821")),
        (&json!("enforced"), &json!("enforced"))
    );
    assert!(!state["policies"]["buckets/shop-assets-4821"].to_string().contains("allUsers"));
    assert!(!state["policies"].to_string().contains("mallory"), "nothing is shared with the thief");
    let services = state["projects"][lab]["_services"].as_array().expect("a list");
    assert!(!services.contains(&json!("translate")) && services.contains(&json!("batch")), "{services:?}");
    assert_eq!(state["projects"][mined]["_billing"], Value::Null);
}

/// What the owners have beside it.
#[track_caller]
fn is_spared(stand: &Stand, state: &Value, before: &Value) {
    for (service, name) in rows(stand, "twins") {
        assert_eq!(held(state, service, name), held(before, service, name));
    }
    let (shop, data) = (stand.text("/projects/shop"), stand.text("/projects/data"));
    for name in [format!("projects/{data}/sinks/errors"), format!("projects/{data}/exclusions/noise")] {
        assert_eq!(held(state, "logging", &name), held(before, "logging", &name));
    }
    assert_eq!(emails(state, data), emails(before, data));
    let web = "buckets/shop-web-4821";
    assert!(
        state["policies"][web] == before["policies"][web]
            && state["policies"][web].to_string().contains("allUsers")
    );
    for project in [shop, data, stand.text("/projects/stage"), stand.text("/projects/ops")] {
        assert_eq!(state["projects"][project], before["projects"][project]);
    }
    assert_eq!(state["organizations"], before["organizations"]);
}

/// What is not acted on is named with what a person does about it.
#[track_caller]
fn is_left_to_a_person(stand: &Stand, case: &str, name: &str, by_hand: &str) {
    let files = fs::read_dir(stand.path(case)).expect("a case").flatten();
    let plans = files.filter(|file| file.file_name().to_string_lossy().starts_with("plan-contain"));
    let mut withheld = Vec::new();
    for plan in plans {
        let plan: Value =
            serde_json::from_str(&fs::read_to_string(plan.path()).expect("UTF-8")).expect("JSON");
        withheld.extend(plan["withheld"].as_array().cloned().unwrap_or_default());
    }
    let is_told = |row: &Value| {
        row["target"].to_string().contains(name) && row["by_hand"].to_string().contains(by_hand)
    };
    assert!(withheld.iter().any(is_told), "{name} with {by_hand} is not in {withheld:#?}");
}

/// The state without what says nothing: `disabled: false` and places where nothing is are the same as none.
fn said(mut state: Value) -> Value {
    for thing in state["resources"]["logging"].as_object_mut().expect("a map").values_mut() {
        if let Some(thing) =
            thing.as_object_mut().filter(|thing| thing.get("disabled") == Some(&json!(false)))
        {
            thing.remove("disabled");
        }
    }
    state["compute"].as_object_mut().expect("a map").retain(|_, held| held != &json!({}));
    state
}

#[test]
fn settings_go_back_workloads_end_namesakes_are_spared_and_undo_brings_back_what_can_be() {
    let Some(stand) = Stand::played_by("tail_b.py") else { return };
    let before = stand.state();
    let contain = |case: &str| stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", case]);
    contain("case").goes_through();
    let after = stand.state();
    is_contained(&stand, &after);
    is_spared(&stand, &after, &before);
    let (data, lab) = (stand.text("/projects/data"), stand.text("/projects/lab"));
    assert!(!keys(&after, data).contains("mallory") && !keys(&after, lab).contains("mallory"));
    let elastic = stand.text("/elastic");
    assert_eq!(held(&after, "dataproc", elastic), held(&before, "dataproc", elastic), "it can't be stopped");
    is_left_to_a_person(
        &stand,
        "case",
        "elastic",
        "gcloud dataproc clusters update elastic --num-secondary-workers=0",
    );
    is_left_to_a_person(
        &stand,
        "case",
        "queuedResources/more",
        "gcloud compute tpus queued-resources delete more --force",
    );
    is_left_to_a_person(
        &stand,
        "case",
        "batch.googleapis.com",
        "gcloud services disable batch.googleapis.com",
    );

    let mark = stand.mark();
    contain("again").goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    assert_eq!(stand.state(), after);

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    let mut expect = before.clone();
    for (service, name) in rows(&stand, "made").into_iter().filter(|(_, name)| is_cancelled(name)) {
        expect["resources"][service][name] = after["resources"][service][name].clone();
    }
    assert_eq!(said(stand.state()), said(expect), "as it was but for what was cancelled: {}", undone.err);
    assert!(undone.out.contains("can't be resumed"), "{}", undone.out);

    // Keys that the owners added since can't be told from the thief's: both stay, and that is said.
    script(stand.python, &["tail_b.py", &stand.url, "owners-key"]);
    let done = contain("keys").exits(5);
    let state = stand.state();
    assert!(keys(&state, lab).contains("alice") && keys(&state, lab).contains("mallory"), "untouched");
    assert!(!keys(&state, data).contains("mallory"));
    assert!(done.err.contains("gcloud compute project-info describe"), "{}", done.err);
}
