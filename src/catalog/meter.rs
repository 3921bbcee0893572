//! What a record tells of how much something is billed for: one row per event, words by their paths.
//!
//! Beside the event rules, because prices need other fields than attribution does. `read` alone asks it.

mod aws;
mod gcp;

use super::{Record, path};
use crate::model::meter::{Metered, Reading, Words};
use crate::model::{Fact, Provider, ResourceRef};
use std::sync::Arc;

/// One event of a service. What it is about is named by the event rules' facts of that kind, else by `id`.
pub(crate) struct Row {
    pub source: &'static str,
    /// As in [`super::Row::events`].
    pub events: &'static str,
    pub kind: &'static str,
    pub id: &'static str,
    pub reading: Reading,
    /// Word and paths. A word is told only where all that the paths lead to agree.
    pub words: &'static [(&'static str, &'static str)],
    /// Words that are lists of things, each with a size.
    pub lists: Option<fn(&Record, &mut Words)>,
}

/// Returns what the record tells; `facts` are those of the event rules.
pub fn metered(record: &Record, facts: &[Fact]) -> Vec<Metered> {
    let rows = match record.provider {
        Provider::Aws => aws::ROWS,
        Provider::Gcp => gcp::ROWS,
    };
    let mut told = Vec::new();
    let is_meant =
        |row: &&Row| row.source == record.source && row.events.split('|').any(|event| event == record.event);
    for row in rows.iter().filter(is_meant) {
        let mut words = Words::new();
        for (word, paths) in row.words {
            if let [only] = &record.all(paths)[..] {
                words.insert(word, only.clone());
            }
        }
        if let Some(lists) = row.lists {
            lists(record, &mut words);
        }
        if row.reading == Reading::Sized && words.is_empty() {
            continue;
        }
        let about = resources(row, record, facts);
        told.extend(about.into_iter().map(|resource| Metered {
            resource,
            reading: row.reading,
            words: words.clone(),
        }));
    }
    told
}

fn resources(row: &Row, record: &Record, facts: &[Fact]) -> Vec<ResourceRef> {
    let of_facts: Vec<ResourceRef> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Created(resource) | Fact::Touched { resource, .. } if resource.kind == row.kind => {
                Some(resource.clone())
            }
            _ => None,
        })
        .collect();
    if of_facts.is_empty() && !row.id.is_empty() {
        return record.resources(row.kind, row.id, "");
    }
    of_facts
}

/// Writes the things at `list` as `<count>*<name>`, sorted, comma between: the texts at the first path that leads to any.
fn pairs(record: &Record, words: &mut Words, word: &'static str, list: &str, count: &str, name: &str) {
    let text = |item, paths| path::resolve(item, paths, record.event).into_iter().next();
    let mut all: Vec<String> = record
        .values(list)
        .into_iter()
        .filter_map(|item| {
            let count: u64 = text(item, count)?.parse().ok()?;
            let name: Arc<str> = text(item, name).unwrap_or_default();
            Some(format!("{count}*{}", name.rsplit('/').next().unwrap_or_default()))
        })
        .collect();
    all.sort();
    if !all.is_empty() {
        words.insert(word, all.join(",").into());
    }
}
