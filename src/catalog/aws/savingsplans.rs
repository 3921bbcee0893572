//! Savings Plans.

use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Commitment;

pub static SAVINGSPLANS: Service = Service {
    source: "savingsplans.amazonaws.com",
    rows: &[
        on("CreateSavingsPlan")
            .creates("aws.savingsplans.plan", "responseElements.savingsPlanId")
            .contain("savingsplans:ReturnSavingsPlan")
            .finding_without_technique(Commitment, "Savings plan {id} was bought for one or three years; small ones can be returned within seven days of the same month.")
            .pair("savingsplans:plan"),
        on("ReturnSavingsPlan|DeleteQueuedSavingsPlan").deletes("aws.savingsplans.plan", "requestParameters.savingsPlanId"),
        on("ReturnSavingsPlan|DeleteQueuedSavingsPlan").about("aws.savingsplans.plan", "requestParameters.savingsPlanId").undoes("savingsplans:plan"),
    ],
};
