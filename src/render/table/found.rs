//! Findings, most severe first; failed attempts by error; writes that no rule knows.

use crate::model::EventId;
use crate::model::report::{Attempt, Finding, FindingKind, Grant, Report};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, common, confidence, count, mark, minutes, severity, shape, span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Findings that fit one screen beside the other answers.
const MOST: usize = 7;
/// Errors named on a line.
const ERRORS: usize = 6;
/// Of one kind so many come first, so that many of one do not hide another.
const OF_A_KIND: usize = 2;

pub(super) fn findings(page: &mut Page<'_>, report: &Report) {
    if report.findings.is_empty() {
        return page.head("FINDINGS", Line::new().put("none, in what was looked at"));
    }
    let mut all: Vec<&Finding> = report.findings.iter().collect();
    all.sort_by_key(|one| severity(one));
    let standing = all.iter().filter(|one| one.standing).count();
    let head = count(all.len() as u64, "finding", "findings").put(", ").put(standing).put(" still standing");
    if page.view.detail {
        page.head("FINDINGS", head);
        return all.iter().for_each(|one| page.line(full(one)));
    }
    let groups = alike(&all);
    page.shortened |= groups.len() < all.len();
    let most = page.take(groups.len(), MOST);
    let chosen = choose(report, &groups, most);
    let (shown, rest): (Vec<_>, Vec<_>) =
        groups.into_iter().enumerate().partition(|(n, _)| chosen.contains(n));
    let mut kinds: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for (_, group) in &rest {
        *kinds.entry(group[0].kind).or_default() += group.len();
    }
    let left: usize = kinds.values().sum();
    page.title(
        "FINDINGS",
        match left {
            0 => head,
            _ => {
                let kinds =
                    kinds.iter().map(|(kind, n)| Line::new().put(*n).put(" ").put(words::finding(*kind)));
                head.put("; ").put(left).put(" not shown: ").list(", ", kinds)
            }
        },
    );
    for (_, group) in shown {
        page.sentence(2, short(&group));
    }
}

