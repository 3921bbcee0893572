//! Other compute: what depends on what was seen or asked for, and what takes each change back.

use super::reports::*;
use super::{check, told};
use serde_json::{Value, json};
use triage::model::Report;
use triage::model::change::*;
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain};

const DESTROY: Options = Options {
    destroy: true,
    snapshot: false,
    isolate: false,
    full_deny: false,
    scp: false,
    soft: false,
    no_snapshot: false,
};

/// One resource that was looked at.
fn seen(kind: &'static str, id: &str, name: &str, details: &[(&str, &str)]) -> Report {
    let details = details.iter().map(|(word, text)| (arc(word), arc(text))).collect();
    Report { resources: vec![Resource { details, ..resource(kind, id, name) }], ..aws_key() }
}

fn plan(report: &Report, options: Options, expect: &str) {
    check(&contain(report, &Guard::default(), options), expect);
}

/// What takes it back, as the journal writes it; a sentence where nothing does.
fn back(change: impl Into<Change>, before: Value) -> Value {
    match change.into().undo(&before) {
        Reversal::Changes(changes) => {
            let plain = |change: &Change| serde_json::to_value(change).unwrap()["aws"].clone();
            changes.iter().map(plain).collect()
        }
        Reversal::None(sentence) => {
            assert!(sentence.ends_with('.'), "{sentence}");
            json!("none")
        }
    }
}

// ---- ECS

#[test]
fn a_daemon_service_has_no_count_and_is_only_deleted() {
    let daemon = seen("aws.ecs.service", "arn:s", "", &[("scheduling", "DAEMON")]);
    plan(&daemon, Options::default(), "- aws.ecs.service arn:s: It is a daemon … ecs:DeleteService");
    plan(&daemon, DESTROY, "1 delete_ecs_service service=arn:s");
}

#[test]
fn a_capacity_provider_is_left_to_its_group() {
    let with = |details: &[(&str, &str)]| seen("aws.ecs.capacity_provider", "arn:p", "", details);
    for (details, expect) in [
        (&[("asg", "arn:g")][..], "- aws.ecs.capacity_provider arn:p: … Auto Scaling group arn:g"),
        (&[("type", "managed instances")], "- aws.ecs.capacity_provider arn:p: … machines that ECS manages"),
        (&[], "- aws.ecs.capacity_provider arn:p: … nobody looked"),
    ] {
        plan(&with(details), DESTROY, expect);
    }
}

#[test]
fn what_a_service_launched_ends_with_it_only_where_the_plan_empties_it() {
    let mut report = seen("aws.ecs.service", "arn:s", "", &[]);
    report.resources.push(launched("aws.ecs.task", "arn:t", "arn:s"));
    plan(
        &report,
        Options::default(),
        "1 empty_ecs_service service=arn:s\n- aws.ecs.task arn:t: It ends with its service arn:s",
    );
    report.resources[0].confidence = Confidence::Suspect;
    let uncertain = told(&contain(&report, &Guard::default(), Options::default()));
    assert!(uncertain.starts_with("1 stop_ecs_task task=arn:t"), "{uncertain}");
}

#[test]
fn counts_of_services_come_back_as_they_were() {
    let empty = || EcsChange::EmptyEcsService { service: arc("arn:s") };
    let before = |count: Value| json!({"arn": "arn:s", "created_at": 1, "desired_count": count});
    let resized = json!([{"resize_ecs_service": {"service": "arn:s", "to": 10}}]);
    assert_eq!(back(empty(), before(json!(10))), resized);
    assert_eq!(back(empty(), before(json!(0))), json!([]));
    for unread in [Value::Null, json!("ten"), json!(i64::MAX)] {
        assert_eq!(back(empty(), before(unread)), json!("none"));
    }
    let resize = |to| EcsChange::ResizeEcsService { service: arc("arn:s"), to };
    assert_eq!(back(resize(10), before(json!(0))), json!([{"empty_ecs_service": {"service": "arn:s"}}]));
    assert_eq!(back(EcsChange::StopEcsTask { task: arc("arn:t") }, json!({})), json!("none"));
    assert_eq!(back(EcsChange::DeleteEcsService { service: arc("arn:s") }, before(json!(1))), json!("none"));
}

