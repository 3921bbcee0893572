//! JSON in any packing: values one after another, lines, arrays, and objects around a list of records, nested at will.
//!
//! A value that is not such a list is handed on as one slice of the window. What cannot be read is named once, and reading
//! goes on at the next place where a record seems to start.

use super::item::item;
use super::notes::List;
use super::scan::{Scan, Stop};
use super::sniff;
use super::window::Window;
use super::{Out, Shape};
use std::sync::LazyLock;

/// How every CloudTrail record begins when Amazon writes it. Unescaped quotes cannot stand in a string, so this is one's start.
const RECORD: &[u8] = b"{\"eventVersion\"";
static FIND_RECORD: LazyLock<memchr::memmem::Finder<'static>> =
    LazyLock::new(|| memchr::memmem::Finder::new(RECORD));

/// Lists in lists deeper than this are handed on whole.
const MAX_LISTS: usize = 16;

/// How many bytes of broken values are gone through a second time for records that they swallowed: a hostile file must not
/// make us read it many times over.
const SECOND_LOOKS: u64 = 256 << 20;

/// How far into a line its first sign is looked for.
const LOOK: usize = 512;

enum Frame {
    /// In an array: elements follow.
    List,
    /// Around it: the object that the array is in.
    Around(Scan),
}

pub(super) struct Json<'w, 'r, 'o, 's> {
    win: &'w mut Window<'r>,
    out: &'o mut Out<'s>,
    frames: Vec<Frame>,
    pos: u64,
    level: u8,
    /// Values at top level, and whether each began its line.
    values: u64,
    by_line: bool,
    second_looks: u64,
    /// The line of the value at hand, noted when its start had to be let go.
    lost_line: Option<u64>,
    /// The rest was already named as unreadable.
    given_up: bool,
}

/// Reads all of the window from where it stands. `level` says how many wrappings we are in.
pub(super) fn read(win: &mut Window<'_>, out: &mut Out<'_>, level: u8) {
    let pos = win.keep();
    let mut json = Json {
        win,
        out,
        frames: Vec::new(),
        pos,
        level,
        values: 0,
        by_line: true,
        second_looks: SECOND_LOOKS,
        lost_line: None,
        given_up: false,
    };
    json.run();
}

