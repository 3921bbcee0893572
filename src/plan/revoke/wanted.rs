//! What to look at before wave 2 is planned: the users, roles and roots of the closure, users of Identity Center, and roles whose
//! trust was rewritten.

use super::aws::{arn_of, is_of_identity_center, plain_role, session_of, user_of};
use crate::model::report::{Confidence, Report};
use crate::model::{Provider, Time};
use crate::plan::ground::alive;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What [`Known`](super::Known) is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// ARNs of users, roles and roots.
    pub identities: BTreeSet<Arc<str>>,
    /// Names of users of Identity Center, whose sessions were met.
    pub center_users: BTreeSet<Arc<str>>,
    /// ARNs of roles, with the time from which their trust policy is not to be believed.
    pub trusts: BTreeMap<Arc<str>, Time>,
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
                wanted.center_users.insert(name);
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
        let first = wanted.trusts.entry(grant.on.clone()).or_insert(at);
        *first = at.min(*first);
    }
    wanted
}
