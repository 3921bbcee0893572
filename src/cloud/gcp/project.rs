//! Projects, live: APIs that are on, billing, and the projects themselves. See [`ProjectChange`].

use super::Gcp;
use super::each::{at_time, name, observed, or_none, receipt, text};
use super::endpoints::{BILLING, RESOURCEMANAGER, SERVICEUSAGE};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::ProjectChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[LIEN, "gcp.cloudresourcemanager.project"];

const LIEN: &str = "gcp.cloudresourcemanager.lien";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &ProjectChange) -> Result<Sight, CloudError> {
    Ok(match change {
        ProjectChange::DisableService { project, service } => {
            api_is(gcp, at, project, service, "DISABLED").await?
        }
        ProjectChange::EnableService { project, service } => {
            api_is(gcp, at, project, service, "ENABLED").await?
        }
        ProjectChange::DetachBilling { project } => {
            let info = billing(gcp, at, project).await?;
            let account = text(&info, "billingAccountName");
            Sight::there(json!({"account": account}), account.is_none())
        }
        ProjectChange::AttachBilling { project, account: wanted } => {
            let info = billing(gcp, at, project).await?;
            let account = text(&info, "billingAccountName");
            Sight::there(json!({"account": account}), account == Some(&**wanted))
        }
        ProjectChange::DeleteProject { number } => stands(gcp, at, number, "DELETE_REQUESTED").await?,
        ProjectChange::UndeleteProject { number } => stands(gcp, at, number, "ACTIVE").await?,
        ProjectChange::RemoveLien { name } => {
            let found = lien(gcp, at, name).await?;
            Sight::there(json!({"lien": said(&found)}), false)
        }
        ProjectChange::RestoreLien { lien, .. } => {
            let wanted = saved(at, lien)?;
            let call = "resourcemanager.liens.list";
            let ask = Ask::get(call, at, RESOURCEMANAGER, "v3/liens", &[])?
                .with("parent", text(&wanted, "parent").unwrap_or_default());
            let all = gcp.rest.list(ask, "liens").await?;
            Sight::there(json!({}), all.iter().any(|one| said(one) == wanted))
        }
    })
}

async fn lien(gcp: &Gcp, at: &Place, full: &str) -> Result<Value, CloudError> {
    let call = "resourcemanager.liens.get";
    gcp.rest.json(&Ask::get(call, at, RESOURCEMANAGER, "v3/liens/{}", &[name(full)])?).await
}

/// What a lien says, without what Google gives it.
fn said(lien: &Value) -> Value {
    json!({"parent": lien["parent"], "restrictions": lien["restrictions"], "reason": lien["reason"], "origin": lien["origin"]})
}

fn saved(at: &Place, lien: &str) -> Result<Value, CloudError> {
    serde_json::from_str(lien).map_err(|_| {
        CloudError::new(
            Refusal::Invalid,
            "resourcemanager.liens.create",
            at,
            None,
            "the saved lien can't be read",
        )
    })
}

async fn api_is(
    gcp: &Gcp,
    at: &Place,
    project: &str,
    service: &str,
    wanted: &str,
) -> Result<Sight, CloudError> {
    let call = "serviceusage.services.get";
    let ask = Ask::get(call, at, SERVICEUSAGE, "v1/projects/{}/services/{}", &[project, service])?;
    let found = gcp.rest.json(&ask).await?;
    let state = text(&found, "state");
    Ok(Sight::there(json!({"state": state}), state == Some(wanted)))
}

