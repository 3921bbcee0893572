//! What it made and what is left of that, and what it changed of others'.

use crate::model::report::{Attribution, Confidence, Report, Resource, Touched};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::{Page, Row};
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, is_left, region, time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Groups of resources that fit one screen beside the other answers.
const MOST: usize = 5;
/// Ids named for each group, where a line holds them.
const NAMED: usize = 3;

pub(super) fn made(page: &mut Page<'_>, report: &Report) {
    if report.resources.is_empty() {
        return page.head("MADE", Line::new().put("nothing, in what was looked at"));
    }
    let left = report.resources.iter().filter(|one| is_left(one.state)).count();
    let gone = report.resources.len() - left;
    let mut rest = count(report.resources.len() as u64, "resource", "resources").put(", ");
    rest = rest.styled(if left > 0 { Style::Red } else { Style::Plain }, Count(left as u64));
    rest = rest.styled(if left > 0 { Style::Red } else { Style::Plain }, " left").put(", ");
    rest = rest.put(Count(gone as u64)).put(" deleted");
    rest = match report.resources.iter().filter_map(|one| one.observed_at).max() {
        Some(at) => rest.put("; the cloud was asked, last at ").join(time(at, page.view.now)),
        None => rest.put(" as the logs show; the cloud was not asked"),
    };
    page.head("MADE", rest);
    if page.view.detail {
        return every(page, report);
    }
    let mut groups: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for one in &report.resources {
        groups.entry(one.kind).or_default().push(one);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, all)| Reverse(all.iter().filter(|one| is_left(one.state)).count()));
    let most = page.take(groups.len(), MOST);
    let rows: Vec<Row> = groups.iter().take(most).map(|(kind, all)| group(page, kind, all)).collect();
    page.table(&["left", "deleted", "kind", "account", "region"], &[0, 1], rows);
    let rest = groups.iter().skip(most).map(|(_, all)| all.len()).sum();
    page.more(rest, "resources of other kinds");
}

fn group(page: &mut Page<'_>, kind: &str, all: &[&Resource]) -> Row {
    let left: Vec<&Resource> = all.iter().copied().filter(|one| is_left(one.state)).collect();
    let regions: BTreeSet<&str> = all.iter().map(|one| region(&one.region)).collect();
    let mut accounts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in all {
        *accounts.entry(&one.account).or_default() += usize::from(is_left(one.state));
    }
    let mut accounts: Vec<_> = accounts.into_iter().collect();
    accounts.sort_by_key(|(_, n)| Reverse(*n));
    let cells = vec![
        Line::new().put(left.len()),
        Line::new().put(all.len() - left.len()),
        Line::new().put(Untrusted(kind)),
        match (accounts.len(), accounts.first()) {
            (1, Some((only, _))) => Line::new().put(Untrusted(only)),
            (n, _) => Line::new().put(n).put(" accounts"),
        },
        match (regions.len(), regions.first()) {
            (1, Some(only)) => Line::new().put(Untrusted(only)),
            (n, _) => Line::new().put(n).put(" regions"),
        },
    ];
    let sure = all.iter().any(|one| one.confidence == Confidence::Confirmed);
    let style = match (left.is_empty(), sure) {
        (true, _) => Style::Dim,
        (false, true) => Style::Bold,
        (false, false) => Style::Yellow,
    };
    let below = about(page, all, &left, &accounts);
    Row { cells, style, below: below.all(Style::Dim) }
}

/// Where, states, launchers and doubt of a group, and as many ids of what is left as one line holds.
fn about(page: &mut Page<'_>, all: &[&Resource], left: &[&Resource], accounts: &[(&str, usize)]) -> Line {
    let mut parts = Vec::new();
    if accounts.len() > 1 {
        let shown = page.take(accounts.len(), 2);
        let some = accounts.iter().take(shown);
        let line =
            Line::new().list(", ", some.map(|(id, n)| Line::new().put(Untrusted(id)).put(" ").put(*n)));
        parts.push(match accounts.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        });
    }
    for state in ["running", "stopped", "unknown"] {
        let n = all.iter().filter(|one| one.state == state).count();
        if n > 0 {
            parts.push(Line::new().put(n).put(" ").put(state));
        }
    }
    let indirect: Vec<_> = all.iter().filter(|one| one.attribution == Attribution::Indirect).collect();
    if !indirect.is_empty() {
        let by: BTreeSet<&str> = indirect.iter().filter_map(|one| one.launched_by.as_deref()).collect();
        let line = Line::new().put(indirect.len()).put(" launched by ");
        parts.push(match (by.len(), by.first()) {
            (1, Some(only)) => line.put(Untrusted(only)),
            (0, _) => line.put("a launcher not seen"),
            (n, _) => line.put(n).put(" launchers"),
        });
    }
    for doubt in [Confidence::Suspect, Confidence::LikelyLegitimate] {
        let n = all.iter().filter(|one| one.confidence == doubt).count();
        parts.extend(confidence(doubt).filter(|_| n > 0).map(|word| Line::new().put(n).put(" ").put(word)));
    }
    let line = Line::new().list("; ", parts);
    if left.is_empty() {
        return line;
    }
    let start = if line.is_empty() { "left: " } else { "; left: " };
    let mut line = line.put(start);
    // Less the indent and ", 9999 more".
    let room = page.room().saturating_sub(6 + 12);
    let mut shown = 0;
    for one in left.iter().take(NAMED) {
        let next = Line::new().put(if shown > 0 { ", " } else { "" }).put(Untrusted(&one.id));
        let next = match one.name.as_deref().filter(|name| *name != &*one.id) {
            Some(name) => next.put(" (").put(Untrusted(name)).put(")"),
            None => next,
        };
        if shown > 0 && line.width() + next.width() > room {
            break;
        }
        (line, shown) = (line.join(next), shown + 1);
    }
    page.shortened |= shown < left.len();
    match left.len() - shown {
        0 => line,
        n => line.put(", ").put(n).put(" more"),
    }
}

