//! A role, treated once: one inline policy holds all that is denied of it. Denied whole where the principal made it; all its
//! sessions where nobody else uses it; by session name where others do.

use super::arn::{account_of, last, session_of};
use super::{REGARDLESS, ROLE, after, center, gone, held, latest, made_by};
use crate::model::EventId;
use crate::model::change::{Change, IamChange, OrganizationsChange};
use crate::model::report::{Credential, Resource};
use crate::model::{IdentitySeen, Time, deny};
use crate::plan::ground::{Ground, honest_work, target, target_of};
use crate::plan::revoke::known::{self, Known, workloads};
use crate::plan::revoke::{BECAME, OWN};
use crate::plan::words::{count, list, when};
use crate::plan::{Draft, Options, Proposal};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many names of 64 characters fit into what a managed policy holds, 6,144.
const MOST_NAMES: usize = 60;
/// Their clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

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
pub(super) fn roles(
    ground: &Ground,
    known: &Known,
    options: Options,
    arn: &Arc<str>,
    role: &Role,
    proposal: &mut Proposal,
) {
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
    if role.sessions.iter().any(|one| one.depth > 0)
        && let Some(words) = ground.why_derived()
    {
        why.push(words.to_owned());
        let work = role.sessions.iter().filter(|one| one.depth > 0).map(|one| &*one.id);
        why.extend(honest_work(ground, work));
    }
    let seen = known.role(arn);
    why.extend(seen.map(used));
    let names = names(ground, known, role);
    let do_fit = names.len() <= MOST_NAMES;
    if names.is_empty() && !is_own && role.made.is_none() && role.sessions.len() > MOST_NAMES {
        let many = count(role.sessions.len(), "session", "sessions");
        return proposal.withhold(
            spare,
            format!("{many} of it were taken, and all have ended by themselves."),
            "",
        );
    }
    let issued_before = latest(&role.sessions).or_else(|| is_own.then(|| known.issued_before()).flatten());
    let sessions = Sessions { role: arn, names: &names, issued_before };
    let mut whole = None;
    let (target, change, otherwise) = match role.made {
        Some(made) => {
            because.insert(made.event.clone());
            why.insert(0, made_by(made));
            let written = ground.policies_written_for(&name, account);
            let (change, otherwise, limits) = known::deny_role(known, arn, account, &made.id, &written);
            why.extend(limits);
            (target_of(made), change, otherwise)
        }
        None if is_service_linked(&name, seen) => {
            return proposal.withhold(
                spare,
                "By its name it is a service-linked role, which no policy can deny.",
                "contain what its service launched; where its path is not /aws-service-role/ the name is a disguise: \
                 iam:PutRolePolicy (deny everything)",
            );
        }
        None if is_of_identity_center(&name, seen) => {
            let by_hand = "sso:DeleteAccountAssignment, a deny in the permission set's inline policy for identitystore:UserId, or an SCP \
                 that denies it";
            for user in names.iter().filter_map(|name| known.center_user(name)) {
                center::close(user, &because, is_own, proposal);
            }
            let Some(change) = scp(known, account, arn, seen, &names) else {
                return proposal.withhold(spare, "Roles of Identity Center can't be edited in IAM.", by_hand);
            };
            proposal.withhold(
                spare.clone(),
                "Roles of Identity Center can't be edited in IAM. The organization's policy holds for the sessions that are there; while \
                 the user stays assigned, its portal hands out the next one.",
                by_hand,
            );
            why.push("It is a role of Identity Center, which only the organization can deny.".to_owned());
            (spare, change, Vec::new())
        }
        None if do_fit && is_narrow(ground, role, seen) => {
            if !role.others.is_empty() {
                why.push(format!(
                    "Others use the role ({}), so these names alone are denied; if one of those turns out to be the attacker's, \
                     iam:PutRolePolicy (AWSRevokeOlderSessions) ends them all.",
                    list(&role.others)
                ));
            } else if let Some(seen) = seen.filter(|seen| !workloads(seen).is_empty()) {
                why.push(format!(
                    "Others use the role by themselves ({}), so this session's name alone is denied; iam:PutRolePolicy \
                     (AWSRevokeOlderSessions) ends them all.",
                    list(workloads(seen))
                ));
            }
            if role.others.is_empty() && ground.report.counts.records_read > 0 {
                why.push(
                    "Who else uses the role was not asked, so these names alone are denied; iam:PutRolePolicy (AWSRevokeOlderSessions) \
                     ends all its sessions."
                        .to_owned(),
                );
            }
            for (name, ids) in role.names.iter().filter(|(name, _)| names.contains(*name)) {
                why.push(format!(
                    "{} has the name {name} too and is not linked: signed out with them, it may take the role again.",
                    list(ids)
                ));
            }
            let (change, otherwise) = sessions.named();
            (spare, change, otherwise)
        }
        None => {
            if role.is_own && options.full_deny {
                let written = ground.policies_written_for(&name, account);
                whole = Some(known::deny_role(known, arn, account, arn, &written));
            }
            if !do_fit && is_narrow(ground, role, seen) {
                why.push(format!(
                    "CUTS OFF who else works with the role until they take it again: {} of the principal have {} different names, and \
                     no policy holds so many.",
                    count(role.sessions.len(), "session", "sessions"),
                    names.len()
                ));
            }
            let workloads = seen.map(workloads).filter(|all| !all.is_empty());
            if let Some(all) = workloads {
                why.push(format!(
                    "CUTS OFF for a moment who uses it by itself ({}): services take it again, an instance goes on without it until it gets \
                     new credentials.",
                    list(all)
                ));
            }
            let (change, otherwise) = sessions.all();
            (spare, change, otherwise)
        }
    };
    if let Some(seen) = seen {
        held::unread(seen, target.clone(), proposal);
    }
    if !ground.has_seen(account) {
        why.push(format!("No log of account {account} was seen: what was done there, and who else uses the role, is not known."));
    }
    why.push(REGARDLESS.to_owned());
    let draft = Draft {
        target,
        because,
        why,
        before: "left",
        change,
        rank: if is_own { OWN } else { BECAME },
        after: after(is_own),
        otherwise,
        needs_earlier: false,
        lives_until: known.role_lives_until(seen),
    };
    if let Some((change, otherwise, limits)) = whole {
        let mut why = vec![
            ground.why_seed(),
            "Denied whole as asked: CUTS OFF everybody, nobody can use it until this is undone.".to_owned(),
        ];
        why.extend(limits);
        let (target, because) = (draft.target.clone(), draft.because.clone());
        let lives_until = draft.lives_until;
        let whole = Draft {
            target,
            because,
            why,
            before: "left",
            change,
            rank: OWN,
            after: after(true),
            otherwise,
            needs_earlier: false,
            lives_until,
        };
        proposal.take(whole, [&**arn]);
    }
    proposal.take(draft, [&**arn]);
}

