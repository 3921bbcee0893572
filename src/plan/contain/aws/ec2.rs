//! What is done about things of EC2.

use super::super::{Ask, LETS_IN, Link, RELAUNCHES, RUNS, Way, about, has_live_instance, origin};
use crate::model::change::{AutoScalingChange, Change, Ec2Change, Ec2Change::*};
use crate::model::report::Resource;
use crate::plan::advice;
use std::sync::Arc;

/// After the machines of a launcher have been dealt with one by one.
const ENDS: u32 = RUNS + 8;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let destroy = ask.options.destroy;
    Some(match ask.resource.kind {
        "aws.ec2.instance" => instance(ask),
        "aws.ec2.spot_request" => spot_request(ask),
        "aws.ec2.spot_fleet" => fleet(
            ask,
            HoldSpotFleet { id: ask.id() },
            CancelSpotFleet { id: ask.id() },
            TerminateSpotFleet { id: ask.id() },
        ),
        "aws.ec2.fleet" => fleet(
            ask,
            HoldFleet { id: ask.id() },
            CancelFleet { id: ask.id() },
            TerminateFleet { id: ask.id() },
        ),
        "aws.ec2.security_group" => Way::step(LETS_IN, CloseSecurityGroup { id: ask.id() }),
        "aws.ec2.key_pair" if destroy || ask.detail("public_key") == Some("read") => {
            Way::step(LETS_IN, DeleteKeyPair { id: ask.id() })
        }
        "aws.ec2.key_pair" => Way::by_hand(
            format!(
                "{} Its public half has not been read, without which it could not be brought back.",
                story(ask)
            ),
            advice::of(ask.resource.kind),
        ),
        "aws.ec2.launch_template" if destroy => Way::step(LETS_IN, DeleteLaunchTemplate { id: ask.id() }),
        "aws.ec2.volume" | "aws.ec2.network_interface" | "aws.ec2.elastic_ip" => left(ask),
        _ => return None,
    })
}

/// Where it comes from, and what else is to be said of it.
fn story(ask: &Ask) -> String {
    let notes = about(ask.ground, ask.resource).into_iter().map(|finding| finding.note.clone());
    std::iter::once(origin(ask.resource)).chain(notes).collect::<Vec<_>>().join(" ")
}

/// Disks, interfaces and addresses: they cost and do nothing by themselves.
fn left(ask: &Ask) -> Way {
    let advice = advice::of(ask.resource.kind);
    if !ask.options.destroy {
        let why = "It does nothing by itself, but costs: it stays as evidence, and --destroy gives it back.";
        return Way::by_hand(format!("{} {why}", story(ask)), advice);
    }
    if let Some(holder) = ask.detail("attached_to") {
        return Way::by_hand(format!("It is attached to {holder}: what is done there comes first."), advice);
    }
    match ask.resource.kind {
        "aws.ec2.volume" if ask.options.no_snapshot => Way::step(LETS_IN, DeleteVolume { id: ask.id() }),
        "aws.ec2.volume" => Way::Steps(vec![
            (RUNS, SnapshotVolume { id: ask.id() }.into()),
            (LETS_IN, DeleteVolume { id: ask.id() }.into()),
        ]),
        "aws.ec2.network_interface" => Way::step(LETS_IN, DeleteNetworkInterface { id: ask.id() }),
        _ => Way::step(LETS_IN, ReleaseAddress { id: ask.id() }),
    }
}

/// Whether disks are copied before what has them ends.
fn copies_first(ask: &Ask) -> bool {
    ask.options.destroy && !ask.options.no_snapshot
}

/// Machines that this launched and that are there, running or stopped.
pub(super) fn machines<'a>(ask: &Ask<'_, 'a>) -> Vec<&'a Resource> {
    let name = ask.resource.name.as_ref().filter(|name| **name != ask.resource.id);
    let names = [Some(&ask.resource.id), name].into_iter().flatten();
    let launched = names.flat_map(|name| ask.ground.launched_by(name));
    let is_there = |one: &&Resource| {
        one.kind == "aws.ec2.instance"
            && one.account == ask.resource.account
            && !matches!(one.state, "deleted" | "gone")
    };
    launched.filter(is_there).collect()
}

/// Whether a launcher may end every machine that it has: none may be unknown, unless none is to be copied.
pub(super) fn may_end(ask: &Ask) -> bool {
    if ask.options.no_snapshot {
        return true;
    }
    let known = machines(ask).iter().filter(|one| ask.ground.spares_resource(one).is_none()).count();
    match ask.detail("members").and_then(|text| text.parse::<usize>().ok()) {
        Some(members) => members <= known,
        None => known > 0,
    }
}

/// The copies of its machines' disks, which must be there before they end.
pub(super) fn copies(ask: &Ask) -> Vec<(Arc<str>, Change)> {
    let machines = machines(ask).into_iter().filter(|_| copies_first(ask));
    machines.map(|one| (one.region.clone(), SnapshotInstance { id: one.id.clone() }.into())).collect()
}

/// A fleet that keeps its number is set to none and keeps its machines; any other is cancelled.
fn fleet(ask: &Ask, hold: Ec2Change, cancel: Ec2Change, terminate: Ec2Change) -> Way {
    let kind = ask.detail("fleet_type");
    let gentle = match kind {
        Some("instant") => None,
        Some("maintain") => Some(Link::must(RELAUNCHES, hold)),
        Some(_) | None => Some(Link::must(RELAUNCHES, cancel)),
    };
    if ask.options.destroy && may_end(ask) {
        let needs = copies(ask);
        let mut links: Vec<Link> = gentle.into_iter().filter(|_| kind == Some("maintain")).collect();
        links.push(Link { needs, ..Link::must(ENDS, terminate) });
        return Way::Chain(links);
    }
    match gentle {
        Some(link) => Way::Chain(vec![link]),
        None => Way::by_hand(
            "It launched once and launches no more: its machines have their own steps.",
            advice::of(ask.resource.kind),
        ),
    }
}

