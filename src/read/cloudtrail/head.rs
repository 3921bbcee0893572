//! The light look: what de-duplication and coverage need, without parsing what no one asked for.

use crate::model::{Time, time};
use crate::read::{Head, RecordKind, Unreadable, fold, identity_of, mix};
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Looks lightly; `None` when this is no CloudTrail record. Fails on what is no JSON object or has no time.
pub fn head(raw: &[u8]) -> Result<Option<Head>, Unreadable> {
    let light = Light(pick(&mut serde_json::Deserializer::from_slice(raw), &KEYS).map_err(why)?);
    if light.has(Key::CloudTrailEvent) && light.has(Key::EventName) {
        // A source that could not unwrap this must not have it counted as "something else".
        return Err(Unreadable("its CloudTrailEvent is still wrapped".into()));
    }
    if light.has(Key::DigestS3Object) && light.has(Key::DigestEndTime) {
        let account = light.text(Key::AwsAccountId);
        return Ok(Some(light.head(raw, RecordKind::Other, "digest", None, account)));
    }
    let category = light.text(Key::EventCategory);
    let kind = light.text(Key::EventType);
    if category.eq_ignore_ascii_case("Insight")
        || kind.eq_ignore_ascii_case("AwsCloudTrailInsight")
        || light.has(Key::InsightDetails)
    {
        let account = light.account();
        return Ok(Some(light.head(raw, RecordKind::Other, "insight", light.time(), account)));
    }
    if !light.is_cloudtrail() {
        return Ok(None);
    }
    let Some(at) = light.time() else {
        return Err(Unreadable(match light.has(Key::EventTime) {
            true => "its eventTime is no time".into(),
            false => "it has no eventTime".into(),
        }));
    };
    let source = if category.eq_ignore_ascii_case("Data") {
        "data"
    } else if category.eq_ignore_ascii_case("NetworkActivity") || kind == "AwsVpceEvent" {
        "network"
    } else if category.is_empty() && light.text(Key::ManagementEvent).eq_ignore_ascii_case("false") {
        "data"
    } else {
        "management"
    };
    let account = light.account();
    Ok(Some(light.head(raw, RecordKind::CloudTrail, source, Some(at), account)))
}

/// Names the reason without a word of the record: serde_json's own message may quote it.
fn why(error: serde_json::Error) -> Unreadable {
    use serde_json::error::Category;
    Unreadable(match error.classify() {
        Category::Eof => "it is cut off".into(),
        Category::Data => "it is no JSON object".into(),
        Category::Syntax | Category::Io => format!("it is no JSON (column {})", error.column()),
    })
}

/// The keys that the light look takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    EventId,
    EventName,
    EventTime,
    Timestamp,
    PantherTime,
    EventSource,
    EventVersion,
    EventCategory,
    EventType,
    ManagementEvent,
    AwsRegion,
    RecipientAccountId,
    UserIdentity,
    InsightDetails,
    DigestS3Object,
    DigestEndTime,
    AwsAccountId,
    CloudTrailEvent,
    AcsRegion,
    ProtoPayload,
}

/// Their spelling, in the order of [`Key`].
const KEYS: [&str; 20] = [
    "eventID",
    "eventName",
    "eventTime",
    "@timestamp",
    "p_event_time",
    "eventSource",
    "eventVersion",
    "eventCategory",
    "eventType",
    "managementEvent",
    "awsRegion",
    "recipientAccountId",
    "userIdentity",
    "insightDetails",
    "digestS3Object",
    "digestEndTime",
    "awsAccountId",
    "CloudTrailEvent",
    "acsRegion",
    "protoPayload",
];

/// One raw value per key of [`KEYS`].
struct Light<'a>(Picked<'a, { KEYS.len() }>);

