//! Google's error codes → what callers branch on. By status and reason, never by text.

use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use serde_json::Value;

/// What an answer that is none says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub http: u16,
    /// `PERMISSION_DENIED`.
    pub status: String,
    /// Every `reason` that it gives, of `errors` and of `ErrorInfo`.
    pub reasons: Vec<String>,
    pub message: String,
}

/// Reads Google's error JSON, as AIP-193 and as the older services spell it.
pub(super) fn told(http: u16, body: &[u8]) -> Told {
    let mut told = Told { http, ..Told::default() };
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return told };
    let error = match &body {
        Value::Array(all) => all.first().map_or(&Value::Null, |one| &one["error"]),
        one => &one["error"],
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    told.status = text(&error["status"]);
    told.message = text(&error["message"]);
    for word in ["errors", "details"] {
        let all = error[word].as_array().into_iter().flatten();
        told.reasons.extend(all.filter_map(|one| one["reason"].as_str()).map(str::to_owned));
    }
    // OAuth's own errors: {"error": "invalid_grant", "error_description": …}.
    if let Some(code) = body["error"].as_str() {
        told.status = code.to_owned();
        told.message = text(&body["error_description"]);
    }
    told
}

impl Told {
    pub fn error(&self, call: &'static str, at: &Place) -> CloudError {
        let code = self.reasons.last().filter(|_| self.is_by_reason()).unwrap_or(&self.status);
        let code = Some(code.as_str()).filter(|code| !code.is_empty());
        let message = match (self.message.is_empty(), code) {
            (true, None) => format!("HTTP {}", self.http),
            _ => self.message.clone(),
        };
        CloudError::new(self.refusal(), call, at, code, &message)
    }

    fn has(&self, reasons: &[&str]) -> bool {
        self.reasons.iter().any(|reason| reasons.contains(&reason.as_str()))
    }

    fn is_by_reason(&self) -> bool {
        self.has(LIMITED) || self.has(OFF) || self.has(BUSY) || self.has(PROTECTED) || self.has(QUOTA)
    }

    pub fn refusal(&self) -> Refusal {
        // Compute says 403 where others say 429.
        if self.has(LIMITED) {
            return Refusal::Throttled;
        }
        if self.has(OFF) {
            return Refusal::Disabled;
        }
        if self.has(QUOTA) {
            return Refusal::Quota;
        }
        if self.has(PROTECTED) {
            return Refusal::Protected;
        }
        if self.has(BUSY) {
            return Refusal::Conflict;
        }
        match (self.http, self.status.as_str()) {
            (_, "RESOURCE_EXHAUSTED") | (429, _) => Refusal::Throttled,
            (_, "PERMISSION_DENIED") | (403, _) => Refusal::Denied,
            (_, "UNAUTHENTICATED") | (401, _) => Refusal::SignedOut,
            (_, "ALREADY_EXISTS" | "ABORTED") | (409 | 412, _) => Refusal::Conflict,
            (_, "FAILED_PRECONDITION") => Refusal::Protected,
            // A 404 without Google's own words is a proxy's, or of a service that does not know the call.
            (404, _) if !self.status.is_empty() || !self.reasons.is_empty() => Refusal::NotFound,
            (408, _) => Refusal::Unreachable,
            (code, _) if code >= 500 => Refusal::Failed,
            _ => Refusal::Invalid,
        }
    }

    /// Whether to wait for the next minute: the quota is per minute and says nothing of when.
    pub fn is_per_minute(&self) -> bool {
        self.has(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"])
    }
}

const LIMITED: &[&str] = &[
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "RATE_LIMIT_EXCEEDED",
    "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
];
const OFF: &[&str] = &["accessNotConfigured", "SERVICE_DISABLED", "BILLING_DISABLED", "CONSUMER_SUSPENDED"];
const BUSY: &[&str] = &["resourceInUseByAnotherResource", "resourceNotReady", "conditionNotMet", "conflict"];
const PROTECTED: &[&str] = &["invalidResourceUsage"];
const QUOTA: &[&str] = &["quotaExceeded", "QUOTA_EXCEEDED", "bytesBilledLimitExceeded"];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(http: u16, body: &str, expect: Refusal) {
        assert_eq!(told(http, body.as_bytes()).refusal(), expect, "{http} {body}");
    }

    #[test]
    fn answers_mean_what_their_reason_says() {
        use Refusal::*;
        check(403, r#"{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}"#, Throttled);
        check(
            403,
            r#"{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}}"#,
            Disabled,
        );
        check(
            403,
            r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"rateLimitExceeded"}}"#,
            Denied,
        );
        check(403, "<html>", Denied);
        check(
            400,
            r#"{"error":{"code":400,"errors":[{"reason":"bytesBilledLimitExceeded"}],"status":"INVALID_ARGUMENT"}}"#,
            Quota,
        );
        check(
            403,
            r#"{"error":{"code":403,"errors":[{"reason":"quotaExceeded"}],"status":"PERMISSION_DENIED"}}"#,
            Quota,
        );
        check(
            403,
            r#"{"error":{"code":403,"errors":[{"reason":"accessDenied"}],"status":"PERMISSION_DENIED"}}"#,
            Denied,
        );
        check(429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, Throttled);
        check(404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#, NotFound);
        check(404, r#"{"error":{"code":404,"errors":[{"reason":"notFound"}]}}"#, NotFound);
        check(404, "<html>not here", Invalid);
        check(409, r#"{"error":{"code":409,"status":"ABORTED"}}"#, Conflict);
        check(412, r#"{"error":{"code":412,"errors":[{"reason":"conditionNotMet"}]}}"#, Conflict);
        check(400, r#"{"error":{"code":400,"errors":[{"reason":"invalidResourceUsage"}]}}"#, Protected);
        check(400, r#"{"error":{"code":400,"status":"FAILED_PRECONDITION"}}"#, Protected);
        check(400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#, Invalid);
        check(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#, SignedOut);
        check(503, "", Failed);
        check(400, r#"{"error":"invalid_grant","error_description":"x"}"#, Invalid);
    }
}
