//! Amazon Macie.

use super::tell::ACCOUNT;
use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static MACIE2: Service = Service {
    source: "macie2.amazonaws.com",
    rows: &[
        on("DisableMacie")
            .about("aws.macie2.session", ACCOUNT)
            .contain("macie2:EnableMacie")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Macie of account {id} was switched off in {awsRegion}.")
            .pair("macie2:session {awsRegion}"),
        on("UpdateMacieSession")
            .about("aws.macie2.session", ACCOUNT)
            .contain("macie2:UpdateMacieSession")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Macie of account {id} was paused in {awsRegion}.")
            .pair("macie2:session {awsRegion}")
            .only_if(|record| record.is(STATUS, "PAUSED")),
        on("EnableMacie").about("aws.macie2.session", ACCOUNT).undoes("macie2:session {awsRegion}"),
        on("UpdateMacieSession")
            .about("aws.macie2.session", ACCOUNT)
            .undoes("macie2:session {awsRegion}")
            .only_if(|record| record.is(STATUS, "ENABLED")),
    ],
};

const STATUS: &str = "requestParameters.status";
