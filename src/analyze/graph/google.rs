//! What only Google has: owners told apart by taint, delegation hops, subjects of pools that the closure made.

use super::words::*;
use super::*;

impl<'a> Graph<'a> {
    pub(super) fn gcp_owner(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Owner> {
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
    pub(super) fn bare_key_owner(
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
    pub(super) fn learn_addresses(&mut self) -> bool {
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
    pub(super) fn subjects_of_made_pools(&self) -> Vec<Node> {
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
    pub(super) fn tainted_hop(
        &self,
        actor: &Actor,
        at: Time,
        address: Option<&Arc<str>>,
    ) -> Option<Confidence> {
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

    /// Google: every hop of a delegation chain that begins with one of ours is an impersonation.
    pub(super) fn delegations(&self, event: &Event, born: &mut Vec<Node>) {
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
}
