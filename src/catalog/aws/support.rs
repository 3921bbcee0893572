//! AWS Support, logged in us-east-1.

use crate::catalog::technique::CLOUD_SERVICE_HIJACKING;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::ServiceAbuse;

pub static SUPPORT: Service = Service {
    source: "support.amazonaws.com",
    rows: &[
        on("CreateCase")
            .creates("aws.support.case", "responseElements.caseId")
            .contain("support:ResolveCase")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Support case {id} was opened in your name ({requestParameters.serviceCode}): intruders ask for mail rights and quotas this way.")
            .pair("support:case"),
        on("ResolveCase").deletes("aws.support.case", "requestParameters.caseId"),
        on("ResolveCase").about("aws.support.case", "requestParameters.caseId").undoes("support:case"),
        on("AddCommunicationToCase").touches("aws.support.case", "requestParameters.caseId", "written to"),
    ],
};