impl Json<'_, '_, '_, '_> {
    fn run(&mut self) {
        while !self.out.stopped {
            let Some(c) = self.next() else { return self.finish() };
            match (self.frames.is_empty(), c) {
                (_, b'{') => self.value(),
                (false, b']') => self.close(),
                (_, b'[') if self.frames.len() < MAX_LISTS && self.starts_list() => {
                    if self.frames.is_empty() {
                        self.count_value();
                        self.out.shape(Shape::Array);
                    }
                    self.out.containers += 1;
                    self.pos += 1;
                    self.frames.push(Frame::List);
                }
                (false, b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.value(),
                (true, b'0'..=b'9') if self.skip_stamp() => {}
                (true, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') if self.is_lone_scalar() => {
                    self.value()
                }
                _ => {
                    self.lost_line = None;
                    self.broken(self.pos, self.pos, "not JSON");
                }
            }
        }
    }

    /// The next byte that is neither blank nor a comma.
    fn next(&mut self) -> Option<u8> {
        loop {
            self.win.release(self.pos);
            let held = self.win.from(self.pos);
            match held.iter().position(|c| !matches!(c, b' ' | b'\n' | b'\r' | b'\t' | b',')) {
                Some(n) => {
                    let c = held[n];
                    self.pos += n as u64;
                    return Some(c);
                }
                None => {
                    self.pos = self.win.end();
                    self.win.release(self.pos);
                    if !self.win.more() {
                        return None;
                    }
                }
            }
        }
    }

    /// Whether this `[` opens an array rather than a word in brackets.
    fn starts_list(&mut self) -> bool {
        sniff::starts_list(self.win.peek(self.pos, LOOK))
    }

    fn is_lone_scalar(&mut self) -> bool {
        let held = self.win.peek(self.pos, LOOK);
        if held[0] == b'"' {
            return true;
        }
        let end =
            held.iter().position(|c| matches!(c, b' ' | b'\n' | b'\r' | b'\t' | b',')).unwrap_or(held.len());
        let mut scan = Scan::new(1, false);
        matches!(scan.run(&held[..end], 0, 0), (_, Stop::More) if scan.is_whole_at_end(&held[..end], 0))
    }

    /// Steps over the time before the message in a line of a CloudWatch Logs export.
    fn skip_stamp(&mut self) -> bool {
        let Some(n) = sniff::stamp(self.win.peek(self.pos, LOOK)) else { return false };
        self.out.shape(Shape::CloudWatchLines);
        self.pos += n as u64;
        true
    }

    fn count_value(&mut self) {
        self.values += 1;
        if self.values > 1 && self.by_line {
            let (before, _) = self.win.before(self.pos);
            let line = before.rsplit(|c| *c == b'\n').next().unwrap_or_default();
            self.by_line = line.len() < before.len() && line.iter().all(|c| matches!(c, b' ' | b'\t'));
        }
    }

    fn value(&mut self) {
        let top = self.frames.is_empty();
        if top {
            self.count_value();
        }
        let mut scan = Scan::new(self.out.limits.depth, self.frames.len() < MAX_LISTS);
        if top {
            scan = scan.bound_by_line();
        }
        self.scan(scan, false);
    }

    fn close(&mut self) {
        self.pos += 1;
        self.frames.pop();
        if let Some(Frame::Around(_)) = self.frames.last()
            && let Some(Frame::Around(mut scan)) = self.frames.pop()
        {
            scan.list_ended();
            self.scan(scan, true);
        }
    }

    /// Goes through a value, or through the tail of an object after its list.
    fn scan(&mut self, mut scan: Scan, is_tail: bool) {
        let start = self.pos;
        let limit = self.out.limits.record;
        self.lost_line = None;
        loop {
            self.win.release(if scan.blind { start.max(self.pos - 1) } else { start });
            let held = self.win.from(self.win.keep());
            let skip = (self.pos - self.win.keep()) as usize;
            let (i, stop) = scan.run(held, skip, 0);
            self.pos = self.win.keep() + i as u64;
            match stop {
                Stop::More => {
                    if self.pos - start > limit && !scan.blind {
                        self.lost_line = Some(self.win.line_at(start));
                        scan.blind = true;
                    }
                    if self.win.more() {
                        continue;
                    }
                    if scan.is_whole_at_end(self.win.from(self.win.keep()), 0) {
                        return self.emit(start, &scan);
                    }
                    return self.broken(start, self.pos, self.torn());
                }
                Stop::Done if is_tail => return,
                Stop::Done => return self.emit(start, &scan),
                Stop::List(list) => {
                    self.out.containers += 1;
                    self.out.shape(match list {
                        List::Records => Shape::Records,
                        List::Lookup => Shape::LookupEvents,
                        List::LogEvents => Shape::CloudWatch,
                        List::Entries => Shape::Entries,
                    });
                    self.pos += 1;
                    self.frames.push(Frame::Around(scan));
                    self.frames.push(Frame::List);
                    return;
                }
                Stop::Bad if is_tail => return self.broken(self.pos, self.pos, "not JSON"),
                Stop::Bad => return self.broken(start, self.pos, "not whole JSON"),
            }
        }
    }

    fn emit(&mut self, start: u64, scan: &Scan) {
        let limits = self.out.limits;
        let line = self.line(start);
        let size = self.pos - start;
        if size > limits.record {
            let why = format!(
                "a record of {size} bytes, more than the {} that are read of one: skipped",
                limits.record
            );
            self.out.trouble(line, why);
        } else if scan.too_deep {
            self.out
                .trouble(line, format!("a record nested more than {} levels deep: skipped", limits.depth));
        } else {
            item(self.out, self.win.slice(start, self.pos), line, &scan.notes, self.level);
        }
    }

    /// The line where the value at hand starts.
    fn line(&mut self, start: u64) -> u64 {
        self.lost_line.unwrap_or_else(|| self.win.line_at(start))
    }

    fn torn(&self) -> &'static str {
        if self.win.error.is_some() { "cut off" } else { "cut off at the end of the file" }
    }

