//! A dossier: all that a report of a case shows. Conclusions, what was proposed, what was done, and the events one by one.
//!
//! Made by the command from a case; `render` reads it.

use super::plan::{Plan, PlanKind, Target};
use super::report::Confidence;
use super::{EventId, Outcome, Place, Provider, Report, Time};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Dossier {
    pub about: About,
    pub report: Report,
    /// As they were proposed: revoke, contain.
    pub plans: Vec<Plan>,
    /// Oldest first.
    pub deeds: Vec<Done>,
    /// Oldest first.
    pub timeline: Vec<Moment>,
}

/// What the case says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    pub id: Option<String>,
    pub title: Option<String>,
    /// Who ran it, as the cloud says; absent where no cloud was asked.
    pub operator: Option<String>,
    pub started_at: Option<Time>,
    /// Of the program that made the case.
    pub version: Option<String>,
}

/// An event of the principal or of what it became.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub at: Time,
    pub event: EventId,
    pub provider: Provider,
    /// `ec2:RunInstances`, `compute.instances.insert`.
    pub action: Arc<str>,
    pub outcome: Outcome,
    pub read_only: bool,
    /// Id of the credential that it belongs to, and its depth.
    pub credential: Arc<str>,
    pub depth: u32,
    pub principal: Option<Arc<str>>,
    pub principal_id: Option<Arc<str>>,
    pub address: Option<Arc<str>>,
    pub user_agent: Option<Arc<str>>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub confidence: Confidence,
}

/// A call that was made, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// As the journal numbers it.
    pub no: u64,
    pub at: Time,
    pub kind: PlanKind,
    pub operator: Option<String>,
    pub target: Target,
    pub place: Place,
    pub change: Value,
    /// The cloud's own call, and what it does.
    pub api: &'static str,
    pub does: &'static str,
    /// What the cloud showed before, and after where it was looked at.
    pub before: Value,
    pub after: Option<After>,
    pub became: Became,
    /// Why it was refused, not seen, or left open.
    pub why: Option<String>,
    pub undo: UndoState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum After {
    Gone,
    There(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// The cloud took it, and it was seen in force.
    Verified,
    /// The cloud took it; it was not seen in force.
    Taken,
    Refused,
    /// Looked at later: it never came into force.
    NotDone,
    /// Looked at later: what it should change is gone.
    Gone,
    /// Nobody knows.
    Unknown,
}

impl Became {
    /// Whether it is in force as far as the journal knows.
    pub fn is_done(self) -> bool {
        match self {
            Became::Verified | Became::Taken | Became::Gone => true,
            Became::Refused | Became::NotDone | Became::Unknown => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum UndoState {
    /// By these calls of the cloud; from when on no stolen session lives again by it.
    Possible {
        calls: Vec<&'static str>,
        safe_from: Option<Time>,
        rearms_secret: bool,
    },
    /// So many of so many parts are taken back.
    Partly {
        parts: u32,
        of: u32,
    },
    Undone,
    /// The sentence that says why not.
    None(String),
    /// There was nothing to take back.
    Needless,
}
