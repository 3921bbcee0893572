//! `triage verify CASE`: whether a case is what it was: every file against its sum, every line of the journal against the chain.
//!
//! Reads alone. What it prints as the head is what a chat, a ticket or a notary keeps: nobody can alter the case and its
//! sums together without it becoming another.

use super::ui::{Color, Ui};
use super::{Failure, exit};
use crate::case::{Case, Check, OpenCase};
use crate::exec::journal::{self, Chain};
use crate::render::{Line, Untrusted, count, json};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The schema of what `-o json` gives.
const SCHEMA: &str = "triage.verify/1";

pub const EXAMPLES: &str = "\
Exit codes: 0 everything is as it was; 1 something was altered, is missing or was added; 3 something could not be read, or
nothing says what it was.

By hand: sha256sum -c SHA256SUMS in the case.

Examples:
  triage verify triage-20260314T050607Z-1f2e3d4c
  triage verify triage-20260314T050607Z-1f2e3d4c --head \"$HEAD\"
  triage verify triage-20260314T050607Z-1f2e3d4c -o json";

#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// The case to check.
    #[arg(value_name = "CASE")]
    pub folder: PathBuf,
    /// The head that an earlier verify or pack printed: finds also what was cut off, or altered together with its sums.
    #[arg(long, value_name = "SHA256")]
    pub head: Option<String>,
    /// What stdout gets.
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    pub output: Form,
    /// Colour: NO_COLOR and CLICOLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors.
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Table,
    Json,
}

/// What a case turned out to be.
pub struct Looked {
    pub check: Check,
    /// Absent where nothing was ever done, or its journal could not be read.
    pub chain: Option<Chain>,
    /// Why the journal could not be read.
    pub unread: Option<String>,
    /// Absent without sums.
    pub head: Option<String>,
    /// Whether the head is another than the one that was given.
    pub is_other: bool,
}

pub fn run(args: &VerifyArgs, ui: &Ui) -> Result<u8, Failure> {
    if let Some(head) = &args.head
        && !(head.len() == 64 && head.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        let why = "--head: a head has 64 hexadecimal digits\nhint: copy it from what verify or pack printed";
        return Err(Failure::Usage(anyhow!(why)));
    }
    let case = Case::open(&args.folder)?;
    let looked = look(&case, args.head.as_deref());
    match args.output {
        Form::Table => ui.result(text(&case.dir, &looked).as_bytes()),
        Form::Json => ui.result(&json::document(&document(&looked))),
    }
    .context("write the result")?;
    Ok(looked.code())
}

/// Looks at everything in a case.
pub fn look(case: &OpenCase, given: Option<&str>) -> Looked {
    let check = Case::check(&case.dir);
    let (chain, unread) = match case.journal.as_deref().map(journal::check) {
        None => (None, None),
        Some(Ok(chain)) => (Some(chain), None),
        Some(Err(error)) => (None, Some(format!("{error:#}"))),
    };
    let head = check.manifest.as_deref().filter(|_| unread.is_none()).map(|sums| head(sums, chain.as_ref()));
    let is_other = given.is_some_and(|given| Some(given.to_ascii_lowercase()) != head);
    Looked { check, chain, unread, head, is_other }
}

