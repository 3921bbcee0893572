//! Settings of the owners that the log remembers: log sinks and exclusions, essential contacts, budgets.
//!
//! What was deleted or changed is put back as its last record before that shows it, by the read of the log that `look` does: the
//! operator sees what will be put back before it is. A setting that the principal made is switched off.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use crate::model::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Names are whole: `projects/P/sinks/S`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreChange {
    /// As the last record before a time shows it, unless somebody changed it after `until`, the principal's last own change.
    RestoreSetting {
        of: SettingOf,
        name: Arc<str>,
        before: Time,
        until: Time,
    },
    /// Takes that back: exactly these fields, one JSON text.
    SetSetting {
        of: SettingOf,
        name: Arc<str>,
        value: Arc<str>,
    },
    /// Takes that back where there was none: only while it is what was put back.
    RemoveSetting {
        of: SettingOf,
        name: Arc<str>,
        value: Arc<str>,
    },
    /// Of a sink or an exclusion that was made at this time.
    DisableSetting {
        of: SettingOf,
        name: Arc<str>,
        born: Time,
    },
    /// Takes that back.
    EnableSetting {
        of: SettingOf,
        name: Arc<str>,
        born: Time,
    },
    DeleteSetting {
        of: SettingOf,
        name: Arc<str>,
        born: Time,
    },
}

/// What kind of setting it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingOf {
    LogSink,
    LogExclusion,
    Contact,
    Budget,
}

impl SettingOf {
    pub fn of_kind(kind: &str) -> Option<SettingOf> {
        Some(match kind {
            "gcp.logging.log_sink" => SettingOf::LogSink,
            "gcp.logging.log_exclusion" => SettingOf::LogExclusion,
            "gcp.essentialcontacts.contact" => SettingOf::Contact,
            "gcp.billingbudgets.budget" => SettingOf::Budget,
            _ => return None,
        })
    }

    fn put(self) -> &'static str {
        match self {
            SettingOf::LogSink => "logging.sinks.create or .patch(as its last record shows it)",
            SettingOf::LogExclusion => "logging.exclusions.create or .patch(as its last record shows it)",
            SettingOf::Contact => "essentialcontacts.contacts.create or .patch(as its last record shows it)",
            SettingOf::Budget => "billingbudgets.budgets.create or .patch(as its last record shows it)",
        }
    }

    /// Contacts and budgets have no such switch, and no plan asks for it.
    fn disable(self) -> &'static str {
        match self {
            SettingOf::LogSink => "logging.sinks.patch(disabled=true)",
            SettingOf::LogExclusion | SettingOf::Contact | SettingOf::Budget => {
                "logging.exclusions.patch(disabled=true)"
            }
        }
    }

    fn enable(self) -> &'static str {
        match self {
            SettingOf::LogSink => "logging.sinks.patch(disabled=false)",
            SettingOf::LogExclusion | SettingOf::Contact | SettingOf::Budget => {
                "logging.exclusions.patch(disabled=false)"
            }
        }
    }

    fn back(self) -> &'static str {
        match self {
            SettingOf::LogSink => "logging.sinks.patch or .delete(as it was before)",
            SettingOf::LogExclusion => "logging.exclusions.patch or .delete(as it was before)",
            SettingOf::Contact => "essentialcontacts.contacts.patch or .delete(as it was before)",
            SettingOf::Budget => "billingbudgets.budgets.patch or .delete(as it was before)",
        }
    }

    fn permissions(self) -> &'static [&'static str] {
        match self {
            SettingOf::LogSink => &[
                "logging.logEntries.list",
                "logging.sinks.create",
                "logging.sinks.delete",
                "logging.sinks.get",
                "logging.sinks.update",
            ],
            SettingOf::LogExclusion => &[
                "logging.exclusions.create",
                "logging.exclusions.delete",
                "logging.exclusions.get",
                "logging.exclusions.update",
                "logging.logEntries.list",
            ],
            SettingOf::Contact => &[
                "essentialcontacts.contacts.create",
                "essentialcontacts.contacts.delete",
                "essentialcontacts.contacts.get",
                "essentialcontacts.contacts.list",
                "essentialcontacts.contacts.update",
                "logging.logEntries.list",
            ],
            SettingOf::Budget => &[
                "billing.budgets.create",
                "billing.budgets.delete",
                "billing.budgets.get",
                "billing.budgets.list",
                "billing.budgets.update",
                "logging.logEntries.list",
            ],
        }
    }

    fn does(self) -> &'static str {
        match self {
            SettingOf::LogSink => {
                "puts it back as its last record before the change shows it; a sink that is made anew may write as another identity: grant \
                 that one at the destination"
            }
            SettingOf::LogExclusion => "puts it back as its last record before the change shows it",
            SettingOf::Contact => {
                "Google's warnings go where its last record before the change says; one that is made anew has another number"
            }
            SettingOf::Budget => {
                "it warns as its last record before the change says; one that is made anew has another number"
            }
        }
    }
}

