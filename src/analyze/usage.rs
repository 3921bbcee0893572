//! Who used it: fingerprints, use of each credential, and who else is near but not linked.

use super::attribute::Attributed;
use super::graph::{Graph, Owner, role_of_session};
use super::investigation::{Phase, hour};
use crate::model::event::Fact;
use crate::model::observed::KeySeen;
use crate::model::report::{Activity, Confidence, Credential, Unlinked, Use};
use crate::model::{Actor, Event, EventId, PrincipalKind, Provider, Time, secret};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Seconds: a shorter look can't tell a new address from one that works at other hours.
const FIRST_DAY: i64 = 24 * 60 * 60;

pub struct Usage {
    pub uses: Vec<Use>,
    /// Events of the principal, of everything derived, and failed ones of both.
    pub totals: (u64, u64, u64),
    per_node: BTreeMap<usize, Span>,
}

#[derive(Clone, Copy)]
struct Span {
    events: u64,
    first: Time,
    last: Time,
}

/// One sighting of a credential in use: an event, or a tally of plain ones.
pub struct Sighting<'a> {
    actor: &'a Actor,
    pub(super) owner: Owner,
    address: Option<&'a Arc<str>>,
    user_agent: Option<&'a Arc<str>>,
    region: &'a Arc<str>,
    failed: bool,
    events: u64,
    first: Time,
    last: Time,
    first_event: &'a EventId,
    /// Of a tally, the events of each hour.
    hours: Option<&'a BTreeMap<i64, u64>>,
    pub(super) event: Option<&'a Event>,
}

/// Every counted sighting of the closure, a call's copies in several accounts once.
pub fn sightings<'a>(graph: &Graph<'a>) -> Vec<Sighting<'a>> {
    // Whether any copy of a call names a credential of the closure itself.
    let mut told: HashMap<(&'a str, &'a str), bool> = HashMap::new();
    let mut shared: BTreeSet<(Arc<str>, Arc<str>, usize)> = BTreeSet::new();
    let mut all = Vec::new();
    for (event, owner) in graph.owned() {
        let Some(owner) = owner.filter(|_| Phase::of(event.at, graph.evidence.window).is_counted()) else {
            continue;
        };
        // Several accounts' copies of one call are one use; the caller's own copy knows the address.
        if let Some(id) = &event.shared {
            let names = |copy: &Event| graph.owner_of(&copy.actor, copy.at, copy.address.as_ref()).is_some();
            let call = (&**id, &*event.action);
            let twin = *told.entry(call).or_insert_with(|| graph.copies(event).any(names));
            let known = (id.clone(), event.action.clone(), owner.node);
            if (twin && !names(event)) || !shared.insert(known) {
                continue;
            }
        }
        all.push(Sighting {
            actor: &event.actor,
            owner,
            address: event.address.as_ref(),
            user_agent: event.user_agent.as_ref(),
            region: &event.scope.region,
            failed: !event.outcome.is_success(),
            events: 1,
            first: event.at,
            last: event.at,
            first_event: &event.id,
            hours: None,
            event: Some(event),
        });
    }
    for (key, tally) in graph.plain().filter(|(key, _)| key.phase.is_counted()) {
        let Some(owner) = graph.owner_of(&key.actor, tally.first, key.address.as_ref()) else { continue };
        all.push(Sighting {
            actor: &key.actor,
            owner,
            address: key.address.as_ref(),
            user_agent: key.user_agent.as_ref(),
            region: &key.scope.region,
            failed: key.failed,
            events: tally.events,
            first: tally.first,
            last: tally.last,
            first_event: &tally.first_event,
            hours: Some(&tally.hours),
            event: None,
        });
    }
    all
}

