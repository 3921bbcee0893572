//! Projects: the APIs that are on in them, who pays for them, and themselves.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectChange {
    /// `run.googleapis.com`; refused by Google while another API depends on it or anybody used it in 30 days.
    DisableService { project: Arc<str>, service: Arc<str> },
    /// Takes that back.
    EnableService { project: Arc<str>, service: Arc<str> },
    /// Takes it off its billing account.
    DetachBilling { project: Arc<str> },
    /// Takes that back: `billingAccounts/…`.
    AttachBilling { project: Arc<str>, account: Arc<str> },
    /// By number, which no other project ever has.
    DeleteProject { number: Arc<str> },
    /// Takes that back, for 30 days.
    UndeleteProject { number: Arc<str> },
    /// What keeps a project from being deleted: `liens/…`, which no other lien ever has.
    RemoveLien { name: Arc<str> },
    /// Takes that back, under a new name: project, restrictions, reason and origin as they were, one JSON text.
    RestoreLien { name: Arc<str>, lien: Arc<str> },
}

const SERVICE: &[&str] = &[
    "serviceusage.operations.get",
    "serviceusage.services.disable",
    "serviceusage.services.enable",
    "serviceusage.services.get",
];
const DETACH: &[&str] = &["resourcemanager.projects.deleteBillingAssignment", "resourcemanager.projects.get"];
/// And `billing.resourceAssociations.create` on the billing account, which no project can be asked for.
const ATTACH: &[&str] = &["resourcemanager.projects.createBillingAssignment", "resourcemanager.projects.get"];
const PROJECT: &[&str] =
    &["resourcemanager.projects.delete", "resourcemanager.projects.get", "resourcemanager.projects.undelete"];
const LIEN: &[&str] = &["resourcemanager.projects.get", "resourcemanager.projects.updateLiens"];

impl ProjectChange {
    pub fn spec(&self) -> Spec {
        match self {
            ProjectChange::DisableService { .. } => settling(
                spec(
                    "serviceusage.services.disable(disableDependentServices=false, checkIfServiceHasUsage=CHECK)",
                    SERVICE,
                    "nobody can call this API in the project; refused while another API depends on it or anybody used it in the last 30 days",
                    "the API reads DISABLED",
                    Undo::Call("serviceusage.services.enable"),
                ),
                180,
            ),
            ProjectChange::EnableService { .. } => settling(
                spec(
                    "serviceusage.services.enable",
                    SERVICE,
                    "the API can be called again",
                    "the API reads ENABLED",
                    Undo::Call("serviceusage.services.disable"),
                ),
                180,
            ),
            ProjectChange::DetachBilling { .. } => spec(
                "cloudbilling.projects.updateBillingInfo(no billing account)",
                DETACH,
                "everything in this project that costs stops, at once and all of it; Google may delete what stays unpaid for long",
                "the project has no billing account",
                Undo::Call("cloudbilling.projects.updateBillingInfo(the account that it had)"),
            ),
            ProjectChange::AttachBilling { .. } => spec(
                "cloudbilling.projects.updateBillingInfo(the account that it had)",
                ATTACH,
                "it is paid for again",
                "the project has that billing account",
                Undo::Call("cloudbilling.projects.updateBillingInfo(no billing account)"),
            ),
            ProjectChange::DeleteProject { .. } => settling(
                gated(spec(
                    "resourcemanager.projects.delete",
                    PROJECT,
                    "the project and all that is in it is shut down, and gone after 30 days; some of it sooner",
                    "the project reads DELETE_REQUESTED",
                    Undo::Call("resourcemanager.projects.undelete, within 30 days"),
                )),
                120,
            ),
            ProjectChange::UndeleteProject { .. } => settling(
                spec(
                    "resourcemanager.projects.undelete",
                    PROJECT,
                    "the project is there again, with what Google kept of it",
                    "the project reads ACTIVE",
                    Undo::Call("resourcemanager.projects.delete"),
                ),
                120,
            ),
            ProjectChange::RemoveLien { .. } => gated(spec(
                "resourcemanager.liens.delete",
                LIEN,
                "the project can be deleted, by whoever may delete it",
                "there is no such lien",
                Undo::Call("resourcemanager.liens.create(as it was)"),
            )),
            ProjectChange::RestoreLien { .. } => spec(
                "resourcemanager.liens.create(as it was)",
                LIEN,
                "the project can't be deleted until the lien is removed",
                "the project has such a lien",
                Undo::Call("resourcemanager.liens.delete"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was = before.get("state").and_then(Value::as_str);
        let account = before.get("account").and_then(Value::as_str).filter(|account| !account.is_empty());
        Reversal::Changes(match self {
            ProjectChange::DisableService { project, service } if was == Some("ENABLED") => {
                let (project, service) = (project.clone(), service.clone());
                vec![ProjectChange::EnableService { project, service }.into()]
            }
            ProjectChange::EnableService { project, service } if was == Some("DISABLED") => {
                let (project, service) = (project.clone(), service.clone());
                vec![ProjectChange::DisableService { project, service }.into()]
            }
            ProjectChange::DetachBilling { project } => match account {
                Some(account) => {
                    let (project, account) = (project.clone(), account.into());
                    vec![ProjectChange::AttachBilling { project, account }.into()]
                }
                None => Vec::new(),
            },
            ProjectChange::AttachBilling { project, .. } if account.is_none() => {
                vec![ProjectChange::DetachBilling { project: project.clone() }.into()]
            }
            ProjectChange::DeleteProject { number } if was == Some("ACTIVE") => {
                vec![ProjectChange::UndeleteProject { number: number.clone() }.into()]
            }
            ProjectChange::UndeleteProject { number } if was == Some("DELETE_REQUESTED") => {
                vec![ProjectChange::DeleteProject { number: number.clone() }.into()]
            }
            ProjectChange::RemoveLien { name } => match before.get("lien").filter(|lien| lien.is_object()) {
                Some(lien) => {
                    let (name, lien) = (name.clone(), lien.to_string().into());
                    vec![ProjectChange::RestoreLien { name, lien }.into()]
                }
                None => return Reversal::None("What the lien said was not seen before."),
            },
            // Its new name is not known before it is made.
            ProjectChange::RestoreLien { .. } => {
                return Reversal::None(
                    "A lien that was put back has a new name: resourcemanager.liens.list shows it.",
                );
            }
            ProjectChange::DisableService { .. }
            | ProjectChange::EnableService { .. }
            | ProjectChange::AttachBilling { .. }
            | ProjectChange::DeleteProject { .. }
            | ProjectChange::UndeleteProject { .. } => Vec::new(),
        })
    }
}
