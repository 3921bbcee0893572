//! The six answers that every format for people begins with: is it dead, who used it, what did it become, what runs now, what
//! does it cost, what next. Claims no more than was seen.

use super::line::{At, Line, Style};
use super::untrusted::Untrusted;
use super::words::{ago, count, is_alarm, is_left, is_news, is_service, is_usable, region, time};
use crate::model::Time;
use crate::model::dossier::{Became, Done, UndoState};
use crate::model::plan::{Plan, PlanKind};
use crate::model::report::{Confidence, Credential, Finding, FindingKind, Report, Resource, SWITCHED_OFF};
use std::collections::BTreeSet;

/// How bad an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Doubtful,
    Good,
    Plain,
}

impl Tone {
    pub fn style(self) -> Style {
        match self {
            Tone::Bad => Style::Red,
            Tone::Doubtful => Style::Yellow,
            Tone::Good => Style::Green,
            Tone::Plain => Style::Plain,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Tone::Bad => "bad",
            Tone::Doubtful => "doubtful",
            Tone::Good => "good",
            Tone::Plain => "plain",
        }
    }
}

pub(super) struct Answer {
    pub question: &'static str,
    pub tone: Tone,
    /// The word that answers, and what it rests on.
    pub short: Line,
    /// Most important first, and how many of them are always told.
    pub rest: Vec<Line>,
    pub must: usize,
}

impl Answer {
    pub fn line(self) -> Line {
        let rest = self.rest.into_iter().map(|part| Line::new().put("; ").join(part));
        rest.fold(self.short.all(self.tone.style()), Line::join).put(".")
    }
}

/// What a summary is made of.
pub(super) struct Facts<'a> {
    pub report: &'a Report,
    pub plans: &'a [Plan],
    pub deeds: &'a [Done],
    pub now: Option<Time>,
    /// The latest time that is known to have come.
    pub as_of: Option<Time>,
}

/// Returns all six, in the order in which they are asked.
pub(super) fn answers(facts: &Facts<'_>) -> Vec<Answer> {
    vec![dead(facts), users(facts), became(facts), running(facts), cost(facts), next(facts)]
}

fn seeds(report: &Report) -> impl Iterator<Item = &Credential> {
    report.credentials.iter().filter(|one| one.depth == 0)
}

