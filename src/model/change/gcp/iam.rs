//! Service accounts, their keys, and who is let in from outside.

use super::super::{Rearms, Reversal, Spec, Undo, rearming, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IamChange {
    /// `email` may be the unique id: the call takes both.
    DisableServiceAccount {
        email: Arc<str>,
    },
    /// Takes that back.
    EnableServiceAccount {
        email: Arc<str>,
    },
    DisableServiceAccountKey {
        email: Arc<str>,
        key: Arc<str>,
    },
    /// Takes that back.
    EnableServiceAccountKey {
        email: Arc<str>,
        key: Arc<str>,
    },
    /// `projects/P/locations/global/workloadIdentityPools/POOL/providers/NAME`.
    DisableIdentityProvider {
        name: Arc<str>,
    },
    /// Takes that back.
    EnableIdentityProvider {
        name: Arc<str>,
    },
}

/// A minted token lives 1 h; 12 h where `constraints/iam.allowServiceAccountCredentialLifetimeExtension` allows it (gcp.md 5.1).
const LONGEST_TOKEN: Duration = Duration::from_secs(12 * 3600);

const ACCOUNT: &[&str] =
    &["iam.serviceAccounts.disable", "iam.serviceAccounts.enable", "iam.serviceAccounts.get"];
const KEY: &[&str] = &[
    "iam.serviceAccountKeys.disable",
    "iam.serviceAccountKeys.enable",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
];
const PROVIDER: &[&str] =
    &["iam.workloadIdentityPoolProviders.get", "iam.workloadIdentityPoolProviders.update"];

impl IamChange {
    pub fn spec(&self) -> Spec {
        match self {
            IamChange::DisableServiceAccount { .. } => rearming(
                watched(spec(
                    "iam.projects.serviceAccounts.disable",
                    ACCOUNT,
                    "every token of the account is rejected, minted ones too; whatever runs as it stops working at once",
                    "the account reads disabled",
                    Undo::Call(
                        "iam.projects.serviceAccounts.enable, not before the last stolen token has expired (1 h after it was minted, up to 12 h where the organization allows): enabling makes old tokens work again",
                    ),
                )),
                Rearms::SessionsFor(LONGEST_TOKEN),
            ),
            IamChange::EnableServiceAccount { .. } => spec(
                "iam.projects.serviceAccounts.enable",
                ACCOUNT,
                "the account works again, and tokens of it that have not expired do too",
                "the account does not read disabled",
                Undo::Call("iam.projects.serviceAccounts.disable"),
            ),
            IamChange::DisableServiceAccountKey { .. } => rearming(
                watched(spec(
                    "iam.projects.serviceAccounts.keys.disable",
                    KEY,
                    "the key gets no new token; tokens minted with it live on for up to 1 h unless the account is disabled",
                    "the key reads disabled",
                    Undo::Call(
                        "iam.projects.serviceAccounts.keys.enable, never for a key that leaked: make a new one",
                    ),
                )),
                Rearms::Secret,
            ),
            IamChange::EnableServiceAccountKey { .. } => spec(
                "iam.projects.serviceAccounts.keys.enable",
                KEY,
                "whoever holds the key gets tokens again",
                "the key does not read disabled",
                Undo::Call("iam.projects.serviceAccounts.keys.disable"),
            ),
            IamChange::DisableIdentityProvider { .. } => rearming(
                watched(spec(
                    "iam.projects.locations.workloadIdentityPools.providers.patch(disabled=true)",
                    PROVIDER,
                    "nobody exchanges a token of this provider any more; federated tokens that are out live until they expire",
                    "the provider reads disabled",
                    Undo::Call(
                        "iam.projects.locations.workloadIdentityPools.providers.patch(disabled=false)",
                    ),
                )),
                Rearms::Secret,
            ),
            IamChange::EnableIdentityProvider { .. } => spec(
                "iam.projects.locations.workloadIdentityPools.providers.patch(disabled=false)",
                PROVIDER,
                "tokens of this provider are exchanged again",
                "the provider does not read disabled",
                Undo::Call("iam.projects.locations.workloadIdentityPools.providers.patch(disabled=true)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let was_disabled = before.get("disabled").and_then(Value::as_bool).unwrap_or_default();
        let by_google = before.get("disable_reason").is_some_and(|reason| !reason.is_null());
        Reversal::Changes(match self {
            IamChange::DisableServiceAccountKey { .. } if by_google => {
                return Reversal::None("Google disabled this key itself: it is not given back.");
            }
            IamChange::DisableServiceAccount { email } if !was_disabled => {
                vec![IamChange::EnableServiceAccount { email: email.clone() }.into()]
            }
            IamChange::EnableServiceAccount { email } if was_disabled => {
                vec![IamChange::DisableServiceAccount { email: email.clone() }.into()]
            }
            IamChange::DisableServiceAccountKey { email, key } if !was_disabled => {
                vec![IamChange::EnableServiceAccountKey { email: email.clone(), key: key.clone() }.into()]
            }
            IamChange::EnableServiceAccountKey { email, key } if was_disabled => {
                vec![IamChange::DisableServiceAccountKey { email: email.clone(), key: key.clone() }.into()]
            }
            IamChange::DisableIdentityProvider { name } if !was_disabled => {
                vec![IamChange::EnableIdentityProvider { name: name.clone() }.into()]
            }
            IamChange::EnableIdentityProvider { name } if was_disabled => {
                vec![IamChange::DisableIdentityProvider { name: name.clone() }.into()]
            }
            IamChange::DisableServiceAccount { .. }
            | IamChange::EnableServiceAccount { .. }
            | IamChange::DisableServiceAccountKey { .. }
            | IamChange::EnableServiceAccountKey { .. }
            | IamChange::DisableIdentityProvider { .. }
            | IamChange::EnableIdentityProvider { .. } => Vec::new(),
        })
    }
}
