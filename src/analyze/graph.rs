//! The credential graph: the seed, and every credential that it became or made, closed to a fixpoint.
//!
//! A node is a credential; an event belongs to at most one. Strength of a link: exact (the id is in the response) before
//! exact session (same ARN and session start) before heuristic. A credential is reached once, by its earliest issuing
//! event, so cycles (role juggling) end and the order of input can't matter.

mod google;
mod grow;
mod owner;
mod seed;
mod words;

pub use words::{issued, project_of, role_in, role_of_session};

use super::index::{Agenda, Carried, Index, Sighting, instance_in};
use super::investigation::{Evidence, Phase, PlainKey, Tally};
use super::taint::{self, Taint};
use crate::model::event::{Fact, Issued, Minter};
use crate::model::report::{Confidence, Strength};
use crate::model::{Actor, Event, EventId, Outcome, PrincipalKind, Provider, ResourceRef, Time};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A credential of the closure. Index 0 is the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: Arc<str>,
    pub kind: &'static str,
    pub principal: Option<Arc<str>>,
    pub principal_id: Option<Arc<str>>,
    pub account: Option<Arc<str>>,
    pub depth: u32,
    pub via: Option<&'static str>,
    pub parent: Option<usize>,
    pub issued_at: Option<Time>,
    pub event: Option<EventId>,
    pub strength: Strength,
    pub confidence: Confidence,
    pub valid_until: Option<Time>,
    /// The event is another account's copy, which does not name the caller's key; the caller's own is the better evidence.
    pub is_copy: bool,
}

/// To which credential an event belongs, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Owner {
    pub node: usize,
    pub strength: Strength,
    pub confidence: Confidence,
}

/// Something with an identity that the closure made: what it does later comes back to its maker.
#[derive(Clone, Debug)]
pub struct Made {
    pub resource: ResourceRef,
    pub by: usize,
    pub at: Time,
    pub confidence: Confidence,
    pub event: EventId,
}

/// A kind, a name and an account: user names and e-mails repeat across accounts.
type NameInAccount = (&'static str, Arc<str>, Option<Arc<str>>);

pub struct Graph<'a> {
    pub evidence: Evidence<'a>,
    pub nodes: Vec<Node>,
    pub taint: Taint,
    /// Access key id, key id, bearer id → node.
    by_key: HashMap<Arc<str>, usize>,
    /// ARN → session start in epoch seconds → node.
    by_session: HashMap<Arc<str>, BTreeMap<i64, usize>>,
    /// ARN → second of a console or CLI sign-in → node.
    by_sign_in: HashMap<Arc<str>, BTreeMap<i64, usize>>,
    /// Login profiles that the closure made again, and when.
    remade: BTreeSet<(usize, Time)>,
    /// ARN or e-mail that wholly belongs to the closure (made or impersonated by it) → node and from when.
    by_principal: HashMap<Arc<str>, (usize, Time)>,
    /// Users and service accounts that the closure made. They are taken whole only when no credential explains more:
    /// what a key or login profile of theirs does belongs to that.
    pending: BTreeMap<Arc<str>, (usize, Time)>,
    /// Those taken whole. Apart from `by_principal`, so that a later key or password of theirs takes away nothing.
    whole: HashMap<Arc<str>, (usize, Time)>,
    /// `AROA…:session` → node, for the copies that carry no key.
    by_principal_id: HashMap<Arc<str>, usize>,
    /// Login profiles and impersonations, which are known by name: kind, id and account → node.
    by_name: HashMap<NameInAccount, usize>,
    /// Keys made for service accounts, by the account's e-mail.
    account_keys: HashMap<Arc<str>, Vec<usize>>,
    /// Keys that some other event is known to have issued: never matched by session.
    foreign_keys: HashSet<Arc<str>>,
    /// Copies of one call in several accounts: shared id and action → owner found through any copy.
    by_shared: HashMap<Call, Owner>,
    /// Google operations whose last entry says that they failed: their first entry made nothing. By id, in which accounts.
    failed_operations: HashMap<Arc<str>, HashSet<Arc<str>>>,
    index: Index<'a>,
    carried: Carried<'a>,
    /// What the closure made, by every name, to link compute and identity providers by.
    pub made: Vec<Made>,
    made_once: HashSet<(EventId, ResourceRef)>,
    made_by_name: HashMap<Arc<str>, Vec<usize>>,
    /// Per node every name that events find it by.
    known_as: Vec<BTreeSet<Arc<str>>>,
    /// Role, its account and the caller's account → the first edit of the closure that let it in. Emptied whenever an
    /// edit is looked at anew.
    ways_in: HashMap<WayIn, Option<(Time, Owner)>>,
    agenda: Agenda,
    /// Per event whose it is, once the closure is done.
    owners: Vec<Option<Owner>>,
}

