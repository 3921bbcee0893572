//! The backward walk: who made the credential that leaked, and who made theirs, to the root event.

use super::graph::{Graph, issued};
use super::usage::FirstUse;
use crate::model::report::{Hop, Root};
use crate::model::{Event, event::Minter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A walk longer than any real chain ends; role juggling could otherwise be walked for ever.
const MAX_HOPS: usize = 64;

/// Walks back from the seed as far as the evidence reaches.
pub fn walk(graph: &Graph) -> Root {
    let seed = graph.nodes[0].id.clone();
    let mut chain = vec![seed.clone()];
    let mut hops = Vec::new();
    let mut event = None;
    let mut here: Vec<Arc<str>> = seed_names(graph);
    let mut walked: BTreeSet<Arc<str>> = here.iter().cloned().collect();
    // Whether `here` was reached as the origin of a delegation: it signed with a credential of its own.
    let mut is_origin = false;
    let ends = loop {
        let Some((minting, minted, minter)) = minting(graph, &here) else {
            let chained = if is_origin { None } else { impersonation(graph, &here) };
            if let Some((used, origins)) = chained {
                event = event.or_else(|| Some(used.id.clone()));
                let mut to = chain[chain.len() - 1].clone();
                for from in origins {
                    hops.push(Hop {
                        via: "serviceAccountDelegationInfo".into(),
                        ..hop(used, from.clone(), to)
                    });
                    chain.push(from.clone());
                    to = from;
                }
                if !walked.insert(to.clone()) || hops.len() >= MAX_HOPS {
                    break format!("the walk came back to {to}");
                }
                here = keys_of(graph, &to, used);
                here.push(to);
                is_origin = true;
                continue;
            }
            break format!("no record seen here says who made {}", chain[chain.len() - 1]);
        };
        // A service account leaked through one of its keys: the key is a link of its own.
        let is_key_of_account = is_origin || graph.leaked_keys().contains(&minted);
        if !chain.contains(&minted) && is_key_of_account {
            chain.push(minted.clone());
        }
        is_origin = false;
        let (from, ends) = match minter {
            Minter::Actor => match caller(graph, minting) {
                Some(from) => (from, None),
                None => break format!("the record that made {minted} does not name its caller"),
            },
            Minter::Compute { service, name } => {
                let launcher = launch(graph, name);
                hops.push(hop(minting, name.clone(), minted.clone()));
                chain.push(name.clone());
                event = Some(minting.id.clone());
                match launcher {
                    Some(launch) => match caller(graph, launch) {
                        Some(from) => {
                            hops.push(hop(launch, from.clone(), name.clone()));
                            event = Some(launch.id.clone());
                            chain.push(from.clone());
                            if !walked.insert(from.clone()) || hops.len() >= MAX_HOPS {
                                break format!("the walk came back to {from}");
                            }
                            here = vec![from];
                            continue;
                        }
                        None => break format!("the launch of {name} does not name its caller"),
                    },
                    None => {
                        break format!("{service} minted it for {name}; no record seen here launched that");
                    }
                }
            }
            Minter::External { issuer, subject } => {
                (subject.clone(), Some(format!("entered from outside through {issuer}")))
            }
        };
        hops.push(hop(minting, from.clone(), minted.clone()));
        event = Some(minting.id.clone());
        chain.push(from.clone());
        if let Some(ends) = ends {
            break ends;
        }
        if !walked.insert(from.clone()) || hops.len() >= MAX_HOPS {
            break format!("the walk came back to {from}");
        }
        here = vec![from];
    };
    chain.reverse();
    hops.reverse();
    Root { chain, event, hops, ends }
}

impl Root {
    /// Where no record shows the making, the root event is the first use from an address that is news.
    pub(super) fn or_first_new_use(mut self, first: Option<FirstUse>) -> Root {
        if let (None, Some(first)) = (&self.event, first) {
            self.ends =
                format!("{}; first used from the new address {} at {}", self.ends, first.address, first.at);
            self.event = Some(first.event);
        }
        self
    }
}

/// Returns what records of the walk so far may be found by: each caller's own credential.
pub fn ids_to_look_for(graph: &Graph) -> BTreeSet<Arc<str>> {
    let walked = walk(graph);
    let hops = walked.hops.into_iter().flat_map(|hop| [hop.from, hop.to]);
    walked.chain.into_iter().chain(hops).collect()
}

fn seed_names(graph: &Graph) -> Vec<Arc<str>> {
    let principal = graph.evidence.principal;
    let mut names: Vec<Arc<str>> = graph.leaked_keys();
    names.push(principal.id.clone());
    names.extend([&principal.arn, &principal.email].into_iter().flatten().cloned());
    names
}

/// The event that minted or made one of these, oldest first: a credential by id, a user or service account by name.
fn minting<'a>(graph: &Graph<'a>, names: &[Arc<str>]) -> Option<(&'a Event, Arc<str>, &'a Minter)> {
    static BY_ACTOR: Minter = Minter::Actor;
    let events: Vec<&'a Event> = graph.events().filter(|event| graph.succeeded(event)).collect();
    let by_id = events.iter().find_map(|event| {
        // The caller's own copy knows the key; another account's copy only knows the account.
        // A token minted for an account says who may use it, not who made it.
        issued(event)
            .find(|issued| issued.kind != "gcp.impersonation" && names.contains(&issued.id))
            .map(|issued| (best_copy(&events, event), issued.id.clone(), &issued.minter))
    });
    by_id.or_else(|| {
        events.iter().find_map(|event| {
            event.facts.iter().find_map(|fact| match fact {
                crate::model::Fact::Created(resource)
                    if matches!(
                        resource.kind,
                        "aws.iam.user" | "aws.iam.role" | "gcp.iam.service_account"
                    ) =>
                {
                    let name = resource.all_names().find(|name| names.contains(name))?;
                    Some((*event, name.clone(), &BY_ACTOR))
                }
                _ => None,
            })
        })
    })
}

