//! Lives told by records one by one: stops and starts, other sizes, spot, ends, what nobody tells; each with its sum by hand.

use super::{check, of, usd};
use serde_json::{Value, json};
use triage::analyze::Investigation;
use triage::cost::{self, Ask, Live, Prices};
use triage::model::cost::CostKind::{self, *};
use triage::model::report::Window;
use triage::model::{Event, Principal, Provenance, Report};
use triage::read;

pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SA: &str = "ci@shop-prod.iam.gserviceaccount.com";

/// A call by the leaked key at this time of 2026-07-14.
pub fn call(time: &str, region: &str, source: &str, name: &str, request: Value, response: Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": format!("2026-07-14T{time}Z"), "awsRegion": region,
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "sourceIPAddress": "198.51.100.7",
        "eventID": format!("{name}-{time}-{}", request.to_string().len()), "readOnly": false,
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "eventCategory": "Management",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAIOSFODNN7EXAMPLE", "accountId": "111122223333",
            "userName": "ci", "arn": "arn:aws:iam::111122223333:user/ci", "accessKeyId": KEY},
        "requestParameters": request, "responseElements": response,
    })
}

fn ids(id: &str) -> Value {
    json!({"instancesSet": {"items": [{"instanceId": id}]}})
}

pub fn run(time: &str, id: &str, kind: &str, more: Value) -> Value {
    let mut item = json!({"instanceId": id, "instanceType": kind, "placement": {"tenancy": "default"}});
    let mut request = json!({"instanceType": kind});
    for (to, from) in [(&mut item, &more["item"]), (&mut request, &more["request"])] {
        if let Some(fields) = from.as_object() {
            to.as_object_mut().unwrap().extend(fields.clone());
        }
    }
    call(time, "us-east-1", "ec2", "RunInstances", request, json!({"instancesSet": {"items": [item]}}))
}

pub fn power(time: &str, name: &str, id: &str) -> Value {
    call(time, "us-east-1", "ec2", name, ids(id), ids(id))
}

pub fn resize(time: &str, id: &str, kind: &str) -> Value {
    let request = json!({"instanceId": id, "instanceType": {"value": kind}});
    call(time, "us-east-1", "ec2", "ModifyInstanceAttribute", request, json!({"_return": true}))
}

fn entry(time: &str, zone: &str, method: &str, name: &str, request: Value) -> Value {
    json!({
        "insertId": format!("{method}-{time}"), "timestamp": format!("2026-07-14T{time}Z"),
        "logName": "projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity",
        "resource": {"type": "gce_instance", "labels": {"project_id": "shop-prod", "zone": zone, "instance_id": "77"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "compute.googleapis.com",
            "methodName": format!("v1.compute.{method}"), "resourceName": name,
            "authenticationInfo": {"principalEmail": SA,
                "serviceAccountKeyName": format!("//iam.googleapis.com/projects/shop-prod/serviceAccounts/{SA}/keys/8c7b")},
            "requestMetadata": {"callerIp": "198.51.100.7"}, "request": request,
        },
    })
}

pub fn read(record: &Value) -> Event {
    read::read(record.to_string().as_bytes(), Provenance::default())
        .expect("a record")
        .expect("an audit record")
}

pub fn told<'r>(principal: &str, records: impl IntoIterator<Item = &'r Value>) -> Report {
    let principal = Principal::parse(principal).expect("a principal");
    let mut investigation = Investigation::new(principal, Window::default());
    records.into_iter().for_each(|record| investigation.absorb(read(record)));
    investigation.report()
}

fn priced(principal: &str, records: &[Value], at: &str, prices: &Prices) -> Report {
    let mut report = told(principal, records);
    cost::fill(&mut report, format!("2026-07-14T{at}Z").parse().unwrap(), prices);
    report
}

/// What one instance `i-1` cost at 13:00: an hour, and until then.
fn one(records: &[Value], per_hour: &str, burned: &str, kind: CostKind) {
    let report = priced(KEY, records, "13:00:00", &Prices::default());
    check(&report, &[("i-1", per_hour, burned, kind)]);
}

fn unknown(records: &[Value], why: &str) {
    let cost = priced(KEY, records, "13:00:00", &Prices::default()).cost.expect("filled");
    let told: Vec<&str> = cost.unpriced.iter().map(|one| &*one.why).collect();
    assert_eq!(told, [why]);
    assert_eq!((cost.burned, cost.per_hour, cost.saved_per_day), (None, None, None), "unknown is not zero");
    assert_eq!((cost.priced, cost.unknown), (0, 1));
}

