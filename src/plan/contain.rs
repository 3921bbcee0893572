//! The contain plan: see again, then stop what the principal launched, launchers before the launched, then what lets in.
//!
//! The reversible rung by default: stop, suspend, disable. What only destroys is planned where a kind has no gentler rung, and
//! says so. Something that its launcher would make again is stopped through its launcher or not at all.

mod aws;
mod gcp;
mod shares;
mod standing;

use super::ground::{Ground, alive, is_identity, target, target_of};
use super::words::when;
use super::{After, Draft, Guard, Options, Proposal, advice};
use crate::model::EventId;
use crate::model::change::Change;
use crate::model::plan::{Plan, PlanKind};
use crate::model::report::{Attribution, Finding, FindingKind, Report, Resource};
use standing::{Told, told_by};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What records what happens goes first: it waits for nothing and nothing waits for it.
const SEES: u32 = 0;
/// Ranks leave room for the steps of one thing, in order.
const RELAUNCHES: u32 = 10;
const RUNS: u32 = 20;
const LETS_IN: u32 = 30;

/// Launchers that make machines again and that no change of ours holds: their machines are theirs to stop.
const HOLDERS: &[&str] = &[
    "aws.batch.compute_environment",
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

/// Launchers whose own step ends what they launched, so that it is left to them; an EMR cluster's only where it is terminated.
const ENDERS: &[(&str, &str)] = &[
    ("aws.batch.compute_environment", "compute environment"),
    ("aws.ecs.service", "service"),
    ("aws.eks.nodegroup", "node group"),
    ("aws.emr.cluster", "cluster"),
    ("gcp.container.cluster", "cluster"),
    ("gcp.container.node_pool", "node pool"),
    ("gcp.batch.job", "job"),
    ("gcp.dataflow.job", "job"),
    ("gcp.dataproc.cluster", "cluster"),
];

/// What those launch.
const ENDED: &[&str] = &[
    "aws.autoscaling.group",
    "aws.ec2.fleet",
    "aws.ec2.instance",
    "aws.ec2.spot_fleet",
    "aws.ec2.spot_request",
    "aws.ecs.task",
    "gcp.compute.instance",
    GROUP,
];

const GROUP: &str = "gcp.compute.instance_group_manager";

pub fn contain(report: &Report, guard: &Guard, options: Options) -> Plan {
    let ground = Ground::new(report);
    let mut proposal = Proposal::new(report, guard);
    for resource in ground.resources.iter().copied().filter(|one| !is_identity(one.kind)) {
        // What is stopped is left as it is, unless it is to be destroyed.
        let stopped = options.destroy
            && resource.state == "stopped"
            && (resource.kind.starts_with("aws.") || gcp::is_deleted_stopped(resource.kind));
        let stopped = stopped.then_some("stopped");
        if let Some(before) = alive(resource).or(stopped) {
            one(&ground, resource, before, options, &mut proposal);
        }
    }
    let mut shared = shares::shares(&ground, &mut proposal);
    shared.extend(shares::rules(&ground, &mut proposal));
    let mut done = standing::standing(&ground, &mut proposal);
    done.extend(gcp::standing(&ground, options, &mut proposal));
    tell(&ground, &shared, &done, &mut proposal);
    proposal.into_plan(PlanKind::Contain)
}

fn one<'a>(
    ground: &Ground<'a>,
    resource: &'a Resource,
    before: &'static str,
    options: Options,
    proposal: &mut Proposal,
) {
    let target = target_of(resource);
    if let Some(why) = ground.spares_resource(resource) {
        return proposal.withhold(target, why, "");
    }
    let launcher = launcher(ground, resource);
    let links = match planned(&Ask { ground, resource, launcher, options }) {
        Way::Steps(steps) => steps.into_iter().map(|(rank, change)| Link::must(rank, change)).collect(),
        Way::Chain(links) => links,
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
        Some(group) if group.kind == GROUP => autoscalers(ground, group).find(|one| alive(one).is_some()),
        launcher => launcher,
    };
    let mut must: Vec<(Arc<str>, Change)> = Vec::new();
    for (index, Link { rank, change, is_needed, needs }) in links.into_iter().enumerate() {
        let after = match holder {
            _ if index > 0 || !needs.is_empty() => After::Done(must.iter().cloned().chain(needs).collect()),
            Some(holder) => After::Target(holder.id.clone()),
            None => After::Nothing,
        };
        if is_needed {
            must.push((target.region.clone(), change.clone()));
        }
        let draft = Draft {
            target: target.clone(),
            because: because.clone(),
            why: why.clone(),
            before,
            change,
            rank,
            after,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    }
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

const AUTOSCALER: &str = "gcp.compute.autoscaler";

/// Returns the autoscalers of a group, which would resize it again: by what the cloud showed that they scale, else both bear one
/// name in one place.
fn autoscalers<'g, 'a: 'g>(
    ground: &'g Ground<'a>,
    group: &'g Resource,
) -> impl Iterator<Item = &'a Resource> + 'g {
    let name = group.name.as_deref().map(|name| name.rsplit('/').next().unwrap_or(name));
    let scales = move |one: &Resource| {
        let target = one.details.get("target").map(|target| &**target);
        name.is_some() && target.or(one.name.as_deref()) == name
    };
    // They are sorted by kind, and there are as many machines as one can think of.
    let from = ground.resources.partition_point(|one| one.kind < AUTOSCALER);
    ground.resources[from..].iter().copied().take_while(|one| one.kind == AUTOSCALER).filter(move |one| {
        one.account == group.account
            && (&one.region, &one.zone) == (&group.region, &group.zone)
            && scales(one)
    })
}

/// What is asked about one live, confirmed resource.
struct Ask<'g, 'a> {
    ground: &'g Ground<'a>,
    resource: &'a Resource,
    /// The live thing of the closure that launched it.
    launcher: Option<&'a Resource>,
    options: Options,
}

impl Ask<'_, '_> {
    fn id(&self) -> Arc<str> {
        self.resource.id.clone()
    }

    fn name(&self) -> Arc<str> {
        self.resource.name.clone().unwrap_or_else(|| self.resource.id.clone())
    }

    /// What the cloud told of it when it was looked at, by the word of its service file (`type`, `asg`, …).
    fn detail(&self, word: &str) -> Option<&str> {
        self.resource.details.get(word).map(|text| &**text)
    }
}

/// What is done about a resource.
enum Way {
    /// In this order, by rank; each needs the success of those before it. One rank takes up to ten in order: `rank`,
    /// `rank + 1`, …
    Steps(Vec<(u32, Change)>),
    /// The same, where not every step needs all those before it.
    Chain(Vec<Link>),
    /// Why not, and the way by hand.
    ByHand(String, String),
}

struct Link {
    rank: u32,
    change: Change,
    /// Whether those after it need its success.
    is_needed: bool,
    /// What must have succeeded besides, on other things of the account, each in its region.
    needs: Vec<(Arc<str>, Change)>,
}

impl Link {
    fn must(rank: u32, change: impl Into<Change>) -> Link {
        Link { rank, change: change.into(), is_needed: true, needs: Vec::new() }
    }

    /// Those after it are tried also where it fails.
    fn may(rank: u32, change: impl Into<Change>) -> Link {
        Link { is_needed: false, ..Link::must(rank, change) }
    }
}

impl Way {
    fn step(rank: u32, change: impl Into<Change>) -> Way {
        Way::Steps(vec![(rank, change.into())])
    }

    fn by_hand(why: impl Into<String>, by_hand: impl Into<String>) -> Way {
        Way::ByHand(why.into(), by_hand.into())
    }
}

/// Returns what to do about a live, confirmed resource. No arm for a kind means by hand.
fn planned(ask: &Ask) -> Way {
    let Ask { ground, resource, launcher, .. } = *ask;
    if let Some(way) = ended_by_launcher(ask) {
        return way;
    }
    let is_machine = matches!(resource.kind, "aws.ec2.instance" | "aws.ecs.task" | "gcp.compute.instance");
    if let Some(launcher) = launcher.filter(|launcher| is_machine && HOLDERS.contains(&launcher.kind)) {
        return Way::ByHand(
            format!("{} makes it again when it is stopped: stop that first.", launcher.id),
            advice::of(launcher.kind),
        );
    }
    if let Some(way) = aws::way(ask).or_else(|| gcp::way(ask)) {
        return way;
    }
    match resource.kind {
        kind if advice::is_inert(kind) => Way::ByHand(
            format!(
                "{} It does nothing by itself and costs nothing: it stays as evidence.",
                origin(resource)
            ),
            advice::of(kind),
        ),
        kind => {
            let notes: Vec<&str> = about(ground, resource).iter().map(|finding| &*finding.note).collect();
            let why = [origin(resource).as_str()].into_iter().chain(notes).collect::<Vec<_>>().join(" ");
            Way::ByHand(format!("{why} This program does not act on this kind."), advice::of(kind))
        }
    }
}

/// Leaves to a launcher what the plan ends with it. What the principal launched by its own hand only claims that, by tags that
/// anybody may set: it is stopped all the same.
fn ended_by_launcher(ask: &Ask) -> Option<Way> {
    if !ENDED.contains(&ask.resource.kind) || ask.resource.attribution == Attribution::Direct {
        return None;
    }
    let mut next = ask.launcher;
    // A node group has an Auto Scaling group, and that its instances. Records of a hostile hand could go in a circle.
    for _ in 0..ENDERS.len() {
        let holder = next?;
        let above = launcher(ask.ground, holder);
        if let Some((kind, noun)) = ENDERS.iter().find(|(kind, _)| *kind == holder.kind) {
            let it = Ask { resource: holder, launcher: above, ..*ask };
            let is_planned = ask.ground.spares_resource(holder).is_none()
                && (ask.options.destroy || *kind != "aws.emr.cluster")
                && matches!(planned(&it), Way::Steps(_) | Way::Chain(_));
            if is_planned {
                let why = format!("It ends with its {noun} {}, which this plan empties.", holder.id);
                return Some(Way::by_hand(why, String::new()));
            }
        }
        next = above;
    }
    None
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

/// What stands open otherwise, and what only others can take back.
fn tell(ground: &Ground, shared: &BTreeSet<EventId>, done: &Told, proposal: &mut Proposal) {
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
        let is_done =
            done.contains(&told_by(finding)) || finding.events.iter().all(|event| shared.contains(event));
        if !is_ours || is_done || ground.is_told(finding) {
            continue;
        }
        let (place, advice) = ground.place_of(finding);
        let by_hand = match finding.kind {
            FindingKind::Commitment => {
                "only the provider can take it back: put it into the support case".to_owned()
            }
            _ => match standing::row_of(ground, finding) {
                Some(row) => standing::by_hand(row, finding).unwrap_or(match advice.is_empty() {
                    true => advice::in_words(row.contain),
                    false => advice,
                }),
                None => advice,
            },
        };
        proposal.withhold(place, finding.note.clone(), by_hand);
    }
}
