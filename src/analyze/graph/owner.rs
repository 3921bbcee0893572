//! Whose an event is: by key, by session, by a principal taken whole, by compute that the closure launched.

use super::words::*;
use super::*;

impl<'a> Graph<'a> {
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

    pub(super) fn known_key(&self, actor: &Actor) -> Option<Owner> {
        let node = [&actor.key, &actor.bearer].into_iter().flatten().find_map(|key| self.by_key.get(key))?;
        Some(self.own(*node, Strength::Exact))
    }

    pub(super) fn own(&self, node: usize, strength: Strength) -> Owner {
        Owner {
            node,
            strength: strength.max(self.nodes[node].strength),
            confidence: self.nodes[node].confidence,
        }
    }

    pub(super) fn aws_owner(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Option<Owner> {
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
    pub(super) fn is_foreign(&self, actor: &Actor, began: Time) -> bool {
        actor.key.as_ref().is_some_and(|key| self.foreign_keys.contains(key))
            && self.issued_to(actor, began).is_none()
    }

    /// The node whose session this is. A role's sessions start at the second of their minting; a sign-in's may be off.
    pub(super) fn session_of(&self, arn: &str, started: i64) -> Option<usize> {
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
    pub(super) fn whole_by(&self, name: &str, id: Option<&str>, at: Time) -> Option<usize> {
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
    pub(super) fn is_gone(&self, resource: &ResourceRef, made: Time, at: Time) -> bool {
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
    pub(super) fn is_profile_gone(&self, node: usize, since: Time, began: Time) -> bool {
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
    pub(super) fn may_sign_as(&self, node: usize, actor: &Actor) -> bool {
        match self.nodes[node].kind {
            "aws.login_profile" => actor.key.as_deref().is_none_or(|key| !key.starts_with("AKIA")),
            _ => true,
        }
    }

    /// A session that was issued to compute which the closure made, though its minting was not seen.
    pub(super) fn compute_owner(&self, actor: &Actor, began: Time) -> Option<Owner> {
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
    pub(super) fn issued_to(&self, actor: &Actor, began: Time) -> Option<&Made> {
        let account = actor.account.as_deref().unwrap_or_default();
        let named = self.compute_named(actor.issued_to.as_ref()?, account);
        before(named.filter(|made| !self.is_gone(&made.resource, made.at, began)), began)
    }
}
