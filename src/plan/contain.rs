//! The contain plan: see again, then stop what the principal launched, launchers before the launched, then what lets in.
//!
//! The reversible rung by default: stop, suspend, disable. What only destroys is planned where a kind has no gentler rung, and
//! says so. Something that its launcher would make again is stopped through its launcher or not at all.

use super::ground::{Ground, alive, is_identity, target, target_of};
use super::words::when;
use super::{After, Draft, Guard, Proposal, advice};
use crate::catalog;
use crate::model::EventId;
use crate::model::change::{AwsChange, Change, GcpChange};
use crate::model::plan::{Plan, PlanKind};
use crate::model::report::{Attribution, Finding, FindingKind, Report, Resource};
use std::collections::BTreeSet;

/// What records what happens goes first: it waits for nothing and nothing waits for it.
const SEES: u32 = 0;
const RELAUNCHES: u32 = 1;
const RUNS: u32 = 2;
const LETS_IN: u32 = 3;

/// Launchers that make machines again and that no change of ours holds: their machines are theirs to stop.
const HOLDERS: &[&str] = &[
    "aws.batch.compute_environment",
    "aws.ec2.fleet",
    "aws.ec2.spot_fleet",
    "aws.ecs.capacity_provider",
    "aws.eks.cluster",
    "aws.eks.nodegroup",
    "aws.elasticbeanstalk.environment",
    "aws.emr.cluster",
    "gcp.batch.job",
    "gcp.container.cluster",
    "gcp.container.node_pool",
    "gcp.dataflow.job",
    "gcp.dataproc.cluster",
];

const GROUP: &str = "gcp.compute.instance_group_manager";

pub fn contain(report: &Report, guard: &Guard) -> Plan {
    let ground = Ground::new(report);
    let mut proposal = Proposal::new(report, guard);
    for resource in ground.resources.iter().copied().filter(|one| !is_identity(one.kind)) {
        if let Some(before) = alive(resource) {
            one(&ground, resource, before, &mut proposal);
        }
    }
    let mut told = shares(&ground, &mut proposal);
    told.extend(trails(&ground, &mut proposal));
    tell(&ground, &told, &mut proposal);
    proposal.into_plan(PlanKind::Contain)
}

fn one(ground: &Ground, resource: &Resource, before: &'static str, proposal: &mut Proposal) {
    let target = target_of(resource);
    if let Some(why) = ground.spares_resource(resource) {
        return proposal.withhold(target, why, "");
    }
    let launcher = launcher(ground, resource);
    let (rank, change) = match planned(ground, resource, launcher) {
        Way::Step(rank, change) => (rank, change),
        Way::ByHand(why, by_hand) => return proposal.withhold(target, why, by_hand),
    };
    let about = about(ground, resource);
    let mut because: BTreeSet<EventId> =
        about.iter().flat_map(|finding| finding.events.iter().cloned()).collect();
    because.insert(resource.event.clone());
    let mut why = vec![origin(resource)];
    why.extend(about.iter().map(|finding| finding.note.clone()));
    why.extend(caution(resource, launcher));
    let holder = match launcher {
        Some(group) if group.kind == GROUP => autoscaler(ground, group),
        launcher => launcher,
    };
    let after = holder.map_or(After::Nothing, |holder| After::Target(holder.id.clone()));
    proposal.take(Draft { target, because, why, before, change, rank, after }, []);
}

fn about<'a>(ground: &Ground<'a>, resource: &Resource) -> Vec<&'a Finding> {
    let mut names = vec![&*resource.id];
    names.extend(resource.name.as_deref());
    ground.findings_about(&names, &resource.account)
}

fn origin(resource: &Resource) -> String {
    let at = when(resource.created_at);
    match (&resource.launched_by, resource.attribution) {
        (Some(launcher), _) => {
            format!("{launcher}, which {} made, launched it on {at}.", resource.created_by)
        }
        (None, Attribution::Indirect) => {
            format!("A service launched it on {at} for what {} made.", resource.created_by)
        }
        (None, Attribution::Direct) => format!("{} made it on {at}.", resource.created_by),
    }
}

/// What may stand in the way of a step.
fn caution(resource: &Resource, launcher: Option<&Resource>) -> Option<String> {
    if resource.state == "unknown" {
        return Some("The cloud could not be asked about it: what it is now is not known.".to_owned());
    }
    let is_spot = launcher.is_some_and(|launcher| launcher.kind == "aws.ec2.spot_request");
    is_spot.then(|| {
        "Stopping it disables its persistent spot request, which starts it no more; the instance of a one-time request can't be stopped \
         but only terminated."
            .to_owned()
    })
}

