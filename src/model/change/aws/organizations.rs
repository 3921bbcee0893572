//! Organizations: what nobody in an account can take off.

use super::super::{Change, Rearms, Reversal, Spec, Undo, rearming, spec, watched};
use crate::model::deny::Scp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationsChange {
    /// Made in the management account, wherever the step's target lies; one policy of ours for an account holds all that is
    /// denied there.
    DenyByScp {
        management: Arc<str>,
        account: Arc<str>,
        /// ARNs of users, roles, federated users, root.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        principals: Vec<Arc<str>>,
        /// Sessions by `aws:userid` (`AROA…:name`).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sessions: Vec<Arc<str>>,
        /// User ids of Identity Center.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<Arc<str>>,
    },
    /// Takes back alone: the policy goes with the last that it denies.
    LiftScp {
        management: Arc<str>,
        account: Arc<str>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        principals: Vec<Arc<str>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sessions: Vec<Arc<str>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<Arc<str>>,
    },
}

const LOOK: &str = "organizations:ListPolicies";
const BACK: &str = "It takes back a change of this program; a new plan makes that change again.";

impl OrganizationsChange {
    pub fn spec(&self) -> Spec {
        match self {
            OrganizationsChange::DenyByScp { .. } => watched(rearming(
                spec(
                    "organizations:AttachPolicy(an SCP that denies these principals everything)",
                    &[
                        "organizations:AttachPolicy",
                        "organizations:CreatePolicy",
                        "organizations:UpdatePolicy",
                        LOOK,
                        "organizations:DescribePolicy",
                        "organizations:ListPoliciesForTarget",
                    ],
                    "denies them everything from outside the account, so that nobody in it can take that off; it does not hold in the management account nor for service-linked roles",
                    "the policy reads back as written and is attached to the account",
                    Undo::Call(
                        "organizations:DetachPolicy and organizations:DeletePolicy, not before every key and password is new and the last stolen session has ended (up to 36 h)",
                    ),
                ),
                Rearms::SessionsFor(Duration::from_secs(36 * 3600)),
            )),
            OrganizationsChange::LiftScp { .. } => spec(
                "organizations:DetachPolicy",
                &[
                    "organizations:DetachPolicy",
                    "organizations:DeletePolicy",
                    "organizations:UpdatePolicy",
                    LOOK,
                    "organizations:DescribePolicy",
                    "organizations:ListPoliciesForTarget",
                ],
                "takes them out of our SCP, which goes with the last of them",
                "our SCP denies none of them",
                Undo::None(BACK),
            ),
        }
    }

    /// What it is about.
    pub fn scp(&self) -> Scp {
        let (OrganizationsChange::DenyByScp { principals, sessions, users, .. }
        | OrganizationsChange::LiftScp { principals, sessions, users, .. }) = self;
        let set = |all: &[Arc<str>]| all.iter().cloned().collect();
        Scp { principals: set(principals), sessions: set(sessions), users: set(users) }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let OrganizationsChange::DenyByScp { management, account, .. } = self else {
            return Reversal::None(BACK);
        };
        let denied = match (&before["denied"], before["attached"].as_bool()) {
            // What hung on nothing denied nobody.
            (_, Some(false)) => Scp::default(),
            (Value::String(document), Some(true)) => Scp::read(document).unwrap_or_default(),
            _ => return Reversal::None("What the organization's policy said before was not written down."),
        };
        let lifted = self.scp().without(&denied);
        if lifted.is_empty() {
            return Reversal::Changes(Vec::new());
        }
        Reversal::Changes(vec![Change::from(OrganizationsChange::LiftScp {
            management: management.clone(),
            account: account.clone(),
            principals: lifted.principals.into_iter().collect(),
            sessions: lifted.sessions.into_iter().collect(),
            users: lifted.users.into_iter().collect(),
        })])
    }
}
