//! Auto Scaling groups, which launch again what is stopped.
//!
//! Groups go by name, which can be given again: what a look shows holds the group's ARN, which can't, and what takes a
//! change back names it.

use super::super::{Change, Reversal, Spec, Undo, batched, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// All that a group does by itself but `Terminate`, without which its size could not be set to 0.
pub const SUSPENDED: &[&str] = &[
    "Launch",
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "AddToLoadBalancer",
    "InstanceRefresh",
];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoScalingChange {
    SuspendScalingGroup {
        name: Arc<str>,
    },
    ResumeScalingGroup {
        name: Arc<str>,
        arn: Arc<str>,
        processes: Vec<Arc<str>>,
    },
    /// To size 0, which terminates its machines.
    EmptyScalingGroup {
        name: Arc<str>,
    },
    SizeScalingGroup {
        name: Arc<str>,
        arn: Arc<str>,
        min: i32,
        max: i32,
        desired: i32,
    },
    EnterStandby {
        group: Arc<str>,
        id: Arc<str>,
    },
    ExitStandby {
        group: Arc<str>,
        id: Arc<str>,
    },
    /// Of every member that is protected from scale-in.
    ClearScaleInProtection {
        name: Arc<str>,
    },
    SetScaleInProtection {
        name: Arc<str>,
        arn: Arc<str>,
        ids: Vec<Arc<str>>,
    },
    ClearDeletionProtection {
        name: Arc<str>,
    },
    SetDeletionProtection {
        name: Arc<str>,
        arn: Arc<str>,
        level: Arc<str>,
    },
    DeleteWarmPool {
        name: Arc<str>,
    },
    PutWarmPool {
        name: Arc<str>,
        arn: Arc<str>,
        pool: WarmPool,
    },
    DeleteScheduledAction {
        group: Arc<str>,
        action: Arc<str>,
    },
    PutScheduledAction {
        group: Arc<str>,
        action: Arc<str>,
        plan: ScheduledSize,
    },
    DeleteScalingGroup {
        name: Arc<str>,
    },
    DeleteLaunchConfiguration {
        name: Arc<str>,
    },
}

/// A warm pool, as far as it must be known to be made again.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WarmPool {
    pub max: Option<i32>,
    pub min: Option<i32>,
    pub state: Option<Arc<str>>,
    pub reuse: Option<bool>,
}

/// A scheduled action, as far as it must be known to be made again. Times are RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScheduledSize {
    pub start: Option<Arc<str>>,
    pub end: Option<Arc<str>>,
    pub recurrence: Option<Arc<str>>,
    pub time_zone: Option<Arc<str>>,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub desired: Option<i32>,
}

const UPDATE: &[&str] = &["autoscaling:UpdateAutoScalingGroup", "autoscaling:DescribeAutoScalingGroups"];
/// The journal says too little: written by a look that saw less than the undo needs.
const UNKNOWN: Reversal = Reversal::None("What was there before it is not in the journal.");