/// Who signed as this Google identity: of several delegation chains the one most used, nearest impersonator first.
fn impersonation<'a>(graph: &Graph<'a>, names: &[Arc<str>]) -> Option<(&'a Event, Vec<Arc<str>>)> {
    let mut chains: BTreeMap<Vec<Arc<str>>, (usize, &'a Event)> = BTreeMap::new();
    for event in graph.events().filter(|event| graph.succeeded(event)) {
        if !event.actor.principal.as_ref().is_some_and(|principal| names.contains(principal)) {
            continue;
        }
        let hops = event.actor.delegation.iter();
        let chain: Vec<Arc<str>> =
            hops.filter(|hop| !hop.is_empty() && !super::taint::is_service_agent(hop)).cloned().collect();
        if !chain.is_empty() {
            chains.entry(chain).or_insert((0, event)).0 += 1;
        }
    }
    let (chain, (_, event)) =
        chains.into_iter().max_by_key(|(_, (count, event))| (*count, std::cmp::Reverse(event.at)))?;
    Some((event, chain))
}

/// The keys that an account was seen to sign with from where it impersonated.
fn keys_of(graph: &Graph, email: &Arc<str>, used: &Event) -> Vec<Arc<str>> {
    let keys = graph
        .events()
        .filter(|event| event.actor.principal.as_ref() == Some(email) && event.address == used.address)
        .filter_map(|event| event.actor.key.clone());
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

fn best_copy<'a>(events: &[&'a Event], event: &'a Event) -> &'a Event {
    if event.actor.key.is_some() || event.shared.is_none() {
        return event;
    }
    events
        .iter()
        .copied()
        .find(|other| {
            other.shared == event.shared && other.action == event.action && other.actor.key.is_some()
        })
        .unwrap_or(event)
}

fn caller(graph: &Graph, event: &Event) -> Option<Arc<str>> {
    let actor = &event.actor;
    let origin =
        actor.delegation.iter().rev().find(|hop| !hop.is_empty() && !super::taint::is_service_agent(hop));
    // A key that some record minted leads on; else the principal itself is the better name.
    let key = actor.key.clone().filter(|key| graph.is_issued(key));
    key.or_else(|| origin.cloned())
        .or_else(|| actor.key.clone())
        .or_else(|| actor.principal.clone())
        .or_else(|| actor.principal_id.clone())
        .or_else(|| actor.account.clone())
}

fn launch<'a>(graph: &Graph<'a>, name: &str) -> Option<&'a Event> {
    graph.events().filter(|event| graph.succeeded(event)).find(|event| {
        event.facts.iter().any(|fact| match fact {
            crate::model::Fact::Created(resource) => resource.all_names().any(|n| **n == *name),
            _ => false,
        })
    })
}

fn hop(event: &Event, from: Arc<str>, to: Arc<str>) -> Hop {
    Hop {
        from,
        to,
        via: event.action.clone(),
        event: event.id.clone(),
        at: event.at,
        address: event.address.clone(),
        account: Some(event.scope.account.clone()).filter(|account| !account.is_empty()),
    }
}
