//! IAM: service accounts, their keys and policies, custom roles, identity pools, deny policies.

use super::iamcredentials::minted_token;
use super::policy;
use super::principals::home_project;
use super::tell::{
    IMPERSONATION, SERVICE_ACCOUNT, SERVICE_ACCOUNT_KEY, Telling, account_email, account_number, actor,
    minted, segment_at, undo,
};
use crate::catalog::{Record, Service, on, technique};
use crate::model::report::FindingKind::{
    DefenseEvasion, Destruction, Leak, Persistence, PrivilegeEscalation,
};
use crate::model::report::SWITCHED_OFF;
use crate::model::{Fact, Issued, Time};
use std::sync::Arc;

const KEY: &str = "gcp.iam.service_account_key";
const ROLE: &str = "gcp.iam.role";
const POOL: &str = "gcp.iam.workload_identity_pool";
const PROVIDER: &str = "gcp.iam.workload_identity_pool_provider";
const WORKFORCE_POOL: &str = "gcp.iam.workforce_pool";
const WORKFORCE_PROVIDER: &str = "gcp.iam.workforce_pool_provider";
const DENY: &str = "gcp.iam.deny_policy";

/// The target's immutable id, then what older or trimmed entries have.
const ACCOUNT_ID: &str = "resource.labels.uniqueId|protoPayload.response.uniqueId|resource.labels.emailId";
const ACCOUNT_NAMES: &str = "resource.labels.emailId|protoPayload.response.email|protoPayload.response.name|protoPayload.request.name";
/// Of a deletion or a switch, the request names the key; of a creation, only the response does.
const KEY_NAMES: &str = "protoPayload.request.name|protoPayload.resourceName";
const ROLE_ID: &str = "protoPayload.response.name|resource.labels.roleName|protoPayload.resourceName";

const KEY_ON: &str = "gcp key enabled";
const KEY_OFF: &str = "gcp key disabled";
const ACCOUNT_MADE: &str = "gcp service account";
const ACCOUNT_ON: &str = "gcp service account enabled";
const ACCOUNT_OFF: &str = "gcp service account disabled";

