//! Events by what they may be asked for, so that no question walks them all, and a round of the closure looks again only
//! at what the last one can have changed.
//!
//! Knows no credential of the closure; the graph alone asks it.

use super::graph::{issued, role_in, role_of_session};
use crate::model::event::{Fact, Minter};
use crate::model::{Actor, Event, Time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Somebody seen at a time: an event's actor or a tally's.
pub type Sighting<'a> = (&'a Actor, Time, Option<&'a Arc<str>>);

/// Places of events in the evidence's own order, by what may change whose they are.
#[derive(Default)]
pub struct Index<'a> {
    by_shared: HashMap<Arc<str>, Vec<&'a Event>>,
    /// Deletions, revocations and their reversals that took effect, by every name of what they concern, oldest first.
    ends: HashMap<Arc<str>, Vec<&'a Event>>,
    /// Of events that a round acts on: every key, name and shared id that decides whose they are.
    readers: HashMap<Arc<str>, Vec<u32>>,
    /// The same by ARN and start of the session.
    sessions: HashMap<Arc<str>, BTreeMap<i64, Vec<u32>>>,
    /// Entries into a role that a trust edit may explain, and such edits, by the role's name.
    entries: HashMap<Arc<str>, Vec<u32>>,
    edits: HashMap<Arc<str>, Vec<&'a Event>>,
    /// When an account's callers were first seen to enter a role.
    first_entries: HashMap<Arc<str>, HashMap<Arc<str>, Time>>,
}

impl<'a> Index<'a> {
    /// Adds an event that took effect (or not), which lies at `place`. Returns whether a round has to look at it.
    pub fn add(&mut self, event: &'a Event, place: u32, took_effect: bool) -> bool {
        if let Some(shared) = &event.shared {
            self.by_shared.entry(shared.clone()).or_default().push(event);
        }
        for role in issued(event).filter_map(|issued| issued.principal.as_deref().and_then(role_of_session)) {
            if let Some(caller) = &event.actor.account {
                let first =
                    self.first_entries.entry(role).or_default().entry(caller.clone()).or_insert(event.at);
                *first = (*first).min(event.at);
            }
        }
        if !took_effect {
            return false;
        }
        for fact in &event.facts {
            match fact {
                Fact::Deleted(resource) => {
                    for name in resource.all_names() {
                        self.ends.entry(name.clone()).or_default().push(event);
                    }
                }
                Fact::Revoked { id, .. } | Fact::Restored { id, .. } => {
                    self.ends.entry(id.clone()).or_default().push(event)
                }
                Fact::Granted { on, .. } => {
                    let role = on.rsplit('/').next().unwrap_or_default();
                    let edits = self.edits.entry(role.into()).or_default();
                    if !edits.last().is_some_and(|last| std::ptr::eq(*last, event)) {
                        edits.push(event);
                    }
                }
                Fact::Created(_)
                | Fact::Touched { .. }
                | Fact::Issued(_)
                | Fact::SignedIn { .. }
                | Fact::Carries { .. }
                | Fact::Withdrawn { .. }
                | Fact::Forwarded { .. }
                | Fact::Signal(_)
                | Fact::Leak { .. } => {}
            }
        }
        let is_active = is_active(event);
        if is_active {
            self.read_by(event, place);
        }
        is_active
    }

    fn read_by(&mut self, event: &Event, place: u32) {
        let actor = &event.actor;
        let mut names: Vec<&Arc<str>> = [
            &actor.key,
            &actor.bearer,
            &actor.principal,
            &actor.principal_id,
            &actor.issued_to,
            &event.shared,
        ]
        .into_iter()
        .flatten()
        .chain(&actor.delegation)
        .collect();
        for issued in issued(event) {
            match &issued.minter {
                Minter::Actor => {
                    if let Some(role) = issued.principal.as_deref().and_then(role_in) {
                        self.entries.entry(role.into()).or_default().push(place);
                    }
                }
                Minter::Compute { name, .. } => names.push(name),
                Minter::External { issuer, .. } => names.push(issuer),
            }
        }
        let instance = instance_in(actor).map(Arc::from);
        names.extend(&instance);
        for name in names {
            let readers = self.readers.entry(name.clone()).or_default();
            if readers.last() != Some(&place) {
                readers.push(place);
            }
        }
        if let (Some(arn), Some(started)) = (&actor.principal, actor.session.as_ref().and_then(|s| s.started))
        {
            let starts = self.sessions.entry(arn.clone()).or_default();
            starts.entry(started.as_second()).or_default().push(place);
        }
    }

    /// The copies of one call that several accounts got.
    pub fn copies(&self, shared: &str) -> &[&'a Event] {
        self.by_shared.get(shared).map_or(&[], Vec::as_slice)
    }

    pub fn ends_of(&self, name: &str) -> &[&'a Event] {
        self.ends.get(name).map_or(&[], Vec::as_slice)
    }

    /// Policy edits that let somebody into a role of this name, oldest first.
    pub fn edits_of(&self, role: &str) -> &[&'a Event] {
        self.edits.get(role).map_or(&[], Vec::as_slice)
    }

