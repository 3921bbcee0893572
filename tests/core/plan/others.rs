//! The kinds besides compute, and what stands changed that nobody made: what is planned, by hand or only with `--destroy`, and
//! what takes each change back.

use super::check;
use super::reports::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use triage::catalog;
use triage::model::Report;
use triage::model::change::*;
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain};

fn destroy() -> Options {
    Options { destroy: true, ..Options::default() }
}

fn made(kind: &'static str, id: &str, name: &str) -> Report {
    Report { resources: vec![resource(kind, id, name)], ..aws_key() }
}

fn plan(report: &Report, options: Options, expect: &str) {
    check(&contain(report, &Guard::default(), options), expect);
}

/// What takes it back, as the journal writes it; `none` where a sentence says that nothing does.
fn back(change: impl Into<Change>, before: Value) -> Value {
    match change.into().undo(&before) {
        Reversal::Changes(changes) => {
            changes.iter().map(|change| serde_json::to_value(change).unwrap()["aws"].clone()).collect()
        }
        Reversal::None(sentence) => {
            assert!(sentence.ends_with('.') && sentence != "not built yet", "{sentence}");
            json!("none")
        }
    }
}

// ---- What only destroys

/// Kinds, what is done about them without `--destroy`, and with it.
const GATED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "aws.sagemaker.notebook_instance",
        "arn:n",
        "",
        "1 stop_notebook name=arn:n",
        "1 stop_notebook name=arn:n\n2 delete_notebook name=arn:n after [1]",
    ),
    (
        "aws.sagemaker.hyperpod_cluster",
        "arn:h",
        "",
        "- aws.sagemaker.hyperpod_cluster arn:h: … --destroy … sagemaker:DeleteCluster (destroys)",
        "1 delete_hyper_pod_cluster name=arn:h",
    ),
    (
        "aws.glue.job",
        "etl",
        "",
        "1 stop_glue_job_runs job=etl",
        "1 stop_glue_job_runs job=etl\n2 delete_glue_job job=etl after [1]",
    ),
    (
        "aws.glue.dev_endpoint",
        "dev",
        "",
        "1 close_dev_endpoint name=dev",
        "1 close_dev_endpoint name=dev\n2 delete_dev_endpoint name=dev after [1]",
    ),
    (
        "aws.cloudformation.stack",
        "arn:s",
        "",
        "- aws.cloudformation.stack arn:s: … A stack has no stop … cloudformation:DeleteStack (destroys)",
        "1 unprotect_stack stack=arn:s\n2 delete_stack stack=arn:s after [1]",
    ),
    (
        "aws.stepfunctions.state_machine",
        "arn:m",
        "",
        "- aws.stepfunctions.state_machine arn:m: … has no switch … states:DeleteStateMachine (destroys)",
        "1 delete_state_machine machine=arn:m",
    ),
    (
        "aws.ssm.association",
        "a-1",
        "",
        "- aws.ssm.association a-1: … can't be disabled … aws ssm delete-association --association-id a-1 (destroys)",
        "1 delete_association id=a-1",
    ),
    (
        "aws.ssm.activation",
        "a-2",
        "",
        "- aws.ssm.activation a-2: … can't be disabled … aws ssm delete-activation --activation-id a-2 (destroys)",
        "1 delete_activation id=a-2",
    ),
    (
        "aws.ses.identity",
        "shop.example.com",
        "",
        "- aws.ses.identity shop.example.com: … can't be paused … delete-email-identity --email-identity 'shop.example.com' --region eu-west-3",
        "1 delete_email_identity identity=shop.example.com",
    ),
    (
        "aws.kinesis.stream",
        "clicks",
        "",
        "- aws.kinesis.stream clicks: … can only delete this kind: that needs --destroy.",
        "1 delete_by_type id=clicks type_name=AWS::Kinesis::Stream",
    ),
];

