//! Every change that the program could ever make, made once against AWS's own service descriptions: what they would refuse is
//! refused here.
//!
//! The one file here that knows the inside: it drives the `Mutator` itself. The SDK reads its endpoint from the environment, so
//! the test runs itself again in one of its own.

use crate::stand::Stand;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use triage::cloud::aws::{Aws, Connect};
use triage::cloud::{Inventory, Mutator};
use triage::model::change::{AwsChange, Change, SsoChange};
use triage::model::{Place, Sight};

/// Says to a second run where the stand-in is.
const INSIDE: &str = "TRIAGE_TEST_MODELS";
const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-3";
/// Changes that plans chain on one thing: what the earlier does is no reason to skip the later.
const CHAINS: &[&[&str]] = &[
    &["disable_batch_environment", "set_batch_minimum"],
    &["stop_lightsail_instance", "snapshot_lightsail_instance", "delete_lightsail_instance"],
    &["disable_lightsail_containers", "delete_lightsail_containers"],
    &["stop_notebook", "delete_notebook"],
    &["stop_glue_job_runs", "delete_glue_job"],
    &["close_dev_endpoint", "delete_dev_endpoint"],
    &["unprotect_emr_cluster", "terminate_emr_cluster"],
    &["unprotect_stack", "delete_stack"],
    &["suspend_scaling_group", "clear_scale_in_protection", "delete_scaling_group"],
    &["clear_stop_protection", "clear_termination_protection", "stop_instance"],
    &["hold_spot_fleet", "terminate_spot_fleet"],
    &["hold_fleet", "terminate_fleet"],
];

#[test]
fn every_change_is_one_that_the_service_takes() {
    if std::env::var_os(INSIDE).is_some() {
        return inside(all());
    }
    let Some(stand) = Stand::models() else { return };
    again(&stand, "powers::every_change_is_one_that_the_service_takes");
}

/// No stand-in that we did not write keeps memberships as AWS does: what is sent is held word by word.
#[test]
fn a_user_of_identity_center_is_taken_out_by_exactly_these_requests() {
    if std::env::var_os(INSIDE).is_some() {
        return inside(taken_out());
    }
    let Some(stand) = Stand::models() else { return };
    again(&stand, "powers::a_user_of_identity_center_is_taken_out_by_exactly_these_requests");
}

async fn taken_out() {
    let aws = connect().await;
    let at = Place::new(ACCOUNT, REGION);
    let user = "906738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d";
    let set = "arn:aws:sso:::permissionSet/ssoins-7223b02c5f6a1e9d/ps-1f2e3d4c5b6a7988";
    for (change, call, wanted) in [
        (
            SsoChange::RemoveAccountAssignment {
                permission_set: set.into(),
                account: "444455556666".into(),
                principal: user.into(),
            },
            "DeleteAccountAssignment",
            json!({"TargetId": "444455556666", "TargetType": "AWS_ACCOUNT", "PermissionSetArn": set, "PrincipalType": "USER",
                   "PrincipalId": user}),
        ),
        (
            SsoChange::RemoveGroupMembership { membership: "b06738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into() },
            "DeleteGroupMembership",
            json!({"IdentityStoreId": "d-9067012345", "MembershipId": "b06738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d"}),
        ),
    ] {
        door("reset", &json!({}));
        let change = Change::Aws(AwsChange::Sso(change));
        aws.perform(&at, std::slice::from_ref(&change), &[0]).await.remove(0).expect("it is taken");
        let calls = door("calls", &json!({}));
        let changing: Vec<&Value> =
            calls.as_array().expect("a list").iter().filter(|call| call["mutating"] == true).collect();
        let [only] = changing.as_slice() else { panic!("{call}: {changing:?}") };
        assert_eq!(only["action"], call);
        let mut asked = only["asked"].clone();
        let instance = asked.as_object_mut().expect("members").remove("InstanceArn");
        assert!(call == "DeleteGroupMembership" || instance.is_some_and(|arn| arn.is_string()), "{only}");
        assert_eq!(asked, wanted, "{call}");
    }
}

/// Runs a test of this file again, with the stand-in for AWS.
#[track_caller]
fn again(stand: &Stand, test: &str) {
    let own = std::env::current_exe().expect("a running program has a path");
    let output = Command::new(own)
        .args(["--exact", test, "--nocapture"])
        .env_clear()
        .env("HOME", stand.path(""))
        .env("AWS_ENDPOINT_URL", &stand.url)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(INSIDE, &stand.url)
        .stdin(Stdio::null())
        .output()
        .expect("the test can run itself");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("1 passed"), "{out}\n{err}");
}