// ---- Lambda

#[test]
fn concurrency_comes_back_as_it_was() {
    let name = || arc("arn:f");
    let before = |limit: Value| json!({"arn": "arn:f", "concurrency": limit});
    let stop = || LambdaChange::StopFunction { name: name() };
    assert_eq!(back(stop(), before(Value::Null)), json!([{"release_function": {"name": "arn:f"}}]));
    assert_eq!(back(stop(), before(json!(7))), json!([{"limit_function": {"name": "arn:f", "to": 7}}]));
    assert_eq!(back(stop(), before(json!(0))), json!([]));
    assert_eq!(back(stop(), before(json!(i64::MAX))), json!("none"));
    let release = || LambdaChange::ReleaseFunction { name: name() };
    assert_eq!(back(release(), before(json!(0))), json!([{"stop_function": {"name": "arn:f"}}]));
    assert_eq!(back(release(), before(Value::Null)), json!([]));
    let limit = LambdaChange::LimitFunction { name: name(), to: 7 };
    assert_eq!(back(limit, before(json!(0))), json!([{"stop_function": {"name": "arn:f"}}]));
}

#[test]
fn a_url_that_was_open_is_opened_again_and_no_other() {
    let lock = || LambdaChange::LockFunctionUrl { function: arc("f"), url: arc("https://u/") };
    let opened = json!([{"open_function_url": {"function": "f", "url": "https://u/"}}]);
    assert_eq!(back(lock(), json!({"auth": "NONE"})), opened);
    assert_eq!(back(lock(), json!({"auth": "AWS_IAM"})), json!([]));
    let open = LambdaChange::OpenFunctionUrl { function: arc("f"), url: arc("https://u/") };
    let locked = json!([{"lock_function_url": {"function": "f", "url": "https://u/"}}]);
    assert_eq!(back(open, json!({"auth": "AWS_IAM"})), locked);
}

#[test]
fn a_statement_comes_back_with_all_its_conditions_or_not_at_all() {
    let remove = || LambdaChange::RemoveFunctionPermission { function: arc("arn:f"), statement: arc("open") };
    let of = |statement: Value| back(remove(), json!({ "statement": statement }));
    let added = |permission: Value| json!([{"add_function_permission": {"function": "arn:f", "permission": permission}}]);
    let open = json!({"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "arn:f",
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}, "Bool": {"lambda:InvokedViaFunctionUrl": "true"}}});
    let expect = json!({"statement": "open", "action": "lambda:InvokeFunctionUrl", "principal": "*", "url_auth": "NONE", "through_url": true});
    assert_eq!(of(open.clone()), added(expect));
    let partner = json!({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}, "StringEquals": {"AWS:SourceAccount": "777788889999", "aws:PrincipalOrgID": "o-1"}}});
    let expect = json!({"statement": "open", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::b",
        "source_account": "777788889999", "organization": "o-1"});
    assert_eq!(of(partner.clone()), added(expect));
    let with = |key: &str, value: Value| {
        let mut statement = open.clone();
        statement[key] = value;
        of(statement)
    };
    assert_eq!(with("Effect", json!("Deny")), json!("none"));
    assert_eq!(with("Principal", json!({"AWS": ["a", "b"]})), json!("none"));
    assert_eq!(with("Condition", json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})), json!("none"));
    assert_eq!(
        with("Condition", json!({"Bool": {"lambda:InvokedViaFunctionUrl": "perhaps"}})),
        json!("none")
    );
    assert_eq!(with("Condition", json!([])), json!("none"));
    assert_eq!(of(Value::Null), json!("none"));
    let add = LambdaChange::AddFunctionPermission {
        function: arc("arn:f"),
        permission: FunctionPermission { statement: arc("open"), ..FunctionPermission::default() },
    };
    let removed = json!([{"remove_function_permission": {"function": "arn:f", "statement": "open"}}]);
    assert_eq!(back(add.clone(), json!({"statement": null})), removed);
    assert_eq!(back(add, json!({"statement": open})), json!([]));
}

