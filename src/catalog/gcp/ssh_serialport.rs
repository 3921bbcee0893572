//! The serial console, which logs under one service name per region.

use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

/// `resourceName` ends in `/SerialPort/1`; the label has the VM.
const ID: &str = "resource.labels.instance_id|protoPayload.resourceName";

pub static SSH_SERIALPORT: Service = Service {
    source: "ssh-serialport.googleapis.com",
    rows: &[on("connect|google.ssh-serialport.v1.connect")
        .touches("gcp.compute.instance", ID, "serial console entered")
        .names("protoPayload.resourceName")
        .contain("compute.instances.setMetadata")
        .finding(
            LateralMovement,
            &DIRECT_VM_CONNECTIONS,
            "Somebody was on the serial console of VM {id}, where no firewall stands in between.",
        )],
};
