//! What the closure made, and what became of it: births, deaths by anyone, launches by what it made, and the inventory.

use super::graph::{Graph, Owner};
use super::investigation::Phase;
use super::meter::Meters;
use super::names::{Names, is_immutable, is_one};
use crate::catalog::gcp::principals::is_agent;
use crate::model::event::Fact;
use crate::model::observed::{Listing, State};
use crate::model::report::{Attribution, Confidence, Resource, Touched};
use crate::model::{Event, EventId, Gap, Observed, Provider, ResourceRef, Time, gap::GapKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// An operation that makes many things under ids that no log shows; its children stand for it where they are known.
const BULK: &str = "gcp.compute.bulk_insert";

/// A bulk operation's instances appear within minutes of it; later ones are somebody else's.
const BULK_SECONDS: i64 = 600;

pub struct Attributed {
    pub resources: Vec<Resource>,
    pub touched: Vec<Touched>,
    pub gaps: BTreeSet<Gap>,
    /// Every name of what it made, and whether all that bear it exist no more.
    names: BTreeMap<Arc<str>, bool>,
    /// The accounts in which something of each name lies; empty where a record does not say.
    places: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
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
    /// What looks told of it besides; the newest look's word counts.
    details: BTreeMap<Arc<str>, Arc<str>>,
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
        self.names.keys().cloned().collect()
    }

    /// Returns those with the accounts in which they lie.
    pub fn places(&self) -> &BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
        &self.places
    }

    /// Whether something of the closure's own by this name exists no more.
    pub fn is_deleted(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|all_dead| *all_dead)
    }

    /// Whether this is a name of something that the closure made.
    pub fn is_own(&self, name: &str) -> bool {
        self.names.contains_key(name)
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
    let mut names: BTreeMap<Arc<str>, bool> = BTreeMap::new();
    let mut places: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for birth in &births {
        for name in birth.resource.all_names() {
            places.entry(name.clone()).or_default().insert(birth.resource.account.clone());
            *names.entry(name.clone()).or_insert(true) &= birth.death.is_some();
        }
    }
    Attributed { resources, touched: touched(graph), gaps, names, places }
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
        details: BTreeMap::new(),
    }
}

/// What a service launched for something that the closure made: a group's instances, a stack's resources. To a fixpoint,
/// because a stack launches a group that launches instances.
fn launched_births(graph: &Graph, deaths: &Deaths, births: &mut Vec<Birth>) {
    let unowned: Vec<(&Event, &ResourceRef)> = graph
        .unowned()
        .filter(|event| graph.succeeded(event) && is_counted(graph, event.at))
        .flat_map(|event| {
            event.facts.iter().filter_map(move |fact| match fact {
                Fact::Created(resource) if resource.launcher.is_some() || is_group_made(event, resource) => {
                    Some((event, resource))
                }
                _ => None,
            })
        })
        .collect();
    if unowned.is_empty() {
        return;
    }
    let told = graph.evidence.observed.iter().filter(|seen| !seen.held_by.is_empty());
    let told: Vec<&ResourceRef> = told.map(|seen| &seen.resource).collect();
    let by_told = Names::of(told.iter().copied());
    let is_told = |member: &ResourceRef| by_told.first(member, 0, |n| is_one(told[n], member)).is_some();
    let mut launchers = Launchers::default();
    let mut left: Vec<usize> = (0..unowned.len()).collect();
    loop {
        launchers.learn(births);
        let mut new = Vec::new();
        left.retain(|index| {
            let (event, resource) = &unowned[*index];
            let parent = match &resource.launcher {
                Some(launcher) => launcher_named(&launchers, births, deaths, launcher, resource, event.at),
                None if is_told(resource) => None,
                None => group_of_member(&launchers, births, deaths, resource, event.at),
            };
            if let Some(parent) = parent {
                // A member is known by its group's name alone where no inventory confirms it.
                // Anybody may write labels and metadata on Google; a launcher's own agent signs what it launches.
                let sure = resource.launcher.is_some()
                    && (event.provider == Provider::Aws
                        || event.actor.principal.as_deref().is_some_and(is_agent));
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
                    details: BTreeMap::new(),
                });
            }
            parent.is_none()
        });
        if new.is_empty() {
            return;
        }
        births.extend(new);
    }
}

