//! Google, besides Compute: what managed services run, settings that the log remembers, APIs, projects. From recorded events, and what
//! takes each change back.

use super::check;
use super::reports::*;
use crate::gcp_edges::event;
use serde_json::{Value, json};
use std::sync::Arc;
use triage::analyze::Investigation;
use triage::model::change::gcp::*;
use triage::model::change::{Change, Reversal};
use triage::model::report::{FindingKind, Touched, Window};
use triage::model::{Principal, Report};
use triage::plan::{Guard, Options, contain::contain};

/// Who made all of the recorded events.
const LEAKED: &str = "ci-deployer@acme-ci.iam.gserviceaccount.com";

fn recorded(names: &[&str]) -> Report {
    let mut investigation = Investigation::new(Principal::parse(LEAKED).unwrap(), Window::default());
    while investigation.wants().is_some() {
        names.iter().for_each(|name| investigation.absorb(event(name)));
    }
    investigation.report()
}

fn plan(report: &Report, destroy: bool, expect: &str) {
    check(&contain(report, &Guard::default(), Options { destroy, ..Options::default() }), expect);
}

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

// ---- From recorded events

#[test]
fn jobs_are_cancelled_and_what_can_be_started_again_is_stopped() {
    let report = recorded(&[
        "batch/CreateJob",
        "dataproc/CreateCluster",
        "dataproc/SubmitJob",
        "dataflow/jobs.create",
        "notebooks/CreateInstance",
        "tpu/CreateNode",
        "aiplatform/CreateCustomJob",
    ]);
    plan(
        &report,
        false,
        "1 cancel_workload born={at:2026-03-14T02:11:09.088888Z,uid:render-9f3c2a11-0} name=render of=batch_job
         2 cancel_workload born={at:2026-03-14T02:11:07.088888Z,uid:2026-03-13_19_24_18-6110555549864901093} name=2026-03-13_19_24_18-6110555549864901093 of=dataflow_job
         3 stop_workload born={at:2026-03-14T02:11:04.088888Z,uid:123a45a6-f7f8-4901-83e4-5dfb67db8f90} name=spark of=dataproc_cluster
         4 cancel_workload born={at:2026-03-14T02:11:13.088888Z} name=projects/444455556666/locations/us-central1/customJobs/8077126412548702208 of=vertex_custom_job
         5 cancel_workload born={at:2026-03-14T02:11:05.088888Z,uid:5d0ab3a9-7c9c-4b6d-9ad3-3d1e26b0a001} name=mine-1 of=dataproc_job
         6 stop_workload born={at:2026-03-14T02:11:11.088888Z} name=projects/acme-ci/locations/us-central1-a/instances/lab of=workbench_instance
         7 stop_workload born={at:2026-03-14T02:11:16.088888Z} name=projects/acme-ci/locations/us-central2-b/nodes/v4-1 of=tpu_node",
    );
}

#[test]
fn sinks_go_back_to_what_they_were_and_the_principals_own_are_switched_off() {
    let report = recorded(&["logging/DeleteSink"]);
    let plan = contain(&report, &Guard::default(), Options::default());
    let [restore] = &plan.steps[..] else { panic!("{:?}", plan.steps) };
    let change = serde_json::to_value(&restore.change).unwrap();
    let deleted = event("logging/DeleteSink").at.to_string();
    assert_eq!(change["gcp"]["restore_setting"]["before"], json!(deleted));
    assert!(restore.api.starts_with("logging.sinks.create"), "{}", restore.api);

    let report = recorded(&["logging/CreateSink", "logging/CreateExclusion"]);
    for (destroy, expect) in [(false, "disable_setting"), (true, "delete_setting")] {
        let plan = contain(&report, &Guard::default(), Options { destroy, ..Options::default() });
        let told: Vec<String> = plan.steps.iter().map(|step| step.change.name()).collect();
        assert_eq!(told, [expect, expect]);
    }
}

