//! Entries as a sink writes them, one a line, walked without parsing the payload.
//!
//! For coverage and counts an entry's own fields are enough, and they lie around the payload: it is stepped over, and that
//! the rest of the line is whole without it proves that it was. Resources and names of logs repeat; each spelling is parsed
//! once. A line that is written in any other way is parsed; a file of anything else is `None`. `collect` alone calls it.

use super::head::{head, mark};
use crate::read::delivery::{Clock, Delivery, Known, emails, ends};
use crate::read::{Head, RecordKind};
use memchr::memmem::Finder;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

const AUDIT: &[u8] = b"\"@type\":\"type.googleapis.com/google.cloud.audit.AuditLog\"";
/// Every field that an audit entry of a sink has; one with another may be something else.
const FIELDS: &[&str] = &[
    "insertId",
    "labels",
    "logName",
    "operation",
    "protoPayload",
    "receiveTimestamp",
    "resource",
    "severity",
    "sourceLocation",
    "spanId",
    "timestamp",
    "trace",
    "traceSampled",
];

/// Walks files; remembers what it has parsed, from one file to the next.
pub struct Liner {
    /// What follows the payload where fields are sorted, and where the service's own order is kept.
    sorted: Finder<'static>,
    unsorted: Finder<'static>,
    location: Finder<'static>,
    name: Finder<'static>,
    logs: Known<Log>,
    resources: Known<Resource>,
    clock: Clock,
    found: Delivery,
}

/// What a log's name tells.
struct Log {
    account: Box<str>,
    source: &'static str,
}

/// What a resource's labels tell of where it lies.
struct Resource {
    region: Option<Box<str>>,
}

impl Default for Liner {
    fn default() -> Liner {
        Liner {
            sorted: Finder::new(b"},\"receiveTimestamp\":\""),
            unsorted: Finder::new(b"},\"insertId\":\""),
            location: Finder::new(b"\"resourceLocation\":"),
            name: Finder::new(b"\"resourceName\":"),
            logs: Known::default(),
            resources: Known::default(),
            clock: Clock::default(),
            found: Delivery::default(),
        }
    }
}

/// The fields of a line that are looked at.
#[derive(Default)]
struct Line<'a> {
    id: Option<&'a [u8]>,
    log: Option<&'a [u8]>,
    at: Option<&'a [u8]>,
    resource: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
}

impl Liner {
    /// Whether a text begins as a sink's file of entries does.
    pub fn is_lines(text: &[u8]) -> bool {
        [&b"{\"insertId\":\""[..], b"{\"protoPayload\":{", b"{\"logName\":\""]
            .iter()
            .any(|begin| text.starts_with(begin))
    }

    /// Walks a whole file; `None` when it is not one entry a line, or anything in it can't be made out.
    pub fn walk(&mut self, text: &[u8]) -> Option<&Delivery> {
        self.found.clear(0);
        let body = text.strip_suffix(b"\n").unwrap_or(text);
        let mut at = 0;
        for end in memchr::memchr_iter(b'\n', body).chain([body.len()]) {
            let line = &body[at..end];
            if self.line(line).is_none() {
                self.parsed(line)?;
            }
            self.found.ends.push(end);
            at = end + 1;
        }
        self.found.emails = Some(emails(body).collect());
        Some(&self.found)
    }

    fn line(&mut self, text: &[u8]) -> Option<()> {
        let line = self.fields(text)?;
        let (id, log) = (line.id.filter(|id| !id.is_empty())?, line.log.filter(|log| !log.is_empty())?);
        let at = self.clock.nanoseconds(line.at?)?;
        let payload = line.payload?;
        let log_told = self.logs.get_or(log, |log| {
            let log =
                std::str::from_utf8(log).ok().filter(|log| log.contains("cloudaudit.googleapis.com"))?;
            let account = super::account_of(Some(log), None, None)?;
            Some(Log { account: account.into(), source: super::source_of(Some(log), None) })
        })?;
        let region = match line.resource {
            Some(resource) => self.resources.get_or(resource, resource_of)?.region.as_deref(),
            None => None,
        };
        let of_payload;
        let region = match region {
            Some(region) => region,
            None => {
                of_payload = region_in(payload, &self.location, &self.name)?;
                &of_payload
            }
        };
        self.found.identities.push(mark(log, at.into(), id, b""));
        self.found.count(&log_told.account, region, log_told.source, at);
        Some(())
    }

