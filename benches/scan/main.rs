//! How fast and how fat: the built program over a corpus as large as an incident's, against the truth planted in it.
//!
//! ```text
//! cargo bench --no-default-features --bench scan                                  200,000 records of each kind
//! TRIAGE_BENCH_RECORDS=2000000 cargo bench --no-default-features --bench scan     the full size
//! TRIAGE_BENCH_CASES=aws,gcp,busy   which corpora (large,small,gcp,aws,busy)
//! TRIAGE_BENCH_TWICE=20             files of a hundred that are delivered twice (20)
//! TRIAGE_BENCH_KEEP=1               leave corpus and case where they are, for a profiler
//! ```
//!
//! TRIAGE_BENCH_ROUNDS=7             how often each is measured, one after the other
//! TRIAGE_BENCH_PYTHON=…             a Python that has `chdb` and `duckdb`: they are measured, too
//!
//! `large` is an organisation's trail in files of 5,000 records, `small` the same in files of five, `aws` in files as they
//! were measured, each with a chain of five hops; `gcp` is a sink's, `busy` a principal with a quarter as many events as
//! the others have records, nearly all its own. Corpora are made anew from a fixed seed under the system's temporary folder
//! (0.6 GB for each with two million records) and deleted.
//!
//! It prints ratios of medians, measured in turns so that a shared machine disturbs all alike: decompression alone (every
//! file read and unpacked by libdeflate, one thread a core) to ours, whole process less the hashing of its input, which is
//! behind the scan and measured by itself; and to ours, what others need for less: which records name the key (`zgrep`,
//! `jq`, ClickHouse and DuckDB where they are installed). `suzaku` is in no package registry: it is not measured here.
//! It fails on a wrong answer only: what a shared machine measures is no verdict.

mod aws;
mod corpus;
mod gcp;
mod peers;

use corpus::{Sizes, Truth};
use serde_json::Value;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MB: f64 = 1e6;

