//! Drives sources for what the investigation wants: de-duplication, coverage, evidence, gaps, until nothing new is asked.
//!
//! Files are read once, in the order in which they were delivered: what is learnt on the way is looked for from there on, and
//! only files read before that are looked at again ([`scan`]). A source that answers questions is asked pass after pass
//! ([`passes`]). Only hits are kept as evidence and read in full. Names `cloud`, `read` and `analyze`; the command calls it.

use crate::analyze::Investigation;
use crate::cloud::LogSource;
use crate::model::Gap;
use crate::model::report::{Counts, CoveredScope};
use crate::progress::Progress;
use crate::read::Head;
use std::sync::atomic::AtomicBool;

mod distinct;
mod grams;
mod needles;
mod packed;
mod parts;
mod passes;
mod remembered;
mod scan;
mod settle;
mod tally;

pub use packed::{Packed, Packer};
pub use passes::{Live, collect_live};
pub use remembered::{
    Counted, Holds, Memory, NoNotes, Note, Numbers, Remembered, TakeNumbers, Visit, Wanted, fingerprint,
    read_numbers, read_wanted,
};
pub use settle::{Settle, Settling};

/// Where evidence goes before anyone interprets it.
pub trait Keep: Sync {
    /// Saves a record as received; `false` when these bytes can't be kept as a record.
    fn save(&self, raw: &[u8], head: &Head) -> anyhow::Result<bool>;
}

/// What the corpus was, so that a case can be opened again without it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    pub counts: Counts,
    pub scopes: Vec<CoveredScope>,
    pub gaps: Vec<Gap>,
    /// Whether every shard was read to its end.
    pub complete: bool,
}

/// So many unreadable places of one shard are named; the rest are counted. A file of rubbish must not drown the report.
const NAMED_PER_SHARD: usize = 20;
/// Events handed over at once: fewer locks than one by one, little memory.
const BATCH: usize = 256;

const NOT_KEPT: &str = "it is no single JSON record that could be kept as evidence";

/// Why a record was not taken.
enum Refusal {
    Unreadable(String),
    /// Evidence could not be saved: going on would conclude from what is not kept.
    Failure(anyhow::Error),
}

/// Collects until the investigation wants nothing more, or `stop` is set. Returns what the corpus was.
pub fn collect(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
) -> anyhow::Result<Corpus> {
    match source.is_live() {
        true => collect_by_passes(source, investigation, keep, progress, stop),
        false => scan::scan(source, investigation, keep, progress, stop, Memory::default(), &NoNotes),
    }
}

/// The same of files, from where earlier runs left off; `note` hears of each file that is done.
pub fn collect_on(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
    memory: Memory,
    note: &dyn Note,
) -> anyhow::Result<Corpus> {
    scan::scan(source, investigation, keep, progress, stop, memory, note)
}

/// The same, pass after pass over everything, for each thing learnt: slower by the length of the chain, and so simple that the
/// other is held against it.
pub fn collect_by_passes(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
) -> anyhow::Result<Corpus> {
    collect_live(source, investigation, keep, progress, stop, &mut Live::default())
}

/// Tells the investigation what the corpus was.
pub fn tell(investigation: &mut Investigation, corpus: &Corpus) {
    investigation.counted(&corpus.counts);
    for scope in &corpus.scopes {
        investigation.covered(scope.clone());
    }
    for gap in &corpus.gaps {
        investigation.missed(gap.clone());
    }
    if !corpus.complete {
        investigation.interrupted();
    }
}
