//! Identifiers: which cloud, which event, and what an AWS key id says about its account.

use serde::{Deserialize, Serialize};

/// The cloud's own id of an event: CloudTrail's `eventID`, Cloud Logging's `insertId`.
pub type EventId = std::sync::Arc<str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Aws,
    Gcp,
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Provider::Aws => "aws",
            Provider::Gcp => "gcp",
        }
    }
}
