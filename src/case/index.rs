//! `index/0001.bin` and so on: what each run remembers of the files that it has read, so that the next reads only what is new.
//!
//! A cache: without it a run costs time, and nothing else. Knows frames and checksums, not what is in them: whoever appends
//! them, `cli`, knows. One file a run, appended to at intervals and made to last; each frame is summed up together with all
//! before it, so that what a crash tore off is seen, and what was put in or taken out is not believed.

use super::disk::{self, told};
use super::manifest;
use super::name::hex;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

pub(super) const INDEX: &str = "index";
/// How a file begins, also the first that its sums begin with.
const MAGIC: &[u8; 8] = b"triage\x00\x01";
/// The largest frame: a file of the largest size that is counted, and room.
const LARGEST: u32 = 1 << 30;

/// Bytes before a frame: what it is, and its length.
const HEAD: usize = 5;

/// What a frame is.
const BEGUN: u8 = 0;
const EVIDENCE: u8 = 1;
const DOCUMENT: u8 = 2;
const NOTE: u8 = 3;

#[derive(Serialize, Deserialize)]
struct Begun {
    /// What wrote it: what another wrote is not believed.
    by: String,
    /// Nothing of what earlier runs remembered holds any more.
    fresh: bool,
}

/// How far a file of evidence was written when the notes that follow were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Relative to the case.
    pub path: String,
    pub lines: u64,
    /// Of these lines, each with its line feed.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    path: String,
    sha256: String,
}

/// The index of one run, being written; nobody else writes to the case meanwhile.
#[derive(Debug)]
pub struct Index {
    file: File,
    path: PathBuf,
    chain: [u8; 32],
}

/// A process that is being started somewhere else holds a copy of every open file for a moment: the lock is let go by word.
impl Drop for Index {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Index {
    pub(super) fn begin(case: &Path, number: u32, by: &str, fresh: bool) -> Result<Index> {
        let folder = disk::make_dirs(case, &[INDEX.into()])?;
        let path = folder.join(name(number));
        let mut file = disk::create_new(&path).map_err(|error| told("write", &path, error))?;
        lock(&file, &path)?;
        file.write_all(MAGIC).map_err(|error| told("write", &path, error))?;
        let mut index = Index { file, path, chain: Sha256::digest(MAGIC).into() };
        let begun = serde_json::to_vec(&Begun { by: by.into(), fresh }).context("write the index")?;
        index.append(&[(BEGUN, &begun)])?;
        disk::sync_dir(&folder)?;
        disk::sync_dir(case)?;
        Ok(index)
    }

    /// Adds notes, and how far the evidence that they rest on was written and made to last.
    pub fn note(&mut self, evidence: &[Written], notes: &[Vec<u8>]) -> Result<()> {
        let evidence: Result<Vec<Vec<u8>>, _> = evidence.iter().map(serde_json::to_vec).collect();
        let evidence = evidence.context("write the index")?;
        let evidence = evidence.iter().map(|frame| (EVIDENCE, frame.as_slice()));
        let frames: Vec<(u8, &[u8])> =
            evidence.chain(notes.iter().map(|note| (NOTE, note.as_slice()))).collect();
        self.append(&frames)
    }

    /// Says what documents are about to become: a crash before the seal must not look as if somebody had altered them.
    pub(super) fn documents(&mut self, documents: &[(String, &[u8])]) -> Result<()> {
        let frame = |(path, bytes): &(String, &[u8])| {
            serde_json::to_vec(&Document { path: path.clone(), sha256: hex(&Sha256::digest(bytes)) })
        };
        let frames: Result<Vec<Vec<u8>>, _> = documents.iter().map(frame).collect();
        let frames = frames.context("write the index")?;
        self.append(&frames.iter().map(|frame| (DOCUMENT, frame.as_slice())).collect::<Vec<_>>())
    }

    fn append(&mut self, frames: &[(u8, &[u8])]) -> Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        let room = frames.iter().map(|(_, frame)| HEAD + frame.len() + self.chain.len()).sum();
        let mut bytes = Vec::with_capacity(room);
        for (kind, frame) in frames {
            let len = u32::try_from(frame.len()).ok().filter(|len| *len <= LARGEST);
            let len = len.with_context(|| format!("write {}: too much of one file", self.path.display()))?;
            self.chain = link(&self.chain, *kind, frame);
            bytes.push(*kind);
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(frame);
            bytes.extend_from_slice(&self.chain);
        }
        self.file.write_all(&bytes).map_err(|error| told("write", &self.path, error))?;
        self.file.sync_data().map_err(|error| told("write", &self.path, error))
    }
}

