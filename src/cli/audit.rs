//! `triage audit`, and what bare `triage` adds to it: the plans that it would propose.
//!
//! The data's path: job → investigation ⇄ collect → case → report → plans → terminal. Nothing here can change a cloud:
//! there is no `Mutator` to be had.

use super::args::{AuditArgs, Output};
use super::continued::{self, Before, Notebook};
use super::job::Job;
use super::ui::Ui;
use super::{Failure, exit};
use crate::analyze::Investigation;
use crate::case::{Case, CaseFile, Evidence, Input, Inputs, Saved, Versions};
use crate::collect::{self, Corpus, Keep, Memory};
use crate::model::plan::Plan;
use crate::model::{Gap, Provider, Report, Time, report};
use crate::plan::{self, Guard};
use crate::progress::Progress;
use crate::read::{Head, RecordKind};
use crate::render::changed::{self, Changes, Files};
use crate::render::{Line, Untrusted, json, jsonl, plan as plan_text, table};
use anyhow::{Context, anyhow};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs it; `proposes` says whether plans and the next commands follow.
pub fn run(args: &AuditArgs, proposes: bool, ui: &Ui, stop: &AtomicBool) -> Result<u8, Failure> {
    #[cfg(any(feature = "aws", feature = "gcp"))]
    if args.is_live() {
        return live(args, proposes, ui, stop);
    }
    let now = Time::now();
    let (job, case, mut before) = begin(args, now)?;
    let (report, corpus, files) = investigate(&job, &case, before.as_mut(), ui, stop)?;
    let changes = before.as_ref().map(|before| continued::changes(before, &report, files));
    let plans = [
        plan::revoke::revoke(&report, &Guard::default()),
        plan::contain::contain(&report, &Guard::default(), plan::Options::default()),
    ];
    if let Some(before) = &before
        && before.file.window != job.window
    {
        let command_line = case_file(&job, now).command_line;
        let window = job.window.clone();
        case.write_meta(&CaseFile { command_line, window, ..before.file.clone() })?;
    }
    write(&job, &case, &corpus, &report, &plans, changes.as_ref())?;
    changes.iter().flat_map(changed::lines).for_each(|line| ui.note(line));
    show(args, proposes, &case, &report, &plans, ui, now, stop)?;
    Ok(code(args, &report))
}

/// What is looked at, in which case, and what earlier runs of it left.
fn begin(args: &AuditArgs, now: Time) -> Result<(Job, Case, Option<Before>), Failure> {
    if let Some(dir) = args.added_to() {
        if args.case_dir.is_some() {
            return Err(Failure::Usage(anyhow!(
                "use --case-dir with --case and --logs: logs are added where the case is\nhint: leave --case-dir out"
            )));
        }
        if Case::is_there(dir) {
            let (job, case, before) = continued::open(args, dir, now)?;
            return Ok((job, case, Some(before)));
        }
        if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Failure::Usage(anyhow!(
                "add logs to the case {}: it holds no case.json, and is not empty\nhint: give --case the folder that a run wrote, or \
                 one that does not exist yet",
                dir.display()
            )));
        }
    }
    let job = Job::new(args, now)?;
    let dir = args.added_to().or(args.case_dir.as_deref());
    let case = Case::create(dir, &case_file(&job, now))?;
    if job.opened.is_none() {
        continued::begin(&case, &args.logs)?;
    }
    Ok((job, case, None))
}

/// The same of a cloud that is asked itself.
#[cfg(any(feature = "aws", feature = "gcp"))]
fn live(args: &AuditArgs, proposes: bool, ui: &Ui, stop: &AtomicBool) -> Result<u8, Failure> {
    let opened = super::open::open(args, Time::now())?;
    let session = super::door::connect(opened.principal.provider, &args.live, &opened.id, false, ui)?;
    session.refuse_self(&opened.principal)?;
    let case = opened.case(&*session)?;
    let (report, corpus) = session.investigate(&opened.inquiry(args, &case), false, ui, stop)?;
    let plans = [
        plan::revoke::revoke(&report, session.guard()),
        plan::contain::contain(&report, session.guard(), plan::Options::default()),
    ];
    let counts = (&corpus.counts).into();
    let (scopes, gaps) = (corpus.scopes.clone(), corpus.gaps.clone());
    let inputs = Inputs::new(Vec::new(), counts, scopes, gaps, corpus.complete);
    case.write_inputs(&inputs.asked_by(Some(session.asked_by(&case).until(&report))))?;
    case.write_report(&json::report(&report))?;
    for plan in &plans {
        case.write_plan(plan.kind.name(), &json::document(plan))?;
    }
    case.seal()?;
    show(args, proposes, &case, &report, &plans, ui, Time::now(), stop)?;
    Ok(code(args, &report))
}

fn case_file(job: &Job, now: Time) -> CaseFile {
    CaseFile {
        // `args()` would panic on a folder whose name is not UTF-8.
        command_line: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        versions: Some(Versions { triage: env!("CARGO_PKG_VERSION").into(), schema: report::SCHEMA.into() }),
        started_at: Some(now),
        title: job.opened.as_ref().and_then(|case| case.file.title.clone()),
        story: job.opened.as_ref().and_then(|case| case.file.story.clone()),
        ..CaseFile::new(job.principal.clone(), job.window.clone())
    }
}

