//! The search for wanted ids in raw bytes: it may say yes too often, never no when the id is there.
//!
//! Pure. In a record, also behind `\/` and `\uXXXX`; in a whole text, where a record may be, so that a text without one is
//! never taken apart. `collect` alone uses it.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// No cloud's id is longer than this; an attacker's user name of a megabyte would cost the search hours and gigabytes.
const LONGEST: usize = 256;
/// As many as vector instructions search for at once without losing their speed.
const FEW: usize = 48;
/// Bytes by which an id is looked for first.
const WINDOW: usize = 8;

/// Wanted ids, ready to be searched for.
pub(super) struct Needles {
    all: AhoCorasick,
    few: Option<Few>,
}

impl Needles {
    pub fn of(ids: &[Arc<str>]) -> anyhow::Result<Needles> {
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
        let bytes: usize = begun.iter().map(|id| id.len()).sum();
        let patterns: Vec<&str> = begun.into_iter().chain(escaped.iter().map(String::as_str)).collect();
        // Google takes people's e-mails in any letter case and logs them as they were typed.
        let any_case = ids.iter().any(|id| is_person(id));
        let is_small = ids.len() <= 500 && bytes <= 32 << 10;
        let all = AhoCorasick::builder()
            // Which one matches does not matter, but only this kind of match lets it skip bytes by vector instructions.
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(if is_small { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA }))
            .ascii_case_insensitive(any_case)
            .build(&patterns)?;
        let few = (!any_case).then(|| Few::of(&patterns)).flatten();
        Ok(Needles { all, few })
    }

    /// Whether a record may hold one.
    pub fn hit(&self, raw: &[u8], scratch: &mut Vec<u8>) -> bool {
        self.all.is_match(raw) || unescaped(raw, scratch).is_some_and(|plain| self.all.is_match(&*plain))
    }

    /// Where the next one stands that is written plainly.
    pub fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        match &self.few {
            Some(few) => few.find(text, from),
            None => self.all.find(Input::new(text).span(from..text.len())).map(|found| found.start()),
        }
    }

    /// Where the next escape stands behind which a letter of one may be hidden.
    pub fn escape(text: &[u8], from: usize) -> Option<usize> {
        let all = memchr::memchr_iter(b'\\', text.get(from..)?);
        all.map(|at| from + at).find(|at| matches!(text.get(at + 1), Some(b'/' | b'u')))
    }
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
            patterns.iter().map(|id| (id.as_bytes().into(), COMMON.rarest(id.as_bytes()))).collect();
        let mut builder = packed::Config::new().builder();
        for (id, at) in &ids {
            builder.add(&id[*at..id.len().min(at + WINDOW)]);
        }
        Some(Few { search: builder.build()?, ids })
    }

    fn find(&self, text: &[u8], begin: usize) -> Option<usize> {
        let mut from = begin;
        loop {
            let found = self.search.find_in(text, aho_corasick::Span { start: from, end: text.len() })?;
            // Any of them may stand around this place, not only the one whose part was found first.
            let is_there = |(id, at): &&(Box<[u8]>, usize)| {
                let start = found.start().checked_sub(*at).filter(|start| *start >= begin);
                start.is_some_and(|start| text[start..].starts_with(id))
            };
            if let Some((_, at)) = self.ids.iter().find(is_there) {
                return Some(found.start() - at);
            }
            from = found.start() + 1;
        }
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

    /// Where the four bytes begin that are least common.
    fn rarest(&self, id: &[u8]) -> usize {
        let often = |four: &[u8]| -> f64 {
            four.windows(2).map(|p| f64::from(self.0[usize::from(p[0]) << 8 | usize::from(p[1])]).ln()).sum()
        };
        let by_rarity = |(_, a): &(usize, f64), (_, b): &(usize, f64)| a.total_cmp(b);
        id.windows(4).map(often).enumerate().min_by(by_rarity).map_or(0, |(at, _)| at)
    }
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
