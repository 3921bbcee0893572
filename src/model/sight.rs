//! What a cloud shows of the thing that a change would change, and where it lies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// An account or project, and a region or zone there; an empty region is the global one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub account: Arc<str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub region: Arc<str>,
}

impl Place {
    pub fn new(account: impl Into<Arc<str>>, region: impl Into<Arc<str>>) -> Place {
        Place { account: account.into(), region: region.into() }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&*self.region, &*self.account) {
            ("", account) => write!(to, "{account}"),
            (region, account) => write!(to, "{region} of {account}"),
        }
    }
}

/// What the cloud shows, asked now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// It does not exist (any more).
    Gone,
    There {
        /// What the undo needs, and what must not change between plan and call. Nothing that changes by itself (counts,
        /// times of last use), no secret.
        state: Value,
        /// Whether what the change expects can be seen already.
        is_done: bool,
    },
}

impl Sight {
    pub fn there(state: Value, is_done: bool) -> Sight {
        Sight::There { state, is_done }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Sight::There { is_done: true, .. })
    }
}
