//! What it made and what is left of that, and what it changed of others'.

use crate::model::report::{Attribution, Confidence, Report, Resource, Touched};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::{Page, Row};
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, is_left, region, time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Groups of resources that fit one screen beside the other answers.
const MOST: usize = 6;
/// Ids named for each group.
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
    let mut groups: BTreeMap<(&str, &str), Vec<&Resource>> = BTreeMap::new();
    for one in &report.resources {
        groups.entry((one.kind, &one.account)).or_default().push(one);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, all)| Reverse(all.iter().filter(|one| is_left(one.state)).count()));
    let most = page.take(groups.len(), MOST);
    if groups.iter().take(most).any(|(_, all)| all.iter().filter(|one| is_left(one.state)).count() > NAMED) {
        page.shortened = true;
    }
    let rows: Vec<Row> = groups.iter().take(most).map(|(key, all)| group(*key, all)).collect();
    page.table(&["left", "deleted", "kind", "account", "regions"], &[0, 1], rows);
    let rest = groups.iter().skip(most).map(|(_, all)| all.len()).sum();
    page.more(rest, "resources of other kinds");
}

fn group((kind, account): (&str, &str), all: &[&Resource]) -> Row {
    let left: Vec<&&Resource> = all.iter().filter(|one| is_left(one.state)).collect();
    let regions: BTreeSet<&str> = all.iter().map(|one| region(&one.region)).collect();
    let cells = vec![
        Line::new().put(left.len()),
        Line::new().put(all.len() - left.len()),
        Line::new().put(Untrusted(kind)),
        Line::new().put(Untrusted(account)),
        match (regions.len(), regions.first()) {
            (1, Some(only)) => Line::new().put(Untrusted(only)),
            (n, _) => Line::new().put(n),
        },
    ];
    let mut parts = Vec::new();
    for state in ["running", "stopped", "unknown"] {
        let n = all.iter().filter(|one| one.state == state).count();
        if n > 0 {
            parts.push(Line::new().put(Count(n as u64)).put(" ").put(state));
        }
    }
    let indirect: Vec<_> = all.iter().filter(|one| one.attribution == Attribution::Indirect).collect();
    if !indirect.is_empty() {
        let by: BTreeSet<&str> = indirect.iter().filter_map(|one| one.launched_by.as_deref()).collect();
        let line = Line::new().put(indirect.len()).put(" launched by ");
        parts.push(match (by.len(), by.first()) {
            (1, Some(only)) => line.put(Untrusted(only)),
            (n, _) => line.put(n).put(" launchers"),
        });
    }
    for doubt in [Confidence::Suspect, Confidence::LikelyLegitimate] {
        let n = all.iter().filter(|one| one.confidence == doubt).count();
        parts.extend(confidence(doubt).filter(|_| n > 0).map(|word| Line::new().put(n).put(" ").put(word)));
    }
    if !left.is_empty() {
        let names = left.iter().take(NAMED).map(|one| {
            let line = Line::new().put(Untrusted(&one.id));
            match one.name.as_deref().filter(|name| *name != &*one.id) {
                Some(name) => line.put(" (").put(Untrusted(name)).put(")"),
                None => line,
            }
        });
        let line = Line::new().put("left: ").list(", ", names);
        parts.push(match left.len().saturating_sub(NAMED) {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        });
    }
    let sure = all.iter().any(|one| one.confidence == Confidence::Confirmed);
    let style = match (left.is_empty(), sure) {
        (true, _) => Style::Dim,
        (false, true) => Style::Bold,
        (false, false) => Style::Yellow,
    };
    Row { cells, style, below: Line::new().list("; ", parts).all(Style::Dim) }
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
            Line::new().put(Untrusted(&one.region)),
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
    page.head("TOUCHED", count(report.touched.len() as u64, "thing", "things").put(" that it did not make"));
    if page.view.detail {
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
    for (_, all) in kinds.iter().take(most) {
        let Some(one) = all.first() else { continue };
        page.shortened |= all.len() > 1;
        page.line(match all.len() {
            1 => thing(one),
            n => thing(one).put("; and ").put(n - 1).put(" more of this kind"),
        });
    }
    page.more(kinds.iter().skip(most).map(|(_, all)| all.len()).sum(), "things");
}

fn thing(one: &Touched) -> Line {
    let line = Line::new().put(Untrusted(one.kind)).put(" ").put(Untrusted(&one.id)).put(": ");
    let line = line.put(Untrusted(&one.how));
    let mut place = [&one.account, &one.region].into_iter().filter(|part| !part.is_empty()).peekable();
    let line = if place.peek().is_some() { line.put(" in ") } else { line };
    let line = line.list(" ", place.map(|part| Line::new().put(Untrusted(part))));
    line.join(crate::render::words::mark(Style::Yellow, confidence(one.confidence)))
}

fn ids(one: &Touched) -> impl Iterator<Item = Line> + '_ {
    one.events.iter().map(|id| Line::new().put(Untrusted(id)))
}
