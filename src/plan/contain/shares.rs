//! What the principal shared with others, and the rules that it put into groups of others: taken back one by one.

use super::{LETS_IN, alive, target};
use crate::model::EventId;
use crate::model::change::{Change, Ec2Change};
use crate::model::report::{Confidence, Touched};
use crate::plan::ground::Ground;
use crate::plan::words::count;
use crate::plan::{After, Draft, Proposal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Takes back what was shared; returns the events that are dealt with.
pub(super) fn shares(ground: &Ground, proposal: &mut Proposal) -> BTreeSet<EventId> {
    let mut told = BTreeSet::new();
    let mut grants: Vec<_> = ground.report.grants.iter().collect();
    grants.sort();
    for grant in grants {
        let (id, with) = (grant.on.clone(), grant.member.clone());
        let (kind, change) = match &*grant.role {
            "createVolumePermission" => ("aws.ec2.snapshot", Ec2Change::UnshareSnapshot { id, with }),
            "launchPermission" => ("aws.ec2.image", Ec2Change::UnshareImage { id, with }),
            _ => continue,
        };
        let change: Change = change.into();
        let events = std::slice::from_ref(&grant.event);
        let Some(touched) = ground.touched_by(events, &grant.on).filter(|one| one.kind == kind) else {
            continue;
        };
        let note = ground.findings_from(&grant.event).find(|one| one.subject == grant.on);
        let mut place = target(kind, &grant.on, None, &touched.account);
        place.region = touched.region.clone();
        told.insert(grant.event.clone());
        let draft = Draft {
            target: place,
            because: [grant.event.clone()].into(),
            why: vec![
                note.map_or_else(|| format!("It was shared with {}.", grant.member), |one| one.note.clone()),
            ],
            before: "shared",
            change,
            rank: LETS_IN,
            after: After::Nothing,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, [&*grant.member]);
    }
    told
}

/// What a record says of a rule that was put into a group: `opened in sg-…`.
const OPENED: &str = "opened in ";

/// Takes back the rules that were put into groups of others; returns the events that are dealt with. A group of the
/// principal's own is closed whole.
pub(super) fn rules(ground: &Ground, proposal: &mut Proposal) -> BTreeSet<EventId> {
    let mut told = BTreeSet::new();
    let mut groups: BTreeMap<(&str, &str, &str), Vec<&Touched>> = BTreeMap::new();
    for one in ground.touched() {
        let Some(group) = one.how.strip_prefix(OPENED) else { continue };
        let is_own = ground.resource_named(group, &one.account).is_some_and(|found| alive(found).is_some());
        if one.kind == "aws.ec2.security_group_rule" && one.confidence == Confidence::Confirmed && !is_own {
            groups.entry((&one.account, &one.region, group)).or_default().push(one);
        }
    }
    for ((account, region, group), touched) in groups {
        let group: Arc<str> = group.into();
        let mut place = target("aws.ec2.security_group", &group, None, account);
        place.region = region.into();
        let because: BTreeSet<EventId> = touched.iter().flat_map(|one| one.events.iter().cloned()).collect();
        let notes: BTreeSet<&str> =
            because.iter().flat_map(|event| ground.findings_from(event)).map(|one| &*one.note).collect();
        let mut why = vec![format!("The principal put {} into it.", count(touched.len(), "rule", "rules"))];
        why.extend(notes.into_iter().map(str::to_owned));
        told.extend(because.iter().cloned());
        let draft = Draft {
            target: place,
            because,
            why,
            before: "opened",
            change: Ec2Change::RevokeRules {
                group,
                rules: touched.iter().map(|one| one.id.clone()).collect(),
            }
            .into(),
            rank: LETS_IN,
            after: After::Nothing,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    }
    told
}
