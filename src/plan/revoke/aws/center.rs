//! A user of Identity Center whose sign-in is stolen: what it is assigned is taken away, so that its portal hands out nothing.

use super::after;
use crate::model::EventId;
use crate::model::change::{Change, SsoChange};
use crate::model::identity::CenterUserSeen;
use crate::model::plan::Target;
use crate::plan::ground::target;
use crate::plan::revoke::{BECAME_KEYS, OWN_KEYS};
use crate::plan::{Draft, Proposal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Groups first: they may give the same in more accounts than anybody remembers.
pub(super) fn close(
    user: &CenterUserSeen,
    because: &BTreeSet<EventId>,
    is_own: bool,
    proposal: &mut Proposal,
) {
    let home = |kind: &'static str, id: &Arc<str>| Target {
        region: user.region.clone(),
        ..target(kind, id, Some(user.name.clone()), &user.account)
    };
    let mut step = |target: Target, why: String, change: Change| {
        let draft = Draft {
            target,
            because: because.clone(),
            why: vec![why],
            before: "left",
            change,
            rank: if is_own { OWN_KEYS } else { BECAME_KEYS },
            after: after(is_own),
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, [&*user.id, &*user.name]);
    };
    for one in user.memberships.seen().into_iter().flatten() {
        let why = format!(
            "It puts the user into group {}, with all that the group is assigned. A directory that is kept in step from outside may put \
             it back: take it out there too.",
            one.group
        );
        let change = SsoChange::RemoveGroupMembership { membership: one.id.clone() };
        step(home("aws.identitystore.membership", &one.id), why, change.into());
    }
    // What comes by a group goes with the membership.
    for one in user.assignments.seen().into_iter().flatten().filter(|one| one.principal == user.id) {
        let why = format!(
            "It gives the user {} in account {}. Sessions that it has there live on up to 12 h: only the organization can deny them.",
            one.permission_set, one.account
        );
        let change = SsoChange::RemoveAccountAssignment {
            permission_set: one.permission_set.clone(),
            account: one.account.clone(),
            principal: one.principal.clone(),
        };
        step(home("aws.sso.account_assignment", &one.principal), why, change.into());
    }
    for (what, why) in [("groups", user.memberships.unread()), ("assignments", user.assignments.unread())] {
        let Some(why) = why else { continue };
        proposal.withhold(
            home("aws.identitystore.user", &user.id),
            format!("Could not read its {what}: {why}. What is there is not in this plan."),
            "identitystore:ListGroupMembershipsForMember, sso:ListAccountAssignmentsForPrincipal",
        );
    }
    proposal.withhold(
        home("aws.identitystore.user", &user.id),
        "Its portal session lives on as long as Identity Center is set to, and no call ends it. What it is assigned is taken away, so that \
         the portal has nothing to hand out.",
        "disable the user in Identity Center's console, which has no API",
    );
}
