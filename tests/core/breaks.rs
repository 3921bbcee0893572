//! What an attacker of this program tried and got: each test bears the name of what went wrong, and holds the smallest
//! records that show it, run through the built program.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};

const SEED: &str = "AKIAIOSFODNN7EXAMPLE";
const OWNER: &str = "AKIAI44QH8DHBEXAMPLE";
const HERE: &str = "111122223333";
const ABROAD: &str = "444455556666";

/// The program's result on a folder of logs.
struct Run {
    dir: tempfile::TempDir,
    output: Output,
    report: Value,
}

fn triage(args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_triage"));
    program.env_clear().args(args).output().expect("the program starts")
}

fn path(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

fn run_as(principal: &str, records: &[Value]) -> Run {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let logs = dir.path().join("logs.json");
    std::fs::write(&logs, lines.join("\n")).expect("logs are written");
    let case = path(dir.path().join("case"));
    let output = triage(&[
        "audit",
        "--principal",
        principal,
        "--logs",
        &path(logs),
        "--case-dir",
        &case,
        "-o",
        "json",
        "-q",
    ]);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    Run { dir, output, report }
}

fn run(records: &[Value]) -> Run {
    run_as(SEED, records)
}

impl Run {
    fn ids(&self, list: &str) -> Vec<String> {
        let list = self.report[list].as_array().into_iter().flatten();
        list.map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A call at `minute` past two, with what differs from an `iam` call of the seed's user merged over it.
fn call(minute: u32, source: &str, name: &str, with: Value) -> Value {
    let id = format!("00000000-0000-4000-8000-{:012x}", fnv(&format!("{minute}{source}{name}{with}")));
    let mut record = json!({
        "eventVersion": "1.09", "eventTime": format!("2026-03-14T02:{minute:02}:00Z"),
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15", "eventID": id, "readOnly": false,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": HERE,
        "userIdentity": user("ci", SEED, HERE),
    });
    merge(&mut record, with);
    record
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) >> 16
}

fn merge(into: &mut Value, with: Value) {
    let Value::Object(with) = with else { return };
    for (key, value) in with {
        into[key] = value;
    }
}

fn user(name: &str, key: &str, account: &str) -> Value {
    json!({"type": "IAMUser", "principalId": format!("AIDA{:A>17}", name.to_uppercase()),
        "arn": format!("arn:aws:iam::{account}:user/{name}"), "accountId": account, "accessKeyId": key})
}

fn session(role: &str, name: &str, key: &str, started: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROAIOSFODNN7EXAMPL1:{name}"),
        "arn": format!("arn:aws:sts::{HERE}:assumed-role/{role}/{name}"), "accountId": HERE, "accessKeyId": key,
        "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{HERE}:role/{role}")},
            "attributes": {"creationDate": started}}})
}

/// What AssumeRole is asked and answers.
fn assumed(role: &str, name: &str, key: &str) -> Value {
    json!({"requestParameters": {"roleArn": format!("arn:aws:iam::{HERE}:role/{role}"), "roleSessionName": name},
        "responseElements": {"credentials": {"accessKeyId": key}, "assumedRoleUser":
            {"arn": format!("arn:aws:sts::{HERE}:assumed-role/{role}/{name}"),
             "assumedRoleId": format!("AROAIOSFODNN7EXAMPL1:{name}")}}})
}

fn and(mut one: Value, other: Value) -> Value {
    merge(&mut one, other);
    one
}

fn by_service(service: &str) -> Value {
    json!({"userIdentity": {"type": "AWSService", "invokedBy": format!("{service}.amazonaws.com")}})
}

fn instances(id: &str) -> Value {
    json!({"responseElements": {"instancesSet": {"items": [{"instanceId": id}]}}})
}

fn bucket(name: &str) -> Value {
    json!({"requestParameters": {"bucketName": name}})
}

fn user_made(name: &str, id: &str) -> Value {
    json!({"requestParameters": {"userName": name}, "responseElements": {"user":
        {"userName": name, "userId": id, "arn": format!("arn:aws:iam::{HERE}:user/{name}")}}})
}

