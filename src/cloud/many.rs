//! Several sources as one: event history, trails and whatever else holds records of the same incident.

use super::{LogSource, Query, Raw, Shard, Take};
use crate::model::Gap;
use std::ops::ControlFlow;

pub struct Many<'a>(pub Vec<&'a dyn LogSource>);

impl LogSource for Many<'_> {
    fn about(&self) -> String {
        self.0.iter().map(|source| source.about()).collect::<Vec<_>>().join(" and ")
    }

    fn shards(&self, query: &Query) -> Vec<Shard> {
        self.0.iter().flat_map(|source| source.shards(query)).collect()
    }

    fn fetch(
        &self,
        query: &Query,
        shard: &Shard,
        sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> Vec<Gap> {
        match self.0.iter().find(|source| source.shards(query).contains(shard)) {
            Some(source) => source.fetch(query, shard, sink),
            None => vec![Gap::unread(&shard.name, "no source knows it")],
        }
    }

    fn drive(&self, query: &Query, _shards: &[Shard], to: &dyn Take) {
        for source in &self.0 {
            if !to.is_stopped() {
                source.drive(query, &source.shards(query), to);
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