pub static IAM: Service = Service {
    source: "iam.googleapis.com",
    rows: &[
        on("CreateServiceAccount")
            .creates(SERVICE_ACCOUNT, "protoPayload.response.uniqueId|resource.labels.uniqueId")
            .names("protoPayload.response.email|protoPayload.response.name|resource.labels.emailId")
            .contain("iam.projects.serviceAccounts.disable")
            .note("A new service account can be given roles and keys of its own.")
            .tells(account_made),
        on("DeleteServiceAccount")
            .deletes(SERVICE_ACCOUNT, ACCOUNT_ID)
            .names(ACCOUNT_NAMES)
            .contain("iam.projects.serviceAccounts.undelete")
            .note("Whatever runs as a deleted service account stops; it can be brought back for 30 days.")
            .tells(account_deleted),
        on("DisableServiceAccount")
            .touches(SERVICE_ACCOUNT, ACCOUNT_ID, "disabled")
            .names(ACCOUNT_NAMES)
            .contain("iam.projects.serviceAccounts.enable")
            .note("Every token of a disabled service account is refused until it is enabled again.")
            .tells(account_disabled),
        on("EnableServiceAccount")
            .touches(SERVICE_ACCOUNT, ACCOUNT_ID, "enabled")
            .names(ACCOUNT_NAMES)
            .contain("iam.projects.serviceAccounts.disable")
            .note("Enabling a service account makes its old tokens valid again.")
            .tells(account_enabled),
        on("UndeleteServiceAccount")
            .touches(SERVICE_ACCOUNT, ACCOUNT_ID, "undeleted")
            .names(ACCOUNT_NAMES)
            .contain("iam.projects.serviceAccounts.disable")
            .note("An undeleted service account has its roles and keys again.")
            .tells(account_undeleted),
        on("PatchServiceAccount|UpdateServiceAccount")
            .touches(SERVICE_ACCOUNT, ACCOUNT_ID, "changed")
            .names(ACCOUNT_NAMES)
            .contain("iam.projects.serviceAccounts.disable")
            .note("Only the display name and description of a service account can be changed so."),
        on("CreateServiceAccountKey|UploadServiceAccountKey")
            .about(KEY, "protoPayload.response.name")
            .contain("iam.projects.serviceAccounts.keys.disable; iam.projects.serviceAccounts.disable")
            .note("Disabling a key does not end tokens made with it; disabling the service account does.")
            .tells(key_made),
        on("DisableServiceAccountKey|DeleteServiceAccountKey")
            .about(KEY, KEY_NAMES)
            .contain("iam.projects.serviceAccounts.keys.enable")
            .note("Tokens already made with the key stay valid for up to an hour.")
            .tells(key_off),
        on("EnableServiceAccountKey")
            .about(KEY, KEY_NAMES)
            .contain("iam.projects.serviceAccounts.keys.disable; iam.projects.serviceAccounts.disable")
            .note("A key that somebody had switched off signs in again.")
            .tells(key_on),
        on("SetIAMPolicy|SetIamPolicy")
            .touches(SERVICE_ACCOUNT, ACCOUNT_ID, "policy changed")
            .names("resource.labels.emailId")
            .contain("iam.projects.serviceAccounts.setIamPolicy")
            .note("A grant on a service account does not show in the project's policy.")
            .tells(account_policy),
        on("SignBlob|SignJwt")
            .about(SERVICE_ACCOUNT, ACCOUNT_ID)
            .contain("iam.projects.serviceAccounts.setIamPolicy; iam.projects.serviceAccounts.disable")
            .note("Older spelling of the signing calls of IAM Credentials.")
            .tells(minted_token),
        on("CreateRole")
            .creates(ROLE, ROLE_ID)
            .contain("iam.projects.roles.patch")
            .finding(
                PrivilegeEscalation,
                &technique::ADDITIONAL_CLOUD_ROLES,
                "Custom role {id} was created; look at its permissions and at who holds it.",
            )
            .pair("gcp role"),
        on("UpdateRole")
            .touches(ROLE, ROLE_ID, "permissions changed")
            .contain("iam.projects.roles.patch")
            .finding(
                PrivilegeEscalation,
                &technique::ADDITIONAL_CLOUD_ROLES,
                "Custom role {id} was changed; everybody who holds it has the new permissions.",
            ),
        on("UndeleteRole")
            .touches(ROLE, ROLE_ID, "undeleted")
            .contain("iam.projects.roles.patch")
            .finding(
                PrivilegeEscalation,
                &technique::ADDITIONAL_CLOUD_ROLES,
                "Custom role {id} was brought back; its old holders have it again.",
            )
            .pair("gcp role"),
        on("DeleteRole").deletes(ROLE, "protoPayload.request.name|resource.labels.roleName|protoPayload.resourceName").undoes("gcp role"),
        on("WorkloadIdentityPools.CreateWorkloadIdentityPool")
            .creates(POOL, "protoPayload.resourceName")
            .names("protoPayload.request.workloadIdentityPoolId")
            .contain("iam.projects.locations.workloadIdentityPools.patch")
            .finding(
                Persistence,
                &technique::TRUST_MODIFICATION,
                "Workload identity pool {id} was created: identities from outside Google can be let in through it.",
            )
            .pair("gcp identity pool"),
        on("WorkloadIdentityPools.UpdateWorkloadIdentityPool|WorkloadIdentityPools.UndeleteWorkloadIdentityPool")
            .touches(POOL, "protoPayload.resourceName", "changed or undeleted")
            .contain("iam.projects.locations.workloadIdentityPools.patch")
            .finding(
                Persistence,
                &technique::TRUST_MODIFICATION,
                "Workload identity pool {id} was changed or brought back; see whether it was off before.",
            )
            .pair("gcp identity pool"),
        on("WorkloadIdentityPools.DeleteWorkloadIdentityPool")
            .deletes(POOL, "protoPayload.resourceName")
            .undoes("gcp identity pool"),
        on("WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider")
            .creates(PROVIDER, "protoPayload.resourceName")
            .contain("iam.projects.locations.workloadIdentityPools.providers.patch")
            .note("Tokens already exchanged stay valid after the provider is disabled; remove its grants, too.")
            .tells(provider_trusted),
        on("WorkloadIdentityPools.UpdateWorkloadIdentityPoolProvider|WorkloadIdentityPools.UndeleteWorkloadIdentityPoolProvider|WorkloadIdentityPools.CreateWorkloadIdentityPoolProviderKey")
            .touches(PROVIDER, "protoPayload.resourceName", "trust changed")
            .contain("iam.projects.locations.workloadIdentityPools.providers.patch")
            .note("Tokens already exchanged stay valid after the provider is disabled; remove its grants, too.")
            .tells(provider_trusted),
        on("WorkloadIdentityPools.DeleteWorkloadIdentityPoolProvider")
            .deletes(PROVIDER, "protoPayload.resourceName")
            .undoes("gcp identity provider"),
        on("WorkforcePools.CreateWorkforcePool")
            .creates(WORKFORCE_POOL, "protoPayload.resourceName")
            .names("protoPayload.request.workforcePoolId|protoPayload.request.workforcePool.name")
            .contain("iam.locations.workforcePools.patch")
            .finding(
                Persistence,
                &technique::HYBRID_IDENTITY,
                "Workforce pool {id} was created: people of an outside identity provider can sign in to the organisation.",
            )
            .pair("gcp workforce pool"),
        on("WorkforcePools.UpdateWorkforcePool")
            .touches(WORKFORCE_POOL, "protoPayload.resourceName", "changed")
            .contain("iam.locations.workforcePools.patch")
            .finding(Persistence, &technique::HYBRID_IDENTITY, "Workforce pool {id} was changed.")
            .pair("gcp workforce pool"),
        on("WorkforcePools.DeleteWorkforcePool")
            .deletes(WORKFORCE_POOL, "protoPayload.resourceName")
            .undoes("gcp workforce pool"),
        on("WorkforcePools.CreateWorkforcePoolProvider")
            .creates(WORKFORCE_PROVIDER, "protoPayload.resourceName")
            .contain("iam.locations.workforcePools.providers.patch")
            .finding(
                Persistence,
                &technique::HYBRID_IDENTITY,
                "Workforce provider {id} was created: its people can sign in to the organisation.",
            )
            .pair("gcp workforce provider"),
        on("WorkforcePools.UpdateWorkforcePoolProvider")
            .touches(WORKFORCE_PROVIDER, "protoPayload.resourceName", "trust changed")
            .contain("iam.locations.workforcePools.providers.patch")
            .finding(Persistence, &technique::HYBRID_IDENTITY, "What workforce provider {id} trusts was changed.")
            .pair("gcp workforce provider"),
        on("WorkforcePools.DeleteWorkforcePoolProvider")
            .deletes(WORKFORCE_PROVIDER, "protoPayload.resourceName")
            .undoes("gcp workforce provider"),
        on("Policies.CreatePolicy")
            .creates(DENY, "protoPayload.resourceName|protoPayload.response.uid")
            .names("protoPayload.response.uid|protoPayload.response.name")
            .contain("iam.policies.update")
            .finding(
                DefenseEvasion,
                &technique::ACCOUNT_ACCESS_REMOVAL,
                "Deny policy {id} was created; check that it does not shut out those who must respond.",
            )
            .pair("gcp deny policy"),
        on("Policies.UpdatePolicy")
            .touches(DENY, "protoPayload.resourceName|protoPayload.response.uid", "changed")
            .contain("iam.policies.update")
            .finding(
                DefenseEvasion,
                &technique::DISABLE_TOOLS,
                "Deny policy {id} was changed; look for an exception that was not there before.",
            ),
        on("Policies.DeletePolicy")
            .deletes(DENY, "protoPayload.resourceName|protoPayload.response.uid")
            .names("protoPayload.response.uid|protoPayload.request.name")
            .contain("iam.policies.createPolicy")
            .finding(
                DefenseEvasion,
                &technique::DISABLE_TOOLS,
                "Deny policy {id} was deleted; what it forbade is allowed again.",
            ),
        on("Policies.DeletePolicy").about(DENY, "protoPayload.resourceName|protoPayload.response.uid").undoes("gcp deny policy"),
    ],
};