/// Every resource, for `-v`.
fn every(page: &mut Page<'_>, report: &Report) {
    let rows = report.resources.iter().map(|one| {
        let cells = vec![
            Line::new().put(Untrusted(one.state)),
            Line::new().put(Untrusted(one.kind)),
            Line::new().put(Untrusted(&one.id)),
            Line::new().put(Untrusted(one.name.as_deref().unwrap_or_default())),
            Line::new().put(Untrusted(&one.account)),
            Line::new().put(Untrusted(one.zone.as_deref().unwrap_or(&one.region))),
            Line::new().put(At(one.created_at)),
        ];
        let mut parts = vec![Line::new().put("by ").put(Untrusted(&one.created_by))];
        parts.push(Line::new().put("event ").put(Untrusted(&one.event)));
        if one.attribution == Attribution::Indirect {
            let line = Line::new().put("indirect, launched by ");
            parts.push(line.put(Untrusted(one.launched_by.as_deref().unwrap_or("a launcher not seen"))));
        }
        parts.extend(confidence(one.confidence).map(|word| Line::new().put(word)));
        parts.extend(one.observed_at.map(|at| Line::new().put("asked ").put(At(at))));
        parts.extend(one.deleted_at.map(|at| Line::new().put("deleted ").put(At(at))));
        parts.extend(one.deleted_by.as_deref().map(|by| Line::new().put("deleted by ").put(Untrusted(by))));
        parts.extend(one.deleted_event.as_deref().map(|id| Line::new().put("event ").put(Untrusted(id))));
        let style = if is_left(one.state) { Style::Plain } else { Style::Dim };
        Row { cells, style, below: Line::new().list("; ", parts).all(Style::Dim) }
    });
    let rows: Vec<Row> = rows.collect();
    page.table(&["state", "kind", "id", "name", "account", "region", "created"], &[], rows);
}

pub(super) fn touched(page: &mut Page<'_>, report: &Report) {
    if report.touched.is_empty() {
        return;
    }
    let rest = count(report.touched.len() as u64, "thing", "things").put(" that it did not make");
    if page.view.detail {
        page.head("TOUCHED", rest);
        for one in &report.touched {
            page.line(thing(one).put("  events ").list(" ", ids(one)));
        }
        return;
    }
    let mut kinds: BTreeMap<(&str, bool), Vec<&Touched>> = BTreeMap::new();
    for one in &report.touched {
        kinds.entry((one.kind, one.confidence == Confidence::LikelyLegitimate)).or_default().push(one);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|((_, doubted), _)| *doubted);
    let most = page.take(kinds.len(), 3);
    if most > 2 {
        page.head("TOUCHED", rest);
    }
    for (n, (_, all)) in kinds.iter().take(most).enumerate() {
        let Some(one) = all.first() else { continue };
        page.shortened |= all.len() > 1;
        let line = match all.len() {
            1 => thing(one),
            n => thing(one).put("; and ").put(n - 1).put(" more of this kind"),
        };
        if n == 0 && most <= 2 { page.head("TOUCHED", line) } else { page.line(line) }
    }
    page.more(kinds.iter().skip(most).map(|(_, all)| all.len()).sum(), "things");
}

fn thing(one: &Touched) -> Line {
    let line = Line::new().put(Untrusted(one.kind)).put(" ").put(Untrusted(&one.id)).put(": ");
    let line = line.put(Untrusted(&one.how));
    // Most ids of Google and all ARNs say where they are.
    let place = [&one.account, &one.region].into_iter();
    let mut place = place.filter(|part| !part.is_empty() && !one.id.contains(&***part)).peekable();
    let line = if place.peek().is_some() { line.put(" in ") } else { line };
    let line = line.list(" ", place.map(|part| Line::new().put(Untrusted(part))));
    line.join(crate::render::words::mark(Style::Yellow, confidence(one.confidence)))
}

fn ids(one: &Touched) -> impl Iterator<Item = Line> + '_ {
    one.events.iter().map(|id| Line::new().put(Untrusted(id)))
}
