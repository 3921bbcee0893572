//! The program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use triage::cli::args::{AuditArgs, Cli, Command};
use triage::cli::ui::{Color, Ui};
use triage::cli::{Failure, audit, completions, doctor, exit, man, pack, report, schema, verify};
#[cfg(any(feature = "aws", feature = "gcp"))]
use triage::cli::{contain, permissions, revoke, undo};

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Audit(args)) => work(args, |ui| audit::run(args, false, ui, &STOP)),
        #[cfg(any(feature = "aws", feature = "gcp"))]
        Some(Command::Revoke(args)) => work(&args.act.audit, |ui| revoke::run(args, ui, &STOP)),
        #[cfg(any(feature = "aws", feature = "gcp"))]
        Some(Command::Contain(args)) => work(&args.act.audit, |ui| contain::run(args, ui, &STOP)),
        #[cfg(any(feature = "aws", feature = "gcp"))]
        Some(Command::Undo(args)) => work(&args.act.audit, |ui| undo::run(args, ui, &STOP)),
        Some(Command::Report(args)) => {
            let ui = Ui::new(args.color, args.quiet, args.verbose);
            let done = audit::listen(&STOP).map_err(Into::into).and_then(|()| report::run(args, &ui, &STOP));
            end(done, &ui)
        }
        Some(Command::Schema(args)) => {
            let ui = Ui::new(Color::Auto, false, false);
            end(schema::run(args, &ui), &ui)
        }
        #[cfg(any(feature = "aws", feature = "gcp"))]
        Some(Command::Permissions(args)) => {
            let ui = Ui::new(Color::Auto, false, false);
            end(permissions::run(args, &ui), &ui)
        }
        Some(Command::Doctor(args)) => {
            let ui = Ui::new(args.color, args.quiet, args.verbose);
            end(doctor::run(args, &ui), &ui)
        }
        Some(Command::Verify(args)) => {
            let ui = Ui::new(args.color, args.quiet, false);
            end(verify::run(args, &ui), &ui)
        }
        Some(Command::Pack(args)) => {
            let ui = Ui::new(args.color, args.quiet, false);
            end(pack::run(args, &ui), &ui)
        }
        Some(Command::Completions(args)) => {
            let ui = Ui::new(Color::Auto, false, false);
            end(completions::run(args, &ui), &ui)
        }
        Some(Command::Man(args)) => {
            let ui = Ui::new(Color::Auto, false, false);
            end(man::run(args, &ui), &ui)
        }
        None => work(&cli.audit, |ui| audit::run(&cli.audit, true, ui, &STOP)),
    }
}

/// Runs a command that takes a while: Ctrl-C is heard.
fn work(args: &AuditArgs, run: impl FnOnce(&Ui) -> Result<u8, Failure>) -> ExitCode {
    let ui = Ui::new(args.color, args.quiet, args.verbose);
    let done = audit::listen(&STOP).map_err(Into::into).and_then(|()| run(&ui));
    end(done, &ui)
}

fn end(done: Result<u8, Failure>, ui: &Ui) -> ExitCode {
    ExitCode::from(match done {
        Ok(code) => {
            if code != exit::SUCCESS {
                ui.code(code);
            }
            code
        }
        Err(failure) => {
            ui.error(failure.error(), failure.next());
            failure.code()
        }
    })
}
