//! AWS Shield Advanced.

use super::tell::ACCOUNT;
use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Commitment, DefenseEvasion};

pub static SHIELD: Service =
    Service {
        source: "shield.amazonaws.com",
        rows: &[
            on("CreateSubscription")
                .creates("aws.shield.subscription", ACCOUNT)
                .contain("shield:UpdateSubscription")
                .finding_without_technique(
                    Commitment,
                    "Account {id} was subscribed to Shield Advanced for a year; only AWS can release it.",
                ),
            on("DeleteSubscription").deletes("aws.shield.subscription", ACCOUNT),
            on("CreateProtection")
                .creates("aws.shield.protection", "responseElements.protectionId")
                .names("requestParameters.name"),
            on("DeleteProtection")
                .deletes("aws.shield.protection", "requestParameters.protectionId")
                .finding(DefenseEvasion, &DISABLE_TOOLS, "Shield protection {id} was deleted."),
        ],
    };
