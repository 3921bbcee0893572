//! Cloud Functions, both generations.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const FUNCTION: &str = "gcp.cloudfunctions.cloud_function";
const ID: &str =
    concat!(within!("functions", "functionId"), "|protoPayload.request.function.name~/functions/");
const NAMES: &str = concat!(
    within!("functions", "functionId"),
    "|protoPayload.request.function.name~/functions/",
    "|projects/{resource.labels.project_id}/locations/{resource.labels.region}/functions/{resource.labels.function_name}"
);
const RUNS_AS: &str = "protoPayload.request.function.serviceConfig.serviceAccountEmail|protoPayload.request.function.serviceAccountEmail";

pub static CLOUDFUNCTIONS: Service = Service {
    source: "cloudfunctions.googleapis.com",
    rows: &[
        on("FunctionService.CreateFunction|CloudFunctionsService.CreateFunction")
            .creates(FUNCTION, ID)
            .names(NAMES)
            .contain("cloudfunctions.functions.patch;!cloudfunctions.functions.delete")
            .note("Function {id} runs its maker's code as its service account whenever it is triggered.")
            .tells(|record, facts| common::carries(record, facts, FUNCTION, RUNS_AS)),
        on("FunctionService.UpdateFunction|CloudFunctionsService.UpdateFunction")
            .touches(FUNCTION, ID, "code or settings changed")
            .names(NAMES)
            .contain("cloudfunctions.functions.patch")
            .tells(|record, facts| common::carries(record, facts, FUNCTION, RUNS_AS)),
        on("FunctionService.DeleteFunction|CloudFunctionsService.DeleteFunction")
            .deletes(FUNCTION, ID)
            .names(NAMES)
            .finding(Destruction, &SERVICE_STOP, "Function {id} was deleted."),
        on("FunctionService.SetIamPolicy|CloudFunctionsService.SetIamPolicy|SetIamPolicy|IAMPolicy.SetIamPolicy")
            .touches(FUNCTION, ID, "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("cloudfunctions.functions.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, FUNCTION, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("CloudFunctionsService.CallFunction").touches(FUNCTION, ID, "called").names(NAMES),
    ],
};
