//! Filestore. An instance has no stop: it is only ever deleted, after a backup of its share.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use super::named::Named;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    BackUpFilestore {
        it: Named,
    },
    /// Clears the flag that stands in the way of deleting it.
    UnprotectFilestore {
        it: Named,
    },
    /// Takes that back.
    ProtectFilestore {
        it: Named,
    },
    DeleteFilestore {
        it: Named,
    },
}

const UPDATE: &[&str] = &["file.instances.get", "file.instances.update", "file.operations.get"];

impl FileChange {
    pub fn spec(&self) -> Spec {
        match self {
            FileChange::BackUpFilestore { .. } => settling(
                spec(
                    "file.projects.locations.backups.create",
                    &["file.backups.create", "file.backups.get", "file.instances.get", "file.operations.get"],
                    "keeps a copy of its share as it is, labelled with the case; backups cost by size",
                    "the backup reads READY",
                    Undo::None("Backups are evidence: they are kept until a human deletes them."),
                ),
                1800,
            ),
            FileChange::UnprotectFilestore { .. } => settling(
                spec(
                    "file.projects.locations.instances.patch(deletionProtectionEnabled=false)",
                    UPDATE,
                    "it can be deleted",
                    "its deletionProtectionEnabled does not read true",
                    Undo::Call("file.projects.locations.instances.patch(deletionProtectionEnabled=true)"),
                ),
                300,
            ),
            FileChange::ProtectFilestore { .. } => settling(
                spec(
                    "file.projects.locations.instances.patch(deletionProtectionEnabled=true)",
                    UPDATE,
                    "it can't be deleted by mistake",
                    "its deletionProtectionEnabled reads true",
                    Undo::Call("file.projects.locations.instances.patch(deletionProtectionEnabled=false)"),
                ),
                300,
            ),
            FileChange::DeleteFilestore { .. } => gated(settling(
                spec(
                    "file.projects.locations.instances.delete",
                    &["file.instances.delete", "file.instances.get", "file.operations.get"],
                    "deletes the instance with its share and snapshots; backups stay",
                    "the instance is gone",
                    Undo::None(
                        "A deleted instance does not come back: a new one can be made from the backup.",
                    ),
                ),
                900,
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            FileChange::UnprotectFilestore { it } => {
                Reversal::Changes(vec![FileChange::ProtectFilestore { it: it.clone() }.into()])
            }
            FileChange::ProtectFilestore { it } => {
                Reversal::Changes(vec![FileChange::UnprotectFilestore { it: it.clone() }.into()])
            }
            FileChange::BackUpFilestore { .. } => {
                Reversal::None("Backups are evidence: they are kept until a human deletes them.")
            }
            FileChange::DeleteFilestore { .. } => Reversal::None("A deleted instance does not come back."),
        }
    }
}
