//! What is counted of a corpus: records, duplicates, and what was covered. Pure, and the same in any order.

use crate::model::Gap;
use crate::model::report::{Counts, CoveredScope};
use crate::read::{Head, RecordKind};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;

/// Sets of identities are split so that threads rarely meet.
const STRIPES: usize = 64;

#[derive(Default)]
pub(super) struct Tallies {
    pub counts: Counts,
    pub scopes: Scopes,
    pub gaps: Vec<Gap>,
    /// Records that were kept and were not before.
    pub saved: u64,
    /// What a live source read.
    pub inputs: BTreeSet<String>,
}

/// By account, region and kind of log.
pub(super) type Scopes = BTreeMap<(String, String, String), CoveredScope>;

/// Counts a record, and whether it was there before; of other kinds, and of what was read in an earlier pass, only what is new.
pub(super) fn count_new(head: &Head, seen: &Identities, is_again: bool, here: &mut Tallies) {
    let is_new = seen.insert(head.identity);
    if is_again && !is_new {
        return;
    }
    here.counts.duplicates += u64::from(!is_new);
    here.counts.other_records += u64::from(is_new && head.kind == RecordKind::Other);
    count(head, here);
}

/// Counts a record and where and when it is from.
pub(super) fn count(head: &Head, here: &mut Tallies) {
    here.counts.records_read += 1;
    if head.kind == RecordKind::Other {
        return;
    }
    let scope = CoveredScope {
        account: head.account.clone(),
        region: head.region.clone(),
        source: head.source.to_owned(),
        seen: true,
        from: head.at,
        to: head.at,
        records: 1,
    };
    here.scope(scope);
}

impl Tallies {
    /// Adds records of a scope.
    pub fn scope(&mut self, scope: CoveredScope) {
        let key = (scope.account.clone(), scope.region.clone(), scope.source.clone());
        join(self.scopes.entry(key).or_insert_with(|| empty(&scope)), &scope);
    }
}

fn empty(scope: &CoveredScope) -> CoveredScope {
    CoveredScope { from: None, to: None, records: 0, ..scope.clone() }
}

pub(super) fn join_all(known: &mut Scopes, more: Scopes) {
    for (key, scope) in more {
        join(known.entry(key).or_insert_with(|| empty(&scope)), &scope);
    }
}

fn join(known: &mut CoveredScope, more: &CoveredScope) {
    known.seen |= more.seen;
    known.records += more.records;
    known.from = [known.from, more.from].into_iter().flatten().min();
    known.to = [known.to, more.to].into_iter().flatten().max();
}

/// Identities of records, 16 bytes each.
pub(super) struct Identities(Vec<Mutex<HashSet<u128>>>);

impl Default for Identities {
    fn default() -> Identities {
        Identities((0..STRIPES).map(|_| Mutex::default()).collect())
    }
}

impl Identities {
    /// Returns whether it is new.
    pub fn insert(&self, identity: u128) -> bool {
        self.0[(identity % STRIPES as u128) as usize]
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(identity)
    }
}
