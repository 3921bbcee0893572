//! The text that a provider's support asks for, ready to paste: who, when, what, where, what was done, what only they can undo.
//!
//! What only a human knows is left to fill in, in brackets; what nobody saw is said. Every part is safe by type (`Line`), so
//! that a name that an attacker chose can't forge a line of ours. AWS takes [`MOST`] characters: lists are shortened alike.

mod aws;
mod gcp;

use super::line::{At, Count, Line};
use super::times::Times;
use super::untrusted::Untrusted;
use super::words::{brief, count, credential, is_left, is_news, is_service, region, span};
use crate::model::dossier::{Became, Done, UndoState};
use crate::model::plan::{PlanKind, Target};
use crate::model::report::{Confidence, Credential, FindingKind, Report, Resource};
use crate::model::{Provider, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Characters that `support:CreateCase` takes as `communicationBody`.
/// <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_CreateCase.html>
pub const MOST: usize = 8_000;
/// How long a list may be, from all of it down to what always fits.
const LENGTHS: [usize; 17] = [usize::MAX, 400, 200, 150, 100, 75, 50, 40, 30, 25, 20, 15, 10, 6, 4, 2, 1];

/// Characters of a line, where nothing else makes it fit.
const WIDE: usize = 160;

/// All that a ticket is made of.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    pub report: &'a Report,
    /// The case's id, or its folder's name.
    pub case: &'a str,
    /// Who responds, as the cloud says.
    pub operator: Option<&'a str>,
    /// What proves later that the case is the same.
    pub head: Option<&'a str>,
    /// When a cloud was first asked with this program.
    pub began: Option<Time>,
    /// What the journal says was done, oldest first.
    pub deeds: &'a [Deed],
}

/// One call that the journal tells of, as a ticket says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub at: Time,
    pub kind: PlanKind,
    pub target: Target,
    /// Where it was called.
    pub region: Arc<str>,
    /// The cloud's own call.
    pub api: &'static str,
    pub end: DeedEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeedEnd {
    Done,
    /// Done, and given back since.
    Undone,
    Failed,
    /// Nobody knows.
    Open,
}

impl From<&Done> for Deed {
    fn from(done: &Done) -> Deed {
        let end = match (&done.undo, done.became) {
            (UndoState::Undone, _) => DeedEnd::Undone,
            (_, Became::Verified | Became::Taken | Became::Gone) => DeedEnd::Done,
            (_, Became::Refused | Became::NotDone) => DeedEnd::Failed,
            (_, Became::Unknown) => DeedEnd::Open,
        };
        Deed {
            at: done.at,
            kind: done.kind,
            target: done.target.clone(),
            region: done.place.region.clone(),
            api: done.api,
            end,
        }
    }
}

/// A ticket as it is filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where it is filed by hand, and as what.
    pub route: String,
    pub subject: String,
    pub body: String,
}

/// Returns the text that the principal's provider asks for.
pub fn ticket(ticket: &Ticket<'_>) -> Text {
    match ticket.report.principal.provider {
        Provider::Aws => aws::text(ticket),
        Provider::Gcp => gcp::text(ticket),
    }
}

impl Text {
    /// As it is printed: the route and the subject above, then what is pasted.
    pub fn paste(&self) -> String {
        format!("{}Subject: {}\n\n{}", self.route, self.subject, self.body)
    }
}

/// A title, its lines, and lists that are shortened where the whole is too long.
struct Section {
    title: &'static str,
    lines: Vec<Line>,
    lists: Vec<Vec<Line>>,
}

impl Section {
    fn new(title: &'static str, lines: Vec<Line>) -> Section {
        Section { title, lines, lists: Vec::new() }
    }

    fn list(title: &'static str, lines: Vec<Line>, list: Vec<Line>) -> Section {
        Section { title, lines, lists: vec![list] }
    }
}

/// Writes the sections, in at most so many characters.
fn body(sections: &[Section], most: usize) -> String {
    let mut last = String::new();
    // Lines are cut only where names of thousands of characters stand in them, which only an attacker gives.
    for wide in [usize::MAX, WIDE] {
        for length in LENGTHS {
            last = spell(sections, length, wide);
            if last.chars().count() <= most {
                return last;
            }
        }
    }
    const CUT: &str = "\n… cut here: the rest is in the case\n";
    last.chars().take(most.saturating_sub(CUT.chars().count())).chain(CUT.chars()).collect()
}

