//! API keys. Their use has no principal in any log; only their making and showing is seen.
//!
//! Key ids are read from names and uids, never from the key string, which v1 of this API may log.

use super::principals::home_project;
use super::tell::{API_KEY, Telling, minted, segment_at, undo};
use crate::catalog::{Record, Service, on, technique};
use crate::model::report::FindingKind::{CredentialAccess, Persistence};
use crate::model::{Fact, Issued};
use std::sync::Arc;

const KIND: &str = "gcp.apikeys.key";
const NAMES: &str = "protoPayload.response.name|protoPayload.request.name|protoPayload.request.key.name|protoPayload.resourceName";
const PAIR: &str = "gcp api key";

pub static APIKEYS: Service = Service {
    source: "apikeys.googleapis.com",
    rows: &[
        on("ApiKeys.CreateKey|ApiKeys.CloneKey|ApiKeys.CreateApiKey|ApiKeys.RegenerateApiKey")
            .about(KIND, "protoPayload.response.name|protoPayload.response.uid|protoPayload.response.keyId|protoPayload.resourceName")
            .contain("apikeys.projects.locations.keys.patch; apikeys.projects.locations.keys.delete")
            .note("A deleted API key can be undeleted for 30 days.")
            .tells(made),
        on("ApiKeys.UpdateKey")
            .touches(KIND, NAMES, "changed")
            .contain("apikeys.projects.locations.keys.patch")
            .note("A key without restrictions opens every API that the project has enabled.")
            .tells(changed),
        on("ApiKeys.UndeleteKey")
            .about(KIND, NAMES)
            .contain("apikeys.projects.locations.keys.delete")
            .note("A deleted API key works again.")
            .tells(undeleted),
        on("ApiKeys.DeleteKey|ApiKeys.DeleteApiKey").about(KIND, NAMES).contain("apikeys.projects.locations.keys.undelete").tells(deleted),
        on("ApiKeys.GetKeyString|ApiKeys.GetApiKey")
            .about(KIND, NAMES)
            .contain("apikeys.projects.locations.keys.delete")
            .note("Whoever reads an API key's string has the key.")
            .tells(shown),
    ],
};

/// Returns the key's own name, which deletions use; a uid only where there is no name.
fn key_id(record: &Record) -> Option<Arc<str>> {
    segment_at(record, NAMES, "keys").or_else(|| segment_at(record, NAMES, "apiKeys")).or_else(|| {
        record.first("protoPayload.response.uid|protoPayload.response.keyId|protoPayload.request.keyId")
    })
}

fn made(record: &Record, facts: &mut Vec<Fact>) {
    // A creation is two entries; only the last one knows the key, and one act is told once.
    let begins = record.is("operation.first", "true") && !record.is("operation.last", "true");
    let cloned = record.event.ends_with("CloneKey");
    let id = if cloned {
        // The request names the key that was copied.
        segment_at(record, "protoPayload.response.name", "keys")
            .or_else(|| record.first("protoPayload.response.uid"))
    } else {
        key_id(record)
    };
    if begins && id.is_none() {
        return;
    }
    let owner = record
        .first("protoPayload.response.serviceAccountEmail|protoPayload.request.key.serviceAccountEmail");
    let power = match &owner {
        Some(owner) => format!("whoever has it acts as {owner}"),
        None => "whoever has it uses this project's APIs and pays nothing".to_owned(),
    };
    let name = id.as_deref().unwrap_or("(not named in the log)");
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, name)
            .pair(PAIR)
            .says(record, format!("API key {name} was made; {power}.")),
    );
    let Some(id) = id else { return };
    let made = minted(record, API_KEY, id, if cloned { "CloneKey" } else { "CreateKey" });
    facts.push(Fact::Issued(Issued {
        account: owner.as_deref().and_then(home_project).map(Arc::from).or_else(|| made.account.clone()),
        principal: owner,
        ..made
    }));
}

fn changed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = key_id(record) else { return };
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &id)
            .says(record, format!("API key {id} was changed; see that its restrictions still stand.")),
    );
}

fn shown(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = key_id(record) else { return };
    facts.push(Telling::new(CredentialAccess, &technique::UNSECURED_CREDENTIALS, &id).says(
        record,
        format!("The secret string of API key {id} was read; make a new key and delete this one."),
    ));
}

fn undeleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = key_id(record) else { return };
    facts.push(Fact::Restored { kind: API_KEY, id: id.clone(), how: "undeleted" });
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &id)
            .pair(PAIR)
            .says(record, format!("API key {id} was undeleted; it works again.")),
    );
}

fn deleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = key_id(record) else { return };
    facts.push(Fact::Revoked { kind: API_KEY, id: id.clone(), how: "deleted" });
    facts.push(undo(record, PAIR, &id));
}
