//! `triage report`: a case, live or recorded, in any format. Reads the case and nothing else: the same case, the same bytes.
//!
//! The data's path: case → what was concluded, else evidence → investigation → report; evidence → timeline; plans; journal →
//! deeds; all of it a dossier → `render`.

use super::args::Output;
use super::job::Job;
use super::ui::{Color, Ui};
use super::{Failure, deeds, exit};
use crate::analyze::Investigation;
use crate::case::{Case, OpenCase};
use crate::collect::{self, Keep};
use crate::exec::journal;
use crate::model::dossier::{About, Done};
use crate::model::plan::{self, Plan};
use crate::model::report::{self, Report, Window};
use crate::model::{Dossier, Gap};
use crate::plan::{Guard, Options, contain::contain, revoke::revoke};
use crate::progress::Progress;
use crate::read::Head;
use crate::render;
use anyhow::{Context, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// The case: a folder that an earlier run wrote, or a recorded one.
    #[arg(value_name = "CASE")]
    pub folder: PathBuf,
    /// What stdout gets.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Print the ticket that the provider's support asks for, ready to paste, instead.
    #[arg(long, conflicts_with = "output")]
    pub support_case: bool,
    /// File that ticket with the provider, where the account's support plan has the API; asks first.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[arg(long, requires = "support_case")]
    pub submit: bool,
    /// Consent to filing it, without being asked.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[arg(long, requires = "submit")]
    pub yes: bool,
    /// Stop after the ticket and its plan.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[arg(long, requires = "submit", conflicts_with = "yes")]
    pub dry_run: bool,
    /// Google Cloud: file it as a test case, which support does not act on.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[arg(long, requires = "submit")]
    pub test_case: bool,
    /// Exit with 0 although something could not be read; the report says so all the same.
    #[arg(long)]
    pub allow_gaps: bool,
    /// Colour: NO_COLOR and CLICOLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors.
    #[arg(short, long)]
    pub quiet: bool,
    /// List everything instead of counts and examples.
    #[arg(short, long)]
    pub verbose: bool,
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(flatten)]
    pub live: super::live_args::LiveArgs,
}

pub fn run(args: &ReportArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let (dossier, _) = dossier(&args.folder, needs_events(args.output), ui, stop)?;
    #[cfg(any(feature = "aws", feature = "gcp"))]
    if args.submit {
        return super::submit::run(args, &dossier, ui, stop);
    }
    let bytes = match args.support_case {
        true => super::ticket::text(&args.folder, &dossier)?.paste().into_bytes(),
        false => bytes(&dossier, args.output, ui),
    };
    ui.result(&bytes).context("write the result")?;
    Ok(match &dossier.report {
        report if report.partial => exit::INTERRUPTED,
        report if !args.allow_gaps && report.gaps.iter().any(Gap::is_incomplete) => exit::INCOMPLETE,
        _ => exit::SUCCESS,
    })
}

/// Renders a case that a command has just written, for its own `-o`.
pub(super) fn case(dir: &Path, output: Output, ui: &Ui, stop: &AtomicBool) -> Result<Vec<u8>, Failure> {
    Ok(bytes(&dossier(dir, needs_events(output), ui, stop)?.0, output, ui))
}

fn bytes(dossier: &Dossier, output: Output, ui: &Ui) -> Vec<u8> {
    match output {
        // No clock: what was "3 h ago" once would be so for ever.
        Output::Table => render::table::dossier(dossier, &ui.view(None)).into_bytes(),
        Output::Json => render::json::report(&dossier.report),
        Output::Jsonl => render::jsonl::report(&dossier.report),
        Output::Csv => render::csv::dossier(dossier),
        Output::Md => render::markdown::dossier(dossier),
        Output::Html => render::html::dossier(dossier),
        Output::Ocsf => render::ocsf::dossier(dossier),
        Output::Timesketch => render::timesketch::dossier(dossier),
        Output::Iocs => render::iocs::dossier(dossier),
    }
}

/// Whether a format tells event by event.
fn needs_events(output: Output) -> bool {
    match output {
        Output::Html | Output::Ocsf | Output::Timesketch => true,
        Output::Table | Output::Json | Output::Jsonl | Output::Csv | Output::Md | Output::Iocs => false,
    }
}

