//! Cloud Storage, live: HMAC keys, and whether buckets can be public at all.

use super::Gcp;
use super::each::{number, receipt, text};
use super::endpoints::STORAGE;
use super::policy::{self, Home};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::PolicyOf;
use crate::model::change::gcp::StorageChange;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &StorageChange) -> Result<Sight, CloudError> {
    match change {
        StorageChange::DeactivateHmacKey { project, access_id } => {
            key_is(gcp, at, project, access_id, "INACTIVE").await
        }
        StorageChange::ActivateHmacKey { project, access_id } => {
            key_is(gcp, at, project, access_id, "ACTIVE").await
        }
        StorageChange::PreventPublicAccess { bucket } => prevention(gcp, at, bucket, ENFORCED).await,
        StorageChange::SetPublicAccessPrevention { bucket, mode } => prevention(gcp, at, bucket, mode).await,
    }
}

/// Google's word for a bucket that can't be public.
const ENFORCED: &str = "enforced";

async fn prevention(gcp: &Gcp, at: &Place, name: &str, wanted: &str) -> Result<Sight, CloudError> {
    let found = bucket(gcp, at, name).await?;
    let mode = mode(&found);
    Ok(Sight::there(json!({"mode": mode}), mode == wanted))
}

fn mode(bucket: &Value) -> &str {
    text(&bucket["iamConfiguration"], "publicAccessPrevention").unwrap_or("inherited")
}

async fn bucket(gcp: &Gcp, at: &Place, name: &str) -> Result<Value, CloudError> {
    gcp.rest.json(&Ask::get("storage.buckets.get", at, STORAGE, "b/{}", &[name])?).await
}

/// Held against the metageneration of what was read: who changed the bucket in between is not overruled.
async fn prevent(gcp: &Gcp, at: &Place, name: &str, mode: &str) -> Result<Receipt, CloudError> {
    const CALL: &str = "storage.buckets.patch";
    let found = bucket(gcp, at, name).await?;
    if mode == ENFORCED {
        // By now the principal's own bindings are gone: who else lets everybody in means it.
        let home = Home::of(&PolicyOf::Bucket(name.into()));
        let policy = policy::read(gcp, at, &home).await?;
        let is_public = |_: &str, one: &str| matches!(one, "allUsers" | "allAuthenticatedUsers");
        if !policy::held(&policy, is_public).is_empty() {
            let why = "its policy lets everybody in by a binding that is not the principal's: ask its owners";
            return Err(CloudError::new(Refusal::Protected, CALL, at, None, why));
        }
    }
    let body = json!({"iamConfiguration": {"publicAccessPrevention": mode}});
    let mut ask = Ask::new(CALL, at, Method::PATCH, STORAGE, "b/{}", &[name])?.body(body).repeatable();
    if let Some(generation) = number(&found["metageneration"]) {
        ask = ask.with("ifMetagenerationMatch", generation);
    }
    gcp.rest.json(&ask).await?;
    Ok(Receipt::default())
}

async fn key_is(gcp: &Gcp, at: &Place, project: &str, id: &str, wanted: &str) -> Result<Sight, CloudError> {
    let key = hmac(gcp, at, project, id).await?;
    let state = text(&key, "state");
    if state == Some("DELETED") {
        return Ok(Sight::Gone);
    }
    let is_done = state == Some(wanted);
    Ok(Sight::there(json!({"state": state, "account": text(&key, "serviceAccountEmail")}), is_done))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &StorageChange) -> Result<Receipt, CloudError> {
    match change {
        StorageChange::DeactivateHmacKey { project, access_id } => {
            set_key(gcp, at, project, access_id, "INACTIVE").await
        }
        StorageChange::ActivateHmacKey { project, access_id } => {
            set_key(gcp, at, project, access_id, "ACTIVE").await
        }
        StorageChange::PreventPublicAccess { bucket } => prevent(gcp, at, bucket, ENFORCED).await,
        StorageChange::SetPublicAccessPrevention { bucket, mode } => prevent(gcp, at, bucket, mode).await,
    }
}

/// With the etag of what was read: who changed it in between is not overruled.
async fn set_key(
    gcp: &Gcp,
    at: &Place,
    project: &str,
    id: &str,
    wanted: &str,
) -> Result<Receipt, CloudError> {
    let key = hmac(gcp, at, project, id).await?;
    let mut body = json!({"state": wanted});
    if let Some(etag) = text(&key, "etag") {
        body["etag"] = etag.into();
    }
    let call = "storage.projects.hmacKeys.update";
    let ask = Ask::new(call, at, Method::PUT, STORAGE, "projects/{}/hmacKeys/{}", &[project, id])?.body(body);
    let mut done = receipt(&gcp.rest.json(&ask.repeatable()).await?);
    done.request_id = number(&key["id"]);
    Ok(done)
}

/// What signs as an account.
pub(super) async fn hmac_keys(
    gcp: &Gcp,
    at: &Place,
    project: &str,
    email: &str,
) -> Result<Vec<Value>, CloudError> {
    let call = "storage.projects.hmacKeys.list";
    let ask = Ask::get(call, at, STORAGE, "projects/{}/hmacKeys", &[project])?;
    gcp.rest.list(ask.with("serviceAccountEmail", email).with("maxResults", 250), "items").await
}

async fn hmac(gcp: &Gcp, at: &Place, project: &str, id: &str) -> Result<Value, CloudError> {
    let call = "storage.projects.hmacKeys.get";
    gcp.rest.json(&Ask::get(call, at, STORAGE, "projects/{}/hmacKeys/{}", &[project, id])?).await
}

pub(super) async fn observe(
    _gcp: &Gcp,
    _at: &Place,
    _kind: &'static str,
    _wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Ok(Vec::new())
}
