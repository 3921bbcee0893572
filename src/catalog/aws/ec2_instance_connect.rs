//! EC2 Instance Connect: a key pushed to an instance for one minute.

use crate::catalog::technique::DIRECT_VM_CONNECTIONS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::LateralMovement;

pub static EC2_INSTANCE_CONNECT: Service = Service {
    source: "ec2-instance-connect.amazonaws.com",
    rows: &[
        on("SendSSHPublicKey|SendSerialConsoleSSHPublicKey")
            .touches("aws.ec2.instance", "requestParameters.instanceId", "given an SSH key for one minute")
            .finding(
                LateralMovement,
                &DIRECT_VM_CONNECTIONS,
                "An SSH key was pushed to instance {id} to sign in as {requestParameters.instanceOSUser}.",
            ),
        on("OpenTunnel").touches(
            "aws.ec2.instance_connect_endpoint",
            "requestParameters.instanceConnectEndpointId",
            "a tunnel was opened through it",
        ),
    ],
};