#[test]
fn what_only_destroys_is_planned_when_it_is_asked_for() {
    for (kind, id, name, gentle, destroying) in GATED {
        plan(&made(kind, id, name), Options::default(), gentle);
        plan(&made(kind, id, name), destroy(), destroying);
        for options in [Options::default(), destroy()] {
            let steps = contain(&made(kind, id, name), &Guard::default(), options).steps;
            let gated: Vec<bool> = steps.iter().map(|step| step.change.spec().needs_destroy).collect();
            assert!(options.destroy || !gated.contains(&true), "{kind}");
            assert!(!options.destroy || gated.contains(&true), "{kind}");
            // What comes second needs the success of what comes first.
            assert!(steps.iter().skip(1).all(|step| !step.needs.is_empty()), "{kind}");
        }
    }
}

#[test]
fn nothing_gated_is_planned_unasked() {
    for report in all() {
        let plan = contain(&report, &Guard::default(), Options::default());
        for step in plan.steps {
            assert!(!step.change.spec().needs_destroy, "{:?}", step.change);
        }
    }
}

#[test]
fn the_long_tail_is_known_by_kinds_of_the_catalog_and_deleted_by_its_list_alone() {
    let kinds: BTreeSet<&str> =
        catalog::aws::SERVICES.iter().flat_map(|service| service.rows).map(|row| row.kind).collect();
    let mut seen = BTreeSet::new();
    for row in TYPES {
        assert!(kinds.contains(row.kind), "{} is no kind of the catalog", row.kind);
        assert!(seen.insert(row.kind) && seen.insert(row.type_name), "{} stands twice", row.kind);
        assert!(row.permissions.len() > 3, "{}: Cloud Control acts with the operator's rights", row.kind);
        let change = CloudControlChange::DeleteByType { type_name: row.type_name.into(), id: arc("x") };
        assert_eq!(change.row(), Some(row));
    }
    let foreign = CloudControlChange::DeleteByType { type_name: arc("AWS::IAM::Role"), id: arc("x") };
    assert_eq!(foreign.row(), None, "a journal can't make us delete what is not listed");
    assert_eq!(back(foreign, json!({})), json!("none"));
}

#[test]
fn cloud_control_is_told_the_identifier_of_the_type() {
    for (kind, id, name, expect) in [
        (
            "aws.dynamodb.table",
            "arn:aws:dynamodb:eu-west-3:111122223333:table/orders",
            "orders",
            Some("orders"),
        ),
        ("aws.sagemaker.domain", "arn:aws:sagemaker:eu-west-3:111122223333:domain/d-1", "", Some("d-1")),
        (
            "aws.datasync.task",
            "arn:aws:datasync:eu-west-3:111122223333:task/task-1",
            "",
            Some("arn:aws:datasync:eu-west-3:111122223333:task/task-1"),
        ),
        ("aws.elasticbeanstalk.environment", "e-1", "shop", Some("shop")),
        ("aws.elasticbeanstalk.environment", "e-1", "", None),
    ] {
        let plan = contain(&made(kind, id, name), &Guard::default(), destroy());
        let deleted = plan.steps.first().map(|step| serde_json::to_value(&step.change).unwrap());
        let deleted =
            deleted.map(|change| change["aws"]["delete_by_type"]["id"].as_str().unwrap().to_owned());
        assert_eq!(deleted.as_deref(), expect, "{kind} {id}");
    }
}

#[test]
fn what_can_not_be_stopped_says_why() {
    let express = "arn:aws:states:eu-west-3:111122223333:express:machine:run:1";
    plan(
        &made("aws.stepfunctions.execution", express, ""),
        destroy(),
        &format!("- aws.stepfunctions.execution {express}: … ends by itself within five minutes"),
    );
    plan(
        &made("aws.glue.job_run", "jr_1", ""),
        destroy(),
        "- aws.glue.job_run jr_1: … No record names its job … aws glue batch-stop-job-run --job-name JOB --job-run-ids jr_1",
    );
    let mut managed = made("aws.eventbridge.rule", "arn:r", "");
    managed.resources[0].details.insert(arc("managed_by"), arc("codepipeline.amazonaws.com"));
    plan(&managed, destroy(), "- aws.eventbridge.rule arn:r: … codepipeline.amazonaws.com manages it");
}

