//! Where and when what is looked for can stand at all, so that what was read before it was known need not be read again.
//!
//! An ARN names its account, what was made lies in one, a minted key is in no record before its minting. Whatever else is
//! looked for may be anywhere. What bounds nothing here may still be bounded by its own text. Pure; the investigation alone asks it.

use super::attribute::Attributed;
use super::graph::{Graph, role_of_session};
use super::root;
use crate::cloud::Bound;
use crate::model::Time;
use crate::model::event::{Fact, Signal};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Clocks of services and regions differ by seconds; an hour is beyond all doubt.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// Returns the bounds of these ids; one that is not in it is bounded by nothing.
pub fn bounds(graph: &Graph, made: &Attributed, ids: &BTreeSet<Arc<str>>) -> BTreeMap<Arc<str>, Bound> {
    let mut all = Bounds::default();
    all.of_closure(graph);
    for (name, accounts) in made.places() {
        accounts.iter().for_each(|account| all.put(name, in_account(account)));
    }
    let free: BTreeSet<Arc<str>> = free(graph);
    ids.iter()
        .filter_map(|id| {
            let own = if free.contains(id) { None } else { all.0.get(id).cloned() };
            Some((id.clone(), own.unwrap_or_default().or_of_arn(id)?))
        })
        .collect()
}

#[derive(Default)]
struct Bounds(BTreeMap<Arc<str>, Bound>);

impl Bounds {
    fn put(&mut self, id: &Arc<str>, bound: Bound) {
        match self.0.get_mut(id) {
            Some(known) => *known = known.join(&bound),
            None => drop(self.0.insert(id.clone(), bound)),
        }
    }

    fn of_closure(&mut self, graph: &Graph) {
        for node in &graph.nodes {
            let minted = node.issued_at.filter(|_| is_minted(&node.id) && node.event.is_some());
            self.put(&node.id, minted.map_or_else(Bound::default, since));
            if let Some(arn) = &node.principal {
                self.put(arn, Bound::default());
                role_of_session(arn).iter().for_each(|role| self.put(role, Bound::default()));
            }
            if let Some(id) = &node.principal_id {
                let account = node.account.as_ref().filter(|account| !account.is_empty());
                self.put(id, account.map_or_else(Bound::default, in_account));
            }
        }
        for made in &graph.made {
            for name in made.resource.all_names() {
                self.put(name, in_account(&made.resource.account));
            }
        }
        for (event, _) in graph.owned().filter(|(_, owner)| owner.is_some()) {
            for fact in &event.facts {
                // Both name what lies in the account that the record is of.
                if let Fact::Granted { on: name, .. } | Fact::Signal(Signal { subject: name, .. }) = fact {
                    self.put(name, in_account(&event.scope.account));
                }
            }
            if let Some(shared) = &event.shared {
                // Copies of one call bear one time.
                let until = event.at.checked_add(SLACK).ok();
                self.put(shared, Bound { until, ..since(event.at) });
            }
        }
    }
}

/// What is looked for besides, for which nothing is known.
fn free(graph: &Graph) -> BTreeSet<Arc<str>> {
    let principal = graph.evidence.principal;
    let seed = [&principal.arn, &principal.email, &principal.unique_id, &principal.key];
    let mut free: BTreeSet<Arc<str>> = seed.into_iter().flatten().cloned().collect();
    free.insert(principal.id.clone());
    free.extend(graph.seed_user());
    free.extend(root::ids_to_look_for(graph));
    free
}

fn in_account(account: &Arc<str>) -> Bound {
    Bound { account: Some(account.clone()).filter(|account| !account.is_empty()), ..Bound::default() }
}

fn since(at: Time) -> Bound {
    Bound { from: at.checked_sub(SLACK).ok(), ..Bound::default() }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit())
}

/// A key, whose id the cloud draws by chance when it mints it.
fn is_minted(id: &str) -> bool {
    (id.len() >= 16 && (id.starts_with("AKIA") || id.starts_with("ASIA")))
        || (id.len() == 40 && id.bytes().all(|c| c.is_ascii_hexdigit()))
}

impl Bound {
    /// With the account that an ARN names; `None` when nothing bounds it.
    fn or_of_arn(mut self, id: &str) -> Option<Bound> {
        if self.account.is_none() && id.starts_with("arn:") {
            self.account = id.split(':').nth(4).filter(|account| is_account(account)).map(Arc::from);
        }
        (self != Bound::default()).then_some(self)
    }
}
