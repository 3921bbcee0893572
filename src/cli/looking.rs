//! What became of what was made, and what else runs there: the same for every provider.

use super::door::Door;
use super::ui::Ui;
use crate::analyze::{Investigation, siblings};
use crate::case::Case;
use crate::model::gap::GapKind;
use crate::model::{Gap, Observed, Place, Provider, Report, Time};
use crate::observe::{self, Looked};
use crate::render::{Line, Untrusted, count};
use std::collections::BTreeSet;

/// So many lookalikes are named beside the report.
const NAMED: usize = 5;
/// A stack launches a group that launches machines: so many looks one after another, no more.
const LOOKS: usize = 4;

/// Asks what became of what was made, and of what that turns out to hold, until nothing new comes; returns what could not be
/// looked at.
pub fn look(door: &dyn Door, investigation: &mut Investigation, case: &Case) -> anyhow::Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    let mut known = usize::MAX;
    for _ in 0..LOOKS {
        let report = investigation.report();
        if report.resources.len() == known || report.resources.is_empty() {
            break;
        }
        known = report.resources.len();
        let looked = door.runtime().block_on(observe::observe(door.inventory(), &report, Time::now));
        gaps.extend(keep(door.provider(), looked, investigation, case)?);
    }
    Ok(gaps)
}

/// Lists everything that computes in these places, and says what could not be listed: what is held by something that the principal made is its own, too, and what
/// looks like it is told. A gap of `always` counts whatever was made.
pub fn sweep(
    door: &dyn Door,
    places: Vec<Place>,
    always: &[&str],
    investigation: &mut Investigation,
    case: &Case,
) -> anyhow::Result<(Vec<Observed>, Vec<Gap>)> {
    let report = investigation.report();
    if report.resources.iter().all(|one| one.state == "deleted") {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut looked = door.runtime().block_on(observe::sweep(door.inventory(), places, Time::now));
    let services: BTreeSet<&str> =
        report.resources.iter().filter_map(|one| one.kind.split('.').nth(1)).collect();
    for gap in &mut looked.gaps {
        // Where the principal made nothing of a service, only its lookalikes could be missed.
        let service = gap.why.split([':', '.']).next().unwrap_or_default();
        if !always.contains(&service) && !services.contains(service) {
            gap.kind = GapKind::Blind;
        }
    }
    let swept = looked.observed.clone();
    case.write_swept(&looked.lines.values().flatten().copied().collect::<Vec<u8>>())?;
    looked.observed.retain(|seen| !seen.held_by.is_empty());
    let mut gaps = keep(door.provider(), looked, investigation, case)?;
    // What turned out to be its own is looked at as closely as the rest.
    gaps.extend(look(door, investigation, case)?);
    Ok((swept, gaps))
}

/// Says what looks like what it launched; never touched.
pub fn lookalikes(door: &dyn Door, report: &mut Report, swept: &[Observed], ui: &Ui) {
    report.similar = siblings::lookalikes(report, swept, &door.guard().operator);
    if !report.similar.is_empty() {
        ui.note(
            count(report.similar.len() as u64, "thing", "things")
                .put(" look like what it launched, but nothing ties them to it: ")
                .list(", ", report.similar.iter().take(NAMED).map(|one| Line::new().put(Untrusted(&one.id))))
                .put(". They are listed under similar, and never touched."),
        );
    }
}

/// Saves what was seen, then believes it; returns what could not be looked at.
pub fn keep(
    provider: Provider,
    looked: Looked,
    investigation: &mut Investigation,
    case: &Case,
) -> anyhow::Result<Vec<Gap>> {
    // Saved first, then believed.
    for (place, lines) in &looked.lines {
        case.add_inventory(provider, &place.account, &place.region, lines)?;
    }
    looked.observed.into_iter().for_each(|seen| investigation.observe(seen));
    Ok(looked.gaps)
}
