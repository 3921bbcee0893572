//! A role, treated once: one inline policy holds all that is denied of it. Denied whole where the principal made it; all its
//! sessions where nobody else uses it; by session name where others do.

use super::arn::{account_of, last, session_of};
use super::{ROLE, after, gone, latest, made_by};
use crate::model::EventId;
use crate::model::change::IamChange;
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, target, target_of};
use crate::plan::revoke::{BECAME, OWN};
use crate::plan::words::{count, list, when};
use crate::plan::{Draft, Proposal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Role<'a> {
    pub is_own: bool,
    pub made: Option<&'a Resource>,
    pub sessions: Vec<&'a Credential>,
    /// Sessions that are not planned: others use the role too.
    pub others: BTreeSet<Arc<str>>,
    /// Their session names.
    pub names: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// Adds who else was seen with a role.
pub(super) fn others(ground: &Ground, arn: &str, role: &mut Role) {
    for other in ground.report.unlinked.iter().filter(|one| one.why.starts_with("same role")) {
        if let Some((_, name)) =
            other.principal.as_deref().and_then(session_of).filter(|(of, _)| **of == *arn)
        {
            role.others.insert(other.id.clone());
            role.names.entry(name).or_default().insert(other.id.clone());
        }
    }
}

/// Proposes what ends the principal's part in a role.
pub(super) fn roles(ground: &Ground, arn: &Arc<str>, role: &Role, proposal: &mut Proposal) {
    if role.sessions.is_empty() && role.made.is_none() && !role.is_own {
        return;
    }
    let name = last(arn);
    let account = account_of(arn);
    let spare = target(ROLE, arn, Some(name.clone()), account);
    if let Some(why) = gone(role.made) {
        if role.sessions.is_empty() {
            return;
        }
        return proposal.withhold(spare, why, "iam:GetRole");
    }
    let mut because: BTreeSet<EventId> = role.sessions.iter().filter_map(|one| one.event.clone()).collect();
    let is_own = role.is_own || role.sessions.iter().any(|one| one.depth == 0);
    if is_own {
        because.extend(ground.about_seed());
    }
    let mut why = if is_own { vec![ground.why_seed()] } else { Vec::new() };
    why.extend(taken(role));
    let (target, change) = match role.made {
        Some(made) => {
            because.insert(made.event.clone());
            why.insert(0, made_by(made));
            (target_of(made), IamChange::DenyRole { role: made.id.clone() })
        }
        // Names are all that a session's ARN tells; a role of the principal's own making in disguise has a `made`.
        None if name.starts_with("AWSServiceRoleFor") => {
            return proposal.withhold(
                spare,
                "By its name it is a service-linked role, which no policy can deny.",
                "contain what its service launched; where its path is not /aws-service-role/ the name is a disguise: \
                 iam:PutRolePolicy (deny everything)",
            );
        }
        None if name.starts_with("AWSReservedSSO_") => {
            return proposal.withhold(
                spare,
                "Roles of Identity Center can't be edited in IAM.",
                "sso:DeleteAccountAssignment, a deny in the permission set's inline policy for identitystore:UserId, or an SCP \
                 that denies it",
            );
        }
        None if !role.is_own && !role.others.is_empty() => {
            let names: BTreeSet<Arc<str>> = role
                .sessions
                .iter()
                .filter_map(|one| session_arn(ground, one).and_then(|arn| session_of(&arn)))
                .map(|(_, name)| name)
                .collect();
            why.push(format!(
                "Others use the role ({}), so these names alone are denied; if one of those turns out to be the attacker's, \
                 iam:PutRolePolicy (AWSRevokeOlderSessions) ends them all.",
                list(&role.others)
            ));
            for (name, ids) in role.names.iter().filter(|(name, _)| names.contains(*name)) {
                why.push(format!(
                    "{} has the name {name} too and is not linked: signed out with them, it may take the role again.",
                    list(ids)
                ));
            }
            let names = names.into_iter().collect();
            (
                spare,
                IamChange::DenySessions { role: arn.clone(), names, issued_before: latest(&role.sessions) },
            )
        }
        None => (
            spare,
            IamChange::RevokeRoleSessions { role: arn.clone(), issued_before: latest(&role.sessions) },
        ),
    };
    if !ground.has_seen(account) {
        why.push(format!("No log of account {account} was seen: what was done there, and who else uses the role, is not known."));
    }
    let draft = Draft {
        target,
        because,
        why,
        before: "left",
        change: change.into(),
        rank: if is_own { OWN } else { BECAME },
        after: after(is_own),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, [&**arn]);
}

/// Which sessions of a role are the principal's.
fn taken(role: &Role) -> Vec<String> {
    let derived: Vec<&Credential> = role.sessions.iter().copied().filter(|one| one.depth > 0).collect();
    let mut why = Vec::new();
    if !derived.is_empty() {
        let ids: BTreeSet<&str> = derived.iter().map(|one| &*one.id).collect();
        let by: BTreeSet<&str> = derived.iter().filter_map(|one| one.issued_by.as_deref()).collect();
        let mut words = format!(
            "{} of it: {}, taken by {}",
            count(derived.len(), "session", "sessions"),
            list(ids),
            list(by)
        );
        if let Some(until) = derived.iter().filter_map(|one| one.valid_until).max() {
            words += &format!("; the last ends by itself on {}", when(until));
        }
        why.push(words + ".");
    }
    let machines: BTreeSet<Arc<str>> = role
        .sessions
        .iter()
        .filter_map(|one| session_of(one.principal.as_deref()?))
        .map(|(_, name)| name)
        .filter(|name| name.starts_with("i-"))
        .collect();
    if !machines.is_empty() {
        why.push(format!(
            "{} goes on without its role until it is stopped and started or its profile is replaced.",
            list(machines)
        ));
    }
    why
}

fn session_arn(ground: &Ground, session: &Credential) -> Option<Arc<str>> {
    session.principal.clone().or_else(|| ground.report.seed_user.clone().filter(|_| session.depth == 0))
}
