//! Files, each read once where that is enough.
//!
//! Every shard is searched for all that is known when its turn comes. What is learnt later is looked for in the shards that
//! were read before, and again until nothing new comes up; so no order is assumed, a good one only saves second looks. A
//! delivered file is walked and searched as a whole; of any other, each record is looked at.

use super::distinct::Distinct;
use super::needles::Needles;
use super::parts::{self, Parts};
use super::remembered::{Counted, Holds, Memory, Note, Visit, Wanted};
use super::tally::{Identities, Tallies, count, join_all};
use super::{BATCH, Corpus, Keep, NAMED_PER_SHARD, NOT_KEPT, Refusal};
use crate::analyze::Investigation;
use crate::cloud::unwrap::Shape;
use crate::cloud::{Feed, LogSource, Query, Raw, Shard, Take, Whole};
use crate::model::gap::GapKind;
use crate::model::report::CoveredScope;
use crate::model::{Event, Gap, Provenance, Time};
use crate::progress::Progress;
use crate::read::cloudaudit::lines::Liner;
use crate::read::cloudtrail::delivery::Walker;
use crate::read::delivery::{self, Delivery};
use crate::read::{self, Head, RecordKind, fold};
use serde::de::IgnoredAny;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Of the time that reading takes, this part may be spent on finding out what else to look for: one in so many.
const LEARNING: u32 = 16;
/// Bytes that are read and searched in a nanosecond, about: reckoned and not measured, so that a busy machine does not learn
/// more and read less.
const SPEED: u64 = 1;
/// Searches that are kept ready for further second looks.
const READY: usize = 8;

pub(super) fn scan(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
    memory: Memory,
    note: &dyn Note,
) -> anyhow::Result<Corpus> {
    let mut scan = Scan {
        keep,
        note,
        recalled: HashMap::new(),
        progress,
        stop,
        bytes: AtomicU64::new(0),
        known: RwLock::default(),
        desk: Mutex::new(Desk { investigation, has_news: true, spent: Duration::ZERO }),
        searched: Mutex::default(),
        ready: Mutex::default(),
        identities: Distinct::new(note),
        others: Distinct::new(note),
        saved: Identities::default(),
        parts: Parts::default(),
        tallies: Mutex::default(),
        failure: Mutex::default(),
    };
    scan.recall(memory)?;
    scan.learn(true)?;
    let query = Query::default();
    let all = source.shards(&query);
    let mut shards = scan.unread(&all);
    loop {
        while !shards.is_empty() && !scan.is_stopped() {
            progress.pass(shards.len() as u64, "files");
            source.drive(&query, &shards, &scan);
            scan.failed()?;
            scan.learn(true)?;
            shards = scan.behind(&all);
        }
        if !scan.rest()? || scan.is_stopped() {
            break;
        }
        scan.learn(true)?;
        shards = scan.behind(&all);
    }
    scan.corpus(source)
}

/// What is looked for, in the order in which it was learnt.
#[derive(Clone)]
struct Known {
    wanted: Arc<[Wanted]>,
    needles: Arc<Needles>,
}

/// What is remembered of a shard: for how many of the wanted ids it was searched, and what it can hold at all.
struct Searched {
    up_to: usize,
    /// Absent where not every record's accounts and time are known.
    holds: Option<Holds>,
}

impl Searched {
    fn lacks<'k>(&self, known: &'k Known) -> impl Iterator<Item = &'k Wanted> {
        let after = known.wanted.get(self.up_to..).unwrap_or_default();
        after.iter().filter(|wanted| self.holds.as_ref().is_none_or(|holds| holds.may(wanted)))
    }
}

fn holds_of(found: &Delivery) -> Option<Holds> {
    if found.is_open {
        return None;
    }
    let from = found.scopes.iter().map(|seen| seen.from).min()?;
    let to = found.scopes.iter().map(|seen| seen.to).max()?;
    let own = found.scopes.iter().filter_map(|seen| delivery::account(seen.account.as_bytes()));
    let mut accounts: Vec<u64> = found.accounts.iter().copied().chain(own).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let emails = found.emails.as_deref().map(Box::from);
    Some(Holds { accounts: accounts.into(), emails, from, to })
}

struct Desk<'a> {
    investigation: &'a mut Investigation,
    /// Whether anything was absorbed since it was last asked what it wants.
    has_news: bool,
    /// How long asking took in all.
    spent: Duration,
}

/// Ids and the search for them.
type Search = (Vec<Arc<str>>, Arc<Needles>);

