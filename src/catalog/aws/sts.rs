//! AWS STS: every call that turns one credential into another.

use super::arn::{self, Arn};
use crate::catalog::{Record, Service, on};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Strength, Technique};
use crate::model::{Fact, Issued, Minter};
use std::sync::Arc;

pub static STS: Service = Service {
    source: "sts.amazonaws.com",
    rows: &[
        on("AssumeRole").tells(|record, facts| facts.extend(role_session(record, "AssumeRole", caller(record)))),
        on("AssumeRoleWithSAML").tells(|record, facts| {
            let minter = Minter::External {
                // The provider's ARN, which its making names too; what it calls itself is anybody's to choose.
                issuer: first(record, "requestParameters.principalArn|responseElements.issuer|userIdentity.identityProvider"),
                subject: first(record, "responseElements.subject|userIdentity.userName|userIdentity.principalId"),
            };
            facts.extend(role_session(record, "AssumeRoleWithSAML", minter));
        }),
        on("AssumeRoleWithWebIdentity").tells(|record, facts| {
            let minter = Minter::External {
                issuer: first(record, "responseElements.provider|userIdentity.identityProvider|requestParameters.providerId"),
                subject: first(
                    record,
                    "responseElements.subjectFromWebIdentityToken|userIdentity.userName|userIdentity.principalId",
                ),
            };
            facts.extend(role_session(record, "AssumeRoleWithWebIdentity", minter));
        }),
        on("GetSessionToken").tells(|record, facts| {
            let mut session = session(record, "GetSessionToken");
            session.principal_id = record.actor.principal_id.clone();
            facts.extend(with_key(record, session));
        }),
        on("GetFederationToken").tells(federation_token),
        on("AssumeRoot").tells(assume_root),
        on("GetDelegatedAccessToken").tells(|record, facts| {
            let mut session = session(record, "GetDelegatedAccessToken");
            session.principal = record.first("responseElements.assumedPrincipal");
            session.account = session.principal.as_deref().and_then(arn::account_of).map(Arc::from);
            facts.extend(with_key(record, session));
        }),
        on("GetWebIdentityToken").tells(web_identity_token),
    ],
};

/// Where every minting call of STS and its kin puts the new key.
const KEY: &str = "responseElements.credentials.accessKeyId";

/// Begins a session that signs in as the caller; edges change what differs.
pub(super) fn session(record: &Record, via: &'static str) -> Issued {
    Issued {
        kind: "aws.session",
        id: "".into(),
        principal: record.actor.principal.clone(),
        principal_id: None,
        account: record.actor.account.clone(),
        via,
        expires: record.time("responseElements.credentials.expiration"),
        strength: Strength::Exact,
        minter: Minter::Actor,
    }
}

/// Ends a session with the key in the response. Where that is masked or left out (responses over 100 KB are), the
/// session is known by its ARN alone.
pub(super) fn with_key(record: &Record, mut session: Issued) -> Option<Fact> {
    match key_id(record, KEY) {
        Some(key) => session.id = key,
        None => {
            session.id = session.principal.clone()?;
            session.strength = Strength::ExactSession;
        }
    }
    Some(Fact::Issued(session))
}

/// Returns the key id at the paths unless it is masked.
pub(super) fn key_id(record: &Record, paths: &str) -> Option<Arc<str>> {
    record.first(paths).filter(|id| !is_masked(id))
}

pub(super) fn is_masked(text: &str) -> bool {
    text.contains("***") || text == "HIDDEN_DUE_TO_SECURITY_REASONS" || text == "REDACTED"
}

pub(super) fn first(record: &Record, paths: &str) -> Arc<str> {
    record.first(paths).unwrap_or_default()
}

/// A session of a role. EC2 and Lambda leave `assumedRoleUser` out (seen in real records), so its ARN is derived.
fn role_session(record: &Record, via: &'static str, minter: Minter) -> Option<Fact> {
    let role = record.first("requestParameters.roleArn");
    let mut session = session(record, via);
    session.minter = minter;
    session.principal = record
        .first("responseElements.assumedRoleUser.arn")
        .or_else(|| arn::session_of(role.as_deref()?, &record.first("requestParameters.roleSessionName")?));
    session.principal_id = record.first("responseElements.assumedRoleUser.assumedRoleId");
    session.account = session.principal.as_deref().and_then(arn::account_of).map(Arc::from);
    // Identity Center hands its users another key than the one that this record names.
    if role.is_some_and(|role| role.contains(":role/aws-reserved/sso.amazonaws.com/")) {
        session.strength = Strength::ExactSession;
    }
    with_key(record, session)
}