fn account_made(record: &Record, facts: &mut Vec<Fact>) {
    let Some(email) = account_email(record).or_else(|| account_number(record)) else { return };
    facts.push(Telling::new(Persistence, &technique::CREATE_CLOUD_ACCOUNT, &email).pair(ACCOUNT_MADE).says(
        record,
        format!("Service account {email} was created; it can be given roles and keys of its own."),
    ));
}

fn account_deleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(email) = account_email(record).or_else(|| account_number(record)) else { return };
    facts.push(Fact::Revoked { kind: IMPERSONATION, id: email.clone(), how: "service account deleted" });
    facts.push(undo(record, ACCOUNT_MADE, &email));
    facts.push(undo(record, ACCOUNT_ON, &email));
    facts.push(Telling::new(Destruction, &technique::ACCOUNT_ACCESS_REMOVAL, &email).pair(ACCOUNT_OFF).says(
        record,
        format!(
            "Service account {email} was deleted: whatever runs as it stops; it can be undeleted for 30 days."
        ),
    ));
}

fn account_disabled(record: &Record, facts: &mut Vec<Fact>) {
    let Some(email) = account_email(record).or_else(|| account_number(record)) else { return };
    facts.push(Fact::Revoked { kind: IMPERSONATION, id: email.clone(), how: "service account disabled" });
    facts.push(undo(record, ACCOUNT_ON, &email));
    if google_says(record, None, Some(&email), facts) {
        return;
    }
    facts.push(
        Telling::new(Destruction, &technique::ACCOUNT_ACCESS_REMOVAL, &email)
            .pair(ACCOUNT_OFF)
            .says(record, format!("Service account {email} was disabled: whatever runs as it stops.")),
    );
}

