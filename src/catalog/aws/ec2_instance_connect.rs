//! EC2 Instance Connect: keys pushed to a running instance for one minute.

use crate::catalog::technique as t;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static EC2_INSTANCE_CONNECT: Service = Service {
    source: "ec2-instance-connect.amazonaws.com",
    rows: &[
        on("SendSSHPublicKey")
            .touches("aws.ec2.instance", "requestParameters.instanceId", "logged in to over SSH")
            .finding(
                LateralMovement,
                &t::DIRECT_VM_CONNECTIONS,
                "An SSH key was pushed to {id}: somebody could log in to it during the next minute.",
            )
            .contain("ec2:StopInstances"),
        on("SendSerialConsoleSSHPublicKey")
            .touches(
                "aws.ec2.instance",
                "requestParameters.instanceId",
                "logged in to over the serial console",
            )
            .finding(
                LateralMovement,
                &t::DIRECT_VM_CONNECTIONS,
                "An SSH key was pushed to the serial console of {id}, which no network rule guards.",
            )
            .contain("ec2:DisableSerialConsoleAccess, ec2:StopInstances"),
        on("OpenTunnel")
            .touches("aws.ec2.instance", "requestParameters.instanceId", "reached through a tunnel")
            .finding(
                LateralMovement,
                &t::DIRECT_VM_CONNECTIONS,
                "A tunnel was opened to {id} through an instance connect endpoint.",
            ),
    ],
};