/// What may launch other things, by name; groups also by the last part of it, which their members' names begin with.
#[derive(Default)]
struct Launchers {
    by_name: HashMap<Arc<str>, Vec<usize>>,
    groups: HashMap<Arc<str>, Vec<usize>>,
    known: usize,
}

impl Launchers {
    /// Takes the births that came since it was asked last.
    fn learn(&mut self, births: &[Birth]) {
        for (place, birth) in births.iter().enumerate().skip(self.known) {
            let is_group = birth.resource.kind == "gcp.compute.instance_group_manager";
            for name in birth.resource.all_names() {
                if can_launch(birth.resource.kind) || birth.resource.kind == "aws.ecs.service" {
                    self.by_name.entry(name.clone()).or_default().push(place);
                }
                if is_group && let Some(short) = name.rsplit('/').next() {
                    self.groups.entry(short.into()).or_default().push(place);
                }
            }
        }
        self.known = births.len();
    }

    /// Takes the names that a birth got since; its place among those of one name stays.
    fn rename(&mut self, place: usize, birth: &Birth) {
        if can_launch(birth.resource.kind) || birth.resource.kind == "aws.ecs.service" {
            for name in birth.resource.all_names() {
                let places = self.by_name.entry(name.clone()).or_default();
                if let Err(at) = places.binary_search(&place) {
                    places.insert(at, place);
                }
            }
        }
    }

    /// The births that bear this name, in order.
    fn named<'a>(&'a self, births: &'a [Birth], name: &str) -> impl Iterator<Item = &'a Birth> {
        self.by_name.get(name).into_iter().flatten().map(|place| &births[*place])
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
    launchers: &Launchers,
    births: &'a [Birth],
    deaths: &Deaths,
    member: &ResourceRef,
    at: Time,
) -> Option<&'a Birth> {
    let name = member.all_names().find_map(|name| name.rsplit_once("/instances/"))?.1;
    let (base, rest) = name.rsplit_once('-')?;
    let is_suffix = rest.len() == 4 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let groups = launchers.groups.get(base).filter(|_| is_suffix).into_iter().flatten();
    groups.map(|place| &births[*place]).find(|birth| {
        birth.at <= at
            && is_joinable(&birth.resource.account, &member.account)
            && is_within(&birth.resource.region, &member.region)
            && is_alive(birth, deaths, at)
    })
}

fn launcher_named<'a>(
    launchers: &'a Launchers,
    births: &'a [Birth],
    deaths: &Deaths,
    launcher: &str,
    child: &ResourceRef,
    at: Time,
) -> Option<&'a Birth> {
    launchers.named(births, launcher).find(|birth| {
        birth.at <= at
            && can_launch(birth.resource.kind)
            && launches(birth.resource.kind, child.kind)
            && is_joinable(&birth.resource.account, &child.account)
            && (launcher.starts_with("arn:") || is_within(&birth.resource.region, &child.region))
            && is_alive(birth, deaths, at)
    })
}

/// A launch is logged up to this many seconds after its launcher's deletion.
const LATE_LAUNCH: i64 = 60;

/// Whether a launcher was still there: what its name launches after its deletion is somebody else's, who took the name.
fn is_alive(launcher: &Birth, deaths: &Deaths, at: Time) -> bool {
    deaths
        .next(&launcher.resource, launcher.at)
        .is_none_or(|death| at.as_second() <= death.at.as_second().saturating_add(LATE_LAUNCH))
}

/// Whether things of this kind launch others: a template or role of the same name as a victim's group launches nothing.
fn can_launch(kind: &str) -> bool {
    !kind.starts_with("aws.") || crate::catalog::aws::LAUNCHER_KINDS.contains(&kind)
}

