//! API keys, live: what we look at and what we do to them.

use super::Gcp;
use super::each::{observed, or_none, text};
use super::endpoints::APIKEYS;
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::ApikeysChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.apikeys.key"];

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &ApikeysChange) -> Result<Sight, CloudError> {
    let (name, wants) = match change {
        ApikeysChange::DeleteApiKey { name } => (name, true),
        ApikeysChange::UndeleteApiKey { name } => (name, false),
    };
    let key = get(gcp, at, name).await?;
    let is_deleted = text(&key, "deleteTime").is_some();
    Ok(Sight::there(json!({"uid": text(&key, "uid"), "deleted": is_deleted}), is_deleted == wants))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &ApikeysChange) -> Result<Receipt, CloudError> {
    let (call, ask) = match change {
        ApikeysChange::DeleteApiKey { name } => {
            let call = "apikeys.projects.locations.keys.delete";
            (call, Ask::new(call, at, Method::DELETE, APIKEYS, "v2/{+}", &[name])?)
        }
        ApikeysChange::UndeleteApiKey { name } => {
            let call = "apikeys.projects.locations.keys.undelete";
            (call, Ask::post(call, at, APIKEYS, "v2/{+}:undelete", &[name])?.body(json!({})))
        }
    };
    let operation = gcp.rest.json(&ask).await?;
    gcp.followed(operation, APIKEYS, "v2/{+}", call, at).await
}

pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let name = one.all_names().find(|name| name.starts_with("projects/")).unwrap_or(&one.id);
        let state = match or_none(get(gcp, at, name).await)? {
            Some(key) if text(&key, "deleteTime").is_none() => State::Running,
            Some(_) | None => State::Gone,
        };
        seen.push(observed(one, state, None));
    }
    Ok(seen)
}

/// `projects/P/locations/global/keys/ID`; never the key itself.
async fn get(gcp: &Gcp, at: &Place, name: &str) -> Result<Value, CloudError> {
    gcp.rest.json(&Ask::get("apikeys.projects.locations.keys.get", at, APIKEYS, "v2/{+}", &[name])?).await
}