/// Whether what leaked still works: what the cloud said when it was asked, else what logs show.
pub(super) fn dead(facts: &Facts<'_>) -> Answer {
    let Facts { report, now, as_of, .. } = *facts;
    let all: Vec<&Credential> = seeds(report).collect();
    let active = all.iter().filter(|one| one.active == Some(true)).count();
    let asked = all.iter().filter(|one| one.active.is_some()).count();
    let asked_at = all.iter().filter_map(|one| one.observed_at).max();
    let mut rest = Vec::new();
    let mut must = 1;
    let (tone, short) = if all.is_empty() {
        (Tone::Doubtful, Line::new().put("Not known: no credential of it was seen"))
    } else if active > 0 {
        let line = match all.len() {
            1 => Line::new().put("No: it was active"),
            n => Line::new().put("No: ").put(active).put(" of its ").put(n).put(" credentials were active"),
        };
        (Tone::Bad, line.put(" when the cloud was asked").join(when(asked_at, now)))
    } else if asked == all.len() {
        (Tone::Good, Line::new().put("Yes: inactive when the cloud was asked").join(when(asked_at, now)))
    } else {
        let usable = all.iter().filter(|one| is_usable(one, as_of)).count();
        rest.push(Line::new().put("cloud not asked"));
        must += 1;
        match (usable, &*all) {
            (0, [_]) => (Tone::Doubtful, Line::new().put("Yes, as logs show")),
            (0, _) => (Tone::Doubtful, Line::new().put("Yes, all ").put(all.len()).put(", as logs show")),
            (_, [_]) => (Tone::Bad, Line::new().put("No revocation seen in the logs")),
            (n, _) => {
                (Tone::Bad, Line::new().put(n).put(" of ").put(all.len()).put(" not seen to be revoked"))
            }
        }
    };
    // A key that is shut is not the end of what it became.
    let sure = |one: &&Credential| one.confidence != Confidence::LikelyLegitimate;
    let became = report.credentials.iter().filter(|one| one.depth > 0).filter(sure);
    let children = became.filter(|one| is_usable(one, as_of)).count();
    if active == 0 && asked == all.len() && !all.is_empty() && children > 0 {
        rest.insert(
            0,
            count(children as u64, "credential", "credentials").put(" that it became may still work"),
        );
    }
    for off in switched_off(report) {
        let line = Line::new().put("Google switched off ");
        // Which it is stands beside it where there is one.
        let line = match &*report.leaked_keys {
            [only] if *only == off.subject => line.put("the leaked key"),
            _ => line.put(Untrusted(&off.subject)),
        };
        // It is told before, and where there is no room instead of, when it was used last.
        rest.insert(0, line.put(" ").join(time(off.at, now)));
    }
    if let Some(last) = all.iter().filter_map(|one| one.last_use).max() {
        rest.push(Line::new().put("last used ").join(time(last, now)));
    }
    if let [one] = &*all {
        let by = |line: Line, by: Option<&str>| {
            by.into_iter().fold(line, |line, by| line.put(" by ").put(Untrusted(by)))
        };
        match (one.deleted_at, one.deactivated_at) {
            (Some(at), _) => {
                rest.push(by(Line::new().put("revoked ").join(time(at, now)), one.deleted_by.as_deref()));
            }
            (None, Some(at)) if one.active != Some(true) => {
                let line =
                    by(Line::new().put("deactivated ").join(time(at, now)), one.deactivated_by.as_deref());
                rest.push(line.put(", not deleted"));
            }
            (None, _) => {}
        }
    }
    let ended = in_force(facts.deeds, PlanKind::Revoke).count();
    if ended > 0 {
        rest.push(count(ended as u64, "revocation", "revocations").put(" by this case in force"));
    }
    Answer { question: "Is it dead?", tone, short, rest, must }
}

/// What the provider itself switched off of what leaked: the latest word on each key, so that two notices are one.
fn switched_off(report: &Report) -> impl Iterator<Item = &Finding> {
    let is_word = |one: &&Finding| one.kind == FindingKind::Leak && one.note.starts_with(SWITCHED_OFF);
    let mut said = BTreeSet::new();
    report.findings.iter().rev().filter(is_word).filter(move |one| said.insert(&one.subject))
}

fn when(at: Option<Time>, now: Option<Time>) -> Line {
    at.map_or(Line::new(), |at| Line::new().put(" at ").join(time(at, now)))
}

/// Calls of a kind that were made and not taken back.
pub(super) fn in_force(deeds: &[Done], kind: PlanKind) -> impl Iterator<Item = &Done> {
    deeds.iter().filter(move |one| {
        one.kind == kind
            && matches!(one.became, Became::Verified | Became::Taken)
            && one.undo != UndoState::Undone
    })
}

fn users(facts: &Facts<'_>) -> Answer {
    let uses = || facts.report.uses.iter().filter(|one| !is_service(one));
    let all: BTreeSet<&str> = uses().filter_map(|one| one.address.as_deref()).collect();
    let new: BTreeSet<&str> =
        uses().filter(|one| is_news(one)).filter_map(|one| one.address.as_deref()).collect();
    let events: u64 = uses().map(|one| one.events).sum();
    let short = match all.len() as u64 {
        0 => Line::new().put("Nobody, in what was looked at"),
        n => count(n, "address", "addresses").put(", ").put(new.len()).put(" new"),
    };
    let mut rest = Vec::new();
    if !new.is_empty() {
        let some = new.iter().take(4).map(|one| Line::new().put(Untrusted(one)));
        let line = Line::new().list(", ", some);
        rest.push(if new.len() > 4 { line.put(", …") } else { line });
    }
    if events > 0 {
        rest.push(count(events, "event", "events"));
    }
    let tone = if new.is_empty() { Tone::Plain } else { Tone::Bad };
    Answer { question: "Who used it?", tone, short, rest, must: 0 }
}