async fn stands(gcp: &Gcp, at: &Place, number: &str, wanted: &str) -> Result<Sight, CloudError> {
    let found = project(gcp, at, number).await?;
    let state = text(&found, "state");
    Ok(Sight::there(json!({"state": state}), state == Some(wanted)))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &ProjectChange) -> Result<Receipt, CloudError> {
    match change {
        ProjectChange::DisableService { project, service } => {
            let call = "serviceusage.services.disable";
            let template = "v1/projects/{}/services/{}:disable";
            let body = json!({"disableDependentServices": false, "checkIfServiceHasUsage": "CHECK"});
            let ask = Ask::post(call, at, SERVICEUSAGE, template, &[project, service])?.body(body);
            let operation = gcp.rest.json(&ask.repeatable()).await?;
            gcp.followed(operation, SERVICEUSAGE, "v1/{+}", call, at).await
        }
        ProjectChange::EnableService { project, service } => {
            let call = "serviceusage.services.enable";
            let template = "v1/projects/{}/services/{}:enable";
            let ask = Ask::post(call, at, SERVICEUSAGE, template, &[project, service])?.body(json!({}));
            let operation = gcp.rest.json(&ask.repeatable()).await?;
            gcp.followed(operation, SERVICEUSAGE, "v1/{+}", call, at).await
        }
        ProjectChange::DetachBilling { project } => pay(gcp, at, project, "").await,
        ProjectChange::AttachBilling { project, account } => pay(gcp, at, project, account).await,
        ProjectChange::DeleteProject { number } => {
            let call = "resourcemanager.projects.delete";
            let ask = Ask::new(call, at, Method::DELETE, RESOURCEMANAGER, "v3/projects/{}", &[number])?;
            let operation = gcp.rest.json(&ask).await?;
            gcp.followed(operation, RESOURCEMANAGER, "v3/{+}", call, at).await
        }
        ProjectChange::UndeleteProject { number } => {
            let call = "resourcemanager.projects.undelete";
            let ask =
                Ask::post(call, at, RESOURCEMANAGER, "v3/projects/{}:undelete", &[number])?.body(json!({}));
            let operation = gcp.rest.json(&ask).await?;
            gcp.followed(operation, RESOURCEMANAGER, "v3/{+}", call, at).await
        }
        ProjectChange::RemoveLien { name: full } => {
            let call = "resourcemanager.liens.delete";
            let ask = Ask::new(call, at, Method::DELETE, RESOURCEMANAGER, "v3/liens/{}", &[name(full)])?;
            Ok(receipt(&gcp.rest.json(&ask).await?))
        }
        ProjectChange::RestoreLien { lien, .. } => {
            let call = "resourcemanager.liens.create";
            let ask = Ask::post(call, at, RESOURCEMANAGER, "v3/liens", &[])?.body(saved(at, lien)?);
            Ok(receipt(&gcp.rest.json(&ask).await?))
        }
    }
}

async fn pay(gcp: &Gcp, at: &Place, project: &str, account: &str) -> Result<Receipt, CloudError> {
    let call = "cloudbilling.projects.updateBillingInfo";
    let ask = Ask::new(call, at, Method::PUT, BILLING, "v1/projects/{}/billingInfo", &[project])?;
    let body = json!({"billingAccountName": account});
    Ok(receipt(&gcp.rest.json(&ask.body(body).repeatable()).await?))
}

async fn billing(gcp: &Gcp, at: &Place, project: &str) -> Result<Value, CloudError> {
    let call = "cloudbilling.projects.getBillingInfo";
    gcp.rest.json(&Ask::get(call, at, BILLING, "v1/projects/{}/billingInfo", &[project])?).await
}

async fn project(gcp: &Gcp, at: &Place, number: &str) -> Result<Value, CloudError> {
    let call = "resourcemanager.projects.get";
    gcp.rest.json(&Ask::get(call, at, RESOURCEMANAGER, "v3/projects/{}", &[name(number)])?).await
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
        if kind == LIEN {
            let state = or_none(lien(gcp, at, &one.id).await)?.map_or(State::Gone, |_| State::Running);
            seen.push(observed(one, state, None));
            continue;
        }
        let Some(found) = or_none(project(gcp, at, &one.id).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match text(&found, "state") {
            Some("ACTIVE") => State::Running,
            Some("DELETE_REQUESTED") => State::Gone,
            _ => State::Unknown,
        };
        seen.push(observed(one, state, at_time(&found["createTime"])));
    }
    Ok(seen)
}
