//! What a walk over a delivered file tells without parsing it, and what both clouds' walkers are made of.
//!
//! Pure. The walkers are [`super::cloudtrail::delivery`] and [`super::cloudaudit::lines`]; `collect` reads what they found.

use crate::model::time;
use std::hash::{DefaultHasher, Hasher};

/// Spellings that are remembered of each kind, and hints that lead to them; powers of two.
const KNOWN: usize = 4096;
const HINTS: usize = 2048;
/// Strings looked at here are short.
const LONGEST_STRING: usize = 2048;
/// Levels of nesting that are walked.
const DEEPEST: usize = 8;

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
    /// The records, by number, that hold what was looked for.
    pub hits: Vec<usize>,
    /// Identities of records of other kinds, such as insights.
    pub others: Vec<u128>,
    /// Every account that a record is of, its caller is of or its resources lie in, sorted.
    pub accounts: Vec<u64>,
    /// Of every e-mail, sorted, where all of them are known; see [`email_at`].
    pub emails: Option<Vec<u64>>,
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
    /// Where a record lies, by number.
    pub fn record(&self, n: usize) -> std::ops::Range<usize> {
        let from = n.checked_sub(1).map_or(self.begin, |before| self.ends[before] + 1);
        from..self.ends.get(n).copied().unwrap_or(from)
    }

    /// Notes that the record at hand holds what was looked for.
    pub(super) fn hit(&mut self) {
        let n = self.ends.len();
        if self.hits.last() != Some(&n) {
            self.hits.push(n);
        }
    }

    pub(super) fn clear(&mut self, begin: usize) {
        self.begin = begin;
        self.ends.clear();
        self.identities.clear();
        self.scopes.clear();
        self.hits.clear();
        self.others.clear();
        self.accounts.clear();
        self.emails = None;
        self.is_open = false;
    }

    /// Counts a record at a time in epoch nanoseconds; `None` when its region is no text.
    pub(super) fn count(
        &mut self,
        account: &str,
        region: &[u8],
        source: &'static str,
        at: i64,
    ) -> Option<()> {
        let is_same = |seen: &&mut Seen| {
            seen.region.as_bytes() == region && *seen.account == *account && seen.source == source
        };
        match self.scopes.iter_mut().find(is_same) {
            Some(seen) => {
                seen.records += 1;
                seen.from = seen.from.min(at);
                seen.to = seen.to.max(at);
            }
            None => self.scopes.push(Seen {
                account: account.into(),
                region: std::str::from_utf8(region).ok()?.into(),
                source,
                records: 1,
                from: at,
                to: at,
            }),
        }
        Some(())
    }
}

/// Looks for something in a part of a record, so that what repeats is looked at once.
pub trait Search {
    /// The same for the same search and no other.
    fn number(&self) -> u64;
    /// Whether no occurrence can reach over a brace or an unescaped quote.
    fn is_within_strings(&self) -> bool;
    /// Whether it stands in these bytes as it is spelt: yes too often, never no when it is there.
    fn is_in(&self, part: &[u8]) -> bool;
    /// Whether it stands in these bytes behind escapes.
    fn is_behind_escapes(&self, part: &[u8]) -> bool;
}

/// Whether a letter may be hidden behind this backslash.
pub fn is_escape(text: &[u8], at: usize) -> bool {
    matches!(text.get(at + 1), Some(b'/' | b'u'))
}

/// Whether any letter is hidden behind an escape.
pub fn has_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', text).any(|at| is_escape(text, at))
}

/// Whether something stands in these bytes, however it is spelt.
pub(super) fn is_there(search: &impl Search, part: &[u8]) -> bool {
    search.is_in(part) || (has_escape(part) && search.is_behind_escapes(part))
}

