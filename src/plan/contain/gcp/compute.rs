//! What is done about things of Compute Engine.
//!
//! An autoscaler before its group, a group before its machines: a machine of a group is stopped through it, or it is made again.
//! Nothing here deletes a machine unless it is asked for: resizing a group does.

use super::super::{
    AUTOSCALER, Ask, GROUP, LETS_IN, Link, RELAUNCHES, RUNS, Way, alive, autoscalers, launcher, origin,
};
use crate::model::change::Change;
use crate::model::change::gcp::ComputeChange::{self, *};
use crate::model::report::Resource;
use crate::plan::advice;
use crate::plan::ground::Ground;
use std::sync::Arc;

/// After the machines of a group have been dealt with one by one.
const ENDS: u32 = RUNS + 8;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let destroy = ask.options.destroy;
    Some(match ask.resource.kind {
        // Google deletes no group that an autoscaler holds; deleting that resizes nothing.
        AUTOSCALER if destroy => Way::step(RELAUNCHES, DeleteAutoscaler { name: ask.id() }),
        AUTOSCALER => Way::step(RELAUNCHES, TurnOffAutoscaler { name: ask.id() }),
        "gcp.compute.instance" => instance(ask),
        GROUP if destroy => end(ask),
        GROUP => Way::by_hand(group(ask.ground, ask.resource), advice::of(GROUP)),
        "gcp.compute.firewall" => Way::step(LETS_IN, DisableFirewall { id: ask.id() }),
        "gcp.compute.instance_template" if destroy => {
            Way::step(LETS_IN, DeleteInstanceTemplate { id: ask.id() })
        }
        _ => return None,
    })
}

/// Evidence first, then off the network, then off.
fn instance(ask: &Ask) -> Way {
    let id = ask.id();
    let group = ask.launcher.filter(|launcher| launcher.kind == GROUP).or_else(|| emptied(ask));
    let mut links = Vec::new();
    let mut rank = RUNS;
    let mut next = || {
        rank += 1;
        rank - 1
    };
    let mut copies: Vec<(Arc<str>, Change)> = Vec::new();
    if ask.options.snapshot || ask.options.destroy && !ask.options.no_snapshot {
        // What is deleted needs its copy; a stop does without.
        let copy = SnapshotInstance { id: id.clone() };
        links.push(Link::may(next(), copy.clone()));
        copies.push((ask.resource.region.clone(), copy.into()));
    }
    if ask.options.isolate {
        if let Some(network) = ask.detail("network") {
            links.push(Link::may(next(), DenyEgressOf { network: network.into() }));
        }
        links.push(Link::may(next(), IsolateInstance { id: id.clone() }));
        links.push(Link::may(next(), DetachExternalAddresses { id: id.clone() }));
    }
    let stop: ComputeChange = match group {
        Some(group) => StopGroupMember { group: group.id.clone(), id: id.clone() },
        None => StopInstance { id: id.clone() },
    };
    links.push(Link::must(next(), stop));
    if ask.options.destroy && is_protected(ask.resource) {
        links.push(Link::must(next(), UnprotectInstance { id: id.clone() }));
    }
    // A machine of a group goes with its group.
    if ask.options.destroy && group.is_none() {
        links.push(Link { needs: copies, ..Link::must(next(), DeleteComputeInstance { id }) });
    }
    match links.len() {
        1 => {
            Way::Steps(links.into_iter().map(|link| (link.rank, link.change)).collect::<Vec<(u32, Change)>>())
        }
        _ => Way::Chain(links),
    }
}

fn is_protected(machine: &Resource) -> bool {
    machine.details.get("protected").is_some_and(|is| **is == *"true")
}

/// The group of a machine, where an earlier run has stopped all that it had: it still holds them.
fn emptied<'a>(ask: &Ask<'_, 'a>) -> Option<&'a Resource> {
    let by = ask.resource.launched_by.as_ref().filter(|_| ask.options.destroy)?;
    let mut found = ask.ground.resources_named(by).filter(|one| one.account == ask.resource.account);
    found.find(|one| one.kind == GROUP && one.state == "stopped")
}

/// Ends a group with every machine that it has: only where all of them are known, and have been copied.
fn end(ask: &Ask) -> Way {
    let machines = machines(ask.ground, ask.resource);
    let ours = machines.iter().filter(|one| ask.ground.spares_resource(one).is_none()).count();
    let has = ask.detail("members").and_then(|text| text.parse::<usize>().ok());
    let may_end = ask.options.no_snapshot || has.map_or(ours > 0, |has| has <= ours);
    if !may_end || ours < machines.len() {
        let has = has.map_or("an unknown number of".to_owned(), |has| has.to_string());
        let why = format!(
            "{} It has {has} machines, and deleting it deletes all of them: this plan knows and copies {ours}.",
            origin(ask.resource)
        );
        return Way::by_hand(why, advice::of(GROUP));
    }
    let mut needs: Vec<(Arc<str>, Change)> = Vec::new();
    for one in autoscalers(ask.ground, ask.resource).filter(|one| !matches!(one.state, "deleted" | "gone")) {
        needs.push((one.region.clone(), DeleteAutoscaler { name: one.id.clone() }.into()));
    }
    for one in machines {
        let at = |change: ComputeChange| (one.region.clone(), change.into());
        needs.extend((!ask.options.no_snapshot).then(|| at(SnapshotInstance { id: one.id.clone() })));
        needs.extend(is_protected(one).then(|| at(UnprotectInstance { id: one.id.clone() })));
    }
    Way::Chain(vec![Link { needs, ..Link::must(ENDS, DeleteInstanceGroup { id: ask.id() }) }])
}

/// Machines that a group launched and that are there, running or stopped.
fn machines<'a>(ground: &Ground<'a>, of: &Resource) -> Vec<&'a Resource> {
    let name = of.name.as_ref().filter(|name| **name != of.id);
    let launched = [Some(&of.id), name].into_iter().flatten().flat_map(|name| ground.launched_by(name));
    let is_there = |one: &&Resource| {
        one.kind == "gcp.compute.instance"
            && one.account == of.account
            && !matches!(one.state, "deleted" | "gone")
            && ground
                .resource_named(one.launched_by.as_deref().unwrap_or_default(), &of.account)
                .is_some_and(|by| by.id == of.id)
    };
    let mut found: Vec<&Resource> = launched.filter(is_there).collect();
    found.sort_by_key(|one| (&one.region, &one.id));
    found.dedup_by_key(|one| (&one.region, &one.id));
    found
}

/// A group has no switch of its own that keeps its machines: what it has is stopped one by one through it.
fn group(ground: &Ground, resource: &Resource) -> String {
    let known = members(ground, resource).filter(|one| ground.spares_resource(one).is_none()).count();
    let origin = origin(resource);
    match known {
        0 => format!(
            "{origin} Which machines it has now is not known, and resizing it deletes them: look first."
        ),
        n => format!(
            "{origin} This plan stops the {n} that are known through the group, which makes none in their place. Others that it has made \
             since are not known here: look again."
        ),
    }
}

fn members<'g, 'a: 'g>(ground: &'g Ground<'a>, of: &'g Resource) -> impl Iterator<Item = &'a Resource> + 'g {
    let name: Option<&Arc<str>> = of.name.as_ref().filter(|name| **name != of.id);
    [Some(&of.id), name].into_iter().flatten().flat_map(|name| ground.launched_by(name)).filter(move |one| {
        alive(one).is_some()
            && launcher(ground, one).is_some_and(|launcher| launcher.kind == of.kind && launcher.id == of.id)
    })
}
