//! What a policy change tells: who got which role, who lost it, and which data-access logging went away.
//!
//! For every service whose `SetIamPolicy` logs Google's IAM audit data (`serviceData.policyDelta`). The request carries the
//! whole policy, so it is no evidence of what this call changed.

use super::principals::{is_agent, plain};
use super::tell::{Telling, undo};
use crate::catalog::{Record, path, technique};
use crate::model::Fact;
use crate::model::report::FindingKind;
use serde_json::Value;
use std::sync::Arc;

const GRANT: &str = "gcp grant";
const LOGGING: &str = "gcp data-access logging";

/// Tells the changes of the policy on `on` (a service account's e-mail, `projects/p`, a bucket).
pub fn changes(record: &Record, on: &str, facts: &mut Vec<Fact>) {
    const DELTA: &str = "protoPayload.serviceData.policyDelta|protoPayload.metadata.policyDelta";
    let Some(delta) = record.value(DELTA) else {
        // An entry without request tells nothing at all, not even that there was a policy.
        if record.value("protoPayload.request.policy").is_some() {
            facts.push(replaced(record, on));
        }
        return;
    };
    for change in path::values(delta, "bindingDeltas[]", "") {
        binding(record, change, on, facts);
    }
    for change in path::values(delta, "auditConfigDeltas[]", "") {
        logging(record, change, on, facts);
    }
}

fn replaced(record: &Record, on: &str) -> Fact {
    Telling::new(FindingKind::Persistence, &technique::ADDITIONAL_CLOUD_ROLES, on).says(
        record,
        format!("The policy of {on} was replaced and the log does not say what changed; compare it by hand."),
    )
}

fn text(value: &Value, name: &str) -> Option<Arc<str>> {
    path::resolve(value, name, "").into_iter().next()
}

/// Tells one binding's change.
pub(super) fn binding(record: &Record, change: &Value, on: &str, facts: &mut Vec<Fact>) {
    let (Some(member), Some(role)) = (text(change, "member"), text(change, "role")) else { return };
    let of = format!("{} {role} {on}", plain(&member));
    let (name, on_): (Arc<str>, Arc<str>) = (plain(&member).into(), on.into());
    match text(change, "action").as_deref() {
        Some("ADD" | "1") => {
            facts.push(Fact::Granted { member: name.clone(), role: role.clone(), on: on_ });
            // Enabling an API gives its agent its role; that is Google's housekeeping.
            if !is_agent(&name) {
                facts.push(grant(record, &name, &role, on, &of));
            }
        }
        Some("REMOVE" | "2") => {
            facts.push(Fact::Withdrawn { member: name.clone(), role: role.clone(), on: on_ });
            facts.push(undo(record, GRANT, &of));
            if is_sovereign(&role) {
                facts.push(
                    Telling::new(FindingKind::Destruction, &technique::ACCOUNT_ACCESS_REMOVAL, &name)
                        .pair_of("gcp access removed", &of)
                        .says(
                            record,
                            format!(
                                "{name} lost {role} on {on}; check that those who must respond still can."
                            ),
                        ),
                );
            }
        }
        _ => {}
    }
    if matches!(text(change, "action").as_deref(), Some("ADD" | "1")) && is_sovereign(&role) {
        facts.push(undo(record, "gcp access removed", &of));
    }
}

fn grant(record: &Record, name: &str, role: &str, on: &str, of: &str) -> Fact {
    let (kind, sentence) = if matches!(name, "allUsers" | "allAuthenticatedUsers") {
        (FindingKind::Exposure, format!("{on} was opened to everybody ({name}) with {role}."))
    } else if record.actor.principal.as_deref() == Some(name) {
        (
            FindingKind::PrivilegeEscalation,
            format!("{name} gave itself {role} on {on}: it {}.", power(role, on)),
        )
    } else {
        (FindingKind::Persistence, format!("{name} got {role} on {on}: it {}.", power(role, on)))
    };
    Telling::new(kind, &technique::ADDITIONAL_CLOUD_ROLES, name).pair_of(GRANT, of).says(record, sentence)
}

/// What a role lets its holder do, after "it".
fn power(role: &str, on: &str) -> &'static str {
    let one = on.contains('@');
    match role {
        "roles/iam.serviceAccountTokenCreator" | "roles/iam.serviceAccountOpenIdTokenCreator" if one => {
            "can mint tokens of that service account"
        }
        "roles/iam.serviceAccountTokenCreator" | "roles/iam.serviceAccountOpenIdTokenCreator" => {
            "can mint tokens of every service account there"
        }
        "roles/iam.workloadIdentityUser" => "can act as the service account from outside Google",
        "roles/iam.serviceAccountUser" => {
            "can attach the service account to machines and jobs and act through them"
        }
        "roles/iam.serviceAccountKeyAdmin" => "can make keys of the service account",
        "roles/iam.serviceAccountAdmin" => "can change and take over the service account",
        "roles/owner" => "owns it and can let in others",
        "roles/editor" => "can change nearly everything there",
        "roles/resourcemanager.organizationAdmin"
        | "roles/resourcemanager.folderAdmin"
        | "roles/resourcemanager.projectIamAdmin"
        | "roles/iam.securityAdmin"
        | "roles/iam.organizationRoleAdmin"
        | "roles/iam.roleAdmin" => "can give itself and others any role there",
        _ if role.starts_with("projects/") || role.starts_with("organizations/") => {
            "holds a custom role whose permissions want a look"
        }
        _ if role.to_ascii_lowercase().ends_with("admin") => "administers the service that the role names",
        _ => "keeps that access until the binding is removed",
    }
}

/// Roles without which nobody can repair a policy.
fn is_sovereign(role: &str) -> bool {
    matches!(
        role,
        "roles/owner"
            | "roles/resourcemanager.organizationAdmin"
            | "roles/resourcemanager.projectIamAdmin"
            | "roles/iam.securityAdmin"
    )
}

fn logging(record: &Record, change: &Value, on: &str, facts: &mut Vec<Fact>) {
    let service = text(change, "service").unwrap_or_else(|| "allServices".into());
    let log = text(change, "logType").unwrap_or_else(|| "every kind".into());
    let exempt = text(change, "exemptedMember");
    let of = format!("{on} {service} {log} {}", exempt.as_deref().map_or("everybody", plain));
    let sentence = match (text(change, "action").as_deref(), &exempt) {
        (Some("REMOVE" | "2"), None) => {
            format!("Data-access logging changed: {log} of {service} is no longer logged on {on}.")
        }
        (Some("ADD" | "1"), Some(member)) => {
            format!(
                "Data-access logging changed: what {} does in {service} ({log}) is no longer logged on {on}.",
                plain(member)
            )
        }
        // Logging is switched on, or an exemption goes: the other half.
        (Some("ADD" | "1"), None) | (Some("REMOVE" | "2"), Some(_)) => {
            return facts.push(undo(record, LOGGING, &of));
        }
        _ => return,
    };
    facts.push(
        Telling::new(FindingKind::DefenseEvasion, &technique::DISABLE_CLOUD_LOGS, on)
            .pair_of(LOGGING, &of)
            .says(record, sentence),
    );
}
