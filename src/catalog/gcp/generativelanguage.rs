//! Gemini API: models used by API key or token.

use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static GENERATIVELANGUAGE: Service = Service {
    source: "generativelanguage.googleapis.com",
    rows: &[
        on("GenerativeService.GenerateContent|GenerativeService.StreamGenerateContent|GenerativeService.BatchGenerateContent|PredictionService.Predict|PredictionService.PredictLongRunning")
            .about("gcp.generativelanguage.model", "protoPayload.request.model|protoPayload.resourceName")
            .contain("serviceusage.services.disable")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Model {id} was used at your cost; the log has neither prompts nor answers."),
    ],
};