    /// Walks the fields; the line is whole when this ends at its end.
    fn fields<'a>(&self, text: &'a [u8]) -> Option<Line<'a>> {
        let mut line = Line::default();
        let mut at = text.starts_with(b"{").then_some(1)?;
        loop {
            let key = (text.get(at)? == &b'"').then_some(at + 1)?;
            let key = &text[key..ends(text, key)?];
            at += key.len() + 2;
            at = (text.get(at)? == &b':').then_some(at + 1)?;
            let from = at;
            at = match (key, text.get(at)?) {
                (b"protoPayload", b'{') if text[at + 1..].starts_with(AUDIT) => {
                    let next = if line.id.is_some() { &self.sorted } else { &self.unsorted };
                    at + next.find(&text[at..])? + 1
                }
                (
                    b"insertId" | b"logName" | b"timestamp" | b"receiveTimestamp" | b"severity" | b"trace"
                    | b"spanId",
                    b'"',
                ) => ends(text, at + 1)? + 1,
                (b"resource" | b"operation" | b"labels" | b"sourceLocation", b'{') => closes(text, at)?,
                (b"traceSampled", b't') => at + 4,
                (b"traceSampled", b'f') => at + 5,
                _ => return None,
            };
            let value = text.get(from..at)?;
            let inner = value.get(1..value.len().checked_sub(1)?)?;
            let place = match key {
                b"insertId" => Some((&mut line.id, inner)),
                b"logName" => Some((&mut line.log, inner)),
                b"timestamp" => Some((&mut line.at, inner)),
                b"resource" => Some((&mut line.resource, value)),
                b"protoPayload" => Some((&mut line.payload, value)),
                _ => None,
            };
            if let Some((place, value)) = place
                && place.replace(value).is_some()
            {
                return None;
            }
            match text.get(at)? {
                b',' => at += 1,
                b'}' if at + 1 == text.len() => return Some(line),
                _ => return None,
            }
        }
    }

    /// Parses a line that is written in some other way.
    fn parsed(&mut self, line: &[u8]) -> Option<()> {
        let fields: BTreeMap<Cow<str>, &RawValue> = serde_json::from_slice(line).ok()?;
        if !line.starts_with(b"{")
            || !line.ends_with(b"}")
            || !fields.keys().all(|key| FIELDS.contains(&&**key))
        {
            return None;
        }
        let Head { kind: RecordKind::CloudAudit, mark, at: Some(at), account, region, source, .. } =
            head(line).ok()?
        else {
            return None;
        };
        self.found.identities.push(mark);
        self.found.count(&account, &region, source, i64::try_from(at.as_nanosecond()).ok()?);
        Some(())
    }
}

/// Where a small object ends.
fn closes(text: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match text.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => at = ends(text, at + 1)?,
            _ => {}
        }
        at += 1;
    }
}

/// What a resource's labels tell; `None` when it is no JSON object.
fn resource_of(resource: &[u8]) -> Option<Resource> {
    let whole: Value = serde_json::from_slice(resource).ok()?;
    // With any location of its own there is nothing for the payload to tell.
    let told = head(&[b"{\"resource\":", resource, b"}"].concat()).ok()?;
    let labels = whole.as_object()?.iter().filter(|(key, _)| is_key(key, "labels"));
    let mut places = labels.filter_map(|(_, labels)| labels.as_object()).flatten();
    let has_place = places.any(|(key, value)| {
        ["location", "zone", "region"].iter().any(|place| is_key(key, place))
            && *value != Value::Null
            && *value != ""
    });
    Some(Resource { region: has_place.then(|| told.region.into()) })
}

fn is_key(key: &str, wanted: &str) -> bool {
    key.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).eq(wanted.chars())
}

/// The region that a payload tells; `None` when it may be told in more than one place.
fn region_in<'a>(payload: &'a [u8], location: &Finder, name: &Finder) -> Option<Cow<'a, str>> {
    let place = match location.find(payload) {
        None => None,
        Some(at) => {
            let list = payload[at + location.needle().len()..].strip_prefix(b"{\"currentLocations\":[\"")?;
            if location.find(list).is_some() {
                return None;
            }
            Some(std::str::from_utf8(&list[..ends(list, 0)?]).ok()?).filter(|place| !place.is_empty())
        }
    };
    let resource = match name.find(payload) {
        None => None,
        Some(at) => {
            let text = payload[at + name.needle().len()..].strip_prefix(b"\"")?;
            if name.find(text).is_some() {
                return None;
            }
            Some(std::str::from_utf8(&text[..ends(text, 0)?]).ok()?).filter(|name| !name.is_empty())
        }
    };
    Some(super::region_of([place], resource).map_or(Cow::Borrowed("global"), Cow::Owned))
}
