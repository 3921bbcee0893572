//! What takes a change of EC2 back, from what was seen before it.

use super::{Ec2Change, Rule};
use crate::model::change::{Change, Reversal};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The journal says too little: written by a look that saw less than the undo needs.
const UNKNOWN: Reversal = Reversal::None("What was there before it is not in the journal.");

pub(super) fn of(change: &Ec2Change, before: &Value) -> Reversal {
    use Ec2Change::*;
    let text = |key: &str| before.get(key).and_then(Value::as_str).map(Arc::<str>::from);
    let number =
        |key: &str| before.get(key).and_then(Value::as_i64).and_then(|found| i32::try_from(found).ok());
    match change {
        StopInstance { id } => one(StartInstance { id: id.clone() }),
        StartInstance { id } => one(StopInstance { id: id.clone() }),
        ClearStopProtection { id } => one(SetStopProtection { id: id.clone() }),
        SetStopProtection { id } => one(ClearStopProtection { id: id.clone() }),
        ClearTerminationProtection { id } => one(SetTerminationProtection { id: id.clone() }),
        SetTerminationProtection { id } => one(ClearTerminationProtection { id: id.clone() }),
        TerminateInstance { .. } => {
            Reversal::None("A terminated instance is gone; start another from its snapshots.")
        }
        SnapshotInstance { .. } | SnapshotVolume { .. } => {
            Reversal::None("The snapshots stay: they are evidence.")
        }
        IsolateInstance { id } => {
            let groups: Option<BTreeMap<Arc<str>, Vec<Arc<str>>>> =
                before.get("groups").and_then(|groups| serde_json::from_value(groups.clone()).ok());
            let vpcs: Option<Vec<Arc<str>>> =
                before.get("vpcs").and_then(|vpcs| serde_json::from_value(vpcs.clone()).ok());
            let (Some(groups), Some(vpcs)) = (groups, vpcs) else { return UNKNOWN };
            let restore = RestoreInterfaces { id: id.clone(), groups };
            let delete = vpcs.into_iter().map(|vpc| DeleteQuarantine { vpc });
            Reversal::Changes(std::iter::once(restore).chain(delete).map(Change::from).collect())
        }
        RestoreInterfaces { id, .. } => one(IsolateInstance { id: id.clone() }),
        DeleteQuarantine { .. } => {
            Reversal::None("The quarantine groups are made again when they are needed.")
        }
        ReplaceInstanceProfile { instance, .. } => match text("profile") {
            Some(profile) => one(ReplaceInstanceProfile { instance: instance.clone(), profile }),
            None => UNKNOWN,
        },
        RemoveInstanceProfile { instance, .. } => match text("profile") {
            Some(profile) => one(GiveInstanceProfile { instance: instance.clone(), profile }),
            None => UNKNOWN,
        },
        GiveInstanceProfile { instance, profile } => {
            let (instance, profile) = (instance.clone(), Some(profile.clone()));
            one(RemoveInstanceProfile { instance, profile })
        }
        CancelSpotRequest { .. } => {
            Reversal::None("A cancelled spot request can't be reopened; make a new one.")
        }
        HoldSpotFleet { id } | SizeSpotFleet { id, .. } => match (number("capacity"), number("on_demand")) {
            (Some(capacity), Some(on_demand)) => one(SizeSpotFleet { id: id.clone(), capacity, on_demand }),
            _ => UNKNOWN,
        },
        CancelSpotFleet { .. } | TerminateSpotFleet { .. } => {
            Reversal::None("A cancelled spot fleet can't be reopened; make a new one.")
        }
        HoldFleet { id } | SizeFleet { id, .. } => {
            match (number("total"), number("on_demand"), number("spot")) {
                (Some(total), Some(on_demand), Some(spot)) => {
                    one(SizeFleet { id: id.clone(), total, on_demand, spot })
                }
                _ => UNKNOWN,
            }
        }
        CancelFleet { .. } | TerminateFleet { .. } => {
            Reversal::None("A deleted fleet can't be brought back; make a new one.")
        }
        DeleteLaunchTemplate { .. } => {
            Reversal::None("A deleted launch template can't be brought back; its record tells what it held.")
        }
        CloseSecurityGroup { id: group } | RevokeRules { group, .. } => {
            let rules: Option<Vec<Rule>> =
                before.get("rules").and_then(|rules| serde_json::from_value(rules.clone()).ok());
            match rules {
                Some(rules) => one(AuthorizeRules { group: group.clone(), rules }),
                None => UNKNOWN,
            }
        }
        AuthorizeRules { .. } => {
            Reversal::None("Rules that were given again are taken by a new containment.")
        }
        DeleteKeyPair { .. } => match (text("name"), text("public_key")) {
            (Some(name), Some(public_key)) => one(ImportKeyPair { name, public_key }),
            _ => Reversal::None("The public half of the key pair could not be read."),
        },
        ImportKeyPair { .. } => {
            Reversal::None("A key pair that was brought back is deleted by a new containment.")
        }
        UnshareSnapshot { id, with } => one(ShareSnapshot { id: id.clone(), with: with.clone() }),
        ShareSnapshot { id, with } => one(UnshareSnapshot { id: id.clone(), with: with.clone() }),
        UnshareImage { id, with } => one(ShareImage { id: id.clone(), with: with.clone() }),
        ShareImage { id, with } => one(UnshareImage { id: id.clone(), with: with.clone() }),
        DeleteVolume { .. } => Reversal::None("A deleted volume is gone; make another from its snapshot."),
        DeleteNetworkInterface { .. } => Reversal::None("A deleted network interface is gone; make another."),
        ReleaseAddress { .. } => {
            Reversal::None("A released address is given to others; ask for it again at once, or not at all.")
        }
    }
}

fn one(change: Ec2Change) -> Reversal {
    Reversal::Changes(vec![change.into()])
}
