//! What the closure made, and what became of it: births, deaths by anyone, launches by what it made, and the inventory.

use super::graph::{Graph, Owner};
use super::investigation::Phase;
use crate::model::event::Fact;
use crate::model::observed::State;
use crate::model::report::{Attribution, Confidence, Resource, Touched};
use crate::model::{Event, EventId, Gap, Observed, ResourceRef, Time, gap::GapKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An operation that makes many things under ids that no log shows; its children stand for it where they are known.
const BULK: &str = "gcp.compute.bulk_insert";

/// A bulk operation's instances appear within minutes of it; later ones are somebody else's.
const BULK_SECONDS: i64 = 600;

pub struct Attributed {
    pub resources: Vec<Resource>,
    pub touched: Vec<Touched>,
    pub gaps: BTreeSet<Gap>,
    births: Vec<Birth>,
}

/// One incarnation of a resource.
#[derive(Clone, Debug)]
struct Birth {
    resource: ResourceRef,
    at: Time,
    event: EventId,
    created_by: Arc<str>,
    confidence: Confidence,
    attribution: Attribution,
    launched_by: Option<Arc<str>>,
    death: Option<Death>,
    /// The newest look at it, where an inventory was there.
    seen: Option<(State, Time)>,
}

#[derive(Clone, Debug)]
struct Death {
    at: Time,
    event: EventId,
    by: Option<Arc<str>>,
}

impl Attributed {
    /// Returns what records of launches and deletions may be found by.
    pub fn ids_to_look_for(&self) -> BTreeSet<Arc<str>> {
        self.births.iter().flat_map(|birth| birth.resource.all_names().cloned()).collect()
    }

    /// Whether something of the closure's own by this name exists no more.
    pub fn is_deleted(&self, name: &str) -> bool {
        let mut named =
            self.births.iter().filter(|birth| birth.resource.all_names().any(|n| **n == *name)).peekable();
        named.peek().is_some() && named.all(|birth| birth.death.is_some())
    }

    /// Whether this is a name of something that the closure made.
    pub fn is_own(&self, name: &str) -> bool {
        self.births.iter().any(|birth| birth.resource.all_names().any(|n| **n == *name))
    }
}

/// Attributes everything in the evidence.
pub fn attribute(graph: &Graph) -> Attributed {
    let deaths = Deaths::of(graph);
    let mut births = direct_births(graph);
    launched_births(graph, &deaths, &mut births);
    let mut gaps = BTreeSet::new();
    let mut births = incarnations(births, &deaths);
    apply_inventory(graph, &mut births, &deaths);
    name_by_log(graph, &mut births);
    drop_known_bulk(graph, &mut births, &mut gaps);
    let resources = resources(graph, &births, &mut gaps);
    Attributed { resources, touched: touched(graph), gaps, births }
}

fn direct_births(graph: &Graph) -> Vec<Birth> {
    let mut births = Vec::new();
    for (event, owner) in graph.acts() {
        for fact in &event.facts {
            if let Fact::Created(resource) = fact {
                births.push(birth(graph, event, resource, owner, Attribution::Direct, None));
            }
        }
    }
    births
}

fn birth(
    graph: &Graph,
    event: &Event,
    resource: &ResourceRef,
    owner: Owner,
    attribution: Attribution,
    launched_by: Option<Arc<str>>,
) -> Birth {
    Birth {
        resource: resource.clone(),
        at: event.at,
        event: event.id.clone(),
        created_by: graph.nodes[owner.node].id.clone(),
        confidence: owner.confidence,
        attribution,
        launched_by,
        death: None,
        seen: None,
    }
}

/// What a service launched for something that the closure made: a group's instances, a stack's resources. To a fixpoint,
/// because a stack launches a group that launches instances.
fn launched_births(graph: &Graph, deaths: &Deaths, births: &mut Vec<Birth>) {
    let unowned: Vec<(&Event, &ResourceRef)> = graph
        .events()
        .filter(|event| graph.succeeded(event) && graph.owner(event).is_none() && is_counted(graph, event.at))
        .flat_map(|event| {
            event.facts.iter().filter_map(move |fact| match fact {
                Fact::Created(resource) if resource.launcher.is_some() || is_group_made(event, resource) => {
                    Some((event, resource))
                }
                _ => None,
            })
        })
        .collect();
    let mut taken = vec![false; unowned.len()];
    loop {
        let mut new = Vec::new();
        for (index, (event, resource)) in unowned.iter().enumerate() {
            if taken[index] {
                continue;
            }
            let parent = match &resource.launcher {
                Some(launcher) => launcher_named(births, deaths, launcher, resource, event.at),
                None => group_of_member(graph, births, deaths, resource, event.at),
            };
            if let Some(parent) = parent {
                taken[index] = true;
                // A member is known by its group's name alone where no inventory confirms it.
                let sure = resource.launcher.is_some();
                new.push(Birth {
                    resource: (*resource).clone(),
                    at: event.at,
                    event: event.id.clone(),
                    created_by: parent.created_by.clone(),
                    confidence: if sure {
                        parent.confidence
                    } else {
                        parent.confidence.max(Confidence::Suspect)
                    },
                    attribution: Attribution::Indirect,
                    launched_by: Some(parent.resource.id.clone()),
                    death: None,
                    seen: None,
                });
            }
        }
        if new.is_empty() {
            return;
        }
        births.extend(new);
    }
}

/// Whether a managed instance group made it: Google's own agent signs, and the log does not name the group (gcp.md 4.1).
fn is_group_made(event: &Event, resource: &ResourceRef) -> bool {
    resource.kind == "gcp.compute.instance"
        && event
            .actor
            .principal
            .as_deref()
            .is_some_and(|who| who.ends_with("@cloudservices.gserviceaccount.com"))
}

/// A group's members are called `<base name>-<four characters>` in the group's own zones. An inventory that says who
/// holds the machine outweighs its name.
fn group_of_member<'a>(
    graph: &Graph,
    births: &'a [Birth],
    deaths: &Deaths,
    member: &ResourceRef,
    at: Time,
) -> Option<&'a Birth> {
    let told =
        graph.evidence.observed.iter().any(|seen| !seen.held_by.is_empty() && is_one(&seen.resource, member));
    let name = member.all_names().find_map(|name| name.rsplit_once("/instances/"))?.1;
    let (base, rest) = name.rsplit_once('-')?;
    let is_suffix = rest.len() == 4 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    births.iter().filter(|_| !told && is_suffix).find(|birth| {
        birth.resource.kind == "gcp.compute.instance_group_manager"
            && birth.at <= at
            && is_joinable(&birth.resource.account, &member.account)
            && is_within(&birth.resource.region, &member.region)
            && birth.resource.all_names().any(|name| name.rsplit('/').next() == Some(base))
            && is_alive(birth, deaths, at)
    })
}

