//! Workspace and Cloud Identity administration, as far as it is shared with Cloud Logging: groups, admin roles,
//! domain-wide delegation, single sign-on.

use super::tell::{Telling, undo};
use crate::catalog::{Record, Service, on, path, technique};
use crate::model::Fact;
use crate::model::report::FindingKind::Persistence;
use serde_json::Value;
use std::sync::Arc;

const DELEGATION: &str = "gcp.workspace.domain_wide_delegation";
const MEMBERSHIP: &str = "gcp.cloudidentity.membership";
const GROUP: &str = "gcp group member";
const ADMIN_ROLE: &str = "gcp admin role";
const CLIENT: &str = "gcp domain-wide delegation";

pub static ADMIN: Service = Service {
    source: "admin.googleapis.com",
    rows: &[
        on("AdminService.authorizeApiClientAccess")
            .about(DELEGATION, "protoPayload.resourceName")
            .note("Only the Admin console can take domain-wide delegation back: Security, API controls.")
            .tells(delegated),
        on("AdminService.removeApiClientAccess")
            .about(DELEGATION, "protoPayload.resourceName")
            .note("Domain-wide delegation was taken back.")
            .tells(undelegated),
        on("AdminService.addGroupMember")
            .about(MEMBERSHIP, "protoPayload.resourceName")
            .contain("directory.members.delete")
            .note("A group's members inherit its roles; leaving a group takes minutes to hours to count.")
            .tells(joined),
        on("AdminService.removeGroupMember")
            .about(MEMBERSHIP, "protoPayload.resourceName")
            .note("A member left a group.")
            .tells(left),
        on("AdminService.assignRole")
            .about(MEMBERSHIP, "protoPayload.resourceName")
            .contain("directory.roleAssignments.delete")
            .note("An admin role was given out.")
            .tells(made_admin),
        on("AdminService.unassignRole")
            .about(MEMBERSHIP, "protoPayload.resourceName")
            .note("An admin role was taken back.")
            .tells(unmade_admin),
        on("AdminService.inboundSsoProfileCreated|AdminService.inboundSsoProfileUpdated")
            .about("gcp.workspace.inbound_sso_profile", "protoPayload.resourceName")
            .finding(
                Persistence,
                &technique::HYBRID_IDENTITY,
                "A single sign-on profile of {id} was made or changed: another identity provider may vouch for its people.",
            ),
    ],
};

/// Returns the parameter of that name of a Workspace activity (`metadata.event[].parameter[]`); lists joined by a comma.
pub(super) fn parameter(record: &Record, name: &str) -> Option<Arc<str>> {
    let parameters = record.values("protoPayload.metadata.event[].parameter[]");
    let found = parameters.into_iter().find(|parameter| {
        parameter.get("name").and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(name))
    })?;
    let texts = path::resolve(found, "value|multiStrValue[]|boolValue|intValue|multiValue[]", "");
    (!texts.is_empty()).then(|| texts.join(",").into())
}

fn delegated(record: &Record, facts: &mut Vec<Fact>) {
    let (client, scopes, domain) = delegation(record);
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_ROLES, &client).pair(CLIENT).says(
            record,
            format!("Client {client} may now act as any user of {domain} (domain-wide delegation) with {scopes}; its calls show only in Workspace logs."),
        ),
    );
    facts.push(Fact::Granted { member: client, role: scopes, on: domain });
}

fn undelegated(record: &Record, facts: &mut Vec<Fact>) {
    let (client, scopes, domain) = delegation(record);
    facts.push(undo(record, CLIENT, &client));
    facts.push(Fact::Withdrawn { member: client, role: scopes, on: domain });
}

/// Returns the client (a service account's unique id), its scopes and the domain.
fn delegation(record: &Record) -> (Arc<str>, Arc<str>, Arc<str>) {
    let or = |found: Option<Arc<str>>, else_: &str| found.unwrap_or_else(|| else_.into());
    (
        or(parameter(record, "API_CLIENT_NAME"), "(not named in the log)"),
        or(parameter(record, "API_SCOPES"), "scopes that the log does not name"),
        or(
            parameter(record, "DOMAIN_NAME").or_else(|| record.first("protoPayload.resourceName")),
            "the domain",
        ),
    )
}

fn membership(record: &Record) -> Option<(Arc<str>, Arc<str>)> {
    Some((parameter(record, "USER_EMAIL")?, parameter(record, "GROUP_EMAIL")?))
}

fn joined(record: &Record, facts: &mut Vec<Fact>) {
    let Some((member, group)) = membership(record) else { return };
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_ROLES, &member)
            .pair_of(GROUP, &format!("{member} {group}"))
            .says(record, format!("{member} joined the group {group} and has its roles.")),
    );
    facts.push(Fact::Granted { member, role: "member".into(), on: group });
}

fn left(record: &Record, facts: &mut Vec<Fact>) {
    let Some((member, group)) = membership(record) else { return };
    facts.push(undo(record, GROUP, &format!("{member} {group}")));
    facts.push(Fact::Withdrawn { member, role: "member".into(), on: group });
}

fn admin_role(record: &Record) -> Option<(Arc<str>, Arc<str>, Arc<str>)> {
    let on = record.first("protoPayload.resourceName").unwrap_or_else(|| "the organisation".into());
    Some((parameter(record, "USER_EMAIL")?, parameter(record, "ROLE_NAME")?, on))
}

fn made_admin(record: &Record, facts: &mut Vec<Fact>) {
    let Some((member, role, on)) = admin_role(record) else { return };
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_ROLES, &member)
            .pair_of(ADMIN_ROLE, &format!("{member} {role}"))
            .says(record, format!("{member} became a Workspace administrator ({role}).")),
    );
    facts.push(Fact::Granted { member, role, on });
}

fn unmade_admin(record: &Record, facts: &mut Vec<Fact>) {
    let Some((member, role, on)) = admin_role(record) else { return };
    facts.push(undo(record, ADMIN_ROLE, &format!("{member} {role}")));
    facts.push(Fact::Withdrawn { member, role, on });
}