impl AutoScalingChange {
    pub fn spec(&self) -> Spec {
        use AutoScalingChange::*;
        match self {
            SuspendScalingGroup { .. } => spec(
                "autoscaling:SuspendProcesses(all but Terminate)",
                &["autoscaling:SuspendProcesses", "autoscaling:DescribeAutoScalingGroups"],
                "the group launches, replaces and judges nothing more, so that its members can be stopped and kept; its sizes stay, \
                 for at size 0 it would terminate them",
                "the processes read suspended",
                Undo::Call("autoscaling:ResumeProcesses(those that this suspended)"),
            ),
            ResumeScalingGroup { .. } => spec(
                "autoscaling:ResumeProcesses",
                &["autoscaling:ResumeProcesses", "autoscaling:DescribeAutoScalingGroups"],
                "the group works again, and ends members that it finds stopped",
                "the processes do not read suspended",
                Undo::Call("autoscaling:SuspendProcesses"),
            ),
            EmptyScalingGroup { .. } => settling(
                gated(spec(
                    "autoscaling:UpdateAutoScalingGroup(Min=Max=Desired=0)",
                    UPDATE,
                    "terminates every machine that the group has, with its disks",
                    "the sizes read 0 and the group has no members",
                    Undo::Call(
                        "autoscaling:UpdateAutoScalingGroup(the sizes before), which launches new machines",
                    ),
                )),
                600,
            ),
            SizeScalingGroup { .. } => spec(
                "autoscaling:UpdateAutoScalingGroup(sizes)",
                UPDATE,
                "gives the group its sizes again",
                "the sizes read that",
                Undo::Call("autoscaling:UpdateAutoScalingGroup(the sizes before)"),
            ),
            EnterStandby { .. } => settling(
                batched(
                    spec(
                        "autoscaling:EnterStandby(ShouldDecrementDesiredCapacity=true)",
                        &["autoscaling:EnterStandby", "autoscaling:DescribeAutoScalingGroups"],
                        "takes it out of service and out of its group's care, so that it can be stopped and kept; the group goes on with one less",
                        "the member reads Standby",
                        Undo::Call("autoscaling:ExitStandby"),
                    ),
                    20,
                ),
                180,
            ),
            ExitStandby { .. } => settling(
                batched(
                    spec(
                        "autoscaling:ExitStandby",
                        &["autoscaling:ExitStandby", "autoscaling:DescribeAutoScalingGroups"],
                        "puts it back into service",
                        "the member reads InService or is on its way there",
                        Undo::Call("autoscaling:EnterStandby"),
                    ),
                    20,
                ),
                180,
            ),
            ClearScaleInProtection { .. } => spec(
                "autoscaling:SetInstanceProtection(ProtectedFromScaleIn=false)",
                &["autoscaling:SetInstanceProtection", "autoscaling:DescribeAutoScalingGroups"],
                "lets the group end members that are protected from scale-in",
                "no member reads protected from scale-in",
                Undo::Call("autoscaling:SetInstanceProtection(ProtectedFromScaleIn=true)"),
            ),
            SetScaleInProtection { .. } => spec(
                "autoscaling:SetInstanceProtection(ProtectedFromScaleIn=true)",
                &["autoscaling:SetInstanceProtection", "autoscaling:DescribeAutoScalingGroups"],
                "protects those members from scale-in again",
                "those that are still members read protected from scale-in",
                Undo::Call("autoscaling:SetInstanceProtection(ProtectedFromScaleIn=false)"),
            ),
            ClearDeletionProtection { .. } => spec(
                "autoscaling:UpdateAutoScalingGroup(DeletionProtection=none)",
                UPDATE,
                "takes the group's protection against being deleted",
                "the deletion protection reads none",
                Undo::Call("autoscaling:UpdateAutoScalingGroup(DeletionProtection before)"),
            ),
            SetDeletionProtection { .. } => spec(
                "autoscaling:UpdateAutoScalingGroup(DeletionProtection)",
                UPDATE,
                "gives the group its protection against being deleted again",
                "the deletion protection reads that",
                Undo::Call("autoscaling:UpdateAutoScalingGroup(DeletionProtection=none)"),
            ),
            DeleteWarmPool { .. } => settling(
                gated(spec(
                    "autoscaling:DeleteWarmPool(ForceDelete=true)",
                    &[
                        "autoscaling:DeleteWarmPool",
                        "autoscaling:DescribeWarmPool",
                        "autoscaling:DescribeAutoScalingGroups",
                    ],
                    "terminates the machines that the group keeps ready",
                    "the group has no warm pool",
                    Undo::Call("autoscaling:PutWarmPool, which launches new machines"),
                )),
                600,
            ),
            PutWarmPool { .. } => spec(
                "autoscaling:PutWarmPool",
                &[
                    "autoscaling:PutWarmPool",
                    "autoscaling:DescribeWarmPool",
                    "autoscaling:DescribeAutoScalingGroups",
                ],
                "makes the group keep machines ready again",
                "the group has that warm pool",
                Undo::Call("autoscaling:DeleteWarmPool"),
            ),
            DeleteScheduledAction { .. } => spec(
                "autoscaling:DeleteScheduledAction",
                &["autoscaling:DeleteScheduledAction", "autoscaling:DescribeScheduledActions"],
                "the group's size is not set by it any more",
                "the scheduled action is gone",
                Undo::Call("autoscaling:PutScheduledUpdateGroupAction"),
            ),
            PutScheduledAction { .. } => spec(
                "autoscaling:PutScheduledUpdateGroupAction",
                &["autoscaling:PutScheduledUpdateGroupAction", "autoscaling:DescribeScheduledActions"],
                "sets the group's size by schedule again",
                "the scheduled action is there",
                Undo::Call("autoscaling:DeleteScheduledAction"),
            ),
            DeleteScalingGroup { .. } => settling(
                gated(spec(
                    "autoscaling:DeleteAutoScalingGroup(ForceDelete=true)",
                    &["autoscaling:DeleteAutoScalingGroup", "autoscaling:DescribeAutoScalingGroups"],
                    "deletes the group and whatever machines it still has",
                    "the group is gone",
                    Undo::None("A deleted group can't be brought back; its record tells how it was made."),
                )),
                600,
            ),
            DeleteLaunchConfiguration { .. } => gated(spec(
                "autoscaling:DeleteLaunchConfiguration",
                &["autoscaling:DeleteLaunchConfiguration", "autoscaling:DescribeLaunchConfigurations"],
                "deletes it; a group that uses it keeps it from being deleted",
                "the launch configuration is gone",
                Undo::None(
                    "A deleted launch configuration can't be brought back; its record tells what it held.",
                ),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        use AutoScalingChange::*;
        let number =
            |key: &str| before.get(key).and_then(Value::as_i64).and_then(|found| i32::try_from(found).ok());
        let list = |key: &str| -> Option<Vec<Arc<str>>> {
            before.get(key).and_then(|list| serde_json::from_value(list.clone()).ok())
        };
        let arn = || before.get("arn").and_then(Value::as_str).map(Arc::<str>::from);
        match self {
            SuspendScalingGroup { name } => match (list("suspended"), arn()) {
                (Some(were), Some(arn)) => {
                    let processes = SUSPENDED.iter().filter(|one| !were.iter().any(|it| &**it == **one));
                    let processes = processes.map(|one| Arc::from(*one)).collect();
                    one(ResumeScalingGroup { name: name.clone(), arn, processes })
                }
                _ => UNKNOWN,
            },
            ResumeScalingGroup { name, .. } => one(SuspendScalingGroup { name: name.clone() }),
            EmptyScalingGroup { name } | SizeScalingGroup { name, .. } => {
                match (arn(), number("min"), number("max"), number("desired")) {
                    (Some(arn), Some(min), Some(max), Some(desired)) => {
                        one(SizeScalingGroup { name: name.clone(), arn, min, max, desired })
                    }
                    _ => UNKNOWN,
                }
            }
            EnterStandby { group, id } => one(ExitStandby { group: group.clone(), id: id.clone() }),
            ExitStandby { group, id } => one(EnterStandby { group: group.clone(), id: id.clone() }),
            ClearScaleInProtection { name } => match (list("protected"), arn()) {
                (Some(ids), Some(arn)) => one(SetScaleInProtection { name: name.clone(), arn, ids }),
                _ => UNKNOWN,
            },
            SetScaleInProtection { name, .. } => one(ClearScaleInProtection { name: name.clone() }),
            ClearDeletionProtection { name } => match (before.get("level").and_then(Value::as_str), arn()) {
                (Some(level), Some(arn)) => {
                    one(SetDeletionProtection { name: name.clone(), arn, level: level.into() })
                }
                _ => UNKNOWN,
            },
            SetDeletionProtection { name, .. } => one(ClearDeletionProtection { name: name.clone() }),
            DeleteWarmPool { name } => {
                let pool = before.get("pool").and_then(|pool| serde_json::from_value(pool.clone()).ok());
                match (pool, arn()) {
                    (Some(pool), Some(arn)) => one(PutWarmPool { name: name.clone(), arn, pool }),
                    _ => UNKNOWN,
                }
            }
            PutWarmPool { name, .. } => one(DeleteWarmPool { name: name.clone() }),
            DeleteScheduledAction { group, action } => {
                let plan = before.get("plan").and_then(|plan| serde_json::from_value(plan.clone()).ok());
                match plan {
                    Some(plan) => {
                        one(PutScheduledAction { group: group.clone(), action: action.clone(), plan })
                    }
                    None => UNKNOWN,
                }
            }
            PutScheduledAction { group, action, .. } => {
                one(DeleteScheduledAction { group: group.clone(), action: action.clone() })
            }
            DeleteScalingGroup { .. } => {
                Reversal::None("A deleted group can't be brought back; its record tells how it was made.")
            }
            DeleteLaunchConfiguration { .. } => Reversal::None(
                "A deleted launch configuration can't be brought back; its record tells what it held.",
            ),
        }
    }
}

fn one(change: AutoScalingChange) -> Reversal {
    Reversal::Changes(vec![Change::from(change)])
}
