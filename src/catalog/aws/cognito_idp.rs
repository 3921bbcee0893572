//! Amazon Cognito user pools. User names are mostly masked.

use crate::catalog::technique::{
    ADDITIONAL_CLOUD_CREDENTIALS, ADDITIONAL_CLOUD_ROLES, CREATE_CLOUD_ACCOUNT, TRUST_MODIFICATION,
};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{CredentialAccess, Persistence, PrivilegeEscalation};

pub static COGNITO_IDP: Service = Service {
    source: "cognito-idp.amazonaws.com",
    rows: &[
        on("AdminCreateUser")
            .creates("aws.cognito_idp.user", "responseElements.user.username|requestParameters.username|additionalEventData.sub")
            .names("additionalEventData.sub")
            .contain("cognito-idp:AdminDisableUser, cognito-idp:AdminUserGlobalSignOut")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, "User {id} was created in user pool {requestParameters.userPoolId}.")
            .pair("cognito:user {requestParameters.userPoolId}"),
        on("AdminDeleteUser").deletes("aws.cognito_idp.user", USER).names("additionalEventData.sub"),
        on("AdminDeleteUser|AdminDisableUser").about("aws.cognito_idp.user", USER).undoes("cognito:user {requestParameters.userPoolId}"),
        on("AdminDisableUser|AdminEnableUser|AdminUpdateUserAttributes|AdminConfirmSignUp|AdminUserGlobalSignOut").touches("aws.cognito_idp.user", USER, "changed in user pool {requestParameters.userPoolId}"),
        on("AdminSetUserPassword|AdminResetUserPassword")
            .touches("aws.cognito_idp.user", USER, "its password was reset")
            .finding(CredentialAccess, &ADDITIONAL_CLOUD_CREDENTIALS, "The password of user {id} in user pool {requestParameters.userPoolId} was reset."),
        on("AdminAddUserToGroup")
            .touches("aws.cognito_idp.user", USER, "added to group {requestParameters.groupName}")
            .contain("cognito-idp:AdminRemoveUserFromGroup")
            .finding(PrivilegeEscalation, &ADDITIONAL_CLOUD_ROLES, "User {id} was added to group {requestParameters.groupName} of user pool {requestParameters.userPoolId}.")
            .pair("cognito:group {requestParameters.userPoolId} {requestParameters.groupName}"),
        on("AdminRemoveUserFromGroup").touches("aws.cognito_idp.user", USER, "removed from group {requestParameters.groupName}").undoes("cognito:group {requestParameters.userPoolId} {requestParameters.groupName}"),
        on("CreateUserPool").creates("aws.cognito_idp.user_pool", "responseElements.userPool.id").names("responseElements.userPool.arn|requestParameters.poolName"),
        on("DeleteUserPool").deletes("aws.cognito_idp.user_pool", "requestParameters.userPoolId"),
        on("CreateUserPoolClient").creates("aws.cognito_idp.client", "responseElements.userPoolClient.clientId"),
        on("DeleteUserPoolClient").deletes("aws.cognito_idp.client", "requestParameters.clientId"),
        on("CreateIdentityProvider")
            .creates("aws.cognito_idp.identity_provider", "requestParameters.providerName")
            .contain("cognito-idp:DeleteIdentityProvider")
            .finding(Persistence, &TRUST_MODIFICATION, "Identity provider {id} can now sign people in to user pool {requestParameters.userPoolId}.")
            .pair("cognito:provider {requestParameters.userPoolId}"),
        on("DeleteIdentityProvider").deletes("aws.cognito_idp.identity_provider", "requestParameters.providerName"),
        on("DeleteIdentityProvider").about("aws.cognito_idp.identity_provider", "requestParameters.providerName").undoes("cognito:provider {requestParameters.userPoolId}"),
    ],
};

const USER: &str = "requestParameters.username|additionalEventData.sub";
