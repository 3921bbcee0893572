//! A chain over two accounts, followed by questions alone: what is asked where, what came late, what we did ourselves.

use super::{A, B, KEY, TIMEOUT, limits, places};
use crate::lookup::{self, Call, Logged, Standin, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex};
use triage::analyze::Investigation;
use triage::analyze::investigation::Own;
use triage::cloud::CloudError;
use triage::cloud::aws::lookup_events::EventHistory;
use triage::collect::{self, Corpus, Keep, Live, Settling};
use triage::model::report::{Report, Window};
use triage::model::{Place, Principal, Time};
use triage::progress::Progress;
use triage::read::Head;

const SESSION: &str = "ASIAIOSFODNN7EXAMPLE";
const OURS: &str = "ASIAI44QH8DHBEXAMPLE";

#[derive(Default)]
struct Kept(Mutex<Vec<Vec<u8>>>);

impl Keep for Kept {
    fn save(&self, raw: &[u8], _: &Head) -> anyhow::Result<bool> {
        self.0.lock().unwrap().push(raw.to_vec());
        Ok(true)
    }
}

fn event(call: &Call, id: &str, minutes_ago: i64, who: Value, what: Value) -> Logged {
    // The same record whenever it is asked for, however long the run takes.
    static NOW: LazyLock<i64> = LazyLock::new(|| Time::now().as_second());
    let at = *NOW - minutes_ago * 60;
    let time = Time::from_second(at).unwrap().to_string();
    let mut record = json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": time, "awsRegion": call.region,
        "recipientAccountId": call.account, "userIdentity": who, "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.15", "eventType": "AwsApiCall", "managementEvent": true,
        "eventCategory": "Management", "readOnly": false, "requestParameters": null, "responseElements": null
    });
    for (name, value) in what.as_object().unwrap() {
        record[name] = value.clone();
    }
    Logged { at, record: record.to_string() }
}

fn user(account: &str, key: &str) -> Value {
    json!({"type": "IAMUser", "principalId": "AIDAIOSFODNN7EXAMPLE", "accountId": account, "accessKeyId": key,
        "arn": format!("arn:aws:iam::{account}:user/ci-deploy"), "userName": "ci-deploy"})
}

fn session(account: &str, role: &str, name: &str, key: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROAIOSFODNN7EXAMPLE:{name}"), "accountId": account,
        "accessKeyId": key, "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAIOSFODNN7EXAMPLE",
            "arn": format!("arn:aws:iam::{account}:role/{role}"), "accountId": account, "userName": role},
            "attributes": {"creationDate": "2026-01-01T00:00:00Z"}}})
}

fn assume(call: &Call) -> Logged {
    let what = json!({
        "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "readOnly": true,
        "requestParameters": {"roleArn": format!("arn:aws:iam::{B}:role/ops"), "roleSessionName": "x"},
        "responseElements": {"credentials": {"accessKeyId": SESSION, "expiration": "Jan 1, 2027, 1:00:00 AM"},
            "assumedRoleUser": {"assumedRoleId": "AROAIOSFODNN7EXAMPLE:x",
                "arn": format!("arn:aws:sts::{B}:assumed-role/ops/x")}}
    });
    event(call, "assume", 50, user(A, KEY), what)
}

fn made_user(call: &Call) -> Logged {
    let what = json!({
        "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
        "requestParameters": {"userName": "backdoor"},
        "responseElements": {"user": {"userName": "backdoor", "userId": "AIDAI44QH8DHBEXAMPLE", "path": "/",
            "arn": format!("arn:aws:iam::{B}:user/backdoor")}}
    });
    event(call, "made-user", 40, session(B, "ops", "x", SESSION), what)
}

fn launch(call: &Call) -> Logged {
    let what = json!({
        "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
        "requestParameters": {"instanceType": "p3.8xlarge"},
        "responseElements": {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}
    });
    event(call, "late-launch", 3, session(B, "ops", "x", SESSION), what)
}

fn ours(call: &Call) -> Logged {
    let what = json!({"eventSource": "iam.amazonaws.com", "eventName": "PutUserPolicy",
        "requestParameters": {"userName": "ci-deploy"},
        "resources": [{"ARN": format!("arn:aws:iam::{A}:user/ci-deploy"), "accountId": A}]});
    event(call, "ours", 1, session(A, "responder", "triage-case-7", OURS), what)
}

/// What each question finds; the launch is logged late.
fn finds(call: &Call, is_late: bool) -> Vec<Logged> {
    match (&*call.account, &*call.region, &*call.by, &*call.value) {
        (A, "us-east-1", "AccessKeyId", KEY) => vec![assume(call)],
        (A, "us-east-1", "ResourceName", "ci-deploy") => vec![ours(call)],
        (B, "us-east-1", "AccessKeyId", SESSION) => vec![made_user(call)],
        (B, "eu-west-3", "AccessKeyId", SESSION) if is_late => vec![launch(call)],
        _ => Vec::new(),
    }
}