fn became(facts: &Facts<'_>) -> Answer {
    let derived: Vec<&Credential> = facts.report.credentials.iter().filter(|one| one.depth > 0).collect();
    let sure = |one: &&&Credential| one.confidence != Confidence::LikelyLegitimate;
    let usable = derived.iter().filter(sure).filter(|one| is_usable(one, facts.as_of)).count();
    let accounts: BTreeSet<&str> = derived.iter().filter_map(|one| one.account.as_deref()).collect();
    let short = match derived.len() as u64 {
        0 => Line::new().put("No other credential, in what was looked at"),
        n => count(n, "credential", "credentials").put(", ").put(usable).put(" of them may still work"),
    };
    let rest = if derived.is_empty() {
        Vec::new()
    } else {
        let depth = derived.iter().map(|one| one.depth).max().unwrap_or(0);
        let used = derived.iter().filter(|one| one.used).count();
        let line =
            Line::new().put(used).put(" used, in ").join(count(accounts.len() as u64, "account", "accounts"));
        vec![line.put(", ").join(count(u64::from(depth), "hop", "hops")).put(" deep")]
    };
    let tone = if usable > 0 { Tone::Bad } else { Tone::Plain };
    Answer { question: "What did it become?", tone, short, rest, must: 0 }
}

fn running(facts: &Facts<'_>) -> Answer {
    let all = &facts.report.resources;
    let sure = |one: &&Resource| one.confidence != Confidence::LikelyLegitimate;
    let left: Vec<&Resource> = all.iter().filter(sure).filter(|one| is_left(one.state)).collect();
    let of = |state: &str| left.iter().filter(|one| one.state == state).count();
    let (running, unknown) = (of("running"), of("unknown"));
    let regions: BTreeSet<&str> = left.iter().map(|one| region(&one.region)).collect();
    let asked = all.iter().filter_map(|one| one.observed_at).max();
    let here = || Line::new().put(" in ").join(count(regions.len() as u64, "region", "regions"));
    let (tone, short) = match (all.is_empty(), left.len() as u64, asked) {
        (true, _, _) => (Tone::Plain, Line::new().put("It made nothing, in what was looked at")),
        (false, 0, Some(_)) => (Tone::Good, Line::new().put("Nothing that it made is left")),
        (false, 0, None) => (Tone::Doubtful, Line::new().put("Nothing left, as logs show")),
        (false, n, Some(_)) => {
            let line = Line::new().put(running).put(" running, ").join(count(n, "resource", "resources"));
            let tone = if running > 0 { Tone::Bad } else { Tone::Doubtful };
            (tone, line.put(" left").join(here()))
        }
        (false, n, None) => {
            (Tone::Bad, count(n, "resource", "resources").put(" left, as logs show,").join(here()))
        }
    };
    let mut rest = Vec::new();
    if unknown > 0 {
        rest.push(Line::new().put(unknown).put(" could not be asked"));
    }
    let likely = all.iter().filter(|one| is_left(one.state)).count() - left.len();
    if likely > 0 {
        rest.push(Line::new().put(likely).put(" more left are likely legitimate"));
    }
    if !all.is_empty() {
        rest.push(match asked {
            Some(at) => Line::new().put("the cloud was asked").join(when(Some(at), facts.now)),
            None => Line::new().put("the cloud was not asked"),
        });
    }
    let stopped = in_force(facts.deeds, PlanKind::Contain).count();
    if stopped > 0 {
        rest.push(count(stopped as u64, "action", "actions").put(" of this case in force"));
    }
    Answer { question: "What runs now?", tone, short, rest, must: 0 }
}

