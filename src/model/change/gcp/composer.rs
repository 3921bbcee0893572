//! Cloud Composer. An environment has no stop: it is only ever deleted, after a snapshot that outlives it in its bucket.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use super::named::Named;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComposerChange {
    SnapshotEnvironment { it: Named },
    DeleteEnvironment { it: Named },
}

impl ComposerChange {
    pub fn spec(&self) -> Spec {
        match self {
            ComposerChange::SnapshotEnvironment { .. } => settling(
                spec(
                    "composer.projects.locations.environments.saveSnapshot(into its own bucket)",
                    &[
                        "composer.environments.get",
                        "composer.environments.update",
                        "composer.operations.get",
                        "storage.objects.list",
                    ],
                    "keeps DAGs, configuration and the Airflow database in a folder of the environment's bucket that bears the case's name",
                    "the folder holds objects and the environment reads RUNNING",
                    Undo::None("Snapshots are evidence: they are kept until a human deletes them."),
                ),
                900,
            ),
            ComposerChange::DeleteEnvironment { .. } => gated(settling(
                spec(
                    "composer.projects.locations.environments.delete",
                    &["composer.environments.delete", "composer.environments.get", "composer.operations.get"],
                    "deletes the environment with its cluster and database; its bucket with DAGs and snapshots stays",
                    "the environment is gone",
                    Undo::None("A deleted environment does not come back: another can load its snapshot."),
                ),
                1800,
            )),
        }
    }

    /// Returns what takes it back: nothing does.
    pub fn undo(&self, _before: &Value) -> Reversal {
        Reversal::None(match self {
            ComposerChange::SnapshotEnvironment { .. } => {
                "Snapshots are evidence: they are kept until a human deletes them."
            }
            ComposerChange::DeleteEnvironment { .. } => "A deleted environment does not come back.",
        })
    }
}
