//! What it became (the credentials, as a tree), who else uses the same role, and how it began.

use crate::model::Time;
use crate::model::report::{Credential, Report};
use crate::render::View;
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, is_usable, mark, span, strength};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the tree that fit one screen beside the other answers.
const MOST: usize = 8;
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
    let usable = derived.iter().filter(|one| is_usable(one, page.view.now)).count() as u64;
    let word = if page.view.now.is_some() { " still usable" } else { " not seen revoked" };
    page.head("BECAME", rest.put(", ").put(Count(usable)).put(word));
    let rows = tree(report, page.view);
    // Which rows one screen is for: what was used (so every hop on the way), what works, the rest.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|n| {
        let (depth, group) = &rows[*n];
        let works = group.iter().any(|one| is_usable(one, page.view.now));
        let used = group.iter().any(|one| one.used);
        (*depth > 0 && !used, !works)
    });
    let most = page.take(rows.len(), MOST);
    order.truncate(most);
    order.sort_unstable();
    let mut told = 0;
    for (depth, group) in order.into_iter().map(|n| &rows[n]) {
        let indent = 2 + 2 * (*depth).min(DEEPEST);
        let line = entry(page, *depth, group, indent);
        page.at(indent, indent + 4, line);
        told += group.len();
    }
    page.more(report.credentials.len() - told, "credentials");
}

