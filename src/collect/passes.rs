//! Pass after pass over a source that answers questions, or that must be asked anew for what became known.
//!
//! A credential found in one pass is looked for in the next, and no order is assumed. Files need no second pass for most of
//! it: [`super::scan`].

use super::needles::Needles;
use super::parts::{self, Parts};
use super::tally::{Identities, Scopes, Tallies, count_new, join_all};
use super::{BATCH, Corpus, Keep, NAMED_PER_SHARD, NOT_KEPT, Refusal, Settling};
use crate::analyze::Investigation;
use crate::cloud::{Ask, Feed, LogSource, Query, Raw, Take};
use crate::model::gap::GapKind;
use crate::model::report::CoveredScope;
use crate::model::{Event, Gap, Provenance};
use crate::progress::Progress;
use crate::read::{self, RecordKind};
use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What a live source needs besides.
#[derive(Default)]
pub struct Live<'a> {
    /// Told after each pass what is known, for the accounts that the chain leads to; returns whether the source reaches
    /// further than before: then everything is asked there too.
    pub reach: Option<&'a mut dyn FnMut(&Investigation) -> bool>,
    /// Asks again for what comes late, until it is quiet.
    pub settle: Option<Settling<'a>>,
}

/// Collects like [`collect`] from a source that answers questions, and goes on asking where it is told to.
pub fn collect_live(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
    live: &mut Live<'_>,
) -> anyhow::Result<Corpus> {
    let seen = Identities::default();
    let saved = Identities::default();
    let mut corpus = Corpus { complete: true, ..Corpus::default() };
    let mut scopes = Scopes::new();
    let mut first = true;
    let mut earlier: HashSet<String> = HashSet::new();
    let mut asked = Asked::default();
    let split = Parts::default();
    loop {
        let Some(mut query) = next(source, investigation, &mut asked, live, stop) else {
            // What there is of entries that will not be whole any more may lead on.
            match rest(&split, investigation, keep, &saved, &mut corpus.gaps)? {
                true => continue,
                false => break,
            }
        };
        let is_live = source.is_live();
        if is_live {
            asked.extend(&mut query);
        } else if query.ids.is_empty() {
            continue;
        }
        let pass = Pass {
            source,
            needles: Needles::of(&query.ids)?,
            query,
            is_live,
            first: (first || is_live).then_some(&seen),
            saved: &saved,
            split: &split,
            keep,
            progress,
            stop,
            investigation: Mutex::new(investigation),
            earlier: &earlier,
            tallies: Mutex::new(Tallies::default()),
            failure: Mutex::new(None),
        };
        let tallies = pass.run()?;
        asked.news |= tallies.saved > 0;
        if first || is_live {
            corpus.counts.records_read += tallies.counts.records_read;
            corpus.counts.duplicates += tallies.counts.duplicates;
            corpus.counts.other_records += tallies.counts.other_records;
            join_all(&mut scopes, tallies.scopes);
        }
        corpus.gaps.extend(tallies.gaps);
        earlier.extend(tallies.inputs);
        first = false;
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    if stop.load(Ordering::Relaxed) {
        rest(&split, investigation, keep, &saved, &mut corpus.gaps)?;
        corpus.complete = false;
        corpus.gaps.push(Gap::new(
            GapKind::Interrupted,
            source.about(),
            "the run was cut short before everything was read",
        ));
    }
    corpus.scopes = scopes.into_values().collect();
    corpus.gaps.extend(source.left());
    corpus.gaps.sort();
    corpus.gaps.dedup();
    Ok(corpus)
}

/// Reads what there is of split entries that will not be whole any more; whether there was any.
fn rest(
    split: &Parts,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    saved: &Identities,
    gaps: &mut Vec<Gap>,
) -> anyhow::Result<bool> {
    let left = split.left();
    let any = !left.is_empty();
    for mut joined in left {
        gaps.extend(joined.gap.take());
        match joined.read(keep, saved, &mut 0) {
            Ok(event) => event.into_iter().for_each(|event| investigation.absorb(event)),
            Err(Refusal::Failure(failure)) => return Err(failure),
            // What is missing is told; that the rest is no record by itself says nothing more.
            Err(Refusal::Unreadable(_)) => {}
        }
    }
    Ok(any)
}

/// What was asked so far: a live source's answers are searched for everything that is known, not for what is new alone.
#[derive(Default)]
struct Asked {
    ids: BTreeSet<Arc<str>>,
    asks: BTreeSet<Ask>,
    /// Whether any pass since the last round for late records brought one that was not there before.
    news: bool,
}

impl Asked {
    /// Takes what is new, and makes the query one for all that is known. The source knows what it has answered.
    fn extend(&mut self, query: &mut Query) {
        self.ids.extend(std::mem::take(&mut query.ids));
        self.asks.extend(std::mem::take(&mut query.asks));
        query.ids = self.ids.iter().cloned().collect();
        query.asks = self.asks.iter().cloned().collect();
    }
}

/// The next query: what is new first, then the same where the source reaches further, then the same for what came late.
fn next(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    asked: &mut Asked,
    live: &mut Live<'_>,
    stop: &AtomicBool,
) -> Option<Query> {
    let reaches_further = match &mut live.reach {
        Some(reach) if !asked.asks.is_empty() || !asked.ids.is_empty() => reach(investigation),
        _ => false,
    };
    let query = investigation.wants();
    if query.is_some() || !source.is_live() {
        return query;
    }
    if reaches_further {
        return Some(investigation.same_again());
    }
    let settling = live.settle.as_mut()?;
    let since = settling.next(std::mem::take(&mut asked.news), stop)?;
    let again = investigation.same_again();
    Some(Query { since: again.since.max(Some(since)), again: true, ..again })
}

/// One pass over every shard.
struct Pass<'a> {
    source: &'a dyn LogSource,
    query: Query,
    needles: Needles,
    is_live: bool,
    /// On the first pass, and on every pass of a live source: every identity met, to count duplicates.
    first: Option<&'a Identities>,
    saved: &'a Identities,
    split: &'a Parts,
    keep: &'a dyn Keep,
    progress: &'a Progress,
    stop: &'a AtomicBool,
    investigation: Mutex<&'a mut Investigation>,
    /// What earlier passes read: a live source's files are read again in each, and counted once.
    earlier: &'a HashSet<String>,
    tallies: Mutex<Tallies>,
    failure: Mutex<Option<anyhow::Error>>,
}

