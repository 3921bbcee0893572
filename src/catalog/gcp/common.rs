//! What Google rows tell alike: the identity that compute carries, who launched a VM, who was let in by a policy.
//!
//! Used by the rows of this folder. In their `contain` texts `;` separates rungs, the reversible first, and `!` marks
//! what destroys.

use crate::catalog::record::{Record, pair_key};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Technique};
use crate::model::{Fact, ResourceRef};
use serde_json::Value;
use std::sync::Arc;

/// Where every Compute call names its resource; `request.name` only on an operation's first entry.
pub const COMPUTE: &str =
    "protoPayload.resourceName|protoPayload.request.name|protoPayload.response.targetLink~/projects/";

/// Where a Compute operation has its resource's number, which outlives no namesake; its path where it has none.
pub const TARGET: &str = "protoPayload.response.targetId|protoPayload.resourceName";

/// Where most calls name the resource itself.
pub const NAME: &str = "protoPayload.resourceName";

/// Paths to a resource of a gRPC API by its collection: `resourceName` may be the parent and `response.name` the
/// long-running operation, so only names inside the collection count; with the id's field of the create request, the
/// name that the parent gives it too.
macro_rules! within {
    ($collection:literal) => {
        concat!(
            "protoPayload.resourceName~/",
            $collection,
            "/|protoPayload.response.name~/",
            $collection,
            "/|protoPayload.request.name~/",
            $collection,
            "/"
        )
    };
    ($collection:literal, $id:literal) => {
        concat!(
            "protoPayload.resourceName~/",
            $collection,
            "/|protoPayload.response.name~/",
            $collection,
            "/|protoPayload.request.name~/",
            $collection,
            "/|{protoPayload.request.parent}/",
            $collection,
            "/{protoPayload.request.",
            $id,
            "}"
        )
    };
}
pub(super) use within;

/// Returns the resource of this kind that a row has just made or touched.
pub fn last<'a>(facts: &'a mut [Fact], kind: &str) -> Option<&'a mut ResourceRef> {
    facts.iter_mut().rev().filter_map(Fact::resource_mut).find(|resource| resource.kind == kind)
}

/// Tells which service accounts the resource runs as. `default` and absent mean the project's own default account,
/// which only its number would name: nothing is told then.
pub fn carries(record: &Record, facts: &mut Vec<Fact>, kind: &str, paths: &str) {
    let Some(compute) = last(facts, kind).map(|resource| resource.clone()) else { return };
    for identity in record.all(paths) {
        // Cloud Build and Workflows write `projects/P/serviceAccounts/E`.
        let email = identity.rsplit('/').next().unwrap_or(&identity);
        if email.contains('@') {
            facts.push(Fact::Carries { compute: compute.clone(), identity: email.into() });
        }
    }
}

/// Labels that a launcher puts on the VMs it makes, strongest first (gcp.md 4.1).
pub const LAUNCHER_LABELS: [&str; 8] = [
    "goog-dataproc-cluster-uuid",
    "goog-dataproc-cluster-name",
    "batch-job-uid",
    "batch-job-id",
    "dataflow_job_id",
    "goog-composer-environment",
    "goog-k8s-cluster-name",
    "goog-config-deployment",
];

/// Says what launched a VM where the record shows it: the metadata key `created-by`, a launcher's label, or the
/// operation group of a `bulkInsert`. A managed instance group's inserts often show none of it; the inventory does.
pub fn launcher(record: &Record, facts: &mut [Fact], kind: &str) {
    let created_by = pair_of(record, "protoPayload.request.metadata.items[]", "created-by");
    let label = || {
        LAUNCHER_LABELS.iter().find_map(|label| {
            pair_of(record, "protoPayload.request.labels[]", label)
                .or_else(|| record.first(&format!("protoPayload.request.labels.{label}")))
        })
    };
    let group = || record.first("protoPayload.response.operationGroupId");
    if let (Some(launcher), Some(resource)) = (created_by.or_else(label).or_else(group), last(facts, kind)) {
        // The id's spelling is the one that the launcher's own record has.
        let path = launcher.strip_prefix("projects/").and_then(|rest| rest.split_once('/'));
        resource.launcher = Some(match path {
            Some((_, rest)) if !resource.account.is_empty() => {
                format!("projects/{}/{rest}", resource.account).into()
            }
            _ => launcher,
        });
    }
}