pub fn uses(graph: &Graph, made: &Attributed, sightings: &[Sighting]) -> Usage {
    let mut launches: HashMap<&EventId, Vec<&Arc<str>>> = HashMap::new();
    for resource in &made.resources {
        launches.entry(&resource.event).or_default().push(&resource.id);
    }
    let mut totals = (0, 0, 0);
    let mut per_node: BTreeMap<usize, Span> = BTreeMap::new();
    type Key = (usize, Option<Arc<str>>, Option<Arc<str>>, &'static str, Confidence);
    /// A use, its regions, what it launched.
    type Gathered = (Use, BTreeSet<Arc<str>>, BTreeSet<Arc<str>>);
    let mut uses: BTreeMap<Key, Gathered> = BTreeMap::new();
    for seen in sightings {
        let total = if seen.owner.node == 0 { &mut totals.0 } else { &mut totals.1 };
        *total += seen.events;
        if seen.failed {
            totals.2 += seen.events;
        }
        let span =
            per_node.entry(seen.owner.node).or_insert(Span { events: 0, first: seen.first, last: seen.last });
        span.events += seen.events;
        span.first = span.first.min(seen.first);
        span.last = span.last.max(seen.last);
        let how = how(seen.actor);
        let key =
            (seen.owner.node, seen.address.cloned(), seen.user_agent.cloned(), how, seen.owner.confidence);
        let (entry, regions, launched) = uses.entry(key).or_insert_with(|| {
            let entry = Use {
                address: seen.address.cloned(),
                user_agent: seen.user_agent.map(without_secrets),
                credential: graph.nodes[seen.owner.node].id.clone(),
                how,
                first: seen.first,
                last: seen.last,
                events: 0,
                failed: 0,
                regions: Vec::new(),
                launched: Vec::new(),
                new: false,
                confidence: seen.owner.confidence,
            };
            (entry, BTreeSet::new(), BTreeSet::new())
        });
        entry.events += seen.events;
        entry.failed += if seen.failed { seen.events } else { 0 };
        entry.first = entry.first.min(seen.first);
        entry.last = entry.last.max(seen.last);
        regions.insert(seen.region.clone());
        let made = seen.event.and_then(|event| launches.get(&event.id)).into_iter().flatten();
        launched.extend(made.copied().cloned());
    }
    let old = old_addresses(graph, sightings);
    let mut uses: Vec<Use> = uses
        .into_values()
        .map(|(mut entry, regions, launched)| {
            entry.regions = regions.into_iter().filter(|region| !region.is_empty()).collect();
            entry.launched = launched.into_iter().collect();
            entry.new = entry.confidence != Confidence::LikelyLegitimate
                && entry.address.as_ref().is_some_and(|address| !old.contains(address));
            entry
        })
        .collect();
    uses.sort_by(|a, b| {
        (a.first, &a.address, &a.user_agent, &a.credential, a.how).cmp(&(
            b.first,
            &b.address,
            &b.user_agent,
            &b.credential,
            b.how,
        ))
    });
    Usage { uses, totals, per_node }
}

/// When and where: events of each hour and region.
pub fn activity(sightings: &[Sighting]) -> Vec<Activity> {
    let mut all: BTreeMap<(i64, &Arc<str>), (u64, u64)> = BTreeMap::new();
    for seen in sightings {
        let mut add = |hour: i64, events: u64| {
            let (sum, failed) = all.entry((hour, seen.region)).or_default();
            *sum += events;
            *failed += if seen.failed { events } else { 0 };
        };
        match seen.hours {
            Some(hours) => hours.iter().for_each(|(hour, events)| add(*hour, *events)),
            None => add(hour(seen.first), seen.events),
        }
    }
    let all = all.into_iter().filter(|(_, (events, _))| *events > 0);
    let rows = all.filter_map(|((hour, region), (events, failed))| {
        let from = Time::from_second(hour.checked_mul(3600)?).ok()?;
        Some(Activity { from, region: region.clone(), events, failed })
    });
    rows.collect()
}

/// A caller may write anything into a user agent, also a secret of somebody's by mistake: the report repeats none.
pub(super) fn without_secrets(agent: &Arc<str>) -> Arc<str> {
    match secret::holds_secret(agent) {
        true => secret::redact(agent).into(),
        false => agent.clone(),
    }
}

/// Addresses that are not news: seen before the leak or, when nobody said when it leaked, on the principal's first day in
/// the window.
fn old_addresses(graph: &Graph, sightings: &[Sighting]) -> BTreeSet<Arc<str>> {
    match graph.evidence.window.leaked_at {
        Some(leak) => {
            sightings.iter().filter(|s| s.first < leak).filter_map(|s| s.address.cloned()).collect()
        }
        None => {
            let first = sightings.iter().filter(|s| s.address.is_some()).map(|s| s.first).min();
            let is_first_day =
                |at: Time| first.is_some_and(|first| at.as_second() - first.as_second() < FIRST_DAY);
            sightings.iter().filter(|s| is_first_day(s.first)).filter_map(|s| s.address.cloned()).collect()
        }
    }
}

/// Returns the first use of the seed from an address that is news: when nobody logged how it leaked, the story begins here.
pub fn first_new_use(graph: &Graph, sightings: &[Sighting]) -> Option<FirstUse> {
    let old = old_addresses(graph, sightings);
    sightings
        .iter()
        .filter(|seen| seen.owner.node == 0 && seen.owner.confidence != Confidence::LikelyLegitimate)
        .filter_map(|seen| {
            let address = seen.address.filter(|address| !old.contains(*address))?;
            Some(FirstUse { at: seen.first, event: seen.first_event.clone(), address: address.clone() })
        })
        .min_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)))
}

