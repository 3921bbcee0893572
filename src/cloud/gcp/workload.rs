//! What managed services run, live: looked at and ended by one table (`workload/table.rs`). See [`WorkloadChange`].
//!
//! A namesake is another: the uid decides where the record has one, else the time when it was made; where neither is told, nothing
//! is touched.

mod models;
mod table;

use super::Gcp;
use super::each::{at_time, detail, number, observed, or_none, receipt, text};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::WorkloadChange::{self, *};
use crate::model::change::gcp::{Born, WorkloadOf};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight, Time};
use reqwest::Method;
use serde_json::{Value, json};
use table::{Act, Row, row};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[
    "gcp.aiplatform.batch_prediction_job",
    "gcp.aiplatform.custom_job",
    "gcp.aiplatform.endpoint",
    "gcp.aiplatform.hyperparameter_tuning_job",
    "gcp.aiplatform.nas_job",
    "gcp.aiplatform.notebook_runtime",
    "gcp.aiplatform.persistent_resource",
    "gcp.aiplatform.pipeline_job",
    "gcp.aiplatform.schedule",
    "gcp.aiplatform.training_pipeline",
    "gcp.batch.job",
    "gcp.dataflow.job",
    "gcp.dataproc.batch",
    "gcp.dataproc.cluster",
    "gcp.dataproc.job",
    "gcp.dataproc.session",
    "gcp.notebooks.instance",
    "gcp.tpu.node",
    "gcp.tpu.queued_resource",
];

/// A record's time and a thing's own differ by less; nobody deletes and makes anew as fast.
const APART: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &WorkloadChange) -> Result<Sight, CloudError> {
    match change {
        CancelWorkload { of, name, born } | StopWorkload { of, name, born } => {
            let runs = runs(row(*of), &get(gcp, at, *of, name, born).await?);
            Ok(Sight::there(json!({"runs": runs}), !runs))
        }
        StartWorkload { of, name, born } => {
            let found = get(gcp, at, *of, name, born).await?;
            let is_up = state(row(*of), &found).is_some_and(|state| row(*of).up.contains(&state));
            Ok(Sight::there(json!({"runs": runs(row(*of), &found)}), is_up))
        }
        DeleteWorkload { of, name, born } => {
            get(gcp, at, *of, name, born).await?;
            Ok(Sight::there(json!({}), false))
        }
        UndeployModels { name, born } => {
            let found = get(gcp, at, WorkloadOf::Endpoint, name, born).await?;
            let models = models::deployed(&found);
            let is_done = models["deployed"].as_array().is_none_or(Vec::is_empty);
            Ok(Sight::there(json!({"models": models}), is_done))
        }
        DeployModels { name, born, models: wanted } => {
            let found = get(gcp, at, WorkloadOf::Endpoint, name, born).await?;
            let is_done = models::missing(&found, &models::saved(wanted, at)?).is_empty();
            Ok(Sight::there(json!({"models": models::deployed(&found)}), is_done))
        }
    }
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &WorkloadChange) -> Result<Receipt, CloudError> {
    let (of, name, born, act) = match change {
        CancelWorkload { of, name, born } | StopWorkload { of, name, born } => {
            (*of, name, born, row(*of).end)
        }
        StartWorkload { of, name, born } => (*of, name, born, row(*of).start),
        DeleteWorkload { of, name, born } => (*of, name, born, row(*of).delete),
        UndeployModels { name, born } => {
            let found = get(gcp, at, WorkloadOf::Endpoint, name, born).await?;
            return models::undeploy(gcp, at, name, &found).await;
        }
        DeployModels { name, born, models: wanted } => {
            let found = get(gcp, at, WorkloadOf::Endpoint, name, born).await?;
            return models::deploy(gcp, at, name, &found, &models::saved(wanted, at)?).await;
        }
    };
    let row = row(of);
    let Some(act) = act else {
        return Err(CloudError::new(Refusal::Invalid, row.get.0, at, None, "its service has no such call"));
    };
    // Looked at again just before, by uid or time: the calls themselves go by name.
    let found = get(gcp, at, of, name, born).await?;
    ended(gcp, at, row, name, &found, act).await
}

