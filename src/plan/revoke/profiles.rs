//! Instance profiles: a machine whose role is denied gets new credentials of it by itself, until the role is taken from it.

use super::{BECAME, WAYS_IN};
use crate::model::change::Ec2Change;
use crate::model::plan::Target;
use crate::model::report::Confidence;
use crate::plan::ground::{Ground, alive, target, target_of};
use crate::plan::{After, Draft, Proposal};
use std::sync::Arc;

const INSTANCE: &str = "aws.ec2.instance";
/// What a record says of a machine that had no profile before.
const GIVEN: &str = "given instance profile ";
/// What a record says of a machine that had another.
const REPLACED: &str = "its instance profile replaced by ";

/// Takes roles from machines that the principal made, or that it gave one.
pub(super) fn close(ground: &Ground, proposal: &mut Proposal) {
    for machine in ground.resources.iter().copied().filter(|one| one.kind == INSTANCE) {
        let Some(profile) = machine.details.get("profile") else { continue };
        if alive(machine).is_none() || ground.spares_resource(machine).is_some() {
            continue;
        }
        let why = format!(
            "{} launched it with {profile}: denied credentials of that role are replaced by new ones there, by itself, until the \
             role is taken from it.",
            machine.created_by
        );
        take(target_of(machine), profile.clone(), vec![machine.event.clone()], why, proposal);
    }
    for one in ground.touched().iter().filter(|one| one.kind == INSTANCE && !one.own) {
        if one.confidence != Confidence::Confirmed {
            continue;
        }
        let mut place = target(INSTANCE, &one.id, None, &one.account);
        place.region = one.region.clone();
        if let Some(profile) = one.how.strip_prefix(GIVEN) {
            let why = format!(
                "It had no role until the principal gave it {profile}: whoever is on it has that role."
            );
            take(place, profile.into(), one.events.clone(), why, proposal);
        } else if let Some(profile) = one.how.strip_prefix(REPLACED) {
            proposal.withhold(
                place,
                format!(
                    "The principal gave it {profile} in place of the profile that it had, which the record does not name; without \
                     any, its own work would stop."
                ),
                "ec2:ReplaceIamInstanceProfileAssociation with the profile that it had",
            );
        }
    }
}

fn take(
    place: Target,
    profile: Arc<str>,
    events: Vec<crate::model::EventId>,
    why: String,
    proposal: &mut Proposal,
) {
    let instance = place.id.clone();
    let draft = Draft {
        target: place,
        because: events.into_iter().collect(),
        why: vec![why],
        before: "carries a role",
        change: Ec2Change::RemoveInstanceProfile { instance, profile: Some(profile.clone()) }.into(),
        rank: WAYS_IN,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, [&*profile]);
}
