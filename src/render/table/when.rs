//! When and where it was used, each in one line: a bar for each stretch of time, a bar for each region.

use crate::model::Time;
use crate::model::report::{Activity, Report};
use crate::render::line::{Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{count, minutes, region};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Bars over time.
const BARS: usize = 48;
/// Regions named in one screen.
const REGIONS: usize = 8;
/// From nothing to the most; the page turns them into ASCII where that is asked for.
const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const HOUR: i64 = 3600;

pub(super) fn when(page: &mut Page<'_>, report: &Report) {
    let all = &report.activity;
    let hour = |one: &Activity| one.from.as_second() / HOUR;
    let Some((first, last)) = all.iter().map(hour).min().zip(all.iter().map(hour).max()) else { return };
    let hours = last - first + 1;
    // Whole hours in each bar, as few as fit.
    let each = (hours + BARS as i64 - 1) / BARS as i64;
    let bars = ((hours + each - 1) / each) as usize;
    let mut sums = vec![0; bars];
    for one in all {
        sums[((hour(one) - first) / each) as usize] += one.events;
    }
    let most = sums.iter().copied().max().unwrap_or(0);
    let strip = sums.iter().fold(Line::new(), |line, n| line.styled(Style::Bold, level(*n, most)));
    let at = |hour: i64| Time::from_second(hour * HOUR).unwrap_or(Time::MAX);
    let busiest = sums.iter().position(|n| *n == most).unwrap_or(0) as i64;
    let from = first + busiest * each;
    let line = minutes(at(first), at(last + 1)).put(" |").join(strip).put("|");
    let told = Line::new().put(" each ").join(count(each as u64, "hour", "hours"));
    let peak = Line::new().put(", most ").join(minutes(at(from), at(from + each))).put(": ").put(Count(most));
    let line = page.fit(page.room().saturating_sub(6), vec![(0, line), (2, told), (1, peak)]);
    page.head("WHEN", line);
    let mut regions: BTreeMap<&str, u64> = BTreeMap::new();
    for one in all {
        *regions.entry(region(&one.region)).or_default() += one.events;
    }
    let mut regions: Vec<(&str, u64)> = regions.into_iter().collect();
    regions.sort_by_key(|(region, n)| (Reverse(*n), *region));
    let most = regions.first().map_or(0, |(_, n)| *n);
    let items: Vec<Line> = regions
        .iter()
        .map(|(region, n)| {
            let name = if region.is_empty() {
                Line::new().put("no region")
            } else {
                Line::new().put(Untrusted(region))
            };
            name.put(" ").styled(Style::Bold, level(*n, most)).put(" ").put(Count(*n))
        })
        .collect();
    let start = count(regions.len() as u64, "region", "regions").put(": ");
    let line = page.some(page.room().saturating_sub(7), start, &items, REGIONS);
    page.head("WHERE", line);
}

/// The bar for `n` of at most `most`; what is not nothing is seen.
fn level(n: u64, most: u64) -> &'static str {
    match (n, most) {
        (0, _) | (_, 0) => LEVELS[0],
        (n, most) => LEVELS[1 + ((n.min(most) - 1) * 8 / most) as usize],
    }
}
