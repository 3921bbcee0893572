//! What holds for every plan, and the recorded scenarios against reviewed plans (`expect/plan-*.json`; `TRIAGE_BLESS=1`
//! rewrites them).

use super::reports::*;
use super::{both, sound, told};
use crate::support::fixtures;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::case::Case;
use triage::cloud::files::FileSource;
use triage::collect::{self, Keep};
use triage::model::Report;
use triage::model::change::{Change, PolicyOf, Undo};
use triage::model::plan::{Plan, Step};
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain};
use triage::progress::Progress;
use triage::read::{Head, inventory};
use triage::render::json;

/// What plans propose in AWS. What only takes back (`start_instance`, …) is no plan's but the journal's.
const AWS: &[&str] = &[
    "deny_user",
    "revoke_user_sessions",
    "deny_role",
    "revoke_role_sessions",
    "deny_sessions",
    "deactivate_access_key",
    "reset_login_profile",
    "deactivate_service_specific_credential",
    "deactivate_ssh_public_key",
    "deactivate_signing_certificate",
    "delete_saml_provider",
    "disable_trust_anchor",
    "disable_roles_anywhere_profile",
    "start_trail",
    "suspend_scaling_group",
    "delete_scheduled_action",
    "cancel_fleet",
    "cancel_spot_fleet",
    "close_security_group",
    "cancel_spot_request",
    "empty_ecs_service",
    "stop_function",
    "lock_function_url",
    "remove_function_permission",
    "stop_event_source",
    "disable_event_rule",
    "disable_batch_environment",
    "set_batch_minimum",
    "disable_batch_queue",
    "stop_batch_job",
    "empty_nodegroup",
    "delete_access_entry",
    "pause_app_runner_service",
    "stop_build",
    "stop_build_batch",
    "hide_build_project",
    "resize_emr_group",
    "disable_lightsail_containers",
    "stop_instance",
    "stop_ecs_task",
    "stop_notebook",
    "stop_lightsail_instance",
    "unshare_snapshot",
    "unshare_image",
    "stop_trail",
    "widen_trail",
    "record_management_events",
    "restore_event_data_store",
    "start_store_ingestion",
    "stop_sage_maker_job",
    "delete_endpoint",
    "stop_glue_trigger",
    "stop_glue_job_run",
    "stop_glue_job_runs",
    "stop_glue_session",
    "close_dev_endpoint",
    "stop_stack_set_operations",
    "disable_schedule",
    "stop_execution",
    "disable_maintenance_window",
    "cancel_command",
    "stop_automation",
    "terminate_session",
    "block_public_bucket",
    "shut_out_of_bucket",
    "disable_expiry_rules",
    "disable_replication",
    "enable_versioning",
];
/// What plans from records alone propose; what needs a look at the cloud, and what takes it back, is planned live.
const GCP: &[&str] = &[
    "disable_service_account",
    "disable_service_account_key",
    "deactivate_hmac_key",
    "delete_api_key",
    "remove_binding",
    "turn_off_autoscaler",
    "pause_scheduler_job",
    "stop_instance",
    "stop_group_member",
    "disable_firewall",
    "stop_run_service",
    "stop_run_worker_pool",
    "cancel_run_executions",
    "cancel_run_execution",
    "stop_sql_instance",
    "disable_build_trigger",
    "cancel_build",
    "stop_app_version",
    "disable_setting",
    "restore_setting",
    "prevent_public_access",
    "cancel_workload",
    "stop_workload",
    "undeploy_models",
    "disable_service",
    "detach_billing",
];

