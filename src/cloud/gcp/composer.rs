//! Cloud Composer, live: environments, by name and uuid.

use super::Gcp;
use super::each::{at_time, detail, not_answered, observed, or_none, text};
use super::endpoints::{COMPOSER, STORAGE};
use super::named::{location, named, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{ComposerChange, Named};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.composer.environment"];

const TEMPLATE: &str = "v1/projects/{}/locations/{}/environments/{}";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &ComposerChange) -> Result<Sight, CloudError> {
    match change {
        ComposerChange::SnapshotEnvironment { it } => {
            let found = get(gcp, at, it).await?;
            let (bucket, folder) = place(gcp, at, &found)?;
            let call = "storage.objects.list";
            let ask = Ask::get(call, at, STORAGE, "b/{}/o", &[&bucket])?
                .with("prefix", format!("{folder}/"))
                .with("maxResults", 1);
            let is_kept = gcp.rest.json(&ask).await?["items"].as_array().is_some_and(|all| !all.is_empty());
            // While it is being saved, the environment is being updated.
            let is_done = is_kept && text(&found, "state") == Some("RUNNING");
            Ok(Sight::there(json!({"bucket": bucket}), is_done))
        }
        ComposerChange::DeleteEnvironment { it } => {
            let found = get(gcp, at, it).await?;
            Ok(Sight::there(json!({"uuid": text(&found, "uuid")}), false))
        }
    }
}

/// The environment's bucket, and the case's folder in it.
fn place(gcp: &Gcp, at: &Place, found: &Value) -> Result<(String, String), CloudError> {
    let of_dags = || text(&found["config"], "dagGcsPrefix")?.strip_prefix("gs://")?.split('/').next();
    let bucket = text(&found["storageConfig"], "bucket").or_else(of_dags);
    let bucket = bucket.ok_or_else(|| not_answered(GET, at, "bucket"))?;
    Ok((bucket.to_owned(), format!("triage-{}", gcp.case)))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &ComposerChange) -> Result<Receipt, CloudError> {
    let (call, ask) = match change {
        ComposerChange::SnapshotEnvironment { it } => {
            let found = get(gcp, at, it).await?;
            let (bucket, folder) = place(gcp, at, &found)?;
            let call = "composer.projects.locations.environments.saveSnapshot";
            let template = "v1/projects/{}/locations/{}/environments/{}:saveSnapshot";
            let ask = Ask::post(call, at, COMPOSER, template, &[&at.account, location(it, at), short(it)])?;
            (call, ask.body(json!({"snapshotLocation": format!("gs://{bucket}/{folder}")})))
        }
        ComposerChange::DeleteEnvironment { it } => {
            get(gcp, at, it).await?;
            let call = "composer.projects.locations.environments.delete";
            let ids = [&*at.account, location(it, at), short(it)];
            (call, Ask::new(call, at, Method::DELETE, COMPOSER, TEMPLATE, &ids)?)
        }
    };
    let begun = gcp.rest.json(&ask).await?;
    gcp.followed(begun, COMPOSER, "v1/{+}", call, at).await
}

const GET: &str = "composer.projects.locations.environments.get";

async fn get(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let ids = [&*at.account, location(it, at), short(it)];
    let found = gcp.rest.json(&Ask::get(GET, at, COMPOSER, TEMPLATE, &ids)?).await?;
    same(found, it, "uuid", "createTime", GET, at)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(found) = or_none(get(gcp, at, &named(one)).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match text(&found, "state") {
            Some("DELETING" | "ERROR") => State::Unknown,
            _ => State::Running,
        };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "size", text(&found["config"], "environmentSize"));
        looked.identity = text(&found["config"]["nodeConfig"], "serviceAccount").map(Into::into);
        seen.push(looked);
    }
    Ok(seen)
}
