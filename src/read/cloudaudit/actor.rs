//! Who called, from `authenticationInfo`.

use crate::catalog::gcp::principals::{home_project, kind_of, plain, uid};
use crate::catalog::path;
use crate::model::Actor;
use serde_json::Value;
use std::sync::Arc;

const INFO: &str = "protoPayload.authenticationInfo";

/// Returns the actor. Nobody (`{}`, redacted or missing) has no principal and an empty kind.
pub fn read(json: &Value) -> Actor {
    let text = |field: &str| path::resolve(json, &format!("{INFO}.{field}"), "").into_iter().next();
    let subject = text("principalSubject");
    let principal = text("principalEmail")
        .or_else(|| subject.clone())
        .map(|name| one_case(plain(&name)))
        .filter(|name: &Arc<str>| !name.is_empty());
    let name = principal.as_deref().unwrap_or_default();
    Actor {
        kind: kind_of(subject.as_deref(), name).into(),
        principal_id: subject.as_deref().and_then(uid).map(Arc::from),
        key: text("serviceAccountKeyName").and_then(|name| key_id(&name)),
        account: home_project(name).map(Arc::from),
        delegation: delegation(json),
        principal,
        ..Actor::default()
    }
}

/// E-mails mean the same in any letter case, and are logged as they were typed; `principal://…` subjects do not.
fn one_case(name: &str) -> Arc<str> {
    match name.contains('@') && !name.contains("://") && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}

/// Both `//iam.googleapis.com/projects/…/keys/ID` and the same without a host are seen, and the bare id.
fn key_id(name: &str) -> Option<Arc<str>> {
    name.rsplit('/').next().filter(|id| !id.is_empty()).map(Arc::from)
}

/// Returns the chain, most recent hop first; an element that names nobody stays as an empty text.
fn delegation(json: &Value) -> Vec<Arc<str>> {
    path::values(json, &format!("{INFO}.serviceAccountDelegationInfo[]"), "")
        .into_iter()
        .map(|hop| {
            let who = path::resolve(hop, "firstPartyPrincipal.principalEmail|principalSubject", "");
            who.first().map(|name| one_case(plain(name))).unwrap_or_default()
        })
        .collect()
}
