//! SES.

use super::super::{Reversal, Spec, Undo, gated, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SesChange {
    DeleteEmailIdentity { identity: Arc<str> },
}

const LOST: &str = "A deleted identity must be made and verified anew before mail is sent as it.";

impl SesChange {
    pub fn spec(&self) -> Spec {
        match self {
            SesChange::DeleteEmailIdentity { .. } => gated(spec(
                "ses:DeleteEmailIdentity",
                &["ses:DeleteEmailIdentity", "ses:GetEmailIdentity"],
                "no more mail is sent as the address or domain in this region; there is no way to pause one identity",
                "the identity does not exist",
                Undo::None(LOST),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            SesChange::DeleteEmailIdentity { .. } => Reversal::None(LOST),
        }
    }
}
