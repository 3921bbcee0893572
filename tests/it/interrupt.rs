//! Ctrl-C in the middle of a scan: what was seen so far, marked as that, in a sealed case.
#![cfg(unix)]

use crate::support::{Bench, Done, aws_record, walk};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::time::{Duration, Instant};

pub const KEY: &str = "AKIARTX3GSDSTEXAMPLE";

/// Far more records than are read before the signal comes; on disk next to nothing, because they are all alike.
pub fn long_logs(bench: &Bench, gigabytes: usize) {
    let identity = serde_json::json!({"type": "IAMUser", "principalId": "AIDAQPWZDCTLBFBWGMFBE", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:user/ci-deployer", "accessKeyId": KEY, "userName": "ci-deployer"});
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
