//! Who used it: one row for each address, or for each fingerprint in detail.

use crate::model::report::{Confidence, Report, Use};
use crate::render::View;
use crate::render::line::{Count, Line, Style};
use crate::render::page::{Page, Row};
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, is_news, is_service, minutes, region, span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Addresses that fit one screen beside the other answers.
const MOST: usize = 5;
/// Columns of a user agent where there is room for all of it: clients write what they like.
const LONGEST: usize = 160;
/// Fewer columns than this tell nothing of a user agent.
const AGENT: usize = 8;

pub(super) fn uses(page: &mut Page<'_>, report: &Report) {
    if report.uses.is_empty() {
        return page.head("USED BY", Line::new().put("nobody, in what was looked at"));
    }
    let mut by_address: BTreeMap<Option<&str>, Vec<&Use>> = BTreeMap::new();
    for one in &report.uses {
        by_address.entry(one.address.as_deref()).or_default().push(one);
    }
    let is_new = |uses: &[&Use]| uses.iter().any(|one| is_news(one));
    let new = by_address.values().filter(|uses| is_new(uses)).count();
    let addresses = by_address.values().filter(|uses| !uses.iter().all(|one| is_service(one))).count();
    let mut head = count(addresses as u64, "address", "addresses");
    if new > 0 {
        head = head.put(", ").styled(Style::Red, new).styled(Style::Red, " NEW");
    }
    let doubted = |uses: &[&Use]| uses.iter().all(|one| one.confidence == Confidence::LikelyLegitimate);
    let served = |uses: &[&Use]| uses.iter().all(|one| is_service(one));
    let mut groups: Vec<Vec<&Use>> = if page.view.detail {
        report.uses.iter().map(|one| vec![one]).collect()
    } else {
        by_address.into_values().collect()
    };
    // The sort is stable, so ties stay in the report's order.
    groups.sort_by_key(|uses| {
        let events = uses.iter().map(|one| one.events).sum::<u64>();
        (served(uses), !is_new(uses), doubted(uses), Reverse(events))
    });
    if page.view.detail {
        page.head("USED BY", head);
        let rows: Vec<Row> = groups.iter().filter_map(|uses| row(page.view, uses, true)).collect();
        return page.table(
            &["", "address", "how", "first – last", "events", "failed", "regions"],
            &[4, 5],
            rows,
        );
    }
    // The owner's own and what services did for it need no line each, unless there is nothing else to tell.
    if !groups.iter().all(|uses| doubted(uses) || served(uses)) {
        let (others, rest) = groups.into_iter().partition(|uses| doubted(uses) && !served(uses));
        head = folded(page, head, others, "likely legitimate: ");
        let (services, rest) = Vec::into_iter(rest).partition(|uses| served(uses));
        head = folded(page, head, services, "through ");
        groups = rest;
    }
    page.title("USED BY", head);
    brief(page, groups);
}

/// Addresses that need no line of their own.
fn folded(page: &mut Page<'_>, head: Line, groups: Vec<Vec<&Use>>, word: &'static str) -> Line {
    let addresses = groups.iter().filter_map(|uses| uses.first());
    let addresses: Vec<Line> = addresses.map(|one| address(one)).collect();
    if addresses.is_empty() {
        return head;
    }
    page.shortened = true;
    let events = groups.iter().flatten().map(|one| one.events).sum();
    let line = page.some(
        page.room().saturating_sub(head.width() + 20),
        Line::new().put("; ").put(word),
        &addresses,
        MOST,
    );
    head.join(line.put(" (").join(count(events, "event", "events")).put(")"))
}

fn address(one: &Use) -> Line {
    match one.address.as_deref() {
        Some(address) => Line::new().put(Untrusted(address)),
        None => Line::new().put("(no address)"),
    }
}

/// One line for each address.
fn brief(page: &mut Page<'_>, groups: Vec<Vec<&Use>>) {
    let most = page.take(groups.len(), MOST);
    let mut heads = vec!["", "address", "how", "first – last (UTC)", "events", "failed", "regions", "made"];
    let view = page.view;
    let rows = |named| groups.iter().take(most).filter_map(move |uses| row(view, uses, named)).collect();
    let mut all: Vec<Row> = rows(true);
    if page.room_beside(&heads, &all) < AGENT {
        all = rows(false);
    }
    let room = page.room_beside(&heads, &all);
    if room >= AGENT {
        heads.push("agent");
        for (row, uses) in all.iter_mut().zip(&groups) {
            row.cells.push(agent(page, uses, room));
        }
    }
    page.table(&heads, &[4, 5, 7], all);
    page.more(groups.len() - most, "addresses");
}