#[test]
fn an_instance_runs_until_its_end_or_until_now() {
    let launch = run("10:00:00", "i-1", "c5.24xlarge", json!({}));
    // 4.08 an hour; nobody saw an end.
    one(std::slice::from_ref(&launch), "4.08", "12.24", UpperBound);
    // Deleted before the report: half an hour.
    one(&[launch.clone(), power("10:30:00", "TerminateInstances", "i-1")], "0", "2.04", ListPrice);
    // Deleted after the time that is counted to.
    let report = priced(
        KEY,
        &[launch, power("12:00:00", "TerminateInstances", "i-1")],
        "11:00:00",
        &Prices::default(),
    );
    check(&report, &[("i-1", "4.08", "4.08", ListPrice)]);
}

#[test]
fn a_stopped_hour_is_not_paid() {
    let launch = run("10:00:00", "i-1", "c5.24xlarge", json!({}));
    let stop = power("11:00:00", "StopInstances", "i-1");
    let start = power("12:00:00", "StartInstances", "i-1");
    one(&[launch.clone(), stop.clone(), start.clone()], "4.08", "8.16", UpperBound);
    one(&[launch.clone(), stop.clone()], "0", "4.08", ListPrice);
    // Its own disk of 730 GB at 0.08 a month is paid all the time: 0.08 an hour.
    let disk = json!({"request": {"blockDeviceMapping": {"items": [
        {"deviceName": "/dev/sdb", "ebs": {"volumeSize": 730, "volumeType": "gp3"}}]}}});
    let launch = run("10:00:00", "i-1", "c5.24xlarge", disk);
    one(&[launch, stop], "0.08", "4.32", ListPrice);
}

#[test]
fn another_type_costs_another_price_from_then_on() {
    // 0.096 for an hour, half an hour stopped, then 4.608 from 12:00.
    one(
        &[
            run("10:00:00", "i-1", "m5.large", json!({})),
            power("11:00:00", "StopInstances", "i-1"),
            resize("11:30:00", "i-1", "m5.24xlarge"),
            power("12:00:00", "StartInstances", "i-1"),
        ],
        "4.608",
        "4.704",
        UpperBound,
    );
}

#[test]
fn spot_is_at_most_the_price_on_demand_or_the_bid() {
    let spot = json!({"item": {"instanceLifecycle": "spot"}});
    let end = power("11:00:00", "TerminateInstances", "i-1");
    one(&[run("10:00:00", "i-1", "c5.24xlarge", spot), end.clone()], "0", "4.08", UpperBound);
    let bid = |price: &str| {
        json!({"item": {"instanceLifecycle": "spot"},
            "request": {"instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": price}}}})
    };
    one(&[run("10:00:00", "i-1", "c5.24xlarge", bid("1.5")), end.clone()], "0", "1.5", UpperBound);
    one(&[run("10:00:00", "i-1", "c5.24xlarge", bid("99")), end.clone()], "0", "4.08", UpperBound);
    one(&[run("10:00:00", "i-1", "c5.24xlarge", bid("-1e9")), end], "0", "4.08", UpperBound);
}

#[test]
fn a_spot_machine_that_was_taken_back_runs_no_more() {
    let spot = json!({"item": {"instanceLifecycle": "spot"}});
    let mut evicted = call("10:30:00", "us-east-1", "ec2", "BidEvictedEvent", Value::Null, Value::Null);
    evicted["eventType"] = json!("AwsServiceEvent");
    evicted["userIdentity"] = json!({"accountId": "111122223333", "invokedBy": "ec2.amazonaws.com"});
    evicted["serviceEventDetails"] = json!({"instanceIdSet": ["i-1"]});
    one(&[run("10:00:00", "i-1", "c5.24xlarge", spot), evicted], "0", "2.04", UpperBound);
}

#[test]
fn what_a_price_does_not_contain_makes_it_a_lower_bound() {
    let end = power("11:00:00", "TerminateInstances", "i-1");
    let windows = json!({"item": {"platform": "windows"}});
    one(&[run("10:00:00", "i-1", "c5.24xlarge", windows), end.clone()], "0", "4.08", LowerBound);
    let dedicated = json!({"item": {"placement": {"tenancy": "dedicated"}}});
    one(&[run("10:00:00", "i-1", "c5.24xlarge", dedicated), end], "0", "4.08", LowerBound);
}

