//! The light look at a Cloud Logging entry: one pass over the bytes, no tree.
//!
//! Every record of a corpus comes through here, hostile ones too: whatever type a field has, it is skipped and not an
//! error; only what is no JSON object at all is.

use crate::model::{Time, time};
use crate::read::{Head, Part, RecordKind, Unreadable, fold, identity_of, mix};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A text, or a number as text; anything else is absent.
#[derive(Default)]
struct Text<'a>(Option<Cow<'a, str>>);

/// Whether any value is there; its content is skipped.
#[derive(Default)]
struct Present(bool);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(text).filter(|text| !text.is_empty()).map(Cow::Borrowed)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(text).filter(|text| !text.is_empty()).map(|text| Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text<'de>, A::Error> {
        // `currentLocations` is a list of texts: its first element is what callers want.
        let first = list.next_element::<Text>()?.unwrap_or_default();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let nothing = Option::<IgnoredAny>::deserialize(from)?.is_none();
        Ok(Present(!nothing))
    }
}

/// A key, with letter case and `_` taken away: `logName`, `logname` and `log_name` are one. A key that is longer than any
/// that is looked for, or not ASCII, is empty.
struct Key {
    bytes: [u8; Key::LONGEST],
    len: usize,
}

impl Key {
    /// `protopayloadauditlog` has 20.
    const LONGEST: usize = 24;

    fn of(text: &str) -> Key {
        let mut key = Key { bytes: [0; Key::LONGEST], len: 0 };
        for byte in text.bytes().filter(|byte| *byte != b'_') {
            if key.len == Key::LONGEST || !byte.is_ascii() {
                return Key { bytes: [0; Key::LONGEST], len: 0 };
            }
            key.bytes[key.len] = byte.to_ascii_lowercase();
            key.len += 1;
        }
        key
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key::of(text))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}

/// Declares a struct that reads its fields from a JSON object and is empty for anything that is no object.
macro_rules! lenient {
    ($name:ident { $($field:ident: $type:ty = $($key:literal)|+),* $(,)? }) => {
        #[derive(Default)]
        struct $name<'a> {
            $($field: $type,)*
            _life: std::marker::PhantomData<&'a ()>,
        }

        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> Visitor<'de> for Fields {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str("any value")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut found = $name::default();
                        while let Some(key) = map.next_key::<Key>()? {
                            match key.as_str() {
                                $($($key)|+ => found.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(found)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                        while list.next_element::<IgnoredAny>()?.is_some() {}
                        Ok($name::default())
                    }

                    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }
                }
                from.deserialize_any(Fields)
            }
        }
    };
}

