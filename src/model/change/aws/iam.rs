//! IAM: users, roles and what signs in as them. What an operator must know of each stands in `iam/spec.rs`, what takes it back
//! in `iam/undo.rs`.
//!
//! Where a variant has an `id`, it is the unique id (`AIDA…`, `AROA…`) of the user or role: another one of that name is left
//! alone.

mod spec;
mod undo;

use crate::model::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IamChange {
    /// The whole user, every credential of it.
    DenyUser {
        user: Arc<str>,
    },
    /// The user's sessions issued until now; its access keys work on. Done is what holds for every session that was issued
    /// until `issued_before`.
    RevokeUserSessions {
        user: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before: Option<Time>,
    },
    /// The whole role, new sessions too: for roles that the principal made for itself.
    DenyRole {
        role: Arc<str>,
    },
    /// The role's sessions issued until now, everybody's.
    RevokeRoleSessions {
        role: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before: Option<Time>,
    },
    /// The role's sessions of these names that were issued until now; one policy holds all names.
    DenySessions {
        role: Arc<str>,
        names: Vec<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before: Option<Time>,
    },
    /// `user` is absent where no record names it.
    DeactivateAccessKey {
        user: Option<Arc<str>>,
        key: Arc<str>,
    },
    ResetLoginProfile {
        user: Arc<str>,
    },
    /// A second factor that is not its owner's.
    DeactivateMfaDevice {
        user: Arc<str>,
        serial: Arc<str>,
    },
    DeactivateServiceSpecificCredential {
        user: Arc<str>,
        id: Arc<str>,
    },
    DeactivateSshPublicKey {
        user: Arc<str>,
        id: Arc<str>,
    },
    DeactivateSigningCertificate {
        user: Arc<str>,
        id: Arc<str>,
    },
    /// Who may take the role, as it was before somebody rewrote it.
    RestoreTrust {
        role: Arc<str>,
        document: Arc<str>,
    },
    DeleteOidcProvider {
        arn: Arc<str>,
    },
    DeleteSamlProvider {
        arn: Arc<str>,
    },
    /// Tokens of this account for services outside of AWS.
    DisableOutboundFederation {},

    /// Where no inline policy fits any more.
    AttachDenyToUser {
        user: Arc<str>,
    },
    AttachDenyToRole {
        role: Arc<str>,
    },
    BoundUser {
        user: Arc<str>,
    },
    BoundRole {
        role: Arc<str>,
    },
    JoinDenyGroup {
        user: Arc<str>,
    },
    /// The deny in place of an inline policy that the thief wrote, which is kept for the undo: where nothing else has room.
    OverwriteUserPolicy {
        user: Arc<str>,
        policy: Arc<str>,
    },
    OverwriteRolePolicy {
        role: Arc<str>,
        policy: Arc<str>,
    },
    /// As `RevokeRoleSessions`, by a policy of its own that is attached; with names as `DenySessions`.
    AttachRevocation {
        role: Arc<str>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before: Option<Time>,
    },

    /// Takes back alone, as all that follow: the inline policy as it was, or none.
    SetUserPolicy {
        user: Arc<str>,
        id: Arc<str>,
        policy: Arc<str>,
        document: Option<Arc<str>>,
    },
    SetRolePolicy {
        role: Arc<str>,
        id: Arc<str>,
        policy: Arc<str>,
        document: Option<Arc<str>>,
    },
    ActivateAccessKey {
        user: Arc<str>,
        key: Arc<str>,
    },
    ActivateServiceSpecificCredential {
        user: Arc<str>,
        id: Arc<str>,
    },
    ActivateSshPublicKey {
        user: Arc<str>,
        id: Arc<str>,
    },
    ActivateSigningCertificate {
        user: Arc<str>,
        id: Arc<str>,
    },
    DetachDenyFromUser {
        user: Arc<str>,
        id: Arc<str>,
    },
    DetachDenyFromRole {
        role: Arc<str>,
        id: Arc<str>,
    },
    /// An absent `boundary` is none.
    SetUserBoundary {
        user: Arc<str>,
        id: Arc<str>,
        boundary: Option<Arc<str>>,
    },
    SetRoleBoundary {
        role: Arc<str>,
        id: Arc<str>,
        boundary: Option<Arc<str>>,
    },
    /// The group goes with its last member.
    LeaveDenyGroup {
        user: Arc<str>,
        id: Arc<str>,
    },
    /// Takes our attached policy off and deletes it; with a `document`, writes that into it instead.
    DropRevocation {
        role: Arc<str>,
        id: Arc<str>,
        /// Of the two that there may be, the one that names sessions.
        named: bool,
        document: Option<Arc<str>>,
    },
    CreateOidcProvider {
        arn: Arc<str>,
        url: Arc<str>,
        clients: Vec<Arc<str>>,
        thumbprints: Vec<Arc<str>>,
        tags: Vec<(Arc<str>, Arc<str>)>,
    },
    CreateSamlProvider {
        arn: Arc<str>,
        metadata: Arc<str>,
        tags: Vec<(Arc<str>, Arc<str>)>,
    },
    EnableOutboundFederation {},
}