pub(super) fn cost(facts: &Facts<'_>) -> Answer {
    let question = "What does it cost?";
    let Some(cost) = &facts.report.cost else {
        let short = Line::new().put("Not counted");
        return Answer { question, tone: Tone::Plain, short, rest: Vec::new(), must: 0 };
    };
    let mut short = match cost.per_hour {
        Some(rate) => Line::new().put(rate).put("/hour now"),
        None => Line::new().put("Unknown"),
    };
    if let Some(burned) = cost.burned {
        short = short.put(", ").put(burned).put(" so far");
    }
    let mut rest = Vec::new();
    if let Some(saved) = cost.saved_per_day.filter(|saved| saved.as_micros() > 0) {
        rest.push(Line::new().put(saved).put("/day saved by what was contained"));
    }
    if cost.unknown > 0 {
        rest.push(count(cost.unknown, "thing", "things").put(" without a known price"));
    }
    for (n, one, many) in [
        (cost.upper_bounds, "number is an upper bound", "numbers are upper bounds"),
        (cost.lower_bounds, "number is a lower bound", "numbers are lower bounds"),
    ] {
        if n > 0 {
            rest.push(count(n, one, many));
        }
    }
    if cost.priced > 0 {
        let line = Line::new().put("list prices");
        let line =
            cost.as_of.as_deref().into_iter().fold(line, |line, of| line.put(" of ").put(Untrusted(of)));
        rest.push(
            line.put(", counted until ")
                .put(At(cost.at))
                .join(facts.now.map_or(Line::new(), |now| ago(cost.at, Some(now)))),
        );
    }
    let burns = cost.per_hour.is_some_and(|rate| rate.as_micros() > 0);
    let tone = match (burns, cost.unknown) {
        (true, _) => Tone::Bad,
        (false, 0) => Tone::Plain,
        (false, _) => Tone::Doubtful,
    };
    Answer { question, tone, short, rest, must: 0 }
}

/// Steps of a plan that no call in force has taken.
pub(super) fn open_steps(plan: &Plan, deeds: &[Done]) -> usize {
    let done: BTreeSet<_> = in_force(deeds, plan.kind).map(|one| one.change.to_string()).collect();
    let change =
        |step: &crate::model::plan::Step| serde_json::to_value(&step.change).unwrap_or_default().to_string();
    plan.steps.iter().filter(|step| !done.contains(&change(step))).count()
}

pub(super) fn next(facts: &Facts<'_>) -> Answer {
    let question = "What next?";
    let mut parts = Vec::new();
    let mut alone = 0;
    for plan in facts.plans {
        let open = open_steps(plan, facts.deeds);
        alone += plan.withheld.len();
        if open > 0 {
            parts.push(
                Line::new()
                    .put(plan.kind.name())
                    .put(": ")
                    .join(count(open as u64, "step", "steps"))
                    .put(" proposed"),
            );
        }
    }
    let unclear = facts.deeds.iter().filter(|one| one.became == Became::Unknown).count();
    if unclear > 0 {
        parts.insert(0, count(unclear as u64, "action", "actions").put(" of which nobody knows what became"));
    }
    let gaps = facts.report.gaps.iter().filter(|gap| gap.is_incomplete()).count();
    let mut rest = Vec::new();
    if alone > 0 {
        rest.push(count(alone as u64, "thing", "things").put(" left alone, to be decided by a human"));
    }
    if gaps > 0 {
        rest.push(count(gaps as u64, "gap", "gaps").put(" to close"));
    }
    let (tone, short) = match (parts.is_empty(), rest.is_empty()) {
        (false, _) => (Tone::Bad, Line::new().list(", ", parts)),
        (true, false) => (Tone::Doubtful, Line::new().put("Nothing that is proposed is open")),
        (true, true) => (Tone::Good, Line::new().put("Nothing is open, in what was looked at")),
    };
    Answer { question, tone, short, rest, must: 0 }
}

/// Whether the report says that something is wrong.
pub(super) fn is_bad(report: &Report) -> bool {
    let leaked = report.window.leaked_at.is_some()
        || report.findings.iter().any(|one| one.kind == crate::model::report::FindingKind::Leak);
    report.findings.iter().any(is_alarm) || (leaked && report.uses.iter().any(is_news))
}
