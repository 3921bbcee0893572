//! What records tell of how much something is billed for: its size, when it ran, what was used of it.
//!
//! Read by `catalog`, laid along each resource's life by `analyze`, priced by `cost`. Knows no price.

use super::{ResourceRef, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Words that a price depends on, as the record spells them: `type`, `lifecycle`, `gb`, `vcpu`, `count`, …
pub type Words = BTreeMap<&'static str, Arc<str>>;

/// What one record tells of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Metered {
    pub resource: ResourceRef,
    pub reading: Reading,
    pub words: Words,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// It is of this size from now on.
    Sized,
    /// It runs from now on.
    On,
    /// It does not run from now on, and still exists.
    Off,
    /// It was used once: a call to a model.
    Used,
}

/// A reading in a resource's life.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    pub at: Time,
    pub reading: Reading,
    pub words: Words,
}

/// Calls of the principal and of what it became to something that is billed by use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// `aws.bedrock.invocation`, `gcp.aiplatform.publisher_model`.
    pub kind: &'static str,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub calls: u64,
    /// Of these, calls whose records bear counts.
    pub counted: u64,
    pub input: u64,
    pub output: u64,
}
