//! What a journal says, one line each. A contract: name it, version it, add to it, rename nothing.
//!
//! ```json
//! {"schema":"triage.journal/1","no":2,"at":"…","prev":"<SHA-256 of the line before>","entry":{"intent":{…}},"sum":"<SHA-256 of what stands before it>"}
//! ```

use crate::cloud::{CloudError, Receipt};
use crate::model::change::{Change, Reversal};
use crate::model::plan::{PlanKind, Target, Undoes};
use crate::model::report::{Subject, Window};
use crate::model::time::Written;
use crate::model::{Place, Sight, Time, secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub const SCHEMA: &str = "triage.journal/1";

/// A line as it is read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub schema: String,
    /// 1-based; what other entries call it by.
    pub no: u64,
    #[schemars(with = "Written")]
    pub at: Time,
    /// SHA-256 of the line before, without its line break; of nothing for the first.
    pub prev: String,
    pub entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    Started(Box<Started>),
    /// What is about to be called: on the disk before it is.
    Intent(Box<Intent>),
    /// The same call once more, after it was refused or nobody knows what became of it.
    Again {
        of: u64,
    },
    Outcome {
        of: u64,
        outcome: Outcome,
    },
    /// Seen as expected.
    Verified {
        of: u64,
        sight: Sight,
    },
    /// Not seen as expected in the time that it may take.
    NotSeen {
        of: u64,
        why: String,
    },
    /// What an earlier run left open, looked at.
    Resolved {
        of: u64,
        to: Resolution,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Somebody has taken it away since it was verified.
    Reverted {
        of: u64,
        sight: Sight,
    },
    /// It is in force again, by the intent `by`.
    Reapplied {
        of: u64,
        by: u64,
    },
    /// No call was made for this step.
    Skipped {
        step: u32,
        target: Target,
        why: String,
    },
    /// A part of an undo is in force: what the intents did is taken back when all parts are.
    Undone {
        intents: Vec<u64>,
        part: u32,
        parts: u32,
    },
    /// The line with this number was cut off by a crash or a full disk; what it should have said is lost.
    Torn {
        line: u64,
    },
    /// The operator stopped the run: no further call was started.
    Interrupted,
    Ended(Tally),
}

/// A run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    pub kind: PlanKind,
    /// SHA-256 of the plan as JSON.
    pub plan: String,
    pub steps: u64,
    pub principal: Subject,
    pub window: Window,
    /// As typed, redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command_line: Vec<String>,
    /// Who runs it, as the cloud says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    pub version: String,
    /// Endpoints and proxies that stand in for the cloud's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
}

/// A call that is about to be made, with all that taking it back needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Intent {
    /// Of the run's plan.
    pub step: u32,
    pub kind: PlanKind,
    pub target: Target,
    pub at: Place,
    pub change: Change,
    /// What the cloud showed just before.
    pub before: Value,
    pub undo: Reversed,
    /// From when on the undo gives no stolen session life again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub safe_from: Option<Time>,
    /// Whether the undo brings back a secret that leaked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rearms_secret: bool,
    /// How many steps of the plan had to end before it, one after the other: the undo goes the other way.
    pub depth: u32,
    /// The intent that this one puts in force again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// [`Reversal`] as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reversed {
    Changes(Vec<Change>),
    None(String),
}

impl From<Reversal> for Reversed {
    fn from(reversal: Reversal) -> Reversed {
        match reversal {
            Reversal::Changes(changes) => Reversed::Changes(changes),
            Reversal::None(why) => Reversed::None(why.into()),
        }
    }
}

/// What the cloud answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok(Receipt),
    Refused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        why: String,
    },
    /// The call may have happened all the same.
    Unclear {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        why: String,
    },
}

impl From<&Result<Receipt, CloudError>> for Outcome {
    fn from(answer: &Result<Receipt, CloudError>) -> Outcome {
        match answer {
            Ok(receipt) => Outcome::Ok(receipt.clone()),
            Err(error) => {
                let (code, why) = (error.code.clone(), secret::redact(&error.to_string()));
                match error.is_unclear() {
                    true => Outcome::Unclear { code, why },
                    false => Outcome::Refused { code, why },
                }
            }
        }
    }
}

/// What became of an intent without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    Done,
    NotDone,
    Gone,
    /// It could not be looked at.
    Unknown,
}

/// How a run ended, by number of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    pub done: u64,
    pub already: u64,
    pub gone: u64,
    pub skipped: u64,
    pub failed: u64,
    pub not_started: u64,
}