#[test]
fn an_event_source_that_was_on_is_on_again() {
    let stop = || LambdaChange::StopEventSource { id: arc("u") };
    assert_eq!(back(stop(), json!({"enabled": true})), json!([{"start_event_source": {"id": "u"}}]));
    assert_eq!(back(stop(), json!({"enabled": false})), json!([]));
    let start = LambdaChange::StartEventSource { id: arc("u") };
    assert_eq!(back(start, json!({"enabled": false})), json!([{"stop_event_source": {"id": "u"}}]));
}

#[test]
fn replaced_code_is_put_back_by_hand() {
    let mut report = aws_key();
    let function = "arn:aws:lambda:eu-west-3:111122223333:function:orders";
    report.touched =
        vec![Touched { how: "code replaced".into(), ..touched("aws.lambda.function", function, "e1") }];
    report.findings = vec![finding(FindingKind::Persistence, function, "e1")];
    let told = told(&triage::plan::revoke::revoke(&report, &Guard::default()));
    assert!(told.contains("lambda:ListVersionsByFunction") && told.contains("lambda:UpdateAlias"), "{told}");
}

// ---- EKS

const MALLORY: &str = "arn:aws:iam::111122223333:user/mallory";

#[test]
fn fargate_profiles_are_only_deleted_and_clusters_are_left_to_a_human() {
    let profile = seen("aws.eks.fargate_profile", "arn:p", "c/p", &[]);
    plan(
        &profile,
        Options::default(),
        "- aws.eks.fargate_profile arn:p: It can't be switched off … kubectl scale … eks:DeleteFargateProfile",
    );
    plan(&profile, DESTROY, "1 delete_fargate_profile profile=arn:p");
    let cluster = |details: &[(&str, &str)]| seen("aws.eks.cluster", "arn:c", "c", details);
    plan(
        &cluster(&[("type", "auto mode")]),
        DESTROY,
        "- aws.eks.cluster arn:c: … (Auto Mode) … computeConfig.enabled=false",
    );
    plan(&cluster(&[]), DESTROY, "- aws.eks.cluster arn:c: … Karpenter … eks:DeleteCluster");
    let nameless = seen("aws.eks.access_entry", "arn:e", "", &[]);
    plan(
        &nameless,
        DESTROY,
        "- aws.eks.access_entry arn:e: The record does not name its cluster … eks:ListAccessEntries",
    );
}

#[test]
fn machines_and_groups_end_with_what_launched_them() {
    for (kind, holder, step) in [
        ("aws.eks.nodegroup", "arn:n", "empty_nodegroup nodegroup=arn:n"),
        ("aws.batch.compute_environment", "arn:c", "disable_batch_environment name=arn:c"),
    ] {
        let mut report = seen(kind, holder, "", &[]);
        report.resources.push(launched("aws.autoscaling.group", "g", holder));
        report.resources.push(launched("aws.ec2.instance", "i-1", "g"));
        report.resources.push(launched("aws.ec2.instance", "i-2", holder));
        // Only its tags, which the principal chose, say that this is the launcher's.
        report
            .resources
            .push(Resource { attribution: Attribution::Direct, ..launched("aws.ec2.instance", "i-3", "g") });
        let left = "It ends with its";
        plan(
            &report,
            Options::default(),
            &format!(
                "1 {step}\n2 stop_instance id=i-3\n- aws.autoscaling.group g: {left}\n- aws.ec2.instance i-1: {left}\n- aws.ec2.instance i-2: {left}"
            ),
        );
        // A launcher that is left alone ends nothing.
        report.resources[0].confidence = Confidence::LikelyLegitimate;
        let told = told(&contain(&report, &Guard::default(), Options::default()));
        assert!(told.contains("suspend_scaling_group name=g") && told.contains("makes it again"), "{told}");
        assert!(!told.contains(left), "{told}");
    }
}

#[test]
fn launchers_in_a_circle_are_planned_all_the_same() {
    let mut report = seen("aws.autoscaling.group", "a", "", &[]);
    report.resources[0] = launched("aws.autoscaling.group", "a", "b");
    report.resources.push(launched("aws.autoscaling.group", "b", "a"));
    plan(
        &report,
        Options::default(),
        "1 suspend_scaling_group name=a\n2 suspend_scaling_group name=b after [1]",
    );
}