impl<'a> Light<'a> {
    fn raw(&self, key: Key) -> Option<&'a RawValue> {
        self.0[key as usize].map(|(_, raw)| raw).filter(|raw| raw.get() != "null")
    }

    fn has(&self, key: Key) -> bool {
        self.raw(key).is_some()
    }

    /// Returns the scalar as text; empty when absent or no scalar.
    fn text(&self, key: Key) -> Cow<'a, str> {
        self.raw(key).map(scalar).unwrap_or_default()
    }

    fn time(&self) -> Option<Time> {
        [Key::EventTime, Key::Timestamp, Key::PantherTime].into_iter().find_map(|key| {
            let text = self.text(key);
            time::parse(&text).or_else(|| {
                let number = text.parse::<serde_json::Number>().ok()?;
                time::parse_loose(&Value::Number(number))
            })
        })
    }

    /// Only copies that lack the recipient make it worth looking into the identity.
    fn account(&self) -> Cow<'a, str> {
        let recipient = self.text(Key::RecipientAccountId);
        if !recipient.is_empty() {
            return recipient;
        }
        let owner = |json: &str| -> Option<String> {
            let [account] = pick(&mut serde_json::Deserializer::from_str(json), &["accountId"]).ok()?;
            Some(scalar(account?.1).into_owned())
        };
        let Some(identity) = self.raw(Key::UserIdentity) else { return Cow::default() };
        owner(identity.get()).or_else(|| owner(&scalar(identity))).map(Cow::Owned).unwrap_or_default()
    }

    /// Other services' notices carry `eventName` too: S3 and DynamoDB (`aws:…`), Alibaba's ActionTrail (`acsRegion`).
    fn is_cloudtrail(&self) -> bool {
        let source = self.text(Key::EventSource);
        let is_foreign = source.starts_with("aws:")
            || source.ends_with(".aliyuncs.com")
            || self.has(Key::AcsRegion)
            || self.has(Key::ProtoPayload);
        let has_company =
            [Key::EventSource, Key::AwsRegion, Key::EventVersion, Key::UserIdentity, Key::EventType]
                .into_iter()
                .any(|key| self.has(key));
        !self.text(Key::EventName).is_empty() && has_company && !is_foreign
    }

    fn head(
        &self,
        raw: &[u8],
        kind: RecordKind,
        source: &'static str,
        at: Option<Time>,
        account: Cow<str>,
    ) -> Head {
        let id = self.text(Key::EventId);
        let name = self.text(Key::EventName);
        let identity = match id.is_empty() {
            true => identity_of(&[raw]),
            false => identity(&id, at, &name),
        };
        let mark = match uuid(id.as_bytes()) {
            Some(uuid) => mark(uuid, at.map_or(0, |at| at.as_second()), name.as_bytes()),
            None => fold(identity),
        };
        let region = self.text(Key::AwsRegion).into_owned();
        let account = account.into_owned();
        Head { kind, identity, mark, at, account, region, source, part: None }
    }
}

/// Per wanted key its raw value, and whether the key was spelled canonically: that spelling wins, as in the full parse.
type Picked<'a, const N: usize> = [Option<(bool, &'a RawValue)>; N];

/// Takes the wanted keys from one JSON object, in any letter case, and skips the rest unparsed.
fn pick<'a, const N: usize, R: serde_json::de::Read<'a>>(
    json: &mut serde_json::Deserializer<R>,
    keys: &'static [&'static str; N],
) -> serde_json::Result<Picked<'a, N>> {
    let picked = json.deserialize_map(Pick(keys))?;
    json.end()?;
    Ok(picked)
}

struct Pick<const N: usize>(&'static [&'static str; N]);

impl<'de, const N: usize> Visitor<'de> for Pick<N> {
    type Value = Picked<'de, N>;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut picked = [None; N];
        while let Some(Name(name)) = map.next_key()? {
            let Some(slot) = self.0.iter().position(|key| name.eq_ignore_ascii_case(key)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value::<&RawValue>()?;
            let is_canonical = name == self.0[slot];
            if is_canonical || !picked[slot].is_some_and(|(canonical, _)| canonical) {
                picked[slot] = Some((is_canonical, raw));
            }
        }
        Ok(picked)
    }
}

/// Returns a scalar as text: a string decoded, a number or boolean as written; empty for null, lists and objects.
fn scalar(raw: &RawValue) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map(|Text(text)| text).unwrap_or_default(),
        Some(b'{' | b'[' | b'n') | None => Cow::default(),
        Some(_) => Cow::Borrowed(json),
    }
}

/// Returns the identity of the record with this id. Time and name keep records apart whose ids are the same: anonymised
/// exports repeat one ("1111", "..."), and a forged record must not hide another.
pub(super) fn identity(id: &str, at: Option<Time>, name: &str) -> u128 {
    match uuid(id.as_bytes()) {
        Some(uuid) => {
            let seconds = at.map_or(0, |at| at.as_second()).to_le_bytes();
            let hash = name.bytes().chain(seconds).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            // The upper half stays, and with it the order of ids.
            uuid ^ u128::from(hash)
        }
        None => {
            let nanos = at.map_or(0, |at| at.as_nanosecond()).to_le_bytes();
            identity_of(&[id.as_bytes(), &nanos, name.as_bytes()])
        }
    }
}

/// The same in 64 bits, where the id is one; see [`Head::mark`].
pub(super) fn mark(uuid: u128, seconds: i64, name: &[u8]) -> u64 {
    mix(fold(uuid) ^ (seconds as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), name)
}

/// Reads `8-4-4-4-12` hex digits.
pub(super) fn uuid(text: &[u8]) -> Option<u128> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if [text[8], text[13], text[18], text[23]] != *b"----" {
        return None;
    }
    let mut all = 0;
    let mut read = |from: usize, len: usize| {
        text[from..from + len].iter().fold(0_u64, |value, c| {
            let digit = DIGITS[usize::from(*c)];
            all |= digit;
            value << 4 | u64::from(digit)
        })
    };
    let high = read(0, 8) << 32 | read(9, 4) << 16 | read(14, 4);
    let low = read(19, 4) << 48 | read(24, 12);
    // What is no digit has bits beyond four, which spoil the value; then there is none.
    (all < 16).then_some(u128::from(high) << 64 | u128::from(low))
}

/// Values of hex digits; 255 for anything else.
static DIGITS: [u8; 256] = {
    let mut all = [255; 256];
    let mut n = 0;
    while n < 16 {
        all[b"0123456789abcdef"[n] as usize] = n as u8;
        all[b"0123456789ABCDEF"[n] as usize] = n as u8;
        n += 1;
    }
    all
};