fn name(number: u32) -> String {
    format!("{number:04}.bin")
}

fn number(path: &Path) -> Option<u32> {
    let text = path.strip_prefix(INDEX).ok()?.to_str()?;
    let number = text.strip_suffix(".bin")?.parse().ok()?;
    (name(number) == text).then_some(number)
}

fn link(chain: &[u8; 32], kind: u8, frame: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(chain);
    hash.update([kind]);
    hash.update((frame.len() as u64).to_le_bytes());
    hash.update(frame);
    hash.finalize().into()
}

fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            bail!("write {}: another run writes to this case\nhint: wait until it has ended", path.display())
        }
        // Some network file systems have no locks.
        Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// What earlier runs remembered, as far as it can be believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered {
    /// Each with so many bytes that hold, in order.
    pub files: Vec<(PathBuf, u64)>,
    /// Number of the next run's.
    pub next: u32,
    /// Why nothing of it is believed, if something was there.
    pub refused: Option<String>,
    /// Of runs that did not end: how far each file of evidence was written.
    pub written: BTreeMap<String, Written>,
    /// Of runs that did not end: the sums that documents may have.
    pub documents: BTreeMap<String, BTreeSet<String>>,
    /// Whether a run did not end.
    pub is_cut: bool,
}

impl Remembered {
    /// Looks at what is there. `sealed` are the sums, `by` is who would write it now.
    pub fn of(case: &Path, sealed: &BTreeMap<PathBuf, String>, by: &str) -> Remembered {
        let mut gaps = Vec::new();
        let mut found = BTreeMap::new();
        for path in disk::files_under(case, INDEX, &mut gaps) {
            match number(&path) {
                Some(number) => drop(found.insert(number, path)),
                None => gaps.push(crate::model::Gap::unread(path.to_string_lossy(), "it is none of ours")),
            }
        }
        let listed = sealed.keys().filter_map(|path| number(path));
        let last = found.keys().copied().chain(listed).max().unwrap_or_default();
        let mut kept = Remembered { next: last + 1, ..Remembered::default() };
        let mut refused = gaps.first().map(|gap| format!("{}: {}", gap.place, gap.why));
        for number in (1..=last).rev() {
            let path = PathBuf::from(INDEX).join(name(number));
            let shown = path.display().to_string();
            let sum = sealed.get(&path);
            if !found.contains_key(&number) {
                refused.get_or_insert(format!("{shown} is missing"));
                break;
            }
            let whole = case.join(&path);
            let looked = match look(&whole) {
                Ok(Some(looked)) => looked,
                Ok(None) => {
                    refused.get_or_insert(format!("{shown} is no index"));
                    break;
                }
                Err(error) => {
                    refused.get_or_insert(format!("{error:#}"));
                    break;
                }
            };
            match sum {
                Some(sum) => {
                    if manifest::sum_of(&whole).ok().as_ref() != Some(sum) || !looked.is_whole {
                        refused.get_or_insert(format!("{shown} was altered since it was sealed"));
                    }
                }
                None => {
                    kept.is_cut = true;
                    // Newer ones were looked at first.
                    for (name, written) in looked.written {
                        kept.written.entry(name).or_insert(written);
                    }
                    for (name, sums) in looked.documents {
                        kept.documents.entry(name).or_default().extend(sums);
                    }
                }
            }
            if looked.begun.by != by {
                refused.get_or_insert("another version wrote it".into());
            }
            kept.files.insert(0, (path, looked.len));
            if looked.begun.fresh {
                break;
            }
            if number == 1 {
                refused.get_or_insert(format!("{shown} has no beginning"));
            }
        }
        if refused.is_some() {
            kept.files.clear();
            kept.refused = refused;
        }
        kept
    }

    /// Hands over every note, oldest first.
    pub fn notes(&self, case: &Path, to: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        for (path, len) in &self.files {
            let mut frames = Frames::open(&case.join(path))?.context("it was an index a moment ago")?;
            while frames.at < *len
                && let Some((kind, frame)) = frames.next()?
            {
                if kind == NOTE {
                    to(&frame)?;
                }
            }
        }
        Ok(())
    }

