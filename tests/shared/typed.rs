//! What the documentation tells somebody to type: the README's blocks and the examples of every `--help`, and where each line can
//! be run. `it` runs what needs no cloud, `live` what asks AWS, `live_gcp` what asks Google Cloud; a line that none of them knows
//! fails.

// Each suite uses a part of it.
#![allow(dead_code)]

use clap::{Command, CommandFactory};
use std::fs;
use std::path::Path;
use triage::cli::args::Cli;

/// A block of the README.
pub struct Block {
    pub language: String,
    pub mark: String,
    pub text: String,
    pub line: usize,
}

pub fn blocks() -> Vec<Block> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in readme.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                let (language, mark) = info.split_once(' ').unwrap_or((info, ""));
                let (language, mark) = (language.into(), mark.trim().into());
                found.push(Block { language, mark, text: String::new(), line: at + 1 });
                open = true;
            }
            None if open => {
                let block = found.last_mut().expect("one is open");
                block.text += line;
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "the last block of the README has no end");
    found
}

/// Blocks with this mark; there must be some, or the marks have changed.
pub fn marked(mark: &str) -> Vec<Block> {
    let found: Vec<Block> = blocks().into_iter().filter(|block| block.mark == mark).collect();
    assert!(!found.is_empty(), "no block is marked {mark}");
    found
}

/// The program and every command below it, by what is typed.
pub fn commands() -> Vec<(Vec<String>, Command)> {
    let mut found = vec![(Vec::new(), Cli::command())];
    let mut at = 0;
    while at < found.len() {
        let (path, command) = found[at].clone();
        for below in command.get_subcommands().filter(|one| one.get_name() != "help") {
            found.push(([&path[..], &[below.get_name().to_owned()]].concat(), below.clone()));
        }
        at += 1;
    }
    found
}

/// The lines below `Examples:` of a help text.
pub fn examples(help: &str) -> Vec<&str> {
    let Some((_, examples)) = help.split_once("Examples:") else { return Vec::new() };
    examples.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Splits a line as a shell would, without what only a shell does: pipes, redirections, comments, variables' values.
pub fn words(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap_or_default();
    let line = line.split(['|', '>', ';']).next().unwrap_or_default();
    line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    Aws,
    Google,
    /// A cloud, and what is typed does not say which: every one.
    Any,
}

/// What a line needs to be run; none for what nobody knows.
pub fn needs(line: &str) -> Option<Needs> {
    let words = words(line);
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    let of_a_cloud = || {
        let is_key = words.iter().any(|word| word.starts_with("AKIA"));
        if is_key || has(&["--org", "--profile", "--accounts"]) {
            return Some(Needs::Aws);
        }
        if has(&["--organization", "--folder", "--project", "--billing-account"]) {
            return Some(Needs::Google);
        }
        has(&["--case", "undo"]).then_some(Needs::Any)
    };
    if words.first().is_none_or(|word| word != "triage") {
        return Some(Needs::Nothing);
    }
    match words.get(1).map(String::as_str) {
        Some("doctor") => Some(Needs::Any),
        Some("report") if has(&["--submit"]) => Some(Needs::Any),
        Some("report" | "schema" | "verify" | "pack" | "completions" | "man" | "permissions") => {
            Some(Needs::Nothing)
        }
        Some("revoke" | "contain" | "undo") => of_a_cloud(),
        Some("audit") | None => recorded(&has).or_else(of_a_cloud),
        Some(flag) if flag.starts_with("--") => recorded(&has).or_else(of_a_cloud),
        Some(_) => None,
    }
}

fn recorded(has: &dyn Fn(&[&str]) -> bool) -> Option<Needs> {
    has(&["--logs", "--case"]).then_some(Needs::Nothing)
}

/// A line, and where it stands.
#[derive(Clone, Debug)]
pub struct Typed {
    pub at: String,
    pub line: String,
}

/// Lines of the README's `live` blocks, in their order, that need this cloud. What does not say which goes with the line before it.
pub fn readme(cloud: Needs) -> Vec<Typed> {
    let mut found = Vec::new();
    for block in marked("live") {
        let mut before = Needs::Any;
        for (n, line) in block.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = format!("README.md:{}", block.line + n + 1);
            let mut needed = needs(line).unwrap_or_else(|| panic!("{at}: no suite knows how to run {line}"));
            if needed == Needs::Any {
                needed = before;
            } else if needed != Needs::Nothing {
                before = needed;
            }
            if needed == cloud || needed == Needs::Any && cloud != Needs::Nothing {
                found.push(Typed { at, line: line.to_owned() });
            }
        }
    }
    assert!(!found.is_empty(), "the README has no line for {cloud:?}");
    found
}

