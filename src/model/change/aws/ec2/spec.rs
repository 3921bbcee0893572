//! What an operator must know of each change of EC2.

use super::Ec2Change;
use crate::model::change::{Rearms, Spec, Undo, batched, destroying, gated, once, rearming, settling, spec};

/// One call takes 1,000; smaller batches keep one bad id from costing much (aws.md 3.2).
const MACHINES: usize = 50;

pub(super) fn of(change: &Ec2Change) -> Spec {
    use Ec2Change::*;
    match change {
        StopInstance { .. } => settling(
            batched(
                spec(
                    "ec2:StopInstances(Force=true)",
                    &["ec2:StopInstances", "ec2:DescribeInstances"],
                    "stops it and keeps its EBS disks; what is in memory and on instance store is lost",
                    "the instance reads stopping or stopped",
                    Undo::Call("ec2:StartInstances"),
                ),
                MACHINES,
            ),
            180,
        ),
        StartInstance { .. } => settling(
            batched(
                spec(
                    "ec2:StartInstances",
                    &["ec2:StartInstances", "ec2:DescribeInstances"],
                    "starts it again",
                    "the instance reads pending or running",
                    Undo::Call("ec2:StopInstances"),
                ),
                MACHINES,
            ),
            180,
        ),
        ClearStopProtection { .. } => spec(
            "ec2:ModifyInstanceAttribute(DisableApiStop=false)",
            ATTRIBUTE,
            "takes its protection against being stopped, which also keeps it from being terminated",
            "disableApiStop reads false",
            Undo::Call("ec2:ModifyInstanceAttribute(DisableApiStop=true)"),
        ),
        SetStopProtection { .. } => spec(
            "ec2:ModifyInstanceAttribute(DisableApiStop=true)",
            ATTRIBUTE,
            "gives it back its protection against being stopped",
            "disableApiStop reads true",
            Undo::Call("ec2:ModifyInstanceAttribute(DisableApiStop=false)"),
        ),
        ClearTerminationProtection { .. } => spec(
            "ec2:ModifyInstanceAttribute(DisableApiTermination=false)",
            ATTRIBUTE,
            "takes its protection against being terminated",
            "disableApiTermination reads false",
            Undo::Call("ec2:ModifyInstanceAttribute(DisableApiTermination=true)"),
        ),
        SetTerminationProtection { .. } => spec(
            "ec2:ModifyInstanceAttribute(DisableApiTermination=true)",
            ATTRIBUTE,
            "gives it back its protection against being terminated",
            "disableApiTermination reads true",
            Undo::Call("ec2:ModifyInstanceAttribute(DisableApiTermination=false)"),
        ),
        TerminateInstance { .. } => settling(
            batched(
                gated(spec(
                    "ec2:TerminateInstances(SkipOsShutdown=true)",
                    &["ec2:TerminateInstances", "ec2:DescribeInstances"],
                    "ends it for good, with every disk that is set to go with it",
                    "the instance reads terminated",
                    Undo::None("A terminated instance is gone; start another from its snapshots."),
                )),
                MACHINES,
            ),
            600,
        ),
        SnapshotInstance { .. } => settling(
            once(spec(
                "ec2:CreateSnapshot(each EBS disk, tagged with the case)",
                &["ec2:CreateSnapshot", "ec2:CreateTags", "ec2:DescribeInstances", "ec2:DescribeSnapshots"],
                "copies every EBS disk that it has, as it is now, for forensics; the copies cost storage",
                "each disk has a snapshot of this case that reads pending or completed",
                Undo::None("The snapshots stay: they are evidence."),
            )),
            120,
        ),
        SnapshotVolume { .. } => settling(
            once(spec(
                "ec2:CreateSnapshot(tagged with the case)",
                &["ec2:CreateSnapshot", "ec2:CreateTags", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
                "copies the disk as it is now, for forensics; the copy costs storage",
                "the disk has a snapshot of this case that reads pending or completed",
                Undo::None("The snapshots stay: they are evidence."),
            )),
            120,
        ),
        IsolateInstance { .. } => spec(
            "ec2:ModifyNetworkInterfaceAttribute(Groups: first one that lets all through, then one without rules)",
            &[
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateSecurityGroup",
                "ec2:CreateTags",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroupRules",
                "ec2:DescribeSecurityGroups",
                "ec2:RevokeSecurityGroupEgress",
            ],
            "cuts it off the network, open connections too: for a second or two all is let through, so that nothing is tracked, then nothing is",
            "every interface is in the case's group without rules, and in no other",
            Undo::Call("ec2:ModifyNetworkInterfaceAttribute(Groups: those before)"),
        ),
        RestoreInterfaces { .. } => spec(
            "ec2:ModifyNetworkInterfaceAttribute(Groups: those before)",
            &["ec2:ModifyNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces"],
            "puts its interfaces back into their security groups",
            "every interface is in the groups that it was in",
            Undo::Call("ec2:ModifyNetworkInterfaceAttribute(Groups: the case's)"),
        ),
        DeleteQuarantine { .. } => destroying(spec(
            "ec2:DeleteSecurityGroup(those that the case made)",
            &["ec2:DeleteSecurityGroup", "ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces"],
            "deletes the case's own security groups in that network, unless another machine is still held by them",
            "the groups are gone, or still hold something",
            Undo::None("The quarantine groups are made again when they are needed."),
        )),
        ReplaceInstanceProfile { .. } => spec(
            "ec2:ReplaceIamInstanceProfileAssociation",
            PROFILE,
            "gives the instance the role that it had before",
            "the instance reads that profile",
            Undo::Call("ec2:ReplaceIamInstanceProfileAssociation(the one before)"),
        ),
        RemoveInstanceProfile { .. } => rearming(
            spec(
                "ec2:DisassociateIamInstanceProfile",
                &["ec2:DisassociateIamInstanceProfile", "ec2:DescribeIamInstanceProfileAssociations"],
                "takes the role from the instance; credentials that it handed out live on until they end or are denied",
                "the instance does not have that profile",
                Undo::Call("ec2:AssociateIamInstanceProfile, not while a stranger may be on the instance"),
            ),
            Rearms::Secret,
        ),
        GiveInstanceProfile { .. } => spec(
            "ec2:AssociateIamInstanceProfile",
            &[
                "ec2:AssociateIamInstanceProfile",
                "ec2:DescribeIamInstanceProfileAssociations",
                "iam:PassRole",
            ],
            "gives the instance its role again",
            "the instance reads that profile",
            Undo::Call("ec2:DisassociateIamInstanceProfile"),
        ),
        CancelSpotRequest { .. } => destroying(spec(
            "ec2:CancelSpotInstanceRequests",
            &["ec2:CancelSpotInstanceRequests", "ec2:DescribeSpotInstanceRequests"],
            "the request launches no more; an instance that it has goes on, and can't be stopped any more but only terminated",
            "the request reads cancelled",
            Undo::None("A cancelled spot request can't be reopened; make a new one."),
        )),
        HoldSpotFleet { .. } => settling(
            spec(
                "ec2:ModifySpotFleetRequest(TargetCapacity=0, noTermination)",
                SPOT_FLEET,
                "the fleet launches and replaces nothing more, and keeps the machines that it has",
                "the target capacity reads 0",
                Undo::Call("ec2:ModifySpotFleetRequest(the capacity before)"),
            ),
            180,
        ),
        SizeSpotFleet { .. } => settling(
            spec(
                "ec2:ModifySpotFleetRequest(TargetCapacity)",
                SPOT_FLEET,
                "gives the fleet its capacity again",
                "the target capacity reads that",
                Undo::Call("ec2:ModifySpotFleetRequest(the capacity before)"),
            ),
            180,
        ),
        CancelSpotFleet { .. } => settling(
            batched(
                destroying(spec(
                    "ec2:CancelSpotFleetRequests(TerminateInstances=false)",
                    &["ec2:CancelSpotFleetRequests", "ec2:DescribeSpotFleetRequests"],
                    "the fleet launches no more; the machines that it has go on",
                    "the request reads cancelled",
                    Undo::None("A cancelled spot fleet can't be reopened; make a new one."),
                )),
                100,
            ),
            180,
        ),
        TerminateSpotFleet { .. } => settling(
            batched(
                gated(spec(
                    "ec2:CancelSpotFleetRequests(TerminateInstances=true)",
                    &["ec2:CancelSpotFleetRequests", "ec2:DescribeSpotFleetRequests"],
                    "ends the fleet and every machine that it has",
                    "the request reads cancelled, or cancelled and terminating",
                    Undo::None("A cancelled spot fleet can't be reopened; make a new one."),
                )),
                100,
            ),
            300,
        ),
        HoldFleet { .. } => settling(
            spec(
                "ec2:ModifyFleet(TotalTargetCapacity=0, no-termination)",
                FLEET,
                "the fleet launches and replaces nothing more, and keeps the machines that it has",
                "the target capacity reads 0",
                Undo::Call("ec2:ModifyFleet(the capacity before)"),
            ),
            180,
        ),
        SizeFleet { .. } => settling(
            spec(
                "ec2:ModifyFleet(TotalTargetCapacity)",
                FLEET,
                "gives the fleet its capacity again",
                "the target capacity reads that",
                Undo::Call("ec2:ModifyFleet(the capacity before)"),
            ),
            180,
        ),
        CancelFleet { .. } => settling(
            batched(
                destroying(spec(
                    "ec2:DeleteFleets(TerminateInstances=false)",
                    &["ec2:DeleteFleets", "ec2:DescribeFleets"],
                    "the fleet launches no more; the machines that it has go on",
                    "the fleet reads deleted",
                    Undo::None("A deleted fleet can't be brought back; make a new one."),
                )),
                100,
            ),
            180,
        ),
        TerminateFleet { .. } => settling(
            batched(
                gated(spec(
                    "ec2:DeleteFleets(TerminateInstances=true)",
                    &["ec2:DeleteFleets", "ec2:DescribeFleets"],
                    "ends the fleet and every machine that it has",
                    "the fleet reads deleted, or deleted and terminating",
                    Undo::None("A deleted fleet can't be brought back; make a new one."),
                )),
                // Of type `instant` one call takes no more.
                25,
            ),
            300,
        ),
        DeleteLaunchTemplate { .. } => gated(spec(
            "ec2:DeleteLaunchTemplate",
            &["ec2:DeleteLaunchTemplate", "ec2:DescribeLaunchTemplates"],
            "deletes the template with all its versions",
            "the template is gone",
            Undo::None("A deleted launch template can't be brought back; its record tells what it held."),
        )),
        CloseSecurityGroup { .. } => spec(
            "ec2:RevokeSecurityGroupIngress(every rule)",
            RULES,
            "takes every rule out of the group, in and out; connections that are open and tracked go on",
            "the group has no rules",
            Undo::Call("ec2:AuthorizeSecurityGroupIngress(the rules before)"),
        ),
        RevokeRules { .. } => spec(
            "ec2:RevokeSecurityGroupIngress(these rules)",
            RULES,
            "takes these rules out of the group; connections that are open and tracked go on",
            "the group has none of these rules",
            Undo::Call("ec2:AuthorizeSecurityGroupIngress(the rules before)"),
        ),
        AuthorizeRules { .. } => spec(
            "ec2:AuthorizeSecurityGroupIngress",
            &[
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSecurityGroupRules",
            ],
            "gives the group these rules again",
            "the group has these rules",
            Undo::None("Rules that were given again are taken by a new containment."),
        ),
        DeleteKeyPair { .. } => spec(
            "ec2:DeleteKeyPair",
            &["ec2:DeleteKeyPair", "ec2:DescribeKeyPairs"],
            "no new instance can be launched with it; instances that were keep its public half",
            "the key pair is gone",
            Undo::Call("ec2:ImportKeyPair(its public half, under a new id)"),
        ),
        ImportKeyPair { .. } => spec(
            "ec2:ImportKeyPair",
            &["ec2:ImportKeyPair", "ec2:DescribeKeyPairs"],
            "brings the key pair back under its name and a new id",
            "a key pair of that name and public half is there",
            Undo::None("A key pair that was brought back is deleted by a new containment."),
        ),
        UnshareSnapshot { .. } => spec(
            "ec2:ModifySnapshotAttribute(createVolumePermission, remove)",
            SNAPSHOT,
            "takes the snapshot from whom it was shared with; copies made in the meantime stay theirs",
            "the member is not in createVolumePermission",
            Undo::Call("ec2:ModifySnapshotAttribute(createVolumePermission, add)"),
        ),
        ShareSnapshot { .. } => spec(
            "ec2:ModifySnapshotAttribute(createVolumePermission, add)",
            SNAPSHOT,
            "shares the snapshot again",
            "the member is in createVolumePermission",
            Undo::Call("ec2:ModifySnapshotAttribute(createVolumePermission, remove)"),
        ),
        UnshareImage { .. } => spec(
            "ec2:ModifyImageAttribute(launchPermission, remove)",
            IMAGE,
            "takes the image from whom it was shared with; copies made in the meantime stay theirs",
            "the member is not in launchPermission",
            Undo::Call("ec2:ModifyImageAttribute(launchPermission, add)"),
        ),
        ShareImage { .. } => spec(
            "ec2:ModifyImageAttribute(launchPermission, add)",
            IMAGE,
            "shares the image again",
            "the member is in launchPermission",
            Undo::Call("ec2:ModifyImageAttribute(launchPermission, remove)"),
        ),
        DeleteVolume { .. } => settling(
            gated(spec(
                "ec2:DeleteVolume",
                &["ec2:DeleteVolume", "ec2:DescribeVolumes"],
                "deletes the disk; one that is attached can't be deleted before it is detached",
                "the volume is gone",
                Undo::None("A deleted volume is gone; make another from its snapshot."),
            )),
            120,
        ),
        DeleteNetworkInterface { .. } => gated(spec(
            "ec2:DeleteNetworkInterface",
            &["ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"],
            "deletes the interface; one that is attached can't be deleted before it is detached",
            "the interface is gone",
            Undo::None("A deleted network interface is gone; make another."),
        )),
        ReleaseAddress { .. } => gated(spec(
            "ec2:ReleaseAddress",
            &["ec2:ReleaseAddress", "ec2:DescribeAddresses"],
            "gives the address back, which stops its cost; somebody else may get it",
            "the address is gone",
            Undo::None("A released address is given to others; ask for it again at once, or not at all."),
        )),
    }
}

const ATTRIBUTE: &[&str] = &["ec2:ModifyInstanceAttribute", "ec2:DescribeInstanceAttribute"];
const PROFILE: &[&str] = &[
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:DescribeIamInstanceProfileAssociations",
    "iam:PassRole",
];
const SPOT_FLEET: &[&str] = &["ec2:ModifySpotFleetRequest", "ec2:DescribeSpotFleetRequests"];
const FLEET: &[&str] = &["ec2:ModifyFleet", "ec2:DescribeFleets"];
const RULES: &[&str] = &[
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSecurityGroupRules",
];
const SNAPSHOT: &[&str] = &["ec2:ModifySnapshotAttribute", "ec2:DescribeSnapshotAttribute"];
const IMAGE: &[&str] = &["ec2:ModifyImageAttribute", "ec2:DescribeImageAttribute"];
