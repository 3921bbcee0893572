//! What the files of services do alike: missing is gone, one answer for each, operations followed to their result.
//!
//! For the service files alone; knows no service but Compute's operations, which several of them have.

use super::Gcp;
use super::endpoints::COMPUTE;
use super::request;
use super::rest::{Ask, backoff};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight, Time, time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For how long an operation is followed; what takes longer is looked at by the executor.
const FOLLOW: Duration = Duration::from_secs(300);

/// What does not exist is gone; every other error stays one.
pub(super) fn or_gone(seen: Result<Sight, CloudError>) -> Result<Sight, CloudError> {
    match seen {
        Err(error) if error.refusal == Refusal::NotFound => Ok(Sight::Gone),
        seen => seen,
    }
}

/// `None` for what does not exist; every other error stays one.
pub(super) fn or_none<T>(found: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.refusal == Refusal::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An answer without what it must have.
pub(super) fn not_answered(call: &'static str, at: &Place, what: &str) -> CloudError {
    CloudError::new(Refusal::Failed, call, at, None, &format!("the answer holds no {what}"))
}

/// Takes that a change was made.
pub(super) fn receipt(answer: &Value) -> Receipt {
    Receipt { request_id: answer["name"].as_str().map(str::to_owned), made: Vec::new() }
}

/// The last part of a URL or name.
pub(super) fn name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

pub(super) fn text<'v>(value: &'v Value, word: &str) -> Option<&'v str> {
    value[word].as_str().filter(|text| !text.is_empty())
}

/// Google writes 64-bit numbers as texts.
pub(super) fn number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn at_time(value: &Value) -> Option<Time> {
    value.as_str().and_then(time::parse)
}

/// Something that was looked at just now.
pub(super) fn observed(resource: &ResourceRef, state: State, created_at: Option<Time>) -> Observed {
    Observed {
        resource: resource.clone(),
        at: Time::now(),
        state,
        created_at,
        held_by: Vec::new(),
        made_by: None,
        identity: None,
        details: BTreeMap::new(),
    }
}

/// Adds what a plan or a reader wants to know besides, where the cloud told it.
pub(super) fn detail(observed: &mut Observed, word: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        observed.details.insert(word.into(), text.into());
    }
}

/// Something that a list showed, whoever made it.
pub(super) fn listed(kind: &'static str, at: &Place, id: &str, name: Option<&str>) -> ResourceRef {
    ResourceRef {
        kind,
        id: id.into(),
        names: name.into_iter().filter(|name| *name != id).map(Arc::from).collect(),
        account: at.account.clone(),
        region: at.region.clone(),
        launcher: None,
    }
}

impl Gcp {
    /// Makes a change of Compute's and follows it to its result: an operation that is done may have failed.
    pub(super) async fn compute(&self, ask: Ask) -> Result<Receipt, CloudError> {
        let (call, at) = (ask.call, ask.at.clone());
        let mut operation = self.rest.json(&request::marked(ask)?.repeatable()).await?;
        self.lists.forget();
        let done = receipt(&operation);
        let began = Instant::now();
        let mut polls = 0;
        while operation["status"].as_str() != Some("DONE") {
            if began.elapsed() > FOLLOW {
                // It was taken; what becomes of it is looked at.
                return Ok(done);
            }
            polls += 1;
            tokio::time::sleep(backoff(polls.min(4))).await;
            operation = self.rest.json(&again(&operation, call, &at)?).await?;
        }
        self.lists.forget();
        result(&operation, call, &at).map(|()| done)
    }

    /// Follows a `google.longrunning.Operation` of any API to its result.
    pub(super) async fn followed(
        &self,
        mut operation: Value,
        api: super::endpoints::Api,
        template: &'static str,
        call: &'static str,
        at: &Place,
    ) -> Result<Receipt, CloudError> {
        let done = receipt(&operation);
        let began = Instant::now();
        let mut polls = 0;
        while operation["done"].as_bool() != Some(true) {
            let Some(name) = text(&operation, "name") else { return Ok(done) };
            if began.elapsed() > FOLLOW {
                return Ok(done);
            }
            polls += 1;
            tokio::time::sleep(backoff(polls.min(4))).await;
            operation = self.rest.json(&Ask::get(call, at, api, template, &[name])?).await?;
        }
        match operation.get("error").filter(|error| !error.is_null()) {
            None => Ok(done),
            Some(error) => Err(failed(error, call, at)),
        }
    }

    /// Follows an operation that reads `DONE`, as those of Kubernetes Engine and Cloud SQL do, to its result; `again` asks
    /// for it by its name.
    pub(super) async fn until_done(
        &self,
        mut operation: Value,
        again: impl Fn(&str) -> Result<Ask, CloudError> + Send,
        call: &'static str,
        at: &Place,
    ) -> Result<Receipt, CloudError> {
        let done = receipt(&operation);
        let began = Instant::now();
        let mut polls = 0;
        while operation["status"].as_str() != Some("DONE") {
            let Some(name) = text(&operation, "name") else { return Ok(done) };
            if began.elapsed() > FOLLOW {
                return Ok(done);
            }
            polls += 1;
            tokio::time::sleep(backoff(polls.min(4))).await;
            operation = self.rest.json(&again(name)?).await?;
        }
        // One error of google.rpc, or a list of Cloud SQL's own.
        match &operation["error"] {
            Value::Null => Ok(done),
            error => match error["errors"].as_array().and_then(|all| all.first()) {
                Some(first) => {
                    let message = text(first, "message").unwrap_or("the operation failed");
                    Err(CloudError::new(Refusal::Failed, call, at, text(first, "code"), message))
                }
                None => Err(failed(error, call, at)),
            },
        }
    }
}