fn launcher_named<'a>(
    births: &'a [Birth],
    deaths: &Deaths,
    launcher: &str,
    child: &ResourceRef,
    at: Time,
) -> Option<&'a Birth> {
    births.iter().find(|birth| {
        birth.at <= at
            && can_launch(birth.resource.kind)
            && is_joinable(&birth.resource.account, &child.account)
            && (launcher.starts_with("arn:") || is_within(&birth.resource.region, &child.region))
            && birth.resource.all_names().any(|name| **name == *launcher)
            && is_alive(birth, deaths, at)
    })
}

/// A launch is logged up to this late after its launcher's deletion.
const LATE_LAUNCH: i64 = 60;

/// Whether a launcher was still there: what its name launches after its deletion is somebody else's, who took the name.
fn is_alive(launcher: &Birth, deaths: &Deaths, at: Time) -> bool {
    next_death(deaths, &launcher.resource, launcher.at)
        .is_none_or(|death| at.as_second() <= death.at.as_second().saturating_add(LATE_LAUNCH))
}

/// Whether things of this kind launch others: a template or role of the same name as a victim's group launches nothing.
fn can_launch(kind: &str) -> bool {
    !kind.starts_with("aws.") || crate::catalog::aws::LAUNCHER_KINDS.contains(&kind)
}

