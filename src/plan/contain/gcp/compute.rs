//! What is done about things of Compute Engine.
//!
//! An autoscaler before its group, a group before its machines: a machine of a group is stopped through it, or it is made again.
//! Nothing here deletes a machine unless it is asked for: resizing a group does.

use super::super::{Ask, GROUP, LETS_IN, Link, RELAUNCHES, RUNS, Way, alive, launcher, origin};
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
        "gcp.compute.autoscaler" => Way::step(RELAUNCHES, TurnOffAutoscaler { name: ask.id() }),
        "gcp.compute.instance" => instance(ask),
        GROUP if destroy => Way::step(ENDS, DeleteInstanceGroup { id: ask.id() }),
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
    let group = ask.launcher.filter(|launcher| launcher.kind == GROUP);
    let mut links = Vec::new();
    let mut rank = RUNS;
    let mut next = || {
        rank += 1;
        rank - 1
    };
    if ask.options.snapshot || ask.options.destroy && !ask.options.no_snapshot {
        // What is destroyed needs its copy; a stop does without.
        let (rank, copy) = (next(), SnapshotInstance { id: id.clone() });
        links.push(match ask.options.destroy {
            true => Link::must(rank, copy),
            false => Link::may(rank, copy),
        });
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
    // A machine of a group goes with its group.
    if ask.options.destroy && group.is_none() {
        if ask.detail("protected") == Some("true") {
            links.push(Link::must(next(), UnprotectInstance { id: id.clone() }));
        }
        links.push(Link::must(next(), DeleteComputeInstance { id }));
    }
    match links.len() {
        1 => {
            Way::Steps(links.into_iter().map(|link| (link.rank, link.change)).collect::<Vec<(u32, Change)>>())
        }
        _ => Way::Chain(links),
    }
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
