//! The credential graph: the seed, and every credential that it became or made, closed to a fixpoint.
//!
//! A node is a credential; an event belongs to at most one. Strength of a link: exact (the id is in the response) before
//! exact session (same ARN and session start) before heuristic. A credential is reached once, by its earliest issuing
//! event, so cycles (role juggling) end and the order of input can't matter.

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
    fn of_seed(evidence: Evidence<'a>) -> Graph<'a> {
        let principal = evidence.principal;
        let kind = match principal.kind {
            PrincipalKind::AccessKey if principal.id.starts_with("ASIA") => "aws.session",
            PrincipalKind::AccessKey => "aws.access_key",
            PrincipalKind::User => "aws.user",
            PrincipalKind::Role => "aws.role",
            PrincipalKind::Session => "aws.session",
            PrincipalKind::FederatedUser => "aws.federated_user",
            PrincipalKind::Root => "aws.root",
            PrincipalKind::ServiceAccount => "gcp.service_account",
            PrincipalKind::GoogleUser => "gcp.user",
            PrincipalKind::WorkloadIdentity => "gcp.workload_identity",
        };
        let seed = Node {
            id: principal.email.clone().unwrap_or_else(|| principal.id.clone()),
            kind,
            principal: principal.arn.clone().or_else(|| principal.email.clone()),
            principal_id: None,
            account: principal.account.clone(),
            depth: 0,
            via: None,
            parent: None,
            issued_at: None,
            event: None,
            strength: Strength::Exact,
            confidence: Confidence::Confirmed,
            valid_until: None,
            is_copy: false,
        };
        let mut graph = Graph {
            evidence,
            nodes: vec![seed],
            taint: Taint::default(),
            by_key: HashMap::new(),
            by_session: HashMap::new(),
            by_sign_in: HashMap::new(),
            remade: BTreeSet::new(),
            by_principal: HashMap::new(),
            pending: BTreeMap::new(),
            whole: HashMap::new(),
            by_principal_id: HashMap::new(),
            by_name: HashMap::new(),
            account_keys: HashMap::new(),
            foreign_keys: HashSet::new(),
            by_shared: HashMap::new(),
            failed_operations: HashMap::new(),
            index: Index::default(),
            carried: Carried::default(),
            made: Vec::new(),
            made_once: HashSet::new(),
            made_by_name: HashMap::new(),
            known_as: vec![BTreeSet::new()],
            ways_in: HashMap::new(),
            agenda: Agenda::default(),
            owners: Vec::new(),
        };
        if graph.principal().kind == PrincipalKind::AccessKey {
            graph.by_key.insert(graph.principal().id.clone(), 0);
        }
        for event in graph.events() {
            if let (Some(operation), Outcome::Failed(_)) = (&event.operation, &event.outcome) {
                let accounts = graph.failed_operations.entry(operation.id.clone()).or_default();
                accounts.insert(event.scope.account.clone());
            }
            for issued in issued(event) {
                graph.foreign_keys.insert(issued.id.clone());
            }
        }
        let mut active = Vec::new();
        for (place, event) in (0..).zip(graph.events()) {
            let took_effect = graph.succeeded(event);
            if graph.index.add(event, place, took_effect) {
                active.push(place);
            }
        }
        for seen in graph.sightings() {
            graph.carried.add(seen);
        }
        graph.agenda = Agenda::of(active, graph.evidence.events.len());
        graph
    }

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

    /// Learns which keys leaked and which addresses tell attacker and owners apart.
    fn learn_taint(&mut self) {
        let has_keys = self.principal().kind == PrincipalKind::ServiceAccount;
        let mut taint = Taint { leaked_at: self.evidence.window.leaked_at, has_keys, ..Taint::default() };
        taint.leaked_keys.extend(self.principal().key.clone());
        for event in self.events() {
            for fact in &event.facts {
                if let Fact::Leak { key: Some(key), principal, .. } = fact
                    && principal.as_ref().is_none_or(|who| self.is_seed_principal(who))
                {
                    taint.leaked_keys.insert(key.clone());
                }
            }
        }
        let mut early: BTreeSet<Arc<str>> = BTreeSet::new();
        for (actor, at, address) in self.sightings() {
            let Some(address) = address.filter(|address| taint::is_public(address)) else { continue };
            if !self.is_seed(actor) {
                continue;
            }
            let before = taint.leaked_at.is_some_and(|leak| at < leak);
            let needs_no_key = actor.delegation.iter().any(|hop| taint::is_service_agent(hop));
            match &actor.key {
                _ if before => {
                    early.insert(address.clone());
                }
                _ if !has_keys => {}
                Some(key) if taint.is_leaked(key) => {
                    taint.attacker.insert(address.clone());
                }
                Some(_) => {
                    taint.owners.insert(address.clone());
                }
                None if needs_no_key => {
                    taint.owners.insert(address.clone());
                }
                None => {}
            }
        }
        // The owners' own pipeline may use the very key that leaked: where it was seen before the leak is theirs. What
        // else comes from where the leaked key is used is the thief's.
        taint.attacker.retain(|address| !early.contains(address));
        taint.owners.retain(|address| !taint.attacker.contains(address));
        taint.owners.extend(early);
        self.taint = taint;
    }

    /// Every actor seen with time and address, kept and plain alike.
    fn sightings(&self) -> impl Iterator<Item = Sighting<'a>> + use<'a> {
        let kept = self.events().map(|event| (&event.actor, event.at, event.address.as_ref()));
        let plain = self.plain().map(|(key, tally)| (&*key.actor, tally.first, key.address.as_ref()));
        kept.chain(plain)
    }

    fn is_seed_principal(&self, who: &str) -> bool {
        let principal = self.principal();
        *principal.id == *who
            || principal.email.as_deref() == Some(who)
            || principal.unique_id.as_deref() == Some(who)
            || principal.arn.as_deref() == Some(who)
    }

    /// Whether the seed itself signed.
    pub fn is_seed(&self, actor: &Actor) -> bool {
        let principal = self.principal();
        let arn = principal.arn.as_ref();
        let is_arn = actor.principal.is_some() && actor.principal.as_ref() == arn;
        let has_id = |id: &Option<Arc<str>>, joined: bool| {
            id.as_deref().is_some_and(|id| {
                *id == *principal.id
                    || (joined && id.strip_prefix(&*principal.id).is_some_and(|rest| rest.starts_with(':')))
            })
        };
        match principal.kind {
            PrincipalKind::AccessKey => actor.key.as_ref() == Some(&principal.id),
            PrincipalKind::User
            | PrincipalKind::FederatedUser
            | PrincipalKind::Root
            | PrincipalKind::Session => is_arn || has_id(&actor.principal_id, false),
            PrincipalKind::Role => {
                let issuer = actor.session.as_ref().and_then(|session| session.issuer.as_ref());
                (issuer.is_some() && issuer == arn) || has_id(&actor.principal_id, true)
            }
            PrincipalKind::ServiceAccount | PrincipalKind::GoogleUser | PrincipalKind::WorkloadIdentity => {
                actor.principal.as_deref().is_some_and(|who| self.is_seed_principal(who))
                    || has_id(&actor.principal_id, false)
            }
        }
    }

    /// Returns the credential that an event belongs to.
    pub fn owner(&self, event: &Event) -> Option<Owner> {
        let direct = self.owner_of(&event.actor, event.at, event.address.as_ref());
        let shared = call(event).and_then(|call| self.by_shared.get(&call)).copied();
        match (direct, shared) {
            // Another account's copy names the caller's key, this one only its account.
            (Some(direct), Some(shared)) if shared.strength < direct.strength => Some(shared),
            (Some(direct), _) => Some(direct),
            (None, shared) => shared,
        }
    }

    /// Returns the credential that an actor used at a time, from an address.
    pub fn owner_of(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Owner> {
        if let Some(owner) = self.known_key(actor) {
            return Some(if owner.node == 0 { self.own_seed(actor, at, address) } else { owner });
        }
        match self.principal().provider {
            Provider::Aws => self.aws_owner(actor, at, address),
            Provider::Gcp => self.gcp_owner(actor, at, address),
        }
    }

    fn known_key(&self, actor: &Actor) -> Option<Owner> {
        let node = [&actor.key, &actor.bearer].into_iter().flatten().find_map(|key| self.by_key.get(key))?;
        Some(self.own(*node, Strength::Exact))
    }

    fn own(&self, node: usize, strength: Strength) -> Owner {
        Owner {
            node,
            strength: strength.max(self.nodes[node].strength),
            confidence: self.nodes[node].confidence,
        }
    }

    fn own_seed(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Owner {
        Owner { node: 0, strength: Strength::Exact, confidence: self.taint.class(actor, at, address) }
    }

    fn aws_owner(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Owner> {
        if self.is_seed(actor) {
            return Some(self.own_seed(actor, at, address));
        }
        let began = actor.session.as_ref().and_then(|session| session.started).unwrap_or(at);
        if self.is_foreign(actor, began) {
            return None;
        }
        let principal = actor.principal.as_ref();
        if let (Some(arn), Some(started)) = (principal, actor.session.as_ref().and_then(|s| s.started))
            && let Some(node) = self.session_of(arn, started.as_second())
        {
            return Some(self.own(node, Strength::ExactSession));
        }
        if let Some((node, since)) = principal.and_then(|arn| self.by_principal.get(arn))
            && began >= *since
            && self.may_sign_as(*node, actor)
            && !self.is_profile_gone(*node, *since, began)
        {
            return Some(self.own(*node, Strength::Heuristic));
        }
        if let Some(node) = principal.and_then(|arn| self.whole_by(arn, actor.principal_id.as_deref(), at)) {
            return Some(self.own(node, Strength::Heuristic));
        }
        if actor.key.is_none()
            && let Some(node) = actor.principal_id.as_ref().and_then(|id| self.by_principal_id.get(id))
        {
            return Some(self.own(*node, Strength::Heuristic));
        }
        self.compute_owner(actor, began)
    }

    /// Whether another event is known to have issued the key that was used; what the record itself says of the compute
    /// that it was issued to outweighs that.
    fn is_foreign(&self, actor: &Actor, began: Time) -> bool {
        actor.key.as_ref().is_some_and(|key| self.foreign_keys.contains(key))
            && self.issued_to(actor, began).is_none()
    }

    /// The node whose session this is. A role's sessions start at the second of their minting; a sign-in's may be off.
    fn session_of(&self, arn: &str, started: i64) -> Option<usize> {
        let exact = self.by_session.get(arn).and_then(|starts| starts.get(&started));
        let signed_in = || {
            let starts = self.by_sign_in.get(arn)?;
            (0..=SIGN_IN_SLACK)
                .flat_map(|slack| [started - slack, started + slack])
                .find_map(|start| starts.get(&start))
        };
        exact.or_else(signed_in).copied()
    }

    /// The maker of a user or service account that was taken whole. Names come back: an identity that was deleted and
    /// made again by others under the same name, or that bears another immutable id, is theirs.
    fn whole_by(&self, name: &str, id: Option<&str>, at: Time) -> Option<usize> {
        let (node, _) = self.whole.get(name).filter(|(_, since)| at >= *since)?;
        let made = before(self.made_all(name).filter(|made| is_identity(made.resource.kind)), at)?;
        let resource = &made.resource;
        let is_other = id.filter(|id| is_identity_id(id)).is_some_and(|id| {
            let mut ours = resource.all_names().filter(|name| is_identity_id(name)).peekable();
            ours.peek().is_some() && ours.all(|ours| **ours != *id)
        });
        (!is_other && !self.is_gone(resource, made.at, at)).then_some(*node)
    }

    /// Whether something made at one time was deleted, by anyone, before another, and not restored since.
    fn is_gone(&self, resource: &ResourceRef, made: Time, at: Time) -> bool {
        let (mut gone, mut restored) = (None, None);
        for event in resource.all_names().flat_map(|name| self.ends_between(name, made, at)) {
            for fact in &event.facts {
                if let Fact::Deleted(dead) = fact
                    && dead.is_same(resource)
                {
                    gone = gone.max(Some(event.at));
                }
                if let Fact::Restored { id, .. } = fact
                    && resource.all_names().any(|name| name == id)
                {
                    restored = restored.max(Some(event.at));
                }
            }
        }
        gone > restored
    }

    /// Whether a login profile was deleted before this sign-in and the closure made no other since: who signs in then does
    /// so with somebody else's password.
    fn is_profile_gone(&self, node: usize, since: Time, began: Time) -> bool {
        let profile = &self.nodes[node];
        let is_its_end = |event: &Event| {
            profile.account.as_ref().is_none_or(|own| *own == event.scope.account)
                && event.facts.iter().any(|fact| match fact {
                    Fact::Revoked { kind, id, .. } => *kind == profile.kind && *id == profile.id,
                    _ => false,
                })
        };
        let mut ends = self.ends_between(&profile.id, since, began).iter().rev();
        let gone = ends.find(|event| is_its_end(event));
        profile.kind == "aws.login_profile"
            && gone.is_some_and(|gone| self.remade.range((node, gone.at)..=(node, began)).next().is_none())
    }

    /// A login profile signs in at the console only: a user's own access keys are not its doing.
    fn may_sign_as(&self, node: usize, actor: &Actor) -> bool {
        match self.nodes[node].kind {
            "aws.login_profile" => actor.key.as_deref().is_none_or(|key| !key.starts_with("AKIA")),
            _ => true,
        }
    }

    /// A session that was issued to compute which the closure made, though its minting was not seen.
    fn compute_owner(&self, actor: &Actor, began: Time) -> Option<Owner> {
        let account = actor.account.as_deref().unwrap_or_default();
        let by_name = || self.compute_named(instance_in(actor)?, account).next();
        let (made, strength) = match self.issued_to(actor, began) {
            Some(made) => (made, Strength::Exact),
            None => (by_name()?, Strength::Heuristic),
        };
        Some(Owner { strength, confidence: made.confidence, ..self.own(made.by, strength) })
    }

    /// The compute of the closure that the record says these credentials were issued to. A function's ARN comes back with
    /// its name: what began before it was made, or after it was deleted, is its namesake's.
    fn issued_to(&self, actor: &Actor, began: Time) -> Option<&Made> {
        let account = actor.account.as_deref().unwrap_or_default();
        let named = self.compute_named(actor.issued_to.as_ref()?, account);
        before(named.filter(|made| !self.is_gone(&made.resource, made.at, began)), began)
    }

    fn gcp_owner(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Owner> {
        if self.is_seed(actor) {
            let own = self.own_seed(actor, at, address);
            let hop = self.tainted_hop(actor, at, address).unwrap_or(own.confidence);
            return Some(Owner { confidence: hop.min(own.confidence), ..own });
        }
        let principal = actor.principal.as_ref()?;
        let named = self.by_principal.get(principal).and_then(|(node, since)| {
            if self.nodes[*node].kind != "gcp.impersonation" {
                return (at >= *since).then(|| self.own(*node, Strength::Exact));
            }
            // The target goes on working for its owners: only what carries the delegation is ours.
            let hop = self.tainted_hop(actor, at, address)?;
            let confidence = hop.max(self.nodes[*node].confidence);
            Some(Owner { confidence, ..self.own(*node, Strength::Exact) })
        });
        let whole =
            || Some(self.own(self.whole_by(principal, actor.principal_id.as_deref(), at)?, Strength::Exact));
        named.or_else(whole).or_else(|| self.bare_key_owner(actor, principal, at, address))
    }

    /// Compute and App Engine do not name the key (gcp.md 0.2): what a service account does without one, from where a
    /// thief's key is used, belongs to the key that the closure made for it.
    fn bare_key_owner(
        &self,
        actor: &Actor,
        principal: &Arc<str>,
        at: Time,
        address: Option<&Arc<str>>,
    ) -> Option<Owner> {
        let is_bare = actor.key.is_none() && actor.delegation.iter().all(|hop| hop.is_empty());
        let address = address.filter(|address| is_bare && self.taint.attacker.contains(*address))?;
        let mut keys =
            self.account_keys.get(principal)?.iter().filter(|_| !self.taint.owners.contains(address));
        let node = keys.find(|node| self.nodes[**node].issued_at.is_some_and(|issued| issued <= at))?;
        Some(self.own(*node, Strength::Heuristic))
    }

    /// Addresses that made keys are used from are the thief's too. Returns whether that was news.
    fn learn_addresses(&mut self) -> bool {
        let mut new = BTreeSet::new();
        for (actor, _, address) in self.sightings() {
            let by_made_key = actor
                .key
                .as_ref()
                .and_then(|key| self.by_key.get(key))
                .is_some_and(|node| *node != 0 && self.nodes[*node].kind == "gcp.service_account_key");
            if let Some(address) = address.filter(|address| by_made_key && taint::is_public(address)) {
                new.insert(address.clone());
            }
        }
        new.retain(|address| !self.taint.attacker.contains(address) && !self.taint.owners.contains(address));
        let is_news = !new.is_empty();
        self.taint.attacker.extend(new);
        is_news
    }

    /// Outside identities of a workload-identity pool that the closure made: one node per subject.
    fn subjects_of_made_pools(&self) -> Vec<Node> {
        let pools: BTreeMap<&str, &Made> = self
            .made
            .iter()
            .filter(|made| made.resource.kind.starts_with("gcp.iam.work"))
            .filter_map(|made| Some((made.resource.all_names().find_map(|name| pool_of(name))?, made)))
            .collect();
        let mut first: BTreeMap<Arc<str>, (Time, &Made)> = BTreeMap::new();
        for (actor, at, _) in self.sightings() {
            let subjects = actor.principal.iter().chain(&actor.delegation);
            for subject in subjects.filter(|subject| subject.starts_with("principal://")) {
                if self.by_principal.contains_key(subject) || self.is_seed_principal(subject) {
                    continue;
                }
                let made = pool_of(subject).and_then(|pool| pools.get(pool)).filter(|made| made.at <= at);
                if let Some(made) = made {
                    let entry = first.entry(subject.clone()).or_insert((at, made));
                    entry.0 = entry.0.min(at);
                }
            }
        }
        first
            .into_iter()
            .map(|(subject, (at, made))| Node {
                id: subject.clone(),
                kind: "gcp.workload_identity",
                principal: Some(subject),
                principal_id: None,
                account: Some(made.resource.account.clone()),
                depth: self.nodes[made.by].depth + 1,
                via: Some("workload identity pool"),
                parent: Some(made.by),
                issued_at: Some(at),
                event: Some(made.event.clone()),
                // A subject names the pool's project by number, its making by id.
                strength: Strength::Heuristic,
                confidence: made.confidence,
                valid_until: None,
                is_copy: false,
            })
            .collect()
    }

    /// Returns the class of the delegation chain, when any hop of it is ours.
    fn tainted_hop(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Confidence> {
        actor
            .delegation
            .iter()
            .filter(|hop| !taint::is_service_agent(hop))
            .filter_map(|hop| {
                if self.is_seed_principal(hop) {
                    return Some(self.taint.class_of_delegation(at, address));
                }
                let named = self
                    .by_principal
                    .get(hop)
                    .filter(|(node, since)| at >= *since || self.nodes[*node].kind == "gcp.impersonation");
                let node = named.map(|(node, _)| *node).or_else(|| self.whole_by(hop, None, at))?;
                Some(self.nodes[node].confidence)
            })
            .min()
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

    /// Takes the made identities whole, once nothing more exact is to be found. Returns whether that was news.
    fn promote(&mut self) -> bool {
        let mut news = false;
        for (name, owner) in std::mem::take(&mut self.pending) {
            if !self.whole.contains_key(&name) {
                self.known(&name, owner.0);
                self.whole.insert(name, owner);
                news = true;
            }
        }
        news
    }

    /// Returns who signed an event: a credential of the closure, else whatever the record names first.
    pub fn signer(&self, event: &Event) -> Option<Arc<str>> {
        let actor = &event.actor;
        match self.owner(event) {
            Some(owner) => Some(self.nodes[owner.node].id.clone()),
            None => [&actor.key, &actor.principal, &actor.invoked_by].into_iter().flatten().next().cloned(),
        }
    }

    /// Keys known to be leaked, or, when nobody said which, every exported key that the seed was seen to use.
    pub fn leaked_keys(&self) -> Vec<Arc<str>> {
        let mut keys = self.taint.leaked_keys.clone();
        if keys.is_empty() && self.principal().provider == Provider::Gcp {
            let seed = self.sightings().filter(|(actor, _, _)| self.is_seed(actor));
            keys.extend(
                seed.filter_map(|(actor, _, _)| actor.key.clone())
                    .filter(|key| !self.by_key.contains_key(key)),
            );
        }
        keys.into_iter().collect()
    }

    /// Every actor that the seed was seen as.
    pub fn seed_actors(&self) -> impl Iterator<Item = &'a Actor> {
        self.sightings().map(|(actor, _, _)| actor).filter(|actor| self.is_seed(actor))
    }

    /// The principal behind a leaked access key, as its own records name it.
    pub fn seed_user(&self) -> Option<Arc<str>> {
        if self.principal().kind != PrincipalKind::AccessKey {
            return None;
        }
        let mut seed = self.sightings().filter(|(actor, _, _)| self.is_seed(actor));
        seed.find_map(|(actor, _, _)| actor.principal.clone())
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

    /// One round of the closure: gathers what the present nodes issued and made, in a fixed order.
    fn round(&mut self) {
        let mut born: Vec<Node> = Vec::new();
        let mut sign_ins: Vec<(Arc<str>, Time, usize)> = Vec::new();
        self.agenda.begin();
        while let Some(place) = self.agenda.pop() {
            let event = self.evidence.events[place as usize];
            let owner = self.owner(event);
            if let (Some(call), Some(owner)) = (call(event), owner) {
                let known = self.by_shared.get(&call);
                if known.is_none_or(|known| owner.strength < known.strength) {
                    self.agenda.look_again(self.index.readers(&call.0));
                    self.by_shared.insert(call, owner);
                }
            }
            if self.principal().provider == Provider::Gcp {
                self.delegations(event, &mut born);
            }
            for fact in &event.facts {
                match fact {
                    Fact::Issued(issued) => {
                        if let Some((parent, strength)) = self.minter(event, issued, owner) {
                            born.push(self.child(event, issued, parent, strength));
                        }
                    }
                    Fact::SignedIn { principal, via } => {
                        if let Some(owner) = owner {
                            self.signed_in(event, principal, via, owner, &mut sign_ins);
                        }
                    }
                    Fact::Created(resource) => {
                        if let Some(owner) = owner {
                            self.make(resource, owner, event);
                        }
                    }
                    Fact::Deleted(_)
                    | Fact::Touched { .. }
                    | Fact::Revoked { .. }
                    | Fact::Restored { .. }
                    | Fact::Carries { .. }
                    | Fact::Withdrawn { .. }
                    | Fact::Forwarded { .. }
                    | Fact::Signal(_)
                    | Fact::Leak { .. } => {}
                    // Who may have come in by it is asked again, now that its own owner may be known.
                    Fact::Granted { on, .. } => {
                        self.ways_in.clear();
                        self.agenda
                            .look_again(self.index.entries_of(on.rsplit('/').next().unwrap_or_default()));
                    }
                }
            }
        }
        self.agenda.end();
        let named = self.agenda.take_named();
        born.extend(self.sessions_of_made_compute(&named));
        if named.iter().any(|name| pool_of(name).is_some()) {
            born.extend(self.subjects_of_made_pools());
        }
        for (arn, at, node) in sign_ins {
            self.began(arn, at.as_second(), node, true);
        }
        born.sort_by(|a, b| {
            let key = |node: &Node| (node.depth, node.issued_at, node.strength, node.is_copy);
            (key(a), &a.event, &a.id).cmp(&(key(b), &b.event, &b.id))
        });
        for node in born {
            self.add(node);
        }
    }

    /// Takes a session as a node's, unless it is another's already.
    fn began(&mut self, arn: Arc<str>, second: i64, node: usize, is_sign_in: bool) {
        let sessions = if is_sign_in { &mut self.by_sign_in } else { &mut self.by_session };
        let starts = sessions.entry(arn.clone()).or_default();
        if let std::collections::btree_map::Entry::Vacant(free) = starts.entry(second) {
            free.insert(node);
            for places in self.index.readers_of_session(&arn, second - SIGN_IN_SLACK..=second + SIGN_IN_SLACK)
            {
                self.agenda.look_again(places);
            }
            self.known_as[node].insert(arn);
        }
    }

    /// Takes a principal as wholly a node's from a time on.
    fn belongs(&mut self, principal: Arc<str>, owner: (usize, Time)) {
        self.known(&principal, owner.0);
        self.by_principal.insert(principal, owner);
    }

    /// Notes that a node is known by a name, so that events which bear the name are looked at again.
    fn known(&mut self, name: &Arc<str>, node: usize) {
        self.agenda.look_again(self.index.readers(name));
        self.known_as[node].insert(name.clone());
    }

    fn child(&self, event: &Event, issued: &Issued, parent: Owner, strength: Strength) -> Node {
        Node {
            id: issued.id.clone(),
            kind: issued.kind,
            principal: issued.principal.clone(),
            principal_id: issued.principal_id.clone(),
            account: issued.account.clone().or_else(|| Some(event.scope.account.clone())),
            depth: self.nodes[parent.node].depth + 1,
            via: Some(issued.via),
            parent: Some(parent.node),
            issued_at: Some(event.at),
            event: Some(event.id.clone()),
            strength,
            confidence: parent.confidence,
            valid_until: issued.expires,
            is_copy: event.actor.key.is_none(),
        }
    }

    /// Returns whose credential minted this one, and how sure that is.
    fn minter(&mut self, event: &Event, issued: &Issued, owner: Option<Owner>) -> Option<(Owner, Strength)> {
        match &issued.minter {
            Minter::Actor => match owner {
                Some(owner) => Some((owner, issued.strength.max(owner.strength))),
                None => self.let_in(event, issued).map(|owner| (owner, Strength::Heuristic)),
            },
            Minter::Compute { service, name } => {
                let is_its = |made: &&Made| {
                    is_minted_by(service, made.resource.kind)
                        // An instance's id is unique; a function's name is so within its region alone.
                        && (name.starts_with("i-") || is_one_region(&made.resource.region, &event.scope.region))
                        && !self.is_gone(&made.resource, made.at, event.at)
                };
                let made = before(self.compute_named(name, &event.scope.account).filter(is_its), event.at)?;
                let owner = Owner { confidence: made.confidence, ..self.own(made.by, Strength::Exact) };
                Some((owner, issued.strength))
            }
            Minter::External { issuer, .. } => {
                // A provider's ARN comes back with its name.
                let named = self.made_all(issuer).filter(|made| {
                    lets_in(made.resource.kind) && !self.is_gone(&made.resource, made.at, event.at)
                });
                let made = before(named, event.at)?;
                Some((self.own(made.by, Strength::Exact), issued.strength))
            }
        }
    }

    /// A role whose trust policy the closure edited, entered afterwards by an account that the new policy lets in and that
    /// was not seen to enter before. A policy may have let in others all along, so this is only suspected.
    fn let_in(&mut self, event: &Event, issued: &Issued) -> Option<Owner> {
        let caller =
            event.actor.account.as_ref().filter(|caller| issued.account.as_ref() != Some(*caller))?;
        let role = issued.principal.as_deref().and_then(role_of_session)?;
        let name = role_in(&role)?;
        if self.index.edits_of(name).is_empty() {
            return None;
        }
        let way: WayIn = (role.clone(), issued.account.clone(), caller.clone());
        let first = match self.ways_in.get(&way) {
            Some(known) => *known,
            None => {
                let first = self.first_edit(name, issued.account.as_deref(), caller);
                self.ways_in.insert(way, first);
                first
            }
        };
        let (edited, owner) = first.filter(|(at, _)| *at <= event.at)?;
        let entered_before = self.index.first_entry(&role, caller).is_some_and(|first| first < edited);
        let confidence = owner.confidence.max(Confidence::Suspect);
        (!entered_before).then_some(Owner { confidence, ..owner })
    }

    /// The closure's first edit of a role's trust policy that lets in an account.
    fn first_edit(&self, role: &str, account: Option<&str>, caller: &str) -> Option<(Time, Owner)> {
        self.index.edits_of(role).iter().find_map(|edit| {
            let lets_in = edit.facts.iter().any(|fact| {
                let Fact::Granted { member, on, .. } = fact else { return false };
                on.rsplit('/').next() == Some(role)
                    && on.split(':').nth(4) == account
                    && is_from(member, caller)
            });
            Some((edit.at, self.owner(edit).filter(|_| lets_in)?))
        })
    }

    fn signed_in(
        &self,
        event: &Event,
        principal: &Arc<str>,
        _via: &str,
        owner: Owner,
        sign_ins: &mut Vec<(Arc<str>, Time, usize)>,
    ) {
        match principal.strip_suffix('*') {
            None => sign_ins.push((principal.clone(), event.at, owner.node)),
            // Identity Center: the session is minted by an AssumeRoleWithSAML moments later, under a longer name.
            Some(prefix) => {
                let (events, second) = (&self.evidence.events, event.at.as_second());
                let is_early = |minting: &&Event| minting.at.as_second() < second - IDENTITY_CENTER_SLACK;
                for minting in &events[events.partition_point(is_early)..] {
                    if minting.at.as_second() > second + IDENTITY_CENTER_SLACK {
                        break;
                    }
                    for issued in issued(minting) {
                        if let Some(arn) = issued.principal.as_ref().filter(|arn| arn.starts_with(prefix)) {
                            sign_ins.push((arn.clone(), minting.at, owner.node));
                        }
                    }
                }
            }
        }
    }

    fn make(&mut self, resource: &ResourceRef, owner: Owner, event: &Event) {
        if !self.made_once.insert((event.id.clone(), resource.clone())) {
            return;
        }
        let index = self.made.len();
        for name in resource.all_names() {
            self.made_by_name.entry(name.clone()).or_default().push(index);
            self.agenda.look_again(self.index.readers(name));
            self.agenda.named(name);
            self.known_as[owner.node].insert(name.clone());
        }
        self.made.push(Made {
            resource: resource.clone(),
            by: owner.node,
            at: event.at,
            confidence: owner.confidence,
            event: event.id.clone(),
        });
        match resource.kind {
            // An identity that the closure made belongs to it whole.
            "aws.iam.user" | "gcp.iam.service_account" => {
                for name in resource.all_names().filter(|name| name.starts_with("arn:") || name.contains('@'))
                {
                    self.pending.entry(name.clone()).or_insert((owner.node, event.at));
                }
            }
            _ => {}
        }
    }

    /// Sessions of compute that the closure made, seen in use though nobody logged their minting: one node per key.
    fn sessions_of_made_compute(&self, named: &BTreeSet<Arc<str>>) -> Vec<Node> {
        let mut first: BTreeMap<Arc<str>, (Time, &Actor, Owner)> = BTreeMap::new();
        let keys: BTreeSet<&Arc<str>> = named.iter().flat_map(|name| self.carried.keys_of(name)).collect();
        for key in keys.into_iter().filter(|key| !self.by_key.contains_key(*key)) {
            for (actor, at, _) in self.carried.sightings_of(key) {
                let began = actor.session.as_ref().and_then(|session| session.started).unwrap_or(*at);
                if self.is_foreign(actor, began) || self.is_seed(actor) {
                    continue;
                }
                if let Some(owner) = self.compute_owner(actor, began)
                    && first.get(key).is_none_or(|known| *at < known.0)
                {
                    first.insert(key.clone(), (*at, actor, owner));
                }
            }
        }
        first
            .into_iter()
            .map(|(key, (at, actor, owner))| Node {
                id: key,
                kind: "aws.session",
                principal: actor.principal.clone(),
                principal_id: actor.principal_id.clone(),
                account: actor.account.clone(),
                depth: self.nodes[owner.node].depth + 1,
                via: Some("instance or function role"),
                parent: Some(owner.node),
                issued_at: actor.session.as_ref().and_then(|session| session.started).or(Some(at)),
                event: None,
                strength: owner.strength,
                confidence: owner.confidence,
                valid_until: None,
                is_copy: false,
            })
            .collect()
    }

    /// Google: every hop of a delegation chain that begins with one of ours is an impersonation.
    fn delegations(&self, event: &Event, born: &mut Vec<Node>) {
        let actor = &event.actor;
        let Some(target) = &actor.principal else { return };
        // Most recent hop first: the chain runs origin … → first hop → the principal that signed.
        let chain: Vec<&Arc<str>> = actor
            .delegation
            .iter()
            .rev()
            .filter(|hop| !hop.is_empty() && !taint::is_service_agent(hop))
            .chain(std::iter::once(target))
            .collect();
        for pair in chain.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let parent = if self.is_seed_principal(from) {
                let confidence = self.taint.class_of_delegation(event.at, event.address.as_ref());
                Some(Owner { node: 0, strength: Strength::Exact, confidence })
            } else {
                let named = self.by_principal.get(from).or_else(|| self.whole.get(from));
                named.map(|(node, _)| self.own(*node, Strength::Exact))
            };
            let Some(parent) = parent else { continue };
            if parent.confidence == Confidence::LikelyLegitimate || self.is_seed_principal(to) {
                continue;
            }
            born.push(Node {
                id: to.clone(),
                kind: "gcp.impersonation",
                principal: Some(to.clone()),
                principal_id: None,
                account: project_of(to),
                depth: self.nodes[parent.node].depth + 1,
                via: Some("serviceAccountDelegationInfo"),
                parent: Some(parent.node),
                issued_at: Some(event.at),
                event: Some(event.id.clone()),
                strength: Strength::Exact,
                confidence: parent.confidence,
                valid_until: None,
                is_copy: false,
            });
        }
    }

    fn add(&mut self, node: Node) {
        // Names, not ids: the same user name in two accounts, or an e-mail that is also the seed, are two things.
        let is_named = matches!(node.kind, "aws.login_profile" | "gcp.impersonation");
        let name = (node.kind, node.id.clone(), node.account.clone());
        let taken = if is_named { self.by_name.get(&name) } else { self.by_key.get(&node.id) }.copied();
        if let Some(taken) = taken {
            if let ("aws.login_profile", Some(at), Some(principal)) =
                (node.kind, node.issued_at, &node.principal)
                && self.remade.insert((taken, at))
            {
                self.known(principal, taken);
            }
            self.confirm(taken, node);
            return;
        }
        let index = self.nodes.len();
        let at = node.issued_at.unwrap_or(Time::MIN);
        self.known_as.push(BTreeSet::new());
        match node.kind {
            "aws.login_profile" | "gcp.impersonation" | "gcp.workload_identity" => {
                if is_named {
                    self.by_name.insert(name, index);
                }
                if let Some(principal) = &node.principal {
                    self.belongs(principal.clone(), (index, at));
                }
            }
            _ => {
                self.known(&node.id, index);
                self.by_key.insert(node.id.clone(), index);
            }
        }
        if let (Some(email), "gcp.service_account_key") = (&node.principal, node.kind) {
            self.known(email, index);
            self.account_keys.entry(email.clone()).or_default().push(index);
            // A made service account's entries without a key name belong to its first key.
            if self.pending.contains_key(email) && !self.by_principal.contains_key(email) {
                self.belongs(email.clone(), (index, at));
            }
        }
        if let (Some(arn), Some(issued_at), "aws.session") = (&node.principal, node.issued_at, node.kind) {
            self.began(arn.clone(), issued_at.as_second(), index, false);
        }
        if let Some(id) = node.principal_id.as_ref().filter(|id| !self.by_principal_id.contains_key(*id)) {
            self.known(id, index);
            self.by_principal_id.insert(id.clone(), index);
        }
        self.nodes.push(node);
    }

    /// Takes what a further sign of a known node adds.
    fn confirm(&mut self, taken: usize, node: Node) {
        let known = &mut self.nodes[taken];
        // A later, stronger class wins: one confirmed use of an impersonation confirms it.
        let is_surer = taken != 0 && node.confidence < known.confidence;
        if is_surer {
            known.confidence = node.confidence;
        }
        // Known by its use alone so far: the record that minted it is the better evidence.
        let is_minted = taken != 0 && known.event.is_none() && node.event.is_some();
        if is_minted {
            let confidence = known.confidence;
            *known = Node { depth: known.depth, parent: known.parent, confidence, ..node };
        }
        for name in self.known_as[taken].iter().filter(|_| is_surer || is_minted) {
            self.agenda.look_again(self.index.readers(name));
        }
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

/// The credentials that an event minted, if it succeeded.
pub fn issued(event: &Event) -> impl Iterator<Item = &Issued> {
    event.facts.iter().filter(|_| event.outcome.is_success()).filter_map(|fact| {
        let Fact::Issued(issued) = fact else { return None };
        Some(issued)
    })
}

/// The newest of these that existed at a time.
fn before<'m>(made: impl Iterator<Item = &'m Made>, at: Time) -> Option<&'m Made> {
    made.filter(|made| made.at <= at).max_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)))
}

/// Whether a service mints sessions for things of this kind: `ecs-tasks.amazonaws.com` for tasks, never for a bucket of the
/// same name.
fn is_minted_by(service: &str, kind: &str) -> bool {
    let service: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
    let label = kind.split('.').nth(1).unwrap_or_default().replace('_', "");
    service.is_empty() || service.contains(&label)
}

/// Whether people from outside enter through things of this kind.
fn lets_in(kind: &str) -> bool {
    matches!(kind, "aws.iam.saml_provider" | "aws.iam.oidc_provider" | "aws.rolesanywhere.trust_anchor")
}

fn is_one_region(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// Users and service accounts: what belongs whole to who made it.
fn is_identity(kind: &str) -> bool {
    matches!(kind, "aws.iam.user" | "gcp.iam.service_account")
}

/// `AIDA…`, or Google's numeric unique id: never given twice.
fn is_identity_id(text: &str) -> bool {
    (text.len() >= 16 && text.starts_with("AIDA"))
        || (text.len() >= 15 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a trust statement's member lets in this account: its root, one of its principals, or everyone.
fn is_from(member: &str, account: &str) -> bool {
    member == "*" || member == account || member.split(':').nth(4) == Some(account)
}

/// `arn:aws:sts::1:assumed-role/R/s` → `assumed-role/R/`: what every record of the role's sessions contains.
pub fn role_of_session(arn: &str) -> Option<Arc<str>> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let role = rest.split('/').next().filter(|role| !role.is_empty())?;
    Some(format!("{head}:assumed-role/{role}/").into())
}

/// `…/workloadIdentityPools/POOL/…` → `POOL`, also of workforce pools.
fn pool_of(name: &str) -> Option<&str> {
    let rest =
        ["/workloadIdentityPools/", "/workforcePools/"].iter().find_map(|part| name.split_once(part))?.1;
    rest.split('/').next().filter(|pool| !pool.is_empty())
}

/// The role's name in the ARN of a session.
pub fn role_in(arn: &str) -> Option<&str> {
    arn.split(":assumed-role/").nth(1)?.split('/').next()
}

/// The project in a service account's e-mail.
pub fn project_of(email: &str) -> Option<Arc<str>> {
    let (local, domain) = email.split_once('@')?;
    if let Some(project) = domain.strip_suffix(".iam.gserviceaccount.com") {
        return Some(project.into());
    }
    (domain == "appspot.gserviceaccount.com").then(|| local.into())
}
