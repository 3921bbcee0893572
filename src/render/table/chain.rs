//! What it became (the credentials, as a tree), who else uses the same role, and how it began.

use crate::model::report::{Credential, Report};
use crate::render::line::{Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, is_usable, mark, span, strength, time};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the tree that fit one screen beside the other answers.
const MOST: usize = 11;
/// From how many like siblings on they are shown as one line.
const ALIKE: usize = 3;
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
    let rows = tree(report, page.view.detail);
    let most = page.take(rows.len(), MOST);
    for (depth, group) in rows.iter().take(most) {
        let line = entry(page, *depth, group);
        let indent = 2 + 2 * (*depth).min(DEEPEST);
        page.at(indent, indent + 4, line);
    }
    let rest = rows.iter().skip(most).map(|(_, group)| group.len()).sum();
    page.more(rest, "credentials");
}

/// Walks the tree from its seeds, every credential once whatever the links say; like leaves are one entry unless
/// everything is wanted.
fn tree(report: &Report, detail: bool) -> Vec<(usize, Vec<&Credential>)> {
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
            let groups = alike(all, &children, below, detail);
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
    detail: bool,
) -> Vec<Vec<usize>> {
    siblings.sort_by_key(|n| (!all[*n].used, all[*n].state != "left"));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known = BTreeMap::new();
    for n in siblings {
        let one = &all[n];
        let next = groups.len();
        let at = match detail || children.contains_key(&*one.id) {
            true => next,
            false => {
                let same = (one.kind, one.via, one.principal.as_deref().map(role), &one.account);
                *known.entry((same, one.used, one.state, one.confidence)).or_insert(next)
            }
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

fn entry(page: &Page<'_>, depth: usize, group: &[&Credential]) -> Line {
    let Some(one) = group.first() else { return Line::new() };
    let now = page.view.now;
    let usable = is_usable(one, now);
    let standing = if usable { Style::Bold } else { Style::Plain };
    let mut line = Line::new().put(if depth > 0 { "└ " } else { "" });
    if depth > DEEPEST {
        line = line.put("(depth ").put(depth).put(") ");
    }
    line = match group.len() {
        1 => line.styled(standing, Untrusted(&one.id)).put("  ").put(Untrusted(one.kind)),
        n => line.styled(standing, n).put(" × ").put(Untrusted(one.kind)),
    };
    if let Some(via) = one.via {
        line = line.put(" by ").put(Untrusted(via));
    }
    if let Some(principal) = one.principal.as_deref().filter(|principal| *principal != &*one.id) {
        let same = group.iter().all(|other| other.principal == one.principal);
        line = line.put(" as ").put(Untrusted(if same { principal } else { role(principal) }));
        line = line.put(if same { "" } else { "/…" });
    }
    if let Some(account) = &one.account {
        line = line.put(" in ").put(Untrusted(account));
    }
    if let Some(at) = group.iter().filter_map(|one| one.issued_at).min() {
        line = line.put(", ").join(time(at, now));
    }
    line = line.put(", ").join(use_of(group)).put(", ").join(state_of(one, usable, now));
    line = line.join(mark(Style::Yellow, strength(one.strength)));
    line = line.join(mark(Style::Yellow, confidence(one.confidence)));
    match (&one.event, page.view.detail) {
        (Some(event), true) => line.put("  event ").put(Untrusted(event)),
        (Some(_) | None, _) => line,
    }
}

fn use_of(group: &[&Credential]) -> Line {
    let events: u64 = group.iter().map(|one| one.events).sum();
    if !group.iter().any(|one| one.used) {
        return Line::new().put("never used");
    }
    let line = count(events, "event", "events");
    let first = group.iter().filter_map(|one| one.first_use).min();
    let last = group.iter().filter_map(|one| one.last_use).max();
    match first.zip(last) {
        Some((first, last)) => line.put(" ").join(span(first, last)),
        None => line,
    }
}

fn state_of(one: &Credential, usable: bool, now: Option<crate::model::Time>) -> Line {
    match (one.state, one.valid_until) {
        ("left", Some(until)) if usable => Line::new().put("valid until ").join(time(until, now)),
        ("left", Some(until)) => Line::new().put("expired ").join(time(until, now)),
        ("left", None) => Line::new().styled(Style::Red, "NOT REVOKED"),
        (state, _) => {
            let mut line = Line::new().put(Untrusted(state));
            if let Some(at) = one.deleted_at {
                line = line.put(" ").join(time(at, now));
            }
            match &one.deleted_by {
                Some(by) => line.put(" by ").put(Untrusted(by)),
                None => line,
            }
        }
    }
}

pub(super) fn unlinked(page: &mut Page<'_>, report: &Report) {
    if report.unlinked.is_empty() {
        return;
    }
    let mut whys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &report.unlinked {
        whys.entry(&one.why).or_default().push(&one.id);
    }
    page.head(
        "NOT LINKED",
        count(report.unlinked.len() as u64, "credential", "credentials").put(", not blamed"),
    );
    let most = page.take(whys.len(), 2);
    for (why, ids) in whys.iter().take(most) {
        let shown = page.take(ids.len(), 3);
        let names = ids.iter().take(shown).map(|id| Line::new().put(Untrusted(id)));
        let line = Line::new().put(Untrusted(why)).put(": ").list(", ", names);
        page.line(match ids.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        });
    }
    page.more(whys.iter().skip(most).map(|(_, ids)| ids.len()).sum(), "credentials");
}

pub(super) fn root(page: &mut Page<'_>, report: &Report) {
    let Some(root) = &report.root else {
        return page.head("BEGAN", Line::new().put("not known from what was looked at"));
    };
    let mut rest = Line::new().list(" → ", root.chain.iter().map(|id| Line::new().put(Untrusted(id))));
    if let Some(event) = &root.event {
        rest = rest.put(", event ").put(Untrusted(event));
    }
    page.head("BEGAN", rest);
    let most = page.take(root.hops.len(), 3);
    for hop in root.hops.iter().take(most) {
        let mut line = Line::new().join(time(hop.at, page.view.now)).put("  ").put(Untrusted(&hop.from));
        line = line.put(" → ").put(Untrusted(&hop.to)).put(" by ").put(Untrusted(&hop.via));
        if let Some(address) = &hop.address {
            line = line.put(" from ").put(Untrusted(address));
        }
        if let Some(account) = &hop.account {
            line = line.put(" in ").put(Untrusted(account));
        }
        if page.view.detail {
            line = line.put(", event ").put(Untrusted(&hop.event));
        }
        page.line(line);
    }
    page.more(root.hops.len() - most, "hops");
    page.line(Line::new().put("The walk back ends: ").put(Untrusted(&root.ends)));
}
