//! Other compute: what depends on what was seen or asked for, and what takes each change back.

use super::reports::*;
use super::{check, told};
use serde_json::{Value, json};
use triage::model::Report;
use triage::model::change::*;
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain};

const DESTROY: Options = Options { destroy: true, snapshot: false, isolate: false };

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
