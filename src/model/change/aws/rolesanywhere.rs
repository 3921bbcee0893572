//! IAM Roles Anywhere.

use super::super::{Change, Rearms, Reversal, Spec, Undo, rearming, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesAnywhereChange {
    DisableTrustAnchor {
        id: Arc<str>,
    },
    DisableRolesAnywhereProfile {
        id: Arc<str>,
    },
    /// Takes back alone.
    EnableTrustAnchor {
        id: Arc<str>,
    },
    EnableRolesAnywhereProfile {
        id: Arc<str>,
    },
}

const BACK: &str = "It takes back a change of this program; a new plan makes that change again.";

impl RolesAnywhereChange {
    pub fn spec(&self) -> Spec {
        match self {
            RolesAnywhereChange::DisableTrustAnchor { .. } => door(spec(
                "rolesanywhere:DisableTrustAnchor",
                &["rolesanywhere:DisableTrustAnchor", "rolesanywhere:GetTrustAnchor"],
                "certificates of this authority get no new session; those that they have live on",
                "the trust anchor reads disabled",
                Undo::Call("rolesanywhere:EnableTrustAnchor"),
            )),
            RolesAnywhereChange::DisableRolesAnywhereProfile { .. } => door(spec(
                "rolesanywhere:DisableProfile",
                &["rolesanywhere:DisableProfile", "rolesanywhere:GetProfile"],
                "the profile hands out no new session; those that it handed out live on",
                "the profile reads disabled",
                Undo::Call("rolesanywhere:EnableProfile"),
            )),
            RolesAnywhereChange::EnableTrustAnchor { .. } => spec(
                "rolesanywhere:EnableTrustAnchor",
                &["rolesanywhere:EnableTrustAnchor", "rolesanywhere:GetTrustAnchor"],
                "certificates of this authority get sessions again",
                "the trust anchor reads enabled",
                Undo::None(BACK),
            ),
            RolesAnywhereChange::EnableRolesAnywhereProfile { .. } => spec(
                "rolesanywhere:EnableProfile",
                &["rolesanywhere:EnableProfile", "rolesanywhere:GetProfile"],
                "the profile hands out sessions again",
                "the profile reads enabled",
                Undo::None(BACK),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let back = match self {
            RolesAnywhereChange::DisableTrustAnchor { id } => {
                RolesAnywhereChange::EnableTrustAnchor { id: id.clone() }
            }
            RolesAnywhereChange::DisableRolesAnywhereProfile { id } => {
                RolesAnywhereChange::EnableRolesAnywhereProfile { id: id.clone() }
            }
            RolesAnywhereChange::EnableTrustAnchor { .. }
            | RolesAnywhereChange::EnableRolesAnywhereProfile { .. } => return Reversal::None(BACK),
        };
        match before["enabled"].as_bool() {
            Some(true) => Reversal::Changes(vec![Change::from(back)]),
            Some(false) => Reversal::Changes(Vec::new()),
            None => Reversal::None("Whether it was enabled was not written down."),
        }
    }
}

/// A door that certificates of the thief open for ever.
const fn door(spec: Spec) -> Spec {
    watched(rearming(spec, Rearms::Secret))
}
