//! Who is near it but not linked, and how it began.

use crate::model::report::{Hop, Report, Root, Unlinked};
use crate::render::line::{At, Line};
use crate::render::page::Page;
use crate::render::untrusted::{Prose, Untrusted};
use crate::render::words::{common, count, minutes, shape};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn unlinked(page: &mut Page<'_>, report: &Report) {
    if report.unlinked.is_empty() {
        return;
    }
    let mut rest = count(report.unlinked.len() as u64, "identity", "identities").put(", not followed");
    if page.view.detail {
        page.head("NOT LINKED", rest);
        for one in &report.unlinked {
            let line = Line::new().put(Untrusted(&one.id)).put(": ").put(Untrusted(&one.why));
            let events = one.events.iter().map(|id| Line::new().put(Untrusted(id)));
            page.line(if one.events.is_empty() { line } else { line.put("; events ").list(" ", events) });
        }
        return;
    }
    let mut alike: BTreeMap<Vec<&str>, Vec<&Unlinked>> = BTreeMap::new();
    for one in &report.unlinked {
        alike.entry(shape(&one.why)).or_default().push(one);
    }
    page.shortened |= alike.len() < report.unlinked.len();
    let mut alike: Vec<Vec<&Unlinked>> = alike.into_values().collect();
    alike.sort_by_key(|all| Reverse(all.len()));
    for (n, all) in alike.iter().enumerate() {
        let ids: BTreeSet<&str> = all.iter().map(|one| &*one.id).collect();
        let whys: Vec<&str> = all.iter().map(|one| one.why.as_str()).collect();
        rest = rest.put(if n == 0 { ": " } else { "; " });
        rest = if ids.len() > 1 { rest.put(ids.len()).put(" × ") } else { rest };
        rest = rest.join(common(&whys)).put(": ");
        rest = rest.list("", ids.iter().take(1).map(|id| Line::new().put(Untrusted(id))));
        if ids.len() > 1 {
            rest = rest.put(" and ").put(ids.len() - 1).put(" more");
        }
    }
    page.title("NOT LINKED", rest);
}

pub(super) fn root(page: &mut Page<'_>, report: &Report) {
    let Some(root) = &report.root else {
        return page.head("BEGAN", Line::new().put("not known from what was looked at"));
    };
    if page.view.detail {
        return every(page, root);
    }
    let before = Line::new().put(Prose(&root.ends));
    let Some(first) = root.hops.first() else {
        return page.title("BEGAN", before);
    };
    let mut parts = hop(first, minutes(first.at, first.at));
    if root.hops.len() > 1 {
        let n = root.hops.len() as u64 - 1;
        parts.push((0, Line::new().put("; then ").join(count(n, "hop", "hops")).put(" to it")));
    }
    let room = page.room().saturating_sub(7);
    let line = page.fit(room, parts);
    page.head("BEGAN", line);
    page.shortened |= root.hops.len() > 1;
    page.sentence(2, Line::new().put("Before that: ").join(before));
}

fn hop(hop: &Hop, at: Line) -> Vec<(u8, Line)> {
    let line = at.put("  ").put(Untrusted(&hop.from)).put(" → ").put(Untrusted(&hop.to));
    let mut parts = vec![(0, line), (1, Line::new().put(" by ").put(Untrusted(&hop.via)))];
    let address = hop.address.as_deref();
    parts.extend(address.map(|address| (2, Line::new().put(" from ").put(Untrusted(address)))));
    let account = hop.account.as_deref();
    parts.extend(account.map(|account| (3, Line::new().put(" in ").put(Untrusted(account)))));
    parts
}

/// The whole chain, for `-v`.
fn every(page: &mut Page<'_>, root: &Root) {
    let chain = Line::new().list(" → ", root.chain.iter().map(|id| Line::new().put(Untrusted(id))));
    page.head(
        "BEGAN",
        match root.event.as_deref() {
            Some(event) => chain.put(", event ").put(Untrusted(event)),
            None => chain,
        },
    );
    for one in &root.hops {
        let line =
            Line::new().list("", hop(one, Line::new().put(At(one.at))).into_iter().map(|(_, part)| part));
        page.line(line.put(", event ").put(Untrusted(&one.event)));
    }
    page.line(Line::new().put("Before that: ").put(Untrusted(&root.ends)));
}