/// Numbers of twelve digits, whatever they stand in.
pub fn accounts(bytes: &[u8]) -> impl Iterator<Item = u64> {
    const LEN: usize = 12;
    let mut from = 0;
    // One of any twelve bytes in a row is every twelfth.
    std::iter::from_fn(move || {
        while let Some(at) = bytes.get(from..).and_then(|rest| {
            rest.iter().skip(LEN - 1).step_by(LEN).position(u8::is_ascii_digit).map(|n| n * LEN + LEN - 1)
        }) {
            let at = from + at;
            let start =
                bytes[from..at].iter().rposition(|c| !c.is_ascii_digit()).map_or(from, |n| from + n + 1);
            let len = bytes[start..].iter().take_while(|c| c.is_ascii_digit()).count();
            // Where an earlier run ended there is no digit just before.
            from = start + len;
            if len == LEN {
                return Some(bytes[start..from].iter().fold(0, |n, c| n * 10 + u64::from(c - b'0')));
            }
        }
        None
    })
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

/// A number for the e-mail around this `@`, made of the eight bytes on either side in lower case.
pub fn email_at(text: &[u8], at: usize) -> Option<u64> {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    // A shorter name begins after some sign: that, and what is before it, is part of the number. Signs that become alike only
    // make it true too often.
    let eight = |part: &[u8; 8]| u64::from_le_bytes(*part) | LOWER;
    let before = eight(text[..at].last_chunk::<8>()?);
    let after = eight(text[at + 1..].first_chunk::<8>()?);
    // `"@type"` is no e-mail.
    (text[at - 1] != b'"').then(|| before.rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ after)
}

/// The same for a wanted id, when it has as much on either side.
pub fn email(id: &str) -> Option<u64> {
    email_at(id.as_bytes(), id.find('@')?).filter(|_| id.matches('@').count() == 1)
}

/// Where the text goes on after this, if it stands here.
pub(super) fn follows(body: &[u8], at: usize, what: &[u8]) -> Option<usize> {
    body.get(at..)?.starts_with(what).then_some(at + what.len())
}

/// Where a string ends that holds no escape and is not long.
#[inline]
pub(super) fn ends(body: &[u8], at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let near = body.get(at..body.len().min(at + LONGEST_STRING))?;
    let zeros = |x: u64| x.wrapping_sub(ONES) & !x & ONES << 7;
    let mut from = 0;
    while let Some(word) = near.get(from..from + 8) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        let hits = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if hits != 0 {
            // Only the lowest hit is sure to be one.
            let end = from + (hits.trailing_zeros() / 8) as usize;
            return (near[end] == b'"').then_some(at + end);
        }
        from += 8;
    }
    let end = from + near[from..].iter().position(|c| matches!(c, b'"' | b'\\'))?;
    (near[end] == b'"').then_some(at + end)
}

/// Walks an object whose strings hold no escapes, tells each of its fields, and returns where it ends; `None` when it is
/// written otherwise, or broken.
pub(super) fn object<'a>(
    text: &'a [u8],
    from: usize,
    each: &mut dyn FnMut(&'a [u8], &'a [u8]) -> Option<()>,
) -> Option<usize> {
    let at = follows(text, from, b"{")?;
    if text.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    let end = fields(text, at, 1, each)?;
    is_plain(&text[from..end]).then_some(end)
}

/// The same from the first key on, up to and with the brace that ends it.
pub(super) fn rest_of_object<'a>(
    text: &'a [u8],
    from: usize,
    each: &mut dyn FnMut(&'a [u8], &'a [u8]) -> Option<()>,
) -> Option<usize> {
    let end = fields(text, from, 1, each)?;
    is_plain(&text[from..end]).then_some(end)
}

/// Whether this is text without control characters.
fn is_plain(text: &[u8]) -> bool {
    // Not with `all`, which stops at the first and can't be done by vectors.
    text.iter().fold(true, |is, c| is & (*c >= b' ')) && std::str::from_utf8(text).is_ok()
}

