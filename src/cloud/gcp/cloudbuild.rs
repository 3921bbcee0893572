//! Cloud Build, live: triggers and builds, by the ids that Google gave them.

use super::Gcp;
use super::each::{at_time, detail, observed, or_none, receipt, text};
use super::endpoints::CLOUDBUILD;
use super::named::{location, named, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{CloudbuildChange, Named};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.cloudbuild.build", "gcp.cloudbuild.build_trigger"];

const TRIGGER: &str = "v1/projects/{}/locations/{}/triggers/{}";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &CloudbuildChange) -> Result<Sight, CloudError> {
    Ok(match change {
        CloudbuildChange::DisableBuildTrigger { it } => is(&trigger(gcp, at, it).await?, true),
        CloudbuildChange::EnableBuildTrigger { it } => is(&trigger(gcp, at, it).await?, false),
        CloudbuildChange::CancelBuild { it } => {
            Sight::there(json!({}), !is_running(&build(gcp, at, it).await?))
        }
        CloudbuildChange::DeleteBuildTrigger { it } => {
            trigger(gcp, at, it).await?;
            Sight::there(json!({}), false)
        }
    })
}

fn is_off(trigger: &Value) -> bool {
    trigger["disabled"].as_bool().unwrap_or_default()
}

fn is(trigger: &Value, wanted: bool) -> Sight {
    Sight::there(json!({"disabled": is_off(trigger)}), is_off(trigger) == wanted)
}

/// What is not at its end may still run; a status that nobody knows yet too.
fn is_running(build: &Value) -> bool {
    !matches!(
        text(build, "status"),
        Some("SUCCESS" | "FAILURE" | "INTERNAL_ERROR" | "TIMEOUT" | "CANCELLED" | "EXPIRED")
    )
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &CloudbuildChange) -> Result<Receipt, CloudError> {
    let ask = match change {
        CloudbuildChange::DisableBuildTrigger { it } => return switch(gcp, at, it, true).await,
        CloudbuildChange::EnableBuildTrigger { it } => return switch(gcp, at, it, false).await,
        CloudbuildChange::CancelBuild { it } => {
            let call = "cloudbuild.projects.locations.builds.cancel";
            let template = "v1/projects/{}/locations/{}/builds/{}:cancel";
            let ids = [&*at.account, location(it, at), short(it)];
            let ask = Ask::post(call, at, CLOUDBUILD, template, &ids)?.body(json!({})).repeatable();
            return match gcp.rest.json(&ask).await {
                Ok(answer) => Ok(receipt(&answer)),
                // It may have ended by itself in between, which is what was wanted.
                Err(error) => match build(gcp, at, it).await {
                    Ok(now) if !is_running(&now) => Ok(Receipt::default()),
                    _ => Err(error),
                },
            };
        }
        CloudbuildChange::DeleteBuildTrigger { it } => {
            let call = "cloudbuild.projects.locations.triggers.delete";
            let ids = [&*at.account, location(it, at), short(it)];
            Ask::new(call, at, Method::DELETE, CLOUDBUILD, TRIGGER, &ids)?
        }
    };
    Ok(receipt(&gcp.rest.json(&ask).await?))
}

async fn switch(gcp: &Gcp, at: &Place, it: &Named, off: bool) -> Result<Receipt, CloudError> {
    let call = "cloudbuild.projects.locations.triggers.patch";
    let ids = [&*at.account, location(it, at), short(it)];
    let ask = Ask::new(call, at, Method::PATCH, CLOUDBUILD, TRIGGER, &ids)?
        .with("updateMask", "disabled")
        .body(json!({"disabled": off}));
    Ok(receipt(&gcp.rest.json(&ask.repeatable()).await?))
}

async fn trigger(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "cloudbuild.projects.locations.triggers.get";
    let ids = [&*at.account, location(it, at), short(it)];
    let found = gcp.rest.json(&Ask::get(call, at, CLOUDBUILD, TRIGGER, &ids)?).await?;
    same(found, it, "id", "createTime", call, at)
}

async fn build(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "cloudbuild.projects.locations.builds.get";
    let ids = [&*at.account, location(it, at), short(it)];
    let template = "v1/projects/{}/locations/{}/builds/{}";
    let found = gcp.rest.json(&Ask::get(call, at, CLOUDBUILD, template, &ids)?).await?;
    same(found, it, "id", "createTime", call, at)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        // Both are asked for by their id, whatever else they are called.
        let is_path = one.id.contains('/');
        let it = if is_path { named(one) } else { by_id(&one.id) };
        let found = match kind {
            "gcp.cloudbuild.build" => or_none(build(gcp, at, &it).await)?,
            _ => or_none(trigger(gcp, at, &it).await)?,
        };
        let Some(found) = found else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let is_on = match kind {
            "gcp.cloudbuild.build" => is_running(&found),
            _ => !is_off(&found),
        };
        let state = if is_on { State::Running } else { State::Stopped };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "status", text(&found, "status"));
        looked.identity = text(&found, "serviceAccount").map(super::each::name).map(Into::into);
        seen.push(looked);
    }
    Ok(seen)
}

fn by_id(id: &std::sync::Arc<str>) -> Named {
    Named { name: id.clone(), uid: Some(id.clone()), made: None }
}
