//! The investigation: takes events in any order, says what it wants to see next, and reports.
//!
//! Holds no client, file or clock. Events that tell something are kept; all others are only tallied by who, where from
//! and where, so that memory holds facts and provenance and not the corpus.

use super::{asks, attribute, bounds, coverage, finding, graph, meter, root, timeline, usage};
use crate::cloud::{Ask, Bound, Query};
use crate::model::dossier::Moment;
use crate::model::event::Fact;
use crate::model::gap::GapKind;
use crate::model::observed::{KeySeen, Listing};
use crate::model::report::{Counts, CoveredScope, Report, SCHEMA, Window};
use crate::model::{
    Actor, Event, EventId, Gap, Observed, Outcome, Principal, PrincipalKind, Provider, Scope, Time,
};
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

/// Under which ids we ourselves call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Access keys, our own and those of every role that we took.
    pub keys: BTreeSet<Arc<str>>,
    /// Names of our role sessions: `triage-<case>`.
    pub sessions: BTreeSet<Arc<str>>,
    /// ARNs of the operator: who may mint a session of such a name.
    pub principals: BTreeSet<Arc<str>>,
}

impl Own {
    fn is_named(&self, actor: &Actor) -> bool {
        let has_key = actor.key.as_ref().is_some_and(|key| self.keys.contains(key));
        let session = || actor.principal.as_deref()?.split_once(":assumed-role/")?.1.split('/').nth(1);
        has_key || !self.sessions.is_empty() && session().is_some_and(|name| self.sessions.contains(name))
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
    /// Events of each hour since 1970.
    pub hours: BTreeMap<i64, u64>,
}

/// The hour since 1970 that a time lies in.
pub fn hour(at: Time) -> i64 {
    at.as_second().div_euclid(3600)
}

#[derive(Default)]
pub struct Investigation {
    pub(super) principal: Option<Principal>,
    pub(super) window: Window,
    /// Every record absorbed, and where it went: an index into `plain`, or `KEPT`.
    seen: HashMap<u128, u32>,
    /// Records that a later addendum replaces, by identity, in the accounts that got one.
    replaced: HashMap<u128, BTreeSet<Arc<str>>>,
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
    put: BTreeSet<Ask>,
    /// What was asked for, and where.
    within: BTreeMap<Arc<str>, Bound>,
    own: Own,
    /// By identity, what bears a name of ours: left out unless somebody else minted what signed it.
    aside: HashMap<u128, Event>,
    partial: bool,
    reads_history: bool,
    keeps_all: bool,
}

/// What nobody can switch off or take out of, and was asked itself.
fn untouchable(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "the event history",
        Provider::Gcp => "the _Required log bucket",
    }
}