/// What stands changed, an API that is on and a project that was made.
pub fn standing() -> Report {
    let mut report = gcp_account();
    report.resources = vec![resource("gcp.cloudresourcemanager.project", "888899990000", "acme-batch-7f3")];
    report.grants = vec![grant("allUsers", "roles/storage.objectViewer", "shop-metrics", "e1")];
    let sink = "projects/shop-prod/sinks/all";
    report.touched = vec![
        touched("gcp.storage.bucket", "shop-metrics", "e1"),
        touched("gcp.logging.log_sink", sink, "e2"),
        Touched {
            how: "enabled".into(),
            ..touched("gcp.serviceusage.service", "translate.googleapis.com", "e3")
        },
    ];
    for one in &mut report.touched {
        one.account = arc("shop-prod");
    }
    report.findings.push(finding(FindingKind::Exposure, "allUsers", "e1"));
    report.findings.push(finding(FindingKind::DefenseEvasion, sink, "e2"));
    report.findings.push(finding(FindingKind::ServiceAbuse, "translate.googleapis.com", "e3"));
    report
}

#[test]
fn an_api_with_nothing_of_the_principals_in_it_is_switched_off_and_a_project_of_its_own_comes_last() {
    let report = recorded(&["serviceusage/EnableService", "cloudresourcemanager/CreateProject"]);
    plan(
        &report,
        false,
        "1 disable_service project=acme-ci service=aiplatform.googleapis.com
         2 detach_billing project=acme-batch-7f3 after [1]",
    );
    plan(
        &report,
        true,
        "1 disable_service project=acme-ci service=aiplatform.googleapis.com
         2 delete_project number=888899990000 after [1]",
    );
    // What it made there could neither be looked at nor brought back.
    let report = recorded(&["serviceusage/EnableService", "aiplatform/CreateCustomJob"]);
    plan(
        &report,
        false,
        "1 cancel_workload born={at:2026-03-14T02:11:13.088888Z} name=projects/444455556666/locations/us-central1/customJobs/8077126412548702208 of=vertex_custom_job
         - gcp.serviceusage.service aiplatform.googleapis.com: … made things with it … gcloud services disable aiplatform.googleapis.com --project=acme-ci",
    );
}

#[test]
fn a_bucket_that_was_opened_is_shut_for_everybody_who_is_not_named() {
    let report = recorded(&["storage/setIamPermissions"]);
    let plan = contain(&report, &Guard::default(), Options::default());
    let told: Vec<(String, Vec<u32>)> =
        plan.steps.iter().map(|step| (step.change.name(), step.after.clone())).collect();
    assert_eq!(told, [("remove_binding".into(), vec![]), ("prevent_public_access".into(), vec![1])]);
}

// ---- What a look showed

#[test]
fn what_google_does_not_stop_is_left_with_its_command_or_deleted_on_demand() {
    let mut cluster = resource("gcp.dataproc.cluster", "u-1", "dig");
    cluster.details = [(arc("unstoppable"), arc("secondary workers"))].into();
    let queued = resource("gcp.tpu.queued_resource", "projects/p/locations/z/queuedResources/more", "");
    let report = Report { resources: vec![cluster, queued], ..gcp_account() };
    plan(
        &report,
        false,
        "- gcp.dataproc.cluster u-1: … secondary workers … --destroy … gcloud dataproc clusters update dig --num-secondary-workers=0
         - gcp.tpu.queued_resource projects/p/locations/z/queuedResources/more: … --destroy … gcloud compute tpus queued-resources delete more --force",
    );
    plan(
        &report,
        true,
        "1 delete_workload born={at:2026-07-14T10:00:00Z,uid:u-1} name=dig of=dataproc_cluster
         2 delete_workload born={at:2026-07-14T10:00:00Z} name=projects/p/locations/z/queuedResources/more of=tpu_queued_resource",
    );
}

#[test]
fn machines_of_a_cluster_are_ended_with_it_and_never_one_by_one() {
    let machines = || {
        vec![launched("gcp.compute.instance", "21", "u-1"), resource("gcp.dataproc.cluster", "u-1", "dig")]
    };
    plan(
        &Report { resources: machines(), ..gcp_account() },
        false,
        "1 stop_workload born={at:2026-07-14T10:00:00Z,uid:u-1} name=dig of=dataproc_cluster
         - gcp.compute.instance 21: It ends with its cluster u-1",
    );
    // One that can't be stopped holds its machines all the same.
    let mut all = machines();
    all[1].details = [(arc("unstoppable"), arc("an autoscaling policy"))].into();
    plan(
        &Report { resources: all, ..gcp_account() },
        false,
        "- gcp.compute.instance 21: u-1 makes it again when it is stopped: stop that first.
         - gcp.dataproc.cluster u-1: … an autoscaling policy",
    );
}