lenient!(Entry {
    log_name: Text<'a> = "logname",
    insert_id: Text<'a> = "insertid",
    timestamp: Text<'a> = "timestamp",
    received: Text<'a> = "receivetimestamp",
    resource: Monitored<'a> = "resource",
    proto: Payload<'a> = "protopayload",
    // A BigQuery sink's table names the payload so.
    exported: Payload<'a> = "protopayloadauditlog",
    json: Payload<'a> = "jsonpayload",
    split: Split<'a> = "split",
});
lenient!(Monitored { labels: Labels<'a> = "labels" });
lenient!(Labels {
    project: Text<'a> = "projectid",
    location: Text<'a> = "location",
    zone: Text<'a> = "zone",
    region: Text<'a> = "region",
});
lenient!(Payload {
    kind: Text<'a> = "@type" | "attype" | "atsigntype",
    service: Text<'a> = "servicename",
    method: Text<'a> = "methodname",
    resource: Text<'a> = "resourcename",
    location: Location<'a> = "resourcelocation",
    authentication: Present = "authenticationinfo",
    request: Request<'a> = "requestmetadata",
    timestamp: Text<'a> = "timestamp",
});
lenient!(Location { current: Text<'a> = "currentlocations" });
lenient!(Request { attributes: Attributes<'a> = "requestattributes" });
lenient!(Attributes { time: Text<'a> = "time" });
lenient!(Split { uid: Text<'a> = "uid", index: Text<'a> = "index", total: Text<'a> = "totalsplits" });

/// No entry has more parts: an audit record that fills so many is none.
const MOST_PARTS: u32 = 1_000;

/// Looks at an entry lightly.
pub fn head(raw: &[u8]) -> Result<Head, Unreadable> {
    let entry: Entry = serde_json::from_slice(raw).map_err(|error| super::unreadable(&error))?;
    if raw.trim_ascii_start().first() != Some(&b'{') {
        return Err(Unreadable("a record that is no JSON object".into()));
    }
    let kind = entry.kind();
    let at = entry.time();
    if kind == RecordKind::CloudAudit && at.is_none() {
        return Err(Unreadable("an audit log entry without a time".into()));
    }
    let identity = entry.identity(raw, at);
    Ok(Head {
        kind,
        identity,
        mark: entry.mark(at).unwrap_or(fold(identity)),
        at,
        account: entry.account().unwrap_or_default(),
        region: entry.region().unwrap_or_else(|| "global".to_owned()),
        source: entry.source(kind),
        part: entry.part(kind),
    })
}

impl Text<'_> {
    fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Payload<'_> {
    fn is_audit(&self) -> bool {
        match self.kind.as_str() {
            Some(kind) if kind.ends_with("AuditLog") => true,
            // Another kind of log in a protoPayload, such as App Engine's request log.
            Some(kind) if kind.contains("google.appengine.logging") => false,
            _ => self.method.0.is_some() && (self.service.0.is_some() || self.authentication.0),
        }
    }
}

impl Entry<'_> {
    fn kind(&self) -> RecordKind {
        if self.proto.is_audit() || self.exported.is_audit() {
            return RecordKind::CloudAudit;
        }
        let json = self.json.kind.as_str().unwrap_or_default();
        if json.contains("abuseevent") && json.ends_with("AbuseEvent") {
            return RecordKind::Abuse;
        }
        // An entry of an audit log whose payload can't be made out: `read` says so, nobody skips it.
        match self.log_name.as_str() {
            Some(name) if name.contains("cloudaudit.googleapis.com") => RecordKind::CloudAudit,
            _ => RecordKind::Other,
        }
    }

    fn payload(&self) -> &Payload<'_> {
        if self.exported.is_audit() { &self.exported } else { &self.proto }
    }

    fn time(&self) -> Option<Time> {
        let payload = self.payload();
        super::time_of(
            [&self.timestamp, &self.received, &payload.request.attributes.time, &payload.timestamp]
                .into_iter()
                .map(Text::as_str),
        )
    }

    /// The logging service's own key of an entry; parts of a split entry differ in their index. BigQuery keeps microseconds, so
    /// that no more of its time may tell one copy from another.
    fn identity(&self, raw: &[u8], at: Option<Time>) -> u128 {
        let stamped = self.timestamp.as_str().and_then(time::parse).and(at);
        match (self.log_name.as_str(), stamped, self.insert_id.as_str()) {
            (Some(log), Some(at), Some(id)) => {
                let microseconds = at.as_microsecond().to_le_bytes();
                let index = self.split.index.as_str().filter(|_| self.split.uid.0.is_some());
                let part = index.unwrap_or_default();
                identity_of(&[log.as_bytes(), &microseconds, id.as_bytes(), part.as_bytes()])
            }
            _ => identity_of(&[raw]),
        }
    }

    /// Which part of a split entry it is; none where it says nothing that makes sense.
    fn part(&self, kind: RecordKind) -> Option<Part> {
        let uid = self.split.uid.as_str().filter(|_| kind != RecordKind::Other)?;
        let number = |text: &Text| text.as_str()?.parse::<u32>().ok();
        let total = number(&self.split.total).filter(|total| (2..=MOST_PARTS).contains(total))?;
        // Proto3's JSON leaves a zero out.
        let index = match self.split.index.as_str() {
            Some(_) => number(&self.split.index)?,
            None => 0,
        };
        let log = self.log_name.as_str().unwrap_or_default();
        let of = identity_of(&[log.as_bytes(), uid.as_bytes(), &total.to_le_bytes()]);
        (index < total).then_some(Part { of, index, total })
    }

    fn mark(&self, at: Option<Time>) -> Option<u64> {
        let at = self.timestamp.as_str().and_then(time::parse).and(at)?;
        let index = self.split.index.as_str().filter(|_| self.split.uid.0.is_some());
        Some(mark(
            self.log_name.as_str()?.as_bytes(),
            at.as_microsecond(),
            self.insert_id.as_str()?.as_bytes(),
            index.unwrap_or_default().as_bytes(),
        ))
    }

    fn account(&self) -> Option<String> {
        let labels = &self.resource.labels;
        super::account_of(self.log_name.as_str(), labels.project.as_str(), self.payload().resource.as_str())
    }

    fn region(&self) -> Option<String> {
        let (labels, payload) = (&self.resource.labels, self.payload());
        super::region_of(
            [&labels.location, &labels.zone, &labels.region, &payload.location.current].map(Text::as_str),
            payload.resource.as_str(),
        )
    }

    fn source(&self, kind: RecordKind) -> &'static str {
        if kind == RecordKind::Abuse {
            return "abuse";
        }
        super::source_of(self.log_name.as_str(), self.payload().method.as_str())
    }
}

/// The mark of an entry by the logging service's own key of it; see [`Head::mark`].
pub(super) fn mark(log: &[u8], microseconds: i64, id: &[u8], part: &[u8]) -> u64 {
    [log, id, part].into_iter().fold(microseconds as u64, mix)
}
