//! Cloud Storage's HMAC keys: S3-style access keys of a service account. Their use never shows a key name.

use super::principals::home_project;
use super::tell::{HMAC_KEY, Telling, minted, segment_at, undo};
use crate::catalog::{Record, Service, on, technique};
use crate::model::report::FindingKind;
use crate::model::{Fact, Issued};
use std::sync::Arc;

const KIND: &str = "gcp.storage.hmac_key";
const NAMES: &str = "protoPayload.metadata.accessId|protoPayload.response.accessId|protoPayload.response.metadata.accessId|protoPayload.request.accessId|protoPayload.resourceName";
const PAIR: &str = "gcp hmac key";

pub static HMAC: Service = Service {
    source: "storage.googleapis.com",
    rows: &[
        on("storage.hmacKeys.create")
            .about(KIND, NAMES)
            .contain("storage.projects.hmacKeys.update")
            .note("An HMAC key outlives every token; switch it to INACTIVE.")
            .tells(made),
        on("storage.hmacKeys.update")
            .about(KIND, NAMES)
            .contain("storage.projects.hmacKeys.update")
            .note("An HMAC key was switched on or off.")
            .tells(switched),
        on("storage.hmacKeys.delete")
            .about(KIND, NAMES)
            .note("A deleted HMAC key can't be brought back.")
            .tells(deleted),
    ],
};

fn access_id(record: &Record) -> Option<Arc<str>> {
    const DIRECT: &str = "protoPayload.metadata.accessId|protoPayload.response.accessId|protoPayload.response.metadata.accessId|protoPayload.request.accessId";
    record.first(DIRECT).or_else(|| segment_at(record, "protoPayload.resourceName", "hmacKeys")).or_else(
        || {
            // Seen as `projects/p/accessKeys/GOOG1E…` and as the bare id, too.
            let name = record.first("protoPayload.resourceName")?;
            let last = name.rsplit('/').next()?;
            last.starts_with("GOOG").then(|| last.into())
        },
    )
}

fn owner(record: &Record) -> Option<Arc<str>> {
    record
        .first("protoPayload.request.serviceAccountEmail|protoPayload.metadata.serviceAccountEmail|protoPayload.response.serviceAccountEmail|protoPayload.response.metadata.serviceAccountEmail|resource.labels.emailId")
}

fn made(record: &Record, facts: &mut Vec<Fact>) {
    let owner = owner(record);
    let of = owner.as_deref().unwrap_or("a service account or user");
    let id = access_id(record);
    let sentence = match &id {
        Some(id) => format!(
            "HMAC key {id} was made for {of}; it reads and writes storage as {of} until it is switched off."
        ),
        None => format!("An HMAC key was made for {of}, but the log does not say which; list them."),
    };
    let subject: Arc<str> = id.clone().unwrap_or_else(|| of.into());
    facts.push(
        Telling::new(FindingKind::Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &subject)
            .pair(PAIR)
            .says(record, sentence),
    );
    let Some(id) = id else { return };
    let made = minted(record, HMAC_KEY, id, "storage.hmacKeys.create");
    facts.push(Fact::Issued(Issued {
        account: owner.as_deref().and_then(home_project).map(Arc::from).or_else(|| made.account.clone()),
        principal: owner,
        ..made
    }));
}

fn switched(record: &Record, facts: &mut Vec<Fact>) {
    const STATE: &str = "protoPayload.request.state|protoPayload.request.metadata.state|protoPayload.request.resource.state|protoPayload.metadata.state|protoPayload.response.state";
    let Some(id) = access_id(record) else { return };
    if record.is(STATE, "INACTIVE") {
        facts.push(Fact::Revoked { kind: HMAC_KEY, id: id.clone(), how: "deactivated" });
        facts.push(undo(record, PAIR, &id));
    } else if record.is(STATE, "ACTIVE") {
        facts.push(Fact::Restored { kind: HMAC_KEY, id: id.clone(), how: "activated" });
        facts.push(
            Telling::new(FindingKind::Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &id)
                .pair(PAIR)
                .says(record, format!("HMAC key {id} was switched on again.")),
        );
    } else {
        // The entry does not say which way; a key that may be live is worth a look.
        facts.push(
            Telling::new(FindingKind::Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &id)
                .pair(PAIR)
                .says(record, format!("HMAC key {id} was switched on or off; the log does not say which.")),
        );
    }
}

fn deleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = access_id(record) else { return };
    facts.push(Fact::Revoked { kind: HMAC_KEY, id: id.clone(), how: "deleted" });
    facts.push(undo(record, PAIR, &id));
}
