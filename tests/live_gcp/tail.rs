//! Services that run by themselves: Cloud Run, Kubernetes Engine, functions, databases, builds, App Engine, Composer, Filestore.
//! What the thief left is stopped where its API has a stop, is named where it has none, and comes back as it was; the owners' own,
//! of the same names, are never touched.

use crate::stand::{MEANT, Stand, scripts};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// What the thief and the owners made, of each kind one of the same name.
struct Made {
    told: Value,
}

fn played(stand: &Stand) -> Made {
    let mut script = Command::new(stand.python)
        .current_dir(scripts())
        .args(["tail_a.py", &stand.url])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("GOOGLE_APPLICATION_CREDENTIALS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let world = stand.world.to_string();
    script.stdin.take().expect("stdin is piped").write_all(world.as_bytes()).expect("it reads");
    let done = script.wait_with_output().expect("python ends");
    assert!(done.status.success(), "{done:?}");
    assert_eq!(stand.door("bad", json!({})), json!([]), "every answer is one that the documents know");
    Made { told: serde_json::from_slice(&done.stdout).expect("JSON") }
}

impl Made {
    fn lab(&self) -> &str {
        self.told["lab"].as_str().expect("text")
    }

    /// Full names of the thief's things of a kind.
    fn names(&self, kind: &str) -> Vec<&str> {
        let rows = self.told["made"].as_array().expect("a list").iter().filter(|row| row[0] == kind);
        rows.map(|row| row[2].as_str().expect("text")).collect()
    }
}

fn thing<'a>(state: &'a Value, service: &str, name: &str) -> &'a Value {
    &state["resources"][service][name]
}

/// The nodes of a cluster, running or not.
fn nodes<'a>(state: &'a Value, project: &str, of: &str) -> Vec<&'a Value> {
    let scopes = state["compute"][project].as_object().expect("a map");
    let all = scopes.values().flat_map(|held| held["instances"].as_object().into_iter().flatten());
    let prefix = format!("gke-{of}-");
    all.filter(|(name, _)| name.starts_with(&prefix)).map(|(_, thing)| thing).collect()
}

#[track_caller]
fn is_stopped(state: &Value, made: &Made) {
    for name in made.names("gcp.run.service") {
        let service = thing(state, "run", name);
        assert_eq!(service["scaling"], json!({"scalingMode": "MANUAL", "manualInstanceCount": 0}));
        assert_eq!(service["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
        assert_eq!(
            service["traffic"],
            json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}])
        );
    }
    let pool = thing(state, "run", made.names("gcp.run.worker_pool")[0]);
    assert_eq!(pool["scaling"]["manualInstanceCount"], 0);
    for name in made.names("gcp.run.execution") {
        assert!(thing(state, "run", name)["completionTime"].is_string(), "{name}");
    }
    let cluster = made.names("gcp.container.cluster")[0];
    assert!(thing(state, "container", cluster)["autoscaling"].get("enableNodeAutoprovisioning").is_none());
    for pool in ["pool", "gpu"] {
        let pool = thing(state, "container", &format!("{cluster}/nodePools/{pool}"));
        assert!(
            pool["autoscaling"]["enabled"] != true && pool["management"]["autoRepair"] == false,
            "{pool}"
        );
    }
    let nodes = nodes(state, made.lab(), "dig");
    assert_eq!(nodes.len(), 3, "they are kept, and none was made in their place");
    assert!(nodes.iter().all(|node| node["status"] == "TERMINATED"), "{nodes:?}");
    let functions = made.names("gcp.cloudfunctions.cloud_function");
    let hook = thing(state, "run", &functions[0].replace("/functions/", "/services/"));
    assert_eq!(hook["scaling"], json!({"scalingMode": "MANUAL", "manualInstanceCount": 0}));
    assert!(!hook["traffic"].to_string().contains("tag"), "no address of its own starts one: {hook}");
    assert_eq!(thing(state, "cloudfunctions", functions[1])["ingressSettings"], "ALLOW_INTERNAL_ONLY");
    assert_eq!(
        state["policies"][functions[1]]["bindings"],
        json!([{"role": "roles/cloudfunctions.viewer", "members": ["user:mallory@example.net"]}])
    );
    let database = &thing(state, "sqladmin", made.names("gcp.sqladmin.instance")[0])["settings"];
    assert_eq!(
        (&database["activationPolicy"], &database["tier"]),
        (&json!("NEVER"), &json!("db-custom-8-32768"))
    );
    assert_eq!(thing(state, "cloudbuild", made.names("gcp.cloudbuild.build_trigger")[0])["disabled"], true);
    assert_eq!(thing(state, "cloudbuild", made.names("gcp.cloudbuild.build")[0])["status"], "CANCELLED");
    assert_eq!(thing(state, "appengine", made.names("gcp.appengine.version")[0])["servingStatus"], "STOPPED");
}

