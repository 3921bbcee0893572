//! Ours beside decompression alone, and beside what others need to find the records that name one key.

use super::corpus::Truth;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use triage::cloud::unwrap::Unpacker;

thread_local! {
    static UNPACKER: RefCell<Unpacker> = RefCell::default();
}

/// The limits that the issue sets, as shares of decompression alone.
fn limit(case: &str) -> f64 {
    if case == "small" { 0.70 } else { 0.80 }
}

pub fn compare(case: &str, dir: &Path, truth: &Truth, rounds: usize) {
    let logs = dir.join("logs");
    let files = files(&logs);
    let mut unpacked = Vec::new();
    let mut hashed = Vec::new();
    let mut ours = Vec::new();
    let out = dir.join("timed.json");
    for round in 0..rounds {
        unpacked.push(timed(|| files.par_iter().with_max_len(1).for_each(|file| unpack(file))));
        let case = dir.join(format!("timed-{round}"));
        let args = ["audit", "--principal", &truth.principal, "-o", "json", "--allow-gaps", "--logs"];
        ours.push(super::run(&args, &logs, &case, &out).wall);
        std::fs::remove_dir_all(case).expect("its case");
        hashed.push(timed(|| files.par_iter().with_max_len(1).for_each(|file| hash(file))));
    }
    let [unpacked, hashed, ours] = [unpacked, hashed, ours].map(median);
    let scan = ours.saturating_sub(hashed);
    println!(
        "{case}: {} files, {} threads; unpacking alone {:.2} s, ours {:.2} s, of which hashing {:.2} s: {:.2} of unpacking alone (limit {:.2}), {:.2} with hashing",
        files.len(),
        rayon::current_num_threads(),
        unpacked.as_secs_f64(),
        ours.as_secs_f64(),
        hashed.as_secs_f64(),
        unpacked.as_secs_f64() / scan.as_secs_f64(),
        limit(case),
        unpacked.as_secs_f64() / ours.as_secs_f64(),
    );
    for peer in peers(&logs, &truth.principal) {
        // They need many times as long: one round tells.
        let (name, limit) = (peer.name, peer.limit);
        match peer.run() {
            Some(took) => println!(
                "{case}: {} {:.2} s: {:.1} times ours (limit {})",
                name,
                took.as_secs_f64(),
                took.as_secs_f64() / scan.as_secs_f64(),
                limit
            ),
            None => println!("{case}: {} is not installed", name),
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry")) {
            match entry.file_type().expect("a type").is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn unpack(file: &Path) {
    let packed = std::fs::read(file).expect("a file of the corpus");
    UNPACKER.with_borrow_mut(|unpacker| {
        std::hint::black_box(unpacker.unpack(&packed, 1 << 30).expect("one member"));
    });
}

fn hash(file: &Path) {
    std::hint::black_box(Sha256::digest(std::fs::read(file).expect("a file of the corpus")));
}

struct Peer {
    name: &'static str,
    limit: &'static str,
    command: Command,
}

impl Peer {
    fn run(mut self) -> Option<Duration> {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let status = self.command.status().ok()?;
        // `xargs` says 123 when `zgrep` found nothing in some file.
        matches!(status.code(), Some(0 | 123)).then(|| began.elapsed())
    }
}

fn peers(logs: &Path, key: &str) -> Vec<Peer> {
    let sh = |text: &str| {
        let mut command = Command::new("sh");
        command.arg("-c").arg(text).env("LOGS", logs).env("KEY", key);
        command
    };
    let all = "find \"$LOGS\" -type f -print0 | xargs -0 -P \"$(nproc)\" -n 16";
    let jq = r#"sh -c 'zcat "$@" | jq -c --arg k "$KEY" "(.Records // [.])[] | select(.userIdentity.accessKeyId == \$k)"' sh"#;
    let python = |text: &str| {
        let mut command =
            Command::new(std::env::var("TRIAGE_BENCH_PYTHON").unwrap_or_else(|_| "false".into()));
        command.arg("-c").arg(text).env("LOGS", logs).env("KEY", key);
        command
    };
    vec![
        Peer { name: "zgrep -c", limit: "8", command: sh(&format!("{all} zgrep -c \"$KEY\"")) },
        Peer { name: "jq", limit: "none", command: sh(&format!("command -v jq && {all} {jq}")) },
        Peer { name: "ClickHouse (chdb)", limit: "3", command: python(CHDB) },
        Peer { name: "DuckDB", limit: "40", command: python(DUCKDB) },
    ]
}

const CHDB: &str = r#"
import chdb, os
print(chdb.query(f"""SELECT count() FROM (SELECT arrayJoin(Records) AS r FROM file('{os.environ["LOGS"]}/**/*.gz', 'JSONEachRow',
    'Records Array(Tuple(userIdentity Tuple(accessKeyId String), eventTime String, eventName String))'))
    WHERE r.userIdentity.accessKeyId = '{os.environ["KEY"]}'"""))
"#;

const DUCKDB: &str = r#"
import duckdb, os
print(duckdb.sql(f"""SELECT count(*) FROM (SELECT unnest(Records) AS r FROM read_json('{os.environ["LOGS"]}/**/*.gz', maximum_object_size=268435456,
    columns={{'Records': 'STRUCT(userIdentity STRUCT(accessKeyId VARCHAR), eventTime VARCHAR, eventName VARCHAR)[]'}}))
    WHERE r.userIdentity.accessKeyId = '{os.environ["KEY"]}'""").fetchall())
"#;