fn run(settles: bool) -> (Report, Corpus, Vec<Call>, usize, Vec<u64>) {
    let late = Arc::new(AtomicBool::new(false));
    let is_late = late.clone();
    let standin = Standin::start(World {
        rate: 0.0,
        finds: Box::new(move |call| finds(call, is_late.load(Relaxed))),
        ..World::default()
    });
    let config = lookup::config(&standin.url);
    let config = move |at: &Place| Ok::<_, CloudError>(config(&at.account, &at.region));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let regions = ["us-east-1", "eu-west-3"];
    let source = EventHistory::new(Arc::new(config), runtime.handle().clone(), places(&[A], &regions))
        .with_limits(limits(), TIMEOUT);
    let mut investigation = Investigation::new(Principal::parse(KEY).unwrap(), Window::default());
    investigation.leave_out(Own { keys: BTreeSet::from([OURS.into()]), ..Own::default() });
    let kept = Kept::default();
    let mut reach = |known: &Investigation| match known.accounts_met().contains(B) {
        true => source.add(places(&[B], &regions)),
        false => false,
    };
    let clock = AtomicU64::new(0);
    let now = || Time::now() + std::time::Duration::from_secs(clock.load(Relaxed));
    let waits = Mutex::new(Vec::new());
    let wait = |time: std::time::Duration| {
        waits.lock().unwrap().push(time.as_secs() / 60);
        clock.fetch_add(time.as_secs(), Relaxed);
        late.store(true, Relaxed);
    };
    let settle = settles.then(|| Settling::new(120, &now, &wait));
    let mut live = Live { reach: Some(&mut reach), settle };
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect_live(&source, &mut investigation, &kept, &Progress::default(), &stop, &mut live)
            .unwrap();
    collect::tell(&mut investigation, &corpus);
    let saved = kept.0.lock().unwrap().len();
    let waits = waits.lock().unwrap().clone();
    (investigation.report(), corpus, standin.calls(), saved, waits)
}

#[test]
fn a_chain_is_followed_into_an_account_that_was_met_on_the_way() {
    let (report, corpus, calls, saved, _) = run(false);
    assert!(corpus.complete);
    let credentials: Vec<&str> = report.credentials.iter().map(|one| &*one.id).collect();
    assert_eq!(credentials, [KEY, SESSION]);
    assert_eq!(report.resources.iter().map(|one| &*one.id).collect::<Vec<_>>().len(), 1, "the user");
    // The made user is asked about where it is, and nowhere else.
    let by = |by: &str, value: &str| {
        let of: BTreeSet<(String, String)> = calls
            .iter()
            .filter(|call| call.by == by && call.value == value)
            .map(|call| (call.account.clone(), call.region.clone()))
            .collect();
        of
    };
    let both = |account: &str| {
        BTreeSet::from([
            (account.to_owned(), "eu-west-3".to_owned()),
            (account.to_owned(), "us-east-1".to_owned()),
        ])
    };
    assert_eq!(by("Username", "backdoor"), both(B));
    assert_eq!(by("AccessKeyId", SESSION), both(B));
    assert_eq!(by("Username", "ci-deploy"), both(A));
    let asked: Vec<_> = calls.iter().map(|c| (&c.account, &c.region, &c.by, &c.value)).collect();
    assert_eq!(asked.len(), asked.iter().collect::<BTreeSet<_>>().len(), "no question twice: {asked:?}");
    // What we did is evidence too, and counted, but nobody's deed.
    assert_eq!((report.counts.own_calls, saved), (1, 3));
    assert!(report.findings.iter().all(|finding| !finding.events.iter().any(|id| &**id == "ours")));
    let scope = |account: &str, region: &str| {
        let mut scopes = report.coverage.scopes.iter();
        scopes
            .find(|scope| scope.account == account && scope.region == region && scope.source == "management")
            .cloned()
    };
    let quiet = scope(A, "eu-west-3").expect("a region that was asked is in the report");
    assert!(quiet.seen && quiet.records == 0 && quiet.from.is_some(), "{quiet:?}");
    assert_eq!(scope(A, "us-east-1").unwrap().records, 2);
}

#[test]
fn what_is_logged_late_is_asked_for_until_it_is_quiet() {
    let (report, _, _, _, waits) = run(true);
    let ids: BTreeSet<&str> = report.resources.iter().map(|one| &*one.id).collect();
    assert!(ids.contains("i-0123456789abcdef0"), "{ids:?}");
    // News after 5 minutes, then two quiet rounds: at 15 and 30.
    assert_eq!(waits.len(), 3, "{waits:?}");
}
