//! The report's closed lists in plain words, and small phrases that several text formats share.

use super::line::{At, Count, Line, Style};
use super::untrusted::{Prose, Untrusted};
use crate::model::Time;
use crate::model::cost::Usd;
use crate::model::dossier::Became;
use crate::model::gap::GapKind;
use crate::model::report::{Confidence, Credential, Finding, FindingKind, Report, Strength, Use};

/// "1 region", "17 regions".
pub fn count(n: u64, one: &'static str, many: &'static str) -> Line {
    Line::new().put(Count(n)).put(" ").put(if n == 1 { one } else { many })
}

/// A time, and how long ago where `now` is known.
pub(super) fn time(at: Time, now: Option<Time>) -> Line {
    Line::new().put(At(at)).join(ago(at, now))
}

/// How long ago: ` (3 h ago)`; nothing without a clock.
pub(super) fn ago(at: Time, now: Option<Time>) -> Line {
    let Some(now) = now else { return Line::new() };
    let seconds = now.as_second() - at.as_second();
    let (n, unit) = match seconds.unsigned_abs() {
        s @ 0..60 => (s, " s"),
        s @ 60..3_600 => (s / 60, " min"),
        s @ 3_600..172_800 => (s / 3_600, " h"),
        s => (s / 86_400, " d"),
    };
    let line = Line::new().put(if seconds < 0 { " (in " } else { " (" }).put(n).put(unit);
    line.put(if seconds < 0 { ")" } else { " ago)" })
}

/// From when to when; the day is said once where both are on it.
pub(super) fn span(from: Time, to: Time) -> Line {
    let line = Line::new().put(At(from));
    if from.as_second() == to.as_second() {
        return line;
    }
    if from.as_second().div_euclid(86_400) == to.as_second().div_euclid(86_400) {
        return line.put(" – ").put(Clock(to));
    }
    line.put(" – ").put(At(to))
}

/// A time of day: `03:14:07Z`.
#[derive(Clone, Copy)]
pub struct Clock(pub Time);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M:%SZ"))
    }
}

/// A time as machines read it: RFC 3339.
#[derive(Clone, Copy)]
pub struct Exact(pub Time);

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Dollars as a spreadsheet reads them: `32.7726`.
#[derive(Clone, Copy)]
pub struct Dollars(pub Usd);

impl std::fmt::Display for Dollars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

/// A time without its seconds, for a narrow column: `2026-11-22 03:14`, or `03:14` without the day.
#[derive(Clone, Copy)]
pub struct Minutes {
    at: Time,
    day: bool,
}

impl std::fmt::Display for Minutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = if self.day { "%Y-%m-%d %H:%M" } else { "%H:%M" };
        write!(f, "{}", self.at.strftime(format))
    }
}

/// [`span`] to the minute: `2026-11-22 03:14 – 05:59Z`.
pub(super) fn minutes(from: Time, to: Time) -> Line {
    let same = |unit: i64| from.as_second().div_euclid(unit) == to.as_second().div_euclid(unit);
    let line = Line::new().put(Minutes { at: from, day: true });
    let line = if same(60) { line } else { line.put(" – ").put(Minutes { at: to, day: !same(86_400) }) };
    line.put("Z")
}

