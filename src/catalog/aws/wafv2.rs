//! AWS WAF.

use crate::catalog::technique::DISABLE_CLOUD_FIREWALL;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static WAFV2: Service = Service {
    source: "wafv2.amazonaws.com",
    rows: &[
        on("CreateWebACL")
            .creates("aws.wafv2.web_acl", "responseElements.summary.id")
            .names("responseElements.summary.aRN|requestParameters.name"),
        on("DeleteWebACL")
            .deletes("aws.wafv2.web_acl", "requestParameters.id")
            .names("requestParameters.name")
            .contain("wafv2:CreateWebACL")
            .finding(
                DefenseEvasion,
                &DISABLE_CLOUD_FIREWALL,
                "Web ACL {id} was deleted: what it filtered comes through.",
            ),
        on("DisassociateWebACL")
            .touches("aws.wafv2.association", "requestParameters.resourceArn", "its web ACL was taken off")
            .contain("wafv2:AssociateWebACL")
            .finding(
                DefenseEvasion,
                &DISABLE_CLOUD_FIREWALL,
                "The web ACL was taken off {id}: what it filtered comes through.",
            )
            .pair("wafv2:association"),
        on("AssociateWebACL")
            .touches(
                "aws.wafv2.association",
                "requestParameters.resourceArn",
                "given web ACL {requestParameters.webACLArn}",
            )
            .undoes("wafv2:association"),
        on("DeleteRuleGroup|DeleteIPSet|DeleteLoggingConfiguration|UpdateIPSet|UpdateWebACL|UpdateRuleGroup")
            .touches(
                "aws.wafv2.rules",
                "requestParameters.id|requestParameters.resourceArn",
                "rules or logging were changed",
            ),
    ],
};
