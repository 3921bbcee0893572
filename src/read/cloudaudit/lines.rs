//! Entries as a sink writes them, one a line, walked without parsing the payload.
//!
//! For coverage and counts an entry's own fields are enough, and they lie around the payload: it is stepped over, and that
//! the rest of the line is whole without it proves that it was. Resources and names of logs repeat; each spelling is parsed
//! once. A line that is written in any other way is parsed; a file of anything else is `None`. `collect` alone calls it.

use super::head::{head, mark};
use crate::read::delivery::{Clock, Delivery, Known, Search, email_at, ends, is_escape, object, word};
use crate::read::{Head, RecordKind};
use memchr::memmem::Finder;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

const AUDIT: &[u8] = b"\"@type\":\"type.googleapis.com/google.cloud.audit.AuditLog\"";
const RESOURCE: &[u8] = b"\"resource";
/// Bytes in which an entry ends after its payload, nearly always.
const AFTER: usize = 1024;
/// E-mails that are told apart at once; a power of two.
const MET: usize = 512;
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
    /// How a resource's name and location both begin.
    resource: Finder<'static>,
    logs: Known<Log>,
    resources: Known<Resource>,
    clock: Clock,
    emails: Emails,
    found: Delivery,
}

/// What a log's name tells.
#[derive(Default)]
struct Log {
    account: String,
    source: &'static str,
}

/// What a resource's labels tell of where it lies.
#[derive(Default)]
struct Resource {
    region: Option<String>,
}

/// The e-mails of a file, nearly each once.
struct Emails {
    all: Vec<u64>,
    /// Those that were met last, each in its place.
    last: Vec<u64>,
}

impl Default for Liner {
    fn default() -> Liner {
        Liner {
            sorted: Finder::new(b"},\"receiveTimestamp\":\""),
            unsorted: Finder::new(b"},\"insertId\":\""),
            resource: Finder::new(RESOURCE),
            logs: Known::default(),
            resources: Known::default(),
            clock: Clock::default(),
            emails: Emails { all: Vec::new(), last: vec![0; MET] },
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
    /// Its place among those known.
    resource: Option<usize>,
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
    pub fn walk(&mut self, text: &[u8], search: Option<&impl Search>) -> Option<&Delivery> {
        self.found.clear(0);
        self.emails.clear();
        let body = text.strip_suffix(b"\n").unwrap_or(text);
        let (mut at, mut is_escaped, mut any_escaped) = (0, false, false);
        // One look for all that may stand anywhere.
        for sign in memchr::memchr3_iter(b'\n', b'@', b'\\', body).chain([body.len()]) {
            match body.get(sign) {
                Some(b'@') => self.emails.met(body, sign),
                Some(b'\\') => is_escaped |= is_escape(body, sign),
                Some(_) | None => {
                    let line = &body[at..sign];
                    if self.line(line).is_none() {
                        self.parsed(line)?;
                    }
                    let is_hit = |search: &_| {
                        Search::is_in(search, line) || (is_escaped && Search::is_behind_escapes(search, line))
                    };
                    if search.is_some_and(is_hit) {
                        self.found.hit();
                    }
                    self.found.ends.push(sign);
                    (at, any_escaped, is_escaped) = (sign + 1, any_escaped | is_escaped, false);
                }
            }
        }
        // Behind an escape any may be hidden.
        self.found.emails = (!any_escaped).then(|| self.emails.sorted());
        Some(&self.found)
    }

    fn line(&mut self, text: &[u8]) -> Option<()> {
        let line = self.fields(text)?;
        let (id, log) = (line.id.filter(|id| !id.is_empty())?, line.log.filter(|log| !log.is_empty())?);
        let at = self.clock.nanoseconds(line.at?)?;
        let payload = line.payload?;
        let hint = word(log, 9) ^ log.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let log_told = match self.logs.guess(hint, log) {
            Some((place, len)) if len == log.len() => place,
            _ => self.logs.place(hint, log, learn_log)?,
        };
        let of_resource = line.resource.and_then(|place| self.resources.at(place).region.as_deref());
        let region = match of_resource {
            Some(region) => region.as_bytes(),
            None => region_in(payload, &self.resource)?,
        };
        let Log { account, source } = self.logs.at(log_told);
        self.found.count(account, region, source, at)?;
        self.found.identities.push(mark(log, at / 1_000, id, b""));
        Some(())
    }

    /// What is known of the resource that begins here, and where it ends.
    fn resource(&mut self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let hint = word(text, at + 9) ^ word(text, at + 40) ^ word(text, at + 56).rotate_left(7);
        if let Some((place, len)) = self.resources.guess(hint, &text[at..]) {
            return Some((place, at + len));
        }
        let end = object(text, at, &mut |_, _| Some(()))?;
        Some((self.resources.place(hint, &text[at..end], learn_resource)?, end))
    }

    /// Walks the fields; the line is whole when this ends at its end.
    fn fields<'a>(&mut self, text: &'a [u8]) -> Option<Line<'a>> {
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
                    // Near its end as a rule; wherever it stands, the rest of the line is held against it.
                    let near = text.len().saturating_sub(AFTER).max(at);
                    match next.find(&text[near..]) {
                        Some(n) => near + n + 1,
                        None => at + next.find(&text[at..])? + 1,
                    }
                }
                (
                    b"insertId" | b"logName" | b"timestamp" | b"receiveTimestamp" | b"severity" | b"trace"
                    | b"spanId",
                    b'"',
                ) => ends(text, at + 1)? + 1,
                (b"resource", b'{') if line.resource.is_none() => {
                    let (place, end) = self.resource(text, at)?;
                    line.resource = Some(place);
                    end
                }
                (b"operation" | b"labels" | b"sourceLocation", b'{') => {
                    object(text, at, &mut |_, _| Some(()))?
                }
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
        self.found.count(&account, region.as_bytes(), source, i64::try_from(at.as_nanosecond()).ok()?)?;
        self.found.identities.push(mark);
        Some(())
    }
}

