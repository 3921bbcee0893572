//! What is done about things of SageMaker.

use super::super::{Ask, RUNS, Way};
use crate::model::change::SageMakerChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.sagemaker.notebook_instance" => {
            Way::step(RUNS, SageMakerChange::StopNotebook { name: ask.id() })
        }
        _ => return None,
    })
}