fn spell(sections: &[Section], length: usize, wide: usize) -> String {
    let mut out = String::new();
    for section in sections {
        if !out.is_empty() {
            out.push('\n');
        }
        out += section.title;
        out.push('\n');
        let mut put = |line: &Line| {
            let text = line.plain();
            out.extend(text.trim_end().chars().take(wide));
            if text.chars().nth(wide).is_some() {
                out.push('…');
            }
            out.push('\n');
        };
        section.lines.iter().for_each(&mut put);
        for list in &section.lists {
            list.iter().take(length).for_each(&mut put);
            let left = list.len().saturating_sub(length);
            if left > 0 {
                put(&Line::new().put("… and ").put(Count(left as u64)).put(" more, in the case"));
            }
        }
    }
    out
}

/// What the report tells and, where a journal is, what was done.
fn times(ticket: &Ticket<'_>) -> Times {
    let mut times = Times { began: ticket.began, ..Times::of(ticket.report) };
    let in_force = |kind: PlanKind| {
        let deeds = ticket.deeds.iter().filter(move |deed| deed.kind == kind && deed.end == DeedEnd::Done);
        deeds.map(|deed| deed.at)
    };
    times.contained = in_force(PlanKind::Revoke).chain(in_force(PlanKind::Contain)).max();
    times.recovered = in_force(PlanKind::Undo).max();
    times.began = times.began.or_else(|| ticket.deeds.first().map(|deed| deed.at));
    let id = &*ticket.report.principal.id;
    let own = ticket.deeds.iter().filter(|deed| deed.kind == PlanKind::Revoke && deed.end == DeedEnd::Done);
    let own = own
        .filter(|deed| &*deed.target.id == id || Some(&deed.target.id) == ticket.report.seed_user.as_ref());
    times.shut = times.shut.or_else(|| own.map(|deed| deed.at).min());
    times
}

fn timeline(ticket: &Ticket<'_>) -> Section {
    let times = times(ticket);
    let known = times.known().into_iter().map(|(at, what)| Line::new().put(At(at)).put("  ").put(what));
    Section::new("TIMELINE (UTC)", known.chain(times.took()).collect())
}

/// Not what is likely the owners' own.
fn is_theirs(confidence: Confidence) -> bool {
    confidence != Confidence::LikelyLegitimate
}

fn became(report: &Report) -> impl Iterator<Item = &Credential> {
    report.credentials.iter().filter(|one| is_theirs(one.confidence))
}

fn made(report: &Report) -> impl Iterator<Item = &Resource> {
    report.resources.iter().filter(|one| is_theirs(one.confidence))
}

/// Accounts or projects that the thief was in or made something in, the principal's own first.
fn places(report: &Report) -> Vec<Arc<str>> {
    let own = report.principal.account.clone();
    let others = became(report)
        .filter_map(|one| one.account.clone())
        .chain(made(report).map(|one| one.account.clone()));
    let others: BTreeSet<Arc<str>> =
        others.filter(|one| !one.is_empty() && Some(one) != own.as_ref()).collect();
    own.into_iter().chain(others).collect()
}

fn listed(names: &[Arc<str>]) -> Line {
    match names {
        [] => Line::new().put("unknown"),
        names => Line::new().list(", ", names.iter().map(|name| Line::new().put(Untrusted(name)))),
    }
}

/// Who acted: every credential, then every address.
fn actors(report: &Report) -> Section {
    let credentials = became(report).map(|one| {
        let line = Line::new().put("- ").put(credential(one.kind)).put(" ").put(Untrusted(&one.id));
        let line = match one.principal.as_deref().filter(|who| **who != *one.id) {
            Some(who) => line.put(" of ").put(Untrusted(who)),
            None => line,
        };
        let line = match one.via {
            Some(via) if one.depth > 0 => line.put(", by ").put(Untrusted(via)),
            Some(_) | None => line,
        };
        let line = match (one.first_use, one.last_use) {
            (Some(first), Some(last)) => line.put(", used ").join(span(first, last)),
            (_, _) => line.put(", no use seen"),
        };
        match (one.deleted_at, one.deactivated_at) {
            (Some(at), _) => line.put(", deleted ").put(At(at)),
            (None, Some(at)) => line.put(", deactivated ").put(At(at)),
            (None, None) => line,
        }
    });
    let uses = report.uses.iter().filter(|one| !is_service(one) && is_theirs(one.confidence));
    let mut addresses: BTreeMap<&str, (bool, u64)> = BTreeMap::new();
    for one in uses {
        let Some(address) = one.address.as_deref() else { continue };
        let known = addresses.entry(address).or_default();
        known.0 |= is_news(one);
        known.1 += one.events;
    }
    let mut addresses: Vec<_> = addresses.into_iter().collect();
    addresses.sort_by_key(|(address, (is_new, events))| (!*is_new, std::cmp::Reverse(*events), *address));
    let addresses = addresses.into_iter().map(|(address, (is_new, events))| {
        let line = Line::new()
            .put("- address ")
            .put(Untrusted(address))
            .put(", ")
            .join(count(events, "event", "events"));
        if is_new { line.put(", new") } else { line.put(", known from before") }
    });
    Section::list("SUSPECTED ACTORS", Vec::new(), credentials.chain(addresses).collect())
}

