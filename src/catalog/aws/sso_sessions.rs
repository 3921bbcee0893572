//! AWS IAM Identity Center: sign-in by bearer token, and role credentials for it.

use super::{arn, signin, sts};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static SSO_SESSIONS: Service = Service {
    source: "sso.amazonaws.com",
    rows: &[on("CreateToken").tells(token), on("GetRoleCredentials").tells(role_credentials)],
};

pub static SSO_OAUTH_SESSIONS: Service = Service {
    source: "sso-oauth.amazonaws.com",
    rows: &[on("CreateToken").tells(token), on("CreateTokenWithIAM").tells(token_with_iam)],
};

/// Device or browser login: the record names no credential, later records carry the same user id.
fn token(record: &Record, facts: &mut Vec<Fact>) {
    let user = record.actor.on_behalf_of.clone().or_else(|| record.actor.principal.clone());
    facts.extend(user.map(|principal| Fact::SignedIn { principal, via: "CreateToken" }));
}

/// The role's account logs an AssumeRoleWithSAML within seconds, whose role name ends in a hash that this record does
/// not know; no id joins the two, so `*` stands for hash and session name.
fn role_credentials(record: &Record, facts: &mut Vec<Fact>) {
    const ACCOUNT: &str = "serviceEventDetails.account_id|requestParameters.accountId";
    const ROLE: &str = "serviceEventDetails.role_name|requestParameters.roleName";
    if let (Some(account), Some(role)) = (record.first(ACCOUNT), record.first(ROLE)) {
        let partition = arn::partition_of(&record.scope.region);
        let principal = format!("arn:{partition}:sts::{account}:assumed-role/AWSReservedSSO_{role}_*").into();
        facts.push(Fact::SignedIn { principal, via: "GetRoleCredentials" });
    }
}

/// An application trades a token of its own for a user's: it signs in as that user from then on.
fn token_with_iam(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = sts::key_id(record, "additionalEventData.\"identitycenter:CredentialId\"") else {
        return;
    };
    let mut token = sts::session(record, "CreateTokenWithIAM");
    token.kind = "aws.identity_center_token";
    token.id = id;
    token.principal = record.first("additionalEventData.\"identitystore:UserId\"");
    token.expires = signin::expires_in(record);
    facts.push(Fact::Issued(token));
}
