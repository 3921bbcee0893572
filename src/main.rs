//! The program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use triage::cli::args::{Cli, Command};
use triage::cli::ui::Ui;
use triage::cli::{audit, exit};
#[cfg(feature = "aws")]
use triage::cli::{contain, revoke, undo};

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (args, proposes) = match &cli.command {
        Some(Command::Audit(args)) => (args, false),
        #[cfg(feature = "aws")]
        Some(Command::Revoke(args)) => (&args.act.audit, false),
        #[cfg(feature = "aws")]
        Some(Command::Contain(args)) => (&args.act.audit, false),
        #[cfg(feature = "aws")]
        Some(Command::Undo(args)) => (&args.act.audit, false),
        None => (&cli.audit, true),
    };
    let ui = Ui::new(args.color, args.quiet, args.verbose);
    let run = || match &cli.command {
        #[cfg(feature = "aws")]
        Some(Command::Revoke(args)) => revoke::run(args, &ui, &STOP),
        #[cfg(feature = "aws")]
        Some(Command::Contain(args)) => contain::run(args, &ui, &STOP),
        #[cfg(feature = "aws")]
        Some(Command::Undo(args)) => undo::run(args, &ui, &STOP),
        Some(Command::Audit(_)) | None => audit::run(args, proposes, &ui, &STOP),
    };
    let done = audit::listen(&STOP).map_err(Into::into).and_then(|()| run());
    ExitCode::from(match done {
        Ok(code) => {
            if code != exit::SUCCESS {
                ui.code(code);
            }
            code
        }
        Err(failure) => {
            ui.error(failure.error());
            failure.code()
        }
    })
}