/// What was made, by region, with its state and what was done to it.
fn resources(ticket: &Ticket<'_>) -> Section {
    let mut by_place: BTreeMap<(&str, &str), Vec<&Resource>> = BTreeMap::new();
    for one in made(ticket.report) {
        by_place.entry((&one.account, region(&one.region))).or_default().push(one);
    }
    let total: usize = by_place.values().map(Vec::len).sum();
    if total == 0 {
        return Section::new("RESOURCES IT MADE", vec![Line::new().put("None seen.")]);
    }
    let left = made(ticket.report).filter(|one| is_left(one.state)).count();
    let head = count(total as u64, "resource", "resources").put(" in ");
    let head = head.join(count(by_place.len() as u64, "place", "places")).put(" (account and region)");
    let head = head.put("; ").put(Count(left as u64)).put(" of them not seen deleted. By place:");
    let counts: Vec<(&str, &str, usize)> =
        by_place.iter().map(|((account, region), all)| (*account, *region, all.len())).collect();
    let places = counts.chunk_by(|a, b| a.0 == b.0).filter_map(|all| {
        let line = Line::new().put("- ").put(Untrusted(all.first()?.0)).put(": ");
        let regions = all.iter().map(|(_, region, count)| {
            let region = if region.is_empty() { "global" } else { region };
            Line::new().put(Untrusted(region)).put(" ").put(Count(*count as u64))
        });
        Some(line.list(", ", regions))
    });
    let places: Vec<Line> = places.collect();
    let done: BTreeMap<&str, &Deed> = ticket.deeds.iter().map(|deed| (&*deed.target.id, deed)).collect();
    let list = by_place.into_values().flatten().map(|one| {
        let line = Line::new().put("- ").put(Untrusted(one.kind)).put(" ").put(Untrusted(&one.id));
        let line = line.put(" in ").put(Untrusted(&one.account)).put(" ").put(Untrusted(&one.region));
        let line = line.put(", made ").put(At(one.created_at)).put(", ").put(Untrusted(one.state));
        match done.get(&*one.id) {
            Some(deed) => line.put("; ").put(Untrusted(deed.api)).put(" ").put(end(deed.end)),
            None => line,
        }
    });
    Section { title: "RESOURCES IT MADE", lines: vec![head], lists: vec![places, list.collect()] }
}

fn end(end: DeedEnd) -> &'static str {
    match end {
        DeedEnd::Done => "done",
        DeedEnd::Undone => "done and given back since",
        DeedEnd::Failed => "FAILED",
        DeedEnd::Open => "outcome unknown",
    }
}

/// What was called, where, and what came of it: a line for each call.
fn done(ticket: &Ticket<'_>) -> Section {
    const TITLE: &str = "WHAT WE DID (from our hash-chained journal)";
    let is_ours = |deed: &&Deed| matches!(deed.kind, PlanKind::Revoke | PlanKind::Contain);
    let deeds: Vec<&Deed> = ticket.deeds.iter().filter(is_ours).collect();
    if deeds.is_empty() {
        return Section::new(
            TITLE,
            vec![Line::new().put("Nothing yet with this tool. [Say here what was done by hand.]")],
        );
    }
    let mut calls: BTreeMap<(&str, &str, DeedEnd), u64> = BTreeMap::new();
    let mut regions: BTreeSet<(&str, &str)> = BTreeSet::new();
    for deed in &deeds {
        *calls.entry((deed.kind.name(), deed.api, deed.end)).or_default() += 1;
        if deed.end == DeedEnd::Done {
            let region = if deed.region.is_empty() { "global" } else { &*deed.region };
            regions.insert((&deed.target.account, region));
        }
    }
    let regions: Vec<_> = regions.into_iter().collect();
    let places = regions.chunk_by(|a, b| a.0 == b.0).filter_map(|all| {
        let line = Line::new().put("- done in ").put(Untrusted(all.first()?.0)).put(": ");
        Some(line.list(", ", all.iter().map(|(_, region)| Line::new().put(Untrusted(region)))))
    });
    let mut lines = Vec::new();
    for ((_, api, what), times) in calls {
        let line = Line::new().put("  ").put(Untrusted(api)).put(": ").put(Count(times)).put(" ");
        lines.push(line.put(end(what)));
    }
    // What was done to a resource stands beside it below.
    let list = deeds.into_iter().filter(|deed| deed.kind == PlanKind::Revoke).map(|deed| {
        let line = Line::new().put("- ").put(At(deed.at)).put("  ").put(Untrusted(deed.api)).put(" on ");
        line.put(Untrusted(&deed.target.id)).put(": ").put(end(deed.end))
    });
    Section { title: TITLE, lines, lists: vec![places.collect(), list.collect()] }
}