fn main() {
    // `cargo test --all-targets` runs benches with `--test`: then a glance is enough.
    let is_test = std::env::args().any(|arg| arg == "--test");
    let number = |name: &str, otherwise: usize| {
        std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let records = number("TRIAGE_BENCH_RECORDS", if is_test { 5_000 } else { 200_000 });
    let twice = number("TRIAGE_BENCH_TWICE", 20);
    let keeps = std::env::var_os("TRIAGE_BENCH_KEEP").is_some();
    let cases = std::env::var("TRIAGE_BENCH_CASES").unwrap_or_else(|_| "large,small,gcp,aws,busy".into());
    // `busy` last: a child's peak begins at what its parent holds when it is started.
    for case in cases.split(',') {
        let mut dir = tempfile::tempdir().expect("a temporary folder");
        dir.disable_cleanup(keeps);
        let logs = dir.path().join("logs");
        let began = Instant::now();
        let ((truth, bytes), limit) = match case {
            "aws" => (aws::chain(&logs, records, (Sizes::Mixed, twice)), Limit::scan(records)),
            "large" => (aws::chain(&logs, records, (Sizes::Large, twice)), Limit::scan(records)),
            "small" => (aws::chain(&logs, records, (Sizes::Small, twice)), Limit::scan(records)),
            "gcp" => (gcp::chain(&logs, records, (Sizes::Large, twice)), Limit::scan(records)),
            "busy" => (aws::busy(&logs, records / 4), Limit::busy(records / 4)),
            other => panic!("no such case: {other}"),
        };
        println!(
            "{case}: {} records, {:.0} MB of JSON, made in {:.1} s: --principal {} --logs {}",
            truth.records,
            bytes as f64 / MB,
            began.elapsed().as_secs_f64(),
            truth.principal,
            logs.display()
        );
        measure(case, dir.path(), &truth, bytes, &limit);
        if case != "busy" {
            peers::compare(
                case,
                dir.path(),
                &truth,
                if is_test { 1 } else { number("TRIAGE_BENCH_ROUNDS", 7) },
            );
        }
    }
}

/// What the issue allows, scaled to the size: time in full proportion, memory not below a fifth.
struct Limit {
    seconds: f64,
    megabytes: f64,
}

impl Limit {
    fn scan(records: usize) -> Limit {
        Limit {
            seconds: 120.0 * records as f64 / 2e6,
            megabytes: 500.0 * (records as f64 / 2e6).clamp(0.2, 1.0),
        }
    }

    fn busy(events: usize) -> Limit {
        Limit {
            seconds: 60.0 * events as f64 / 5e5,
            megabytes: 1500.0 * (events as f64 / 5e5).clamp(0.2, 1.0),
        }
    }
}

fn measure(case: &str, dir: &Path, truth: &Truth, bytes: u64, limit: &Limit) {
    let (logs, saved) = (dir.join("logs"), dir.join("case"));
    let out = dir.join("report.json");
    let audit = run(
        &["audit", "--principal", &truth.principal, "-o", "json", "--allow-gaps", "--logs"],
        &logs,
        &saved,
        &out,
    );
    println!(
        "{case}: audit {}, {:.0} records/s, {:.0} MB/s; {:.0} % of the time limit, {:.0} % of the memory limit",
        audit.told(),
        truth.records as f64 / audit.wall.as_secs_f64(),
        bytes as f64 / MB / audit.wall.as_secs_f64(),
        100.0 * audit.wall.as_secs_f64() / limit.seconds,
        100.0 * audit.peak / MB / limit.megabytes,
    );
    let report: Value =
        serde_json::from_slice(&std::fs::read(&out).expect("its output")).expect("a JSON report");
    check(&report, truth);
    drop(report);
    let table = dir.join("report.txt");
    let again = run(&["--color", "never", "--allow-gaps", "--case"], &saved, &dir.join("again"), &table);
    println!("{case}: the case opened again, as a table {}", again.told());
    let report = std::fs::read(saved.join("report.json")).expect("the saved report");
    assert!(
        report == std::fs::read(dir.join("again/report.json")).expect("the new report"),
        "a re-opened case differs"
    );
}

/// What a run took.
pub struct Took {
    pub wall: Duration,
    /// User and system.
    cpu: f64,
    /// Bytes; 0 where the system does not say.
    peak: f64,
}

impl Took {
    fn told(&self) -> String {
        format!("{:.2} s, CPU {:.2} s, peak {:.0} MB", self.wall.as_secs_f64(), self.cpu, self.peak / MB)
    }
}

pub fn run(args: &[&str], input: &Path, case: &Path, out: &Path) -> Took {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(args).arg(input).arg("--case-dir").arg(case);
    command.stdin(Stdio::null()).stdout(File::create(out).expect("a file for its output"));
    let (code, cpu, peak) = wait(command).expect("the program runs");
    assert_eq!(code, Some(0), "its exit code");
    Took { wall: began.elapsed(), cpu, peak }
}

/// Runs it to its end; its exit code, CPU seconds and peak bytes.
#[cfg(unix)]
fn wait(mut command: Command) -> io::Result<(Option<i32>, f64, f64)> {
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).expect("process ids are small");
    let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
    // SAFETY: the child is ours and nobody else waits for it; both places outlive the call.
    if unsafe { libc::wait4(pid, &mut status, 0, &mut usage) } != pid {
        return Err(io::Error::last_os_error());
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts kilobytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    Ok((code, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as f64 * unit))
}

#[cfg(not(unix))]
fn wait(mut command: Command) -> io::Result<(Option<i32>, f64, f64)> {
    Ok((command.status()?.code(), 0.0, 0.0))
}

/// The answer, number by number.
fn check(report: &Value, truth: &Truth) {
    let list = |name: &str| report[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let count = |name: &str| report["counts"][name].as_u64();
    assert_eq!(count("records_read"), Some(truth.records), "records read");
    assert_eq!(count("duplicates").unwrap_or_default(), truth.duplicates, "duplicates");
    let credentials: Vec<(&str, u64, &str)> = list("credentials")
        .iter()
        .filter(|one| one["depth"] != 0)
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            (text("id"), one["depth"].as_u64().unwrap_or_default(), text("issued_by"))
        })
        .collect();
    for (id, depth, issuer) in &credentials {
        let planted = truth.credentials.get(*id);
        assert_eq!(planted.map(|(depth, issuer)| (*depth, issuer.as_str())), Some((*depth, *issuer)), "{id}");
    }
    assert_eq!(credentials.len(), truth.credentials.len(), "credentials");
    let machines: Vec<_> = list("resources").iter().filter(|one| one["kind"] == truth.machine).collect();
    for machine in &machines {
        let id = machine["id"].as_str().unwrap_or_default();
        assert_eq!(machine["state"].as_str(), truth.machines.get(id).copied(), "machine {id}");
    }
    assert_eq!(machines.len(), truth.machines.len(), "machines");
    assert_eq!(count("events_of_principal"), Some(truth.events_of_principal), "events of the principal");
    assert_eq!(count("events_of_derived"), Some(truth.events_of_derived), "events of what it became");
    assert_eq!(count("failed").unwrap_or_default(), truth.failed, "failed");
    let told = report.to_string();
    for decoy in truth.decoys.iter().take(50) {
        assert!(!told.contains(&format!("{decoy}\"")), "{decoy} only mentioned it");
    }
}
