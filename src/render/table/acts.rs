//! What was done in this case, and what is left to do.

use crate::model::dossier::{Became, Done, UndoState};
use crate::model::plan::PlanKind;
use crate::render::line::{At, Line, Style};
use crate::render::markdown::{before_after, undo};
use crate::render::page::Page;
use crate::render::untrusted::{Prose, Untrusted};
use crate::render::words::{became, count};
use std::collections::BTreeMap;

/// Calls that fit one screen beside the other answers.
const MOST: usize = 6;

pub(super) fn acts(page: &mut Page<'_>, deeds: &[Done]) {
    if deeds.is_empty() {
        return;
    }
    let is_in_force =
        |one: &&Done| one.became.is_done() && one.undo != UndoState::Undone && one.kind != PlanKind::Undo;
    let in_force = deeds.iter().filter(is_in_force).count();
    let undone = deeds.iter().filter(|one| one.undo == UndoState::Undone).count();
    let mut rest = count(deeds.len() as u64, "call", "calls").put(", ").put(in_force).put(" in force");
    if undone > 0 {
        rest = rest.put(", ").put(undone).put(" undone");
    }
    for (state, word) in [(Became::Refused, " refused"), (Became::Unknown, " of which nobody knows")] {
        let n = deeds.iter().filter(|one| one.became == state).count();
        if n > 0 {
            rest = rest.put(", ").styled(Style::Yellow, n).styled(Style::Yellow, word);
        }
    }
    page.head("DONE", rest);
    if page.view.detail {
        return deeds.iter().for_each(|one| full(page, one));
    }
    let mut groups: Vec<Vec<&Done>> = Vec::new();
    let mut known = BTreeMap::new();
    for one in deeds {
        let next = groups.len();
        let key = (one.kind.name(), one.api, became(one.became), one.undo == UndoState::Undone);
        match groups.get_mut(*known.entry(key).or_insert(next)) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let most = page.take(groups.len(), MOST);
    for group in groups.iter().take(most) {
        let Some(first) = group.first() else { continue };
        let line = Line::new().put(At(first.at)).put("  ").styled(Style::Bold, Untrusted(first.api)).put(" ");
        let line =
            line.put(if first.undo == UndoState::Undone { "undone" } else { became(first.became) }).put(": ");
        let names: Vec<Line> = group.iter().map(|one| Line::new().put(Untrusted(&one.target.id))).collect();
        let room = page.room().saturating_sub(2);
        let line = page.some(room, line, &names, 2);
        page.line(line);
    }
    page.more(groups.iter().skip(most).map(Vec::len).sum(), "calls");
}

fn full(page: &mut Page<'_>, one: &Done) {
    let line =
        Line::new().put(one.no).put(". ").put(At(one.at)).put("  ").styled(Style::Bold, Untrusted(one.api));
    let line =
        line.put("  ").put(Untrusted(&one.target.id)).put(" in ").put(Untrusted(&one.place.to_string()));
    page.line(line.put("  ").put(became(one.became)));
    let line =
        Line::new().put("before → after: ").join(before_after(one, 4000)).put("; undo ").join(undo(one));
    let line = one.why.iter().fold(line, |line, why| line.put("; ").put(Prose(why)));
    let line = one.operator.iter().fold(line, |line, who| line.put("; by ").put(Untrusted(who)));
    page.at(6, 8, line.all(Style::Dim));
}
