//! The fast way through files against the plain one: the same report, counts, coverage and gaps, byte for byte.
//!
//! The plain way looks at every record and passes over everything once more for each thing learnt. Over all recorded data, and
//! over made-up incidents: chains whose files come in any order, in every container, with escapes within ids.

use crate::support::{fixtures, shared};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::cloud::files::{FileSource, Input};
use triage::collect::{self, Corpus, Keep};
use triage::model::Principal;
use triage::model::report::Window;
use triage::progress::Progress;
use triage::read::{Head, RecordKind};
use triage::render::json;

/// Notes what is kept; copies of a record may be spelt in different ways.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<u128, Vec<u8>>>);

impl Keep for Kept {
    fn save(&self, raw: &[u8], head: &Head) -> anyhow::Result<bool> {
        // What is no audit record tells nothing; a later pass keeps it all the same.
        if head.kind != RecordKind::Other {
            self.0.lock().expect("no test panics here").insert(head.identity, raw.to_vec());
        }
        Ok(true)
    }
}

struct Outcome {
    report: String,
    corpus: Corpus,
    kept: BTreeMap<u128, Vec<u8>>,
    inputs: Vec<Input>,
}

type Way = fn(
    &dyn triage::cloud::LogSource,
    &mut Investigation,
    &dyn Keep,
    &Progress,
    &AtomicBool,
) -> anyhow::Result<Corpus>;

fn run(way: Way, principal: &str, logs: &Path) -> Outcome {
    let (source, gaps) = FileSource::new(&[logs.to_string_lossy().into_owned()]);
    assert_eq!(gaps, []);
    let mut investigation =
        Investigation::new(Principal::parse(principal).expect("a principal"), Window::default());
    let (kept, stop) = (Kept::default(), AtomicBool::new(false));
    let corpus = way(&source, &mut investigation, &kept, &Progress::default(), &stop).expect("collects");
    collect::tell(&mut investigation, &corpus);
    let report = String::from_utf8(json::report(&investigation.report())).expect("UTF-8");
    let kept = kept.0.into_inner().expect("no test panicked");
    Outcome { report, corpus, kept, inputs: source.inputs().collect() }
}

/// Returns how many records were kept.
fn check(principal: &str, logs: &Path) -> usize {
    let plain = run(collect::collect_by_passes, principal, logs);
    let fast = run(collect::collect, principal, logs);
    let about = format!("{principal} in {}", logs.display());
    assert_eq!(fast.corpus, plain.corpus, "{about}");
    assert_eq!(fast.inputs, plain.inputs, "{about}");
    let lost: Vec<_> = plain.kept.iter().filter(|(id, _)| !fast.kept.contains_key(id)).collect();
    if let Some((_, raw)) = lost.first() {
        panic!("{about}: {} lost of {}: {}", lost.len(), plain.kept.len(), String::from_utf8_lossy(raw));
    }
    assert!(fast.report == plain.report, "{about}:\n{}", differences(&fast.report, &plain.report));
    fast.kept.len()
}

/// The first lines that differ.
fn differences(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let lines = |all: &[&str]| all[at.saturating_sub(3)..all.len().min(at + 8)].join("\n");
    format!("{}\ninstead of\n{}", lines(&a), lines(&b))
}

/// Every id that may be a principal's, with how often it stands in these texts.
fn principals(texts: &str) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "@.-_".contains(c);
    let is_id = |word: &&str| {
        (word.len() == 20 && (word.starts_with("AKIA") || word.starts_with("ASIA")))
            || (word.contains('@') && word.ends_with(".gserviceaccount.com"))
    };
    let found: BTreeSet<&str> = texts.split(|c| !is_word(c)).filter(is_id).collect();
    found.into_iter().filter(|id| Principal::parse(id).is_ok()).map(str::to_owned).collect()
}

fn text_of(folder: &Path) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let bytes = fs::read(&entry).expect("a file");
            let mut plain = Vec::new();
            match std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&*bytes), &mut plain) {
                Ok(_) => text.push_str(&String::from_utf8_lossy(&plain)),
                Err(_) => text.push_str(&String::from_utf8_lossy(&bytes)),
            }
        }
    }
    text
}

