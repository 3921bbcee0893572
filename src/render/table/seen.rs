//! What was looked at, and what was not.

use crate::model::Gap;
use crate::model::gap::GapKind;
use crate::model::report::{CoveredScope, Report};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{self, count, span};
use std::collections::{BTreeMap, BTreeSet};

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
    for seen in [true, false] {
        let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut regions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for one in coverage.scopes.iter().filter(|one| one.seen == seen) {
            sources.entry(&one.account).or_default().insert(&one.source);
            regions.entry(&one.account).or_default().insert(&one.region);
        }
        // Accounts that are seen alike are said together.
        let mut alike: BTreeMap<(BTreeSet<&str>, usize), Vec<&str>> = BTreeMap::new();
        for (account, sources) in sources {
            alike.entry((sources, regions[account].len())).or_default().push(account);
        }
        let most = page.take(alike.len(), 2);
        let mut lines = Vec::new();
        for ((sources, regions), accounts) in alike.iter().take(most) {
            let shown = page.take(accounts.len(), 4);
            let names = accounts.iter().take(shown).map(|id| Line::new().put(Untrusted(id)));
            let mut line = Line::new().list(", ", names);
            if accounts.len() > shown {
                line = line.put(" and ").put(accounts.len() - shown).put(" more");
            }
            line = line.put(" in ").join(count(*regions as u64, "region", "regions")).put(": ");
            lines.push(line.list(", ", sources.iter().map(|source| Line::new().put(Untrusted(source)))));
        }
        if alike.len() > most {
            let rest = alike.values().skip(most).map(|accounts| accounts.len() as u64).sum();
            lines.push(count(rest, "more account", "more accounts"));
        }
        if !lines.is_empty() {
            let start = if seen { Line::new() } else { Line::new().styled(Style::Yellow, "NOT SEEN ") };
            page.line(start.list("; ", lines));
        }
    }
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
    let most = page.take(all.len(), 4);
    if most < all.len() || page.view.detail {
        let mut kinds: BTreeMap<GapKind, u64> = BTreeMap::new();
        for gap in &all {
            *kinds.entry(gap.kind).or_default() += 1;
        }
        let counts = kinds.iter().map(|(kind, n)| {
            Line::new().styled(style(*kind), Count(*n)).put(" ").styled(style(*kind), words::gap(*kind))
        });
        page.head("GAPS", Line::new().list(", ", counts));
    }
    for (n, gap) in all.iter().take(most).enumerate() {
        let line = Line::new().styled(style(gap.kind), words::gap(gap.kind)).put(": ");
        let line = line.put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why));
        if n == 0 && most == all.len() && !page.view.detail {
            page.head("GAPS", line);
        } else {
            page.line(line);
        }
    }
    page.more(all.len() - most, "gaps");
}

fn style(kind: GapKind) -> Style {
    if kind == GapKind::Blind { Style::Plain } else { Style::Yellow }
}