fn investigate(
    job: &Job,
    case: &Case,
    before: Option<&mut Before>,
    ui: &Ui,
    stop: &AtomicBool,
) -> anyhow::Result<(Report, Corpus, Files)> {
    let mut investigation = Investigation::new(job.principal.clone(), job.window.clone());
    job.tell(&mut investigation);
    let mut memory = Memory::default();
    if let Some(before) = before {
        memory = std::mem::take(&mut before.memory);
        before.events.drain(..).for_each(|event| investigation.absorb(event));
    }
    let progress = Progress::default();
    let watch = ui.watch(&progress);
    let evidence = case.evidence();
    let book = Notebook::new(case, &job.source, &evidence, &memory)?;
    let kept = Kept(&evidence);
    let read = book.beside(|| {
        collect::collect_on(&job.source, &mut investigation, &kept, &progress, stop, memory, &book)
    });
    drop(watch);
    let files = book.files();
    // What was kept is made to last even when the rest failed.
    book.finish(evidence.finish()?)?;
    let corpus = job.with_known(read??);
    collect::tell(&mut investigation, &corpus);
    let mut report = investigation.report();
    job.similar(&mut report);
    super::cost::recorded(&mut report, job.asked_at());
    Ok((report, corpus, files))
}

pub(super) struct Kept<'a>(pub &'a Evidence);

impl Keep for Kept<'_> {
    fn save(&self, raw: &[u8], head: &Head) -> anyhow::Result<bool> {
        let provider = match head.kind {
            RecordKind::CloudTrail => Provider::Aws,
            RecordKind::CloudAudit | RecordKind::Abuse | RecordKind::Other => Provider::Gcp,
        };
        let saved = self.0.save(provider, &head.account, &head.region, head.source, raw)?;
        Ok(saved == Saved::Kept)
    }
}

fn write(
    job: &Job,
    case: &Case,
    corpus: &Corpus,
    report: &Report,
    plans: &[Plan],
    changes: Option<&Changes>,
) -> anyhow::Result<()> {
    // An opened case's own inputs are what its corpus was; its evidence files are not.
    let inputs = match job.opened.as_ref().and_then(|opened| opened.inputs.as_ref()) {
        Some(inputs) => inputs.inputs.clone(),
        None => job
            .source
            .inputs()
            .map(|input| Input {
                path: input.path,
                size: input.size,
                sha256: input.sha256,
                records: input.records,
            })
            .collect(),
    };
    let counts = (&corpus.counts).into();
    let (scopes, gaps) = (corpus.scopes.clone(), corpus.gaps.clone());
    let inputs = Inputs::new(inputs, counts, scopes, gaps, corpus.complete);
    let mut documents = vec![("inputs".to_owned(), inputs.asked_by(job.asked_by().cloned()).to_json()?)];
    if let Some(opened) = &job.opened {
        case.copy_inventory(opened)?;
    }
    documents.push(("report".into(), json::report(report)));
    documents.extend(plans.iter().map(|plan| (format!("plan-{}", plan.kind.name()), json::document(plan))));
    documents.extend(changes.map(|changes| ("changes".into(), json::document(changes))));
    case.write_documents(&documents)?;
    case.seal()
}

#[allow(clippy::too_many_arguments, reason = "what a result is made of")]
fn show(
    args: &AuditArgs,
    proposes: bool,
    case: &Case,
    report: &Report,
    plans: &[Plan],
    ui: &Ui,
    now: Time,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let bytes = match args.output {
        Output::Json => json::report(report),
        Output::Jsonl => jsonl::report(report),
        Output::Table => {
            // Recorded cases are old: "3 h ago" would be said of a fixture for ever.
            let view = ui.view(args.case.is_none().then_some(now));
            let mut text = table::report(report, &view);
            if proposes {
                for plan in plans {
                    text.push('\n');
                    text.push_str(&plan_text::plan(plan, &view));
                }
            }
            text.into_bytes()
        }
        Output::Csv | Output::Md | Output::Html | Output::Ocsf | Output::Timesketch | Output::Iocs => {
            super::report::case(case.dir(), args.output, ui, stop)?
        }
    };
    ui.result(&bytes).context("write the result")?;
    let dir = case.dir().to_string_lossy();
    ui.note(Line::new().put("The case is in ").put(Untrusted(&dir)));
    if proposes {
        ui.note(Line::new().put("Nothing was changed. Next: triage audit -v --case ").put(Untrusted(&dir)).put(" lists everything; plan-revoke.json and plan-contain.json in the case hold the proposed steps."));
    }
    Ok(())
}

fn code(args: &AuditArgs, report: &Report) -> u8 {
    if report.partial {
        return exit::INTERRUPTED;
    }
    if !args.allow_gaps && report.gaps.iter().any(Gap::is_incomplete) {
        return exit::INCOMPLETE;
    }
    let has_findings = !report.findings.is_empty();
    if args.fail_on_findings && has_findings { exit::FINDINGS } else { exit::SUCCESS }
}

/// Sets `stop` on the first Ctrl-C, so that what was seen is reported; the second ends at once.
pub fn listen(stop: &'static AtomicBool) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::SeqCst) || super::ui::is_asking() {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    })
    .context("listen for Ctrl-C")
}
