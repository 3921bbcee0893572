//! Every command block of the README is executed. Its first line says how, behind the language: `run` as it is, `live` at the
//! stand-ins of `tests/live` and `tests/live_gcp` (here it is only taken, but for lines that need no cloud), `script` as a whole
//! (with the program's exit codes played), `cargo` as `.ci/run` does, `config` read as configuration, `shown` not at all (folders
//! and the like). A block without such a mark fails.

use crate::help::is_taken;
use crate::support::{Bench, SCENARIOS, evidence, scenario};
use crate::typed_shared::{Block, CASES, Needs, Typed, blocks, marked, needs, readme};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder in which every name that the README uses is there.
pub fn desk() -> Bench {
    let bench = Bench::new();
    bench.run(&["audit", "--case", &scenario("aws-role-chain"), "--case-dir", CASES[0]]).exits(3);
    #[cfg(unix)]
    for (name, target) in [
        ("exported-logs", evidence("gcp-cryptojacking")),
        ("trail-bucket-copy", evidence("aws-role-chain")),
        ("logs", evidence("gcp-cryptojacking")),
        ("fixtures", format!("{}/fixtures", env!("CARGO_MANIFEST_DIR"))),
    ] {
        std::os::unix::fs::symlink(target, bench.path(name)).expect("a link");
    }
    bench.write("leaked-key.txt", "aws_access_key_id = AKIARTX3GSDSTEXAMPLE\n");
    let key = serde_json::json!({
        "type": "service_account", "project_id": "shop-prod-4821", "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "client_email": "builder@shop-prod-4821.iam.gserviceaccount.com", "client_id": "104816152342000000001",
    });
    bench.write("leaked.json", key.to_string());
    bench
}

/// Runs a line of documentation that needs no cloud.
#[track_caller]
pub fn runs(bench: &Bench, Typed { at, line }: &Typed) {
    let (code, said) = sh(bench, line, None);
    // The recorded cases have gaps, on purpose: 3 is their answer.
    assert!(matches!(code, Some(0 | 3)), "{at}: {line}: {code:?} {said}");
}

/// Runs a script with `triage` on its path.
fn sh(bench: &Bench, script: &str, shim: Option<i32>) -> (Option<i32>, String) {
    let binary = env!("CARGO_BIN_EXE_triage");
    let body = match shim {
        None => format!("exec '{binary}' \"$@\"\n"),
        // What is typed must be taken; then the run ends as it is asked to.
        Some(code) => format!("'{binary}' \"$@\" --help >/dev/null || exit 2\nexit {code}\n"),
    };
    let path = bench.write("bin/triage", format!("#!/bin/sh\n{body}"));
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("rights");
    let paths = format!("{}:{}", bench.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(bench.path("")).env_clear().env("PATH", paths);
    command.env("HOME", bench.path(""));
    let done = command.output().expect("a shell runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.code(), said)
}

#[test]
fn every_block_says_how_it_is_tested() {
    for block in blocks() {
        let known = ["run", "live", "script", "cargo", "config", "shown"];
        let Block { language, mark, line, .. } = &block;
        assert!(
            known.contains(&mark.as_str()),
            "README.md:{line}: ```{language} {mark} has no mark that this test knows"
        );
        let fits = match mark.as_str() {
            "config" => language == "toml",
            "shown" => language == "text" || language == "yaml",
            _ => language == "sh",
        };
        assert!(fits, "README.md:{line}: {mark} is not for {language}");
    }
}

#[test]
fn what_is_to_be_run_runs() {
    for block in marked("run") {
        let bench = desk();
        for line in block.text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            runs(&bench, &Typed { at: format!("README.md:{}", block.line), line: line.to_owned() });
        }
    }
}

/// Every line of a `live` block belongs to a suite that runs it.
#[test]
fn what_asks_a_cloud_is_run_by_somebody() {
    let suites = [Needs::Nothing, Needs::Aws, Needs::Google].map(readme);
    for block in marked("live") {
        for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
            let held = suites.iter().filter(|lines| lines.iter().any(|typed| typed.line == line)).count();
            assert!(held > 0 && needs(line).is_some(), "README.md:{}: nobody runs {line}", block.line);
        }
    }
    let bench = desk();
    for typed in readme(Needs::Nothing) {
        if cfg!(feature = "aws") || !typed.line.contains(" aws ") {
            runs(&bench, &typed);
        }
    }
}

