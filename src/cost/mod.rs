//! What it cost, costs now, and no longer costs: a pure function of a report, a time to count to, and prices.
//!
//! Names `model` alone. `cli` calls [`fill`] once, after the report is made; no clock and no network is known here. What
//! has no price is named, never zero; what can only be bounded says in which direction.

mod kinds;
mod life;
mod machine;
mod rate;
mod table;
mod usage;

pub use crate::model::cost::{Ask, Live, nanos};
pub use table::{Price, Prices, Row, rows};

use crate::model::cost::{Cost, CostKind, Hours, ResourceCost, Unpriced, Usd};
use crate::model::report::{Confidence, Resource};
use crate::model::{Provider, Report, Time};
use kinds::Billing;
use life::Life;
use rate::{Around, Rate};
use std::collections::BTreeSet;

/// What no price here contains.
const NOTES: [&str; 3] = [
    "list prices: credits, discounts, commitments and taxes are not in it",
    "traffic, requests and boot disks whose size no record tells are not in it",
    "billed by the second from the record of the launch; minimum charges are not in it",
];

/// Lays costs over a report: what was burned until `at`, what burns now, what is saved.
pub fn fill(report: &mut Report, at: Time, prices: &Prices) {
    let around = Around::of(report);
    let mut costs: Vec<Option<ResourceCost>> = Vec::with_capacity(report.resources.len());
    let mut unpriced = Vec::new();
    for resource in &report.resources {
        costs.push(match cost_of(resource, &around, at, prices) {
            Priced::Free => None,
            Priced::Known(cost) => Some(cost),
            Priced::Unknown(_) if resource.confidence == Confidence::LikelyLegitimate => None,
            Priced::Unknown(why) => {
                unpriced.push(Unpriced {
                    kind: resource.kind,
                    id: resource.id.clone(),
                    account: resource.account.clone(),
                    region: resource.region.clone(),
                    why,
                });
                None
            }
        });
    }
    drop(around);
    for (resource, cost) in report.resources.iter_mut().zip(costs) {
        resource.cost = cost;
    }
    let usage = usage::usage(&report.used, prices, &mut unpriced);
    unpriced.sort();
    unpriced.dedup();
    report.cost = Some(sum(report, at, usage, unpriced));
}

/// Returns what a price API may be asked of: machines, which cost most. All else has the table's price.
pub fn asks(report: &Report) -> BTreeSet<Ask> {
    let mut asks = BTreeSet::new();
    for one in &report.resources {
        let told = one.turns.iter().filter_map(|turn| turn.words.get("type"));
        for kind in told.chain(one.details.get("type")) {
            let (group, items) = match one.kind {
                "aws.ec2.instance" => ("ec2", vec![kind.to_string()]),
                "gcp.compute.instance" => ("gce", machine::parts(kind)),
                _ => continue,
            };
            let region = &one.region;
            asks.extend(items.into_iter().map(|item| Ask { group, item, region: region.to_string() }));
        }
    }
    asks
}

/// Returns the time that a recorded case ends with: what was asked for, else the latest that anything in it tells of.
pub fn end_of_record(report: &Report) -> Option<Time> {
    // Logs of the other cloud may lie in the same folder.
    let is_google = |source: &str| matches!(source, "activity" | "data_access" | "system_event" | "policy");
    let is_ours = |source: &str| is_google(source) == (report.principal.provider == Provider::Gcp);
    let scopes = report.coverage.scopes.iter().filter(|scope| is_ours(&scope.source));
    let scopes = scopes.filter_map(|scope| scope.to);
    let seen = report.resources.iter().filter_map(|one| one.observed_at);
    let made = report.resources.iter().flat_map(|one| [Some(one.created_at), one.deleted_at]).flatten();
    let latest = scopes.chain(seen).chain(made).max();
    match (report.window.until, latest) {
        // A window may reach beyond what was recorded: what ran then, nobody saw.
        (Some(until), Some(latest)) => Some(until.min(latest)),
        (until, latest) => latest.or(until),
    }
}

enum Priced {
    Free,
    Known(ResourceCost),
    Unknown(String),
}

