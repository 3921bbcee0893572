//! Where and when what is looked for can stand at all, so that what was read before it was known need not be read again.
//!
//! An ARN names its account, what was made lies in one, an id that the cloud drew is in no record before that. Whatever else is
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
            let is_free = free.contains(id);
            let own = if is_free { None } else { all.known.get(id).cloned() };
            let drawn =
                if is_free { None } else { all.drawn.get(id).and_then(|at| at.checked_sub(SLACK).ok()) };
            let own = own.unwrap_or_default();
            Some((id.clone(), Bound { from: drawn.or(own.from), ..own }.or_of_arn(id)?))
        })
        .collect()
}

#[derive(Default)]
struct Bounds {
    /// What bounds each, whatever it stands for.
    known: BTreeMap<Arc<str>, Bound>,
    /// When the cloud drew an id by chance: that bounds it even where it is also known as something else.
    drawn: BTreeMap<Arc<str>, Time>,
}

impl Bounds {
    fn put(&mut self, id: &Arc<str>, bound: Bound) {
        match self.known.get_mut(id) {
            Some(known) => *known = known.join(&bound),
            None => drop(self.known.insert(id.clone(), bound)),
        }
    }

    fn drew(&mut self, id: &Arc<str>, at: Time) {
        self.drawn.entry(id.clone()).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }

    fn of_closure(&mut self, graph: &Graph) {
        for node in &graph.nodes {
            self.put(&node.id, Bound::default());
            if let Some(at) = node.issued_at.filter(|_| is_minted(&node.id) && node.event.is_some()) {
                self.drew(&node.id, at);
            }
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
            if is_drawn(made.resource.kind, &made.resource.id) {
                self.drew(&made.resource.id, made.at);
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

/// What the cloud numbers by chance when it makes it, and nobody can choose: `i-0a1b2c3d4e5f60718`, a machine's number.
fn is_drawn(kind: &str, id: &str) -> bool {
    match kind {
        "aws.ec2.instance" => id.strip_prefix("i-").is_some_and(|rest| {
            matches!(rest.len(), 8 | 17) && rest.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        }),
        "gcp.compute.instance" => (15..=20).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_digit()),
        _ => false,
    }
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
