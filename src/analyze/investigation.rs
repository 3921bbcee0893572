//! The investigation: takes events in any order, says what it wants to see next, and reports.
//!
//! Holds no client, file or clock. Events that tell something are kept; all others are only tallied by who, where from
//! and where, so that memory holds facts and provenance and not the corpus.

use super::{attribute, coverage, finding, graph, root, usage};
use crate::cloud::Query;
use crate::model::event::Fact;
use crate::model::observed::{KeySeen, Listing};
use crate::model::report::{Counts, CoveredScope, Report, SCHEMA, Window};
use crate::model::{Actor, Event, EventId, Gap, Observed, Outcome, Principal, Scope, Time};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Who did plain things, from where, in which scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlainKey {
    pub actor: Arc<Actor>,
    pub address: Option<Arc<str>>,
    pub user_agent: Option<Arc<str>>,
    pub scope: Arc<Scope>,
    pub failed: bool,
    pub phase: Phase,
}

/// On which side of the lines that the operator drew. Tallies never cross a line, or they could not be told apart later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Before `since`: good for links, not counted.
    TooEarly,
    BeforeLeak,
    Inside,
    /// At or after `until`.
    TooLate,
}

impl Phase {
    pub fn of(at: Time, window: &Window) -> Phase {
        if window.since.is_some_and(|since| at < since) {
            Phase::TooEarly
        } else if window.until.is_some_and(|until| at >= until) {
            Phase::TooLate
        } else if window.leaked_at.is_some_and(|leak| at < leak) {
            Phase::BeforeLeak
        } else {
            Phase::Inside
        }
    }

    /// Whether events of this phase are counted and listed.
    pub fn is_counted(self) -> bool {
        match self {
            Phase::BeforeLeak | Phase::Inside => true,
            Phase::TooEarly | Phase::TooLate => false,
        }
    }
}

/// How often and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    pub events: u64,
    pub first: Time,
    pub last: Time,
    /// The event that `first` is the time of; of several, the one with the smallest id.
    pub first_event: EventId,
}

#[derive(Default)]
pub struct Investigation {
    pub(super) principal: Option<Principal>,
    pub(super) window: Window,
    /// Every record absorbed, and where it went: an index into `plain`, or `KEPT`.
    seen: HashMap<u128, u32>,
    /// Records that a later addendum replaces, by identity.
    replaced: HashSet<u128>,
    /// By identity.
    kept: HashMap<u128, Event>,
    plain: Vec<(PlainKey, Tally)>,
    plain_index: HashMap<PlainKey, u32>,
    actors: HashSet<Arc<Actor>>,
    texts: Texts,
    pub(super) observed: Vec<Observed>,
    /// Places in `observed` by id.
    observed_by_id: HashMap<Arc<str>, Vec<usize>>,
    pub(super) listings: Vec<Listing>,
    keys: BTreeSet<KeySeen>,
    gaps: BTreeSet<Gap>,
    scopes: BTreeMap<(String, String, String), CoveredScope>,
    counts: Counts,
    asked: BTreeSet<Arc<str>>,
    partial: bool,
}

const KEPT: u32 = u32::MAX;

/// Texts that many events bear, held once.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn share(&mut self, event: &mut Event) {
        let Event { action, scope, actor, address, user_agent, .. } = event;
        let Scope { account, region } = scope;
        for text in [action, account, region, &mut actor.kind] {
            self.one(text);
        }
        let texts = [address, user_agent, &mut actor.principal, &mut actor.principal_id, &mut actor.key];
        let more = [&mut actor.account, &mut actor.issued_to, &mut actor.invoked_by];
        let issuer = actor.session.as_mut().map(|session| &mut session.issuer);
        for text in texts.into_iter().chain(more).chain(issuer).flatten() {
            self.one(text);
        }
    }

    fn one(&mut self, text: &mut Arc<str>) {
        match self.0.get(text) {
            Some(known) => *text = known.clone(),
            None => drop(self.0.insert(text.clone())),
        }
    }
}

