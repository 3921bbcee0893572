//! What it made and what is left of that.

use crate::model::cost::Usd;
use crate::model::report::{Attribution, Confidence, Report, Resource};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::{Page, Row};
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, danger, is_left, region, time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of resources that fit one screen beside the other answers.
const MOST: usize = 5;
/// Ids named of a kind of which few are left.
const NAMED: usize = 2;

pub(super) fn made(page: &mut Page<'_>, report: &Report) {
    if report.resources.is_empty() {
        return page.head("MADE", Line::new().put("nothing, in what was looked at"));
    }
    let left = report.resources.iter().filter(|one| is_left(one.state)).count();
    let gone = report.resources.len() - left;
    let style = if left > 0 { Style::Red } else { Style::Plain };
    let mut rest = count(report.resources.len() as u64, "resource", "resources").put(", ");
    rest = rest.styled(style, Count(left as u64)).styled(style, " left").put(", ");
    rest = rest.put(Count(gone as u64)).put(" deleted");
    let legitimate = report.resources.iter().filter(|one| is_left(one.state) && is_doubted(one)).count();
    if legitimate > 0 {
        rest = rest.put(" (").put(legitimate).put(" of those left likely legitimate)");
    }
    rest = match report.resources.iter().filter_map(|one| one.observed_at).max() {
        Some(at) => rest.put("; cloud last asked at ").join(time(at, page.view.now)),
        None => rest.put(" as the logs show; cloud not asked"),
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
    groups.sort_by_key(|(kind, all)| {
        let left = all.iter().filter(|one| is_left(one.state)).count();
        let running = all.iter().any(|one| one.state == "running");
        (left == 0, all.iter().all(|one| is_doubted(one)), danger(kind), !running, Reverse(left))
    });
    let most = page.take(groups.len(), MOST);
    let mut rows: Vec<Row> = groups.iter().take(most).map(|(_, all)| numbers(all)).collect();
    let room = page.room_beside(&["", ""], &rows);
    for (row, (kind, all)) in rows.iter_mut().zip(&groups) {
        row.cells.push(about(page, kind, all, room).all(row.style));
    }
    page.table(&["", "", ""], &[0, 1], rows);
    let rest: usize = groups.iter().skip(most).map(|(_, all)| all.len()).sum();
    if rest > 0 {
        let start = Line::new().put("… and ").put(rest).put(" more: ");
        let kinds = groups.iter().skip(most).map(|(kind, all)| match all.len() {
            1 => Line::new().put(Untrusted(kind)),
            n => Line::new().put(Untrusted(kind)).put(" ×").put(n),
        });
        let room = page.room().saturating_sub(2);
        let line = page.some(room, start, &kinds.collect::<Vec<_>>(), MOST);
        page.line(line.all(Style::Dim));
    }
}

fn is_doubted(one: &Resource) -> bool {
    one.confidence == Confidence::LikelyLegitimate
}

/// How many are left and deleted.
fn numbers(all: &[&Resource]) -> Row {
    let left = all.iter().filter(|one| is_left(one.state)).count();
    let sure = all.iter().any(|one| one.confidence == Confidence::Confirmed);
    let cells = vec![
        Line::new().put(left).put(" left"),
        match all.len() - left {
            0 => Line::new(),
            gone => Line::new().put(gone).put(" deleted"),
        },
    ];
    let style = match (left == 0, sure) {
        (true, _) => Style::Dim,
        (false, true) => Style::Bold,
        (false, false) => Style::Yellow,
    };
    Row { cells, style, below: Line::new() }
}

/// A kind: the ids of what is left where they are few, where, states, doubt and launchers, as much as there is room for.
fn about(page: &mut Page<'_>, kind: &str, all: &[&Resource], room: usize) -> Line {
    let left: Vec<&Resource> = all.iter().copied().filter(|one| is_left(one.state)).collect();
    let mut parts: Vec<(u8, Line)> = vec![(0, Line::new().put(Untrusted(kind)))];
    let named = if left.len() <= NAMED { left.as_slice() } else { &[] };
    for (n, one) in named.iter().enumerate() {
        parts.push((1, Line::new().put(if n > 0 { ", " } else { " " }).put(Untrusted(&one.id))));
        let name = one.name.as_deref().filter(|name| *name != &*one.id);
        parts.extend(name.map(|name| (7, Line::new().put(" (").put(Untrusted(name)).put(")"))));
    }
    // An ARN says where it is.
    let is_said = |place: &str| !named.is_empty() && named.iter().all(|one| one.id.contains(place));
    let regions: BTreeSet<&str> = all.iter().map(|one| region(&one.region)).collect();
    let accounts: BTreeSet<&str> = all.iter().map(|one| &*one.account).collect();
    let place = |set: &BTreeSet<&str>, what| match (set.len(), set.first()) {
        (1, Some(only)) => Line::new().put(Untrusted(only)),
        (n, _) => Line::new().put(n).put(what),
    };
    if !accounts.iter().chain(&regions).all(|one| is_said(one)) {
        let between = if accounts.len() + regions.len() > 2 { ", " } else { " " };
        let line = Line::new().put(" in ").join(place(&accounts, " accounts")).put(between);
        parts.push((2, line.join(place(&regions, " regions"))));
    }
    for state in ["running", "stopped", "unknown"] {
        let n = all.iter().filter(|one| one.state == state).count();
        if n > 0 {
            parts.push((4, Line::new().put(", ").put(n).put(" ").put(state)));
        }
    }
    let rates: Vec<_> = all.iter().filter_map(|one| Some(one.cost.as_ref()?.per_hour)).collect();
    let rate: Usd = rates.iter().copied().sum();
    if rate > Usd::ZERO {
        parts.push((3, Line::new().put(", ").styled(Style::Red, rate).styled(Style::Red, "/hour")));
    }
    let protected = left.iter().filter(|one| !one.protections.is_empty()).count();
    if protected > 0 {
        parts.push((4, Line::new().put(", ").put(protected).put(" protected")));
    }
    for doubt in [Confidence::Suspect, Confidence::LikelyLegitimate] {
        let n = all.iter().filter(|one| one.confidence == doubt).count();
        let word = confidence(doubt).filter(|_| n > 0);
        parts.extend(word.map(|word| (5, Line::new().put(", ").put(n).put(" ").put(word))));
    }
    let indirect = all.iter().filter(|one| one.attribution == Attribution::Indirect);
    let by: BTreeSet<Option<&str>> = indirect.clone().map(|one| one.launched_by.as_deref()).collect();
    let line = Line::new().put(", ").put(indirect.count()).put(" launched by ");
    match (by.len(), by.first()) {
        (0, _) => {}
        (1, Some(Some(only))) => parts.push((6, line.put(Untrusted(only)))),
        (1, _) => parts.push((6, line.put("a launcher not seen"))),
        (n, _) => parts.push((6, line.put(n).put(" launchers"))),
    }
    page.fit(room, parts)
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
            Line::new().put(Untrusted(one.details.get("type").map_or("", |text| text))),
            one.cost.as_ref().map_or(Line::new(), |cost| Line::new().put(cost.per_hour)),
            one.cost.as_ref().map_or(Line::new(), |cost| Line::new().put(cost.burned)),
            Line::new().put(if one.protections.is_empty() { "" } else { "protected" }),
        ];
        let mut parts = vec![Line::new().put("by ").put(Untrusted(&one.created_by))];
        parts.push(Line::new().put("event ").put(Untrusted(&one.event)));
        if one.attribution == Attribution::Indirect {
            let line = Line::new().put("indirect, launched by ");
            parts.push(line.put(Untrusted(one.launched_by.as_deref().unwrap_or("a launcher not seen"))));
        }
        parts.extend(confidence(one.confidence).map(|word| Line::new().put(word)));
        let details = one.details.iter().filter(|(word, _)| &***word != "type");
        parts.extend(
            details.map(|(word, text)| Line::new().put(Untrusted(word)).put(" ").put(Untrusted(text))),
        );
        if let Some(cost) = &one.cost {
            let line = Line::new().put("cost: ").put(Untrusted(&cost.basis)).put(", ").put(cost.hours);
            parts.push(cost.notes.iter().fold(line, |line, note| line.put(", ").put(Untrusted(note))));
        }
        parts.extend(one.observed_at.map(|at| Line::new().put("asked ").put(At(at))));
        parts.extend(one.deleted_at.map(|at| Line::new().put("deleted ").put(At(at))));
        parts.extend(one.deleted_by.as_deref().map(|by| Line::new().put("deleted by ").put(Untrusted(by))));
        parts.extend(one.deleted_event.as_deref().map(|id| Line::new().put("event ").put(Untrusted(id))));
        let style = if is_left(one.state) { Style::Plain } else { Style::Dim };
        Row { cells, style, below: Line::new().list("; ", parts).all(Style::Dim) }
    });
    let rows: Vec<Row> = rows.collect();
    page.table(
        &["state", "kind", "id", "name", "account", "region", "created", "type", "$/hour", "burned", ""],
        &[8, 9],
        rows,
    );
}
