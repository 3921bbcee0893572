//! Findings, most severe first; failed attempts by error; writes that no rule knows.

use crate::model::report::{Attempt, Finding, FindingKind, Report};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, confidence, count, mark, severity, span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Findings that fit one screen beside the other answers.
const MOST: usize = 9;
/// Columns of one note in one screen.
const NOTE: usize = 180;

pub(super) fn findings(page: &mut Page<'_>, report: &Report) {
    if report.findings.is_empty() {
        return page.head("FINDINGS", Line::new().put("none, in what was looked at"));
    }
    let mut all: Vec<&Finding> = report.findings.iter().collect();
    all.sort_by_key(|one| severity(one));
    let standing = all.iter().filter(|one| one.standing).count();
    let rest = count(all.len() as u64, "finding", "findings").put(", ");
    page.head("FINDINGS", rest.put(standing).put(" still standing"));
    if page.view.detail {
        return all.iter().for_each(|one| page.line(full(one)));
    }
    let groups = if all.len() <= MOST { all.iter().map(|one| vec![*one]).collect() } else { alike(&all) };
    let most = page.take(groups.len(), MOST);
    for group in groups.iter().take(most) {
        let Some(one) = group.first() else { continue };
        let line = short(one);
        page.shortened |= group.len() > 1;
        page.line(match group.len() {
            1 => line,
            n => line.put(" (and ").put(n - 1).put(" more like it)"),
        });
    }
    page.more(groups.iter().skip(most).map(Vec::len).sum(), "findings");
}

/// Groups findings of one kind and technique. Standing ways back in stay apart: each has to be closed by itself.
fn alike<'a>(all: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known = BTreeMap::new();
    for one in all {
        let alone = one.standing && one.kind == FindingKind::Persistence;
        let next = groups.len();
        let at = match alone {
            true => next,
            false => *known.entry((one.kind, one.standing, one.confidence, one.technique)).or_insert(next),
        };
        match groups.get_mut(at) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

fn start(one: &Finding) -> Line {
    let style = if one.standing && words::is_alarm(one) { Style::Red } else { Style::Plain };
    let line = Line::new().styled(style, if one.standing { "STANDING " } else { "" });
    let line = line.styled(style, words::finding(one.kind));
    match one.technique {
        Some(technique) => line.put(" ").put(Untrusted(technique.id)),
        None => line,
    }
}

/// When it was, and how long what it opened lasted.
fn lasted(one: &Finding) -> Line {
    match (one.kind, one.until, one.standing) {
        (FindingKind::DefenseEvasion, Some(until), _) => {
            Line::new().styled(Style::Yellow, "blind ").join(span(one.at, until))
        }
        (FindingKind::DefenseEvasion, None, true) => {
            Line::new().styled(Style::Red, "blind since ").put(At(one.at))
        }
        (_, Some(until), _) => span(one.at, until),
        (_, None, _) => Line::new().put(At(one.at)),
    }
}

fn short(one: &Finding) -> Line {
    let line = start(one).put("  ").put(Untrusted(&one.note).short(NOTE)).put("  ");
    line.join(lasted(one).all(Style::Dim)).join(mark(Style::Yellow, confidence(one.confidence)))
}

fn full(one: &Finding) -> Line {
    let mut line = start(one);
    if let Some(technique) = one.technique {
        line = line.put(" (").put(Untrusted(technique.name)).put(", ATT&CK ");
        line = line.put(Untrusted(technique.version)).put(")");
    }
    line = line.put("  ").put(Untrusted(&one.note)).put("  ").join(lasted(one));
    line = line.join(mark(Style::Yellow, confidence(one.confidence)));
    line = line.put("; subject ").put(Untrusted(&one.subject));
    for part in [&one.account, &one.region].into_iter().flatten() {
        line = line.put(" ").put(Untrusted(part));
    }
    if let Some(credential) = &one.credential {
        line = line.put("; by ").put(Untrusted(credential));
    }
    line.put("; events ").list(" ", one.events.iter().map(|id| Line::new().put(Untrusted(id))))
}

pub(super) fn attempts(page: &mut Page<'_>, report: &Report) {
    if report.attempts.is_empty() {
        return;
    }
    let mut errors: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for one in &report.attempts {
        errors.entry(&one.error).or_default().push(one);
    }
    let mut errors: Vec<_> = errors.into_iter().collect();
    let total = |all: &[&Attempt]| all.iter().map(|one| one.count).sum::<u64>();
    errors.sort_by_key(|(_, all)| Reverse(total(all)));
    let all: u64 = report.attempts.iter().map(|one| one.count).sum();
    page.head("FAILED", count(all, "attempt", "attempts").put(" to change something"));
    let most = page.take(errors.len(), 3);
    for (error, mut all) in errors.iter().cloned().take(most) {
        all.sort_by_key(|one| Reverse(one.count));
        let shown = page.take(all.len(), 3);
        let actions = all.iter().take(shown).map(|one| {
            let line = Line::new().put(Untrusted(&one.action)).put(" ").put(Count(one.count));
            match page.view.detail {
                true => line
                    .put(" (")
                    .list(" ", one.events.iter().map(|id| Line::new().put(Untrusted(id))))
                    .put(")"),
                false => line,
            }
        });
        let line = Line::new().put(Count(total(&all))).put(" ").put(Untrusted(error)).put(": ");
        let line = line.list(", ", actions);
        page.line(match all.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" other actions"),
        });
    }
    page.more(errors.iter().skip(most).map(|(_, all)| all.len()).sum(), "kinds of attempt");
}

pub(super) fn unclassified(page: &mut Page<'_>, report: &Report) {
    if report.unclassified.is_empty() {
        return;
    }
    let names: BTreeSet<&str> = report.unclassified.iter().map(|one| &*one.action).collect();
    let shown = page.take(report.unclassified.len(), 4);
    let some = report.unclassified.iter().take(shown).map(|one| {
        let line = Line::new().put(Untrusted(&one.action)).put(" ").put(Count(one.count));
        match page.view.detail {
            true => {
                line.put(" (").list(" ", one.events.iter().map(|id| Line::new().put(Untrusted(id)))).put(")")
            }
            false => line,
        }
    });
    let line = count(names.len() as u64, "kind of write", "kinds of write").put(" that no rule knows: ");
    let line = line.list(", ", some);
    page.head(
        "LOOK AT",
        match report.unclassified.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        },
    );
}
