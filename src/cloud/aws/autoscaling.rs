//! Auto Scaling, live: what we look at and what we do to it.

mod group;
mod members;
mod observe;
mod schedule;

use super::Aws;
use super::session::client;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::AutoScalingChange;
use crate::model::{Observed, Place, ResourceRef, Sight};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = observe::KINDS;

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Sight, CloudError>> {
    let client = match client!(aws, at, aws_sdk_autoscaling) {
        Ok(client) => client,
        Err(error) => return vec![Err(error); changes.len()],
    };
    use AutoScalingChange::*;
    match changes.first() {
        Some(
            SuspendScalingGroup { .. }
            | ResumeScalingGroup { .. }
            | EmptyScalingGroup { .. }
            | SizeScalingGroup { .. }
            | EnterStandby { .. }
            | ExitStandby { .. }
            | ClearScaleInProtection { .. }
            | SetScaleInProtection { .. }
            | ClearDeletionProtection { .. }
            | SetDeletionProtection { .. }
            | DeleteWarmPool { .. }
            | PutWarmPool { .. }
            | DeleteScalingGroup { .. },
        ) => group::look(&client, at, changes).await,
        Some(DeleteScheduledAction { .. } | PutScheduledAction { .. } | DeleteLaunchConfiguration { .. }) => {
            schedule::look(&client, at, changes).await
        }
        None => Vec::new(),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Receipt, CloudError>> {
    let client = match client!(aws, at, aws_sdk_autoscaling) {
        Ok(client) => client,
        Err(error) => return vec![Err(error); changes.len()],
    };
    use AutoScalingChange::*;
    match changes.first() {
        Some(EnterStandby { .. } | ExitStandby { .. }) => members::perform(&client, at, changes).await,
        Some(DeleteScheduledAction { .. } | PutScheduledAction { .. } | DeleteLaunchConfiguration { .. }) => {
            schedule::perform(&client, at, changes).await
        }
        Some(
            SuspendScalingGroup { .. }
            | ResumeScalingGroup { .. }
            | EmptyScalingGroup { .. }
            | SizeScalingGroup { .. }
            | ClearScaleInProtection { .. }
            | SetScaleInProtection { .. }
            | ClearDeletionProtection { .. }
            | SetDeletionProtection { .. }
            | DeleteWarmPool { .. }
            | PutWarmPool { .. }
            | DeleteScalingGroup { .. },
        ) => {
            let mut answers = Vec::with_capacity(changes.len());
            for change in changes {
                answers.push(group::perform(&client, at, change).await);
            }
            answers
        }
        None => Vec::new(),
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    observe::observe(&client!(aws, at, aws_sdk_autoscaling)?, at, kind, wanted).await
}

/// Lists everything that computes here, whoever made it.
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    observe::sweep(&client!(aws, at, aws_sdk_autoscaling)?, at).await
}
