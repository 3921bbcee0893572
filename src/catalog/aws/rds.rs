//! Amazon RDS; Aurora, Neptune and DocumentDB log under this name too.

use crate::catalog::technique::{
    ADDITIONAL_CLOUD_CREDENTIALS, DATA_DESTRUCTION, DATA_FROM_CLOUD_STORAGE, MODIFY_CLOUD_CONFIGURATION,
    TRANSFER_TO_CLOUD_ACCOUNT,
};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{CredentialAccess, Destruction, Exfiltration, Exposure};

pub static RDS: Service = Service {
    source: "rds.amazonaws.com",
    rows: &[
        // Instances.
        on("CreateDBInstance|CreateDBInstanceReadReplica")
            .creates("aws.rds.db_instance", INSTANCE_MADE)
            .names(INSTANCE_NAMES)
            .contain("rds:StopDBInstance, rds:DeleteDBInstance"),
        on("RestoreDBInstanceFromDBSnapshot|RestoreDBInstanceToPointInTime|RestoreDBInstanceFromS3")
            .creates("aws.rds.db_instance", INSTANCE_MADE)
            .names(INSTANCE_NAMES)
            .contain("rds:ModifyDBInstance, rds:StopDBInstance")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Database {id} was restored as a copy, which can be opened under a new password."),
        on("ModifyDBInstance")
            .touches("aws.rds.db_instance", INSTANCE_MADE, "its settings were changed")
            .names(INSTANCE_NAMES)
            .contain("rds:ModifyDBInstance"),
        on("ModifyDBInstance")
            .about("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier")
            .finding(Exposure, &MODIFY_CLOUD_CONFIGURATION, "Database {id} was made reachable from the internet.")
            .pair("rds:public")
            .only_if(|record| record.is(PUBLIC, "true")),
        on("ModifyDBInstance").about("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier").undoes("rds:public").only_if(|record| record.is(PUBLIC, "false")),
        on("ModifyDBInstance")
            .about("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier")
            .finding(CredentialAccess, &ADDITIONAL_CLOUD_CREDENTIALS, PASSWORD_RESET)
            .only_if(resets_password),
        on("StartDBInstance|StopDBInstance|RebootDBInstance|PromoteReadReplica|AddRoleToDBInstance|RemoveRoleFromDBInstance")
            .touches("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier", "started, stopped, promoted or given a role"),
        on("DeleteDBInstance")
            .deletes("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier")
            .names("responseElements.dBInstanceArn"),
        on("DeleteDBInstance")
            .about("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier")
            .finding(Destruction, &DATA_DESTRUCTION, "Database {id} was deleted without a last snapshot; look for automated backups that were kept.")
            .only_if(skips_snapshot),
        on("DeleteDBInstance")
            .about("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier")
            .finding(Destruction, &DATA_DESTRUCTION, "Database {id} was deleted; its last snapshot {requestParameters.finalDBSnapshotIdentifier} can bring it back.")
            .only_if(|record| !skips_snapshot(record)),
        // Clusters.
        on("CreateDBCluster|RestoreDBClusterFromSnapshot|RestoreDBClusterToPointInTime|RestoreDBClusterFromS3")
            .creates("aws.rds.db_cluster", "responseElements.dBClusterArn|requestParameters.dBClusterIdentifier")
            .names("requestParameters.dBClusterIdentifier|responseElements.dBClusterIdentifier|responseElements.dbClusterResourceId")
            .contain("rds:StopDBCluster, rds:DeleteDBCluster"),
        on("RestoreDBClusterFromSnapshot|RestoreDBClusterToPointInTime|RestoreDBClusterFromS3")
            .about("aws.rds.db_cluster", "responseElements.dBClusterArn|requestParameters.dBClusterIdentifier")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Database cluster {id} was restored as a copy, which can be opened under a new password."),
        on("ModifyDBCluster|StartDBCluster|StopDBCluster|RebootDBCluster|FailoverDBCluster|AddRoleToDBCluster|RemoveRoleFromDBCluster")
            .touches("aws.rds.db_cluster", "requestParameters.dBClusterIdentifier", "its settings or state were changed"),
        on("ModifyDBCluster")
            .about("aws.rds.db_cluster", "requestParameters.dBClusterIdentifier")
            .finding(CredentialAccess, &ADDITIONAL_CLOUD_CREDENTIALS, PASSWORD_RESET)
            .only_if(resets_password),
        on("DeleteDBCluster")
            .deletes("aws.rds.db_cluster", "requestParameters.dBClusterIdentifier")
            .names("responseElements.dBClusterArn"),
        on("DeleteDBCluster")
            .about("aws.rds.db_cluster", "requestParameters.dBClusterIdentifier")
            .finding(Destruction, &DATA_DESTRUCTION, "Database cluster {id} was deleted without a last snapshot; look for automated backups that were kept.")
            .only_if(skips_snapshot),
        on("DeleteDBCluster")
            .about("aws.rds.db_cluster", "requestParameters.dBClusterIdentifier")
            .finding(Destruction, &DATA_DESTRUCTION, "Database cluster {id} was deleted; its last snapshot {requestParameters.finalDBSnapshotIdentifier} can bring it back.")
            .only_if(|record| !skips_snapshot(record)),
        // Snapshots.
        on("CreateDBSnapshot")
            .creates("aws.rds.db_snapshot", "responseElements.dBSnapshotArn|requestParameters.dBSnapshotIdentifier")
            .names("requestParameters.dBSnapshotIdentifier")
            .contain("rds:ModifyDBSnapshotAttribute"),
        on("CopyDBSnapshot")
            .creates("aws.rds.db_snapshot", "responseElements.dBSnapshotArn|requestParameters.targetDBSnapshotIdentifier")
            .names("requestParameters.targetDBSnapshotIdentifier")
            .contain("rds:ModifyDBSnapshotAttribute, rds:DeleteDBSnapshot")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Snapshot {requestParameters.sourceDBSnapshotIdentifier} was copied to {id}; a copy can carry another key or be shared."),
        on("DeleteDBSnapshot")
            .deletes("aws.rds.db_snapshot", "requestParameters.dBSnapshotIdentifier")
            .names("responseElements.dBSnapshotArn"),
        on("CreateDBClusterSnapshot")
            .creates("aws.rds.db_cluster_snapshot", "responseElements.dBClusterSnapshotArn|requestParameters.dBClusterSnapshotIdentifier")
            .names("requestParameters.dBClusterSnapshotIdentifier")
            .contain("rds:ModifyDBClusterSnapshotAttribute"),
        on("CopyDBClusterSnapshot")
            .creates("aws.rds.db_cluster_snapshot", "responseElements.dBClusterSnapshotArn|requestParameters.targetDBClusterSnapshotIdentifier")
            .names("requestParameters.targetDBClusterSnapshotIdentifier")
            .contain("rds:ModifyDBClusterSnapshotAttribute, rds:DeleteDBClusterSnapshot")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Cluster snapshot {requestParameters.sourceDBClusterSnapshotIdentifier} was copied to {id}; a copy can carry another key or be shared."),
        on("DeleteDBClusterSnapshot")
            .deletes("aws.rds.db_cluster_snapshot", "requestParameters.dBClusterSnapshotIdentifier")
            .names("responseElements.dBClusterSnapshotArn"),
        // Sharing; `all` is everybody.
        on("ModifyDBSnapshotAttribute|ModifyDBClusterSnapshotAttribute")
            .touches("aws.rds.snapshot_share", SNAPSHOT, "shared with {requestParameters.valuesToAdd[]}")
            .contain("rds:ModifyDBSnapshotAttribute, rds:ModifyDBClusterSnapshotAttribute")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "Database snapshot {id} was shared with {requestParameters.valuesToAdd[]}, where it can be copied.")
            .pair("rds:share {requestParameters.valuesToAdd[]}")
            .only_if(|record| shares(record) && !record.is(ADDED, "all"))
            .tells(shared),
        on("ModifyDBSnapshotAttribute|ModifyDBClusterSnapshotAttribute")
            .touches("aws.rds.snapshot_share", SNAPSHOT, "made public")
            .contain("rds:ModifyDBSnapshotAttribute, rds:ModifyDBClusterSnapshotAttribute")
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "Database snapshot {id} was made public: every AWS account can copy it.")
            .pair("rds:share {requestParameters.valuesToAdd[]}")
            .only_if(|record| shares(record) && record.is(ADDED, "all"))
            .tells(shared),
        on("ModifyDBSnapshotAttribute|ModifyDBClusterSnapshotAttribute")
            .touches("aws.rds.snapshot_share", SNAPSHOT, "no longer shared with {requestParameters.valuesToRemove[]}")
            .undoes("rds:share {requestParameters.valuesToRemove[]}")
            .only_if(|record| !record.all(REMOVED).is_empty())
            .tells(|record, facts| {
                let Some(on) = record.first(SNAPSHOT) else { return };
                for member in record.all(REMOVED) {
                    facts.push(Fact::Withdrawn { member, role: "restore".into(), on: on.clone() });
                }
            }),
        on("StartExportTask")
            .touches("aws.rds.export_task", "responseElements.exportTaskIdentifier|requestParameters.exportTaskIdentifier", "exports {requestParameters.sourceArn} to bucket {requestParameters.s3BucketName}")
            .contain("rds:CancelExportTask")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Snapshot {requestParameters.sourceArn} is being exported to bucket {requestParameters.s3BucketName}.")
            .pair("rds:export"),
        on("CancelExportTask")
            .touches("aws.rds.export_task", "requestParameters.exportTaskIdentifier", "cancelled")
            .undoes("rds:export"),
        on("DownloadDBLogFilePortion|DownloadCompleteDBLogFile").touches("aws.rds.db_instance", "requestParameters.dBInstanceIdentifier", "its log was downloaded"),
        // What databases need around them.
        on("CreateDBSubnetGroup").creates("aws.rds.db_subnet_group", "requestParameters.dBSubnetGroupName").names("responseElements.dBSubnetGroupArn"),
        on("DeleteDBSubnetGroup").deletes("aws.rds.db_subnet_group", "requestParameters.dBSubnetGroupName"),
        on("CreateDBParameterGroup").creates("aws.rds.db_parameter_group", "requestParameters.dBParameterGroupName").names("responseElements.dBParameterGroupArn"),
        on("DeleteDBParameterGroup").deletes("aws.rds.db_parameter_group", "requestParameters.dBParameterGroupName"),
        on("CreateDBClusterParameterGroup").creates("aws.rds.db_cluster_parameter_group", "requestParameters.dBClusterParameterGroupName").names("responseElements.dBClusterParameterGroupArn"),
        on("DeleteDBClusterParameterGroup").deletes("aws.rds.db_cluster_parameter_group", "requestParameters.dBClusterParameterGroupName"),
        on("CreateOptionGroup").creates("aws.rds.option_group", "requestParameters.optionGroupName").names("responseElements.optionGroupArn"),
        on("DeleteOptionGroup").deletes("aws.rds.option_group", "requestParameters.optionGroupName"),
        on("CreateDBSecurityGroup").creates("aws.rds.db_security_group", "requestParameters.dBSecurityGroupName").names("responseElements.dBSecurityGroupArn"),
        on("DeleteDBSecurityGroup").deletes("aws.rds.db_security_group", "requestParameters.dBSecurityGroupName"),
        on("AuthorizeDBSecurityGroupIngress|RevokeDBSecurityGroupIngress").touches("aws.rds.db_security_group", "requestParameters.dBSecurityGroupName", "who may connect was changed"),
    ],
};

