//! A dossier as Markdown that pastes into GitHub, Jira and Slack: counts first, the chain as Mermaid, tables.
//!
//! Everything is a [`Line`], whose names become code spans: no markup, link or mention of an attacker's gets out.

use super::View;
mod paper;

use super::line::{At, Count, Line};
use super::summary::{Facts, answers};
use super::table::chain::{role, tree};
use super::table::verdict::headline;
use super::untrusted::{Prose, Untrusted};
use super::words::{self, as_of, count, danger, is_left, is_usable, severity, span};
use crate::model::Dossier;
use crate::model::dossier::{After, Done, UndoState};
use crate::model::plan::Plan;
use crate::model::report::{Credential, Report, Resource};
use paper::Paper;
use std::cmp::Reverse;

/// Rows of a table; GitHub takes 65,536 characters in all.
const MOST: usize = 60;
/// Boxes of the diagram: Mermaid grows slow and unreadable.
const BOXES: usize = 40;

fn name(text: &str) -> Line {
    Line::new().put(Untrusted(text))
}

fn some(text: Option<&str>) -> Line {
    text.map(name).unwrap_or_default()
}

/// Returns the document.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let report = &dossier.report;
    let as_of = as_of(report, None);
    let mut page = Paper::default();
    page.line(Line::new().put("# Leaked credential: ").put(Untrusted(&report.principal.id)));
    page.blank();
    page.line(Line::new().put("**").join(headline(report, as_of)).put("**"));
    page.blank();
    let facts = Facts { report, plans: &dossier.plans, deeds: &dossier.deeds, now: None, as_of };
    page.heads(&["Question", "Answer"]);
    for answer in answers(&facts) {
        let question = Line::new().put(answer.question);
        page.row([question, answer.line()]);
    }
    about(&mut page, dossier);
    chain(&mut page, report, as_of);
    uses(&mut page, report);
    resources(&mut page, dossier);
    findings(&mut page, report);
    actions(&mut page, &dossier.deeds);
    for plan in &dossier.plans {
        proposal(&mut page, plan, &dossier.deeds);
    }
    coverage(&mut page, report);
    page.done()
}

fn about(page: &mut Paper, dossier: &Dossier) {
    let subject = &dossier.report.principal;
    page.blank();
    let mut parts = vec![Line::new().put(subject.provider.name()).put(" ").put(Untrusted(subject.kind))];
    parts.extend(subject.account.as_deref().map(|id| Line::new().put("account ").put(Untrusted(id))));
    parts.extend(dossier.report.window.leaked_at.map(|at| Line::new().put("leaked ").put(At(at))));
    parts.extend(dossier.about.id.as_deref().map(|id| Line::new().put("case ").put(Untrusted(id))));
    parts.extend(dossier.about.operator.as_deref().map(|who| Line::new().put("run by ").put(Untrusted(who))));
    parts.extend(dossier.about.started_at.map(|at| Line::new().put("opened ").put(At(at))));
    page.line(Line::new().list(" · ", parts));
}

/// The tree as a flow chart.
fn chain(page: &mut Paper, report: &Report, as_of: Option<crate::model::Time>) {
    page.head("What it became");
    let rows = tree(report, &View::default(), as_of);
    if rows.len() <= 1 {
        return page.line(Line::new().put("No other credential, in what was looked at."));
    }
    page.flow();
    let mut above: Vec<(usize, usize)> = Vec::new();
    for (n, (depth, group)) in rows.iter().take(BOXES).enumerate() {
        let Some(first) = group.first() else { continue };
        let class = match (*depth, is_usable(first, as_of)) {
            (0, _) => ":::seed",
            (_, true) => ":::works",
            (_, false) => "",
        };
        page.card(n, &label(group, as_of), class);
        above.truncate(above.partition_point(|(of, _)| of < depth));
        if let Some((_, parent)) = above.last() {
            page.arrow(*parent, n, &name(first.via.unwrap_or("made")));
        }
        above.push((*depth, n));
    }
    page.ended();
    page.more(rows.iter().skip(BOXES).map(|(_, group)| group.len()).sum(), "credentials");
}