#[test]
fn a_bucket_named_like_a_function_took_the_functions_session() {
    let lambda = session("worker", "backup", "ASIAI44QH8DHBEXAMPLE", "2026-03-14T02:02:00Z");
    let run = run(&[
        call(1, "s3", "CreateBucket", bucket("backup")),
        call(
            2,
            "sts",
            "AssumeRole",
            and(assumed("worker", "backup", "ASIAI44QH8DHBEXAMPLE"), by_service("lambda")),
        ),
        call(3, "s3", "DeleteBucket", and(bucket("old"), json!({"userIdentity": lambda}))),
    ]);
    assert_eq!(run.ids("credentials"), [SEED]);
    assert_eq!(run.ids("findings").len(), 0);
}

#[test]
fn a_function_took_its_namesakes_session_in_another_region() {
    let made = json!({"awsRegion": "eu-west-1", "requestParameters": {"functionName": "backup"}, "responseElements":
        {"functionName": "backup", "functionArn": format!("arn:aws:lambda:eu-west-1:{HERE}:function:backup")}});
    let minted = and(assumed("worker", "backup", "ASIAI44QH8DHBEXAMPLE"), by_service("lambda"));
    let there = and(minted.clone(), json!({"awsRegion": "eu-west-1"}));
    let made = call(1, "lambda", "CreateFunction20150331", made);
    assert_eq!(run(&[made.clone(), call(2, "sts", "AssumeRole", minted)]).ids("credentials"), [SEED]);
    let own = run(&[made, call(2, "sts", "AssumeRole", there)]);
    assert_eq!(own.ids("credentials"), [SEED, "ASIAI44QH8DHBEXAMPLE"]);
}

#[test]
fn a_function_made_again_by_its_owners_was_blamed() {
    let arn = format!("arn:aws:lambda:us-east-1:{HERE}:function:backup");
    let function = json!({"requestParameters": {"functionName": "backup"},
        "responseElements": {"functionName": "backup", "functionArn": arn}});
    let owner = json!({"userIdentity": user("admin", OWNER, HERE)});
    let made = call(2, "lambda", "CreateFunction20150331", function.clone());
    let gone =
        call(4, "lambda", "DeleteFunction20150331", json!({"requestParameters": {"functionName": "backup"}}));
    let remade = call(5, "lambda", "CreateFunction20150331", and(function, owner));
    // A session that nobody was seen to mint: only the record says which function it was issued to.
    let used = |minute, started: &str| {
        let mut by = session("worker", "backup", "ASIAI44QH8DHBEXAMPLE", started);
        by["inScopeOf"] = json!({"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": arn});
        call(minute, "s3", "DeleteBucket", and(bucket("old"), json!({"userIdentity": by})))
    };
    let credentials = |more: &[Value]| {
        let records: Vec<Value> = [&made, &gone].into_iter().chain(more).cloned().collect();
        run(&records).ids("credentials")
    };
    let ours = [SEED, "ASIAI44QH8DHBEXAMPLE"];
    assert_eq!(credentials(&[used(3, "2026-03-14T02:03:00Z")]), ours, "the thief's function");
    assert_eq!(credentials(&[used(6, "2026-03-14T02:03:00Z")]), ours, "a session outlives its function");
    assert_eq!(credentials(&[remade, used(6, "2026-03-14T02:06:00Z")]), [SEED], "the owners' own function");
    assert_eq!(credentials(&[used(3, "2026-03-14T02:01:00Z")]), [SEED], "began before there was a function");
}

