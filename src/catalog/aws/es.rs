//! Amazon OpenSearch Service, which still logs as `es`, under the new call names and the old.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::DATA_FROM_CLOUD_STORAGE;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Exposure;

pub static ES: Service = Service {
    source: "es.amazonaws.com",
    rows: &[
        on("CreateDomain")
            .creates(
                "aws.opensearch.domain",
                "responseElements.domainStatus.aRN|requestParameters.domainName",
            )
            .names("requestParameters.domainName|responseElements.domainStatus.domainId")
            .contain("opensearch:DeleteDomain")
            .tells(|record, facts| grant(record, POLICY, "requestParameters.domainName", facts)),
        on("CreateElasticsearchDomain")
            .creates("aws.es.domain", "responseElements.domainStatus.aRN|requestParameters.domainName")
            .names("requestParameters.domainName|responseElements.domainStatus.domainId")
            .contain("es:DeleteElasticsearchDomain")
            .tells(|record, facts| grant(record, POLICY, "requestParameters.domainName", facts)),
        on("CreateDomain|CreateElasticsearchDomain|UpdateDomainConfig|UpdateElasticsearchDomainConfig")
            .about("aws.opensearch.domain", "requestParameters.domainName")
            .finding(
                Exposure,
                &DATA_FROM_CLOUD_STORAGE,
                "Search domain {id} lets another account, or anybody, in.",
            )
            .pair("es:policy {awsRegion}")
            .only_if(|record| lets_outsiders_in(record, POLICY)),
        on("UpdateDomainConfig|UpdateElasticsearchDomainConfig")
            .touches("aws.opensearch.domain", "requestParameters.domainName", "its settings were changed")
            .tells(|record, facts| grant(record, POLICY, "requestParameters.domainName", facts)),
        on("UpdateDomainConfig|UpdateElasticsearchDomainConfig")
            .about("aws.opensearch.domain", "requestParameters.domainName")
            .undoes("es:policy {awsRegion}")
            .only_if(|record| keeps_outsiders_out(record, POLICY)),
        // Either call deletes a domain that either call made.
        on("DeleteDomain|DeleteElasticsearchDomain")
            .deletes("aws.opensearch.domain", "requestParameters.domainName"),
        on("DeleteDomain|DeleteElasticsearchDomain").deletes("aws.es.domain", "requestParameters.domainName"),
    ],
};

const POLICY: &str = "requestParameters.accessPolicies";
