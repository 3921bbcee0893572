//! What an inventory showed: the state of a resource at a time, as the cloud's own describe call gave it.

use super::{ResourceRef, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub resource: ResourceRef,
    /// When the cloud was asked.
    pub at: Time,
    pub state: State,
    pub created_at: Option<Time>,
    /// What holds or relaunches it, by id or name: group, fleet, service, bulk operation; strongest first.
    pub held_by: Vec<Arc<str>>,
    /// Who the cloud says made it, where the call tells (`user` of a compute operation).
    pub made_by: Option<Arc<str>>,
    /// Identity it carries: instance profile ARN or service-account e-mail.
    pub identity: Option<Arc<str>>,
    /// What a plan or a reader wants to know besides, by word: `type`, `protected`, `image`, `key_name`, …
    pub details: BTreeMap<Arc<str>, Arc<str>>,
}

/// The word among the details that says that its tags were seen (`tag:Key`), also when it bears none.
pub const TAGS_SEEN: &str = "tags_seen";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Running,
    Stopped,
    Gone,
    Unknown,
}

/// Whether an access key worked when the cloud was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySeen {
    pub key: Arc<str>,
    pub active: bool,
    /// Name of the user whose it is.
    pub user: Option<Arc<str>>,
    pub account: Arc<str>,
    pub at: Time,
}

/// A call that listed everything of a kind somewhere: what existed then and is not among the observed is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub kind: &'static str,
    pub account: Arc<str>,
    /// `None` for all regions (an aggregated list).
    pub region: Option<Arc<str>>,
    pub at: Time,
}
