//! The structure of one JSON value, found without parsing it: where it ends, and what lies under which of its own keys.
//!
//! Resumable at any byte, allocates nothing, does not recurse. It checks the grammar (so that a torn line is noticed where it
//! tears, not at the end of the file) but neither escapes nor UTF-8: those are the reader's.

use super::notes::{Key, List, Notes, Span, key};

/// Where the scan stands: what may come next.
#[derive(Clone, Copy, PartialEq, Debug)]
enum At {
    Value,
    FirstValue,
    Key,
    FirstKey,
    Colon,
    Next,
    Str,
    StrEscape,
    KeyStr,
    KeyEscape,
    Literal,
    /// Only brackets and strings are told apart: below the depth that is allowed, or after the grammar was broken.
    Deep,
    DeepStr,
    DeepEscape,
}

#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    /// Wants more bytes.
    More,
    /// The value ended just before this position.
    Done,
    /// At the `[` of a list of records: the caller takes over, then calls [`Scan::list_ended`].
    List(List),
    /// This byte cannot stand here.
    Bad,
}

#[derive(Clone)]
pub(super) struct Scan {
    at: At,
    depth: u32,
    max_depth: u32,
    /// One bit a level, the innermost lowest: whether it is an object.
    kinds: u128,
    deep: u64,
    /// A newline ends a broken or too deep value when a new one seems to start after it.
    one_line: bool,
    newline: bool,
    pub too_deep: bool,
    /// The bytes before the current position are gone: keys and literals cannot be looked at.
    pub blind: bool,
    /// Whether to stop at lists of records.
    lists: bool,
    start: usize,
    under: Key,
    value: usize,
    pub notes: Notes,
}

/// Deepest nesting that is followed: `kinds` has a bit for each.
pub(super) const MAX_DEPTH: u32 = 128;

impl Scan {
    pub fn new(max_depth: u32, lists: bool) -> Scan {
        Scan {
            at: At::Value,
            depth: 0,
            max_depth: max_depth.min(MAX_DEPTH),
            kinds: 0,
            deep: 0,
            one_line: false,
            newline: false,
            too_deep: false,
            blind: false,
            lists,
            start: 0,
            under: Key::Plain,
            value: 0,
            notes: Notes::default(),
        }
    }

    /// For a value that starts its line: one that is nested too deep then ends where the next line starts a new one.
    pub fn bound_by_line(mut self) -> Scan {
        self.one_line = true;
        self
    }

    /// The list at which the scan stopped is behind us; positions are counted from here on.
    pub fn list_ended(&mut self) {
        self.at = At::Next;
        self.under = Key::Plain;
    }

    /// Whether the value is whole when nothing follows: true only for a number or a word at top level.
    pub fn is_whole_at_end(&self, bytes: &[u8], origin: usize) -> bool {
        self.at == At::Literal && self.depth == 0 && (self.blind || is_literal(&bytes[origin + self.start..]))
    }

