//! Cloud SQL. A stopped instance keeps its disk and backups, which cost on.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use super::named::{Named, UNSEEN};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqladminChange {
    StopSqlInstance {
        it: Named,
    },
    /// Takes that back: `ALWAYS` or `ON_DEMAND`.
    RestoreSqlActivation {
        it: Named,
        policy: Arc<str>,
    },
    /// Clears the flag that stands in the way of deleting it.
    UnprotectSqlInstance {
        it: Named,
    },
    /// Takes that back.
    ProtectSqlInstance {
        it: Named,
    },
    /// With a final backup that outlives it, unless none is wanted.
    DeleteSqlInstance {
        it: Named,
        backup: bool,
    },
}

const UPDATE: &[&str] = &["cloudsql.instances.get", "cloudsql.instances.update"];
/// A database is given time to shut down.
const STOPS_WITHIN: u64 = 600;

impl SqladminChange {
    pub fn spec(&self) -> Spec {
        match self {
            SqladminChange::StopSqlInstance { .. } => settling(
                spec(
                    "sql.instances.patch(activationPolicy=NEVER)",
                    UPDATE,
                    "stops the database and accepts no connections; disk, backups and addresses stay and cost on",
                    "its activationPolicy reads NEVER",
                    Undo::Call("sql.instances.patch(saved activationPolicy)"),
                ),
                STOPS_WITHIN,
            ),
            SqladminChange::RestoreSqlActivation { .. } => settling(
                spec(
                    "sql.instances.patch(saved activationPolicy)",
                    UPDATE,
                    "the database runs again",
                    "its activationPolicy reads as it was saved",
                    Undo::Call("sql.instances.patch(activationPolicy=NEVER)"),
                ),
                STOPS_WITHIN,
            ),
            SqladminChange::UnprotectSqlInstance { .. } => settling(
                spec(
                    "sql.instances.patch(deletionProtectionEnabled=false)",
                    UPDATE,
                    "it can be deleted",
                    "its deletionProtectionEnabled does not read true",
                    Undo::Call("sql.instances.patch(deletionProtectionEnabled=true)"),
                ),
                STOPS_WITHIN,
            ),
            SqladminChange::ProtectSqlInstance { .. } => settling(
                spec(
                    "sql.instances.patch(deletionProtectionEnabled=true)",
                    UPDATE,
                    "it can't be deleted by mistake",
                    "its deletionProtectionEnabled reads true",
                    Undo::Call("sql.instances.patch(deletionProtectionEnabled=false)"),
                ),
                STOPS_WITHIN,
            ),
            SqladminChange::DeleteSqlInstance { backup: true, .. } => gated(settling(
                spec(
                    "sql.instances.delete(enableFinalBackup, kept for a year)",
                    DELETE,
                    "deletes the instance after a final backup, from which it can be made again for a year; its other backups go with it",
                    "the instance is gone",
                    Undo::None(
                        "A deleted instance does not come back by itself: gcloud sql backups restore makes one from the final backup.",
                    ),
                ),
                900,
            )),
            SqladminChange::DeleteSqlInstance { backup: false, .. } => gated(settling(
                spec(
                    "sql.instances.delete",
                    DELETE,
                    "deletes the instance with its data and backups",
                    "the instance is gone",
                    Undo::None("A deleted instance does not come back."),
                ),
                900,
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let one = |change: SqladminChange| Reversal::Changes(vec![change.into()]);
        match self {
            SqladminChange::StopSqlInstance { it } => match before.get("policy").and_then(Value::as_str) {
                Some(was) => one(SqladminChange::RestoreSqlActivation { it: it.clone(), policy: was.into() }),
                None => Reversal::None(UNSEEN),
            },
            SqladminChange::RestoreSqlActivation { it, .. } => {
                one(SqladminChange::StopSqlInstance { it: it.clone() })
            }
            SqladminChange::UnprotectSqlInstance { it } => {
                one(SqladminChange::ProtectSqlInstance { it: it.clone() })
            }
            SqladminChange::ProtectSqlInstance { it } => {
                one(SqladminChange::UnprotectSqlInstance { it: it.clone() })
            }
            SqladminChange::DeleteSqlInstance { .. } => {
                Reversal::None("A deleted instance does not come back.")
            }
        }
    }
}

const DELETE: &[&str] = &["cloudsql.instances.delete", "cloudsql.instances.get"];