/// Whether a thing of one kind can have launched one of another: a machine's label names a cluster, not what else bears that
/// name and runs on machines of Google's own.
fn launches(holder: &str, child: &str) -> bool {
    const ELSEWHERE: &[&str] = &[
        "gcp.appengine.",
        "gcp.cloudbuild.",
        "gcp.cloudfunctions.",
        "gcp.cloudscheduler.",
        "gcp.file.",
        "gcp.run.",
        "gcp.sqladmin.",
    ];
    child != "gcp.compute.instance" || !ELSEWHERE.iter().any(|service| holder.starts_with(service))
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

/// Deletions by anyone, oldest first, findable by every name.
struct Deaths {
    names: Names,
    all: Vec<(ResourceRef, Death)>,
}

impl Deaths {
    fn of(graph: &Graph) -> Deaths {
        let mut all = Vec::new();
        for event in graph.events().filter(|event| graph.succeeded(event)) {
            for fact in &event.facts {
                let Fact::Deleted(resource) = fact else { continue };
                let by = graph.signer(event);
                all.push((resource.clone(), Death { at: event.at, event: event.id.clone(), by }));
            }
        }
        all.sort_by(|(_, a), (_, b)| (a.at, &a.event).cmp(&(b.at, &b.event)));
        Deaths { names: Names::of(all.iter().map(|(resource, _)| resource)), all }
    }

    /// The first death of a resource that was born at this time.
    fn next(&self, resource: &ResourceRef, born: Time) -> Option<Death> {
        let from = self.all.partition_point(|(_, death)| death.at < born);
        let place = self.names.first(resource, from, |n| is_one(&self.all[n].0, resource))?;
        Some(self.all[place].1.clone())
    }
}

/// Joins births of one thing that no death lies between, and gives each incarnation its death.
fn incarnations(mut births: Vec<Birth>, deaths: &Deaths) -> Vec<Birth> {
    births.sort_by(|a, b| {
        (a.at, a.attribution, &a.event, &a.resource).cmp(&(b.at, b.attribution, &b.event, &b.resource))
    });
    let mut lives: Vec<Birth> = Vec::new();
    let mut names = Names::default();
    for mut birth in births {
        let earlier = names.last(&birth.resource, |n| is_one(&lives[n].resource, &birth.resource));
        if let Some(index) = earlier
            && lives[index].death.as_ref().is_none_or(|death| death.at > birth.at)
        {
            let life = &mut lives[index];
            names.remove(index, &life.resource);
            // The later record may know the immutable id that the first lacked.
            if !is_immutable(&life.resource.id) && is_immutable(&birth.resource.id) {
                std::mem::swap(&mut life.resource, &mut birth.resource);
            }
            let known: BTreeSet<Arc<str>> = life.resource.all_names().cloned().collect();
            let new: Vec<Arc<str>> =
                birth.resource.all_names().filter(|n| !known.contains(*n)).cloned().collect();
            life.resource.names.extend(new);
            life.resource.names.sort();
            names.add(index, &life.resource);
            life.launched_by = life.launched_by.take().or(birth.launched_by);
            life.death = deaths.next(&life.resource, life.at);
            continue;
        }
        birth.death = deaths.next(&birth.resource, birth.at);
        names.add(lives.len(), &birth.resource);
        lives.push(birth);
    }
    lives
}

/// Lays the inventory over the births: states of what is known, and what is only held by something known.
fn apply_inventory(graph: &Graph, births: &mut Vec<Birth>, deaths: &Deaths) {
    if graph.evidence.observed.is_empty() {
        return;
    }
    let mut observed: Vec<&Observed> = graph.evidence.observed.iter().collect();
    observed.sort_by(|a, b| (a.at, &a.resource, a.state).cmp(&(b.at, &b.resource, b.state)));
    // Whether the list of operations says who made it.
    let makings = observed.iter().filter(|seen| seen.made_by.is_some());
    let makings: Vec<&ResourceRef> = makings.map(|seen| &seen.resource).collect();
    let by_making = Names::of(makings.iter().copied());
    let is_witnessed =
        |resource: &ResourceRef| by_making.first(resource, 0, |n| is_one(makings[n], resource)).is_some();
    let mut names = Names::of(births.iter().map(|birth| &birth.resource));
    let mut launchers = Launchers::default();
    launchers.learn(births);
    let find = |names: &Names, births: &[Birth], resource: &ResourceRef| {
        names.first(resource, 0, |n| is_one(&births[n].resource, resource))
    };
    // To a fixpoint: a group held by a cluster is known only after the cluster is.
    loop {
        let known = births.len();
        for seen in &observed {
            match find(&names, births, &seen.resource) {
                Some(place) => {
                    look_at(&mut births[place], seen);
                    names.add(place, &births[place].resource);
                    launchers.rename(place, &births[place]);
                }
                None => {
                    if let Some(birth) = held_birth(&launchers, births, seen, deaths) {
                        names.add(births.len(), &birth.resource);
                        births.push(birth);
                        launchers.learn(births);
                    }
                }
            }
        }
        if births.len() > known {
            continue;
        }
        // Only when nothing certain is left to join: what fits a bulk operation and no operation names otherwise.
        let bulk: Vec<&Birth> = births.iter().filter(|birth| birth.resource.kind == BULK).collect();
        let guessed: Vec<Birth> = observed
            .iter()
            .filter(|_| !bulk.is_empty())
            .filter(|seen| find(&names, births, &seen.resource).is_none() && !is_witnessed(&seen.resource))
            .filter_map(|seen| guessed_birth(&bulk, seen, deaths))
            .collect();
        if guessed.is_empty() {
            return;
        }
        for birth in guessed {
            names.add(births.len(), &birth.resource);
            births.push(birth);
        }
        launchers.learn(births);
    }
}

fn look_at(birth: &mut Birth, seen: &Observed) {
    // A call that tells the state outweighs one that only names the thing; the newest of either wins.
    let rank = |state: State, at: Time| (state != State::Unknown, at);
    if birth.seen.is_none_or(|(state, at)| rank(state, at) <= rank(seen.state, seen.at)) {
        birth.seen = Some((seen.state, seen.at));
    }
    birth.details.extend(seen.details.clone());
    let new: Vec<Arc<str>> = seen
        .resource
        .all_names()
        .filter(|name| !birth.resource.all_names().any(|n| n == *name))
        .cloned()
        .collect();
    birth.resource.names.extend(new);
}

fn held_birth(launchers: &Launchers, births: &[Birth], seen: &Observed, deaths: &Deaths) -> Option<Birth> {
    let at = seen.created_at.unwrap_or(seen.at);
    let holder = seen.held_by.iter().find_map(|held_by| {
        launchers.named(births, held_by).find(|birth| {
            is_joinable(&birth.resource.account, &seen.resource.account)
                && launches(birth.resource.kind, seen.resource.kind)
                // Clocks of two services: a child may bear a time a little before its launcher's log entry.
                && birth.at.as_second() <= at.as_second() + 60
        })
    })?;
    Some(child(holder, seen, at, holder.confidence, deaths))
}

fn guessed_birth(bulk: &[&Birth], seen: &Observed, deaths: &Deaths) -> Option<Birth> {
    let at = seen.created_at.unwrap_or(seen.at);
    let holder = bulk.iter().find(|birth| is_of_bulk(birth, seen, at))?;
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
        death: deaths.next(&seen.resource, at),
        seen: Some((seen.state, seen.at)),
        details: seen.details.clone(),
    }
}