#[test]
fn sizes_of_node_groups_come_back_as_they_were() {
    let empty = || EksChange::EmptyNodegroup { nodegroup: arc("arn:n") };
    let resized = json!([{"resize_nodegroup": {"nodegroup": "arn:n", "min": 2, "desired": 5}}]);
    assert_eq!(back(empty(), json!({"min": 2, "desired": 5})), resized);
    assert_eq!(back(empty(), json!({"min": 0, "desired": 0})), json!([]));
    assert_eq!(back(empty(), json!({"min": null, "desired": 5})), json!("none"));
    let resize = EksChange::ResizeNodegroup { nodegroup: arc("arn:n"), min: 2, desired: 5 };
    assert_eq!(
        back(resize, json!({"min": 0, "desired": 0})),
        json!([{"empty_nodegroup": {"nodegroup": "arn:n"}}])
    );
    assert_eq!(back(EksChange::DeleteFargateProfile { profile: arc("arn:p") }, json!({})), json!("none"));
}

#[test]
fn an_access_entry_comes_back_with_its_groups_and_policies() {
    let delete = || EksChange::DeleteAccessEntry { cluster: arc("c"), principal: arc(MALLORY) };
    let entry = json!({"principal": MALLORY, "type": "STANDARD", "groups": ["ops"]});
    let admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
    let before =
        |entry: &Value, policies: Value| json!({"arn": "arn:e", "entry": entry, "policies": policies});
    let policies = json!([{"arn": admin, "namespaces": []}, {"arn": "arn:view", "namespaces": ["web"]}]);
    let expect = json!([
        {"create_access_entry": {"cluster": "c", "entry": entry}},
        {"associate_access_policy": {"cluster": "c", "principal": MALLORY, "policy": admin, "namespaces": []}},
        {"associate_access_policy": {"cluster": "c", "principal": MALLORY, "policy": "arn:view", "namespaces": ["web"]}},
    ]);
    assert_eq!(back(delete(), before(&entry, policies)), expect);
    let other = json!({"principal": "arn:other", "type": "STANDARD", "groups": []});
    assert_eq!(back(delete(), before(&other, json!([]))), json!("none"));
    assert_eq!(back(delete(), before(&entry, json!([{"arn": 1, "namespaces": []}]))), json!("none"));
    assert_eq!(back(delete(), before(&entry, Value::Null)), json!("none"));
    let create = EksChange::CreateAccessEntry {
        cluster: arc("c"),
        entry: AccessEntry { principal: arc(MALLORY), ..AccessEntry::default() },
    };
    let deleted = json!([{"delete_access_entry": {"cluster": "c", "principal": MALLORY}}]);
    assert_eq!(back(create.clone(), json!({"entry": null})), deleted);
    assert_eq!(back(create, json!({"entry": entry})), json!([]));
}

// ---- Batch

#[test]
fn an_environment_with_a_minimum_loses_that_too_and_gets_it_back() {
    let with = |least| seen("aws.batch.compute_environment", "arn:c", "", &[("min_vcpus", least)]);
    plan(&with("0"), Options::default(), "1 disable_batch_environment name=arn:c");
    plan(
        &with("64"),
        Options::default(),
        "1 disable_batch_environment name=arn:c\n2 set_batch_minimum name=arn:c vcpus=0 after [1]",
    );
    let set = || BatchChange::SetBatchMinimum { name: arc("arn:c"), vcpus: 0 };
    assert_eq!(
        back(set(), json!({"min_vcpus": 64})),
        json!([{"set_batch_minimum": {"name": "arn:c", "vcpus": 64}}])
    );
    assert_eq!(back(set(), json!({"min_vcpus": 0})), json!([]));
    assert_eq!(back(set(), json!({"min_vcpus": null})), json!("none"));
}