const KEPT: u32 = u32::MAX;
/// A record is corrected once or twice; a longer chain is made up.
const LONGEST_CORRECTION: usize = 16;

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
        if self.own.is_named(&event.actor) {
            self.seen.insert(event.identity, KEPT);
            self.aside.insert(event.identity, event);
            return;
        }
        if let Some(original) = event.replaces.filter(|original| *original != event.identity) {
            self.replace(original, &event);
        }
        if self.keeps_all || keeps(&event) {
            self.seen.insert(event.identity, KEPT);
            let mut event = event;
            self.texts.share(&mut event);
            self.kept.insert(event.identity, event);
        } else if self.is_named_replaced(&event) {
            self.seen.insert(event.identity, KEPT);
        } else {
            let slot = self.tally(&event);
            self.seen.insert(event.identity, slot);
        }
    }

    /// Notes that an addendum replaces a record. What is kept is judged when everything is known; a tally is corrected here.
    fn replace(&mut self, original: u128, by: &Event) {
        let is_news = self.replaced.entry(original).or_default().insert(by.scope.account.clone());
        let slot = self.seen.get(&original).copied().filter(|slot| *slot != KEPT && is_news);
        let Some((key, tally)) = slot.and_then(|slot| self.plain.get_mut(slot as usize)) else { return };
        if key.scope.account == by.scope.account {
            tally.events -= 1;
            if let Some(events) = tally.hours.get_mut(&hour(by.at)) {
                *events = events.saturating_sub(1);
            }
            if tally.first == by.at {
                tally.first_event = by.id.clone();
            }
        }
    }

    /// Whether an addendum in the same account names this record.
    fn is_named_replaced(&self, event: &Event) -> bool {
        self.replaced.get(&event.identity).is_some_and(|accounts| accounts.contains(&event.scope.account))
    }

    fn original_of(&self, addendum: &Event) -> Option<&Event> {
        self.kept.get(&addendum.replaces?).filter(|original| original.at == addendum.at)
    }

    /// Whether an addendum stands in this record's place. Two that name each other do not: neither is lost.
    fn is_replaced(&self, event: &Event) -> bool {
        if !self.is_named_replaced(event) {
            return false;
        }
        let mut here = event;
        for _ in 0..LONGEST_CORRECTION {
            let Some(next) = self.original_of(here) else {
                return true;
            };
            if next.identity == event.identity {
                return false;
            }
            here = next;
        }
        true
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
            let tally = Tally {
                events: 0,
                first: event.at,
                last: event.at,
                first_event: event.id.clone(),
                hours: BTreeMap::new(),
            };
            self.plain.push((key, tally));
        }
        let tally = &mut self.plain[slot as usize].1;
        tally.events += 1;
        *tally.hours.entry(hour(event.at)).or_default() += 1;
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

    /// Keeps every event whole from now on, for [`Investigation::timeline`]: for a case, which holds only what matters, and
    /// not for a corpus.
    pub fn keep_all(&mut self) {
        self.keeps_all = true;
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

    /// Notes that AWS's event history is read, which nobody can switch off: a trail that was stopped hides nothing of it
    /// (aws.md 2.1).
    pub fn reads_history(&mut self) {
        self.reads_history = true;
    }

    /// Marks the run as cut short: the report says so and claims no completeness.
    pub fn interrupted(&mut self) {
        self.partial = true;
    }

    /// Returns the ids that it has not asked for yet, or `None` when nothing new is to be looked for.
    pub fn wants(&mut self) -> Option<Query> {
        let principal = self.known_principal();
        let graph = graph::close(self.evidence(&principal));
        let mut ids = graph.ids_to_look_for();
        let made = attribute::attribute(&graph);
        ids.extend(made.ids_to_look_for());
        ids.extend(finding::ids_to_look_for(&graph));
        ids.extend(root::ids_to_look_for(&graph));
        ids.retain(|id| !id.is_empty() && !self.asked.contains(id));
        let mut asks = asks::asks(&graph);
        asks.retain(|ask| !ask.value.is_empty() && !self.put.contains(ask));
        if ids.is_empty() && asks.is_empty() {
            return None;
        }
        self.asked.extend(ids.iter().cloned());
        self.put.extend(asks.iter().cloned());
        Some(Query {
            ids: ids.into_iter().collect(),
            asks: asks.into_iter().collect(),
            ..self.query_of_window()
        })
    }

    /// Returns the ids that are wanted from where they were not wanted before, each with where that is.
    pub fn wants_within(&mut self) -> Vec<(Arc<str>, Bound)> {
        let principal = self.known_principal();
        let graph = graph::close(self.evidence(&principal));
        let mut ids = graph.ids_to_look_for();
        let made = attribute::attribute(&graph);
        ids.extend(made.ids_to_look_for());
        ids.extend(finding::ids_to_look_for(&graph));
        ids.extend(root::ids_to_look_for(&graph));
        ids.retain(|id| !id.is_empty());
        let bounds = bounds::bounds(&graph, &made, &ids);
        let mut new = Vec::new();
        for id in ids {
            let bound = bounds.get(&id).cloned().unwrap_or_default();
            let wider = match self.within.get(&id) {
                Some(known) if known.join(&bound) == *known => continue,
                Some(known) => known.join(&bound),
                None => bound,
            };
            self.within.insert(id.clone(), wider.clone());
            new.push((id, wider));
        }
        new
    }

    /// Returns everything that it has asked for so far, once more.
    pub fn same_again(&self) -> Query {
        Query {
            ids: self.asked.iter().cloned().collect(),
            asks: self.put.iter().cloned().collect(),
            ..self.query_of_window()
        }
    }

    fn query_of_window(&self) -> Query {
        Query { since: self.window.since, until: self.window.until, ..Query::default() }
    }

    /// Returns the accounts that the credentials of the closure, and those that led to the seed, belong to.
    pub fn accounts_met(&self) -> BTreeSet<Arc<str>> {
        let principal = self.known_principal();
        let graph = graph::close(self.evidence(&principal));
        let credentials = coverage::met_accounts(&graph).into_iter().map(Arc::from);
        credentials.chain(asks::accounts_before(&graph)).collect()
    }

    /// Takes under which ids we ourselves call, so that what we did is left out and counted.
    pub fn leave_out(&mut self, own: Own) {
        self.own.keys.extend(own.keys);
        self.own.sessions.extend(own.sessions);
        self.own.principals.extend(own.principals);
        let principal = self.principal.as_ref().map(|principal| principal.id.clone());
        // Who investigates with the very key that leaked must not hide the thief.
        self.own.keys.retain(|key| Some(key) != principal.as_ref());
    }

    /// Returns the events of the principal and of everything derived, oldest first; those that were only tallied are missing
    /// unless [`Investigation::keep_all`] was said before.
    pub fn timeline(&self) -> Vec<Moment> {
        let principal = self.known_principal();
        timeline::timeline(&graph::close(self.evidence(&principal)))
    }

    /// Concludes from everything absorbed so far.
    pub fn report(&self) -> Report {
        let principal = self.known_principal();
        let graph = graph::close(self.evidence(&principal));
        let made = attribute::attribute(&graph);
        let findings = finding::findings(&graph, &made);
        let sightings = usage::sightings(&graph);
        let used = usage::uses(&graph, &made, &sightings);
        let mut gaps = self.gaps.clone();
        gaps.extend(made.gaps.iter().cloned());
        gaps.extend(findings.gaps.into_iter().map(|gap| match self.reads_history {
            true => Gap {
                kind: GapKind::Blind,
                why: format!(
                    "{}; {}, which was read, is unaffected",
                    gap.why,
                    untouchable(principal.provider)
                ),
                ..gap
            },
            false => gap,
        }));
        if principal.kind == PrincipalKind::ServiceAccount && principal.email.is_none() {
            gaps.insert(Gap::new(
                GapKind::NotFollowed,
                principal.id.to_string(),
                "no record here tells the e-mail of this unique id, and records name callers by e-mail",
            ));
        }
        let coverage = coverage::coverage(&graph, self.scopes.values(), &mut gaps);
        let mut counts = self.counts.clone();
        counts.own_calls = (self.aside.len() - self.feigned().len()) as u64;
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
            similar: Vec::new(),
            leaked_keys: graph.leaked_keys(),
            seed_user: graph.seed_user(),
            cost: None,
            activity: usage::activity(&sightings),
            used: meter::used(&graph),
        }
    }

    /// What bears a session name of ours under a key that somebody else minted: session names are chosen freely, and ours can
    /// be read in the very logs that a thief reads.
    fn feigned(&self) -> Vec<&Event> {
        if self.aside.is_empty() {
            return Vec::new();
        }
        let is_ours = |event: &&Event| {
            event.actor.principal.as_ref().is_some_and(|who| self.own.principals.contains(who))
        };
        let by_others = self.kept.values().filter(|event| !is_ours(event));
        let minted: HashSet<&Arc<str>> = by_others.flat_map(graph::issued).map(|issued| &issued.id).collect();
        let is_feigned = |event: &&Event| {
            let key = event.actor.key.as_ref();
            key.is_some_and(|key| !self.own.keys.contains(key) && minted.contains(key))
        };
        self.aside.values().filter(is_feigned).collect()
    }

    /// The principal, with what only records tell: the e-mail of a unique id, because callers are named by e-mail alone
    /// (gcp.md 2), and the account of an AWS id, because not every id tells the right one.
    fn known_principal(&self) -> Principal {
        let mut principal = self.principal.clone().expect("made by new(), which sets it");
        if principal.kind == PrincipalKind::ServiceAccount && principal.email.is_none() {
            let facts = self.kept.values().flat_map(|event| &event.facts);
            principal.email = facts.filter_map(|fact| email_of(fact, &principal.id)).min();
            principal.account =
                principal.account.or_else(|| principal.email.as_deref().and_then(graph::project_of));
        }
        if principal.provider == Provider::Aws && principal.arn.is_none() {
            let kept = self.kept.values().map(|event| &event.actor);
            let plain = self.plain.iter().filter(|(_, tally)| tally.events > 0).map(|(key, _)| &*key.actor);
            let own = kept.chain(plain).filter(|actor| is_called(actor, &principal.id));
            let told = own.filter_map(|actor| actor.account.clone()).filter(|account| !account.is_empty());
            principal.account = told.min().or(principal.account);
        }
        principal
    }

    fn evidence<'a>(&'a self, principal: &'a Principal) -> Evidence<'a> {
        let mut plain: Vec<_> = self.plain.iter().filter(|(_, tally)| tally.events > 0).collect();
        plain.sort_by(|a, b| a.0.cmp(&b.0));
        let mut events: Vec<_> = self.kept.values().filter(|event| !self.is_replaced(event)).collect();
        events.extend(self.feigned());
        events.sort_unstable_by_key(|event| (event.at, event.identity));
        Evidence {
            principal,
            window: &self.window,
            events,
            plain,
            observed: &self.observed,
            listings: &self.listings,
            keys: &self.keys,
        }
    }
}

/// Whether a record names its caller by this id: a key, a user, a role or one of its sessions.
fn is_called(actor: &Actor, id: &str) -> bool {
    let of_role =
        |known: &str| known.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    actor.key.as_deref() == Some(id) || actor.principal_id.as_deref().is_some_and(of_role)
}

/// The e-mail that a fact tells for a service account's unique id.
fn email_of(fact: &Fact, unique_id: &str) -> Option<Arc<str>> {
    match fact {
        Fact::Issued(issued) if issued.principal_id.as_deref() == Some(unique_id) => issued.principal.clone(),
        Fact::Created(resource) | Fact::Deleted(resource) | Fact::Touched { resource, .. }
            if resource.kind == "gcp.iam.service_account" && *resource.id == *unique_id =>
        {
            resource.names.iter().find(|name| name.contains('@') && !name.contains('/')).cloned()
        }
        _ => None,
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
