//! Amazon Route 53 Domains, logged in us-east-1.

use crate::catalog::technique::CLOUD_SERVICE_HIJACKING;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Commitment, Exfiltration};

pub static ROUTE53DOMAINS: Service = Service {
    source: "route53domains.amazonaws.com",
    rows: &[
        on("RegisterDomain")
            .creates("aws.route53domains.domain", DOMAIN)
            .contain("route53domains:DisableDomainAutoRenew, route53domains:EnableDomainTransferLock")
            .finding(Commitment, &CLOUD_SERVICE_HIJACKING, "Domain {id} was bought; such domains serve phishing, and only AWS can give the money back."),
        on("DeleteDomain").deletes("aws.route53domains.domain", DOMAIN),
        on("TransferDomain").touches("aws.route53domains.domain", DOMAIN, "transferred in"),
        on("TransferDomainToAnotherAwsAccount")
            .touches("aws.route53domains.domain", DOMAIN, "handed to account {requestParameters.accountId}")
            .contain("route53domains:CancelDomainTransferToAnotherAwsAccount")
            .finding(Exfiltration, &CLOUD_SERVICE_HIJACKING, "Domain {id} is being handed to account {requestParameters.accountId}: cancel before it is accepted.")
            .pair("route53domains:transfer"),
        on("CancelDomainTransferToAnotherAwsAccount").touches("aws.route53domains.domain", DOMAIN, "its transfer was cancelled").undoes("route53domains:transfer"),
        on("DisableDomainTransferLock")
            .touches("aws.route53domains.domain", DOMAIN, "its transfer lock was taken off")
            .contain("route53domains:EnableDomainTransferLock")
            .finding(Exfiltration, &CLOUD_SERVICE_HIJACKING, "The transfer lock of domain {id} was taken off: it can be moved to another registrar.")
            .pair("route53domains:lock"),
        on("EnableDomainTransferLock").touches("aws.route53domains.domain", DOMAIN, "its transfer lock was set").undoes("route53domains:lock"),
        on("RetrieveDomainAuthCode")
            .touches("aws.route53domains.domain", DOMAIN, "its transfer code was read")
            .contain("route53domains:EnableDomainTransferLock")
            .finding(Exfiltration, &CLOUD_SERVICE_HIJACKING, "The code that moves domain {id} to another registrar was read."),
        on("UpdateDomainNameservers|UpdateDomainContact|UpdateDomainContactPrivacy|EnableDomainAutoRenew|DisableDomainAutoRenew|RenewDomain").touches("aws.route53domains.domain", DOMAIN, "its settings were changed"),
    ],
};

const DOMAIN: &str = "requestParameters.domainName";
