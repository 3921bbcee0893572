//! Small reports made by hand, and the words to make more.

use std::sync::Arc;
use triage::model::report::*;
use triage::model::{Provider, Report, Time};

pub const SA: &str = "builder@shop-prod.iam.gserviceaccount.com";
const ACCOUNT: &str = "111122223333";

pub fn arc(text: &str) -> Arc<str> {
    text.into()
}

/// That hour of the day.
pub fn at(hour: u32) -> Time {
    format!("2026-07-14T{hour:02}:00:00Z").parse().unwrap()
}

fn empty(provider: Provider, kind: &'static str, id: &str) -> Report {
    Report {
        schema: SCHEMA,
        principal: Subject { given: id.into(), provider, kind, id: id.into(), account: None, arn: None },
        window: Window { leaked_at: Some(at(8)), ..Window::default() },
        partial: false,
        counts: Counts { records_read: 9, ..Counts::default() },
        credentials: vec![],
        resources: vec![],
        touched: vec![],
        findings: vec![finding(FindingKind::Leak, "the key", "e-leak")],
        attempts: vec![],
        uses: vec![],
        unlinked: vec![],
        root: None,
        unclassified: vec![],
        coverage: Coverage::default(),
        gaps: vec![],
        grants: vec![],
        similar: vec![],
        leaked_keys: vec![],
        seed_user: None,
        cost: None,
        activity: vec![],
        used: vec![],
    }
}

/// A leaked key of user `ci`, whose provider says so.
pub fn aws_key() -> Report {
    Report {
        credentials: vec![seed("AKIAIOSFODNN7EXAMPLE", "aws.access_key")],
        seed_user: Some(arc("arn:aws:iam::111122223333:user/ci")),
        ..empty(Provider::Aws, "access_key", "AKIAIOSFODNN7EXAMPLE")
    }
}

/// A leaked service account.
pub fn gcp_account() -> Report {
    Report {
        credentials: vec![Credential { principal: Some(arc(SA)), ..seed(SA, "gcp.service_account") }],
        ..empty(Provider::Gcp, "service_account", SA)
    }
}

pub fn seed(id: &str, kind: &'static str) -> Credential {
    Credential {
        id: arc(id),
        kind,
        principal: None,
        account: Some(arc(ACCOUNT)),
        depth: 0,
        via: None,
        issued_by: None,
        issued_at: None,
        event: None,
        strength: Strength::Exact,
        confidence: Confidence::Confirmed,
        state: "left",
        deactivated_at: None,
        deactivated_by: None,
        deleted_by: None,
        deleted_at: None,
        used: true,
        events: 3,
        first_use: None,
        last_use: None,
        valid_until: None,
        active: None,
        observed_at: None,
    }
}

fn derived(id: &str, kind: &'static str, principal: Option<&str>) -> Credential {
    Credential {
        principal: principal.map(arc),
        depth: 1,
        via: Some("AssumeRole"),
        issued_by: Some(arc("AKIAIOSFODNN7EXAMPLE")),
        issued_at: Some(at(9)),
        event: Some(arc(&format!("e-{id}"))),
        ..seed(id, kind)
    }
}

pub fn session(id: &str, arn: &str, depth: u32) -> Credential {
    Credential { depth, valid_until: Some(at(20)), ..derived(id, "aws.session", Some(arn)) }
}

pub fn made_of(id: &str, kind: &'static str, user: &str) -> Credential {
    derived(id, kind, Some(&format!("arn:aws:iam::{ACCOUNT}:user/{user}")))
}

pub fn gcp_made(id: &str, kind: &'static str, principal: Option<&str>) -> Credential {
    Credential {
        account: Some(arc("shop-prod")),
        issued_by: Some(arc(SA)),
        last_use: Some(at(10)),
        ..derived(id, kind, principal)
    }
}

pub fn resource(kind: &'static str, id: &str, name: &str) -> Resource {
    Resource {
        kind,
        id: arc(id),
        name: (!name.is_empty()).then(|| arc(name)),
        account: arc(ACCOUNT),
        region: arc("eu-west-3"),
        zone: None,
        created_by: arc("ASIAIOSFODNN7EXAMPLE"),
        event: arc(&format!("e-{id}")),
        created_at: at(10),
        state: "left",
        observed_at: None,
        deleted_at: None,
        deleted_by: None,
        deleted_event: None,
        attribution: Attribution::Direct,
        launched_by: None,
        confidence: Confidence::Confirmed,
        protections: Default::default(),
        details: Default::default(),
        cost: None,
        turns: vec![],
    }
}

