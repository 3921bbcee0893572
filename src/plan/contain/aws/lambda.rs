//! What is done about things of Lambda.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::LambdaChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.lambda.function" => Way::step(RELAUNCHES, LambdaChange::StopFunction { name: ask.id() }),
        // Records name a URL's function by name.
        "aws.lambda.function_url" => {
            Way::step(RELAUNCHES, LambdaChange::LockFunctionUrl { function: ask.name(), url: ask.id() })
        }
        "aws.lambda.permission" => {
            let (function, statement) = ask.resource.id.rsplit_once('/')?;
            let (function, statement) = (function.into(), statement.into());
            Way::step(RELAUNCHES, LambdaChange::RemoveFunctionPermission { function, statement })
        }
        "aws.lambda.event_source_mapping" => {
            Way::step(RELAUNCHES, LambdaChange::StopEventSource { id: ask.id() })
        }
        _ => return None,
    })
}
