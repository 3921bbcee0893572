//! Cloud Functions, live: which generation one is, and what is done to those of the first. The first has no id and no time of
//! its own: a name is all that its API knows.

use super::Gcp;
use super::each::{at_time, detail, observed, or_none, text};
use super::endpoints::CLOUDFUNCTIONS;
use super::named::{location, named, same, short};
use super::policy::{self, Home};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{CloudfunctionsChange, Named};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.cloudfunctions.cloud_function"];

const FIRST: &str = "v1/projects/{}/locations/{}/functions/{}";
const BOTH: &str = "v2/projects/{}/locations/{}/functions/{}";
const GET: &str = "cloudfunctions.projects.locations.functions.get";
const INTERNAL: &str = "ALLOW_INTERNAL_ONLY";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &CloudfunctionsChange) -> Result<Sight, CloudError> {
    Ok(match change {
        CloudfunctionsChange::CloseFunctionIngress { it } => ingress(gcp, at, it, INTERNAL).await?,
        CloudfunctionsChange::RestoreFunctionIngress { it, ingress: wanted } => {
            ingress(gcp, at, it, wanted).await?
        }
        CloudfunctionsChange::ShutOutFunctionInvokers { it } => {
            get(gcp, at, it).await?;
            let policy = policy::read(gcp, at, &home(at, it)).await?;
            let held = policy::held(&policy, |role, _| is_invoker(role));
            let is_done = held.is_empty();
            Sight::there(json!({"bindings": held}), is_done)
        }
        CloudfunctionsChange::LetInFunctionInvokers { it, bindings } => {
            get(gcp, at, it).await?;
            let mut policy = policy::read(gcp, at, &home(at, it)).await?;
            Sight::there(json!({}), !policy::add(&mut policy, bindings))
        }
        CloudfunctionsChange::DeleteCloudFunction { it } => {
            get(gcp, at, it).await?;
            Sight::there(json!({}), false)
        }
    })
}

async fn ingress(gcp: &Gcp, at: &Place, it: &Named, wanted: &str) -> Result<Sight, CloudError> {
    let ask = Ask::get(GET, at, CLOUDFUNCTIONS, FIRST, &[&at.account, location(it, at), short(it)])?;
    let found = gcp.rest.json(&ask).await?;
    let now = text(&found, "ingressSettings").unwrap_or("ALLOW_ALL");
    Ok(Sight::there(json!({"ingress": now}), now == wanted))
}

/// Roles that let call a function.
fn is_invoker(role: &str) -> bool {
    matches!(role, "roles/cloudfunctions.invoker" | "roles/run.invoker")
}

fn home(at: &Place, it: &Named) -> Home {
    Home::of_function(vec![at.account.to_string(), location(it, at).to_owned(), short(it).to_owned()])
}

pub(super) async fn perform(
    gcp: &Gcp,
    at: &Place,
    change: &CloudfunctionsChange,
) -> Result<Receipt, CloudError> {
    match change {
        CloudfunctionsChange::CloseFunctionIngress { it } => set_ingress(gcp, at, it, INTERNAL).await,
        CloudfunctionsChange::RestoreFunctionIngress { it, ingress } => {
            set_ingress(gcp, at, it, ingress).await
        }
        CloudfunctionsChange::ShutOutFunctionInvokers { it } => {
            policy::edit(gcp, at, &home(at, it), |policy| policy::remove(policy, |role, _| is_invoker(role)))
                .await
        }
        CloudfunctionsChange::LetInFunctionInvokers { it, bindings } => {
            policy::edit(gcp, at, &home(at, it), |policy| policy::add(policy, bindings)).await
        }
        CloudfunctionsChange::DeleteCloudFunction { it } => {
            let call = "cloudfunctions.projects.locations.functions.delete";
            let found = get(gcp, at, it).await?;
            // Each generation is deleted where it was made.
            let (template, operation) = match text(&found, "environment") {
                Some("GEN_1") => (FIRST, "v1/{+}"),
                _ => (BOTH, "v2/{+}"),
            };
            let ids = [&*at.account, location(it, at), short(it)];
            let ask = Ask::new(call, at, Method::DELETE, CLOUDFUNCTIONS, template, &ids)?;
            let begun = gcp.rest.json(&ask).await?;
            gcp.followed(begun, CLOUDFUNCTIONS, operation, call, at).await
        }
    }
}

async fn set_ingress(gcp: &Gcp, at: &Place, it: &Named, wanted: &str) -> Result<Receipt, CloudError> {
    let call = "cloudfunctions.projects.locations.functions.patch";
    let ids = [&*at.account, location(it, at), short(it)];
    let ask = Ask::new(call, at, Method::PATCH, CLOUDFUNCTIONS, FIRST, &ids)?
        .with("updateMask", "ingressSettings")
        .body(json!({"ingressSettings": wanted}));
    let begun = gcp.rest.json(&ask.repeatable()).await?;
    gcp.followed(begun, CLOUDFUNCTIONS, "v1/{+}", call, at).await
}

/// A function of either generation, as the second API shows both.
async fn get(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let ids = [&*at.account, location(it, at), short(it)];
    let found = gcp.rest.json(&Ask::get(GET, at, CLOUDFUNCTIONS, BOTH, &ids)?).await?;
    same(found, it, "", "createTime", GET, at)
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
        let config = &found["serviceConfig"];
        let state = match text(&found, "state") {
            Some("DELETING") => State::Unknown,
            _ => State::Running,
        };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "environment", text(&found, "environment"));
        if let Some(service) = text(config, "service") {
            // What is stopped is the service: never one that somebody makes under its name later.
            let uid = or_none(super::run::uid_of(gcp, at, service).await)?;
            detail(&mut looked, "service", Some(service));
            detail(&mut looked, "service_uid", uid.as_deref());
        }
        detail(
            &mut looked,
            "trigger",
            Some(if found["eventTrigger"].is_object() { "event" } else { "https" }),
        );
        looked.identity = text(config, "serviceAccountEmail").map(Into::into);
        seen.push(looked);
    }
    Ok(seen)
}