    /// Scans `b` from `i` on; the value began at `b[origin]` (not used once `blind`). Returns where it stopped.
    pub fn run(&mut self, b: &[u8], mut i: usize, origin: usize) -> (usize, Stop) {
        macro_rules! stop {
            ($at:expr, $why:expr) => {{
                self.at = $at;
                return (i, $why);
            }};
        }
        // The next byte that is not blank, without stepping over it.
        macro_rules! token {
            ($at:expr) => {{
                loop {
                    match b.get(i) {
                        Some(b' ' | b'\n' | b'\r' | b'\t') => i += 1,
                        Some(c) => break *c,
                        None => stop!($at, Stop::More),
                    }
                }
            }};
        }
        let mut at = self.at;
        loop {
            at = match at {
                At::Value | At::FirstValue => match token!(at) {
                    b'"' => {
                        self.begin(i, origin);
                        i += 1;
                        At::Str
                    }
                    b'{' => {
                        self.begin(i, origin);
                        i += 1;
                        if self.push(true) { At::FirstKey } else { At::Deep }
                    }
                    b'[' => {
                        if let Key::List(list) = self.under
                            && self.depth == 1
                        {
                            self.notes.found_list();
                            if self.lists && !self.blind {
                                stop!(at, Stop::List(list));
                            }
                        }
                        self.begin(i, origin);
                        i += 1;
                        if self.push(false) { At::FirstValue } else { At::Deep }
                    }
                    b']' if at == At::FirstValue => {
                        i += 1;
                        if self.pop(i, origin) {
                            stop!(At::Next, Stop::Done);
                        }
                        At::Next
                    }
                    b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                        self.begin(i, origin);
                        self.start = i.wrapping_sub(origin);
                        i += 1;
                        At::Literal
                    }
                    _ => stop!(at, Stop::Bad),
                },
                At::Key | At::FirstKey => match token!(at) {
                    b'"' => {
                        i += 1;
                        self.start = i.wrapping_sub(origin);
                        At::KeyStr
                    }
                    b'}' if at == At::FirstKey => {
                        i += 1;
                        if self.pop(i, origin) {
                            stop!(At::Next, Stop::Done);
                        }
                        At::Next
                    }
                    _ => stop!(at, Stop::Bad),
                },
                At::Colon => match token!(at) {
                    b':' => {
                        i += 1;
                        At::Value
                    }
                    _ => stop!(at, Stop::Bad),
                },
                At::Next => match token!(at) {
                    b',' => {
                        i += 1;
                        if self.kinds & 1 == 1 { At::Key } else { At::Value }
                    }
                    b'}' if self.kinds & 1 == 1 => {
                        i += 1;
                        if self.pop(i, origin) {
                            stop!(At::Next, Stop::Done);
                        }
                        At::Next
                    }
                    b']' if self.kinds & 1 == 0 => {
                        i += 1;
                        if self.pop(i, origin) {
                            stop!(At::Next, Stop::Done);
                        }
                        At::Next
                    }
                    _ => stop!(at, Stop::Bad),
                },
                At::Str | At::KeyStr => {
                    i = string_break(b, i);
                    match b.get(i) {
                        None => stop!(at, Stop::More),
                        Some(b'"') => {
                            if at == At::KeyStr {
                                if self.depth == 1 {
                                    self.under =
                                        if self.blind { Key::Plain } else { key(&b[origin + self.start..i]) };
                                    if let Key::Mark(mark) | Key::Inner(_, mark) = self.under {
                                        self.notes.mark(mark);
                                    }
                                }
                                i += 1;
                                At::Colon
                            } else {
                                i += 1;
                                if self.depth <= 1 {
                                    self.ended(i, origin);
                                    if self.depth == 0 {
                                        stop!(At::Next, Stop::Done);
                                    }
                                }
                                At::Next
                            }
                        }
                        Some(b'\\') => {
                            i += 1;
                            if at == At::KeyStr { At::KeyEscape } else { At::StrEscape }
                        }
                        // A raw newline: no writer of logs leaves one in a string, so the line is torn.
                        Some(_) => stop!(at, Stop::Bad),
                    }
                }
                At::StrEscape | At::KeyEscape => {
                    if i >= b.len() {
                        stop!(at, Stop::More);
                    }
                    i += 1;
                    if at == At::KeyEscape { At::KeyStr } else { At::Str }
                }
                At::Literal => {
                    while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') = b.get(i) {
                        i += 1;
                    }
                    if i >= b.len() {
                        stop!(at, Stop::More);
                    }
                    if !self.blind && !is_literal(&b[origin + self.start..i]) {
                        stop!(at, Stop::Bad);
                    }
                    if self.depth <= 1 {
                        self.ended(i, origin);
                        if self.depth == 0 {
                            stop!(At::Next, Stop::Done);
                        }
                    }
                    At::Next
                }
                At::Deep => loop {
                    let Some(c) = b.get(i) else { stop!(At::Deep, Stop::More) };
                    if self.newline {
                        self.newline = false;
                        if matches!(c, b'{') {
                            stop!(At::Deep, Stop::Bad);
                        }
                    }
                    i += 1;
                    match c {
                        b'"' => break At::DeepStr,
                        b'{' | b'[' => self.deep += 1,
                        b'}' | b']' => {
                            self.deep = self.deep.saturating_sub(1);
                            if self.deep == 0 {
                                if self.depth == 0 {
                                    stop!(At::Next, Stop::Done);
                                }
                                break At::Next;
                            }
                        }
                        b'\n' => self.newline = self.one_line,
                        _ => {}
                    }
                },
                At::DeepStr => {
                    i = string_break(b, i);
                    match b.get(i) {
                        None => stop!(at, Stop::More),
                        Some(b'"') => {
                            i += 1;
                            At::Deep
                        }
                        Some(b'\\') => {
                            i += 1;
                            At::DeepEscape
                        }
                        Some(_) => stop!(at, Stop::Bad),
                    }
                }
                At::DeepEscape => {
                    if i >= b.len() {
                        stop!(at, Stop::More);
                    }
                    i += 1;
                    At::DeepStr
                }
            };
        }
    }

    fn push(&mut self, is_object: bool) -> bool {
        if self.depth == self.max_depth {
            self.too_deep = true;
            self.deep = 1;
            return false;
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u128::from(is_object);
        true
    }

    /// Leaves a level; true when that was the last.
    fn pop(&mut self, end: usize, origin: usize) -> bool {
        self.depth -= 1;
        self.kinds >>= 1;
        if self.depth <= 1 {
            self.ended(end, origin);
        }
        self.depth == 0
    }

    fn begin(&mut self, i: usize, origin: usize) {
        if self.depth == 1 && !self.blind {
            self.value = i - origin;
        }
    }

    fn ended(&mut self, end: usize, origin: usize) {
        if let Key::Inner(inner, _) = self.under
            && self.depth == 1
            && !self.blind
        {
            self.notes.note(inner, Span { from: self.value, to: end - origin });
        }
        if self.depth == 1 {
            self.under = Key::Plain;
        }
    }
}

