//! What it costs: the table of prices, the recorded scenarios against numbers computed by hand, and what holds for all.

mod always;
mod lives;

use crate::scenarios;
use std::collections::BTreeSet;
use triage::cost::{self, Prices};
use triage::model::cost::{CostKind, ResourceCost, Usd};
use triage::model::report::{Confidence, Resource};
use triage::model::{Report, Time};
use triage::render::{json, jsonl};

/// The report of a scenario with its cost to the end of the record.
fn scenario(name: &str) -> Report {
    let mut report = scenarios::report(name);
    let at = cost::end_of_record(&report).expect("something was recorded");
    cost::fill(&mut report, at, &Prices::default());
    report
}

fn usd(text: &str) -> Usd {
    Usd::micros(cost::nanos(text).expect("a decimal") / 1000)
}

fn of<'r>(report: &'r Report, id: &str) -> &'r ResourceCost {
    let found = report.resources.iter().find(|one| one.id.ends_with(id));
    found.and_then(|one| one.cost.as_ref()).unwrap_or_else(|| panic!("{id} has no cost"))
}

fn check(report: &Report, expect: &[(&str, &str, &str, CostKind)]) {
    for (id, per_hour, burned, kind) in expect {
        let cost = of(report, id);
        assert_eq!((cost.per_hour, cost.burned, cost.kind), (usd(per_hour), usd(burned), *kind), "{id}");
    }
}

#[test]
fn aws_role_chain_costs_what_was_computed_by_hand() {
    let report = scenario("aws-role-chain");
    let at: Time = "2026-07-14T13:00:00Z".parse().unwrap();
    check(
        &report,
        &[
            // us-east-1, 1.212 an hour, 09:58:07 to 13:00: 10,913 s.
            ("i-00a729b981495bfee", "1.212", "3.674043", CostKind::ListPrice),
            // The group's first member, replaced: 10:21:30 to 11:26:00, 3,870 s; and the one after it, from 11:26:40.
            ("i-0e05c75971fbd60d6", "0", "1.3029", CostKind::ListPrice),
            ("i-08d9a3479687a6f7c", "1.212", "1.885333", CostKind::ListPrice),
            // Spot, 10:24:20 to 13:00: 9,340 s.
            ("i-08f500a1d836e91d3", "1.212", "3.144467", CostKind::UpperBound),
            // Stopped at 11:41:10 as the log tells: 1.28549, 5,733 s.
            ("i-04a6759e3d28c3dff", "0", "2.047143", CostKind::ListPrice),
            // Nobody could look there: 1.34573, 10,613 s.
            ("i-06bad40154c431c42", "1.34573", "3.967287", CostKind::UpperBound),
            // Terminated in sa-east-1: 2.06016, 10:18:07 to 11:30:04, 4,317 s.
            ("i-04b52ce083e9dd5c3", "0", "2.470475", CostKind::ListPrice),
            // 50 tasks of 4 vCPUs (0.04656) and 8 GB (0.00511), 9,195 s.
            ("service/render/render", "11.356", "29.005117", CostKind::UpperBound),
        ],
    );
    let cost = report.cost.as_ref().expect("filled");
    assert_eq!(cost.at, at);
    // 23 instances, 76.508359 in all, and the service.
    assert_eq!(cost.burned, Some(usd("105.513476")));
    assert_eq!(cost.per_hour, Some(usd("37.2658")));
    // The stopped one: 24 * 1.28549.
    assert_eq!(cost.saved_per_day, Some(usd("30.85176")));
    let unpriced: Vec<(&str, &str)> = cost.unpriced.iter().map(|one| (one.kind, &*one.region)).collect();
    assert_eq!(
        unpriced,
        [
            ("aws.ec2.instance", "ap-southeast-1"),
            ("aws.ec2.instance", "ap-northeast-3"),
            ("aws.ec2.instance", "eu-west-3"),
            ("aws.ec2.instance", "us-west-1"),
            ("aws.lambda.function", "us-east-1"),
        ]
    );
    assert_eq!((cost.priced, cost.unknown, cost.upper_bounds, cost.lower_bounds), (24, 5, 3, 0));
    assert_eq!(cost.as_of.as_deref(), Some("2025-03"));
}