const INSTANCE_MADE: &str = "responseElements.dBInstanceArn|requestParameters.dBInstanceIdentifier|requestParameters.targetDBInstanceIdentifier";
const INSTANCE_NAMES: &str = "requestParameters.dBInstanceIdentifier|requestParameters.targetDBInstanceIdentifier|responseElements.dBInstanceIdentifier|responseElements.dbiResourceId";
const PUBLIC: &str = "requestParameters.publiclyAccessible";
const SNAPSHOT: &str = "requestParameters.dBSnapshotIdentifier|requestParameters.dBClusterSnapshotIdentifier";
const ADDED: &str = "requestParameters.valuesToAdd[]";
const REMOVED: &str = "requestParameters.valuesToRemove[]";

const PASSWORD_RESET: &str = "The master password of database {id} was reset: whoever did it can read everything, and the owner may be locked out.";

fn resets_password(record: &Record) -> bool {
    record.value("requestParameters.masterUserPassword").is_some()
}

fn skips_snapshot(record: &Record) -> bool {
    record.is("requestParameters.skipFinalSnapshot", "true")
}

fn shares(record: &Record) -> bool {
    !record.all(ADDED).is_empty()
}

fn shared(record: &Record, facts: &mut Vec<Fact>) {
    let Some(on) = record.first(SNAPSHOT) else { return };
    for member in record.all(ADDED) {
        facts.push(Fact::Granted { member, role: "restore".into(), on: on.clone() });
    }
}