fn account_enabled(record: &Record, facts: &mut Vec<Fact>) {
    let Some(email) = account_email(record).or_else(|| account_number(record)) else { return };
    facts.push(Fact::Restored { kind: IMPERSONATION, id: email.clone(), how: "service account enabled" });
    facts.push(undo(record, ACCOUNT_OFF, &email));
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &email).pair(ACCOUNT_ON).says(
            record,
            format!("Service account {email} was enabled; its old tokens and keys work again."),
        ),
    );
}

fn account_undeleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(email) = account_email(record).or_else(|| account_number(record)) else { return };
    let id = account_number(record).unwrap_or_else(|| email.clone());
    facts.push(Fact::Restored { kind: SERVICE_ACCOUNT, id, how: "undeleted" });
    facts.push(Fact::Restored { kind: IMPERSONATION, id: email.clone(), how: "service account undeleted" });
    facts.push(undo(record, ACCOUNT_OFF, &email));
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &email)
            .pair(ACCOUNT_ON)
            .says(record, format!("Service account {email} was undeleted; its roles and keys are back.")),
    );
}

fn key_made(record: &Record, facts: &mut Vec<Fact>) {
    let email = account_email(record);
    let of = email.as_deref().unwrap_or("a service account");
    let uploaded = record.event == "UploadServiceAccountKey";
    let via = if uploaded { "UploadServiceAccountKey" } else { "CreateServiceAccountKey" };
    // The project stands as `-` where the request named it so; the key id is the last segment either way.
    let id = segment_at(record, "protoPayload.response.name", "keys");
    let sentence = match (&id, uploaded) {
        (Some(id), false) => {
            format!("Key {id} of {of} was created; whoever holds its file signs in as {of}.")
        }
        (Some(id), true) => format!("Key {id} was uploaded to {of}; its private half never was Google's."),
        (None, _) => format!("A key of {of} was created, but the log does not say which; list its keys."),
    };
    let subject = id.clone().or_else(|| email.clone()).unwrap_or_else(|| of.into());
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &subject)
            .pair(KEY_ON)
            .says(record, sentence),
    );
    let Some(id) = id else { return };
    facts.push(Fact::Issued(Issued {
        principal_id: account_number(record),
        account: email
            .as_deref()
            .and_then(home_project)
            .map(Arc::from)
            .or_else(|| record.first("resource.labels.projectId")),
        expires: valid_until(record),
        principal: email,
        ..minted(record, SERVICE_ACCOUNT_KEY, id, via)
    }));
}

