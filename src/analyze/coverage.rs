//! What was looked at: accounts or projects × regions × log kinds, ending in "seen N of M".
//!
//! Taken from records, never from file names. What no record came from is a row with `seen: false`: quiet and
//! never-exported look the same from here, and the report says so.

use super::graph::Graph;
use crate::catalog::aws::arn::partition_of;
use crate::model::gap::GapKind;
use crate::model::report::{Coverage, CoveredScope};
use crate::model::{Gap, Provider};
use std::collections::{BTreeMap, BTreeSet};

/// The regions that every AWS account has without opting in (account:ListRegions, ENABLED_BY_DEFAULT).
pub const AWS_DEFAULT_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The same of the account's partition, by a region that was seen of it; of partitions whose list is not known none is missed.
fn defaults(seen: &str) -> &'static [&'static str] {
    match partition_of(seen) {
        "aws" => &AWS_DEFAULT_REGIONS,
        "aws-cn" => &["cn-north-1", "cn-northwest-1"],
        "aws-us-gov" => &["us-gov-east-1", "us-gov-west-1"],
        _ => &[],
    }
}

pub fn coverage<'a>(
    graph: &Graph,
    scopes: impl Iterator<Item = &'a CoveredScope>,
    gaps: &mut BTreeSet<Gap>,
) -> Coverage {
    let mut all: BTreeMap<(String, String, String), CoveredScope> = scopes
        .map(|scope| ((scope.account.clone(), scope.region.clone(), scope.source.clone()), scope.clone()))
        .collect();
    let seen_accounts: BTreeSet<String> =
        all.keys().map(|(account, _, _)| account.clone()).filter(|account| !account.is_empty()).collect();
    let met = met_accounts(graph);
    for account in met.difference(&seen_accounts) {
        gaps.insert(Gap::new(
            GapKind::NotFollowed,
            account.clone(),
            "the chain leads here, but no record of it was given",
        ));
    }
    match graph.evidence.principal.provider {
        Provider::Aws => expect_aws(&seen_accounts, &met, &mut all, gaps),
        Provider::Gcp => expect_gcp(&seen_accounts, &met, &mut all, gaps),
    }
    untraceable(graph, gaps);
    let scopes: Vec<CoveredScope> = all.into_values().collect();
    let seen = scopes.iter().filter(|scope| scope.seen).count() as u64;
    Coverage { seen, of: scopes.len() as u64, scopes }
}

/// Credentials whose use no log names (gcp.md 3.1): not seen in use is not unused.
fn untraceable(graph: &Graph, gaps: &mut BTreeSet<Gap>) {
    for node in graph.nodes.iter().filter(|node| matches!(node.kind, "gcp.hmac_key" | "gcp.api_key")) {
        gaps.insert(Gap::new(
            GapKind::Blind,
            format!("{} {}", node.kind, node.id),
            "no record names this credential when it is used",
        ));
    }
}

/// Accounts or projects that the closure's credentials belong to, as they or the seed's own records say: not every key
/// id tells its account.
pub fn met_accounts(graph: &Graph) -> BTreeSet<String> {
    let of_seed = graph.seed_actors().filter_map(|actor| actor.account.as_deref());
    graph
        .nodes
        .iter()
        .filter_map(|node| node.account.as_deref())
        .chain(of_seed)
        .filter(|account| !account.is_empty())
        .map(str::to_owned)
        .collect()
}

fn unseen(account: &str, region: &str, source: &str) -> CoveredScope {
    CoveredScope {
        account: account.to_owned(),
        region: region.to_owned(),
        source: source.to_owned(),
        seen: false,
        from: None,
        to: None,
        records: 0,
    }
}

fn expect(
    all: &mut BTreeMap<(String, String, String), CoveredScope>,
    account: &str,
    region: &str,
    source: &str,
) {
    all.entry((account.to_owned(), region.to_owned(), source.to_owned()))
        .or_insert_with(|| unseen(account, region, source));
}

fn expect_aws(
    seen: &BTreeSet<String>,
    met: &BTreeSet<String>,
    all: &mut BTreeMap<(String, String, String), CoveredScope>,
    gaps: &mut BTreeSet<Gap>,
) {
    for account in seen.intersection(met) {
        let there = all.keys().find(|(of, region, _)| of == account && region.contains('-'));
        let expected = defaults(there.map_or("", |(_, region, _)| region));
        let quiet: Vec<&str> = expected
            .iter()
            .copied()
            .filter(|region| {
                !all.contains_key(&(account.clone(), (*region).to_owned(), "management".to_owned()))
            })
            .collect();
        for region in &quiet {
            expect(all, account, region, "management");
        }
        if !quiet.is_empty() {
            gaps.insert(Gap::new(
                GapKind::Blind,
                account.clone(),
                format!(
                    "no management record from {} of {} default regions: quiet, or not in what was given",
                    quiet.len(),
                    expected.len()
                ),
            ));
        }
        if !all.keys().any(|(a, _, source)| a == account && source == "data") {
            gaps.insert(Gap::new(
                GapKind::Blind,
                account.clone(),
                "no data event: reads of S3 objects, function invocations and table items would not show",
            ));
        }
    }
    for account in met.difference(seen) {
        expect(all, account, "*", "management");
    }
}

fn expect_gcp(
    seen: &BTreeSet<String>,
    met: &BTreeSet<String>,
    all: &mut BTreeMap<(String, String, String), CoveredScope>,
    gaps: &mut BTreeSet<Gap>,
) {
    for project in seen.union(met).filter(|account| is_project(account)) {
        let has = |source: &str| all.keys().any(|(account, _, s)| account == project && s == source);
        let (activity, data) = (has("activity"), has("data_access"));
        if !activity {
            expect(all, project, "*", "activity");
        }
        if !data {
            expect(all, project, "*", "data_access");
            gaps.insert(Gap::new(
                GapKind::Blind,
                project.clone(),
                "no data-access record: token minting, secret and object reads would not show",
            ));
        }
    }
}

/// Folders, organizations and billing accounts have no data of their own to read.
fn is_project(account: &str) -> bool {
    !account.is_empty() && !account.contains('/')
}
