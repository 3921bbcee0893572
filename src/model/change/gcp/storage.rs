//! Cloud Storage: HMAC keys.

use super::super::{Rearms, Reversal, Spec, Undo, rearming, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageChange {
    DeactivateHmacKey {
        project: Arc<str>,
        access_id: Arc<str>,
    },
    /// Takes that back.
    ActivateHmacKey {
        project: Arc<str>,
        access_id: Arc<str>,
    },
}

const HMAC: &[&str] = &["storage.hmacKeys.get", "storage.hmacKeys.list", "storage.hmacKeys.update"];

impl StorageChange {
    pub fn spec(&self) -> Spec {
        match self {
            StorageChange::DeactivateHmacKey { .. } => rearming(
                watched(spec(
                    "storage.projects.hmacKeys.update(state=INACTIVE)",
                    HMAC,
                    "the key signs no storage request; disabling its account may not stop it",
                    "the key reads INACTIVE",
                    Undo::Call("storage.projects.hmacKeys.update(state=ACTIVE)"),
                )),
                Rearms::Secret,
            ),
            StorageChange::ActivateHmacKey { .. } => spec(
                "storage.projects.hmacKeys.update(state=ACTIVE)",
                HMAC,
                "whoever holds the key signs storage requests again",
                "the key reads ACTIVE",
                Undo::Call("storage.projects.hmacKeys.update(state=INACTIVE)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("state").and_then(Value::as_str);
        Reversal::Changes(match self {
            StorageChange::DeactivateHmacKey { project, access_id } if was == Some("ACTIVE") => {
                let (project, access_id) = (project.clone(), access_id.clone());
                vec![StorageChange::ActivateHmacKey { project, access_id }.into()]
            }
            StorageChange::ActivateHmacKey { project, access_id } if was == Some("INACTIVE") => {
                let (project, access_id) = (project.clone(), access_id.clone());
                vec![StorageChange::DeactivateHmacKey { project, access_id }.into()]
            }
            StorageChange::DeactivateHmacKey { .. } | StorageChange::ActivateHmacKey { .. } => Vec::new(),
        })
    }
}
