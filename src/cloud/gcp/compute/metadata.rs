//! SSH keys in metadata, of machines and of projects: public keys alone; no other word is read out or kept.

use super::super::Gcp;
use super::super::each::text;
use super::super::endpoints::{COMPUTE, LOGGING};
use super::super::rest::{Ask, backoff};
use super::act::instance;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::AddedKeys;
use crate::model::{Place, Sight};
use serde_json::{Value, json};
use std::collections::BTreeSet;
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

/// What our own calls are signed with, at the start of a word: a thief who signs so only gives its keys away.
const OURS: &str = "triage/";

/// Hands the sight on where every key that is there must be the principal's: the word was new with it, and the log has no change of
/// the word since by anybody else. The log hides keys themselves, so that nothing else tells them apart.
pub(super) async fn only_its_own(
    gcp: &Gcp,
    at: &Place,
    instance: Option<&str>,
    added: Option<&AddedKeys>,
    sight: Sight,
) -> Result<Sight, CloudError> {
    const CALL: &str = "logging.entries.list";
    if sight.is_done() {
        return Ok(sight);
    }
    let spared = |why: &str| {
        let by_hand = match instance {
            Some(id) => format!("gcloud compute instances describe {id} --project={}", at.account),
            None => format!("gcloud compute project-info describe --project={}", at.account),
        };
        CloudError::new(
            Refusal::Protected,
            CALL,
            at,
            None,
            &format!("{why}; {by_hand} shows them: take out those that nobody knows"),
        )
    };
    let Some(added) = added else { return Err(spared("whose keys these are is not known")) };
    let (method, on) = match instance {
        // A number and nothing else: it stands in our filter.
        Some(id) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            ("instances.setMetadata", format!(" AND resource.labels.instance_id=\"{id}\""))
        }
        Some(_) => return Err(spared("the machine has no number")),
        None => ("projects.setCommonInstanceMetadata", String::new()),
    };
    let filter = format!(
        "log_id(\"cloudaudit.googleapis.com/activity\") AND timestamp>=\"{}\" AND protoPayload.serviceName=\"compute.googleapis.com\" AND \
         protoPayload.methodName:\"{method}\"{on}",
        added.since
    );
    let ask = Ask::post(CALL, at, LOGGING, "v2/entries:list", &[])?.repeatable().body(json!({
        "resourceNames": [format!("projects/{}", at.account)], "filter": filter, "pageSize": 1000,
    }));
    let entries = gcp.rest.list(ask, "entries").await?;
    match strangers(&entries, added) {
        0 => Ok(sight),
        _ => Err(spared(
            "somebody else changed the keys after the principal did, so that theirs can't be told apart",
        )),
    }
}

/// Changes of the keys, or that may be, that neither the principal nor we made: by operation.
fn strangers(entries: &[Value], added: &AddedKeys) -> usize {
    let operation = |entry: &Value| match text(&entry["operation"], "id").or_else(|| text(entry, "insertId"))
    {
        Some(id) => id.to_owned(),
        None => String::new(),
    };
    let is_own = |entry: &&Value| {
        let agent =
            entry["protoPayload"]["requestMetadata"]["callerSuppliedUserAgent"].as_str().unwrap_or_default();
        text(entry, "insertId").is_some_and(|id| added.events.iter().any(|own| **own == *id))
            || agent.split(' ').any(|word| word.starts_with(OURS))
    };
    let own: BTreeSet<String> = entries.iter().filter(is_own).map(operation).collect();
    let failed = |entry: &&Value| entry["protoPayload"]["status"]["code"].as_i64().unwrap_or_default() != 0;
    let failed: BTreeSet<String> = entries.iter().filter(failed).map(operation).collect();
    let others: BTreeSet<String> =
        entries.iter().map(operation).filter(|id| !own.contains(id) && !failed.contains(id)).collect();
    // Which words a change was of stands in one of its entries; where in none, it may be of these.
    let is_elsewhere = |id: &&String| {
        let mut told = false;
        for entry in entries.iter().filter(|entry| operation(entry) == **id) {
            let metadata = &entry["protoPayload"]["metadata"];
            for delta in ["projectMetadataDelta", "instanceMetadataDelta"] {
                for list in ["addedMetadataKeys", "modifiedMetadataKeys", "deletedMetadataKeys"] {
                    for word in metadata[delta][list].as_array().into_iter().flatten() {
                        told = true;
                        if word.as_str().is_some_and(|word| WORDS.contains(&word)) {
                            return false;
                        }
                    }
                }
            }
        }
        told
    };
    others.iter().filter(|id| !is_elsewhere(id)).count()
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
    fn a_change_of_anybody_else_makes_the_keys_nobodys() {
        let entry = |insert: &str, operation: &str, agent: &str, list: &str, word: &str| {
            json!({"insertId": insert, "operation": {"id": operation}, "protoPayload": {
                "requestMetadata": {"callerSuppliedUserAgent": agent},
                "metadata": {"projectMetadataDelta": {list: [word]}}}})
        };
        let added = AddedKeys { since: "2026-07-14T08:00:00Z".parse().unwrap(), events: vec!["e1".into()] };
        let thief = || entry("e1", "o1", "curl", "addedMetadataKeys", "ssh-keys");
        let last = json!({"insertId": "e2", "operation": {"id": "o1"}, "protoPayload": {}});
        let of = |entries: &[Value]| strangers(entries, &added);
        assert_eq!(of(&[thief(), last]), 0);
        assert_eq!(of(&[thief(), entry("e3", "o2", "gcloud", "modifiedMetadataKeys", "ssh-keys")]), 1);
        assert_eq!(of(&[thief(), entry("e3", "o2", "gcloud", "modifiedMetadataKeys", "enable-oslogin")]), 0);
        assert_eq!(
            of(&[thief(), entry("e3", "o2", "x triage/0.1 run/c", "addedMetadataKeys", "ssh-keys")]),
            0
        );
        assert_eq!(
            of(&[thief(), json!({"insertId": "e4", "protoPayload": {}})]),
            1,
            "it does not say which words"
        );
        let failed =
            json!({"insertId": "e5", "operation": {"id": "o3"}, "protoPayload": {"status": {"code": 7}}});
        assert_eq!(of(&[thief(), failed]), 0);
    }

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