    /// Whose owner may change with what is known by this name.
    pub fn readers(&self, name: &str) -> &[u32] {
        self.readers.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whose owner may change with a session of this ARN that began within these seconds.
    pub fn readers_of_session(&self, arn: &str, began: RangeInclusive<i64>) -> impl Iterator<Item = &[u32]> {
        self.sessions
            .get(arn)
            .into_iter()
            .flat_map(move |starts| starts.range(began.clone()))
            .map(|(_, p)| p.as_slice())
    }

    /// When callers of an account were first seen to enter a role.
    pub fn first_entry(&self, role: &str, caller: &str) -> Option<Time> {
        self.first_entries.get(role)?.get(caller).copied()
    }

    /// Which entries into a role an edit of its trust may explain.
    pub fn entries_of(&self, role: &str) -> &[u32] {
        self.entries.get(role).map_or(&[], Vec::as_slice)
    }
}

/// Whether a round does anything with this event, once it belongs to the closure.
fn is_active(event: &Event) -> bool {
    event.shared.is_some()
        || !event.actor.delegation.is_empty()
        || event.facts.iter().any(|fact| match fact {
            Fact::Issued(_) | Fact::SignedIn { .. } | Fact::Created(_) | Fact::Granted { .. } => true,
            Fact::Deleted(_)
            | Fact::Touched { .. }
            | Fact::Revoked { .. }
            | Fact::Restored { .. }
            | Fact::Carries { .. }
            | Fact::Withdrawn { .. }
            | Fact::Forwarded { .. }
            | Fact::Signal(_)
            | Fact::Leak { .. } => false,
        })
}

/// An instance's own sessions bear its id as their name.
pub fn instance_in(actor: &Actor) -> Option<&str> {
    let arn = actor.principal.as_deref().filter(|arn| arn.contains(":assumed-role/"))?;
    arn.rsplit('/').next().filter(|name| name.starts_with("i-"))
}

/// Sessions that compute may carry, by the name of the compute and by key.
#[derive(Default)]
pub struct Carried<'a> {
    by_compute: HashMap<Arc<str>, Vec<Arc<str>>>,
    by_key: HashMap<Arc<str>, Vec<Sighting<'a>>>,
}

impl<'a> Carried<'a> {
    /// Adds a sighting, if it is one of a temporary key that says what carried it.
    pub fn add(&mut self, seen: Sighting<'a>) {
        let Some(key) = seen.0.key.as_ref().filter(|key| key.starts_with("ASIA")) else { return };
        let names = [seen.0.issued_to.as_deref(), instance_in(seen.0)].into_iter().flatten();
        let mut is_carried = false;
        for name in names {
            is_carried = true;
            let keys = match self.by_compute.get_mut(name) {
                Some(keys) => keys,
                None => self.by_compute.entry(name.into()).or_default(),
            };
            if keys.last() != Some(key) {
                keys.push(key.clone());
            }
        }
        if is_carried {
            self.by_key.entry(key.clone()).or_default().push(seen);
        }
    }

    pub fn keys_of(&self, compute: &str) -> &[Arc<str>] {
        self.by_compute.get(compute).map_or(&[], Vec::as_slice)
    }

    pub fn sightings_of(&self, key: &str) -> &[Sighting<'a>] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }
}

/// Which events a round has yet to look at. What an event changes, later events of the same round see already.
#[derive(Default)]
pub struct Agenda {
    /// All that a round may act on.
    active: Vec<u32>,
    /// Per event whether it is due in this round, and in the next.
    due: Vec<(bool, bool)>,
    now: BinaryHeap<Reverse<u32>>,
    next: Vec<u32>,
    /// The event at hand; none between rounds.
    at: Option<u32>,
    /// What was made in this round, by every name.
    named: BTreeSet<Arc<str>>,
}

impl Agenda {
    /// For so many events, of which these have to be looked at once at least.
    pub fn of(active: Vec<u32>, events: usize) -> Agenda {
        let mut agenda = Agenda { active, due: vec![(false, false); events], ..Agenda::default() };
        agenda.look_again_at_all();
        agenda
    }

    pub fn has_next(&self) -> bool {
        !self.next.is_empty()
    }

    pub fn begin(&mut self) {
        for place in std::mem::take(&mut self.next) {
            self.due[place as usize] = (true, false);
            self.now.push(Reverse(place));
        }
    }

    /// The next event of this round, in the evidence's order.
    pub fn pop(&mut self) -> Option<u32> {
        let Reverse(place) = self.now.pop()?;
        self.due[place as usize].0 = false;
        self.at = Some(place);
        Some(place)
    }

    pub fn end(&mut self) {
        self.at = None;
    }

    pub fn look_again(&mut self, places: &[u32]) {
        for place in places {
            let due = &mut self.due[*place as usize];
            if self.at.is_some_and(|at| *place > at) {
                if !std::mem::replace(&mut due.0, true) {
                    self.now.push(Reverse(*place));
                }
            } else if !std::mem::replace(&mut due.1, true) {
                self.next.push(*place);
            }
        }
    }

    pub fn look_again_at_all(&mut self) {
        let all = std::mem::take(&mut self.active);
        self.look_again(&all);
        self.active = all;
    }

    /// Notes a name of something made in this round.
    pub fn named(&mut self, name: &Arc<str>) {
        self.named.insert(name.clone());
    }

    pub fn take_named(&mut self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.named)
    }
}
