//! What several services' rows tell in the same way: names, launchers, carried identities, signals per resource.
//!
//! For the rows of `catalog::aws` alone; knows no service.

use crate::catalog::record::pair_key;
use crate::catalog::{Act, Record, path};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Technique};
use crate::model::{Fact, ResourceRef};
use serde_json::Value;
use std::sync::Arc;

/// Every resource of `kind` that the facts so far make, delete or touch.
pub fn named<'a>(facts: &'a mut [Fact], kind: &str) -> impl Iterator<Item = &'a mut ResourceRef> {
    facts.iter_mut().filter_map(Fact::resource_mut).filter(move |resource| resource.kind == kind)
}

/// Every resource that the facts so far treat in one of these ways.
pub fn resources(facts: &mut [Fact], acts: &[Act]) -> Vec<ResourceRef> {
    let is_meant = |fact: &&mut Fact| {
        matches!(fact, Fact::Created(_)) && acts.contains(&Act::Creates)
            || matches!(fact, Fact::Deleted(_)) && acts.contains(&Act::Deletes)
            || matches!(fact, Fact::Touched { .. }) && acts.contains(&Act::Touches)
    };
    facts
        .iter_mut()
        .filter(is_meant)
        .filter_map(Fact::resource_mut)
        .map(|resource| resource.clone())
        .collect()
}

/// Adds a name unless it is known already.
pub fn add_name(resource: &mut ResourceRef, name: &str) {
    if !name.is_empty() && resource.all_names().all(|known| &**known != name) {
        resource.names.push(name.into());
    }
}

/// Names resources by what follows `marker` in their ARN: `task-definition/` of `…:task-definition/miner:3` is `miner:3`.
pub fn name_after(facts: &mut [Fact], kind: &str, marker: &str) {
    for resource in named(facts, kind) {
        let arns: Vec<Arc<str>> =
            resource.all_names().filter(|name| name.starts_with("arn:")).cloned().collect();
        for arn in arns {
            if let Some((_, rest)) = arn.split_once(marker) {
                add_name(resource, rest);
            }
        }
    }
}

/// Says that everything made or touched so far runs as the identities at `paths`.
pub fn carries(record: &Record, facts: &mut Vec<Fact>, paths: &str) {
    let identities = record.all(paths);
    for compute in resources(facts, &[Act::Creates, Act::Touches]) {
        for identity in &identities {
            facts.push(Fact::Carries { compute: compute.clone(), identity: identity.clone() });
        }
    }
}

/// Tags that say what launched a resource, nearest launcher first (aws_indirect_launch.tsv).
const LAUNCHER_TAGS: &[&str] = &[
    "aws:autoscaling:groupName",
    "aws:ec2spot:fleet-request-id",
    "aws:ec2:fleet-id",
    "aws:elasticmapreduce:job-flow-id",
    "aws:batch:compute-environment",
    "eks:nodegroup-name",
    "eks:eks-cluster-name",
    "eks:cluster-name",
    "elasticbeanstalk:environment-id",
    "elasticbeanstalk:environment-name",
    "aws:cloudformation:stack-id",
    "aws:servicecatalog:provisionedProductArn",
];

/// Kinds that launch other resources: what [`crate::model::ResourceRef::launcher`] may name.
pub const LAUNCHER_KINDS: &[&str] = &[
    "aws.autoscaling.group",
    "aws.batch.compute_environment",
    "aws.cloudformation.stack",
    "aws.ec2.fleet",
    "aws.ec2.spot_fleet",
    "aws.ec2.spot_request",
    "aws.eks.cluster",
    "aws.eks.nodegroup",
    "aws.elasticbeanstalk.environment",
    "aws.emr.cluster",
    "aws.servicecatalog.provisioned_product",
];

