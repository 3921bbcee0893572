//! `triage schema`: the JSON Schemas of what this program writes, made from the types that write it.

use super::Failure;
use super::ui::Ui;
use crate::exec;
use crate::render::{json, schema};
use anyhow::Context;
use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// Of which document.
    #[arg(value_enum, default_value_t = Document::Report)]
    pub document: Document,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// `report.json` and `-o json`: `triage.report/1`.
    Report,
    /// `plan-revoke.json`, `plan-contain.json`, `plan-undo.json`, `plan-ticket.json`: `triage.plan/1`.
    Plan,
    /// One line of `journal.ndjson`: `triage.journal/1`.
    Journal,
}

pub fn run(args: &SchemaArgs, ui: &Ui) -> Result<u8, Failure> {
    let schema = match args.document {
        Document::Report => schema::report(),
        Document::Plan => schema::plan(),
        Document::Journal => schema::journal::<exec::Line>(exec::SCHEMA),
    };
    ui.result(&json::document(&schema)).context("write the schema")?;
    Ok(super::exit::SUCCESS)
}
