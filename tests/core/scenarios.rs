//! The recorded scenarios: each is run as `--case` runs it, compared with the answer that its story derived independently
//! (`expect/answer.json`), and with the whole reviewed report (`expect/report.json`; `TRIAGE_BLESS=1` rewrites it).

mod answer;

use crate::support::fixtures;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::case::{Case, OpenCase};
use triage::cloud::files::FileSource;
use triage::collect::{self, Keep};
use triage::model::Report;
use triage::progress::Progress;
use triage::read::{Head, inventory};
use triage::render::json;

pub const ALL: [&str; 4] = ["aws-role-chain", "aws-busy-deployer", "gcp-cryptojacking", "gcp-busy-pipeline"];

/// Keeps nothing: these tests look at conclusions.
pub struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _raw: &[u8], _head: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

pub fn folder(name: &str) -> PathBuf {
    fixtures().join("scenarios").join(name)
}

pub fn open(name: &str) -> OpenCase {
    Case::open(&folder(name)).unwrap_or_else(|error| panic!("{name}: {error:#}"))
}

/// Returns an investigation that knows the case and its inventory, and no record yet.
pub fn begin(case: &OpenCase) -> Investigation {
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    for path in &case.inventory {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let look =
                inventory::read(line.as_bytes()).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
            look.observed.into_iter().for_each(|observed| investigation.observe(observed));
            look.listings.into_iter().for_each(|listing| investigation.listed(listing));
            look.gaps.into_iter().for_each(|gap| investigation.missed(gap));
        }
    }
    investigation
}

/// Collects from these paths and reports.
pub fn run(mut investigation: Investigation, paths: &[PathBuf]) -> Report {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let (source, gaps) = FileSource::new(&paths);
    assert_eq!(gaps, [], "every path is found");
    let stop = AtomicBool::new(false);
    let corpus = collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop)
        .expect("collects");
    collect::tell(&mut investigation, &corpus);
    investigation.report()
}

pub fn report(name: &str) -> Report {
    let case = open(name);
    run(begin(&case), &[folder(name).join("evidence")])
}

/// The report as others see it.
pub fn seen(report: &Report) -> Value {
    let report = serde_json::from_slice(&json::report(report)).expect("the report is JSON");
    crate::formats::check_report(&report);
    report
}

fn check(name: &str) {
    let path = folder(name).join("expect/answer.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let answer: Value = serde_json::from_str(&text).expect("the answer is JSON");
    let wrong = answer::compare(name, &answer, &seen(&report(name)));
    assert!(wrong.is_empty(), "{name}: {} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn aws_role_chain_is_answered() {
    check("aws-role-chain");
}

#[test]
fn aws_busy_deployer_is_answered() {
    check("aws-busy-deployer");
}

#[test]
fn gcp_cryptojacking_is_answered() {
    check("gcp-cryptojacking");
}

#[test]
fn gcp_busy_pipeline_is_answered() {
    check("gcp-busy-pipeline");
}

#[test]
fn reports_are_the_reviewed_ones_to_the_byte() {
    let mut stale = Vec::new();
    for name in ALL {
        let path = folder(name).join("expect/report.json");
        let now = json::report(&report(name));
        if std::env::var_os("TRIAGE_BLESS").is_some() {
            std::fs::write(&path, &now).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        let golden = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if golden != now {
            let (golden, now) = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(&now));
            let at = golden.lines().zip(now.lines()).position(|(a, b)| a != b);
            let at = at.unwrap_or(golden.lines().count().min(now.lines().count()));
            let line = |text: &str| text.lines().nth(at).unwrap_or("(the end)").to_owned();
            stale.push(format!("{name}:{}\n  was {}\n  now {}", at + 1, line(&golden), line(&now)));
        }
    }
    assert!(stale.is_empty(), "review the difference, then TRIAGE_BLESS=1\n{}", stale.join("\n"));
}
