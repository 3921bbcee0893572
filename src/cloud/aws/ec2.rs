//! EC2, live: what we look at and what we do to it. One file for each sort of thing.

mod instances;
mod observe;
mod seen;
mod shared;

pub(super) use seen::{answered, one, tell};
pub(super) use shared::{all_or_each, endless, pages, receipt, time};

use super::Aws;
use super::session::client;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::Ec2Change;
use crate::model::{Observed, Place, ResourceRef, Sight};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = observe::KINDS;

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&Ec2Change]) -> Vec<Result<Sight, CloudError>> {
    use Ec2Change::*;
    let client = match client!(aws, at, aws_sdk_ec2) {
        Ok(client) => client,
        Err(error) => return vec![Err(error); changes.len()],
    };
    let Some(first) = changes.first() else { return Vec::new() };
    match first {
        StopInstance { .. } | StartInstance { .. } | TerminateInstance { .. } => {
            instances::look(&client, at, changes).await
        }
        ClearStopProtection { .. }
        | SetStopProtection { .. }
        | ClearTerminationProtection { .. }
        | SetTerminationProtection { .. } => instances::look_at_protections(&client, at, changes).await,
        _ => changes
            .iter()
            .map(|_| Err(CloudError::new(crate::cloud::Refusal::Invalid, "not built", at, None, "")))
            .collect(),
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
    let Some(first) = changes.first() else { return Vec::new() };
    match first {
        StopInstance { .. } => instances::stop(&client, at, changes).await,
        StartInstance { .. } => instances::start(&client, at, changes).await,
        TerminateInstance { .. } => instances::terminate(&client, at, changes).await,
        ClearStopProtection { .. }
        | SetStopProtection { .. }
        | ClearTerminationProtection { .. }
        | SetTerminationProtection { .. } => instances::protect(&client, at, changes).await,
        _ => changes
            .iter()
            .map(|_| Err(CloudError::new(crate::cloud::Refusal::Invalid, "not built", at, None, "")))
            .collect(),
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
