//! Cloud Composer: Airflow environments in a tenant project of Google's.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const ENVIRONMENT: &str = "gcp.composer.environment";
const ID: &str = concat!(
    "protoPayload.response.uuid|",
    within!("environments"),
    "|protoPayload.request.environment.name~/environments/"
);
const NAMES: &str = concat!(within!("environments"), "|protoPayload.request.environment.name~/environments/");
/// Of an environment that is acted on.
const ITSELF: &str = "protoPayload.request.environment~/environments/|protoPayload.request.name~/environments/|protoPayload.resourceName~/environments/";

pub static COMPOSER: Service = Service {
    source: "composer.googleapis.com",
    rows: &[
        on("Environments.CreateEnvironment")
            .creates(ENVIRONMENT, ID)
            .names(NAMES)
            .contain("!composer.environments.delete")
            .note("Airflow environment {id} is billed by the hour and runs its DAGs as its service account.")
            .tells(|record, facts| {
                common::carries(
                    record,
                    facts,
                    ENVIRONMENT,
                    "protoPayload.request.environment.config.nodeConfig.serviceAccount",
                );
            }),
        on("Environments.ExecuteAirflowCommand").touches(ENVIRONMENT, ITSELF, "Airflow command run").finding(
            Execution,
            &CLOUD_ADMIN_COMMAND,
            "A command was run in Airflow environment {id}, as its service account.",
        ),
        on("Environments.UpdateEnvironment").touches(ENVIRONMENT, ITSELF, "changed").finding(
            Execution,
            &CLOUD_ADMIN_COMMAND,
            "Airflow environment {id} was changed; new packages or variables run code in it.",
        ),
        on("Environments.DeleteEnvironment").deletes(ENVIRONMENT, ID).names(NAMES).finding(
            Destruction,
            &SERVICE_STOP,
            "Airflow environment {id} was deleted.",
        ),
    ],
};
