//! A user, treated once: denied whole where it is the principal or was made by it; else only what the principal can hold of it
//! is ended, so that its own work goes on.

use super::arn::{account_of, last};
use super::{REGARDLESS, USER, after, gone, held, latest, made_by};
use crate::model::EventId;
use crate::model::change::{Change, IamChange};
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, honest_work, target};
use crate::plan::revoke::known::{self, Known};
use crate::plan::revoke::{BECAME, OWN, origin};
use crate::plan::words::{list, when};
use crate::plan::{Draft, Proposal};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct User<'a> {
    pub is_own: bool,
    pub made: Option<&'a Resource>,
    /// Keys and passwords of it, live ones.
    pub keys: Vec<&'a Credential>,
    pub password: Option<&'a Credential>,
    /// What may hold its sessions: the sessions themselves, and used-up keys that could have minted some.
    pub sessions: Vec<&'a Credential>,
}

/// Proposes what ends a user, or what the principal holds of it.
pub(super) fn users(ground: &Ground, known: &Known, arn: &Arc<str>, user: &User, proposal: &mut Proposal) {
    let target = target(USER, arn, Some(last(arn)), account_of(arn));
    if let Some(why) = gone(user.made) {
        if user.keys.is_empty() && user.sessions.is_empty() && user.password.is_none() {
            return;
        }
        return proposal.withhold(target, why, "iam:GetUser");
    }
    let name = last(arn);
    let mut because: BTreeSet<EventId> = user
        .keys
        .iter()
        .chain(&user.sessions)
        .chain(&user.password)
        .filter_map(|one| one.event.clone())
        .collect();
    let seen = known.user(arn);
    let mut draft = |why: String, change: Change, otherwise: Vec<Change>, because: &BTreeSet<EventId>| {
        let draft = Draft {
            target: target.clone(),
            because: because.clone(),
            why: vec![why],
            before: "left",
            change,
            rank: if user.is_own { OWN } else { BECAME },
            after: after(user.is_own),
            otherwise,
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    };
    if user.is_own || user.made.is_some() {
        let mut why = match user.made {
            _ if user.is_own => ground.why_seed(),
            Some(made) => made_by(made),
            None => String::new(),
        };
        if user.is_own {
            because.extend(ground.about_seed());
            let seed = ground.credentials.first().and_then(|seed| honest_work(ground, [&*seed.id]));
            why += &seed.map(|words| format!(" {words}")).unwrap_or_default();
        }
        because.extend(user.made.map(|made| made.event.clone()));
        why += &holds(user);
        why += &seen.map(known::holdings).unwrap_or_default();
        let written = ground.policies_written_for(&name, &target.account);
        let (change, otherwise, limits) = known::deny_user(known, arn, &target.account, &name, &written);
        why += &limits.map(|words| format!(" {words}")).unwrap_or_default();
        why += &format!(" {REGARDLESS}");
        draft(why, change, otherwise, &because);
    } else {
        if !user.sessions.is_empty() {
            let events = user.sessions.iter().filter_map(|one| one.event.clone()).collect();
            let mut why = format!("It is somebody's own user, so its keys work on.{}", holds(user));
            why += &ground.why_derived().map(|words| format!(" {words}")).unwrap_or_default();
            why += &format!(" {REGARDLESS}");
            let issued_before = latest(&user.sessions);
            let change = IamChange::RevokeUserSessions { user: name.clone(), issued_before };
            draft(why, change.into(), Vec::new(), &events);
        }
        if let Some(password) = user.password {
            let events = password.event.iter().cloned().collect();
            let mut why = origin(password);
            why += " It signs in until it is replaced, and a console session that is open lasts up to 12 h. Its owner needs a new password \
                    afterwards.";
            let profile = seen.and_then(|seen| seen.login_profile.seen()?.as_ref());
            if profile.is_some_and(|profile| profile.is_reset_required) {
                why += " It reads reset required already, so that nothing will be changed: if nobody of this incident's responders \
                        reset it, the principal may have set it so and know it; iam:DeleteLoginProfile ends it.";
            }
            draft(why, IamChange::ResetLoginProfile { user: name.clone() }.into(), Vec::new(), &events);
        }
    }
    match seen {
        Some(seen) if user.is_own || user.made.is_some() => held::close(ground, seen, user, target, proposal),
        Some(seen) => held::tell(seen, user, target, proposal),
        None => proposal.withhold(
            target,
            "A user can hold two access keys, a password and credentials of single services; this plan ends those that the records \
             show. Look for the others too.",
            "iam:ListAccessKeys, iam:GetLoginProfile, iam:ListServiceSpecificCredentials, iam:ListSSHPublicKeys, \
             iam:ListSigningCertificates, iam:ListMFADevices",
        ),
    }
}

/// What of a user the principal holds.
fn holds(user: &User) -> String {
    let mut words = String::new();
    let ids =
        |all: &[&Credential]| list(all.iter().map(|one| one.id.to_string()).collect::<BTreeSet<String>>());
    if !user.keys.is_empty() {
        words += &format!(" The principal holds {} of it.", ids(&user.keys));
    }
    if user.password.is_some() {
        words += " It was given a console password.";
    }
    let sessions: Vec<&Credential> = user
        .sessions
        .iter()
        .copied()
        .filter(|one| matches!(one.kind, "aws.session" | "aws.federated_user"))
        .collect();
    if !sessions.is_empty() {
        words += &format!(" Sessions of it that outlive its keys: {}", ids(&sessions));
        words += &match sessions.iter().filter_map(|one| one.valid_until).max() {
            Some(until) => format!(", the last until {}.", when(until)),
            None => ", for up to 36 h.".to_owned(),
        };
    }
    words
}