/// What has no stop is left as it is, and the plan says so with the command that a person gives.
#[track_caller]
fn is_told(stand: &Stand, state: &Value, made: &Made) {
    let auto = made.names("gcp.appengine.version")[1];
    assert_eq!(thing(state, "appengine", auto)["servingStatus"], "SERVING");
    let ear = made.names("gcp.cloudfunctions.cloud_function")[2];
    assert_eq!(thing(state, "cloudfunctions", ear)["ingressSettings"], "ALLOW_ALL");
    let plans = std::fs::read_dir(stand.path("case")).expect("a case").flatten();
    let plans = plans.filter(|file| file.file_name().to_string_lossy().starts_with("plan-contain"));
    let plans: Vec<Value> = plans
        .map(|file| std::fs::read(file.path()).expect("a file"))
        .map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
        .collect();
    let lab = made.lab();
    for (kind, id, by_hand) in [
        (
            "gcp.composer.environment",
            "dig",
            format!(
                "gcloud composer environments delete dig --location us-central1 --project {lab} (destroys)"
            ),
        ),
        (
            "gcp.file.instance",
            "dig",
            format!(
                "gcloud filestore instances delete dig --location us-central1-b --project {lab} (destroys)"
            ),
        ),
        (
            "gcp.cloudfunctions.cloud_function",
            "ear",
            format!("gcloud functions delete ear --region us-central1 --project {lab} (destroys)"),
        ),
        ("gcp.appengine.version", "auto", "gcloud app services set-traffic".to_owned()),
    ] {
        let withheld = plans.iter().flat_map(|plan| plan["withheld"].as_array().into_iter().flatten());
        let mut rows =
            withheld.filter(|row| row["target"]["kind"] == kind && row["target"].to_string().contains(id));
        assert!(rows.any(|row| row.to_string().contains(&by_hand)), "{kind} {id} is not told with {by_hand}");
    }
}

/// Everything of the owners' project, and what they made in the thief's under names that it had.
fn outside(state: &Value, made: &Made) -> Value {
    let mut state = state.clone();
    let stage = made.told["stage"].as_str().expect("text");
    let mut kept = json!({"compute": state["compute"][stage].take()});
    let rows = ["spared", "late"].into_iter().flat_map(|rows| made.told[rows].as_array().expect("a list"));
    for row in rows {
        let (service, name) = (row[1].as_str().expect("text"), row[2].as_str().expect("text"));
        kept[name] = thing(&state, service, name).clone();
        assert!(!kept[name].is_null(), "{name} stands");
    }
    kept
}

/// What no undo brings back, out.
fn but_what_was_cancelled(mut state: Value, made: &Made) -> Value {
    for (service, kind) in [("run", "gcp.run.execution"), ("cloudbuild", "gcp.cloudbuild.build")] {
        for name in made.names(kind) {
            state["resources"][service].as_object_mut().expect("a map").remove(name);
        }
    }
    state
}

/// Where two states differ, and how.
fn differences(at: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let words: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for word in words {
                let of = |map: &serde_json::Map<String, Value>| map.get(word).cloned().unwrap_or_default();
                differences(&format!("{at} {word}"), &of(one), &of(other), found);
            }
        }
        (one, other) if one != other => found.push(format!("{at}: {one} and not {other}")),
        _ => {}
    }
}

#[track_caller]
pub fn is_same(one: &Value, other: &Value, what: &str) {
    let mut found = Vec::new();
    differences("", one, other, &mut found);
    assert!(found.is_empty(), "{what}: {found:#?}");
}

#[test]
fn what_runs_by_itself_is_stopped_or_named_and_comes_back_as_it_was() {
    let Some(stand) = Stand::attacked() else { return };
    let made = played(&stand);
    let before = stand.state();
    let done = stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]);
    let after = stand.state();
    eprintln!("{:?}: {}", done.code, done.err);
    done.goes_through();
    is_stopped(&after, &made);
    is_told(&stand, &after, &made);
    // What the log still tells of, and the cloud has no more: its names are the owners' now.
    let report = std::fs::read(stand.path("case").join("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let resources = report["resources"].as_array().expect("a list");
    for kind in ["gcp.run.service", "gcp.composer.environment"] {
        let mut late = resources.iter().filter(|one| one["kind"] == kind && one.to_string().contains("late"));
        assert_eq!(late.next().expect("the log tells it")["state"], "gone", "{kind}");
    }
    is_same(&outside(&after, &made), &outside(&before, &made), "the owners' own of the same names");

    let mark = stand.mark();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    assert_eq!(stand.state(), after);

    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT]));
    let back = stand.state();
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    is_same(&but_what_was_cancelled(back, &made), &but_what_was_cancelled(before, &made), "as it was");
}

#[test]
fn what_may_be_destroyed_is_backed_up_and_deleted() {
    let Some(stand) = Stand::attacked() else { return };
    let made = played(&stand);
    let before = stand.state();
    let done = stand.triage("contain", &["--yes", MEANT, "--destroy", "--pause", "1", "--case-dir", "case"]);
    let after = stand.state();
    eprintln!("{:?}: {}", done.code, done.err);
    for row in made.told["made"].as_array().expect("a list") {
        let (kind, service, name) = (&row[0], row[1].as_str().expect("text"), row[2].as_str().expect("text"));
        // A build is no thing to delete.
        let is_kept = kind == "gcp.cloudbuild.build";
        assert_eq!(thing(&after, service, name).is_null(), !is_kept, "{name}");
    }
    assert!(nodes(&after, made.lab(), "dig").is_empty());
    let lab = made.lab();
    let kept = |service: &str, word: &str| {
        let things = after["resources"][service].as_object().expect("a map");
        things.keys().filter(|name| name.contains(word)).count()
    };
    assert_eq!(kept("sqladmin", &format!("projects/{lab}/backups/")), 1, "a final backup of the database");
    assert_eq!(
        kept("file", &format!("projects/{lab}/locations/us-central1/backups/triage-")),
        1,
        "one of the share"
    );
    assert_eq!(kept("storage_objects", "/triage-"), 1, "a snapshot of the environment");
    is_same(&outside(&after, &made), &outside(&before, &made), "the owners' own of the same names");
}
