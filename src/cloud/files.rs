//! Exported logs on disk as a source: files, folders and patterns, each file a shard.
//!
//! Reads, never writes. It tells what could not be read and what each file was (for the manifest); what a record means is for
//! `read`.

mod find;
mod known;

pub use known::{Earlier, Given, ReadAs, Stamp, Standing};

use super::unwrap::{Limits, Shape, Trouble, Unpacker, Unwrapped, is_no_log, unwrap};
use super::{LogSource, Query, Raw, Shard, Take};
use crate::model::Gap;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory for texts that are held whole, by all threads together; each needs room for one packed and unpacked.
const HELD: usize = 160 << 20;
/// A text beyond this is read piece by piece; no delivered file comes near.
const LARGEST: usize = 64 << 20;

const CHANGED: &str = "it changed while it was being read";

/// What a file was when it was read: a line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// As the operator named it, or under the folder that they named.
    pub path: Arc<str>,
    /// Bytes on disk.
    pub size: u64,
    /// Of the bytes on disk; absent when they were not read to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Values that were handed on, records or not.
    pub records: u64,
    /// What the file was packed in and as, outermost first: `gzip+records`.
    pub shape: Arc<str>,
}

/// A file that was found: of each as little as can be, for there may be a million.
struct Found {
    /// As shown: the path, where it is UTF-8.
    name: Arc<str>,
    /// Where it lies, when the name does not say so.
    path: Option<Box<Path>>,
    state: Mutex<State>,
}

/// What is known of a file that was read.
#[derive(Default)]
struct State {
    was: Option<Was>,
    /// What it was when it was last handed over to its end.
    stamp: Option<Stamp>,
    /// It could not be read to its end, once or more.
    has_failed: bool,
}

/// The manifest's line of it.
#[derive(Clone)]
struct Was {
    size: u64,
    sha256: Option<[u8; 32]>,
    records: u64,
    shape: Arc<str>,
}

impl Found {
    fn new(name: &str, path: &Path) -> Found {
        let path = (path.to_str() != Some(name)).then(|| path.into());
        Found { name: name.into(), path, state: Mutex::default() }
    }

    fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(&*self.name))
    }
}

pub struct FileSource {
    /// Sorted by name.
    files: Vec<Found>,
    limits: Limits,
    /// What files were packed in and as: there are few ways, and many files.
    shapes: Mutex<BTreeSet<Arc<str>>>,
    /// Files that changed since they were first read.
    changed: Mutex<Vec<Gap>>,
    /// What became of files that an earlier run read.
    standing: BTreeMap<Arc<str>, Standing>,
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

    fn of(files: Vec<Found>) -> FileSource {
        FileSource {
            files,
            limits: Limits::default(),
            shapes: Mutex::default(),
            changed: Mutex::default(),
            standing: BTreeMap::new(),
        }
    }

    fn found(&self, name: &str) -> Option<&Found> {
        let at = self.files.binary_search_by(|found| (*found.name).cmp(name)).ok()?;
        self.files.get(at)
    }

    /// What was read so far, sorted by path.
    pub fn inputs(&self) -> impl Iterator<Item = Input> {
        self.files.iter().filter_map(|found| {
            let was = lock(&found.state).was.clone()?;
            Some(Input {
                path: found.name.clone(),
                size: was.size,
                sha256: was.sha256.as_ref().map(hex),
                records: was.records,
                shape: was.shape,
            })
        })
    }

