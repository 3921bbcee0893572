//! AWS Account Management, logged in us-east-1.

use crate::catalog::technique::{DISABLE_TOOLS, UNUSED_REGIONS};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{DefenseEvasion, Destruction};

pub static ACCOUNT: Service = Service {
    source: "account.amazonaws.com",
    rows: &[
        on("EnableRegion")
            .touches("aws.account.region", REGION, "switched on")
            .contain("account:DisableRegion")
            .finding(DefenseEvasion, &UNUSED_REGIONS, "Region {id} was switched on: look there, nobody else does.")
            .pair("account:region-on"),
        on("EnableRegion").about("aws.account.region", REGION).undoes("account:region-off"),
        on("DisableRegion")
            .touches("aws.account.region", REGION, "switched off")
            .contain("account:EnableRegion")
            .finding(DefenseEvasion, &UNUSED_REGIONS, "Region {id} was switched off: what runs there goes on and is paid for, but can't be seen.")
            .pair("account:region-off"),
        on("DisableRegion").about("aws.account.region", REGION).undoes("account:region-on"),
        on("PutAlternateContact")
            .touches("aws.account.contact", CONTACT, "replaced")
            .contain("account:PutAlternateContact")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The {id} contact was replaced: warnings from AWS go to somebody else."),
        on("DeleteAlternateContact")
            .touches("aws.account.contact", CONTACT, "deleted")
            .contain("account:PutAlternateContact")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The {id} contact was deleted: warnings from AWS go to the root address alone.")
            .pair("account:contact"),
        on("PutAlternateContact").about("aws.account.contact", CONTACT).undoes("account:contact"),
        on("PutContactInformation")
            .touches("aws.account.contact", ACCOUNT_ID, "its primary contact was replaced")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The primary contact of account {id} was replaced."),
        on("StartPrimaryEmailUpdate|AcceptPrimaryEmailUpdate")
            .about("aws.account.root_email", ACCOUNT_ID)
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The root e-mail address of account {id} is being replaced: whoever reads it can reset the root password."),
        on("CloseAccount")
            .about("aws.account.account", ACCOUNT_ID)
            .finding_without_technique(Destruction, "Account {id} was closed; AWS Support can open it again for ninety days."),
    ],
};

const REGION: &str = "requestParameters.regionName";
const CONTACT: &str = "requestParameters.alternateContactType";
const ACCOUNT_ID: &str = "requestParameters.accountId|recipientAccountId|userIdentity.accountId";
