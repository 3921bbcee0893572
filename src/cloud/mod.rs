//! Where records come from and, later, where changes go: the traits, and one folder per provider.
//!
//! Names `model`; never interprets a record. `collect` drives sources, `exec` alone will drive a `Mutator`.

pub mod files;
pub mod unwrap;

use crate::model::{Gap, Time};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What an investigation asks of a source: records that contain any of these ids. A source may return more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pub ids: Vec<Arc<str>>,
    pub since: Option<Time>,
    pub until: Option<Time>,
}

/// A part of a source that is fetched by itself: a file, a region, a page chain. Known before any I/O: the denominator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// As the operator would name it: the path as given.
    pub name: String,
    /// Bytes on disk, where known.
    pub size: u64,
}

/// A record exactly as received, lifted out of its container.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    pub bytes: &'a [u8],
    /// 1-based line where it starts in its (decompressed) input; 0 when not known.
    pub line: u64,
}

/// Somewhere that records come from.
pub trait LogSource: Sync {
    /// One phrase for the operator: "55 files".
    fn about(&self) -> String;
    /// The parts that a query touches, sorted.
    fn shards(&self, query: &Query) -> Vec<Shard>;
    /// Hands every record of a shard to `sink`, which may stop it, and returns what could not be read.
    fn fetch(
        &self,
        query: &Query,
        shard: &Shard,
        sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> Vec<Gap>;
}
