//! Amazon Redshift.

use crate::catalog::technique::{MODIFY_CLOUD_CONFIGURATION, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{Exfiltration, Exposure};

pub static REDSHIFT: Service = Service {
    source: "redshift.amazonaws.com",
    rows: &[
        on("CreateCluster|RestoreFromClusterSnapshot")
            .creates("aws.redshift.cluster", "responseElements.clusterIdentifier|requestParameters.clusterIdentifier")
            .contain("redshift:PauseCluster, redshift:DeleteCluster"),
        on("DeleteCluster").deletes("aws.redshift.cluster", CLUSTER),
        on("ModifyCluster|PauseCluster|ResumeCluster|ModifyClusterIamRoles|RebootCluster|ResizeCluster").touches("aws.redshift.cluster", CLUSTER, "its settings or state were changed"),
        on("ModifyCluster")
            .about("aws.redshift.cluster", CLUSTER)
            .contain("redshift:ModifyCluster")
            .finding(Exposure, &MODIFY_CLOUD_CONFIGURATION, "Cluster {id} was made reachable from the internet.")
            .pair("redshift:public")
            .only_if(|record| record.is("requestParameters.publiclyAccessible", "true")),
        on("ModifyCluster").about("aws.redshift.cluster", CLUSTER).undoes("redshift:public").only_if(|record| record.is("requestParameters.publiclyAccessible", "false")),
        on("CreateClusterSnapshot|CopyClusterSnapshot").creates("aws.redshift.snapshot", "responseElements.snapshotIdentifier|requestParameters.snapshotIdentifier|requestParameters.targetSnapshotIdentifier"),
        on("DeleteClusterSnapshot").deletes("aws.redshift.snapshot", SNAPSHOT),
        on("AuthorizeSnapshotAccess")
            .touches("aws.redshift.snapshot", SNAPSHOT, "shared with {requestParameters.accountWithRestoreAccess}")
            .contain("redshift:RevokeSnapshotAccess")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "Snapshot {id} was shared with {requestParameters.accountWithRestoreAccess}, where it can be restored.")
            .pair("redshift:share {requestParameters.accountWithRestoreAccess}")
            .tells(|record, facts| {
                if let (Some(member), Some(on)) = (record.first(WITH), record.first(SNAPSHOT)) {
                    facts.push(Fact::Granted { member, role: "restore".into(), on });
                }
            }),
        on("RevokeSnapshotAccess")
            .touches("aws.redshift.snapshot", SNAPSHOT, "no longer shared with {requestParameters.accountWithRestoreAccess}")
            .undoes("redshift:share {requestParameters.accountWithRestoreAccess}")
            .tells(|record, facts| {
                if let (Some(member), Some(on)) = (record.first(WITH), record.first(SNAPSHOT)) {
                    facts.push(Fact::Withdrawn { member, role: "restore".into(), on });
                }
            }),
    ],
};

const CLUSTER: &str = "requestParameters.clusterIdentifier|responseElements.clusterIdentifier";
const SNAPSHOT: &str = "requestParameters.snapshotIdentifier|requestParameters.snapshotArn";
const WITH: &str = "requestParameters.accountWithRestoreAccess";
