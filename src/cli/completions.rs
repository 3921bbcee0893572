//! `triage completions SHELL`: what the shell needs to complete commands and flags, made from the arguments themselves.

use super::args::Cli;
use super::ui::Ui;
use super::{Failure, exit};
use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

pub const EXAMPLES: &str = "\
Examples:
  triage completions bash > ~/.local/share/bash-completion/completions/triage
  triage completions zsh > ~/.zfunc/_triage
  triage completions fish > ~/.config/fish/completions/triage.fish";

#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

pub fn run(args: &CompletionsArgs, ui: &Ui) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "triage", &mut script);
    ui.result(&script).context("write the completions")?;
    Ok(exit::SUCCESS)
}