/// Returns when the key ends by itself. Google writes the year 9999 for "never".
fn valid_until(record: &Record) -> Option<Time> {
    let seconds = record.first("protoPayload.response.validBeforeTime.seconds");
    let time = match seconds {
        Some(seconds) => Time::from_second(seconds.parse().ok()?).ok()?,
        None => record.time("protoPayload.response.validBeforeTime")?,
    };
    const YEAR_9999: i64 = 253_370_764_800;
    (time.as_second() < YEAR_9999).then_some(time)
}

fn key_off(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = segment_at(record, KEY_NAMES, "keys") else { return };
    let deleted = record.event == "DeleteServiceAccountKey";
    let how = if deleted { "deleted" } else { "disabled" };
    let of = account_email(record);
    facts.push(Fact::Revoked { kind: SERVICE_ACCOUNT_KEY, id: id.clone(), how });
    facts.push(undo(record, KEY_ON, &id));
    if google_says(record, Some(&id), of.as_ref(), facts) {
        return;
    }
    let of = of.as_deref().unwrap_or("a service account");
    let end = if deleted { "it can't be brought back" } else { "it can be enabled again" };
    facts.push(
        Telling::new(Destruction, &technique::ACCOUNT_ACCESS_REMOVAL, &id)
            .pair(KEY_OFF)
            .says(record, format!("Key {id} of {of} was {how}: what signs in with it fails; {end}.")),
    );
}

fn key_on(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = segment_at(record, KEY_NAMES, "keys") else { return };
    let of = account_email(record);
    let of = of.as_deref().unwrap_or("a service account");
    facts.push(Fact::Restored { kind: SERVICE_ACCOUNT_KEY, id: id.clone(), how: "enabled" });
    facts.push(undo(record, KEY_OFF, &id));
    facts.push(
        Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_CREDENTIALS, &id)
            .pair(KEY_ON)
            .says(record, format!("Key {id} of {of} was enabled again; it had been switched off.")),
    );
}

/// Google switches off what it finds in public; then the act is a warning and no attack.
fn google_says(
    record: &Record,
    key: Option<&Arc<str>>,
    principal: Option<&Arc<str>>,
    facts: &mut Vec<Fact>,
) -> bool {
    if actor(record) != "gcp-compromised-key-response@system.gserviceaccount.com" {
        return false;
    }
    let of = principal.map(|of| format!(" of {of}")).unwrap_or_default();
    let what = key.map_or("credentials".to_owned(), |key| format!("key {key}"));
    let subject = key.or(principal).map_or("credential", |subject| &**subject);
    facts.push(Fact::Leak { key: key.cloned(), principal: principal.cloned(), found_at: None });
    facts.push(
        Telling::new(Leak, &technique::CREDENTIALS_IN_FILES, subject)
            .says(record, format!("{SWITCHED_OFF}{what}{of}, having found it in public.")),
    );
    true
}

fn account_policy(record: &Record, facts: &mut Vec<Fact>) {
    if let Some(on) = account_email(record).or_else(|| account_number(record)) {
        policy::changes(record, &on, facts);
    }
}

/// Says whose word the provider takes from now on.
fn provider_trusted(record: &Record, facts: &mut Vec<Fact>) {
    const REQUEST: &str = "protoPayload.request.workloadIdentityPoolProvider";
    let at = |path: &str| record.first(&format!("{REQUEST}.{path}"));
    let name = record.first("protoPayload.resourceName").unwrap_or_else(|| record.event.into());
    let trusted = at("oidc.issuerUri")
        .map(|issuer| format!("OIDC issuer {issuer}"))
        .or_else(|| at("aws.accountId").map(|account| format!("AWS account {account}")))
        .or_else(|| at("saml.idpMetadataXml").map(|_| "a SAML identity provider".to_owned()))
        .unwrap_or_else(|| "an outside identity provider".to_owned());
    facts.push(
        Telling::new(Persistence, &technique::TRUST_MODIFICATION, &name).pair("gcp identity provider").says(
            record,
            format!("{name} now takes the word of {trusted}: its identities can sign in from outside."),
        ),
    );
}
