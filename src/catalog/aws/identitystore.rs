//! The Identity Center directory as its public API calls it; the console's calls are in `sso_directory`.

use super::sso_directory::{CREATED, DELETES_GROUP, DELETES_USER, UNDOES_USER, USER};
use crate::catalog::technique::{ADDITIONAL_CLOUD_ROLES, CREATE_CLOUD_ACCOUNT};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Persistence, PrivilegeEscalation};

pub static IDENTITYSTORE: Service = Service {
    source: "identitystore.amazonaws.com",
    rows: &[
        on("CreateUser")
            .creates("aws.identitystore.user", "responseElements.userId")
            .names("requestParameters.userName")
            .contain("identitystore:DeleteUser")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, CREATED)
            .pair("identitystore:user"),
        DELETES_USER,
        UNDOES_USER,
        on("UpdateUser").touches("aws.identitystore.user", USER, "changed"),
        on("CreateGroup")
            .creates("aws.identitystore.group", "responseElements.groupId")
            .names("requestParameters.displayName"),
        DELETES_GROUP,
        // A deletion names the membership alone, so the pair is that id and not the group.
        on("CreateGroupMembership")
            .creates("aws.identitystore.membership", "responseElements.membershipId")
            .contain("identitystore:DeleteGroupMembership")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Identity Center user {requestParameters.memberId.userId} was added to group {requestParameters.groupId} and has its rights (membership {id}).")
            .pair("identitystore:membership"),
        on("DeleteGroupMembership").deletes("aws.identitystore.membership", "requestParameters.membershipId"),
        on("DeleteGroupMembership").about("aws.identitystore.membership", "requestParameters.membershipId").undoes("identitystore:membership"),
    ],
};