#[test]
fn names_that_a_thief_chose_can_not_break_out_of_a_command() {
    let identity = "x'; rm -rf ~ #@example.com";
    let plan = contain(&made("aws.ses.identity", identity, ""), &Guard::default(), Options::default());
    assert!(plan.withheld[0].by_hand.contains("'x; rm -rf ~ #@example.com'"), "{}", plan.withheld[0].by_hand);
}

// ---- What stands changed

/// A finding as its row tells it, about something that was touched.
fn told_by(source: &str, event: &str, pair: &str, id: &str) -> (Finding, Touched) {
    let found = catalog::rows(catalog::aws::SERVICES, source, event)
        .find(|row| row.finding.is_some() && row.pair.split(' ').next() == Some(pair));
    let row = found.unwrap_or_else(|| panic!("{source} {event} {pair} is no row"));
    let mut note = row.note.replace("{id}", id);
    while let Some((start, (_, end))) =
        note.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?)))
    {
        note = format!("{start}something{end}");
    }
    let event = format!("e-{pair}-{id}");
    let finding = Finding { note, ..finding(row.finding.unwrap().0, id, &event) };
    (finding, Touched { how: row.how.into(), ..touched(row.kind, id, &event) })
}

/// Trails, buckets and machines of the owners that the principal changed or used.
pub fn tampered() -> Report {
    let (trail, s3, ssm) = ("cloudtrail.amazonaws.com", "s3.amazonaws.com", "ssm.amazonaws.com");
    let mut report = aws_key();
    for (source, event, pair, id) in [
        (trail, "StopLogging", "cloudtrail:logging", "main"),
        (trail, "UpdateTrail", "cloudtrail:regions", "main"),
        (trail, "UpdateTrail", "cloudtrail:global", "main"),
        (trail, "UpdateTrail", "cloudtrail:validation", "main"),
        (trail, "PutEventSelectors", "cloudtrail:selectors", "main"),
        (trail, "DeleteEventDataStore", "cloudtrail:store", "arn:lake"),
        (trail, "StopEventDataStoreIngestion", "cloudtrail:ingestion", "arn:lake2"),
        (s3, "PutBucketLifecycle", "s3:lifecycle", "logs"),
        (s3, "PutBucketVersioning", "s3:versioning", "logs"),
        (s3, "PutBucketReplication", "s3:replication", "orders"),
        (s3, "PutBucketAcl", "s3:acl", "site"),
        (s3, "DeleteBucketPublicAccessBlock", "s3:public-access-block", "site"),
        (s3, "PutBucketPolicy", "s3:policy", "orders"),
        (s3, "PutBucketPolicy", "s3:policy", "site"),
        (ssm, "SendCommand", "ssm:command", "c-1"),
        (ssm, "StartAutomationExecution", "ssm:automation", "x-1"),
        (ssm, "StartSession", "ssm:session", "s-1"),
    ] {
        let (finding, touched) = told_by(source, event, pair, id);
        report.findings.push(finding);
        report.touched.push(touched);
    }
    report.grants = vec![
        grant("arn:aws:iam::999988887777:root", "s3:*", "orders", "e-s3:policy-orders"),
        grant("999988887776", "s3:GetObject", "orders", "e-s3:policy-orders"),
        grant("*", "s3:GetObject", "site", "e-s3:policy-site"),
    ];
    report
}

#[test]
fn what_was_blinded_sees_again_and_what_was_opened_is_shut() {
    let plan = contain(&tampered(), &Guard::default(), Options::default());
    check(
        &plan,
        "1 record_management_events name=main
         2 restore_event_data_store store=arn:lake
         3 start_store_ingestion store=arn:lake2
         4 start_trail name=main
         5 widen_trail name=main what=file_validation
         6 widen_trail name=main what=global_services
         7 widen_trail name=main what=regions
         8 enable_versioning bucket=logs
         9 disable_expiry_rules bucket=logs days=7
         10 cancel_command id=c-1
         11 stop_automation id=x-1
         12 terminate_session id=s-1
         13 shut_out_of_bucket bucket=orders members=[999988887776,arn:aws:iam::999988887777:root]
         14 block_public_bucket bucket=site
         15 disable_replication bucket=orders",
    );
    let step = |name: &str| plan.steps.iter().find(|step| step.change.name() == name).unwrap();
    assert_eq!(step("block_public_bucket").because.len(), 3, "an ACL, a block and a policy, one step");
    assert!(step("shut_out_of_bucket").why.contains("somebody who belonged there is shut out too"));
    assert!(plan.steps.iter().all(|step| step.target.region == arc("eu-west-3")));
}

