//! What it changed or read of others'.

use crate::model::report::{Confidence, Report, Touched};
use crate::render::line::{Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{confidence, count, danger, mark};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds named on the line.
const KINDS: usize = 8;

pub(super) fn touched(page: &mut Page<'_>, report: &Report) {
    if report.touched.is_empty() {
        return;
    }
    let named = |own: bool| report.touched.iter().filter(move |one| one.own == own);
    let things = |own| named(own).map(|one| (one.kind, &*one.id)).collect::<BTreeSet<_>>().len() as u64;
    let mut rest = count(things(false), "thing", "things").put(" that it did not make");
    if things(true) > 0 {
        rest = rest.put(", ").put(Count(things(true))).put(" of its own");
    }
    if page.view.detail {
        page.head("TOUCHED", rest);
        for one in &report.touched {
            page.line(thing(one).put("  events ").list(" ", ids(one)));
        }
        return;
    }
    let mut kinds: BTreeMap<&str, (bool, BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for one in named(false) {
        let (doubted, ids, hows) = kinds.entry(one.kind).or_insert((true, BTreeSet::new(), BTreeSet::new()));
        *doubted &= one.confidence == Confidence::LikelyLegitimate;
        ids.insert(&one.id);
        hows.insert(&one.how);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, (doubted, ids, _))| (*doubted, danger(kind), Reverse(ids.len())));
    let items: Vec<Line> = kinds
        .iter()
        .map(|(kind, (doubted, ids, hows))| {
            let line = Line::new().put(Untrusted(kind));
            let line = if ids.len() > 1 { line.put(" ×").put(ids.len()) } else { line };
            let line = match (hows.len(), hows.first()) {
                (1, Some(how)) if kinds.len() == 1 => line.put(" (").put(Untrusted(how)).put(")"),
                _ => line,
            };
            if *doubted {
                line.join(mark(Style::Yellow, confidence(Confidence::LikelyLegitimate)))
            } else {
                line
            }
        })
        .collect();
    page.shortened |= report.touched.len() > 1;
    let rest = if items.is_empty() { rest } else { rest.put(": ") };
    let room = page.room().saturating_sub(9);
    let line = page.some(room, rest, &items, KINDS);
    page.head("TOUCHED", line);
}

fn thing(one: &Touched) -> Line {
    let line = Line::new().put(Untrusted(one.kind)).put(" ").put(Untrusted(&one.id)).put(": ");
    let line = line.put(Untrusted(&one.how));
    // Most ids of Google and all ARNs say where they are.
    let place = [&one.account, &one.region].into_iter();
    let mut place = place.filter(|part| !part.is_empty() && !one.id.contains(&***part)).peekable();
    let line = if place.peek().is_some() { line.put(" in ") } else { line };
    let line = line.list(" ", place.map(|part| Line::new().put(Untrusted(part))));
    let line = if one.own { line.put(", its own") } else { line };
    line.join(mark(Style::Yellow, confidence(one.confidence)))
}

fn ids(one: &Touched) -> impl Iterator<Item = Line> + '_ {
    one.events.iter().map(|id| Line::new().put(Untrusted(id)))
}