#[test]
fn every_change_is_planned_by_something_and_tells_what_an_operator_must_know() {
    let (mut aws, mut gcp) = (BTreeSet::new(), BTreeSet::new());
    for step in all().iter().flat_map(both).flat_map(|plan| plan.steps) {
        let spec = step.change.spec();
        let call = spec.api.split('(').next().unwrap();
        match &step.change {
            Change::Aws(_) => {
                aws.insert(step.change.name());
                assert!(spec.permissions.contains(&call), "{call}: {:?}", spec.permissions);
                assert!(
                    spec.permissions.iter().all(|one| one.split(':').count() == 2),
                    "{:?}",
                    spec.permissions
                );
            }
            Change::Gcp(_) => {
                gcp.insert(step.change.name());
                assert!(
                    spec.permissions.iter().all(|one| one.split('.').count() == 3),
                    "{:?}",
                    spec.permissions
                );
            }
        }
        assert!(spec.permissions.len() >= 2, "{call}: a look and a call");
        assert!(!spec.does.is_empty() && !spec.does.ends_with('.') && !spec.expect.ends_with('.'), "{call}");
        match spec.undo {
            Undo::Call(undo) => assert!(!undo.is_empty() && undo.contains([':', '.', '(']), "{undo}"),
            Undo::None(sentence) => {
                assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase))
            }
        }
        // Identities that others can have stolen tokens of are not to be re-armed at once.
        if spec.api.contains("deny ")
            || spec.api.contains("serviceAccounts.disable")
            || call.ends_with("AccessKey")
        {
            let Undo::Call(undo) = spec.undo else { panic!("{call} can be taken back") };
            assert!(undo.contains("not before") || undo.contains("never for a key that leaked"), "{undo}");
        }
    }
    assert_eq!(aws, AWS.iter().map(|name| name.to_string()).collect());
    assert_eq!(gcp, GCP.iter().map(|name| name.to_string()).collect());
}

#[test]
fn policies_are_named_by_what_holds_them() {
    let bucket = Some("gcp.storage.bucket");
    for (on, kind, expect) in [
        ("projects/p", None, Some(PolicyOf::Project(arc("p")))),
        ("folders/7", None, Some(PolicyOf::Folder(arc("7")))),
        ("organizations/8", None, Some(PolicyOf::Organization(arc("8")))),
        ("b", bucket, Some(PolicyOf::Bucket(arc("b")))),
        ("projects/_/buckets/b", None, Some(PolicyOf::Bucket(arc("b")))),
        (SA, None, Some(PolicyOf::ServiceAccount(arc(SA)))),
        ("b", None, None),
        ("", bucket, None),
        ("projects/", None, None),
        ("projects/_/buckets/", None, None),
        ("projects/_/buckets/b/o", None, None),
        ("projects/p/secrets/s", None, None),
        ("dora@example.com", None, None),
    ] {
        assert_eq!(PolicyOf::named(on, kind), expect, "{on}");
    }
}

// ---- The recorded scenarios

struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _raw: &[u8], _head: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

const SCENARIOS: [&str; 4] =
    ["aws-role-chain", "aws-busy-deployer", "gcp-cryptojacking", "gcp-busy-pipeline"];

/// Reports a recorded case as `--case` does.
fn recorded(name: &str) -> Report {
    let folder = fixtures().join("scenarios").join(name);
    let case = Case::open(&folder).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    for path in &case.inventory {
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let look = inventory::read(line.as_bytes()).unwrap();
            look.observed.into_iter().for_each(|observed| investigation.observe(observed));
            look.listings.into_iter().for_each(|listing| investigation.listed(listing));
            look.gaps.into_iter().for_each(|gap| investigation.missed(gap));
        }
    }
    let (source, gaps) = FileSource::new(&[folder.join("evidence").to_string_lossy().into_owned()]);
    assert_eq!(gaps, []);
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop).unwrap();
    collect::tell(&mut investigation, &corpus);
    investigation.report()
}

#[test]
fn recorded_scenarios_get_the_reviewed_plans() {
    let mut wrong = Vec::new();
    for name in SCENARIOS {
        let report = recorded(name);
        for plan in both(&report) {
            sound(&plan);
            grounded(&plan, &report);
            let path = fixtures().join(format!("scenarios/{name}/expect/plan-{}.json", plan.kind.name()));
            let bytes = json::document(&plan);
            if std::env::var_os("TRIAGE_BLESS").is_some() {
                std::fs::write(&path, &bytes).unwrap();
            }
            if std::fs::read(&path).unwrap_or_default() != bytes {
                wrong.push(format!("{}:\n{}", path.display(), told(&plan)));
            }
        }
    }
    assert!(wrong.is_empty(), "these differ; now they are\n{}", wrong.join("\n"));
}