#[test]
fn gcp_cryptojacking_costs_what_was_computed_by_hand() {
    let report = scenario("gcp-cryptojacking");
    let by_type = |name: &str, region: &str| -> BTreeSet<(Usd, CostKind)> {
        let is_running = |one: &&Resource| one.state == "running" && &*one.region == region;
        let costs = report.resources.iter().filter(is_running).filter_map(|one| one.cost.as_ref());
        costs.filter(|one| one.basis.contains(name)).map(|one| (one.per_hour, one.kind)).collect()
    };
    // With one address (0.005) and 50 GB of pd-balanced (0.1 a month, 0.006849 an hour).
    for (name, region, per_hour, kind) in [
        // 12 vCPUs at 0.031611, 85 GB at 0.004237, one A100 at 2.933908.
        ("a2-highgpu-1g", "us-central1", "3.685234", CostKind::ListPrice),
        // Made by a group from its template: 64 at 0.027502, 64 GB at 0.003686.
        ("n2d-highcpu-64", "us-east1", "2.007881", CostKind::ListPrice),
        // By a bulk insert: 16 at 0.036602, 16 GB at 0.004906, on spot.
        ("n2-highcpu-16", "asia-east1", "0.675977", CostKind::UpperBound),
        // 30 at 0.033982, 120 GB at 0.004555.
        ("c2-standard-30", "us-central1", "1.577909", CostKind::UpperBound),
    ] {
        assert_eq!(by_type(name, region), BTreeSet::from([(usd(per_hour), kind)]), "{name} in {region}");
    }
    let cost = report.cost.as_ref().expect("filled");
    // One machine is likely its owners' own: priced, and in no sum.
    let is_theirs = |one: &&Resource| one.confidence != Confidence::LikelyLegitimate;
    let costs = report.resources.iter().filter(is_theirs).filter_map(|one| one.cost.as_ref());
    assert_eq!(cost.burned, Some(costs.map(|one| one.burned).sum()));
    assert_eq!((cost.priced, cost.unknown), (82, 2));
    let unpriced: Vec<&str> = cost.unpriced.iter().map(|one| one.kind).collect();
    assert_eq!(unpriced, ["gcp.run.service", "gcp.storage.bucket"]);
}

#[test]
fn where_nothing_was_launched_nothing_is_burned() {
    for name in ["aws-busy-deployer", "gcp-busy-pipeline"] {
        let cost = scenario(name).cost.expect("filled");
        assert_eq!((cost.burned, cost.per_hour), (Some(Usd::ZERO), Some(Usd::ZERO)), "{name}");
        assert_eq!((cost.priced, cost.unknown), (0, 0), "{name}");
    }
}

