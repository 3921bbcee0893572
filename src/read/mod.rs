//! One raw record → one [`Event`] with its facts.
//!
//! Readers interpret; unwrapping containers is the sources' work. Pure: bytes in, event or a reason out; no panic on any
//! input. [`head`] is the light look that every record gets, [`read`] the full parse that only records get which somebody
//! asked for.

pub mod cloudaudit;
pub mod cloudtrail;
pub mod delivery;
pub mod inventory;
pub mod trust;

use crate::model::{Event, Provenance, Time};

/// What a light look tells of a record: enough for de-duplication and coverage, no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub kind: RecordKind,
    /// Same in every copy of the record; see [`Event::identity`].
    pub identity: u128,
    /// The same in 64 bits, and cheaper to have: to count duplicates by.
    pub mark: u64,
    pub at: Option<Time>,
    pub account: String,
    pub region: String,
    /// `management`, `data`, `insight`, `network`, `digest` on AWS; `activity`, `data_access`, `system_event`, `policy`, `abuse` on Google.
    pub source: &'static str,
    /// Where it is a part of an entry that was too large for one record.
    pub part: Option<Part>,
}

/// A part of a split log entry, which is read when all of them are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The same in all parts.
    pub of: u128,
    /// From 0.
    pub index: u32,
    /// At least 2.
    pub total: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    CloudTrail,
    /// A Cloud Audit Logs entry.
    CloudAudit,
    /// Google's own Abuse Event entry.
    Abuse,
    /// A log entry of another kind (text, metrics, digest file, EventBridge notice): skipped on purpose and counted.
    Other,
}

/// Why a record can't be read: a lower-case fragment without a period and without the record's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

/// Looks at a record lightly.
pub fn head(raw: &[u8]) -> Result<Head, Unreadable> {
    // Either provider's own top-level keys decide; each reader says `None` for what is not its own.
    match cloudtrail::head(raw)? {
        Some(head) => Ok(head),
        None => cloudaudit::head(raw),
    }
}

/// Reads a record in full; `None` for a log entry that is no audit record.
pub fn read(raw: &[u8], seen_in: Provenance) -> Result<Option<Event>, Unreadable> {
    match head(raw)?.kind {
        RecordKind::CloudTrail => cloudtrail::read(raw, seen_in).map(Some),
        RecordKind::CloudAudit | RecordKind::Abuse => cloudaudit::read(raw, seen_in),
        RecordKind::Other => Ok(None),
    }
}

/// Folds an identity to the 64 bits that are counted by.
pub fn fold(identity: u128) -> u64 {
    (identity ^ (identity >> 64)) as u64
}

/// Mixes a text into a number that is counted by: quick, and no secret.
pub(crate) fn mix(mark: u64, text: &[u8]) -> u64 {
    const ODD: u64 = 0x517c_c1b7_2722_0a95;
    let mix = |mark: u64, word: u64| (mark.rotate_left(5) ^ word).wrapping_mul(ODD);
    let (words, rest) = text.as_chunks::<8>();
    let mark = words.iter().fold(mark, |mark, word| mix(mark, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(text.len() as u64, |word, c| word << 8 | u64::from(*c));
    let mark = mix(mark, rest);
    mark ^ mark >> 29
}

/// Returns the first 128 bits of the SHA-256 of `parts`, each length-prefixed: an identity for records.
pub fn identity_of(parts: &[&[u8]]) -> u128 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    u128::from_be_bytes(digest[..16].try_into().expect("a SHA-256 has 32 bytes"))
}
