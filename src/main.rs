//! The program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use triage::cli::args::{AuditArgs, Cli, Command};
#[cfg(feature = "aws")]
use triage::cli::ui::Color;
use triage::cli::ui::Ui;
use triage::cli::{audit, exit};

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let audited = |args: &AuditArgs, proposes: bool| {
        let ui = Ui::new(args.color, args.quiet, args.verbose);
        let done = audit::listen(&STOP).map_err(Into::into);
        (done.and_then(|()| audit::run(args, proposes, &ui, &STOP)), ui)
    };
    let (done, ui) = match &cli.command {
        Some(Command::Audit(args)) => audited(args, false),
        #[cfg(feature = "aws")]
        Some(Command::Permissions(args)) => {
            let ui = Ui::new(Color::Auto, false, false);
            (triage::cli::permissions::run(args, &ui), ui)
        }
        None => audited(&cli.audit, true),
    };
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