/// Returns the live thing of the closure that launched another.
fn launcher<'a>(ground: &Ground<'a>, resource: &Resource) -> Option<&'a Resource> {
    let by = resource.launched_by.as_ref()?;
    ground.resource_named(by, &resource.account).filter(|one| one.id != resource.id && alive(one).is_some())
}

/// Returns the autoscaler of a group, which would resize it again: both bear one name in one place.
fn autoscaler<'a>(ground: &Ground<'a>, group: &Resource) -> Option<&'a Resource> {
    let name = group.name.as_deref().filter(|_| group.kind == GROUP)?;
    ground.resources_named(name).find(|one| {
        one.kind == "gcp.compute.autoscaler"
            && alive(one).is_some()
            && one.account == group.account
            && (&one.region, &one.zone) == (&group.region, &group.zone)
            && one.name.as_deref() == Some(name)
    })
}

enum Way {
    Step(u32, Change),
    ByHand(String, String),
}

/// Returns what to do about a live, confirmed resource. No arm for a kind means by hand.
fn planned(ground: &Ground, resource: &Resource, launcher: Option<&Resource>) -> Way {
    let id = || resource.id.clone();
    let name = || resource.name.clone().unwrap_or_else(|| resource.id.clone());
    let aws = |rank, change| Way::Step(rank, Change::Aws(change));
    let gcp = |rank, change| Way::Step(rank, Change::Gcp(change));
    let is_machine = matches!(resource.kind, "aws.ec2.instance" | "aws.ecs.task" | "gcp.compute.instance");
    if let Some(launcher) = launcher.filter(|launcher| is_machine && HOLDERS.contains(&launcher.kind)) {
        return Way::ByHand(
            format!("{} makes it again when it is stopped: stop that first.", launcher.id),
            advice::of(launcher.kind),
        );
    }
    match resource.kind {
        "aws.autoscaling.group" => aws(RELAUNCHES, AwsChange::SuspendScalingGroup { name: id() }),
        "aws.ec2.spot_request" => match has_live_instance(ground, resource) {
            true => Way::ByHand(
                "This plan stops its instance, which disables the request. Cancelled first, it would leave an instance that can't be \
                 stopped any more but only terminated."
                    .to_owned(),
                "when evidence is taken: ec2:CancelSpotInstanceRequests, then ec2:TerminateInstances (destroys)".to_owned(),
            ),
            false => aws(RELAUNCHES, AwsChange::CancelSpotRequest { id: id() }),
        },
        "aws.ecs.service" => aws(RELAUNCHES, AwsChange::EmptyEcsService { service: id() }),
        "aws.lambda.function" => aws(RELAUNCHES, AwsChange::StopFunction { name: id() }),
        "aws.eventbridge.rule" => aws(RELAUNCHES, AwsChange::DisableEventRule { rule: id() }),
        "aws.batch.compute_environment" => aws(RELAUNCHES, AwsChange::DisableBatchEnvironment { name: id() }),
        "aws.ec2.instance" => aws(RUNS, AwsChange::StopInstance { id: id() }),
        "aws.ecs.task" => match launcher.filter(|launcher| launcher.kind == "aws.ecs.service") {
            Some(service) => Way::ByHand(
                format!("It ends with its service {}, which this plan empties.", service.id),
                String::new(),
            ),
            None => aws(RUNS, AwsChange::StopEcsTask { task: id() }),
        },
        "aws.sagemaker.notebook_instance" => aws(RUNS, AwsChange::StopNotebook { name: id() }),
        "aws.lightsail.instance" => aws(RUNS, AwsChange::StopLightsailInstance { name: name() }),
        "gcp.compute.autoscaler" => gcp(RELAUNCHES, GcpChange::TurnOffAutoscaler { name: id() }),
        "gcp.cloudscheduler.job" => gcp(RELAUNCHES, GcpChange::PauseSchedulerJob { name: id() }),
        "gcp.compute.instance" => match launcher.filter(|launcher| launcher.kind == GROUP) {
            Some(group) => gcp(RUNS, GcpChange::StopGroupMember { group: group.id.clone(), id: id() }),
            None => gcp(RUNS, GcpChange::StopInstance { id: id() }),
        },
        GROUP => Way::ByHand(group(ground, resource), advice::of(GROUP)),
        "gcp.compute.firewall" => gcp(LETS_IN, GcpChange::DisableFirewall { id: id() }),
        kind if advice::is_inert(kind) => Way::ByHand(
            format!("{} It does nothing by itself and costs nothing: it stays as evidence.", origin(resource)),
            advice::of(kind),
        ),
        kind => {
            let notes: Vec<&str> = about(ground, resource).iter().map(|finding| &*finding.note).collect();
            let why = [origin(resource).as_str()].into_iter().chain(notes).collect::<Vec<_>>().join(" ");
            Way::ByHand(format!("{why} This program does not act on this kind."), advice::of(kind))
        }
    }
}

