//! The seed: which actors are it, which of its keys leaked, which addresses tell the thief from the owners.

use super::words::*;
use super::*;

impl<'a> Graph<'a> {
    pub(super) fn of_seed(evidence: Evidence<'a>) -> Graph<'a> {
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

    /// Learns which keys leaked and which addresses tell attacker and owners apart.
    pub(super) fn learn_taint(&mut self) {
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
    pub(super) fn sightings(&self) -> impl Iterator<Item = Sighting<'a>> + use<'a> {
        let kept = self.events().map(|event| (&event.actor, event.at, event.address.as_ref()));
        let plain = self.plain().map(|(key, tally)| (&*key.actor, tally.first, key.address.as_ref()));
        kept.chain(plain)
    }

    pub(super) fn is_seed_principal(&self, who: &str) -> bool {
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

    pub(super) fn own_seed(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Owner {
        Owner { node: 0, strength: Strength::Exact, confidence: self.taint.class(actor, at, address) }
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
}
