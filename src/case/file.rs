//! `case.json`: what was asked, by whom, with what.

use crate::model::report::Window;
use crate::model::{Principal, PrincipalKind, Provider, Time, secret};
use anyhow::{Result, bail};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::sync::Arc;

const SCHEMA: &str = "triage.case/1";

/// What a case is about. A person may write it with `principal` alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFile {
    #[serde(serialize_with = "write_principal", deserialize_with = "read_principal")]
    pub principal: Principal,
    #[serde(flatten)]
    pub window: Window,
    /// Accounts, projects and regions that the run was limited to; empty when it was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// As typed; what looks like key material is redacted when it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "write_redacted")]
    pub command_line: Vec<String>,
    /// Who ran it, as the cloud says; absent where no cloud was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// How far the clock that wrote the times of this case is off.
    #[serde(default)]
    pub clock: HostClock,
    /// Absent in a case that a person wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// The incident, as session names, tags and user agents of a live run bear it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub triage: String,
    /// Schema of the report.
    pub schema: String,
}

/// This host's clock against the cloud's, when a run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostClock {
    /// Whole seconds that the host was ahead (below zero: behind): the `Date` of an answer has no more.
    AheadSeconds(i64),
    /// Why nobody knows.
    Unknown(String),
}

impl Default for HostClock {
    fn default() -> HostClock {
        HostClock::Unknown("no cloud was asked".into())
    }
}

impl fmt::Display for HostClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostClock::AheadSeconds(0) => f.write_str("as the cloud's, to the second"),
            HostClock::AheadSeconds(seconds @ ..0) => {
                write!(f, "{} s behind the cloud's", seconds.unsigned_abs())
            }
            HostClock::AheadSeconds(seconds) => write!(f, "{seconds} s ahead of the cloud's"),
            HostClock::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

impl CaseFile {
    pub fn new(principal: Principal, window: Window) -> CaseFile {
        CaseFile {
            principal,
            window,
            scopes: Vec::new(),
            command_line: Vec::new(),
            operator: None,
            clock: HostClock::default(),
            versions: None,
            started_at: None,
            id: None,
            title: None,
            story: None,
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<CaseFile> {
        #[derive(Deserialize)]
        struct Schema {
            schema: Option<String>,
        }
        // Looked at first: another version may spell the rest otherwise.
        let found: Schema = serde_json::from_slice(bytes)?;
        if found.schema.is_some_and(|schema| schema != SCHEMA) {
            bail!("its schema is not {SCHEMA}, which this version reads");
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Whole<'a> {
            schema: &'static str,
            #[serde(flatten)]
            file: &'a CaseFile,
        }
        let mut json = serde_json::to_vec_pretty(&Whole { schema: SCHEMA, file: self })?;
        json.push(b'\n');
        Ok(json)
    }

    /// Whether a run wrote it, and so must have sealed it.
    pub(super) fn is_recorded(&self) -> bool {
        self.versions.is_some()
    }
}

/// All that a principal is; a key file's ids can't be told from `given` again.
#[derive(Serialize, Deserialize)]
struct Whole {
    given: String,
    provider: Provider,
    kind: String,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arn: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unique_id: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Whole(Whole),
}

fn write_principal<S: Serializer>(who: &Principal, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = Whole {
        given: who.given.clone(),
        provider: who.provider,
        kind: who.kind.name().into(),
        id: who.id.to_string(),
        account: who.account.clone(),
        arn: who.arn.clone(),
        email: who.email.clone(),
        unique_id: who.unique_id.clone(),
        key: who.key.clone(),
    };
    whole.serialize(serializer)
}

fn read_principal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Principal, D::Error> {
    let whole = match Written::deserialize(deserializer)? {
        Written::Text(text) => return Principal::parse(&text).map_err(de::Error::custom),
        Written::Whole(whole) => whole,
    };
    // The id decides; the rest only adds what a key file or the records told.
    let who = Principal::parse(&whole.id).map_err(de::Error::custom)?;
    let kind = PrincipalKind::ALL.into_iter().find(|kind| kind.name() == whole.kind);
    if kind != Some(who.kind) || whole.provider != who.provider {
        return Err(de::Error::custom("the principal's id is not of the kind that is named"));
    }
    Ok(Principal {
        given: whole.given,
        account: whole.account,
        arn: whole.arn,
        email: whole.email,
        unique_id: whole.unique_id,
        key: whole.key,
        ..who
    })
}

fn write_redacted<S: Serializer>(words: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(words.iter().map(|word| secret::redact(word)))
}
