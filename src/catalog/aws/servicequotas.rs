//! Service Quotas.

use crate::catalog::technique::{COMPUTE_HIJACKING, MODIFY_CLOUD_CONFIGURATION};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::ResourceHijacking;

pub static SERVICEQUOTAS: Service = Service {
    source: "servicequotas.amazonaws.com",
    rows: &[
        on("RequestServiceQuotaIncrease")
            .touches("aws.quota.request", "responseElements.requestedQuota.id|requestParameters.quotaCode", "asks for {requestParameters.desiredValue} of {requestParameters.serviceCode} {requestParameters.quotaCode}")
            .finding(ResourceHijacking, &MODIFY_CLOUD_CONFIGURATION, "A quota of {requestParameters.serviceCode} ({requestParameters.quotaCode}) was asked to be raised to {requestParameters.desiredValue} in {awsRegion} (request {id}): room for more machines."),
        on("PutServiceQuotaIncreaseRequestIntoTemplate|AssociateServiceQuotaTemplate")
            .touches("aws.quota.template", "requestParameters.quotaCode|recipientAccountId", "set to {requestParameters.desiredValue}")
            .finding(ResourceHijacking, &COMPUTE_HIJACKING, "Every new account of the organization is to get raised quotas ({id})."),
    ],
};
