//! Deployment Manager, which deploys as the project's cloudservices account.

use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const DEPLOYMENT: &str = "gcp.deploymentmanager.deployment";
/// Real records have no resourceName: the label names the deployment.
const ID: &str = "protoPayload.response.targetId|protoPayload.resourceName|projects/{resource.labels.project_id}/global/deployments/{resource.labels.name}";
const NAMES: &str = "protoPayload.resourceName|projects/{resource.labels.project_id}/global/deployments/{resource.labels.name}|protoPayload.response.targetLink~/deployments/";

pub static DEPLOYMENTMANAGER: Service = Service {
    source: "deploymentmanager.googleapis.com",
    rows: &[
        on("deploymentmanager.deployments.insert")
            .creates(DEPLOYMENT, ID)
            .names(NAMES)
            .contain("deploymentmanager.deployments.stop;!deploymentmanager.deployments.delete")
            .finding(
                PrivilegeEscalation,
                &TEMPORARY_ELEVATED_ACCESS,
                "Deployment {id} makes what its template says as the project's cloudservices account, usually an editor.",
            ),
        on("deploymentmanager.deployments.update|deploymentmanager.deployments.patch")
            .touches(DEPLOYMENT, ID, "changed")
            .names(NAMES)
            .contain("deploymentmanager.deployments.stop")
            .finding(
                PrivilegeEscalation,
                &TEMPORARY_ELEVATED_ACCESS,
                "Deployment {id} was changed; it makes what its template says as the project's cloudservices account, usually an editor.",
            ),
        on("deploymentmanager.deployments.delete").deletes(DEPLOYMENT, ID).names(NAMES).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Deployment {id} was deleted, by default with everything in it.",
        ),
    ],
};
