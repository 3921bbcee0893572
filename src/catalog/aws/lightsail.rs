//! Amazon Lightsail: everything is named, and runs in an account of Amazon's that no EC2 call shows.

use crate::catalog::technique as t;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static LIGHTSAIL: Service = Service {
    source: "lightsail.amazonaws.com",
    rows: &[
        on("CreateInstances|CreateInstancesFromSnapshot")
            .creates(
                "aws.lightsail.instance",
                "requestParameters.instanceNames[]|responseElements.operations[].resourceName",
            )
            .contain("lightsail:StopInstance, lightsail:DeleteInstance"),
        on("StartInstance").touches("aws.lightsail.instance", "requestParameters.instanceName", "started"),
        on("StopInstance").touches("aws.lightsail.instance", "requestParameters.instanceName", "stopped"),
        on("RebootInstance").touches("aws.lightsail.instance", "requestParameters.instanceName", "rebooted"),
        on("DeleteInstance").deletes("aws.lightsail.instance", "requestParameters.instanceName"),
        on("OpenInstancePublicPorts|PutInstancePublicPorts")
            .touches("aws.lightsail.instance", "requestParameters.instanceName", "ports opened")
            .finding(
                Exposure,
                &t::DISABLE_CLOUD_FIREWALL,
                "Ports of Lightsail instance {id} were opened to the internet.",
            )
            .contain("lightsail:CloseInstancePublicPorts")
            .pair("lightsail:ports"),
        on("CloseInstancePublicPorts")
            .touches("aws.lightsail.instance", "requestParameters.instanceName", "ports closed")
            .undoes("lightsail:ports"),
        on("GetInstanceAccessDetails")
            .touches("aws.lightsail.instance", "requestParameters.instanceName", "login credentials read")
            .finding(
                CredentialAccess,
                &t::UNSECURED_CREDENTIALS,
                "Login credentials of Lightsail instance {id} were read.",
            ),
        on("DownloadDefaultKeyPair").about("aws.lightsail.key_pair", "awsRegion").finding(
            CredentialAccess,
            &t::UNSECURED_CREDENTIALS,
            "The default Lightsail SSH key of {id} was downloaded: it opens every instance there \
                 that uses it.",
        ),
        on("CreateKeyPair|ImportKeyPair")
            .creates("aws.lightsail.key_pair", "requestParameters.keyPairName")
            .contain("lightsail:DeleteKeyPair"),
        on("DeleteKeyPair").deletes("aws.lightsail.key_pair", "requestParameters.keyPairName"),
        on("CreateContainerService")
            .creates("aws.lightsail.container_service", "requestParameters.serviceName")
            .contain("lightsail:UpdateContainerService, lightsail:DeleteContainerService"),
        on("CreateContainerServiceDeployment|UpdateContainerService").touches(
            "aws.lightsail.container_service",
            "requestParameters.serviceName",
            "deployed or changed",
        ),
        on("DeleteContainerService")
            .deletes("aws.lightsail.container_service", "requestParameters.serviceName"),
        on("CreateDisk|CreateDiskFromSnapshot")
            .creates("aws.lightsail.disk", "requestParameters.diskName")
            .contain("lightsail:DeleteDisk"),
        on("DeleteDisk").deletes("aws.lightsail.disk", "requestParameters.diskName"),
        on("CreateInstanceSnapshot|CopySnapshot")
            .creates(
                "aws.lightsail.instance_snapshot",
                "requestParameters.instanceSnapshotName|requestParameters.targetSnapshotName",
            )
            .contain("lightsail:DeleteInstanceSnapshot"),
        on("DeleteInstanceSnapshot")
            .deletes("aws.lightsail.instance_snapshot", "requestParameters.instanceSnapshotName"),
        on("ExportSnapshot").touches(
            "aws.lightsail.instance_snapshot",
            "requestParameters.sourceSnapshotName",
            "exported to EC2",
        ),
        on("AllocateStaticIp")
            .creates("aws.lightsail.static_ip", "requestParameters.staticIpName")
            .contain("lightsail:ReleaseStaticIp"),
        on("ReleaseStaticIp").deletes("aws.lightsail.static_ip", "requestParameters.staticIpName"),
        on("CreateRelationalDatabase|CreateRelationalDatabaseFromSnapshot")
            .creates("aws.lightsail.database", "requestParameters.relationalDatabaseName")
            .contain("lightsail:StopRelationalDatabase, lightsail:DeleteRelationalDatabase"),
        on("DeleteRelationalDatabase")
            .deletes("aws.lightsail.database", "requestParameters.relationalDatabaseName"),
        on("CreateBucket")
            .creates("aws.lightsail.bucket", "requestParameters.bucketName")
            .contain("lightsail:DeleteBucket"),
        on("DeleteBucket").deletes("aws.lightsail.bucket", "requestParameters.bucketName"),
        on("TagResource|UntagResource"),
    ],
};
