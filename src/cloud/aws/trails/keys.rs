//! How trails name their files: `[prefix/]AWSLogs/[o-…/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/…_YYYYMMDDTHHmmZ_….json.gz`.
//!
//! Pure. The day is that of delivery, so the day after counts too (aws.md 2.2).

use crate::model::Time;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The part of a bucket's keys that is the same for a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub prefix: Option<String>,
    /// `o-…`, for an organization's trail.
    pub organization: Option<String>,
}

/// A day of delivery, in UTC.
pub type Day = Date;

impl Layout {
    /// The keys of one account's files, one region and one day.
    pub fn logs(&self, account: &str, region: &str, day: Day) -> String {
        self.of("CloudTrail", account, region, day)
    }

    /// The keys of the digests of one account, region and day.
    pub fn digests(&self, account: &str, region: &str, day: Day) -> String {
        self.of("CloudTrail-Digest", account, region, day)
    }

    fn of(&self, what: &str, account: &str, region: &str, day: Day) -> String {
        let mut key = String::new();
        for part in
            [self.prefix.as_deref(), Some("AWSLogs"), self.organization.as_deref()].into_iter().flatten()
        {
            key += part.trim_end_matches('/');
            key.push('/');
        }
        key + &format!("{account}/{what}/{region}/{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())
    }
}

/// The days on which files with events of a window may have been delivered, oldest first: the day after, too.
pub fn days(since: Time, until: Time) -> Vec<Day> {
    let day = |at: Time| at.to_zoned(TimeZone::UTC).date();
    let last = day(until).checked_add(1.day()).unwrap_or_else(|_| day(until));
    let mut days = Vec::new();
    let mut next = day(since);
    while next <= last {
        days.push(next);
        match next.tomorrow() {
            Ok(tomorrow) => next = tomorrow,
            Err(_) => break,
        }
    }
    days
}

/// When a file was delivered, by its key (to the minute; a digest's to the second); `None` for a key of another form, which must
/// then be read.
pub fn delivered_at(key: &str) -> Option<Time> {
    let name = key.rsplit('/').next()?.split('.').next()?;
    let stamp = name.split('_').find(|part| {
        matches!(part.len(), 14 | 16)
            && part.ends_with('Z')
            && part.as_bytes()[8] == b'T'
            && part.bytes().rev().skip(1).all(|byte| byte == b'T' || byte.is_ascii_digit())
    })?;
    let (date, clock) = (stamp.get(..8)?, stamp.get(9..13)?);
    let seconds = stamp.get(13..15).unwrap_or("00");
    format!("{}-{}-{}T{}:{}:{seconds}Z", &date[..4], &date[4..6], &date[6..], &clock[..2], &clock[2..])
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_that_trails_write() {
        let day: Day = "2026-03-04".parse().unwrap();
        let plain = Layout { prefix: None, organization: None };
        assert_eq!(
            plain.logs("111122223333", "eu-west-3", day),
            "AWSLogs/111122223333/CloudTrail/eu-west-3/2026/03/04/"
        );
        let org = Layout { prefix: Some("audit/".into()), organization: Some("o-exampleorgid".into()) };
        assert_eq!(
            org.digests("111122223333", "eu-west-3", day),
            "audit/AWSLogs/o-exampleorgid/111122223333/CloudTrail-Digest/eu-west-3/2026/03/04/"
        );
    }

    #[test]
    fn the_day_after_counts_too() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let found = days(at("2026-02-27T23:59:00Z"), at("2026-02-28T10:00:00Z"));
        let found: Vec<String> = found.iter().map(Day::to_string).collect();
        assert_eq!(found, ["2026-02-27", "2026-02-28", "2026-03-01"]);
    }

    #[test]
    fn a_key_tells_when_it_was_delivered_or_nothing() {
        let key = "AWSLogs/1/CloudTrail/us-east-1/2026/03/04/111122223333_CloudTrail_us-east-1_20260304T0125Z_Ab1.json.gz";
        assert_eq!(delivered_at(key).unwrap().to_string(), "2026-03-04T01:25:00Z");
        let digest = "AWSLogs/1/CloudTrail-Digest/us-east-1/2026/03/04/1_CloudTrail-Digest_us-east-1_main_us-east-1_20260304T012531Z.json.gz";
        assert_eq!(delivered_at(digest).unwrap().to_string(), "2026-03-04T01:25:31Z");
        for other in ["a/b.json.gz", "x_20269904T0125Z_y", "x_2026\u{e9}304T0125Z_y", ""] {
            assert_eq!(delivered_at(other), None, "{other}");
        }
    }
}
