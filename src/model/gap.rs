//! A gap: what we could not see, and why. It travels with the result into the report and the exit code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    pub kind: GapKind,
    /// `file:line`, a source, an account or a region; the renderer escapes it.
    #[serde(rename = "where")]
    pub place: String,
    /// A lower-case fragment without a period.
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// A source refused us.
    Denied,
    /// A line, file or page could not be read.
    Unread,
    /// The window reaches back further than the source keeps.
    Retention,
    /// A hop leads where we did not or could not look.
    NotFollowed,
    /// Logging itself was off for a while, or something did not happen in the window that should have.
    Interrupted,
    /// What no log could ever show. Alone it does not make a result incomplete.
    Blind,
}

impl Gap {
    pub fn new(kind: GapKind, place: impl Into<String>, why: impl Into<String>) -> Gap {
        Gap { kind, place: place.into(), why: why.into() }
    }

    pub fn unread(place: impl Into<String>, why: impl Into<String>) -> Gap {
        Gap::new(GapKind::Unread, place, why)
    }

    /// Whether this gap makes a result incomplete (exit code 3).
    pub fn is_incomplete(&self) -> bool {
        match self.kind {
            GapKind::Denied
            | GapKind::Unread
            | GapKind::Retention
            | GapKind::NotFollowed
            | GapKind::Interrupted => true,
            GapKind::Blind => false,
        }
    }
}