#[test]
fn a_trail_that_the_principal_made_is_stopped_and_not_started() {
    let (stopped, touched) =
        told_by("cloudtrail.amazonaws.com", "StopLogging", "cloudtrail:logging", "arn:own");
    let mut report = made("aws.cloudtrail.trail", "arn:own", "own");
    report.findings.push(stopped);
    report.touched.push(touched);
    plan(&report, Options::default(), "1 stop_trail name=arn:own");
}

#[test]
fn a_change_of_a_trail_that_no_step_takes_back_is_told_beside_those_that_one_does() {
    let mut report = aws_key();
    let (narrowed, touched) =
        told_by("cloudtrail.amazonaws.com", "UpdateTrail", "cloudtrail:regions", "main");
    let note = "Trail main was pointed at bucket theirs; check that the bucket is yours and the one it was.";
    // Both rest on the same event.
    report.findings.push(Finding { note: note.into(), ..narrowed.clone() });
    report.findings.push(narrowed);
    report.touched.push(touched);
    plan(
        &report,
        Options::default(),
        "1 widen_trail name=main what=regions
         - aws.cloudtrail.trail main: Trail main was pointed at … update-trail --name main --s3-bucket-name BUCKET --region eu-west-3",
    );
}

#[test]
fn what_no_power_serves_comes_with_its_exact_command() {
    for (source, event, pair, id, expect) in [
        (
            "guardduty.amazonaws.com",
            "UpdateDetector",
            "guardduty:detector",
            "d-1",
            "update-detector --detector-id d-1 --enable",
        ),
        (
            "guardduty.amazonaws.com",
            "DeleteDetector",
            "",
            "d-1",
            "aws guardduty create-detector --enable --region eu-west-3",
        ),
        ("guardduty.amazonaws.com", "CreateIPSet", "guardduty:trust", "ips", "--ip-set-id ips --no-activate"),
        (
            "config.amazonaws.com",
            "StopConfigurationRecorder",
            "config:recorder",
            "default",
            "start-configuration-recorder --configuration-recorder-name default",
        ),
        (
            "bedrock.amazonaws.com",
            "DeleteModelInvocationLoggingConfiguration",
            "bedrock:invocation-logging",
            "eu-west-3",
            "aws bedrock put-model-invocation-logging-configuration --region eu-west-3",
        ),
        (
            "s3.amazonaws.com",
            "DeleteAccountPublicAccessBlock",
            "s3:public-access-block",
            "111122223333",
            "put-public-access-block --account-id 111122223333",
        ),
        (
            "ses.amazonaws.com",
            "UpdateAccountSendingEnabled",
            "ses:sending",
            "111122223333",
            "ask first, for it stops everybody's mail",
        ),
        (
            "cloudtrail.amazonaws.com",
            "DeleteTrail",
            "cloudtrail:logging",
            "main",
            "aws cloudtrail create-trail --name main",
        ),
    ] {
        let mut report = aws_key();
        let found = match source {
            // Two rows of this source have the pair; the account's is meant.
            "s3.amazonaws.com" => {
                let (mut finding, touched) = told_by(source, event, pair, id);
                finding.kind = FindingKind::Exposure;
                (finding, touched)
            }
            _ => told_by(source, event, pair, id),
        };
        report.findings.push(found.0);
        let plan = contain(&report, &Guard::default(), Options::default());
        assert_eq!(plan.steps, [], "{event}");
        assert!(plan.withheld.iter().any(|one| one.by_hand.contains(expect)), "{event}: {:?}", plan.withheld);
    }
}

// ---- Ways back