#[test]
fn what_nobody_tells_is_unknown_and_never_zero() {
    let mut launch = run("10:00:00", "i-1", "x", json!({}));
    launch["requestParameters"]["instanceType"].take();
    launch["responseElements"]["instancesSet"]["items"][0]["instanceType"].take();
    unknown(&[launch], "no record tells its type");
    unknown(
        &[run("10:00:00", "i-1", "u-99.metal", json!({}))],
        "no price of u-99.metal in us-east-1 is known here",
    );
    let function = call(
        "10:00:00",
        "us-east-1",
        "lambda",
        "CreateFunction20150331",
        json!({"functionName": "f"}),
        json!({"functionName": "f", "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"}),
    );
    unknown(&[function], "billed by invocation and its length, which this log does not tell");
}

#[test]
fn counts_that_nobody_can_have_are_no_numbers() {
    for size in ["99999999999999999999999", "-5", "1e9", "NaN", "5000000000"] {
        let volume = json!({"volumeId": "vol-1", "size": size, "volumeType": "gp3"});
        unknown(
            &[call("10:00:00", "us-east-1", "ec2", "CreateVolume", json!({}), volume)],
            "no record tells its size",
        );
    }
    let huge = json!({"volumeId": "vol-1", "size": 1_000_000_000, "volumeType": "gp3"});
    let report = priced(
        KEY,
        &[call("10:00:00", "us-east-1", "ec2", "CreateVolume", json!({}), huge)],
        "13:00:00",
        &Prices::default(),
    );
    assert!(of(&report, "vol-1").burned > usd("300000"));
}

#[test]
fn disks_addresses_and_machines_of_services_are_counted() {
    let made = |source: &str, name: &str, request: Value, response: Value| {
        call("10:00:00", "us-east-1", source, name, request, response)
    };
    let records = [
        // 365 GB at 0.08 a month: 0.04 an hour.
        made(
            "ec2",
            "CreateVolume",
            json!({}),
            json!({"volumeId": "vol-1", "size": 365, "volumeType": "gp3"}),
        ),
        made(
            "ec2",
            "AllocateAddress",
            json!({"domain": "vpc"}),
            json!({"allocationId": "eipalloc-1", "publicIp": "203.0.113.9"}),
        ),
        made(
            "sagemaker",
            "CreateTrainingJob",
            json!({"trainingJobName": "t", "resourceConfig": {"instanceType": "ml.p3.2xlarge", "instanceCount": 4},
                "stoppingCondition": {"maxRuntimeInSeconds": 3600}}),
            json!({"trainingJobArn": "arn:aws:sagemaker:us-east-1:111122223333:training-job/t"}),
        ),
        made(
            "sagemaker",
            "CreateNotebookInstance",
            json!({"notebookInstanceName": "n", "instanceType": "ml.c6i.4xlarge"}),
            json!({"notebookInstanceArn": "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/n"}),
        ),
        made(
            "lambda",
            "CreateFunction20150331",
            json!({"functionName": "f"}),
            json!({"functionName": "f", "memorySize": 2048,
                "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"}),
        ),
        made(
            "lambda",
            "PutProvisionedConcurrencyConfig",
            json!({"functionName": "f", "qualifier": "live", "provisionedConcurrentExecutions": 100}),
            json!({"requestedProvisionedConcurrentExecutions": 100}),
        ),
        made(
            "ecs",
            "RunTask",
            json!({"launchType": "FARGATE"}),
            json!({"tasks": [{"taskArn": "arn:aws:ecs:us-east-1:111122223333:task/c/1", "cpu": "2048",
                "memory": "4096", "launchType": "FARGATE"}], "failures": []}),
        ),
    ];
    let report = priced(KEY, &records, "13:00:00", &Prices::default());
    check(
        &report,
        &[
            ("vol-1", "0.04", "0.12", UpperBound),
            ("eipalloc-1", "0.005", "0.015", UpperBound),
            // 4 at 3.825 for the hour that it was allowed.
            ("training-job/t", "0", "15.3", UpperBound),
            // No price of its own: at least c6i.4xlarge, 0.68.
            ("notebook-instance/n", "0.68", "2.04", Estimate),
            // 100 times 2 GB at 0.015.
            ("f/live", "3", "9", Estimate),
            // 2 vCPUs at 0.04048, 4 GB at 0.004445.
            ("task/c/1", "0.09874", "0.29622", UpperBound),
        ],
    );
}

