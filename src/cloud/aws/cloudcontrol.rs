//! Cloud Control, live: whether something of a listed type exists, and its deletion.

use super::each::{meaning, observed, or_gone, or_none};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{CloudControlChange, TYPES, TypeRow};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_cloudcontrol::Client;
use aws_sdk_cloudcontrol::types::{HandlerErrorCode, OperationStatus, ProgressEvent};
use serde_json::json;
use std::time::Duration;

/// The long tail is asked after every other file: see [`knows`].
pub(super) const KINDS: &[&str] = &[];

/// Whether [`observe`] knows a kind.
pub(super) fn knows(kind: &str) -> bool {
    row_of(kind).is_some()
}

fn row_of(kind: &str) -> Option<&'static TypeRow> {
    TYPES.iter().find(|row| row.kind == kind)
}

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudControlChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &CloudControlChange) -> Result<Sight, CloudError> {
    let CloudControlChange::DeleteByType { id, .. } = change;
    let row = allowed(change, at)?;
    find(&client!(aws, at, aws_sdk_cloudcontrol)?, at, row, id).await?;
    Ok(Sight::there(json!({ "type": row.type_name, "id": id }), false))
}

fn allowed(change: &CloudControlChange, at: &Place) -> Result<&'static TypeRow, CloudError> {
    change.row().ok_or_else(|| {
        CloudError::new(
            Refusal::Invalid,
            DELETE,
            at,
            None,
            "the type is not on the list of those that may be deleted",
        )
    })
}

const DELETE: &str = "cloudformation:DeleteResource";
const STATUS: &str = "cloudformation:GetResourceRequestStatus";
/// Handlers run for minutes; what takes longer is seen by the looks that follow.
const LOOKS: usize = 30;
const BETWEEN: Duration = Duration::from_secs(2);

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudControlChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(delete(aws, at, change).await);
    }
    done
}

async fn delete(aws: &Aws, at: &Place, change: &CloudControlChange) -> Result<Receipt, CloudError> {
    let CloudControlChange::DeleteByType { id, .. } = change;
    let row = allowed(change, at)?;
    let client = client!(aws, at, aws_sdk_cloudcontrol)?;
    // The SDK makes the ClientToken, one for all tries of this call.
    let sent = client.delete_resource().type_name(row.type_name).identifier(&**id).send().await;
    let sent = sent.map_err(|error| by_hand(failed(DELETE, at, error)))?;
    let mut event = sent.progress_event.ok_or_else(|| not_answered(DELETE, at, "progress"))?;
    for _ in 0..LOOKS {
        if ended(&event, at)? {
            break;
        }
        let Some(token) = event.request_token.clone() else { break };
        tokio::time::sleep(BETWEEN).await;
        let asked = client.get_resource_request_status().request_token(token).send().await;
        let answer = asked.map_err(|error| failed(STATUS, at, error))?;
        event = answer.progress_event.ok_or_else(|| not_answered(STATUS, at, "progress"))?;
    }
    Ok(Receipt { request_id: event.request_token, made: Vec::new() })
}

/// Whether a deletion has ended well; an error when it has not.
fn ended(event: &ProgressEvent, at: &Place) -> Result<bool, CloudError> {
    match (&event.operation_status, &event.error_code) {
        (Some(OperationStatus::Success), _) | (_, Some(HandlerErrorCode::NotFound)) => Ok(true),
        (Some(OperationStatus::Failed | OperationStatus::CancelComplete), code) => {
            let refusal = match code {
                Some(HandlerErrorCode::AccessDenied | HandlerErrorCode::UnauthorizedTaggingOperation) => {
                    Refusal::Denied
                }
                Some(HandlerErrorCode::NotUpdatable) => Refusal::Unmodifiable,
                Some(HandlerErrorCode::ResourceConflict) => Refusal::Conflict,
                Some(HandlerErrorCode::ServiceLimitExceeded) => Refusal::Quota,
                Some(HandlerErrorCode::Throttling) => Refusal::Throttled,
                Some(HandlerErrorCode::InvalidRequest) => Refusal::Invalid,
                _ => Refusal::Failed,
            };
            let code = code.as_ref().map(HandlerErrorCode::as_str);
            let message = event.status_message.as_deref().unwrap_or_default();
            Err(CloudError::new(refusal, DELETE, at, code, message))
        }
        _ => Ok(false),
    }
}

/// A type that Cloud Control does not serve here is not a thing that is gone.
fn by_hand(error: CloudError) -> CloudError {
    let error = meaning(error, "UnsupportedAction", Refusal::Unmodifiable);
    meaning(error, "TypeNotFound", Refusal::Unmodifiable)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_cloudcontrol)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let identifier =
            row_of(kind).and_then(|row| Some((row, row.identifier_of(&one.id, one.names.first())?)));
        let state = match identifier {
            None => State::Unknown,
            Some((row, id)) => match or_none(find(&client, at, row, &id).await) {
                Ok(Some(())) => State::Running,
                Ok(None) => State::Gone,
                Err(error) if error.refusal == Refusal::Unmodifiable => State::Unknown,
                Err(error) => return Err(error),
            },
        };
        seen.push(observed(one, state, None));
    }
    Ok(seen)
}

async fn find(client: &Client, at: &Place, row: &TypeRow, id: &str) -> Result<(), CloudError> {
    let asked = client.get_resource().type_name(row.type_name).identifier(id).send().await;
    asked.map_err(|error| by_hand(failed("cloudformation:GetResource", at, error))).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletions_end_well_or_with_their_reason() {
        let at = Place::new("111122223333", "eu-west-3");
        let event = |status: OperationStatus, code: Option<HandlerErrorCode>| {
            ProgressEvent::builder().operation_status(status).set_error_code(code).build()
        };
        assert_eq!(ended(&event(OperationStatus::InProgress, None), &at), Ok(false));
        assert_eq!(ended(&event(OperationStatus::Success, None), &at), Ok(true));
        assert_eq!(ended(&event(OperationStatus::Failed, Some(HandlerErrorCode::NotFound)), &at), Ok(true));
        for (code, refusal) in [
            (Some(HandlerErrorCode::AccessDenied), Refusal::Denied),
            (Some(HandlerErrorCode::ResourceConflict), Refusal::Conflict),
            (Some(HandlerErrorCode::NotStabilized), Refusal::Failed),
            (None, Refusal::Failed),
        ] {
            let error = ended(&event(OperationStatus::Failed, code), &at).expect_err("it failed");
            assert_eq!(error.refusal, refusal);
        }
        let gone = CloudError::new(Refusal::NotFound, DELETE, &at, Some("TypeNotFoundException"), "");
        assert_eq!(by_hand(gone).refusal, Refusal::Unmodifiable);
    }
}
