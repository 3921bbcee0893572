//! Cloud Run, live: services, worker pools, jobs and executions. By name, and only where the uid is the one that is meant.

use super::Gcp;
use super::each::{at_time, detail, name, not_answered, observed, or_none, text};
use super::endpoints::RUN;
use super::named::{location, named, only, part, read, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::{Named, RunChange};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] =
    &["gcp.run.execution", "gcp.run.job", "gcp.run.service", "gcp.run.worker_pool"];

/// A kind of thing and its calls.
struct Kind {
    get: &'static str,
    delete: &'static str,
    template: &'static str,
}

const SERVICE: Kind = Kind {
    get: "run.projects.locations.services.get",
    delete: "run.projects.locations.services.delete",
    template: "v2/projects/{}/locations/{}/services/{}",
};
const POOL: Kind = Kind {
    get: "run.projects.locations.workerPools.get",
    delete: "run.projects.locations.workerPools.delete",
    template: "v2/projects/{}/locations/{}/workerPools/{}",
};
const JOB: Kind = Kind {
    get: "run.projects.locations.jobs.get",
    delete: "run.projects.locations.jobs.delete",
    template: "v2/projects/{}/locations/{}/jobs/{}",
};
const INTERNAL: &str = "INGRESS_TRAFFIC_INTERNAL_ONLY";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &RunChange) -> Result<Sight, CloudError> {
    Ok(match change {
        RunChange::StopRunService { it } => {
            let found = get(gcp, at, &SERVICE, it).await?;
            Sight::there(json!({"saved": of_service(&found)}), is_off(&found) && is_shut(&found))
        }
        RunChange::RestoreRunService { it, saved } => {
            let found = of_service(&get(gcp, at, &SERVICE, it).await?);
            let is_done = found == read(saved, SERVICE.get, at)?;
            Sight::there(json!({"saved": found}), is_done)
        }
        RunChange::StopRunWorkerPool { it } => {
            let found = get(gcp, at, &POOL, it).await?;
            Sight::there(json!({"saved": only(&found, &["scaling"])}), count(&found) == Some(0))
        }
        RunChange::RestoreRunWorkerPool { it, saved } => {
            let found = only(&get(gcp, at, &POOL, it).await?, &["scaling"]);
            let is_done = found == read(saved, POOL.get, at)?;
            Sight::there(json!({"saved": found}), is_done)
        }
        RunChange::CancelRunExecutions { it } => {
            get(gcp, at, &JOB, it).await?;
            Sight::there(json!({}), running(gcp, at, it).await?.is_empty())
        }
        RunChange::CancelRunExecution { it } => {
            Sight::there(json!({}), is_over(&execution(gcp, at, it).await?))
        }
        RunChange::DeleteRunService { it } => still(get(gcp, at, &SERVICE, it).await?),
        RunChange::DeleteRunWorkerPool { it } => still(get(gcp, at, &POOL, it).await?),
        RunChange::DeleteRunJob { it } => still(get(gcp, at, &JOB, it).await?),
    })
}

/// What is to be deleted and is there; what Google has marked as deleted is gone.
fn still(found: Value) -> Sight {
    match text(&found, "deleteTime") {
        Some(_) => Sight::Gone,
        None => Sight::there(json!({"uid": text(&found, "uid")}), false),
    }
}

fn of_service(found: &Value) -> Value {
    only(found, &["ingress", "scaling", "traffic"])
}

fn count(found: &Value) -> Option<i64> {
    found["scaling"]["manualInstanceCount"].as_i64()
}

/// Whether no instance runs: a number that is not written is 0 where scaling is manual.
fn is_off(service: &Value) -> bool {
    service["scaling"]["scalingMode"] == "MANUAL"
        && count(service).unwrap_or_default() == 0
        && !has_tags(service)
}

fn is_shut(service: &Value) -> bool {
    service["ingress"] == INTERNAL
}