/// Every step is about something that the report is sure of, for events that the report names.
fn grounded(plan: &Plan, report: &Report) {
    let events = events(report);
    let by_id: BTreeMap<&str, &Step> = plan.steps.iter().map(|step| (&*step.target.id, step)).collect();
    for step in &plan.steps {
        assert!(is_sure(step, report), "{step:?}");
        assert!(step.because.iter().all(|event| events.contains(event)), "{:?}", step.because);
        let own =
            step.after.is_empty() && report.credentials.iter().any(|one| one.depth == 0 && names(one, step));
        assert!(!step.because.is_empty() || own, "{step:?}");
        let launcher = report
            .resources
            .iter()
            .find(|one| one.id == step.target.id)
            .and_then(|one| by_id.get(&**one.launched_by.as_ref()?));
        assert!(launcher.is_none_or(|launcher| step.after.contains(&launcher.no)), "{step:?}");
    }
}

fn names(credential: &Credential, step: &Step) -> bool {
    let id = &*step.target.id;
    [Some(&*credential.id), credential.principal.as_deref()].contains(&Some(id))
}

fn is_sure(step: &Step, report: &Report) -> bool {
    let id = &*step.target.id;
    let sure = |confidence: Confidence| confidence == Confidence::Confirmed;
    // A role's name stands in its sessions' ARNs.
    let role = id.split_once(":role/").map(|(_, name)| format!(":assumed-role/{name}/"));
    let of_role = |one: &Credential| {
        role.as_deref().is_some_and(|role| one.principal.as_deref().is_some_and(|arn| arn.contains(role)))
    };
    report.credentials.iter().any(|one| sure(one.confidence) && (names(one, step) || of_role(one)))
        || report.resources.iter().any(|one| sure(one.confidence) && &*one.id == id)
        || report.touched.iter().any(|one| sure(one.confidence) && &*one.id == id)
        || report.grants.iter().any(|one| &*one.on == id)
        || report.findings.iter().any(|one| sure(one.confidence) && one.standing && &*one.subject == id)
        || report.leaked_keys.iter().any(|one| &**one == id)
        || report.seed_user.as_deref() == Some(id)
}

fn events(report: &Report) -> BTreeSet<Arc<str>> {
    let mut events: BTreeSet<Arc<str>> = BTreeSet::new();
    events.extend(report.credentials.iter().filter_map(|one| one.event.clone()));
    events.extend(report.resources.iter().map(|one| one.event.clone()));
    events.extend(report.grants.iter().map(|one| one.event.clone()));
    events.extend(report.findings.iter().flat_map(|one| one.events.iter().cloned()));
    events.extend(report.root.iter().filter_map(|one| one.event.clone()));
    events
}

#[test]
fn hand_made_reports_get_grounded_plans() {
    for report in all() {
        for plan in both(&report) {
            sound(&plan);
            grounded(&plan, &report);
            assert_eq!((&plan.principal, &plan.window), (&report.principal, &report.window));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The report's order decides nothing.
    #[test]
    fn plans_do_not_depend_on_order(which in 0..all().len(), turn in 0..50_usize, back in any::<bool>()) {
        let report = all().swap_remove(which);
        let mut other = report.clone();
        fn mix<T>(list: &mut [T], turn: usize, back: bool) {
            if back {
                list.reverse();
            }
            let len = list.len().max(1);
            list.rotate_left(turn % len);
        }
        mix(&mut other.credentials, turn, back);
        mix(&mut other.resources, turn, back);
        mix(&mut other.touched, turn, back);
        mix(&mut other.findings, turn, back);
        mix(&mut other.uses, turn, back);
        mix(&mut other.unlinked, turn, back);
        mix(&mut other.grants, turn, back);
        mix(&mut other.leaked_keys, turn, back);
        prop_assert_eq!(both(&report), both(&other));
    }

    /// Less certainty never plans more, and what is not certain is never planned.
    #[test]
    fn doubt_only_takes_steps_away(which in 0..all().len(), one in any::<prop::sample::Index>()) {
        let report = all().swap_remove(which);
        prop_assume!(!report.resources.is_empty());
        let mut doubted = report.clone();
        let at = one.index(doubted.resources.len());
        doubted.resources[at].confidence = Confidence::Suspect;
        let (sure, unsure) = (contain(&report, &Guard::default(), Options::default()), contain(&doubted, &Guard::default(), Options::default()));
        let id = &report.resources[at].id;
        prop_assert!(!unsure.steps.iter().any(|step| step.target.id == *id));
        // A spot request whose instance is left alone is cancelled after all.
        prop_assert!(unsure.steps.len() <= sure.steps.len());
    }
}
