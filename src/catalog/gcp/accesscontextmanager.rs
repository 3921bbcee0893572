//! VPC Service Controls: the fence around APIs.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const PERIMETER: &str = "gcp.accesscontextmanager.service_perimeter";
const PERIMETER_ID: &str =
    concat!(within!("servicePerimeters"), "|protoPayload.request.servicePerimeter.name~/servicePerimeters/");
const LEVEL: &str = "gcp.accesscontextmanager.access_level";
const LEVEL_ID: &str =
    concat!(within!("accessLevels"), "|protoPayload.request.accessLevel.name~/accessLevels/");

pub static ACCESSCONTEXTMANAGER: Service = Service {
    source: "accesscontextmanager.googleapis.com",
    rows: &[
        on("AccessContextManager.CreateServicePerimeter").creates(PERIMETER, PERIMETER_ID),
        on("AccessContextManager.UpdateServicePerimeter|AccessContextManager.ReplaceServicePerimeters|AccessContextManager.CommitServicePerimeters")
            .touches(PERIMETER, PERIMETER_ID, "changed")
            .contain("accesscontextmanager.servicePerimeters.patch")
            .finding(DefenseEvasion, &MODIFY_CLOUD_CONFIGURATION, "Service perimeter {id} was changed; see which projects and services it still fences in."),
        on("AccessContextManager.DeleteServicePerimeter")
            .deletes(PERIMETER, PERIMETER_ID)
            .contain("accesscontextmanager.servicePerimeters.create")
            .finding(DefenseEvasion, &MODIFY_CLOUD_CONFIGURATION, "Service perimeter {id} was deleted; data can leave the projects that it fenced in."),
        on("AccessContextManager.CreateAccessLevel").creates(LEVEL, LEVEL_ID),
        on("AccessContextManager.UpdateAccessLevel")
            .touches(LEVEL, LEVEL_ID, "changed")
            .contain("accesscontextmanager.accessLevels.patch")
            .finding(DefenseEvasion, &MODIFY_CLOUD_CONFIGURATION, "Access level {id} was changed; see which addresses and devices it lets in now."),
        on("AccessContextManager.DeleteAccessLevel").deletes(LEVEL, LEVEL_ID).finding(
            DefenseEvasion,
            &MODIFY_CLOUD_CONFIGURATION,
            "Access level {id} was deleted.",
        ),
    ],
};
