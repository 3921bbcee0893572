//! CSV with a header of CloudTrail columns, as the Athena console saves it: each row becomes a JSON object of its columns.
//!
//! Athena writes a nested value as JSON where the column is text, and as `{name=value, …}` where it is a struct.

use super::scan::whole;
use super::window::Window;
use super::yaml::quote;
use super::{Out, Shape};
use csv_core::ReadFieldResult;
use std::io::BufRead;

/// More columns than any table of records has: what has more is no row.
const MAX_FIELDS: usize = 1024;

/// Structs in structs: `sessioncontext.sessionissuer` is three deep.
const MAX_DEPTH: usize = 16;

/// One row at a time.
struct Rows<'w, 'r> {
    win: &'w mut Window<'r>,
    csv: csv_core::Reader,
    limit: u64,
}

#[derive(Default)]
struct Row {
    text: Vec<u8>,
    ends: Vec<usize>,
    size: u64,
    quotes: usize,
    line: u64,
}

impl Row {
    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| &self.text[from..*to])
    }
}

pub(super) fn read(win: &mut Window<'_>, out: &mut Out<'_>) {
    out.shape(Shape::Csv);
    out.containers += 1;
    let mut rows = Rows { win, csv: csv_core::Reader::new(), limit: out.limits.record };
    let Some(header) = rows.next() else { return };
    if header.size > rows.limit || header.ends.len() > MAX_FIELDS {
        return out.trouble(header.line, "a header that is too long");
    }
    let header: Vec<Vec<u8>> = header.fields().map(|f| f.trim_ascii().to_owned()).collect();
    while let Some(row) = rows.next() {
        if row.size > rows.limit {
            let why = format!(
                "a row of {} bytes, more than the {} that are read of one: skipped",
                row.size, rows.limit
            );
            out.trouble(row.line, why);
        } else if row.quotes % 2 == 1 {
            out.trouble(row.line, "a row that is cut off at the end of the file");
        } else if row.ends.len() != header.len() {
            let why = format!("a row of {} fields under {} columns: skipped", row.ends.len(), header.len());
            out.trouble(row.line, why);
        // A header that is repeated, as when files are joined, is no row and no trouble.
        } else if !row.fields().eq(header.iter()) {
            out.record(&object(&header, &row, out.limits.depth), row.line);
        }
        if out.stopped {
            return;
        }
    }
}

impl Rows<'_, '_> {
    fn next(&mut self) -> Option<Row> {
        let mut row = Row::default();
        let mut scratch = [0; 4096];
        // Steps over line ends first, so that the row's line is right.
        loop {
            let held = self.win.fill_buf().unwrap_or_default();
            let blank = held.iter().take_while(|c| matches!(c, b'\r' | b'\n')).count();
            let all = held.len();
            self.win.consume(blank);
            if blank < all || all == 0 {
                break;
            }
        }
        let at = self.win.keep();
        row.line = self.win.line_at(at);
        loop {
            // An error stays in the window for the caller to name.
            let held = if self.win.from(self.win.keep()).is_empty() && !self.win.more() {
                &[][..]
            } else {
                self.win.from(self.win.keep())
            };
            let (result, taken, given) = self.csv.read_field(held, &mut scratch);
            row.quotes += memchr::memchr_iter(b'"', &held[..taken]).count();
            row.size += taken as u64;
            self.win.consume(taken);
            let fits = row.size <= self.limit && row.ends.len() <= MAX_FIELDS;
            if fits {
                row.text.extend_from_slice(&scratch[..given]);
            } else {
                row.text = Vec::new();
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => {
                    if fits {
                        row.ends.push(row.text.len());
                    } else {
                        row.size = row.size.max(self.limit + 1);
                    }
                    if record_end {
                        return Some(row);
                    }
                }
                ReadFieldResult::End => return None,
            }
        }
    }
}

fn object(header: &[Vec<u8>], row: &Row, depth: u32) -> Vec<u8> {
    let mut json = vec![b'{'];
    for (name, value) in header.iter().zip(row.fields()) {
        // An empty cell is an absent value.
        if value.is_empty() {
            continue;
        }
        if json.len() > 1 {
            json.push(b',');
        }
        quote(&mut json, name);
        json.push(b':');
        cell(&mut json, name, value, depth);
    }
    json.push(b'}');
    json
}

fn cell(json: &mut Vec<u8>, name: &[u8], value: &[u8], depth: u32) {
    let is_nested = matches!(value.first(), Some(b'{' | b'['));
    let is_flag = name.eq_ignore_ascii_case(b"readonly") || name.eq_ignore_ascii_case(b"managementevent");
    if (is_nested && whole(value, depth).is_some()) || (is_flag && matches!(value, b"true" | b"false")) {
        return json.extend_from_slice(value);
    }
    let start = json.len();
    if is_nested
        && let Some(rest) = nested(json, value, 0)
        && rest.is_empty()
    {
        return;
    }
    json.truncate(start);
    quote(json, value);
}

/// Writes `{name=value, …}` or `[…, …]` as JSON and returns what follows it; `None` when it is neither.
fn nested<'t>(json: &mut Vec<u8>, text: &'t [u8], depth: usize) -> Option<&'t [u8]> {
    let is_struct = text.first()? == &b'{';
    let close = if is_struct { b'}' } else { b']' };
    json.push(text[0]);
    let mut rest = &text[1..];
    let mut is_first = true;
    while rest.first()? != &close {
        if !is_first {
            rest = rest.strip_prefix(b", ")?;
            json.push(b',');
        }
        is_first = false;
        if is_struct {
            let n = name(rest)?;
            quote(json, &rest[..n]);
            json.push(b':');
            rest = &rest[n + 1..];
        }
        if matches!(rest.first()?, b'{' | b'[') {
            if depth >= MAX_DEPTH {
                return None;
            }
            rest = nested(json, rest, depth + 1)?;
            continue;
        }
        // Nothing is quoted, so a value runs up to what can only be the next name, or the end.
        let is_end = |n: usize| {
            rest[n] == close
                || (rest[n..].starts_with(b", ") && (!is_struct || name(&rest[n + 2..]).is_some()))
        };
        let n = (0..rest.len()).find(|n| is_end(*n))?;
        match &rest[..n] {
            b"null" => json.extend_from_slice(b"null"),
            value => quote(json, value),
        }
        rest = &rest[n..];
    }
    json.push(close);
    Some(&rest[1..])
}

/// The length of the name before a `=`.
fn name(text: &[u8]) -> Option<usize> {
    let n = text.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').take(64).count();
    (n > 0 && text.get(n) == Some(&b'=')).then_some(n)
}