/// Returns the value of a `{key, value}` pair in a list; an empty one says nothing.
fn pair_of(record: &Record, list: &str, key: &str) -> Option<Arc<str>> {
    record
        .values(list)
        .into_iter()
        .find(|pair| pair.get("key").and_then(Value::as_str) == Some(key))
        .and_then(|pair| pair.get("value").and_then(Value::as_str))
        .filter(|value| !value.is_empty())
        .map(Into::into)
}

/// What to say of a resource.
pub struct Say<'a> {
    pub kind: FindingKind,
    pub technique: &'static Technique,
    pub subject: &'a str,
    /// Label of the pair; empty when nothing undoes it.
    pub pair: &'a str,
    pub note: String,
}

impl Say<'_> {
    pub fn fact(self, record: &Record) -> Fact {
        self.half(record, false)
    }

    /// The undoing half of the pair.
    pub fn undoing(self, record: &Record) -> Fact {
        self.half(record, true)
    }

    fn half(self, record: &Record, undoes: bool) -> Fact {
        Fact::Signal(Signal {
            kind: self.kind,
            technique: Some(self.technique),
            note: self.note,
            pair: match self.pair {
                "" => "".into(),
                label => pair_key(label, &record.scope.account, self.subject),
            },
            subject: self.subject.into(),
            undoes,
        })
    }
}

const DELTAS: &str =
    "protoPayload.metadata.datasetChange.bindingDeltas[]|protoPayload.metadata.tableChange.bindingDeltas[]";
const BINDINGS: &str = "protoPayload.request.policy.bindings[]|protoPayload.metadata.datasetChange.dataset.acl.policy.bindings[]\
    |protoPayload.response.bindings[]";

/// Tells who was let in or out by a policy on a resource of this kind: exactly, where the record has a delta; else the
/// whole new policy is in the request, and who of it is new can't be known: then only a finding says whom it lets in.
pub fn policy(
    record: &Record,
    facts: &mut Vec<Fact>,
    kind: &str,
    finding: FindingKind,
    technique: &'static Technique,
) {
    let Some(on) = last(facts, kind).map(|resource| resource.id.clone()) else { return };
    if record.value("protoPayload.serviceData.policyDelta|protoPayload.metadata.policyDelta").is_some() {
        return super::policy::changes(record, &on, facts);
    }
    let deltas = record.values(DELTAS);
    if !deltas.is_empty() {
        return deltas.iter().for_each(|delta| super::policy::binding(record, delta, &on, facts));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(Arc::<str>::from);
    let mut let_in: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for binding in record.values(BINDINGS) {
        let Some(role) = text(binding, "role") else { continue };
        let members = binding.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let_in.extend(members.iter().filter_map(Value::as_str).map(|member| (member.into(), role.clone())));
    }
    if let_in.is_empty() {
        return;
    }
    let is_public = let_in.iter().any(|(member, _)| is_public(member));
    let list: Vec<String> =
        let_in.iter().take(8).map(|(member, role)| format!("{} ({})", who(member), brief(role))).collect();
    let more = if let_in.len() > 8 { format!(" and {} more", let_in.len() - 8) } else { String::new() };
    facts.push(
        Say {
            kind: if is_public { FindingKind::Exposure } else { finding },
            technique,
            subject: &on,
            pair: "",
            note: format!(
                "The policy of {on} was replaced and now lets in {}{more}; the log does not say which of them are new.",
                list.join(", ")
            ),
        }
        .fact(record),
    );
}

fn is_public(member: &str) -> bool {
    matches!(member, "allUsers" | "allAuthenticatedUsers" | "group:allUsers" | "group:allAuthenticatedUsers")
}

fn who(member: &str) -> String {
    match member {
        "allUsers" => "Everybody on the internet (allUsers)".into(),
        "allAuthenticatedUsers" => "Everybody with a Google account (allAuthenticatedUsers)".into(),
        member => brief(member),
    }
}

/// Longest text of the log's that a note repeats; the record holds the rest.
const BRIEF: usize = 160;

/// Returns at most [`BRIEF`] characters of a text that the caller chose.
pub fn brief(text: &str) -> String {
    match text.char_indices().nth(BRIEF) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