/// The first use from a new address.
pub struct FirstUse {
    pub at: Time,
    pub event: EventId,
    pub address: Arc<str>,
}

fn how(actor: &Actor) -> &'static str {
    if actor.from_console {
        "console"
    } else if actor.invoked_by.is_some() {
        "service"
    } else if actor.delegation.iter().any(|hop| super::taint::is_service_agent(hop)) {
        if actor.delegation.iter().any(|hop| hop.contains("@compute-system.")) {
            "metadata"
        } else {
            "service"
        }
    } else {
        "key"
    }
}

pub fn credentials(graph: &Graph, used: &Usage) -> Vec<Credential> {
    let mut credentials: Vec<Credential> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let span = used.per_node.get(&index);
            let end = end(graph, index);
            let deleted = end.as_ref().filter(|end| end.deleted);
            let deactivated = end.as_ref().filter(|end| !end.deleted);
            let seen = last_look(graph, &node.id);
            Credential {
                id: node.id.clone(),
                kind: node.kind,
                // A key does not say whose it is; its own records do.
                principal: node
                    .principal
                    .clone()
                    .or_else(|| (index == 0).then(|| graph.seed_user()).flatten()),
                account: node.account.clone().filter(|account| !account.is_empty()),
                depth: node.depth,
                via: node.via,
                issued_by: node.parent.map(|parent| graph.nodes[parent].id.clone()),
                issued_at: node.issued_at,
                event: node.event.clone(),
                strength: node.strength,
                confidence: node.confidence,
                state: if deleted.is_some() { "deleted" } else { "left" },
                deactivated_at: deactivated.map(|end| end.at),
                deactivated_by: deactivated.and_then(|end| end.by.clone()),
                deleted_by: deleted.and_then(|end| end.by.clone()),
                deleted_at: deleted.map(|end| end.at),
                used: span.is_some(),
                events: span.map_or(0, |span| span.events),
                first_use: span.map(|span| span.first),
                last_use: span.map(|span| span.last),
                valid_until: node.valid_until,
                active: seen.map(|seen| seen.active),
                observed_at: seen.map(|seen| seen.at),
            }
        })
        .collect();
    credentials
        .sort_by(|a, b| (a.depth, a.issued_at, &a.kind, &a.id).cmp(&(b.depth, b.issued_at, &b.kind, &b.id)));
    credentials
}

