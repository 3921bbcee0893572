//! Ctrl-C in the middle of a scan: what was seen so far, marked as that, in a sealed case.
#![cfg(unix)]

use crate::support::{Bench, Done, aws_record, walk};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::process::Child;
use std::time::{Duration, Instant};

pub const KEY: &str = "AKIARTX3GSDSTEXAMPLE";

/// Far more records than are read before the signal comes; on disk next to nothing, because they are all alike.
pub fn long_logs(bench: &Bench, gigabytes: usize) {
    let identity = serde_json::json!({"type": "IAMUser", "principalId": "AIDAQPWZDCTLBFBWGMFBE", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:user/ci-deployer", "accessKeyId": KEY, "userName": "ci-deployer"});
    long_logs_of(bench, gigabytes, &identity);
}

fn long_logs_of(bench: &Bench, gigabytes: usize, identity: &serde_json::Value) {
    let mut block = String::new();
    while block.len() < 1 << 20 {
        block.push_str(&aws_record(identity.clone(), "2026-03-02T03:14:15Z", 1));
        block.push('\n');
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(block.as_bytes()).expect("memory takes every write");
    let member = gzip.finish().expect("memory takes every write");
    for file in ["a", "b", "c", "d"] {
        bench.write(&format!("logs/{file}.jsonl.gz"), member.repeat(gigabytes * 1024 / 4));
    }
}

fn interrupted(bench: &Bench, args: &[&str]) -> Done {
    let child = bench.command(args).spawn().expect("the binary runs");
    // It is in the middle once evidence is on its way to the disk.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !bench.path("case/evidence").exists()
        || !walk(&bench.path("case/evidence")).iter().any(|path| path.is_file())
    {
        assert!(Instant::now() < deadline, "it never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: a signal to a child that has not been waited for, so the id is still its own.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    let started = Instant::now();
    let done = Done::of(child.wait_with_output().expect("the binary ends"));
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?} to stop", started.elapsed());
    done
}

#[test]
fn ctrl_c_reports_what_was_seen_and_seals_the_case() {
    let bench = Bench::new();
    long_logs(&bench, 8);
    let args = ["audit", "--principal", KEY, "--logs", "logs", "--case-dir", "case", "-o", "json"];
    let done = interrupted(&bench, &args).exits(130);
    let report = done.json();
    assert_eq!(report["partial"], true);
    assert_eq!(report["counts"]["events_of_principal"], 1, "the one event, however often it was read");
    assert!(
        report["gaps"].as_array().expect("a list").iter().any(|gap| gap["kind"] == "interrupted"),
        "{}",
        report["gaps"]
    );
    assert!(done.err.contains("(exit code 130)"), "{}", done.err);
    let files = bench.files("case");
    assert!(files["report.json"] == done.out);
    assert!(files.contains_key("SHA256SUMS") && files.contains_key("inputs.json"));
    assert!(files.keys().any(|name| name.starts_with("evidence/")));
    // A partial case stays partial: nobody reads completeness into it later.
    let again = bench.run(&["audit", "--case", "case", "-o", "json"]);
    assert_eq!(again.json()["partial"], true);
    assert!(again.out == done.out, "the partial case says something else");
}

/// The principal's own files, in which not everything can be read.
const OWN: u32 = 5;

/// A caller whose records tell nothing but its key: no further id is learnt that would have to be looked for in other files.
fn deployer() -> serde_json::Value {
    json!({"type": "IAMUser", "accountId": "111122223333", "accessKeyId": KEY})
}

/// Twenty small files, and a last one far larger than is read before the signal comes.
fn logs(bench: &Bench) {
    for n in 0..20 {
        let record = |of: u32| {
            let at = format!("2026-03-02T03:{n:02}:{of:02}Z");
            match n < OWN {
                true => aws_record(deployer(), &at, 100 + n * 10 + of),
                // Another account's, as they are delivered: nothing of the principal's can stand in them.
                false => {
                    aws_record(json!({"type": "Root", "accountId": "444455556666"}), &at, 100 + n * 10 + of)
                        .replace("111122223333", "444455556666")
                }
            }
        };
        let records: Vec<String> = (0..10).map(record).map(|record| in_order(&record)).collect();
        let text = match n < OWN {
            // With a place that can't be read, which must be told again.
            true => records.join("\n") + "\n{\"eventVersion\": \"1.1\n",
            false => format!("{{\"Records\":[{}]}}", records.join(",")),
        };
        bench.write(&format!("logs/{n:02}.json"), text);
    }
    long_logs_of(bench, 8, &deployer());
    for file in ["b", "c", "d"] {
        std::fs::remove_file(bench.path(&format!("logs/{file}.jsonl.gz"))).expect("it is there");
    }
}

/// A record as CloudTrail writes it: these keys first.
fn in_order(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).expect("JSON");
    let map = record.as_object().expect("an object");
    let first = ["eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion"];
    let keys = first.into_iter().chain(map.keys().map(String::as_str).filter(|key| !first.contains(key)));
    let fields: Vec<String> = keys.map(|key| format!("{}:{}", json!(key), map[key])).collect();
    format!("{{{}}}", fields.join(","))
}

/// The last file as it really is: it was not read to its end, so nothing is remembered of it.
fn shorten(bench: &Bench) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for n in [1, 2] {
        let line = aws_record(deployer(), &format!("2026-03-02T03:14:{:02}Z", 14 + n), n);
        gzip.write_all(line.as_bytes())
            .and_then(|()| gzip.write_all(b"\n"))
            .expect("memory takes every write");
    }
    bench.write("logs/a.jsonl.gz", gzip.finish().expect("memory takes every write"));
}

const ADDED: [&str; 9] = ["audit", "--principal", KEY, "--logs", "logs", "--case", "case", "-o", "json"];

/// Waits until all small files are noted, and ends the run by a signal.
fn cut_off(bench: &Bench, signal: i32) -> Child {
    let child = bench.command(&ADDED).spawn().expect("the binary runs");
    let deadline = Instant::now() + Duration::from_secs(120);
    while noted(bench).len() < 20 {
        assert!(Instant::now() < deadline, "only {:?} was noted", noted(bench));
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: a signal to a child that has not been waited for, so the id is still its own.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    child
}

/// The small files that the case's index names as read.
fn noted(bench: &Bench) -> Vec<String> {
    let Ok(index) = std::fs::read(bench.path("case/index/0001.bin")) else { return Vec::new() };
    // Whatever else is noted of a file, its hash is.
    let is_noted = |name: &String| {
        let file = std::fs::read(bench.path(name)).expect("it is there");
        memchr::memmem::find(&index, &Sha256::digest(file)).is_some()
    };
    (0..20).map(|n| format!("logs/{n:02}.json")).filter(is_noted).collect()
}

fn fresh(bench: &Bench) -> Done {
    bench.run(&["audit", "--principal", KEY, "--logs", "logs", "--case-dir", "fresh", "-o", "json"]).exits(3)
}

fn changes(bench: &Bench) -> serde_json::Value {
    serde_json::from_slice(&bench.files("case")["changes.json"]).expect("a document")
}

/// Runs the same again where not one of the finished files can be read any more.
#[track_caller]
fn goes_on(bench: &Bench, resumed: bool) {
    shorten(bench);
    let fresh = fresh(bench);
    for n in OWN..20 {
        std::fs::remove_file(bench.path(&format!("logs/{n:02}.json"))).expect("it is there");
    }
    let again = bench.run(&ADDED).exits(3);
    assert_eq!(again.json()["gaps"], fresh.json()["gaps"], "other gaps");
    for (found, wanted) in again.text().lines().zip(fresh.text().lines()) {
        assert_eq!(found, wanted, "another report");
    }
    assert!(again.out == fresh.out, "another report");
    let broken =
        again.json()["gaps"].as_array().expect("a list").iter().filter(|gap| gap["kind"] == "unread").count();
    assert_eq!(broken, OWN as usize, "the broken lines");
    let changes = changes(bench);
    assert_eq!(changes["resumed"], resumed, "{changes}");
    assert_eq!(changes["files"]["known"], 20, "{changes}");
    assert_eq!(changes["files"]["read"], 1, "{changes}");
    assert_eq!(changes["files"]["gone"].as_array().map(Vec::len), Some(20 - OWN as usize), "{changes}");
    assert!(changes["files"]["again"].as_u64().is_some_and(|again| again <= OWN.into()), "{changes}");
    let inputs = |case: &str| bench.files(case)["inputs.json"].clone();
    assert!(inputs("case") == inputs("fresh"), "other inputs");
    bench.run(&["verify", "case"]).exits(0);
    let opened = bench.run(&["audit", "--case", "case", "-o", "json"]).exits(3);
    assert!(opened.out == fresh.out, "the case says something else");
}

#[test]
fn a_killed_run_goes_on_where_it_was_and_says_what_an_unbroken_one_says() {
    let bench = Bench::new();
    logs(&bench);
    let killed = cut_off(&bench, libc::SIGKILL).wait_with_output().expect("it ended");
    assert_eq!(killed.status.code(), None, "it was not killed");
    assert!(!bench.path("case/SHA256SUMS").exists());
    // Nobody takes it for whole meanwhile.
    let told = bench.run(&["audit", "--case", "case", "--case-dir", "half", "-o", "json"]).exits(3);
    assert!(told.text().contains("did not end"), "{}", told.text());
    goes_on(&bench, true);
}

#[test]
fn a_run_that_ctrl_c_ended_goes_on_where_it_was() {
    let bench = Bench::new();
    logs(&bench);
    let ended = Done::of(cut_off(&bench, libc::SIGINT).wait_with_output().expect("it ended")).exits(130);
    assert_eq!(ended.json()["partial"], true);
    bench.run(&["verify", "case"]).exits(0);
    goes_on(&bench, false);
}

#[test]
fn what_a_killed_run_left_is_not_believed_where_it_was_altered() {
    let bench = Bench::new();
    logs(&bench);
    cut_off(&bench, libc::SIGKILL).wait().expect("it ended");
    shorten(&bench);
    let fresh = fresh(&bench);
    // Somebody takes records out of the evidence: well-formed, and fewer.
    let evidence =
        walk(&bench.path("case/evidence")).into_iter().find(|path| path.is_file()).expect("evidence");
    std::fs::write(&evidence, GzEncoder::new(Vec::new(), Compression::fast()).finish().expect("memory"))
        .expect("written");
    let again = bench.run(&ADDED).exits(3);
    let changes = changes(&bench);
    assert_eq!((&changes["files"]["known"], &changes["files"]["read"]), (&json!(0), &json!(21)), "{changes}");
    assert!(changes["forgotten"].as_str().is_some_and(|why| why.contains("evidence/")), "{changes}");
    let (mut found, wanted) = (again.json(), fresh.json());
    let gaps = found["gaps"].as_array().expect("a list").clone();
    let named: Vec<_> = gaps
        .iter()
        .filter(|gap| gap["where"].as_str().is_some_and(|place| place.starts_with("evidence/")))
        .collect();
    assert_eq!(named.len(), 1, "{gaps:?}");
    // Everything was read again, so nothing is missing.
    found["gaps"] = wanted["gaps"].clone();
    assert_eq!(found, wanted);
}

#[test]
fn two_runs_never_write_to_one_case() {
    let bench = Bench::new();
    logs(&bench);
    let mut child = bench.command(&ADDED).spawn().expect("the binary runs");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !bench.path("case/index/0001.bin").exists() {
        assert!(Instant::now() < deadline, "it never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    let other = bench.run(&ADDED).exits(1);
    assert!(other.err.contains("another run writes to this case"), "{}", other.err);
    child.kill().and_then(|()| child.wait()).expect("it ends");
}
