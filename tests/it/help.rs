//! Help that helps: every command's `--help` is printed, ends with examples, and every example is one that the program takes.

use crate::readme::{desk, runs};
use crate::support::{Bench, scenario};
use crate::typed_shared::{CASES, Needs, Typed, commands, examples, help, words};
use triage::cli::args::Cli;

/// Runs a line of documentation that begins with `triage`: what it types must be taken, and `--help` keeps it from acting.
#[track_caller]
pub fn is_taken(bench: &Bench, line: &str) {
    let words = words(line);
    let args: Vec<&str> = words.iter().skip(1).map(String::as_str).chain(["--help"]).collect();
    let done = bench.run(&args);
    assert_eq!(done.code, Some(0), "{line}: {}", done.err);
    // Clap prints help before it looks for what is missing; what is given must be right all the same.
    let typed: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(error) = <Cli as clap::Parser>::try_parse_from(&typed) {
        panic!("{line}: {error}");
    }
}

#[test]
fn every_command_has_help_with_examples_that_are_taken() {
    let bench = Bench::new();
    let all = commands();
    assert!(all.len() > 6, "{}", all.len());
    for (path, command) in all {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let long = bench.run(&args).exits(0);
        let help = long.text();
        assert!(long.err.is_empty() && help.contains("Usage: triage"), "{path:?}: {help}");
        assert!(command.get_about().is_some(), "{path:?} does not say what it does");
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            assert!(arg.get_help().is_some(), "{path:?} {} has no help", arg.get_id());
        }
        let examples: Vec<&str> =
            examples(help).into_iter().filter(|line| line.starts_with("triage ")).collect();
        assert!(!examples.is_empty(), "{path:?} has no examples");
        examples.into_iter().for_each(|line| is_taken(&bench, line));
        let short: Vec<&str> = path.iter().map(String::as_str).chain(["-h"]).collect();
        bench.run(&short).exits(0);
    }
    assert!(bench.files("").is_empty(), "help leaves nothing behind");
}

/// What asks a cloud is run by `tests/live` and `tests/live_gcp`.
#[test]
#[cfg(unix)]
fn every_example_that_needs_no_cloud_runs() {
    let bench = desk();
    bench.run(&["audit", "--case", &scenario("aws-role-chain"), "--case-dir", CASES[1]]).exits(3);
    for folder in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions", ".ssh"] {
        std::fs::create_dir_all(bench.path(folder)).expect("a folder");
    }
    let head = bench.run(&["verify", CASES[1], "-o", "json"]).json()["head"].clone();
    let head = head.as_str().expect("a head").to_owned();
    let is_there = |program: &str| {
        let asked = std::process::Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        asked.is_ok_and(|found| found.status.success())
    };
    if is_there("ssh-keygen") {
        let made = "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519 -C on-call@example.com";
        runs(&bench, &Typed { at: "a key".into(), line: made.into() });
    }
    for mut typed in help(Needs::Nothing) {
        typed.line = typed.line.replace("$HEAD", &head);
        for program in ["ssh-keygen", "man"].into_iter().filter(|program| !is_there(program)) {
            // What the program does is run; what others do with it is theirs.
            let (ours, theirs) = typed.line.split_once(" | ").unwrap_or((&typed.line, ""));
            if theirs.starts_with(program) || ours.starts_with(program) {
                eprintln!("SKIPPED: {program} is not installed: {}", typed.line);
                typed.line = if theirs.is_empty() { ":".to_owned() } else { format!("{ours} >/dev/null") };
            }
        }
        runs(&bench, &typed);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let bench = Bench::new();
    for (path, _) in commands() {
        let done = bench
            .run(&[&["man"][..], &path.iter().map(String::as_str).collect::<Vec<_>>()].concat())
            .exits(0);
        let name = if path.is_empty() { "triage".to_owned() } else { format!("triage-{}", path.join("-")) };
        assert!(done.text().contains(&format!(".TH {name} 1")), "{}", done.text());
        assert!(done.text().contains(".SH OPTIONS"), "{}", done.text());
    }
    let done = bench.run(&["man", "nothing"]).exits(2);
    assert!(done.err.contains("error: tell of nothing\nbecause: there is no such command\n"), "{}", done.err);
    assert!(done.err.contains("do this next: "), "{}", done.err);
}

#[test]
fn shells_complete_every_command() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = bench.run(&["completions", shell]).exits(0);
        for (path, _) in commands() {
            for word in path {
                assert!(done.text().contains(&word), "{shell} does not know {word}");
            }
        }
    }
    bench.run(&["completions", "cmd"]).exits(2);
    let script = bench.run(&["completions", "bash"]).exits(0);
    let script = bench.write("triage.bash", &script.out);
    let checked = std::process::Command::new("bash").arg("-n").arg(script).output();
    // Where there is no bash, nobody completes in it.
    assert!(checked.is_err() || checked.is_ok_and(|done| done.status.success()));
}

#[test]
fn errors_say_what_because_of_what_and_what_to_do_next() {
    let bench = Bench::new();
    let key = "AKIARTX3GSDSTEXAMPLE";
    for (args, code) in [
        (&["verify", "nowhere"][..], 1),
        (&["pack", "nowhere"], 1),
        (&["report", "nowhere"], 1),
        (&["audit", "--case", "nowhere"], 1),
        (&["audit", "--principal", key, "--logs", ".", "--since", "yesterday"], 2),
        (&["audit", "--principal", "nobody", "--logs", "."], 2),
        (&["audit", "--key-file", "nowhere", "--logs", "."], 1),
    ] {
        let done = bench.run(args).exits(code);
        let lines: Vec<&str> = done.err.lines().collect();
        assert!(done.out.is_empty() && lines.len() >= 3, "{args:?}: {}", done.err);
        assert!(
            lines[0].starts_with("error: ") && lines[1].starts_with("because: "),
            "{args:?}: {}",
            done.err
        );
        assert!(lines.iter().any(|line| line.starts_with("do this next: ")), "{args:?}: {}", done.err);
    }
}
