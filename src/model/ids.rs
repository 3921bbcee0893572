//! Identifiers: which cloud, which event, and what an AWS key id says about its account.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// A word of our own spelling, such as a kind: static in the program, and read back by [`word`].
pub type Word = &'static str;

/// All kinds that were ever spelled, and room: what holds more is no file of ours, and must not fill the memory.
const MOST_WORDS: usize = 4096;
/// A sentence of ours; kinds are shorter.
const LONGEST_WORD: usize = 512;

/// Reads a [`Word`]. Each is kept for the life of the program, once.
pub(crate) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Word, D::Error> {
    static KNOWN: Mutex<BTreeSet<Word>> = Mutex::new(BTreeSet::new());
    let text = String::deserialize(from)?;
    let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(word) = known.get(&*text) {
        return Ok(word);
    }
    // What a terminal would obey or the eye not see is no word of ours: a file of ours may have been doctored.
    let is_odd =
        |c: char| !(c == ' ' || c.is_ascii_graphic() || matches!(c, '–' | '—' | '…' | '’' | '×' | '→'));
    if text.contains(is_odd) || text.len() > LONGEST_WORD || known.len() >= MOST_WORDS {
        return Err(de::Error::custom("a kind that no version of this program wrote"));
    }
    let word: Word = text.leak();
    known.insert(word);
    Ok(word)
}

/// The same where it may be absent.
pub(crate) fn some_word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Word>, D::Error> {
    word(from).map(Some)
}

/// The cloud's own id of an event: CloudTrail's `eventID`, Cloud Logging's `insertId`.
pub type EventId = std::sync::Arc<str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Aws,
    Gcp,
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Provider::Aws => "aws",
            Provider::Gcp => "gcp",
        }
    }
}

/// Returns the account that an access key id or unique id (`AKIA…`, `ASIA…`, `AIDA…`, `AROA…`) was made in.
///
/// Ids made since March 2019 carry it in the 40 bits after the prefix, below a leading 1; checked against recorded keys of
/// known accounts. Older ids lead with a 0 and tell nothing, nor do ids with characters outside base32: `None`.
pub fn account_of_id(id: &str) -> Option<String> {
    let coded = id.get(4..).filter(|coded| coded.len() >= 12)?;
    let mut bits: u64 = 0;
    for (place, byte) in coded.bytes().enumerate() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        // Nine digits hold the marker bit, the 40 bits and 4 bits of the random rest.
        if place < 9 {
            bits = bits << 5 | u64::from(digit);
        }
    }
    let account = bits >> 4 & 0xff_ffff_ffff;
    let is_new = bits >> 44 == 1;
    (is_new && (1..1_000_000_000_000).contains(&account)).then(|| format!("{account:012}"))
}
