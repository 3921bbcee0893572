//! AWS Service Catalog: a product is a stack made by its launch role.

use crate::catalog::{Service, on};

pub static SERVICECATALOG: Service = Service {
    source: "servicecatalog.amazonaws.com",
    rows: &[
        on("ProvisionProduct")
            .creates(
                "aws.servicecatalog.provisioned_product",
                "responseElements.recordDetail.provisionedProductId",
            )
            .names(
                "responseElements.recordDetail.provisionedProductName\
                 |requestParameters.provisionedProductName",
            )
            .contain("servicecatalog:TerminateProvisionedProduct"),
        on("UpdateProvisionedProduct").touches(
            "aws.servicecatalog.provisioned_product",
            "responseElements.recordDetail.provisionedProductId\
                 |requestParameters.provisionedProductId|requestParameters.provisionedProductName",
            "changed",
        ),
        on("TerminateProvisionedProduct")
            .deletes(
                "aws.servicecatalog.provisioned_product",
                "responseElements.recordDetail.provisionedProductId\
                 |requestParameters.provisionedProductId|requestParameters.provisionedProductName",
            )
            .names("requestParameters.provisionedProductName"),
    ],
};
