//! Exported logs on disk as a source: files, folders and patterns, each file a shard.
//!
//! Reads, never writes. It tells what could not be read and what each file was (for the manifest); what a record means is for
//! `read`.

mod find;

use super::unwrap::{Limits, Shape, Trouble, Unwrapped, is_no_log, unwrap};
use super::{LogSource, Query, Raw, Shard, Take};
use crate::model::Gap;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
}

impl FileSource {
    /// Finds the files that these paths, folders (with all that is in them) and patterns name; tells what could not be found.
    pub fn new(paths: &[String]) -> (FileSource, Vec<Gap>) {
        let (files, gaps) = find::find(paths);
        (FileSource { files, limits: Limits::default(), inputs: Mutex::default() }, gaps)
    }

    /// What was read so far, sorted by path.
    pub fn inputs(&self) -> Vec<Input> {
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
            Err(why) => return vec![Gap::unread(name, why)],
        };
        let was = unwrap(&mut file, &self.limits, sink);
        let (size, sha256) = file.finish(was.stopped);
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

    /// Notes what a file was; a gap when it was something else before.
    fn note(&self, input: Input) -> Option<Gap> {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        let path = input.path.clone();
        let hash = input.sha256.clone();
        let before = inputs.insert(path.clone(), input)?.sha256;
        let has_changed = before.is_some() && hash.is_some() && before != hash;
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

    /// In the order of the list and one at a time per thread: the next file is taken when one is done.
    fn drive(&self, _query: &Query, shards: &[Shard], to: &dyn Take) {
        shards.par_iter().with_max_len(1).for_each(|shard| {
            if !to.is_stopped() {
                to.part(&shard.name, &mut |sink| self.fetch(shard, sink));
                to.ended();
            }
        });
    }
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
