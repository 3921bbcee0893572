//! What a walk over a delivered file tells without parsing it, and what both clouds' walkers are made of.
//!
//! Pure. The walkers are [`super::cloudtrail::delivery`] and [`super::cloudaudit::lines`]; `collect` reads what they found.

use crate::model::time;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

/// Spellings that are remembered of each kind; a power of two.
const KNOWN: usize = 4096;

/// What was learnt of a file.
#[derive(Default)]
pub struct Delivery {
    /// Where each record ends, in order; it begins after the comma that follows the one before.
    pub ends: Vec<usize>,
    /// Where the first record begins.
    begin: usize,
    /// Identities of the records, folded to 64 bits.
    pub identities: Vec<u64>,
    pub scopes: Vec<Seen>,
    /// Identities of records of other kinds, such as insights.
    pub others: Vec<u128>,
    /// Every account that a record is of, its caller is of or its resources lie in, sorted.
    pub accounts: Vec<u64>,
    /// Of every e-mail, where they are gathered; see [`emails`].
    pub emails: Option<HashSet<u64>>,
    /// A record was parsed whose accounts were not gathered.
    pub is_open: bool,
}

/// Records of one account, region and kind of log.
pub struct Seen {
    pub account: Box<str>,
    pub region: Box<str>,
    pub source: &'static str,
    pub records: u64,
    /// Epoch nanoseconds.
    pub from: i64,
    pub to: i64,
}

impl Delivery {
    /// Where the record that holds this byte lies.
    pub fn record_at(&self, at: usize) -> std::ops::Range<usize> {
        let n = self.ends.partition_point(|end| *end <= at);
        let from = n.checked_sub(1).map_or(self.begin, |before| self.ends[before] + 1);
        from..self.ends.get(n).copied().unwrap_or(from)
    }

    pub(super) fn clear(&mut self, begin: usize) {
        self.begin = begin;
        self.ends.clear();
        self.identities.clear();
        self.scopes.clear();
        self.others.clear();
        self.accounts.clear();
        self.emails = None;
        self.is_open = false;
    }

