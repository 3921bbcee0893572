//! A plan as text: what would be done, why, how it is taken back, and what is left alone.
//!
//! In one screen, the steps that make the same call are one line; detail tells each one. Consent is asked with detail.

use super::View;
use super::line::{Count, Line, Style};
use super::page::Page;
use super::untrusted::{Prose, Untrusted};
use super::words::count;
use crate::model::change::Undo;
use crate::model::plan::{Plan, PlanKind, Step, Target, Withheld};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Calls in one screen.
const MOST: usize = 7;
/// Reasons for leaving alone in one screen.
const REASONS: usize = 3;
/// Targets, or kinds, named on a line.
const NAMED: usize = 2;

/// Returns the plan as the operator reads it before anything happens.
pub fn plan(plan: &Plan, view: &View) -> String {
    let mut page = Page::new(view);
    let title = match plan.kind {
        PlanKind::Revoke => "REVOKE PLAN",
        PlanKind::Contain => "CONTAIN PLAN",
        PlanKind::Undo => "UNDO PLAN",
        PlanKind::Ticket => "TICKET PLAN",
    };
    let mut rest = match plan.steps.len() {
        0 => Line::new().put("nothing to do, in what was looked at"),
        n => count(n as u64, "step", "steps"),
    };
    let destroys = plan.steps.iter().filter(|step| step.destroys).count();
    if destroys > 0 {
        rest = rest.put(", ").styled(Style::Red, destroys).styled(
            Style::Red,
            if destroys == 1 { " of them destroys something" } else { " of them destroy something" },
        );
    }
    if !plan.withheld.is_empty() {
        rest = rest.put(", ").join(count(plan.withheld.len() as u64, "thing", "things")).put(" left alone");
    }
    page.head(title, rest.put("; nothing has been done"));
    if view.detail {
        plan.steps.iter().for_each(|step| one(&mut page, step));
        withheld(&mut page, &plan.withheld);
    } else {
        brief(&mut page, plan);
    }
    page.done()
}

/// One line for the steps that make the same call, in the order of their first.
fn brief(page: &mut Page<'_>, plan: &Plan) {
    let mut groups: Vec<Vec<&Step>> = Vec::new();
    let mut known = BTreeMap::new();
    for step in &plan.steps {
        let next = groups.len();
        match groups.get_mut(*known.entry((step.api, step.destroys)).or_insert(next)) {
            Some(group) => group.push(step),
            None => groups.push(vec![step]),
        }
    }
    let most = page.take(groups.len(), MOST);
    for group in groups.iter().take(most) {
        let line = many(page, group);
        page.line(line);
    }
    page.more(groups.iter().skip(most).map(Vec::len).sum(), "steps");
    let mut whys: BTreeMap<&str, Vec<&Withheld>> = BTreeMap::new();
    for one in &plan.withheld {
        whys.entry(&one.why).or_default().push(one);
    }
    let mut whys: Vec<_> = whys.into_iter().collect();
    whys.sort_by_key(|(_, all)| Reverse(all.len()));
    let most = page.take(whys.len(), REASONS);
    for (n, (why, all)) in whys.iter().take(most).enumerate() {
        let kinds: BTreeSet<&str> = all.iter().map(|one| one.target.kind).collect();
        let line = match all.as_slice() {
            [one] => Line::new().put(Untrusted(one.target.kind)).put(" ").put(Untrusted(&one.target.id)),
            _ => {
                let kinds: Vec<Line> = kinds.iter().map(|kind| Line::new().put(Untrusted(kind))).collect();
                let start = Line::new().put(all.len()).put(" (");
                page.some(page.room() / 2, start, &kinds, NAMED).put(")")
            }
        };
        let line = line.put(": ").put(Prose(why));
        if n == 0 { page.title("LEFT ALONE", line) } else { page.sentence(2, line) }
    }
    page.more(whys.iter().skip(most).map(|(_, all)| all.len()).sum(), "left alone");
    if !plan.steps.is_empty() || !plan.withheld.is_empty() {
        let line = Line::new()
            .put("Next: -v tells of each step what it does, why, when it is done and how it is undone.");
        page.at(0, 2, line.all(Style::Dim));
    }
}

fn one(page: &mut Page<'_>, step: &Step) {
    let line = Line::new().put(step.no).put(". ").join(call(step)).put("  ").join(target(&step.target));
    page.at(2, 6, line);
    let mut line = told(step).put(" Because of ").join(why(step));
    line = line.put(". ").put(Untrusted(&step.why)).put(" Last seen: ").put(Untrusted(step.before)).put(".");
    if !step.after.is_empty() {
        line = line.put(" After step ").list(", ", step.after.iter().map(|no| Line::new().put(*no))).put(".");
    }
    page.at(6, 6, line.all(Style::Dim));
}

