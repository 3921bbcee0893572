//! Billing accounts and which projects pay by them.

use super::common::{self, NAME};
use crate::catalog::technique::*;
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::*;

const INFO: &str = "gcp.cloudbilling.project_billing_info";
const ACCOUNT: &str = "gcp.cloudbilling.billing_account";
/// The project: the entry may be on the billing account.
const PROJECT: &str = "protoPayload.request.resourceName~projects/|protoPayload.request.name~projects/|protoPayload.resourceName";
const NAMES: &str =
    "protoPayload.resourceName~projects/|projects/{protoPayload.response.resourceIdentifier.projectId}";

pub static CLOUDBILLING: Service = Service {
    source: "cloudbilling.googleapis.com",
    rows: &[
        on("AssignResourceToBillingAccount|CloudBilling.UpdateProjectBillingInfo")
            .touches(INFO, PROJECT, "billing account changed")
            .names(NAMES)
            .contain("cloudbilling.projects.updateBillingInfo")
            .only_if(|record| !stops(record))
            .finding_without_technique(
                ResourceHijacking,
                "Project {id} is paid by another billing account now.",
            ),
        on("AssignResourceToBillingAccount|CloudBilling.UpdateProjectBillingInfo|DisableResourceBilling")
            .touches(INFO, PROJECT, "billing disabled")
            .names(NAMES)
            .contain("cloudbilling.projects.updateBillingInfo")
            .only_if(stops)
            .finding(
                Destruction,
                &SERVICE_STOP,
                "Billing of project {id} was switched off: its paid services stop and may be deleted.",
            )
            .pair("gcp.billing.off"),
        on("AssignResourceToBillingAccount|CloudBilling.UpdateProjectBillingInfo")
            .about(INFO, PROJECT)
            .only_if(|record| !stops(record))
            .undoes("gcp.billing.off"),
        on("SetIamPolicy|CloudBilling.SetIamPolicy")
            .touches(ACCOUNT, NAME, "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("cloudbilling.billingAccounts.setIamPolicy")
            .tells(|record, facts| {
                common::policy(record, facts, ACCOUNT, Persistence, &ADDITIONAL_CLOUD_ROLES)
            }),
    ],
};

/// Whether the call takes the project off any billing account.
fn stops(record: &Record) -> bool {
    let account =
        "protoPayload.request.billingAccountName|protoPayload.request.projectBillingInfo.billingAccountName";
    record.event == "DisableResourceBilling"
        // An empty name is how billing is switched off; an absent one says nothing.
        || record.value(account).is_some_and(|value| value.as_str() == Some(""))
}
