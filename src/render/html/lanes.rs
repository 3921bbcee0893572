//! When and where: one lane for each region, a bar for each stretch of time. Numbers and texts for the template.

use crate::model::{Dossier, Outcome, Time};
use crate::render::line::{At, Count, Line};
use crate::render::text::Text;
use crate::render::untrusted::Untrusted;
use crate::render::words::{count, region};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Bars of a lane.
const BINS: usize = 72;
/// Lanes; the quietest regions share the last one.
const MOST: usize = 24;

#[derive(Default, Serialize)]
pub(super) struct Lanes {
    from: Text,
    middle: Text,
    to: Text,
    lanes: Vec<Lane>,
    /// Where in a thousand the leak lies, if it does.
    leak: Option<u32>,
    leaked: Text,
    bins: usize,
}

#[derive(Serialize)]
struct Lane {
    region: Text,
    events: Text,
    failed: Text,
    bars: Vec<Bar>,
}

/// Of a lane that is `BINS` wide and 24 high.
#[derive(Serialize)]
struct Bar {
    x: usize,
    height: u32,
    y: u32,
    /// All of it failed.
    failed: bool,
    title: Text,
}

#[derive(Clone, Copy, Default)]
struct Bin {
    events: u32,
    failed: u32,
}

pub(super) fn lanes(dossier: &Dossier) -> Lanes {
    let times = || dossier.timeline.iter().map(|one| one.at.as_second());
    let Some((first, last)) = times().min().zip(times().max()) else { return Lanes::default() };
    // An empty stretch would divide by nothing.
    let length = (last - first + 1).max(BINS as i64);
    let bin = |second: i64| (((second - first) * BINS as i64 / length).max(0) as usize).min(BINS - 1);
    let mut regions: BTreeMap<&str, [Bin; BINS]> = BTreeMap::new();
    for one in &dossier.timeline {
        let bins = regions.entry(region(&one.region)).or_insert([Bin::default(); BINS]);
        let bin = &mut bins[bin(one.at.as_second())];
        bin.events += 1;
        bin.failed += u32::from(matches!(one.outcome, Outcome::Failed(_)));
    }
    let total = |bins: &[Bin; BINS]| bins.iter().map(|bin| bin.events).sum::<u32>();
    let mut sorted: Vec<(&str, [Bin; BINS])> = regions.into_iter().collect();
    sorted.sort_by_key(|(region, bins)| (Reverse(total(bins)), *region));
    let rest = sorted.split_off(sorted.len().min(MOST));
    let most = sorted.iter().flat_map(|(_, bins)| bins).map(|bin| bin.events).max().unwrap_or(1).max(1);
    let start = |n: usize| Time::from_second(first + length * n as i64 / BINS as i64).unwrap_or(Time::MAX);
    let lane = |name: Text, bins: &[Bin; BINS]| Lane {
        region: name,
        events: Text::of(Count(u64::from(total(bins)))),
        failed: Text::of(Count(bins.iter().map(|bin| u64::from(bin.failed)).sum())),
        bars: bins
            .iter()
            .enumerate()
            .filter(|(_, bin)| bin.events > 0)
            .map(|(x, bin)| {
                // By the root, so that one call beside a thousand can be seen.
                let height =
                    (24.0 * (f64::from(bin.events) / f64::from(most)).sqrt()).ceil().clamp(3.0, 24.0) as u32;
                let title = Line::new().put(At(start(x))).put(": ").join(count(
                    u64::from(bin.events),
                    "event",
                    "events",
                ));
                let title = title.put(", ").put(bin.failed).put(" failed").into();
                Bar { x, height, y: 24 - height, failed: bin.failed == bin.events, title }
            })
            .collect(),
    };
    let mut lanes: Vec<Lane> = sorted
        .iter()
        .map(|(region, bins)| {
            lane(if region.is_empty() { Text::of("no region") } else { Text::of(Untrusted(region)) }, bins)
        })
        .collect();
    if !rest.is_empty() {
        let mut sum = [Bin::default(); BINS];
        for (_, bins) in &rest {
            for (sum, bin) in sum.iter_mut().zip(bins) {
                sum.events += bin.events;
                sum.failed += bin.failed;
            }
        }
        lanes.push(lane(Line::new().put(rest.len()).put(" more regions").into(), &sum));
    }
    let leak = dossier.report.window.leaked_at.filter(|at| (first..=last).contains(&at.as_second()));
    Lanes {
        from: Text::of(At(start(0))),
        middle: Text::of(At(start(BINS / 2))),
        to: Text::of(At(start(BINS))),
        lanes,
        leak: leak.map(|at| ((at.as_second() - first) * 1000 / length) as u32),
        leaked: leak.map_or(Text::default(), |at| Line::new().put("leaked ").put(At(at)).into()),
        bins: BINS,
    }
}
