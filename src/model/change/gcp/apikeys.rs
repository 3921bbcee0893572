//! API keys: there is no switch, but a deleted one can be brought back for 30 days.

use super::super::{Rearms, Reversal, Spec, Undo, rearming, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApikeysChange {
    /// `projects/P/locations/global/keys/ID`.
    DeleteApiKey { name: Arc<str> },
    /// Takes that back.
    UndeleteApiKey { name: Arc<str> },
}

impl ApikeysChange {
    pub fn spec(&self) -> Spec {
        match self {
            ApikeysChange::DeleteApiKey { .. } => rearming(
                settling(
                    spec(
                        "apikeys.projects.locations.keys.delete",
                        &["apikeys.keys.delete", "apikeys.keys.get"],
                        "the key is refused; there is no way to switch one off, but for 30 days it can be brought back",
                        "the key reads deleted",
                        Undo::Call("apikeys.projects.locations.keys.undelete, within 30 days"),
                    ),
                    120,
                ),
                Rearms::Secret,
            ),
            ApikeysChange::UndeleteApiKey { .. } => settling(
                spec(
                    "apikeys.projects.locations.keys.undelete",
                    &["apikeys.keys.get", "apikeys.keys.undelete"],
                    "the key works again",
                    "the key does not read deleted",
                    Undo::Call("apikeys.projects.locations.keys.delete"),
                ),
                120,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        Reversal::Changes(vec![match self {
            ApikeysChange::DeleteApiKey { name } => {
                ApikeysChange::UndeleteApiKey { name: name.clone() }.into()
            }
            ApikeysChange::UndeleteApiKey { name } => {
                ApikeysChange::DeleteApiKey { name: name.clone() }.into()
            }
        }])
    }
}
