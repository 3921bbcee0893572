//! What Google Cloud shows of a service account: whether it works, what signs in as it, what runs as it. Each question ends as an
//! answer or as the reason why not.

use super::identity::Part;
use super::{Provider, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountSeen {
    pub provider: Provider,
    pub at: Time,
    pub email: Arc<str>,
    pub unique_id: Arc<str>,
    pub project: Arc<str>,
    pub is_disabled: bool,
    /// Those that people hold; Google's own never leak.
    pub keys: Part<Vec<AccountKey>>,
    /// Access ids of its active HMAC keys.
    pub hmac_keys: Part<Vec<Arc<str>>>,
    /// Machines of its own project that run as it, by name.
    pub runs: Part<Vec<Arc<str>>>,
    /// Cloud Run services and jobs and functions of its own project that run as it, by name and place.
    #[serde(default = "unasked")]
    pub serves: Part<Vec<Arc<str>>>,
    pub last_used: Part<Option<Time>>,
    /// How long a token of it can live.
    pub longest_token: Part<Duration>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountKey {
    pub id: Arc<str>,
    pub is_disabled: bool,
    /// Why Google itself disabled it.
    pub disabled_by_google: Option<Arc<str>>,
    /// Where it was found exposed, as Google says.
    pub exposed_at: Option<Arc<str>>,
    /// Whether its public half was uploaded.
    pub is_uploaded: bool,
    pub created_at: Option<Time>,
    pub last_used: Part<Option<Time>>,
}

/// Of a case that was written before it was asked for.
fn unasked() -> Part<Vec<Arc<str>>> {
    Part::Unread("it was not asked for".into())
}

impl AccountSeen {
    /// What could not be asked, and why.
    pub fn unread(&self) -> Vec<(&'static str, &str)> {
        [
            ("keys", self.keys.unread()),
            ("HMAC keys", self.hmac_keys.unread()),
            ("machines", self.runs.unread()),
            ("services and functions", self.serves.unread()),
            ("last use", self.last_used.unread()),
            ("longest token", self.longest_token.unread()),
        ]
        .into_iter()
        .filter_map(|(part, why)| Some((part, why?)))
        .collect()
    }
}