    /// Believes nothing of it.
    pub fn refuse(&mut self, why: String) {
        if !self.files.is_empty() {
            self.files.clear();
            self.refused = Some(why);
        }
    }

    /// Whether a document that was altered since the seal was written so by a run that did not end.
    pub fn wrote(&self, case: &Path, path: &str) -> bool {
        let now = || manifest::sum_of(&case.join(path));
        self.documents.get(path).is_some_and(|sums| now().is_ok_and(|now| sums.contains(&now)))
    }
}

struct Looked {
    begun: Begun,
    /// Bytes up to where a frame does not hold.
    len: u64,
    is_whole: bool,
    written: BTreeMap<String, Written>,
    documents: BTreeMap<String, BTreeSet<String>>,
}

/// Walks over a file; `None` where it does not even begin as one.
fn look(path: &Path) -> Result<Option<Looked>> {
    let Some(mut frames) = Frames::open(path)? else { return Ok(None) };
    let begun = match frames.next()? {
        Some((BEGUN, frame)) => serde_json::from_slice(&frame).ok(),
        _ => None,
    };
    let Some(begun) = begun else { return Ok(None) };
    let (mut written, mut documents) = (BTreeMap::new(), BTreeMap::<String, BTreeSet<String>>::new());
    while let Some((kind, frame)) = frames.next()? {
        match kind {
            EVIDENCE => {
                if let Ok(one) = serde_json::from_slice::<Written>(&frame) {
                    written.insert(one.path.clone(), one);
                }
            }
            DOCUMENT => {
                if let Ok(one) = serde_json::from_slice::<Document>(&frame) {
                    documents.entry(one.path).or_default().insert(one.sha256);
                }
            }
            _ => {}
        }
    }
    let is_whole = frames.at == frames.size;
    Ok(Some(Looked { begun, len: frames.at, is_whole, written, documents }))
}

struct Frames {
    file: BufReader<File>,
    path: PathBuf,
    chain: [u8; 32],
    /// Up to where frames hold.
    at: u64,
    size: u64,
}

impl Frames {
    fn open(path: &Path) -> Result<Option<Frames>> {
        let file = File::open(path).map_err(|error| told("read", path, error))?;
        let size = file.metadata().map_err(|error| told("read", path, error))?.len();
        let mut frames = Frames {
            file: BufReader::with_capacity(1 << 16, file),
            path: path.into(),
            chain: Sha256::digest(MAGIC).into(),
            at: MAGIC.len() as u64,
            size,
        };
        let mut magic = [0; MAGIC.len()];
        Ok((frames.fill(&mut magic)? && magic == *MAGIC).then_some(frames))
    }

    /// The next frame that holds.
    fn next(&mut self) -> Result<Option<(u8, Vec<u8>)>> {
        let mut head = [0; HEAD];
        if !self.fill(&mut head)? {
            return Ok(None);
        }
        let len = u32::from_le_bytes(head[1..].try_into().expect("four of five bytes"));
        // What is longer than the file is torn or made up: no memory for it.
        if len > LARGEST || self.at + u64::from(len) > self.size {
            return Ok(None);
        }
        let (mut frame, mut sum) = (vec![0; len as usize], [0; 32]);
        if !(self.fill(&mut frame)? && self.fill(&mut sum)?) {
            return Ok(None);
        }
        let chain = link(&self.chain, head[0], &frame);
        if chain != sum {
            return Ok(None);
        }
        self.chain = chain;
        self.at += (head.len() + frame.len() + sum.len()) as u64;
        Ok(Some((head[0], frame)))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<bool> {
        match self.file.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(told("read", &self.path, error)),
        }
    }
}

/// Refuses while a run that is not over writes to the case.
pub(super) fn refuse_while_written(case: &Path) -> Result<()> {
    let mut gaps = Vec::new();
    for path in disk::files_under(case, INDEX, &mut gaps) {
        let whole = case.join(path);
        let file = File::open(&whole).map_err(|error| told("read", &whole, error))?;
        lock(&file, &whole)?;
        let _ = file.unlock();
    }
    Ok(())
}
