//! What to look at before wave 2 is planned: the users, roles and roots of the closure, users of Identity Center, and roles whose
//! trust was rewritten.

use super::aws::{arn_of, is_of_identity_center, plain_role, session_of, user_of};
use crate::model::report::{Confidence, Report};
use crate::model::{EventId, Provider, Time};
use crate::plan::ground::alive;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What [`Known`](super::Known) is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// ARNs of users, roles and roots.
    pub identities: BTreeSet<Arc<str>>,
    /// Users of Identity Center whose sessions were met: the account where, and their name.
    pub center_users: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Roles whose trust policy the principal rewrote, by ARN.
    pub trusts: BTreeMap<Arc<str>, Rewritten>,
}

/// How a trust policy was rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// From when on it is not to be believed.
    pub since: Time,
    /// The records that rewrote it.
    pub by: BTreeSet<EventId>,
}

/// Returns what a plan from this report would like to know. Of what is spared nothing is asked.
pub fn wanted(report: &Report) -> Wanted {
    let mut wanted = Wanted::default();
    if report.principal.provider != Provider::Aws {
        return wanted;
    }
    let confirmed = report.credentials.iter().filter(|one| one.confidence == Confidence::Confirmed);
    for credential in confirmed {
        let own = report.seed_user.as_ref().filter(|_| credential.depth == 0);
        let Some(arn) = credential.principal.as_ref().or(own) else { continue };
        if let Some((role, name)) = session_of(arn) {
            if is_of_identity_center(role.rsplit('/').next().unwrap_or_default(), None) {
                let account = arn.split(':').nth(4).unwrap_or_default();
                wanted.center_users.insert((account.into(), name));
            }
            wanted.identities.insert(role);
        } else if arn.contains(":role/") {
            wanted.identities.insert(plain_role(arn));
        } else if let Some(user) = user_of(arn).or_else(|| arn.ends_with(":root").then(|| arn.clone())) {
            wanted.identities.insert(user);
        }
    }
    for resource in &report.resources {
        let what = match resource.kind {
            "aws.iam.user" => "user",
            "aws.iam.role" => "role",
            _ => continue,
        };
        if resource.confidence == Confidence::Confirmed && alive(resource).is_some() {
            wanted.identities.insert(arn_of(resource, what));
        }
    }
    for grant in report.grants.iter().filter(|one| one.role.starts_with("sts:") && one.on.contains(":role/"))
    {
        let told = report.findings.iter().filter(|one| one.events.contains(&grant.event)).map(|one| one.at);
        let Some(at) = told.min().or(report.window.leaked_at) else { continue };
        let rewritten = wanted.trusts.entry(grant.on.clone());
        let rewritten = rewritten.or_insert_with(|| Rewritten { since: at, by: BTreeSet::new() });
        rewritten.since = at.min(rewritten.since);
        rewritten.by.insert(grant.event.clone());
    }
    // What stands there now decides whether anything is to be put back.
    wanted.identities.extend(wanted.trusts.keys().cloned());
    wanted
}