fn cost_of(resource: &Resource, around: &Around, at: Time, prices: &Prices) -> Priced {
    match kinds::billing(resource.kind) {
        Billing::Free => return Priced::Free,
        Billing::ByUse(why) => return Priced::Unknown(why.to_owned()),
        Billing::Unlisted => return Priced::Unknown(format!("no price of {} is known here", resource.kind)),
        Billing::ByTime => {}
    }
    if around.is_paid_by_another(resource) {
        return Priced::Free;
    }
    let life = Life::of(resource, at);
    let mut sum: u128 = 0;
    let mut now = Rate::default();
    let mut last = Rate::default();
    let mut said = Rate::default();
    for span in &life.spans {
        let rate = match rate::rate(resource, &span.words, around, prices) {
            Ok(Some(rate)) => rate,
            Ok(None) => return Priced::Free,
            Err(why) => return Priced::Unknown(why),
        };
        let nanos = if span.is_on { rate.on + rate.there } else { rate.there };
        sum = sum.saturating_add(u128::from(nanos).saturating_mul(u128::from(span.seconds())));
        last = rate.clone();
        said.join(rate);
    }
    if life.is_there {
        now.on = if life.is_on { last.on } else { 0 };
        now.there = last.there;
    }
    let saved = life.saves.map(|saves| match saves {
        life::Saves::Running => last.on,
        life::Saves::All => last.on + last.there,
    });
    let (notes, kind) = kind_of(&said, &life);
    Priced::Known(ResourceCost {
        per_hour: usd(u128::from(now.on + now.there)),
        burned: usd(sum / 3600),
        hours: Hours::from_seconds(life.running()),
        saved_per_day: saved.map(|nanos| usd(u128::from(nanos)).per_day()),
        basis: said.basis.into_iter().collect::<Vec<_>>().join("; "),
        as_of: said.as_of.unwrap_or_default(),
        kind,
        notes,
    })
}

/// From billionths of a dollar, rounded to the nearest millionth.
fn usd(nanos: u128) -> Usd {
    Usd::micros(u64::try_from((nanos + 500) / 1000).unwrap_or(u64::MAX))
}

fn kind_of(rate: &Rate, life: &Life) -> (Vec<String>, CostKind) {
    let notes: BTreeSet<String> =
        rate.upper.iter().chain(&rate.lower).chain(&life.upper).chain(&life.lower).cloned().collect();
    let is_upper = !rate.upper.is_empty() || !life.upper.is_empty();
    let is_lower = !rate.lower.is_empty() || !life.lower.is_empty();
    let kind = match (is_upper, is_lower) {
        (true, true) => CostKind::Estimate,
        (true, false) => CostKind::UpperBound,
        (false, true) => CostKind::LowerBound,
        (false, false) if rate.is_live => CostKind::LivePrice,
        (false, false) => CostKind::ListPrice,
    };
    (notes.into_iter().collect(), kind)
}

fn sum(
    report: &Report,
    at: Time,
    usage: Vec<crate::model::cost::UsageCost>,
    unpriced: Vec<Unpriced>,
) -> Cost {
    // What its owners probably made themselves is priced, and in no sum.
    let is_theirs = |one: &&Resource| one.confidence != Confidence::LikelyLegitimate;
    let meant = report.resources.iter().filter(is_theirs);
    let of: Vec<&ResourceCost> = meant.filter_map(|one| one.cost.as_ref()).collect();
    let all = report.resources.iter().filter(|one| one.cost.is_some()).count();
    let mut notes = NOTES.map(str::to_owned).to_vec();
    match all - of.len() {
        0 => {}
        1 => notes.push("1 thing that is likely legitimate is in no sum".into()),
        many => notes.push(format!("{many} things that are likely legitimate are in no sum")),
    }
    let used: Vec<Usd> = usage.iter().filter_map(|one| one.burned).collect();
    let priced = (of.len() + used.len()) as u64;
    let unknown = unpriced.len() as u64;
    // With nothing priced and something unknown, a sum of nothing would read as zero.
    let tells = |sum: Usd| (priced > 0 || unknown == 0).then_some(sum);
    let kinds = || of.iter().map(|one| one.kind).chain(usage.iter().filter_map(|one| one.kind));
    let count = |meant: &[CostKind]| kinds().filter(|kind| meant.contains(kind)).count() as u64;
    let basis: BTreeSet<&str> = of
        .iter()
        .flat_map(|one| one.basis.split("; "))
        .chain(usage.iter().filter_map(|one| one.basis.as_deref()))
        .collect();
    let months = of.iter().map(|one| &one.as_of).chain(usage.iter().filter_map(|one| one.as_of.as_ref()));
    Cost {
        currency: "USD",
        at,
        burned: tells(of.iter().map(|one| one.burned).chain(used).sum()),
        per_hour: tells(of.iter().map(|one| one.per_hour).sum()),
        saved_per_day: tells(of.iter().filter_map(|one| one.saved_per_day).sum()),
        priced,
        unknown,
        upper_bounds: count(&[CostKind::UpperBound, CostKind::Estimate]),
        lower_bounds: count(&[CostKind::LowerBound, CostKind::Estimate]),
        as_of: months.filter(|month| !month.is_empty()).min().cloned(),
        basis: basis.into_iter().filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        usage,
        unpriced,
        notes,
    }
}