#[test]
fn each_change_is_taken_back_to_what_was_seen() {
    let n = || arc("x");
    use StepFunctionsChange as Sfn;
    use {
        CloudFormationChange as Cfn, CloudTrailChange as Trail, EventBridgeChange as Rule, GlueChange as Glue,
    };
    use {S3Change as S3, SageMakerChange as Ml, SchedulerChange as Sched, SsmChange as Ssm};
    let selectors = json!({"basic": [{"kinds": "WriteOnly"}]});
    let part = TrailPart::Regions;
    let (on, off) = (json!({"runs": true}), json!({"runs": false}));
    let block =
        json!({"block_acls": true, "ignore_acls": false, "block_policy": false, "restrict_buckets": false});
    let cases: Vec<(Change, Value, Value)> = vec![
        (
            Trail::StartTrail { name: n() }.into(),
            json!({"is_logging": false}),
            json!([{"stop_trail": {"name": "x"}}]),
        ),
        (Trail::StartTrail { name: n() }.into(), json!({"is_logging": true}), json!([])),
        (
            Trail::StopTrail { name: n() }.into(),
            json!({"is_logging": true}),
            json!([{"start_trail": {"name": "x"}}]),
        ),
        (
            Trail::WidenTrail { name: n(), what: part }.into(),
            json!({"is_on": false}),
            json!([{"narrow_trail": {"name": "x", "what": "regions"}}]),
        ),
        (Trail::WidenTrail { name: n(), what: part }.into(), json!({"is_on": true}), json!([])),
        (
            Trail::NarrowTrail { name: n(), what: part }.into(),
            json!({"is_on": true}),
            json!([{"widen_trail": {"name": "x", "what": "regions"}}]),
        ),
        (
            Trail::RecordManagementEvents { name: n() }.into(),
            json!({"selectors": selectors}),
            json!([{"put_back_selectors": {"name": "x", "selectors": selectors.to_string()}}]),
        ),
        (Trail::RecordManagementEvents { name: n() }.into(), json!({}), json!("none")),
        (Trail::RestoreEventDataStore { store: n() }.into(), json!({}), json!("none")),
        (
            Trail::StartStoreIngestion { store: n() }.into(),
            json!({}),
            json!([{"stop_store_ingestion": {"store": "x"}}]),
        ),
        (
            Rule::DisableEventRule { rule: n() }.into(),
            json!({"state": "ENABLED"}),
            json!([{"enable_event_rule": {"rule": "x", "state": "ENABLED"}}]),
        ),
        (
            Rule::DisableEventRule { rule: n() }.into(),
            json!({"state": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}),
            json!([{"enable_event_rule": {"rule": "x", "state": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}}]),
        ),
        (Rule::DisableEventRule { rule: n() }.into(), json!({"state": "DISABLED"}), json!([])),
        (
            Sched::DisableSchedule { schedule: n() }.into(),
            json!({"state": "ENABLED"}),
            json!([{"enable_schedule": {"schedule": "x"}}]),
        ),
        (Sched::DisableSchedule { schedule: n() }.into(), json!({"state": "DISABLED"}), json!([])),
        (Ml::StopNotebook { name: n() }.into(), on.clone(), json!([{"start_notebook": {"name": "x"}}])),
        (Ml::StopNotebook { name: n() }.into(), off.clone(), json!([])),
        (Ml::StopSageMakerJob { job: SageMakerJob::Training, name: n() }.into(), json!({}), json!("none")),
        (
            Ml::DeleteEndpoint { name: n() }.into(),
            json!({"config": "c"}),
            json!([{"make_endpoint_again": {"name": "x", "config": "c"}}]),
        ),
        (Ml::DeleteEndpoint { name: n() }.into(), json!({}), json!("none")),
        (Ml::DeleteNotebook { name: n() }.into(), on.clone(), json!("none")),
        (
            Glue::StopGlueTrigger { name: n() }.into(),
            on.clone(),
            json!([{"start_glue_trigger": {"name": "x"}}]),
        ),
        (Glue::StopGlueTrigger { name: n() }.into(), off.clone(), json!([])),
        (Glue::StopGlueJobRuns { job: n() }.into(), json!({}), json!("none")),
        (
            Glue::CloseDevEndpoint { name: n() }.into(),
            json!({"keys": ["ssh-rsa A", "ssh-rsa B"]}),
            json!([{"open_dev_endpoint": {"name": "x", "keys": ["ssh-rsa A", "ssh-rsa B"]}}]),
        ),
        (Glue::CloseDevEndpoint { name: n() }.into(), json!({"keys": []}), json!([])),
        (
            Sfn::StopExecution { execution: n() }.into(),
            on.clone(),
            json!([{"redrive_execution": {"execution": "x"}}]),
        ),
        (Sfn::StopExecution { execution: n() }.into(), off, json!([])),
        (Sfn::DeleteStateMachine { machine: n() }.into(), json!({}), json!("none")),
        (
            Ssm::DisableMaintenanceWindow { id: n() }.into(),
            json!({"enabled": true}),
            json!([{"enable_maintenance_window": {"id": "x"}}]),
        ),
        (Ssm::DisableMaintenanceWindow { id: n() }.into(), json!({"enabled": false}), json!([])),
        (Ssm::CancelCommand { id: n() }.into(), json!({}), json!("none")),
        (
            Cfn::UnprotectStack { stack: n() }.into(),
            json!({"protected": true}),
            json!([{"protect_stack": {"stack": "x"}}]),
        ),
        (Cfn::UnprotectStack { stack: n() }.into(), json!({"protected": false}), json!([])),
        (Cfn::DeleteStack { stack: n() }.into(), json!({}), json!("none")),
        (
            S3::BlockPublicBucket { bucket: n() }.into(),
            json!({"block": null}),
            json!([{"put_back_public_access_block": {"bucket": "x", "block": null}}]),
        ),
        (
            S3::BlockPublicBucket { bucket: n() }.into(),
            json!({"block": block}),
            json!([{"put_back_public_access_block": {"bucket": "x", "block": block}}]),
        ),
        (S3::BlockPublicBucket { bucket: n() }.into(), json!({"block": "odd"}), json!("none")),
        (
            S3::ShutOutOfBucket { bucket: n(), members: vec![n()] }.into(),
            json!({"policy": "{}"}),
            json!([{"put_back_bucket_policy": {"bucket": "x", "policy": "{}"}}]),
        ),
        (
            S3::ShutOutOfBucket { bucket: n(), members: vec![n()] }.into(),
            json!({"policy": null}),
            json!("none"),
        ),
        (
            S3::DisableExpiryRules { bucket: n(), days: 7 }.into(),
            json!({"rules": ["a"]}),
            json!([{"enable_expiry_rules": {"bucket": "x", "rules": ["a"]}}]),
        ),
        (S3::DisableExpiryRules { bucket: n(), days: 7 }.into(), json!({"rules": []}), json!([])),
        (
            S3::DisableReplication { bucket: n() }.into(),
            json!({"rules": ["a"]}),
            json!([{"enable_replication": {"bucket": "x", "rules": ["a"]}}]),
        ),
        (
            S3::EnableVersioning { bucket: n() }.into(),
            json!({"versioning": "Suspended"}),
            json!([{"suspend_versioning": {"bucket": "x"}}]),
        ),
        (S3::EnableVersioning { bucket: n() }.into(), json!({"versioning": "Enabled"}), json!([])),
        (S3::EnableVersioning { bucket: n() }.into(), json!({"versioning": null}), json!("none")),
        (SesChange::DeleteEmailIdentity { identity: n() }.into(), json!({}), json!("none")),
    ];
    for (change, before, expect) in cases {
        assert_eq!(back(change.clone(), before.clone()), expect, "{change:?} {before}");
        // A journal that was written is read again as the same change.
        let written = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&written).unwrap(), change, "{written}");
    }
}

#[test]
fn an_endpoint_with_a_thief_s_keys_is_not_opened_again_by_the_way() {
    let close = GlueChange::CloseDevEndpoint { name: arc("dev") };
    assert_eq!(Change::from(close).spec().rearms, Rearms::Secret);
}