#[test]
fn what_was_off_in_batch_stays_off() {
    let environment = || BatchChange::DisableBatchEnvironment { name: arc("arn:c") };
    let queue = || BatchChange::DisableBatchQueue { queue: arc("arn:q") };
    let (on, off) = (json!({"state": "ENABLED"}), json!({"state": "DISABLED"}));
    assert_eq!(back(environment(), on.clone()), json!([{"enable_batch_environment": {"name": "arn:c"}}]));
    assert_eq!(back(queue(), on), json!([{"enable_batch_queue": {"queue": "arn:q"}}]));
    assert_eq!(back(environment(), off.clone()), json!([]));
    assert_eq!(back(queue(), off.clone()), json!([]));
    assert_eq!(back(queue(), json!({})), json!("none"));
    let enable = BatchChange::EnableBatchEnvironment { name: arc("arn:c") };
    assert_eq!(back(enable, off.clone()), json!([{"disable_batch_environment": {"name": "arn:c"}}]));
    let enable = BatchChange::EnableBatchQueue { queue: arc("arn:q") };
    assert_eq!(back(enable, off), json!([{"disable_batch_queue": {"queue": "arn:q"}}]));
    assert_eq!(back(BatchChange::StopBatchJob { job: arc("j") }, json!({})), json!("none"));
}

// ---- Lightsail

#[test]
fn lightsail_is_stopped_then_kept_then_deleted() {
    let box_ = seen("aws.lightsail.instance", "box", "", &[]);
    let (stop, keep, delete) = (
        "stop_lightsail_instance name=box",
        "snapshot_lightsail_instance name=box snapshot=triage-box",
        "delete_lightsail_instance name=box",
    );
    // Its disk is copied before it is lost, unless that is not wanted.
    plan(&box_, DESTROY, &format!("1 {stop}\n2 {keep} after [1]\n3 {delete} after [1, 2]"));
    assert_eq!(contain(&box_, &Guard::default(), DESTROY).steps[2].needs, [1, 2]);
    let bare = Options { no_snapshot: true, ..DESTROY };
    plan(&box_, bare, &format!("1 {stop}\n2 {delete} after [1]"));
    plan(&box_, Options { snapshot: true, ..Options::default() }, &format!("1 {stop}\n2 {keep} after [1]"));
    let web = seen("aws.lightsail.container_service", "web", "", &[]);
    plan(
        &web,
        DESTROY,
        "1 disable_lightsail_containers name=web\n2 delete_lightsail_containers name=web after [1]",
    );
}

#[test]
fn lightsail_comes_back_as_it_was() {
    let name = || arc("box");
    let stop = || LightsailChange::StopLightsailInstance { name: name() };
    assert_eq!(
        back(stop(), json!({"is_off": false})),
        json!([{"start_lightsail_instance": {"name": "box"}}])
    );
    assert_eq!(back(stop(), json!({"is_off": true})), json!([]));
    assert_eq!(back(stop(), json!({})), json!("none"));
    let disable = LightsailChange::DisableLightsailContainers { name: name() };
    assert_eq!(
        back(disable, json!({"is_off": false})),
        json!([{"enable_lightsail_containers": {"name": "box"}}])
    );
    let start = LightsailChange::StartLightsailInstance { name: name() };
    assert_eq!(back(start, json!({"is_off": true})), json!([{"stop_lightsail_instance": {"name": "box"}}]));
    let enable = LightsailChange::EnableLightsailContainers { name: name() };
    assert_eq!(
        back(enable, json!({"is_off": true})),
        json!([{"disable_lightsail_containers": {"name": "box"}}])
    );
    for change in [
        LightsailChange::SnapshotLightsailInstance { name: name(), snapshot: arc("s") },
        LightsailChange::DeleteLightsailInstance { name: name() },
        LightsailChange::DeleteLightsailContainers { name: name() },
    ] {
        assert_eq!(back(change, json!({"is_off": false})), json!("none"));
    }
}

// ---- App Runner, CodeBuild, EMR

#[test]
fn app_runner_resumes_what_ran() {
    let pause = || AppRunnerChange::PauseAppRunnerService { service: arc("arn:a") };
    assert_eq!(
        back(pause(), json!({"is_paused": false})),
        json!([{"resume_app_runner_service": {"service": "arn:a"}}])
    );
    assert_eq!(back(pause(), json!({"is_paused": true})), json!([]));
    assert_eq!(back(pause(), json!({})), json!("none"));
    let resume = AppRunnerChange::ResumeAppRunnerService { service: arc("arn:a") };
    assert_eq!(
        back(resume, json!({"is_paused": true})),
        json!([{"pause_app_runner_service": {"service": "arn:a"}}])
    );
}