async fn ended(
    gcp: &Gcp,
    at: &Place,
    row: &Row,
    name: &str,
    found: &Value,
    act: Act,
) -> Result<Receipt, CloudError> {
    let mut ask = match act.through {
        Some(field) => match text(found, field) {
            Some(operation) => Ask::new(act.call, at, act.method(), row.api, act.template, &[operation])?,
            None => {
                let why = "it does not name the operation through which it is cancelled";
                return Err(CloudError::new(Refusal::Protected, act.call, at, None, why));
            }
        },
        None => {
            let (place, id) = parts(row, at, name);
            Ask::new(act.call, at, act.method(), row.api, act.template, &[&at.account, place, id])?
        }
    };
    if act.method() == Method::DELETE {
        for (word, pointer) in act.with {
            match pointer.strip_prefix('/') {
                Some(_) => {
                    if let Some(value) = found.pointer(pointer).and_then(Value::as_str) {
                        ask = ask.with(word, value);
                    }
                }
                None => ask = ask.with(word, pointer),
            }
        }
    } else if act.has_body {
        let mut body = json!({});
        for (word, pointer) in act.with {
            body[*word] = match pointer.strip_prefix('/') {
                Some(_) => found.pointer(pointer).cloned().unwrap_or_default(),
                None => (*pointer).into(),
            };
        }
        ask = ask.body(body);
    }
    let answer = gcp.rest.json(&ask).await?;
    let done = receipt(&answer);
    gcp.lists.forget();
    match row.operations.filter(|_| answer.get("done").is_some() || answer.get("metadata").is_some()) {
        Some(template) => match gcp.followed(answer, row.api, template, act.call, at).await {
            // It was taken; what became of it is looked at.
            Err(error) if matches!(error.refusal, Refusal::Denied | Refusal::NotFound) => Ok(done),
            followed => followed,
        },
        None => Ok(done),
    }
}

/// Where it lies and what it is called there: by its whole name, else where the step is.
fn parts<'n>(row: &Row, at: &'n Place, name: &'n str) -> (&'n str, &'n str) {
    let mut words = name.split('/');
    let mut place = None;
    while let Some(word) = words.next() {
        match word {
            "locations" | "regions" | "zones" => place = words.next(),
            word if word == row.collection => {
                if let (Some(place), Some(id), None) = (place, words.next(), words.next()) {
                    return (place, id);
                }
                break;
            }
            _ => {}
        }
    }
    (&at.region, super::each::name(name))
}

/// It, by name, and no namesake.
async fn get(gcp: &Gcp, at: &Place, of: WorkloadOf, name: &str, born: &Born) -> Result<Value, CloudError> {
    let row = row(of);
    let found = by_name(gcp, at, row, name).await?;
    match is_it(row, &found, born) {
        Some(true) => Ok(found),
        Some(false) => {
            let why = "what has its name now is another";
            Err(CloudError::new(Refusal::NotFound, row.get.0, at, None, why))
        }
        None => {
            let why = "neither its uid nor when it was made is told, so that it may be another";
            Err(CloudError::new(Refusal::Protected, row.get.0, at, None, why))
        }
    }
}

async fn by_name(gcp: &Gcp, at: &Place, row: &Row, name: &str) -> Result<Value, CloudError> {
    let (place, id) = parts(row, at, name);
    let ask = Ask::get(row.get.0, at, row.api, row.get.1, &[&at.account, place, id])?;
    gcp.rest.json(&ask).await
}

/// Whether it is the one that was made; `None` where nothing tells.
fn is_it(row: &Row, found: &Value, born: &Born) -> Option<bool> {
    let uid = row.uid.and_then(|pointer| found.pointer(pointer)).and_then(number);
    if let (Some(its), Some(uid)) = (uid, &born.uid) {
        return Some(*its == **uid);
    }
    let made = row.born.iter().find_map(|pointer| at_time(found.pointer(pointer)?))?;
    Some(is_near(made, born.at))
}

