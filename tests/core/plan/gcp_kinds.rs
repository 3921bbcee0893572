//! Services of Google's that run by themselves: what is planned, by hand or only with `--destroy`, what takes each change back, and
//! the plan from recorded entries.

use super::check;
use super::reports::*;
use crate::support::fixtures;
use serde_json::{Value, json};
use triage::analyze::Investigation;
use triage::model::change::gcp::*;
use triage::model::change::{Change, Reversal};
use triage::model::report::{Attribution, Resource, Window};
use triage::model::{Principal, Provenance, Report};
use triage::plan::{Guard, Options, contain::contain};
use triage::read::cloudaudit;

const CLUSTER: &str = "projects/p/locations/us-central1-b/clusters/farm";
/// When everything of these reports was made, and by what name.
const FARM: &str = "it={made:2026-07-14T10:00:00Z,name:projects/p/locations/us-central1-b/clusters/farm}";
const GPU: &str =
    "it={made:2026-07-14T10:00:00Z,name:projects/p/locations/us-central1-b/clusters/farm/nodePools/gpu}";

/// Something as the cloud showed it, by words.
fn seen(kind: &'static str, id: &str, name: &str, details: &[(&str, &str)]) -> Resource {
    Resource {
        details: details.iter().map(|(word, text)| (arc(word), arc(text))).collect(),
        ..resource(kind, id, name)
    }
}

#[track_caller]
fn plan(resources: Vec<Resource>, options: Options, expect: &str) {
    let report = Report { resources, ..gcp_account() };
    check(&contain(&report, &Guard::default(), options), expect);
}

fn destroy() -> Options {
    Options { destroy: true, ..Options::default() }
}

#[track_caller]
fn both(it: Resource, gentle: &str, destroying: &str) {
    plan(vec![it.clone()], Options::default(), gentle);
    plan(vec![it], destroy(), destroying);
}

#[test]
fn nodes_are_stopped_after_what_makes_them_again_and_are_left_to_their_cluster() {
    both(
        resource("gcp.container.cluster", CLUSTER, "farm"),
        &format!(
            "1 turn_off_node_provisioning {FARM}\n2 turn_off_node_autoscaling {FARM} after [1]\n3 turn_off_node_repair {FARM} after [1, 2]\n\
             4 stop_nodes {FARM} after [1, 2, 3]"
        ),
        &format!("1 delete_gke_cluster {FARM}"),
    );
    both(
        resource("gcp.container.node_pool", &format!("{CLUSTER}/nodePools/gpu"), "gpu"),
        &format!(
            "1 turn_off_node_autoscaling {GPU}\n2 turn_off_node_repair {GPU} after [1]\n3 stop_nodes {GPU} after [1, 2]"
        ),
        &format!("1 delete_gke_node_pool {GPU}"),
    );
    both(
        seen("gcp.container.cluster", CLUSTER, "farm", &[("autopilot", "true")]),
        "- gcp.container.cluster projects/p/locations/us-central1-b/clusters/farm: … Autopilot … \
         gcloud container clusters delete farm --location eu-west-3 --project 111122223333 (destroys)",
        &format!("1 delete_gke_cluster {FARM}"),
    );
    plan(
        vec![
            resource("gcp.container.cluster", CLUSTER, "farm"),
            resource("gcp.container.node_pool", &format!("{CLUSTER}/nodePools/gpu"), "gpu"),
        ],
        destroy(),
        &format!(
            "1 delete_gke_cluster {FARM}\n- gcp.container.node_pool {CLUSTER}/nodePools/gpu: … It is a pool of cluster"
        ),
    );
    let node = Resource {
        attribution: Attribution::Indirect,
        launched_by: Some(arc(CLUSTER)),
        ..resource("gcp.compute.instance", "77", "gke-farm-1")
    };
    plan(
        vec![resource("gcp.container.cluster", CLUSTER, "farm"), node],
        Options::default(),
        &format!(
            "1 turn_off_node_provisioning {FARM}\n2 turn_off_node_autoscaling {FARM} after [1]\n3 turn_off_node_repair {FARM} after [1, 2]\n\
             4 stop_nodes {FARM} after [1, 2, 3]\n- gcp.compute.instance 77: … It ends with its cluster"
        ),
    );
}

