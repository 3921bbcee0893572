//! The report: what others build on. `schema` is `triage.report/1`; names are added, never changed.
//!
//! Everything is sorted, times are RFC 3339 UTC, absent is absent.

use super::cost::{Cost, ResourceCost};
use super::ids::{Word, some_word, word};
use super::meter::{Turn, Used};
use super::time::Written;
use super::{EventId, Gap, Provider, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub const SCHEMA: &str = "triage.report/1";

/// What the note of a leak begins with where the provider itself has switched off what leaked.
pub const SWITCHED_OFF: &str = "Google switched off ";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    #[serde(deserialize_with = "word")]
    pub schema: Word,
    pub principal: Subject,
    pub window: Window,
    /// Marked when the run was cut short (Ctrl-C): what follows is what was seen until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    pub counts: Counts,
    pub credentials: Vec<Credential>,
    pub resources: Vec<Resource>,
    pub touched: Vec<Touched>,
    pub findings: Vec<Finding>,
    pub attempts: Vec<Attempt>,
    pub uses: Vec<Use>,
    pub unlinked: Vec<Unlinked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Successful writes that no rule knows, so that nothing done goes unlisted.
    pub unclassified: Vec<Unclassified>,
    pub coverage: Coverage,
    pub gaps: Vec<Gap>,
    /// Who was let into what by the principal (`member` got `role` on `on`) and not seen to be put out again.
    pub grants: Vec<Grant>,
    /// What runs and looks like what the principal launched, but that nothing ties to it: told, never acted on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<Lookalike>,
    /// Keys known or taken to be the leaked ones (Google).
    pub leaked_keys: Vec<Arc<str>>,
    /// The user behind a leaked access key, as its own records name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed_user: Option<Arc<str>>,
    /// What it all cost; absent until a time to count to is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// When and where it and what it became were used: events of each hour and region, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activity: Vec<Activity>,
    /// Calls to what is billed by use, for `cost`.
    #[serde(skip)]
    pub used: Vec<Used>,
}

/// Events of one hour in one region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// When the hour begins.
    #[schemars(with = "Written")]
    pub from: Time,
    pub region: Arc<str>,
    pub events: u64,
    pub failed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    pub member: Arc<str>,
    pub role: Arc<str>,
    pub on: Arc<str>,
    pub event: EventId,
}

/// Something that shares a trait with what the principal launched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Lookalike {
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// `image ami-… with i-…`.
    pub shares: Vec<String>,
}

/// The principal that was asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub given: String,
    pub provider: Provider,
    /// `access_key`, `user`, `role`, `session`, `root`, `service_account`, …
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<Arc<str>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub since: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub leaked_at: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Records read from every input, duplicates included.
    pub records_read: u64,
    pub duplicates: u64,
    /// Of these, entries that are no audit records (text, metrics), skipped on purpose.
    pub other_records: u64,
    pub events_of_principal: u64,
    pub events_of_derived: u64,
    /// Failed calls of the principal and of everything derived.
    pub failed: u64,
    /// Calls of our own that the log shows: left out of everything else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub own_calls: u64,
}

/// How sure a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// The id is in the response.
    Exact,
    /// Same ARN and session start.
    ExactSession,
    /// Joined by user, time or address.
    Heuristic,
}

