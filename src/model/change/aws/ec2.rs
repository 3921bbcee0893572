//! EC2: machines, what launches them, what lets in, and what is shared of them.

mod rule;
mod spec;
mod undo;

pub use rule::{Direction, Rule};

use super::super::{Reversal, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Ids are EC2's own, which never name another thing later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ec2Change {
    // Machines.
    StopInstance {
        id: Arc<str>,
    },
    StartInstance {
        id: Arc<str>,
    },
    ClearStopProtection {
        id: Arc<str>,
    },
    SetStopProtection {
        id: Arc<str>,
    },
    ClearTerminationProtection {
        id: Arc<str>,
    },
    SetTerminationProtection {
        id: Arc<str>,
    },
    TerminateInstance {
        id: Arc<str>,
    },
    /// Every EBS disk of it.
    SnapshotInstance {
        id: Arc<str>,
    },
    IsolateInstance {
        id: Arc<str>,
    },
    /// `groups` by interface: what each was in before it was isolated.
    RestoreInterfaces {
        id: Arc<str>,
        groups: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    },
    /// The groups that isolation made in a network, unless they still hold something.
    DeleteQuarantine {
        vpc: Arc<str>,
    },
    /// `profile` is an ARN.
    ReplaceInstanceProfile {
        instance: Arc<str>,
        profile: Arc<str>,
    },
    /// `profile` is an ARN or a name: any other that the instance has by then stays.
    RemoveInstanceProfile {
        instance: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<Arc<str>>,
    },
    GiveInstanceProfile {
        instance: Arc<str>,
        profile: Arc<str>,
    },

    // What launches machines.
    CancelSpotRequest {
        id: Arc<str>,
    },
    /// To no capacity, keeping its machines; of type `maintain` only.
    HoldSpotFleet {
        id: Arc<str>,
    },
    SizeSpotFleet {
        id: Arc<str>,
        capacity: i32,
        on_demand: i32,
    },
    CancelSpotFleet {
        id: Arc<str>,
    },
    TerminateSpotFleet {
        id: Arc<str>,
    },
    /// To no capacity, keeping its machines; of type `maintain` only.
    HoldFleet {
        id: Arc<str>,
    },
    SizeFleet {
        id: Arc<str>,
        total: i32,
        on_demand: i32,
        spot: i32,
    },
    CancelFleet {
        id: Arc<str>,
    },
    TerminateFleet {
        id: Arc<str>,
    },
    DeleteLaunchTemplate {
        id: Arc<str>,
    },

    // What lets in.
    /// Every rule of it, both ways.
    CloseSecurityGroup {
        id: Arc<str>,
    },
    RevokeRules {
        group: Arc<str>,
        rules: Vec<Arc<str>>,
    },
    AuthorizeRules {
        group: Arc<str>,
        rules: Vec<Rule>,
    },
    DeleteKeyPair {
        id: Arc<str>,
    },
    /// A public key is no secret.
    ImportKeyPair {
        name: Arc<str>,
        public_key: Arc<str>,
    },

    // What is shared and left.
    /// `with` is an account, an organization's ARN, or `*` for everybody.
    UnshareSnapshot {
        id: Arc<str>,
        with: Arc<str>,
    },
    ShareSnapshot {
        id: Arc<str>,
        with: Arc<str>,
    },
    UnshareImage {
        id: Arc<str>,
        with: Arc<str>,
    },
    ShareImage {
        id: Arc<str>,
        with: Arc<str>,
    },
    SnapshotVolume {
        id: Arc<str>,
    },
    DeleteVolume {
        id: Arc<str>,
    },
    DeleteNetworkInterface {
        id: Arc<str>,
    },
    ReleaseAddress {
        id: Arc<str>,
    },
}

impl Ec2Change {
    pub fn spec(&self) -> Spec {
        spec::of(self)
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        undo::of(self, before)
    }

    /// The id of what it is about: the thing itself, or what holds it.
    pub fn subject(&self) -> &Arc<str> {
        use Ec2Change::*;
        match self {
            StopInstance { id }
            | StartInstance { id }
            | ClearStopProtection { id }
            | SetStopProtection { id }
            | ClearTerminationProtection { id }
            | SetTerminationProtection { id }
            | TerminateInstance { id }
            | SnapshotInstance { id }
            | IsolateInstance { id }
            | RestoreInterfaces { id, .. }
            | CancelSpotRequest { id }
            | HoldSpotFleet { id }
            | SizeSpotFleet { id, .. }
            | CancelSpotFleet { id }
            | TerminateSpotFleet { id }
            | HoldFleet { id }
            | SizeFleet { id, .. }
            | CancelFleet { id }
            | TerminateFleet { id }
            | DeleteLaunchTemplate { id }
            | CloseSecurityGroup { id }
            | DeleteKeyPair { id }
            | UnshareSnapshot { id, .. }
            | ShareSnapshot { id, .. }
            | UnshareImage { id, .. }
            | ShareImage { id, .. }
            | SnapshotVolume { id }
            | DeleteVolume { id }
            | DeleteNetworkInterface { id }
            | ReleaseAddress { id } => id,
            DeleteQuarantine { vpc } => vpc,
            ReplaceInstanceProfile { instance, .. }
            | RemoveInstanceProfile { instance, .. }
            | GiveInstanceProfile { instance, .. } => instance,
            RevokeRules { group, .. } | AuthorizeRules { group, .. } => group,
            ImportKeyPair { name, .. } => name,
        }
    }
}