/// A google.rpc.Status, as an answer with it would have been.
fn failed(error: &Value, call: &'static str, at: &Place) -> CloudError {
    let code = error["code"].as_i64();
    let body = serde_json::json!({"error": {"message": error["message"], "status": rpc(code)}});
    super::error::told(http(code), body.to_string().as_bytes()).error(call, at)
}

/// The question what became of an operation, where it runs.
fn again(operation: &Value, call: &'static str, at: &Place) -> Result<Ask, CloudError> {
    let name = text(operation, "name").ok_or_else(|| not_answered(call, at, "operation"))?;
    let project = &*at.account;
    match (text(operation, "zone"), text(operation, "region")) {
        (Some(zone), _) => Ask::get(
            "compute.zoneOperations.get",
            at,
            COMPUTE,
            "projects/{}/zones/{}/operations/{}",
            &[project, self::name(zone), name],
        ),
        (None, Some(region)) => Ask::get(
            "compute.regionOperations.get",
            at,
            COMPUTE,
            "projects/{}/regions/{}/operations/{}",
            &[project, self::name(region), name],
        ),
        (None, None) => Ask::get(
            "compute.globalOperations.get",
            at,
            COMPUTE,
            "projects/{}/global/operations/{}",
            &[project, name],
        ),
    }
}

/// What a finished operation of Compute's came to.
fn result(operation: &Value, call: &'static str, at: &Place) -> Result<(), CloudError> {
    let failures = operation["error"]["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let http = operation["httpErrorStatusCode"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok())
        .unwrap_or_default();
    if failures.is_empty() && http < 400 {
        return Ok(());
    }
    let first = failures.first().unwrap_or(&Value::Null);
    let code = first["code"].as_str();
    let refusal = match code.unwrap_or_default() {
        "RESOURCE_NOT_FOUND" | "NOT_FOUND" => Refusal::NotFound,
        "PERMISSIONS_ERROR" | "PERMISSION_DENIED" | "FORBIDDEN" => Refusal::Denied,
        "QUOTA_EXCEEDED" | "LIMIT_EXCEEDED" => Refusal::Quota,
        "RATE_LIMIT_EXCEEDED" | "RESOURCE_OPERATION_RATE_EXCEEDED" => Refusal::Throttled,
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE" | "RESOURCE_NOT_READY" | "CONDITION_NOT_MET" => {
            Refusal::Conflict
        }
        "INVALID_USAGE" | "INVALID_RESOURCE_USAGE" | "UNSUPPORTED_OPERATION" => Refusal::Protected,
        _ => match http {
            403 => Refusal::Denied,
            404 => Refusal::NotFound,
            409 | 412 => Refusal::Conflict,
            429 => Refusal::Throttled,
            400..500 => Refusal::Invalid,
            _ => Refusal::Failed,
        },
    };
    let message = text(first, "message")
        .or_else(|| text(operation, "httpErrorMessage"))
        .unwrap_or("the operation failed");
    Err(CloudError::new(refusal, call, at, code, message))
}

/// google.rpc.Code, as HTTP has it and as Google spells it.
fn http(code: Option<i64>) -> u16 {
    match code {
        Some(3 | 9 | 11) => 400,
        Some(5) => 404,
        Some(6 | 10) => 409,
        Some(7) => 403,
        Some(8) => 429,
        Some(16) => 401,
        _ => 500,
    }
}

fn rpc(code: Option<i64>) -> &'static str {
    match code {
        Some(3) => "INVALID_ARGUMENT",
        Some(5) => "NOT_FOUND",
        Some(6) => "ALREADY_EXISTS",
        Some(7) => "PERMISSION_DENIED",
        Some(8) => "RESOURCE_EXHAUSTED",
        Some(9) => "FAILED_PRECONDITION",
        Some(10) => "ABORTED",
        Some(16) => "UNAUTHENTICATED",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_that_is_done_may_have_failed() {
        let at = Place::new("shop-prod-4821", "us-central1-a");
        let of = |operation: Value| {
            result(&operation, "compute.instances.stop", &at).map_err(|error| error.refusal)
        };
        assert_eq!(of(json!({"status": "DONE"})), Ok(()));
        let failed = json!({"status": "DONE", "httpErrorStatusCode": 400, "error": {"errors": [{"code": "UNSUPPORTED_OPERATION"}]}});
        assert_eq!(of(failed), Err(Refusal::Protected));
        assert_eq!(of(json!({"status": "DONE", "httpErrorStatusCode": 404})), Err(Refusal::NotFound));
        assert_eq!(of(json!({"error": {"errors": [{"code": "UNHEARD"}]}})), Err(Refusal::Failed));
    }
}
