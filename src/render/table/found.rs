//! Findings, most severe first; failed attempts by error; writes that no rule knows.

use crate::model::EventId;
use crate::model::report::{Attempt, Finding, FindingKind, Report};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, confidence, count, mark, severity, span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Findings that fit one screen beside the other answers.
const MOST: usize = 7;
/// Columns of one note in one screen.
const NOTE: usize = 160;

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
        page.shortened |= group.len() > 1;
        let line = short(page, one, group.len() - 1);
        page.line(line);
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

fn short(page: &mut Page<'_>, one: &Finding, alike: usize) -> Line {
    let blind = one.kind == FindingKind::DefenseEvasion && (one.standing || one.until.is_some());
    let line = start(one).put("  ").put(Untrusted(&one.note).short(NOTE));
    let when = Line::new().put("  ").join(lasted(one));
    let doubt = mark(Style::Yellow, confidence(one.confidence));
    let more = match alike {
        0 => Line::new(),
        n => Line::new().put(" (and ").put(n).put(" more like it)"),
    };
    let room = page.room() - 2;
    page.fit(room, vec![(0, line), (u8::from(!blind), when), (0, doubt), (0, more)])
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

/// Who was let in, and not seen to be put out.
pub(super) fn grants(page: &mut Page<'_>, report: &Report) {
    if report.grants.is_empty() {
        return;
    }
    let members: BTreeSet<&str> = report.grants.iter().map(|one| &*one.member).collect();
    let rest = count(report.grants.len() as u64, "grant", "grants").put(" to ");
    page.head("LET IN", rest.join(count(members.len() as u64, "member", "members")).put(", not withdrawn"));
    let most = page.take(report.grants.len(), 2);
    for one in report.grants.iter().take(most) {
        let line = Line::new().put(Untrusted(&one.member)).put(": ").put(Untrusted(&one.role)).put(" on ");
        let line = line.put(Untrusted(&one.on));
        page.line(match page.view.detail {
            true => line.put(", event ").put(Untrusted(&one.event)),
            false => line,
        });
    }
    page.more(report.grants.len() - most, "grants");
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
    let mut parts = vec![(0, count(all, "change", "changes").put(" tried in vain: "))];
    for (n, (error, mut all)) in errors.into_iter().enumerate() {
        all.sort_by_key(|one| Reverse(one.count));
        let between = if n > 0 { ", " } else { "" };
        let line = Line::new().put(between).put(Count(total(&all))).put(" × ").put(Untrusted(error));
        let shown = page.take(all.len(), 2);
        let some = all.iter().take(shown).map(|one| times(page, &one.action, one.count, &one.events));
        let mut actions = Line::new().put(" (").list(", ", some);
        if all.len() > shown {
            actions = actions.put(", ").put(all.len() - shown).put(" other actions");
        }
        // The commonest error always, then the other errors, then what was tried.
        parts.push((n.min(100) as u8, line));
        parts.push((n.min(100) as u8 + 101, actions.put(")")));
    }
    let room = page.room().saturating_sub(8);
    let line = page.fit(room, parts);
    page.head("FAILED", line);
}

/// "ec2:RunInstances 20"; in detail with its events.
fn times(page: &Page<'_>, action: &str, n: u64, events: &[EventId]) -> Line {
    let line = Line::new().put(Untrusted(action)).put(" ").put(Count(n));
    match page.view.detail {
        true => line.put(" [").list(" ", events.iter().map(|id| Line::new().put(Untrusted(id)))).put("]"),
        false => line,
    }
}

pub(super) fn unclassified(page: &mut Page<'_>, report: &Report) {
    if report.unclassified.is_empty() {
        return;
    }
    let shown = page.take(report.unclassified.len(), 3);
    let some = report.unclassified.iter().take(shown);
    let some = some.map(|one| times(page, &one.action, one.count, &one.events));
    let line = Line::new().put("no rule knows these writes: ").list(", ", some);
    let line = match report.unclassified.len() - shown {
        0 => line,
        n => line.put(", ").put(n).put(" more"),
    };
    page.head("LOOK AT", line);
}
