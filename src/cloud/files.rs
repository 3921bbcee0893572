//! Exported logs on disk as a source: files, folders and patterns, each file a shard.
//!
//! Reads, never writes. It tells what could not be read and what each file was (for the manifest); what a record means is for
//! `read`.

mod find;
mod known;

pub use known::{Earlier, Given, Stamp, Standing};

use super::unwrap::{Limits, Shape, Trouble, Unpacker, Unwrapped, is_no_log, unwrap};
use super::{LogSource, Query, Raw, Shard, Take};
use crate::model::Gap;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory for texts that are held whole, by all threads together; each needs room for one packed and unpacked.
const HELD: usize = 160 << 20;
/// A text beyond this is read piece by piece; no delivered file comes near.
const LARGEST: usize = 64 << 20;

/// What a file was when it was read: a line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// As the operator named it, or under the folder that they named.
    pub path: String,
    /// Bytes on disk.
    pub size: u64,
    /// Of the bytes on disk; absent when they were not read to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Values that were handed on, records or not.
    pub records: u64,
    /// What the file was packed in and as, outermost first: `gzip+records`.
    pub shape: String,
}

/// A file that was found.
struct Found {
    path: PathBuf,
    size: u64,
}

pub struct FileSource {
    /// By name as shown: the path, where it is UTF-8.
    files: BTreeMap<String, Found>,
    limits: Limits,
    inputs: Mutex<BTreeMap<String, Input>>,
    /// Files whose bytes have yet to be hashed, and what they were when they were read.
    unhashed: Mutex<BTreeMap<String, Stamp>>,
    /// Those that changed since.
    changed: Mutex<Vec<Gap>>,
    /// What was last handed over to its end, by name: what it was then.
    stamps: Mutex<BTreeMap<String, Stamp>>,
    /// Those that could not be read to their end, once or more.
    failed: Mutex<BTreeSet<String>>,
    /// What became of files that an earlier run read.
    standing: BTreeMap<String, Standing>,
}

thread_local! {
    static BUFFERS: RefCell<(Vec<u8>, Unpacker)> = RefCell::default();
}

impl FileSource {
    /// Finds the files that these paths, folders (with all that is in them) and patterns name; tells what could not be found.
    pub fn new(paths: &[String]) -> (FileSource, Vec<Gap>) {
        let given = Given { base: PathBuf::new(), paths: paths.to_vec() };
        let (files, gaps) = find::find(&[], &[given], None);
        (FileSource::of(files), gaps)
    }

    fn of(files: BTreeMap<String, Found>) -> FileSource {
        FileSource {
            files,
            limits: Limits::default(),
            inputs: Mutex::default(),
            unhashed: Mutex::default(),
            changed: Mutex::default(),
            stamps: Mutex::default(),
            failed: Mutex::default(),
            standing: BTreeMap::new(),
        }
    }

