//! Cloud Storage, live: HMAC keys.

use super::Gcp;
use super::each::{number, or_gone, receipt, text};
use super::endpoints::STORAGE;
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::StorageChange;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

pub(super) async fn look(
    gcp: &Gcp,
    at: &Place,
    changes: &[&StorageChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(gcp, at, change).await));
    }
    seen
}

fn wanted(change: &StorageChange) -> (&str, &str, &'static str) {
    match change {
        StorageChange::DeactivateHmacKey { project, access_id } => (project, access_id, "INACTIVE"),
        StorageChange::ActivateHmacKey { project, access_id } => (project, access_id, "ACTIVE"),
    }
}

async fn look_at(gcp: &Gcp, at: &Place, change: &StorageChange) -> Result<Sight, CloudError> {
    let (project, id, wanted) = wanted(change);
    let key = hmac(gcp, at, project, id).await?;
    let state = text(&key, "state");
    if state == Some("DELETED") {
        return Ok(Sight::Gone);
    }
    let is_done = state == Some(wanted);
    Ok(Sight::there(json!({"state": state, "account": text(&key, "serviceAccountEmail")}), is_done))
}

pub(super) async fn perform(
    gcp: &Gcp,
    at: &Place,
    changes: &[&StorageChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(gcp, at, change).await);
    }
    done
}

/// With the etag of what was read: who changed it in between is not overruled.
async fn change_one(gcp: &Gcp, at: &Place, change: &StorageChange) -> Result<Receipt, CloudError> {
    let (project, id, wanted) = wanted(change);
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
