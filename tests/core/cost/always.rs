//! What holds for every timeline: no cost shrinks with time, none is negative or lost in the order of records, and what is
//! unknown is counted.

use super::lives::{KEY, power, resize, run, told};
use crate::properties::{AWS, GCP};
use proptest::prelude::*;
use serde_json::{Value, json};
use triage::cost::{self, Prices};
use triage::model::cost::Usd;
use triage::model::{Report, Time};
use triage::render::json as render;

#[derive(Clone, Debug)]
enum Act {
    Launch,
    Stop,
    Start,
    Resize(usize),
    End,
}

const TYPES: [&str; 4] = ["t3.micro", "c5.24xlarge", "p3.16xlarge", "u-99.metal"];

fn acts() -> impl Strategy<Value = Vec<(u32, usize, Act)>> {
    let act = prop_oneof![
        2 => Just(Act::Launch),
        2 => Just(Act::Stop),
        2 => Just(Act::Start),
        1 => (0..TYPES.len()).prop_map(Act::Resize),
        1 => Just(Act::End),
    ];
    prop::collection::vec((0..36_000_u32, 0..3_usize, act), 1..16)
}

fn records(acts: &[(u32, usize, Act)]) -> Vec<Value> {
    let record = |(place, (second, which, act)): (usize, &(u32, usize, Act))| {
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let id = format!("i-{which}");
        let mut record = match act {
            Act::Launch => run(&time, &id, TYPES[*which], json!({})),
            Act::Stop => power(&time, "StopInstances", &id),
            Act::Start => power(&time, "StartInstances", &id),
            Act::Resize(to) => resize(&time, &id, TYPES[*to]),
            Act::End => power(&time, "TerminateInstances", &id),
        };
        record["eventID"] = json!(format!("e-{place}"));
        record
    };
    acts.iter().enumerate().map(record).collect()
}

fn at(second: u32) -> Time {
    let start: Time = "2026-07-14T00:00:00Z".parse().unwrap();
    Time::from_second(start.as_second() + i64::from(second)).unwrap()
}

fn filled(report: &Report, second: u32) -> Report {
    let mut report = report.clone();
    cost::fill(&mut report, at(second), &Prices::default());
    report
}

fn burned(report: &Report) -> Vec<Option<Usd>> {
    report.resources.iter().map(|one| one.cost.as_ref().map(|cost| cost.burned)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cost_never_shrinks_with_time(acts in acts(), early in 0..40_000_u32, later in 0..40_000_u32) {
        let report = told(KEY, &records(&acts));
        let (first, then) = (filled(&report, early), filled(&report, early.saturating_add(later)));
        for (before, after) in burned(&first).into_iter().zip(burned(&then)) {
            // A type that has no price may turn up in between: then nothing is known of the whole.
            if let (Some(before), Some(after)) = (before, after) {
                prop_assert!(before <= after, "{before} shrank to {after}");
            }
        }
    }

    #[test]
    fn what_is_unknown_is_counted_and_named(acts in acts(), second in 0..40_000_u32) {
        let report = filled(&told(KEY, &records(&acts)), second);
        let cost = report.cost.as_ref().expect("filled");
        let without = report.resources.iter().filter(|one| one.cost.is_none()).count() as u64;
        let with = report.resources.len() as u64 - without;
        prop_assert!(cost.priced == with && (cost.unknown > 0) == (without > 0));
        prop_assert_eq!(cost.unpriced.len() as u64, cost.unknown);
        prop_assert_eq!(cost.burned.is_none(), with == 0 && without > 0);
        let sum: Usd = burned(&report).into_iter().flatten().sum();
        prop_assert_eq!(cost.burned.unwrap_or(sum), sum);
    }

    #[test]
    fn the_order_of_records_changes_nothing(
        (acts, order) in acts().prop_flat_map(|acts| {
            let places: Vec<usize> = (0..acts.len()).collect();
            (Just(acts), Just(places).prop_shuffle())
        })
    ) {
        let all = records(&acts);
        let shuffled: Vec<&Value> = order.iter().map(|place| &all[*place]).collect();
        let straight = render::report(&filled(&told(KEY, &all), 36_000));
        prop_assert!(straight == render::report(&filled(&told(KEY, shuffled), 36_000)));
    }
}

#[test]
fn scenarios_cost_the_same_in_any_order() {
    for recorded in [&AWS, &GCP] {
        let all = recorded.all();
        let back: Vec<usize> = all.iter().rev().copied().collect();
        let cost = |places: &[usize]| {
            let mut report = recorded.report(recorded.at(places));
            let at = cost::end_of_record(&report).expect("something was recorded");
            cost::fill(&mut report, at, &Prices::default());
            render::report(&report)
        };
        assert!(cost(&all) == cost(&back), "another cost for another order");
    }
}
