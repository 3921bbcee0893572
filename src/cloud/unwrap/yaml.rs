//! YAML as `gcloud logging read` prints it: documents between `---`, or one list; each entry becomes a line of JSON.
//!
//! The text is cut into entries by its lines, which YAML allows at the outermost level, so that only one is held and parsed.

use super::window::Window;
use super::{Out, Shape, json};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

enum Kind {
    /// A list at the left margin: each `- ` starts an entry.
    List,
    Document,
}

pub(super) fn read(win: &mut Window<'_>, out: &mut Out<'_>) {
    out.shape(Shape::Yaml);
    let limit = out.limits.record;
    let mut kind = None;
    let mut entry: Vec<u8> = Vec::new();
    let mut first = 1;
    let mut size = 0;
    let mut at_start = true;
    while let Some((from, to)) = win.line(limit) {
        let number = win.line_at(from);
        let line = win.slice(from, to);
        let text = line.trim_ascii_end();
        let is_mark = at_start && (marks(text, b"---") || marks(text, b"..."));
        let is_item = at_start && matches!(kind, Some(Kind::List)) && marks(text, b"-");
        if is_mark || is_item {
            flush(out, &mut entry, &mut size, first);
        }
        let rest = if is_mark { line.get(3..).unwrap_or_default() } else { line };
        let is_content = !(rest.trim_ascii().is_empty() || text.starts_with(b"#") || text.starts_with(b"%"));
        if is_mark {
            kind = None;
        }
        if size == 0 {
            first = number;
        }
        if is_content && kind.is_none() {
            kind = Some(if marks(text, b"-") { Kind::List } else { Kind::Document });
        }
        if is_content || size > 0 {
            size += rest.len() as u64;
            if size <= limit {
                entry.extend_from_slice(rest);
            }
        }
        at_start = line.ends_with(b"\n");
        win.release(to);
        if out.stopped {
            return;
        }
    }
    flush(out, &mut entry, &mut size, first);
}

/// Whether the line is this mark, alone or with something after a space.
fn marks(line: &[u8], mark: &[u8]) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest[0] == b' ')
}

fn flush(out: &mut Out<'_>, entry: &mut Vec<u8>, size: &mut u64, line: u64) {
    let limit = out.limits.record;
    let held = std::mem::take(entry);
    match std::mem::take(size) {
        0 => {}
        n if n > limit => {
            out.trouble(
                line,
                format!("an entry of {n} bytes, more than the {limit} that are read of one: skipped"),
            );
        }
        _ => match to_json(&String::from_utf8_lossy(&held), limit as usize, out.limits.depth) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => json::read(&mut Window::within(&text, line), out, 1),
            Err((offset, why)) => out.trouble(line + offset, why),
        },
    }
}

/// What is open while JSON is written.
struct Open {
    is_map: bool,
    /// Keys and values so far.
    count: usize,
    anchor: usize,
    start: usize,
}

/// Writes one YAML document as one line of JSON. An error has its line, counted from 0.
///
/// Aliases are written out, within `limit`. Quoted text stays text; so does every plain number that does not fit 32 bits,
/// because Protobuf's JSON, which gcloud prints, writes 64-bit integers as text.
pub(super) fn to_json(text: &str, limit: usize, depth: u32) -> Result<Vec<u8>, (u64, String)> {
    let mut json = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            (e.marker().line().saturating_sub(1) as u64, format!("not YAML: {}", e.info().to_lowercase()))
        })?;
        let fail = |why: &str| (span.start.line().saturating_sub(1) as u64, why.to_owned());
        if json.len() > limit {
            return Err(fail("an entry that is too long once its aliases are written out: skipped"));
        }
        let is_key = open.last().is_some_and(|o| o.is_map && o.count % 2 == 0);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(_) | Event::DocumentEnd => {}
            Event::Scalar(value, style, anchor, tag) => {
                separate(&mut json, &mut open);
                let start = json.len();
                if style == ScalarStyle::Plain && tag.is_none() && !is_key {
                    plain(&mut json, &value);
                } else {
                    quote(&mut json, value.as_bytes());
                }
                if anchor != 0 {
                    anchors.insert(anchor, (start, json.len()));
                }
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) if is_key => {
                let _ = anchor;
                return Err(fail("a list or mapping where a name should be"));
            }
            Event::SequenceStart(anchor, _) => begin(&mut json, &mut open, false, anchor),
            Event::MappingStart(anchor, _) => begin(&mut json, &mut open, true, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(o) = open.pop() {
                    json.push(if o.is_map { b'}' } else { b']' });
                    if o.anchor != 0 {
                        anchors.insert(o.anchor, (o.start, json.len()));
                    }
                }
            }
            Event::Alias(anchor) => {
                let Some((from, to)) = anchors.get(&anchor).copied() else {
                    return Err(fail("an alias of something that is not whole yet"));
                };
                if is_key && json[from] != b'"' {
                    return Err(fail("an alias where a name should be"));
                }
                if json.len() + (to - from) > limit {
                    return Err(fail("an entry that is too long once its aliases are written out: skipped"));
                }
                separate(&mut json, &mut open);
                json.extend_from_within(from..to);
            }
        }
        // One more for the list that the entry may be an item of.
        if open.len() > depth as usize + 1 {
            return Err(fail(&format!("nested more than {depth} levels deep: skipped")));
        }
    }
    Ok(json)
}

fn separate(json: &mut Vec<u8>, open: &mut [Open]) {
    if let Some(o) = open.last_mut() {
        match (o.is_map, o.count) {
            (_, 0) => {}
            (true, n) if n % 2 == 1 => json.push(b':'),
            _ => json.push(b','),
        }
        o.count += 1;
    } else if !json.is_empty() {
        json.push(b' ');
    }
}

fn begin(json: &mut Vec<u8>, open: &mut Vec<Open>, is_map: bool, anchor: usize) {
    separate(json, open);
    open.push(Open { is_map, count: 0, anchor, start: json.len() });
    json.push(if is_map { b'{' } else { b'[' });
}

fn plain(json: &mut Vec<u8>, value: &str) {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_canonical = digits == "0" || !digits.starts_with('0');
    let is_number = match value.parse::<i32>() {
        Ok(_) => is_canonical && digits.bytes().all(|c| c.is_ascii_digit()),
        Err(_) => value.contains('.') && serde_json::from_str::<f64>(value).is_ok(),
    };
    match value {
        "" | "~" | "null" | "Null" | "NULL" => json.extend_from_slice(b"null"),
        "true" | "True" | "TRUE" => json.extend_from_slice(b"true"),
        "false" | "False" | "FALSE" => json.extend_from_slice(b"false"),
        _ if is_number => json.extend_from_slice(value.as_bytes()),
        _ => quote(json, value.as_bytes()),
    }
}

/// Writes text as a JSON string; what is not UTF-8 is passed on.
pub(super) fn quote(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    for c in text {
        match c {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', *c]),
            b'\n' => json.extend_from_slice(b"\\n"),
            0..0x20 => json.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            _ => json.push(*c),
        }
    }
    json.push(b'"');
}
