//! What is remembered of files that were searched, so that a case that is continued reads only what is new.
//!
//! Of each file: for how many of the wanted ids it was searched, what was counted of it, and what it can hold at all, as
//! `scan` needs it to say which files to go back to (yes too often, never no). Written as bytes for whoever keeps it, and
//! believed only by a build that makes the same numbers of the same names ([`fingerprint`]). `scan` makes and takes it.

use super::tally::Scopes;
use crate::cloud::Bound;
use crate::model::Gap;
use crate::model::report::CoveredScope;
use crate::read::delivery;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Told of each file that was searched to its end.
pub trait Note: Sync {
    /// `wanted` is all that is looked for, in the order in which it was learnt. Called from several threads.
    fn searched(&self, file: &Arc<str>, wanted: &[Wanted], visit: Visit<'_>) -> anyhow::Result<()>;
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
    pub others: &'a [u128],
    pub holds: Option<&'a Holds>,
    /// It holds parts of records whose other parts may be in other files: it must be read along with those.
    pub is_split: bool,
}

/// All that earlier runs remember.
#[derive(Default)]
pub struct Memory {
    pub wanted: Vec<Wanted>,
    pub files: BTreeMap<Arc<str>, Remembered>,
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
    pub identities: Vec<u64>,
    pub others: Vec<u128>,
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
    format!("3 {} {account:x} {email:x} {mark:x} {identity:x}", env!("CARGO_PKG_VERSION"))
}

/// What is written of a first look, beside the numbers.
#[derive(Serialize, Deserialize)]
struct Head {
    up_to: usize,
    records: u64,
    scopes: Vec<CoveredScope>,
    gaps: Vec<Gap>,
    identities: usize,
    others: usize,
    holds: Option<HoldsHead>,
}

#[derive(Serialize, Deserialize)]
struct HoldsHead {
    accounts: usize,
    emails: Option<usize>,
    from: i64,
    to: i64,
}

impl Counted<'_> {
    /// As bytes.
    pub fn write(&self) -> anyhow::Result<Vec<u8>> {
        let holds = self.holds.map(|holds| HoldsHead {
            accounts: holds.accounts.len(),
            emails: holds.emails.as_ref().map(|emails| emails.len()),
            from: holds.from,
            to: holds.to,
        });
        let head = Head {
            up_to: self.up_to,
            records: self.records,
            scopes: self.scopes.values().cloned().collect(),
            gaps: self.gaps.to_vec(),
            identities: self.identities.len(),
            others: self.others.len(),
            holds,
        };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        self.identities.iter().for_each(|one| bytes.extend(one.to_le_bytes()));
        self.others.iter().for_each(|one| bytes.extend(one.to_le_bytes()));
        if let Some(holds) = self.holds {
            holds.accounts.iter().for_each(|one| bytes.extend(one.to_le_bytes()));
            holds.emails.iter().flatten().for_each(|one| bytes.extend(one.to_le_bytes()));
        }
        Ok(bytes)
    }
}

impl Remembered {
    /// Reads what [`Counted::write`] wrote; `None` when it is not that.
    pub fn read(bytes: &[u8]) -> Option<Remembered> {
        let (head, mut rest) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        rest = &rest[1..];
        let identities = words(&mut rest, head.identities)?;
        let others = head.others.checked_mul(16).and_then(|len| rest.split_at_checked(len));
        let (others, after) = others?;
        rest = after;
        let others =
            others.chunks_exact(16).filter_map(|one| one.try_into().ok().map(u128::from_le_bytes)).collect();
        let holds = match head.holds {
            None => None,
            Some(holds) => Some(Holds {
                accounts: words(&mut rest, holds.accounts)?.into(),
                emails: match holds.emails {
                    None => None,
                    Some(len) => Some(words(&mut rest, len)?.into()),
                },
                from: holds.from,
                to: holds.to,
            }),
        };
        let Head { up_to, records, scopes, gaps, .. } = head;
        rest.is_empty().then_some(Remembered { up_to, holds, records, scopes, gaps, identities, others })
    }
}

fn words(rest: &mut &[u8], len: usize) -> Option<Vec<u64>> {
    let (words, after) = rest.split_at_checked(len.checked_mul(8)?)?;
    *rest = after;
    Some(words.chunks_exact(8).filter_map(|one| one.try_into().ok().map(u64::from_le_bytes)).collect())
}

/// Reads ids back; what is no such list is `None`.
pub fn read_wanted(bytes: &[u8]) -> Option<Vec<Wanted>> {
    let mut wanted: Vec<Wanted> = serde_json::from_slice(bytes).ok()?;
    wanted.iter_mut().for_each(|wanted| wanted.email = delivery::email(&wanted.id));
    Some(wanted)
}
