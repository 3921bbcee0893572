//! Which regions an account has: enabled ones are looked into, disabled ones are known, so that an attacker's switch is seen.

use super::error::{failed, not_answered};
use super::{Aws, client};
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use crate::model::gap::{Gap, GapKind};
use aws_sdk_account::types::RegionOptStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// IAM actions that [`Aws::regions`] asks for.
pub(super) const READS: &[&str] = &["account:ListRegions", "ec2:DescribeRegions"];

/// A region of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    pub name: Arc<str>,
    /// Whether calls work there; what a region that was disabled holds goes on and costs.
    pub is_enabled: bool,
    /// Whether it is one that every account has, and that nobody can disable.
    pub is_default: bool,
}

/// Regions that opened before 2019-03-20, which every account has: a key that is not accepted there is not accepted at all.
/// <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>
const DEFAULTS: &[&str] = &[
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

/// Most pages that an honest answer has: 34 regions, 50 a page.
const PAGES: usize = 20;

/// Returns the region of a partition's global services, and of their events.
pub(super) fn global(partition: &str) -> &'static str {
    match partition {
        "aws-us-gov" => "us-gov-west-1",
        "aws-cn" => "cn-north-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        _ => "us-east-1",
    }
}

/// Whether a region can't be disabled; only the commercial partition and China's and the government's are known.
pub(super) fn is_default(region: &str) -> bool {
    region.is_empty()
        || DEFAULTS.contains(&region)
        || region.starts_with("us-gov-")
        || region.starts_with("cn-")
}

fn defaults(partition: &str) -> Vec<Region> {
    let names: &[&str] = match partition {
        "aws" => DEFAULTS,
        "aws-us-gov" => &["us-gov-east-1", "us-gov-west-1"],
        "aws-cn" => &["cn-north-1", "cn-northwest-1"],
        "aws-iso" => &["us-iso-east-1", "us-iso-west-1"],
        partition => &[global(partition)],
    };
    names.iter().map(|name| Region { name: (*name).into(), is_enabled: true, is_default: true }).collect()
}

impl Aws {
    /// Returns the regions of an account, enabled and not, by name.
    ///
    /// Refused twice, it is the regions that every account has, with a gap: what was enabled besides is then not seen.
    pub async fn regions(&self, account: &str) -> (Vec<Region>, Vec<Gap>) {
        let at = Place::new(account, "");
        let first = match self.listed(&at).await {
            Ok(regions) => return (regions, Vec::new()),
            Err(error) => error,
        };
        if first.call == "sts:AssumeRole" {
            // Not in: EC2 would say the same.
            return (Vec::new(), vec![first.gap()]);
        }
        let second = match self.described(&at).await {
            Ok(regions) => return (regions, Vec::new()),
            Err(error) => error,
        };
        let why = format!(
            "the regions of this account are not known, so only those that every account has are looked into: {first}; {second}"
        );
        let kind = if second.refusal == Refusal::Denied { GapKind::Denied } else { GapKind::Unread };
        (defaults(self.identity.partition()), vec![Gap::new(kind, account, why)])
    }

    async fn listed(&self, at: &Place) -> Result<Vec<Region>, CloudError> {
        const CALL: &str = "account:ListRegions";
        let client = client!(self, at, aws_sdk_account)?;
        let mut regions = BTreeMap::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            // No account id: only the management account may name one, and then only others.
            let page = client.list_regions().max_results(50).set_next_token(token.clone()).send().await;
            let page = page.map_err(|error| failed(CALL, at, error))?;
            for region in page.regions.unwrap_or_default() {
                let (Some(name), Some(status)) = (region.region_name, region.region_opt_status) else {
                    continue;
                };
                let is_default = status == RegionOptStatus::EnabledByDefault;
                // One that is being switched on or off may answer already or still.
                let is_enabled = status != RegionOptStatus::Disabled;
                let name: Arc<str> = name.into();
                regions.insert(name.clone(), Region { name, is_enabled, is_default });
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                None if regions.is_empty() => return Err(not_answered(CALL, at, "region")),
                None => return Ok(regions.into_values().collect()),
                next if next == token => break,
                next => token = next,
            }
        }
        Err(not_answered(CALL, at, "end"))
    }

    async fn described(&self, at: &Place) -> Result<Vec<Region>, CloudError> {
        const CALL: &str = "ec2:DescribeRegions";
        let client = client!(self, at, aws_sdk_ec2)?;
        let answer = client.describe_regions().all_regions(true).send().await;
        let answer = answer.map_err(|error| failed(CALL, at, error))?;
        let mut regions: Vec<Region> = answer
            .regions
            .unwrap_or_default()
            .into_iter()
            .filter_map(|region| {
                let status = region.opt_in_status.as_deref().unwrap_or("opt-in-not-required");
                Some(Region {
                    name: region.region_name?.into(),
                    is_enabled: status != "not-opted-in",
                    is_default: status == "opt-in-not-required",
                })
            })
            .collect();
        regions.sort();
        regions.dedup();
        if regions.is_empty() { Err(not_answered(CALL, at, "region")) } else { Ok(regions) }
    }
}

/// Narrows regions to those that the operator names; returns names that the account does not have.
pub fn narrow(regions: Vec<Region>, asked: &[String]) -> (Vec<Region>, Vec<String>) {
    if asked.is_empty() {
        return (regions, Vec::new());
    }
    let unknown =
        asked.iter().filter(|name| !regions.iter().any(|one| *one.name == ***name)).cloned().collect();
    (regions.into_iter().filter(|one| asked.iter().any(|name| **name == *one.name)).collect(), unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_global_region_among_its_own() {
        assert_eq!(DEFAULTS.len(), 17);
        for partition in ["aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b"] {
            let regions = defaults(partition);
            assert!(regions.iter().any(|one| *one.name == *global(partition)), "{partition}");
        }
    }

    #[test]
    fn regions_that_are_asked_for_and_not_there_are_told() {
        let (left, unknown) = narrow(defaults("aws"), &["eu-west-3".into(), "eu-west-9".into()]);
        assert_eq!(left.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["eu-west-3"]);
        assert_eq!(unknown, ["eu-west-9"]);
        assert_eq!(narrow(defaults("aws-cn"), &[]).0.len(), 2);
    }
}