fn spot_request(ask: &Ask) -> Way {
    // Its request reads active for a while after a machine was stopped; cancelled then, it ends that machine all the same.
    let is_stopped =
        machines(ask).iter().any(|one| one.state == "stopped" && ask.ground.spares_resource(one).is_none());
    if ask.options.destroy && (ask.resource.state == "stopped" || is_stopped) {
        // To cancel it ends the machine that is stopped: that is copied before, and terminated after, or it would start another.
        let cancel = CancelSpotRequest { id: ask.id() };
        return Way::Chain(vec![Link { needs: copies(ask), ..Link::must(RUNS + 3, cancel) }]);
    }
    if ask.options.destroy || !(is_stopped || has_live_instance(ask.ground, ask.resource)) {
        return Way::step(RELAUNCHES, CancelSpotRequest { id: ask.id() });
    }
    let by_hand =
        "when evidence is taken: ec2:CancelSpotInstanceRequests, then ec2:TerminateInstances (destroys)";
    match ask.detail("spot_type") {
        Some("one-time") => {
            Way::by_hand("It launches no more: it was for one time. Its machine has its own step.", by_hand)
        }
        Some(_) | None => Way::by_hand(
            "This plan stops its instance, which disables the request. Cancelled first, it would leave an instance that can't be \
             stopped any more but only terminated.",
            by_hand,
        ),
    }
}

/// Why a machine can't be stopped, whatever is tried.
fn keeps_running(ask: &Ask) -> Option<&'static str> {
    let launched_by_fleet = ask.launcher.is_some_and(|one| is_fleet(one.kind))
        || ask.detail("tag:aws:ec2:fleet-id").is_some()
        || ask.detail("tag:aws:ec2spot:fleet-request-id").is_some();
    let is_spot = ask.detail("lifecycle") == Some("spot");
    if ask.detail("root_device") == Some("instance-store") {
        Some(
            "Its root disk is instance store, which is lost when it ends: it can't be stopped, only cut off (--isolate) or terminated.",
        )
    } else if is_spot && launched_by_fleet {
        Some("It is a spot machine of a fleet: it can't be stopped, only cut off (--isolate) or terminated.")
    } else if is_spot && ask.detail("spot_type") == Some("one-time") {
        Some(
            "It is a spot machine of a one-time request: it can't be stopped, only cut off (--isolate) or terminated.",
        )
    } else {
        None
    }
}

fn is_fleet(kind: &str) -> bool {
    matches!(kind, "aws.ec2.fleet" | "aws.ec2.spot_fleet")
}

/// Copied and cut off where that is asked for, then stopped; with `--destroy` copied and terminated. A copy that fails keeps
/// it from being terminated, not from being stopped, which keeps its disks.
fn instance(ask: &Ask) -> Way {
    let id = || ask.id();
    let options = ask.options;
    if let Some(operator) = ask.detail("operator") {
        return Way::by_hand(
            format!("{operator} made it and keeps it: it is stopped through that service."),
            "the service's own call; ec2:StopInstances where that service is gone",
        );
    }
    let mut links = Vec::new();
    if let Some(group) = foreign_group(ask) {
        let enter = AutoScalingChange::EnterStandby { group: group.into(), id: id() };
        links.push(Link::must(RUNS, enter));
    }
    if options.snapshot || copies_first(ask) {
        let copy = SnapshotInstance { id: id() };
        links.push(if copies_first(ask) { Link::must(RUNS + 1, copy) } else { Link::may(RUNS + 1, copy) });
    }
    if options.isolate {
        links.push(Link::may(RUNS + 2, IsolateInstance { id: id() }));
    }
    // It keeps from being terminated, too.
    if ask.detail("stop_protection") == Some("true") {
        links.push(Link::must(RUNS + 3, ClearStopProtection { id: id() }));
    }
    if options.destroy {
        if ask.detail("termination_protection") == Some("true") {
            links.push(Link::must(RUNS + 4, ClearTerminationProtection { id: id() }));
        }
        links.push(Link::must(RUNS + 5, TerminateInstance { id: id() }));
        return Way::Chain(links);
    }
    match keeps_running(ask) {
        None => links.push(Link::must(RUNS + 5, StopInstance { id: id() })),
        Some(_) if options.isolate => links.retain(|link| !is_clearing(&link.change)),
        Some(why) => {
            return Way::by_hand(why, "when evidence is taken: ec2:TerminateInstances (destroys)");
        }
    }
    Way::Chain(links)
}

fn is_clearing(change: &Change) -> bool {
    matches!(*change, Change::Aws(crate::model::change::AwsChange::Ec2(ClearStopProtection { .. })))
}

/// The group that has it, where that is none of the principal's: it would end it when it stops, and launch another.
fn foreign_group<'r>(ask: &'r Ask) -> Option<&'r str> {
    let group = ask.detail("asg")?;
    let is_ours = |one: &Resource| one.kind == "aws.autoscaling.group" && one.account == ask.resource.account;
    (!ask.ground.resources_named(group).any(is_ours)).then_some(group)
}
