//! CloudFormation.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudFormationChange {
    UnprotectStack {
        stack: Arc<str>,
    },
    /// Takes that back.
    ProtectStack {
        stack: Arc<str>,
    },
    DeleteStack {
        stack: Arc<str>,
    },
    /// Every operation under way: none of them reaches further accounts or regions.
    StopStackSetOperations {
        set: Arc<str>,
    },
}

const PROTECT: &[&str] = &["cloudformation:UpdateTerminationProtection", "cloudformation:DescribeStacks"];
const STACK: &str =
    "A deleted stack can't be brought back; cloudformation:GetTemplate still shows its template for 90 days.";
const OPERATION: &str = "A stopped operation can't go on; its owners start it anew.";

impl CloudFormationChange {
    pub fn spec(&self) -> Spec {
        match self {
            // It harms nothing by itself, but is of use only before a deletion.
            CloudFormationChange::UnprotectStack { .. } => Spec {
                needs_destroy: true,
                ..spec(
                    "cloudformation:UpdateTerminationProtection(EnableTerminationProtection=false)",
                    PROTECT,
                    "the stack can be deleted",
                    "the stack reads not protected",
                    Undo::Call(
                        "cloudformation:UpdateTerminationProtection(EnableTerminationProtection=true)",
                    ),
                )
            },
            CloudFormationChange::ProtectStack { .. } => spec(
                "cloudformation:UpdateTerminationProtection(EnableTerminationProtection=true)",
                PROTECT,
                "the stack can't be deleted",
                "the stack reads protected",
                Undo::Call("cloudformation:UpdateTerminationProtection(EnableTerminationProtection=false)"),
            ),
            CloudFormationChange::DeleteStack { .. } => settling(
                gated(spec(
                    "cloudformation:DeleteStack",
                    &["cloudformation:DeleteStack", "cloudformation:DescribeStacks"],
                    "deletes the stack and, with its service role or the operator's rights, everything that it made and does not retain",
                    "the stack reads DELETE_COMPLETE",
                    Undo::None(STACK),
                )),
                1800,
            ),
            CloudFormationChange::StopStackSetOperations { .. } => settling(
                spec(
                    "cloudformation:StopStackSetOperation(each under way)",
                    &["cloudformation:StopStackSetOperation", "cloudformation:ListStackSetOperations"],
                    "the stack set reaches no further account or region; stacks that it has made stay",
                    "no operation of the stack set is under way",
                    Undo::None(OPERATION),
                ),
                600,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was_protected = before.get("protected").and_then(Value::as_bool).unwrap_or(false);
        match self {
            CloudFormationChange::UnprotectStack { .. } if !was_protected => Reversal::Changes(Vec::new()),
            CloudFormationChange::UnprotectStack { stack } => {
                Reversal::Changes(vec![CloudFormationChange::ProtectStack { stack: stack.clone() }.into()])
            }
            CloudFormationChange::ProtectStack { .. } if was_protected => Reversal::Changes(Vec::new()),
            CloudFormationChange::ProtectStack { stack } => {
                Reversal::Changes(vec![CloudFormationChange::UnprotectStack { stack: stack.clone() }.into()])
            }
            CloudFormationChange::DeleteStack { .. } => Reversal::None(STACK),
            CloudFormationChange::StopStackSetOperations { .. } => Reversal::None(OPERATION),
        }
    }
}