#[test]
fn webhooks_and_projects_have_no_switch() {
    let webhook = seen("aws.codebuild.webhook", "render", "", &[]);
    plan(
        &webhook,
        Options::default(),
        "- aws.codebuild.webhook render: It starts builds of project render … codebuild:UpdateWebhook … DeleteWebhook (destroys)",
    );
    plan(&webhook, DESTROY, "1 delete_build_webhook project=render");
    let project = |visibility| seen("aws.codebuild.project", "arn:p", "p", &[("visibility", visibility)]);
    plan(
        &project("PRIVATE"),
        DESTROY,
        "- aws.codebuild.project arn:p: It runs nothing by itself … codebuild:ListBuildsForProject",
    );
    plan(&project("PUBLIC_READ"), Options::default(), "1 hide_build_project project=arn:p");
}

#[test]
fn a_project_is_shown_again_to_whom_it_was() {
    let hide = || CodeBuildChange::HideBuildProject { project: arc("arn:p") };
    let shown = json!([{"show_build_project": {"project": "arn:p", "reader": "arn:r"}}]);
    assert_eq!(back(hide(), json!({"visibility": "PUBLIC_READ", "reader": "arn:r"})), shown);
    let shown = json!([{"show_build_project": {"project": "arn:p"}}]);
    assert_eq!(back(hide(), json!({"visibility": "PUBLIC_READ", "reader": null})), shown);
    assert_eq!(back(hide(), json!({"visibility": "PRIVATE"})), json!([]));
    assert_eq!(back(hide(), json!({})), json!("none"));
    let show = CodeBuildChange::ShowBuildProject { project: arc("arn:p"), reader: None };
    assert_eq!(
        back(show, json!({"visibility": "PRIVATE"})),
        json!([{"hide_build_project": {"project": "arn:p"}}])
    );
    for change in [
        CodeBuildChange::StopBuild { build: arc("p:1") },
        CodeBuildChange::StopBuildBatch { batch: arc("p:2") },
        CodeBuildChange::DeleteBuildWebhook { project: arc("p") },
    ] {
        assert_eq!(back(change, json!({})), json!("none"));
    }
}

#[test]
fn an_emr_cluster_loses_its_task_groups_or_all() {
    let with = |details: &[(&str, &str)]| {
        let mut report = seen("aws.emr.cluster", "j-1", "", details);
        report.resources.push(launched("aws.ec2.instance", "i-1", "j-1"));
        report
    };
    let again = "- aws.ec2.instance i-1: j-1 makes it again";
    plan(
        &with(&[]),
        Options::default(),
        &format!(
            "{again}\n- aws.emr.cluster j-1: It can't be stopped … CancelSteps … TerminateJobFlows (destroys)"
        ),
    );
    plan(
        &with(&[("task_groups", "ig-1 ig-2")]),
        Options::default(),
        &format!(
            "1 resize_emr_group cluster=j-1 group=ig-1 nodes=0\n2 resize_emr_group cluster=j-1 group=ig-2 nodes=0 after [1]\n{again}"
        ),
    );
    let ends = "- aws.ec2.instance i-1: It ends with its cluster j-1";
    let (unprotect, terminate) = ("unprotect_emr_cluster cluster=j-1", "terminate_emr_cluster cluster=j-1");
    plan(
        &with(&[("task_groups", "ig-1")]),
        DESTROY,
        &format!("1 {unprotect}\n2 {terminate} after [1]\n{ends}"),
    );
    plan(&with(&[("protected", "false")]), DESTROY, &format!("1 {terminate}\n{ends}"));
}

