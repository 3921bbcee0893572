//! AWS Global Accelerator, whose control plane is in us-west-2.

use crate::catalog::{Service, on};

pub static GLOBALACCELERATOR: Service = Service {
    source: "globalaccelerator.amazonaws.com",
    rows: &[
        on("CreateAccelerator|CreateCustomRoutingAccelerator")
            .creates("aws.globalaccelerator.accelerator", "responseElements.accelerator.acceleratorArn")
            .names("responseElements.accelerator.name|requestParameters.name")
            .contain("globalaccelerator:UpdateAccelerator"),
        on("DeleteAccelerator|DeleteCustomRoutingAccelerator")
            .deletes("aws.globalaccelerator.accelerator", "requestParameters.acceleratorArn"),
        on("UpdateAccelerator").touches(
            "aws.globalaccelerator.accelerator",
            "requestParameters.acceleratorArn",
            "changed",
        ),
    ],
};
