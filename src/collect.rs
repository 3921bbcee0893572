//! Drives sources for what the investigation wants: de-duplication, coverage, evidence, gaps, until nothing new is asked.
//!
//! A pass hands every record of every shard to a light look (first pass) and to a search for the wanted ids; only hits
//! are kept as evidence and read in full. A credential found in one pass is looked for in the next, so a chain of depth
//! n takes n + 1 passes over records and no order is assumed. Names `cloud`, `read` and `analyze`; the command calls it.

use crate::analyze::Investigation;
use crate::cloud::{Ask, Feed, LogSource, Query, Raw, Take};
use crate::model::gap::GapKind;
use crate::model::report::{Counts, CoveredScope};
use crate::model::{Event, Gap, Provenance};
use crate::progress::Progress;
use crate::read::{self, Head, RecordKind};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

mod settle;

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
/// Sets of identities are split so that threads rarely meet.
const STRIPES: usize = 64;

/// Collects until the investigation wants nothing more, or `stop` is set. Returns what the corpus was.
pub fn collect(
    source: &dyn LogSource,
    investigation: &mut Investigation,
    keep: &dyn Keep,
    progress: &Progress,
    stop: &AtomicBool,
) -> anyhow::Result<Corpus> {
    collect_live(source, investigation, keep, progress, stop, &mut Live::default())
}

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
    let mut asked = Asked::default();
    while let Some(mut query) = next(source, investigation, &mut asked, live, stop) {
        let is_live = source.is_live();
        if is_live {
            asked.extend(&mut query);
        } else if query.ids.is_empty() {
            continue;
        }
        let pass = Pass {
            source,
            needles: Needles::of(&query)?,
            query,
            is_live,
            first: (first || is_live).then_some(&seen),
            saved: &saved,
            keep,
            progress,
            stop,
            investigation: Mutex::new(investigation),
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
        first = false;
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    if stop.load(Ordering::Relaxed) {
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

/// One pass over every shard.
struct Pass<'a> {
    source: &'a dyn LogSource,
    query: Query,
    needles: Needles,
    is_live: bool,
    /// On the first pass, and on every pass of a live source: every identity met, to count duplicates.
    first: Option<&'a Identities>,
    saved: &'a Identities,
    keep: &'a dyn Keep,
    progress: &'a Progress,
    stop: &'a AtomicBool,
    investigation: Mutex<&'a mut Investigation>,
    tallies: Mutex<Tallies>,
    failure: Mutex<Option<anyhow::Error>>,
}

#[derive(Default)]
struct Tallies {
    counts: Counts,
    scopes: Scopes,
    gaps: Vec<Gap>,
    /// Records that were kept and were not before.
    saved: u64,
}

/// By account, region and kind of log.
type Scopes = BTreeMap<(String, String, String), CoveredScope>;

impl Pass<'_> {
    fn run(self) -> anyhow::Result<Tallies> {
        let shards = self.source.shards(&self.query);
        self.progress.pass(shards.len() as u64);
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
        here: &mut Tallies,
        batch: &mut Vec<Event>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let head = match self.first {
            Some(seen) => {
                self.progress.records(1);
                let head = read::head(raw.bytes).map_err(|why| Refusal::Unreadable(why.0))?;
                count(&head, seen, here);
                Some(head)
            }
            None => None,
        };
        if head.as_ref().is_some_and(|head| head.kind == RecordKind::Other) {
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
                return Err(Refusal::Unreadable(
                    "it is no single JSON record that could be kept as evidence".into(),
                ));
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
        let mut here = Tallies::default();
        let mut batch: Vec<Event> = Vec::new();
        let mut unread: Vec<Gap> = Vec::new();
        let mut more = 0_u64;
        let mut scratch = Vec::new();
        let gaps = feed(&mut |raw| {
            if let Err(why) = self.record(raw, &provenance, &mut here, &mut batch, &mut scratch) {
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
        join_all(&mut tallies.scopes, here.scopes);
    }

    fn covered(&self, scope: CoveredScope) {
        let mut tallies = self.tallies.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let key = (scope.account.clone(), scope.region.clone(), scope.source.clone());
        join_all(&mut tallies.scopes, Scopes::from([(key, scope)]));
    }

    fn ended(&self) {
        self.progress.file();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

enum Refusal {
    Unreadable(String),
    /// Evidence could not be saved: going on would conclude from what is not kept.
    Failure(anyhow::Error),
}

fn count(head: &Head, seen: &Identities, here: &mut Tallies) {
    here.counts.records_read += 1;
    let is_new = seen.insert(head.identity);
    if !is_new {
        here.counts.duplicates += 1;
    }
    if head.kind == RecordKind::Other {
        here.counts.other_records += u64::from(is_new);
        return;
    }
    let key = (head.account.clone(), head.region.clone(), head.source.to_owned());
    let scope = here.scopes.entry(key).or_insert_with(|| CoveredScope {
        account: head.account.clone(),
        region: head.region.clone(),
        source: head.source.to_owned(),
        seen: true,
        from: None,
        to: None,
        records: 0,
    });
    scope.records += 1;
    scope.from = [scope.from, head.at].into_iter().flatten().min();
    scope.to = [scope.to, head.at].into_iter().flatten().max();
}

fn empty(scope: &CoveredScope) -> CoveredScope {
    CoveredScope { from: None, to: None, records: 0, ..scope.clone() }
}

fn join_all(known: &mut Scopes, more: Scopes) {
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
struct Identities(Vec<Mutex<HashSet<u128>>>);

impl Default for Identities {
    fn default() -> Identities {
        Identities((0..STRIPES).map(|_| Mutex::default()).collect())
    }
}

impl Identities {
    /// Returns whether it is new.
    fn insert(&self, identity: u128) -> bool {
        self.0[(identity % STRIPES as u128) as usize]
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(identity)
    }
}

/// The search for wanted ids in raw bytes. It may say yes too often, never no when the id is there.
struct Needles(AhoCorasick);

impl Needles {
    fn of(query: &Query) -> anyhow::Result<Needles> {
        let ids: Vec<&str> = query.ids.iter().map(|id| beginning(id)).collect();
        // An id in a JSON string is written with its quotes and control characters escaped: search its escaped form too.
        let escaped: Vec<String> = ids
            .iter()
            .filter_map(|id| {
                let quoted = serde_json::to_string(id).ok()?;
                let inner = quoted.get(1..quoted.len().checked_sub(1)?)?.to_owned();
                (inner != **id).then_some(inner)
            })
            .collect();
        let bytes: usize = ids.iter().map(|id| id.len()).sum();
        let patterns = ids.into_iter().chain(escaped.iter().map(String::as_str));
        let is_small = query.ids.len() <= 500 && bytes <= 32 << 10;
        let kind = Some(if is_small { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA });
        let search = AhoCorasick::builder()
            // Which one matches does not matter, but only this kind of match lets it skip bytes by vector instructions.
            .match_kind(MatchKind::LeftmostFirst)
            .kind(kind)
            // Google takes people's e-mails in any letter case and logs them as they were typed.
            .ascii_case_insensitive(query.ids.iter().any(|id| is_person(id)))
            .build(patterns)?;
        Ok(Needles(search))
    }

    fn hit(&self, raw: &[u8], scratch: &mut Vec<u8>) -> bool {
        self.0.is_match(raw) || unescaped(raw, scratch).is_some_and(|plain| self.0.is_match(&*plain))
    }
}

/// No cloud's id is longer than this; an attacker's user name of a megabyte would cost the search hours and gigabytes.
const LONGEST_NEEDLE: usize = 256;

/// Returns what is searched of an id: its beginning finds every record that holds the whole.
fn beginning(id: &str) -> &str {
    &id[..id.floor_char_boundary(LONGEST_NEEDLE)]
}

/// A person's e-mail; service accounts' are always in lower case.
fn is_person(id: &str) -> bool {
    id.contains('@') && !id.contains([':', '/']) && !id.ends_with(".gserviceaccount.com")
}

/// Undoes `\/` and `\uXXXX` escapes, which some writers put inside ids; `None` when there is none.
fn unescaped<'a>(raw: &[u8], scratch: &'a mut Vec<u8>) -> Option<Cow<'a, [u8]>> {
    let has_escape = memchr::memchr_iter(b'\\', raw).any(|at| matches!(raw.get(at + 1), Some(b'/' | b'u')));
    if !has_escape {
        return None;
    }
    scratch.clear();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        scratch.extend_from_slice(&rest[..at]);
        let (letter, len) = match &rest[at + 1..] {
            [b'/', ..] => ('/', 2),
            [b'u', tail @ ..] => unicode(tail).map_or(('\\', 1), |(letter, len)| (letter, len + 2)),
            _ => ('\\', 1),
        };
        scratch.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + len..];
    }
    scratch.extend_from_slice(rest);
    Some(Cow::Borrowed(scratch))
}

/// Reads `XXXX`, or a pair `XXXX\uXXXX`, and says how many bytes it took.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let first = hex(text.get(..4)?)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 4));
    }
    let second = hex(text.get(4..10)?.strip_prefix(b"\\u")?)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    let high = first.checked_sub(0xd800).filter(|high| *high < 0x400)?;
    Some((char::from_u32(0x1_0000 + (high << 10) + low)?, 10))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