// ---- And back

#[test]
fn what_takes_a_change_back_is_made_from_what_was_seen() {
    let (name, at) = (arc("projects/p/sinks/s"), at(10));
    let born = || Born { uid: Some(arc("u-1")), at };
    let of = SettingOf::LogSink;
    let restore = || RestoreChange::RestoreSetting { of, name: name.clone(), before: at, until: at };
    let was = json!({"filter": "x"});
    assert_eq!(
        back(restore(), json!({"now": null, "wanted": was})),
        json!([{"remove_setting": {"of": "log_sink", "name": "projects/p/sinks/s", "value": "{\"filter\":\"x\"}"}}])
    );
    assert_eq!(
        back(restore(), json!({"now": {"filter": "y"}, "wanted": was})),
        json!([{"set_setting": {"of": "log_sink", "name": "projects/p/sinks/s", "value": "{\"filter\":\"y\"}"}}])
    );
    assert_eq!(back(restore(), json!({})), json!("none"));
    let off = || RestoreChange::DisableSetting { of, name: name.clone(), born: at };
    assert_eq!(back(off(), json!({"disabled": true})), json!([]), "it was off before");
    assert!(back(off(), json!({"disabled": false}))[0].get("enable_setting").is_some());
    assert!(
        back(RestoreChange::DeleteSetting { of, name: name.clone(), born: at }, json!({"now": was}))[0]
            .get("set_setting")
            .is_some()
    );

    let (of, name): (_, Arc<str>) = (WorkloadOf::TpuNode, arc("n"));
    let stop = || WorkloadChange::StopWorkload { of, name: name.clone(), born: born() };
    assert!(back(stop(), json!({"runs": true}))[0].get("start_workload").is_some());
    assert_eq!(back(stop(), json!({"runs": false})), json!([]));
    let of = WorkloadOf::BatchJob;
    assert_eq!(
        back(WorkloadChange::CancelWorkload { of, name: name.clone(), born: born() }, json!({"runs": true})),
        json!("none")
    );
    let models = json!({"deployed": [{"id": "1"}], "traffic": {"1": 100}});
    let undeploy = || WorkloadChange::UndeployModels { name: name.clone(), born: born() };
    let again = back(undeploy(), json!({"models": models}));
    assert_eq!(again[0]["deploy_models"]["models"], json!(models.to_string()));
    assert_eq!(back(undeploy(), json!({"models": {"deployed": [], "traffic": null}})), json!([]));

    let project = arc("p");
    let detach = || ProjectChange::DetachBilling { project: project.clone() };
    assert_eq!(
        back(detach(), json!({"account": "billingAccounts/0"})),
        json!([{"attach_billing": {"project": "p", "account": "billingAccounts/0"}}])
    );
    assert_eq!(back(detach(), json!({"account": null})), json!([]));
    let delete = ProjectChange::DeleteProject { number: arc("1") };
    assert_eq!(back(delete, json!({"state": "ACTIVE"})), json!([{"undelete_project": {"number": "1"}}]));
    let bucket = arc("b");
    assert_eq!(
        back(StorageChange::PreventPublicAccess { bucket }, json!({"mode": "inherited"})),
        json!([{"set_public_access_prevention": {"bucket": "b", "mode": "inherited"}}])
    );
}

/// Every kind that this program can end has a word for it in the catalog, and a way.
#[test]
fn every_workload_of_the_catalog_has_its_way() {
    let rows = triage::catalog::gcp::SERVICES.iter().flat_map(|service| service.rows);
    let made: std::collections::BTreeSet<&str> = rows.map(|row| row.kind).collect();
    for of in WorkloadOf::ALL {
        assert!(made.contains(of.kind()), "{of:?}");
        let report = Report {
            resources: vec![resource(of.kind(), "projects/p/locations/l/x/y", "")],
            ..gcp_account()
        };
        let plan = contain(&report, &Guard::default(), Options { destroy: true, ..Options::default() });
        assert!(!plan.steps.is_empty() && plan.withheld.is_empty(), "{of:?}");
        assert!(plan.steps.iter().all(|step| step.undo.contains(['.', '('])), "{of:?}");
    }
}
