//! Secret Manager. Reads stand in data-access logs, which are off by default.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const SECRET: &str = "gcp.secretmanager.secret";
const SECRET_ID: &str = within!("secrets", "secretId");
const VERSION: &str = "gcp.secretmanager.secret_version";
const VERSION_ID: &str = within!("versions");

pub static SECRETMANAGER: Service = Service {
    source: "secretmanager.googleapis.com",
    rows: &[
        on("SecretManagerService.CreateSecret")
            .creates(SECRET, SECRET_ID)
            .names(SECRET_ID)
            .contain("!secretmanager.secrets.delete"),
        on("SecretManagerService.UpdateSecret").touches(
            SECRET,
            "protoPayload.request.secret.name~/secrets/|protoPayload.resourceName~/secrets/",
            "changed",
        ),
        on("SecretManagerService.AddSecretVersion")
            .creates(VERSION, "protoPayload.response.name~/versions/|protoPayload.resourceName~/versions/")
            .contain("secretmanager.secrets.versions.disable"),
        on("SecretManagerService.AddSecretVersion").touches(
            SECRET,
            "protoPayload.request.parent~/secrets/|protoPayload.resourceName~/secrets/",
            "version added",
        ),
        on("SecretManagerService.AccessSecretVersion")
            .touches(VERSION, VERSION_ID, "read")
            .contain("secretmanager.secrets.versions.disable")
            .finding(
                CredentialAccess,
                &CLOUD_SECRETS,
                "Secret {id} was read and must be changed wherever it is used.",
            ),
        on("SecretManagerService.SetIamPolicy")
            .touches(
                SECRET,
                "protoPayload.resourceName~/secrets/|protoPayload.request.resource~/secrets/",
                "IAM policy changed",
            )
            .contain("secretmanager.secrets.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, SECRET, CredentialAccess, &CLOUD_SECRETS)),
        on("SecretManagerService.DisableSecretVersion")
            .touches(VERSION, VERSION_ID, "disabled")
            .contain("secretmanager.secrets.versions.enable")
            .finding(Destruction, &SERVICE_STOP, "Secret {id} was disabled; whatever reads it fails.")
            .pair("gcp.secret.disabled"),
        on("SecretManagerService.EnableSecretVersion")
            .touches(VERSION, VERSION_ID, "enabled")
            .undoes("gcp.secret.disabled"),
        on("SecretManagerService.DestroySecretVersion").deletes(VERSION, VERSION_ID).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Secret {id} was destroyed for good.",
        ),
        on("SecretManagerService.DeleteSecret")
            .deletes(SECRET, "protoPayload.resourceName~/secrets/|protoPayload.request.name~/secrets/")
            .finding(
                Destruction,
                &DATA_DESTRUCTION,
                "Secret {id} was deleted with all its versions, for good.",
            ),
    ],
};
