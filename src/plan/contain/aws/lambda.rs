//! What is done about things of Lambda.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::LambdaChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.lambda.function" => Way::step(RELAUNCHES, LambdaChange::StopFunction { name: ask.id() }),
        _ => return None,
    })
}
