//! An incident's milestones, and how long it took from one to the next: to detect, to be notified, to contain, to recover.
//!
//! What nobody knows stays unknown: nothing here is filled in.

use super::line::{At, Line};
use super::words::{is_alarm, is_news};
use crate::model::Time;
use crate::model::report::{Confidence, FindingKind, Report};

/// When it happened, as far as records, journal and operator tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// As the operator said.
    pub leaked: Option<Time>,
    /// The first event that can't be the owners'.
    pub first: Option<Time>,
    pub last: Option<Time>,
    /// The provider's own word that it leaked, as the logs show it.
    pub notice: Option<Time>,
    /// When somebody first asked a cloud with this program.
    pub began: Option<Time>,
    /// When the leaked credential itself was shut, by whomever.
    pub shut: Option<Time>,
    /// The last step that contains and is in force.
    pub contained: Option<Time>,
    /// The last step that gave back what the response had shut.
    pub recovered: Option<Time>,
}

impl Times {
    /// What the report tells; the rest is the journal's.
    pub fn of(report: &Report) -> Times {
        let sure = |confidence: Confidence| confidence != Confidence::LikelyLegitimate;
        let uses = report.uses.iter().filter(|one| is_news(one));
        let made = report.resources.iter().filter(|one| sure(one.confidence)).map(|one| one.created_at);
        let became = report.credentials.iter().filter(|one| one.depth > 0 && sure(one.confidence));
        let told = report.findings.iter().filter(|one| is_alarm(one) && one.kind != FindingKind::Leak);
        let began = uses.clone().map(|one| one.first);
        let began = began.chain(made.clone()).chain(became.clone().filter_map(|one| one.issued_at));
        let first = began.chain(told.clone().map(|one| one.at)).min();
        let ended = uses.map(|one| one.last).chain(made).chain(became.filter_map(|one| one.last_use));
        let leaks = report.findings.iter().filter(|one| one.kind == FindingKind::Leak);
        let seeds = report.credentials.iter().filter(|one| one.depth == 0);
        // All of them, or it is not shut.
        let shut = seeds.map(|one| one.deleted_at.into_iter().chain(one.deactivated_at).min());
        let shut: Option<Vec<Time>> = shut.collect();
        Times {
            leaked: report.window.leaked_at,
            first,
            last: ended.chain(told.map(|one| one.at)).max(),
            notice: leaks.map(|one| one.at).min(),
            began: None,
            shut: shut.and_then(|all| all.into_iter().max()),
            contained: None,
            recovered: None,
        }
    }

    /// The milestones that are known, in the order of time.
    pub fn known(&self) -> Vec<(Time, &'static str)> {
        let all = [
            (self.leaked, "the credential leaked (as reported)"),
            (self.first, "first event that is not the owners'"),
            (self.last, "last event that is not the owners'"),
            (self.notice, "the provider's notice that it leaked"),
            (self.began, "the response with this tool began"),
            (self.shut, "the leaked credential was shut"),
            (self.contained, "last containing step, in force"),
            (self.recovered, "last step given back"),
        ];
        let mut known: Vec<_> = all.into_iter().filter_map(|(at, what)| Some((at?, what))).collect();
        known.sort();
        known
    }

    /// How long each took, and between what, a line each.
    pub fn took(&self) -> [Line; 5] {
        let start = self.first.or(self.leaked);
        let noticed = self.notice.into_iter().chain(self.began).min();
        [
            took("Time to detect (first such event to notice or response): ", start, noticed),
            took("Time to notify (leak to the provider's notice): ", self.leaked.or(self.first), self.notice),
            took("Time to shut the leaked credential (first such event until then): ", start, self.shut),
            took("Time to contain (first such event to the last containing step): ", start, self.contained),
            took(
                "Time to recover (last containing step to the last given back): ",
                self.contained,
                self.recovered,
            ),
        ]
    }
}

fn took(what: &'static str, from: Option<Time>, to: Option<Time>) -> Line {
    let line = Line::new().put(what);
    match (from, to) {
        (Some(from), Some(to)) if to >= from => line.join(long(to.as_second() - from.as_second())),
        (Some(from), Some(_)) => line.put("none, it came before ").put(At(from)),
        (None, _) | (_, None) => line.put("unknown"),
    }
}

/// `2 d 3 h`, `3 h 5 min`, `42 s`: the two largest units.
fn long(seconds: i64) -> Line {
    let seconds = seconds.unsigned_abs();
    let (n, unit, rest, small) = match seconds {
        0..60 => return Line::new().put(seconds).put(" s"),
        60..3_600 => (seconds / 60, " min", seconds % 60, " s"),
        3_600..86_400 => (seconds / 3_600, " h", seconds % 3_600 / 60, " min"),
        _ => (seconds / 86_400, " d", seconds % 86_400 / 3_600, " h"),
    };
    let line = Line::new().put(n).put(unit);
    if rest == 0 { line } else { line.put(" ").put(rest).put(small) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Time> {
        Some(text.parse().expect(text))
    }

    fn told(times: &Times) -> Vec<String> {
        let ends = times.took().map(|line| line.plain().split_once("): ").expect("a colon").1.to_owned());
        ends.into()
    }

    #[test]
    fn what_nobody_knows_is_unknown() {
        assert_eq!(told(&Times::default()), ["unknown"; 5]);
        let first = Times { first: at("2026-07-14T09:00:00Z"), ..Times::default() };
        assert_eq!(told(&first), ["unknown"; 5]);
        assert_eq!(first.known().len(), 1);
    }

    #[test]
    fn each_time_runs_between_its_own_milestones() {
        let times = Times {
            leaked: at("2026-07-14T08:55:00Z"),
            first: at("2026-07-14T09:00:00Z"),
            notice: at("2026-07-14T09:00:42Z"),
            began: at("2026-07-14T10:00:00Z"),
            shut: at("2026-07-14T10:02:00Z"),
            contained: at("2026-07-14T12:05:00Z"),
            recovered: at("2026-07-16T15:05:00Z"),
            ..Times::default()
        };
        assert_eq!(told(&times), ["42 s", "5 min 42 s", "1 h 2 min", "3 h 5 min", "2 d 3 h"]);
        let early = Times { notice: at("2026-07-14T08:00:00Z"), ..times };
        assert_eq!(told(&early)[0], "none, it came before 2026-07-14 09:00:00Z");
    }
}