/// What ends sessions of a role, inline or where that is full by a policy of its own.
struct Sessions<'a> {
    role: &'a Arc<str>,
    names: &'a BTreeSet<Arc<str>>,
    issued_before: Option<Time>,
}

impl Sessions<'_> {
    fn all(&self) -> (Change, Vec<Change>) {
        let (role, issued_before) = (self.role.clone(), self.issued_before);
        let change = IamChange::RevokeRoleSessions { role: role.clone(), issued_before };
        let otherwise = IamChange::AttachRevocation { role, names: Vec::new(), issued_before };
        (change.into(), vec![otherwise.into()])
    }

    fn named(&self) -> (Change, Vec<Change>) {
        let (role, issued_before) = (self.role.clone(), self.issued_before);
        let names: Vec<Arc<str>> = self.names.iter().cloned().collect();
        let change = IamChange::DenySessions { role: role.clone(), names: names.clone(), issued_before };
        let otherwise = IamChange::AttachRevocation { role, names, issued_before };
        (change.into(), vec![otherwise.into()])
    }
}

/// Names of the principal's sessions; where they are many, of those alone that may still live.
fn names(ground: &Ground, known: &Known, role: &Role) -> BTreeSet<Arc<str>> {
    let named = |lives: &dyn Fn(&Credential) -> bool| -> BTreeSet<Arc<str>> {
        let sessions = role.sessions.iter().filter(|one| lives(one));
        let arns = sessions.filter_map(|one| session_arn(ground, one));
        arns.filter_map(|arn| session_of(&arn)).map(|(_, name)| name).collect()
    };
    let all = named(&|_| true);
    match known.now.and_then(|now| now.checked_sub(CLOCKS).ok()).filter(|_| all.len() > MOST_NAMES) {
        Some(now) => named(&|one| one.valid_until.is_none_or(|until| until >= now)),
        None => all,
    }
}

