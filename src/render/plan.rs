//! A plan as text: what would be done, why, how it is taken back, and what is left alone.
//!
//! In one screen, steps that make the same call in a row are told together; detail tells each one. Consent is asked
//! with detail.

use super::View;
use super::line::{Count, Line, Style};
use super::page::Page;
use super::untrusted::Untrusted;
use super::words::count;
use crate::model::change::Undo;
use crate::model::plan::{Plan, PlanKind, Step, Target, Withheld};
use std::collections::{BTreeMap, BTreeSet};

/// Targets named of steps told together.
const NAMED: usize = 3;
/// Groups of withheld things in one screen.
const MOST: usize = 8;

/// Returns the plan as the operator reads it before anything happens.
pub fn plan(plan: &Plan, view: &View) -> String {
    let mut page = Page::new(view);
    let title = match plan.kind {
        PlanKind::Revoke => "REVOKE PLAN",
        PlanKind::Contain => "CONTAIN PLAN",
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
    let alike = |a: &Step, b: &Step| {
        !view.detail && a.api == b.api && a.target.kind == b.target.kind && a.destroys == b.destroys
    };
    for steps in plan.steps.chunk_by(alike) {
        if let [step] = steps { one(&mut page, step) } else { many(&mut page, steps) }
    }
    withheld(&mut page, &plan.withheld);
    if page.shortened {
        let line = Line::new().put("Shortened: -v shows every step, -o json holds all of it.");
        page.at(0, 2, line.all(Style::Dim));
    }
    page.done()
}

fn one(page: &mut Page<'_>, step: &Step) {
    let line = Line::new().put(step.no).put(". ").join(call(step)).put("  ").join(target(&step.target));
    page.at(2, 6, line);
    let mut line = told(step).put(" Because of ").join(why(page, step));
    line = line.put(". ").put(Untrusted(&step.why)).put(" Last seen: ").put(Untrusted(step.before)).put(".");
    if !step.after.is_empty() {
        line = line.put(" After step ").list(", ", step.after.iter().map(|no| Line::new().put(*no))).put(".");
    }
    page.at(6, 6, line.all(Style::Dim));
}

/// Why: how many events say so, in detail which.
fn why(page: &Page<'_>, step: &Step) -> Line {
    let line = count(step.because.len() as u64, "event", "events");
    match page.view.detail {
        true => line.put(" ").list(" ", step.because.iter().map(|id| Line::new().put(Untrusted(id)))),
        false => line,
    }
}

fn many(page: &mut Page<'_>, steps: &[Step]) {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return };
    page.shortened = true;
    let line = Line::new().put(first.no).put("–").put(last.no).put(". ").join(call(first)).put("  ");
    let line = line.put(Count(steps.len() as u64)).put(" × ").put(Untrusted(first.target.kind));
    let accounts: BTreeSet<&str> = steps.iter().map(|step| &*step.target.account).collect();
    let regions: BTreeSet<&str> = steps.iter().map(|step| &*step.target.region).collect();
    let line = line.put(" in ").join(count(accounts.len() as u64, "account", "accounts")).put(", ");
    page.at(2, 6, line.join(count(regions.len() as u64, "region", "regions")));
    let names = steps.iter().take(NAMED).map(|step| name(&step.target));
    let mut names = Line::new().list(", ", names);
    if steps.len() > NAMED {
        names = names.put(", ").put(steps.len() - NAMED).put(" more");
    }
    let events: BTreeSet<&str> = steps.iter().flat_map(|step| &step.because).map(|id| &**id).collect();
    let line = names.put(". ").join(told(first)).put(" Because of ");
    page.at(6, 6, line.join(count(events.len() as u64, "event", "events")).put(".").all(Style::Dim));
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
    let most = page.take(alike.len(), MOST);
    for ((why, by_hand), targets) in alike.iter().take(most) {
        let shown = page.take(targets.len(), NAMED);
        let mut line = Line::new().list(", ", targets.iter().take(shown).map(|one| target(one)));
        if targets.len() > shown {
            line = line.put(", ").put(targets.len() - shown).put(" more");
        }
        line = line.put(": ").put(Untrusted(why));
        if !by_hand.is_empty() {
            line = line.put(". By hand: ").put(Untrusted(by_hand));
        }
        page.line(line);
    }
    page.more(alike.values().skip(most).map(Vec::len).sum(), "left alone");
}
