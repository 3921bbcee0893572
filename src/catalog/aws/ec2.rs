//! Amazon EC2.

use crate::catalog::{Service, on};

pub static EC2: Service = Service {
    source: "ec2.amazonaws.com",
    rows: &[
        on("RunInstances")
            .creates("aws.ec2.instance", "responseElements.instancesSet.items[].instanceId")
            .contain("ec2:StopInstances"),
        on("TerminateInstances").deletes("aws.ec2.instance", "responseElements.instancesSet.items[].instanceId|requestParameters.instancesSet.items[].instanceId"),
    ],
};
