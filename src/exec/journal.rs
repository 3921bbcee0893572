//! `journal.ndjson`: what was about to be done and what became of it, on the disk before and after every call.
//!
//! Append-only, fsynced, hash-chained; one run at a time holds it. Interprets nothing: [`super::ledger`] does. Written by
//! `exec` alone; anyone may [`read`] and [`verify`] it.

use super::entry::{Entry, Line, SCHEMA};
use super::ledger::Ledger;
use crate::case::{Case, told};
use crate::model::Time;
use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

/// What ends every whole line, before its checksum.
const SUM: &str = ",\"sum\":\"";
/// A SHA-256 in hexadecimal.
const HEX: usize = 64;

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Holds the lock too.
    file: File,
    prev: String,
    next: u64,
    ledger: Ledger,
    /// The first failure: after it nothing more is written, and so nothing more is called.
    broken: Option<String>,
}

/// A process that is being started somewhere else holds a copy of every open file for a moment: the lock is let go by word.
impl Drop for State {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Journal {
    /// Opens the case's journal, or begins it. Refused while another run holds it, and when a line was altered.
    pub fn open(case: &Case) -> Result<Journal> {
        let (file, path, _) = case.append_journal()?;
        Journal::on(file, path)
    }

    /// The same on a file that is open already, to append to and to read.
    pub fn on(mut file: File, path: PathBuf) -> Result<Journal> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("write {}: another run holds it\nhint: wait until that run has ended", path.display())
            }
            Err(TryLockError::Error(error)) => return Err(told("lock", &path, error)),
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(|error| told("read", &path, error))?;
        let scan = Scan::of(&bytes);
        if let Some(fault) = scan.faults.first() {
            bail!(
                "continue {}: {fault}\nhint: keep this case as evidence and begin a new one",
                path.display()
            );
        }
        let state =
            State { file, prev: scan.prev, next: scan.next, ledger: Ledger::of(&scan.lines), broken: None };
        let journal = Journal { path, state: Mutex::new(state) };
        // What was cut off stays as it is; the next line says so.
        let before = if scan.ends_open { "\n" } else { "" };
        match scan.torn {
            Some(line) => drop(journal.write(before, vec![Entry::Torn { line }], Time::now())?),
            None if scan.ends_open => drop(journal.write(before, Vec::new(), Time::now())?),
            None => {}
        }
        Ok(journal)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets a look at what the lines amount to.
    pub fn ledger<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.locked().ledger)
    }

    /// Appends entries, and returns their numbers once they are on the disk.
    pub(super) fn append(&self, entries: Vec<Entry>, now: Time) -> Result<Vec<u64>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.write("", entries, now)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self, before: &str, entries: Vec<Entry>, now: Time) -> Result<Vec<u64>> {
        let mut state = self.locked();
        if let Some(broken) = &state.broken {
            bail!("{broken}");
        }
        let (mut text, mut lines) = (before.to_owned(), Vec::new());
        let (mut prev, mut next) = (state.prev.clone(), state.next);
        for entry in entries {
            let line = Line { schema: SCHEMA.into(), no: next, at: now, prev, entry };
            let written = spell(&line)?;
            prev = sum(written.as_bytes());
            next += 1;
            text += &written;
            text.push('\n');
            lines.push(line);
        }
        let written = state.file.write_all(text.as_bytes()).and_then(|()| state.file.sync_data());
        if let Err(error) = written {
            let error = told("write", &self.path, error);
            state.broken = Some(format!("{error:#}"));
            return Err(error);
        }
        (state.prev, state.next) = (prev, next);
        let numbers = lines.iter().map(|line| line.no).collect();
        for line in lines {
            state.ledger.add(line.no, line.at, &line.entry);
        }
        Ok(numbers)
    }
}

/// Reads a journal back, whole or not at all.
pub fn read(path: &Path) -> Result<(Vec<Line>, Ledger)> {
    let scan = scan(path)?;
    if let Some(fault) = scan.faults.first() {
        bail!("read {}: {fault}", path.display());
    }
    let ledger = Ledger::of(&scan.lines);
    Ok((scan.lines, ledger))
}