/// What a box of the chain says, a line each.
pub(super) fn label(group: &[&Credential], as_of: Option<crate::model::Time>) -> Vec<Line> {
    let Some(one) = group.first() else { return Vec::new() };
    let many = group.len();
    let mut lines = vec![match many {
        1 => name(&one.id),
        n => Line::new().put(n).put(" × ").put(Untrusted(words::credential(one.kind))),
    }];
    let (who, account) = one.principal.as_deref().map_or((None, None), |principal| {
        let (who, account) = words::brief(principal);
        (Some(who).filter(|who| *who != &*one.id), account)
    });
    let kind = if many == 1 {
        Line::new().put(Untrusted(words::credential(one.kind))).put(" ")
    } else {
        Line::new()
    };
    // Siblings of one group differ in the name of their session alone.
    let same = group.iter().all(|other| other.principal == one.principal);
    let kind = who.into_iter().fold(kind, |line, who| match same {
        true => line.put(Untrusted(who)),
        false => line.put(Untrusted(role(who))).put("/…"),
    });
    let account = account.or(one.account.as_deref());
    lines.push(account.into_iter().fold(kind, |line, account| line.put(" in ").put(Untrusted(account))));
    let events: u64 = group.iter().map(|one| one.events).sum();
    let last = match group.iter().filter_map(|one| one.first_use).min() {
        Some(at) => count(events, "event", "events").put(" from ").put(At(at)),
        None => Line::new().put("never used"),
    };
    lines.push(last.put(", ").put(state(one, as_of)));
    lines
}

/// Whether it still works, in few words.
pub(super) fn state(one: &Credential, as_of: Option<crate::model::Time>) -> &'static str {
    match (one.state, one.active, one.deactivated_at) {
        ("deleted", _, _) => "deleted",
        (_, Some(true), _) => "active",
        (_, Some(false), _) => "inactive",
        (_, None, Some(_)) => "deactivated",
        (_, None, None) if is_usable(one, as_of) => "may work",
        (_, None, None) => "expired",
    }
}

fn uses(page: &mut Paper, report: &Report) {
    page.head("Who used it");
    if report.uses.is_empty() {
        return page.line(Line::new().put("Nobody, in what was looked at."));
    }
    page.heads(&["", "Address", "How", "First – last (UTC)", "Events", "Failed", "Regions", "User agent"]);
    let mut all: Vec<_> = report.uses.iter().collect();
    all.sort_by_key(|one| (!words::is_news(one), Reverse(one.events)));
    for one in all.iter().take(MOST) {
        page.row([
            Line::new().put(if words::is_news(one) {
                "NEW"
            } else {
                words::confidence(one.confidence).unwrap_or("")
            }),
            some(one.address.as_deref()),
            name(one.how),
            span(one.first, one.last),
            Line::new().put(Count(one.events)),
            Line::new().put(Count(one.failed)),
            Line::new().put(one.regions.len()),
            one.user_agent
                .as_deref()
                .map_or(Line::new(), |agent| Line::new().put(Untrusted(agent).short(80))),
        ]);
    }
    page.more(all.len().saturating_sub(MOST), "uses");
}

fn resources(page: &mut Paper, dossier: &Dossier) {
    page.head("What it made, and what is left of that");
    let report = &dossier.report;
    if report.resources.is_empty() {
        return page.line(Line::new().put("Nothing, in what was looked at."));
    }
    let left = report.resources.iter().filter(|one| is_left(one.state)).count();
    let line = count(report.resources.len() as u64, "resource", "resources").put(", ").put(left);
    page.line(line.put(" left."));
    page.blank();
    page.heads(&[
        "State",
        "Kind",
        "Id",
        "Account",
        "Region",
        "Created",
        "Type",
        "$/hour",
        "Burned",
        "Done to it",
    ]);
    let mut all: Vec<&Resource> = report.resources.iter().collect();
    all.sort_by_key(|one| {
        (!is_left(one.state), danger(one.kind), Reverse(one.cost.as_ref().map(|cost| cost.per_hour)))
    });
    for one in all.iter().take(MOST) {
        page.row([
            name(one.state),
            name(one.kind),
            name(&one.id),
            name(&one.account),
            name(one.zone.as_deref().unwrap_or(&one.region)),
            Line::new().put(At(one.created_at)),
            some(one.details.get("type").map(|text| &**text)),
            one.cost.as_ref().map_or(Line::new(), |cost| Line::new().put(cost.per_hour)),
            one.cost.as_ref().map_or(Line::new(), |cost| Line::new().put(cost.burned)),
            Line::new().list(", ", done_to(one, &dossier.deeds).map(|deed| name(deed.api))),
        ]);
    }
    page.more(all.len().saturating_sub(MOST), "resources");
}

/// What this case did to a resource, and is in force.
pub(super) fn done_to<'a>(one: &'a Resource, deeds: &'a [Done]) -> impl Iterator<Item = &'a Done> {
    let is_it = |deed: &&Done| {
        deed.target.kind == one.kind && deed.target.id == one.id && deed.place.account == one.account
    };
    deeds.iter().filter(is_it).filter(|deed| deed.became.is_done() && deed.undo != UndoState::Undone)
}

