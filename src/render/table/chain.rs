//! What it became: the credentials, as a tree.

use crate::model::Time;
use crate::model::report::{Credential, Report};
use crate::render::View;
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, confidence, count, is_usable, mark, minutes, span, strength};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the tree that fit one screen beside the other answers.
const MOST: usize = 7;
/// From how many like siblings on they are shown as one line.
const ALIKE: usize = 2;
/// Deeper than this the tree says its depth instead of growing to the right.
const DEEPEST: usize = 8;

pub(super) fn chain(page: &mut Page<'_>, report: &Report) {
    let derived: Vec<&Credential> = report.credentials.iter().filter(|one| one.depth > 0).collect();
    if derived.is_empty() {
        return page.head("BECAME", Line::new().put("no other credential, in what was looked at"));
    }
    let used = derived.iter().filter(|one| one.used).count() as u64;
    let mut rest = count(derived.len() as u64, "credential", "credentials");
    rest = rest.put(", ").put(Count(used)).put(" used");
    let usable = derived.iter().filter(|one| is_usable(one, page.as_of)).count() as u64;
    let style = if usable > 0 { Style::Red } else { Style::Plain };
    page.head("BECAME", rest.put(", ").styled(style, Count(usable)).styled(style, " may still work"));
    let mut rows = tree(report, page.view, page.as_of);
    // One root says no more than WHO does.
    let only = rows.iter().filter(|(depth, _)| *depth == 0).count() == 1;
    let is_told = only && !page.view.detail && rows[0].1.iter().all(|one| one.depth == 0);
    if is_told {
        rows.remove(0);
    }
    let order = wanted(page, &rows);
    let mut told = report.credentials.len() - derived.len();
    for (depth, group) in order.into_iter().map(|n| &rows[n]) {
        let depth = depth - usize::from(is_told);
        let indent = 2 + 2 * depth.min(DEEPEST);
        let line = entry(page, depth, group, indent);
        page.at(indent, indent + 4, line);
        told += group.iter().filter(|one| one.depth > 0).count();
    }
    page.more(report.credentials.len() - told, "credentials");
}

