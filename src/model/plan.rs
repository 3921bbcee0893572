//! A plan: ordered steps with nothing left to decide, and what was withheld and why.
//!
//! `schema` is `triage.plan/1`, one document for each kind (`plan-revoke.json`, `plan-contain.json`, `plan-undo.json`):
//!
//! ```json
//! { "schema": "triage.plan/1", "kind": "revoke",
//!   "principal": {"given": "…", "provider": "aws", "kind": "access_key", "id": "AKIA…"}, "window": {"since": "…"},
//!   "steps":    [{"no": 1, "target": {"kind": "aws.iam.user", "id": "arn:…", "account": "111122223333"}, "because": ["<event id>"],
//!                 "why": "one or more plain sentences", "before": "left", "change": {"aws": {"deny_user": {"user": "…"}}},
//!                 "api": "iam:PutUserPolicy(…)", "expect": "…", "destroys": false, "undo": "…", "after": [1]}],
//!   "withheld": [{"target": {…}, "why": "…", "by_hand": "iam:ListAccessKeys"}] }
//! ```
//!
//! The same report gives the same bytes: steps stand in the order of execution, what is withheld is sorted by target and
//! reason. Principal and window are the report's, so that a plan can't be taken for another case's.

use super::EventId;
use super::Time;
use super::change::Change;
use super::ids::{Word, word};
use super::report::{Subject, Window};
use super::time::Written;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub const SCHEMA: &str = "triage.plan/1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    #[serde(deserialize_with = "word")]
    pub schema: Word,
    pub kind: PlanKind,
    /// Whom the report that this was made from is about, and over what time.
    pub principal: Subject,
    pub window: Window,
    pub steps: Vec<Step>,
    pub withheld: Vec<Withheld>,
}

impl Plan {
    /// Leaves out steps, and withholds those that need one of them: what must be there first will not be. Numbers stay.
    pub fn leave_out(&mut self, is_out: impl Fn(&Step) -> bool) {
        let (mut out, mut kept) = (BTreeSet::new(), Vec::new());
        for step in std::mem::take(&mut self.steps) {
            if is_out(&step) {
                out.insert(step.no);
            } else if step.needs.iter().any(|needed| out.contains(needed)) {
                out.insert(step.no);
                self.withheld.push(Withheld {
                    why: format!("{} It needs something else to be done first, which has failed.", step.why),
                    target: step.target,
                    by_hand: String::new(),
                });
            } else {
                kept.push(step);
            }
        }
        self.steps = kept;
        self.withheld.sort();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    Revoke,
    Contain,
    /// Takes back what a journal says was done.
    Undo,
    /// Tells the provider.
    Ticket,
}

impl PlanKind {
    pub fn name(self) -> &'static str {
        match self {
            PlanKind::Revoke => "revoke",
            PlanKind::Contain => "contain",
            PlanKind::Undo => "undo",
            PlanKind::Ticket => "ticket",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// 1-based, in the order of execution.
    pub no: u32,
    pub target: Target,
    /// The events that show it, sorted; empty only where no record names the principal itself.
    pub because: Vec<EventId>,
    /// The same in sentences, with what it costs others and until when it matters. May hold names that an attacker chose.
    pub why: String,
    /// What the record last showed of it; looked at again before anything is called.
    #[serde(deserialize_with = "word")]
    pub before: Word,
    pub change: Change,
    /// The cloud's own call, and what must be seen after it.
    #[serde(deserialize_with = "word")]
    pub api: Word,
    #[serde(deserialize_with = "word")]
    pub expect: Word,
    pub destroys: bool,
    #[serde(deserialize_with = "word")]
    pub undo: Word,
    /// Steps that must be done first, or this one would be undone by what they stop: own credentials before what they
    /// became, a launcher before what it launched. All are lower than `no`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
    /// Of these, what must have succeeded: without its snapshot nothing is destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    /// What is tried in this order when the cloud refuses `change` for a quota, or because it can't be changed that way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Change>,
    /// What the cloud showed when the plan was made; absent where nobody looked. A step whose target shows something else
    /// when its turn comes is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Value>,
    /// Until when an undo would give stolen sessions life again, where records tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub lives_until: Option<Time>,
    /// In a plan of [`PlanKind::Undo`]: what it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
}

/// What an undo's step takes back, as the journal numbers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Undoes {
    /// Intents of one change in one place, newest first: that it had to be done again means that the earlier was gone.
    pub intents: Vec<u64>,
    /// 1-based: an undo may take several changes.
    pub part: u32,
    pub parts: u32,
    /// Looked for before the first part: where it is not in force any more, somebody else has decided since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub while_in_force: Option<Change>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub account: Arc<str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub region: Arc<str>,
    /// Google: the zone, where it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Arc<str>>,
}

/// What is not touched, and why: uncertain, somebody else's, or beyond what this program can do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Withheld {
    pub target: Target,
    pub why: String,
    /// The cloud's own calls that a human may use, in words, where we know them.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub by_hand: String,
}
