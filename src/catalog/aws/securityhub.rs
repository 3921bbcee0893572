//! AWS Security Hub.

use super::tell::ACCOUNT;
use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static SECURITYHUB: Service = Service {
    source: "securityhub.amazonaws.com",
    rows: &[
        on("DisableSecurityHub|DisableSecurityHubV2")
            .about("aws.securityhub.hub", ACCOUNT)
            .contain("securityhub:EnableSecurityHub")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Security Hub of account {id} was switched off in {awsRegion}.")
            .pair("securityhub:hub {awsRegion}"),
        on("EnableSecurityHub|EnableSecurityHubV2").about("aws.securityhub.hub", ACCOUNT).undoes("securityhub:hub {awsRegion}"),
        on("BatchDisableStandards|DeleteMembers|DisassociateMembers|DisassociateFromAdministratorAccount|DisableImportFindingsForProduct")
            .about("aws.securityhub.hub", ACCOUNT)
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Security Hub of account {id} was narrowed in {awsRegion}: a standard, a member or a product was cut off."),
    ],
};
