//! `triage schema`: the JSON Schemas of what this program writes, made from the types that write it.

use super::Failure;
use super::ui::Ui;
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
}

pub fn run(args: &SchemaArgs, ui: &Ui) -> Result<u8, Failure> {
    let schema = match args.document {
        Document::Report => schema::report(),
    };
    ui.result(&json::document(&schema)).context("write the schema")?;
    Ok(super::exit::SUCCESS)
}
