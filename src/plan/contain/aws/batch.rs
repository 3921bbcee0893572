//! What is done about things of AWS Batch.

use super::super::{Ask, RELAUNCHES, RUNS, Way};
use crate::model::change::{BatchChange, Change};

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.batch.compute_environment" => {
            let disable: Change = BatchChange::DisableBatchEnvironment { name: ask.id() }.into();
            let mut steps = vec![(RELAUNCHES, disable)];
            // Fargate has no minimum, and refuses to be given one.
            if ask.detail("min_vcpus").is_some_and(|least| least != "0") {
                steps
                    .push((RELAUNCHES + 1, BatchChange::SetBatchMinimum { name: ask.id(), vcpus: 0 }.into()));
            }
            Way::Steps(steps)
        }
        "aws.batch.job_queue" => Way::step(RELAUNCHES, BatchChange::DisableBatchQueue { queue: ask.id() }),
        "aws.batch.job" => Way::step(RUNS, BatchChange::StopBatchJob { job: ask.id() }),
        _ => return None,
    })
}
