//! Files that an earlier run read: whether they are what they were, so that they need not be read again.
//!
//! What the file system tells of a file decides where it tells the same; where it tells otherwise and the size is the same, the
//! bytes do. Nothing here reads a record.

use super::{FileSource, Hashed, Input, find, lock, open};
use crate::model::Gap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970, as all times here.
    pub modified: i128,
    /// When bytes, name or rights last changed, which nobody can set; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<i128>,
    /// Its number in the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

impl Stamp {
    pub(super) fn of_file(file: &File) -> Option<Stamp> {
        Stamp::of(&file.metadata().ok()?)
    }

    fn of(meta: &Metadata) -> Option<Stamp> {
        let modified = match meta.modified().ok()?.duration_since(UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()).ok()?,
            Err(before) => -i128::try_from(before.duration().as_nanos()).ok()?,
        };
        #[cfg(unix)]
        let (changed, number) = {
            use std::os::unix::fs::MetadataExt;
            let at = i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec());
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub path: String,
    /// What it is relative to.
    pub base: PathBuf,
    pub stamp: Stamp,
    pub sha256: String,
    pub records: u64,
    pub shape: String,
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
            earlier.iter().map(|file| (&*file.path, file.base.join(&file.path))).collect();
        let known: Vec<(&str, &Path)> = whole.iter().map(|(name, path)| (*name, &**path)).collect();
        let (files, gaps) = find::find(&known, given, Some(but));
        let looked: Vec<(Standing, Stamp)> = earlier.par_iter().map(standing).collect();
        let (mut inputs, mut stamps, mut standing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (file, (is, stamp)) in earlier.iter().zip(looked) {
            standing.insert(file.path.clone(), is);
            if is == Standing::Changed {
                continue;
            }
            let input = Input {
                path: file.path.clone(),
                size: file.stamp.size,
                sha256: Some(file.sha256.clone()),
                records: file.records,
                shape: file.shape.clone(),
            };
            inputs.insert(file.path.clone(), input);
            stamps.insert(file.path.clone(), stamp);
        }
        let source =
            FileSource { inputs: inputs.into(), stamps: stamps.into(), standing, ..FileSource::of(files) };
        (source, gaps)
    }

    /// What became of the files that earlier runs read.
    pub fn standing(&self) -> &BTreeMap<String, Standing> {
        &self.standing
    }

    /// What a file was that this run read to its end, and hashed; `None` when it can't be told whether it is still that.
    pub fn read_as(&self, name: &str, base: &Path) -> Option<Earlier> {
        if self.has_failed(name) {
            return None;
        }
        let stamp = *lock(&self.stamps).get(name)?;
        let input = lock(&self.inputs).get(name)?.clone();
        let path: &Path = &self.files.get(name)?.path;
        // A name that is not UTF-8 does not lead back to its file.
        let base = match (base.join(name) == base.join(path), path.to_str() == Some(name)) {
            (true, true) => base.to_path_buf(),
            _ => path.to_str()?.strip_suffix(name).map(PathBuf::from)?,
        };
        Some(Earlier {
            path: name.into(),
            base,
            stamp,
            sha256: input.sha256?,
            records: input.records,
            shape: input.shape,
        })
    }

    /// Whether a file could not be read to its end, once or more.
    pub fn has_failed(&self, name: &str) -> bool {
        lock(&self.failed).contains(name)
    }
}

/// What became of a file, and what the file system tells of it now.
fn standing(file: &Earlier) -> (Standing, Stamp) {
    let path = file.base.join(&file.path);
    let meta = match std::fs::metadata(&path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Standing::Gone, file.stamp),
        Err(_) => return (Standing::Changed, file.stamp),
    };
    let Some(now) = Stamp::of(&meta).filter(|_| meta.is_file()) else {
        return (Standing::Changed, file.stamp);
    };
    let is_same =
        now == file.stamp || now.size == file.stamp.size && sum(&path, &now).as_deref() == Some(&file.sha256);
    (if is_same { Standing::Same } else { Standing::Changed }, now)
}

/// The hash of a file that is what it was; `None` when it is not.
pub(super) fn sum(path: &Path, was: &Stamp) -> Option<String> {
    let file = open(path).ok()?;
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