    /// What was read so far, sorted by path.
    pub fn inputs(&self) -> Vec<Input> {
        self.hash();
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Hands every record of a file to `sink`, which may stop it, and returns what could not be read.
    pub fn fetch(&self, shard: &Shard, sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Vec<Gap> {
        let name = &shard.name;
        let Some(found) = self.files.get(name) else {
            return vec![Gap::unread(name, "not one of the files that were found")];
        };
        let mut file = match open(&found.path) {
            Ok(file) => Hashed { file, hash: Sha256::new(), size: 0, broken: false },
            Err(why) => {
                lock(&self.failed).insert(name.clone());
                let why = self.standing.get(name).map_or(why, |_| known::LOST.into());
                return vec![Gap::unread(name, why)];
            }
        };
        let stamp = Stamp::of_file(&file.file);
        let was = unwrap(&mut file, &self.limits, sink);
        match (&stamp, Stamp::of_file(&file.file)) {
            (Some(before), Some(after)) if *before == after => {
                lock(&self.stamps).insert(name.clone(), after);
            }
            _ => drop(lock(&self.failed).insert(name.clone())),
        }
        let (size, sha256) = file.finish(was.stopped);
        if sha256.is_none() {
            lock(&self.failed).insert(name.clone());
        }
        let mut gaps: Vec<Gap> = was.troubles.iter().map(|t| gap(name, t)).collect();
        if !was.stopped
            && was.records == 0
            && gaps.is_empty()
            && let Some(why) = no_records(&found.path, &was)
        {
            gaps.push(Gap::unread(name, why));
        }
        let mut shape = was.packing.join("+");
        if !shape.is_empty() {
            shape.push('+');
        }
        shape.push_str(was.shape.as_str());
        gaps.extend(self.note(Input { path: name.clone(), size, sha256, records: was.records, shape }));
        gaps
    }

    /// Hands a file over whole, if it is not too large and whoever takes it can; `false` when nothing was handed over.
    fn whole(&self, shard: &Shard, to: &dyn Take) -> bool {
        let limit = (HELD / rayon::current_num_threads().max(1)).clamp(1 << 20, LARGEST);
        let Some(found) = self.files.get(&shard.name) else { return false };
        BUFFERS.with_borrow_mut(|(packed, unpacker)| {
            let Ok(mut file) = open(&found.path) else { return false };
            let Some(stamp) = Stamp::of_file(&file) else { return false };
            let Some(size) = usize::try_from(stamp.size).ok().filter(|size| *size <= limit) else {
                return false;
            };
            packed.clear();
            packed.reserve(size + 1);
            // One byte more tells a file that grew.
            if file.by_ref().take(stamp.size + 1).read_to_end(packed).ok() != Some(size) {
                return false;
            }
            let is_packed = Unpacker::is_gzip(packed);
            let text = if is_packed { unpacker.unpack(packed, limit) } else { Some(&packed[..]) };
            let Some(whole) = text.and_then(|text| to.whole(&shard.name, text)) else { return false };
            let packing = if is_packed { "gzip+" } else { "" };
            let name = shard.name.clone();
            let mut inputs = lock(&self.inputs);
            if lock(&self.stamps).insert(name.clone(), stamp).is_some_and(|before| !before.is_like(&stamp)) {
                self.has_changed(&name);
            }
            // A second look only searches: what the file is was told by the first.
            if let Entry::Vacant(new) = inputs.entry(name) {
                let name = new.key().clone();
                lock(&self.unhashed).insert(name.clone(), stamp);
                let shape = format!("{packing}{}", whole.shape.as_str());
                new.insert(Input {
                    path: name,
                    size: size as u64,
                    sha256: None,
                    records: whole.records,
                    shape,
                });
            }
            true
        })
    }

    fn has_changed(&self, name: &str) {
        lock(&self.failed).insert(name.into());
        lock(&self.changed).push(Gap::unread(name, "it changed while it was being read"));
    }

    /// Hashes what was handed over whole and not hashed yet: after the reading, so that it holds up nobody.
    pub fn hash(&self) {
        let todo: Vec<(String, Stamp)> = std::mem::take(&mut *lock(&self.unhashed)).into_iter().collect();
        todo.par_iter().with_max_len(1).for_each(|(name, stamp)| self.hash_one(name, stamp));
    }

    /// The same by the calling thread alone, while all others read.
    pub fn hash_beside(&self) {
        let todo = std::mem::take(&mut *lock(&self.unhashed));
        todo.iter().for_each(|(name, stamp)| self.hash_one(name, stamp));
    }

    fn hash_one(&self, name: &str, stamp: &Stamp) {
        let sum = self.files.get(name).and_then(|found| known::sum(&found.path, stamp));
        if sum.is_none() {
            self.has_changed(name);
        }
        if let Some(input) = lock(&self.inputs).get_mut(name) {
            input.sha256 = sum;
        }
    }

    /// Notes what a file was; a gap when it was something else before.
    fn note(&self, input: Input) -> Option<Gap> {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        let path = input.path.clone();
        let hash = input.sha256.clone();
        let before = inputs.insert(path.clone(), input)?.sha256;
        let has_changed = before.is_some() && hash.is_some() && before != hash;
        if has_changed {
            lock(&self.failed).insert(path.clone());
        }
        has_changed.then(|| Gap::unread(path, "it changed while it was being read"))
    }
}

impl LogSource for FileSource {
    fn about(&self) -> String {
        match self.files.len() {
            1 => "1 file".into(),
            n => format!("{n} files"),
        }
    }

    fn shards(&self, _query: &Query) -> Vec<Shard> {
        self.files.iter().map(|(name, found)| Shard { name: name.clone(), size: found.size }).collect()
    }

    /// In the order in which they seem to have been delivered, one at a time per thread: the next file is taken when one is done.
    fn drive(&self, _query: &Query, shards: &[Shard], to: &dyn Take) {
        let mut order: Vec<&Shard> = shards.iter().collect();
        order.sort_by_cached_key(|shard| (delivered(&shard.name), shard.name.clone()));
        let next = AtomicUsize::new(0);
        rayon::broadcast(|_| {
            while let Some(shard) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                if to.is_stopped() {
                    return;
                }
                if !self.whole(shard, to) {
                    to.part(&shard.name, &mut |sink| self.fetch(shard, sink));
                }
                to.ended();
            }
        });
    }

    fn left(&self) -> Vec<Gap> {
        self.hash();
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When a file's name says that it was delivered, as digits; where no name tells, the path's own order is as good as any.
/// Only ever a hint: `…_CloudTrail_eu-west-1_20260914T0215Z_….json.gz`, `…/2026/09/14/02:00:00_02:59:59_S0.json`.
fn delivered(name: &str) -> Option<String> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stamp = file.split('_').find(|part| {
        part.len() >= 13 && part.as_bytes()[8] == b'T' && part[..8].bytes().all(|c| c.is_ascii_digit())
    });
    if let Some(stamp) = stamp {
        return Some(stamp.chars().filter(char::is_ascii_digit).collect());
    }
    let is_number = |part: &&str| matches!(part.len(), 2 | 4) && part.bytes().all(|c| c.is_ascii_digit());
    let folders: Vec<&str> = name.rsplit('/').skip(1).take_while(is_number).collect();
    let day: String = folders.into_iter().rev().collect();
    let hour: String = file.chars().take_while(|c| *c != '_').filter(char::is_ascii_digit).collect();
    (day.len() >= 8).then(|| day + &hour)
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gap(name: &str, trouble: &Trouble) -> Gap {
    let entry = trouble.entry.as_ref().map(|e| format!("!{e}")).unwrap_or_default();
    let line = if trouble.line > 0 { format!(":{}", trouble.line) } else { String::new() };
    Gap::unread(format!("{name}{entry}{line}"), &trouble.why)
}

/// Why a file without records should be named; `None` when it need not be.
fn no_records(path: &Path, was: &Unwrapped) -> Option<&'static str> {
    if was.is_container || is_no_log(path, was.shape) {
        return None;
    }
    Some(if was.shape == Shape::Empty { "it is empty" } else { "no records in it" })
}

/// Opens a regular file and nothing else, without waiting: what was a file when it was found may be a pipe by now.
fn open(path: &Path) -> Result<File, String> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path).map_err(|e| reason(&e))?;
    let kind = file.metadata().map_err(|e| reason(&e))?.file_type();
    if kind.is_file() { Ok(file) } else { Err(find::not_opened(kind)) }
}

/// The operating system's reason, as a fragment.
fn reason(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => {
            let text = e.to_string();
            let mut text = text.split(" (os error").next().unwrap_or_default().to_owned();
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            text
        }
    }
}

/// Hashes what is read from a file.
struct Hashed {
    file: File,
    hash: Sha256,
    size: u64,
    broken: bool,
}

impl Hashed {
    /// Reads what is left, unless nobody wants it, and returns the size and the hash.
    fn finish(mut self, stopped: bool) -> (u64, Option<String>) {
        if !stopped && !self.broken {
            self.broken = io::copy(&mut self, &mut io::sink()).is_err();
        }
        if stopped || self.broken {
            return (self.size, None);
        }
        (self.size, Some(self.hash.finalize().iter().map(|b| format!("{b:02x}")).collect()))
    }
}

impl Read for Hashed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf).map_err(|e| {
            self.broken |= e.kind() != io::ErrorKind::Interrupted;
            io::Error::new(e.kind(), reason(&e))
        })?;
        self.hash.update(&buf[..n]);
        self.size += n as u64;
        Ok(n)
    }
}