impl Investigation {
    pub fn new(principal: Principal, window: Window) -> Investigation {
        Investigation { principal: Some(principal), window, ..Investigation::default() }
    }

    /// Takes one event. Duplicates are welcome and change nothing.
    pub fn absorb(&mut self, event: Event) {
        if self.seen.contains_key(&event.identity) {
            return;
        }
        // Also where this record is itself replaced by another: in any order the same one is left.
        if let Some(original) = &event.replaces {
            self.replace(crate::read::identity_of_id(original));
        }
        if self.replaced.contains(&event.identity) {
            return;
        }
        if keeps(&event) {
            self.seen.insert(event.identity, KEPT);
            let mut event = event;
            self.texts.share(&mut event);
            self.kept.insert(event.identity, event);
        } else {
            let slot = self.tally(&event);
            self.seen.insert(event.identity, slot);
        }
    }

    fn replace(&mut self, original: u128) {
        self.replaced.insert(original);
        match self.seen.remove(&original) {
            None => {}
            Some(KEPT) => drop(self.kept.remove(&original)),
            Some(slot) => self.plain[slot as usize].1.events -= 1,
        }
    }

    fn tally(&mut self, event: &Event) -> u32 {
        let key = PlainKey {
            actor: self.intern(&event.actor),
            address: event.address.clone(),
            user_agent: event.user_agent.clone(),
            scope: Arc::new(event.scope.clone()),
            failed: !event.outcome.is_success(),
            phase: Phase::of(event.at, &self.window),
        };
        let next = self.plain.len() as u32;
        let slot = *self.plain_index.entry(key.clone()).or_insert(next);
        if slot == next {
            let tally = Tally { events: 0, first: event.at, last: event.at, first_event: event.id.clone() };
            self.plain.push((key, tally));
        }
        let tally = &mut self.plain[slot as usize].1;
        tally.events += 1;
        if (event.at, &event.id) < (tally.first, &tally.first_event) {
            (tally.first, tally.first_event) = (event.at, event.id.clone());
        }
        tally.last = tally.last.max(event.at);
        slot
    }

    fn intern(&mut self, actor: &Actor) -> Arc<Actor> {
        match self.actors.get(actor) {
            Some(known) => known.clone(),
            None => {
                let new = Arc::new(actor.clone());
                self.actors.insert(new.clone());
                new
            }
        }
    }

    /// Takes what could not be seen.
    pub fn missed(&mut self, gap: Gap) {
        self.gaps.insert(gap);
    }

    /// Takes what an inventory showed.
    pub fn observe(&mut self, observed: Observed) {
        let places = self.observed_by_id.entry(observed.resource.id.clone()).or_default();
        if !places.iter().any(|place| self.observed[*place] == observed) {
            places.push(self.observed.len());
            self.observed.push(observed);
        }
    }

    /// Takes whether an access key worked when the cloud was asked.
    pub fn key_seen(&mut self, key: KeySeen) {
        self.keys.insert(key);
    }

    /// Takes that an inventory listed everything of a kind somewhere: what is not in it is gone.
    pub fn listed(&mut self, listing: Listing) {
        if !self.listings.contains(&listing) {
            self.listings.push(listing);
        }
    }

    /// Takes the counts of records read; adds to what was there.
    pub fn counted(&mut self, counts: &Counts) {
        self.counts.records_read += counts.records_read;
        self.counts.duplicates += counts.duplicates;
        self.counts.other_records += counts.other_records;
    }

    /// Takes that records of a scope were seen; joins with what was known of it.
    pub fn covered(&mut self, scope: CoveredScope) {
        let key = (scope.account.clone(), scope.region.clone(), scope.source.clone());
        match self.scopes.get_mut(&key) {
            None => {
                self.scopes.insert(key, scope);
            }
            Some(known) => {
                known.seen |= scope.seen;
                known.records += scope.records;
                known.from = [known.from, scope.from].into_iter().flatten().min();
                known.to = [known.to, scope.to].into_iter().flatten().max();
            }
        }
    }

