//! The events of the closure one by one, for formats that tell a story event by event. Called by `investigation` alone.

use super::graph::Graph;
use super::usage::{sightings, without_secrets};
use crate::model::dossier::Moment;

/// Returns every event of the principal and of everything derived, oldest first, a call's copies in several accounts once.
pub fn timeline(graph: &Graph) -> Vec<Moment> {
    let mut all: Vec<Moment> = sightings(graph)
        .iter()
        .filter_map(|seen| {
            let event = seen.event?;
            let credential = graph.nodes[seen.owner.node].id.clone();
            Some(Moment {
                at: event.at,
                event: event.id.clone(),
                provider: event.provider,
                action: event.action.clone(),
                outcome: event.outcome.clone(),
                read_only: event.read_only,
                credential,
                depth: graph.nodes[seen.owner.node].depth,
                principal: event.actor.principal.clone(),
                principal_id: event.actor.principal_id.clone(),
                address: event.address.clone(),
                user_agent: event.user_agent.as_ref().map(without_secrets),
                account: event.scope.account.clone(),
                region: event.scope.region.clone(),
                confidence: seen.owner.confidence,
            })
        })
        .collect();
    all.sort_by(|a, b| (a.at, &a.event, &a.action).cmp(&(b.at, &b.event, &b.action)));
    all
}
