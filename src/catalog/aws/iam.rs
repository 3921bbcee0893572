//! AWS IAM, without what mints or revokes credentials (that is `iam_credentials`).
//!
//! Everything here is logged in us-east-1, whatever region the caller names.

use super::policy_document::{allows_everything, grant, lets_outsiders_in, only_denies};
use super::tell::ACCOUNT;
use crate::catalog::technique::{
    ACCOUNT_ACCESS_REMOVAL, ADDITIONAL_CLOUD_ROLES, COMPUTE_HIJACKING, CREATE_CLOUD_ACCOUNT, DISABLE_TOOLS,
    MFA_MODIFICATION, MODIFY_AUTH_PROCESS, TRUST_MODIFICATION,
};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{
    DefenseEvasion, Destruction, Leak, Persistence, PrivilegeEscalation, ResourceHijacking,
};

pub static IAM: Service = Service {
    source: "iam.amazonaws.com",
    rows: &[
        // Users.
        on("CreateUser")
            .creates("aws.iam.user", "responseElements.user.arn|requestParameters.userName")
            .names("responseElements.user.userName|responseElements.user.userId|requestParameters.userName")
            .contain("iam:PutUserPolicy, iam:UpdateAccessKey, iam:DeleteLoginProfile")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, "User {id} was created and stays when the leaked credential is revoked.")
            .pair("iam:user"),
        on("DeleteUser")
            .deletes("aws.iam.user", "requestParameters.userName")
            .finding(Destruction, &ACCOUNT_ACCESS_REMOVAL, "User {id} was deleted; a new user of that name gets another id and none of its keys."),
        on("DeleteUser").about("aws.iam.user", "requestParameters.userName").undoes("iam:user"),
        on("UpdateUser").touches("aws.iam.user", USER, "renamed or moved to {requestParameters.newUserName|requestParameters.newPath}"),
        on("TagUser|UntagUser").touches("aws.iam.user", USER, "its tags were changed"),
        // Groups.
        on("CreateGroup")
            .creates("aws.iam.group", "responseElements.group.arn|requestParameters.groupName")
            .names("responseElements.group.groupName|responseElements.group.groupId|requestParameters.groupName")
            .contain("iam:RemoveUserFromGroup, iam:DeleteGroup"),
        on("DeleteGroup").deletes("aws.iam.group", GROUP),
        on("UpdateGroup").touches("aws.iam.group", GROUP, "renamed or moved to {requestParameters.newGroupName|requestParameters.newPath}"),
        on("AddUserToGroup")
            .touches("aws.iam.group_membership", USER, "added to group {requestParameters.groupName}")
            .names(GROUP)
            .contain("iam:RemoveUserFromGroup")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "User {id} was added to group {requestParameters.groupName} and has its rights.")
            .pair("iam:group {requestParameters.groupName}")
            .tells(|record, facts| grants(record, GROUP, facts)),
        on("RemoveUserFromGroup")
            .touches("aws.iam.group_membership", USER, "removed from group {requestParameters.groupName}")
            .undoes("iam:group {requestParameters.groupName}")
            .tells(|record, facts| withdraws(record, GROUP, facts)),
        // Roles.
        on("CreateRole")
            .creates("aws.iam.role", "responseElements.role.arn|requestParameters.roleName")
            .names("responseElements.role.roleName|responseElements.role.roleId|requestParameters.roleName")
            .contain("iam:PutRolePolicy, iam:UpdateAssumeRolePolicy")
            .tells(|record, facts| grant(record, TRUST, "responseElements.role.arn|requestParameters.roleName", facts)),
        on("CreateRole")
            .about("aws.iam.role", "responseElements.role.arn|requestParameters.roleName")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Role {id} was created so that another account, or anybody, can assume it.")
            .pair("iam:role")
            .only_if(|record| lets_outsiders_in(record, TRUST)),
        on("DeleteRole").deletes("aws.iam.role", ROLE),
        on("DeleteRole").about("aws.iam.role", ROLE).undoes("iam:role"),
        on("UpdateRole|UpdateRoleDescription").touches("aws.iam.role", ROLE, "its description or session length was changed"),
        on("TagRole|UntagRole").touches("aws.iam.role", ROLE, "its tags were changed"),
        on("CreateServiceLinkedRole")
            .creates("aws.iam.service_linked_role", "responseElements.role.arn")
            .names("responseElements.role.roleName|responseElements.role.roleId"),
        on("CreateServiceLinkedRole")
            .about("aws.iam.service_linked_role", "responseElements.role.arn|requestParameters.aWSServiceName")
            .finding(ResourceHijacking, &COMPUTE_HIJACKING, "The account was made ready for {requestParameters.aWSServiceName} for the first time, which often comes right before mining.")
            .only_if(|record| ["autoscaling", "spot", "spotfleet", "ec2fleet", "ecs", "batch"].iter().any(|service| record.is("requestParameters.aWSServiceName", &format!("{service}.amazonaws.com")))),
        on("DeleteServiceLinkedRole").deletes("aws.iam.service_linked_role", ROLE),
        // Instance profiles.
        on("CreateInstanceProfile")
            .creates("aws.iam.instance_profile", "responseElements.instanceProfile.arn|requestParameters.instanceProfileName")
            .names("responseElements.instanceProfile.instanceProfileName|responseElements.instanceProfile.instanceProfileId|requestParameters.instanceProfileName")
            .contain("iam:RemoveRoleFromInstanceProfile"),
        on("DeleteInstanceProfile").deletes("aws.iam.instance_profile", INSTANCE_PROFILE),
        on("AddRoleToInstanceProfile")
            .touches("aws.iam.instance_profile", INSTANCE_PROFILE, "given role {requestParameters.roleName}")
            .contain("iam:RemoveRoleFromInstanceProfile")
            .tells(|record, facts| profile_role(record, facts, |member, role, on| Fact::Granted { member, role, on })),
        on("RemoveRoleFromInstanceProfile")
            .touches("aws.iam.instance_profile", INSTANCE_PROFILE, "role {requestParameters.roleName} was taken out")
            .tells(|record, facts| profile_role(record, facts, |member, role, on| Fact::Withdrawn { member, role, on })),
        on("TagInstanceProfile|UntagInstanceProfile").touches("aws.iam.instance_profile", INSTANCE_PROFILE, "its tags were changed"),
        // Managed policies.
        on("CreatePolicy")
            .creates("aws.iam.policy", "responseElements.policy.arn")
            .names("responseElements.policy.policyName|responseElements.policy.policyId|requestParameters.policyName")
            .contain("iam:CreatePolicyVersion"),
        on("DeletePolicy").deletes("aws.iam.policy", POLICY),
        on("TagPolicy|UntagPolicy").touches("aws.iam.policy", POLICY, "its tags were changed"),
        // A version is `v2` in every policy there is: the policy's ARN is what says which.
        on("CreatePolicyVersion")
            .touches("aws.iam.policy_version", POLICY, "given version {responseElements.policyVersion.versionId}")
            .names("responseElements.policyVersion.versionId")
            .contain("iam:SetDefaultPolicyVersion, iam:DeletePolicyVersion"),
        on("CreatePolicyVersion")
            .about("aws.iam.policy_version", POLICY)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Policy {id} got a new version that allows everything.")
            .pair("iam:version {responseElements.policyVersion.versionId}")
            .only_if(|record| allows_everything(record, DOCUMENT)),
        on("CreatePolicyVersion")
            .about("aws.iam.policy_version", POLICY)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Policy {id} was rewritten, so whoever has it has other rights now.")
            .pair("iam:version {responseElements.policyVersion.versionId}")
            .only_if(|record| !allows_everything(record, DOCUMENT)),
        on("SetDefaultPolicyVersion")
            .touches("aws.iam.policy_version", POLICY, "version {requestParameters.versionId} was put in force")
            .names("requestParameters.versionId")
            .contain("iam:SetDefaultPolicyVersion")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Version {requestParameters.versionId} of policy {id} was put in force; an old version can hold more rights."),
        on("DeletePolicyVersion")
            .touches("aws.iam.policy_version", POLICY, "version {requestParameters.versionId} was deleted")
            .names("requestParameters.versionId")
            .undoes("iam:version {requestParameters.versionId}"),
        // Attached policies: the subject is who got it.
        on("AttachUserPolicy|AttachRolePolicy|AttachGroupPolicy")
            .touches("aws.iam.policy_attachment", WHO, "given policy {requestParameters.policyArn}")
            .names(POLICY)
            .contain("iam:DetachUserPolicy, iam:DetachRolePolicy, iam:DetachGroupPolicy")
            .tells(|record, facts| if !is_quarantine(record) { grants(record, POLICY, facts) }),
        on("AttachUserPolicy|AttachRolePolicy|AttachGroupPolicy")
            .about("aws.iam.policy_attachment", WHO)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "{id} was made an administrator with {requestParameters.policyArn}.")
            .pair("iam:attached {requestParameters.policyArn}")
            .only_if(is_admin_policy),
        on("AttachUserPolicy|AttachRolePolicy|AttachGroupPolicy")
            .about("aws.iam.policy_attachment", WHO)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "{id} was given the rights of policy {requestParameters.policyArn}.")
            .pair("iam:attached {requestParameters.policyArn}")
            .only_if(|record| !is_admin_policy(record) && !is_deny_policy(record)),
        on("DetachUserPolicy|DetachRolePolicy|DetachGroupPolicy")
            .touches("aws.iam.policy_attachment", WHO, "policy {requestParameters.policyArn} was taken away")
            .names(POLICY)
            .undoes("iam:attached {requestParameters.policyArn}")
            .tells(|record, facts| withdraws(record, POLICY, facts)),
        // Inline policies: likewise.
        on("PutUserPolicy|PutRolePolicy|PutGroupPolicy")
            .touches("aws.iam.inline_policy", WHO, "given inline policy {requestParameters.policyName}")
            .names(INLINE)
            .contain("iam:DeleteUserPolicy, iam:DeleteRolePolicy, iam:DeleteGroupPolicy")
            .tells(|record, facts| if !only_denies(record, DOCUMENT) { grants(record, INLINE, facts) }),
        on("PutUserPolicy|PutRolePolicy|PutGroupPolicy")
            .about("aws.iam.inline_policy", WHO)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "{id} was made an administrator with inline policy {requestParameters.policyName}.")
            .pair("iam:inline {requestParameters.policyName}")
            .only_if(|record| allows_everything(record, DOCUMENT)),
        on("PutUserPolicy|PutRolePolicy|PutGroupPolicy")
            .about("aws.iam.inline_policy", WHO)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "{id} was given rights with inline policy {requestParameters.policyName}.")
            .pair("iam:inline {requestParameters.policyName}")
            .only_if(|record| !allows_everything(record, DOCUMENT) && !only_denies(record, DOCUMENT) && !is_quarantine(record)),
        on("DeleteUserPolicy|DeleteRolePolicy|DeleteGroupPolicy")
            .touches("aws.iam.inline_policy", WHO, "inline policy {requestParameters.policyName} was taken away")
            .names(INLINE)
            .undoes("iam:inline {requestParameters.policyName}")
            .tells(|record, facts| withdraws(record, INLINE, facts)),
        // AWS attaches its quarantine policy to a user whose key it found in public.
        on("AttachUserPolicy|PutUserPolicy")
            .about("aws.iam.user", USER)
            .finding(Leak, &crate::catalog::technique::CLOUD_ACCOUNTS, "AWS quarantined user {id} because it found a key of that user in public.")
            .only_if(is_quarantine)
            .tells(|record, facts| facts.push(Fact::Leak { key: None, principal: record.first(USER), found_at: None })),
        on("DetachUserPolicy|DeleteUserPolicy")
            .about("aws.iam.user", USER)
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The quarantine that AWS had put on user {id} was taken off.")
            .only_if(is_quarantine),
        // Permission boundaries.
        on("DeleteUserPermissionsBoundary|DeleteRolePermissionsBoundary")
            .touches("aws.iam.permissions_boundary", WHO, "its permissions boundary was removed")
            .contain("iam:PutUserPermissionsBoundary, iam:PutRolePermissionsBoundary")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "The permissions boundary of {id} was removed, so its policies count in full.")
            .pair("iam:boundary"),
        on("PutUserPermissionsBoundary|PutRolePermissionsBoundary")
            .touches("aws.iam.permissions_boundary", WHO, "its permissions boundary was set to {requestParameters.permissionsBoundary}")
            .undoes("iam:boundary"),
        // MFA.
        on("CreateVirtualMFADevice")
            .creates("aws.iam.mfa_device", "responseElements.virtualMFADevice.serialNumber")
            .names("requestParameters.virtualMFADeviceName")
            .contain("iam:DeactivateMFADevice")
            .finding(Persistence, &MFA_MODIFICATION, "MFA device {id} was made; put on a user it locks the owner out.")
            .pair("iam:mfa-device"),
        on("DeleteVirtualMFADevice").deletes("aws.iam.mfa_device", MFA),
        on("DeleteVirtualMFADevice").about("aws.iam.mfa_device", MFA).undoes("iam:mfa-device"),
        on("EnableMFADevice")
            .touches("aws.iam.mfa_device", MFA, "put on user {requestParameters.userName}")
            .contain("iam:DeactivateMFADevice")
            .finding(Persistence, &MFA_MODIFICATION, "MFA device {id} was put on user {requestParameters.userName}; ask the owner whether it is theirs.")
            .pair("iam:mfa-on"),
        on("EnableMFADevice").about("aws.iam.mfa_device", MFA).undoes("iam:mfa-off"),
        on("DeactivateMFADevice")
            .touches("aws.iam.mfa_device", MFA, "taken off user {requestParameters.userName}")
            .finding(DefenseEvasion, &MFA_MODIFICATION, "MFA device {id} was taken off user {requestParameters.userName}: a password alone signs in.")
            .pair("iam:mfa-off"),
        on("DeactivateMFADevice").about("aws.iam.mfa_device", MFA).undoes("iam:mfa-on"),
        on("DeleteAccountPasswordPolicy")
            .about("aws.iam.password_policy", ACCOUNT)
            .finding(DefenseEvasion, &MODIFY_AUTH_PROCESS, "The password policy of account {id} was deleted, so weak passwords are accepted.")
            .pair("iam:password-policy"),
        on("UpdateAccountPasswordPolicy").touches("aws.iam.password_policy", ACCOUNT, "the password policy was set").undoes("iam:password-policy"),
        // Who may sign in from outside.
        on("CreateSAMLProvider")
            .creates("aws.iam.saml_provider", "responseElements.sAMLProviderArn|requestParameters.name")
            .names("requestParameters.name")
            .contain("iam:DeleteSAMLProvider")
            .finding(Persistence, &TRUST_MODIFICATION, "SAML provider {id} was added: whoever holds its signing key can sign in to every role that trusts it.")
            .pair("iam:provider"),
        on("UpdateSAMLProvider")
            .touches("aws.iam.saml_provider", "requestParameters.sAMLProviderArn|responseElements.sAMLProviderArn", "its metadata was replaced")
            .contain("iam:UpdateSAMLProvider")
            .finding(Persistence, &TRUST_MODIFICATION, "The metadata of SAML provider {id} was replaced: another signing key can now sign in."),
        on("DeleteSAMLProvider").deletes("aws.iam.saml_provider", "requestParameters.sAMLProviderArn"),
        on("DeleteSAMLProvider").about("aws.iam.saml_provider", "requestParameters.sAMLProviderArn").undoes("iam:provider"),
        on("CreateOpenIDConnectProvider")
            .creates("aws.iam.oidc_provider", "responseElements.openIDConnectProviderArn")
            .names("requestParameters.url")
            .contain("iam:DeleteOpenIDConnectProvider")
            .finding(Persistence, &TRUST_MODIFICATION, "OIDC provider {id} was added: tokens of that issuer can sign in to every role that trusts it.")
            .pair("iam:provider"),
        on("AddClientIDToOpenIDConnectProvider|UpdateOpenIDConnectProviderThumbprint")
            .touches("aws.iam.oidc_provider", "requestParameters.openIDConnectProviderArn", "who it accepts was widened")
            .contain("iam:RemoveClientIDFromOpenIDConnectProvider, iam:UpdateOpenIDConnectProviderThumbprint")
            .finding(Persistence, &TRUST_MODIFICATION, "OIDC provider {id} now accepts another client or certificate."),
        on("RemoveClientIDFromOpenIDConnectProvider").touches("aws.iam.oidc_provider", "requestParameters.openIDConnectProviderArn", "a client was taken out"),
        on("DeleteOpenIDConnectProvider").deletes("aws.iam.oidc_provider", "requestParameters.openIDConnectProviderArn"),
        on("DeleteOpenIDConnectProvider").about("aws.iam.oidc_provider", "requestParameters.openIDConnectProviderArn").undoes("iam:provider"),
        on("EnableOutboundWebIdentityFederation")
            .touches("aws.iam.outbound_federation", ACCOUNT, "tokens for outside were switched on")
            .contain("iam:DisableOutboundWebIdentityFederation")
            .finding(Persistence, &TRUST_MODIFICATION, "Principals of account {id} can now mint tokens that other services accept as them.")
            .pair("iam:outbound"),
        on("DisableOutboundWebIdentityFederation").about("aws.iam.outbound_federation", ACCOUNT).undoes("iam:outbound"),
        on("EnableOrganizationsRootSessions|EnableOrganizationsRootCredentialsManagement")
            .about("aws.iam.root_access", ACCOUNT)
            .contain("iam:DisableOrganizationsRootSessions, iam:DisableOrganizationsRootCredentialsManagement")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Account {id} can now act as root in every member account of the organization.")
            .pair("iam:root-access"),
        on("DisableOrganizationsRootSessions|DisableOrganizationsRootCredentialsManagement").about("aws.iam.root_access", ACCOUNT).undoes("iam:root-access"),
    ],
};