#[test]
fn a_provider_made_again_by_its_owners_let_their_people_in_as_the_thief() {
    let arn = format!("arn:aws:iam::{HERE}:saml-provider/Okta");
    let provider =
        json!({"requestParameters": {"name": "Okta"}, "responseElements": {"sAMLProviderArn": arn}});
    let owner = json!({"userIdentity": user("admin", OWNER, HERE)});
    let made = call(1, "iam", "CreateSAMLProvider", provider.clone());
    let gone = call(3, "iam", "DeleteSAMLProvider", json!({"requestParameters": {"sAMLProviderArn": arn}}));
    let remade = call(4, "iam", "CreateSAMLProvider", and(provider, owner));
    let entered = |minute| {
        let mut with = assumed("Ops", "carol", "ASIAI44QH8DHBEXAMPLE");
        with["requestParameters"]["principalArn"] = json!(arn);
        with["userIdentity"] = json!({"type": "SAMLUser", "principalId": "idp:carol", "userName": "carol", "identityProvider": "idp"});
        call(minute, "sts", "AssumeRoleWithSAML", with)
    };
    assert_eq!(run(&[made.clone(), entered(2)]).ids("credentials"), [SEED, "ASIAI44QH8DHBEXAMPLE"]);
    assert_eq!(run(&[made, gone, remade, entered(5)]).ids("credentials"), [SEED]);
}

#[test]
fn a_user_made_again_by_its_owners_was_blamed() {
    let owner = json!({"userIdentity": user("admin", OWNER, HERE)});
    let again = |minute, id: &str| {
        let mut by = user("svc", "AKIAI55QH8DHBEXAMPLE", HERE);
        by["principalId"] = json!(id);
        call(
            minute,
            "ec2",
            "RunInstances",
            and(instances("i-0aaaaaaaaaaaaaaa1"), json!({"userIdentity": by})),
        )
    };
    let ours = "AIDAIOSFODNN7EXAMPLE1";
    let theirs = "AIDAIOSFODNN7EXAMPLE2";
    let made = call(1, "iam", "CreateUser", user_made("svc", ours));
    let gone = call(3, "iam", "DeleteUser", json!({"requestParameters": {"userName": "svc"}}));
    let remade = call(4, "iam", "CreateUser", and(user_made("svc", theirs), owner));
    let instances = |run: Run| run.ids("resources").contains(&"i-0aaaaaaaaaaaaaaa1".to_owned());
    assert!(instances(run(&[made.clone(), again(2, ours)])), "what the made user did is ours");
    assert!(!instances(run(&[made.clone(), again(2, theirs)])), "another immutable id");
    assert!(!instances(run(&[made, gone, remade, again(5, "")])), "deleted before");
}

#[test]
fn a_password_made_again_by_the_owners_was_blamed() {
    let console = |minute, started: &str| {
        let mut by = user("bob", "ASIAI55QH8DHBEXAMPLE", HERE);
        by["sessionContext"] = json!({"attributes": {"creationDate": started}});
        call(
            minute,
            "ec2",
            "RunInstances",
            and(instances("i-0aaaaaaaaaaaaaaa1"), json!({"userIdentity": by})),
        )
    };
    let named = json!({"requestParameters": {"userName": "bob"},
        "responseElements": {"loginProfile": {"userName": "bob"}}});
    let owner = json!({"userIdentity": user("admin", OWNER, HERE)});
    let made = call(1, "iam", "CreateLoginProfile", named.clone());
    let gone = call(3, "iam", "DeleteLoginProfile", and(named.clone(), owner.clone()));
    let remade = call(4, "iam", "CreateLoginProfile", and(named.clone(), owner));
    let retaken = call(6, "iam", "CreateLoginProfile", named);
    let used = |extra: &[Value]| {
        let records: Vec<Value> = [&made, &gone].into_iter().chain(extra).cloned().collect();
        run(&records).ids("resources").len()
    };
    assert_eq!(used(&[console(2, "2026-03-14T02:02:00Z")]), 1, "signed in while it was the thief's");
    assert_eq!(used(&[console(5, "2026-03-14T02:02:00Z")]), 1, "a session outlives its password");
    assert_eq!(used(&[remade, console(5, "2026-03-14T02:05:00Z")]), 0, "the owners' own password");
    assert_eq!(used(&[console(5, "2026-03-14T01:30:00Z")]), 0, "began before there was a password");
    assert_eq!(used(&[retaken, console(7, "2026-03-14T02:07:00Z")]), 1, "the thief made another");
}