/// Whether only some sessions are ended: others were seen with the role, or nothing is known yet and services take it by
/// themselves.
fn is_narrow(ground: &Ground, role: &Role, seen: Option<&IdentitySeen>) -> bool {
    let is_unread = ground.report.counts.records_read == 0;
    let has_workloads = is_unread && seen.is_some_and(|seen| !workloads(seen).is_empty());
    // Where the cloud was asked, only the principal's own credentials were asked about: the owners' sessions are not known.
    let is_unasked = !is_unread && seen.is_some();
    !role.is_own && (!role.others.is_empty() || has_workloads || is_unasked)
}

/// By its path where that is known: anybody can choose the name.
fn is_service_linked(name: &str, seen: Option<&IdentitySeen>) -> bool {
    match seen {
        Some(seen) => seen.path().starts_with("/aws-service-role/"),
        None => name.starts_with("AWSServiceRoleFor"),
    }
}

pub(in crate::plan::revoke) fn is_of_identity_center(name: &str, seen: Option<&IdentitySeen>) -> bool {
    match seen {
        Some(seen) => seen.path().starts_with("/aws-reserved/"),
        None => name.starts_with("AWSReservedSSO_"),
    }
}

/// An SCP for users of Identity Center, where they are known; for sessions of a role, where its id is; else for the whole role.
fn scp(
    known: &Known,
    account: &str,
    arn: &Arc<str>,
    seen: Option<&IdentitySeen>,
    names: &BTreeSet<Arc<str>>,
) -> Option<Change> {
    let users: Vec<Arc<str>> =
        names.iter().filter_map(|name| Some(known.center_user(name)?.id.clone())).collect();
    if !users.is_empty() && users.len() == names.len() {
        let change = OrganizationsChange::DenyByScp {
            management: known.scp_from(account)?,
            account: account.into(),
            principals: Vec::new(),
            sessions: Vec::new(),
            users,
        };
        return Some(change.into());
    }
    let are_names = !names.is_empty() && names.iter().all(|name| deny::is_session_name(name));
    let Some(seen) = seen.filter(|_| are_names) else {
        return known.scp(account, seen.map_or(arn, |seen| &seen.arn));
    };
    let change = OrganizationsChange::DenyByScp {
        management: known.scp_from(account)?,
        account: account.into(),
        principals: Vec::new(),
        sessions: names.iter().map(|name| format!("{}:{name}", seen.id).into()).collect(),
        users: Vec::new(),
    };
    Some(change.into())
}

/// How long sessions of a role can last, and when it was last used.
fn used(seen: &IdentitySeen) -> String {
    let mut words = match seen.max_session {
        Some(seconds) => format!("Its sessions last up to {} min, chained ones up to 60 min.", seconds / 60),
        None => "Its sessions last up to 12 h, chained ones up to 1 h.".to_owned(),
    };
    if let Some(at) = seen.last_used {
        words += &format!(" IAM noted its last use on {}, and notes it up to 4 h late.", when(at));
    }
    words
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
        } else {
            words += "; they end by themselves within 12 h, chained ones within 60 min";
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
