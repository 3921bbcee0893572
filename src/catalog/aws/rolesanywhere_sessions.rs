//! AWS IAM Roles Anywhere: role credentials for whoever holds a certificate.

use super::{arn, sts};
use crate::catalog::{Record, Service, on, path};
use crate::model::{Fact, Minter, time};
use serde_json::Value;

pub static ROLESANYWHERE_SESSIONS: Service = Service {
    source: "rolesanywhere.amazonaws.com",
    rows: &[on("CreateSession").tells(|record, facts| {
        let sets = record.values("responseElements.credentialSet[]");
        facts.extend(sets.into_iter().filter_map(|set| credential(record, set)));
    })],
};

/// The session's name is the certificate's serial number, its source identity the certificate's CN.
fn credential(record: &Record, set: &Value) -> Option<Fact> {
    let at = |paths: &str| path::resolve(set, paths, record.event).into_iter().next();
    let arn = at("assumedRoleUser.arn");
    let serial = arn.as_deref().and_then(|arn| arn.rsplit('/').next()).map(Into::into);
    let mut session = sts::session(record, "CreateSession");
    session.id = at("credentials.accessKeyId").filter(|id| !sts::is_masked(id))?;
    session.account = arn.as_deref().and_then(arn::account_of).map(Into::into);
    session.principal = arn;
    session.principal_id = at("assumedRoleUser.assumedRoleId");
    session.expires = path::values(set, "credentials.expiration", record.event)
        .first()
        .and_then(|value| time::parse_loose(value));
    session.minter = Minter::External {
        issuer: sts::first(record, "requestParameters.trustAnchorArn|userIdentity.invokedBy"),
        subject: at("sourceIdentity")
            .or_else(|| record.first("additionalEventData.x509Subject|additionalEventData.subject"))
            .or(serial)
            .unwrap_or_default(),
    };
    Some(Fact::Issued(session))
}
