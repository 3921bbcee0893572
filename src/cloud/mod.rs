//! Where records come from and where changes go: the traits, and one folder per provider.
//!
//! Names `model`; never interprets a record. `collect` drives a `LogSource`, plans and `exec` ask an `Inventory`, `exec`
//! alone drives a `Mutator`.

#[cfg(feature = "aws")]
pub mod aws;
mod error;
pub mod files;

pub mod unwrap;

pub use error::{CloudError, Refusal};

use crate::model::change::Change;
use crate::model::{Gap, Observed, Place, ResourceRef, Sight, Time};
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

/// A future behind a trait object.
pub type Async<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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

/// Looks, and changes nothing. Every question ends as data or as an error, never as "nothing there".
pub trait Inventory: Send + Sync {
    /// What the cloud shows now of what these changes would change, in their order. All are of one kind
    /// ([`Change::is_like`]) and in one place.
    fn look<'a>(&'a self, at: &'a Place, changes: &'a [Change]) -> Async<'a, Vec<Result<Sight, CloudError>>>;

    /// The state of these things now, which are of one kind and in one place: one answer for each, `State::Gone` for what
    /// does not exist any more.
    fn observe<'a>(
        &'a self,
        at: &'a Place,
        kind: &'static str,
        wanted: &'a [ResourceRef],
    ) -> Async<'a, Result<Vec<Observed>, CloudError>>;

    /// Everything that computes in a place, whoever made it, by kind: to find siblings of what was found, never to act on.
    /// One answer for each kind of thing that was listed.
    fn sweep<'a>(&'a self, at: &'a Place) -> Async<'a, Vec<Result<Vec<Observed>, CloudError>>>;

    /// Whether [`Inventory::observe`] knows this kind.
    fn observes(&self, kind: &str) -> bool;
}

/// Changes. `exec::run` alone may hold one.
pub trait Mutator: Send + Sync {
    /// Makes these changes, which are of one kind and in one place, at most as many as their `spec().batch`: one answer for
    /// each, in their order. What one refuses must not sink the others.
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>>;
}

/// What the cloud said when it took a change: not yet that it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    /// The cloud's own id of the call, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Ids of what the call made (a snapshot, a security group).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
}
