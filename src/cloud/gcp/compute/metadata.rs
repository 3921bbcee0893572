//! SSH keys in metadata, of machines and of projects: public keys alone; no other word is read out or kept.

use super::super::Gcp;
use super::super::each::text;
use super::super::endpoints::COMPUTE;
use super::super::rest::{Ask, backoff};
use super::act::instance;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::{Place, Sight};
use serde_json::{Value, json};
use std::sync::Arc;

/// Words that hold SSH keys; the second is older.
const WORDS: [&str; 2] = ["ssh-keys", "sshKeys"];
/// So often it is read and written anew when somebody else wrote in between.
const CONFLICTS: u32 = 6;

type Keys = [(Arc<str>, Arc<str>)];

fn held(metadata: &Value) -> Vec<(&str, &str)> {
    let items = metadata["items"].as_array().into_iter().flatten();
    let keys =
        items.filter_map(|item| Some((text(item, "key")?, item["value"].as_str().unwrap_or_default())));
    keys.filter(|(word, _)| WORDS.contains(word)).collect()
}

/// What there is, and whether it is as wanted: these keys, or none.
pub(super) fn sight(metadata: &Value, wanted: Option<&Vec<(Arc<str>, Arc<str>)>>) -> Sight {
    let held = held(metadata);
    let is_done = match wanted {
        None => held.is_empty(),
        Some(wanted) => wanted.iter().all(|(word, keys)| held.contains(&(&**word, &**keys))),
    };
    Sight::there(json!({"keys": held}), is_done)
}

/// The same metadata with these keys and no others.
fn with(metadata: &Value, keys: &Keys) -> Value {
    let others = metadata["items"].as_array().into_iter().flatten();
    let mut items: Vec<Value> =
        others.filter(|item| !text(item, "key").is_some_and(|word| WORDS.contains(&word))).cloned().collect();
    items.extend(keys.iter().map(|(word, keys)| json!({"key": &**word, "value": &**keys})));
    json!({"fingerprint": metadata["fingerprint"], "items": items})
}

pub(super) async fn of_project(gcp: &Gcp, at: &Place, project: &str) -> Result<Value, CloudError> {
    let found =
        gcp.rest.json(&Ask::get("compute.projects.get", at, COMPUTE, "projects/{}", &[project])?).await?;
    Ok(found["commonInstanceMetadata"].clone())
}

pub(super) async fn set_project(
    gcp: &Gcp,
    at: &Place,
    project: &str,
    keys: &Keys,
) -> Result<Receipt, CloudError> {
    let mut tries = 0;
    loop {
        let body = with(&of_project(gcp, at, project).await?, keys);
        let call = "compute.projects.setCommonInstanceMetadata";
        let ask =
            Ask::post(call, at, COMPUTE, "projects/{}/setCommonInstanceMetadata", &[project])?.body(body);
        match gcp.compute(ask).await {
            Err(error) if error.refusal == Refusal::Conflict && tries < CONFLICTS => tries += 1,
            done => return done,
        }
        tokio::time::sleep(backoff(tries)).await;
    }
}

pub(super) async fn of_instance(gcp: &Gcp, at: &Place, id: &str, keys: &Keys) -> Result<Receipt, CloudError> {
    let mut tries = 0;
    loop {
        let body = with(&instance(gcp, at, id).await?["metadata"], keys);
        let call = "compute.instances.setMetadata";
        let template = "projects/{}/zones/{}/instances/{}/setMetadata";
        let ask = Ask::post(call, at, COMPUTE, template, &[&at.account, &at.region, id])?.body(body);
        match gcp.compute(ask).await {
            Err(error) if error.refusal == Refusal::Conflict && tries < CONFLICTS => tries += 1,
            done => return done,
        }
        tokio::time::sleep(backoff(tries)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ssh_keys_come_and_go() {
        let metadata = json!({"fingerprint": "f", "items": [
            {"key": "startup-script", "value": "secret"}, {"key": "ssh-keys", "value": "root:ssh-ed25519 A mallory"},
        ]});
        let Sight::There { state, is_done: false } = sight(&metadata, None) else { panic!("it is there") };
        assert!(!state.to_string().contains("secret"));
        let without = with(&metadata, &[]);
        assert_eq!(without["items"].as_array().unwrap().len(), 1);
        assert!(sight(&without, None).is_done());
        let keys: Vec<(Arc<str>, Arc<str>)> = serde_json::from_value(state["keys"].clone()).unwrap();
        assert!(sight(&with(&without, &keys), Some(&keys)).is_done());
    }
}