struct Scan<'a> {
    keep: &'a dyn Keep,
    note: &'a dyn Note,
    /// What earlier runs looked for.
    recalled: HashMap<Arc<str>, Vec<Wanted>>,
    progress: &'a Progress,
    stop: &'a AtomicBool,
    /// Bytes that were looked at.
    bytes: AtomicU64,
    known: RwLock<Option<Known>>,
    desk: Mutex<Desk<'a>>,
    searched: Mutex<HashMap<Arc<str>, Searched>>,
    /// Searches for second looks, the newest first.
    ready: Mutex<Vec<Search>>,
    /// Of every record, to count duplicates by.
    identities: Distinct<'a>,
    /// Of records of other kinds, which are counted once.
    others: Distinct<'a>,
    saved: Identities,
    parts: Parts,
    tallies: Mutex<Tallies>,
    failure: Mutex<Option<anyhow::Error>>,
}

thread_local! {
    static WALKERS: RefCell<(Walker, Liner)> = RefCell::default();
}

/// What a shard is searched for, and whether it is counted.
struct Turn {
    needles: Option<Arc<Needles>>,
    /// How many ids it will have been searched for.
    up_to: usize,
    is_first: bool,
}

/// What one shard brought.
#[derive(Default)]
struct Here {
    tallies: Tallies,
    identities: Vec<u64>,
    others: Vec<u64>,
    batch: Vec<Event>,
    unread: Vec<Gap>,
    /// Unreadable places beyond those that are named.
    more: u64,
    /// Whether it holds parts of records.
    is_split: bool,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scan<'_> {
    /// Takes up where earlier runs left off.
    fn recall(&mut self, memory: Memory) -> anyhow::Result<()> {
        if !memory.wanted.is_empty() {
            let ids: Vec<Arc<str>> = memory.wanted.iter().map(|wanted| wanted.id.clone()).collect();
            for wanted in &memory.wanted {
                self.recalled.entry(wanted.id.clone()).or_default().push(wanted.clone());
            }
            let needles = Arc::new(Needles::of(&ids)?);
            *self.known.write().unwrap_or_else(PoisonError::into_inner) =
                Some(Known { wanted: memory.wanted.into(), needles });
        }
        for identity in memory.saved {
            self.saved.insert(identity);
        }
        if let Some(numbers) = &memory.numbers {
            numbers.each(&mut |identities, others| {
                self.identities.add(identities)?;
                self.others.add(others)
            })?;
        }
        let mut tallies = lock(&self.tallies);
        for (file, was) in memory.files {
            tallies.counts.records_read += was.records;
            was.scopes.into_iter().for_each(|scope| tallies.scope(scope));
            tallies.gaps.extend(was.gaps);
            lock(&self.searched).insert(file, Searched { up_to: was.up_to, holds: was.holds });
        }
        Ok(())
    }