/// Reads all that a case holds; its events one by one where they are wanted.
pub fn dossier(dir: &Path, events: bool, ui: &Ui, stop: &AtomicBool) -> Result<(Dossier, OpenCase), Failure> {
    let mut job = Job::of_case(Case::open(dir)?, None, Window::default())?;
    let asked_at = job.asked_at();
    let (concluded, fresh_gaps) = investigate(&job, false, ui, stop)?;
    let mut anew = concluded.report();
    job.similar(&mut anew);
    // Knowing every event whole may show more than the tallies that conclusions rest on: apart, so that a report is the one
    // that an audit gave.
    let timeline = if events { investigate(&job, true, ui, stop)?.0.timeline() } else { Vec::new() };
    let Some(case) = job.opened.take() else {
        return Err(anyhow::anyhow!("open the case {}: it was lost on the way", dir.display()).into());
    };
    let mut gaps = Vec::new();
    let mut report = match saved_report(&case, &mut gaps) {
        // What a live run was told and nobody wrote into the evidence stands in its own conclusions alone.
        Some(saved) => {
            gaps.extend(fresh_gaps);
            saved
        }
        None => {
            super::cost::recorded(&mut anew, asked_at);
            anew
        }
    };
    gaps.extend(altered(&case));
    let plans = plans(&case, &report, &mut gaps);
    let deeds = done(&case, &mut gaps);
    report.gaps.extend(gaps);
    report.gaps.sort();
    report.gaps.dedup();
    let file = &case.file;
    let about = About {
        id: file.id.clone(),
        title: file.title.clone(),
        operator: file.operator.clone(),
        started_at: file.started_at,
        version: file.versions.as_ref().map(|versions| versions.triage.clone()),
    };
    Ok((Dossier { about, report, plans, deeds, timeline }, case))
}

/// Keeps nothing: the case has it already.
struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

/// Takes in the evidence; also returns what could not be read of it now.
fn investigate(
    job: &Job,
    whole: bool,
    ui: &Ui,
    stop: &AtomicBool,
) -> anyhow::Result<(Investigation, Vec<Gap>)> {
    let mut investigation = Investigation::new(job.principal.clone(), job.window.clone());
    if whole {
        investigation.keep_all();
    }
    job.tell(&mut investigation);
    let progress = Progress::default();
    let watch = ui.watch(&progress);
    let read = collect::collect(&job.source, &mut investigation, &Nowhere, &progress, stop);
    drop(watch);
    let read = read?;
    let fresh: Vec<Gap> = job.gaps.iter().chain(&read.gaps).cloned().collect();
    collect::tell(&mut investigation, &job.with_known(read));
    Ok((investigation, fresh))
}

/// Our own documents that are not as they were sealed; of the evidence, opening the case has said so.
fn altered(case: &OpenCase) -> Vec<Gap> {
    let is_ours = |file: &str| {
        file == "report.json" || (file.starts_with("plan-") && file.ends_with(".json") && !file.contains('/'))
    };
    let faults = Case::check(&case.dir).faults.into_iter();
    let faults = faults.filter(|fault| is_ours(&fault.file) && fault.what.is_change());
    faults.map(|fault| Gap::unread(fault.file, fault.what.to_string())).collect()
}

fn saved_report(case: &OpenCase, gaps: &mut Vec<Gap>) -> Option<Report> {
    let read = case.document("report").and_then(|bytes| {
        let Some(bytes) = bytes else { return Ok(None) };
        let report: Report = serde_json::from_slice(&bytes)?;
        if report.schema != report::SCHEMA {
            bail!("its schema is not {}, which this version reads", report::SCHEMA);
        }
        Ok(Some(report))
    });
    read.unwrap_or_else(|error| {
        gaps.push(Gap::unread(
            "report.json",
            format!("{error:#}; what is told is concluded anew from the evidence"),
        ));
        None
    })
}

/// The plans that lie in the case; where none do, as in one that a person wrote, those that would be proposed.
fn plans(case: &OpenCase, report: &Report, gaps: &mut Vec<Gap>) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut is_any = false;
    for stem in ["plan-revoke", "plan-contain"] {
        let read = case.document(stem).and_then(|bytes| {
            let Some(bytes) = bytes else { return Ok(None) };
            let plan: Plan = serde_json::from_slice(&bytes)?;
            if plan.schema != plan::SCHEMA {
                bail!("its schema is not {}, which this version reads", plan::SCHEMA);
            }
            Ok(Some(plan))
        });
        match read {
            Ok(None) => {}
            Ok(Some(plan)) => plans.push(plan),
            Err(error) => {
                is_any = true;
                gaps.push(Gap::unread(format!("{stem}.json"), format!("{error:#}")));
            }
        }
    }
    if plans.is_empty() && !is_any {
        let guard = Guard::default();
        plans = vec![revoke(report, &guard), contain(report, &guard, Options::default())];
    }
    plans
}

fn done(case: &OpenCase, gaps: &mut Vec<Gap>) -> Vec<Done> {
    let Some(path) = &case.journal else { return Vec::new() };
    match journal::read(path) {
        Ok((lines, ledger)) => deeds::deeds(&lines, &ledger),
        Err(error) => {
            gaps.push(Gap::unread("journal.ndjson", format!("what was done can't be told: {error:#}")));
            Vec::new()
        }
    }
}
