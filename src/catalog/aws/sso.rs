//! IAM Identity Center: permission sets and who gets them, logged in its home region.

use super::policy_document::allows_everything;
use crate::catalog::technique::{ADDITIONAL_CLOUD_ROLES, MODIFY_AUTH_PROCESS, TRUST_MODIFICATION};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{Persistence, PrivilegeEscalation};

pub static SSO: Service = Service {
    source: "sso.amazonaws.com",
    rows: &[
        // The request id is of this one call; who got what where is what a deletion names.
        on("CreateAccountAssignment")
            .touches("aws.sso.account_assignment", "requestParameters.principalId", "given {requestParameters.permissionSetArn} in account {requestParameters.targetId}")
            .names("responseElements.accountAssignmentCreationStatus.requestId")
            .contain("sso-admin:DeleteAccountAssignment")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Identity Center {requestParameters.principalType} {id} was given {requestParameters.permissionSetArn} in account {requestParameters.targetId}.")
            .pair("sso:assignment {requestParameters.permissionSetArn} {requestParameters.targetId}")
            .tells(|record, facts| assignment(record, facts, |member, role, on| Fact::Granted { member, role, on })),
        on("DeleteAccountAssignment")
            .touches("aws.sso.account_assignment", "requestParameters.principalId", "lost {requestParameters.permissionSetArn} in account {requestParameters.targetId}")
            .undoes("sso:assignment {requestParameters.permissionSetArn} {requestParameters.targetId}")
            .tells(|record, facts| assignment(record, facts, |member, role, on| Fact::Withdrawn { member, role, on })),
        on("CreatePermissionSet")
            .creates("aws.sso.permission_set", "responseElements.permissionSet.permissionSetArn")
            .names("responseElements.permissionSet.name|requestParameters.name")
            .contain("sso-admin:PutInlinePolicyToPermissionSet, sso-admin:ProvisionPermissionSet")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Permission set {id} was created; assigned to somebody it is a role in each account.")
            .pair("sso:permission-set"),
        on("DeletePermissionSet").deletes("aws.sso.permission_set", SET),
        on("DeletePermissionSet").about("aws.sso.permission_set", SET).undoes("sso:permission-set"),
        on("AttachManagedPolicyToPermissionSet|AttachCustomerManagedPolicyReferenceToPermissionSet")
            .touches("aws.sso.permission_set", SET, "given policy {requestParameters.managedPolicyArn|requestParameters.customerManagedPolicyReference.name}")
            .contain("sso-admin:DetachManagedPolicyFromPermissionSet")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Permission set {id} was given policy {requestParameters.managedPolicyArn|requestParameters.customerManagedPolicyReference.name}.")
            .pair("sso:attached {requestParameters.managedPolicyArn|requestParameters.customerManagedPolicyReference.name}"),
        on("DetachManagedPolicyFromPermissionSet|DetachCustomerManagedPolicyReferenceFromPermissionSet")
            .touches("aws.sso.permission_set", SET, "policy {requestParameters.managedPolicyArn|requestParameters.customerManagedPolicyReference.name} was taken away")
            .undoes("sso:attached {requestParameters.managedPolicyArn|requestParameters.customerManagedPolicyReference.name}"),
        on("PutInlinePolicyToPermissionSet")
            .touches("aws.sso.permission_set", SET, "its inline policy was replaced")
            .contain("sso-admin:DeleteInlinePolicyFromPermissionSet"),
        on("PutInlinePolicyToPermissionSet")
            .about("aws.sso.permission_set", SET)
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Permission set {id} was made an administrator by its inline policy.")
            .pair("sso:inline")
            .only_if(|record| allows_everything(record, "requestParameters.inlinePolicy")),
        on("DeleteInlinePolicyFromPermissionSet").touches("aws.sso.permission_set", SET, "its inline policy was deleted").undoes("sso:inline"),
        on("UpdatePermissionSet|ProvisionPermissionSet|DeletePermissionsBoundaryFromPermissionSet").touches("aws.sso.permission_set", SET, "changed or rolled out"),
        on("CreateTrustedTokenIssuer")
            .creates("aws.sso.trusted_token_issuer", "responseElements.trustedTokenIssuerArn")
            .names("requestParameters.name")
            .contain("sso-admin:DeleteTrustedTokenIssuer")
            .finding(Persistence, &TRUST_MODIFICATION, "Token issuer {id} is now trusted to say who somebody is.")
            .pair("sso:issuer"),
        on("DeleteTrustedTokenIssuer").deletes("aws.sso.trusted_token_issuer", "requestParameters.trustedTokenIssuerArn"),
        on("DeleteTrustedTokenIssuer").about("aws.sso.trusted_token_issuer", "requestParameters.trustedTokenIssuerArn").undoes("sso:issuer"),
        on("CreateApplication").creates("aws.sso.application", "responseElements.applicationArn").names("requestParameters.name").contain("sso-admin:UpdateApplication"),
        on("DeleteApplication").deletes("aws.sso.application", "requestParameters.applicationArn"),
        on("CreateInstance").creates("aws.sso.instance", "responseElements.instanceArn").names("requestParameters.name"),
        on("DeleteInstance").deletes("aws.sso.instance", "requestParameters.instanceArn"),
        on("UpdateSsoConfiguration|AssociateDirectory|EnableExternalIdPConfigurationForDirectory|CreateExternalIdPConfigurationForDirectory|UpdateExternalIdPConfigurationForDirectory|DisableExternalIdPConfigurationForDirectory")
            .about("aws.sso.instance", "requestParameters.instanceArn|requestParameters.directoryId")
            .finding(Persistence, &MODIFY_AUTH_PROCESS, "How people sign in to Identity Center {id} was changed."),
    ],
};

const SET: &str = "requestParameters.permissionSetArn";

fn assignment(
    record: &Record,
    facts: &mut Vec<Fact>,
    fact: fn(std::sync::Arc<str>, std::sync::Arc<str>, std::sync::Arc<str>) -> Fact,
) {
    if let (Some(member), Some(role), Some(on)) = (
        record.first("requestParameters.principalId"),
        record.first(SET),
        record.first("requestParameters.targetId"),
    ) {
        facts.push(fact(member, role, on));
    }
}