/// Returns what launched the thing that `json` describes, by its own tags, nearest first; `tags` are paths to the tag
/// objects. Logs and inventories spell them alike but for the case of their keys.
pub fn launchers(json: &Value, event: &str, tags: &str) -> Vec<Arc<str>> {
    let tags = path::values(json, tags, event);
    let value = |key: &str| {
        tags.iter().find_map(|tag| {
            let is_named = path::resolve(tag, "key", event).iter().any(|found| &**found == key);
            // Some services log tags as a map.
            let path = if is_named { "value".to_owned() } else { format!("\"{key}\"") };
            path::resolve(tag, &path, event).into_iter().next()
        })
    };
    let named = LAUNCHER_TAGS.iter().filter_map(|key| {
        let found = value(key)?;
        Some(match *key {
            // Group names are unique within their cluster only.
            "eks:nodegroup-name" => match value("eks:cluster-name") {
                Some(cluster) => format!("{cluster}/{found}").into(),
                None => found,
            },
            // `…:stack/<name>/pp-…`: the product is known by that last part.
            "aws:servicecatalog:provisionedProductArn" => found.rsplit('/').next().unwrap_or(&found).into(),
            _ => found,
        })
    });
    named.collect()
}

/// The account that a call is about when it names no other.
pub const ACCOUNT: &str = "recipientAccountId|userIdentity.accountId";

/// Paths to the tags that a request sets on what it makes.
pub const REQUESTED_TAGS: &str = "requestParameters.tagSpecificationSet.items[].tags[]\
     |requestParameters.tagSpecification[].tag[]|requestParameters.tagSpecifications[].tags[]|requestParameters.tags[]";

/// Gives everything made so far the launcher that the request's tags name.
pub fn launched(record: &Record, facts: &mut Vec<Fact>) {
    let Some(launcher) = launchers(record.json, record.event, REQUESTED_TAGS).into_iter().next() else {
        return;
    };
    for fact in facts {
        if let Fact::Created(resource) = fact {
            resource.launcher.get_or_insert_with(|| launcher.clone());
        }
    }
}

/// Says `note` of every resource deleted so far: what was destroyed, one signal each.
pub fn destroyed(facts: &mut Vec<Fact>, kind: FindingKind, technique: &'static Technique, note: &str) {
    for gone in resources(facts, &[Act::Deletes]) {
        facts.push(finding(kind, technique, note.replace("{id}", &gone.id), gone.id));
    }
}

/// A finding that nothing undoes.
pub fn finding(
    kind: FindingKind,
    technique: &'static Technique,
    note: String,
    subject: impl Into<Arc<str>>,
) -> Fact {
    Fact::Signal(Signal {
        kind,
        technique: Some(technique),
        note,
        subject: subject.into(),
        pair: "".into(),
        undoes: false,
    })
}

/// Which half of a pair an event is, and how the two find each other: a label, and what it concerns within the account.
pub struct Half<'a> {
    pub label: &'a str,
    pub concerns: &'a str,
    pub undoes: bool,
}

/// One half of a pair that some other event undoes, or that undoes it.
pub fn half(
    record: &Record,
    kind: FindingKind,
    technique: &'static Technique,
    note: String,
    subject: impl Into<Arc<str>>,
    pair: Half,
) -> Fact {
    Fact::Signal(Signal {
        kind,
        technique: Some(technique),
        note,
        subject: subject.into(),
        pair: pair_key(pair.label, &record.scope.account, pair.concerns),
        undoes: pair.undoes,
    })
}

/// Says who was let in to `on`, or no longer is.
pub fn granted(
    member: &Arc<str>,
    role: impl Into<Arc<str>>,
    on: impl Into<Arc<str>>,
    withdrawn: bool,
) -> Fact {
    let (member, role, on) = (member.clone(), role.into(), on.into());
    if withdrawn { Fact::Withdrawn { member, role, on } } else { Fact::Granted { member, role, on } }
}

/// Undoes percent-encoding, as EKS logs principal ARNs that stood in a URL. What is no encoding stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'%', [high, low, ..]) => {
                (*high as char).to_digit(16).zip((*low as char).to_digit(16)).map(|(h, l)| (h * 16 + l) as u8)
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_where_they_are_some() {
        assert_eq!(percent_decoded("arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx"), "arn:aws:iam::1:role/x");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%ff%zz"), "%ff%zz");
    }
}
