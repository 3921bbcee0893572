//! What is remembered of files that were searched, so that a case that is continued reads only what is new.
//!
//! Of each file: for how many of the wanted ids it was searched, what was counted of it, and what it can hold at all, as
//! `scan` needs it to say which files to go back to (yes too often, never no). Written as bytes for whoever keeps it, and
//! believed only by a build that makes the same numbers of the same names ([`fingerprint`]). `scan` makes and takes it.

use super::packed::{Packed, Packer};
use super::tally::Scopes;
use crate::cloud::Bound;
use crate::model::report::CoveredScope;
use crate::model::{Gap, Time};
use crate::read::delivery;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

const NANOS: i128 = 1_000_000_000;

/// Told of each file that was searched to its end.
pub trait Note: Sync {
    /// `wanted` is all that is looked for, in the order in which it was learnt. Called from several threads.
    fn searched(&self, file: &Arc<str>, wanted: &[Wanted], visit: Visit<'_>) -> anyhow::Result<()>;

    /// How many numbers of records are held in memory before they are put aside.
    fn room(&self) -> usize {
        usize::MAX
    }

    /// A new file that nobody else sees, to put numbers aside in: needed where there is not room for all.
    fn scratch(&self) -> anyhow::Result<File> {
        anyhow::bail!("put numbers of records aside: there is nowhere to")
    }
}

/// Remembers nothing.
pub struct NoNotes;

impl Note for NoNotes {
    fn searched(&self, _: &Arc<str>, _: &[Wanted], _: Visit<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// One look at a file.
pub enum Visit<'a> {
    /// The first: it was counted.
    First(Counted<'a>),
    /// A further one, for what was learnt since.
    Again { up_to: usize, gaps: &'a [Gap] },
}

/// What the first look at a file brought.
pub struct Counted<'a> {
    /// For how many of the wanted ids it was searched.
    pub up_to: usize,
    pub records: u64,
    pub scopes: &'a Scopes,
    pub gaps: &'a [Gap],
    pub identities: &'a [u64],
    pub others: &'a [u64],
    pub holds: Option<&'a Holds>,
    /// It holds parts of records whose other parts may be in other files: it must be read along with those.
    pub is_split: bool,
}

/// All that earlier runs remember.
#[derive(Default)]
pub struct Memory {
    pub wanted: Vec<Wanted>,
    pub files: BTreeMap<Arc<str>, Remembered>,
    pub numbers: Option<Box<dyn Numbers>>,
    /// Identities of what was kept as evidence.
    pub saved: Vec<u128>,
}

/// What is remembered of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    pub up_to: usize,
    /// Absent where not every record's accounts and time are known.
    pub holds: Option<Holds>,
    pub records: u64,
    pub scopes: Vec<CoveredScope>,
    pub gaps: Vec<Gap>,
}

/// Takes numbers of records, and numbers of records of other kinds.
pub type TakeNumbers<'a> = dyn FnMut(&[u64], &[u64]) -> anyhow::Result<()> + 'a;

/// What records of files that are not read again are counted by: 8 bytes each, so that nobody holds all of them.
pub trait Numbers: Send {
    /// Hands over those of each file of [`Memory::files`].
    fn each(&self, to: &mut TakeNumbers<'_>) -> anyhow::Result<()>;
}

/// Reads only the numbers of what [`Counted::write`] wrote.
pub fn read_numbers(bytes: &[u8]) -> Option<(Vec<u64>, Vec<u64>)> {
    let mut bytes = Packed(bytes);
    Some((bytes.words()?, bytes.words()?))
}

/// An id that is looked for, and where and when it can stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub id: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<u64>,
    #[serde(skip)]
    pub email: Option<u64>,
    /// Epoch nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl Wanted {
    pub fn new(id: Arc<str>, bound: Bound) -> Wanted {
        Wanted {
            email: delivery::email(&id),
            id,
            account: bound.account.and_then(|account| delivery::account(account.as_bytes())),
            from: bound.from.and_then(|at| i64::try_from(at.as_nanosecond()).ok()),
            until: bound.until.and_then(|at| i64::try_from(at.as_nanosecond()).ok()),
        }
    }

