//! Amazon Redshift Serverless.

use crate::catalog::{Service, on};

pub static REDSHIFT_SERVERLESS: Service = Service {
    source: "redshift-serverless.amazonaws.com",
    rows: &[
        on("CreateWorkgroup")
            .creates(
                "aws.redshift_serverless.workgroup",
                "responseElements.workgroup.workgroupName|requestParameters.workgroupName",
            )
            .names("responseElements.workgroup.workgroupArn|responseElements.workgroup.workgroupId")
            .contain("redshift-serverless:DeleteWorkgroup"),
        on("DeleteWorkgroup").deletes("aws.redshift_serverless.workgroup", "requestParameters.workgroupName"),
        on("UpdateWorkgroup").touches(
            "aws.redshift_serverless.workgroup",
            "requestParameters.workgroupName",
            "its settings were changed",
        ),
        on("CreateNamespace")
            .creates(
                "aws.redshift_serverless.namespace",
                "responseElements.namespace.namespaceName|requestParameters.namespaceName",
            )
            .names("responseElements.namespace.namespaceArn|responseElements.namespace.namespaceId"),
        on("DeleteNamespace").deletes("aws.redshift_serverless.namespace", "requestParameters.namespaceName"),
    ],
};