const USER: &str = "requestParameters.userName";
const GROUP: &str = "requestParameters.groupName";
const ROLE: &str = "requestParameters.roleName";
const POLICY: &str = "requestParameters.policyArn";
const INLINE: &str = "requestParameters.policyName";
const DOCUMENT: &str = "requestParameters.policyDocument";
const TRUST: &str =
    "requestParameters.assumeRolePolicyDocument|responseElements.role.assumeRolePolicyDocument";
const INSTANCE_PROFILE: &str = "requestParameters.instanceProfileName";
const MFA: &str = "requestParameters.serialNumber";
const WHO: &str = "requestParameters.userName|requestParameters.roleName|requestParameters.groupName";

/// AWS's own policies that make an administrator, or let one make oneself an administrator.
fn is_admin_policy(record: &Record) -> bool {
    record.first(POLICY).is_some_and(|arn| {
        ["/AdministratorAccess", "/IAMFullAccess", "/PowerUserAccess"].iter().any(|name| arn.ends_with(name))
    })
}

/// Policies that only take rights away.
fn is_deny_policy(record: &Record) -> bool {
    is_quarantine(record) || record.first(POLICY).is_some_and(|arn| arn.ends_with("/AWSDenyAll"))
}

fn is_quarantine(record: &Record) -> bool {
    [POLICY, INLINE]
        .iter()
        .any(|path| record.first(path).is_some_and(|name| name.contains("AWSCompromisedKeyQuarantine")))
}

fn grants(record: &Record, role: &str, facts: &mut Vec<Fact>) {
    if let (Some(member), Some(role)) = (record.first(WHO), record.first(role)) {
        facts.push(Fact::Granted { member, role, on: record.scope.account.clone() });
    }
}

fn withdraws(record: &Record, role: &str, facts: &mut Vec<Fact>) {
    if let (Some(member), Some(role)) = (record.first(WHO), record.first(role)) {
        facts.push(Fact::Withdrawn { member, role, on: record.scope.account.clone() });
    }
}

/// Whoever runs with the instance profile has, or no longer has, the role.
fn profile_role(
    record: &Record,
    facts: &mut Vec<Fact>,
    fact: fn(std::sync::Arc<str>, std::sync::Arc<str>, std::sync::Arc<str>) -> Fact,
) {
    if let (Some(profile), Some(role)) = (record.first(INSTANCE_PROFILE), record.first(ROLE)) {
        facts.push(fact(profile, role, record.scope.account.clone()));
    }
}
