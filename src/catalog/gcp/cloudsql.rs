//! Cloud SQL. Audit entries say `cloudsql.googleapis.com`; the API is sqladmin.
//!
//! An instance is `instances/project:name`, `instances/name`, or only in the request beside a resourceName that is the
//! project; the parts stand in `request.body`, `request.resource` or `response` as the API's age has it.

use super::common::{self, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.sqladmin.instance";
const ID: &str = "protoPayload.resourceName~instances/|instances/{resource.labels.database_id}|projects/{resource.labels.project_id}/instances/{protoPayload.request.body.name}|projects/{resource.labels.project_id}/instances/{protoPayload.request.instance}|projects/{resource.labels.project_id}/instances/{protoPayload.response.targetId}";
const NAMES: &str = "protoPayload.resourceName~instances/|instances/{resource.labels.database_id}|projects/{resource.labels.project_id}/instances/{protoPayload.request.body.name}|projects/{resource.labels.project_id}/instances/{protoPayload.request.resource.instanceName.instanceId}|projects/{resource.labels.project_id}/instances/{protoPayload.request.instance}|protoPayload.response.targetLink~/instances/";
/// The instance that a user, certificate or backup belongs to: the body's name is the child's own.
const PARENT: &str = "protoPayload.resourceName~instances/|instances/{resource.labels.database_id}|projects/{resource.labels.project_id}/instances/{protoPayload.request.instance}";
const PARENT_NAMES: &str = "instances/{resource.labels.database_id}|projects/{resource.labels.project_id}/instances/{protoPayload.request.instance}|protoPayload.response.targetLink~/instances/";
/// The clone, not its source.
const CLONE: &str = "projects/{resource.labels.project_id}/instances/{protoPayload.request.body.cloneContext.destinationInstanceName}|projects/{resource.labels.project_id}/instances/{protoPayload.request.cloneContext.destinationInstanceName}|projects/{resource.labels.project_id}/instances/{protoPayload.request.destinationInstanceName}";
const USER: &str = "gcp.sqladmin.user";
const USER_ID: &str = "{resource.labels.database_id}/users/{protoPayload.request.body.name}|{resource.labels.database_id}/users/{protoPayload.request.name}|{protoPayload.resourceName}/users/{protoPayload.request.body.name}|{protoPayload.resourceName}/users/{protoPayload.request.name}";
const CERT: &str = "gcp.sqladmin.ssl_cert";
const CERT_ID: &str = "protoPayload.response.clientCert.certInfo.sha1Fingerprint|protoPayload.request.sha1Fingerprint|{protoPayload.resourceName}/sslCerts/{protoPayload.request.body.commonName}";
const DATABASE: &str = "gcp.sqladmin.database";
const DATABASE_ID: &str = "protoPayload.resourceName~/databases/|{resource.labels.database_id}/databases/{protoPayload.request.body.name}|{resource.labels.database_id}/databases/{protoPayload.request.database}|{protoPayload.resourceName}/databases/{protoPayload.request.database}|{protoPayload.resourceName}/databases/{protoPayload.request.body.name}";
const BACKUP: &str = "gcp.sqladmin.backup_run";
const BACKUP_ID: &str = "{resource.labels.database_id}/backupRuns/{protoPayload.request.id}|{resource.labels.database_id}/backupRuns/{protoPayload.response.name}|protoPayload.resourceName~backupRuns/";

pub static CLOUDSQL: Service = Service {
    source: "cloudsql.googleapis.com",
    rows: &[
        on("cloudsql.instances.create|cloudsql.instances.insert")
            .creates(INSTANCE, ID)
            .names(NAMES)
            .contain("sql.instances.patch;!sql.instances.delete")
            .note("Database {id} is billed by the hour; set activationPolicy NEVER to stop it.")
            .tells(opened),
        on("cloudsql.instances.clone")
            .creates(INSTANCE, CLONE)
            .contain("sql.instances.patch;!sql.instances.delete")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Database {id} is a full copy of another, with its maker's own users and network rules."),
        on("cloudsql.instances.clone").touches(INSTANCE, ID, "cloned").names(NAMES),
        on("cloudsql.instances.update|cloudsql.instances.patch")
            .touches(INSTANCE, ID, "changed")
            .names(NAMES)
            .contain("sql.instances.patch")
            .tells(opened),
        on("cloudsql.instances.delete")
            .deletes(INSTANCE, ID)
            .names(NAMES)
            .finding(Destruction, &DATA_DESTRUCTION, "Database instance {id} was deleted, its automatic backups with it; Google support may help for a few days."),
        on("cloudsql.instances.export")
            .touches(INSTANCE, ID, "exported")
            .names(NAMES)
            .tells(exported),
        on("cloudsql.instances.import").touches(INSTANCE, ID, "imported into").names(NAMES),
        on("cloudsql.instances.restart|cloudsql.instances.failover").touches(INSTANCE, ID, "restarted").names(NAMES),
        on("cloudsql.instances.restoreBackup")
            .touches(INSTANCE, ID, "restored from a backup")
            .names(NAMES)
            .finding(Destruction, &DATA_DESTRUCTION, "Database {id} was overwritten with a backup."),
        on("cloudsql.users.create|cloudsql.users.insert")
            .creates(USER, USER_ID)
            .contain("!sql.users.delete")
            .finding(Persistence, &ADDITIONAL_CLOUD_CREDENTIALS, "Database user {id} was made; its password works without any Google identity.")
            .pair("gcp.sql.user"),
        on("cloudsql.users.create|cloudsql.users.insert").touches(INSTANCE, PARENT, "user added").names(PARENT_NAMES),
        on("cloudsql.users.update")
            .about(USER, USER_ID)
            .contain("sql.users.update")
            .finding(Persistence, &ADDITIONAL_CLOUD_CREDENTIALS, "The password of database user {id} was set; if that is root or postgres, the whole database is theirs."),
        on("cloudsql.users.update").touches(INSTANCE, PARENT, "user changed").names(PARENT_NAMES),
        on("cloudsql.users.delete").deletes(USER, USER_ID).undoes("gcp.sql.user"),
        on("cloudsql.sslCerts.create|cloudsql.sslCerts.insert")
            .creates(CERT, CERT_ID)
            .contain("!sql.sslCerts.delete")
            .finding(Persistence, &ADDITIONAL_CLOUD_CREDENTIALS, "Client certificate {id} was made for a database; its private key is with whoever asked.")
            .pair("gcp.sql.cert"),
        on("cloudsql.sslCerts.create|cloudsql.sslCerts.insert").touches(INSTANCE, PARENT, "client certificate added").names(PARENT_NAMES),
        on("cloudsql.sslCerts.delete").deletes(CERT, CERT_ID).undoes("gcp.sql.cert"),
        on("cloudsql.databases.create|cloudsql.databases.insert").creates(DATABASE, DATABASE_ID),
        on("cloudsql.databases.delete")
            .deletes(DATABASE, DATABASE_ID)
            .finding(Destruction, &DATA_DESTRUCTION, "Database {id} was dropped; a backup is the only way back."),
        on("cloudsql.backupRuns.create|cloudsql.backupRuns.insert").creates(BACKUP, BACKUP_ID),
        on("cloudsql.backupRuns.create|cloudsql.backupRuns.insert").touches(INSTANCE, PARENT, "backed up").names(PARENT_NAMES),
        on("cloudsql.backupRuns.delete")
            .deletes(BACKUP, BACKUP_ID)
            .finding(Destruction, &INHIBIT_RECOVERY, "Database backup {id} was deleted."),
    ],
};

/// Tells an export and where it went.
fn exported(record: &Record, facts: &mut Vec<Fact>) {
    let Some(of) = common::last(facts, INSTANCE).map(|resource| resource.id.clone()) else { return };
    let to =
        record.first("protoPayload.request.body.exportContext.uri|protoPayload.request.exportContext.uri");
    let to =
        to.map_or_else(|| "a bucket that the record does not name".to_owned(), |uri| common::brief(&uri));
    let note = format!("Database {of} was exported to {to}.");
    facts.push(
        Say { kind: Exfiltration, technique: &TRANSFER_TO_CLOUD_ACCOUNT, subject: &of, pair: "", note }
            .fact(record),
    );
}

/// Tells a database opened to the whole internet, or closed again.
fn opened(record: &Record, facts: &mut Vec<Fact>) {
    let Some(of) = common::last(facts, INSTANCE).map(|resource| resource.id.clone()) else { return };
    let networks = "protoPayload.request.body.settings.ipConfiguration.authorizedNetworks|protoPayload.request.resource.settings.ipConfiguration.authorizedNetworks";
    if record.value(networks).is_none() {
        return;
    }
    let ranges = record.all("protoPayload.request.body.settings.ipConfiguration.authorizedNetworks[].value|protoPayload.request.resource.settings.ipConfiguration.authorizedNetworks[].value");
    let say = Say {
        kind: Exposure,
        technique: &DISABLE_CLOUD_FIREWALL,
        subject: &of,
        pair: "gcp.sql.open",
        note: format!("Database {of} accepts connections from the whole internet."),
    };
    facts.push(if ranges.iter().any(|range| &**range == "0.0.0.0/0") {
        say.fact(record)
    } else {
        say.undoing(record)
    });
}
