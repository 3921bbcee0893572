//! App Engine versions. Only manual and basic scaling and the flexible environment have a stop; automatic scaling of the standard
//! environment starts instances whenever it is called (gcp.md 4).

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use super::named::{Named, UNSEEN};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppengineChange {
    StopAppVersion {
        it: Named,
    },
    /// Takes that back.
    ServeAppVersion {
        it: Named,
    },
    DeleteAppVersion {
        it: Named,
    },
}

const UPDATE: &[&str] = &["appengine.operations.get", "appengine.versions.get", "appengine.versions.update"];
const SETTLES: u64 = 300;

impl AppengineChange {
    pub fn spec(&self) -> Spec {
        match self {
            AppengineChange::StopAppVersion { .. } => settling(
                spec(
                    "appengine.apps.services.versions.patch(servingStatus=STOPPED)",
                    UPDATE,
                    "its instances are shut down and none is started; code and configuration stay",
                    "the version's servingStatus reads STOPPED",
                    Undo::Call("appengine.apps.services.versions.patch(servingStatus=SERVING)"),
                ),
                SETTLES,
            ),
            AppengineChange::ServeAppVersion { .. } => settling(
                spec(
                    "appengine.apps.services.versions.patch(servingStatus=SERVING)",
                    UPDATE,
                    "it serves again",
                    "the version's servingStatus reads SERVING",
                    Undo::Call("appengine.apps.services.versions.patch(servingStatus=STOPPED)"),
                ),
                SETTLES,
            ),
            AppengineChange::DeleteAppVersion { .. } => gated(settling(
                spec(
                    "appengine.apps.services.versions.delete",
                    &["appengine.operations.get", "appengine.versions.delete", "appengine.versions.get"],
                    "deletes the version; App Engine refuses while traffic goes to it",
                    "the version is gone",
                    Undo::None("A deleted version does not come back: it is deployed anew from its source."),
                ),
                SETTLES,
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("status").and_then(Value::as_str);
        Reversal::Changes(match (self, was) {
            (AppengineChange::DeleteAppVersion { .. }, _) => {
                return Reversal::None("A deleted version does not come back.");
            }
            (_, None) => return Reversal::None(UNSEEN),
            (AppengineChange::StopAppVersion { it }, Some("SERVING")) => {
                vec![AppengineChange::ServeAppVersion { it: it.clone() }.into()]
            }
            (AppengineChange::ServeAppVersion { it }, Some("STOPPED")) => {
                vec![AppengineChange::StopAppVersion { it: it.clone() }.into()]
            }
            (AppengineChange::StopAppVersion { .. } | AppengineChange::ServeAppVersion { .. }, Some(_)) => {
                Vec::new()
            }
        })
    }
}