pub fn launched(kind: &'static str, id: &str, by: &str) -> Resource {
    Resource { attribution: Attribution::Indirect, launched_by: Some(arc(by)), ..resource(kind, id, "") }
}

pub fn grant(member: &str, role: &str, on: &str, event: &str) -> Grant {
    Grant { member: arc(member), role: arc(role), on: arc(on), event: arc(event) }
}

pub fn touched(kind: &'static str, id: &str, event: &str) -> Touched {
    Touched {
        kind,
        id: arc(id),
        account: arc(ACCOUNT),
        region: arc("eu-west-3"),
        how: "changed".into(),
        events: vec![arc(event)],
        confidence: Confidence::Confirmed,
        own: false,
    }
}

pub fn finding(kind: FindingKind, subject: &str, event: &str) -> Finding {
    Finding {
        kind,
        technique: None,
        note: format!("{event} happened."),
        events: vec![arc(event)],
        subject: arc(subject),
        account: Some(arc(ACCOUNT)),
        region: Some(arc("eu-west-3")),
        at: at(10),
        until: None,
        standing: true,
        confidence: Confidence::Confirmed,
        credential: None,
    }
}

pub fn use_of(credential: &str, address: &str, new: bool, confidence: Confidence) -> Use {
    Use {
        address: Some(arc(address)),
        user_agent: None,
        credential: arc(credential),
        how: "key",
        first: at(7),
        last: at(11),
        events: 7,
        failed: 0,
        regions: vec![],
        launched: vec![],
        new,
        confidence,
    }
}

pub fn other(id: &str, why: &str, principal: Option<&str>) -> Unlinked {
    Unlinked { id: arc(id), why: why.into(), principal: principal.map(arc), events: vec![] }
}

/// Identities that the principal made, and credentials that it made for others.
pub fn made_and_held() -> Report {
    let mut report = aws_key();
    report.resources = vec![
        resource("aws.iam.user", "arn:aws:iam::111122223333:user/backdoor", "backdoor"),
        resource("aws.iam.role", "arn:aws:iam::111122223333:role/path/helper", "helper"),
        resource("aws.rolesanywhere.trust_anchor", "ta-1", ""),
        resource("aws.rolesanywhere.profile", "pr-1", ""),
        resource("aws.iam.saml_provider", "arn:aws:iam::111122223333:saml-provider/own", ""),
    ];
    report.credentials.extend([
        made_of("AKIAIOSFODNN7EXAMPLA", "aws.access_key", "backdoor"),
        made_of("AKIAIOSFODNN7EXAMPLB", "aws.access_key", "alice"),
        made_of("alice", "aws.login_profile", "alice"),
        made_of("ACCA1", "aws.service_specific_credential", "alice"),
        made_of("APKA1", "aws.ssh_public_key", "alice"),
        made_of("CERT1", "aws.signing_certificate", "alice"),
        Credential {
            issued_by: Some(arc("AKIAIOSFODNN7EXAMPLB")),
            ..session("ASIAIOSFODNN7EXAMPLE", "arn:aws:sts::111122223333:federated-user/x", 2)
        },
        session("ASIAIOSFODNN7EXAMPLF", "arn:aws:sts::111122223333:assumed-role/helper/i-1", 2),
    ]);
    report
}

/// Sessions of one role, and of the user itself.
pub fn sessions() -> Report {
    let mut report = aws_key();
    report.credentials.extend([
        session("ASIAIOSFODNN7EXAMPLA", "arn:aws:sts::444455556666:assumed-role/Ops/one", 1),
        session("ASIAIOSFODNN7EXAMPLB", "arn:aws:sts::444455556666:assumed-role/Ops/two", 2),
        session("ASIAIOSFODNN7EXAMPLC", "arn:aws:sts::111122223333:federated-user/audit", 1),
        session("ASIAIOSFODNN7EXAMPLD", "arn:aws:iam::111122223333:user/ci", 1),
    ]);
    report
}

/// The same, in a role that somebody else has too.
pub fn shared_sessions() -> Report {
    let one = |id| other(id, "same role, not linked", Some("arn:aws:sts::444455556666:assumed-role/Ops/two"));
    Report { unlinked: vec![one("ASIAIOSFODNN7EXAMPLX"), one("ASIAIOSFODNN7EXAMPLY")], ..sessions() }
}

