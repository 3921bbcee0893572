//! How a command that acts ends: what it wrote, what it says, and its exit code.

use super::act::Acted;
use super::args::{ActArgs, Output};
use super::door::Door;
use super::ui::Ui;
use super::{Failure, exit};
use crate::case::{Case, Inputs};
use crate::collect::Corpus;
use crate::model::{Gap, Report};
use crate::render::{Line, Untrusted, json, table};
use anyhow::Context;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;

/// The schema of what `-o json` gives where something was carried out.
const SCHEMA: &str = "triage.run/1";

/// Shows a report before it is acted on.
pub fn show(args: &ActArgs, report: &Report, ui: &Ui) -> anyhow::Result<()> {
    match args.audit.output {
        Output::Table => {
            let view = ui.view(Some(crate::model::Time::now()));
            ui.result(table::report(report, &view).as_bytes()).context("write the result")
        }
        Output::Json
        | Output::Jsonl
        | Output::Csv
        | Output::Md
        | Output::Html
        | Output::Ocsf
        | Output::Timesketch
        | Output::Iocs => Ok(()),
    }
}

/// Ends a command that made no report.
pub fn acted(args: &ActArgs, case: &Case, acted: &Acted, ui: &Ui) -> Result<u8, Failure> {
    case.seal()?;
    end(args, case, acted, None, &acted.gaps, ui)
}

/// Ends a command that made a report.
pub fn reported(
    args: &ActArgs,
    session: &dyn Door,
    case: &Case,
    report: &Report,
    corpus: &Corpus,
    acted: &Acted,
    ui: &Ui,
) -> Result<u8, Failure> {
    let (scopes, gaps) = (corpus.scopes.clone(), corpus.gaps.clone());
    let inputs = Inputs::new(Vec::new(), (&corpus.counts).into(), scopes, gaps, corpus.complete);
    case.write_inputs(&inputs.asked_by(Some(session.asked_by(case).until(report))))?;
    case.write_report(&json::report(report))?;
    case.seal()?;
    let gaps: Vec<Gap> = report.gaps.iter().chain(&acted.gaps).cloned().collect();
    end(args, case, acted, Some(report), &gaps, ui)
}

fn end(
    args: &ActArgs,
    case: &Case,
    acted: &Acted,
    report: Option<&Report>,
    gaps: &[Gap],
    ui: &Ui,
) -> Result<u8, Failure> {
    let dir = case.dir().to_string_lossy();
    let is_told_whole = matches!(args.audit.output, Output::Table | Output::Json | Output::Jsonl);
    if !is_told_whole {
        let bytes = super::report::case(case.dir(), args.audit.output, ui, &AtomicBool::new(false))?;
        ui.result(&bytes).context("write the result")?;
    } else if args.audit.output != Output::Table {
        let mut document = json!({"schema": SCHEMA, "case": dir, "runs": acted.documents, "gaps": gaps});
        if let Some(report) = report {
            document["report"] = serde_json::to_value(report).unwrap_or(Value::Null);
        }
        ui.result(&json::document(&document)).context("write the result")?;
    } else if report.is_none() {
        // With a report, its own gaps are in its text.
        gaps.iter().for_each(|gap| {
            ui.warn(Line::new().put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why)))
        });
    }
    ui.note(Line::new().put("The case is in ").put(Untrusted(&dir)));
    if args.dry_run {
        ui.note(Line::new().put("Nothing was changed (--dry-run)."));
    }
    let code = acted.code();
    let is_incomplete = !args.audit.allow_gaps && gaps.iter().any(Gap::is_incomplete);
    Ok(match code {
        exit::SUCCESS if report.is_some_and(|report| report.partial) => exit::INTERRUPTED,
        exit::SUCCESS if is_incomplete => exit::INCOMPLETE,
        code => code,
    })
}