/// Without a cloud in the build its commands are not there to take anything.
#[test]
#[cfg_attr(not(feature = "aws"), allow(unused_variables))]
fn what_asks_a_cloud_is_taken() {
    let bench = Bench::new();
    for block in marked("live") {
        let lines = block.text.lines().filter(|line| line.starts_with("triage "));
        let lines: Vec<&str> = lines.collect();
        assert!(!lines.is_empty(), "README.md:{} has no command", block.line);
        #[cfg(feature = "aws")]
        lines.into_iter().for_each(|line| is_taken(&bench, line));
        #[cfg(not(feature = "aws"))]
        for line in lines.into_iter().filter(|line| line.contains("--logs")) {
            is_taken(&bench, line);
        }
    }
}

#[test]
fn scripts_end_as_the_exit_codes_say() {
    for block in marked("script") {
        let needs_cloud =
            ["triage revoke", "triage contain", "triage undo"].iter().any(|word| block.text.contains(word));
        if needs_cloud && cfg!(not(feature = "aws")) {
            continue;
        }
        for code in triage::cli::exit::ALL {
            let bench = desk();
            let (ended, said) = sh(&bench, &block.text, Some(i32::from(code)));
            let fine = matches!(code, 0 | 3 | 6);
            assert_eq!(ended == Some(0), fine, "README.md:{}: on {code}: {ended:?} {said}", block.line);
        }
    }
}

#[test]
fn cargo_s_commands_are_what_ci_runs() {
    let ci =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).expect("there is a CI");
    // As CI spells them: from the lock, with a scratch folder.
    let ci: String = ci.replace(" --locked", "");
    for block in marked("cargo") {
        for line in block.text.lines() {
            let plain = line.split(" #").next().unwrap_or_default().trim_end();
            assert!(ci.contains(plain), "README.md:{}: .ci/run does not run {plain}", block.line);
        }
    }
}

#[cfg(feature = "aws")]
#[test]
fn configuration_is_read() {
    for block in marked("config") {
        let bench = Bench::new();
        bench.write("config.toml", &block.text);
        let done = bench.run(&[
            "audit",
            "--principal",
            "AKIARTX3GSDSTEXAMPLE",
            "--config",
            "config.toml",
            "--profile",
            "nobody",
        ]);
        assert!(!done.err.contains("configuration"), "README.md:{}: {}", block.line, done.err);
        bench.write("config.toml", format!("{}\nmisspelt = 1\n", block.text));
        let done = bench.run(&[
            "audit",
            "--principal",
            "AKIARTX3GSDSTEXAMPLE",
            "--config",
            "config.toml",
            "--profile",
            "nobody",
        ]);
        assert!(done.err.contains("configuration"), "a wrong one is told: {}", done.err);
    }
}

#[test]
fn the_readme_knows_every_command_exit_code_and_scenario() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    for (path, _) in crate::typed_shared::commands().into_iter().filter(|(path, _)| !path.is_empty()) {
        assert!(readme.contains(&format!("triage {}", path.join(" "))), "README.md does not name {path:?}");
    }
    for code in triage::cli::exit::ALL {
        assert!(readme.contains(&format!("\n| {code} |")), "README.md does not explain {code}");
    }
    assert!(
        SCENARIOS.len() == 4 && readme.contains("holds four"),
        "fixtures/scenarios holds {}",
        SCENARIOS.len()
    );
}
