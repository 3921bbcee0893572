//! Systems Manager.

use super::super::{Reversal, Spec, Undo, destroying, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsmChange {
    CancelCommand {
        id: Arc<str>,
    },
    StopAutomation {
        id: Arc<str>,
    },
    TerminateSession {
        id: Arc<str>,
    },
    DisableMaintenanceWindow {
        id: Arc<str>,
    },
    /// Takes that back.
    EnableMaintenanceWindow {
        id: Arc<str>,
    },
    DeleteAssociation {
        id: Arc<str>,
    },
    DeleteActivation {
        id: Arc<str>,
    },
}

const COMMAND: &str = "A cancelled command can't go on; its owners send it anew.";
const AUTOMATION: &str = "A stopped automation can't go on; its owners start it anew.";
const SESSION: &str = "An ended session can't be resumed; its owner opens a new one.";
const ASSOCIATION: &str =
    "A deleted association can't be brought back; the record of its making holds its definition.";
const ACTIVATION: &str = "A deleted activation and its code can't be brought back; make a new one.";

impl SsmChange {
    pub fn spec(&self) -> Spec {
        match self {
            SsmChange::CancelCommand { .. } => settling(
                destroying(spec(
                    "ssm:CancelCommand",
                    &["ssm:CancelCommand", "ssm:ListCommands"],
                    "asks every instance that has not ended the command to end it; what it has done stays done",
                    "the command reads Cancelled, or ended by itself",
                    Undo::None(COMMAND),
                )),
                300,
            ),
            SsmChange::StopAutomation { .. } => settling(
                destroying(spec(
                    "ssm:StopAutomationExecution(Type=Cancel)",
                    &["ssm:StopAutomationExecution", "ssm:GetAutomationExecution"],
                    "the automation starts no further step; what it has done stays done",
                    "the automation reads Cancelled, or ended by itself",
                    Undo::None(AUTOMATION),
                )),
                300,
            ),
            SsmChange::TerminateSession { .. } => spec(
                "ssm:TerminateSession",
                &["ssm:TerminateSession", "ssm:DescribeSessions"],
                "closes the shell; what was started in it may run on",
                "the session is not active",
                Undo::None(SESSION),
            ),
            SsmChange::DisableMaintenanceWindow { .. } => spec(
                "ssm:UpdateMaintenanceWindow(Enabled=false)",
                &["ssm:UpdateMaintenanceWindow", "ssm:GetMaintenanceWindow"],
                "the window runs no more tasks; what it is made of stays",
                "the window reads not Enabled",
                Undo::Call("ssm:UpdateMaintenanceWindow(Enabled=true)"),
            ),
            SsmChange::EnableMaintenanceWindow { .. } => spec(
                "ssm:UpdateMaintenanceWindow(Enabled=true)",
                &["ssm:UpdateMaintenanceWindow", "ssm:GetMaintenanceWindow"],
                "the window runs its tasks again at its times",
                "the window reads Enabled",
                Undo::Call("ssm:UpdateMaintenanceWindow(Enabled=false)"),
            ),
            SsmChange::DeleteAssociation { .. } => gated(spec(
                "ssm:DeleteAssociation",
                &["ssm:DeleteAssociation", "ssm:DescribeAssociation"],
                "the document is run on the instances no more; there is no way to disable it instead",
                "the association does not exist",
                Undo::None(ASSOCIATION),
            )),
            SsmChange::DeleteActivation { .. } => gated(spec(
                "ssm:DeleteActivation",
                &["ssm:DeleteActivation", "ssm:DescribeActivations"],
                "no further machine joins with it; those that did stay until they are deregistered",
                "the activation does not exist",
                Undo::None(ACTIVATION),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was_enabled = before.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        match self {
            SsmChange::CancelCommand { .. } => Reversal::None(COMMAND),
            SsmChange::StopAutomation { .. } => Reversal::None(AUTOMATION),
            SsmChange::TerminateSession { .. } => Reversal::None(SESSION),
            SsmChange::DisableMaintenanceWindow { .. } if !was_enabled => Reversal::Changes(Vec::new()),
            SsmChange::DisableMaintenanceWindow { id } => {
                Reversal::Changes(vec![SsmChange::EnableMaintenanceWindow { id: id.clone() }.into()])
            }
            SsmChange::EnableMaintenanceWindow { .. } if was_enabled => Reversal::Changes(Vec::new()),
            SsmChange::EnableMaintenanceWindow { id } => {
                Reversal::Changes(vec![SsmChange::DisableMaintenanceWindow { id: id.clone() }.into()])
            }
            SsmChange::DeleteAssociation { .. } => Reversal::None(ASSOCIATION),
            SsmChange::DeleteActivation { .. } => Reversal::None(ACTIVATION),
        }
    }
}
