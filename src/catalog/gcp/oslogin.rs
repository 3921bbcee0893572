//! OS Login: SSH keys of people and service accounts. Whether Google logs these calls is not confirmed (facts row 40).

use super::tell::{segment_at, undo};
use crate::catalog::{Record, Service, on, technique};
use crate::model::Fact;
use crate::model::report::FindingKind;

const KIND: &str = "gcp.oslogin.ssh_public_key";
const PAIR: &str = "gcp os login key";

pub static OS_LOGIN: Service = Service {
    source: "oslogin.googleapis.com",
    rows: &[
        on("OsLoginService.ImportSshPublicKey|OsLoginService.CreateSshPublicKey")
            .creates(KIND, "protoPayload.response.fingerprint|protoPayload.request.sshPublicKey.fingerprint|protoPayload.resourceName")
            .contain("oslogin.users.sshPublicKeys.delete")
            .finding(
                FindingKind::Persistence,
                &technique::SSH_AUTHORIZED_KEYS,
                "An SSH key ({id}) was added to an OS Login profile: its holder can log in to machines that use OS Login.",
            )
            .pair(PAIR),
        on("OsLoginService.DeleteSshPublicKey")
            .about(KIND, "protoPayload.request.name|protoPayload.resourceName")
            .note("An SSH key was removed from an OS Login profile.")
            .tells(removed),
    ],
};

/// The fingerprint is the last part of the key's name: `users/EMAIL/sshPublicKeys/FINGERPRINT`.
fn removed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = segment_at(record, "protoPayload.request.name|protoPayload.resourceName", "sshPublicKeys")
    else {
        return;
    };
    facts.push(undo(record, PAIR, &id));
    facts.push(Fact::Deleted(record.resource(KIND, id)));
}