#[test]
fn models_are_billed_by_the_tokens_that_records_count() {
    let invoke = |time: &str, region: &str, tokens: Option<(u64, u64)>| {
        let mut record = call(
            time,
            region,
            "bedrock",
            "InvokeModel",
            json!({"modelId": "us.anthropic.claude-3-5-sonnet-20240620-v1:0"}),
            Value::Null,
        );
        if let Some((input, output)) = tokens {
            record["additionalEventData"] = json!({"inputTokenCount": input, "outputTokenCount": output});
        }
        record
    };
    let records = [
        invoke("10:00:00", "us-east-1", Some((1_000_000, 200_000))),
        invoke("10:01:00", "us-east-1", Some((500_000, 0))),
        invoke("10:02:00", "us-east-1", None),
        invoke("10:03:00", "us-west-2", None),
    ];
    let cost = priced(KEY, &records, "13:00:00", &Prices::default()).cost.expect("filled");
    let rows: Vec<_> =
        cost.usage.iter().map(|one| (&*one.region, one.calls, one.counted, one.burned, one.kind)).collect();
    // 1.5 million in at 3, 0.2 million out at 15.
    assert_eq!(
        rows,
        [("us-east-1", 3, 2, Some(usd("7.5")), Some(LowerBound)), ("us-west-2", 1, 0, None, None)]
    );
    assert_eq!((cost.burned, cost.priced, cost.unknown), (Some(usd("7.5")), 1, 1));
    assert_eq!(&*cost.unpriced[0].why, "no record counts its tokens");
}

#[test]
fn what_was_asked_of_the_provider_outweighs_the_table() {
    let ask = Ask { group: "ec2", item: "c5.24xlarge".into(), region: "us-east-1".into() };
    let live = Live { month: "2026-07".into(), prices: [(ask, 5_000_000_000)].into() };
    let records =
        [run("10:00:00", "i-1", "c5.24xlarge", json!({})), power("11:00:00", "TerminateInstances", "i-1")];
    let report = priced(KEY, &records, "13:00:00", &Prices::with(live));
    check(&report, &[("i-1", "0", "5", LivePrice)]);
    assert_eq!(of(&report, "i-1").as_of, "2026-07");
}

#[test]
fn google_machines_are_made_of_parts() {
    let name = "projects/shop-prod/zones/us-central1-a/instances/m";
    let insert = |request: Value| entry("10:00:00", "us-central1-a", "instances.insert", name, request);
    let stop = entry("11:00:00", "us-central1-a", "instances.stop", name, json!({}));
    let hour = |request: Value, burned: &str, kind: CostKind| {
        let report = priced(SA, &[insert(request), stop.clone()], "13:00:00", &Prices::default());
        let cost = of(&report, "77");
        assert_eq!((cost.burned, cost.kind), (usd(burned), kind));
    };
    let machine =
        |kind: &str| json!({"name": "m", "machineType": format!("zones/us-central1-a/machineTypes/{kind}")});
    // 8 at 0.031611, 30 GB at 0.004237.
    hour(machine("n1-standard-8"), "0.379998", ListPrice);
    // 4 at 0.02181159, 16 GB at 0.00292353.
    hour(machine("e2-standard-4"), "0.134023", ListPrice);
    // A quarter vCPU and a GB.
    hour(machine("e2-micro"), "0.008376", ListPrice);
    // 8 and 16 GB of N2, 5 % more for custom: 0.033191550 and 0.004448850.
    hour(machine("n2-custom-8-16384"), "0.336714", ListPrice);
    // With four T4 (0.35 each), and 730 GB of pd-ssd, of which it keeps paying 0.17 an hour while stopped: 3 hours.
    let mut request = machine("n1-standard-8");
    request["guestAccelerators"] = json!([{"acceleratorType": "projects/p/zones/z/acceleratorTypes/nvidia-tesla-t4",
        "acceleratorCount": 4}]);
    request["disks"] = json!([{"boot": true, "initializeParams": {"diskSizeGb": "730",
        "diskType": "projects/p/zones/z/diskTypes/pd-ssd"}}]);
    hour(request, "2.289998", ListPrice);
    let mut request = machine("g2-standard-4");
    request["scheduling"] = json!({"provisioningModel": "SPOT"});
    hour(request, "0.706832", UpperBound);
    let report = priced(SA, &[insert(machine("z9-mega-4")), stop.clone()], "13:00:00", &Prices::default());
    let cost = report.cost.expect("filled");
    assert_eq!((cost.burned, cost.unknown), (None, 1));
}
