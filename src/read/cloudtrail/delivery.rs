//! Files as CloudTrail delivers them, walked without parsing what is the same again and again.
//!
//! For coverage and counts every record must be known: where it ends, when, by which account and of which kind. What varies
//! is read in place; the caller's identity and the end of a record repeat, so each spelling of those is parsed once and then
//! known by its bytes. A record that is written any other way is parsed; a file that is not a delivered one is `None`.
//! `collect` alone calls it. The differential test holds it against [`super::head`] for every record.

use super::head::{head, identity};
use crate::model::{Time, time};
use crate::read::{Head, RecordKind};
use memchr::memmem::Finder;
use serde_json::value::RawValue;

/// How a delivered file begins and ends.
const BEGIN: &[u8] = b"{\"Records\":[";
const END: &[u8] = b"]}";
/// How every record begins.
const RECORD: &[u8] = b"{\"eventVersion\":\"";
const NEXT: &[u8] = b"},{\"eventVersion\":\"";
const USER: &[u8] = b",\"userIdentity\":{";
const TIME: &[u8] = b"},\"eventTime\":\"";
const SOURCE: &[u8] = b"\",\"eventSource\":\"";
const NAME: &[u8] = b"\",\"eventName\":\"";
const REGION: &[u8] = b"\",\"awsRegion\":\"";
const ID: &[u8] = b",\"eventID\":\"";
/// Length of an event id.
const UUID: usize = 36;
/// Length of `2026-09-14T02:11:00Z`.
const STAMP: usize = 20;
/// Bytes in which an identity ends; the largest seen has one and a half thousand.
const LONGEST_IDENTITY: usize = 64 << 10;
/// How a record begins of which only a part is given.
const HEAD: &[u8] = br#"{"eventName":"x","eventSource":"x","eventTime":"2026-01-01T00:00:00Z","#;
/// Spellings that are remembered of each kind; a power of two.
const KNOWN: usize = 4096;

/// What was learnt of a file.
#[derive(Default)]
pub struct Delivery {
    /// Where each record ends, in order; it begins after the comma that follows the one before.
    pub ends: Vec<usize>,
    /// Identities of the records, folded to 64 bits.
    pub identities: Vec<u64>,
    pub scopes: Vec<Seen>,
    /// Identities of records of other kinds, such as insights.
    pub others: Vec<u128>,
    /// Every account that a record is of, its caller is of or its resources lie in, sorted.
    pub accounts: Vec<u64>,
    /// A record was parsed whose accounts were not gathered.
    pub is_open: bool,
}

/// Records of one account, region and kind of log.
pub struct Seen {
    pub account: Box<str>,
    pub region: Box<str>,
    pub source: &'static str,
    pub records: u64,
    /// Epoch seconds.
    pub from: i64,
    pub to: i64,
}

impl Delivery {
    /// Where the record that holds this byte lies.
    pub fn record_at(&self, at: usize) -> std::ops::Range<usize> {
        let n = self.ends.partition_point(|end| *end <= at);
        let from = n.checked_sub(1).map_or(BEGIN.len(), |before| self.ends[before] + 1);
        from..self.ends.get(n).copied().unwrap_or(from)
    }

    fn clear(&mut self) {
        self.ends.clear();
        self.identities.clear();
        self.scopes.clear();
        self.others.clear();
        self.accounts.clear();
        self.is_open = false;
    }

    fn count(&mut self, account: &str, region: &str, source: &'static str, at: i64) {
        let is_same =
            |seen: &&mut Seen| *seen.region == *region && *seen.account == *account && seen.source == source;
        match self.scopes.iter_mut().find(is_same) {
            Some(seen) => {
                seen.records += 1;
                seen.from = seen.from.min(at);
                seen.to = seen.to.max(at);
            }
            None => self.scopes.push(Seen {
                account: account.into(),
                region: region.into(),
                source,
                records: 1,
                from: at,
                to: at,
            }),
        }
    }
}

/// Folds an identity to the 64 bits that are counted by.
pub fn fold(identity: u128) -> u64 {
    (identity ^ (identity >> 64)) as u64
}

/// Walks files; remembers what it has parsed, from one file to the next.
pub struct Walker {
    next: Finder<'static>,
    time: Finder<'static>,
    id: Finder<'static>,
    identities: Known<Owner>,
    tails: Known<Tail>,
    /// A date as written, and its first second.
    day: ([u8; 10], i64),
    /// Number of the file at hand.
    file: u64,
    found: Delivery,
}

