//! One value out of a container: handed on as it is, or first lifted out of what was wrapped around it.

use super::notes::{Inner, Notes, Span};
use super::scan::whole;
use super::window::{Window, newlines};
use super::{Out, Shape, json};

/// Wrappings in wrappings are undone this often, then handed on as they are.
const MAX_LEVEL: u8 = 6;

const CLOUDTRAIL_DETAILS: &[&[u8]] = &[
    b"\"AWS API Call via CloudTrail\"",
    b"\"AWS Console Sign In via CloudTrail\"",
    b"\"AWS Service Event via CloudTrail\"",
];

/// Hands on the record that this value is or holds.
pub(super) fn item(out: &mut Out<'_>, bytes: &[u8], line: u64, notes: &Notes, level: u8) {
    if notes.is_bare() || level >= MAX_LEVEL {
        return hand_on(out, bytes, line, notes);
    }
    if notes.is_digest() {
        out.shape(Shape::Digest);
        return out.trouble(line, "a CloudTrail digest, which holds no records");
    }
    let inside =
        |which| notes.inner(which).map(|s: Span| (&bytes[s.from..s.to], line + newlines(&bytes[..s.from])));
    if let Some((event, line)) = inside(Inner::CloudTrailEvent) {
        out.shape(Shape::LookupEvents);
        return lift(out, event, line, level, "CloudTrailEvent");
    }
    if let Some((payload, line)) = inside(Inner::JsonPayload)
        && let Some(inner) = object(out, payload)
        && inner.is_cloudtrail()
    {
        out.shape(Shape::Stackdriver);
        return item(out, payload, line, &inner, level + 1);
    }
    if notes.is_record() {
        return hand_on(out, bytes, line, notes);
    }
    if let Some((detail, line)) = inside(Inner::Detail)
        && let Some(inner) = object(out, detail)
        && (inner.is_cloudtrail()
            || inside(Inner::DetailType).is_some_and(|(t, _)| CLOUDTRAIL_DETAILS.contains(&t)))
    {
        out.shape(Shape::EventBridge);
        return item(out, detail, line, &inner, level + 1);
    }
    if let Some((message, line)) = inside(Inner::Message)
        && message.strip_prefix(b"\"").is_some_and(|m| m.trim_ascii_start().starts_with(b"{"))
    {
        out.shape(Shape::CloudWatch);
        return lift(out, message, line, level, "message");
    }
    if let Some((data, line)) = inside(Inner::Data)
        && let Some(inner) = object(out, data)
        && (inner.has_list() || inner.is_record() || inner.inner(Inner::Detail).is_some())
    {
        return json::read(&mut Window::within(data, line), out, level + 1);
    }
    hand_on(out, bytes, line, notes);
}

fn hand_on(out: &mut Out<'_>, bytes: &[u8], line: u64, notes: &Notes) {
    if !out.only_records || notes.is_cloudtrail() || notes.is_entry() {
        out.record(bytes, line);
    }
}

fn object(out: &Out<'_>, bytes: &[u8]) -> Option<Notes> {
    bytes.starts_with(b"{").then(|| whole(bytes, out.limits.depth)).flatten()
}

/// Hands on the JSON that a string holds (or that stands there unwrapped already).
fn lift(out: &mut Out<'_>, value: &[u8], line: u64, level: u8, name: &str) {
    if value.starts_with(b"{") {
        return match object(out, value) {
            Some(notes) => item(out, value, line, &notes, level + 1),
            None => out.trouble(line, format!("what {name} holds is not whole JSON")),
        };
    }
    let text = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).and_then(unescape);
    match text.as_deref().map(<[u8]>::trim_ascii) {
        Some(text) => match object(out, text) {
            Some(notes) => item(out, text, line, &notes, level + 1),
            None => out.trouble(line, format!("what {name} holds is not whole JSON")),
        },
        None => out.trouble(line, format!("{name} is not a string of JSON")),
    }
}

/// Undoes the escapes of a JSON string; what is not UTF-8 stays as it is. `None` when an escape is not one.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..n]);
        let sign = *rest.get(n + 1)?;
        rest = &rest[n + 2..];
        plain.push(match sign {
            b'"' | b'\\' | b'/' => sign,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut unit = hex4(rest)?;
                rest = &rest[4..];
                if (0xD800..0xDC00).contains(&unit)
                    && let Some(low) = rest.strip_prefix(b"\\u").and_then(hex4)
                    && (0xDC00..0xE000).contains(&low)
                {
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    rest = &rest[6..];
                }
                let c = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        });
    }
    plain.extend_from_slice(rest);
    Some(plain)
}

fn hex4(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |n, c| Some(n << 4 | char::from(*c).to_digit(16)?))
}
