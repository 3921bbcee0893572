//! A plan: ordered steps with nothing left to decide, and what was withheld and why.

use super::EventId;
use super::change::Change;
use serde::Serialize;
use std::sync::Arc;

pub const SCHEMA: &str = "triage.plan/1";

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    pub schema: &'static str,
    pub kind: PlanKind,
    pub steps: Vec<Step>,
    pub withheld: Vec<Withheld>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    Revoke,
    Contain,
}

impl PlanKind {
    pub fn name(self) -> &'static str {
        match self {
            PlanKind::Revoke => "revoke",
            PlanKind::Contain => "contain",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// 1-based, in the order of execution.
    pub no: u32,
    pub target: Target,
    pub because: Vec<EventId>,
    /// What the record last showed of it; looked at again before anything is called.
    pub before: &'static str,
    pub change: Change,
    /// The cloud's own call, and what must be seen after it.
    pub api: &'static str,
    pub expect: &'static str,
    pub destroys: bool,
    pub undo: &'static str,
    /// Steps that must be done first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Target {
    pub kind: &'static str,
    pub id: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    pub account: Arc<str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: Arc<str>,
}

/// What is not touched, and why: uncertain, somebody else's, or beyond what this program can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Withheld {
    pub target: Target,
    pub why: String,
    /// The cloud's own calls that a human may use, where we know them.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub by_hand: String,
}
