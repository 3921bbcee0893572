//! Power, closed: every call that could ever change a cloud, and what an operator must know of it.
//!
//! `render`, `plan`, `exec`, `permissions` and the docs match over these exhaustively, so the compiler walks the next person
//! through every place that a new power touches. Nothing here calls anything.

mod aws;
pub mod gcp;
mod samples;

pub use aws::*;
pub use gcp::{GcpChange, PolicyOf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Aws(AwsChange),
    Gcp(GcpChange),
}

/// One provider, one power, its fields: which powers there are grows within a version, so names and fields are left open.
impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let power = json_schema!({
            "type": "object", "minProperties": 1, "maxProperties": 1,
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}, "additionalProperties": {"type": "object"}
        });
        json_schema!({
            "description": "One call, as the program spells it: its provider, its name, and what it is made with.",
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
            "properties": {"aws": power, "gcp": power}
        })
    }
}

/// What an operator, a permission check and an executor must know of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The cloud's own call.
    pub api: &'static str,
    /// The least that the call and the look before and after it need.
    pub permissions: &'static [&'static str],
    /// Whether something is lost for good.
    pub destroys: bool,
    /// Whether calling it twice is the same as once.
    pub repeats_safely: bool,
    /// What the operator is told it does.
    pub does: &'static str,
    /// What must be seen before it is called done.
    pub expect: &'static str,
    pub undo: Undo,
    /// Only planned with `--destroy`: there is a gentler rung, or no way back.
    pub needs_destroy: bool,
    /// Most changes of this variant, in one place, that one call takes.
    pub batch: usize,
    /// How long it may take until `expect` is seen.
    pub settles_within: Duration,
    /// Whether somebody could take it away again unseen: it is looked at again later.
    pub keeps_watch: bool,
    /// Whether its undo gives a thief something back.
    pub rearms: Rearms,
}

/// What an undo would put back into a thief's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rearms {
    Nothing,
    /// Stolen sessions that live at most this long after the change.
    SessionsFor(Duration),
    /// A secret that leaked and works for ever: only with its own flag.
    Secret,
}

/// What takes a change back, made from what was seen before it and written into the journal with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// In this order.
    Changes(Vec<Change>),
    /// No way back, and the sentence that the operator reads about it.
    None(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The call that takes it back, and from when on that is safe where it isn't at once.
    Call(&'static str),
    /// No way back, and the sentence that the operator reads about it.
    None(&'static str),
}

impl Change {
    pub fn spec(&self) -> Spec {
        match self {
            Change::Aws(change) => change.spec(),
            Change::Gcp(change) => change.spec(),
        }
    }

    /// Returns what takes it back, given what the cloud showed before it (`Sight::There`'s state).
    pub fn undo(&self, before: &Value) -> Reversal {
        match self {
            Change::Aws(change) => change.undo(before),
            Change::Gcp(change) => change.undo(before),
        }
    }

    /// Whether one call may take both: the same power of the same service.
    pub fn is_like(&self, other: &Change) -> bool {
        self.name() == other.name()
    }

    /// Whether its target is meant to be gone afterwards, also where it can be made again.
    pub fn removes(&self) -> bool {
        let name = self.name();
        name.starts_with("delete_") || name.starts_with("remove_")
    }

    /// The variant's name, as plans and journals spell it: `stop_instance`.
    pub fn name(&self) -> String {
        let written = serde_json::to_value(self).unwrap_or_default();
        let inner = written.as_object().and_then(|outer| outer.values().next());
        inner.and_then(Value::as_object).and_then(|inner| inner.keys().next()).cloned().unwrap_or_default()
    }
}

const fn spec(
    api: &'static str,
    permissions: &'static [&'static str],
    does: &'static str,
    expect: &'static str,
    undo: Undo,
) -> Spec {
    Spec {
        api,
        permissions,
        destroys: false,
        repeats_safely: true,
        does,
        expect,
        undo,
        needs_destroy: false,
        batch: 1,
        settles_within: Duration::from_secs(60),
        keeps_watch: false,
        rearms: Rearms::Nothing,
    }
}

const fn destroying(spec: Spec) -> Spec {
    Spec { destroys: true, ..spec }
}

/// A second call does more than the first: it is looked at before it is repeated.
const fn once(spec: Spec) -> Spec {
    Spec { repeats_safely: false, ..spec }
}

/// Only with `--destroy`.
#[allow(dead_code, reason = "the services' powers use them one by one")]
const fn gated(spec: Spec) -> Spec {
    Spec { needs_destroy: true, destroys: true, ..spec }
}

#[allow(dead_code, reason = "the services' powers use them one by one")]
const fn batched(spec: Spec, batch: usize) -> Spec {
    Spec { batch, ..spec }
}

#[allow(dead_code, reason = "the services' powers use them one by one")]
const fn settling(spec: Spec, seconds: u64) -> Spec {
    Spec { settles_within: Duration::from_secs(seconds), ..spec }
}

#[allow(dead_code, reason = "the services' powers use them one by one")]
const fn watched(spec: Spec) -> Spec {
    Spec { keeps_watch: true, ..spec }
}

#[allow(dead_code, reason = "the services' powers use them one by one")]
const fn rearming(spec: Spec, rearms: Rearms) -> Spec {
    Spec { rearms, ..spec }
}
