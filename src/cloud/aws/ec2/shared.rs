//! What the files of EC2 and Auto Scaling share: whole lists, batches that one bad id can't sink, times.

use super::super::error::failed;
use crate::cloud::{Async, CloudError, Receipt, Refusal};
use crate::model::{Place, Sight, Time};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

/// Every item of every page of a call. A token that comes again is an error, never the end: the rest was not seen.
macro_rules! pages {
    ($call:expr, $at:expr, $request:expr, $items:ident) => {{
        let mut tokens = std::collections::BTreeSet::new();
        let mut token: Option<String> = None;
        let mut found = Vec::new();
        loop {
            let answer = $request.set_next_token(token.take()).send().await;
            let page = answer.map_err(|error| $crate::cloud::aws::error::failed($call, $at, error))?;
            found.extend(page.$items.unwrap_or_default());
            let Some(next) = page.next_token.filter(|next| !next.is_empty()) else { break found };
            if !tokens.insert(next.clone()) {
                return Err($crate::cloud::aws::ec2::endless($call, $at));
            }
            token = Some(next);
        }
    }};
}
pub(in crate::cloud::aws) use pages;

pub(in crate::cloud::aws) fn endless(call: &'static str, at: &Place) -> CloudError {
    CloudError::new(Refusal::Failed, call, at, None, "its pages go round in a circle")
}

/// Makes one call for all; where one of them sinks it, one for each.
pub(in crate::cloud::aws) async fn all_or_each<'a, T: Clone + Sync>(
    items: &[T],
    call: impl Fn(Vec<T>) -> Async<'a, Result<Receipt, CloudError>> + Sync,
) -> Vec<Result<Receipt, CloudError>> {
    let error = match call(items.to_vec()).await {
        Ok(receipt) => return vec![Ok(receipt); items.len()],
        Err(error) => error,
    };
    if items.len() == 1 || !may_be_one(&error) {
        return vec![Err(error); items.len()];
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(call(vec![item.clone()]).await);
    }
    answers
}

/// Whether one of many may be to blame: a bad id, a protected thing, a permission that hangs on a tag.
pub(super) fn may_be_one(error: &CloudError) -> bool {
    match error.refusal {
        Refusal::Denied
        | Refusal::NotFound
        | Refusal::Quota
        | Refusal::Unmodifiable
        | Refusal::Protected
        | Refusal::Conflict
        | Refusal::Invalid => true,
        Refusal::Throttled
        | Refusal::Disabled
        | Refusal::SignedOut
        | Refusal::Unreachable
        | Refusal::Failed => false,
    }
}

pub(in crate::cloud::aws) fn receipt<O: RequestId, E: ProvideErrorMetadata>(
    call: &'static str,
    at: &Place,
    answer: Result<O, SdkError<E, Response>>,
) -> Result<Receipt, CloudError> {
    let output = answer.map_err(|error| failed(call, at, error))?;
    Ok(Receipt { request_id: output.request_id().map(str::to_owned), made: Vec::new() })
}

/// What does not exist is gone; any other error is one.
pub(in crate::cloud::aws) fn or_gone(answer: Result<Sight, CloudError>) -> Result<Sight, CloudError> {
    match answer {
        Err(error) if error.refusal == Refusal::NotFound => Ok(Sight::Gone),
        answer => answer,
    }
}

pub(in crate::cloud::aws) fn time(at: &aws_smithy_types::DateTime) -> Option<Time> {
    Time::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
