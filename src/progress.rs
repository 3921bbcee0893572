//! How far long work is: numbers that workers raise and the terminal reads.
//!
//! Knows nobody and prints nothing; cheap to clone and to raise from any thread. `cli::ui` shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    pass: AtomicU64,
    files: AtomicU64,
    of_files: AtomicU64,
    records: AtomicU64,
}

/// What a [`Progress`] shows at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// 1-based; 0 before the first.
    pub pass: u64,
    /// Files read in this pass.
    pub files: u64,
    pub of_files: u64,
    /// Records read in every pass.
    pub records: u64,
}

impl Progress {
    /// Begins the next pass, over this many files.
    pub fn pass(&self, of_files: u64) {
        self.0.files.store(0, Relaxed);
        self.0.of_files.store(of_files, Relaxed);
        self.0.pass.fetch_add(1, Relaxed);
    }

    /// A file is done.
    pub fn file(&self) {
        self.0.files.fetch_add(1, Relaxed);
    }

    /// So many more records were read.
    pub fn records(&self, more: u64) {
        self.0.records.fetch_add(more, Relaxed);
    }

    pub fn reached(&self) -> Reached {
        Reached {
            pass: self.0.pass.load(Relaxed),
            files: self.0.files.load(Relaxed),
            of_files: self.0.of_files.load(Relaxed),
            records: self.0.records.load(Relaxed),
        }
    }
}
