//! Power, closed: every call that could ever change a cloud, and what an operator must know of it.
//!
//! `render`, `plan` and later `exec`, `permissions` and the docs match over these exhaustively, so the compiler walks the
//! next person through every place that a new power touches. Nothing here calls anything.
//!
//! What is destroyed for good where a gentler way exists has no variant: emptying an Auto Scaling group, resizing a managed
//! instance group to 0 and terminating are told to a human in a plan's `withheld`.

mod aws;
mod gcp;

pub use aws::AwsChange;
pub use gcp::{GcpChange, PolicyOf};

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Aws(AwsChange),
    Gcp(GcpChange),
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
}

const fn spec(
    api: &'static str,
    permissions: &'static [&'static str],
    does: &'static str,
    expect: &'static str,
    undo: Undo,
) -> Spec {
    Spec { api, permissions, destroys: false, repeats_safely: true, does, expect, undo }
}

const fn destroying(spec: Spec) -> Spec {
    Spec { destroys: true, ..spec }
}

/// A second call does more than the first: it is looked at before it is repeated.
const fn once(spec: Spec) -> Spec {
    Spec { repeats_safely: false, ..spec }
}