/// The next `"`, `\` or newline at or after `i`.
#[inline]
fn string_break(b: &[u8], mut i: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    let has_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    // Most strings are shorter than a call of memchr is worth.
    let near = b.len().min(i + 64);
    while i + 8 <= near {
        let word = u64::from_le_bytes(b[i..i + 8].try_into().expect("eight bytes"));
        let hits = has_zero(word ^ (ONES * u64::from(b'"')))
            | has_zero(word ^ (ONES * u64::from(b'\\')))
            | has_zero(word ^ (ONES * u64::from(b'\n')));
        if hits != 0 {
            // Only the lowest hit is sure to be one, and it is the one that we want.
            return i + (hits.trailing_zeros() / 8) as usize;
        }
        i += 8;
    }
    memchr::memchr3(b'"', b'\\', b'\n', &b[i..]).map_or(b.len(), |n| i + n)
}

/// `true`, `false`, `null`, or a number as JSON writes it.
fn is_literal(word: &[u8]) -> bool {
    if matches!(word, b"true" | b"false" | b"null") {
        return true;
    }
    let digits = |w: &[u8]| w.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let n = digits(rest);
    if n == 0 || (n > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[n..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or(rest.strip_prefix(b"E")) {
        let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let n = digits(exponent);
        if n == 0 {
            return false;
        }
        rest = &exponent[n..];
    }
    rest.is_empty()
}

/// Scans bytes that should be one JSON value and nothing else; `None` when they are not.
pub(super) fn whole(bytes: &[u8], max_depth: u32) -> Option<Notes> {
    let from = bytes.iter().position(|c| !c.is_ascii_whitespace())?;
    let mut scan = Scan::new(max_depth, false);
    match scan.run(bytes, from, 0) {
        (end, Stop::Done) if bytes[end..].iter().all(u8::is_ascii_whitespace) => {}
        (_, Stop::More) if scan.is_whole_at_end(bytes, 0) => {}
        _ => return None,
    }
    (!scan.too_deep).then_some(scan.notes)
}
