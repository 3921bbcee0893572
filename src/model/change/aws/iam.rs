//! IAM: users, roles and what signs in as them.

use super::super::{Reversal, Spec, Undo, once, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IamChange {
    /// The whole user, every credential of it.
    DenyUser {
        user: Arc<str>,
    },
    /// The user's sessions issued until now; its access keys work on.
    RevokeUserSessions {
        user: Arc<str>,
    },
    /// The whole role, new sessions too: for roles that the principal made for itself.
    DenyRole {
        role: Arc<str>,
    },
    /// The role's sessions issued until now, everybody's.
    RevokeRoleSessions {
        role: Arc<str>,
    },
    /// The role's sessions of these names that were issued until now; one policy holds all names.
    DenySessions {
        role: Arc<str>,
        names: Vec<Arc<str>>,
    },
    /// `user` is absent where no record names it.
    DeactivateAccessKey {
        user: Option<Arc<str>>,
        key: Arc<str>,
    },
    ResetLoginProfile {
        user: Arc<str>,
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
}

const USER_POLICY: &[&str] = &["iam:PutUserPolicy", "iam:GetUserPolicy"];
const ROLE_POLICY: &[&str] = &["iam:PutRolePolicy", "iam:GetRolePolicy"];
const WRITTEN: &str = "the inline policy reads back as written, and still does 15 s later";

impl IamChange {
    pub fn spec(&self) -> Spec {
        match self {
            IamChange::DenyUser { .. } => spec(
                "iam:PutUserPolicy(deny everything)",
                USER_POLICY,
                "denies the user everything within seconds: its keys, its console and its live sessions, those of GetSessionToken and GetFederationToken too",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteUserPolicy, not before every key and password of the user is new and the last stolen session has ended (GetSessionToken and GetFederationToken: up to 36 h)",
                ),
            ),
            IamChange::RevokeUserSessions { .. } => once(spec(
                "iam:PutUserPolicy(deny sessions issued until now)",
                USER_POLICY,
                "denies every session of the user that was issued until now, console and federation too; its access keys work on",
                WRITTEN,
                Undo::Call("iam:DeleteUserPolicy, not before the last stolen session has ended (up to 36 h)"),
            )),
            IamChange::DenyRole { .. } => spec(
                "iam:PutRolePolicy(deny everything)",
                ROLE_POLICY,
                "denies the role everything, sessions to come too, whoever its trust policy lets in; a service that cleans up with this role can't until it is undone",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            ),
            IamChange::RevokeRoleSessions { .. } => once(spec(
                "iam:PutRolePolicy(AWSRevokeOlderSessions, now)",
                ROLE_POLICY,
                "denies every session of the role that was issued until now; who may take the role takes it again",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, or the AWSRevokeOlderSessions policy that stood before, not before the last stolen session has ended (up to 12 h)",
                ),
            )),
            IamChange::DenySessions { .. } => once(spec(
                "iam:PutRolePolicy(deny aws:userid of these session names, issued until now)",
                ROLE_POLICY,
                "denies the role's sessions of these names that were issued until now, and leaves its other users alone",
                WRITTEN,
                Undo::Call("iam:DeleteRolePolicy, not before the last stolen session has ended (up to 12 h)"),
            )),
            IamChange::DeactivateAccessKey { .. } => spec(
                "iam:UpdateAccessKey(Status=Inactive)",
                &["iam:UpdateAccessKey", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"],
                "the key signs nothing new, and its SES SMTP password neither; sessions that it minted live on until they are denied",
                "the key reads Inactive",
                Undo::Call("iam:UpdateAccessKey(Status=Active), never for a key that leaked: make a new one"),
            ),
            IamChange::ResetLoginProfile { .. } => spec(
                "iam:UpdateLoginProfile(random password that nobody is told, reset required)",
                &["iam:UpdateLoginProfile", "iam:GetLoginProfile"],
                "the password signs in no more; the console session that is open ends with the user's sessions",
                "the login profile reads reset required",
                Undo::None("The password that it replaces can't be brought back; the user gets a new one."),
            ),
            IamChange::DeactivateServiceSpecificCredential { .. } => spec(
                "iam:UpdateServiceSpecificCredential(Status=Inactive)",
                &["iam:UpdateServiceSpecificCredential", "iam:ListServiceSpecificCredentials"],
                "the credential (Bedrock, CodeCommit, Keyspaces) signs in no more",
                "the credential reads Inactive",
                Undo::Call("iam:UpdateServiceSpecificCredential(Status=Active)"),
            ),
            IamChange::DeactivateSshPublicKey { .. } => spec(
                "iam:UpdateSSHPublicKey(Status=Inactive)",
                &["iam:UpdateSSHPublicKey", "iam:ListSSHPublicKeys"],
                "the key opens CodeCommit no more",
                "the key reads Inactive",
                Undo::Call("iam:UpdateSSHPublicKey(Status=Active)"),
            ),
            IamChange::DeactivateSigningCertificate { .. } => spec(
                "iam:UpdateSigningCertificate(Status=Inactive)",
                &["iam:UpdateSigningCertificate", "iam:ListSigningCertificates"],
                "the certificate signs nothing more",
                "the certificate reads Inactive",
                Undo::Call("iam:UpdateSigningCertificate(Status=Active)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            IamChange::DenyUser { .. }
            | IamChange::RevokeUserSessions { .. }
            | IamChange::DenyRole { .. }
            | IamChange::RevokeRoleSessions { .. }
            | IamChange::DenySessions { .. }
            | IamChange::DeactivateAccessKey { .. }
            | IamChange::ResetLoginProfile { .. }
            | IamChange::DeactivateServiceSpecificCredential { .. }
            | IamChange::DeactivateSshPublicKey { .. }
            | IamChange::DeactivateSigningCertificate { .. } => Reversal::None("not built yet"),
        }
    }
}
