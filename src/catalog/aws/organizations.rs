//! AWS Organizations, logged in us-east-1 of the account that calls.

use crate::catalog::technique::{
    ADDITIONAL_CLOUD_ROLES, CREATE_CLOUD_ACCOUNT, DISABLE_TOOLS, TRUST_MODIFICATION,
};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{DefenseEvasion, Persistence, PrivilegeEscalation};

pub static ORGANIZATIONS: Service = Service {
    source: "organizations.amazonaws.com",
    rows: &[
        on("LeaveOrganization")
            .about("aws.organizations.membership", "userIdentity.accountId|recipientAccountId")
            .contain("organizations:InviteAccountToOrganization")
            .finding(DefenseEvasion, &TRUST_MODIFICATION, "Account {id} left its organization: what the organization forbade and logged no longer counts there."),
        on("RemoveAccountFromOrganization")
            .about("aws.organizations.membership", "requestParameters.accountId")
            .contain("organizations:InviteAccountToOrganization")
            .finding(DefenseEvasion, &TRUST_MODIFICATION, "Account {id} was removed from the organization: what the organization forbade and logged no longer counts there."),
        on("CreateAccount|CreateGovCloudAccount")
            .creates("aws.organizations.account", "responseElements.createAccountStatus.id")
            .names("responseElements.createAccountStatus.accountId|responseElements.createAccountStatus.accountName|requestParameters.accountName")
            .contain("organizations:AttachPolicy, organizations:CloseAccount")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, "A new account was ordered (request {id}); nothing watches it yet."),
        on("CreateAccountResult")
            .touches("aws.organizations.account", "serviceEventDetails.createAccountStatus.id", "became account {serviceEventDetails.createAccountStatus.accountId}")
            .names("serviceEventDetails.createAccountStatus.accountId"),
        on("CloseAccount").deletes("aws.organizations.account", "requestParameters.accountId"),
        on("InviteAccountToOrganization")
            .touches("aws.organizations.handshake", "responseElements.handshake.id", "invited {requestParameters.target.id}")
            .contain("organizations:CancelHandshake")
            .finding(Persistence, &TRUST_MODIFICATION, "{requestParameters.target.id} was invited into the organization by handshake {id}.")
            .pair("organizations:handshake"),
        on("CancelHandshake|DeclineHandshake").touches("aws.organizations.handshake", HANDSHAKE, "called off").undoes("organizations:handshake"),
        on("AcceptHandshake")
            .touches("aws.organizations.handshake", HANDSHAKE, "accepted")
            .finding(Persistence, &TRUST_MODIFICATION, "Handshake {id} was accepted: this account now obeys the organization that invited it."),
        on("DetachPolicy")
            .touches("aws.organizations.scp_attachment", POLICY, "taken off {requestParameters.targetId}")
            .names("requestParameters.targetId")
            .contain("organizations:AttachPolicy")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Organization policy {id} was taken off {requestParameters.targetId}, which may now do what it forbade.")
            .pair("organizations:attached {requestParameters.targetId}"),
        on("AttachPolicy")
            .touches("aws.organizations.scp_attachment", POLICY, "put on {requestParameters.targetId}")
            .names("requestParameters.targetId")
            .undoes("organizations:attached {requestParameters.targetId}"),
        on("CreatePolicy").creates("aws.organizations.policy", "responseElements.policy.policySummary.id").names("responseElements.policy.policySummary.arn|responseElements.policy.policySummary.name"),
        on("UpdatePolicy")
            .touches("aws.organizations.policy", POLICY, "rewritten")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Organization policy {id} was rewritten; compare what it forbids now."),
        on("DeletePolicy").deletes("aws.organizations.policy", POLICY),
        on("DisablePolicyType")
            .about("aws.organizations.policy_type", "requestParameters.policyType")
            .contain("organizations:EnablePolicyType")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "All policies of type {id} were switched off in the organization.")
            .pair("organizations:policy-type"),
        on("EnablePolicyType").about("aws.organizations.policy_type", "requestParameters.policyType").undoes("organizations:policy-type"),
        on("CreateOrganization")
            .creates("aws.organizations.organization", "responseElements.organization.id")
            .names("responseElements.organization.arn|responseElements.organization.masterAccountId")
            .contain("organizations:DeleteOrganization")
            .finding(Persistence, &TRUST_MODIFICATION, "An organization {id} was created, from which more accounts can be opened at your cost."),
        // The request names nothing: an account manages one organization at most.
        on("DeleteOrganization").deletes("aws.organizations.organization", "userIdentity.accountId|recipientAccountId"),
        on("RegisterDelegatedAdministrator")
            .about("aws.organizations.delegated_admin", "requestParameters.accountId")
            .contain("organizations:DeregisterDelegatedAdministrator")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "Account {id} may now run {requestParameters.servicePrincipal} for the whole organization.")
            .pair("organizations:delegated {requestParameters.servicePrincipal}"),
        on("DeregisterDelegatedAdministrator").about("aws.organizations.delegated_admin", "requestParameters.accountId").undoes("organizations:delegated {requestParameters.servicePrincipal}"),
        on("CreateOrganizationalUnit").creates("aws.organizations.unit", "responseElements.organizationalUnit.id").names("responseElements.organizationalUnit.arn"),
        on("DeleteOrganizationalUnit").deletes("aws.organizations.unit", "requestParameters.organizationalUnitId"),
        on("MoveAccount").touches("aws.organizations.membership", "requestParameters.accountId", "moved to {requestParameters.destinationParentId}"),
    ],
};

const POLICY: &str = "requestParameters.policyId";
const HANDSHAKE: &str = "requestParameters.handshakeId|responseElements.handshake.id";