type WayIn = (Arc<str>, Option<Arc<str>>, Arc<str>);

/// Session starts are whole seconds; sign-ins and their sessions differ by up to two (aws.md 1.3).
const SIGN_IN_SLACK: i64 = 2;
/// GetRoleCredentials and the AssumeRoleWithSAML that it causes share no id, only time (aws.md 1.3).
const IDENTITY_CENTER_SLACK: i64 = 5;

/// What the copies of one call share: the id that the cloud gave them, and what was called. A record that bears another
/// call's id is no copy of it.
type Call = (Arc<str>, Arc<str>);

fn call(event: &Event) -> Option<Call> {
    Some((event.shared.clone()?, event.action.clone()))
}

/// Closes the graph over the evidence.
pub fn close(evidence: Evidence<'_>) -> Graph<'_> {
    let mut graph = Graph::of_seed(evidence);
    graph.learn_taint();
    loop {
        while graph.agenda.has_next() {
            graph.round();
        }
        if graph.learn_addresses() {
            graph.agenda.look_again_at_all();
        } else if !graph.promote() {
            break;
        }
    }
    if cfg!(debug_assertions) {
        // Whatever was not looked at again had nothing new to tell.
        let known = (graph.nodes.clone(), graph.made.len(), graph.by_shared.clone());
        graph.agenda.look_again_at_all();
        graph.round();
        assert!(
            known == (graph.nodes.clone(), graph.made.len(), graph.by_shared.clone()),
            "the closure is closed"
        );
    }
    graph.owners = graph.events().map(|event| graph.owner(event)).collect();
    graph
}
impl<'a> Graph<'a> {
    /// The copies of one call that several accounts got.
    pub fn copies(&self, event: &Event) -> impl Iterator<Item = &'a Event> {
        let copies = event.shared.as_deref().map_or(&[][..], |shared| self.index.copies(shared));
        copies.iter().copied().filter(|copy| copy.action == event.action)
    }

    /// Events that deleted, revoked or restored something by this name and took effect, whoever did, oldest first.
    pub fn ends_of(&self, name: &str) -> &[&'a Event] {
        self.index.ends_of(name)
    }

    /// Those of them from one time on and before another.
    fn ends_between(&self, name: &str, from: Time, until: Time) -> &[&'a Event] {
        let ends = &self.ends_of(name);
        let first = ends.partition_point(|event| event.at < from);
        let last = ends.partition_point(|event| event.at < until);
        ends.get(first..last).unwrap_or_default()
    }

    /// Whether an event took effect: it succeeded, and so did the operation that it began.
    pub fn succeeded(&self, event: &Event) -> bool {
        event.outcome.is_success()
            && event.operation.as_ref().is_none_or(|operation| {
                let failed = self.failed_operations.get(&operation.id);
                !failed.is_some_and(|accounts| accounts.contains(&event.scope.account))
            })
    }

    /// Every successful event of the closure inside the window, with its owner, oldest first. Of a call's copies in
    /// several accounts each is here: their facts are the same and join.
    pub fn acts(&self) -> impl Iterator<Item = (&'a Event, Owner)> {
        self.owned().filter_map(|(event, owner)| Some((event, owner?))).filter(|(event, _)| {
            self.succeeded(event) && Phase::of(event.at, self.evidence.window).is_counted()
        })
    }

    /// Every event and whose it is, oldest first.
    pub fn owned(&self) -> impl Iterator<Item = (&'a Event, Option<Owner>)> {
        self.events().zip(self.owners.iter().copied())
    }

    /// Every event that is nobody's of the closure.
    pub fn unowned(&self) -> impl Iterator<Item = &'a Event> {
        self.owned().filter(|(_, owner)| owner.is_none()).map(|(event, _)| event)
    }

    fn principal(&self) -> &'a crate::model::Principal {
        self.evidence.principal
    }

    pub fn events(&self) -> impl Iterator<Item = &'a Event> + use<'a> {
        self.evidence.events.clone().into_iter()
    }

    pub fn plain(&self) -> impl Iterator<Item = &'a (PlainKey, Tally)> + use<'a> {
        self.evidence.plain.clone().into_iter()
    }

    pub fn made_named(&self, name: &str) -> Option<&Made> {
        self.made_all(name).next()
    }

    /// Everything made under this name: names come back.
    fn made_all(&self, name: &str) -> impl Iterator<Item = &Made> {
        self.made_by_name.get(name).into_iter().flatten().map(|index| &self.made[*index])
    }

    /// Whether the closure minted a long-lived credential by this id.
    pub fn has_minted(&self, kind: &str, id: &str) -> bool {
        let is_it = |node: &Node| node.kind == kind && *node.id == *id && node.event.is_some();
        match kind {
            "gcp.impersonation" => false,
            // Known by account too, which nobody says here; few are made.
            "aws.login_profile" => self.nodes.iter().skip(1).any(is_it),
            _ => self.by_key.get(id).is_some_and(|node| *node != 0 && is_it(&self.nodes[*node])),
        }
    }

    /// Compute of this name in this account: a role or log group of the same name mints nothing.
    fn compute_named(&self, name: &str, account: &str) -> impl Iterator<Item = &Made> {
        self.made_all(name).filter(move |made| {
            let resource = &made.resource;
            !resource.kind.starts_with("aws.iam.")
                && !resource.kind.starts_with("aws.logs.")
                && (account.is_empty() || resource.account.is_empty() || *resource.account == *account)
        })
    }

    /// Whether this names something that the closure made (any of its names).
    pub fn is_own(&self, resource: &ResourceRef) -> bool {
        resource.all_names().any(|name| {
            self.made_by_name
                .get(name)
                .is_some_and(|found| found.iter().any(|index| self.made[*index].resource.is_same(resource)))
        })
    }

    /// Returns who signed an event: a credential of the closure, else whatever the record names first.
    pub fn signer(&self, event: &Event) -> Option<Arc<str>> {
        let actor = &event.actor;
        match self.owner(event) {
            Some(owner) => Some(self.nodes[owner.node].id.clone()),
            None => [&actor.key, &actor.principal, &actor.invoked_by].into_iter().flatten().next().cloned(),
        }
    }

    /// Whether some record minted this key, for whomever.
    pub fn is_issued(&self, key: &str) -> bool {
        self.foreign_keys.contains(key)
    }

    /// Whether this names a credential of the closure or a principal that belongs to it.
    pub fn is_of_closure(&self, name: &str) -> bool {
        self.is_seed_principal(name)
            || self.by_key.contains_key(name)
            || self.by_principal.contains_key(name)
            || self.whole.contains_key(name)
            || self.taint.leaked_keys.contains(name)
    }

    /// Returns every id that records of the closure may be found by.
    pub fn ids_to_look_for(&self) -> BTreeSet<Arc<str>> {
        let principal = self.principal();
        let mut ids: BTreeSet<Arc<str>> = BTreeSet::new();
        ids.insert(principal.id.clone());
        // What services did for the key's user, under keys of their own, names the user alone.
        ids.extend(self.seed_user());
        ids.extend(
            [&principal.arn, &principal.email, &principal.unique_id, &principal.key]
                .into_iter()
                .flatten()
                .cloned(),
        );
        for node in &self.nodes {
            if node.kind != "aws.login_profile" {
                ids.insert(node.id.clone());
            }
            ids.extend(node.principal.clone());
            // Another account's copy of a call names its caller by this alone.
            ids.extend(node.principal_id.clone());
            // The role itself: to show its other sessions as "same role, not linked".
            ids.extend(node.principal.as_deref().and_then(role_of_session));
        }
        for made in &self.made {
            ids.extend(made.resource.all_names().cloned());
        }
        for (event, owner) in self.owned() {
            if owner.is_none() || !event.outcome.is_success() {
                continue;
            }
            for fact in &event.facts {
                if let Fact::SignedIn { principal, .. } = fact
                    && let Some(role) =
                        principal.strip_suffix('*').and_then(|prefix| prefix.rsplit('/').next())
                {
                    ids.insert(role.into());
                }
                if let Fact::Granted { on, .. } = fact {
                    ids.insert(on.clone());
                }
            }
            ids.extend(event.shared.clone());
        }
        ids
    }
}