fn members<'g, 'a: 'g>(ground: &'g Ground<'a>, of: &'g Resource) -> impl Iterator<Item = &'a Resource> + 'g {
    let name = of.name.as_ref().filter(|name| **name != of.id);
    [Some(&of.id), name].into_iter().flatten().flat_map(|name| ground.launched_by(name)).filter(move |one| {
        alive(one).is_some()
            && launcher(ground, one).is_some_and(|launcher| launcher.kind == of.kind && launcher.id == of.id)
    })
}

fn has_live_instance(ground: &Ground, request: &Resource) -> bool {
    members(ground, request)
        .any(|one| one.kind == "aws.ec2.instance" && ground.spares_resource(one).is_none())
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

/// Takes back what was shared; returns the events that are dealt with.
fn shares(ground: &Ground, proposal: &mut Proposal) -> BTreeSet<EventId> {
    let mut told = BTreeSet::new();
    let mut grants: Vec<_> = ground.report.grants.iter().collect();
    grants.sort();
    for grant in grants {
        let (id, with) = (grant.on.clone(), grant.member.clone());
        let (kind, change) = match &*grant.role {
            "createVolumePermission" => ("aws.ec2.snapshot", AwsChange::UnshareSnapshot { id, with }),
            "launchPermission" => ("aws.ec2.image", AwsChange::UnshareImage { id, with }),
            _ => continue,
        };
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
            change: Change::Aws(change),
            rank: LETS_IN,
            after: After::Nothing,
        };
        proposal.take(draft, [&*grant.member]);
    }
    told
}

/// Starts the trails that are still stopped; returns the events that are dealt with.
fn trails(ground: &Ground, proposal: &mut Proposal) -> BTreeSet<EventId> {
    let stops = catalog::rows(catalog::aws::SERVICES, "cloudtrail.amazonaws.com", "StopLogging").next();
    let mut told = BTreeSet::new();
    for finding in ground.standing().iter().copied() {
        let touched = ground.touched_by(&finding.events, &finding.subject);
        let Some(touched) =
            touched.filter(|one| stops.is_some_and(|row| row.kind == one.kind && row.how == one.how))
        else {
            continue;
        };
        if touched.id != finding.subject {
            continue;
        }
        let mut place = target(touched.kind, &touched.id, None, &touched.account);
        place.region = touched.region.clone();
        told.extend(finding.events.iter().cloned());
        let draft = Draft {
            target: place,
            because: finding.events.iter().cloned().collect(),
            why: vec![finding.note.clone()],
            before: "stopped",
            change: Change::Aws(AwsChange::StartTrail { name: touched.id.clone() }),
            rank: SEES,
            after: After::Nothing,
        };
        proposal.take(draft, []);
    }
    told
}

/// What stands open otherwise, and what only others can take back.
fn tell(ground: &Ground, told: &BTreeSet<EventId>, proposal: &mut Proposal) {
    for finding in ground.standing().iter().copied() {
        let is_ours = match finding.kind {
            FindingKind::DefenseEvasion
            | FindingKind::Exfiltration
            | FindingKind::Exposure
            | FindingKind::LateralMovement
            | FindingKind::ServiceAbuse
            | FindingKind::Commitment => true,
            // The launches themselves are resources; what is destroyed or was run is over.
            FindingKind::ResourceHijacking
            | FindingKind::Execution
            | FindingKind::Destruction
            | FindingKind::Discovery
            | FindingKind::Leak
            | FindingKind::Persistence
            | FindingKind::PrivilegeEscalation
            | FindingKind::CredentialAccess => false,
        };
        if !is_ours || ground.is_told(finding) || finding.events.iter().all(|event| told.contains(event)) {
            continue;
        }
        let (place, advice) = ground.place_of(finding);
        let by_hand = match finding.kind {
            FindingKind::Commitment => {
                "only the provider can take it back: put it into the support case".to_owned()
            }
            _ => advice,
        };
        proposal.withhold(place, finding.note.clone(), by_hand);
    }
}