async fn all() {
    let aws = connect().await;
    let at = Place::new(ACCOUNT, REGION);
    let mut wrong = BTreeMap::new();
    let mut made = 0;
    // By change: the live test that shows in moto what these descriptions can't.
    let elsewhere = door("elsewhere", &json!({}));
    let mut hidden = BTreeSet::new();
    for sample in samples() {
        let Change::Aws(change) = &sample else { continue };
        door("reset", &json!({}));
        let name = format!("{} {}", change.service(), serde_json::to_string(&sample).expect("JSON"));
        let before = aws.look(&at, std::slice::from_ref(&sample)).await.remove(0);
        if let Err(error) = &before {
            wrong.insert(format!("{name}: look"), error.to_string());
        }
        if let Err(error) = aws.perform(&at, std::slice::from_ref(&sample), &[0]).await.remove(0) {
            wrong.insert(name.clone(), error.to_string());
            continue;
        }
        made += 1;
        let after = aws.look(&at, std::slice::from_ref(&sample)).await.remove(0);
        let is_shown = match &after {
            Ok(sight) => sight.is_done() || (*sight == Sight::Gone && before != Ok(Sight::Gone)),
            Err(_) => false,
        };
        match (is_shown, elsewhere.get(sample.name())) {
            (true, _) => {}
            (false, Some(_)) => {
                hidden.insert(sample.name());
            }
            (false, None) => {
                wrong.insert(format!("{name}: after"), format!("{after:?}"));
            }
        }
    }
    let told: BTreeSet<String> = elsewhere.as_object().expect("names").keys().cloned().collect();
    assert_eq!(
        hidden, told,
        "what is said to be shown nowhere or elsewhere is exactly what is not shown here"
    );
    for chain in CHAINS {
        door("reset", &json!({}));
        let links: Vec<Change> = chain
            .iter()
            .map(|name| {
                samples().into_iter().find(|one| one.name() == *name).unwrap_or_else(|| panic!("{name}"))
            })
            .collect();
        let state = |sight: Result<Sight, _>| match sight {
            Ok(Sight::There { state, .. }) => Ok(state),
            other => Err(format!("{other:?}")),
        };
        for (place, earlier) in links.iter().enumerate() {
            let mut seen = Vec::new();
            for later in &links[place + 1..] {
                seen.push(state(aws.look(&at, std::slice::from_ref(later)).await.remove(0)));
            }
            let told = aws.perform(&at, std::slice::from_ref(earlier), &[0]).await.remove(0);
            assert!(told.is_ok(), "{chain:?}: {told:?}");
            for (later, seen) in links[place + 1..].iter().zip(seen) {
                let now = state(aws.look(&at, std::slice::from_ref(later)).await.remove(0));
                if now != seen || seen.is_err() {
                    let why = format!("{seen:?} became {now:?}");
                    wrong.insert(format!("{} after {}", later.name(), earlier.name()), why);
                }
            }
        }
    }
    assert!(made > 150, "only {made} were made: {wrong:#?}");
    assert!(wrong.is_empty(), "{made} were made; {} were not: {wrong:#?}", wrong.len());
}

fn inside(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(test);
}

async fn connect() -> Aws {
    let connect = Connect { case: "triage-20260714T093000Z-1f2e3d4c".into(), ..Connect::default() };
    Aws::connect(connect).await.expect("the stand-in lets us in")
}

fn door(verb: &str, asked: &Value) -> Value {
    crate::stand::door(&std::env::var(INSIDE).expect("a second run"), verb, asked)
}

/// One change of every kind, as it would be planned: with ids, names and ARNs as AWS writes them.
fn samples() -> Vec<Change> {
    let samples = AwsChange::samples().expect("every change has a sample");
    let real = |sample| {
        let mut written = serde_json::to_value(Change::Aws(sample)).expect("JSON");
        let inner = written["aws"].as_object_mut().expect("a change");
        let (name, fields) = inner.iter_mut().next().expect("a variant");
        let name = name.clone();
        dress(&name, "", fields);
        serde_json::from_value(written.clone()).unwrap_or_else(|e| panic!("{written}: {e}"))
    };
    samples.into_iter().map(real).collect()
}

