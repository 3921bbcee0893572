//! EC2, live: what we look at and what we do to it. One file for each sort of thing.

mod disks;
mod fleets;
mod instances;
mod isolate;
mod left;
mod observe;
mod profiles;
mod rules;
mod seen;
mod shared;
mod shares;
mod spot;

pub(super) use seen::{answered, one, tell};
pub(super) use shared::{all_or_each, endless, pages, receipt, time};

use super::Aws;
use super::session::client;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::Ec2Change;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = observe::KINDS;

/// The tag that bears the incident on what we make.
const CASE: &str = "triage:case";

fn tags(on: ResourceType, case: &str, others: &[(&str, &str)]) -> TagSpecification {
    let tag = |(key, value): (&str, &str)| Tag::builder().key(key).value(value).build();
    let all = std::iter::once((CASE, case)).chain(others.iter().copied());
    TagSpecification::builder().resource_type(on).set_tags(Some(all.map(tag).collect())).build()
}

/// One after the other: what has no call for many.
macro_rules! each {
    ($changes:expr, $change:ident, $one:expr) => {{
        let mut answers = Vec::with_capacity($changes.len());
        for $change in $changes.iter().copied() {
            answers.push($one.await);
        }
        answers
    }};
}

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&Ec2Change]) -> Vec<Result<Sight, CloudError>> {
    use Ec2Change::*;
    let client = match client!(aws, at, aws_sdk_ec2) {
        Ok(client) => client,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let (client, case) = (&client, &*aws.case);
    match changes.first() {
        None => Vec::new(),
        Some(StopInstance { .. } | StartInstance { .. } | TerminateInstance { .. }) => {
            instances::look(client, at, changes).await
        }
        Some(
            ClearStopProtection { .. }
            | SetStopProtection { .. }
            | ClearTerminationProtection { .. }
            | SetTerminationProtection { .. },
        ) => instances::look_at_protections(client, at, changes).await,
        Some(
            CancelSpotRequest { .. }
            | HoldSpotFleet { .. }
            | SizeSpotFleet { .. }
            | CancelSpotFleet { .. }
            | TerminateSpotFleet { .. }
            | HoldFleet { .. }
            | SizeFleet { .. }
            | CancelFleet { .. }
            | TerminateFleet { .. },
        ) => fleets::look(client, at, changes).await,
        Some(SnapshotInstance { .. } | SnapshotVolume { .. }) => {
            each!(changes, change, disks::look(client, at, case, change))
        }
        Some(DeleteVolume { .. }) => each!(changes, change, disks::look_at_volume(client, at, change)),
        Some(IsolateInstance { .. } | RestoreInterfaces { .. } | DeleteQuarantine { .. }) => {
            each!(changes, change, isolate::look(client, at, case, change))
        }
        Some(ReplaceInstanceProfile { .. } | RemoveInstanceProfile { .. } | GiveInstanceProfile { .. }) => {
            each!(changes, change, profiles::look(client, at, change))
        }
        Some(CloseSecurityGroup { .. } | RevokeRules { .. } | AuthorizeRules { .. }) => {
            each!(changes, change, rules::look(client, at, change))
        }
        Some(UnshareSnapshot { .. } | ShareSnapshot { .. } | UnshareImage { .. } | ShareImage { .. }) => {
            each!(changes, change, shares::look(client, at, change))
        }
        Some(
            DeleteKeyPair { .. }
            | ImportKeyPair { .. }
            | DeleteLaunchTemplate { .. }
            | DeleteNetworkInterface { .. }
            | ReleaseAddress { .. },
        ) => each!(changes, change, left::look(client, at, change)),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&Ec2Change],
) -> Vec<Result<Receipt, CloudError>> {
    use Ec2Change::*;
    let client = match client!(aws, at, aws_sdk_ec2) {
        Ok(client) => client,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let (client, case) = (&client, &*aws.case);
    match changes.first() {
        None => Vec::new(),
        Some(StopInstance { .. }) => instances::stop(client, at, changes).await,
        Some(StartInstance { .. }) => instances::start(client, at, changes).await,
        Some(TerminateInstance { .. }) => instances::terminate(client, at, changes).await,
        Some(
            ClearStopProtection { .. }
            | SetStopProtection { .. }
            | ClearTerminationProtection { .. }
            | SetTerminationProtection { .. },
        ) => instances::protect(client, at, changes).await,
        Some(
            CancelSpotRequest { .. }
            | HoldSpotFleet { .. }
            | SizeSpotFleet { .. }
            | CancelSpotFleet { .. }
            | TerminateSpotFleet { .. }
            | HoldFleet { .. }
            | SizeFleet { .. }
            | CancelFleet { .. }
            | TerminateFleet { .. },
        ) => fleets::perform(client, at, changes).await,
        Some(SnapshotInstance { .. } | SnapshotVolume { .. }) => {
            each!(changes, change, disks::copy(client, at, case, change))
        }
        Some(DeleteVolume { .. }) => each!(changes, change, disks::delete(client, at, change)),
        Some(IsolateInstance { .. } | RestoreInterfaces { .. } | DeleteQuarantine { .. }) => {
            each!(changes, change, isolate::perform(client, at, case, change))
        }
        Some(ReplaceInstanceProfile { .. } | RemoveInstanceProfile { .. } | GiveInstanceProfile { .. }) => {
            each!(changes, change, profiles::perform(client, at, change))
        }
        Some(CloseSecurityGroup { .. } | RevokeRules { .. } | AuthorizeRules { .. }) => {
            each!(changes, change, rules::perform(client, at, change))
        }
        Some(UnshareSnapshot { .. } | ShareSnapshot { .. } | UnshareImage { .. } | ShareImage { .. }) => {
            each!(changes, change, shares::perform(client, at, change))
        }
        Some(
            DeleteKeyPair { .. }
            | ImportKeyPair { .. }
            | DeleteLaunchTemplate { .. }
            | DeleteNetworkInterface { .. }
            | ReleaseAddress { .. },
        ) => each!(changes, change, left::perform(client, at, change)),
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    observe::observe(&client!(aws, at, aws_sdk_ec2)?, at, kind, wanted).await
}

/// Lists everything that computes here, whoever made it.
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    observe::sweep(&client!(aws, at, aws_sdk_ec2)?, at).await
}