/// Checks the chain, and returns how many lines it has. The error names the first line that was altered.
///
/// Lines cut off at the end leave no trace in a chain: what ends well may have ended later.
pub fn verify(path: &Path) -> Result<u64> {
    let scan = scan(path)?;
    match scan.faults.first() {
        Some(fault) => Err(anyhow!("verify {}: {fault}", path.display())),
        None => Ok(scan.next - 1),
    }
}

/// What a look at every line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub lines: u64,
    /// SHA-256 of the last line, without its line break; of nothing for a journal without lines.
    pub head: String,
    /// Which lines are not as they were written, first to last.
    pub faults: Vec<String>,
    /// The first of the lines at the end that a crash cut off.
    pub torn: Option<u64>,
}

/// Checks every line, and says what the chain ends with: what somebody else keeps of it, nobody can cut off unseen.
pub fn check(path: &Path) -> Result<Chain> {
    let Scan { faults, torn, prev, next, .. } = scan(path)?;
    Ok(Chain { lines: next - 1, head: prev, faults, torn })
}

fn scan(path: &Path) -> Result<Scan> {
    let bytes = std::fs::read(path).map_err(|error| told("read", path, error))?;
    Ok(Scan::of(&bytes))
}

struct Scan {
    lines: Vec<Line>,
    /// Which lines are not as they were written, first to last.
    faults: Vec<String>,
    /// The first of the lines at the end that were cut off and that no line names yet.
    torn: Option<u64>,
    /// Whether the last line has no line break.
    ends_open: bool,
    prev: String,
    next: u64,
}

impl Scan {
    fn of(bytes: &[u8]) -> Scan {
        let mut scan = Scan {
            lines: Vec::new(),
            faults: Vec::new(),
            torn: None,
            ends_open: bytes.last().is_some_and(|last| *last != b'\n'),
            prev: sum(b""),
            next: 1,
        };
        let mut torn_since: Option<u64> = None;
        let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines = (!bytes.is_empty()).then(|| whole.split(|byte| *byte == b'\n'));
        for line in lines.into_iter().flatten() {
            let no = scan.next;
            match understand(line) {
                Some(Ok(read)) => {
                    let follows = read.prev == scan.prev && read.no == no;
                    let names_torn = matches!(read.entry, Entry::Torn { line } if Some(line) == torn_since);
                    match torn_since.take() {
                        Some(torn) if !names_torn => {
                            scan.faults.push(format!("line {torn} was altered: it is cut off"));
                        }
                        _ if !follows && scan.faults.is_empty() => scan.faults.push(format!(
                            "line {no} was altered, or what stood before it: it does not follow line {}",
                            no - 1
                        )),
                        Some(_) | None => {}
                    }
                    scan.lines.push(read);
                }
                Some(Err(why)) => scan.faults.push(format!("line {no} was altered: {why}")),
                None => torn_since = torn_since.or(Some(no)),
            }
            scan.prev = sum(line);
            scan.next += 1;
        }
        scan.torn = torn_since;
        scan
    }
}

/// Reads a line and checks it against its own sum; `None` for one that is cut off.
fn understand(line: &[u8]) -> Option<Result<Line, String>> {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        // A cut may go through a letter.
        Err(error) if error.error_len().is_none() => return None,
        Err(_) => return Some(Err("it is not UTF-8".into())),
    };
    let (body, end) = text.rsplit_once(SUM)?;
    let told = end.strip_suffix("\"}").filter(|told| told.len() == HEX)?;
    if told != sum(body.as_bytes()) {
        return Some(Err("its checksum is another".into()));
    }
    let line: Result<Line, _> = serde_json::from_str(text);
    Some(match line {
        Ok(line) if line.schema != SCHEMA => Err(format!("its schema is not {SCHEMA}")),
        Ok(line) => Ok(line),
        Err(error) => Err(format!("it can't be read: {error}")),
    })
}

fn spell(line: &Line) -> Result<String> {
    let mut text = serde_json::to_string(line).context("write the journal's line")?;
    text.pop();
    let sum = sum(text.as_bytes());
    write!(text, "{SUM}{sum}\"}}").context("write the journal's line")?;
    Ok(text)
}

pub(super) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(HEX), |mut hex, byte| {
        // A String takes every write.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
