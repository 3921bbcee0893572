//! Who used it: one row for each address, or for each fingerprint in detail.

use crate::model::report::{Confidence, Report, Use};
use crate::render::line::{Count, Line, Style};
use crate::render::page::{Page, Row};
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, region, span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Addresses that fit one screen beside the other answers.
const MOST: usize = 4;

pub(super) fn uses(page: &mut Page<'_>, report: &Report) {
    if report.uses.is_empty() {
        return page.head("USED BY", Line::new().put("nobody, in what was looked at"));
    }
    let mut by_address: BTreeMap<Option<&str>, Vec<&Use>> = BTreeMap::new();
    for one in &report.uses {
        by_address.entry(one.address.as_deref()).or_default().push(one);
    }
    let new = by_address.values().filter(|uses| uses.iter().any(|one| one.new)).count();
    let mut rest = count(by_address.len() as u64, "address", "addresses");
    if new > 0 {
        rest = rest.put(", ").styled(Style::Red, new).styled(Style::Red, " NEW");
    }
    page.head("USED BY", rest);
    let mut groups: Vec<Vec<&Use>> = if page.view.detail {
        report.uses.iter().map(|one| vec![one]).collect()
    } else {
        by_address.into_values().collect()
    };
    // The sort is stable, so ties stay in the report's order.
    groups.sort_by_key(|uses| {
        let doubted = uses.iter().all(|one| one.confidence == Confidence::LikelyLegitimate);
        (!uses.iter().any(|one| one.new), doubted, Reverse(uses.iter().map(|one| one.events).sum::<u64>()))
    });
    let most = page.take(groups.len(), MOST);
    let rows: Vec<Row> = groups.iter().take(most).filter_map(|uses| row(page, uses)).collect();
    page.table(&["", "address", "how", "first – last", "events", "failed", "regions"], &[4, 5], rows);
    page.more(groups.len() - most, "addresses");
}

fn row(page: &mut Page<'_>, uses: &[&Use]) -> Option<Row> {
    let first = uses.iter().map(|one| one.first).min()?;
    let last = uses.iter().map(|one| one.last).max()?;
    let new = uses.iter().any(|one| one.new);
    let best = uses.iter().map(|one| one.confidence).min()?;
    let address = match uses.first()?.address.as_deref() {
        Some(address) => Line::new().put(Untrusted(address)),
        None => Line::new().put("(no address)"),
    };
    let how: BTreeSet<&'static str> = uses.iter().map(|one| one.how).collect();
    let regions: BTreeSet<&str> =
        uses.iter().flat_map(|one| &one.regions).map(|location| region(location)).collect();
    let where_ = match (regions.len(), regions.first()) {
        (1, Some(only)) => Line::new().put(Untrusted(only)),
        (n, _) => Line::new().put(n),
    };
    let cells = vec![
        Line::new().put(match (new, best) {
            (true, Confidence::Confirmed) => "NEW",
            (true, Confidence::Suspect | Confidence::LikelyLegitimate) => "NEW?",
            (false, Confidence::Confirmed) => "",
            (false, Confidence::Suspect) => "suspect",
            (false, Confidence::LikelyLegitimate) => "legit?",
        }),
        address,
        Line::new().list(",", how.into_iter().map(|how| Line::new().put(Untrusted(how)))),
        span(first, last),
        Line::new().put(Count(uses.iter().map(|one| one.events).sum())),
        Line::new().put(Count(uses.iter().map(|one| one.failed).sum())),
        where_,
    ];
    let style = match best {
        Confidence::Confirmed if new => Style::Red,
        Confidence::Confirmed => Style::Plain,
        Confidence::Suspect => Style::Yellow,
        Confidence::LikelyLegitimate => Style::Dim,
    };
    // The owner's own is not what one screen is for.
    let is_told = page.view.detail || best != Confidence::LikelyLegitimate;
    let below = if is_told { below(page, uses, best).all(Style::Dim) } else { Line::new() };
    Some(Row { cells, style, below })
}

/// What was launched, credentials, user agents; in detail also regions and every id.
fn below(page: &mut Page<'_>, uses: &[&Use], best: Confidence) -> Line {
    let detail = page.view.detail;
    let mut parts = Vec::new();
    parts.extend(confidence(best).filter(|_| detail).map(|word| Line::new().put(word)));
    let launched: BTreeSet<&str> = uses.iter().flat_map(|one| &one.launched).map(|id| &**id).collect();
    if !launched.is_empty() {
        parts.push(Line::new().put("launched ").put(launched.len()));
    }
    let credentials: BTreeSet<&str> = uses.iter().map(|one| &*one.credential).collect();
    if detail {
        parts.extend(credentials.iter().map(|id| Line::new().put("with ").put(Untrusted(id))));
    } else if credentials.len() > 1 {
        parts.push(Line::new().put("with ").put(credentials.len()).put(" credentials"));
    }
    let mut agents: BTreeMap<&str, u64> = BTreeMap::new();
    for (agent, one) in uses.iter().filter_map(|one| Some((one.user_agent.as_deref()?, one))) {
        *agents.entry(agent).or_default() += one.events;
    }
    if !detail {
        page.shortened |= agents.len() > 1;
        if agents.len() > 1 {
            parts.push(Line::new().put(agents.len()).put(" user agents"));
        }
        // The busiest stands for all; detail has them, and the whole of it.
        let line = Line::new().list(", ", parts);
        let line = if line.is_empty() { line } else { line.put(": ") };
        let room = page.room().saturating_sub(line.width() + 6).max(40);
        let agent = agents.into_iter().max_by_key(|(_, events)| *events);
        return agent.into_iter().fold(line, |line, (agent, _)| line.put(Untrusted(agent).short(room)));
    }
    let agents = agents.into_keys();
    parts.extend(agents.map(|agent| Line::new().put(Untrusted(agent))));
    let regions: BTreeSet<&str> = uses.iter().flat_map(|one| &one.regions).map(|region| &**region).collect();
    parts.push(Line::new().list(" ", regions.into_iter().map(|region| Line::new().put(Untrusted(region)))));
    parts.push(Line::new().list(" ", launched.into_iter().map(|id| Line::new().put(Untrusted(id)))));
    Line::new().list("; ", parts.into_iter().filter(|part| !part.is_empty()))
}
