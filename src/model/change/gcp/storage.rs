//! Cloud Storage: HMAC keys, and buckets that everybody was let into.

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
    /// Nobody who is not named gets into the bucket, whatever its policy says.
    PreventPublicAccess {
        bucket: Arc<str>,
    },
    /// Takes that back: `inherited`.
    SetPublicAccessPrevention {
        bucket: Arc<str>,
        mode: Arc<str>,
    },
}

const BUCKET: &[&str] = &["storage.buckets.get", "storage.buckets.getIamPolicy", "storage.buckets.update"];
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
            StorageChange::PreventPublicAccess { .. } => spec(
                "storage.buckets.patch(publicAccessPrevention=enforced)",
                BUCKET,
                "allUsers and allAuthenticatedUsers get in by no binding and no ACL; refused while others than the principal let them in",
                "the bucket reads enforced",
                Undo::Call("storage.buckets.patch(publicAccessPrevention as it was)"),
            ),
            StorageChange::SetPublicAccessPrevention { .. } => spec(
                "storage.buckets.patch(publicAccessPrevention as it was)",
                BUCKET,
                "whether everybody can be let in is as it was",
                "the bucket reads as it was",
                Undo::Call("storage.buckets.patch(publicAccessPrevention=enforced)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("state").and_then(Value::as_str);
        let mode = before.get("mode").and_then(Value::as_str);
        Reversal::Changes(match self {
            StorageChange::DeactivateHmacKey { project, access_id } if was == Some("ACTIVE") => {
                let (project, access_id) = (project.clone(), access_id.clone());
                vec![StorageChange::ActivateHmacKey { project, access_id }.into()]
            }
            StorageChange::ActivateHmacKey { project, access_id } if was == Some("INACTIVE") => {
                let (project, access_id) = (project.clone(), access_id.clone());
                vec![StorageChange::DeactivateHmacKey { project, access_id }.into()]
            }
            StorageChange::PreventPublicAccess { bucket }
            | StorageChange::SetPublicAccessPrevention { bucket, .. } => {
                let (bucket, mode) = (bucket.clone(), mode.unwrap_or("inherited").into());
                vec![StorageChange::SetPublicAccessPrevention { bucket, mode }.into()]
            }
            StorageChange::DeactivateHmacKey { .. } | StorageChange::ActivateHmacKey { .. } => Vec::new(),
        })
    }
}
