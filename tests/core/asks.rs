//! What is asked of an event history: recorded chains, answered question by question, end in the same report as the files.

use crate::support::{fixtures, scenario};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use triage::analyze::Investigation;
use triage::analyze::investigation::Own;
use triage::case::{Case, OpenCase};
use triage::cloud::files::FileSource;
use triage::cloud::{Ask, By, LogSource, Query, Raw, Shard, Take};
use triage::collect::{self, Keep, Settle};
use triage::model::report::Window;
use triage::model::{Event, Principal, Provenance, Report};
use triage::progress::Progress;
use triage::read::{self, Head};

struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

/// Records that can only be asked for, as CloudTrail lets one ask.
struct Recorded {
    records: Vec<(Value, Vec<u8>)>,
    asked: Mutex<BTreeSet<Ask>>,
}

impl LogSource for Recorded {
    fn about(&self) -> String {
        "recorded answers".into()
    }

    fn shards(&self, _: &Query) -> Vec<Shard> {
        Vec::new()
    }

    fn drive(&self, query: &Query, _: &[Shard], to: &dyn Take) {
        for ask in &query.asks {
            if !self.asked.lock().unwrap().insert(ask.clone()) {
                continue;
            }
            let found = self.records.iter().filter(|(record, _)| answers(ask, record));
            let found: Vec<&[u8]> = found.map(|(_, raw)| raw.as_slice()).collect();
            to.part("recorded", &mut |sink| {
                for bytes in &found {
                    assert_eq!(sink(Raw { bytes, line: 0 }), ControlFlow::Continue(()));
                }
                Vec::new()
            });
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

fn answers(ask: &Ask, record: &Value) -> bool {
    let identity = &record["userIdentity"];
    let is_here = ask.account.as_deref().is_none_or(|account| record["recipientAccountId"] == account);
    let is_then = ask.within.is_none_or(|(from, to)| {
        let at = record["eventTime"].as_str().and_then(triage::model::time::parse).unwrap();
        (from..=to).contains(&at)
    });
    let value = &*ask.value;
    let session = || identity["arn"].as_str()?.split_once(":assumed-role/")?.1.split('/').nth(1);
    is_here
        && is_then
        && match ask.by {
            By::AccessKeyId => identity["accessKeyId"] == value,
            By::Username => {
                identity["userName"] == value
                    || session() == Some(value)
                    || identity["type"] == "Root" && value == "root"
            }
            By::ResourceName => ["requestParameters", "responseElements", "resources"]
                .iter()
                .any(|part| names(&record[part], value)),
            By::EventName => record["eventName"] == value,
        }
}

fn names(part: &Value, name: &str) -> bool {
    match part {
        Value::String(text) => text == name,
        Value::Array(parts) => parts.iter().any(|part| names(part, name)),
        Value::Object(parts) => parts.values().any(|part| names(part, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A case of ours, and every record of its evidence.
fn recorded(name: &str) -> (OpenCase, Vec<(Value, Vec<u8>)>) {
    let case = Case::open(&fixtures().join("scenarios").join(name)).unwrap();
    let evidence = case.dir.join("evidence").to_string_lossy().into_owned();
    let (files, _) = FileSource::new(&[evidence]);
    let mut records = Vec::new();
    for shard in files.shards(&Query::default()) {
        files.fetch(&shard, &mut |raw| {
            records.push((serde_json::from_slice(raw.bytes).unwrap(), raw.bytes.to_vec()));
            ControlFlow::Continue(())
        });
    }
    (case, records)
}

/// The report of a scenario when its records can only be asked for, and what was asked.
fn asked(name: &str) -> (Report, BTreeSet<Ask>) {
    let (case, records) = recorded(name);
    let source = Recorded { records, asked: Mutex::default() };
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop).unwrap();
    collect::tell(&mut investigation, &corpus);
    (investigation.report(), source.asked.into_inner().unwrap())
}

fn credentials(report: &Report) -> Vec<(&str, Option<&str>, u64)> {
    report.credentials.iter().map(|one| (&*one.id, one.issued_by.as_deref(), one.events)).collect()
}

#[test]
fn recorded_chains_asked_about_end_as_when_read_from_files() {
    for name in ["aws-role-chain", "aws-busy-deployer"] {
        let (report, asks) = asked(name);
        let (expect, _) = scenario(name);
        assert_eq!(credentials(&report), credentials(&expect), "{name}");
        let made = |report: &Report| -> BTreeSet<String> {
            let direct = report
                .resources
                .iter()
                .filter(|one| one.attribution == triage::model::report::Attribution::Direct);
            direct.map(|one| one.id.to_string()).collect()
        };
        assert_eq!(made(&report), made(&expect), "{name}");
        assert_eq!(report.root, expect.root, "{name}");
        // Few questions: no resource that was made is asked about by itself.
        assert!(asks.len() <= 60, "{name}: {}", asks.len());
        let instances = asks.iter().filter(|ask| ask.value.starts_with("i-")).count();
        let made = report.resources.iter().filter(|one| one.kind == "aws.ec2.instance").count();
        assert!(instances <= made, "{name}");
    }
}

/// A trail's file beside an event history: read in every pass.
struct ReadAgain {
    records: Vec<(Value, Vec<u8>)>,
    passes: AtomicU64,
}

impl LogSource for ReadAgain {
    fn about(&self) -> String {
        "one file".into()
    }

    fn shards(&self, _: &Query) -> Vec<Shard> {
        Vec::new()
    }

    fn drive(&self, _: &Query, _: &[Shard], to: &dyn Take) {
        self.passes.fetch_add(1, Ordering::Relaxed);
        to.part("s3://trail/one.json.gz", &mut |sink| {
            for (_, bytes) in &self.records {
                assert_eq!(sink(Raw { bytes, line: 0 }), ControlFlow::Continue(()));
            }
            Vec::new()
        });
    }

    fn is_live(&self) -> bool {
        true
    }
}

#[test]
fn a_file_that_is_read_in_every_pass_is_counted_once() {
    let (case, records) = recorded("aws-role-chain");
    let (expect, _) = scenario("aws-role-chain");
    let many = records.len() as u64;
    let distinct: BTreeSet<String> =
        records.iter().map(|(record, _)| record["eventID"].to_string()).collect();
    let twice = many - distinct.len() as u64;
    let source = ReadAgain { records, passes: AtomicU64::new(0) };
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop).unwrap();
    assert!(source.passes.into_inner() > 2, "a chain takes passes");
    assert_eq!((corpus.counts.records_read, corpus.counts.duplicates), (many, twice));
    assert_eq!(corpus.scopes.iter().map(|scope| scope.records).sum::<u64>(), many);
    collect::tell(&mut investigation, &corpus);
    assert_eq!(credentials(&investigation.report()), credentials(&expect));
}

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

fn events(records: &[&str]) -> Vec<Event> {
    let read = |raw: &&str| read::read(raw.as_bytes(), Provenance::default()).unwrap().unwrap();
    records.iter().map(read).collect()
}

/// By what, which value, in which account.
type Asked = (&'static str, String, Option<String>);

fn wanted(principal: &str, records: &[&str]) -> BTreeSet<Asked> {
    let mut investigation = Investigation::new(Principal::parse(principal).unwrap(), Window::default());
    events(records).into_iter().for_each(|event| investigation.absorb(event));
    let query = investigation.wants().unwrap();
    assert_eq!(investigation.wants(), None, "nothing is asked twice");
    let asks = query.asks.into_iter();
    asks.map(|ask| (ask.by.name(), ask.value.to_string(), ask.account.map(|a| a.to_string()))).collect()
}

fn question(by: &'static str, value: &str, account: &str) -> Asked {
    (by, value.into(), (!account.is_empty()).then(|| account.into()))
}

#[test]
fn each_kind_of_principal_is_asked_about_by_what_the_log_knows_it_by() {
    type Expected = &'static [(&'static str, &'static str, &'static str)];
    let cases: [(&str, Expected); 6] = [
        (KEY, &[("AccessKeyId", KEY, ""), ("ResourceName", KEY, "")]),
        (
            "arn:aws:iam::111122223333:user/ops/alice",
            &[("Username", "alice", "111122223333"), ("ResourceName", "alice", "111122223333")],
        ),
        (
            "arn:aws:iam::111122223333:role/deploy",
            &[
                ("ResourceName", "arn:aws:iam::111122223333:role/deploy", "111122223333"),
                ("ResourceName", "deploy", "111122223333"),
            ],
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/deploy/ci",
            &[
                ("Username", "ci", "111122223333"),
                ("ResourceName", "arn:aws:sts::111122223333:assumed-role/deploy/ci", "111122223333"),
            ],
        ),
        ("arn:aws:iam::111122223333:root", &[("Username", "root", "111122223333")]),
        (
            "arn:aws:sts::111122223333:federated-user/bob",
            &[
                ("Username", "bob", "111122223333"),
                ("ResourceName", "arn:aws:sts::111122223333:federated-user/bob", "111122223333"),
            ],
        ),
    ];
    for (principal, expect) in cases {
        let expect: BTreeSet<_> = expect.iter().map(|(by, value, at)| question(by, value, at)).collect();
        assert_eq!(wanted(principal, &[]), expect, "{principal}");
    }
}

const ASSUMED: &str = r#"{"eventVersion":"1.11","eventID":"e1","eventTime":"2026-11-20T10:00:00Z","awsRegion":"us-east-1",
"recipientAccountId":"111122223333","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","readOnly":true,
"eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management","userIdentity":{"type":"IAMUser",
"principalId":"AIDAIOSFODNN7EXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333",
"accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"},"requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/ops",
"roleSessionName":"x"},"responseElements":{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE"},
"assumedRoleUser":{"assumedRoleId":"AROAIOSFODNN7EXAMPLE:x","arn":"arn:aws:sts::444455556666:assumed-role/ops/x"}}}"#;

#[test]
fn a_session_in_another_account_is_asked_about_there() {
    let asks = wanted(KEY, &[ASSUMED]);
    for expect in [
        question("AccessKeyId", "ASIAIOSFODNN7EXAMPLE", "444455556666"),
        question("Username", "x", "444455556666"),
        question("Username", "alice", "111122223333"),
        question("ResourceName", "alice", "111122223333"),
        question("ResourceName", KEY, "111122223333"),
    ] {
        assert!(asks.contains(&expect), "{expect:?} is not in {asks:?}");
    }
    let mut investigation = Investigation::new(Principal::parse(KEY).unwrap(), Window::default());
    events(&[ASSUMED]).into_iter().for_each(|event| investigation.absorb(event));
    let met: Vec<String> = investigation.accounts_met().iter().map(|account| account.to_string()).collect();
    assert_eq!(met, ["111122223333", "444455556666"]);
}

#[test]
fn the_walk_back_goes_on_in_the_callers_account() {
    // Another account's copy of the call that minted the session: it does not name the key.
    let copy = ASSUMED
        .replace("\"recipientAccountId\":\"111122223333\"", "\"recipientAccountId\":\"444455556666\"")
        .replace(r#""type":"IAMUser""#, r#""type":"AWSAccount""#)
        .replace(r#""arn":"arn:aws:iam::111122223333:user/alice","#, "")
        .replace(r#""accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice""#, r#""invokedBy":"""#);
    let asks = wanted("ASIAIOSFODNN7EXAMPLE", &[&copy]);
    let expect = question("ResourceName", "ASIAIOSFODNN7EXAMPLE", "111122223333");
    assert!(asks.contains(&expect), "{asks:?}");
}

#[test]
fn what_we_did_ourselves_is_set_aside_unless_it_is_feigned() {
    let ours = |key: &str, id: &str| {
        ASSUMED
            .replace("AKIAIOSFODNN7EXAMPLE", key)
            .replace("\"e1\"", &format!("\"{id}\""))
            .replace("AssumeRole\"", "GetCallerIdentity\"")
            .replace(
                "arn:aws:iam::111122223333:user/alice",
                "arn:aws:sts::444455556666:assumed-role/ops/triage-7",
            )
    };
    let own = Own {
        keys: ["ASIAI44QH8DHBEXAMPLE".into()].into(),
        sessions: ["triage-7".into()].into(),
        principals: ["arn:aws:iam::111122223333:user/responder".into()].into(),
    };
    let count = |records: &[String]| {
        let mut investigation = Investigation::new(Principal::parse(KEY).unwrap(), Window::default());
        investigation.leave_out(own.clone());
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        events(&records).into_iter().for_each(|event| investigation.absorb(event));
        let report = investigation.report();
        (report.counts.own_calls, report.credentials.iter().map(|one| one.events).sum::<u64>())
    };
    // By key; by name, as an earlier run of the same case left it.
    assert_eq!(count(&[ours("ASIAI44QH8DHBEXAMPLE", "a"), ours("ASIAJEXXLZFWMEXAMPLE", "b")]), (2, 0));
    // The thief opened a session under our name: it is the thief's.
    let feigned = ASSUMED.replace("assumed-role/ops/x", "assumed-role/ops/triage-7");
    assert_eq!(count(&[feigned, ours("ASIAIOSFODNN7EXAMPLE", "c")]), (0, 2));
    // Whoever investigates with the leaked key itself hides nothing.
    let mut investigation = Investigation::new(Principal::parse(KEY).unwrap(), Window::default());
    investigation.leave_out(Own { keys: [KEY.into()].into(), ..Own::default() });
    events(&[ASSUMED]).into_iter().for_each(|event| investigation.absorb(event));
    assert_eq!(investigation.report().counts.own_calls, 0);
}

#[test]
fn two_quiet_rounds_end_the_wait_and_news_prolong_it() {
    let minutes = |news: &[bool]| {
        let mut settle = Settle::default();
        let rounds = news.iter().map_while(|news| settle.next(*news));
        rounds.map(|due| due.as_secs() / 60).collect::<Vec<_>>()
    };
    // The first answer is about the sweep before any round.
    assert_eq!(minutes(&[true, false, false, false]), [5, 15]);
    assert_eq!(minutes(&[true, true, false, false, false]), [5, 15, 30]);
    assert_eq!(minutes(&[true, false, true, false, false, false]), [5, 15, 30, 60]);
    assert_eq!(minutes(&[true; 9]), [5, 15, 30, 60, 120]);
}

/// As a trail: every record of an account, the principal's and everybody's, made as it is handed on.
struct Crowd {
    strangers: usize,
}

impl LogSource for Crowd {
    fn about(&self) -> String {
        "a crowd".into()
    }

    fn shards(&self, _: &Query) -> Vec<Shard> {
        Vec::new()
    }

    fn drive(&self, _: &Query, _: &[Shard], to: &dyn Take) {
        to.part("crowd", &mut |sink| {
            for n in 0..=self.strangers {
                let key = if n == self.strangers / 2 { KEY.to_owned() } else { format!("AKIA{n:016}") };
                let line = format!(
                    r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u{n}","accountId":"111122223333","accessKeyId":"{key}","userName":"u{n}"}},"eventTime":"2026-09-14T08:34:04Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"eu-west-3","sourceIPAddress":"203.0.113.9","userAgent":"{}","requestParameters":null,"responseElements":null,"eventID":"00000000-0000-4000-8000-{n:012}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#,
                    "x".repeat(2000)
                );
                assert_eq!(sink(Raw { bytes: line.as_bytes(), line: 0 }), ControlFlow::Continue(()));
            }
            Vec::new()
        });
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// Counts what it is given to keep.
#[derive(Default)]
struct Kept(AtomicU64);

impl Keep for Kept {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }
}

/// 240 MB of other people's records are counted and let go: of each only its identity stays, 16 bytes.
#[test]
fn what_others_did_is_not_held() {
    crate::hostile::bounded("asks::what_others_did_is_not_held", 96 << 20, || {
        let strangers = 100_000;
        let principal = Principal::parse(KEY).unwrap();
        let mut investigation = Investigation::new(principal, Window::default());
        let (stop, kept) = (AtomicBool::new(false), Kept::default());
        let source = Crowd { strangers };
        let corpus =
            collect::collect(&source, &mut investigation, &kept, &Progress::default(), &stop).unwrap();
        collect::tell(&mut investigation, &corpus);
        let report = investigation.report();
        assert_eq!(report.counts.records_read, strangers as u64 + 1);
        assert_eq!(report.counts.events_of_principal, 1);
        assert_eq!(kept.0.into_inner(), 1, "only the principal's is evidence");
    });
}