/// What stands for the whole case, the same as coreutils make it:
/// `{ sha256sum < SHA256SUMS; tail -n 1 journal.ndjson | tr -d '\n' | sha256sum; } | sha256sum`.
fn head(sums: &str, chain: Option<&Chain>) -> String {
    let nothing = hex(&Sha256::digest(b""));
    let chain = chain.map_or(nothing.as_str(), |chain| &chain.head);
    hex(&Sha256::digest(format!("{sums}  -\n{chain}  -\n")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Looked {
    pub fn code(&self) -> u8 {
        let is_changed = self.check.faults.iter().any(|fault| fault.what.is_change())
            || self.chain.as_ref().is_some_and(|chain| !chain.faults.is_empty())
            || self.is_other;
        let is_torn = self.chain.as_ref().is_some_and(|chain| chain.torn.is_some());
        match (is_changed, self.check.faults.is_empty() && self.unread.is_none() && !is_torn) {
            (true, _) => exit::FAILURE,
            (false, true) => exit::SUCCESS,
            (false, false) => exit::INCOMPLETE,
        }
    }

    /// Every line that says what is wrong, and the head last.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for fault in &self.check.faults {
            let why = fault.what.to_string();
            lines.push(Line::new().put(Untrusted(&fault.file)).put(": ").put(Untrusted(&why)));
        }
        if let Some(why) = &self.unread {
            lines.push(Line::new().put("journal.ndjson: ").put(Untrusted(why)));
        }
        if let Some(chain) = &self.chain {
            for fault in &chain.faults {
                lines.push(Line::new().put("journal.ndjson: ").put(Untrusted(fault)));
            }
            if let Some(line) = chain.torn {
                let line = Line::new().put("journal.ndjson: line ").put(line);
                lines.push(line.put(" is cut off: a crash or a full disk ended the run that wrote it"));
            }
        }
        lines
    }
}

fn text(dir: &Path, looked: &Looked) -> String {
    let shown = dir.to_string_lossy();
    let mut lines = looked.lines();
    let verdict = match looked.code() {
        exit::SUCCESS => Line::new().put("UNCHANGED  ").put(Untrusted(&shown)),
        exit::FAILURE => Line::new().put("ALTERED  ").put(Untrusted(&shown)),
        _ => Line::new().put("NOT WHOLE  ").put(Untrusted(&shown)),
    };
    let mut tally = count(looked.check.good, "file", "files").put(" as sealed");
    tally = match &looked.chain {
        Some(chain) => {
            tally.put(", ").join(count(chain.lines, "line", "lines")).put(" of journal in one chain")
        }
        None if looked.unread.is_some() => tally.put(", the journal unread"),
        None => tally.put(", no journal: nothing was done in it"),
    };
    if !looked.check.beside.is_empty() {
        let named = looked.check.beside.iter().map(|name| Line::new().put(Untrusted(name)));
        tally = tally.put("; no sum is of ").list(", ", named);
    }
    lines.push(tally);
    if looked.check.writable > 0 {
        let line = count(looked.check.writable, "file", "files").put(" of evidence can be written to");
        lines.push(line.put(": chmod -R a-w evidence inventory keeps accidents away"));
    }
    match &looked.head {
        Some(head) if looked.is_other => {
            lines.push(Line::new().put("head  ").put(Untrusted(head)).put("  is not the one given"));
        }
        Some(head) => lines.push(Line::new().put("head  ").put(Untrusted(head))),
        None => lines.push(Line::new().put("head  unknown")),
    }
    let mut out = String::new();
    verdict.write(&mut out, 0, 2, None, false);
    lines.iter().for_each(|line| line.write(&mut out, 2, 4, None, false));
    out
}

fn document(looked: &Looked) -> Value {
    let faults = looked.check.faults.iter();
    let faults: Vec<Value> = faults
        .map(|fault| json!({"file": fault.file, "what": fault.what.name(), "why": fault.what.to_string()}))
        .collect();
    let mut document = json!({
        "schema": SCHEMA,
        "verdict": match looked.code() {
            exit::SUCCESS => "unchanged",
            exit::FAILURE => "altered",
            _ => "not_whole",
        },
        "files": looked.check.good,
        "faults": faults,
        "beside": looked.check.beside,
        "writable": looked.check.writable,
    });
    if let Some(chain) = &looked.chain {
        document["journal"] = json!({"lines": chain.lines, "head": chain.head, "faults": chain.faults});
        if let Some(line) = chain.torn {
            document["journal"]["torn"] = line.into();
        }
    }
    if let Some(why) = &looked.unread {
        document["journal"] = json!({"unread": why});
    }
    if let Some(sums) = &looked.check.manifest {
        document["manifest"] = sums.as_str().into();
    }
    if let Some(head) = &looked.head {
        document["head"] = head.as_str().into();
    }
    if looked.is_other {
        document["is_other_head"] = true.into();
    }
    document
}
