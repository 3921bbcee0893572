//! Whether it worked, and whether it only looked.

use crate::catalog::path;
use crate::model::Outcome;
use serde_json::Value;

/// `google.rpc.Code`, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
const UNKNOWN: u64 = 2;
const PERMISSION_DENIED: u64 = 7;

/// Returns the outcome. A status without a code is a success, whatever its message says (`OK`, "Connection succeeded."):
/// system events and the serial console write such; but an entry of severity ERROR never is one.
pub fn read(json: &Value, service: &str, name: &str) -> Outcome {
    if let Some(code) = code(json, "protoPayload.status.code") {
        return code;
    }
    if let Some(code) = response_error(json) {
        return code;
    }
    if is_refused(json) {
        return failed(PERMISSION_DENIED);
    }
    if service == "login.googleapis.com" && name.ends_with("loginFailure") {
        return Outcome::Failed("login_failure".into());
    }
    let severity = path::resolve(json, "severity", "");
    match severity.first().map(|severity| severity.to_ascii_uppercase()).as_deref() {
        Some("ERROR" | "CRITICAL" | "ALERT" | "EMERGENCY") => failed(UNKNOWN),
        _ => Outcome::Succeeded,
    }
}

fn failed(code: u64) -> Outcome {
    Outcome::Failed(match CODES.get(code as usize) {
        Some(name) => format!("{code} {name}").into(),
        None => code.to_string().into(),
    })
}

/// Returns the failure that a code names; `None` for none, 0 or `OK`.
fn code(json: &Value, path: &str) -> Option<Outcome> {
    let text = path::resolve(json, path, "").into_iter().next()?;
    match text.parse::<u64>() {
        Ok(0) => None,
        Ok(number) => Some(failed(rpc(number))),
        Err(_) => match CODES.iter().position(|name| text.eq_ignore_ascii_case(name)) {
            Some(0) => None,
            Some(number) => Some(failed(number as u64)),
            None => Some(Outcome::Failed(text)),
        },
    }
}

/// HTTP statuses inside responses, as the codes that `status` would have.
fn rpc(number: u64) -> u64 {
    match number {
        400 => 3,
        401 => 16,
        403 => PERMISSION_DENIED,
        404 => 5,
        409 => 6,
        412 => 9,
        429 => 8,
        499 => 1,
        501 => 12,
        503 => 14,
        504 => 4,
        500..600 => 13,
        _ => number,
    }
}

/// An operation may end with an `error` in its response and no status.
fn response_error(json: &Value) -> Option<Outcome> {
    let errors = path::values(json, "protoPayload.response.error", "");
    errors.into_iter().find(|error| error.as_object().is_some_and(|fields| !fields.is_empty()))?;
    code(json, "protoPayload.response.error.code|protoPayload.response.error.errors[].code")
        .or_else(|| Some(failed(UNKNOWN)))
}

/// A refused permission and nothing else to go by. `granted` absent (older entries) says nothing.
fn is_refused(json: &Value) -> bool {
    let said = path::values(json, "protoPayload.response", "");
    let answered = said.iter().any(|value| value.as_object().is_none_or(|fields| !fields.is_empty()));
    let granted = path::resolve(json, "protoPayload.authorizationInfo[].granted", "");
    !answered && granted.iter().any(|granted| granted.eq_ignore_ascii_case("false"))
}

/// Whether a call changes nothing. Minting a token reads nothing worth the name, so it counts as a change.
pub fn is_read_only(json: &Value, source: &str, service: &str, method: &str) -> bool {
    if only_reads(method) {
        return true;
    }
    if matches!(service, "iamcredentials.googleapis.com" | "sts.googleapis.com") {
        return false;
    }
    let kinds = path::resolve(json, "protoPayload.authorizationInfo[].permissionType", "");
    if !kinds.is_empty() {
        return kinds.iter().all(|kind| matches!(&**kind, "ADMIN_READ" | "DATA_READ" | "1" | "3"));
    }
    let informs = path::resolve(json, "severity", "").iter().any(|severity| &**severity == "INFO");
    source == "data_access" && informs && !writes(method)
}

fn verb(method: &str) -> &str {
    method.rsplit('.').next().unwrap_or(method)
}

/// The verb as its own word: `getIamPolicy` and `GetIamPolicy`, but not `getaway`.
fn begins(method: &str, verbs: &[&str]) -> bool {
    let verb = verb(method);
    verbs.iter().any(|word| {
        verb.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && verb[word.len()..].bytes().next().is_none_or(|next| !next.is_ascii_lowercase())
    })
}

/// Whether a method's verb only looks.
pub fn only_reads(method: &str) -> bool {
    const READS: &[&str] = &[
        "get",
        "list",
        "aggregatedList",
        "batchGet",
        "search",
        "test",
        "check",
        "describe",
        "watch",
        "lookup",
        "fetch",
        "query",
        "count",
        "validate",
        "read",
        "view",
    ];
    begins(method, READS)
}

fn writes(method: &str) -> bool {
    const WRITES: &[&str] = &[
        "create", "insert", "add", "set", "update", "patch", "put", "write", "delete", "remove", "destroy",
        "import", "upload", "copy", "move", "rewrite", "compose", "restore", "enable", "disable", "start",
        "run", "submit", "publish",
    ];
    begins(method, WRITES)
}