/// All that a leaked Google account can make, and everybody whom it can let in.
pub fn gcp_made_and_granted() -> Report {
    let mut report = gcp_account();
    report.leaked_keys = vec![arc("k1")];
    report.resources =
        vec![resource("gcp.iam.service_account", "1029", "made@shop-prod.iam.gserviceaccount.com")];
    report.credentials.extend([
        gcp_made("k2", "gcp.service_account_key", Some("made@shop-prod.iam.gserviceaccount.com")),
        gcp_made("k3", "gcp.service_account_key", None),
        gcp_made("GOOG1E", "gcp.hmac_key", Some(SA)),
        gcp_made("uid-1", "gcp.api_key", None),
        Credential {
            state: "deleted",
            deleted_by: Some(arc("alice")),
            ..gcp_made("k4", "gcp.service_account_key", Some(SA))
        },
    ]);
    let mule = "mule@example.net";
    report.touched = vec![touched("gcp.storage.bucket", "shop-metrics", "e5")];
    report.grants = vec![
        grant(mule, "roles/owner", "projects/shop-prod", "e1"),
        grant(mule, "roles/owner", "folders/77", "e2"),
        grant(mule, "roles/owner", "organizations/88", "e3"),
        grant(mule, "roles/iam.serviceAccountTokenCreator", SA, "e4"),
        grant("allUsers", "roles/storage.objectViewer", "shop-metrics", "e5"),
        grant(mule, "roles/pubsub.viewer", "projects/shop-prod/topics/t", "e6"),
        grant("mule2@example.net", "roles/owner (invited)", "projects/shop-prod", "e7"),
        grant(
            "service-1@compute-system.iam.gserviceaccount.com",
            "roles/compute.serviceAgent",
            "projects/shop-prod",
            "e8",
        ),
    ];
    report
}