/// A credential's kind as people say it.
pub(super) fn credential(kind: &'static str) -> &'static str {
    match kind {
        "aws.access_key" => "access key",
        "aws.session" => "session",
        "aws.login_profile" => "console password",
        "aws.service_specific_credential" => "service-specific credential",
        "gcp.service_account" => "service account",
        "gcp.service_account_key" => "key",
        "gcp.impersonation" => "impersonation",
        "gcp.hmac_key" => "HMAC key",
        "gcp.api_key" => "API key",
        other => other,
    }
}

/// A principal's name, shorter: `ROLE/SESSION` and the account of an assumed role, `NAME@PROJECT` of a service
/// account, which `--principal` takes too.
pub(super) fn brief(principal: &str) -> (&str, Option<&str>) {
    if let Some(email) = principal.strip_suffix(".iam.gserviceaccount.com") {
        return (email, None);
    }
    let mut parts = principal.splitn(6, ':');
    match (parts.next(), parts.nth(3), parts.next()) {
        (Some("arn"), Some(account), Some(name)) if !account.is_empty() => {
            (name.strip_prefix("assumed-role/").unwrap_or(name), Some(account))
        }
        _ => (principal, None),
    }
}

/// The error without the number that some clouds put before its name: `8 RESOURCE_EXHAUSTED`.
pub(super) fn error(text: &str) -> &str {
    match text.split_once(' ') {
        Some((number, name)) if !name.is_empty() && number.bytes().all(|c| c.is_ascii_digit()) => name,
        Some(_) | None => text,
    }
}

/// The kinds that run, by the end of their names: they cost by the hour.
const RUN: &[&str] = &[
    "instance",
    "spot_request",
    "fleet",
    "spot_fleet",
    "group",
    "instance_group_manager",
    "autoscaler",
    "bulk_insert",
    "service",
    "task",
    "job",
    "custom_job",
    "training_job",
    "cluster",
    "node_pool",
    "node",
    "function",
    "notebook_instance",
    "compute_environment",
];

/// Parts of the names of kinds that let somebody in.
const LET_IN: &[&str] = &[".iam.", "key", "firewall", "security_group", "user", "role"];

/// What to read of first: what runs, what lets in, the rest.
pub(super) fn danger(kind: &str) -> u8 {
    let name = kind.rsplit('.').next().unwrap_or_default();
    match (RUN.contains(&name), LET_IN.iter().any(|part| kind.contains(part))) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

/// Whether a word is a name, a number or a time: what differs between sentences that say the same of many things.
fn is_name(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '/'))
}

/// What sentences that say the same of many things have in common.
pub(super) fn shape(text: &str) -> Vec<&str> {
    text.split_whitespace().map(|word| if is_name(word) { "…" } else { word }).collect()
}

/// One sentence for several of one [`shape`]: `…` stands where they differ.
pub(super) fn common(texts: &[&str]) -> Line {
    let Some((first, rest)) = texts.split_first() else { return Line::new() };
    if rest.iter().all(|text| text == first) {
        return Line::new().put(Prose(first));
    }
    let mut rest: Vec<_> = rest.iter().map(|text| text.split_whitespace()).collect();
    let mut is_same = |word| rest.iter_mut().map(|other| other.next() == Some(word)).fold(true, |a, b| a & b);
    let words = first.split_whitespace();
    let words =
        words.map(|word| if is_same(word) { Line::new().put(Untrusted(word)) } else { Line::new().put("…") });
    Line::new().list(" ", words)
}

pub(super) fn finding(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Persistence => "persistence",
        FindingKind::PrivilegeEscalation => "privilege escalation",
        FindingKind::DefenseEvasion => "defence evasion",
        FindingKind::Exfiltration => "exfiltration",
        FindingKind::Exposure => "exposure",
        FindingKind::CredentialAccess => "credential access",
        FindingKind::LateralMovement => "lateral movement",
        FindingKind::Execution => "execution",
        FindingKind::Destruction => "destruction",
        FindingKind::ResourceHijacking => "resource hijacking",
        FindingKind::ServiceAbuse => "service abuse",
        FindingKind::Commitment => "commitment",
        FindingKind::Discovery => "discovery",
        FindingKind::Leak => "leak",
    }
}

/// The same as one word, for tags.
pub(super) fn finding_tag(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Persistence => "persistence",
        FindingKind::PrivilegeEscalation => "privilege-escalation",
        FindingKind::DefenseEvasion => "defense-evasion",
        FindingKind::Exfiltration => "exfiltration",
        FindingKind::Exposure => "exposure",
        FindingKind::CredentialAccess => "credential-access",
        FindingKind::LateralMovement => "lateral-movement",
        FindingKind::Execution => "execution",
        FindingKind::Destruction => "destruction",
        FindingKind::ResourceHijacking => "resource-hijacking",
        FindingKind::ServiceAbuse => "service-abuse",
        FindingKind::Commitment => "commitment",
        FindingKind::Discovery => "discovery",
        FindingKind::Leak => "leak",
    }
}

/// What to read first: what the provider says leaked, ways back in, blindness, then harm, then the rest.
fn rank(kind: FindingKind) -> u8 {
    match kind {
        FindingKind::Leak => 0,
        FindingKind::Persistence => 1,
        FindingKind::PrivilegeEscalation => 2,
        FindingKind::DefenseEvasion => 3,
        FindingKind::Exfiltration => 4,
        FindingKind::Exposure => 5,
        FindingKind::Destruction => 6,
        FindingKind::Commitment => 7,
        FindingKind::ResourceHijacking => 8,
        FindingKind::ServiceAbuse => 9,
        FindingKind::CredentialAccess => 10,
        FindingKind::LateralMovement => 11,
        FindingKind::Execution => 12,
        FindingKind::Discovery => 13,
    }
}