fn is_joinable(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// Whether a place lies in another: the same region, a zone of it, or anything under `global`.
fn is_within(region: &str, place: &str) -> bool {
    region.is_empty()
        || place.is_empty()
        || region == place
        || region == "global"
        || place == "global"
        || place.strip_prefix(region).is_some_and(|rest| rest.starts_with('-'))
        || region.strip_prefix(place).is_some_and(|rest| rest.starts_with('-'))
}

/// Deletions by anyone, findable by every name.
struct Deaths {
    by_name: BTreeMap<Arc<str>, Vec<usize>>,
    all: Vec<(ResourceRef, Death)>,
}

impl Deaths {
    fn of(graph: &Graph) -> Deaths {
        let mut deaths = Deaths { by_name: BTreeMap::new(), all: Vec::new() };
        for event in graph.events().filter(|event| graph.succeeded(event)) {
            for fact in &event.facts {
                let Fact::Deleted(resource) = fact else { continue };
                let by = graph.signer(event);
                for name in resource.all_names() {
                    deaths.by_name.entry(name.clone()).or_default().push(deaths.all.len());
                }
                deaths.all.push((resource.clone(), Death { at: event.at, event: event.id.clone(), by }));
            }
        }
        deaths
    }

    /// The deaths of one resource, oldest first.
    fn of_resource(&self, resource: &ResourceRef) -> Vec<&Death> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for name in resource.all_names() {
            found.extend(self.by_name.get(name).into_iter().flatten());
        }
        let mut deaths: Vec<&Death> = found
            .into_iter()
            .map(|i| &self.all[i])
            .filter(|(dead, _)| is_one(dead, resource))
            .map(|(_, d)| d)
            .collect();
        deaths.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
        deaths
    }
}

/// Whether two references mean one incarnation, as far as ids tell: different immutable ids are different things even
/// under one name.
fn is_one(a: &ResourceRef, b: &ResourceRef) -> bool {
    a.is_same(b) && (a.id == b.id || !(is_immutable(&a.id) && is_immutable(&b.id)))
}

/// Numeric ids (Google) and prefixed hexadecimal ones (EC2) are never used twice.
fn is_immutable(id: &str) -> bool {
    let is_hex = |text: &str| text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
        || id.rsplit_once('-').is_some_and(|(prefix, rest)| {
            is_hex(rest) && prefix.len() <= 12 && prefix.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        })
}

/// Joins births of one thing that no death lies between, and gives each incarnation its death.
fn incarnations(mut births: Vec<Birth>, deaths: &Deaths) -> Vec<Birth> {
    births.sort_by(|a, b| {
        (a.at, a.attribution, &a.event, &a.resource).cmp(&(b.at, b.attribution, &b.event, &b.resource))
    });
    let mut lives: Vec<Birth> = Vec::new();
    let mut by_name: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    for mut birth in births {
        let earlier = birth
            .resource
            .all_names()
            .filter_map(|name| by_name.get(name))
            .flatten()
            .copied()
            .filter(|index| is_one(&lives[*index].resource, &birth.resource))
            .max();
        if let Some(index) = earlier
            && lives[index].death.as_ref().is_none_or(|death| death.at > birth.at)
        {
            let life = &mut lives[index];
            // The later record may know the immutable id that the first lacked.
            if !is_immutable(&life.resource.id) && is_immutable(&birth.resource.id) {
                std::mem::swap(&mut life.resource, &mut birth.resource);
            }
            let known: BTreeSet<Arc<str>> = life.resource.all_names().cloned().collect();
            let new: Vec<Arc<str>> =
                birth.resource.all_names().filter(|n| !known.contains(*n)).cloned().collect();
            for name in &new {
                by_name.entry(name.clone()).or_default().push(index);
            }
            life.resource.names.extend(new);
            life.resource.names.sort();
            life.launched_by = life.launched_by.take().or(birth.launched_by);
            life.death = next_death(deaths, &life.resource, life.at);
            continue;
        }
        birth.death = next_death(deaths, &birth.resource, birth.at);
        for name in birth.resource.all_names() {
            by_name.entry(name.clone()).or_default().push(lives.len());
        }
        lives.push(birth);
    }
    lives
}

fn next_death(deaths: &Deaths, resource: &ResourceRef, born: Time) -> Option<Death> {
    deaths.of_resource(resource).into_iter().find(|death| death.at >= born).cloned()
}

