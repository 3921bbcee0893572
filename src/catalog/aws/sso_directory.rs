//! The Identity Center directory as the console calls it. The public API does the same under `identitystore`.

use crate::catalog::technique::{ADDITIONAL_CLOUD_ROLES, CREATE_CLOUD_ACCOUNT, MFA_MODIFICATION};
use crate::catalog::{Row, Service, on};
use crate::model::report::FindingKind::{CredentialAccess, DefenseEvasion, Persistence, PrivilegeEscalation};

pub static SSO_DIRECTORY: Service = Service {
    source: "sso-directory.amazonaws.com",
    rows: &[
        on("CreateUser")
            .creates("aws.identitystore.user", "responseElements.user.userId")
            .names("responseElements.user.userName|requestParameters.userName")
            .contain("identitystore:DeleteUser")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, CREATED)
            .pair("identitystore:user"),
        DELETES_USER,
        UNDOES_USER,
        on("DisableUser").touches("aws.identitystore.user", USER, "disabled").undoes("identitystore:user"),
        on("EnableUser|UpdateUser").touches("aws.identitystore.user", USER, "changed or enabled"),
        on("UpdatePassword")
            .touches("aws.identitystore.user", USER, "its password was reset")
            .finding(CredentialAccess, &ADDITIONAL_CLOUD_ROLES, "The password of Identity Center user {id} was reset."),
        on("DeleteMfaDeviceForUser")
            .touches("aws.identitystore.user", USER, "its MFA device was removed")
            .finding(DefenseEvasion, &MFA_MODIFICATION, "An MFA device of Identity Center user {id} was removed: a password alone may sign in."),
        on("CreateGroup")
            .creates("aws.identitystore.group", "responseElements.group.groupId")
            .names("responseElements.group.displayName|requestParameters.displayName"),
        DELETES_GROUP,
        on("AddMemberToGroup")
            .touches("aws.identitystore.group_membership", "requestParameters.groupId", "got member {requestParameters.member.memberId}")
            .contain("identitystore:DeleteGroupMembership")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Identity Center user {requestParameters.member.memberId} was added to group {id} and has its rights.")
            .pair("identitystore:member {requestParameters.member.memberId}"),
        on("RemoveMemberFromGroup")
            .touches("aws.identitystore.group_membership", "requestParameters.groupId", "lost member {requestParameters.member.memberId}")
            .undoes("identitystore:member {requestParameters.member.memberId}"),
    ],
};

pub(super) const USER: &str = "requestParameters.userId";
pub(super) const CREATED: &str =
    "Identity Center user {id} was created and stays when the leaked credential is revoked.";
pub(super) const DELETES_USER: Row = on("DeleteUser").deletes("aws.identitystore.user", USER);
pub(super) const UNDOES_USER: Row =
    on("DeleteUser").about("aws.identitystore.user", USER).undoes("identitystore:user");
pub(super) const DELETES_GROUP: Row =
    on("DeleteGroup").deletes("aws.identitystore.group", "requestParameters.groupId");
