//! Entries of which a filter met some parts and not all: the rest is asked for by what they share.

use super::chain::Job;
use super::filter;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// More parts no entry has.
const MOST: u32 = 1_000;

/// Parts that were met: by log and what they share.
#[derive(Default)]
pub(super) struct Split(BTreeMap<(String, String), Met>);

struct Met {
    total: u32,
    parts: BTreeSet<u32>,
    /// Jobs that met one.
    by: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    log_name: String,
    split: Shared,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shared {
    uid: String,
    #[serde(default)]
    index: u32,
    total_splits: u32,
}

impl Split {
    /// Notes a record when it is a part.
    pub fn see(&mut self, job: usize, record: &str) {
        if !record.contains("\"split\"") {
            return;
        }
        let Ok(Record { log_name, split }) = serde_json::from_str(record) else { return };
        let met = self.0.entry((log_name, split.uid)).or_insert_with(|| Met {
            total: split.total_splits.min(MOST),
            parts: BTreeSet::new(),
            by: job,
        });
        met.parts.insert(split.index);
    }

    /// What is still to be asked, where it was met: that job's logs, for entries that are not whole.
    pub fn jobs(&self, of: &[Job]) -> Vec<Job> {
        let mut left: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for ((_, uid), met) in &self.0 {
            if (0..met.total).any(|index| !met.parts.contains(&index)) {
                left.entry(met.by).or_default().insert(uid);
            }
        }
        let mut jobs = Vec::new();
        for (number, uids) in left {
            let Some(job) = of.iter().find(|job| job.number == number) else { continue };
            for terms in filter::parts(uids) {
                let terms: Option<Arc<str>> = Some(terms.into());
                jobs.push(Job { number: jobs.len(), terms, ..job.clone() });
            }
        }
        jobs
    }
}