impl Emails {
    fn clear(&mut self) {
        self.all.clear();
        self.last.fill(0);
    }

    fn met(&mut self, text: &[u8], at: usize) {
        let Some(email) = email_at(text, at) else { return };
        let last = &mut self.last[email as usize & (MET - 1)];
        if *last != email {
            *last = email;
            self.all.push(email);
        }
    }

    fn sorted(&mut self) -> Vec<u64> {
        self.all.sort_unstable();
        self.all.dedup();
        self.all.clone()
    }
}

fn learn_log(log: &[u8], told: &mut Log) -> Option<()> {
    let log = std::str::from_utf8(log).ok().filter(|log| log.contains("cloudaudit.googleapis.com"))?;
    *told =
        Log { account: super::account_of(Some(log), None, None)?, source: super::source_of(Some(log), None) };
    Some(())
}

/// Learns what a resource's labels tell; `None` when it is no JSON object.
fn learn_resource(resource: &[u8], told: &mut Resource) -> Option<()> {
    let whole: Value = serde_json::from_slice(resource).ok()?;
    // With any location of its own there is nothing for the payload to tell.
    let of_entry = head(&[b"{\"resource\":", resource, b"}"].concat()).ok()?;
    let labels = whole.as_object()?.iter().filter(|(key, _)| is_key(key, "labels"));
    let mut places = labels.filter_map(|(_, labels)| labels.as_object()).flatten();
    let has_place = places.any(|(key, value)| {
        ["location", "zone", "region"].iter().any(|place| is_key(key, place))
            && *value != Value::Null
            && *value != ""
    });
    told.region = has_place.then_some(of_entry.region);
    Some(())
}

fn is_key(key: &str, wanted: &str) -> bool {
    key.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).eq(wanted.chars())
}

/// The region that a payload tells; `None` when it may be told in more than one place.
fn region_in<'a>(payload: &'a [u8], resource: &Finder) -> Option<&'a [u8]> {
    let (mut place, mut name) = (None, None);
    for at in resource.find_iter(payload) {
        let rest = &payload[at + RESOURCE.len()..];
        let (what, value) = match rest.first()? {
            b'L' => match rest.strip_prefix(b"Location\":") {
                Some(rest) => (&mut place, rest.strip_prefix(b"{\"currentLocations\":[\"")?),
                None => continue,
            },
            b'N' => match rest.strip_prefix(b"Name\":") {
                Some(rest) => (&mut name, rest.strip_prefix(b"\"")?),
                None => continue,
            },
            _ => continue,
        };
        if what.replace(&value[..ends(value, 0)?]).is_some() {
            return None;
        }
    }
    if let Some(place) = place.filter(|place| !place.is_empty()) {
        return Some(place);
    }
    // As `region_of` has it.
    let mut segments = name.unwrap_or_default().split(|c| *c == b'/').peekable();
    while let Some(segment) = segments.next() {
        if matches!(segment, b"zones" | b"regions" | b"locations")
            && let Some(name) = segments.peek().filter(|name| !name.is_empty() && **name != b"-")
        {
            return Some(name);
        }
    }
    Some(b"global")
}