/// Lays the inventory over the births: states of what is known, and what is only held by something known.
fn apply_inventory(graph: &Graph, births: &mut Vec<Birth>, deaths: &Deaths) {
    let mut observed: Vec<&Observed> = graph.evidence.observed.iter().collect();
    observed.sort_by(|a, b| (a.at, &a.resource, a.state).cmp(&(b.at, &b.resource, b.state)));
    // To a fixpoint: a group held by a cluster is known only after the cluster is.
    loop {
        let known = births.len();
        for seen in &observed {
            match births.iter_mut().find(|birth| is_one(&birth.resource, &seen.resource)) {
                Some(birth) => look_at(birth, seen),
                None => births.extend(held_birth(births, seen, deaths)),
            }
        }
        if births.len() > known {
            continue;
        }
        // Only when nothing certain is left to join: what fits a bulk operation and no operation names otherwise.
        let guessed: Vec<Birth> = observed
            .iter()
            .filter(|seen| !births.iter().any(|birth| is_one(&birth.resource, &seen.resource)))
            .filter(|seen| !witnessed(&observed, seen))
            .filter_map(|seen| guessed_birth(births, seen, deaths))
            .collect();
        if guessed.is_empty() {
            return;
        }
        births.extend(guessed);
    }
}

fn look_at(birth: &mut Birth, seen: &Observed) {
    // A call that tells the state outweighs one that only names the thing; the newest of either wins.
    let rank = |state: State, at: Time| (state != State::Unknown, at);
    if birth.seen.is_none_or(|(state, at)| rank(state, at) <= rank(seen.state, seen.at)) {
        birth.seen = Some((seen.state, seen.at));
    }
    let new: Vec<Arc<str>> = seen
        .resource
        .all_names()
        .filter(|name| !birth.resource.all_names().any(|n| n == *name))
        .cloned()
        .collect();
    birth.resource.names.extend(new);
}

/// Whether the list of operations says who made it.
fn witnessed(observed: &[&Observed], seen: &Observed) -> bool {
    observed.iter().any(|other| other.made_by.is_some() && is_one(&other.resource, &seen.resource))
}

fn held_birth(births: &[Birth], seen: &Observed, deaths: &Deaths) -> Option<Birth> {
    let at = seen.created_at.unwrap_or(seen.at);
    let holder = seen.held_by.iter().find_map(|held_by| {
        births.iter().find(|birth| {
            (can_launch(birth.resource.kind) || birth.resource.kind == "aws.ecs.service")
                && is_joinable(&birth.resource.account, &seen.resource.account)
                && birth.resource.all_names().any(|name| name == held_by)
                // Clocks of two services: a child may bear a time a little before its launcher's log entry.
                && birth.at.as_second() <= at.as_second() + 60
        })
    })?;
    Some(child(holder, seen, at, holder.confidence, deaths))
}

fn guessed_birth(births: &[Birth], seen: &Observed, deaths: &Deaths) -> Option<Birth> {
    let at = seen.created_at.unwrap_or(seen.at);
    let holder = births.iter().find(|birth| is_of_bulk(birth, seen, at))?;
    Some(child(holder, seen, at, holder.confidence.max(Confidence::Suspect), deaths))
}

fn child(holder: &Birth, seen: &Observed, at: Time, confidence: Confidence, deaths: &Deaths) -> Birth {
    let is_bulk = holder.resource.kind == BULK;
    Birth {
        resource: seen.resource.clone(),
        at,
        event: holder.event.clone(),
        created_by: holder.created_by.clone(),
        confidence,
        attribution: if is_bulk { Attribution::Direct } else { Attribution::Indirect },
        launched_by: (!is_bulk).then(|| holder.resource.id.clone()),
        death: next_death(deaths, &seen.resource, at),
        seen: Some((seen.state, seen.at)),
    }
}