#[test]
fn a_function_is_stopped_as_what_it_is() {
    const KIND: &str = "gcp.cloudfunctions.cloud_function";
    const ID: &str = "projects/p/locations/us-central1/functions/hook";
    const HOOK: &str = "it={made:2026-07-14T10:00:00Z,name:projects/p/locations/us-central1/functions/hook}";
    const SERVICE: &str = "projects/p/locations/us-central1/services/hook";
    both(
        seen(
            KIND,
            ID,
            "hook",
            &[("environment", "GEN_2"), ("service", SERVICE), ("service_uid", "u-9"), ("trigger", "event")],
        ),
        &format!("1 stop_run_service it={{name:{SERVICE},uid:u-9}}"),
        &format!(
            "1 stop_run_service it={{name:{SERVICE},uid:u-9}}\n2 delete_cloud_function {HOOK} after [1]"
        ),
    );
    let first = format!("1 shut_out_function_invokers {HOOK}\n2 close_function_ingress {HOOK} after [1]");
    both(
        seen(KIND, ID, "hook", &[("environment", "GEN_1"), ("trigger", "https")]),
        &first,
        &format!("{first}\n3 delete_cloud_function {HOOK} after [1, 2]"),
    );
    let by_hand = "gcloud functions delete hook --region eu-west-3 --project 111122223333 (destroys)";
    both(
        seen(KIND, ID, "hook", &[("environment", "GEN_1"), ("trigger", "event")]),
        &format!("- {KIND} {ID}: … no switch … {by_hand}"),
        &format!("1 delete_cloud_function {HOOK}"),
    );
    // Somebody deleted what it is made of.
    both(
        seen(KIND, ID, "hook", &[("environment", "GEN_2"), ("service", SERVICE), ("trigger", "event")]),
        &format!("- {KIND} {ID}: … is not there … {by_hand}"),
        &format!("1 delete_cloud_function {HOOK}"),
    );
    // Not looked at: which generation it is is not known.
    both(
        resource(KIND, ID, "hook"),
        &format!("- {KIND} {ID}: … not known … {by_hand}"),
        &format!("1 delete_cloud_function {HOOK}"),
    );
}

#[test]
fn what_has_no_stop_says_so_and_is_backed_up_before_it_is_destroyed() {
    let kept = Options { no_snapshot: true, ..destroy() };
    let dig = "it={made:2026-07-14T10:00:00Z,name:dig,uid:u-1}";
    let composer = resource("gcp.composer.environment", "u-1", "dig");
    both(
        composer.clone(),
        "- gcp.composer.environment u-1: … can't be stopped … \
         gcloud composer environments delete dig --location eu-west-3 --project 111122223333 (destroys)",
        &format!("1 snapshot_environment {dig}\n2 delete_environment {dig} after [1]"),
    );
    plan(vec![composer], kept, &format!("1 delete_environment {dig}"));
    let id = "projects/p/locations/us-central1-b/instances/loot";
    let loot = "it={made:2026-07-14T10:00:00Z,name:projects/p/locations/us-central1-b/instances/loot}";
    both(
        seen("gcp.file.instance", id, "loot", &[("protected", "true")]),
        &format!(
            "- gcp.file.instance {id}: … can't be stopped … gcloud filestore instances delete loot --location"
        ),
        &format!(
            "1 back_up_filestore {loot}\n2 unprotect_filestore {loot} after [1]\n3 delete_filestore {loot} after [1, 2]"
        ),
    );
    plan(vec![resource("gcp.file.instance", id, "loot")], kept, &format!("1 delete_filestore {loot}"));
    let id = "apps/p/services/default/versions/v1";
    let version = "it={made:2026-07-14T10:00:00Z,name:apps/p/services/default/versions/v1}";
    both(
        seen("gcp.appengine.version", id, "v1", &[("environment", "standard"), ("scaling", "basic")]),
        &format!("1 stop_app_version {version}"),
        &format!("1 stop_app_version {version}\n2 delete_app_version {version} after [1]"),
    );
    both(
        seen("gcp.appengine.version", id, "v1", &[("environment", "standard"), ("scaling", "automatic")]),
        &format!(
            "- gcp.appengine.version {id}: … has no stop … gcloud app versions delete v1 --project 111122223333"
        ),
        &format!("1 delete_app_version {version}"),
    );
    let db = "it={made:2026-07-14T10:00:00Z,name:instances/p:db}";
    both(
        seen("gcp.sqladmin.instance", "instances/p:db", "", &[("protected", "true")]),
        &format!("1 stop_sql_instance {db}"),
        &format!("1 unprotect_sql_instance {db}\n2 delete_sql_instance backup=true {db} after [1]"),
    );
    plan(
        vec![resource("gcp.sqladmin.instance", "instances/p:db", "")],
        kept,
        &format!("1 delete_sql_instance backup=false {db}"),
    );
    both(
        seen("gcp.sqladmin.instance", "instances/p:db", "", &[("replica_of", "p:main")]),
        "- gcp.sqladmin.instance instances/p:db: … replica … gcloud sql instances delete db --project 111122223333",
        &format!("1 delete_sql_instance backup=false {db}"),
    );
}

