//! Files that an earlier run read: whether they are what they were, so that they need not be read again.
//!
//! What the file system tells of a file decides where it tells the same; where it tells otherwise and the size is the same, the
//! bytes do. Nothing here reads a record.

use super::{FileSource, Hashed, State, Was, find, lock, open};
use crate::model::Gap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Why a file that must be looked at again can't be.
pub(super) const LOST: &str =
    "it was read before and can't be read now; what was learnt since may stand in it";

/// Paths as they were typed, and the folder in which they were.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Given {
    /// Empty for the current one.
    pub base: PathBuf,
    pub paths: Vec<String>,
}

/// What the file system tells of a file: where it is the same, so is the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970, as all times here.
    pub modified: i64,
    /// When bytes, name or rights last changed, which nobody can set; absent where the system does not tell.
    pub changed: Option<i64>,
    /// Its number in the file system.
    pub number: Option<u64>,
}

impl Stamp {
    pub(super) fn of_file(file: &File) -> Option<Stamp> {
        Stamp::of(&file.metadata().ok()?)
    }

    pub(super) fn of(meta: &Metadata) -> Option<Stamp> {
        let modified = match meta.modified().ok()?.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok()?,
            Err(before) => -i64::try_from(before.duration().as_nanos()).ok()?,
        };
        #[cfg(unix)]
        let (changed, number) = {
            use std::os::unix::fs::MetadataExt;
            let at = meta.ctime().checked_mul(1_000_000_000)?.checked_add(meta.ctime_nsec())?;
            (Some(at), Some(meta.ino()))
        };
        #[cfg(not(unix))]
        let (changed, number) = (None, None);
        Some(Stamp { size: meta.len(), modified, changed, number })
    }

    /// Whether the bytes seem to be the same: rights and names may change while a file is read.
    pub(super) fn is_like(&self, other: &Stamp) -> bool {
        (self.size, self.modified) == (other.size, other.modified)
    }
}

/// A file as an earlier run read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub path: Arc<str>,
    /// What it is relative to.
    pub base: Arc<Path>,
    pub stamp: Stamp,
    pub sha256: [u8; 32],
    pub records: u64,
    pub shape: Arc<str>,
}

/// What became of a file that an earlier run read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what it was.
    Same,
    /// It holds other bytes, or can't be read.
    Changed,
    /// It is not there any more.
    Gone,
}

impl FileSource {
    /// The same as [`FileSource::new`], of all that earlier runs were given and of what they read; `but` is a folder that is
    /// left out.
    pub fn again(given: &[Given], earlier: &[Earlier], but: &Path) -> (FileSource, Vec<Gap>) {
        let whole: Vec<(&str, PathBuf)> =
            earlier.iter().map(|file| (&*file.path, file.base.join(&*file.path))).collect();
        let known: Vec<(&str, &Path)> = whole.iter().map(|(name, path)| (*name, &**path)).collect();
        let (files, gaps) = find::find(&known, given, Some(but));
        drop(whole);
        let looked: Vec<(Standing, Stamp)> = earlier.par_iter().map(standing).collect();
        let mut source = FileSource::of(files);
        for (file, (is, stamp)) in earlier.iter().zip(looked) {
            source.standing.insert(file.path.clone(), is);
            if is == Standing::Changed {
                continue;
            }
            let shape = source.shape(&file.shape);
            if let Some(found) = source.found(&file.path) {
                let was =
                    Was { size: file.stamp.size, sha256: Some(file.sha256), records: file.records, shape };
                *lock(&found.state) = State { was: Some(was), stamp: Some(stamp), has_failed: false };
            }
        }
        (source, gaps)
    }

    /// What became of the files that earlier runs read.
    pub fn standing(&self) -> &BTreeMap<Arc<str>, Standing> {
        &self.standing
    }

    /// What a file was that this run read to its end, and hashed.
    pub fn read_as(&self, name: &str, base: &Arc<Path>) -> ReadAs {
        let Some(found) = self.found(name) else { return ReadAs::Unknown };
        let state = lock(&found.state);
        if state.has_failed {
            return ReadAs::Unknown;
        }
        let (Some(stamp), Some(was)) = (state.stamp, &state.was) else { return ReadAs::NotYet };
        let (Some(sha256), path) = (was.sha256, found.path()) else { return ReadAs::Unknown };
        // A name that is not UTF-8 does not lead back to its file.
        let base = match (&found.path, path.to_str().and_then(|path| path.strip_suffix(name))) {
            (None, _) => base.clone(),
            (Some(_), Some(base)) => Path::new(base).into(),
            (Some(_), None) => return ReadAs::Unknown,
        };
        let (records, shape) = (was.records, was.shape.clone());
        ReadAs::Read(Earlier { path: found.name.clone(), base, stamp, sha256, records, shape })
    }

    /// Whether a file could not be read to its end, once or more.
    pub fn has_failed(&self, name: &str) -> bool {
        self.found(name).is_some_and(|found| lock(&found.state).has_failed)
    }
}

/// What is known of a file that is being read.
pub enum ReadAs {
    Read(Earlier),
    /// It was not told yet.
    NotYet,
    /// It can't be told whether it is still that.
    Unknown,
}

/// What became of a file, and what the file system tells of it now.
fn standing(file: &Earlier) -> (Standing, Stamp) {
    let path = file.base.join(&*file.path);
    let meta = match std::fs::metadata(&path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Standing::Gone, file.stamp),
        Err(_) => return (Standing::Changed, file.stamp),
    };
    let Some(now) = Stamp::of(&meta).filter(|_| meta.is_file()) else {
        return (Standing::Changed, file.stamp);
    };
    let is_same = now == file.stamp || now.size == file.stamp.size && sum(&path, &now) == Some(file.sha256);
    (if is_same { Standing::Same } else { Standing::Changed }, now)
}

/// The hash of a file that is what it was; `None` when it is not.
fn sum(path: &Path, was: &Stamp) -> Option<[u8; 32]> {
    let (file, _) = open(path).ok()?;
    let mut file = Hashed { file, hash: Sha256::new(), size: 0, broken: false };
    let (mut buffer, mut left) = (vec![0; was.size.clamp(1, 64 << 10) as usize], was.size);
    while left > 0 {
        match file.read(&mut buffer) {
            Ok(0) => return None,
            Ok(read) => left = left.checked_sub(read as u64)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    let now = Stamp::of_file(&file.file)?;
    now.is_like(was).then_some(file.finish(false).1).flatten()
}