#[test]
fn cost_is_in_the_machine_formats() {
    let report = scenario("aws-role-chain");
    let whole: serde_json::Value = serde_json::from_slice(&json::report(&report)).unwrap();
    assert_eq!(whole["cost"]["burned"], serde_json::json!(105.513476));
    assert_eq!(whole["cost"]["currency"], "USD");
    let with_cost = whole["resources"].as_array().unwrap().iter().filter(|one| one.get("cost").is_some());
    assert_eq!(with_cost.count(), 24);
    let lines = String::from_utf8(jsonl::report(&report)).unwrap();
    let costs: Vec<&str> = lines.lines().filter(|line| line.starts_with(r#"{"type":"cost""#)).collect();
    assert_eq!(costs.len(), 1);
    assert!(costs[0].contains(r#""per_hour":37.2658"#), "{}", costs[0]);
}

/// Regions of both clouds that prices may be of.
const AREAS: [&str; 13] =
    ["africa", "af", "ap", "asia", "australia", "ca", "eu", "europe", "il", "me", "mx", "northamerica", "us"];

fn is_region(name: &str) -> bool {
    let number = name.chars().next_back().is_some_and(|last| last.is_ascii_digit());
    let area = name.split('-').next().unwrap_or_default();
    let is_word = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name == "*"
        || number
            && (AREAS.contains(&area) || matches!(area, "sa" | "southamerica"))
            && name.split('-').all(is_word)
}

#[test]
fn the_table_is_sorted_unique_and_plausible() {
    let rows: Vec<_> = cost::rows().collect();
    assert!(rows.len() > 1000, "{} rows", rows.len());
    let mut seen = BTreeSet::new();
    for pair in rows.windows(2) {
        let same_block = (pair[0].group, pair[0].source) == (pair[1].group, pair[1].source);
        assert!(!same_block || pair[0].item < pair[1].item, "{} before {}", pair[0].item, pair[1].item);
    }
    for row in &rows {
        assert!(seen.insert((row.group, row.item)), "{} {} twice", row.group, row.item);
        assert!(!row.source.is_empty() && row.month.len() == 7, "{}", row.item);
        assert!(("2025-01".."2028-01").contains(&row.month), "{}", row.month);
        // Dollars: of an hour, of a GB and month, of a million tokens.
        let (least, most) = match row.group {
            "ec2" | "sagemaker" | "gce" => (0.001, 500.0),
            "volume" | "disk" => (0.01, 1.0),
            "bedrock" | "gemini" => (0.001, 1000.0),
            "aws" | "gcp" => (0.001, 100.0),
            group => panic!("{group} is no known group"),
        };
        let mut regions = BTreeSet::new();
        for part in row.prices.split(';') {
            let (price, places) = part.split_once(' ').unwrap_or_else(|| panic!("{}: {part}", row.item));
            let nanos =
                cost::nanos(price.trim_start_matches('<')).unwrap_or_else(|| panic!("{}: {price}", row.item));
            let dollars = nanos as f64 / 1e9;
            assert!((least..most).contains(&dollars), "{} costs {dollars}", row.item);
            for region in places.split(',') {
                assert!(is_region(region), "{}: {region} is no region", row.item);
                assert!(regions.insert(region), "{} has two prices in {region}", row.item);
            }
        }
    }
}

#[test]
fn well_known_prices_are_as_known() {
    let prices = Prices::default();
    for (group, item, region, expect) in [
        ("ec2", "t3.micro", "us-east-1", "0.0104"),
        ("ec2", "m5.large", "us-west-2", "0.096"),
        ("ec2", "c5.24xlarge", "us-east-1", "4.08"),
        ("ec2", "c5.large", "eu-west-1", "0.096"),
        ("ec2", "m5.xlarge", "eu-central-1", "0.23"),
        ("ec2", "g4dn.xlarge", "us-east-1", "0.526"),
        ("ec2", "g5.48xlarge", "us-east-1", "16.288"),
        ("ec2", "p3.16xlarge", "us-east-1", "24.48"),
        ("ec2", "p4d.24xlarge", "us-east-1", "21.957642"),
        ("ec2", "p5.48xlarge", "us-west-2", "55.04"),
        ("ec2", "trn1.32xlarge", "us-east-1", "21.5"),
        ("gce", "n2.vcpu", "us-central1", "0.031611"),
        ("gce", "e2.gb", "us-east1", "0.00292353"),
        ("gce", "nvidia-tesla-t4", "us-central1", "0.35"),
        ("disk", "pd-ssd", "us-central1", "0.17"),
        ("volume", "gp3", "us-east-1", "0.08"),
        ("aws", "public_ipv4", "eu-west-3", "0.005"),
        ("bedrock", "anthropic.claude-3-5-sonnet-20240620-v1:0.out", "us-east-1", "15"),
        ("gemini", "gemini-2.5-pro.in", "us-central1", "1.25"),
    ] {
        let found = prices.of(group, item, region).unwrap_or_else(|| panic!("no {item} in {region}"));
        assert_eq!(Some(found.nanos), cost::nanos(expect), "{item} in {region}");
    }
    for (group, item, region) in [
        ("ec2", "u-99.metal", "us-east-1"),
        ("ec2", "c5.large", "mars-north-1"),
        ("gce", "c5.large", "us-east-1"),
    ] {
        assert_eq!(prices.of(group, item, region), None, "{item} in {region}");
    }
    for text in ["", "-1", "1.", "1e3", "NaN", ".5", "1.2.3", "99999999999999999999"] {
        let read = cost::nanos(text);
        assert!(read.is_none() || text == "1.", "{text:?} is {read:?}");
    }
}
