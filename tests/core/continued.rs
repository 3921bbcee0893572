//! A case that logs are added to, run after run, against a fresh one over all of them: the same report, byte for byte.
//!
//! The corpus is made up as in `differential`: chains in any order, in every container, damaged files, ids behind escapes. The
//! binary runs, because what is remembered passes through the disk.

use crate::differential::{SEED, incident};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs an audit in a folder and returns the report as it was printed.
#[track_caller]
fn audit(home: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(["audit", "--principal", SEED, "-o", "json", "--allow-gaps"]).args(args);
    let done = command.env_clear().current_dir(home).stdin(Stdio::null()).output().expect("the binary runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{args:?}: {err}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn changes(home: &Path) -> Value {
    serde_json::from_slice(&fs::read(home.join("case/changes.json")).expect("it is written")).expect("JSON")
}

#[track_caller]
fn same(found: &str, fresh: &str, about: &str) {
    let at = found.lines().zip(fresh.lines()).take_while(|(a, b)| a == b).count();
    let lines = |text: &str| text.lines().skip(at.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n");
    assert!(found == fresh, "{about}:\n{}\ninstead of\n{}", lines(found), lines(fresh));
}

/// What happens to a case between two runs.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    /// What was remembered is lost.
    Forgotten,
    /// Files look as if they had been written anew, with the same bytes.
    Touched,
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![4 => Just(Between::Nothing), 1 => Just(Between::Forgotten), 1 => Just(Between::Touched)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_any_split(
        seed in any::<u64>(),
        parts in prop::collection::vec(any::<Index>(), 64),
        runs in 2_usize..5,
        between in prop::collection::vec(between(), 4),
        hours in prop::option::of(8_u32..14),
    ) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let home = home.path();
        fs::create_dir(home.join("logs")).expect("made");
        incident(seed, &home.join("logs"));
        let mut names: Vec<String> = fs::read_dir(home.join("logs")).expect("a folder")
            .map(|entry| format!("logs/{}", entry.expect("an entry").file_name().to_str().expect("ASCII")))
            .collect();
        names.sort();
        let mut split: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (n, name) in names.iter().enumerate() {
            split.entry(parts[n % parts.len()].index(runs)).or_default().push(name);
        }
        let until = |n: usize| hours.map(|hour| format!("2026-09-14T{:02}:00Z", hour as usize + n));
        let (mut said, mut read) = (String::new(), 0);
        let last = split.len() - 1;
        for (n, (_, part)) in split.iter().enumerate() {
            let mut args = vec!["--case", "case", "--logs"];
            args.extend(part);
            let until = until(n);
            args.extend(until.iter().flat_map(|until| ["--until", until]));
            said = audit(home, &args);
            if n > 0 {
                let changes = changes(home);
                let files = &changes["files"];
                let known = if changes["forgotten"].is_null() { read } else { 0 };
                let touched = files["changed"].as_array().expect("a list").len();
                prop_assert_eq!(touched, 0, "{}", changes);
                let all = files["read"].as_u64().zip(files["known"].as_u64());
                prop_assert_eq!(all, Some(((part.len() + read - known) as u64, known as u64)), "{}", changes);
            }
            read += part.len();
            if n < last {
                match between[n] {
                    Between::Nothing => {}
                    Between::Forgotten => fs::remove_dir_all(home.join("case/index")).expect("it is there"),
                    Between::Touched => for name in part {
                        let bytes = fs::read(home.join(name)).expect("a file");
                        fs::write(home.join(name), bytes).expect("written");
                    },
                }
            }
        }
        let mut args = vec!["--case-dir", "fresh", "--logs", "logs"];
        let until = until(last);
        args.extend(until.iter().flat_map(|until| ["--until", until]));
        let fresh = audit(home, &args);
        same(&said, &fresh, &format!("seed {seed}"));
        let inputs = |case: &str| fs::read_to_string(home.join(case).join("inputs.json")).expect("it is there");
        same(&inputs("case"), &inputs("fresh"), &format!("inputs of seed {seed}"));
        // The case is what it says by itself, too.
        same(&audit_case(home), &plain(&fresh), &format!("the case of seed {seed}"));
    }
}

/// What the case says when it is opened again. A record that was broken when it was saved is told a second time, where it lies.
fn audit_case(home: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(["audit", "--case", "case", "--case-dir", "again", "-o", "json", "--allow-gaps"]);
    let done = command.env_clear().current_dir(home).stdin(Stdio::null()).output().expect("the binary runs");
    plain(&String::from_utf8(done.stdout).expect("UTF-8"))
}

/// A report without what a case says of its own evidence.
fn plain(report: &str) -> String {
    let mut report: Value = serde_json::from_str(report).expect("JSON");
    let gaps = report["gaps"].as_array_mut().expect("a list");
    gaps.retain(|gap| !gap["where"].as_str().is_some_and(|at| at.starts_with("case/evidence/")));
    serde_json::to_string_pretty(&report).expect("JSON")
}