/// What an identity tells.
struct Owner {
    account: Box<str>,
    names: Accounts,
}

/// What the end of a record tells; the account is empty when it is for the identity to tell.
struct Tail {
    account: Box<str>,
    source: &'static str,
    names: Accounts,
}

/// The accounts that some bytes name, and the file for which they were last taken.
struct Accounts {
    all: Box<[u64]>,
    taken: u64,
}

impl Accounts {
    fn of(bytes: &[u8]) -> Accounts {
        Accounts { all: accounts(bytes).collect(), taken: 0 }
    }

    fn tell(&mut self, file: u64, to: &mut Vec<u64>) {
        if self.taken != file {
            self.taken = file;
            to.extend(&self.all);
        }
    }
}

/// Numbers of twelve digits, whatever they stand in.
pub fn accounts(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.split(|c| !c.is_ascii_digit()).filter(|run| run.len() == 12).filter_map(account)
}

/// The number of an account.
pub fn account(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl Default for Walker {
    fn default() -> Walker {
        Walker {
            next: Finder::new(NEXT),
            time: Finder::new(TIME),
            id: Finder::new(ID),
            identities: Known::default(),
            tails: Known::default(),
            day: ([0; 10], 0),
            file: 0,
            found: Delivery::default(),
        }
    }
}

impl Walker {
    /// Whether a text begins as a delivered file does.
    pub fn is_delivery(text: &[u8]) -> bool {
        text.strip_prefix(BEGIN).is_some_and(|rest| rest.starts_with(RECORD))
    }

    /// Walks a whole file; `None` when it is not as delivered, or anything in it can't be made out.
    pub fn walk(&mut self, text: &[u8]) -> Option<&Delivery> {
        self.found.clear();
        self.file += 1;
        let body = text.trim_ascii_end().strip_suffix(END)?;
        if !Walker::is_delivery(body) {
            return None;
        }
        let mut at = BEGIN.len();
        loop {
            let end = match self.record(body, at) {
                Some(end) => end,
                None => self.parsed(body, at)?,
            };
            self.found.ends.push(end);
            match body.get(end) {
                None => break,
                Some(b',') if body[end + 1..].starts_with(RECORD) => at = end + 1,
                Some(_) => return None,
            }
        }
        self.found.accounts.sort_unstable();
        self.found.accounts.dedup();
        Some(&self.found)
    }

    /// Reads a record in place; `None` when it is not written in the usual way.
    fn record(&mut self, body: &[u8], at: usize) -> Option<usize> {
        let version = at + RECORD.len();
        let user = version + body.get(version..version + 8)?.iter().position(|c| *c == b'"')? + 1;
        if !body.get(user..)?.starts_with(USER) {
            return None;
        }
        // With its braces.
        let who = user + USER.len() - 1;
        let near = &body[who..body.len().min(who + LONGEST_IDENTITY)];
        let stamp = who + self.time.find(near)? + TIME.len();
        let who = &body[who..stamp - TIME.len() + 1];
        let seconds = self.seconds(body.get(stamp..stamp + STAMP)?)?;
        let source = follows(body, stamp + STAMP, SOURCE)?;
        let source = source..ends(body, source)?;
        let name = follows(body, source.end, NAME)?;
        let name = name..ends(body, name)?;
        let region = follows(body, name.end, REGION)?;
        let region = region..ends(body, region)?;
        let end = self.next.find(&body[region.end..]).map_or(body.len(), |n| region.end + n + 1);
        let id = region.end + self.id.find(&body[region.end..end])? + ID.len();
        let tail = body.get(id + UUID..end)?;
        let id = std::str::from_utf8(&body[id..id + UUID]).ok()?;
        let from = region.end;
        let [source, name, region] = [source, name, region].map(|part| std::str::from_utf8(&body[part]));
        let (source, name, region) = (source.ok()?, name.ok()?, region.ok()?);
        if name.is_empty() || source.starts_with("aws:") || source.ends_with(".aliyuncs.com") {
            return None;
        }
        let of = identity(id, Time::from_second(seconds).ok(), name);
        let owner = self.identities.get_or(who, owner_of)?;
        owner.names.tell(self.file, &mut self.found.accounts);
        // The first record with this tail is parsed whole: then its id, time and name are its own, not those of something in it.
        let told = self.tails.get_or(tail, |tail| {
            let whole = head(&body[at..end]).ok().flatten()?;
            let alone = head(&[HEAD, b"\"eventID\":\"", tail].concat()).ok().flatten()?;
            let is_known =
                whole.kind == RecordKind::CloudTrail && whole.identity == of && whole.region == region;
            let names = Accounts::of(tail);
            is_known.then_some(Tail { account: alone.account.into(), source: whole.source, names })
        })?;
        told.names.tell(self.file, &mut self.found.accounts);
        if source == "sts.amazonaws.com" {
            // Who enters a role of another account names that in the request alone.
            self.found.accounts.extend(accounts(&body[from..end]));
        }
        let account = if told.account.is_empty() { &owner.account } else { &told.account };
        self.found.identities.push(fold(of));
        self.found.count(account, region, told.source, seconds);
        Some(end)
    }

    /// Parses a record that is written in some other way.
    fn parsed(&mut self, body: &[u8], at: usize) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(&body[at..]).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?.get().as_bytes();
        let end = at + raw.len();
        self.found.is_open = true;
        let Head { kind, identity, at, account, region, source } = head(raw).ok().flatten()?;
        match kind {
            RecordKind::CloudTrail => {
                let at = at.filter(|at| at.subsec_nanosecond() == 0)?;
                self.found.identities.push(fold(identity));
                self.found.count(&account, &region, source, at.as_second());
            }
            RecordKind::Other => {
                self.found.identities.push(fold(identity));
                self.found.others.push(identity);
            }
            RecordKind::CloudAudit | RecordKind::Abuse => return None,
        }
        Some(end)
    }

    /// Reads `2026-09-14T02:11:00Z`.
    fn seconds(&mut self, stamp: &[u8]) -> Option<i64> {
        let (date, clock) = stamp.split_first_chunk::<10>()?;
        let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = clock else { return None };
        let two = |a: &u8, b: &u8, below: i64| {
            let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
            let n = i64::from(a) * 10 + i64::from(b);
            (a < 10 && b < 10 && n < below).then_some(n)
        };
        if self.day.0 != *date {
            let text = format!("{}T00:00:00Z", std::str::from_utf8(date).ok()?);
            self.day = (*date, time::parse(&text)?.as_second());
        }
        Some(self.day.1 + two(h1, h2, 24)? * 3600 + two(m1, m2, 60)? * 60 + two(s1, s2, 60)?)
    }
}

