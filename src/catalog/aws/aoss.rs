//! Amazon OpenSearch Serverless.

use crate::catalog::{Service, on};

pub static AOSS: Service = Service {
    source: "aoss.amazonaws.com",
    rows: &[
        on("CreateCollection")
            .creates("aws.opensearchserverless.collection", "responseElements.createCollectionDetail.id")
            .names("responseElements.createCollectionDetail.arn|responseElements.createCollectionDetail.name|requestParameters.name")
            .contain("opensearchserverless:DeleteCollection"),
        on("DeleteCollection").deletes("aws.opensearchserverless.collection", "requestParameters.id"),
        on("CreateAccessPolicy|UpdateAccessPolicy|CreateSecurityPolicy|UpdateSecurityPolicy")
            .touches("aws.opensearchserverless.policy", "requestParameters.name", "made or changed"),
    ],
};
