//! One round of the closure: what the present nodes issued, entered and made becomes nodes of its own.

use super::words::*;
use super::*;

impl<'a> Graph<'a> {
    /// Takes the made identities whole, once nothing more exact is to be found. Returns whether that was news.
    pub(super) fn promote(&mut self) -> bool {
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

    /// One round of the closure: gathers what the present nodes issued and made, in a fixed order.
    pub(super) fn round(&mut self) {
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
    pub(super) fn began(&mut self, arn: Arc<str>, second: i64, node: usize, is_sign_in: bool) {
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
    pub(super) fn belongs(&mut self, principal: Arc<str>, owner: (usize, Time)) {
        self.known(&principal, owner.0);
        self.by_principal.insert(principal, owner);
    }

    /// Notes that a node is known by a name, so that events which bear the name are looked at again.
    pub(super) fn known(&mut self, name: &Arc<str>, node: usize) {
        self.agenda.look_again(self.index.readers(name));
        self.known_as[node].insert(name.clone());
    }

    pub(super) fn child(&self, event: &Event, issued: &Issued, parent: Owner, strength: Strength) -> Node {
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
    pub(super) fn minter(
        &mut self,
        event: &Event,
        issued: &Issued,
        owner: Option<Owner>,
    ) -> Option<(Owner, Strength)> {
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
    pub(super) fn let_in(&mut self, event: &Event, issued: &Issued) -> Option<Owner> {
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
    pub(super) fn first_edit(
        &self,
        role: &str,
        account: Option<&str>,
        caller: &str,
    ) -> Option<(Time, Owner)> {
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

    pub(super) fn signed_in(
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

    pub(super) fn make(&mut self, resource: &ResourceRef, owner: Owner, event: &Event) {
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
    pub(super) fn sessions_of_made_compute(&self, named: &BTreeSet<Arc<str>>) -> Vec<Node> {
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

    pub(super) fn add(&mut self, node: Node) {
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
    pub(super) fn confirm(&mut self, taken: usize, node: Node) {
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
}
