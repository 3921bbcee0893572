//! Amazon Route 53 Resolver.

use crate::catalog::technique::{DISABLE_CLOUD_FIREWALL, DISABLE_CLOUD_LOGS};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static ROUTE53RESOLVER: Service = Service {
    source: "route53resolver.amazonaws.com",
    rows: &[
        on("CreateResolverQueryLogConfig")
            .creates("aws.route53resolver.query_log_config", "responseElements.resolverQueryLogConfig.id")
            .names("responseElements.resolverQueryLogConfig.arn|responseElements.resolverQueryLogConfig.name|requestParameters.name"),
        on("DeleteResolverQueryLogConfig")
            .deletes("aws.route53resolver.query_log_config", CONFIG)
            .contain("route53resolver:CreateResolverQueryLogConfig")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "DNS query logging {id} was deleted: what the networks look up is no longer recorded."),
        on("DisassociateResolverQueryLogConfig")
            .touches("aws.route53resolver.query_log_config", CONFIG, "taken off network {requestParameters.resourceId}")
            .contain("route53resolver:AssociateResolverQueryLogConfig")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "DNS query logging was taken off network {requestParameters.resourceId}.")
            .pair("route53resolver:logging {requestParameters.resourceId}"),
        on("AssociateResolverQueryLogConfig").touches("aws.route53resolver.query_log_config", CONFIG, "put on network {requestParameters.resourceId}").undoes("route53resolver:logging {requestParameters.resourceId}"),
        on("DisassociateFirewallRuleGroup")
            .touches("aws.route53resolver.firewall", "requestParameters.firewallRuleGroupAssociationId", "taken off its network")
            .contain("route53resolver:AssociateFirewallRuleGroup")
            .finding(DefenseEvasion, &DISABLE_CLOUD_FIREWALL, "DNS firewall association {id} was removed: names that it blocked resolve again."),
    ],
};

const CONFIG: &str = "requestParameters.resolverQueryLogConfigId|responseElements.resolverQueryLogConfig.id";
