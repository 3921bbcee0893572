//! What the rows of several Google services need to tell: credential kinds, signals with several names in them, parts of
//! resource names.

use crate::catalog::Record;
use crate::catalog::record::pair_key;
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Strength, Technique};
use crate::model::{Fact, Issued, Minter};
use std::sync::Arc;

pub const SERVICE_ACCOUNT: &str = "gcp.iam.service_account";
pub const SERVICE_ACCOUNT_KEY: &str = "gcp.service_account_key";
pub const IMPERSONATION: &str = "gcp.impersonation";
pub const FEDERATED_TOKEN: &str = "gcp.federated_token";
pub const HMAC_KEY: &str = "gcp.hmac_key";
pub const API_KEY: &str = "gcp.api_key";

/// Returns the segment after `collection` in a resource name: `segment("projects/p/serviceAccounts/e/keys/k", "keys")` is `k`.
pub fn segment<'a>(name: &'a str, collection: &str) -> Option<&'a str> {
    let mut segments = name.split('/');
    segments.find(|segment| *segment == collection)?;
    segments.next().filter(|segment| !segment.is_empty() && *segment != "-")
}

/// Returns the segment after `collection` in the first of the texts at `paths` that has one.
pub fn segment_at(record: &Record, paths: &str, collection: &str) -> Option<Arc<str>> {
    paths
        .split('|')
        .find_map(|path| record.all(path).iter().find_map(|name| segment(name, collection).map(Arc::from)))
}

/// Returns the e-mail of the service account that the record is about.
pub fn account_email(record: &Record) -> Option<Arc<str>> {
    record.first("resource.labels.emailId|protoPayload.response.email").filter(|email| email.contains('@')).or_else(
        || {
            const NAMES: &str = "protoPayload.response.name|protoPayload.request.name|protoPayload.resourceName|protoPayload.request.resource";
            segment_at(record, NAMES, "serviceAccounts").filter(|email| email.contains('@'))
        },
    )
}

/// Returns the numeric id of the service account that the record is about.
pub fn account_number(record: &Record) -> Option<Arc<str>> {
    record.first("resource.labels.uniqueId|protoPayload.response.uniqueId").or_else(|| {
        segment_at(record, "protoPayload.resourceName|protoPayload.request.name", "serviceAccounts")
            .filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// What is told besides paths: a finding whose sentence names more than one thing.
pub struct Telling<'a> {
    pub kind: FindingKind,
    pub technique: Option<&'static Technique>,
    pub subject: &'a str,
    /// Label that joins doing and undoing; empty when nothing undoes it.
    pub pair: &'static str,
    /// What the pair is about, where that is more than the subject.
    pub pair_of: &'a str,
}

impl<'a> Telling<'a> {
    pub fn new(kind: FindingKind, technique: &'static Technique, subject: &'a str) -> Telling<'a> {
        Telling { kind, technique: Some(technique), subject, pair: "", pair_of: subject }
    }

    pub fn pair(mut self, label: &'static str) -> Telling<'a> {
        self.pair = label;
        self
    }

    pub fn pair_of(mut self, label: &'static str, of: &'a str) -> Telling<'a> {
        self.pair = label;
        self.pair_of = of;
        self
    }

    pub fn says(self, record: &Record, note: String) -> Fact {
        let pair = if self.pair.is_empty() {
            "".into()
        } else {
            pair_key(self.pair, &record.scope.account, self.pair_of)
        };
        Fact::Signal(Signal {
            kind: self.kind,
            technique: self.technique,
            note,
            subject: self.subject.into(),
            pair,
            undoes: false,
        })
    }
}

/// Returns the undoing half of a pair; it makes no finding of its own.
pub fn undo(record: &Record, label: &'static str, of: &str) -> Fact {
    Fact::Signal(Signal {
        // The kind of an undoing half is never read.
        kind: FindingKind::Discovery,
        technique: None,
        note: String::new(),
        subject: of.into(),
        pair: pair_key(label, &record.scope.account, of),
        undoes: true,
    })
}

/// Returns a credential that the event's actor minted.
pub fn minted(record: &Record, kind: &'static str, id: Arc<str>, via: &'static str) -> Issued {
    Issued {
        kind,
        id,
        principal: None,
        principal_id: None,
        account: Some(record.scope.account.clone()).filter(|account| !account.is_empty()),
        via,
        expires: None,
        strength: Strength::Exact,
        minter: Minter::Actor,
    }
}

/// Returns the actor's name for a sentence.
pub fn actor<'a>(record: &'a Record) -> &'a str {
    record.actor.principal.as_deref().unwrap_or("somebody")
}
