//! What was looked at, and what was not.

use crate::model::Gap;
use crate::model::gap::GapKind;
use crate::model::report::{CoveredScope, Report};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, common, count, shape, span};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts named of those of which the same was seen.
const ACCOUNTS: usize = 4;
/// Places named of those with the same reason.
const PLACES: usize = 2;
/// Reasons of gaps that have a line each; more are told by kind.
const LINES: usize = 2;

pub(super) fn coverage(page: &mut Page<'_>, report: &Report) {
    let coverage = &report.coverage;
    let style = if coverage.seen < coverage.of { Style::Yellow } else { Style::Plain };
    let mut rest = Line::new().styled(style, Count(coverage.seen)).styled(style, " of ");
    rest = rest.styled(style, Count(coverage.of)).put(" scopes (account × region × log)");
    let from = coverage.scopes.iter().filter_map(|one| one.from).min();
    let to = coverage.scopes.iter().filter_map(|one| one.to).max();
    if let Some((from, to)) = from.zip(to) {
        rest = rest.put(", ").join(span(from, to));
    }
    let counts = &report.counts;
    let mut read = Line::new().put("; ").join(count(counts.records_read, "record", "records")).put(" read, ");
    read = read.join(count(counts.duplicates, "duplicate", "duplicates"));
    if counts.other_records > 0 {
        read = read.put(", ").put(Count(counts.other_records)).put(" no audit records");
    }
    let room = page.room().saturating_sub(6);
    let rest = page.fit(room, vec![(0, rest), (1, read)]);
    page.head("SEEN", rest);
    if page.view.detail {
        return coverage.scopes.iter().for_each(|one| page.line(scope(one)));
    }
    // Where there is something that was not seen, that is what one screen is for.
    let is_whole = coverage.scopes.iter().all(|one| one.seen);
    let scopes: Vec<&CoveredScope> = coverage.scopes.iter().filter(|one| is_whole || !one.seen).collect();
    if !scopes.is_empty() {
        let word = if is_whole { "" } else { "NOT SEEN: " };
        page.sentence(2, Line::new().styled(Style::Yellow, word).join(alike(&scopes)));
        page.shortened |= coverage.scopes.len() > 1;
    }
}

/// Scopes in short: accounts of which it is the same logs are told together.
fn alike(scopes: &[&CoveredScope]) -> Line {
    let mut logs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in scopes {
        logs.entry(&one.account).or_default().insert(&one.source);
    }
    let mut alike: BTreeMap<&BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (account, logs) in &logs {
        alike.entry(logs).or_default().push(account);
    }
    let items = alike.into_iter().map(|(logs, accounts)| {
        let line = Line::new().list(", ", logs.iter().map(|source| Line::new().put(Untrusted(source))));
        let of = scopes.iter().filter(|one| accounts.contains(&one.account.as_str()));
        let regions: BTreeSet<&str> = of.map(|one| one.region.as_str()).collect();
        let line = line.put(" in ").join(count(regions.len() as u64, "region", "regions")).put(" of ");
        let names = accounts.iter().take(ACCOUNTS).map(|id| Line::new().put(Untrusted(id)));
        let line = line.list(", ", names);
        match accounts.len().saturating_sub(ACCOUNTS) {
            0 => line,
            more => line.put(" and ").put(more).put(" more"),
        }
    });
    Line::new().list("; ", items)
}

fn place(one: &CoveredScope) -> Line {
    let parts = [&one.account, &one.region, &one.source].into_iter().filter(|part| !part.is_empty());
    Line::new().list(" ", parts.map(|part| Line::new().put(Untrusted(part))))
}

fn scope(one: &CoveredScope) -> Line {
    let line = match one.seen {
        true => Line::new().put("seen      "),
        false => Line::new().styled(Style::Yellow, "NOT SEEN  "),
    };
    let line = line.join(place(one)).put("  ").join(count(one.records, "record", "records"));
    match (one.from, one.to) {
        (Some(from), Some(to)) => line.put("  ").join(span(from, to)),
        (Some(from), None) => line.put("  from ").put(At(from)),
        (None, Some(to)) => line.put("  to ").put(At(to)),
        (None, None) => line,
    }
}

pub(super) fn gaps(page: &mut Page<'_>, report: &Report) {
    if report.gaps.is_empty() {
        return page.head("GAPS", Line::new().put("none known"));
    }
    let mut all: Vec<&Gap> = report.gaps.iter().collect();
    all.sort_by_key(|gap| !gap.is_incomplete());
    if page.view.detail {
        let kinds = by(&all, |gap| gap.kind).into_iter().map(|(kind, all)| {
            let n = Count(all.len() as u64);
            Line::new().styled(style(kind), n).put(" ").styled(style(kind), words::gap(kind))
        });
        page.head("GAPS", Line::new().list(", ", kinds));
        for gap in all {
            let line = Line::new().styled(style(gap.kind), words::gap(gap.kind)).put(": ");
            page.line(line.put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why)));
        }
        return;
    }
    // What could have been seen goes first, and is told one by one while there is room; what no log shows is one line.
    let (open, blind): (Vec<&Gap>, Vec<&Gap>) = all.into_iter().partition(|gap| gap.is_incomplete());
    let whys: Vec<Vec<&Gap>> = by(&open, |gap| (gap.kind, shape(&gap.why))).into_values().collect();
    let mut lines =
        if whys.len() <= LINES { whys } else { by(&open, |gap| gap.kind).into_values().collect() };
    if !blind.is_empty() {
        lines.push(blind);
    }
    for (n, gaps) in lines.iter().enumerate() {
        let line = fold(page, gaps);
        if n == 0 { page.title("GAPS", line) } else { page.sentence(2, line) }
    }
}

/// Groups gaps.
fn by<'a, K: Ord>(gaps: &[&'a Gap], key: impl Fn(&'a Gap) -> K) -> BTreeMap<K, Vec<&'a Gap>> {
    let mut groups: BTreeMap<K, Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        groups.entry(key(gap)).or_default().push(gap);
    }
    groups
}

/// Gaps of one kind on one line: those with the same reason together.
fn fold(page: &mut Page<'_>, gaps: &[&Gap]) -> Line {
    let Some(first) = gaps.first() else { return Line::new() };
    let line = Line::new().styled(style(first.kind), words::gap(first.kind));
    let line = if gaps.len() > 1 { line.put(" ×").put(gaps.len()) } else { line }.put(": ");
    let alike = by(gaps, |gap| shape(&gap.why));
    page.shortened |= alike.len() < gaps.len();
    line.list(
        "; ",
        alike.into_values().map(|all| {
            let places = all.iter().take(PLACES).map(|gap| Line::new().put(Untrusted(&gap.place)));
            let line = Line::new().list(", ", places);
            let more = all.len().saturating_sub(PLACES);
            let line = if more > 0 { line.put(" and ").put(more).put(" more") } else { line };
            line.put(": ").join(common(&all.iter().map(|gap| gap.why.as_str()).collect::<Vec<_>>()))
        }),
    )
}

fn style(kind: GapKind) -> Style {
    if kind == GapKind::Blind { Style::Plain } else { Style::Yellow }
}
