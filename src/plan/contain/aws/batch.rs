//! What is done about things of AWS Batch.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::BatchChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.batch.compute_environment" => {
            Way::step(RELAUNCHES, BatchChange::DisableBatchEnvironment { name: ask.id() })
        }
        _ => return None,
    })
}