/// What the cloud showed of a key when it was last asked; of two looks at one time, the one that found it working counts.
fn last_look<'g>(graph: &'g Graph, key: &Arc<str>) -> Option<&'g KeySeen> {
    let first = KeySeen { key: key.clone(), active: false, user: None, account: "".into(), at: Time::MIN };
    let looks = graph.evidence.keys.range(first..).take_while(|seen| seen.key == *key);
    looks.max_by_key(|seen| (seen.at, seen.active))
}

/// How a credential ended.
struct End {
    at: Time,
    deleted: bool,
    by: Option<Arc<str>>,
}

/// Returns how a credential ended as far as logs and inventory show; the last word counts.
fn end(graph: &Graph, index: usize) -> Option<End> {
    let node = &graph.nodes[index];
    let mut ends: Vec<(Time, &'static str, Option<Arc<str>>)> = Vec::new();
    let named = [Some(&node.id), node.principal.as_ref()].into_iter().flatten();
    for event in named.flat_map(|name| graph.ends_of(name)).copied() {
        if node.issued_at.is_some_and(|issued| event.at < issued) {
            continue;
        }
        for fact in &event.facts {
            let (kind, id, how) = match fact {
                Fact::Revoked { kind, id, how } => (kind, id, *how),
                // Armed again: an empty word, which as the last one means that it stands.
                Fact::Restored { kind, id, .. } => (kind, id, ""),
                _ => continue,
            };
            let same_account = node.account.as_ref().is_none_or(|account| *account == event.scope.account);
            let is_named = *id == node.id
                || node.principal.as_ref().is_some_and(|p| node.kind == "aws.login_profile" && p == id);
            // Users' names repeat across accounts; key ids do not.
            // A disabled or deleted service account takes its keys along, and is the end of the seed itself.
            let is_account = *kind == "gcp.impersonation"
                && node.kind.starts_with("gcp.")
                && node.principal.as_ref() == Some(id);
            if is_account
                || (*kind == node.kind && is_named && (same_account || node.kind != "aws.login_profile"))
            {
                ends.push((event.at, how, graph.signer(event)));
            }
        }
    }
    ends.sort();
    ends.dedup();
    let logged = ends.pop();
    let said = logged.as_ref().map(|(at, _, _)| *at);
    let ended = logged.filter(|(_, how, _)| !how.is_empty());
    let ended = ended.map(|(at, how, by)| End { at, deleted: how.ends_with("deleted"), by });
    match last_look(graph, &node.id).filter(|seen| said.is_none_or(|said| said <= seen.at)) {
        Some(seen) if seen.active => None,
        // The log says when and by whom; where it does not, it was before the look.
        Some(seen) => ended.or(Some(End { at: seen.at, deleted: false, by: None })),
        None => ended,
    }
}

/// Who is near but not linked: other sessions of the same role, forward-access sessions that no key can be named for,
/// members let in, identities carried by compute.
pub fn unlinked(graph: &Graph) -> Vec<Unlinked> {
    /// By id and why: the principal and the events.
    type Near = BTreeMap<(Arc<str>, String), (Option<Arc<str>>, BTreeSet<EventId>)>;
    let mut found = Near::new();
    let mut add = |id: Arc<str>, why: String, principal: Option<Arc<str>>, event: Option<EventId>| {
        let entry = found.entry((id, why)).or_insert((principal, BTreeSet::new()));
        entry.1.extend(event);
    };
    same_role(graph, &mut add);
    same_account(graph, &mut add);
    forwarded(graph, &mut add);
    for (event, _) in graph.acts() {
        for fact in &event.facts {
            match fact {
                Fact::Granted { member, role, on }
                    if !graph.is_of_closure(member) && graph.made_named(member).is_none() =>
                {
                    add(
                        member.clone(),
                        format!("was given {role} on {on}; what it did with that is not followed"),
                        None,
                        Some(event.id.clone()),
                    )
                }
                Fact::Carries { identity, .. }
                    if !graph.is_of_closure(identity) && event.actor.issued_to.is_none() =>
                {
                    add(
                        identity.clone(),
                    "is carried by compute that it launched or changed; its own use can't be told apart from theirs".to_owned(),
                        None,
                        Some(event.id.clone()),
                    )
                }
                _ => {}
            }
        }
    }
    found
        .into_iter()
        .map(|((id, why), (principal, events))| Unlinked {
            id,
            why,
            principal,
            events: events.into_iter().collect(),
        })
        .collect()
}

type Add<'f> = dyn FnMut(Arc<str>, String, Option<Arc<str>>, Option<EventId>) + 'f;

/// Other sessions of a role that the closure entered: a shared role's users are not the principal.
fn same_role(graph: &Graph, add: &mut Add) {
    if graph.evidence.principal.provider != Provider::Aws {
        return;
    }
    let roles: BTreeSet<Arc<str>> = graph
        .nodes
        .iter()
        .skip(1)
        .filter_map(|node| node.principal.as_deref().and_then(role_of_session))
        .collect();
    let is_of_role = |actor: &Actor| {
        actor.principal.as_deref().and_then(role_of_session).is_some_and(|role| roles.contains(&role))
    };
    let others = graph.unowned().map(|event| &event.actor).chain(
        graph
            .plain()
            .filter(|(key, tally)| graph.owner_of(&key.actor, tally.first, key.address.as_ref()).is_none())
            .map(|(key, _)| &*key.actor),
    );
    for actor in others.filter(|actor| is_of_role(actor)) {
        let id = actor.key.clone().or_else(|| actor.principal.clone());
        if let Some(id) = id {
            add(id, "same role, not linked".to_owned(), actor.principal.clone(), None);
        }
    }
    // A service's own record need not name the session that it minted, so that nobody asks for it: its use tells of it.
    let by_somebody = |event: &&Event| event.actor.principal.is_some() || event.actor.key.is_some();
    for event in graph.events().filter(by_somebody) {
        for issued in super::graph::issued(event) {
            let is_of_role =
                issued.principal.as_deref().and_then(role_of_session).is_some_and(|r| roles.contains(&r));
            if is_of_role && !graph.is_of_closure(&issued.id) {
                add(
                    issued.id.clone(),
                    "same role, not linked".to_owned(),
                    issued.principal.clone(),
                    Some(event.id.clone()),
                );
            }
        }
    }
}

/// Others who use a service account that the closure impersonated: its own workloads are not the principal.
fn same_account(graph: &Graph, add: &mut Add) {
    let targets: BTreeSet<&Arc<str>> = graph
        .nodes
        .iter()
        .filter(|node| node.kind == "gcp.impersonation")
        .filter_map(|node| node.principal.as_ref())
        .collect();
    let kept = graph.events().map(|event| (&event.actor, event.at, event.address.as_ref()));
    let plain = graph.plain().map(|(key, tally)| (&*key.actor, tally.first, key.address.as_ref()));
    for (actor, at, address) in kept.chain(plain) {
        if let Some(principal) = actor.principal.as_ref().filter(|principal| targets.contains(principal))
            && graph.owner_of(actor, at, address).is_none()
        {
            add(principal.clone(), "same service account, not linked".to_owned(), None, None);
        }
    }
}

/// A service acting for the seed's user under a key of its own: it belongs to the user, but to which key of theirs no
/// record says.
fn forwarded(graph: &Graph, add: &mut Add) {
    if graph.evidence.principal.kind != PrincipalKind::AccessKey {
        return;
    }
    let seed: BTreeSet<Arc<str>> = graph
        .events()
        .filter(|event| graph.is_seed(&event.actor))
        .filter_map(|event| event.actor.principal.clone())
        .collect();
    for event in graph.unowned() {
        for fact in &event.facts {
            if let Fact::Forwarded { service } = fact
                && event.actor.principal.as_ref().is_some_and(|principal| seed.contains(principal))
            {
                add(
                    service.clone(),
                    "acted for the same user (forward-access session); to which of the user's keys it belongs no record says".to_owned(),
                    event.actor.principal.clone(),
                    Some(event.id.clone()),
                );
            }
        }
    }
}
