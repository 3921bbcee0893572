//! The revoke plan: wave 1 the principal's own credentials, wave 2 every credential that it became or made and every identity
//! that it made, then the ways in that it opened.
//!
//! Deny, never detach; inactive, never delete (aws.md 4, gcp.md 5). Wave 1 is proposed for every principal that is asked
//! about, whatever the logs say: logs can't show that a credential is not known to others.

mod aws;
mod gcp;
mod known;
mod own;
mod profiles;
mod wanted;
mod ways_in;

pub use known::Known;
pub use own::own;
pub use wanted::{Rewritten, Wanted, wanted};

use super::ground::{Ground, alive, is_identity, target, target_of};
use super::words::when;
use super::{Guard, Options, Proposal, advice};
use crate::model::plan::{Plan, PlanKind};
use crate::model::report::{Credential, Report};
use crate::model::{Provider, plan::Target};

/// What holds from outside the account, before anything in it.
const FIRST: u32 = 0;
/// The principal, then its keys: the first ends live sessions too.
const OWN: u32 = 1;
const OWN_KEYS: u32 = 2;
/// Identities and sessions, then what signs in as them.
const BECAME: u32 = 3;
const BECAME_KEYS: u32 = 4;
const WAYS_IN: u32 = 5;

/// Plans from a report alone.
pub fn revoke(report: &Report, guard: &Guard) -> Plan {
    revoke_known(report, &Known::default(), guard, Options::default())
}

/// Plans from a report and what the cloud shows now.
pub fn revoke_known(report: &Report, known: &Known, guard: &Guard, options: Options) -> Plan {
    let ground = Ground::new(report);
    let mut proposal = Proposal::new(report, guard);
    match report.principal.provider {
        Provider::Aws => aws::revoke(&ground, known, options, &mut proposal),
        Provider::Gcp => gcp::revoke(&ground, known, options, &mut proposal),
    }
    ways_in::close(&ground, known, &mut proposal);
    ways_in::tell(&ground, &mut proposal);
    by_hand(&ground, &mut proposal);
    proposal.into_plan(PlanKind::Revoke)
}

/// Identities that it made and that no change of ours covers: providers, groups, policies.
fn by_hand(ground: &Ground, proposal: &mut Proposal) {
    const COVERED: &[&str] = &[
        "aws.iam.user",
        "aws.iam.role",
        "aws.iam.saml_provider",
        "aws.iam.oidc_provider",
        "aws.identitystore.membership",
        "aws.rolesanywhere.trust_anchor",
        "aws.rolesanywhere.profile",
        "gcp.iam.service_account",
        "gcp.iam.workload_identity_pool_provider",
    ];
    for resource in ground.resources.iter().copied().filter(|one| is_identity(one.kind)) {
        if COVERED.contains(&resource.kind) || alive(resource).is_none() {
            continue;
        }
        let by_hand = advice::of(resource.kind);
        if let Some(why) = ground.spares_resource(resource) {
            proposal.withhold(target_of(resource), why, by_hand);
            continue;
        }
        let notes = ground.findings_about(&[&resource.id], &resource.account);
        let mut why = format!("{} made it on {}.", resource.created_by, when(resource.created_at));
        notes.iter().for_each(|finding| why += &format!(" {}", finding.note));
        why += match advice::is_inert(resource.kind) {
            true => " It lets nobody in by itself and stays as evidence.",
            false => " This program does not act on this kind.",
        };
        proposal.withhold(target_of(resource), why, by_hand);
    }
}

/// Why there is nothing to do about a credential itself, and what to look at all the same.
fn over(credential: &Credential) -> Option<String> {
    let by =
        |by: &Option<std::sync::Arc<str>>| by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    if credential.state != "left" {
        let at = credential.deleted_at.map(|at| format!(" on {}", when(at))).unwrap_or_default();
        return Some(format!("It was deleted{at}{}, as far as the logs show.", by(&credential.deleted_by)));
    }
    let at = credential.deactivated_at?;
    Some(format!(
        "It was deactivated on {}{} and can be activated again: look that it still is inactive.",
        when(at),
        by(&credential.deactivated_by)
    ))
}

fn credential_target(credential: &Credential) -> Target {
    target(
        credential.kind,
        &credential.id,
        credential.principal.clone(),
        credential.account.as_deref().unwrap_or_default(),
    )
}

/// How a credential came to be, and until when it lasts.
fn origin(credential: &Credential) -> String {
    let mut words = match (&credential.issued_by, credential.via) {
        (Some(by), Some(via)) => format!("{by} made it by {via}"),
        (Some(by), None) => format!("{by} made it"),
        (None, _) => "It was made".to_owned(),
    };
    if let Some(at) = credential.issued_at {
        words += &format!(" on {}", when(at));
    }
    let is_seen = !matches!(credential.kind, "gcp.hmac_key" | "gcp.api_key");
    words += match (credential.last_use, credential.used) {
        (None, false) if !is_seen => "; no log shows its use".to_owned(),
        (Some(last), _) => format!("; it was last used on {}", when(last)),
        (None, true) => "; it was used".to_owned(),
        (None, false) => "; no use of it was seen".to_owned(),
    }
    .as_str();
    if let Some(until) = credential.valid_until {
        words += &format!("; it ends by itself on {}", when(until));
    }
    words + "."
}