/// A few of many, spread over all.
fn some(all: Vec<String>, most: usize) -> Vec<String> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

#[test]
fn over_the_fixtures() {
    let mut kept = 0;
    for folder in fs::read_dir(fixtures().join("scenarios")).expect("the scenarios") {
        let evidence = folder.expect("an entry").path().join("evidence");
        if evidence.is_dir() {
            for principal in some(principals(&text_of(&evidence)), 4) {
                kept += check(&principal, &evidence);
            }
        }
    }
    assert!(kept > 100, "only {kept}");
    kept = 0;
    for principal in some(principals(&text_of(&fixtures().join("formats"))), 6) {
        kept += check(&principal, &fixtures().join("formats"));
    }
    assert!(kept > 0);
}

#[test]
fn over_all_recorded_logs() {
    let Some(data) = shared() else { return };
    for cloud in ["aws", "gcp"] {
        for folder in fs::read_dir(data.join(cloud)).expect("the recorded logs") {
            let folder = folder.expect("an entry").path();
            for principal in some(principals(&text_of(&folder)), 3) {
                check(&principal, &folder);
            }
        }
    }
}

/// The recorded CloudTrail records as CloudTrail would have delivered them, so that the fast way has to deal with all of them.
#[test]
fn over_recorded_records_as_they_are_delivered() {
    let Some(data) = shared() else { return };
    let mut delivered = 0;
    for folder in fs::read_dir(data.join("aws")).expect("the recorded logs") {
        let folder = folder.expect("an entry").path();
        let (source, _) = FileSource::new(&[folder.to_string_lossy().into_owned()]);
        let mut records: Vec<String> = Vec::new();
        for shard in triage::cloud::LogSource::shards(&source, &triage::cloud::Query::default()) {
            source.fetch(&shard, &mut |raw| {
                if let Some(compact) = serde_json::from_slice::<serde_json::Value>(raw.bytes)
                    .ok()
                    .and_then(|value| in_order(&value))
                {
                    records.push(compact);
                }
                std::ops::ControlFlow::Continue(())
            });
        }
        delivered += records.len();
        let logs = tempfile::tempdir().expect("a temporary folder");
        for (n, part) in records.chunks(40).enumerate() {
            let text = format!("{{\"Records\":[{}]}}", part.join(","));
            fs::write(logs.path().join(format!("{n}.json.gz")), gzip(text.as_bytes())).expect("written");
        }
        for principal in some(principals(&records.join("\n")), 3) {
            check(&principal, logs.path());
        }
    }
    assert!(delivered > 3000, "only {delivered}");
}

/// Recorded entries as a sink writes them, with their fields sorted and in the service's own order.
#[test]
fn over_recorded_entries_as_sinks_write_them() {
    let Some(data) = shared() else { return };
    let mut written = 0;
    for folder in fs::read_dir(data.join("gcp")).expect("the recorded logs") {
        let folder = folder.expect("an entry").path();
        let (source, _) = FileSource::new(&[folder.to_string_lossy().into_owned()]);
        let mut entries: Vec<serde_json::Value> = Vec::new();
        for shard in triage::cloud::LogSource::shards(&source, &triage::cloud::Query::default()) {
            source.fetch(&shard, &mut |raw| {
                let entry = serde_json::from_slice::<serde_json::Value>(raw.bytes).ok();
                entries.extend(entry.filter(|entry| {
                    let has = |key: &str| entry.get(key).is_some_and(|value| !value.is_null());
                    has("protoPayload")
                        && has("insertId")
                        && has("logName")
                        && has("timestamp")
                        && !has("jsonPayload")
                }));
                std::ops::ControlFlow::Continue(())
            });
        }
        written += entries.len();
        let logs = tempfile::tempdir().expect("a temporary folder");
        for (n, part) in entries.chunks(12).enumerate() {
            let lines: Vec<String> = part
                .iter()
                .map(|entry| if n % 2 == 0 { entry.to_string() } else { as_served(entry) })
                .collect();
            let text = lines.join("\n") + "\n";
            let bytes = if n % 3 == 0 { text.into_bytes() } else { gzip(text.as_bytes()) };
            fs::write(logs.path().join(format!("{n:03}.json")), bytes).expect("written");
        }
        let all: String = entries.iter().map(|entry| entry.to_string()).collect();
        for principal in some(principals(&all), 4) {
            check(&principal, logs.path());
        }
    }
    assert!(written > 100, "only {written}");
}