/// Google's taint classes (`gcp.md` 3.2); on AWS `confirmed` unless the link is heuristic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Confirmed,
    Suspect,
    LikelyLegitimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Credential {
    pub id: Arc<str>,
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// 0 for the seed.
    pub depth: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some_word")]
    pub via: Option<Word>,
    /// Credential id of the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub issued_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    pub strength: Strength,
    pub confidence: Confidence,
    /// `left` or `deleted` as far as the logs show; a deactivated one is left, and could be activated again.
    #[serde(deserialize_with = "word")]
    pub state: Word,
    /// When the log says so, else when the cloud was asked and it did not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub deactivated_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub deleted_at: Option<Time>,
    pub used: bool,
    pub events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub first_use: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub last_use: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub valid_until: Option<Time>,
    /// Whether it worked when the cloud was last asked; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub observed_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resource {
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// Google: the zone, where it lies in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Arc<str>>,
    /// Credential id.
    pub created_by: Arc<str>,
    pub event: EventId,
    #[schemars(with = "Written")]
    pub created_at: Time,
    /// `left`, `deleted`; where a cloud was asked `running`, `stopped`, `gone`; `unknown` when it could not be asked.
    #[serde(deserialize_with = "word")]
    pub state: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub observed_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_event: Option<EventId>,
    pub attribution: Attribution,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched_by: Option<Arc<str>>,
    pub confidence: Confidence,
    /// What must be cleared before it can be stopped or deleted, by the words of `details`, as the cloud told it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protections: Vec<Arc<str>>,
    /// What the cloud told of it when it was looked at: `type`, `protected`, … Absent where nobody looked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<Arc<str>, Arc<str>>,
    /// Absent where nothing is billed for it, or its price is unknown (then it is in `cost.unpriced`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<ResourceCost>,
    /// Its sizes, starts and stops, for `cost`.
    #[serde(skip)]
    pub turns: Vec<Turn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    Direct,
    Indirect,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Touched {
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub how: String,
    pub events: Vec<EventId>,
    pub confidence: Confidence,
    /// The principal made it itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    Persistence,
    PrivilegeEscalation,
    /// Spelled as the house spells it; ATT&CK says "defense".
    #[serde(rename = "defence_evasion")]
    DefenseEvasion,
    Exfiltration,
    Exposure,
    CredentialAccess,
    LateralMovement,
    Execution,
    Destruction,
    ResourceHijacking,
    /// Language-model and mail abuse.
    ServiceAbuse,
    /// A purchase that only the provider can reverse.
    Commitment,
    Discovery,
    /// The provider itself says that the credential leaked.
    Leak,
}

/// All techniques that there are, and room: more are no file of ours, and must not fill the memory.
const MOST_TECHNIQUES: usize = 1024;

/// Reads a technique back. Each is kept for the life of the program, once.
fn technique<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static Technique>, D::Error> {
    static KNOWN: Mutex<BTreeSet<&'static Technique>> = Mutex::new(BTreeSet::new());
    let read = Technique::deserialize(from)?;
    let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(one) = known.get(&read) {
        return Ok(Some(one));
    }
    if known.len() >= MOST_TECHNIQUES {
        return Err(serde::de::Error::custom("more techniques than there are"));
    }
    let one: &'static Technique = Box::leak(Box::new(read));
    known.insert(one);
    Ok(Some(one))
}

/// An ATT&CK technique with the version of the matrix that defines the id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Technique {
    #[serde(deserialize_with = "word")]
    pub id: Word,
    #[serde(deserialize_with = "word")]
    pub version: Word,
    #[serde(deserialize_with = "word")]
    pub name: Word,
    /// The id that the same technique had before ATT&CK 19, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some_word")]
    pub former: Option<Word>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    pub kind: FindingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "technique")]
    pub technique: Option<&'static Technique>,
    pub note: String,
    pub events: Vec<EventId>,
    pub subject: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Arc<str>>,
    #[schemars(with = "Written")]
    pub at: Time,
    /// Blind window and the like: until when it lasted, when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Written>")]
    pub until: Option<Time>,
    pub standing: bool,
    pub confidence: Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    pub action: Arc<str>,
    pub error: Arc<str>,
    pub count: u64,
    pub events: Vec<EventId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Use {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Arc<str>>,
    pub credential: Arc<str>,
    /// `console`, `key`, `service` or `metadata`.
    #[serde(deserialize_with = "word")]
    pub how: Word,
    #[schemars(with = "Written")]
    pub first: Time,
    #[schemars(with = "Written")]
    pub last: Time,
    pub events: u64,
    pub failed: u64,
    pub regions: Vec<Arc<str>>,
    /// Ids of what was launched from here.
    pub launched: Vec<Arc<str>>,
    /// First seen after the leak, or later than the principal's first day in the window.
    pub new: bool,
    pub confidence: Confidence,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unlinked {
    pub id: Arc<str>,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Arc<str>>,
    pub events: Vec<EventId>,
}

/// The chain from the root event to the principal, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Root {
    /// Credential ids and principals, root first, the asked principal last.
    pub chain: Vec<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    pub hops: Vec<Hop>,
    /// Why the walk ended where it did.
    pub ends: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    pub from: Arc<str>,
    pub to: Arc<str>,
    pub via: Arc<str>,
    pub event: EventId,
    #[schemars(with = "Written")]
    pub at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unclassified {
    pub action: Arc<str>,
    pub count: u64,
    pub events: Vec<EventId>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    pub scopes: Vec<CoveredScope>,
    pub seen: u64,
    pub of: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CoveredScope {
    pub account: String,
    pub region: String,
    /// `management`, `data`, `insight`, `activity`, `data_access`, `system_event`, `policy`.
    pub source: String,
    pub seen: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Option<Written>")]
    pub from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Option<Written>")]
    pub to: Option<Time>,
    #[serde(skip_serializing_if = "is_zero", default)]
    pub records: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