/// The same of the examples of every `--help`, command after command.
pub fn help(cloud: Needs) -> Vec<Typed> {
    let mut found = Vec::new();
    for (path, command) in commands() {
        let at = [&["triage".to_owned()][..], &path, &["--help".to_owned()]].concat().join(" ");
        // As it is written: a narrow terminal would wrap it.
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in examples(&help) {
            let needed = needs(line).unwrap_or_else(|| panic!("{at}: no suite knows how to run {line}"));
            if needed == cloud || needed == Needs::Any && cloud != Needs::Nothing {
                found.push(Typed { at: at.clone(), line: line.to_owned() });
            }
        }
    }
    assert!(!found.is_empty(), "no example is for {cloud:?}");
    found
}

/// No line here takes longer, milliseconds.
const LONGEST: u64 = 300_000;
/// How every question ends; before it stands the word that it asks for.
const QUESTION: &str = " to go on, anything else to stop:";

/// Somebody at a terminal, in the folder and with the environment of `as_whom`.
#[cfg(unix)]
pub struct Typist {
    as_whom: std::process::Command,
    /// What stands for the names of the documentation.
    pub names: Vec<(&'static str, String)>,
}

/// What came of a line.
#[cfg(unix)]
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// All that the terminal got.
    pub text: String,
}

#[cfg(unix)]
impl Typist {
    /// `as_whom` would run the program; what runs in its place says besides what a stand-in must be told: that it is meant, and
    /// that nobody wants to wait half a minute between two sweeps.
    pub fn new(as_whom: std::process::Command, names: Vec<(&'static str, String)>) -> Typist {
        let home = as_whom.get_current_dir().expect("a folder to be in");
        let bin = home.join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in\nrevoke | undo | report) set -- \"$@\" --allow-endpoint-override ;;\n\
             contain) set -- \"$@\" --allow-endpoint-override --pause 1 ;;\nesac\nexec '{}' \"$@\"\n",
            env!("CARGO_BIN_EXE_triage")
        );
        fs::write(bin.join("triage"), script).expect("a file");
        fs::set_permissions(bin.join("triage"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .expect("rights");
        Typist { as_whom, names }
    }

    fn home(&self) -> &Path {
        self.as_whom.get_current_dir().expect("a folder to be in")
    }

    /// Types a line, or a whole script, into a shell; where the program asks, the word that it asks for.
    #[track_caller]
    pub fn types(&self, line: &str) -> Ran {
        let mut typed = line.to_owned();
        for (name, stands) in &self.names {
            typed = typed.replace(name, stands);
        }
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &typed]).current_dir(self.home()).env_clear();
        command.envs(self.as_whom.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let paths = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{paths}", self.home().join("bin").display()));
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let mut session =
            rexpect::session::spawn_command(command, Some(LONGEST)).expect("a terminal can be made");
        let mut text = String::new();
        loop {
            let next = vec![rexpect::ReadUntil::String(QUESTION.to_owned()), rexpect::ReadUntil::EOF];
            let (before, found) =
                session.exp_any(next).unwrap_or_else(|e| panic!("{typed}: {e}\nafter {text}"));
            text += &before;
            text += &found;
            if found != QUESTION {
                break;
            }
            let word = before.rsplit("Type ").next().expect("a word is asked for");
            session.send_line(word).expect("the terminal takes it");
        }
        match session.process_mut().wait().expect("it is ours") {
            rexpect::process::WaitStatus::Exited(_, code) => Ran { code, text },
            other => panic!("{typed} ended by {other:?}: {text}"),
        }
    }

    /// What was found and done in the line before is what the next one is about: these names stand for the newest case.
    pub fn takes_up(&mut self, names: &[&'static str]) {
        let entries = fs::read_dir(self.home()).expect("a folder").flatten();
        let cases = entries.filter(|entry| entry.path().join("case.json").is_file());
        // Their names begin with the time, which is too coarse: two may be made in one second.
        let made = |entry: &fs::DirEntry| entry.path().join("case.json").metadata()?.modified();
        if let Some(newest) = cases.max_by_key(|entry| made(entry).ok()) {
            let newest = newest.file_name().into_string().expect("UTF-8");
            self.names.retain(|(name, _)| !names.contains(name));
            self.names.extend(names.iter().map(|name| (*name, newest.clone())));
        }
    }
}

/// The documentation's names of a case.
pub const CASES: [&str; 2] = ["triage-20260714T093000Z-1f2e3d4c", "triage-20260314T050607Z-1f2e3d4c"];

impl Typed {
    /// How a line may end, by the README's table of exit codes: 0, or 3 where the little cloud can't be asked everything. What is
    /// taken back of a live incident waits where stolen sessions would work again: 4 where that is all, else 5.
    fn may_end(&self) -> &'static [i32] {
        match self.line.contains("triage undo") && !self.line.contains("--dry-run") {
            true => &[0, 3, 4, 5],
            false => &[0, 3],
        }
    }

    #[cfg(unix)]
    #[track_caller]
    pub fn ends_well(&self, ran: &Ran) {
        let Typed { at, line } = self;
        assert!(self.may_end().contains(&ran.code), "{at}: {line}: {}: {}", ran.code, ran.text);
        assert!(!ran.text.contains("Usage: triage"), "{at}: {line}: {}", ran.text);
    }
}
