//! The program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use triage::cli::args::{Cli, Command};
use triage::cli::ui::Ui;
use triage::cli::{audit, exit};

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (args, proposes) = match &cli.command {
        Some(Command::Audit(args)) => (args, false),
        None => (&cli.audit, true),
    };
    let ui = Ui::new(args.color, args.quiet, args.verbose);
    let done = audit::listen(&STOP).map_err(Into::into).and_then(|()| audit::run(args, proposes, &ui, &STOP));
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
