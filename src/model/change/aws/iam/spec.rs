//! What an operator must know of each change of IAM.

use super::IamChange;
use crate::model::change::{Rearms, Spec, Undo, once, rearming, spec, watched};
use std::time::Duration;

/// The longest session of GetSessionToken and GetFederationToken.
const USER_SESSIONS: Rearms = Rearms::SessionsFor(Duration::from_secs(36 * 3600));
/// The longest `MaxSessionDuration`.
const ROLE_SESSIONS: Rearms = Rearms::SessionsFor(Duration::from_secs(12 * 3600));

const USER_POLICY: &[&str] = &["iam:PutUserPolicy", "iam:GetUserPolicy", "iam:GetUser"];
const ROLE_POLICY: &[&str] = &["iam:PutRolePolicy", "iam:GetRolePolicy", "iam:GetRole"];
const WRITTEN: &str = "the inline policy reads back as written, and still does 15 s later";
const BACK: Undo = Undo::None("It takes back a change of this program; a new plan makes that change again.");

impl IamChange {
    pub fn spec(&self) -> Spec {
        match self {
            IamChange::DenyUser { .. } => user_deny(spec(
                "iam:PutUserPolicy(deny everything)",
                USER_POLICY,
                "denies the user everything within seconds: its keys, its console and its live sessions, those of GetSessionToken and GetFederationToken too",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteUserPolicy, not before every key and password of the user is new and the last stolen session has ended (GetSessionToken and GetFederationToken: up to 36 h)",
                ),
            )),
            IamChange::RevokeUserSessions { .. } => once(user_deny(spec(
                "iam:PutUserPolicy(deny sessions issued until now)",
                USER_POLICY,
                "denies every session of the user that was issued until now, console and federation too; its access keys work on",
                WRITTEN,
                Undo::Call("iam:DeleteUserPolicy, not before the last stolen session has ended (up to 36 h)"),
            ))),
            IamChange::DenyRole { .. } => role_deny(spec(
                "iam:PutRolePolicy(deny everything)",
                ROLE_POLICY,
                "denies the role everything, sessions to come too, whoever its trust policy lets in; a service that cleans up with this role can't until it is undone",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            )),
            IamChange::RevokeRoleSessions { .. } => once(role_deny(spec(
                "iam:PutRolePolicy(AWSRevokeOlderSessions, now)",
                ROLE_POLICY,
                "denies every session of the role that was issued until now; who may take the role takes it again",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, or the AWSRevokeOlderSessions policy that stood before, not before the last stolen session has ended (up to 12 h)",
                ),
            ))),
            IamChange::DenySessions { .. } => once(role_deny(spec(
                "iam:PutRolePolicy(deny aws:userid of these session names, issued until now)",
                ROLE_POLICY,
                "denies the role's sessions of these names that were issued until now, and leaves its other users alone",
                WRITTEN,
                Undo::Call("iam:DeleteRolePolicy, not before the last stolen session has ended (up to 12 h)"),
            ))),
            IamChange::DeactivateAccessKey { .. } => secret(spec(
                "iam:UpdateAccessKey(Status=Inactive)",
                &["iam:UpdateAccessKey", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"],
                "the key signs nothing new, and its SES SMTP password neither; sessions that it minted live on until they are denied",
                "the key reads Inactive",
                Undo::Call("iam:UpdateAccessKey(Status=Active), never for a key that leaked: make a new one"),
            )),
            IamChange::ResetLoginProfile { .. } => spec(
                "iam:UpdateLoginProfile(random password that nobody is told, reset required)",
                &["iam:UpdateLoginProfile", "iam:GetLoginProfile"],
                "the password signs in no more; the console session that is open ends with the user's sessions",
                "the login profile reads reset required",
                Undo::None("The password that it replaces can't be brought back; the user gets a new one."),
            ),
            IamChange::DeactivateMfaDevice { .. } => watched(spec(
                "iam:DeactivateMFADevice",
                &["iam:DeactivateMFADevice", "iam:ListMFADevices"],
                "the device is no second factor of the user any more; a virtual device stays in the account",
                "the device is not among the user's",
                Undo::None(
                    "A device is put on a user only with two codes that it shows; its owner enrols it again.",
                ),
            )),
            IamChange::DeactivateServiceSpecificCredential { .. } => secret(spec(
                "iam:UpdateServiceSpecificCredential(Status=Inactive)",
                &["iam:UpdateServiceSpecificCredential", "iam:ListServiceSpecificCredentials"],
                "the credential (Bedrock, CodeCommit, Keyspaces) signs in no more",
                "the credential reads Inactive",
                Undo::Call("iam:UpdateServiceSpecificCredential(Status=Active)"),
            )),
            IamChange::DeactivateSshPublicKey { .. } => secret(spec(
                "iam:UpdateSSHPublicKey(Status=Inactive)",
                &["iam:UpdateSSHPublicKey", "iam:ListSSHPublicKeys"],
                "the key opens CodeCommit no more",
                "the key reads Inactive",
                Undo::Call("iam:UpdateSSHPublicKey(Status=Active)"),
            )),
            IamChange::DeactivateSigningCertificate { .. } => secret(spec(
                "iam:UpdateSigningCertificate(Status=Inactive)",
                &["iam:UpdateSigningCertificate", "iam:ListSigningCertificates"],
                "the certificate signs nothing more",
                "the certificate reads Inactive",
                Undo::Call("iam:UpdateSigningCertificate(Status=Active)"),
            )),
            IamChange::RestoreTrust { .. } => secret(spec(
                "iam:UpdateAssumeRolePolicy(the document before)",
                &["iam:UpdateAssumeRolePolicy", "iam:GetRole"],
                "lets in who was let in before it was rewritten, and nobody else; live sessions go on until they are denied",
                "the trust policy says what it said before",
                Undo::Call("iam:UpdateAssumeRolePolicy(the document that stood when this was done)"),
            )),
            // Made by the principal alone: its ARN comes from its URL, so that it can be made again from what is saved here,
            // and there is no gentler rung (a provider can't be switched off).
            IamChange::DeleteOidcProvider { .. } => secret(spec(
                "iam:DeleteOpenIDConnectProvider",
                &["iam:DeleteOpenIDConnectProvider", "iam:GetOpenIDConnectProvider"],
                "tokens of this issuer take no role any more; sessions that they took live on until the roles' sessions are denied",
                "the provider does not exist",
                Undo::Call(
                    "iam:CreateOpenIDConnectProvider with the URL, clients and thumbprints that are saved first",
                ),
            )),
            IamChange::DeleteSamlProvider { .. } => secret(spec(
                "iam:DeleteSAMLProvider",
                &["iam:DeleteSAMLProvider", "iam:GetSAMLProvider"],
                "assertions of this provider take no role any more; sessions that they took live on until the roles' sessions are denied",
                "the provider does not exist",
                Undo::Call("iam:CreateSAMLProvider with the metadata that are saved first"),
            )),
            IamChange::DisableOutboundFederation {} => watched(rearming(
                spec(
                    "iam:DisableOutboundWebIdentityFederation",
                    &["iam:DisableOutboundWebIdentityFederation", "iam:GetOutboundWebIdentityFederationInfo"],
                    "the account hands out no more tokens for services outside of AWS; those that it handed out last up to an hour",
                    "tokens for outside read disabled",
                    Undo::Call("iam:EnableOutboundWebIdentityFederation"),
                ),
                Rearms::SessionsFor(Duration::from_secs(3600)),
            )),
            IamChange::AttachDenyToUser { .. } => user_deny(spec(
                "iam:AttachUserPolicy(AWSDenyAll)",
                &["iam:AttachUserPolicy", "iam:ListAttachedUserPolicies", "iam:GetUser"],
                "denies the user everything by AWS's own policy, where no inline policy fits any more",
                "AWSDenyAll is attached, and still is 15 s later",
                Undo::Call(
                    "iam:DetachUserPolicy, not before every key and password of the user is new and the last stolen session has ended (up to 36 h)",
                ),
            )),
            IamChange::AttachDenyToRole { .. } => role_deny(spec(
                "iam:AttachRolePolicy(AWSDenyAll)",
                &["iam:AttachRolePolicy", "iam:ListAttachedRolePolicies", "iam:GetRole"],
                "denies the role everything by AWS's own policy, where no inline policy fits any more",
                "AWSDenyAll is attached, and still is 15 s later",
                Undo::Call(
                    "iam:DetachRolePolicy, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            )),
            IamChange::BoundUser { .. } => user_deny(spec(
                "iam:PutUserPermissionsBoundary(AWSDenyAll)",
                &["iam:PutUserPermissionsBoundary", "iam:GetUser"],
                "denies the user everything by its boundary; the boundary that it has is kept for the undo",
                "the boundary reads AWSDenyAll, and still does 15 s later",
                Undo::Call(
                    "iam:PutUserPermissionsBoundary with the one before, or iam:DeleteUserPermissionsBoundary, not before every key and password of the user is new and the last stolen session has ended (up to 36 h)",
                ),
            )),
            IamChange::BoundRole { .. } => role_deny(spec(
                "iam:PutRolePermissionsBoundary(AWSDenyAll)",
                &["iam:PutRolePermissionsBoundary", "iam:GetRole"],
                "denies the role everything by its boundary; the boundary that it has is kept for the undo",
                "the boundary reads AWSDenyAll, and still does 15 s later",
                Undo::Call(
                    "iam:PutRolePermissionsBoundary with the one before, or iam:DeleteRolePermissionsBoundary, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            )),
            IamChange::JoinDenyGroup { .. } => user_deny(spec(
                "iam:AddUserToGroup(a group that denies everything)",
                &[
                    "iam:AddUserToGroup",
                    "iam:CreateGroup",
                    "iam:GetGroup",
                    "iam:PutGroupPolicy",
                    "iam:GetGroupPolicy",
                    "iam:ListGroupsForUser",
                    "iam:GetUser",
                ],
                "denies the user everything by a group that is made for it",
                "the user is in the group and the group's policy reads back as written",
                Undo::Call(
                    "iam:RemoveUserFromGroup and, for its last member, iam:DeleteGroup, not before every key and password of the user is new and the last stolen session has ended (up to 36 h)",
                ),
            )),
            IamChange::OverwriteUserPolicy { .. } => user_deny(spec(
                "iam:PutUserPolicy(deny everything, in place of a policy that the thief wrote)",
                USER_POLICY,
                "denies the user everything in the place of an inline policy that the thief wrote, where nothing else has room; what it said is kept for the undo",
                WRITTEN,
                Undo::Call(
                    "iam:PutUserPolicy with what it said, not before every key and password of the user is new and the last stolen session has ended (up to 36 h)",
                ),
            )),
            IamChange::OverwriteRolePolicy { .. } => role_deny(spec(
                "iam:PutRolePolicy(deny everything, in place of a policy that the thief wrote)",
                ROLE_POLICY,
                "denies the role everything in the place of an inline policy that the thief wrote, where nothing else has room; what it said is kept for the undo",
                WRITTEN,
                Undo::Call(
                    "iam:PutRolePolicy with what it said, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            )),
            IamChange::AttachRevocation { .. } => once(role_deny(spec(
                "iam:AttachRolePolicy(a policy of its own that denies sessions issued until now)",
                &[
                    "iam:AttachRolePolicy",
                    "iam:CreatePolicy",
                    "iam:CreatePolicyVersion",
                    "iam:DeletePolicyVersion",
                    "iam:ListPolicyVersions",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:ListAttachedRolePolicies",
                    "iam:GetRole",
                ],
                "denies the role's sessions that were issued until now by a managed policy, where no inline policy fits any more",
                "the policy is attached and reads back as written, and still does 15 s later",
                Undo::Call(
                    "iam:DetachRolePolicy and iam:DeletePolicy, not before the last stolen session has ended (up to 12 h)",
                ),
            ))),
            IamChange::SetUserPolicy { .. } => spec(
                "iam:PutUserPolicy",
                &["iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:GetUserPolicy", "iam:GetUser"],
                "puts the inline policy back as it was, or takes it off where there was none",
                "the inline policy reads as before",
                BACK,
            ),
            IamChange::SetRolePolicy { .. } => spec(
                "iam:PutRolePolicy",
                &["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:GetRole"],
                "puts the inline policy back as it was, or takes it off where there was none",
                "the inline policy reads as before",
                BACK,
            ),
            IamChange::ActivateAccessKey { .. } => spec(
                "iam:UpdateAccessKey(Status=Active)",
                &["iam:UpdateAccessKey", "iam:ListAccessKeys"],
                "the key signs again, whoever has it",
                "the key reads Active",
                BACK,
            ),
            IamChange::ActivateServiceSpecificCredential { .. } => spec(
                "iam:UpdateServiceSpecificCredential(Status=Active)",
                &["iam:UpdateServiceSpecificCredential", "iam:ListServiceSpecificCredentials"],
                "the credential signs in again, whoever has it",
                "the credential reads Active",
                BACK,
            ),
            IamChange::ActivateSshPublicKey { .. } => spec(
                "iam:UpdateSSHPublicKey(Status=Active)",
                &["iam:UpdateSSHPublicKey", "iam:ListSSHPublicKeys"],
                "the key opens CodeCommit again",
                "the key reads Active",
                BACK,
            ),
            IamChange::ActivateSigningCertificate { .. } => spec(
                "iam:UpdateSigningCertificate(Status=Active)",
                &["iam:UpdateSigningCertificate", "iam:ListSigningCertificates"],
                "the certificate signs again",
                "the certificate reads Active",
                BACK,
            ),
            IamChange::DetachDenyFromUser { .. } => spec(
                "iam:DetachUserPolicy(AWSDenyAll)",
                &["iam:DetachUserPolicy", "iam:ListAttachedUserPolicies", "iam:GetUser"],
                "takes AWSDenyAll off the user",
                "AWSDenyAll is not attached",
                BACK,
            ),
            IamChange::DetachDenyFromRole { .. } => spec(
                "iam:DetachRolePolicy(AWSDenyAll)",
                &["iam:DetachRolePolicy", "iam:ListAttachedRolePolicies", "iam:GetRole"],
                "takes AWSDenyAll off the role",
                "AWSDenyAll is not attached",
                BACK,
            ),
            IamChange::SetUserBoundary { .. } => spec(
                "iam:PutUserPermissionsBoundary",
                &["iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "iam:GetUser"],
                "puts the boundary back as it was, or takes it off where there was none",
                "the boundary reads as before",
                BACK,
            ),
            IamChange::SetRoleBoundary { .. } => spec(
                "iam:PutRolePermissionsBoundary",
                &["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", "iam:GetRole"],
                "puts the boundary back as it was, or takes it off where there was none",
                "the boundary reads as before",
                BACK,
            ),
            IamChange::LeaveDenyGroup { .. } => spec(
                "iam:RemoveUserFromGroup",
                &[
                    "iam:RemoveUserFromGroup",
                    "iam:DeleteGroup",
                    "iam:DeleteGroupPolicy",
                    "iam:GetGroup",
                    "iam:ListGroupsForUser",
                    "iam:GetUser",
                ],
                "takes the user out of the group that denies everything, which goes with its last member",
                "the user is not in the group",
                BACK,
            ),
            IamChange::DropRevocation { .. } => spec(
                "iam:DetachRolePolicy",
                &[
                    "iam:DetachRolePolicy",
                    "iam:DeletePolicy",
                    "iam:CreatePolicyVersion",
                    "iam:DeletePolicyVersion",
                    "iam:ListPolicyVersions",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:ListAttachedRolePolicies",
                    "iam:GetRole",
                ],
                "takes the policy that denies sessions off the role and deletes it, or writes back what it said before",
                "the policy is not attached, or reads as before",
                BACK,
            ),
            IamChange::CreateOidcProvider { .. } => spec(
                "iam:CreateOpenIDConnectProvider",
                &[
                    "iam:CreateOpenIDConnectProvider",
                    "iam:TagOpenIDConnectProvider",
                    "iam:GetOpenIDConnectProvider",
                ],
                "makes the provider again from what was saved: who signs in there takes roles again",
                "the provider exists with its clients",
                BACK,
            ),
            IamChange::CreateSamlProvider { .. } => spec(
                "iam:CreateSAMLProvider",
                &["iam:CreateSAMLProvider", "iam:TagSAMLProvider", "iam:GetSAMLProvider"],
                "makes the provider again from the metadata that were saved: who signs in there takes roles again",
                "the provider exists with its metadata",
                BACK,
            ),
            IamChange::EnableOutboundFederation {} => spec(
                "iam:EnableOutboundWebIdentityFederation",
                &["iam:EnableOutboundWebIdentityFederation", "iam:GetOutboundWebIdentityFederationInfo"],
                "the account hands out tokens for services outside of AWS again",
                "tokens for outside read enabled",
                BACK,
            ),
        }
    }
}

const fn user_deny(spec: Spec) -> Spec {
    watched(rearming(spec, USER_SESSIONS))
}

const fn role_deny(spec: Spec) -> Spec {
    watched(rearming(spec, ROLE_SESSIONS))
}

const fn secret(spec: Spec) -> Spec {
    watched(rearming(spec, Rearms::Secret))
}
