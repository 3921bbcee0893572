//! Models of a Vertex AI endpoint: taken off one by one, and deployed again as they were.

use super::super::Gcp;
use super::super::each::text;
use super::super::endpoints::AIPLATFORM;
use super::super::rest::Ask;
use super::table::row;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::Place;
use crate::model::change::gcp::WorkloadOf;
use serde_json::{Map, Value, json};

/// Fields of a deployed model that only Google writes.
const GOOGLES: &[&str] = &["createTime", "modelVersionId", "privateEndpoints", "status"];

/// Its models as they could be deployed again, and their shares of the traffic.
pub(super) fn deployed(endpoint: &Value) -> Value {
    let all = endpoint["deployedModels"].as_array().into_iter().flatten();
    let all: Vec<Value> = all
        .map(|model| {
            let fields = model.as_object().into_iter().flatten();
            let ours = fields.filter(|(field, _)| !GOOGLES.contains(&field.as_str()));
            ours.map(|(field, value)| (field.clone(), value.clone())).collect::<Map<String, Value>>().into()
        })
        .collect();
    json!({"deployed": all, "traffic": endpoint["trafficSplit"]})
}

pub(super) fn saved(text: &str, at: &Place) -> Result<Value, CloudError> {
    serde_json::from_str(text).map_err(|_| {
        let call = "aiplatform.projects.locations.endpoints.deployModel";
        CloudError::new(Refusal::Invalid, call, at, None, "the saved models can't be read")
    })
}

/// Saved models that are not deployed.
pub(super) fn missing(endpoint: &Value, saved: &Value) -> Vec<Value> {
    let has = |id: &str| {
        let mut all = endpoint["deployedModels"].as_array().into_iter().flatten();
        all.any(|model| text(model, "id") == Some(id))
    };
    let all = saved["deployed"].as_array().into_iter().flatten();
    all.filter(|model| !text(model, "id").is_some_and(has)).cloned().collect()
}

pub(super) async fn undeploy(
    gcp: &Gcp,
    at: &Place,
    name: &str,
    endpoint: &Value,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "aiplatform.projects.locations.endpoints.undeployModel";
    let models = endpoint["deployedModels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ids: Vec<&str> = models.iter().filter_map(|model| text(model, "id")).collect();
    let mut done = Receipt::default();
    for (no, id) in ids.iter().enumerate() {
        // Traffic must go to something that is left; the last needs none.
        let traffic = match ids.get(no + 1) {
            Some(next) => json!({ *next: 100 }),
            None => json!({}),
        };
        let (place, endpoint) = super::parts(row(WorkloadOf::Endpoint), at, name);
        let template = "v1/projects/{}/locations/{}/endpoints/{}:undeployModel";
        let ask = Ask::post(CALL, at, AIPLATFORM, template, &[&at.account, place, endpoint])?
            .body(json!({"deployedModelId": id, "trafficSplit": traffic}));
        let operation = gcp.rest.json(&ask).await?;
        done = gcp.followed(operation, AIPLATFORM, "v1/{+}", CALL, at).await?;
    }
    Ok(done)
}

pub(super) async fn deploy(
    gcp: &Gcp,
    at: &Place,
    name: &str,
    endpoint: &Value,
    saved: &Value,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "aiplatform.projects.locations.endpoints.deployModel";
    let missing = missing(endpoint, saved);
    let mut done = Receipt::default();
    for (no, model) in missing.iter().enumerate() {
        let mut body = json!({"deployedModel": model});
        // Shares are set with the last, when all are there: what is just being deployed is `0` in them.
        if no + 1 == missing.len() && saved["traffic"].is_object() {
            let own = text(model, "id").unwrap_or_default();
            let shares = saved["traffic"].as_object().into_iter().flatten();
            let shares =
                shares.map(|(id, share)| (if id == own { "0" } else { id }.to_owned(), share.clone()));
            body["trafficSplit"] = shares.collect::<Map<String, Value>>().into();
        }
        let (place, endpoint) = super::parts(row(WorkloadOf::Endpoint), at, name);
        let template = "v1/projects/{}/locations/{}/endpoints/{}:deployModel";
        let ask = Ask::post(CALL, at, AIPLATFORM, template, &[&at.account, place, endpoint])?.body(body);
        let operation = gcp.rest.json(&ask).await?;
        done = gcp.followed(operation, AIPLATFORM, "v1/{+}", CALL, at).await?;
    }
    Ok(done)
}