#[test]
fn a_group_made_again_by_its_owners_went_on_launching_for_the_thief() {
    let group = json!({"requestParameters": {"autoScalingGroupName": "web", "maxSize": 9}});
    let owner = json!({"userIdentity": user("admin", OWNER, HERE)});
    let launch = |minute, id: &str| {
        let tags = json!({"items": [{"key": "aws:autoscaling:groupName", "value": "web"}]});
        let answer =
            json!({"responseElements": {"instancesSet": {"items": [{"instanceId": id, "tagSet": tags}]}}});
        call(minute, "ec2", "RunInstances", and(answer, by_service("autoscaling")))
    };
    let run = run(&[
        call(1, "autoscaling", "CreateAutoScalingGroup", group.clone()),
        launch(2, "i-0aaaaaaaaaaaaaaa1"),
        call(3, "autoscaling", "DeleteAutoScalingGroup", group.clone()),
        call(8, "autoscaling", "CreateAutoScalingGroup", and(group, owner)),
        launch(9, "i-0aaaaaaaaaaaaaaa2"),
    ]);
    assert_eq!(run.ids("resources"), ["web", "i-0aaaaaaaaaaaaaaa1"]);
}

#[test]
fn a_session_of_the_same_name_a_second_later_was_taken_for_ours() {
    let by = json!({"userIdentity": session("deploy", "ci", "ASIAI55QH8DHBEXAMPLE", "2026-03-14T02:01:01Z")});
    let run = run(&[
        call(1, "sts", "AssumeRole", assumed("deploy", "ci", "ASIAI44QH8DHBEXAMPLE")),
        call(3, "ec2", "RunInstances", and(instances("i-0aaaaaaaaaaaaaaa1"), by)),
    ]);
    assert!(run.ids("resources").is_empty());
    assert_eq!(run.ids("unlinked"), ["ASIAI55QH8DHBEXAMPLE"]);
}

#[test]
fn a_shared_id_used_again_joined_another_call() {
    let shared = json!({"sharedEventID": "11111111-2222-4333-8444-555555555555"});
    let abroad = json!({"userIdentity": user("bob", OWNER, ABROAD), "recipientAccountId": ABROAD});
    let run = run(&[
        call(1, "sts", "AssumeRole", and(assumed("deploy", "ci", "ASIAI44QH8DHBEXAMPLE"), shared.clone())),
        call(2, "ec2", "RunInstances", and(and(instances("i-0aaaaaaaaaaaaaaa1"), shared), abroad)),
    ]);
    assert!(run.ids("resources").is_empty());
}

#[test]
fn an_id_of_a_megabyte_stopped_the_search() {
    let name = "u".repeat(1 << 20);
    let run = run(&[call(1, "iam", "CreateUser", user_made(&name, "AIDAIOSFODNN7EXAMPLE1"))]);
    assert_eq!(run.ids("resources").len(), 1);
}