/// Kinds that are acted on by themselves, with the change that stops each.
pub const KINDS: &[(&str, &str, &str, &str)] = &[
    ("aws.autoscaling.group", "workers", "", "suspend_scaling_group name=workers"),
    ("aws.autoscaling.scheduled_action", "web/back", "", "delete_scheduled_action action=back group=web"),
    ("aws.ec2.fleet", "fleet-1", "", "cancel_fleet id=fleet-1"),
    ("aws.ec2.spot_fleet", "sfr-1", "", "cancel_spot_fleet id=sfr-1"),
    ("aws.ec2.security_group", "sg-9", "", "close_security_group id=sg-9"),
    ("aws.ec2.spot_request", "sir-1", "", "cancel_spot_request id=sir-1"),
    ("aws.ecs.service", "arn:s", "", "empty_ecs_service service=arn:s"),
    ("aws.lambda.function", "arn:f", "f", "stop_function name=arn:f"),
    ("aws.lambda.function_url", "https://u/", "f", "lock_function_url function=f url=https://u/"),
    ("aws.lambda.permission", "arn:f/open", "", "remove_function_permission function=arn:f statement=open"),
    ("aws.lambda.event_source_mapping", "esm-1", "", "stop_event_source id=esm-1"),
    ("aws.eventbridge.rule", "arn:r", "", "disable_event_rule rule=arn:r"),
    ("aws.batch.compute_environment", "arn:c", "", "disable_batch_environment name=arn:c"),
    ("aws.batch.job_queue", "arn:q", "", "disable_batch_queue queue=arn:q"),
    ("aws.batch.job", "j-1", "", "stop_batch_job job=j-1"),
    ("aws.eks.nodegroup", "arn:ng", "c/n", "empty_nodegroup nodegroup=arn:ng"),
    (
        "aws.eks.access_entry",
        "arn:e",
        "c/arn:aws:iam::111122223333:user/mallory",
        "delete_access_entry cluster=c principal=arn:aws:iam::111122223333:user/mallory",
    ),
    ("aws.apprunner.service", "arn:a", "", "pause_app_runner_service service=arn:a"),
    ("aws.codebuild.build", "p:1", "", "stop_build build=p:1"),
    ("aws.codebuild.build_batch", "p:2", "", "stop_build_batch batch=p:2"),
    ("aws.lightsail.container_service", "web", "", "disable_lightsail_containers name=web"),
    ("aws.ec2.instance", "i-1", "", "stop_instance id=i-1"),
    ("aws.ecs.task", "arn:t", "", "stop_ecs_task task=arn:t"),
    ("aws.sagemaker.notebook_instance", "arn:n", "", "stop_notebook name=arn:n"),
    ("aws.sagemaker.training_job", "arn:tj", "", "stop_sage_maker_job job=training name=arn:tj"),
    ("aws.sagemaker.processing_job", "arn:pj", "", "stop_sage_maker_job job=processing name=arn:pj"),
    ("aws.sagemaker.transform_job", "arn:xj", "", "stop_sage_maker_job job=transform name=arn:xj"),
    ("aws.sagemaker.tuning_job", "arn:hj", "", "stop_sage_maker_job job=tuning name=arn:hj"),
    ("aws.sagemaker.auto_ml_job", "arn:aj", "", "stop_sage_maker_job job=auto_ml name=arn:aj"),
    ("aws.sagemaker.endpoint", "arn:ep", "", "delete_endpoint name=arn:ep"),
    ("aws.glue.trigger", "nightly", "", "stop_glue_trigger name=nightly"),
    ("aws.glue.job", "etl", "", "stop_glue_job_runs job=etl"),
    ("aws.glue.job_run", "jr_1", "etl/jr_1", "stop_glue_job_run job=etl run=jr_1"),
    ("aws.glue.session", "gs-1", "", "stop_glue_session id=gs-1"),
    ("aws.glue.dev_endpoint", "dev", "", "close_dev_endpoint name=dev"),
    ("aws.cloudformation.stack_set", "arn:ss", "", "stop_stack_set_operations set=arn:ss"),
    ("aws.scheduler.schedule", "arn:sc", "", "disable_schedule schedule=arn:sc"),
    ("aws.stepfunctions.execution", "arn:x", "", "stop_execution execution=arn:x"),
    ("aws.ssm.maintenance_window", "mw-1", "", "disable_maintenance_window id=mw-1"),
    ("aws.s3.bucket", "drop", "", "block_public_bucket bucket=drop"),
    ("aws.cloudtrail.trail", "arn:own", "", "stop_trail name=arn:own"),
    ("aws.lightsail.instance", "box", "", "stop_lightsail_instance name=box"),
    ("gcp.compute.autoscaler", "11", "pool", "turn_off_autoscaler name=11"),
    ("gcp.cloudscheduler.job", "projects/p/jobs/j", "", "pause_scheduler_job name=projects/p/jobs/j"),
    ("gcp.compute.instance", "12", "vm", "stop_instance id=12"),
    ("gcp.compute.firewall", "13", "open", "disable_firewall id=13"),
    ("gcp.run.service", "u-1", "web", "stop_run_service it={made:2026-07-14T10:00:00Z,name:web,uid:u-1}"),
    (
        "gcp.run.worker_pool",
        "u-2",
        "dig",
        "stop_run_worker_pool it={made:2026-07-14T10:00:00Z,name:dig,uid:u-2}",
    ),
    ("gcp.run.job", "u-3", "dig", "cancel_run_executions it={made:2026-07-14T10:00:00Z,name:dig,uid:u-3}"),
    (
        "gcp.run.execution",
        "projects/p/locations/l/jobs/j/executions/e",
        "",
        "cancel_run_execution it={made:2026-07-14T10:00:00Z,name:projects/p/locations/l/jobs/j/executions/e}",
    ),
    (
        "gcp.sqladmin.instance",
        "instances/p:db",
        "",
        "stop_sql_instance it={made:2026-07-14T10:00:00Z,name:instances/p:db}",
    ),
    (
        "gcp.cloudbuild.build_trigger",
        "t-1",
        "dig",
        "disable_build_trigger it={made:2026-07-14T10:00:00Z,name:t-1,uid:t-1}",
    ),
    ("gcp.cloudbuild.build", "b-1", "", "cancel_build it={made:2026-07-14T10:00:00Z,name:b-1,uid:b-1}"),
    (
        "gcp.logging.log_sink",
        "projects/p/sinks/out",
        "",
        "disable_setting born=2026-07-14T10:00:00Z name=projects/p/sinks/out of=log_sink",
    ),
    (
        "gcp.batch.job",
        "j-8f",
        "projects/p/locations/us-east1/jobs/dig",
        "cancel_workload born={at:2026-07-14T10:00:00Z,uid:j-8f} name=projects/p/locations/us-east1/jobs/dig of=batch_job",
    ),
    (
        "gcp.notebooks.instance",
        "projects/p/locations/us-east1-b/instances/dig",
        "",
        "stop_workload born={at:2026-07-14T10:00:00Z} name=projects/p/locations/us-east1-b/instances/dig of=workbench_instance",
    ),
    (
        "gcp.aiplatform.endpoint",
        "projects/p/locations/us-east1/endpoints/7",
        "",
        "undeploy_models born={at:2026-07-14T10:00:00Z} name=projects/p/locations/us-east1/endpoints/7",
    ),
];