const UNSEEN: &str = "What it was was not seen before it was changed.";

impl RestoreChange {
    pub fn spec(&self) -> Spec {
        match self {
            RestoreChange::RestoreSetting { of, .. } => settling(
                spec(
                    of.put(),
                    of.permissions(),
                    of.does(),
                    "every field that can be set reads as in that record",
                    Undo::Call(of.back()),
                ),
                60,
            ),
            RestoreChange::SetSetting { of, .. } => spec(
                of.back(),
                of.permissions(),
                "sets exactly the saved fields",
                "every field that can be set reads as saved",
                Undo::Call(of.put()),
            ),
            RestoreChange::RemoveSetting { of, .. } => spec(
                of.back(),
                of.permissions(),
                "takes away what was put back, while it is still that",
                "it is not there",
                Undo::Call(of.put()),
            ),
            RestoreChange::DisableSetting { of, .. } => spec(
                of.disable(),
                of.permissions(),
                "it has no effect any more; it stays as evidence",
                "it reads disabled",
                Undo::Call(of.enable()),
            ),
            RestoreChange::EnableSetting { of, .. } => spec(
                of.enable(),
                of.permissions(),
                "it has effect again",
                "it does not read disabled",
                Undo::Call(of.disable()),
            ),
            RestoreChange::DeleteSetting { of, .. } => gated(spec(
                match of {
                    SettingOf::LogSink => "logging.sinks.delete",
                    SettingOf::LogExclusion => "logging.exclusions.delete",
                    SettingOf::Contact => "essentialcontacts.contacts.delete",
                    SettingOf::Budget => "billingbudgets.budgets.delete",
                },
                of.permissions(),
                "it is gone; what it was is in the journal",
                "it is not there",
                Undo::Call(of.back()),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let now = before.get("now").filter(|now| !now.is_null()).map(Value::to_string);
        let was = before.get("wanted").filter(|was| !was.is_null()).map(Value::to_string);
        let is_off = before.get("disabled").and_then(Value::as_bool);
        let set = |of: SettingOf, name: &Arc<str>, value: &str| {
            let (name, value) = (name.clone(), value.into());
            Reversal::Changes(vec![RestoreChange::SetSetting { of, name, value }.into()])
        };
        match self {
            RestoreChange::RestoreSetting { of, name, .. } | RestoreChange::SetSetting { of, name, .. } => {
                match (now, was) {
                    (Some(now), _) => set(*of, name, &now),
                    (None, Some(was)) => {
                        let (name, value) = (name.clone(), was.into());
                        Reversal::Changes(vec![RestoreChange::RemoveSetting { of: *of, name, value }.into()])
                    }
                    (None, None) => Reversal::None(UNSEEN),
                }
            }
            RestoreChange::RemoveSetting { of, name, value } => set(*of, name, value),
            RestoreChange::DeleteSetting { of, name, .. } => match now {
                Some(now) => set(*of, name, &now),
                None => Reversal::None(UNSEEN),
            },
            RestoreChange::DisableSetting { of, name, born } if is_off == Some(false) => {
                let (of, name, born) = (*of, name.clone(), *born);
                Reversal::Changes(vec![RestoreChange::EnableSetting { of, name, born }.into()])
            }
            RestoreChange::EnableSetting { of, name, born } if is_off == Some(true) => {
                let (of, name, born) = (*of, name.clone(), *born);
                Reversal::Changes(vec![RestoreChange::DisableSetting { of, name, born }.into()])
            }
            RestoreChange::DisableSetting { .. } | RestoreChange::EnableSetting { .. } => {
                Reversal::Changes(Vec::new())
            }
        }
    }
}