/// The events that say so; none where the step is about the principal itself.
fn why(step: &Step) -> Line {
    if step.because.is_empty() {
        return Line::new().put("it is what was asked about");
    }
    let line = count(step.because.len() as u64, "event", "events").put(" ");
    line.list(" ", step.because.iter().map(|id| Line::new().put(Untrusted(id))))
}

/// Steps that make the same call: which, on how much of what, the first of it, and whether it can be taken back.
fn many(page: &mut Page<'_>, steps: &[&Step]) -> Line {
    let Some(first) = steps.first() else { return Line::new() };
    let line = numbers(steps).put(". ").styled(Style::Bold, Untrusted(first.api));
    let line = match (first.destroys, first.change.spec().undo) {
        (true, _) => line.styled(Style::Red, " DESTROYS"),
        (false, Undo::None(_)) => line.styled(Style::Red, " (NO UNDO)"),
        (false, Undo::Call(_)) => line.put(" (reversible)"),
    };
    let line = line.put(": ");
    let kinds: BTreeSet<&str> = steps.iter().map(|step| step.target.kind).collect();
    let many = Line::new().put(Count(steps.len() as u64)).put(" × ");
    let of = if steps.len() > 1 { many } else { Line::new() };
    let of = of.list(", ", kinds.into_iter().map(|kind| Line::new().put(Untrusted(kind)))).put(" ");
    let names: Vec<Line> = steps.iter().map(|step| Line::new().put(Untrusted(&step.target.id))).collect();
    let room = page.room().saturating_sub(2);
    // The call tells most of the kind, so the first target goes before it.
    let first = names.first().map_or(0, Line::width) + ", 9999 more".len();
    let line = if line.width() + of.width() + first <= room { line.join(of) } else { line };
    page.some(room, line, &names, NAMED)
}

/// `2, 5–7`.
fn numbers(steps: &[&Step]) -> Line {
    let runs = steps.chunk_by(|a, b| a.no.checked_add(1) == Some(b.no));
    Line::new().list(
        ", ",
        runs.filter_map(|run| Some((run.first()?.no, run.last()?.no))).map(|(from, to)| {
            let line = Line::new().put(from);
            if from == to { line } else { line.put("–").put(to) }
        }),
    )
}

/// The cloud's own call, marked when it destroys.
fn call(step: &Step) -> Line {
    let line = Line::new().styled(Style::Bold, Untrusted(step.api));
    if step.destroys { line.styled(Style::Red, " DESTROYS") } else { line }
}

/// What it does, when it is done, and how it is taken back.
fn told(step: &Step) -> Line {
    let spec = step.change.spec();
    let line = Line::new().put("What it does: ").put(spec.does).put(". Done when ").put(spec.expect).put(".");
    match spec.undo {
        Undo::Call(call) => line.put(" Undo: ").put(call).put("."),
        Undo::None(sentence) => line.put(" NO UNDO: ").put(sentence),
    }
}

fn name(target: &Target) -> Line {
    let line = Line::new().put(Untrusted(&target.id));
    match target.name.as_deref().filter(|name| *name != &*target.id) {
        Some(name) => line.put(" (").put(Untrusted(name)).put(")"),
        None => line,
    }
}

fn target(target: &Target) -> Line {
    let line = Line::new().put(Untrusted(target.kind)).put(" ").join(name(target));
    let place = [&target.account, &target.region].into_iter().filter(|part| !part.is_empty());
    let place: Vec<Line> = place.map(|part| Line::new().put(Untrusted(part))).collect();
    if place.is_empty() { line } else { line.put(" in ").list(" ", place) }
}

fn withheld(page: &mut Page<'_>, all: &[Withheld]) {
    if all.is_empty() {
        return;
    }
    page.head("LEFT ALONE", count(all.len() as u64, "thing", "things"));
    let mut alike: BTreeMap<(&str, &str), Vec<&Target>> = BTreeMap::new();
    for one in all {
        alike.entry((&one.why, &one.by_hand)).or_default().push(&one.target);
    }
    for ((why, by_hand), targets) in &alike {
        let line = Line::new().list(", ", targets.iter().map(|one| target(one)));
        let line = line.put(": ").put(Untrusted(why));
        page.line(match by_hand.is_empty() {
            true => line,
            false => line.put(". By hand: ").put(Untrusted(by_hand)),
        });
    }
}