/// Walks the tree from its seeds, every credential once whatever the links say; like leaves are one entry unless
/// everything is wanted.
fn tree<'a>(report: &'a Report, view: &View) -> Vec<(usize, Vec<&'a Credential>)> {
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
            let groups = alike(all, &children, below, view);
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
) -> Vec<Vec<usize>> {
    siblings.sort_by_key(|n| (!all[*n].used, all[*n].state != "left"));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known = BTreeMap::new();
    for n in siblings {
        let one = &all[n];
        let next = groups.len();
        let same = (one.kind, one.via, one.principal.as_deref().map(role), &one.account);
        let works = one.used || is_usable(one, view.now);
        let at = match (view.detail || children.contains_key(&*one.id), works) {
            (true, _) => next,
            (false, true) => *known.entry(Some((same, one.used, one.state, one.confidence))).or_insert(next),
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
fn role(principal: &str) -> &str {
    match principal.rsplit_once('/') {
        Some((role, _)) if role.contains(":assumed-role/") => role,
        Some(_) | None => principal,
    }
}

fn entry(page: &mut Page<'_>, depth: usize, group: &[&Credential], indent: usize) -> Line {
    let Some(one) = group.first() else { return Line::new() };
    let usable = is_usable(one, page.view.now);
    let start = Line::new().put(if depth > 0 { "└ " } else { "" });
    let start = if depth > DEEPEST { start.put("(depth ").put(depth).put(") ") } else { start };
    page.shortened |= group.len() > 1;
    if group.len() > 1 && !one.used && !usable {
        return start.put(group.len()).put(" more, never used and not usable").all(Style::Dim);
    }
    let standing = if usable { Style::Bold } else { Style::Plain };
    let mut parts = vec![match group.len() {
        1 => (0, start.styled(standing, Untrusted(&one.id)).put("  ").put(Untrusted(one.kind))),
        n => (0, start.styled(standing, n).put(" × ").put(Untrusted(one.kind))),
    }];
    parts.extend(one.via.map(|via| (4, Line::new().put(" by ").put(Untrusted(via)))));
    if let Some(principal) = one.principal.as_deref().filter(|principal| *principal != &*one.id) {
        let same = group.iter().all(|other| other.principal == one.principal);
        let line = Line::new().put(" as ").put(Untrusted(if same { principal } else { role(principal) }));
        parts.push((u8::from(!one.used), line.put(if same { "" } else { "/…" })));
    }
    // An ARN says its account.
    let said = one.principal.as_deref().zip(one.account.as_deref()).is_some_and(|(arn, id)| arn.contains(id));
    if let Some(account) = one.account.as_deref().filter(|_| !said || page.view.detail) {
        parts.push((2, Line::new().put(" in ").put(Untrusted(account))));
    }
    if let Some(at) = group.iter().filter_map(|one| one.issued_at).min() {
        parts.push((3, Line::new().put(", issued ").put(At(at))));
    }
    parts.push((0, Line::new().put(", ").join(use_of(group))));
    if let Some((first, last)) = first_and_last(group) {
        parts.push((5, Line::new().put(" ").join(span(first, last))));
    }
    parts.push((0, Line::new().put(", ")));
    parts.extend(state_of(one, usable));
    let doubt = mark(Style::Yellow, strength(one.strength));
    parts.push((0, doubt.join(mark(Style::Yellow, confidence(one.confidence)))));
    if let Some(event) = one.event.as_deref().filter(|_| page.view.detail) {
        parts.push((0, Line::new().put(", event ").put(Untrusted(event))));
    }
    // Two lines for one that is in use, one for the rest.
    let room = page.room().saturating_sub(indent);
    let is_long = usable && one.used && depth > 0 && group.len() == 1;
    page.fit(if is_long { room.saturating_mul(2).saturating_sub(50) } else { room }, parts)
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

fn state_of(one: &Credential, usable: bool) -> Vec<(u8, Line)> {
    if let Some(at) = one.deactivated_at.filter(|_| one.state == "left") {
        let by = one.deactivated_by.as_deref();
        let by = by.into_iter().map(|by| (6, Line::new().put(" by ").put(Untrusted(by))));
        let word = Line::new().styled(Style::Yellow, "deactivated, can be activated again");
        return [(0, word), (2, Line::new().put(" ").put(At(at)))].into_iter().chain(by).collect();
    }
    match (one.state, one.valid_until) {
        ("left", Some(until)) if usable => {
            vec![(0, Line::new().styled(Style::Red, "valid")), (1, Line::new().put(" until ").put(At(until)))]
        }
        ("left", Some(until)) => {
            vec![(0, Line::new().put("expired")), (6, Line::new().put(" ").put(At(until)))]
        }
        ("left", None) => vec![(0, Line::new().styled(Style::Red, "NOT REVOKED"))],
        (state, _) => {
            let mut parts = vec![(0, Line::new().put(Untrusted(state)))];
            parts.extend(one.deleted_at.map(|at| (2, Line::new().put(" ").put(At(at)))));
            parts.extend(one.deleted_by.as_deref().map(|by| (6, Line::new().put(" by ").put(Untrusted(by)))));
            parts
        }
    }
}

pub(super) fn unlinked(page: &mut Page<'_>, report: &Report) {
    let mut whys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &report.unlinked {
        whys.entry(&one.why).or_default().push(&one.id);
    }
    let most = page.take(whys.len(), 1);
    for (n, (why, ids)) in whys.iter().take(most).enumerate() {
        let shown = page.take(ids.len(), 2);
        let names = ids.iter().take(shown).map(|id| Line::new().put(Untrusted(id)));
        let line = Line::new().put(Untrusted(why)).put(": ").list(", ", names);
        let line = match ids.len() - shown {
            0 => line,
            more => line.put(", ").put(more).put(" more"),
        };
        match n {
            0 => page.head("NOT LINKED", line),
            _ => page.line(line),
        }
    }
    page.more(whys.values().skip(most).map(Vec::len).sum(), "not linked");
}

pub(super) fn root(page: &mut Page<'_>, report: &Report) {
    let Some(root) = &report.root else {
        return page.head("BEGAN", Line::new().put("not known from what was looked at"));
    };
    if page.view.detail || root.hops.is_empty() {
        let chain = Line::new().list(" → ", root.chain.iter().map(|id| Line::new().put(Untrusted(id))));
        page.head(
            "BEGAN",
            match root.event.as_deref() {
                Some(event) => chain.put(", event ").put(Untrusted(event)),
                None => chain,
            },
        );
    }
    let most = page.take(root.hops.len(), 3);
    for (n, hop) in root.hops.iter().take(most).enumerate() {
        let mut line = Line::new().put(At(hop.at)).put("  ").put(Untrusted(&hop.from)).put(" → ");
        line = line.put(Untrusted(&hop.to)).put(" by ").put(Untrusted(&hop.via));
        if let Some(address) = &hop.address {
            line = line.put(" from ").put(Untrusted(address));
        }
        if let Some(account) = &hop.account {
            line = line.put(" in ").put(Untrusted(account));
        }
        match (n, page.view.detail) {
            (0, false) => page.head("BEGAN", line),
            (_, false) => page.line(line),
            (_, true) => page.line(line.put(", event ").put(Untrusted(&hop.event))),
        }
    }
    page.more(root.hops.len() - most, "hops");
    page.line(Line::new().put("Before that: ").put(Untrusted(&root.ends)));
}
