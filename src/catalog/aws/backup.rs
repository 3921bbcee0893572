//! AWS Backup.

use super::policy_document::{grant, lets_outsiders_in};
use crate::catalog::technique::{INHIBIT_RECOVERY, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Destruction, Exfiltration, Exposure};

pub static BACKUP: Service = Service {
    source: "backup.amazonaws.com",
    rows: &[
        on("CreateBackupVault|CreateLogicallyAirGappedBackupVault")
            .creates("aws.backup.vault", VAULT)
            .names("responseElements.backupVaultArn"),
        on("DeleteBackupVault")
            .deletes("aws.backup.vault", VAULT)
            .finding(Destruction, &INHIBIT_RECOVERY, "Backup vault {id} was deleted."),
        on("DeleteRecoveryPoint")
            .deletes("aws.backup.recovery_point", "requestParameters.recoveryPointArn")
            .finding(Destruction, &INHIBIT_RECOVERY, "Recovery point {id} was deleted: there is no way back to it."),
        on("DeleteBackupVaultLockConfiguration")
            .touches("aws.backup.vault", VAULT, "its lock was removed")
            .contain("backup:PutBackupVaultLockConfiguration")
            .finding(Destruction, &INHIBIT_RECOVERY, "The lock of backup vault {id} was removed: its backups can now be deleted.")
            .pair("backup:lock {awsRegion}"),
        on("PutBackupVaultLockConfiguration").touches("aws.backup.vault", VAULT, "its lock was set").undoes("backup:lock {awsRegion}"),
        on("PutBackupVaultAccessPolicy")
            .touches("aws.backup.vault_policy", VAULT, "its policy was replaced")
            .tells(|record, facts| grant(record, "requestParameters.policy", VAULT, facts)),
        on("PutBackupVaultAccessPolicy")
            .about("aws.backup.vault_policy", VAULT)
            .contain("backup:DeleteBackupVaultAccessPolicy")
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "The policy of backup vault {id} now lets another account, or anybody, in.")
            .pair("backup:policy {awsRegion}")
            .only_if(|record| lets_outsiders_in(record, "requestParameters.policy")),
        on("DeleteBackupVaultAccessPolicy").touches("aws.backup.vault_policy", VAULT, "its policy was deleted").undoes("backup:policy {awsRegion}"),
        on("StartCopyJob")
            .touches("aws.backup.recovery_point", "requestParameters.recoveryPointArn", "copied to vault {requestParameters.destinationBackupVaultArn}")
            .contain("backup:DisassociateRecoveryPoint")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "Recovery point {id} is copied to vault {requestParameters.destinationBackupVaultArn} of another account.")
            .only_if(|record| {
                let to = record.first("requestParameters.destinationBackupVaultArn");
                let account = to.as_deref().and_then(|arn| arn.split(':').nth(4)).unwrap_or("");
                !account.is_empty() && !record.scope.account.is_empty() && *account != *record.scope.account
            }),
        on("CreateBackupPlan").creates("aws.backup.plan", "responseElements.backupPlanId").names("responseElements.backupPlanArn"),
        on("DeleteBackupPlan").deletes("aws.backup.plan", "requestParameters.backupPlanId"),
    ],
};

const VAULT: &str = "requestParameters.backupVaultName";