/// Who stands behind an AssumeRole: the caller, or the compute or certificate that a service assumed the role for.
fn caller(record: &Record) -> Minter {
    if record.actor.kind.as_ref() != "AWSService" {
        return Minter::Actor;
    }
    let service = record.actor.invoked_by.clone().unwrap_or_else(|| first(record, "sourceIPAddress"));
    let name = first(record, "requestParameters.roleSessionName");
    if service.as_ref() == "rolesanywhere.amazonaws.com" {
        // The source identity is the certificate's CN, the session's name its serial number.
        let subject = record.first("requestParameters.sourceIdentity").unwrap_or(name);
        return Minter::External { issuer: service, subject };
    }
    Minter::Compute { service, name }
}

fn federation_token(record: &Record, facts: &mut Vec<Fact>) {
    let mut session = session(record, "GetFederationToken");
    let derived = || {
        let name = record.first("requestParameters.name")?;
        let (partition, account) = (partition(record), account(record));
        Some(format!("arn:{partition}:sts::{account}:federated-user/{name}").into())
    };
    session.principal = record.first("responseElements.federatedUser.arn").or_else(derived);
    session.principal_id = record.first("responseElements.federatedUser.federatedUserId");
    let who = session.principal.clone().unwrap_or_default();
    facts.extend(with_key(record, session));
    let note = format!(
        "{who} is a federated session that goes on working for up to 36 hours after the key that made it is disabled."
    );
    facts.push(signal(
        FindingKind::Persistence,
        &crate::catalog::technique::APPLICATION_ACCESS_TOKEN,
        note,
        who,
    ));
}

/// A short root session in a member account; later events there carry `type=Root` and this key.
fn assume_root(record: &Record, facts: &mut Vec<Fact>) {
    let mut session = session(record, "AssumeRoot");
    let target = first(record, "requestParameters.targetPrincipal");
    let account = arn::account_of(&target).map(Arc::from).unwrap_or_else(|| target.clone());
    session.principal = Some(format!("arn:{}:iam::{account}:root", partition(record)).into());
    session.principal_id = Some(account.clone());
    session.account = Some(account.clone());
    facts.extend(with_key(record, session));
    let note = format!("Root of member account {account} was taken over for 15 minutes through AssumeRoot.");
    facts.push(signal(
        FindingKind::PrivilegeEscalation,
        &crate::catalog::technique::TEMPORARY_ELEVATED_ACCESS,
        note,
        account,
    ));
}

/// A signed token for services outside AWS. It has no id of its own, so the event's id stands for it.
fn web_identity_token(record: &Record, facts: &mut Vec<Fact>) {
    let audience = record.all("requestParameters.audience[]").join(", ");
    let mut token = session(record, "GetWebIdentityToken");
    token.kind = "aws.web_identity_token";
    token.id = record.first("eventID").unwrap_or_else(|| audience.as_str().into());
    token.principal_id = record.actor.principal_id.clone();
    token.expires = record.time("responseElements.expiration");
    let who = record.actor.principal.clone().unwrap_or_default();
    let note = format!(
        "A token that speaks for {who} was made for {audience}, outside AWS, where AWS can't revoke it."
    );
    facts.push(Fact::Issued(token));
    facts.push(signal(
        FindingKind::LateralMovement,
        &crate::catalog::technique::APPLICATION_ACCESS_TOKEN,
        note,
        audience.into(),
    ));
}

/// A finding of its own, which nothing undoes.
fn signal(kind: FindingKind, technique: &'static Technique, note: String, subject: Arc<str>) -> Fact {
    Fact::Signal(Signal { kind, technique: Some(technique), note, subject, pair: "".into(), undoes: false })
}

/// Returns the partition of the caller, else of the region.
pub(super) fn partition<'a>(record: &'a Record) -> &'a str {
    let caller = record.actor.principal.as_deref().and_then(Arn::parse);
    caller.map_or_else(|| arn::partition_of(&record.scope.region), |arn| arn.partition)
}

/// Returns the caller's account, else the one that got the record.
pub(super) fn account(record: &Record) -> Arc<str> {
    record.actor.account.clone().unwrap_or_else(|| record.scope.account.clone())
}
