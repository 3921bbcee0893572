//! Amazon CloudFront, logged in us-east-1; some of its event names end in the API's date, written with underscores.

use crate::catalog::technique::PROXY;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Exposure;

pub static CLOUDFRONT: Service = Service {
    source: "cloudfront.amazonaws.com",
    rows: &[
        on("CreateDistribution|CreateDistributionWithTags|CreateDistribution2020_05_31|CreateDistributionWithTags2020_05_31|CopyDistribution")
            .creates("aws.cloudfront.distribution", "responseElements.distribution.id")
            .names("responseElements.distribution.aRN|responseElements.distribution.domainName")
            .contain("cloudfront:UpdateDistribution"),
        on("DeleteDistribution|DeleteDistribution2020_05_31").deletes("aws.cloudfront.distribution", "requestParameters.id"),
        on("UpdateDistribution|UpdateDistribution2020_05_31")
            .touches("aws.cloudfront.distribution", "requestParameters.id|responseElements.distribution.id", "its settings were changed"),
        on("CreateFunction|CreateFunction2020_05_31")
            .creates("aws.cloudfront.function", "requestParameters.name|responseElements.functionSummary.name")
            .contain("cloudfront:UpdateFunction"),
        on("DeleteFunction|DeleteFunction2020_05_31").deletes("aws.cloudfront.function", "requestParameters.name"),
        on("PublishFunction|PublishFunction2020_05_31|UpdateFunction|UpdateFunction2020_05_31")
            .touches("aws.cloudfront.function", "requestParameters.name", "its code was changed or published")
            .finding(Exposure, &PROXY, "CloudFront function {id} was changed or published: it can read and redirect what visitors send."),
    ],
};
