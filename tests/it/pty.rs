//! On a real terminal: colour, width, a spinner, Ctrl-C. Elsewhere none of it.
#![cfg(unix)]

use crate::interrupt::{KEY, long_logs};
use crate::support::{Bench, scenario};
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use std::process::Command;

/// No run here takes longer, milliseconds.
const LONGEST: u64 = 120_000;

fn on_a_terminal(bench: &Bench, args: &[&str], env: &[(&str, &str)]) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(args).env_clear().env("HOME", bench.path("")).env("TERM", "xterm-256color");
    command.envs(env.iter().copied()).current_dir(bench.path(""));
    spawn_command(command, Some(LONGEST)).expect("a terminal can be made")
}

/// All that the terminal got, and the exit code.
fn seen(mut session: PtySession) -> (String, i32) {
    let text = session.exp_eof().expect("it ends");
    match session.process_mut().wait().expect("it is ours") {
        WaitStatus::Exited(_, code) => (text, code),
        other => panic!("it ended by {other:?}: {text}"),
    }
}

#[test]
fn a_terminal_gets_colour_unless_it_asks_for_none() {
    let case = scenario("aws-role-chain");
    for (env, is_colored) in [
        (&[][..], true),
        (&[("NO_COLOR", "1")], false),
        (&[("CLICOLOR", "0")], false),
        (&[("TERM", "dumb")], false),
    ] {
        let bench = Bench::new();
        let (text, code) =
            seen(on_a_terminal(&bench, &["audit", "--case", &case, "--case-dir", "case"], env));
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("LEAKED KEY USED BY"), "{text}");
        // Bold and red are the result's; the spinner clears its line by other sequences.
        assert_eq!(text.contains("\x1b[1;31m"), is_colored, "{env:?}");
        assert_eq!(text.contains("\x1b[1m"), is_colored, "{env:?}");
        if env == [("TERM", "dumb")] {
            assert!(!text.contains('\x1b'), "a dumb terminal can't take a line back: {text}");
        }
    }
    let bench = Bench::new();
    let piped = bench.run(&["audit", "--case", &case, "--case-dir", "case"]).exits(3);
    assert!(!piped.text().contains('\x1b') && !piped.err.contains('\x1b'), "a pipe gets none");
}

#[test]
fn a_terminal_gets_progress_and_one_ctrl_c_ends_it_with_a_result() {
    let bench = Bench::new();
    long_logs(&bench, 8);
    let args = ["audit", "--principal", KEY, "--logs", "logs", "--case-dir", "case"];
    let mut session = on_a_terminal(&bench, &args, &[("NO_COLOR", "1")]);
    session
        .exp_regex(r"… \d+ of \d+ files, [\d,]*[1-9][\d,]* records")
        .expect("progress with its denominator");
    session.send_control('c').expect("the terminal takes it");
    let (text, code) = seen(session);
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("INTERRUPTED") && text.contains("(exit code 130)"), "{text}");
    assert!(bench.path("case/SHA256SUMS").is_file(), "what was seen is sealed");
}
