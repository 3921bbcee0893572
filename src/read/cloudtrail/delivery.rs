//! Files as CloudTrail delivers them, walked without parsing what is the same again and again.
//!
//! For coverage and counts every record must be known: where it ends, when, by which account and of which kind. What varies
//! is read in place; the caller's identity and the end of a record repeat, so each spelling of those is parsed once and then
//! known by its bytes. A record that is written any other way is parsed; a file that is not a delivered one is `None`.
//! `collect` alone calls it. The differential test holds it against [`super::head`] for every record.

use super::head::{head, identity};
use crate::model::Time;
use crate::read::delivery::{Accounts, Clock, Delivery, Known, accounts, ends, follows};
use crate::read::{Head, RecordKind, fold};
use memchr::memmem::Finder;
use serde_json::value::RawValue;

/// How a delivered file begins and ends.
const BEGIN: &[u8] = b"{\"Records\":[";
const END: &[u8] = b"]}";
/// How every record begins.
const RECORD: &[u8] = b"{\"eventVersion\":\"";
const NEXT: &[u8] = b"},{\"eventVersion\":\"";
const USER: &[u8] = b",\"userIdentity\":{";
const TIME: &[u8] = b"},\"eventTime\":\"";
const SOURCE: &[u8] = b"\",\"eventSource\":\"";
const NAME: &[u8] = b"\",\"eventName\":\"";
const REGION: &[u8] = b"\",\"awsRegion\":\"";
const ID: &[u8] = b",\"eventID\":\"";
/// Length of an event id.
const UUID: usize = 36;
/// Length of `2026-09-14T02:11:00Z`.
const STAMP: usize = 20;
const NANOS: i64 = 1_000_000_000;
/// Bytes in which an identity ends; the largest seen has one and a half thousand.
const LONGEST_IDENTITY: usize = 64 << 10;
/// How a record begins of which only a part is given.
const HEAD: &[u8] = br#"{"eventName":"x","eventSource":"x","eventTime":"2026-01-01T00:00:00Z","#;

/// Walks files; remembers what it has parsed, from one file to the next.
pub struct Walker {
    next: Finder<'static>,
    time: Finder<'static>,
    id: Finder<'static>,
    identities: Known<Owner>,
    tails: Known<Tail>,
    clock: Clock,
    /// Number of the file at hand.
    file: u64,
    found: Delivery,
}

/// What an identity tells.
struct Owner {
    account: Box<str>,
    names: Accounts,
}

/// What the end of a record tells; the account is empty when it is for the identity to tell.
struct Tail {
    account: Box<str>,
    source: &'static str,
    names: Accounts,
}

impl Default for Walker {
    fn default() -> Walker {
        Walker {
            next: Finder::new(NEXT),
            time: Finder::new(TIME),
            id: Finder::new(ID),
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
    pub fn walk(&mut self, text: &[u8]) -> Option<&Delivery> {
        self.found.clear(BEGIN.len());
        self.file += 1;
        let body = text.trim_ascii_end().strip_suffix(END)?;
        if !Walker::is_delivery(body) {
            return None;
        }
        let mut at = BEGIN.len();
        loop {
            let end = match self.record(body, at) {
                Some(end) => end,
                None => self.parsed(body, at)?,
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
    fn record(&mut self, body: &[u8], at: usize) -> Option<usize> {
        let version = at + RECORD.len();
        let user = version + body.get(version..version + 8)?.iter().position(|c| *c == b'"')? + 1;
        if !body.get(user..)?.starts_with(USER) {
            return None;
        }
        // With its braces.
        let who = user + USER.len() - 1;
        let near = &body[who..body.len().min(who + LONGEST_IDENTITY)];
        let stamp = who + self.time.find(near)? + TIME.len();
        let who = &body[who..stamp - TIME.len() + 1];
        let seconds = self.clock.seconds(body.get(stamp..stamp + STAMP)?)?;
        let source = follows(body, stamp + STAMP, SOURCE)?;
        let source = source..ends(body, source)?;
        let name = follows(body, source.end, NAME)?;
        let name = name..ends(body, name)?;
        let region = follows(body, name.end, REGION)?;
        let region = region..ends(body, region)?;
        let end = self.next.find(&body[region.end..]).map_or(body.len(), |n| region.end + n + 1);
        let id = region.end + self.id.find(&body[region.end..end])? + ID.len();
        let tail = body.get(id + UUID..end)?;
        let id = std::str::from_utf8(&body[id..id + UUID]).ok()?;
        let from = region.end;
        let [source, name, region] = [source, name, region].map(|part| std::str::from_utf8(&body[part]));
        let (source, name, region) = (source.ok()?, name.ok()?, region.ok()?);
        if name.is_empty() || source.starts_with("aws:") || source.ends_with(".aliyuncs.com") {
            return None;
        }
        let of = identity(id, Time::from_second(seconds).ok(), name);
        let owner = self.identities.get_or(who, owner_of)?;
        owner.names.tell(self.file, &mut self.found.accounts);
        // The first record with this tail is parsed whole: then its id, time and name are its own, not those of something in it.
        let told = self.tails.get_or(tail, |tail| {
            let whole = head(&body[at..end]).ok().flatten()?;
            let alone = head(&[HEAD, b"\"eventID\":\"", tail].concat()).ok().flatten()?;
            let is_known =
                whole.kind == RecordKind::CloudTrail && whole.identity == of && whole.region == region;
            let names = Accounts::of(tail);
            is_known.then_some(Tail { account: alone.account.into(), source: whole.source, names })
        })?;
        told.names.tell(self.file, &mut self.found.accounts);
        if source == "sts.amazonaws.com" {
            // Who enters a role of another account names that in the request alone.
            self.found.accounts.extend(accounts(&body[from..end]));
        }
        let account = if told.account.is_empty() { &owner.account } else { &told.account };
        self.found.identities.push(fold(of));
        self.found.count(account, region, told.source, seconds.checked_mul(NANOS)?);
        Some(end)
    }

    /// Parses a record that is written in some other way.
    fn parsed(&mut self, body: &[u8], at: usize) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(&body[at..]).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?.get().as_bytes();
        let end = at + raw.len();
        self.found.is_open = true;
        let Head { kind, identity, at, account, region, source, .. } = head(raw).ok().flatten()?;
        match kind {
            RecordKind::CloudTrail => {
                self.found.identities.push(fold(identity));
                self.found.count(&account, &region, source, i64::try_from(at?.as_nanosecond()).ok()?);
            }
            RecordKind::Other => {
                self.found.identities.push(fold(identity));
                self.found.others.push(identity);
            }
            RecordKind::CloudAudit | RecordKind::Abuse => return None,
        }
        Some(end)
    }
}

/// What an identity tells; `None` when it is no JSON object.
fn owner_of(who: &[u8]) -> Option<Owner> {
    // As [`head`] takes it from a record that names no recipient.
    let head = head(&[HEAD, b"\"userIdentity\":", who, b"}"].concat()).ok()??;
    Some(Owner { account: head.account.into(), names: Accounts::of(who) })
}