    /// The shards that no run has read, or that may hold what they were not searched for.
    fn unread(&self, all: &[Shard]) -> Vec<Shard> {
        let behind: BTreeSet<Shard> = self.behind(all).into_iter().collect();
        let searched = lock(&self.searched);
        let is_due = |shard: &&Shard| !searched.contains_key(&*shard.name) || behind.contains(*shard);
        all.iter().filter(is_due).cloned().collect()
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks what else to look for. In passing only when nobody else does, something was learnt, and it has not cost too much.
    fn learn(&self, must: bool) -> anyhow::Result<()> {
        let mut desk = match must {
            true => lock(&self.desk),
            false => match self.desk.try_lock() {
                Ok(desk) => desk,
                Err(_) => return Ok(()),
            },
        };
        let read = Duration::from_nanos(self.bytes.load(Ordering::Relaxed) / SPEED);
        let is_time = desk.spent * LEARNING <= read;
        if !desk.has_news || !(must || is_time) {
            return Ok(());
        }
        let began = Instant::now();
        desk.has_news = false;
        let wanted = desk.investigation.wants_within();
        if !wanted.is_empty() {
            let mut all = self.known().map(|known| known.wanted.to_vec()).unwrap_or_default();
            let wanted = wanted.into_iter().map(|(id, bound)| Wanted::new(id, bound));
            let is_news = |wanted: &Wanted| {
                let before = self.recalled.get(&wanted.id);
                !before.is_some_and(|before| before.iter().any(|before| before.covers(wanted)))
            };
            let before = all.len();
            all.extend(wanted.filter(is_news));
            if all.len() == before {
                desk.spent += began.elapsed();
                return Ok(());
            }
            let ids: Vec<Arc<str>> = all.iter().map(|wanted| wanted.id.clone()).collect();
            let needles = Arc::new(Needles::of(&ids)?);
            *self.known.write().unwrap_or_else(PoisonError::into_inner) =
                Some(Known { wanted: all.into(), needles });
        }
        desk.spent += began.elapsed();
        Ok(())
    }

    /// The shards that may hold what they were not searched for.
    fn behind(&self, all: &[Shard]) -> Vec<Shard> {
        let Some(known) = self.known() else { return Vec::new() };
        let searched = lock(&self.searched);
        let is_behind = |shard: &&Shard| {
            searched.get(&*shard.name).is_some_and(|seen| seen.lacks(&known).next().is_some())
        };
        all.iter().filter(is_behind).cloned().collect()
    }

    /// What a shard is to be searched for now: all that is known, or what it was not searched for and may hold.
    fn turn(&self, shard: &str) -> anyhow::Result<Turn> {
        let searched = lock(&self.searched);
        let before = searched.get(shard);
        let is_first = before.is_none();
        let Some(known) = self.known() else {
            return Ok(Turn { needles: None, up_to: 0, is_first });
        };
        let up_to = known.wanted.len();
        let Some(before) = before.filter(|before| before.up_to > 0) else {
            return Ok(Turn { needles: Some(known.needles), up_to, is_first });
        };
        let ids: Vec<Arc<str>> = before.lacks(&known).map(|wanted| wanted.id.clone()).collect();
        drop(searched);
        let mut ready = lock(&self.ready);
        let needles = match ready.iter().find(|(of, _)| *of == ids) {
            Some((_, needles)) => needles.clone(),
            None => {
                let needles = Arc::new(Needles::of(&ids)?);
                ready.truncate(READY - 1);
                ready.insert(0, (ids, needles.clone()));
                needles
            }
        };
        Ok(Turn { needles: Some(needles), up_to, is_first })
    }

    fn fail(&self, failure: anyhow::Error) {
        lock(&self.failure).get_or_insert(failure);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn failed(&self) -> anyhow::Result<()> {
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    fn hand_over(&self, batch: &mut Vec<Event>) {
        if batch.is_empty() {
            return;
        }
        let mut desk = lock(&self.desk);
        desk.has_news = true;
        batch.drain(..).for_each(|event| desk.investigation.absorb(event));
    }

    /// Saves and reads a record that may matter.
    fn take(&self, raw: Raw<'_>, head: &Head, input: &Arc<str>, here: &mut Here) -> Result<(), Refusal> {
        if !self.saved.insert(head.identity) {
            return Ok(());
        }
        // What can't be kept is not interpreted either: no conclusion without its evidence.
        if !self.keep.save(raw.bytes, head).map_err(Refusal::Failure)? {
            return Err(Refusal::Unreadable(NOT_KEPT.into()));
        }
        let seen_in = Provenance { input: input.clone(), line: raw.line };
        here.batch.extend(read::read(raw.bytes, seen_in).map_err(|why| Refusal::Unreadable(why.0))?);
        if here.batch.len() >= BATCH {
            self.hand_over(&mut here.batch);
        }
        Ok(())
    }

    /// Reads what there is of split entries that will not be whole any more; whether there was any.
    fn rest(&self) -> anyhow::Result<bool> {
        let left = self.parts.left();
        let any = !left.is_empty();
        for mut joined in left {
            lock(&self.tallies).gaps.extend(joined.gap.take());
            match joined.read(self.keep, &self.saved, &mut 0) {
                Ok(event) => self.hand_over(&mut event.into_iter().collect()),
                Err(Refusal::Failure(failure)) => return Err(failure),
                // What is missing is told; that the rest is no record by itself says nothing more.
                Err(Refusal::Unreadable(_)) => {}
            }
        }
        Ok(any)
    }

    /// Looks at a record by itself.
    fn record(
        &self,
        raw: Raw<'_>,
        turn: &Turn,
        input: &Arc<str>,
        here: &mut Here,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let mut known = None;
        if turn.is_first {
            self.progress.records(1);
            let head = read::head(raw.bytes).map_err(|why| Refusal::Unreadable(why.0))?;
            here.identities.push(head.mark);
            count(&head, &mut here.tallies);
            if head.kind == RecordKind::Other {
                here.others.push(fold(head.identity));
            }
            known = Some(head);
        }
        if known.as_ref().is_some_and(|head| head.kind == RecordKind::Other) {
            return Ok(());
        }
        if known.is_none() && parts::may_be(raw.bytes) {
            // Unreadable records were named the first time.
            known = read::head(raw.bytes).ok().filter(|head| head.part.is_some());
        }
        if let Some((head, part)) = known.as_ref().and_then(|head| Some((head, head.part?))) {
            here.is_split = true;
            let seen_in = Provenance { input: input.clone(), line: raw.line };
            let whole = self.parts.take(part, raw.bytes, head, seen_in, turn.needles.as_deref());
            if let Some(whole) = whole {
                here.batch.extend(whole.read(self.keep, &self.saved, &mut 0)?);
            }
            return Ok(());
        }
        // The provider's own notices (leaks, abuse) name no one that could be searched for: all of them are heard.
        let is_notice = known.as_ref().is_some_and(|head| head.kind == RecordKind::Abuse);
        let is_hit = || turn.needles.as_ref().is_some_and(|needles| needles.hit(raw.bytes, scratch));
        if !is_notice && !{ is_hit }() {
            return Ok(());
        }
        let head = match known {
            Some(head) => head,
            // Unreadable records were named the first time.
            None => match read::head(raw.bytes) {
                Ok(head) if head.kind != RecordKind::Other => head,
                Ok(_) | Err(_) => return Ok(()),
            },
        };
        self.take(raw, &head, input, here)
    }

    fn refused(&self, why: Refusal, input: &str, line: u64, here: &mut Here) {
        match why {
            Refusal::Unreadable(why) if here.unread.len() < NAMED_PER_SHARD => {
                let place = if line == 0 { input.to_owned() } else { format!("{input}:{line}") };
                here.unread.push(Gap::unread(place, why));
            }
            Refusal::Unreadable(_) => here.more += 1,
            Refusal::Failure(failure) => self.fail(failure),
        }
    }

    /// Adds up what a shard brought, and learns from it.
    fn done(&self, input: &Arc<str>, turn: &Turn, holds: Option<Holds>, mut here: Here) {
        self.hand_over(&mut here.batch);
        if here.more > 0 {
            let why = format!("{} more places of this file could not be read", here.more);
            here.unread.push(Gap::unread(&**input, why));
        }
        if !self.is_stopped()
            && let Err(failure) = self.remember(input, turn, holds.as_ref(), &here)
        {
            return self.fail(failure);
        }
        if turn.is_first {
            let mut tallies = lock(&self.tallies);
            tallies.counts.records_read += here.tallies.counts.records_read;
            join_all(&mut tallies.scopes, std::mem::take(&mut here.tallies.scopes));
            drop(tallies);
            let counted = self.identities.add(&here.identities).and_then(|()| self.others.add(&here.others));
            if let Err(failure) = counted {
                return self.fail(failure);
            }
        }
        lock(&self.tallies).gaps.append(&mut here.unread);
        if !self.is_stopped() {
            let mut searched = lock(&self.searched);
            match searched.get_mut(input) {
                // What it can hold was found out the first time.
                Some(seen) => seen.up_to = turn.up_to,
                None => drop(searched.insert(input.clone(), Searched { up_to: turn.up_to, holds })),
            }
        }
        if let Err(failure) = self.learn(false) {
            self.fail(failure);
        }
    }

    fn remember(
        &self,
        input: &Arc<str>,
        turn: &Turn,
        holds: Option<&Holds>,
        here: &Here,
    ) -> anyhow::Result<()> {
        let known = self.known().map(|known| known.wanted);
        let visit = match turn.is_first {
            true => Visit::First(Counted {
                up_to: turn.up_to,
                records: here.tallies.counts.records_read,
                scopes: &here.tallies.scopes,
                gaps: &here.unread,
                identities: &here.identities,
                others: &here.others,
                holds,
                is_split: here.is_split,
            }),
            false => Visit::Again { up_to: turn.up_to, gaps: &here.unread },
        };
        self.note.searched(input, known.as_deref().unwrap_or_default(), visit)
    }

    fn corpus(self, source: &dyn LogSource) -> anyhow::Result<Corpus> {
        let mut corpus = Corpus { complete: !self.is_stopped(), ..Corpus::default() };
        let tallies = self.tallies.into_inner().unwrap_or_else(PoisonError::into_inner);
        corpus.counts = tallies.counts;
        corpus.scopes = tallies.scopes.into_values().collect();
        corpus.gaps = tallies.gaps;
        corpus.counts.duplicates = self.identities.count()?.repeated;
        corpus.counts.other_records = self.others.count()?.distinct;
        if !corpus.complete {
            let why = "the run was cut short before everything was read";
            corpus.gaps.push(Gap::new(GapKind::Interrupted, source.about(), why));
        }
        corpus.gaps.extend(source.left());
        corpus.gaps.sort();
        corpus.gaps.dedup();
        Ok(corpus)
    }
}

impl Take for Scan<'_> {
    fn part(&self, input: &str, feed: &mut Feed<'_>) {
        let turn = match self.turn(input) {
            Ok(turn) => turn,
            Err(failure) => return self.fail(failure),
        };
        let input: Arc<str> = input.into();
        let mut here = Here::default();
        let mut scratch = Vec::new();
        let gaps = feed(&mut |raw| {
            self.bytes.fetch_add(raw.bytes.len() as u64, Ordering::Relaxed);
            if let Err(why) = self.record(raw, &turn, &input, &mut here, &mut scratch) {
                self.refused(why, &input, raw.line, &mut here);
            }
            if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        here.more += gaps.len().saturating_sub(NAMED_PER_SHARD) as u64;
        here.unread.extend(gaps.into_iter().take(NAMED_PER_SHARD));
        self.done(&input, &turn, None, here);
    }

    fn whole(&self, input: &Arc<str>, text: &[u8]) -> Option<Whole> {
        let is_lines = Liner::is_lines(text);
        if !is_lines && !Walker::is_delivery(text) {
            return None;
        }
        let turn = match self.turn(input) {
            Ok(turn) => turn,
            Err(failure) => {
                self.fail(failure);
                return None;
            }
        };
        self.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        let search = turn.needles.as_deref();
        if !turn.is_first && search.is_none_or(|search| !search.may_be_in(text)) {
            self.done(input, &turn, None, Here::default());
            return Some(Whole { records: 0, shape: Shape::Records });
        }
        WALKERS.with_borrow_mut(|(walker, liner)| {
            let found = if is_lines { liner.walk(text, search)? } else { walker.walk(text, search)? };
            // Whatever does not hold here is for the careful way, before anything is counted.
            let mut heads = Vec::with_capacity(found.hits.len());
            for range in found.hits.iter().map(|n| found.record(*n)) {
                heads.push((range.start, range.end, read::head(text.get(range)?).ok()?));
            }
            // Where each before it is whole, it is no part of another one.
            let last = found.hits.last().filter(|_| !is_lines).map_or(0, |last| last + 1);
            for n in (0..last).filter(|n| found.hits.binary_search(n).is_err()) {
                serde_json::from_slice::<IgnoredAny>(text.get(found.record(n))?).ok()?;
            }
            let mut here = Here::default();
            let records = found.ends.len() as u64;
            if turn.is_first {
                self.progress.records(records);
                here.tallies.counts.records_read = records;
                here.identities = found.identities.clone();
                here.others = found.others.iter().copied().map(fold).collect();
                for seen in &found.scopes {
                    here.tallies.scope(CoveredScope {
                        account: seen.account.to_string(),
                        region: seen.region.to_string(),
                        source: seen.source.to_owned(),
                        seen: true,
                        from: Time::from_nanosecond(seen.from.into()).ok(),
                        to: Time::from_nanosecond(seen.to.into()).ok(),
                        records: seen.records,
                    });
                }
            }
            let (mut line, mut counted) = (1, 0);
            for (from, to, head) in heads {
                line += memchr::memchr_iter(b'\n', &text[counted..from]).count() as u64;
                counted = from;
                if head.kind == RecordKind::Other {
                    continue;
                }
                let raw = Raw { bytes: &text[from..to], line };
                if let Err(why) = self.take(raw, &head, input, &mut here) {
                    self.refused(why, input, line, &mut here);
                }
            }
            self.done(input, &turn, holds_of(found), here);
            let shape = match records {
                _ if !is_lines => Shape::Records,
                1 => Shape::Object,
                _ => Shape::Jsonl,
            };
            Some(Whole { records, shape })
        })
    }

    fn covered(&self, scope: CoveredScope) {
        let mut tallies = lock(&self.tallies);
        let key = (scope.account.clone(), scope.region.clone(), scope.source.clone());
        join_all(&mut tallies.scopes, BTreeMap::from([(key, scope)]));
    }

    fn ended(&self) {
        self.progress.part();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