/// Puts a value that AWS could have written in the place of each text.
fn dress(change: &str, field: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                dress(change, name, inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|one| dress(change, field, one)),
        Value::String(text)
            if text == "x" || (text.starts_with("2026-01-01") && field != "issued_before") =>
        {
            *text = real(change, field);
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// What a record or a look would have told for a field of a change.
fn real(change: &str, field: &str) -> String {
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    match (change, field) {
        (_, "service") if change.contains("app_runner") => {
            arn("apprunner", "service/web/8fe1e10304f84fd2b0df550fe98a71fa")
        }
        (_, "service") => arn("ecs", "service/mine/miner"),
        (_, "task") => arn("ecs", "task/mine/0b69d5c0d0c9481a9c1c1b2d3e4f5a6b"),
        (_, "name") if change.ends_with("batch_environment") || change == "set_batch_minimum" => {
            arn("batch", "compute-environment/mine")
        }
        (_, "queue") => arn("batch", "job-queue/mine"),
        (_, "job") if change.contains("batch") => "876da822-4198-45f2-a252-6cea32512ea8".into(),
        (_, "stack") => arn("cloudformation", "stack/mine/6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f"),
        (_, "set") => "mine:8f2c7d1e-3b6a-4c55-9e0e-7d3f1a2b4c5d".into(),
        ("size_scaling_group" | "set_deletion_protection" | "resume_scaling_group", "arn")
        | ("set_scale_in_protection" | "put_warm_pool", "arn") => arn(
            "autoscaling",
            "autoScalingGroup:8f2c7d1e-3b6a-4c55-9e0e-7d3f1a2b4c5d:autoScalingGroupName/mine",
        ),
        (_, "ids") => "i-0a1b2c3d4e5f60718".into(),
        ("put_warm_pool", "state") => "Stopped".into(),
        (_, "level") => "prevent-all-deletion".into(),
        (_, "processes") => "Launch".into(),
        (_, "recurrence") => "0 9 * * *".into(),
        (_, "start") => "2026-08-14T09:00:00Z".into(),
        (_, "end") => "2026-09-14T09:00:00Z".into(),
        (_, "time_zone") => "Etc/UTC".into(),
        ("enter_standby" | "exit_standby", "id") => "i-0a1b2c3d4e5f60718".into(),
        (_, "store") => arn("cloudtrail", "eventdatastore/6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f"),
        (_, "selectors") => {
            r#"{"basic":[{"kinds":"All","management":true,"data":[],"without":[]}]}"#.into()
        }
        (_, "name") if change.ends_with("_trail") || change == "record_management_events" => {
            arn("cloudtrail", "trail/main")
        }
        ("put_back_selectors", "name") => arn("cloudtrail", "trail/main"),
        (_, "build") => "mine:6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f".into(),
        (_, "batch") => "mine:6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f".into(),
        (_, "project") => "mine".into(),
        (_, "reader") => format!("arn:aws:iam::{ACCOUNT}:role/reader"),
        (_, "nodegroup") => arn("eks", "nodegroup/mine/workers/6ab1c2d3-e4f5-a6b7-c8d9-e0f1a2b3c4d5"),
        ("delete_fargate_profile", "profile") => {
            arn("eks", "fargateprofile/mine/pods/6ab1c2d3-e4f5-a6b7-c8d9-e0f1a2b3c4d5")
        }
        (_, "cluster") if change.contains("emr") => "j-3H6EATEWWRWSX".into(),
        (_, "group") if change.contains("emr") => "ig-3H6EATEWWRWSX".into(),
        (_, "cluster") => "mine".into(),
        (_, "type") => "STANDARD".into(),
        (_, "policy") if change == "associate_access_policy" => {
            "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy".into()
        }
        (_, "namespaces") => "default".into(),
        (_, "rule") => arn("events", "rule/mine"),
        ("enable_event_rule", "state") => "ENABLED".into(),
        (_, "run") => "jr_6b6f1c507a8f11ee9d5f0a1b2c3d4e5f6b6f1c507a8f11ee9d5f0a1b2c3d4e5f".into(),
        ("open_dev_endpoint", "keys") => "ssh-rsa AAAAB3NzaC1yc2E mine".into(),
        ("deactivate_access_key" | "activate_access_key", "key") => "AKIAI44QH8DHBEXAMPLE".into(),
        (_, "serial") => format!("arn:aws:iam::{ACCOUNT}:mfa/builder"),
        (_, "id") if change.contains("ssh_public_key") => "APKAEIBAERJR2EXAMPLE".into(),
        (_, "id") if change.contains("signing_certificate") => "TA7SMP42TDN5Z26OBPJE7EXAMPLE".into(),
        (_, "id") if change.contains("service_specific") => "ACCA12345ABCDEXAMPLE".into(),
        (_, "document") => r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#.into(),
        (_, "boundary") => "arn:aws:iam::aws:policy/PowerUserAccess".into(),
        ("set_user_policy" | "set_role_policy", "policy") => "mine".into(),
        (_, "arn") if change.contains("oidc") => {
            format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com")
        }
        (_, "arn") if change.contains("saml") => format!("arn:aws:iam::{ACCOUNT}:saml-provider/mine"),
        (_, "url") if change.contains("oidc") => "https://token.example.com".into(),
        (_, "thumbprints") => "0123456789abcdef0123456789abcdef01234567".into(),
        (_, "metadata") => "<EntityDescriptor/>".repeat(60),
        (_, "user") if change == "add_group_membership" => "906738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into(),
        ("add_group_membership", "group") => "a06738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into(),
        (_, "user") => "builder".into(),
        (_, "role") => "builder".into(),
        ("set_user_boundary" | "set_user_policy" | "detach_deny_from_user" | "leave_deny_group", "id") => {
            "AIDACKCEVSQ6C2EXAMPLE".into()
        }
        ("set_role_boundary" | "set_role_policy" | "detach_deny_from_role" | "drop_revocation", "id") => {
            "AROADBQP57FF2AEXAMPLE".into()
        }
        (_, "function") => arn("lambda", "function:mine"),
        (_, "name") if change.ends_with("_function") => arn("lambda", "function:mine"),
        (_, "url") => arn("lambda", "function:mine"),
        (_, "action") if change == "add_function_permission" => "lambda:InvokeFunction".into(),
        (_, "principal") if change == "add_function_permission" => "events.amazonaws.com".into(),
        (_, "source_arn") => arn("events", "rule/mine"),
        (_, "source_account") => ACCOUNT.into(),
        (_, "organization") => "o-exampleorgid".into(),
        (_, "url_auth") => "NONE".into(),
        ("stop_event_source" | "start_event_source", "id") => "6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f".into(),
        (_, "management") => "999988887777".into(),
        (_, "account") => "444455556666".into(),
        (_, "principals") => "arn:aws:iam::444455556666:user/builder".into(),
        (_, "sessions") => "AROADBQP57FF2AEXAMPLE:mine".into(),
        (_, "users") => "906738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into(),
        (_, "permission_set") => "arn:aws:sso:::permissionSet/ssoins-7223b02c5f6a1e9d/ps-1f2e3d4c5b6a7988".into(),
        (_, "principal_type") => "USER".into(),
        ("add_account_assignment" | "remove_account_assignment", "principal") => {
            "906738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into()
        }
        (_, "membership") => "b06738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d".into(),
        (_, "principal") => format!("arn:aws:iam::{ACCOUNT}:role/mine"),
        (_, "name") if change.ends_with("_notebook") => arn("sagemaker", "notebook-instance/mine"),
        ("stop_sage_maker_job", "name") => "mine".into(),
        ("delete_endpoint" | "make_endpoint_again", "name") => arn("sagemaker", "endpoint/mine"),
        ("delete_hyper_pod_cluster", "name") => arn("sagemaker", "cluster/abcdefghijkl"),
        (_, "schedule") => arn("scheduler", "schedule/default/mine"),
        (_, "identity") => "mine.example.com".into(),
        (_, "execution") => arn("states", "execution:mine:run-1"),
        (_, "machine") => arn("states", "stateMachine:mine"),
        ("cancel_command" | "stop_automation", "id") => "6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f".into(),
        ("terminate_session", "id") => "builder-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.ends_with("_maintenance_window") => "mw-0a1b2c3d4e5f60718".into(),
        ("delete_association", "id") => "8dfe3659-4309-493a-8755-0123456789ab".into(),
        ("delete_activation", "id") => "5743558d-563b-4457-8682-0123456789ab".into(),
        (_, "id") if change.contains("trust_anchor") || change.contains("roles_anywhere") => {
            "6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f".into()
        }
        (_, "type_name") => "AWS::Kinesis::Stream".into(),
        (_, "instance") => "i-0a1b2c3d4e5f60718".into(),
        (_, "profile") => format!("arn:aws:iam::{ACCOUNT}:instance-profile/mine"),
        (_, "vpc") => "vpc-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("spot_fleet") => "sfr-73fbd2ce-aa30-494c-8788-1cee4EXAMPLE".into(),
        (_, "id") if change.contains("spot_request") => "sir-08b93456".into(),
        (_, "id") if change.contains("fleet") => "fleet-73fbd2ce-aa30-494c-8788-1cee4EXAMPLE".into(),
        (_, "id") if change.contains("template") => "lt-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("key_pair") => "key-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("share_snapshot") => "snap-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("share_image") => "ami-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("volume") => "vol-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("network_interface") => "eni-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("address") => "eipalloc-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("security_group") => "sg-0a1b2c3d4e5f60718".into(),
        (_, "id") if change.contains("instance") || change.contains("protection") => {
            "i-0a1b2c3d4e5f60718".into()
        }
        ("revoke_rules", "rules") => "sgr-0a1b2c3d4e5f60718".into(),
        (_, "group") if change.ends_with("_rules") => "sg-0a1b2c3d4e5f60718".into(),
        (_, "with") => "444455556666".into(),
        (_, "protocol") => "tcp".into(),
        (_, "ipv4") => "203.0.113.0/24".into(),
        (_, "ipv6") => "2001:db8::/32".into(),
        (_, "prefix_list") => "pl-0a1b2c3d4e5f60718".into(),
        (_, "bucket") => "mine-logs".into(),
        (_, _) => "mine".into(),
    }
}