fn findings(page: &mut Paper, report: &Report) {
    page.head("Findings");
    if report.findings.is_empty() {
        return page.line(Line::new().put("None, in what was looked at."));
    }
    let mut all: Vec<_> = report.findings.iter().collect();
    all.sort_by_key(|one| severity(one));
    for one in all.iter().take(MOST) {
        let line =
            Line::new().put(if one.standing { "**" } else { "over: **" }).put(words::finding(one.kind));
        let line = line.put("**");
        let line = one.technique.into_iter().fold(line, |line, of| line.put(" ").put(Untrusted(of.id)));
        let line = line.put(" ").put(At(one.at)).put(" ").put(Prose(&one.note));
        page.item(
            words::confidence(one.confidence)
                .into_iter()
                .fold(line, |line, word| line.put(" (").put(word).put(")")),
        );
    }
    page.more(all.len().saturating_sub(MOST), "findings");
}

/// Before, after, and whether it can be taken back.
fn actions(page: &mut Paper, deeds: &[Done]) {
    if deeds.is_empty() {
        return;
    }
    page.head("What was done");
    page.heads(&["No", "When (UTC)", "Call", "Target", "Where", "Outcome", "Before → after", "Undo"]);
    for one in deeds.iter().take(MOST) {
        page.row([
            Line::new().put(one.no),
            Line::new().put(At(one.at)),
            name(one.api),
            name(&one.target.id),
            name(&one.place.to_string()),
            Line::new().put(words::became(one.became)),
            before_after(one, 60),
            undo(one),
        ]);
    }
    page.more(deeds.len().saturating_sub(MOST), "actions");
}

/// What the cloud showed, in so many columns each.
pub(super) fn before_after(one: &Done, columns: usize) -> Line {
    let before = one.before.to_string();
    let line = Line::new().put(Untrusted(&before).short(columns)).put(" → ");
    match &one.after {
        None => line.put("not looked at"),
        Some(After::Gone) => line.put("gone"),
        Some(After::There(state)) => {
            let state = state.to_string();
            line.put(Untrusted(&state).short(columns))
        }
    }
}

/// Whether and how it can be taken back.
pub(super) fn undo(one: &Done) -> Line {
    match &one.undo {
        UndoState::Undone => Line::new().put("undone"),
        UndoState::Partly { parts, of } => Line::new().put("undone ").put(*parts).put(" of ").put(*of),
        UndoState::None(why) => Line::new().put("none: ").put(Prose(why)),
        UndoState::Needless => Line::new().put("nothing to undo"),
        UndoState::Possible { calls, safe_from, rearms_secret } => {
            let line = Line::new().put("possible: ").list(", ", calls.iter().map(|call| name(call)));
            let line = safe_from.iter().fold(line, |line, at| line.put(", safe from ").put(At(*at)));
            if *rearms_secret { line.put(", brings back a key that leaked") } else { line }
        }
    }
}

fn proposal(page: &mut Paper, plan: &Plan, deeds: &[Done]) {
    page.head(match plan.kind {
        crate::model::plan::PlanKind::Revoke => "Proposed: revoke",
        crate::model::plan::PlanKind::Contain => "Proposed: contain",
        crate::model::plan::PlanKind::Undo => "Proposed: undo",
        crate::model::plan::PlanKind::Ticket => "Proposed: ticket",
    });
    let open = super::summary::open_steps(plan, deeds);
    let line = count(plan.steps.len() as u64, "step", "steps").put(", ").put(plan.steps.len() - open);
    page.line(
        line.put(" done; ").join(count(plan.withheld.len() as u64, "thing", "things")).put(" left alone."),
    );
    page.blank();
    for step in plan.steps.iter().take(MOST) {
        let line = Line::new()
            .put(step.no)
            .put(" · ")
            .put(Untrusted(step.api))
            .put(" on ")
            .put(Untrusted(&step.target.id));
        page.item(if step.destroys { line.put(" **destroys**") } else { line });
    }
    page.more(plan.steps.len().saturating_sub(MOST), "steps");
}

fn coverage(page: &mut Paper, report: &Report) {
    page.head("What was seen, and what was not");
    let coverage = &report.coverage;
    let line = Line::new().put(Count(coverage.seen)).put(" of ").put(Count(coverage.of));
    let line = line.put(" scopes (account × region × log), ");
    page.line(line.join(count(report.counts.records_read, "record", "records")).put(" read."));
    page.blank();
    for gap in report.gaps.iter().take(MOST) {
        let line = Line::new().put("**").put(words::gap(gap.kind)).put("** ").put(Untrusted(&gap.place));
        page.item(line.put(": ").put(Prose(&gap.why)));
    }
    if report.gaps.is_empty() {
        page.line(Line::new().put("No gap is known."));
    }
    page.more(report.gaps.len().saturating_sub(MOST), "gaps");
}