impl Pass<'_> {
    fn run(self) -> anyhow::Result<Tallies> {
        let shards = self.source.shards(&self.query);
        let what = if self.is_live { "questions" } else { "files" };
        self.progress.pass(shards.len() as u64, what);
        self.source.drive(&self.query, &shards, &self);
        match self.failure.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            Some(failure) => Err(failure),
            None => Ok(self.tallies.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())),
        }
    }

    fn hand_over(&self, batch: &mut Vec<Event>) {
        let mut investigation = self.investigation.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for event in batch.drain(..) {
            investigation.absorb(event);
        }
    }

    fn record(
        &self,
        raw: Raw<'_>,
        input: &Arc<str>,
        is_again: bool,
        here: &mut Tallies,
        batch: &mut Vec<Event>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let head = match self.first {
            Some(seen) => {
                self.progress.records(1);
                let head = read::head(raw.bytes).map_err(|why| Refusal::Unreadable(why.0))?;
                count_new(&head, seen, is_again, here);
                Some(head)
            }
            None => None,
        };
        if head.as_ref().is_some_and(|head| head.kind == RecordKind::Other) {
            return Ok(());
        }
        let part = match &head {
            None if parts::may_be(raw.bytes) => read::head(raw.bytes).ok(),
            known => known.clone(),
        };
        if let Some((head, part)) = part.as_ref().and_then(|head| Some((head, head.part?))) {
            let seen_in = Provenance { input: input.clone(), line: raw.line };
            if let Some(whole) = self.split.take(part, raw.bytes, head, seen_in, Some(&self.needles)) {
                batch.extend(whole.read(self.keep, self.saved, &mut here.saved)?);
            }
            return Ok(());
        }
        // The provider's own notices (leaks, abuse) name no one that could be searched for: all of them are heard.
        let is_notice = head.as_ref().is_some_and(|head| head.kind == RecordKind::Abuse);
        if !is_notice && !self.needles.hit(raw.bytes, scratch) {
            return Ok(());
        }
        let head = match head {
            Some(head) => head,
            // Unreadable records were named on the first pass.
            None => match read::head(raw.bytes) {
                Ok(head) => head,
                Err(_) => return Ok(()),
            },
        };
        if self.saved.insert(head.identity) {
            here.saved += 1;
            // What can't be kept is not interpreted either: no conclusion without its evidence.
            if !self.keep.save(raw.bytes, &head).map_err(Refusal::Failure)? {
                return Err(Refusal::Unreadable(NOT_KEPT.into()));
            }
        } else if self.first.is_none() || self.is_live {
            // Already read in an earlier pass, or in answer to another question.
            return Ok(());
        }
        let seen_in = Provenance { input: input.clone(), line: raw.line };
        match read::read(raw.bytes, seen_in) {
            Ok(event) => {
                batch.extend(event);
                Ok(())
            }
            Err(why) => Err(Refusal::Unreadable(why.0)),
        }
    }
}

