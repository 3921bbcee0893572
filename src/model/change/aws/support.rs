//! AWS Support: a ticket, which is a change of nothing but what AWS knows.

use super::super::{Reversal, Spec, Undo, once, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportChange {
    /// Codes as `support:DescribeServices` and `support:DescribeSeverityLevels` name them in that account.
    CreateCase {
        subject: Arc<str>,
        body: Arc<str>,
        service: Arc<str>,
        category: Arc<str>,
        severity: Arc<str>,
    },
}

const FILED: &str = "A ticket that AWS has read can't be unread; resolve it in the AWS Support Center.";

impl SupportChange {
    pub fn spec(&self) -> Spec {
        match self {
            SupportChange::CreateCase { .. } => settling(
                once(spec(
                    "support:CreateCase",
                    &[
                        "support:CreateCase",
                        "support:DescribeCases",
                        "support:DescribeServices",
                        "support:DescribeSeverityLevels",
                    ],
                    "AWS is told, in the words that triage report --support-case prints",
                    "a case with this subject is open",
                    Undo::None(FILED),
                )),
                120,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            SupportChange::CreateCase { .. } => Reversal::None(FILED),
        }
    }
}