fn fields<'a>(
    text: &'a [u8],
    mut at: usize,
    depth: usize,
    each: &mut dyn FnMut(&'a [u8], &'a [u8]) -> Option<()>,
) -> Option<usize> {
    loop {
        let key = follows(text, at, b"\"")?;
        let end = ends(text, key)?;
        let from = follows(text, end + 1, b":")?;
        at = value(text, from, depth)?;
        each(&text[key..end], &text[from..at])?;
        match text.get(at)? {
            b',' => at += 1,
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Where a value ends.
fn value(text: &[u8], from: usize, depth: usize) -> Option<usize> {
    let is_deep = depth >= DEEPEST;
    match text.get(from)? {
        b'"' => Some(ends(text, from + 1)? + 1),
        b'{' if text.get(from + 1) == Some(&b'}') => Some(from + 2),
        b'{' if !is_deep => fields(text, from + 1, depth + 1, &mut |_, _| Some(())),
        b'[' if text.get(from + 1) == Some(&b']') => Some(from + 2),
        b'[' if !is_deep => {
            let mut at = from + 1;
            loop {
                at = value(text, at, depth + 1)?;
                match text.get(at)? {
                    b',' => at += 1,
                    b']' => return Some(at + 1),
                    _ => return None,
                }
            }
        }
        b't' => follows(text, from, b"true"),
        b'f' => follows(text, from, b"false"),
        b'n' => follows(text, from, b"null"),
        b'1'..=b'9' => Some(from + text[from..].iter().take(20).take_while(|c| c.is_ascii_digit()).count()),
        b'0' => Some(from + 1),
        _ => None,
    }
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

/// What was learnt before, by its bytes; what falls on the same place is forgotten.
pub(super) struct Known<T> {
    slots: Vec<Slot<T>>,
    /// By a hint, where it led before.
    hints: Vec<u16>,
}

#[derive(Default)]
struct Slot<T> {
    bytes: Vec<u8>,
    told: T,
    /// Number of the last search that looked at it, and whether it was in it.
    searched: u64,
    is_hit: bool,
    /// Number of the file that last took what it tells.
    taken: u64,
}

impl<T: Default> Default for Known<T> {
    fn default() -> Known<T> {
        Known { slots: (0..KNOWN).map(|_| Slot::default()).collect(), hints: vec![0; HINTS] }
    }
}

impl<T> Known<T> {
    /// What stands at the beginning of this text, if the hint leads to it: its place and its length.
    #[inline]
    pub(super) fn guess(&self, hint: u64, text: &[u8]) -> Option<(usize, usize)> {
        let place = usize::from(self.hints[hinted(hint)]);
        let bytes = &self.slots[place].bytes;
        (!bytes.is_empty() && text.starts_with(bytes)).then_some((place, bytes.len()))
    }

    /// The place of what is known by these bytes; `learn` makes it known.
    pub(super) fn place(
        &mut self,
        hint: u64,
        bytes: &[u8],
        learn: impl FnOnce(&[u8], &mut T) -> Option<()>,
    ) -> Option<usize> {
        let place = sample(bytes) & (KNOWN - 1);
        let slot = &mut self.slots[place];
        if *slot.bytes != *bytes {
            slot.bytes.clear();
            learn(bytes, &mut slot.told)?;
            slot.bytes.extend_from_slice(bytes);
            (slot.searched, slot.taken) = (0, 0);
        }
        self.hints[hinted(hint)] = place as u16;
        Some(place)
    }

    pub(super) fn at(&self, place: usize) -> &T {
        &self.slots[place].told
    }

    /// What it tells, once for each file.
    pub(super) fn take(&mut self, place: usize, file: u64) -> Option<&T> {
        let slot = &mut self.slots[place];
        let is_new = std::mem::replace(&mut slot.taken, file) != file;
        is_new.then_some(&slot.told)
    }

    /// Whether what is looked for stands in it.
    pub(super) fn is_hit(&mut self, place: usize, search: &impl Search) -> bool {
        let slot = &mut self.slots[place];
        if slot.searched != search.number() {
            slot.searched = search.number();
            slot.is_hit = is_there(search, &slot.bytes);
        }
        slot.is_hit
    }
}

fn hinted(hint: u64) -> usize {
    (hint.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (HINTS - 1)
}

/// The eight bytes from here on, or fewer and zeros: to make hints of.
#[inline]
pub(super) fn word(text: &[u8], at: usize) -> u64 {
    let eight = text.get(at..at + 8).and_then(|part| part.try_into().ok());
    eight.map_or(0, u64::from_le_bytes)
}

/// A number of the bytes: which are alike is decided by comparing them all.
fn sample(bytes: &[u8]) -> usize {
    const ODD: u64 = 0x517c_c1b7_2722_0a95;
    let mut lanes = [bytes.len() as u64, 1, 2, 3];
    let mut mix = |part: &[u8]| {
        for (lane, word) in lanes.iter_mut().zip(part.chunks_exact(8)) {
            let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
            *lane = (lane.rotate_left(5) ^ word).wrapping_mul(ODD);
        }
    };
    let chunks = bytes.chunks_exact(32);
    let rest = chunks.remainder();
    chunks.for_each(&mut mix);
    match bytes.last_chunk::<32>() {
        Some(last) if !rest.is_empty() => mix(last),
        Some(_) => {}
        None => {
            let mut last = [0; 32];
            last[..rest.len()].copy_from_slice(rest);
            mix(&last);
        }
    }
    let [a, b, c, d] = lanes;
    ((a ^ b.rotate_left(17) ^ c.rotate_left(31) ^ d.rotate_left(47)) >> 40) as usize
}