/// Which rows one screen is for, in order: what may still work with every hop on the way, what was used, the rest.
fn wanted(page: &mut Page<'_>, rows: &[(usize, Vec<&Credential>)]) -> Vec<usize> {
    let works: Vec<bool> =
        rows.iter().map(|(_, group)| group.iter().any(|one| is_usable(one, page.as_of))).collect();
    let mut leads = works.clone();
    // Rows are in the order of the tree: what is below a row follows it.
    let mut path: Vec<usize> = Vec::new();
    for (n, (depth, _)) in rows.iter().enumerate() {
        path.truncate(path.partition_point(|above| rows[*above].0 < *depth));
        path.push(n);
        if works[n] {
            for above in path.iter().rev().skip(1) {
                // What is above a row that leads somewhere was told so before.
                if std::mem::replace(&mut leads[*above], true) {
                    break;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|n| (!leads[*n], !rows[*n].1.iter().any(|one| one.used)));
    let most = page.take(rows.len(), MOST);
    order.truncate(most);
    order.sort_unstable();
    order
}

/// Walks the tree from its seeds, every credential once whatever the links say; like leaves are one entry unless
/// everything is wanted.
pub(in crate::render) fn tree<'a>(
    report: &'a Report,
    view: &View,
    as_of: Option<Time>,
) -> Vec<(usize, Vec<&'a Credential>)> {
    let all = &report.credentials;
    let ids: BTreeSet<&str> = all.iter().map(|one| &*one.id).collect();
    let mut children: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut roots = Vec::new();
    for (n, one) in all.iter().enumerate() {
        match one.issued_by.as_deref() {
            Some(parent) if one.depth > 0 && parent != &*one.id && ids.contains(parent) => {
                children.entry(parent).or_default().push(n);
            }
            Some(_) | None => roots.push(n),
        }
    }
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    // What hangs on no root (a cycle) comes last, so that nothing is left out.
    for start in roots.into_iter().chain(0..all.len()) {
        let mut stack = vec![(0, vec![start])];
        while let Some((depth, group)) = stack.pop() {
            let group: Vec<usize> = group.into_iter().filter(|n| seen.insert(*n)).collect();
            let below: Vec<usize> =
                group.iter().flat_map(|n| children.remove(&*all[*n].id).unwrap_or_default()).collect();
            if !group.is_empty() {
                rows.push((depth, group.iter().map(|n| &all[*n]).collect()));
            }
            let groups = alike(all, &children, below, view, as_of);
            stack.extend(groups.into_iter().rev().map(|group| (depth + 1, group)));
        }
    }
    rows
}

/// Siblings in groups: used ones first, then what was not revoked; leaves that differ only in id together.
fn alike(
    all: &[Credential],
    children: &BTreeMap<&str, Vec<usize>>,
    mut siblings: Vec<usize>,
    view: &View,
    as_of: Option<Time>,
) -> Vec<Vec<usize>> {
    siblings.sort_by_key(|n| (!all[*n].used, all[*n].state != "left"));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known = BTreeMap::new();
    for n in siblings {
        let one = &all[n];
        let next = groups.len();
        let same = (one.kind, one.via, one.principal.as_deref().map(role), &one.account);
        let works = is_usable(one, as_of);
        let at = match (view.detail || children.contains_key(&*one.id), one.used || works) {
            (true, _) => next,
            (false, true) => {
                *known.entry(Some((same, one.used, works, one.state, one.confidence))).or_insert(next)
            }
            // Of no use to anyone, then or now.
            (false, false) => *known.entry(None).or_insert(next),
        };
        match groups.get_mut(at) {
            Some(group) => group.push(n),
            None => groups.push(vec![n]),
        }
    }
    let (many, few): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.len() >= ALIKE);
    let mut groups: Vec<Vec<usize>> = few.into_iter().flatten().map(|n| vec![n]).chain(many).collect();
    groups.sort_by_key(|group| (!all[group[0]].used, all[group[0]].state != "left"));
    groups
}

/// An assumed role without its session name, which an attacker may vary.
pub(in crate::render) fn role(principal: &str) -> &str {
    match principal.rsplit_once('/') {
        Some((role, _)) if role.contains(":assumed-role/") => role,
        // As `words::brief` gives it.
        Some((role, _)) if !principal.contains(':') => role,
        Some(_) | None => principal,
    }
}

fn entry(page: &mut Page<'_>, depth: usize, group: &[&Credential], indent: usize) -> Line {
    page.shortened |= group.len() > 1;
    let room = page.room().saturating_sub(indent);
    let whole = parts(page, depth, group, false);
    let wide: usize = whole.iter().filter(|(rank, _)| *rank <= 3).map(|(_, part)| part.width()).sum();
    // Without room for the whole name of whom it signs in as, role and account say it too.
    let parts = if wide > room { parts(page, depth, group, true) } else { whole };
    page.fit(room, parts)
}

fn parts(page: &Page<'_>, depth: usize, group: &[&Credential], short: bool) -> Vec<(u8, Line)> {
    let Some(one) = group.first() else { return Vec::new() };
    let usable = is_usable(one, page.as_of);
    let start = Line::new().put(if depth > 0 { "└ " } else { "" });
    let start = if depth > DEEPEST { start.put("(depth ").put(depth).put(") ") } else { start };
    if group.len() > 1 && !one.used && !usable {
        let line = start.put(group.len()).put(" more, never used, none of which may still work");
        return vec![(0, line.all(Style::Dim))];
    }
    let standing = if usable { Style::Bold } else { Style::Plain };
    let kind = Untrusted(if page.view.detail { one.kind } else { words::credential(one.kind) });
    let mut parts = vec![match group.len() {
        1 => (0, start.styled(standing, Untrusted(&one.id)).put("  ").put(kind)),
        n => (0, start.styled(standing, n).put(" × ").put(kind)),
    }];
    let mut said = false;
    if let Some(principal) = one.principal.as_deref().filter(|principal| *principal != &*one.id) {
        let same = group.iter().all(|other| other.principal == one.principal);
        let (name, account) = if short { words::brief(principal) } else { (principal, None) };
        let name = Line::new().put(Untrusted(if same { name } else { role(name) })).put(if same {
            ""
        } else {
            "/…"
        });
        let line = Line::new().put(if one.kind == "aws.session" { " as " } else { " of " }).join(name);
        let line = account.into_iter().fold(line, |line, id| line.put(" in ").put(Untrusted(id)));
        parts.push((1, line));
        // An ARN says its account, an e-mail its project.
        said = one.account.as_deref().is_some_and(|id| principal.contains(id));
    }
    parts.extend(one.via.map(|via| (5, Line::new().put(" by ").put(Untrusted(via)))));
    said |= one.account.as_deref().is_some_and(|id| one.id.contains(id));
    if let Some(account) = one.account.as_deref().filter(|_| !said || page.view.detail) {
        parts.push((2, Line::new().put(" in ").put(Untrusted(account))));
    }
    if let Some(at) = group.iter().filter_map(|one| one.issued_at).min() {
        parts.push((6, Line::new().put(", issued ").put(At(at))));
    }
    parts.push((0, Line::new().put(", ").join(use_of(group))));
    if let Some((first, last)) = first_and_last(group) {
        parts.push((7, Line::new().put(" ").join(span(first, last))));
    }
    parts.push((0, Line::new().put(", ")));
    parts.extend(state_of(group, one, usable, page.view.detail));
    let doubt = mark(Style::Yellow, strength(one.strength));
    parts.push((0, doubt.join(mark(Style::Yellow, confidence(one.confidence)))));
    if let Some(event) = one.event.as_deref().filter(|_| page.view.detail) {
        parts.push((0, Line::new().put(", event ").put(Untrusted(event))));
    }
    parts
}

fn use_of(group: &[&Credential]) -> Line {
    if group.iter().any(|one| one.used) {
        count(group.iter().map(|one| one.events).sum(), "event", "events")
    } else {
        Line::new().put("never used")
    }
}

fn first_and_last(group: &[&Credential]) -> Option<(Time, Time)> {
    let first = group.iter().filter_map(|one| one.first_use).min();
    first.zip(group.iter().filter_map(|one| one.last_use).max())
}

fn state_of(group: &[&Credential], one: &Credential, usable: bool, detail: bool) -> Vec<(u8, Line)> {
    let at = |at: Time| if detail { Line::new().put(At(at)) } else { minutes(at, at) };
    if let Some(when) = one.deactivated_at.filter(|_| one.state == "left") {
        let by = one.deactivated_by.as_deref();
        let by = by.into_iter().map(|by| (8, Line::new().put(" by ").put(Untrusted(by))));
        let word = Line::new().styled(Style::Yellow, "deactivated, can be activated again");
        return [(0, word), (3, Line::new().put(" ").join(at(when)))].into_iter().chain(by).collect();
    }
    let until = group.iter().filter_map(|one| one.valid_until).max();
    match (one.state, until) {
        ("left", Some(until)) if usable => {
            vec![
                (0, Line::new().styled(Style::Red, "may work")),
                (3, Line::new().put(" until ").join(at(until))),
            ]
        }
        ("left", Some(until)) => {
            vec![(0, Line::new().put("expired")), (4, Line::new().put(" ").join(at(until)))]
        }
        ("left", None) => {
            vec![(0, Line::new().styled(Style::Red, "may work")), (3, Line::new().put(": no end seen"))]
        }
        (state, _) => {
            let mut parts = vec![(0, Line::new().put(Untrusted(state)))];
            parts.extend(one.deleted_at.map(|when| (4, Line::new().put(" ").join(at(when)))));
            parts.extend(one.deleted_by.as_deref().map(|by| (8, Line::new().put(" by ").put(Untrusted(by)))));
            parts
        }
    }
}