    pub(super) fn count(&mut self, account: &str, region: &str, source: &'static str, at: i64) {
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

/// The accounts that some bytes name, and the file for which they were last taken.
pub(super) struct Accounts {
    all: Box<[u64]>,
    taken: u64,
}

impl Accounts {
    pub(super) fn of(bytes: &[u8]) -> Accounts {
        Accounts { all: accounts(bytes).collect(), taken: 0 }
    }

    pub(super) fn tell(&mut self, file: u64, to: &mut Vec<u64>) {
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

/// The number of an account; of anything else that holds records (a project, a folder) a number made of its name.
pub fn account(text: &[u8]) -> Option<u64> {
    if text.len() == 12 && text.iter().all(u8::is_ascii_digit) {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let mut hash = DefaultHasher::new();
    hash.write(text);
    Some(hash.finish() | 1 << 63)
}

/// A number for the e-mail around each `@`, made of the eight bytes on either side in lower case.
pub fn emails(text: &[u8]) -> impl Iterator<Item = u64> {
    memchr::memchr_iter(b'@', text).filter_map(|at| {
        let eight = |part: &[u8; 8]| u64::from_le_bytes(part.map(|c| c.to_ascii_lowercase()));
        // A shorter name begins after some sign: that, and what is before it, is part of the number.
        let before = eight(text[..at].last_chunk::<8>()?);
        let after = eight(text[at + 1..].first_chunk::<8>()?);
        // `"@type"` is no e-mail.
        (text[at - 1] != b'"').then(|| before.rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ after)
    })
}

/// The same for a wanted id, when it has as much on either side.
pub fn email(id: &str) -> Option<u64> {
    emails(id.as_bytes()).next().filter(|_| id.matches('@').count() == 1)
}

/// Where the text goes on after this, if it stands here.
pub(super) fn follows(body: &[u8], at: usize, what: &[u8]) -> Option<usize> {
    body.get(at..)?.starts_with(what).then_some(at + what.len())
}

/// Where a string ends that holds no escape; those looked at here are short.
pub(super) fn ends(body: &[u8], at: usize) -> Option<usize> {
    let len = body[at..].iter().take(256).position(|c| matches!(c, b'"' | b'\\'))?;
    (body[at + len] == b'"').then_some(at + len)
}

/// Reads times as the clouds write them; knows the day that it read last.
#[derive(Default)]
pub(super) struct Clock {
    day: [u8; 10],
    began: i64,
}

impl Clock {
    /// Reads `2026-09-14T02:11:00Z`.
    pub fn seconds(&mut self, stamp: &[u8]) -> Option<i64> {
        let (date, clock) = stamp.split_first_chunk::<10>()?;
        let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = clock else { return None };
        let two = |a: &u8, b: &u8, below: i64| {
            let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
            let n = i64::from(a) * 10 + i64::from(b);
            (a < 10 && b < 10 && n < below).then_some(n)
        };
        if self.day != *date {
            let text = format!("{}T00:00:00Z", std::str::from_utf8(date).ok()?);
            (self.day, self.began) = (*date, time::parse(&text)?.as_second());
        }
        Some(self.began + two(h1, h2, 24)? * 3600 + two(m1, m2, 60)? * 60 + two(s1, s2, 60)?)
    }

    /// Reads the same with a fraction of up to nine digits, as epoch nanoseconds.
    pub fn nanoseconds(&mut self, stamp: &[u8]) -> Option<i64> {
        let (whole, rest) = stamp.split_at_checked(19)?;
        let mut full = [b'Z'; 20];
        full[..19].copy_from_slice(whole);
        let seconds = self.seconds(&full)?;
        let digits = match rest.strip_suffix(b"Z")? {
            [] => &[][..],
            [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => digits,
            _ => return None,
        };
        let mut fraction = 0;
        for n in 0..9 {
            let digit = digits.get(n).map_or(0, |c| c.wrapping_sub(b'0'));
            fraction = fraction * 10 + i64::from(digit);
            if digit > 9 {
                return None;
            }
        }
        seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
    }
}

/// What was parsed before, by its bytes; what falls on the same place is forgotten.
pub(super) struct Known<T>(Vec<Option<(Box<[u8]>, T)>>);

impl<T> Default for Known<T> {
    fn default() -> Known<T> {
        Known((0..KNOWN).map(|_| None).collect())
    }
}

impl<T> Known<T> {
    pub(super) fn get_or(&mut self, bytes: &[u8], parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<&mut T> {
        let slot = &mut self.0[sample(bytes) & (KNOWN - 1)];
        if slot.as_ref().is_none_or(|(known, _)| **known != *bytes) {
            *slot = Some((bytes.into(), parse(bytes)?));
        }
        slot.as_mut().map(|(_, told)| told)
    }
}

/// A number of the bytes: which are alike is decided by comparing them all.
fn sample(bytes: &[u8]) -> usize {
    const ODD: u64 = 0x517c_c1b7_2722_0a95;
    let word = |part: &[u8]| u64::from_le_bytes(part.try_into().expect("eight bytes"));
    let (mut even, mut odd) = (bytes.len() as u64, 0_u64);
    for chunk in bytes.chunks_exact(16) {
        even = (even.rotate_left(5) ^ word(&chunk[..8])).wrapping_mul(ODD);
        odd = (odd.rotate_left(5) ^ word(&chunk[8..])).wrapping_mul(ODD);
    }
    if let Some(last) = bytes.last_chunk::<16>() {
        even = (even.rotate_left(5) ^ word(&last[..8])).wrapping_mul(ODD);
        odd = (odd.rotate_left(5) ^ word(&last[8..])).wrapping_mul(ODD);
    }
    ((even ^ odd.rotate_left(17)) >> 40) as usize
}