/// What only the inventory tied to its launcher may have an insert entry of its own, signed by a service: the better
/// evidence.
fn name_by_log(graph: &Graph, births: &mut [Birth]) {
    let mut made: BTreeMap<&Arc<str>, Vec<(&Event, &ResourceRef)>> = BTreeMap::new();
    for event in graph.events().filter(|event| graph.succeeded(event) && graph.owner(event).is_none()) {
        for fact in &event.facts {
            if let Fact::Created(resource) = fact {
                made.entry(&resource.id).or_default().push((event, resource));
            }
        }
    }
    for birth in births.iter_mut().filter(|birth| birth.attribution == Attribution::Indirect) {
        let entries = birth.resource.all_names().filter_map(|name| made.get(name)).flatten();
        let first = entries
            .filter(|(_, resource)| is_one(resource, &birth.resource))
            .min_by_key(|(event, _)| (event.at, event.id.clone()));
        if let Some((event, _)) = first {
            birth.event = event.id.clone();
            birth.at = event.at;
        }
    }
}

/// Whether an instance fits a bulk operation by name pattern, place and time alone.
fn is_of_bulk(birth: &Birth, seen: &Observed, at: Time) -> bool {
    let patterns = birth.resource.names.iter().filter_map(|name| name.strip_prefix("namePattern:"));
    let mut fits = patterns.map(|pattern| {
        let prefix = pattern.trim_end_matches('#');
        let digits = pattern.len() - prefix.len();
        seen.resource.names.iter().chain([&seen.resource.id]).any(|name| {
            let short = name.rsplit('/').next().unwrap_or(name);
            short.strip_prefix(prefix).is_some_and(|rest| {
                rest.len() >= digits && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
            })
        })
    });
    let after = at.as_second() - birth.at.as_second();
    birth.resource.kind == BULK
        && seen.resource.kind == "gcp.compute.instance"
        && (-60..=BULK_SECONDS).contains(&after)
        && is_joinable(&birth.resource.account, &seen.resource.account)
        && is_within(&birth.resource.region, &seen.resource.region)
        && seen.held_by.is_empty()
        && fits.any(|fit| fit)
}

/// A bulk operation is no thing of its own once its children are known; until then it is all that is known of them.
fn drop_known_bulk(graph: &Graph, births: &mut Vec<Birth>, gaps: &mut BTreeSet<Gap>) {
    let mut with_children: BTreeSet<EventId> =
        births.iter().filter(|birth| birth.resource.kind != BULK).map(|birth| birth.event.clone()).collect();
    // Its machines may each have an entry of their own: then the operations list says that they are its.
    let held: BTreeSet<&Arc<str>> = graph.evidence.observed.iter().flat_map(|seen| &seen.held_by).collect();
    let bulk = births.iter().filter(|birth| birth.resource.kind == BULK);
    let known = bulk.filter(|birth| birth.resource.all_names().any(|name| held.contains(name)));
    with_children.extend(known.map(|birth| birth.event.clone()).collect::<Vec<_>>());
    births.retain(|birth| birth.resource.kind != BULK || !with_children.contains(&birth.event));
    for birth in births.iter().filter(|birth| birth.resource.kind == BULK) {
        gaps.insert(Gap::new(
            GapKind::NotFollowed,
            format!("{} in {} of {}", birth.resource.id, birth.resource.region, birth.resource.account),
            "a bulk insert names none of its instances in the log: list them by its operation group",
        ));
    }
}

fn resources(graph: &Graph, births: &[Birth], gaps: &mut BTreeSet<Gap>) -> Vec<Resource> {
    let mut resources: Vec<Resource> = births
        .iter()
        .map(|birth| {
            let (state, observed_at) = state(graph, birth, gaps);
            Resource {
                kind: birth.resource.kind,
                id: birth.resource.id.clone(),
                name: display_name(&birth.resource),
                account: birth.resource.account.clone(),
                region: region_of(&birth.resource),
                zone: zone_of(&birth.resource),
                created_by: birth.created_by.clone(),
                event: birth.event.clone(),
                created_at: birth.at,
                state,
                observed_at,
                deleted_at: birth.death.as_ref().map(|death| death.at),
                deleted_by: birth.death.as_ref().and_then(|death| death.by.clone()),
                deleted_event: birth.death.as_ref().map(|death| death.event.clone()),
                attribution: birth.attribution,
                launched_by: birth.launched_by.clone(),
                confidence: birth.confidence,
            }
        })
        .collect();
    resources.sort_by(|a, b| {
        (a.kind, &a.account, &a.region, &a.id, a.created_at).cmp(&(
            b.kind,
            &b.account,
            &b.region,
            &b.id,
            b.created_at,
        ))
    });
    resources
}

