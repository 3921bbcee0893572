//! Events by what they may be asked for, so that no question walks them all, and a round of the closure looks again only
//! at what the last one can have changed.
//!
//! Knows no credential of the closure; the graph alone asks it.

use super::graph::{issued, role_in};
use crate::model::event::{Fact, Minter};
use crate::model::{Actor, Event, Time};
use std::collections::{BTreeMap, HashMap};
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
    /// All that a round acts on.
    pub active: Vec<u32>,
}

impl<'a> Index<'a> {
    /// Adds an event that took effect (or not), which lies at `place`.
    pub fn add(&mut self, event: &'a Event, place: u32, took_effect: bool) {
        if let Some(shared) = &event.shared {
            self.by_shared.entry(shared.clone()).or_default().push(event);
        }
        if !took_effect {
            return;
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
        if is_active(event) {
            self.active.push(place);
            self.read_by(event, place);
        }
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
    pub fn readers_of_session(&self, arn: &str, from: i64, to: i64) -> impl Iterator<Item = u32> {
        self.sessions
            .get(arn)
            .into_iter()
            .flat_map(move |starts| starts.range(from..=to))
            .flat_map(|(_, p)| p)
            .copied()
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
    /// Adds a sighting of a temporary key.
    pub fn add(&mut self, key: &Arc<str>, seen: Sighting<'a>) {
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
