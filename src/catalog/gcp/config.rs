//! Infrastructure Manager: Terraform run by Google as a service account of choice.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const DEPLOYMENT: &str = "gcp.config.deployment";
const RUNS_AS: &str = "protoPayload.request.deployment.serviceAccount";

pub static CONFIG: Service = Service {
    source: "config.googleapis.com",
    rows: &[
        on("Config.CreateDeployment")
            .creates(DEPLOYMENT, within!("deployments", "deploymentId"))
            .names(within!("deployments", "deploymentId"))
            .contain("!config.deployments.delete")
            .note("Deployment {id} makes what its Terraform says as a service account; deleting it destroys what it made.")
            .tells(|record, facts| common::carries(record, facts, DEPLOYMENT, RUNS_AS)),
        on("Config.UpdateDeployment")
            .touches(DEPLOYMENT, within!("deployments"), "changed")
            .names("protoPayload.request.deployment.name~/deployments/")
            .tells(|record, facts| common::carries(record, facts, DEPLOYMENT, RUNS_AS)),
        on("Config.DeleteDeployment").deletes(DEPLOYMENT, within!("deployments")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Deployment {id} was deleted, by default with everything it made.",
        ),
    ],
};