/// Google's zones are named `<region>-<letter>`.
fn zone_of(resource: &ResourceRef) -> Option<Arc<str>> {
    let (region, letter) = resource.region.rsplit_once('-')?;
    let is_zone = resource.kind.starts_with("gcp.") && letter.len() == 1 && region.contains('-');
    is_zone.then(|| resource.region.clone())
}

fn region_of(resource: &ResourceRef) -> Arc<str> {
    match (zone_of(resource), resource.region.rsplit_once('-')) {
        (Some(_), Some((region, _))) => region.into(),
        _ => resource.region.clone(),
    }
}

/// The shortest other name that a person would use; of a Google path its last part.
fn display_name(resource: &ResourceRef) -> Option<Arc<str>> {
    let name = resource
        .names
        .iter()
        .filter(|name| !name.starts_with("namePattern:") && !name.starts_with("https://"))
        .min_by_key(|name| (name.len(), (*name).clone()))?;
    match name.rsplit_once('/') {
        Some((_, last)) if resource.kind.starts_with("gcp.") && !last.is_empty() => Some(last.into()),
        _ => Some(name.clone()),
    }
}

fn state(graph: &Graph, birth: &Birth, gaps: &mut BTreeSet<Gap>) -> (&'static str, Option<Time>) {
    let died = birth.death.as_ref().map(|death| death.at);
    if let Some((state, at)) = birth.seen
        && state != State::Unknown
        && died.is_none_or(|died| at > died && state != State::Gone)
    {
        let word = match state {
            State::Running => "running",
            State::Stopped => "stopped",
            State::Gone => "gone",
            State::Unknown => "unknown",
        };
        return (word, Some(at));
    }
    if died.is_some() {
        return ("deleted", None);
    }
    if birth.resource.kind == BULK {
        return ("unknown", None);
    }
    let of_kind: Vec<_> =
        graph.evidence.listings.iter().filter(|listing| listing.kind == birth.resource.kind).collect();
    if of_kind.is_empty() {
        return ("left", None);
    }
    let here = of_kind.iter().filter(|listing| {
        listing.account == birth.resource.account
            && listing.region.as_ref().is_none_or(|region| *region == birth.resource.region)
            && listing.at > birth.at
    });
    match here.map(|listing| listing.at).max() {
        Some(at) => ("gone", Some(at)),
        None => {
            gaps.insert(Gap::new(
                GapKind::NotFollowed,
                format!("{} in {} of {}", birth.resource.kind, birth.resource.region, birth.resource.account),
                "the inventory does not list this place, so what is left there is not known to run",
            ));
            ("unknown", None)
        }
    }
}

fn touched(graph: &Graph) -> Vec<Touched> {
    type Key = (&'static str, Arc<str>, Arc<str>, Arc<str>, String);
    let mut all: BTreeMap<Key, (BTreeSet<EventId>, Confidence, bool)> = BTreeMap::new();
    for (event, owner) in graph.acts() {
        for fact in &event.facts {
            let (resource, how) = match fact {
                Fact::Touched { resource, how } => (resource, how.clone()),
                // Deleting what it did not make is touching it.
                Fact::Deleted(resource) if !graph.is_own(resource) => (resource, "deleted".to_owned()),
                _ => continue,
            };
            let key =
                (resource.kind, resource.id.clone(), resource.account.clone(), resource.region.clone(), how);
            let own = graph.is_own(resource);
            let entry = all.entry(key).or_insert((BTreeSet::new(), owner.confidence, own));
            entry.0.insert(event.id.clone());
            entry.1 = entry.1.min(owner.confidence);
        }
    }
    all.into_iter()
        .map(|((kind, id, account, region, how), (events, confidence, own))| Touched {
            kind,
            id,
            account,
            region,
            how,
            events: events.into_iter().collect(),
            confidence,
            own,
        })
        .collect()
}

fn is_counted(graph: &Graph, at: Time) -> bool {
    Phase::of(at, graph.evidence.window).is_counted()
}
