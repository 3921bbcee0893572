//! AWS console and CLI sign-in.

use super::sts;
use crate::catalog::{Record, Service, on};
use crate::model::{Fact, Time};

pub static SIGNIN: Service = Service {
    source: "signin.amazonaws.com",
    rows: &[
        // No key: the browser uses many, all with this ARN and a creationDate equal to this event's time.
        on("ConsoleLogin").tells(|record, facts| facts.extend(signed_in(record, "ConsoleLogin"))),
        on("CreateOAuth2Token").tells(oauth_token),
        on("GetSigninToken").tells(|record, facts| {
            let mut session = sts::session(record, "GetSigninToken");
            session.principal_id = record.actor.principal_id.clone();
            match sts::key_id(record, "responseElements.credentials.accessKeyId") {
                Some(_) => facts.extend(sts::with_key(record, session)),
                None => facts.extend(signed_in(record, "GetSigninToken")),
            }
        }),
        on("SwitchRole").tells(switched_role),
    ],
};

fn signed_in(record: &Record, via: &'static str) -> Option<Fact> {
    Some(Fact::SignedIn { principal: record.actor.principal.clone()?, via })
}

/// The role's own account gets a record whose caller already is the role's session (`SwitchFrom` names where it came
/// from); other copies name the role in `SwitchTo`, and the console names the session after the caller.
fn switched_role(record: &Record, facts: &mut Vec<Fact>) {
    let target = record.first("additionalEventData.SwitchTo").and_then(|role| {
        let caller = record.actor.principal.as_deref()?.rsplit(['/', ':']).next()?;
        super::arn::session_of(&role, caller)
    });
    match target {
        Some(principal) => facts.push(Fact::SignedIn { principal, via: "SwitchRole" }),
        None => facts.extend(signed_in(record, "SwitchRole")),
    }
}

/// `aws login`: an access token of 15 minutes and a refresh token that outlives the rotation of keys.
fn oauth_token(record: &Record, facts: &mut Vec<Fact>) {
    const KEY: &str = "responseElements.accessToken.accessKeyId|responseElements.credentials.accessKeyId|responseElements.tokenOutput.accessToken.accessKeyId|responseElements.accessKeyId";
    match sts::key_id(record, KEY) {
        Some(key) => {
            let mut session = sts::session(record, "CreateOAuth2Token");
            session.id = key;
            session.principal_id = record.actor.principal_id.clone();
            session.expires = expires_in(record);
            facts.push(Fact::Issued(session));
        }
        None => facts.extend(signed_in(record, "CreateOAuth2Token")),
    }
}

/// Returns the end of a token whose life is given in seconds.
pub(super) fn expires_in(record: &Record) -> Option<Time> {
    let seconds = record.first("responseElements.expiresIn|responseElements.tokenOutput.expiresIn")?;
    record.at.checked_add(jiff::SignedDuration::from_secs(seconds.parse().ok()?)).ok()
}
