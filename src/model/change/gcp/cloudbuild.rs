//! Cloud Build: triggers go by the id that Google gave them, and so do builds.

use super::super::{Reversal, Spec, Undo, gated, spec};
use super::named::Named;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudbuildChange {
    DisableBuildTrigger {
        it: Named,
    },
    /// Takes that back.
    EnableBuildTrigger {
        it: Named,
    },
    CancelBuild {
        it: Named,
    },
    DeleteBuildTrigger {
        it: Named,
    },
}

const TRIGGER: &[&str] = &["cloudbuild.builds.get", "cloudbuild.builds.update", "iam.serviceAccounts.actAs"];

impl CloudbuildChange {
    pub fn spec(&self) -> Spec {
        match self {
            CloudbuildChange::DisableBuildTrigger { .. } => spec(
                "cloudbuild.projects.locations.triggers.patch(disabled=true)",
                TRIGGER,
                "it starts no more builds; what it builds and as whom stays to be read",
                "the trigger reads disabled",
                Undo::Call("cloudbuild.projects.locations.triggers.patch(disabled=false)"),
            ),
            CloudbuildChange::EnableBuildTrigger { .. } => spec(
                "cloudbuild.projects.locations.triggers.patch(disabled=false)",
                TRIGGER,
                "it starts builds again",
                "the trigger does not read disabled",
                Undo::Call("cloudbuild.projects.locations.triggers.patch(disabled=true)"),
            ),
            CloudbuildChange::CancelBuild { .. } => spec(
                "cloudbuild.projects.locations.builds.cancel",
                &["cloudbuild.builds.get", "cloudbuild.builds.update"],
                "ends the build; its log and what it was asked to do stay",
                "the build's status is one of those at the end",
                Undo::None(
                    "A cancelled build does not go on: gcloud builds submit or its trigger starts a new one.",
                ),
            ),
            CloudbuildChange::DeleteBuildTrigger { .. } => gated(spec(
                "cloudbuild.projects.locations.triggers.delete",
                &["cloudbuild.builds.get", "cloudbuild.builds.update"],
                "deletes the trigger; builds that it started stay",
                "the trigger is gone",
                Undo::None("A deleted trigger does not come back: it is made anew by its record."),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("disabled").and_then(Value::as_bool).unwrap_or_default();
        Reversal::Changes(match self {
            CloudbuildChange::DisableBuildTrigger { it } if !was => {
                vec![CloudbuildChange::EnableBuildTrigger { it: it.clone() }.into()]
            }
            CloudbuildChange::EnableBuildTrigger { it } if was => {
                vec![CloudbuildChange::DisableBuildTrigger { it: it.clone() }.into()]
            }
            CloudbuildChange::DisableBuildTrigger { .. } | CloudbuildChange::EnableBuildTrigger { .. } => {
                Vec::new()
            }
            CloudbuildChange::CancelBuild { .. } => {
                return Reversal::None("A cancelled build does not go on.");
            }
            CloudbuildChange::DeleteBuildTrigger { .. } => {
                return Reversal::None("A deleted trigger does not come back.");
            }
        })
    }
}