/// What was bought and only the provider can take back.
fn commitments(report: &Report, title: &'static str) -> Section {
    let bought =
        report.findings.iter().filter(|one| one.kind == FindingKind::Commitment && is_theirs(one.confidence));
    let list: Vec<Line> = bought
        .map(|one| {
            let line = Line::new().put("- ").put(At(one.at)).put("  ").put(Untrusted(&one.note));
            let place = [&one.account, &one.region].into_iter().flatten().filter(|part| !part.is_empty());
            place.fold(line, |line, part| line.put(" ").put(Untrusted(part)))
        })
        .collect();
    match list.is_empty() {
        true => Section::new(title, vec![Line::new().put("None seen in the logs that we have.")]),
        false => Section::list(title, vec![Line::new().put("Please take these back:")], list),
    }
}

/// What could not be seen, so that nobody takes silence for absence.
fn unseen(report: &Report) -> Section {
    let coverage = &report.coverage;
    let line = Line::new().put("Logs seen of ").put(Count(coverage.seen)).put(" of ").put(Count(coverage.of));
    let line = line.put(" accounts, regions and kinds of log; ").join(count(
        report.counts.records_read,
        "record",
        "records",
    ));
    let gaps = report.gaps.iter().filter(|gap| gap.is_incomplete());
    let list =
        gaps.map(|gap| Line::new().put("- ").put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why)));
    Section::list("WHAT WE COULD NOT SEE", vec![line.put(" read.")], list.collect())
}

/// What it cost at list prices; what has no price is said, never taken for nothing.
fn cost(report: &Report) -> Section {
    const TITLE: &str = "WHAT IT COST (our estimate at list prices)";
    let Some(cost) = &report.cost else {
        return Section::new(TITLE, vec![Line::new().put("Unknown.")]);
    };
    let known = [
        (cost.burned, "Until then: "),
        (cost.per_hour, "An hour, as things were then: "),
        (cost.saved_per_day, "A day less since it was contained: "),
    ];
    let mut lines = vec![Line::new().put("Counted until ").put(At(cost.at)).put(".")];
    lines.extend(known.into_iter().map(|(sum, what)| {
        let line = Line::new().put(what);
        sum.map_or(line.clone().put("unknown"), |sum| line.put(sum))
    }));
    if cost.unknown > 0 {
        let line = Line::new().put("Without a price, and in none of these sums: ");
        lines.push(line.put(Count(cost.unknown)).put(" of ").put(Count(cost.priced + cost.unknown)).put("."));
    }
    Section::new(TITLE, lines)
}

fn evidence(ticket: &Ticket<'_>) -> Section {
    let line = Line::new()
        .put("Case ")
        .put(Untrusted(ticket.case))
        .put(": provider records byte for byte, with SHA-256 sums");
    let mut lines = vec![line.put(" and a hash-chained journal. We can hand over the archive.")];
    if let Some(head) = ticket.head {
        lines.push(Line::new().put("Head of the case (SHA-256): ").put(Untrusted(head)));
    }
    lines.push(match ticket.operator {
        Some(operator) => Line::new().put("Responder: ").put(Untrusted(operator)),
        None => Line::new().put("Responder: [name]"),
    });
    Section::new("EVIDENCE", lines)
}

/// The principal as a reader elsewhere knows it.
fn subject(report: &Report) -> Line {
    let subject = &report.principal;
    let line = Line::new().put(match subject.kind {
        "access_key" => "access key ",
        "service_account" => "service account ",
        "user" | "google_user" => "user ",
        "role" => "role ",
        "session" => "session ",
        "root" => "root ",
        _ => "principal ",
    });
    let line = line.put(Untrusted(&subject.id));
    let user = report.seed_user.as_deref().or(subject.arn.as_deref()).filter(|user| **user != *subject.id);
    match user {
        Some(user) => line.put(" of ").put(Untrusted(brief(user).0)),
        None => line,
    }
}