/// Where the text goes on after this, if it stands here.
fn follows(body: &[u8], at: usize, what: &[u8]) -> Option<usize> {
    body.get(at..)?.starts_with(what).then_some(at + what.len())
}

/// Where a string ends that holds no escape; those looked at here are short.
fn ends(body: &[u8], at: usize) -> Option<usize> {
    let len = body[at..].iter().take(256).position(|c| matches!(c, b'"' | b'\\'))?;
    (body[at + len] == b'"').then_some(at + len)
}

/// What an identity tells; `None` when it is no JSON object.
fn owner_of(who: &[u8]) -> Option<Owner> {
    // As [`head`] takes it from a record that names no recipient.
    let head = head(&[HEAD, b"\"userIdentity\":", who, b"}"].concat()).ok()??;
    Some(Owner { account: head.account.into(), names: Accounts::of(who) })
}

/// What was parsed before, by its bytes; what falls on the same place is forgotten.
struct Known<T>(Vec<Option<(Box<[u8]>, T)>>);

impl<T> Default for Known<T> {
    fn default() -> Known<T> {
        Known((0..KNOWN).map(|_| None).collect())
    }
}

impl<T> Known<T> {
    fn get_or(&mut self, bytes: &[u8], parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<&mut T> {
        let slot = &mut self.0[sample(bytes) & (KNOWN - 1)];
        if !slot.as_ref().is_some_and(|(known, _)| **known == *bytes) {
            *slot = Some((bytes.into(), parse(bytes)?));
        }
        slot.as_mut().map(|(_, told)| told)
    }
}

/// A number of some of the bytes: which are alike is decided by all of them.
fn sample(bytes: &[u8]) -> usize {
    let mut hash = bytes.len() as u64;
    let mut take = |word: [u8; 8]| {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95)
    };
    for chunk in bytes.chunks_exact(16) {
        take(chunk[..8].try_into().expect("half of sixteen bytes"));
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        take(*last);
    }
    (hash >> 40) as usize
}
