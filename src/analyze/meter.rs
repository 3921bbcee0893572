//! Lays what records tell of sizes, starts and stops along the life of each resource, whoever did it; and counts what was
//! used of models.

use super::graph::Graph;
use super::names::{Names, is_one};
use crate::model::meter::{Reading, Turn, Used};
use crate::model::{EventId, ResourceRef, Time};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// An operation's machines are sized by its one request.
const BULK: &str = "gcp.compute.bulk_insert";

pub struct Meters<'a> {
    names: Names,
    all: Vec<(&'a ResourceRef, Turn)>,
    bulk: HashMap<&'a EventId, Turn>,
}

impl<'a> Meters<'a> {
    pub fn of(graph: &Graph<'a>) -> Meters<'a> {
        let mut all = Vec::new();
        let mut bulk = HashMap::new();
        for event in graph.events().filter(|event| graph.succeeded(event)) {
            for metered in event.metered.iter().filter(|metered| metered.reading != Reading::Used) {
                let turn = Turn { at: event.at, reading: metered.reading, words: metered.words.clone() };
                if metered.resource.kind == BULK {
                    bulk.insert(&event.id, turn.clone());
                }
                all.push((&metered.resource, turn));
            }
        }
        all.sort_by(|(a, turn), (b, other)| (turn, a).cmp(&(other, b)));
        Meters { names: Names::of(all.iter().map(|(resource, _)| *resource)), all, bulk }
    }

    /// The readings of one incarnation, oldest first; `by` is the event that made it.
    pub fn of_life(&self, resource: &ResourceRef, by: &EventId, born: Time, died: Option<Time>) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        let mut from = self.all.partition_point(|(_, turn)| turn.at < born);
        while let Some(place) = self.names.first(resource, from, |n| is_one(self.all[n].0, resource)) {
            let turn = &self.all[place].1;
            if died.is_some_and(|died| turn.at > died) {
                break;
            }
            turns.push(turn.clone());
            from = place + 1;
        }
        if let Some(size) = self.bulk.get(by)
            && resource.kind != BULK
            && turns.iter().all(|turn| turn.reading != Reading::Sized)
        {
            let mut size = Turn { at: born, ..size.clone() };
            size.words.remove("count");
            turns.insert(0, size);
        }
        turns.dedup();
        turns
    }
}

/// Counts calls to models by the closure, by model and place.
pub fn used(graph: &Graph) -> Vec<Used> {
    type Key = (&'static str, Arc<str>, Arc<str>, Arc<str>);
    let mut all: BTreeMap<Key, (u64, u64, u64, u64)> = BTreeMap::new();
    for (event, _) in graph.acts() {
        for metered in event.metered.iter().filter(|metered| metered.reading == Reading::Used) {
            let resource = &metered.resource;
            let key = (resource.kind, resource.id.clone(), resource.account.clone(), resource.region.clone());
            let count = |word: &str| metered.words.get(word).and_then(|text| text.parse::<u64>().ok());
            let sum = all.entry(key).or_default();
            sum.0 += 1;
            if let (Some(input), Some(output)) = (count("input"), count("output")) {
                sum.1 += 1;
                sum.2 = sum.2.saturating_add(input);
                sum.3 = sum.3.saturating_add(output);
            }
        }
    }
    all.into_iter()
        .map(|((kind, id, account, region), (calls, counted, input, output))| Used {
            kind,
            id,
            account,
            region,
            calls,
            counted,
            input,
            output,
        })
        .collect()
}
