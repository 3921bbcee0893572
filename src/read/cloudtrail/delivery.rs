//! Files as CloudTrail delivers them, walked without parsing what is the same again and again.
//!
//! For coverage and counts every record must be known: where it ends, when, by which account and of which kind. What varies
//! is read in place; the caller's identity and the end of a record repeat, so each spelling of those is walked once and then
//! known by its bytes, and so is whether something looked for stands in it. A record that is written any other way is parsed;
//! a file that is not a delivered one is `None`. What stands between region and id (the request, the response) is searched
//! and not looked into. `collect` alone calls it. The differential test holds it against [`super::head`] for every record.

use super::head::{head, mark, uuid};
use crate::read::delivery::{
    Clock, Delivery, Known, Search, accounts, ends, follows, has_escape, is_there, object, rest_of_object,
    word,
};
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
const TIME: &[u8] = b",\"eventTime\":\"";
const SOURCE: &[u8] = b"\",\"eventSource\":\"";
const NAME: &[u8] = b"\",\"eventName\":\"";
const REGION: &[u8] = b"\",\"awsRegion\":\"";
/// How the id and the next record both go on.
const EVENT: &[u8] = b"\"event";
const ID: &[u8] = b",\"eventID\":\"";
/// Length of an event id.
const UUID: usize = 36;
/// Length of `2026-09-14T02:11:00Z`.
const STAMP: usize = 20;
const NANOS: i64 = 1_000_000_000;
/// Bytes in which an identity ends; the largest seen has one and a half thousand.
const LONGEST_IDENTITY: usize = 64 << 10;
/// Every field that may follow the id, in any order; with another one a record is parsed.
const FIELDS: &[&[u8]] = &[
    b"addendum",
    b"apiVersion",
    b"edgeDeviceDetails",
    b"eventCategory",
    b"eventType",
    b"managementEvent",
    b"readOnly",
    b"recipientAccountId",
    b"resources",
    b"serviceEventDetails",
    b"sessionCredentialFromConsole",
    b"sharedEventID",
    b"tlsDetails",
    b"vpcEndpointAccountId",
    b"vpcEndpointId",
];

/// Walks files; remembers what it has learnt, from one file to the next.
pub struct Walker {
    next: Finder<'static>,
    time: Finder<'static>,
    event: Finder<'static>,
    identities: Known<Owner>,
    tails: Known<Tail>,
    clock: Clock,
    /// Number of the file at hand.
    file: u64,
    found: Delivery,
}

/// What an identity tells.
#[derive(Default)]
struct Owner {
    account: String,
    names: Vec<u64>,
}

/// What the end of a record tells; the account is empty when it is for the identity to tell.
#[derive(Default)]
struct Tail {
    account: String,
    source: &'static str,
    names: Vec<u64>,
}

