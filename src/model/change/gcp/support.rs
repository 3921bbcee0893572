//! Cloud Support: a ticket, which is a change of nothing but what Google knows.

use super::super::{Reversal, Spec, Undo, once, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportChange {
    CreateSupportCase {
        /// `projects/P` or `organizations/N`: whose support plan answers.
        parent: Arc<str>,
        display_name: Arc<str>,
        description: Arc<str>,
        /// Its id, and its name as `caseClassifications:search` spells both.
        classification: Arc<str>,
        classified_as: Arc<str>,
        /// `P2`.
        priority: Arc<str>,
        /// Support does not act on it.
        test_case: bool,
    },
}

const FILED: &str = "A case that Google has read can't be unread; close it in the console.";

impl SupportChange {
    pub fn spec(&self) -> Spec {
        match self {
            SupportChange::CreateSupportCase { .. } => settling(
                once(spec(
                    "cloudsupport.cases.create",
                    &["cloudsupport.techCases.create", "cloudsupport.techCases.list"],
                    "Google is told, in the words that triage report --support-case prints",
                    "a case with this name is open",
                    Undo::None(FILED),
                )),
                120,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            SupportChange::CreateSupportCase { .. } => Reversal::None(FILED),
        }
    }
}