/// The busiest user agent, for all of them.
fn agent(page: &mut Page<'_>, uses: &[&Use], room: usize) -> Line {
    let mut agents: BTreeMap<&str, u64> = BTreeMap::new();
    for (agent, one) in uses.iter().filter_map(|one| Some((one.user_agent.as_deref()?, one))) {
        *agents.entry(agent).or_default() += one.events;
    }
    let more = match agents.len() {
        0 | 1 => Line::new(),
        n => Line::new().put(" +").put(n - 1),
    };
    let columns = room.saturating_sub(more.width()).min(LONGEST);
    page.shortened |= agents.len() > 1 || agents.keys().any(|agent| agent.len() > columns);
    let busiest = agents.into_iter().max_by_key(|(_, events)| *events);
    busiest.map_or(Line::new(), |(agent, _)| Line::new().put(Untrusted(agent).clip(columns)).join(more))
}

/// `named`: whether a single region is named; else regions are counted.
fn row(view: &View, uses: &[&Use], named: bool) -> Option<Row> {
    let first = uses.iter().map(|one| one.first).min()?;
    let last = uses.iter().map(|one| one.last).max()?;
    let new = uses.iter().any(|one| is_news(one));
    let best = uses.iter().map(|one| one.confidence).min()?;
    let how: BTreeSet<&'static str> = uses.iter().map(|one| one.how).collect();
    let regions: BTreeSet<&str> =
        uses.iter().flat_map(|one| &one.regions).map(|location| region(location)).collect();
    let where_ = match (regions.len(), regions.first()) {
        (1, Some(only)) if named => Line::new().put(Untrusted(only)),
        (n, _) => Line::new().put(n),
    };
    let detail = view.detail;
    let mut cells = vec![
        Line::new().put(match (new, best) {
            (true, Confidence::Confirmed) => "NEW",
            (true, _) => "NEW?",
            (false, Confidence::Confirmed) => "",
            (false, Confidence::Suspect) => "suspect",
            (false, Confidence::LikelyLegitimate) => "legit?",
        }),
        address(uses.first()?),
        Line::new().list(",", how.into_iter().map(|how| Line::new().put(Untrusted(how)))),
        if detail { span(first, last) } else { minutes(first, last) },
        Line::new().put(Count(uses.iter().map(|one| one.events).sum())),
        Line::new().put(Count(uses.iter().map(|one| one.failed).sum())),
        where_,
    ];
    if !detail {
        let launched: BTreeSet<&str> = uses.iter().flat_map(|one| &one.launched).map(|id| &**id).collect();
        cells.push(Line::new().put(launched.len()));
    }
    let style = match best {
        Confidence::Confirmed if new => Style::Red,
        Confidence::Confirmed => Style::Plain,
        Confidence::Suspect => Style::Yellow,
        Confidence::LikelyLegitimate => Style::Dim,
    };
    let below = if detail { below(uses, best).all(Style::Dim) } else { Line::new() };
    Some(Row { cells, style, below })
}

/// What was launched, credentials, user agents, regions and every id.
fn below(uses: &[&Use], best: Confidence) -> Line {
    let mut parts = Vec::new();
    parts.extend(confidence(best).map(|word| Line::new().put(word)));
    let launched: BTreeSet<&str> = uses.iter().flat_map(|one| &one.launched).map(|id| &**id).collect();
    if !launched.is_empty() {
        parts.push(Line::new().put("launched ").put(launched.len()));
    }
    let credentials: BTreeSet<&str> = uses.iter().map(|one| &*one.credential).collect();
    parts.extend(credentials.iter().map(|id| Line::new().put("with ").put(Untrusted(id))));
    let agents: BTreeSet<&str> = uses.iter().filter_map(|one| one.user_agent.as_deref()).collect();
    parts.extend(agents.into_iter().map(|agent| Line::new().put(Untrusted(agent))));
    let regions: BTreeSet<&str> = uses.iter().flat_map(|one| &one.regions).map(|region| &**region).collect();
    parts.push(Line::new().list(" ", regions.into_iter().map(|region| Line::new().put(Untrusted(region)))));
    parts.push(Line::new().list(" ", launched.into_iter().map(|id| Line::new().put(Untrusted(id)))));
    Line::new().list("; ", parts.into_iter().filter(|part| !part.is_empty()))
}
