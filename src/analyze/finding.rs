//! What a human should hear: findings with whether they still stand, attempts, and writes that no rule knows.

use super::attribute::Attributed;
use super::graph::Graph;
use super::investigation::Phase;
use crate::catalog::technique;
use crate::model::event::{Fact, Signal};
use crate::model::gap::GapKind;
use crate::model::report::{Attempt, Confidence, Finding, FindingKind, Grant, Technique, Unclassified};
use crate::model::{Event, EventId, Gap, Outcome, Provider, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub struct Findings {
    pub findings: Vec<Finding>,
    pub attempts: Vec<Attempt>,
    pub unclassified: Vec<Unclassified>,
    pub gaps: Vec<Gap>,
}

/// As many launches, or as many regions, are a finding by themselves: nobody clicks that by hand.
const MANY_LAUNCHES: usize = 5;
const MANY_REGIONS: usize = 3;

/// Kinds that are billed by the hour while they run.
const COMPUTE: &[&str] = &[
    "aws.ec2.instance",
    "aws.ec2.spot_request",
    "aws.ec2.spot_fleet",
    "aws.ec2.fleet",
    "aws.autoscaling.group",
    "aws.ecs.service",
    "aws.ecs.task",
    "aws.sagemaker.notebook_instance",
    "aws.sagemaker.training_job",
    "aws.batch.compute_environment",
    "aws.lightsail.instance",
    "aws.emr.cluster",
    "gcp.compute.instance",
    "gcp.compute.bulk_insert",
    "gcp.compute.instance_group_manager",
    "gcp.run.service",
    "gcp.run.job",
    "gcp.container.cluster",
    "gcp.container.node_pool",
    "gcp.dataproc.cluster",
    "gcp.batch.job",
    "gcp.aiplatform.custom_job",
    "gcp.tpu.node",
];

/// Returns the subjects of findings that somebody may have undone.
pub fn ids_to_look_for(graph: &Graph) -> BTreeSet<Arc<str>> {
    graph
        .acts()
        .flat_map(|(event, _)| &event.facts)
        .filter_map(|fact| match fact {
            Fact::Signal(signal) if !signal.pair.is_empty() && !signal.undoes => Some(signal.subject.clone()),
            _ => None,
        })
        .collect()
}

pub fn findings(graph: &Graph, made: &Attributed) -> Findings {
    let undone = Undone::of(graph);
    let mut merged: BTreeMap<Key, Finding> = BTreeMap::new();
    let mut gaps = Vec::new();
    for (event, owner) in graph.acts() {
        let credential = graph.nodes[owner.node].id.clone();
        for signal in signals(event) {
            if is_routine(graph, signal, event, owner.confidence)
                || is_own_housekeeping(graph, signal, event, made)
            {
                continue;
            }
            let mut finding = finding(event, signal, owner.confidence, Some(credential.clone()));
            finding.until = undone.after(signal, event);
            finding.standing = finding.until.is_none() && !is_over(graph, made, signal, event);
            if signal.kind == FindingKind::DefenseEvasion
                && signal.technique == Some(&technique::DISABLE_CLOUD_LOGS)
                && !is_a_log_lost(event)
            {
                gaps.push(blind_window(&finding));
            }
            merge(&mut merged, finding);
        }
    }
    for finding in provider_notices(graph, made).chain(mass_launch(made)) {
        merge(&mut merged, finding);
    }
    let mut findings: Vec<Finding> = merged.into_values().collect();
    for finding in &mut findings {
        finding.events.sort();
        finding.events.dedup();
    }
    findings.sort_by(|a, b| {
        (!a.standing, a.kind, a.at, &a.subject, &a.note).cmp(&(
            !b.standing,
            b.kind,
            b.at,
            &b.subject,
            &b.note,
        ))
    });
    Findings { findings, attempts: attempts(graph), unclassified: unclassified(graph), gaps }
}

type Key = (FindingKind, Option<&'static Technique>, Arc<str>, Option<Arc<str>>, String);

/// One finding per kind, subject and sentence; its events add up.
fn merge(merged: &mut BTreeMap<Key, Finding>, finding: Finding) {
    let key = (
        finding.kind,
        finding.technique,
        finding.subject.clone(),
        finding.account.clone(),
        finding.note.clone(),
    );
    match merged.get_mut(&key) {
        None => {
            merged.insert(key, finding);
        }
        Some(known) => {
            known.events.extend(finding.events);
            if finding.at >= known.at {
                known.standing = finding.standing;
                known.until = finding.until;
            }
            known.at = known.at.min(finding.at);
            known.confidence = known.confidence.min(finding.confidence);
            if known.region != finding.region {
                known.region = None;
            }
        }
    }
}

fn signals(event: &Event) -> impl Iterator<Item = &Signal> {
    event.facts.iter().filter_map(|fact| match fact {
        Fact::Signal(signal) if !signal.undoes => Some(signal),
        _ => None,
    })
}

fn finding(event: &Event, signal: &Signal, confidence: Confidence, credential: Option<Arc<str>>) -> Finding {
    Finding {
        kind: signal.kind,
        technique: signal.technique,
        note: signal.note.clone(),
        events: vec![event.id.clone()],
        subject: signal.subject.clone(),
        account: Some(event.scope.account.clone()).filter(|account| !account.is_empty()),
        region: Some(event.scope.region.clone()).filter(|region| !region.is_empty()),
        at: event.at,
        until: None,
        standing: true,
        confidence,
        credential,
    }
}

/// What the owners do every day is no finding: reading their own secrets, calling their models. What would be grave
/// whoever does it is told all the same, with its class, unless it was before the leak.
fn is_routine(graph: &Graph, signal: &Signal, event: &Event, confidence: Confidence) -> bool {
    if confidence != Confidence::LikelyLegitimate {
        return false;
    }
    if graph.evidence.window.leaked_at.is_some_and(|leak| event.at < leak) {
        return true;
    }
    match signal.kind {
        FindingKind::CredentialAccess
        | FindingKind::ServiceAbuse
        | FindingKind::Discovery
        | FindingKind::Execution
        | FindingKind::LateralMovement
        | FindingKind::ResourceHijacking => true,
        FindingKind::Persistence
        | FindingKind::PrivilegeEscalation
        | FindingKind::DefenseEvasion
        | FindingKind::Exfiltration
        | FindingKind::Exposure
        | FindingKind::Destruction
        | FindingKind::Commitment
        | FindingKind::Leak => false,
    }
}

/// Deleting or unlogging what it made itself is cleaning up, not an attack on anyone. Protecting what it made against
/// us is one.
fn is_own_housekeeping(graph: &Graph, signal: &Signal, event: &Event, made: &Attributed) -> bool {
    // What an act makes (an exclusion that blinds a log) is not what it tidies up.
    let makes = event.facts.iter().any(|fact| match fact {
        Fact::Created(resource) => resource.all_names().any(|name| *name == signal.subject),
        _ => false,
    });
    if makes {
        return false;
    }
    // Deleting a key that it made itself, likewise.
    let drops_own_key = event.facts.iter().any(|fact| match fact {
        Fact::Revoked { kind, id, .. } => *id == signal.subject && graph.has_minted(kind, id),
        _ => false,
    });
    if drops_own_key && signal.kind == FindingKind::Destruction {
        return true;
    }
    match signal.kind {
        // Reading back a secret that it put there itself, or deleting its own things, hurts nobody.
        FindingKind::Destruction | FindingKind::CredentialAccess => made.is_own(&signal.subject),
        FindingKind::DefenseEvasion => {
            let hides = [&technique::DISABLE_CLOUD_LOGS, &technique::INDICATOR_REMOVAL];
            signal.technique.is_some_and(|technique| hides.contains(&technique))
                && made.is_own(&signal.subject)
        }
        FindingKind::Persistence
        | FindingKind::PrivilegeEscalation
        | FindingKind::Exfiltration
        | FindingKind::Exposure
        | FindingKind::LateralMovement
        | FindingKind::Execution
        | FindingKind::ResourceHijacking
        | FindingKind::ServiceAbuse
        | FindingKind::Commitment
        | FindingKind::Discovery
        | FindingKind::Leak => false,
    }
}

/// Whether what a finding is about exists no more, or was over when it happened.
fn is_over(graph: &Graph, made: &Attributed, signal: &Signal, event: &Event) -> bool {
    match signal.kind {
        // Read once is read for ever, bought is bought: these stay on the list until a human closes them.
        FindingKind::CredentialAccess
        | FindingKind::Destruction
        | FindingKind::Commitment
        | FindingKind::Leak => false,
        // Done is done: nothing of it remains to be shut.
        FindingKind::Execution | FindingKind::Discovery | FindingKind::ServiceAbuse => true,
        FindingKind::Persistence
        | FindingKind::PrivilegeEscalation
        | FindingKind::DefenseEvasion
        | FindingKind::Exfiltration
        | FindingKind::Exposure
        | FindingKind::LateralMovement
        | FindingKind::ResourceHijacking => {
            made.is_deleted(&signal.subject) || is_gone(graph, &signal.subject, event)
        }
    }
}

/// Whether anyone deleted or revoked the subject afterwards.
fn is_gone(graph: &Graph, subject: &str, event: &Event) -> bool {
    let later = graph.ends_of(subject).iter().rev().take_while(|later| later.at >= event.at);
    let mut later = later
        .filter(|later| later.id != event.id && is_joinable(&later.scope.account, &event.scope.account))
        .peekable();
    // The last word counts: what was deleted and brought back is there.
    let Some(at) = later.peek().map(|last| last.at) else { return false };
    later.take_while(|later| later.at == at).max_by_key(|later| later.id.clone()).is_some_and(|last| {
        !last.facts.iter().any(|fact| matches!(fact, Fact::Restored { id, .. } if **id == *subject))
    })
}

fn is_joinable(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// When each pair's undoing half was seen, by anyone.
struct Undone(BTreeMap<(Arc<str>, Arc<str>), BTreeSet<Time>>);

impl Undone {
    fn of(graph: &Graph) -> Undone {
        let mut undone: BTreeMap<(Arc<str>, Arc<str>), BTreeSet<Time>> = BTreeMap::new();
        for event in graph.events().filter(|event| graph.succeeded(event)) {
            for fact in &event.facts {
                if let Fact::Signal(signal) = fact
                    && signal.undoes
                {
                    undone.entry(pair_here(signal, event)).or_default().insert(event.at);
                }
            }
        }
        Undone(undone)
    }

    fn after(&self, signal: &Signal, event: &Event) -> Option<Time> {
        if signal.pair.is_empty() {
            return None;
        }
        self.0.get(&pair_here(signal, event))?.range(event.at..).next().copied()
    }
}

/// A pair joins within an AWS region: a rule's name repeats in others. Google's names say where they are.
fn pair_here(signal: &Signal, event: &Event) -> (Arc<str>, Arc<str>) {
    let region = match event.provider {
        Provider::Aws => event.scope.region.clone(),
        Provider::Gcp => "".into(),
    };
    (signal.pair.clone(), region)
}

/// Whether a log group went with all that was in it: something is lost, but no recording was switched off.
fn is_a_log_lost(event: &Event) -> bool {
    event
        .facts
        .iter()
        .any(|fact| matches!(fact, Fact::Deleted(resource) if resource.kind == "aws.logs.log_group"))
}

/// What was not logged while a log was off can't be known: "nothing seen" in that window means nothing.
fn blind_window(finding: &Finding) -> Gap {
    let until = match finding.until {
        Some(until) => format!("until {}", to_the_second(until)),
        None => "and not seen to be switched on again".to_owned(),
    };
    Gap::new(
        GapKind::Interrupted,
        format!("{} of {}", finding.subject, finding.account.as_deref().unwrap_or("unknown account")),
        format!("logging was cut at {} {until}", to_the_second(finding.at)),
    )
}

/// Nanoseconds say nothing to a reader of a window.
fn to_the_second(time: Time) -> Time {
    Time::from_second(time.as_second()).unwrap_or(time)
}

/// The provider's own word: leak notices about the seed, and abuse on what the closure made.
fn provider_notices<'a>(graph: &'a Graph<'a>, made: &'a Attributed) -> impl Iterator<Item = Finding> + 'a {
    graph.unowned().flat_map(move |event| {
        let about_seed = event.facts.iter().any(|fact| match fact {
            Fact::Leak { key, principal, .. } => {
                principal.as_ref().is_some_and(|who| graph.is_of_closure(who))
                    || key.as_ref().is_some_and(|key| graph.is_of_closure(key))
            }
            _ => false,
        });
        signals(event)
            .filter(move |signal| {
                (signal.kind == FindingKind::Leak && about_seed)
                    || (signal.kind == FindingKind::ResourceHijacking
                        && event.actor.principal.is_none()
                        && made.is_own(&signal.subject))
            })
            .map(|signal| finding(event, signal, Confidence::Confirmed, None))
    })
}

/// Compute made in bulk says hijacking by itself.
fn mass_launch(made: &Attributed) -> Option<Finding> {
    let launched: Vec<_> = made
        .resources
        .iter()
        .filter(|resource| {
            COMPUTE.contains(&resource.kind) && resource.confidence != Confidence::LikelyLegitimate
        })
        .collect();
    let regions: BTreeSet<_> =
        launched.iter().map(|resource| (&resource.account, &resource.region)).collect();
    let accounts: BTreeSet<_> = launched.iter().map(|resource| &resource.account).collect();
    if launched.len() < MANY_LAUNCHES && regions.len() < MANY_REGIONS {
        return None;
    }
    let left = launched.iter().filter(|resource| !matches!(resource.state, "deleted" | "gone")).count();
    let first = launched.iter().map(|resource| resource.created_at).min()?;
    let mut events: Vec<EventId> = launched.iter().map(|resource| resource.event.clone()).collect();
    events.sort();
    events.dedup();
    Some(Finding {
        kind: FindingKind::ResourceHijacking,
        technique: Some(&technique::COMPUTE_HIJACKING),
        note: format!(
            "Launched {} compute resources in {} places of {} accounts or projects; {left} are left.",
            launched.len(),
            regions.len(),
            accounts.len()
        ),
        events,
        subject: "compute".into(),
        account: None,
        region: None,
        at: first,
        until: None,
        standing: left > 0,
        confidence: launched.iter().map(|resource| resource.confidence).min()?,
        credential: None,
    })
}

/// Failed calls that would have changed something, by action and error.
fn attempts(graph: &Graph) -> Vec<Attempt> {
    let mut attempts: BTreeMap<(Arc<str>, Arc<str>), BTreeSet<EventId>> = BTreeMap::new();
    for (event, owner) in graph.owned() {
        if event.read_only || owner.is_none() {
            continue;
        }
        let error: Arc<str> = match &event.outcome {
            Outcome::Succeeded => continue,
            Outcome::DryRun => "Client.DryRunOperation".into(),
            Outcome::Failed(code) => code.clone(),
        };
        if !Phase::of(event.at, graph.evidence.window).is_counted() {
            continue;
        }
        attempts.entry((event.action.clone(), error)).or_default().insert(event.id.clone());
    }
    attempts
        .into_iter()
        .map(|((action, error), events)| Attempt {
            action,
            error,
            count: events.len() as u64,
            events: events.into_iter().collect(),
        })
        .collect()
}

/// Successful writes that no row knows.
fn unclassified(graph: &Graph) -> Vec<Unclassified> {
    let mut writes: BTreeMap<Arc<str>, BTreeSet<EventId>> = BTreeMap::new();
    // One entry of an operation tells what both are about.
    let told: BTreeSet<&Arc<str>> = graph
        .acts()
        .filter(|(event, _)| !event.facts.is_empty())
        .filter_map(|(event, _)| event.operation.as_ref().map(|operation| &operation.id))
        .collect();
    for (event, _) in graph.acts() {
        // The last entry of an operation repeats the first without its request.
        let repeats = event
            .operation
            .as_ref()
            .is_some_and(|operation| (operation.last && !operation.first) || told.contains(&operation.id));
        if !event.read_only && !repeats && event.facts.is_empty() {
            writes.entry(event.action.clone()).or_default().insert(event.id.clone());
        }
    }
    writes
        .into_iter()
        .map(|(action, events)| Unclassified {
            action,
            count: events.len() as u64,
            events: events.into_iter().collect(),
        })
        .collect()
}

/// Members that the closure let in and nobody was seen to put out again.
pub fn grants(graph: &Graph, made: &Attributed) -> Vec<Grant> {
    let mut withdrawn: BTreeMap<(&str, &str, &str), Time> = BTreeMap::new();
    for event in graph.events().filter(|event| graph.succeeded(event)) {
        for fact in &event.facts {
            if let Fact::Withdrawn { member, role, on } = fact {
                let last = withdrawn.entry((member, role, on)).or_insert(event.at);
                *last = (*last).max(event.at);
            }
        }
    }
    let mut grants: Vec<Grant> = Vec::new();
    for (event, _) in graph.acts().filter(|(_, owner)| owner.confidence == Confidence::Confirmed) {
        for fact in &event.facts {
            let Fact::Granted { member, role, on } = fact else { continue };
            if made.is_deleted(on) || made.is_deleted(member) {
                continue;
            }
            if withdrawn.get(&(&**member, &**role, &**on)).is_none_or(|last| *last < event.at) {
                grants.push(Grant {
                    member: member.clone(),
                    role: role.clone(),
                    on: on.clone(),
                    event: event.id.clone(),
                });
            }
        }
    }
    grants.sort();
    grants.dedup();
    grants
}
