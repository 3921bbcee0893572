//! Cloud Functions of the first generation, and deletion of both: one of the second is a Cloud Run service, and is stopped as one.

use super::super::{Reversal, Spec, Undo, gated, settling, spec, watched};
use super::Binding;
use super::named::{Named, UNSEEN};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudfunctionsChange {
    /// Nothing from outside the project's networks reaches it.
    CloseFunctionIngress {
        it: Named,
    },
    /// Takes that back: `ALLOW_ALL`, `ALLOW_INTERNAL_AND_GCLB`, …
    RestoreFunctionIngress {
        it: Named,
        ingress: Arc<str>,
    },
    /// Takes everybody out of its own policy's invoker roles.
    ShutOutFunctionInvokers {
        it: Named,
    },
    /// Takes that back.
    LetInFunctionInvokers {
        it: Named,
        bindings: Vec<Binding>,
    },
    DeleteCloudFunction {
        it: Named,
    },
}

const UPDATE: &[&str] = &[
    "cloudfunctions.functions.get",
    "cloudfunctions.functions.update",
    "cloudfunctions.operations.get",
    "iam.serviceAccounts.actAs",
];
const POLICY: &[&str] = &[
    "cloudfunctions.functions.get",
    "cloudfunctions.functions.getIamPolicy",
    "cloudfunctions.functions.setIamPolicy",
];
/// An update of a function is a deployment.
const DEPLOYS_WITHIN: u64 = 300;

impl CloudfunctionsChange {
    pub fn spec(&self) -> Spec {
        match self {
            CloudfunctionsChange::CloseFunctionIngress { .. } => settling(
                spec(
                    "cloudfunctions.projects.locations.functions.patch(ingressSettings=ALLOW_INTERNAL_ONLY)",
                    UPDATE,
                    "it is called from inside the project's networks alone; code and configuration stay",
                    "its ingressSettings read ALLOW_INTERNAL_ONLY",
                    Undo::Call("cloudfunctions.projects.locations.functions.patch(saved ingressSettings)"),
                ),
                DEPLOYS_WITHIN,
            ),
            CloudfunctionsChange::RestoreFunctionIngress { .. } => settling(
                spec(
                    "cloudfunctions.projects.locations.functions.patch(saved ingressSettings)",
                    UPDATE,
                    "it is reached as before",
                    "its ingressSettings read as they were saved",
                    Undo::Call(
                        "cloudfunctions.projects.locations.functions.patch(ingressSettings=ALLOW_INTERNAL_ONLY)",
                    ),
                ),
                DEPLOYS_WITHIN,
            ),
            CloudfunctionsChange::ShutOutFunctionInvokers { .. } => watched(spec(
                "cloudfunctions.projects.locations.functions.setIamPolicy(without invokers)",
                POLICY,
                "nobody may call it by its own policy, read-modify-write with etag; who may by the project's still may",
                "no member holds an invoker role in its policy",
                Undo::Call(
                    "cloudfunctions.projects.locations.functions.setIamPolicy(with the saved bindings)",
                ),
            )),
            CloudfunctionsChange::LetInFunctionInvokers { .. } => spec(
                "cloudfunctions.projects.locations.functions.setIamPolicy(with the saved bindings)",
                POLICY,
                "who could call it before may again",
                "every member is in its role's bindings",
                Undo::Call("cloudfunctions.projects.locations.functions.setIamPolicy(without invokers)"),
            ),
            CloudfunctionsChange::DeleteCloudFunction { .. } => gated(settling(
                spec(
                    "cloudfunctions.projects.locations.functions.delete",
                    &[
                        "cloudfunctions.functions.delete",
                        "cloudfunctions.functions.get",
                        "cloudfunctions.operations.get",
                    ],
                    "deletes the function; its source archive stays in its bucket where it was deployed from one",
                    "the function is gone",
                    Undo::None("A deleted function does not come back: it is deployed anew from its source."),
                ),
                DEPLOYS_WITHIN,
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let one = |change: CloudfunctionsChange| Reversal::Changes(vec![change.into()]);
        match self {
            CloudfunctionsChange::CloseFunctionIngress { it } => {
                match before.get("ingress").and_then(Value::as_str) {
                    Some(was) => one(CloudfunctionsChange::RestoreFunctionIngress {
                        it: it.clone(),
                        ingress: was.into(),
                    }),
                    None => Reversal::None(UNSEEN),
                }
            }
            CloudfunctionsChange::ShutOutFunctionInvokers { it } => {
                let saved = before.get("bindings").cloned().unwrap_or(Value::Null);
                match serde_json::from_value::<Vec<Binding>>(saved) {
                    Ok(bindings) if bindings.is_empty() => Reversal::Changes(Vec::new()),
                    Ok(bindings) => {
                        one(CloudfunctionsChange::LetInFunctionInvokers { it: it.clone(), bindings })
                    }
                    Err(_) => Reversal::None("Who could call it was not seen before."),
                }
            }
            CloudfunctionsChange::RestoreFunctionIngress { it, .. } => {
                one(CloudfunctionsChange::CloseFunctionIngress { it: it.clone() })
            }
            CloudfunctionsChange::LetInFunctionInvokers { it, .. } => {
                one(CloudfunctionsChange::ShutOutFunctionInvokers { it: it.clone() })
            }
            CloudfunctionsChange::DeleteCloudFunction { .. } => {
                Reversal::None("A deleted function does not come back.")
            }
        }
    }
}