#[test]
fn emr_groups_and_protection_come_back() {
    let resize = || EmrChange::ResizeEmrGroup { cluster: arc("j"), group: arc("ig"), nodes: 0 };
    let back_to = json!([{"resize_emr_group": {"cluster": "j", "group": "ig", "nodes": 4}}]);
    assert_eq!(back(resize(), json!({"nodes": 4})), back_to);
    assert_eq!(back(resize(), json!({"nodes": 0})), json!([]));
    assert_eq!(back(resize(), json!({})), json!("none"));
    let unprotect = || EmrChange::UnprotectEmrCluster { cluster: arc("j") };
    assert_eq!(
        back(unprotect(), json!({"protected": true})),
        json!([{"protect_emr_cluster": {"cluster": "j"}}])
    );
    assert_eq!(back(unprotect(), json!({"protected": false})), json!([]));
    assert_eq!(back(unprotect(), json!({"protected": null})), json!("none"));
    let protect = EmrChange::ProtectEmrCluster { cluster: arc("j") };
    assert_eq!(
        back(protect, json!({"protected": false})),
        json!([{"unprotect_emr_cluster": {"cluster": "j"}}])
    );
    assert_eq!(back(EmrChange::TerminateEmrCluster { cluster: arc("j") }, json!({})), json!("none"));
}

// ---- All of them

/// Also what a plan only has with `--destroy`, and what only takes back.
#[test]
fn every_power_says_what_an_operator_must_know() {
    let (a, f) = (|| arc("x"), FunctionPermission::default);
    let changes: Vec<Change> = vec![
        EcsChange::ResizeEcsService { service: a(), to: 1 }.into(),
        EcsChange::DeleteEcsService { service: a() }.into(),
        LambdaChange::ReleaseFunction { name: a() }.into(),
        LambdaChange::LimitFunction { name: a(), to: 1 }.into(),
        LambdaChange::OpenFunctionUrl { function: a(), url: a() }.into(),
        LambdaChange::AddFunctionPermission { function: a(), permission: f() }.into(),
        LambdaChange::StartEventSource { id: a() }.into(),
        EksChange::ResizeNodegroup { nodegroup: a(), min: 1, desired: 1 }.into(),
        EksChange::DeleteFargateProfile { profile: a() }.into(),
        EksChange::CreateAccessEntry { cluster: a(), entry: AccessEntry::default() }.into(),
        EksChange::AssociateAccessPolicy { cluster: a(), principal: a(), policy: a(), namespaces: vec![] }
            .into(),
        BatchChange::EnableBatchEnvironment { name: a() }.into(),
        BatchChange::EnableBatchQueue { queue: a() }.into(),
        LightsailChange::StartLightsailInstance { name: a() }.into(),
        LightsailChange::SnapshotLightsailInstance { name: a(), snapshot: a() }.into(),
        LightsailChange::DeleteLightsailInstance { name: a() }.into(),
        LightsailChange::EnableLightsailContainers { name: a() }.into(),
        LightsailChange::DeleteLightsailContainers { name: a() }.into(),
        AppRunnerChange::ResumeAppRunnerService { service: a() }.into(),
        CodeBuildChange::DeleteBuildWebhook { project: a() }.into(),
        CodeBuildChange::ShowBuildProject { project: a(), reader: None }.into(),
        EmrChange::UnprotectEmrCluster { cluster: a() }.into(),
        EmrChange::ProtectEmrCluster { cluster: a() }.into(),
        EmrChange::TerminateEmrCluster { cluster: a() }.into(),
    ];
    for change in changes {
        let (name, spec) = (change.name(), change.spec());
        let call = spec.api.split('(').next().unwrap();
        assert!(spec.permissions.contains(&call) && spec.permissions.len() >= 2, "{name}: {call}");
        assert!(!spec.does.is_empty() && !spec.does.ends_with('.') && !spec.expect.ends_with('.'), "{name}");
        assert_eq!(
            spec.needs_destroy,
            name.starts_with("delete_") || name.starts_with("terminate_"),
            "{name}"
        );
        match spec.undo {
            Undo::Call(undo) => assert!(undo.contains([':', '(']), "{undo}"),
            Undo::None(sentence) => assert!(sentence.ends_with('.'), "{sentence}"),
        }
        // What a plan or a journal holds is read again as what it was.
        let written = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&written).unwrap(), change, "{written}");
    }
}