fn has_tags(service: &Value) -> bool {
    service["traffic"].as_array().into_iter().flatten().any(|one| text(one, "tag").is_some())
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &RunChange) -> Result<Receipt, CloudError> {
    const SERVICES: &str = "run.projects.locations.services.patch";
    const POOLS: &str = "run.projects.locations.workerPools.patch";
    match change {
        RunChange::StopRunService { it } => {
            let found = get(gcp, at, &SERVICE, it).await?;
            let mut body =
                json!({"ingress": INTERNAL, "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 0}});
            if has_tags(&found) {
                body["traffic"] = untagged(&found["traffic"]);
            }
            patch(gcp, at, SERVICES, &SERVICE, it, &found, body).await
        }
        RunChange::RestoreRunService { it, saved } => {
            let mut body = read(saved, SERVICES, at)?;
            let found = get(gcp, at, &SERVICE, it).await?;
            // Sent and not set is what Google takes for its default.
            for field in ["ingress", "scaling"] {
                if body.get(field).is_none() {
                    body[field] = Value::Null;
                }
            }
            patch(gcp, at, SERVICES, &SERVICE, it, &found, body).await
        }
        RunChange::StopRunWorkerPool { it } => {
            let found = get(gcp, at, &POOL, it).await?;
            let body = json!({"scaling": {"manualInstanceCount": 0}});
            patch(gcp, at, POOLS, &POOL, it, &found, body).await
        }
        RunChange::RestoreRunWorkerPool { it, saved } => {
            let mut body = read(saved, POOLS, at)?;
            let found = get(gcp, at, &POOL, it).await?;
            if body.get("scaling").is_none() {
                body["scaling"] = Value::Null;
            }
            patch(gcp, at, POOLS, &POOL, it, &found, body).await
        }
        RunChange::CancelRunExecutions { it } => {
            get(gcp, at, &JOB, it).await?;
            let mut done = Receipt::default();
            for one in running(gcp, at, it).await? {
                done = cancel(gcp, at, &one).await?;
            }
            Ok(done)
        }
        RunChange::CancelRunExecution { it } => {
            let found = execution(gcp, at, it).await?;
            cancel(gcp, at, &found).await
        }
        RunChange::DeleteRunService { it } => delete(gcp, at, &SERVICE, it).await,
        RunChange::DeleteRunWorkerPool { it } => delete(gcp, at, &POOL, it).await,
        RunChange::DeleteRunJob { it } => delete(gcp, at, &JOB, it).await,
    }
}

/// The same shares of traffic, reached by no address of their own; what only had an address of its own is out.
fn untagged(traffic: &Value) -> Value {
    let shares = traffic
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["percent"].as_i64().unwrap_or_default() > 0);
    shares
        .map(|one| {
            let mut one = one.clone();
            if let Some(fields) = one.as_object_mut() {
                fields.remove("tag");
            }
            one
        })
        .collect()
}

/// Sets exactly the fields of the body, with the etag of what was read: who changed it in between is not overruled.
async fn patch(
    gcp: &Gcp,
    at: &Place,
    call: &'static str,
    kind: &Kind,
    it: &Named,
    found: &Value,
    mut body: Value,
) -> Result<Receipt, CloudError> {
    let mask: Vec<String> = body.as_object().into_iter().flat_map(|body| body.keys().cloned()).collect();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    if let Some(etag) = text(found, "etag") {
        body["etag"] = etag.into();
    }
    let ids = [&*at.account, location(it, at), short(it)];
    let ask = Ask::new(call, at, Method::PATCH, RUN, kind.template, &ids)?;
    let begun = gcp.rest.json(&ask.with("updateMask", mask.join(",")).body(body).repeatable()).await?;
    gcp.followed(begun, RUN, "v2/{+}", call, at).await
}

async fn delete(gcp: &Gcp, at: &Place, kind: &Kind, it: &Named) -> Result<Receipt, CloudError> {
    let found = get(gcp, at, kind, it).await?;
    let ids = [&*at.account, location(it, at), short(it)];
    let mut ask = Ask::new(kind.delete, at, Method::DELETE, RUN, kind.template, &ids)?;
    if let Some(etag) = text(&found, "etag") {
        ask = ask.with("etag", etag);
    }
    let begun = gcp.rest.json(&ask).await?;
    gcp.followed(begun, RUN, "v2/{+}", kind.delete, at).await
}

async fn cancel(gcp: &Gcp, at: &Place, execution: &Value) -> Result<Receipt, CloudError> {
    let call = "run.projects.locations.jobs.executions.cancel";
    let path = text(execution, "name").unwrap_or_default();
    let job = part(path, &["jobs"]).unwrap_or_default();
    let place = part(path, &["locations"]).unwrap_or(&at.region);
    let template = "v2/projects/{}/locations/{}/jobs/{}/executions/{}:cancel";
    let ask = Ask::post(call, at, RUN, template, &[&at.account, place, job, name(path)])?;
    match gcp.rest.json(&ask.body(json!({})).repeatable()).await {
        Ok(begun) => gcp.followed(begun, RUN, "v2/{+}", call, at).await,
        Err(error) => {
            // It may have ended by itself in between, which is what was wanted.
            let it = Named { name: path.into(), uid: text(execution, "uid").map(Into::into), made: None };
            match self::execution(gcp, at, &it).await {
                Ok(now) if is_over(&now) => Ok(Receipt::default()),
                _ => Err(error),
            }
        }
    }
}

/// The one that is meant, never its namesake.
async fn get(gcp: &Gcp, at: &Place, kind: &Kind, it: &Named) -> Result<Value, CloudError> {
    let ids = [&*at.account, location(it, at), short(it)];
    let found = gcp.rest.json(&Ask::get(kind.get, at, RUN, kind.template, &ids)?).await?;
    same(found, it, "uid", "createTime", kind.get, at)
}

/// The immutable id of a service that something else is made of.
pub(super) async fn uid_of(gcp: &Gcp, at: &Place, service: &str) -> Result<String, CloudError> {
    let it = Named { name: service.into(), uid: None, made: None };
    let found = get(gcp, at, &SERVICE, &it).await?;
    text(&found, "uid").map(str::to_owned).ok_or_else(|| not_answered(SERVICE.get, at, "uid"))
}

async fn executions(gcp: &Gcp, at: &Place, place: &str, job: &str) -> Result<Vec<Value>, CloudError> {
    let call = "run.projects.locations.jobs.executions.list";
    let template = "v2/projects/{}/locations/{}/jobs/{}/executions";
    gcp.rest.list(Ask::get(call, at, RUN, template, &[&at.account, place, job])?, "executions").await
}

fn is_over(execution: &Value) -> bool {
    text(execution, "completionTime").is_some() || text(execution, "deleteTime").is_some()
}

async fn running(gcp: &Gcp, at: &Place, job: &Named) -> Result<Vec<Value>, CloudError> {
    let mut all = executions(gcp, at, location(job, at), short(job)).await?;
    all.retain(|one| !is_over(one));
    Ok(all)
}

/// One execution; records of the first API tell its name without its job's, and then it is looked for among all jobs'.
async fn execution(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "run.projects.locations.jobs.executions.get";
    let found = match part(&it.name, &["jobs"]) {
        Some(job) => {
            let template = "v2/projects/{}/locations/{}/jobs/{}/executions/{}";
            let ids = [&*at.account, location(it, at), job, short(it)];
            gcp.rest.json(&Ask::get(call, at, RUN, template, &ids)?).await?
        }
        None => {
            let all = executions(gcp, at, location(it, at), "-").await?;
            let one = all.into_iter().find(|one| text(one, "name").map(name) == Some(short(it)));
            one.ok_or_else(|| {
                CloudError::new(Refusal::NotFound, call, at, None, "no job has such an execution")
            })?
        }
    };
    same(found, it, "uid", "createTime", call, at)
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
        let it = named(one);
        let found = match kind {
            "gcp.run.execution" => execution(gcp, at, &it).await,
            "gcp.run.job" => get(gcp, at, &JOB, &it).await,
            "gcp.run.worker_pool" => get(gcp, at, &POOL, &it).await,
            _ => get(gcp, at, &SERVICE, &it).await,
        };
        let Some(found) = or_none(found)?.filter(|found| text(found, "deleteTime").is_none()) else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let is_running = match kind {
            "gcp.run.execution" => !is_over(&found),
            "gcp.run.job" => !running(gcp, at, &it).await?.is_empty(),
            "gcp.run.worker_pool" => count(&found) != Some(0),
            _ => !is_off(&found),
        };
        let state = if is_running { State::Running } else { State::Stopped };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "ingress", text(&found, "ingress"));
        detail(&mut looked, "creator", text(&found, "creator"));
        looked.identity = text(&found["template"], "serviceAccount").map(Into::into);
        seen.push(looked);
    }
    Ok(seen)
}