fn is_near(one: Time, other: Time) -> bool {
    one.duration_since(other).abs() <= APART
}

fn state<'v>(row: &Row, found: &'v Value) -> Option<&'v str> {
    found.pointer(row.state).and_then(Value::as_str)
}

/// Whether anything of it runs or may: only what says that it is over is over.
fn runs(row: &Row, found: &Value) -> bool {
    if row.state.is_empty() {
        return found["deployedModels"].as_array().is_some_and(|all| !all.is_empty());
    }
    !state(row, found).is_some_and(|state| row.over.contains(&state))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let Some(of) = WorkloadOf::of_kind(kind) else { return Ok(Vec::new()) };
    let row = row(of);
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        // The report's id says which; a path among its names says where, else its name there.
        let at = Place { account: at.account.clone(), region: one.region.clone() };
        let path = one.all_names().find(|name| name.contains('/'));
        let its_name = one.names.first().filter(|_| of != WorkloadOf::DataflowJob);
        let path = path.or(its_name).unwrap_or(&one.id);
        let Some(found) = or_none(by_name(gcp, &at, row, path).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let made = row.born.iter().find_map(|pointer| at_time(found.pointer(pointer)?));
        let uid = row.uid.and_then(|pointer| found.pointer(pointer)).and_then(number);
        let is_other = !one.id.contains('/') && uid.is_some_and(|uid| uid != *one.id) && row.uid.is_some();
        let state = match (is_other, runs(row, &found)) {
            (true, _) => State::Gone,
            (false, true) => State::Running,
            (false, false) => State::Stopped,
        };
        let mut it = observed(one, state, made);
        if !is_other {
            detail(&mut it, "unstoppable", row.unstoppable.and_then(|why| why(&found)));
        }
        seen.push(it);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namesake_is_another_and_what_tells_nothing_is_nobody() {
        let job = |uid: Option<&str>, at: &str| json!({"uid": uid, "createTime": at});
        let born = |uid: Option<&str>| Born {
            uid: uid.map(Into::into),
            at: "2026-07-14T08:00:00Z".parse().unwrap(),
        };
        let is = |found: Value, uid| is_it(row(WorkloadOf::BatchJob), &found, &born(uid));
        assert_eq!(is(job(Some("j-1"), "2026-07-14T08:00:03Z"), Some("j-1")), Some(true));
        assert_eq!(is(job(Some("j-2"), "2026-07-14T08:00:03Z"), Some("j-1")), Some(false));
        assert_eq!(is(job(Some("j-2"), "2026-07-14T08:00:03Z"), None), Some(true));
        assert_eq!(is(job(Some("j-2"), "2026-07-14T09:00:03Z"), None), Some(false));
        assert_eq!(is(json!({}), Some("j-1")), None);
    }

    #[test]
    fn where_it_lies_is_said_by_its_whole_name() {
        let at = Place::new("shop-prod-4821", "us-east1");
        let parts = |name: &'static str| parts(row(WorkloadOf::BatchJob), &at, name);
        assert_eq!(parts("projects/p/locations/us-central1/jobs/dig"), ("us-central1", "dig"));
        assert_eq!(parts("dig"), ("us-east1", "dig"));
        assert_eq!(parts("projects/p/locations/us-central1/jobs/dig/tasks/1"), ("us-east1", "1"));
    }

    #[test]
    fn only_what_says_that_it_is_over_is_over() {
        for of in WorkloadOf::ALL {
            assert!(KINDS.contains(&of.kind()));
            if !row(*of).state.is_empty() {
                assert!(
                    runs(row(*of), &json!({})) && runs(row(*of), &json!({"state": "NEW_WORD"})),
                    "{of:?}"
                );
            }
        }
        assert!(!runs(row(WorkloadOf::BatchJob), &json!({"status": {"state": "CANCELLED"}})));
    }
}