impl Default for Walker {
    fn default() -> Walker {
        Walker {
            next: Finder::new(NEXT),
            time: Finder::new(b"},\"eventTime\":\""),
            event: Finder::new(EVENT),
            identities: Known::default(),
            tails: Known::default(),
            clock: Clock::default(),
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
    pub fn walk(&mut self, text: &[u8], search: Option<&impl Search>) -> Option<&Delivery> {
        self.found.clear(BEGIN.len());
        self.file += 1;
        let body = text.trim_ascii_end().strip_suffix(END)?;
        if !Walker::is_delivery(body) {
            return None;
        }
        let mut at = BEGIN.len();
        loop {
            let end = match self.record(body, at, search) {
                Some(end) => end,
                None => self.parsed(body, at, search)?,
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
    fn record(&mut self, body: &[u8], at: usize, search: Option<&impl Search>) -> Option<usize> {
        let version = at + RECORD.len();
        let is_digit = |c: &&u8| c.is_ascii_digit() || **c == b'.';
        let user = version + body.get(version..version + 8)?.iter().take_while(is_digit).count();
        let user = follows(body, user, b"\"")?;
        // With its braces.
        let from = follows(body, user, USER)? - 1;
        let (owner, who) = self.identity(body, from)?;
        let stamp = follows(body, who, TIME)?;
        let seconds = self.clock.seconds(body.get(stamp..stamp + STAMP)?)?;
        let source = follows(body, stamp + STAMP, SOURCE)?;
        let source = source..ends(body, source)?;
        let name = follows(body, source.end, NAME)?;
        let name = name..ends(body, name)?;
        let region = follows(body, name.end, REGION)?;
        let region = region..ends(body, region)?;
        let id = self.id(body, region.end)?;
        let uuid = uuid(body.get(id..id + UUID)?)?;
        let hint = word(body, source.start) ^ word(body, id + UUID + 11) ^ word(body, id + UUID + 92);
        let (tail, end) = self.tail(body, id + UUID, hint)?;
        let (source, name, region) = (&body[source], &body[name], &body[region]);
        if name.is_empty() || source.starts_with(b"aws:") || source.ends_with(b".aliyuncs.com") {
            return None;
        }
        let told = self.tails.at(tail);
        let account =
            if told.account.is_empty() { &self.identities.at(owner).account } else { &told.account };
        self.found.count(account, region, told.source, seconds.checked_mul(NANOS)?)?;
        self.found.identities.push(mark(uuid, seconds, name));
        if let Some(owner) = self.identities.take(owner, self.file) {
            self.found.accounts.extend(&owner.names);
        }
        if let Some(tail) = self.tails.take(tail, self.file) {
            self.found.accounts.extend(&tail.names);
        }
        if source == b"sts.amazonaws.com" {
            // Who enters a role of another account names that in the request alone.
            self.found.accounts.extend(accounts(&body[stamp..id]));
            self.found.is_open |= has_escape(&body[stamp..id]);
        }
        if let Some(search) = search {
            // What stands before the identity is the same in all, and is known to hold nothing.
            let is_hit = match search.is_within_strings() {
                true => {
                    self.identities.is_hit(owner, search)
                        || self.tails.is_hit(tail, search)
                        || is_there(search, &body[who..id + UUID])
                }
                false => is_there(search, &body[at..end]),
            };
            if is_hit {
                self.found.hit();
            }
        }
        Some(end)
    }

    /// What is known of the identity that begins here, and where it ends.
    fn identity(&mut self, body: &[u8], from: usize) -> Option<(usize, usize)> {
        let text = &body[from..body.len().min(from + LONGEST_IDENTITY)];
        // A role's session is told by its role's id and its name, anyone else by an id or a service's name.
        let hint = match text.get(9..17) {
            Some(b"AssumedR") => word(text, 41) ^ word(text, 59) ^ word(text, 67).rotate_left(7),
            _ => word(text, 34) ^ word(text, 42).rotate_left(7),
        };
        if let Some((place, len)) = self.identities.guess(hint, text) {
            return Some((place, from + len));
        }
        let len = self.time.find(text)? + 1;
        let place = self.identities.place(hint, &text[..len], learn_owner)?;
        Some((place, from + len))
    }

    /// Where the record's id begins: before the next record does.
    fn id(&self, body: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at += self.event.find(body.get(at..)?)?;
            let is_id = body[at..].starts_with(&ID[1..]) && body[at - 1] == b',';
            if is_id {
                return Some(at - 1 + ID.len());
            }
            // A record without an id, or something in this one that looks like a record.
            if body[at - 1..].starts_with(RECORD) {
                return None;
            }
            at += EVENT.len();
        }
    }

    /// What is known of what follows the id, and where it ends.
    fn tail(&mut self, body: &[u8], from: usize, hint: u64) -> Option<(usize, usize)> {
        let text = body.get(from..)?;
        if let Some((place, len)) = self.tails.guess(hint, text)
            && (text.len() == len || follows(text, len, &NEXT[1..]).is_some())
        {
            return Some((place, from + len));
        }
        let len = self.next.find(text).map_or(text.len(), |n| n + 1);
        let place = self.tails.place(hint, &text[..len], learn_tail)?;
        Some((place, from + len))
    }

    /// Parses a record that is written in some other way.
    fn parsed(&mut self, body: &[u8], at: usize, search: Option<&impl Search>) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(&body[at..]).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?.get().as_bytes();
        let end = at + raw.len();
        self.found.is_open = true;
        let Head { kind, mark, identity, at, account, region, source, part: _ } = head(raw).ok().flatten()?;
        match kind {
            RecordKind::CloudTrail => {
                let at = i64::try_from(at?.as_nanosecond()).ok()?;
                self.found.count(&account, region.as_bytes(), source, at)?;
            }
            RecordKind::Other => self.found.others.push(identity),
            RecordKind::CloudAudit | RecordKind::Abuse => return None,
        }
        self.found.identities.push(mark);
        if search.is_some_and(|search| is_there(search, raw)) {
            self.found.hit();
        }
        Some(end)
    }
}

/// Learns what an identity tells; `None` when it is no plain JSON object.
fn learn_owner(who: &[u8], owner: &mut Owner) -> Option<()> {
    owner.account.clear();
    let end = object(who, 0, &mut |key, value| {
        if key.eq_ignore_ascii_case(b"accountId") {
            // [`head`] takes it spelt in other ways, too.
            (key == b"accountId" && owner.account.is_empty()).then_some(())?;
            owner.account.push_str(text(value)?);
        }
        Some(())
    })?;
    owner.names.clear();
    owner.names.extend(accounts(who));
    (end == who.len()).then_some(())
}

/// Learns what the end of a record tells; `None` when it has fields that do not follow an id.
fn learn_tail(fields: &[u8], tail: &mut Tail) -> Option<()> {
    let (mut category, mut kind, mut is_management) = (None, None, None);
    tail.account.clear();
    let first = follows(fields, 0, b"\",")?;
    let mut seen = 0_u32;
    let end = rest_of_object(fields, first, &mut |key, value| {
        let n = FIELDS.iter().position(|field| *field == key)?;
        // Twice is once too often.
        if seen & 1 << n != 0 {
            return None;
        }
        seen |= 1 << n;
        match key {
            b"recipientAccountId" => tail.account.push_str(text(value)?),
            b"eventCategory" => category = Some(text(value)?),
            b"eventType" => kind = Some(text(value)?),
            b"managementEvent" => is_management = Some(value),
            _ => {}
        }
        Some(())
    })?;
    let is = |what: Option<&str>, other: &str| what.is_some_and(|what| what.eq_ignore_ascii_case(other));
    // As [`head`] has it.
    if end != fields.len() || is(category, "Insight") || is(kind, "AwsCloudTrailInsight") {
        return None;
    }
    tail.source = if is(category, "Data") {
        "data"
    } else if is(category, "NetworkActivity") || kind == Some("AwsVpceEvent") {
        "network"
    } else if category.is_none_or(str::is_empty) && is_management == Some(b"false") {
        "data"
    } else {
        "management"
    };
    if category.is_none_or(str::is_empty) && !matches!(is_management, None | Some(b"true" | b"false")) {
        return None;
    }
    tail.names.clear();
    tail.names.extend(accounts(fields));
    Some(())
}

/// A string's text.
fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok()
}