impl Take for Pass<'_> {
    fn part(&self, input: &str, feed: &mut Feed<'_>) {
        let provenance: Arc<str> = input.into();
        let is_again = self.earlier.contains(input);
        let mut here = Tallies::default();
        let mut batch: Vec<Event> = Vec::new();
        let mut unread: Vec<Gap> = Vec::new();
        let mut more = 0_u64;
        let mut scratch = Vec::new();
        let gaps = feed(&mut |raw| {
            if let Err(why) = self.record(raw, &provenance, is_again, &mut here, &mut batch, &mut scratch) {
                match why {
                    Refusal::Unreadable(why) if unread.len() < NAMED_PER_SHARD => {
                        unread.push(Gap::unread(
                            match raw.line {
                                0 => input.to_owned(),
                                line => format!("{input}:{line}"),
                            },
                            why,
                        ));
                    }
                    Refusal::Unreadable(_) => more += 1,
                    Refusal::Failure(failure) => {
                        self.failure.lock().unwrap_or_else(|p| p.into_inner()).get_or_insert(failure);
                        self.stop.store(true, Ordering::Relaxed);
                    }
                }
            }
            if batch.len() >= BATCH {
                self.hand_over(&mut batch);
            }
            if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.hand_over(&mut batch);
        more += gaps.len().saturating_sub(NAMED_PER_SHARD) as u64;
        unread.extend(gaps.into_iter().take(NAMED_PER_SHARD));
        if more > 0 {
            unread.push(Gap::unread(input, format!("{more} more places of this file could not be read")));
        }
        let mut tallies = self.tallies.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        tallies.counts.records_read += here.counts.records_read;
        tallies.counts.duplicates += here.counts.duplicates;
        tallies.counts.other_records += here.counts.other_records;
        tallies.saved += here.saved;
        tallies.gaps.extend(unread);
        if self.is_live {
            tallies.inputs.insert(input.to_owned());
        }
        join_all(&mut tallies.scopes, here.scopes);
    }

    fn covered(&self, scope: CoveredScope) {
        let mut tallies = self.tallies.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let key = (scope.account.clone(), scope.region.clone(), scope.source.clone());
        join_all(&mut tallies.scopes, Scopes::from([(key, scope)]));
    }

    fn ended(&self) {
        self.progress.part();
    }

    fn asks(&self, what: &'static str, who: BTreeSet<Arc<str>>) {
        self.progress.asks(what, who);
    }

    fn done(&self, who: &str, has_answered: bool) {
        self.progress.ended(who, has_answered);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