/// A name that an attacker chose is one word of a command, whatever it holds.
#[test]
fn a_name_is_one_word_of_a_command() {
    plan(
        vec![resource("gcp.composer.environment", "u-1", "x; rm -rf '$HOME'")],
        Options::default(),
        "- gcp.composer.environment u-1: … gcloud composer environments delete 'x; rm -rf $HOME' --location",
    );
}

// ---- What takes it back

fn it() -> Named {
    Named { name: arc("n"), uid: None, made: None }
}

#[track_caller]
fn back(change: impl Into<Change>, before: Value) -> Value {
    match change.into().undo(&before) {
        Reversal::Changes(changes) => {
            changes.iter().map(|change| serde_json::to_value(change).unwrap()["gcp"].clone()).collect()
        }
        Reversal::None(sentence) => {
            assert!(sentence.ends_with('.'), "{sentence}");
            json!("none")
        }
    }
}

#[test]
fn what_was_set_comes_back_exactly() {
    use {CloudbuildChange::*, CloudfunctionsChange::*, ContainerChange::*, RunChange::*, SqladminChange::*};
    let n = json!({"name": "n"});
    let scaling = json!({"saved": {"ingress": "INGRESS_TRAFFIC_ALL", "scaling": {"minInstanceCount": 2}}});
    let text = r#"{"ingress":"INGRESS_TRAFFIC_ALL","scaling":{"minInstanceCount":2}}"#;
    assert_eq!(
        back(StopRunService { it: it() }, scaling),
        json!([{"restore_run_service": {"it": n, "saved": text}}])
    );
    assert_eq!(back(StopRunService { it: it() }, json!({})), "none");
    assert_eq!(
        back(StopRunWorkerPool { it: it() }, json!({"saved": {}})),
        json!([{"restore_run_worker_pool": {"it": n, "saved": "{}"}}])
    );
    assert_eq!(back(CancelRunExecutions { it: it() }, json!({})), "none");
    for (change, word) in [
        (TurnOffNodeProvisioning { it: it() }, "restore_node_provisioning"),
        (TurnOffNodeAutoscaling { it: it() }, "restore_node_autoscaling"),
        (TurnOffNodeRepair { it: it() }, "restore_node_repair"),
    ] {
        let saved = back(change.clone(), json!({"saved": {"pool": {"enabled": true}}}));
        assert_eq!(saved, json!([{word: {"it": n, "saved": r#"{"pool":{"enabled":true}}"#}}]));
        assert_eq!(back(change, json!({})), "none");
    }
    assert_eq!(
        back(StopNodes { it: it() }, json!({"stopped": ["a"]})),
        json!([{"start_nodes": {"it": n, "stopped": ["a"]}}])
    );
    assert_eq!(back(StopNodes { it: it() }, json!({})), "none");
    assert_eq!(
        back(CloseFunctionIngress { it: it() }, json!({"ingress": "ALLOW_ALL"})),
        json!([{"restore_function_ingress": {"it": n, "ingress": "ALLOW_ALL"}}])
    );
    let held = json!({"bindings": [{"role": "roles/cloudfunctions.invoker", "member": "allUsers"}]});
    assert_eq!(
        back(ShutOutFunctionInvokers { it: it() }, held.clone()),
        json!([{"let_in_function_invokers": {"it": n, "bindings": held["bindings"]}}])
    );
    assert_eq!(back(ShutOutFunctionInvokers { it: it() }, json!({"bindings": []})), json!([]));
    assert_eq!(
        back(StopSqlInstance { it: it() }, json!({"policy": "ON_DEMAND"})),
        json!([{"restore_sql_activation": {"it": n, "policy": "ON_DEMAND"}}])
    );
    assert_eq!(back(DisableBuildTrigger { it: it() }, json!({"disabled": true})), json!([]));
    assert_eq!(
        back(DisableBuildTrigger { it: it() }, json!({"disabled": false})),
        json!([{"enable_build_trigger": {"it": n}}])
    );
    assert_eq!(
        back(AppengineChange::StopAppVersion { it: it() }, json!({"status": "SERVING"})),
        json!([{"serve_app_version": {"it": n}}])
    );
}

// ---- From recorded entries

/// Entries of one leaked key, in the order in which they were written.
const RECORDED: &[&str] = &[
    "run/Services.CreateService-v1",
    "run/Jobs.CreateJob",
    "cloudfunctions/CreateFunction",
    "container/CreateCluster",
    "container/CreateNodePool",
    "cloudbuild/CreateBuild",
    "cloudbuild/CreateBuildTrigger",
    "cloudsql/instances.create",
];

#[test]
fn recorded_entries_are_enough_for_a_plan() {
    let key = "projects/acme-ci/serviceAccounts/ci-deployer@acme-ci.iam.gserviceaccount.com/keys/7c1f0a9be24d4f7a8d3b5e6f90123456789abcde";
    let mut investigation = Investigation::new(Principal::parse(key).unwrap(), Window::default());
    for name in RECORDED {
        let raw = std::fs::read(fixtures().join(format!("events/gcp/{name}.json"))).unwrap();
        investigation.absorb(cloudaudit::read(&raw, Provenance::default()).unwrap().unwrap());
    }
    let plan = contain(&investigation.report(), &Guard::default(), Options::default());
    let told: Vec<String> =
        plan.steps.iter().map(|step| format!("{} {}", step.change.name(), step.target.id)).collect();
    let farm = "projects/acme-ci/zones/us-central1-a/clusters/farm";
    let expect = [
        "disable_build_trigger 9b2d4f6a-0000-4c39-81be-28f275c2d8a3".to_owned(),
        format!("turn_off_node_provisioning {farm}"),
        format!("turn_off_node_autoscaling {farm}"),
        format!("turn_off_node_repair {farm}"),
        format!("stop_nodes {farm}"),
        "cancel_build c3aeb4a1-6006-4c39-81be-28f275c2d8a3".to_owned(),
        "cancel_run_executions projects/acme-ci/locations/us-east4/jobs/crunch".to_owned(),
        "stop_run_service 725a0f68-587d-41ae-a1de-4e010c417034".to_owned(),
        "stop_sql_instance projects/acme-ci/instances/db".to_owned(),
    ];
    assert_eq!(told, expect);
    // Nobody looked at the function, and the pool is its cluster's.
    let withheld: Vec<&str> = plan.withheld.iter().map(|one| one.target.kind).collect();
    for kind in ["gcp.cloudfunctions.cloud_function", "gcp.container.node_pool"] {
        assert!(withheld.contains(&kind), "{withheld:?}");
    }
}