/// Sorts findings, most severe first.
pub(super) fn severity(finding: &Finding) -> impl Ord + use<> {
    let doubted = finding.confidence == Confidence::LikelyLegitimate;
    (doubted, !finding.standing, rank(finding.kind), finding.at)
}

/// Whether a finding alone makes the verdict bad: reading around and what is likely the owner's does not.
pub(super) fn is_alarm(finding: &Finding) -> bool {
    finding.kind != FindingKind::Discovery && finding.confidence != Confidence::LikelyLegitimate
}

/// Said only when there is doubt.
pub(super) fn confidence(confidence: Confidence) -> Option<&'static str> {
    match confidence {
        Confidence::Confirmed => None,
        Confidence::Suspect => Some("suspect"),
        Confidence::LikelyLegitimate => Some("likely legitimate"),
    }
}

/// The same, always said.
pub(super) fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed",
        Confidence::Suspect => "suspect",
        Confidence::LikelyLegitimate => "likely legitimate",
    }
}

/// What became of a call.
pub(super) fn became(became: Became) -> &'static str {
    match became {
        Became::Verified => "done, seen",
        Became::Taken => "done, not seen yet",
        Became::Refused => "refused",
        Became::NotDone => "not done",
        Became::Gone => "target gone",
        Became::Unknown => "unknown",
    }
}

/// A credential's kind as a list of indicators calls it.
pub(super) fn credential_type(kind: &str) -> &'static str {
    match kind {
        "aws.session" => "session_key",
        "aws.login_profile" => "user",
        "gcp.service_account" | "gcp.impersonation" => "identity",
        _ => "key",
    }
}

/// Said only when the link is not exact.
pub(super) fn strength(strength: Strength) -> Option<&'static str> {
    match strength {
        Strength::Exact => None,
        Strength::ExactSession => Some("linked by session start"),
        Strength::Heuristic => Some("heuristic link"),
    }
}

pub(super) fn gap(kind: GapKind) -> &'static str {
    match kind {
        GapKind::Denied => "denied",
        GapKind::Unread => "unread",
        GapKind::Retention => "beyond retention",
        GapKind::NotFollowed => "not followed",
        GapKind::Interrupted => "interrupted",
        GapKind::Blind => "no log shows",
    }
}

/// Whether a resource's state means that it may still exist.
pub(super) fn is_left(state: &str) -> bool {
    !matches!(state, "deleted" | "gone")
}

/// Whether a credential may still sign in, as far as the logs show and it had not expired by `as_of`.
pub(super) fn is_usable(credential: &Credential, as_of: Option<Time>) -> bool {
    let expired = as_of.zip(credential.valid_until).is_some_and(|(as_of, until)| until <= as_of);
    credential.state == "left" && credential.deactivated_at.is_none() && !expired
}

/// The latest time that is known to have come: now, or without a clock the last record that was seen.
pub(super) fn as_of(report: &Report, now: Option<Time>) -> Option<Time> {
    let seen = || report.coverage.scopes.iter().filter_map(|scope| scope.to).max();
    now.or_else(|| match (seen(), report.window.until) {
        (Some(seen), Some(until)) => Some(seen.min(until)),
        (seen, _) => seen,
    })
}

/// Whether an address is new and nothing says that it is the owner's.
pub(super) fn is_news(one: &Use) -> bool {
    one.new && one.confidence != Confidence::LikelyLegitimate && !is_service(one)
}

/// Whether it is a service that acted for the principal: its name stands where the address would.
pub(super) fn is_service(one: &Use) -> bool {
    one.how == "service"
}

/// The region of a location: a Google zone `us-central1-a` lies in `us-central1`.
pub(super) fn region(location: &str) -> &str {
    match location.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && region.ends_with(|c: char| c.is_ascii_digit()) => {
            if zone.starts_with(|c: char| c.is_ascii_lowercase()) { region } else { location }
        }
        _ => location,
    }
}

/// A mark in brackets: ` [suspect]`.
pub(super) fn mark(style: Style, word: Option<&'static str>) -> Line {
    match word {
        Some(word) => Line::new().put(" ").styled(style, "[").styled(style, word).styled(style, "]"),
        None => Line::new(),
    }
}