    /// Names what begins at `start` and cannot go on at `at`, and finds where to go on.
    fn broken(&mut self, start: u64, at: u64, why: &'static str) {
        let line = self.line(start);
        let start = start.max(self.win.keep());
        let indent = self.indent(start);
        let ended = at == self.win.end() && !self.win.more();
        if !ended && at > start && self.skip_balanced(start) {
            return self.out.trouble(line, format!("{why}: skipped"));
        }
        let again = at - start;
        let from = if again <= self.second_looks {
            self.second_looks -= again;
            start + 1
        } else {
            at.saturating_sub(1).max(start + 1)
        };
        let found = self.resync(from.min(self.win.end()), indent);
        // Only now is it known how far the broken part reaches.
        let last = self.win.line_at(self.pos).saturating_sub(u64::from(found)).max(line);
        let lines =
            if last > line && (found || !ended) { format!(" (up to line {last})") } else { String::new() };
        // What was taken for the rest of it turned out to be other records.
        let why = if ended && found { "not whole JSON" } else { why };
        let mut why = format!("{why}{lines}");
        if !found {
            self.given_up = true;
            match self.win.error.take() {
                Some(e) => why = format!("{why}: {e}"),
                None if ended => {}
                None => why = format!("{why}; nothing after it could be told apart"),
            }
        }
        self.out.trouble(line, why);
    }

    /// Steps over a broken element by its brackets alone, if that ends on the same line and in good order.
    fn skip_balanced(&mut self, start: u64) -> bool {
        const FAR: usize = 64 << 10;
        if self.frames.is_empty() || self.second_looks < FAR as u64 {
            return false;
        }
        let held = self.win.peek(start, FAR);
        let held = &held[..held.len().min(FAR)];
        let line = &held[..memchr::memchr(b'\n', held).unwrap_or(held.len())];
        let mut scan = Scan::new(0, false).bound_by_line();
        let (end, stop) = scan.run(line, 0, 0);
        self.second_looks -= end as u64;
        let next = line[end.min(line.len())..].iter().find(|c| !c.is_ascii_whitespace());
        if stop == Stop::Done && matches!(next, Some(b',' | b']')) {
            self.pos = start + end as u64;
            return true;
        }
        false
    }

    /// How far the line of this position is indented.
    fn indent(&self, at: u64) -> usize {
        let (before, is_all) = self.win.before(at);
        let line = match memchr::memrchr(b'\n', before) {
            Some(n) => &before[n + 1..],
            None if is_all => before,
            None => return 0,
        };
        line.iter().take_while(|c| matches!(c, b' ' | b'\t')).count()
    }

    /// Moves to the next place where a record seems to start; false when there is none.
    fn resync(&mut self, from: u64, indent: usize) -> bool {
        let mut at = from;
        loop {
            self.win.release(at);
            let held = self.win.from(at);
            let newline = memchr::memchr(b'\n', held);
            let line = &held[..newline.unwrap_or(held.len())];
            if let Some(n) = FIND_RECORD.find(line) {
                self.pos = at + n as u64;
                return true;
            }
            match newline {
                Some(n) => {
                    at += n as u64 + 1;
                    self.win.release(at);
                    let top = self.frames.is_empty();
                    if let Some(n) = sniff::line_start(self.win.peek(at, LOOK), indent, top) {
                        self.pos = at + n as u64;
                        return true;
                    }
                }
                None => {
                    at = at.max(self.win.end().saturating_sub(RECORD.len() as u64 - 1));
                    self.win.release(at);
                    if !self.win.more() {
                        self.pos = self.win.end();
                        return false;
                    }
                }
            }
        }
    }

    fn finish(&mut self) {
        if !self.given_up
            && let Some(e) = self.win.error.take()
        {
            let line = self.win.line_at(self.pos);
            self.out.trouble(line, format!("the rest could not be read: {e}"));
        } else if !self.given_up && !self.frames.is_empty() {
            let line = self.win.line_at(self.pos);
            self.out.trouble(line, "the list of records does not end: the file may be cut off");
        }
        if self.frames.is_empty() && self.values > 0 {
            self.out.shape(match self.values {
                1 => Shape::Object,
                _ if self.by_line => Shape::Jsonl,
                _ => Shape::Concatenated,
            });
        }
    }
}
