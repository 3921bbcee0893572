//! The report's closed lists in plain words, and small phrases that several text formats share.

use super::line::{At, Count, Line, Style};
use crate::model::Time;
use crate::model::gap::GapKind;
use crate::model::report::{Confidence, Credential, Finding, FindingKind, Strength};

/// "1 region", "17 regions".
pub(super) fn count(n: u64, one: &'static str, many: &'static str) -> Line {
    Line::new().put(Count(n)).put(" ").put(if n == 1 { one } else { many })
}

/// A time, and how long ago where `now` is known.
pub(super) fn time(at: Time, now: Option<Time>) -> Line {
    let line = Line::new().put(At(at));
    let Some(now) = now else { return line };
    let seconds = now.as_second() - at.as_second();
    let (n, unit) = match seconds.unsigned_abs() {
        s @ 0..60 => (s, " s"),
        s @ 60..3_600 => (s / 60, " min"),
        s @ 3_600..172_800 => (s / 3_600, " h"),
        s => (s / 86_400, " d"),
    };
    let line = line.put(if seconds < 0 { " (in " } else { " (" }).put(n).put(unit);
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
pub(super) struct Clock(pub Time);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M:%SZ"))
    }
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

/// Whether a credential may still sign in, as far as the logs (and `now`) show.
pub(super) fn is_usable(credential: &Credential, now: Option<Time>) -> bool {
    let expired = now.zip(credential.valid_until).is_some_and(|(now, until)| until <= now);
    credential.state == "left" && credential.deactivated_at.is_none() && !expired
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