/// The account of this key id can't be computed from it.
#[test]
fn a_key_without_an_account_in_it_was_said_to_be_wholly_covered() {
    let run = run(&[call(1, "s3", "CreateBucket", bucket("one"))]);
    assert_eq!(run.report["coverage"]["of"], 17);
    assert!(!run.report["gaps"].as_array().expect("a list").is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_whose_name_is_not_utf8_panicked() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let logs = dir.path().join("logs.json");
    std::fs::write(&logs, call(1, "s3", "CreateBucket", bucket("one")).to_string()).expect("written");
    let mut program = Command::new(env!("CARGO_BIN_EXE_triage"));
    program.args(["audit", "--principal", SEED, "-q", "--logs"]).arg(&logs);
    program.arg("--case-dir").arg(dir.path().join(std::ffi::OsStr::from_bytes(b"case\xff")));
    let output = program.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_accepted_was_told_in_escapes() {
    let output = triage(&["audit", "--principal", "nobody", "--logs", "."]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("access key id") && !told.contains("\\u{20}"), "{told}");
}

/// A record of the leaked key and what pretends to correct it: one by one and in any order.
fn left_by(records: [Value; 2]) -> Vec<String> {
    let [one, two] = records;
    let (there, back) = (run(&[one.clone(), two.clone()]), run(&[two, one]));
    assert_eq!(there.output.stdout, back.output.stdout, "the order mattered");
    there.ids("resources")
}

const FIRST: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
const SECOND: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000002";

fn corrects(original: &str) -> Value {
    json!({"addendum": {"reason": "UPDATED_DATA", "originalEventID": original}})
}

#[test]
fn a_record_of_another_call_or_account_erased_one() {
    let first = call(1, "s3", "CreateBucket", and(bucket("one"), json!({"eventID": FIRST})));
    let other = |minute, name: &str, account: &str| {
        let by = json!({"userIdentity": user("eve", OWNER, account), "recipientAccountId": account, "eventID": SECOND,
            "requestParameters": {"x": SEED}});
        call(minute, "s3", name, and(by, corrects(FIRST)))
    };
    assert_eq!(left_by([first.clone(), other(2, "ListBuckets", ABROAD)]), ["one"]);
    assert_eq!(left_by([first.clone(), other(2, "ListBuckets", HERE)]), ["one"]);
    assert_eq!(left_by([first.clone(), other(1, "CreateBucket", ABROAD)]), ["one"]);
    let correction = and(bucket("two"), and(json!({"eventID": SECOND}), corrects(FIRST)));
    assert_eq!(left_by([first, call(1, "s3", "CreateBucket", correction)]), ["two"]);
}

#[test]
fn two_records_that_replace_each_other_erased_both() {
    let one = and(bucket("one"), and(json!({"eventID": FIRST}), corrects(SECOND)));
    let two = and(bucket("two"), and(json!({"eventID": SECOND}), corrects(FIRST)));
    assert_eq!(
        left_by([call(1, "s3", "CreateBucket", one), call(1, "s3", "CreateBucket", two)]),
        ["one", "two"]
    );
    let own = and(bucket("own"), and(json!({"eventID": FIRST}), corrects(FIRST)));
    assert_eq!(run(&[call(1, "s3", "CreateBucket", own)]).ids("resources"), ["own"]);
}

#[test]
fn a_record_with_anothers_id_hid_it() {
    let id = json!({"eventID": FIRST});
    let one = call(1, "s3", "CreateBucket", and(bucket("one"), id.clone()));
    let two = call(2, "ec2", "RunInstances", and(instances("i-0aaaaaaaaaaaaaaa1"), id));
    assert_eq!(left_by([one, two]), ["i-0aaaaaaaaaaaaaaa1", "one"]);
}

const PROJECT: &str = "shop-prod-4821";
const BUILDER: &str = "builder@shop-prod-4821.iam.gserviceaccount.com";

/// An entry of Google's activity log at `minute` past two; `request` and `resource` fill the payload.
fn entry(minute: u32, who: &str, service: &str, method: &str, resource: &str, request: Value) -> Value {
    let key =
        format!("//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{who}/keys/0123456789abcdef0123");
    let mut info = json!({"principalEmail": who});
    if who == BUILDER {
        info["serviceAccountKeyName"] = json!(key);
    }
    if who.starts_with("principal:") {
        info = json!({"principalSubject": who});
    }
    let at = format!("2026-03-14T02:{minute:02}:00Z");
    json!({"insertId": format!("id{}", fnv(&format!("{minute}{who}{resource}"))), "timestamp": at, "severity": "NOTICE",
        "logName": format!("projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity"),
        "resource": {"type": "x", "labels": {"project_id": PROJECT, "zone": "us-central1-a", "location": "us-central1"}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": service,
            "methodName": method, "resourceName": resource, "authenticationInfo": info, "request": request,
            "requestMetadata": {"callerIp": "198.51.100.7", "callerSuppliedUserAgent": "gcloud"},
            "authorizationInfo": [{"granted": true, "permissionType": "ADMIN_WRITE"}]}})
}

fn google_bucket(minute: u32, who: &str, name: &str) -> Value {
    entry(
        minute,
        who,
        "storage.googleapis.com",
        "storage.buckets.create",
        &format!("projects/_/buckets/{name}"),
        json!({}),
    )
}

#[test]
fn a_label_that_anybody_may_write_confirmed_a_launch() {
    let cluster = entry(
        1,
        BUILDER,
        "container.googleapis.com",
        "google.container.v1.ClusterManager.CreateCluster",
        &format!("projects/{PROJECT}/locations/us-central1/clusters/pay"),
        json!({"cluster": {"name": "pay"}}),
    );
    let confidence = |who: &str| {
        let machine = entry(
            2,
            who,
            "compute.googleapis.com",
            "v1.compute.instances.insert",
            &format!("projects/{PROJECT}/zones/us-central1-a/instances/one"),
            json!({"name": "one", "labels": [{"key": "goog-k8s-cluster-name", "value": "pay"}]}),
        );
        let run = run_as(BUILDER, &[cluster.clone(), machine]);
        let made = run.report["resources"].as_array().expect("a list").clone();
        let machine = made.iter().find(|made| made["kind"] == "gcp.compute.instance").expect("the machine");
        machine["confidence"].clone()
    };
    assert_eq!(confidence("bob@example.com"), "suspect");
    assert_eq!(confidence("service-1@container-engine-robot.iam.gserviceaccount.com"), "confirmed");
}

#[test]
fn an_email_in_another_letter_case_was_not_found() {
    let run = run_as("bob@example.com", &[google_bucket(1, "Bob@Example.com", "one")]);
    assert_eq!(run.ids("resources"), ["projects/_/buckets/one"]);
}

#[test]
fn a_subject_with_an_accent_was_not_found_where_it_was_escaped() {
    let pool = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject";
    for (name, escaped) in [("jos\u{e9}", r"jos\u00e9"), ("a\u{1f600}", r"a\ud83d\ude00")] {
        let who = format!("{pool}/{name}");
        let text = google_bucket(1, &who, "one").to_string().replace(name, escaped);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (logs, case) = (dir.path().join("logs.json"), path(dir.path().join("case")));
        std::fs::write(&logs, text).expect("logs are written");
        let args = ["audit", "--principal", &who, "--logs", &path(logs), "--case-dir", &case, "-o", "json"];
        let report: Value = serde_json::from_slice(&triage(&args).stdout).expect("a report");
        assert_eq!(report["resources"][0]["id"], "projects/_/buckets/one", "{escaped}");
    }
}

#[test]
fn a_secret_in_a_user_agent_was_told_in_the_report() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let agent = json!({"userAgent": format!("aws-cli/2.15 key {secret}")});
    let run = run(&[call(1, "s3", "CreateBucket", and(bucket("one"), agent))]);
    assert_eq!(run.report["uses"][0]["user_agent"], "aws-cli/2.15 key [redacted]");
    for name in ["report.json", "inputs.json", "case.json", "plan-revoke.json", "plan-contain.json"] {
        let text = std::fs::read_to_string(run.dir.path().join("case").join(name)).expect("written");
        assert!(!text.contains(secret), "{name}");
    }
    assert_eq!(run.output.status.code(), Some(0));
}

#[test]
fn a_key_file_that_powershell_wrote_was_not_read() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = "User name,Access key ID\r\nci,AKIAIOSFODNN7EXAMPLE\r\n";
    let logs = dir.path().join("logs.json");
    std::fs::write(&logs, call(1, "s3", "CreateBucket", bucket("one")).to_string()).expect("written");
    let little: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [("little", little), ("big", big)] {
        let file = dir.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        let case = path(dir.path().join(format!("case-{name}")));
        let output =
            triage(&["audit", "--key-file", &path(file), "--logs", &path(logs.clone()), "--case-dir", &case]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