/// Groups findings that say the same of many things; their order stays.
fn alike<'a>(all: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known = BTreeMap::new();
    for one in all {
        let next = groups.len();
        let same = (one.kind, one.standing, one.confidence, shape(&one.note));
        match groups.get_mut(*known.entry(same).or_insert(next)) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

/// Which groups one screen is for: the most severe, of each kind only some before every kind had its turn, and what BECAME
/// and LET IN tell after what only stands here.
fn choose(report: &Report, groups: &[Vec<&Finding>], most: usize) -> BTreeSet<usize> {
    let ids: BTreeSet<&str> = report.credentials.iter().map(|one| &*one.id).collect();
    let grants: BTreeSet<&str> = report.grants.iter().map(|one| &*one.event).collect();
    let is_told = |one: &Finding| {
        one.kind == FindingKind::Persistence
            && (ids.contains(&*one.subject) || one.events.iter().any(|id| grants.contains(&**id)))
    };
    let mut of_kind: BTreeMap<FindingKind, usize> = BTreeMap::new();
    let mut turns: Vec<(bool, usize, usize)> = Vec::new();
    for (n, group) in groups.iter().enumerate() {
        let is_late = !group[0].standing || group.iter().all(|one| is_told(one));
        let seen = of_kind.entry(group[0].kind).or_default();
        turns.push((is_late, *seen / OF_A_KIND, n));
        *seen += usize::from(!is_late);
    }
    turns.sort_unstable();
    turns.into_iter().take(most).map(|(_, _, n)| n).collect()
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

fn short(group: &[&Finding]) -> Line {
    let one = group[0];
    let style = if one.standing && words::is_alarm(one) { Style::Red } else { Style::Plain };
    let line = Line::new().put(if one.standing { "" } else { "over: " });
    let line = line.styled(style, words::finding(one.kind));
    // How long nobody saw anything is what counts of it.
    let line = match one.until.filter(|_| one.kind == FindingKind::DefenseEvasion && group.len() == 1) {
        Some(until) => line.put(", ").styled(Style::Yellow, "blind ").join(minutes(one.at, until)),
        None => line,
    };
    let line = line.put("  ");
    let notes: Vec<&str> = group.iter().map(|one| one.note.as_str()).collect();
    let line = if notes.len() > 1 { line.put(notes.len()).put(" × ") } else { line };
    line.join(common(&notes)).join(mark(Style::Yellow, confidence(one.confidence)))
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
    if page.view.detail {
        let line = count(report.grants.len() as u64, "grant", "grants");
        page.head("LET IN", line.put(", not seen to be withdrawn"));
        for one in &report.grants {
            page.line(grant(one, false).put(", event ").put(Untrusted(&one.event)));
        }
        return;
    }
    let scopes = report.coverage.scopes.iter().map(|scope| scope.account.as_str());
    let known: BTreeSet<&str> = scopes.filter(|account| !account.is_empty()).collect();
    let mut all: Vec<&Grant> = report.grants.iter().collect();
    all.sort_by_key(|one| !is_stranger(&one.member, &known));
    let most = page.take(all.len(), 1);
    for (n, one) in all.iter().take(most).enumerate() {
        let room = page.room().saturating_sub(8);
        let line = if grant(one, false).width() > room { grant(one, true) } else { grant(one, false) };
        if n == 0 { page.title("LET IN", line) } else { page.sentence(2, line) }
    }
    if most < all.len() {
        let start = Line::new().put("… and ").put(all.len() - most).put(" more, to ");
        let members: BTreeSet<&str> = all.iter().skip(most).map(|one| &*one.member).collect();
        let members: Vec<Line> = members.into_iter().map(|one| Line::new().put(Untrusted(one))).collect();
        let room = page.room().saturating_sub(2);
        let line = page.some(room, start, &members, 3);
        page.line(line.all(Style::Dim));
    }
}

fn grant(one: &Grant, short: bool) -> Line {
    let line = Line::new().put(Untrusted(&one.member)).put(" got ").put(Untrusted(&one.role));
    let (on, account) = if short { words::brief(&one.on) } else { (&*one.on, None) };
    let line = line.put(" on ").put(Untrusted(on));
    account.into_iter().fold(line, |line, account| line.put(" in ").put(Untrusted(account)))
}

/// Whether a member seems to be of none of the accounts that were looked at: it goes first, no more than that.
fn is_stranger(member: &str, known: &BTreeSet<&str>) -> bool {
    let is_account = member.len() == 12 && member.bytes().all(|c| c.is_ascii_digit());
    let names_place = is_account || member.contains(['@', ':', '*']) || member.starts_with("all");
    names_place && !known.iter().any(|account| member.contains(account))
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
    let start = count(all, "change", "changes").put(" tried in vain: ");
    // Less the title and ", 9999 more".
    let room = page.room().saturating_sub(8 + 11 + start.width());
    let items = errors.into_iter().enumerate().map(|(n, (error, mut all))| {
        all.sort_by_key(|one| Reverse(one.count));
        let detail = page.view.detail;
        let line = Line::new().put(Untrusted(if detail { error } else { words::error(error) }));
        let line = line.put(" ×").put(Count(total(&all)));
        // One screen tells of the commonest error what was tried.
        let shown = if detail { all.len() } else { usize::from(n == 0) };
        if shown == 0 {
            return line;
        }
        let some = all.iter().take(shown).map(|one| times(page, &one.action, one.count, &one.events));
        let told =
            line.clone().put(" (").list(", ", some).put(if shown < all.len() { ", …)" } else { ")" });
        if told.width() <= room { told } else { line }
    });
    let items: Vec<Line> = items.collect();
    let room = page.room().saturating_sub(8);
    let line = page.some(room, start, &items, ERRORS);
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