/// What only the inventory tied to its launcher may have an insert entry of its own, signed by a service: the better
/// evidence.
fn name_by_log(graph: &Graph, births: &mut [Birth]) {
    let mut made: BTreeMap<&Arc<str>, Vec<(&Event, &ResourceRef)>> = BTreeMap::new();
    if births.iter().all(|birth| birth.attribution != Attribution::Indirect) {
        return;
    }
    for event in graph.unowned().filter(|event| graph.succeeded(event)) {
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
    let meters = Meters::of(graph);
    let mut listings: HashMap<&str, Vec<&Listing>> = HashMap::new();
    for listing in graph.evidence.listings {
        listings.entry(listing.kind).or_default().push(listing);
    }
    let mut resources: Vec<Resource> = births
        .iter()
        .map(|birth| {
            let (state, observed_at) = state(&listings, birth, gaps);
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
                protections: protections(&birth.details),
                details: birth.details.clone(),
                cost: None,
                turns: meters.of_life(
                    &birth.resource,
                    &birth.event,
                    birth.at,
                    birth.death.as_ref().map(|death| death.at),
                ),
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

/// The words that tell of a protection that is on.
fn protections(details: &BTreeMap<Arc<str>, Arc<str>>) -> Vec<Arc<str>> {
    let is_on = |text: &str| !matches!(text, "off" | "false" | "no" | "unknown");
    details
        .iter()
        .filter(|(word, text)| !word.starts_with("tag:") && word.contains("protect") && is_on(text))
        .map(|(word, _)| word.clone())
        .collect()
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

fn state(
    listings: &HashMap<&str, Vec<&Listing>>,
    birth: &Birth,
    gaps: &mut BTreeSet<Gap>,
) -> (&'static str, Option<Time>) {
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
    let Some(of_kind) = listings.get(birth.resource.kind) else { return ("left", None) };
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
