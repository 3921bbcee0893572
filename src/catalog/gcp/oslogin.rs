//! OS Login: SSH keys of people and service accounts. Whether Google logs these calls is not confirmed (facts row 40).

use crate::catalog::{Service, on, technique};
use crate::model::report::FindingKind;

const KIND: &str = "gcp.oslogin.ssh_public_key";

pub static OS_LOGIN: Service = Service {
    source: "oslogin.googleapis.com",
    rows: &[
        on("OsLoginService.ImportSshPublicKey|OsLoginService.CreateSshPublicKey")
            .creates(KIND, "protoPayload.response.fingerprint|protoPayload.request.sshPublicKey.fingerprint|protoPayload.resourceName")
            .names("protoPayload.response.name|protoPayload.resourceName")
            .contain("oslogin.users.sshPublicKeys.delete")
            .finding(
                FindingKind::Persistence,
                &technique::SSH_AUTHORIZED_KEYS,
                "An SSH key ({id}) was added to an OS Login profile: its holder can log in to machines that use OS Login.",
            )
            .pair("gcp os login key"),
        on("OsLoginService.DeleteSshPublicKey")
            .deletes(KIND, "protoPayload.request.fingerprint|protoPayload.resourceName")
            .names("protoPayload.request.name|protoPayload.resourceName")
            .undoes("gcp os login key"),
    ],
};
