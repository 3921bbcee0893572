//! VMware Engine: whole hosts by the hour.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const CLOUD: &str = "gcp.vmwareengine.private_cloud";
const CLUSTER: &str = "gcp.vmwareengine.cluster";

pub static VMWAREENGINE: Service = Service {
    source: "vmwareengine.googleapis.com",
    rows: &[
        on("VmwareEngine.CreatePrivateCloud")
            .creates(CLOUD, concat!("protoPayload.response.uid|", within!("privateClouds", "privateCloudId")))
            .names(within!("privateClouds", "privateCloudId"))
            .contain("!vmwareengine.privateClouds.delete")
            .finding(ResourceHijacking, &COMPUTE_HIJACKING, "Private cloud {id} costs thousands a day from the start."),
        on("VmwareEngine.CreateCluster")
            .creates(CLUSTER, concat!("protoPayload.response.uid|", within!("clusters", "clusterId")))
            .names(within!("clusters", "clusterId"))
            .contain("!vmwareengine.privateClouds.clusters.delete")
            .finding(ResourceHijacking, &COMPUTE_HIJACKING, "VMware cluster {id} costs thousands a day from the start."),
        on("VmwareEngine.DeletePrivateCloud").deletes(CLOUD, within!("privateClouds")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Private cloud {id} was deleted; it can be undeleted only for a short time.",
        ),
        on("VmwareEngine.UndeletePrivateCloud").touches(CLOUD, within!("privateClouds"), "undeleted"),
        on("VmwareEngine.DeleteCluster").deletes(CLUSTER, within!("clusters")),
        on("VmwareEngine.ShowVcenterCredentials|VmwareEngine.ShowNsxCredentials|VmwareEngine.ResetVcenterCredentials|VmwareEngine.ResetNsxCredentials")
            .touches(CLOUD, "protoPayload.request.privateCloud~/privateClouds/|protoPayload.resourceName~/privateClouds/", "administrator password read or reset")
            .finding(CredentialAccess, &UNSECURED_CREDENTIALS, "The administrator password of private cloud {id} was read or reset and must be changed."),
    ],
};