/// An entry with its fields in the order in which the service serves them.
fn as_served(entry: &serde_json::Value) -> String {
    const ORDER: &[&str] =
        &["protoPayload", "insertId", "resource", "timestamp", "severity", "logName", "operation"];
    let map = entry.as_object().expect("an entry is an object");
    let first = ORDER.iter().filter_map(|key| map.get_key_value(*key));
    let rest = map.iter().filter(|(key, _)| !ORDER.contains(&key.as_str()));
    let fields: Vec<String> = first
        .chain(rest)
        .map(|(key, value)| match (key.as_str(), value.as_object()) {
            // The type stands first there.
            ("protoPayload", Some(payload)) => {
                let kind = payload.get_key_value("@type").into_iter();
                let fields: Vec<String> = kind
                    .chain(payload.iter().filter(|(key, _)| *key != "@type"))
                    .map(|(key, value)| format!("{}:{value}", serde_json::json!(key)))
                    .collect();
                format!("\"protoPayload\":{{{}}}", fields.join(","))
            }
            _ => format!("{}:{value}", serde_json::json!(key)),
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// A record with its keys in CloudTrail's own order.
fn in_order(record: &serde_json::Value) -> Option<String> {
    const ORDER: &[&str] = &[
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "eventID",
    ];
    let map = record.as_object().filter(|map| map.contains_key("eventVersion"))?;
    let first = ORDER.iter().filter_map(|key| map.get_key_value(*key));
    let rest = map.iter().filter(|(key, _)| !ORDER.contains(&key.as_str()));
    let fields: Vec<String> =
        first.chain(rest).map(|(key, value)| format!("{}:{value}", serde_json::json!(key))).collect();
    Some(format!("{{{}}}", fields.join(",")))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(text).expect("into memory");
    gz.finish().expect("into memory")
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn uuid(&mut self) -> String {
        let hex = format!("{:016x}{:016x}", self.next(), self.next());
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    fn key(&mut self, kind: &str) -> String {
        let bits = self.next();
        let letters =
            (0..12).map(|n| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> (n * 5) & 31) as usize]));
        format!("{kind}RTX3{}", letters.collect::<String>())
    }
}

const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
pub const SEED: &str = "AKIARTX3GSDSTEXAMPLE";

/// Who signs: an identity as records tell it.
#[derive(Clone)]
struct Who {
    account: usize,
    identity: String,
}

fn user(account: usize, name: &str, key: &str) -> Who {
    let owner = ACCOUNTS[account];
    let identity = format!(
        r#"{{"type":"IAMUser","principalId":"AIDARTX3{:0>13}","arn":"arn:aws:iam::{owner}:user/{name}","accountId":"{owner}","accessKeyId":"{key}","userName":"{name}"}}"#,
        name.to_uppercase()
    );
    Who { account, identity }
}

fn session(account: usize, role: &str, name: &str, key: &str, at: usize) -> Who {
    let owner = ACCOUNTS[account];
    let id = format!("AROARTX3{:0>13}", role.to_uppercase());
    let identity = format!(
        r#"{{"type":"AssumedRole","principalId":"{id}:{name}","arn":"arn:aws:sts::{owner}:assumed-role/{role}/{name}","accountId":"{owner}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::{owner}:role/{role}","accountId":"{owner}","userName":"{role}"}},"attributes":{{"creationDate":"{}","mfaAuthenticated":"false"}}}}}}"#,
        time(at)
    );
    Who { account, identity }
}

/// Seconds into the incident.
fn time(at: usize) -> String {
    format!("2026-09-14T{:02}:{:02}:{:02}Z", at / 3600 % 24, at / 60 % 60, at % 60)
}

struct Made {
    rng: Rng,
    /// Each with when it happened.
    records: Vec<(usize, String)>,
}

impl Made {
    fn call(
        &mut self,
        who: &str,
        at: usize,
        account: usize,
        call: (&str, &str),
        request: &str,
        response: &str,
    ) {
        let (request_id, id) = (self.rng.uuid(), self.rng.uuid());
        self.call_as(who, at, account, call, request, response, &request_id, &id, "");
    }

    #[allow(clippy::too_many_arguments)]
    fn call_as(
        &mut self,
        who: &str,
        at: usize,
        account: usize,
        (service, name): (&str, &str),
        request: &str,
        response: &str,
        request_id: &str,
        id: &str,
        shared: &str,
    ) {
        let region = REGIONS[self.rng.below(REGIONS.len())];
        let error = if self.rng.one_in(9) {
            r#""errorCode":"AccessDenied","errorMessage":"no \"such\" luck","#
        } else {
            ""
        };
        let error = if response == "null" { error } else { "" };
        let reads = if name.starts_with("Describe") { "true" } else { "false" };
        let last = match self.rng.below(5) {
            0 => {
                format!(r#","tlsDetails":{{"clientProvidedHostHeader":"{service}.{region}.amazonaws.com"}}"#)
            }
            1 => r#","eventCategory":"Management","sessionCredentialFromConsole":"true""#.into(),
            2 => r#","eventCategory":"Data""#.into(),
            _ => r#","eventCategory":"Management""#.into(),
        };
        let recipient = match self.rng.below(8) {
            0 => String::new(),
            _ => format!(r#","recipientAccountId":"{}""#, ACCOUNTS[account]),
        };
        self.records.push((
            at,
            format!(
                r#"{{"eventVersion":"1.08","userIdentity":{who},"eventTime":"{}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"198.51.100.{}","userAgent":"aws-cli/2.17",{error}"requestParameters":{request},"responseElements":{response},"requestID":"{request_id}","eventID":"{id}","readOnly":{reads},"eventType":"AwsApiCall","managementEvent":true{recipient}{shared}{last}}}"#,
                time(at),
                self.rng.below(5)
            ),
        ));
    }

    /// What a credential does, and what it becomes.
    fn go(&mut self, who: &Who, at: usize, depth: usize) {
        for _ in 0..1 + self.rng.below(3) {
            let at = at + self.rng.below(600);
            match self.rng.below(6) {
                0 => {
                    let machine = format!("i-0{:016x}", self.rng.next() >> 4);
                    let response = format!(
                        r#"{{"instancesSet":{{"items":[{{"instanceId":"{machine}","instanceType":"g5.xlarge"}}]}}}}"#
                    );
                    self.call(
                        &who.identity,
                        at,
                        who.account,
                        ("ec2", "RunInstances"),
                        r#"{"instanceType":"g5.xlarge"}"#,
                        &response,
                    );
                    let other = user(who.account, "operator", "AKIARTX3OPERATOR2222");
                    let ended = format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{machine}"}}]}}}}"#);
                    if self.rng.one_in(2) {
                        self.call(
                            &other.identity,
                            at + 60,
                            who.account,
                            ("ec2", "TerminateInstances"),
                            &ended,
                            &ended,
                        );
                    }
                }
                1 if depth > 0 => {
                    let name = format!("svc-{}", self.rng.below(100));
                    let owner = ACCOUNTS[who.account];
                    let made = format!(
                        r#"{{"user":{{"path":"/","userName":"{name}","userId":"AIDARTX3{:0>13}","arn":"arn:aws:iam::{owner}:user/{name}"}}}}"#,
                        name.to_uppercase()
                    );
                    let request = format!(r#"{{"userName":"{name}"}}"#);
                    self.call(&who.identity, at, who.account, ("iam", "CreateUser"), &request, &made);
                    let key = self.rng.key("AKIA");
                    let response = format!(
                        r#"{{"accessKey":{{"userName":"{name}","accessKeyId":"{key}","status":"Active"}}}}"#
                    );
                    self.call(
                        &who.identity,
                        at + 1,
                        who.account,
                        ("iam", "CreateAccessKey"),
                        &request,
                        &response,
                    );
                    self.go(&user(who.account, &name, &key), at + 2, depth - 1);
                }
                2 | 3 if depth > 0 => {
                    let (account, key) = (self.rng.below(3), self.rng.key("ASIA"));
                    let role = ["Deploy", "Sandbox", "Admin"][self.rng.below(3)];
                    let name = ["ops", "s1"][self.rng.below(2)];
                    let child = session(account, role, name, &key, at);
                    let owner = ACCOUNTS[account];
                    let request = format!(
                        r#"{{"roleArn":"arn:aws:iam::{owner}:role/{role}","roleSessionName":"{name}","durationSeconds":3600}}"#
                    );
                    let response = format!(
                        r#"{{"credentials":{{"accessKeyId":"{key}","expiration":"Sep 14, 2026, 9:00:00 AM"}},"assumedRoleUser":{{"assumedRoleId":"AROARTX3{:0>13}:{name}","arn":"arn:aws:sts::{owner}:assumed-role/{role}/{name}"}}}}"#,
                        role.to_uppercase()
                    );
                    let (request_id, id, copy, shared) =
                        (self.rng.uuid(), self.rng.uuid(), self.rng.uuid(), self.rng.uuid());
                    let shared = format!(r#","sharedEventID":"{shared}""#);
                    let has_copy = account != who.account;
                    let shared = if has_copy { &*shared } else { "" };
                    let call = ("sts", "AssumeRole");
                    self.call_as(
                        &who.identity,
                        at,
                        who.account,
                        call,
                        &request,
                        &response,
                        &request_id,
                        &id,
                        shared,
                    );
                    if has_copy {
                        let caller = format!(
                            r#"{{"type":"AWSAccount","principalId":"AIDARTX3X","accountId":"{}"}}"#,
                            ACCOUNTS[who.account]
                        );
                        self.call_as(
                            &caller,
                            at,
                            account,
                            call,
                            &request,
                            &response,
                            &request_id,
                            &copy,
                            shared,
                        );
                    }
                    // The same second, or later.
                    let began = at + self.rng.below(2) * 30;
                    self.go(&child, began, depth - 1);
                }
                _ => self.call(&who.identity, at, who.account, ("ec2", "DescribeInstances"), "null", "null"),
            }
        }
    }

    fn noise(&mut self) {
        let (account, at) = (self.rng.below(3), self.rng.below(80_000));
        let role = ["Deploy", "Nodes"][self.rng.below(2)];
        let who = match self.rng.below(3) {
            0 => r#"{"type":"AWSService","invokedBy":"eks.amazonaws.com"}"#.to_owned(),
            1 => {
                let key = self.rng.key("ASIA");
                session(account, role, "ci", &key, at / 3600 * 3600).identity
            }
            _ => {
                let n = self.rng.below(4);
                user(account, &format!("build-{n}"), &format!("AKIARTX3BUILD222222{n}")).identity
            }
        };
        let request = match self.rng.below(9) {
            // Keys of a request that are called like a record's own.
            0 => r#"{"tags":{"eventID":"x","eventTime":"2020-01-01T00:00:00Z","awsRegion":"mars"}}"#.to_owned(),
            1 => r#"{"events":[{"eventVersion":"1.0","eventID":"00000000-0000-4000-8000-000000000000"},{"eventVersion":"1.0"}]}"#.to_owned(),
            2 => format!(r#"{{"note":"the key {SEED} leaked","path":"C:\\users\/x"}}"#),
            3 => r#"{"policy":"{\"Statement\":[{\"Effect\":\"Allow\"}]}"}"#.to_owned(),
            4 => format!(r#"{{"body":"{{\"accessKeyId\":\"{SEED}\",\"Host\":\"KMS.AMAZONAWS.COM\"}}"}}"#),
            // A whole record in a list, after something that ends like one: whoever cuts there believes a forged call.
            5 => format!(
                r#"{{"list":[{{"x":1,"eventID":"{}","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{}","eventCategory":"Management"}},{{"eventVersion":"1.08","userIdentity":{},"eventTime":"{}","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","requestParameters":{{"userName":"forged"}},"responseElements":{{"user":{{"userName":"forged","arn":"arn:aws:iam::111122223333:user/forged","userId":"AIDARTX3FORGED"}}}},"eventID":"{}","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{}","eventCategory":"Management"}},{{"eventVersion":"1.0"}}]}}"#,
                self.rng.uuid(),
                ACCOUNTS[account],
                user(0, "ci", SEED).identity,
                time(at),
                self.rng.uuid(),
                ACCOUNTS[account],
            ),
            _ => "null".to_owned(),
        };
        self.call(&who, at, account, ("kms", "Decrypt"), &request, "null");
        if self.rng.one_in(30) {
            let at = time(at);
            let id = self.rng.uuid();
            self.records.push((0, format!(
                r#"{{"eventVersion":"1.07","eventTime":"{at}","awsRegion":"us-east-1","eventID":"{id}","eventType":"AwsCloudTrailInsight","recipientAccountId":"{}","insightDetails":{{"state":"Start"}},"eventCategory":"Insight"}}"#,
                ACCOUNTS[account]
            )));
        }
    }
}

/// Writes a key so that no plain search finds it.
fn escaped(record: &str) -> String {
    record
        .replace("AKIA", "\\u0041KIA")
        .replace("ASIA", "A\\u0053IA")
        .replace("arn:aws", "arn\\u003aaws")
        .replace("assumed-role/", "assumed-role\\/")
}

/// A file of these records, in one of the containers that they come in; the name tells nothing true.
fn file(records: &[String], logs: &Path, rng: &mut Rng) {
    let n = rng.next();
    let stamp = format!("202609{:02}T{:02}{:02}Z", 1 + rng.below(28), rng.below(24), rng.below(60));
    let name = match rng.below(3) {
        0 => format!("{n:x}.json"),
        _ => format!("111122223333_CloudTrail_eu-west-1_{stamp}_{n:x}.json.gz"),
    };
    let delivered = format!("{{\"Records\":[{}]}}", records.join(","));
    let text: Vec<u8> = match rng.below(12) {
        0 => {
            let value: serde_json::Value = serde_json::from_str(&delivered).expect("JSON");
            serde_json::to_vec_pretty(&value).expect("JSON")
        }
        1 => records.join("\n").into_bytes(),
        2 => {
            let items: Vec<_> =
                records.iter().map(|r| serde_json::json!({"EventId": "x", "CloudTrailEvent": r})).collect();
            serde_json::json!({"Events": items}).to_string().into_bytes()
        }
        3 => {
            records.iter().map(|r| format!("2026-09-14T04:05:06.789Z {r}\n")).collect::<String>().into_bytes()
        }
        4 => format!("{{\"Records\":[\n{}\n]}}\n", records.join(",\n")).into_bytes(),
        5 => {
            let cut = delivered.len() - delivered.len() / 3;
            delivered.as_bytes()[..cut].to_vec()
        }
        _ => delivered.into_bytes(),
    };
    let bytes = match rng.below(6) {
        0 => text,
        1 => {
            let middle = text.len() / 2;
            [gzip(&text[..middle]), gzip(&text[middle..])].concat()
        }
        2 => {
            let mut damaged = gzip(&text);
            let at = rng.below(damaged.len());
            damaged[at] ^= 1 << rng.below(8);
            let mut out = Vec::new();
            // What comes out before the damage shows is believed. Where that is another record under the same id, the first that
            // is met wins, and which one that is depends on the way: not what is compared here.
            let _ = flate2::read::GzDecoder::new(&*damaged).read_to_end(&mut out);
            if !text.starts_with(&out) {
                damaged = gzip(&text);
                let sum = damaged.len() - 8;
                damaged[sum] ^= 1;
            }
            damaged
        }
        _ => gzip(&text),
    };
    fs::write(logs.join(name), bytes).expect("written");
}

pub fn incident(seed: u64, logs: &Path) {
    let mut made = Made { rng: Rng(seed), records: Vec::new() };
    let depth = 1 + made.rng.below(5);
    made.go(&user(0, "ci", SEED), 30_000, depth);
    for _ in 0..made.rng.below(120) {
        made.noise();
    }
    let Made { mut rng, records } = made;
    let mut records: Vec<String> = records
        .into_iter()
        .map(|(_, record)| if rng.one_in(6) { escaped(&record) } else { record })
        .collect();
    // Files hold what chance puts there: children's before their parents', one act in two of them.
    for n in (1..records.len()).rev() {
        records.swap(n, rng.below(n + 1));
    }
    let twice = records.iter().filter(|_| rng.one_in(10)).cloned().collect::<Vec<_>>();
    records.extend(twice);
    while !records.is_empty() {
        let size = (1 + rng.below(20)).min(records.len());
        let part: Vec<String> = records.drain(..size).collect();
        file(&part, logs, &mut rng);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_made_up_incidents(seed in any::<u64>()) {
        let logs = tempfile::tempdir().expect("a temporary folder");
        incident(seed, logs.path());
        check(SEED, logs.path());
    }

    /// Any byte of a delivered file changed, taken away or repeated: the same is found, the same is named.
    #[test]
    fn over_broken_deliveries(seed in any::<u64>(), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..4)) {
        let mut made = Made { rng: Rng(seed), records: Vec::new() };
        made.go(&user(0, "ci", SEED), 30_000, 2);
        made.noise();
        let records: Vec<String> = made.records.into_iter().map(|(_, record)| record).collect();
        let mut text = format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes();
        for (place, byte, how) in places {
            let at = place.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => drop(text.remove(at)),
                _ => text.insert(at, byte),
            }
        }
        let logs = tempfile::tempdir().expect("a temporary folder");
        fs::write(logs.path().join("a.json"), &text).expect("written");
        let plain = run(collect::collect_by_passes, SEED, logs.path());
        let fast = run(collect::collect, SEED, logs.path());
        prop_assert!(plain.kept.keys().all(|id| fast.kept.contains_key(id)), "a record is lost");
    }
}

const PERSON: &str = "ann.lee@shop.example";

/// An entry as a sink writes it: fields sorted or as served, e-mails as they were typed, some letters behind escapes.
fn entry(rng: &mut Rng) -> String {
    let other = format!("user-{}@shop.example", rng.below(5));
    let who = match rng.below(5) {
        0 => PERSON.to_owned(),
        1 => PERSON.to_uppercase(),
        2 => PERSON.replace('a', "\\u0061").replace('.', "\\u002e"),
        _ => other,
    };
    let account = format!("svc-{}@shop-prod-1.iam.gserviceaccount.com", rng.below(4));
    let (method, more) = match rng.below(5) {
        0 => (
            "google.iam.admin.v1.CreateServiceAccountKey",
            format!(
                r#","response":{{"name":"projects/shop-prod-1/serviceAccounts/{account}/keys/{:040x}"}}"#,
                u128::from(rng.next()) << 64 | u128::from(rng.next())
            ),
        ),
        1 => (
            "GenerateAccessToken",
            format!(r#","request":{{"name":"projects/-/serviceAccounts/{account}"}}"#),
        ),
        2 => (
            "v1.compute.instances.list",
            r#","request":{"list":[{"x":{"y":1},"insertId":"fake","timestamp":"2020-01-01T00:00:00Z"}]}"#
                .into(),
        ),
        3 => (
            "storage.objects.get",
            format!(
                r#","resourceLocation":{{"currentLocations":["eu"]}},"request":{{"q":"a@b \"{PERSON}\" \\ \/"}}"#
            ),
        ),
        _ => ("storage.objects.get", String::new()),
    };
    let stamp = format!("2026-09-14T{:02}:{:02}:00.{:03}Z", rng.below(24), rng.below(60), rng.below(1000));
    let place = ["", r#""zone":"us-central1-a","#, r#""location":"","#][rng.below(3)];
    let email = match rng.below(6) {
        0 => account.clone(),
        _ => who,
    };
    let payload = format!(
        r#""protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{{}},"authenticationInfo":{{"principalEmail":"{email}"}},"requestMetadata":{{"callerIp":"198.51.100.7"}},"serviceName":"iam.googleapis.com","methodName":"{method}","resourceName":"projects/shop-prod-1/zones/europe-west4-b/things/{}"{more}}}"#,
        rng.below(9)
    );
    let insert = format!(r#""insertId":"{:x}""#, rng.next());
    let log = r#""logName":"projects/shop-prod-1/logs/cloudaudit.googleapis.com%2Factivity""#;
    let resource = format!(
        r#""resource":{{"type":"service_account","labels":{{{place}"email_id":"{account}","project_id":"shop-prod-1"}}}}"#
    );
    match rng.below(2) {
        0 => format!(
            r#"{{{insert},{log},{payload},"receiveTimestamp":"{stamp}",{resource},"severity":"NOTICE","timestamp":"{stamp}"}}"#
        ),
        _ => format!(
            r#"{{{payload},{insert},{resource},"timestamp":"{stamp}","severity":"NOTICE",{log},"receiveTimestamp":"{stamp}"}}"#
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_made_up_entries(seed in any::<u64>()) {
        let logs = tempfile::tempdir().expect("a temporary folder");
        let mut rng = Rng(seed);
        for n in 0..1 + rng.below(6) {
            let lines: Vec<String> = (0..1 + rng.below(30)).map(|_| entry(&mut rng)).collect();
            let text = lines.join("\n") + if rng.one_in(2) { "\n" } else { "" };
            let bytes = if rng.one_in(3) { text.into_bytes() } else { gzip(text.as_bytes()) };
            fs::write(logs.path().join(format!("{n}.json")), bytes).expect("written");
        }
        check(PERSON, logs.path());
        check("svc-1@shop-prod-1.iam.gserviceaccount.com", logs.path());
    }
}

/// Where a folder is given, its logs are compared, too: for a corpus that is too large to commit.
#[test]
fn over_a_folder_that_is_given() {
    if let (Some(folder), Ok(principal)) =
        (std::env::var_os("TRIAGE_DIFFERENTIAL"), std::env::var("TRIAGE_DIFFERENTIAL_PRINCIPAL"))
    {
        assert!(check(&principal, &PathBuf::from(folder)) > 0);
    }
}

/// A file of 200 MB is more than is held whole, and 40 of 5 MB more than may be held together.
#[test]
fn no_corpus_takes_much_memory() {
    crate::hostile::bounded("differential::no_corpus_takes_much_memory", 192 << 20, || {
        let logs = tempfile::tempdir().expect("a temporary folder");
        let filling = format!(r#"{{"note":"{}"}}"#, "x".repeat(60_000));
        let mut made = Made { rng: Rng(7), records: Vec::new() };
        for at in 0..80 {
            made.call(&user(0, "ci", SEED).identity, at, 0, ("kms", "Decrypt"), &filling, "null");
        }
        let records: Vec<String> = made.records.into_iter().map(|(_, record)| record).collect();
        let delivered = format!("{{\"Records\":[{}]}}", records.join(","));
        for n in 0..40 {
            fs::write(logs.path().join(format!("{n}.json.gz")), gzip(delivered.as_bytes())).expect("written");
        }
        let file = fs::File::create(logs.path().join("long.json.gz")).expect("made");
        let mut gz = GzEncoder::new(file, Compression::fast());
        for _ in 0..40 {
            gz.write_all(records.join("\n").as_bytes()).and_then(|()| gz.write_all(b"\n")).expect("written");
        }
        gz.finish().expect("written");
        let found = run(collect::collect, SEED, logs.path());
        assert_eq!((found.corpus.counts.records_read, found.kept.len()), (80 * 80, 80));
        assert_eq!(found.corpus.counts.duplicates, 80 * 80 - 80);
    });
}
