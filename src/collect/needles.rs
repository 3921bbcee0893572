//! The search for wanted ids in raw bytes: it may say yes too often, never no when the id is there.
//!
//! Pure. In a record, also behind `\/` and `\uXXXX`; in a whole text, where a record may be, so that a text without one is
//! never taken apart. `collect` alone uses it.

use super::grams::Grams;
use crate::read::delivery::{Search, has_escape};
use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// No cloud's id is longer than this; an attacker's user name of a megabyte would cost the search hours and gigabytes.
const LONGEST: usize = 256;
/// As many as vector instructions search for at once without losing their speed.
const FEW: usize = 32;
/// Bytes by which an id is looked for first.
const WINDOW: usize = 8;
/// What stands before the identity in every delivered record, beside a version.
const BEFORE: [&str; 2] = [r#"{"eventVersion":""#, r#"","userIdentity":"#];

/// Wanted ids, ready to be searched for.
pub(super) struct Needles {
    number: u64,
    is_within_strings: bool,
    all: AhoCorasick,
    long: Option<Grams>,
    short: Short,
}

/// Ids that are too short to be told by one sample.
enum Short {
    None,
    /// No more than two.
    Single(Vec<Finder<'static>>),
    Few(Few),
    Many(AhoCorasick),
}

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::default();
}

impl Needles {
    pub fn of(ids: &[Arc<str>]) -> anyhow::Result<Needles> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let begun: Vec<&str> = ids.iter().map(|id| beginning(id)).collect();
        // An id in a JSON string is written with its quotes and control characters escaped: search its escaped form too.
        let escaped: Vec<String> = begun
            .iter()
            .filter_map(|id| {
                let quoted = serde_json::to_string(id).ok()?;
                let inner = quoted.get(1..quoted.len().checked_sub(1)?)?.to_owned();
                (inner != **id).then_some(inner)
            })
            .collect();
        let patterns: Vec<&str> = begun.into_iter().chain(escaped.iter().map(String::as_str)).collect();
        // Google takes people's e-mails in any letter case and logs them as they were typed.
        let any_case = ids.iter().any(|id| is_person(id));
        let (long, short): (Vec<&str>, Vec<&str>) =
            patterns.iter().partition(|id| id.len() >= Grams::SHORTEST);
        let long = if long.is_empty() { None } else { Some(Grams::of(&long, any_case)) };
        let short = match &*short {
            [] => Short::None,
            short @ ([_] | [_, _]) if !any_case => {
                Short::Single(short.iter().map(|id| Finder::new(id).into_owned()).collect())
            }
            short => match (!any_case).then(|| Few::of(short)).flatten() {
                Some(few) => Short::Few(few),
                None => Short::Many(automaton(short, any_case)?),
            },
        };
        Ok(Needles {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            is_within_strings: patterns.iter().all(|id| is_within_strings(id)),
            all: automaton(&patterns, any_case)?,
            long,
            short,
        })
    }

    /// Whether a record may hold one.
    pub fn hit(&self, raw: &[u8], scratch: &mut Vec<u8>) -> bool {
        self.is_in(raw) || unescaped(raw, scratch).is_some_and(|plain| self.all.is_match(&*plain))
    }

    /// Whether a text may hold one at all.
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        self.is_in(text) || has_escape(text)
    }
}

impl Search for Needles {
    fn number(&self) -> u64 {
        self.number
    }

    fn is_within_strings(&self) -> bool {
        self.is_within_strings
    }

    fn is_in(&self, part: &[u8]) -> bool {
        self.long.as_ref().is_some_and(|long| long.is_in(part))
            || match &self.short {
                Short::None => false,
                Short::Single(all) => all.iter().any(|id| id.find(part).is_some()),
                Short::Few(few) => few.is_in(part),
                Short::Many(all) => all.is_match(part),
            }
    }

    fn is_behind_escapes(&self, part: &[u8]) -> bool {
        SCRATCH.with_borrow_mut(|scratch| {
            unescaped(part, scratch).is_some_and(|plain| self.all.is_match(&*plain))
        })
    }
}

fn automaton(ids: &[&str], any_case: bool) -> anyhow::Result<AhoCorasick> {
    let bytes: usize = ids.iter().map(|id| id.len()).sum();
    let is_small = ids.len() <= 100 && bytes <= 4 << 10;
    Ok(AhoCorasick::builder()
        // Which one matches does not matter, but only this kind of match lets it skip bytes by vector instructions.
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(if is_small { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA }))
        .ascii_case_insensitive(any_case)
        .build(ids)?)
}

/// Whether an occurrence of it lies within one string, and not in what all records begin with.
fn is_within_strings(id: &str) -> bool {
    let is_version = id.len() <= 8 && id.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let lower = id.to_ascii_lowercase();
    !id.contains(['{', '}', '"'])
        && !is_version
        && !BEFORE.iter().any(|before| before.to_ascii_lowercase().contains(&lower))
}

/// A few ids, searched for by the part of each that is rarest in logs: all keys begin alike.
struct Few {
    search: Searcher,
    /// Each with where its part begins.
    ids: Vec<(Box<[u8]>, usize)>,
}

