//! `triage man [COMMAND]`: the manual page in roff, made from the arguments themselves.

use super::args::Cli;
use super::ui::Ui;
use super::{Failure, exit};
use anyhow::{Context, anyhow};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

pub const EXAMPLES: &str = "\
Examples:
  triage man | man -l -
  triage man audit > triage-audit.1";

#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// The command to tell of; default: the program.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

pub fn run(args: &ManArgs, ui: &Ui) -> Result<u8, Failure> {
    let mut whole = Cli::command();
    // Names its commands `triage-audit` and so on.
    whole.build();
    let page = match &args.command {
        None => whole.clone(),
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
            Failure::Usage(anyhow!(
                "tell of {name}: there is no such command\naccepted: {}",
                known.join(", ")
            ))
        })?,
    };
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff).context("write the manual")?;
    ui.result(&roff).context("write the manual")?;
    Ok(exit::SUCCESS)
}
