//! Identity Center: who has which permission set in which account, and who is in which group.

use super::super::{Change, Rearms, Reversal, Spec, Undo, once, rearming, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsoChange {
    /// `principal` is the id of a user or group; `account` where it got the permission set (an ARN).
    RemoveAccountAssignment {
        permission_set: Arc<str>,
        account: Arc<str>,
        principal: Arc<str>,
    },
    /// By the membership's own id.
    RemoveGroupMembership {
        membership: Arc<str>,
    },
    /// Takes back alone. `principal_type` is `USER` or `GROUP`.
    AddAccountAssignment {
        permission_set: Arc<str>,
        account: Arc<str>,
        principal: Arc<str>,
        principal_type: Arc<str>,
    },
    AddGroupMembership {
        group: Arc<str>,
        user: Arc<str>,
    },
}

const BACK: &str = "It takes back a change of this program; a new plan makes that change again.";
const UNKNOWN: Reversal =
    Reversal::None("What stood before it was not written down, so that nothing can be put back.");

impl SsoChange {
    pub fn spec(&self) -> Spec {
        match self {
            SsoChange::RemoveAccountAssignment { .. } => watched(rearming(
                spec(
                    "sso:DeleteAccountAssignment",
                    &[
                        "sso:DeleteAccountAssignment",
                        "sso:DescribeAccountAssignmentDeletionStatus",
                        "sso:ListAccountAssignments",
                    ],
                    "gets no new session of this permission set in the account; sessions that it has live on, up to 12 h",
                    "the assignment is not listed",
                    Undo::Call("sso:CreateAccountAssignment"),
                ),
                Rearms::Secret,
            )),
            SsoChange::RemoveGroupMembership { .. } => watched(rearming(
                spec(
                    "identitystore:DeleteGroupMembership",
                    &[
                        "identitystore:DeleteGroupMembership",
                        "identitystore:DescribeGroupMembership",
                        "sso:ListInstances",
                    ],
                    "takes the user out of the group and of what it is assigned; sessions that it has live on, up to 12 h",
                    "the membership does not exist",
                    Undo::Call("identitystore:CreateGroupMembership"),
                ),
                Rearms::Secret,
            )),
            SsoChange::AddAccountAssignment { .. } => spec(
                "sso:CreateAccountAssignment",
                &[
                    "sso:CreateAccountAssignment",
                    "sso:DescribeAccountAssignmentCreationStatus",
                    "sso:ListAccountAssignments",
                ],
                "gives the permission set in the account again",
                "the assignment is listed",
                Undo::None(BACK),
            ),
            SsoChange::AddGroupMembership { .. } => once(spec(
                "identitystore:CreateGroupMembership",
                &[
                    "identitystore:CreateGroupMembership",
                    "identitystore:GetGroupMembershipId",
                    "sso:ListInstances",
                ],
                "puts the user into the group again",
                "the user is in the group",
                Undo::None(BACK),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let text = |field: &str| before[field].as_str().map(Arc::from);
        let back = match self {
            SsoChange::RemoveAccountAssignment { permission_set, account, principal } => {
                text("principal_type").map(|principal_type| SsoChange::AddAccountAssignment {
                    permission_set: permission_set.clone(),
                    account: account.clone(),
                    principal: principal.clone(),
                    principal_type,
                })
            }
            SsoChange::RemoveGroupMembership { .. } => match (text("group"), text("user")) {
                (Some(group), Some(user)) => Some(SsoChange::AddGroupMembership { group, user }),
                _ => None,
            },
            SsoChange::AddAccountAssignment { .. } | SsoChange::AddGroupMembership { .. } => {
                return Reversal::None(BACK);
            }
        };
        back.map_or(UNKNOWN, |back| Reversal::Changes(vec![Change::from(back)]))
    }
}
