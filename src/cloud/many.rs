//! Several sources as one: event history, trails and whatever else holds records of the same incident.

use super::{LogSource, Query, Shard, Take};
use crate::model::Gap;

pub struct Many<'a>(pub Vec<&'a dyn LogSource>);

impl LogSource for Many<'_> {
    fn about(&self) -> String {
        self.0.iter().map(|source| source.about()).collect::<Vec<_>>().join(" and ")
    }

    fn shards(&self, query: &Query) -> Vec<Shard> {
        self.0.iter().flat_map(|source| source.shards(query)).collect()
    }

    fn drive(&self, query: &Query, shards: &[Shard], to: &dyn Take) {
        let mut left = shards;
        for source in &self.0 {
            // In the order in which they told their shards.
            let (own, rest) = left.split_at(source.shards(query).len().min(left.len()));
            left = rest;
            if !to.is_stopped() {
                source.drive(query, own, to);
            }
        }
    }

    fn is_live(&self) -> bool {
        self.0.iter().any(|source| source.is_live())
    }

    fn left(&self) -> Vec<Gap> {
        self.0.iter().flat_map(|source| source.left()).collect()
    }
}
