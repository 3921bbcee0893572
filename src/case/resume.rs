//! A case of logs that is continued, also one whose last run did not end: what it left is mended, checked and counted in.
//!
//! What a run saved before it was cut off is evidence like any other. Its sums were never written, so it is held against the
//! run's own index: records that were saved before a note of them are there, in the same bytes, or it is said that they are not.

use super::check::{self, Fault, What};
use super::disk::{self, told};
use super::evidence::GzLines;
use super::index::{Index, Remembered, Written, refuse_while_written};
use super::manifest::{self, SUMS};
use super::name::hex;
use super::{CASE, Case, EVIDENCE, INPUTS, OpenCase};
use crate::model::Gap;
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A case that is continued.
#[derive(Debug)]
pub struct Resumed {
    pub case: Case,
    /// What lay there.
    pub open: OpenCase,
    /// Whether the last run did not end.
    pub is_cut: bool,
    /// Why nothing of what earlier runs remembered is believed, if they left anything.
    pub refused: Option<String>,
    remembered: Remembered,
}

/// The notes that earlier runs made.
pub struct Notes {
    case: PathBuf,
    remembered: Remembered,
}

impl Notes {
    /// Hands over every one, oldest first.
    pub fn each(&self, to: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.remembered.notes(&self.case, to)
    }
}

impl Resumed {
    pub fn notes(&self) -> Notes {
        Notes { case: self.case.dir().into(), remembered: self.remembered.clone() }
    }

    /// Begins this run's own notes; `forgets` says that those of earlier runs hold no more.
    pub fn begin(&self, by: &str, forgets: bool) -> Result<()> {
        let is_first = self.remembered.files.is_empty();
        self.case.begin(Index::begin(&self.case.dir, self.remembered.next, by, forgets || is_first)?);
        Ok(())
    }
}

/// Continues a folder that a run over logs wrote; `by` is who notes now, and whose notes alone are believed.
pub(super) fn resume(dir: &Path, by: &str) -> Result<Resumed> {
    let dir: PathBuf = dir.components().collect();
    let mut open = Case::look(&dir)?;
    refuse_while_written(&dir)?;
    disk::make_dirs(&dir, &[EVIDENCE.into()])?;
    let sums = dir.join(SUMS);
    let was_sealed = sums.symlink_metadata().is_ok();
    let mut sealed = manifest::Sealed::of(&dir)?;
    let mut remembered = Remembered::of(&dir, sealed.sums(), by);
    let mut gaps = std::mem::take(&mut open.gaps);
    let (files, mut faults) = (open.files(), open.faults());
    if remembered.is_cut {
        let is_new = |path: &&PathBuf| path.starts_with(EVIDENCE) && !sealed.sums().contains_key(*path);
        let adopted: BTreeSet<PathBuf> = files.iter().filter(is_new).cloned().collect();
        let mut altered = BTreeSet::new();
        for path in &adopted {
            let name = path.to_string_lossy();
            if let Some(why) = mend(&dir.join(path), remembered.written.get(&*name))? {
                remembered.refuse(format!("{name}: {why}"));
                gaps.push(Gap::unread(name, why));
                altered.insert(path.clone());
            }
        }
        for (name, _) in remembered.written.clone().iter().filter(|(name, _)| !dir.join(name).exists()) {
            let why = "it is missing, though the run that was cut off had written it";
            remembered.refuse(format!("{name}: {why}"));
            gaps.push(Gap::unread(name.clone(), why));
        }
        faults.retain(|fault| !is_of_cut(fault, &adopted, &remembered, &dir));
        sealed.adopt(altered);
    }
    if !was_sealed && (remembered.is_cut || files.is_empty()) {
        // Nothing was ever sealed: what could be checked was.
        faults.retain(|fault| fault.what != What::Unsealed);
    }
    gaps.extend(check::as_gaps(&faults));
    if faults.iter().any(|fault| fault.what.is_change()) {
        remembered.refuse("the case is not what it was when it was sealed".into());
    }
    gaps.sort();
    gaps.dedup();
    open.gaps.clone_from(&gaps);
    let asked_by = open.inputs.as_ref().and_then(|inputs| inputs.asked_by.clone());
    let case =
        Case { dir, earlier: Some(sealed), wrote: Mutex::default(), asked_by, gaps, index: Mutex::default() };
    let (is_cut, refused) = (remembered.is_cut, remembered.refused.clone());
    Ok(Resumed { case, open, is_cut, refused, remembered })
}

/// Whether a run that did not end explains it.
fn is_of_cut(fault: &Fault, adopted: &BTreeSet<PathBuf>, remembered: &Remembered, case: &Path) -> bool {
    match fault.what {
        What::Added | What::Unfinished => adopted.contains(Path::new(&fault.file)),
        What::Altered => [CASE, INPUTS].contains(&fault.file.as_str()) && remembered.wrote(case, &fault.file),
        What::Missing | What::NoSum | What::Unsealed | What::Unreadable(_) => false,
    }
}

/// What can be read of a file of evidence.
struct Legible {
    /// Bytes, unpacked, up to the end of the last whole line.
    bytes: u64,
    is_torn: bool,
    /// Whether it begins with what was noted.
    holds: bool,
}

/// Takes off what a crash tore in the middle of a line or of its packing, and says what is not as it was noted. What was not
/// noted yet is read again from where it came from.
fn mend(path: &Path, noted: Option<&Written>) -> Result<Option<&'static str>> {
    let legible = match read(path, noted) {
        Ok(legible) => legible,
        Err(error) => return Err(told("read", path, error)),
    };
    if !legible.holds {
        // As it is: it shows what somebody did.
        return Ok(Some("it is not what the run that was cut off had written"));
    }
    if legible.is_torn {
        rewrite(path, legible.bytes)?;
    }
    Ok(None)
}

fn read(path: &Path, noted: Option<&Written>) -> io::Result<Legible> {
    let mut text = MultiGzDecoder::new(BufReader::new(File::open(path)?));
    let (mut buffer, mut hash) = (vec![0; 64 << 10], Sha256::new());
    let (mut at, mut bytes, mut lines) = (0_u64, 0_u64, 0_u64);
    let wanted = noted.map_or(0, |noted| noted.lines);
    let is_broken = loop {
        let read = match text.read(&mut buffer) {
            Ok(0) => break false,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // Torn or altered: what comes before it tells.
            Err(_) => break true,
        };
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', read).map(|end| end + 1) {
            if lines < wanted {
                hash.update(&read[from..end]);
            }
            (from, lines, bytes) = (end, lines + 1, at + end as u64);
        }
        if lines < wanted {
            hash.update(&read[from..]);
        }
        at += read.len() as u64;
    };
    let holds = noted.is_none_or(|noted| lines >= wanted && hex(&hash.finalize()) == noted.sha256);
    Ok(Legible { bytes, is_torn: is_broken || at != bytes, holds })
}

fn rewrite(path: &Path, bytes: u64) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{:08x}.part", disk::chance() as u32));
    let file = disk::create_new(&part).map_err(|error| told("write", &part, error))?;
    let mut text =
        MultiGzDecoder::new(BufReader::new(File::open(path).map_err(|error| told("read", path, error))?))
            .take(bytes);
    let mut lines = GzLines::new(file);
    let written = lines.copy(&mut text).and_then(|()| lines.finish()).and_then(|file| file.sync_all());
    let written = written.and_then(|()| fs::rename(&part, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&part);
        return Err(told("write", path, error));
    }
    disk::sync_dir(path.parent().context("a file of evidence lies in a folder")?)
}
