//! Quota requests.

use super::common::within;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const PREFERENCE: &str = "gcp.cloudquotas.quota_preference";
const ID: &str = concat!(
    within!("quotaPreferences", "quotaPreferenceId"),
    "|protoPayload.request.quotaPreference.name~/quotaPreferences/|protoPayload.resourceName"
);

pub static CLOUDQUOTAS: Service = Service {
    source: "cloudquotas.googleapis.com",
    rows: &[
        on("CloudQuotas.CreateQuotaPreference").creates(PREFERENCE, ID).finding_without_technique(
            ResourceHijacking,
            "More quota was asked for in {id}, which often comes right before mass launches.",
        ),
        on("CloudQuotas.UpdateQuotaPreference").touches(PREFERENCE, ID, "changed").finding_without_technique(
            ResourceHijacking,
            "More quota was asked for in {id}, which often comes right before mass launches.",
        ),
    ],
};
