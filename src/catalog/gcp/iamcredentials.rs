//! IAM Credentials: tokens and signatures of a service account, asked for by somebody else (impersonation).
//!
//! Logged only where data-access logs are on; elsewhere the delegation of what the token did is the only trace.

use super::principals::home_project;
use super::tell::{IMPERSONATION, SERVICE_ACCOUNT, Telling, account_email, account_number, minted, segment};
use crate::catalog::{Record, Service, on, technique};
use crate::model::report::FindingKind;
use crate::model::{Fact, Issued};
use std::sync::Arc;

pub static IAM_CREDENTIALS: Service = Service {
    source: "iamcredentials.googleapis.com",
    rows: &[on(
        "GenerateAccessToken|GenerateIdToken|SignBlob|SignJwt|IAMCredentials.GenerateAccessToken|IAMCredentials.GenerateIdToken|IAMCredentials.SignBlob|IAMCredentials.SignJwt",
    )
    .about(SERVICE_ACCOUNT, "resource.labels.uniqueId|resource.labels.emailId")
    .names("resource.labels.emailId|protoPayload.request.name")
    .contain("iam.projects.serviceAccounts.setIamPolicy; iam.projects.serviceAccounts.disable")
    .note("A token or signature of service account {id} was minted by somebody who may act as it.")
    .tells(minted_token)],
};

/// Tells the impersonation; also for the older `iam.googleapis.com` spelling of the signing calls.
pub fn minted_token(record: &Record, facts: &mut Vec<Fact>) {
    let Some(target) = account_email(record).or_else(|| account_number(record)) else { return };
    let via = via(record.event);
    if is_for_oneself(record) {
        // Signing for oneself is how signed URLs are made; only a fresh token prolongs a stolen one.
        if via == "GenerateAccessToken" {
            facts.push(
                Telling::new(FindingKind::Persistence, &technique::APPLICATION_ACCESS_TOKEN, &target).says(
                    record,
                    format!(
                        "{target} minted a new token for itself, so a stolen token can be prolonged for ever."
                    ),
                ),
            );
        }
        return;
    }
    for delegate in delegates(record, &target) {
        let mut resource = record.resource(SERVICE_ACCOUNT, delegate);
        resource.account = home_project(&resource.id).unwrap_or_default().into();
        facts.push(Fact::Touched { resource, how: format!("used as a delegate to reach {target}") });
    }
    facts.push(Fact::Issued(Issued {
        principal: Some(target.clone()),
        principal_id: account_number(record),
        account: home_project(&target)
            .map(Arc::from)
            .or_else(|| record.first("resource.labels.projectId"))
            .or_else(|| Some(record.scope.account.clone())),
        expires: lifetime(record, via)
            .and_then(|seconds| record.at.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()),
        ..minted(record, IMPERSONATION, target, via)
    }));
}

/// Whether a service account asks for a token or signature of its own.
pub fn is_for_oneself(record: &Record) -> bool {
    record.actor.principal.is_some() && account_email(record) == record.actor.principal
}

fn via(event: &str) -> &'static str {
    match event.rsplit('.').next().unwrap_or(event) {
        "GenerateIdToken" => "GenerateIdToken",
        "SignBlob" => "SignBlob",
        "SignJwt" => "SignJwt",
        _ => "GenerateAccessToken",
    }
}

/// Seconds that the token lives: one hour unless asked otherwise (twelve at most). A signature's own life is not logged.
fn lifetime(record: &Record, via: &str) -> Option<i64> {
    const HOUR: i64 = 3600;
    match via {
        "GenerateAccessToken" => {
            let asked = record.first("protoPayload.request.lifetime.seconds|protoPayload.request.lifetime");
            let asked = asked.and_then(|text| text.trim_end_matches('s').parse::<f64>().ok());
            Some(asked.map_or(HOUR, |seconds| (seconds as i64).clamp(0, 12 * HOUR)))
        }
        "GenerateIdToken" => Some(HOUR),
        _ => None,
    }
}

/// Returns the accounts between the caller and the target, in order.
fn delegates(record: &Record, target: &str) -> Vec<Arc<str>> {
    record
        .all("protoPayload.metadata.identityDelegationChain[]|protoPayload.request.delegates[]")
        .iter()
        .map(|name| segment(name, "serviceAccounts").unwrap_or(name))
        .filter(|name| *name != target && !name.is_empty())
        .map(Arc::from)
        .collect()
}
