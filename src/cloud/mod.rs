//! Where records come from and where changes go: the traits, and one folder per provider.
//!
//! Names `model`; never interprets a record. `collect` drives a `LogSource`, plans and `exec` ask an `Inventory`, `exec`
//! alone drives a `Mutator`.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod clock;
mod error;
pub mod files;
#[cfg(feature = "gcp")]
pub mod gcp;
pub mod many;
pub mod pace;
pub mod sql;
pub mod sweep;
pub mod unwrap;

pub use error::{CloudError, Refusal};

use crate::model::change::Change;
use crate::model::report::CoveredScope;
use crate::model::{Gap, Observed, Place, ResourceRef, Sight, Time};
use std::collections::BTreeSet;
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
    /// The same for a source that can't be searched but only asked: one attribute at a time.
    pub asks: Vec<Ask>,
    pub since: Option<Time>,
    pub until: Option<Time>,
    /// Whether what was answered before is asked again: for records that come late.
    pub again: bool,
}

/// Where and when an id can stand; what is not said bounds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Only in records of this account, or that name it.
    pub account: Option<Arc<str>>,
    pub from: Option<Time>,
    pub until: Option<Time>,
}

impl Bound {
    /// What both allow.
    pub fn join(&self, other: &Bound) -> Bound {
        let is_same = self.account == other.account;
        Bound {
            account: self.account.clone().filter(|_| is_same),
            from: self.from.zip(other.from).map(|(a, b)| a.min(b)),
            until: self.until.zip(other.until).map(|(a, b)| a.max(b)),
        }
    }
}

/// A question that a cloud's own event history answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    pub by: By,
    pub value: Arc<str>,
    /// Where to ask; everywhere when it is not known.
    pub account: Option<Arc<str>>,
    /// The principal that a name stands for: one name may stand for several, and each needs an answer of its own.
    pub of: Option<Arc<str>>,
    /// Only between these times, whatever else the window is.
    pub within: Option<(Time, Time)>,
}

/// The attribute that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    AccessKeyId,
    /// A user's name, a role session's, or `root`.
    Username,
    /// What a call was about: a key that was minted, a session, a user, a role.
    ResourceName,
    EventName,
}

impl By {
    /// As CloudTrail spells it.
    pub fn name(self) -> &'static str {
        match self {
            By::AccessKeyId => "AccessKeyId",
            By::Username => "Username",
            By::ResourceName => "ResourceName",
            By::EventName => "EventName",
        }
    }
}

/// A part of a source that is fetched by itself: a file, a region, a page chain. Known before any I/O: the denominator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// As the operator would name it: the path as given.
    pub name: Arc<str>,
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
    /// Hands over what all these shards hold, in any order and from several threads, until all is handed over or `to` has
    /// enough.
    fn drive(&self, query: &Query, shards: &[Shard], to: &dyn Take);
    /// Whether it answers `asks`, and only those: what was not asked for is not seen again in a later pass.
    fn is_live(&self) -> bool {
        false
    }
    /// What could not be asked at all, once everything is over.
    fn left(&self) -> Vec<Gap> {
        Vec::new()
    }
}

/// Hands records to a sink, which may stop it, and returns what could not be read.
pub type Feed<'a> = dyn FnMut(&mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Vec<Gap> + 'a;

/// Takes what a source hands over.
pub trait Take: Sync {
    /// A part of a shard, or all of it; `input` is what records and gaps are said to come from.
    fn part(&self, input: &str, feed: &mut Feed<'_>);
    /// A whole text, unpacked, before its records are lifted out of it; `None` when they must be, and then come as a part.
    fn whole(&self, _input: &Arc<str>, _text: &[u8]) -> Option<Whole> {
        None
    }
    /// A scope that was asked, also when there was nothing in it, or that did not answer (`seen: false`).
    fn covered(&self, scope: CoveredScope);
    /// A shard is done.
    fn ended(&self);
    /// Who is asked from here on, by name (`what`: "regions"), whatever for and how often: for whoever waits.
    fn asks(&self, _what: &'static str, _who: BTreeSet<Arc<str>>) {}
    /// One of these has answered all that it was asked, or will not answer (all of) it.
    fn done(&self, _who: &str, _has_answered: bool) {}
    /// Whether nothing more is taken.
    fn is_stopped(&self) -> bool;
}

/// What a text was that was taken whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    pub records: u64,
    pub shape: unwrap::Shape,
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
    /// each, in their order. What one refuses must not sink the others. `answered` says how often each was answered before, in
    /// this case: the same change after the same number of answers is the same request, also of another run.
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
        answered: &'a [u32],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>>;
}

/// What the cloud said when it took a change: not yet that it happened.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Receipt {
    /// The cloud's own id of the call, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Ids of what the call made (a snapshot, a security group).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
}