    /// Hands every record of a file to `sink`, which may stop it, and returns what could not be read.
    pub fn fetch(&self, shard: &Shard, sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Vec<Gap> {
        match self.found(&shard.name) {
            Some(found) => self.fetch_one(found, sink),
            None => vec![Gap::unread(&*shard.name, "not one of the files that were found")],
        }
    }

    fn fetch_one(&self, found: &Found, sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Vec<Gap> {
        let name = &*found.name;
        let mut file = match open(found.path()) {
            Ok((file, _)) => Hashed { file, hash: Sha256::new(), size: 0, broken: false },
            Err(why) => {
                lock(&found.state).has_failed = true;
                let why = self.standing.get(name).map_or(why, |_| known::LOST.into());
                return vec![Gap::unread(name, why)];
            }
        };
        let before = Stamp::of_file(&file.file);
        let was = unwrap(&mut file, &self.limits, sink);
        let stamp = Stamp::of_file(&file.file).filter(|after| before == Some(*after));
        let (size, sha256) = file.finish(was.stopped);
        let mut gaps: Vec<Gap> = was.troubles.iter().map(|t| gap(name, t)).collect();
        if !was.stopped
            && was.records == 0
            && gaps.is_empty()
            && let Some(why) = no_records(found.path(), &was)
        {
            gaps.push(Gap::unread(name, why));
        }
        let mut shape = was.packing.join("+");
        if !shape.is_empty() {
            shape.push('+');
        }
        shape.push_str(was.shape.as_str());
        let mut state = lock(&found.state);
        state.has_failed |= stamp.is_none() || sha256.is_none();
        state.stamp = stamp.or(state.stamp);
        let was = Was { size, sha256, records: was.records, shape: self.shape(&shape) };
        let before = state.was.replace(was).and_then(|was| was.sha256);
        if before.is_some() && sha256.is_some() && before != sha256 {
            state.has_failed = true;
            gaps.push(Gap::unread(name, CHANGED));
        }
        gaps
    }

    fn shape(&self, shape: &str) -> Arc<str> {
        let mut shapes = lock(&self.shapes);
        if let Some(known) = shapes.get(shape) {
            return known.clone();
        }
        let new: Arc<str> = shape.into();
        shapes.insert(new.clone());
        new
    }

    /// Hands a file over whole, if it is not too large and whoever takes it can; `false` when nothing was handed over.
    fn whole(&self, found: &Found, to: &dyn Take) -> bool {
        let limit = (HELD / rayon::current_num_threads().max(1)).clamp(1 << 20, LARGEST);
        BUFFERS.with_borrow_mut(|(packed, unpacker)| {
            let Ok((mut file, meta)) = open(found.path()) else { return false };
            let Some(stamp) = Stamp::of(&meta) else { return false };
            let Some(size) = usize::try_from(stamp.size).ok().filter(|size| *size <= limit) else {
                return false;
            };
            if packed.len() < size {
                packed.resize(size, 0);
            }
            let packed = &mut packed[..size];
            if file.read_exact(packed).is_err() {
                return false;
            }
            let is_packed = Unpacker::is_gzip(packed);
            let text = if is_packed { unpacker.unpack(packed, limit) } else { Some(&*packed) };
            let Some(whole) = text.and_then(|text| to.whole(&found.name, text)) else { return false };
            let is_first = lock(&found.state).was.is_none();
            // A second look only searches: what the file is was told by the first.
            let was = is_first.then(|| Was {
                size: stamp.size,
                sha256: Some(Sha256::digest(packed).into()),
                records: whole.records,
                shape: self.shape(&format!(
                    "{}{}",
                    if is_packed { "gzip+" } else { "" },
                    whole.shape.as_str()
                )),
            });
            let is_still = Stamp::of_file(&file).is_some_and(|after| after.is_like(&stamp));
            let mut state = lock(&found.state);
            let before = state.stamp.replace(stamp);
            if !is_still || before.is_some_and(|before| !before.is_like(&stamp)) {
                state.has_failed = true;
                lock(&self.changed).push(Gap::unread(&*found.name, CHANGED));
            }
            if was.is_some() {
                state.was = was;
            }
            true
        })
    }

    /// The files that these shards are, in the order in which they seem to have been delivered.
    fn order(&self, shards: &[Shard]) -> Vec<&Found> {
        // They are as a rule all files, or some of them in the same order.
        let mut all = self.files.iter();
        let found = |shard: &Shard| {
            let next = all.find(|found| found.name == shard.name);
            next.or_else(|| self.found(&shard.name))
        };
        let mut order: Vec<&Found> = shards.iter().filter_map(found).collect();
        order.par_sort_by_cached_key(|found| delivered(&found.name));
        order
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
        self.files.iter().map(|found| Shard { name: found.name.clone() }).collect()
    }

    /// In the order in which they seem to have been delivered, one at a time per thread: the next file is taken when one is done.
    fn drive(&self, _query: &Query, shards: &[Shard], to: &dyn Take) {
        let order = self.order(shards);
        let next = AtomicUsize::new(0);
        rayon::broadcast(|_| {
            while let Some(found) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                if to.is_stopped() {
                    return;
                }
                if !self.whole(found, to) {
                    to.part(&found.name, &mut |sink| self.fetch_one(found, sink));
                }
                to.ended();
            }
        });
    }

    fn left(&self) -> Vec<Gap> {
        std::mem::take(&mut *lock(&self.changed))
    }
}

/// When a file's name says that it was delivered, as digits; where no name tells, the path's own order is as good as any.
/// Only ever a hint: `…_CloudTrail_eu-west-1_20260914T0215Z_….json.gz`, `…/2026/09/14/02:00:00_02:59:59_S0.json`.
fn delivered(name: &str) -> Option<u64> {
    // As many as eighteen, so that they compare like text.
    let number = |digits: &mut dyn Iterator<Item = u8>| {
        let all = digits.filter(u8::is_ascii_digit).map(|digit| u64::from(digit - b'0'));
        all.chain(std::iter::repeat(0)).take(18).fold(0, |number, digit| number * 10 + digit)
    };
    let file = name.rsplit('/').next().unwrap_or(name);
    let stamp = file.split('_').find(|part| {
        part.len() >= 13 && part.as_bytes()[8] == b'T' && part[..8].bytes().all(|c| c.is_ascii_digit())
    });
    if let Some(stamp) = stamp {
        return Some(number(&mut stamp.bytes()));
    }
    let is_number = |part: &&str| matches!(part.len(), 2 | 4) && part.bytes().all(|c| c.is_ascii_digit());
    let folders = || name.rsplit('/').skip(1).take_while(is_number);
    if folders().map(str::len).sum::<usize>() < 8 {
        return None;
    }
    let mut day: Vec<&str> = folders().collect();
    day.reverse();
    let hour = file.bytes().take_while(|c| *c != b'_');
    Some(number(&mut day.into_iter().flat_map(str::bytes).chain(hour)))
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
fn open(path: &Path) -> Result<(File, Metadata), String> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path).map_err(|e| reason(&e))?;
    let meta = file.metadata().map_err(|e| reason(&e))?;
    if meta.is_file() { Ok((file, meta)) } else { Err(find::not_opened(meta.file_type())) }
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

/// Thirty-two bytes as they are shown.
fn hex(sum: &[u8; 32]) -> String {
    sum.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
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
    fn finish(mut self, stopped: bool) -> (u64, Option<[u8; 32]>) {
        if !stopped && !self.broken {
            self.broken = io::copy(&mut self, &mut io::sink()).is_err();
        }
        if stopped || self.broken {
            return (self.size, None);
        }
        (self.size, Some(self.hash.finalize().into()))
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