    /// Whether whoever was searched for this was searched for the other, too.
    pub fn covers(&self, other: &Wanted) -> bool {
        self.id == other.id
            && (self.account.is_none() || self.account == other.account)
            && self.from.is_none_or(|from| other.from.is_some_and(|other| from <= other))
            && self.until.is_none_or(|until| other.until.is_some_and(|other| other <= until))
    }
}

/// What a file can hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holds {
    /// Sorted.
    pub accounts: Box<[u64]>,
    /// Sorted.
    pub emails: Option<Box<[u64]>>,
    pub from: i64,
    pub to: i64,
}

impl Holds {
    pub fn may(&self, wanted: &Wanted) -> bool {
        wanted.account.is_none_or(|account| self.accounts.binary_search(&account).is_ok())
            && wanted
                .email
                .zip(self.emails.as_ref())
                .is_none_or(|(email, all)| all.binary_search(&email).is_ok())
            && wanted.from.is_none_or(|from| self.to >= from)
            && wanted.until.is_none_or(|until| self.from <= until)
    }
}

/// What the numbers are made by that stand for names: another build may make others.
pub fn fingerprint() -> String {
    const RECORD: &[u8] = br#"{"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventTime":"2026-03-02T03:14:15Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1","eventID":"00000000-0000-4000-8000-000000000001","recipientAccountId":"111122223333"}"#;
    let account = delivery::account(b"shop-prod-4821").unwrap_or_default();
    let email = delivery::email("builder@shop-prod-4821.iam.gserviceaccount.com").unwrap_or_default();
    let (mark, identity) =
        crate::read::head(RECORD).map_or((0, 0), |head| (head.mark, crate::read::fold(head.identity)));
    format!("4 {} {account:x} {email:x} {mark:x} {identity:x}", env!("CARGO_PKG_VERSION"))
}

impl Counted<'_> {
    /// As bytes.
    pub fn write(&self) -> anyhow::Result<Vec<u8>> {
        let len = 64 + 64 * self.scopes.len() + 8 * (self.identities.len() + self.others.len());
        let mut out = Packer(Vec::with_capacity(len));
        out.words(self.identities);
        out.words(self.others);
        out.number(self.up_to as u64);
        out.number(self.records);
        out.number(self.scopes.len() as u64);
        for scope in self.scopes.values() {
            out.text(&scope.account);
            out.text(&scope.region);
            out.text(&scope.source);
            out.number(u64::from(scope.seen));
            out.maybe(scope.from, time);
            out.maybe(scope.to, time);
            out.number(scope.records);
        }
        match self.gaps {
            [] => out.bytes(b""),
            gaps => out.bytes(&serde_json::to_vec(gaps)?),
        }
        out.maybe(self.holds, |out, holds| {
            out.words(&holds.accounts);
            out.maybe(holds.emails.as_deref(), Packer::words);
            out.signed(holds.from);
            out.signed(holds.to);
        });
        Ok(out.0)
    }
}

/// Seconds, and nanoseconds of one.
fn time(out: &mut Packer, at: Time) {
    let at = at.as_nanosecond();
    out.signed(at.div_euclid(NANOS) as i64);
    out.number(at.rem_euclid(NANOS) as u64);
}

fn read_time(bytes: &mut Packed<'_>) -> Option<Time> {
    let (seconds, nanos) = (bytes.signed()?, bytes.number()?);
    Time::from_nanosecond(i128::from(seconds) * NANOS + i128::from(nanos)).ok()
}

impl Remembered {
    /// Reads what [`Counted::write`] wrote, but for the numbers; `None` when it is not that.
    pub fn read(bytes: &[u8]) -> Option<Remembered> {
        let mut bytes = Packed(bytes);
        for _ in ["identities", "others"] {
            let len = bytes.size()?.checked_mul(8)?;
            bytes.take(len)?;
        }
        let mut was = Remembered { up_to: bytes.size()?, records: bytes.number()?, ..Remembered::default() };
        for _ in 0..bytes.number()? {
            was.scopes.push(CoveredScope {
                account: bytes.text()?.into(),
                region: bytes.text()?.into(),
                source: bytes.text()?.into(),
                seen: bytes.number()? == 1,
                from: bytes.maybe(read_time)?,
                to: bytes.maybe(read_time)?,
                records: bytes.number()?,
            });
        }
        let gaps = bytes.bytes()?;
        if !gaps.is_empty() {
            was.gaps = serde_json::from_slice(gaps).ok()?;
        }
        was.holds = bytes.maybe(|bytes| {
            Some(Holds {
                accounts: bytes.words()?.into(),
                emails: bytes.maybe(Packed::words)?.map(Box::from),
                from: bytes.signed()?,
                to: bytes.signed()?,
            })
        })?;
        bytes.0.is_empty().then_some(was)
    }
}

/// Reads ids back; what is no such list is `None`.
pub fn read_wanted(bytes: &[u8]) -> Option<Vec<Wanted>> {
    let mut wanted: Vec<Wanted> = serde_json::from_slice(bytes).ok()?;
    wanted.iter_mut().for_each(|wanted| wanted.email = delivery::email(&wanted.id));
    Some(wanted)
}
