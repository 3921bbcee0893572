//! Who did it: CloudTrail's `userIdentity` in all its kinds (aws.md 1.1).

use super::normalize::{field, is_true, text_at};
use crate::catalog::aws::arn::Arn;
use crate::model::{Actor, Session, time};
use serde_json::Value;

/// Reads the actor; a record without `userIdentity` has an empty one.
pub fn read(json: &Value) -> Actor {
    let identity = field(json, "userIdentity").unwrap_or(&Value::Null);
    let principal = text_at(identity, &["arn"]);
    let account = text_at(identity, &["accountId"]).or_else(|| {
        let arn = Arn::parse(principal.as_deref()?)?;
        (!arn.account.is_empty()).then(|| arn.account.into())
    });
    Actor {
        kind: text_at(identity, &["type"]).unwrap_or_default(),
        principal_id: text_at(identity, &["principalId"]),
        key: text_at(identity, &["accessKeyId"]),
        session: session(identity),
        invoked_by: text_at(identity, &["invokedBy"]),
        issued_to: text_at(identity, &["inScopeOf", "credentialsIssuedTo"]),
        on_behalf_of: text_at(identity, &["onBehalfOf", "userId"]),
        bearer: text_at(identity, &["credentialId"]),
        delegation: Vec::new(),
        from_console: is_true(field(json, "sessionCredentialFromConsole")),
        principal,
        account,
    }
}

/// `sessionIssuer: {}` is real, and so is a session whose attributes are masked: what is there counts.
fn session(identity: &Value) -> Option<Session> {
    let issuer = text_at(identity, &["sessionContext", "sessionIssuer", "arn"]);
    let started = text_at(identity, &["sessionContext", "attributes", "creationDate"])
        .and_then(|created| time::parse(&created));
    (issuer.is_some() || started.is_some()).then_some(Session { issuer, started })
}
