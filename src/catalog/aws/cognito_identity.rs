//! Amazon Cognito identity pools: role credentials for app users, also for guests.

use super::{arn, sts};
use crate::catalog::{Record, Service, on};
use crate::model::{Fact, Minter};

pub static COGNITO_IDENTITY: Service = Service {
    source: "cognito-identity.amazonaws.com",
    rows: &[on("GetCredentialsForIdentity").tells(credentials)],
};

/// The pool's role is not in the record unless the caller chose one; Cognito always names the session alike.
fn credentials(record: &Record, facts: &mut Vec<Fact>) {
    let mut session = sts::session(record, "GetCredentialsForIdentity");
    session.principal = record
        .first("requestParameters.customRoleArn")
        .and_then(|role| arn::session_of(&role, "CognitoIdentityCredentials"));
    session.account = Some(record.scope.account.clone());
    session.minter = Minter::External {
        issuer: "cognito-identity.amazonaws.com".into(),
        subject: sts::first(record, "requestParameters.identityId|responseElements.identityId"),
    };
    facts.extend(sts::with_key(record, session));
}