/// One of each kind.
pub fn kinds() -> Report {
    let resources = KINDS.iter().map(|(kind, id, name, _)| resource(kind, id, name)).collect();
    Report { resources, ..aws_key() }
}

/// What is only planned for what the cloud told.
pub fn looked_at() -> Report {
    let with = |kind, id, word, text| Resource {
        details: [(arc(word), arc(text))].into(),
        ..resource(kind, id, "")
    };
    let resources = vec![
        with("aws.batch.compute_environment", "arn:c", "min_vcpus", "64"),
        with("aws.codebuild.project", "arn:p", "visibility", "PUBLIC_READ"),
        with("aws.emr.cluster", "j-1", "task_groups", "ig-1 ig-2"),
        with("gcp.appengine.version", "apps/p/services/s/versions/v", "environment", "flexible"),
    ];
    Report { resources, ..aws_key() }
}

/// Launchers and what they launched.
pub fn launchers() -> Report {
    let mut report = aws_key();
    report.resources = vec![
        resource("aws.ec2.instance", "i-1", ""),
        launched("aws.ec2.instance", "i-2", "workers"),
        resource("aws.autoscaling.group", "workers", ""),
        launched("aws.ec2.instance", "i-3", "sir-1"),
        resource("aws.ec2.spot_request", "sir-1", ""),
        launched("aws.ecs.task", "arn:t", "arn:s"),
        resource("aws.ecs.service", "arn:s", ""),
        launched("aws.ec2.instance", "i-4", "fleet-1"),
        resource("aws.ec2.fleet", "fleet-1", ""),
        launched("aws.ec2.instance", "i-5", "gone-group"),
        Resource { state: "deleted", ..resource("aws.autoscaling.group", "gone-group", "") },
        launched("aws.ec2.instance", "i-6", "stack-1"),
        resource("aws.cloudformation.stack", "stack-1", ""),
    ];
    report
}

/// Managed instance groups: one whose machines are known, one whose are not.
pub fn groups() -> Report {
    let mut report = gcp_account();
    report.resources = vec![
        launched("gcp.compute.instance", "21", "20"),
        launched("gcp.compute.instance", "22", "20"),
        resource("gcp.compute.instance_group_manager", "20", "pool"),
        resource("gcp.compute.autoscaler", "30", "pool"),
        resource("gcp.compute.autoscaler", "31", "other"),
        resource("gcp.compute.instance_group_manager", "40", "empty"),
        resource("gcp.compute.instance_template", "50", "template"),
    ];
    report
}

/// Shares, a stopped trail, and findings of every sort.
pub fn opened() -> Report {
    let mut report = aws_key();
    report.resources = vec![resource("aws.ec2.instance", "i-1", "")];
    report.grants = vec![
        grant("210987654321", "createVolumePermission", "snap-1", "e1"),
        grant("*", "launchPermission", "ami-1", "e2"),
    ];
    report.touched = vec![
        touched("aws.ec2.snapshot", "snap-1", "e1"),
        touched("aws.ec2.image", "ami-1", "e2"),
        Touched { how: "its logging was stopped".into(), ..touched("aws.cloudtrail.trail", "main", "e3") },
        Touched { how: "deleted".into(), ..touched("aws.logs.log_group", "/app", "e4") },
        touched("aws.ec2.security_group", "sg-1", "e5"),
    ];
    report.findings.extend([
        finding(FindingKind::Exfiltration, "snap-1", "e1"),
        finding(FindingKind::Exposure, "ami-1", "e2"),
        finding(FindingKind::DefenseEvasion, "main", "e3"),
        finding(FindingKind::DefenseEvasion, "/app", "e4"),
        finding(FindingKind::Exposure, "sg-1", "e5"),
        finding(FindingKind::Commitment, "ri-1", "e6"),
        finding(FindingKind::Discovery, "x", "e7"),
        finding(FindingKind::DefenseEvasion, "i-1", "e8"),
        Finding { standing: false, ..finding(FindingKind::Exposure, "over", "e9") },
        Finding { confidence: Confidence::Suspect, ..finding(FindingKind::Exposure, "unsure", "e10") },
    ]);
    report
}

/// All of the above.
pub fn all() -> Vec<Report> {
    vec![
        aws_key(),
        gcp_account(),
        sessions(),
        shared_sessions(),
        made_and_held(),
        gcp_made_and_granted(),
        kinds(),
        looked_at(),
        launchers(),
        groups(),
        opened(),
        super::others::tampered(),
        super::gcp_tail::standing(),
    ]
}
