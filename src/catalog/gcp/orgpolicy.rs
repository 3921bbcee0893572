//! Organization policies: the guard rails (no keys, no external addresses, …).

use super::common::{self, Say, within};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const POLICY: &str = "gcp.orgpolicy.policy";
const ID: &str = concat!("protoPayload.request.policy.name~/policies/|", within!("policies"));
const CONSTRAINT: &str = "gcp.orgpolicy.custom_constraint";

pub static ORGPOLICY: Service = Service {
    source: "orgpolicy.googleapis.com",
    rows: &[
        on("OrgPolicy.CreatePolicy")
            .creates(POLICY, ID)
            .names(ID)
            .contain("orgpolicy.policies.patch")
            .tells(set),
        on("OrgPolicy.UpdatePolicy")
            .touches(POLICY, ID, "changed")
            .names(ID)
            .contain("orgpolicy.policies.patch")
            .tells(set),
        on("OrgPolicy.DeletePolicy")
            .deletes(POLICY, ID)
            .names(ID)
            .contain("orgpolicy.policies.create")
            .finding(
                DefenseEvasion,
                &MODIFY_CLOUD_CONFIGURATION,
                "Organization policy {id} was deleted; what it forbade is now as the parent has it.",
            ),
        on("OrgPolicy.CreateCustomConstraint").creates(CONSTRAINT, within!("customConstraints")),
        on("OrgPolicy.DeleteCustomConstraint").deletes(CONSTRAINT, within!("customConstraints")).finding(
            DefenseEvasion,
            &MODIFY_CLOUD_CONFIGURATION,
            "Custom constraint {id} was deleted with every policy that uses it.",
        ),
    ],
};

/// Tells a policy that was set: loosened where the record shows `enforce: false` or `allowAll`.
fn set(record: &Record, facts: &mut Vec<Fact>) {
    let Some(policy) = common::last(facts, POLICY).map(|resource| resource.id.clone()) else { return };
    let rules = "protoPayload.request.policy.spec.rules[]";
    let loosened =
        record.is(&format!("{rules}.enforce"), "false") || record.is(&format!("{rules}.allowAll"), "true");
    let tightened =
        record.is(&format!("{rules}.enforce"), "true") || record.is(&format!("{rules}.denyAll"), "true");
    let say = |note| Say {
        kind: DefenseEvasion,
        technique: &MODIFY_CLOUD_CONFIGURATION,
        subject: &policy,
        pair: "gcp.orgpolicy",
        note,
    };
    facts.push(if loosened {
        say(format!("Organization policy {policy} no longer forbids what it forbade.")).fact(record)
    } else if tightened {
        say(format!("Organization policy {policy} is enforced.")).undoing(record)
    } else {
        say(format!("Organization policy {policy} was changed; see what it allows now.")).fact(record)
    });
}
