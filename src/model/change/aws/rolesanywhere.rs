//! IAM Roles Anywhere.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesAnywhereChange {
    DisableTrustAnchor { id: Arc<str> },
    DisableRolesAnywhereProfile { id: Arc<str> },
}

impl RolesAnywhereChange {
    pub fn spec(&self) -> Spec {
        match self {
            RolesAnywhereChange::DisableTrustAnchor { .. } => spec(
                "rolesanywhere:DisableTrustAnchor",
                &["rolesanywhere:DisableTrustAnchor", "rolesanywhere:GetTrustAnchor"],
                "certificates of this authority get no new session; those that they have live on",
                "the trust anchor reads disabled",
                Undo::Call("rolesanywhere:EnableTrustAnchor"),
            ),
            RolesAnywhereChange::DisableRolesAnywhereProfile { .. } => spec(
                "rolesanywhere:DisableProfile",
                &["rolesanywhere:DisableProfile", "rolesanywhere:GetProfile"],
                "the profile hands out no new session; those that it handed out live on",
                "the profile reads disabled",
                Undo::Call("rolesanywhere:EnableProfile"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            RolesAnywhereChange::DisableTrustAnchor { .. }
            | RolesAnywhereChange::DisableRolesAnywhereProfile { .. } => Reversal::None("not built yet"),
        }
    }
}
