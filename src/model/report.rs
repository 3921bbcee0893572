//! The report: what others build on. `schema` is `triage.report/1`; names are added, never changed.
//!
//! Everything is sorted, times are RFC 3339 UTC, absent is absent.

use super::cost::{Cost, ResourceCost};
use super::ids::{Word, word};
use super::{EventId, Gap, Provider, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const SCHEMA: &str = "triage.report/1";

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub principal: Subject,
    pub window: Window,
    /// Marked when the run was cut short (Ctrl-C): what follows is what was seen until then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<Lookalike>,
    /// Keys known or taken to be the leaked ones (Google).
    pub leaked_keys: Vec<Arc<str>>,
    /// The user behind a leaked access key, as its own records name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed_user: Option<Arc<str>>,
    /// What it all cost; absent until a time to count to is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    pub member: Arc<str>,
    pub role: Arc<str>,
    pub on: Arc<str>,
    pub event: EventId,
}

/// Something that shares a trait with what the principal launched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lookalike {
    pub kind: &'static str,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// `image ami-… with i-…`.
    pub shares: Vec<String>,
}

/// The principal that was asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaked_at: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Confirmed,
    Suspect,
    LikelyLegitimate,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Credential {
    pub id: Arc<str>,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// 0 for the seed.
    pub depth: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    /// Credential id of the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    pub strength: Strength,
    pub confidence: Confidence,
    /// `left` or `deleted` as far as the logs show; a deactivated one is left, and could be activated again.
    pub state: &'static str,
    /// When the log says so, else when the cloud was asked and it did not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    pub used: bool,
    pub events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_use: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_use: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    pub kind: &'static str,
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
    pub created_at: Time,
    /// `left`, `deleted`; where a cloud was asked `running`, `stopped`, `gone`; `unknown` when it could not be asked.
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_event: Option<EventId>,
    pub attribution: Attribution,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched_by: Option<Arc<str>>,
    pub confidence: Confidence,
    /// What the cloud told of it when it was looked at: `type`, `protected`, … Absent where nobody looked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<Arc<str>, Arc<str>>,
    /// Absent where nothing is billed for it, or its price is unknown (then it is in `cost.unpriced`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<ResourceCost>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    Direct,
    Indirect,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Touched {
    pub kind: &'static str,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub how: String,
    pub events: Vec<EventId>,
    pub confidence: Confidence,
    /// The principal made it itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// An ATT&CK technique with the version of the matrix that defines the id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Technique {
    pub id: &'static str,
    pub version: &'static str,
    pub name: &'static str,
    /// The id that the same technique had before ATT&CK 19, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technique: Option<&'static Technique>,
    pub note: String,
    pub events: Vec<EventId>,
    pub subject: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Arc<str>>,
    pub at: Time,
    /// Blind window and the like: until when it lasted, when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    pub standing: bool,
    pub confidence: Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Attempt {
    pub action: Arc<str>,
    pub error: Arc<str>,
    pub count: u64,
    pub events: Vec<EventId>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Use {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Arc<str>>,
    pub credential: Arc<str>,
    /// `console`, `key`, `service` or `metadata`.
    pub how: &'static str,
    pub first: Time,
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

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unlinked {
    pub id: Arc<str>,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Arc<str>>,
    pub events: Vec<EventId>,
}

/// The chain from the root event to the principal, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Root {
    /// Credential ids and principals, root first, the asked principal last.
    pub chain: Vec<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    pub hops: Vec<Hop>,
    /// Why the walk ended where it did.
    pub ends: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hop {
    pub from: Arc<str>,
    pub to: Arc<str>,
    pub via: Arc<str>,
    pub event: EventId,
    pub at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unclassified {
    pub action: Arc<str>,
    pub count: u64,
    pub events: Vec<EventId>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    pub scopes: Vec<CoveredScope>,
    pub seen: u64,
    pub of: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoveredScope {
    pub account: String,
    pub region: String,
    /// `management`, `data`, `insight`, `activity`, `data_access`, `system_event`, `policy`.
    pub source: String,
    pub seen: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<Time>,
    #[serde(skip_serializing_if = "is_zero", default)]
    pub records: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
