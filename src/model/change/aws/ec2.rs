//! EC2: machines, what launches them, and what is shared of them.

use super::super::{Reversal, Spec, Undo, destroying, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ec2Change {
    CancelSpotRequest {
        id: Arc<str>,
    },
    StopInstance {
        id: Arc<str>,
    },
    /// `with` is an account, an organization's ARN, or `*` for everybody.
    UnshareSnapshot {
        id: Arc<str>,
        with: Arc<str>,
    },
    UnshareImage {
        id: Arc<str>,
        with: Arc<str>,
    },
}

impl Ec2Change {
    pub fn spec(&self) -> Spec {
        match self {
            Ec2Change::CancelSpotRequest { .. } => destroying(spec(
                "ec2:CancelSpotInstanceRequests",
                &["ec2:CancelSpotInstanceRequests", "ec2:DescribeSpotInstanceRequests"],
                "the request launches no more; an instance that it has goes on, and can't be stopped any more but only terminated",
                "the request reads cancelled",
                Undo::None("A cancelled spot request can't be reopened; make a new one."),
            )),
            Ec2Change::StopInstance { .. } => spec(
                "ec2:StopInstances(Force=true)",
                &["ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:DescribeInstances"],
                "stops it and keeps its EBS disks; what is in memory and on instance store is lost; stop protection is cleared first where it is set",
                "the instance reads stopped",
                Undo::Call("ec2:StartInstances"),
            ),
            Ec2Change::UnshareSnapshot { .. } => spec(
                "ec2:ModifySnapshotAttribute(createVolumePermission, remove)",
                &["ec2:ModifySnapshotAttribute", "ec2:DescribeSnapshotAttribute"],
                "takes the snapshot from whom it was shared with; copies made in the meantime stay theirs",
                "the member is not in createVolumePermission",
                Undo::Call("ec2:ModifySnapshotAttribute(createVolumePermission, add)"),
            ),
            Ec2Change::UnshareImage { .. } => spec(
                "ec2:ModifyImageAttribute(launchPermission, remove)",
                &["ec2:ModifyImageAttribute", "ec2:DescribeImageAttribute"],
                "takes the image from whom it was shared with; copies made in the meantime stay theirs",
                "the member is not in launchPermission",
                Undo::Call("ec2:ModifyImageAttribute(launchPermission, add)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            Ec2Change::CancelSpotRequest { .. }
            | Ec2Change::StopInstance { .. }
            | Ec2Change::UnshareSnapshot { .. }
            | Ec2Change::UnshareImage { .. } => Reversal::None("not built yet"),
        }
    }
}