impl Few {
    fn of(patterns: &[&str]) -> Option<Few> {
        if patterns.len() > FEW || patterns.iter().any(|id| id.len() < 4) {
            return None;
        }
        let ids: Vec<(Box<[u8]>, usize)> =
            patterns.iter().map(|id| (id.as_bytes().into(), rarest(id.as_bytes(), 4))).collect();
        let mut builder = packed::Config::new().builder();
        for (id, at) in &ids {
            builder.add(&id[*at..id.len().min(at + WINDOW)]);
        }
        Some(Few { search: builder.build()?, ids })
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let mut from = 0;
        while let Some(found) = self.search.find_in(text, aho_corasick::Span { start: from, end: text.len() })
        {
            // Any of them may stand around this place, not only the one whose part was found first.
            let is_there = |(id, at): &(Box<[u8]>, usize)| {
                let start = found.start().checked_sub(*at);
                start.is_some_and(|start| text[start..].starts_with(id))
            };
            if self.ids.iter().any(is_there) {
                return true;
            }
            from = found.start() + 1;
        }
        false
    }
}

/// How often pairs of bytes stand in logs: reckoned from what every record holds.
static COMMON: LazyLock<Common> = LazyLock::new(Common::new);

struct Common(Vec<u32>);

/// What stands in nearly every record, beside numbers.
const EVERYWHERE: &[u8] = br#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA AIDA:i-0","arn":"arn:aws:sts::assumed-role/arn:aws:iam::user/role/","accountId":"","accessKeyId":"ASIA AKIA","sessionContext":{"sessionIssuer":{"type":"Role","userName":"service-role/AWSServiceRoleFor"},"attributes":{"creationDate":"2026-","mfaAuthenticated":"false"}},"invokedBy":"autoscaling.amazonaws.com"},"eventTime":"T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1 eu-west-1 us-west-2","sourceIPAddress":"","userAgent":"aws-sdk-go-v2/ os/linux lang/go# md/GOOS#linux md/arch#x86_64 Boto3/ Botocore/","errorCode":"AccessDenied","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-0","eni-0","sg-0","subnet-0","vpc-0","vol-0"}]},"filterSet":{},"bucketName":"","Host":"","key":"","roleArn":"","roleSessionName":"","durationSeconds":3600},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4"},"requestID":"","eventID":"","readOnly":true,"resources":[{"accountId":"","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::"}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":".amazonaws.com"}},{"insertId":"","logName":"projects//logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{},"authenticationInfo":{"principalEmail":".iam.gserviceaccount.com","principalSubject":"serviceAccount:","serviceAccountKeyName":"//iam.googleapis.com/projects//serviceAccounts//keys/"},"requestMetadata":{"callerIp":"","callerSuppliedUserAgent":"google-api-python-client/ (gzip),gzip(gfe)","requestAttributes":{"time":"","auth":{}},"destinationAttributes":{}},"serviceName":"compute.googleapis.com","methodName":"v1.compute.instances.list","authorizationInfo":[{"resource":"projects/","permission":"storage.objects.get","granted":true,"resourceAttributes":{}}],"resourceName":"projects//zones/us-central1-a/instances/"},"receiveTimestamp":"","resource":{"labels":{"project_id":"","location":""},"type":"gce_instance"},"severity":"NOTICE","timestamp":"2026-"}"#;

impl Common {
    fn new() -> Common {
        let mut pairs = vec![1; 1 << 16];
        for pair in EVERYWHERE.windows(2) {
            pairs[usize::from(pair[0]) << 8 | usize::from(pair[1])] += 2;
        }
        // Account numbers, times and random ids are full of digits.
        for pair in b"0123456789".iter().flat_map(|a| b"0123456789".map(|b| (*a, b))) {
            pairs[usize::from(pair.0) << 8 | usize::from(pair.1)] += 20;
        }
        Common(pairs)
    }

    fn often(&self, part: &[u8]) -> f64 {
        part.windows(2).map(|p| f64::from(self.0[usize::from(p[0]) << 8 | usize::from(p[1])]).ln()).sum()
    }
}

/// Where the bytes of an id begin, as many as are said, that are least common in logs.
pub(super) fn rarest(id: &[u8], len: usize) -> usize {
    let by_rarity = |(_, a): &(usize, f64), (_, b): &(usize, f64)| a.total_cmp(b);
    id.windows(len).map(|part| COMMON.often(part)).enumerate().min_by(by_rarity).map_or(0, |(at, _)| at)
}

/// Returns what is searched of an id: its beginning finds every record that holds the whole.
fn beginning(id: &str) -> &str {
    &id[..id.floor_char_boundary(LONGEST)]
}

/// A person's e-mail; service accounts' are always in lower case.
fn is_person(id: &str) -> bool {
    id.contains('@') && !id.contains([':', '/']) && !id.ends_with(".gserviceaccount.com")
}

/// Undoes `\/` and `\uXXXX` escapes, which some writers put inside ids; `None` when there is none.
fn unescaped<'a>(raw: &[u8], scratch: &'a mut Vec<u8>) -> Option<Cow<'a, [u8]>> {
    let has_escape = memchr::memchr_iter(b'\\', raw).any(|at| matches!(raw.get(at + 1), Some(b'/' | b'u')));
    if !has_escape {
        return None;
    }
    scratch.clear();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        scratch.extend_from_slice(&rest[..at]);
        let (letter, len) = match &rest[at + 1..] {
            [b'/', ..] => ('/', 2),
            [b'u', tail @ ..] => unicode(tail).map_or(('\\', 1), |(letter, len)| (letter, len + 2)),
            _ => ('\\', 1),
        };
        scratch.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + len..];
    }
    scratch.extend_from_slice(rest);
    Some(Cow::Borrowed(scratch))
}

/// Reads `XXXX`, or a pair `XXXX\uXXXX`, and says how many bytes it took.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let first = hex(text.get(..4)?)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 4));
    }
    let second = hex(text.get(4..10)?.strip_prefix(b"\\u")?)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    let high = first.checked_sub(0xd800).filter(|high| *high < 0x400)?;
    Some((char::from_u32(0x1_0000 + (high << 10) + low)?, 10))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