    /// Marks the run as cut short: the report says so and claims no completeness.
    pub fn interrupted(&mut self) {
        self.partial = true;
    }

    /// Returns the ids that it has not asked for yet, or `None` when nothing new is to be looked for.
    pub fn wants(&mut self) -> Option<Query> {
        let graph = graph::close(self.evidence());
        let mut ids = graph.ids_to_look_for();
        let made = attribute::attribute(&graph);
        ids.extend(made.ids_to_look_for());
        ids.extend(finding::ids_to_look_for(&graph));
        ids.extend(root::ids_to_look_for(&graph));
        ids.retain(|id| !id.is_empty() && !self.asked.contains(id));
        if ids.is_empty() {
            return None;
        }
        self.asked.extend(ids.iter().cloned());
        Some(Query { ids: ids.into_iter().collect(), since: self.window.since, until: self.window.until })
    }

    /// Concludes from everything absorbed so far.
    pub fn report(&self) -> Report {
        let graph = graph::close(self.evidence());
        let made = attribute::attribute(&graph);
        let findings = finding::findings(&graph, &made);
        let sightings = usage::sightings(&graph);
        let used = usage::uses(&graph, &made, &sightings);
        let mut gaps = self.gaps.clone();
        gaps.extend(made.gaps.iter().cloned());
        gaps.extend(findings.gaps);
        let coverage = coverage::coverage(&graph, self.scopes.values(), &mut gaps);
        let mut counts = self.counts.clone();
        (counts.events_of_principal, counts.events_of_derived, counts.failed) = used.totals;
        Report {
            schema: SCHEMA,
            principal: graph.evidence.principal.subject(),
            window: self.window.clone(),
            partial: self.partial,
            counts,
            credentials: usage::credentials(&graph, &used),
            resources: made.resources.clone(),
            touched: made.touched.clone(),
            findings: findings.findings,
            attempts: findings.attempts,
            uses: used.uses,
            unlinked: usage::unlinked(&graph),
            root: Some(root::walk(&graph).or_first_new_use(usage::first_new_use(&graph, &sightings))),
            unclassified: findings.unclassified,
            coverage,
            gaps: gaps.into_iter().collect(),
            grants: finding::grants(&graph, &made),
            leaked_keys: graph.leaked_keys(),
            seed_user: graph.seed_user(),
        }
    }

    fn evidence(&self) -> Evidence<'_> {
        let mut plain: Vec<_> = self.plain.iter().filter(|(_, tally)| tally.events > 0).collect();
        plain.sort_by(|a, b| a.0.cmp(&b.0));
        let mut events: Vec<_> = self.kept.values().collect();
        events.sort_unstable_by_key(|event| (event.at, event.identity));
        Evidence {
            principal: self.principal.as_ref().expect("made by new(), which sets it"),
            window: &self.window,
            events,
            plain,
            observed: &self.observed,
            listings: &self.listings,
            keys: &self.keys,
        }
    }
}

/// Everything that conclusions may rest on, borrowed, in a fixed order (time, then identity).
pub struct Evidence<'a> {
    pub principal: &'a Principal,
    pub window: &'a Window,
    pub events: Vec<&'a Event>,
    pub plain: Vec<&'a (PlainKey, Tally)>,
    pub observed: &'a [Observed],
    pub listings: &'a [Listing],
    pub keys: &'a BTreeSet<KeySeen>,
}

/// Whether an event must be kept whole: it tells a fact, was a failed write, is one of several copies or entries of one
/// act, or is a write that no rule knows.
fn keeps(event: &Event) -> bool {
    !event.facts.is_empty()
        || event.shared.is_some()
        || event.operation.is_some()
        || !event.read_only
        || event.facts.iter().any(|fact| matches!(fact, Fact::Leak { .. }))
        || matches!(event.outcome, Outcome::DryRun)
}
