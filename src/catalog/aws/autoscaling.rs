//! EC2 Auto Scaling: groups relaunch whatever is stopped, so they are contained before their instances.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::*;

pub static AUTOSCALING: Service = Service {
    source: "autoscaling.amazonaws.com",
    rows: &[
        on("CreateAutoScalingGroup")
            .creates("aws.autoscaling.group", "requestParameters.autoScalingGroupName")
            .contain(
                "autoscaling:SuspendProcesses, autoscaling:UpdateAutoScalingGroup, \
                 autoscaling:DeleteAutoScalingGroup",
            )
            .tells(tell::launched),
        on("UpdateAutoScalingGroup")
            .touches(
                "aws.autoscaling.group",
                "requestParameters.autoScalingGroupName",
                "size or template changed",
            )
            .contain("autoscaling:UpdateAutoScalingGroup"),
        on("SetDesiredCapacity")
            .touches(
                "aws.autoscaling.group",
                "requestParameters.autoScalingGroupName",
                "desired capacity changed",
            )
            .contain("autoscaling:SetDesiredCapacity"),
        on("StartInstanceRefresh")
            .touches(
                "aws.autoscaling.group",
                "requestParameters.autoScalingGroupName",
                "every instance replaced",
            )
            .contain("autoscaling:CancelInstanceRefresh"),
        on("AttachInstances|DetachInstances|SetInstanceProtection|EnterStandby|ExitStandby\
             |ResumeProcesses|SuspendProcesses|PutWarmPool|DeleteWarmPool")
        .touches(
            "aws.autoscaling.group",
            "requestParameters.autoScalingGroupName",
            "members or processes changed",
        ),
        on("DeleteAutoScalingGroup")
            .deletes("aws.autoscaling.group", "requestParameters.autoScalingGroupName"),
        on("CreateLaunchConfiguration")
            .creates("aws.autoscaling.launch_configuration", "requestParameters.launchConfigurationName")
            .contain("autoscaling:DeleteLaunchConfiguration"),
        on("DeleteLaunchConfiguration")
            .deletes("aws.autoscaling.launch_configuration", "requestParameters.launchConfigurationName"),
        on("PutScheduledUpdateGroupAction")
            .creates(
                "aws.autoscaling.scheduled_action",
                "requestParameters.autoScalingGroupName+requestParameters.scheduledActionName",
            )
            .finding(
                Persistence,
                &t::SCHEDULED_TASK,
                "Scheduled action {id} sets the group's size again later, and so brings instances back.",
            )
            .contain("autoscaling:DeleteScheduledAction")
            .pair("autoscaling:scheduled-action"),
        on("DeleteScheduledAction")
            .deletes(
                "aws.autoscaling.scheduled_action",
                "requestParameters.autoScalingGroupName+requestParameters.scheduledActionName",
            )
            .undoes("autoscaling:scheduled-action")
            .only_if(is_group),
        on("PutScalingPolicy")
            .touches(
                "aws.autoscaling.group",
                "requestParameters.autoScalingGroupName",
                "given a scaling policy",
            )
            .contain("autoscaling:DeletePolicy")
            .only_if(is_group),
        on("DeletePolicy").touches(
            "aws.autoscaling.group",
            "requestParameters.autoScalingGroupName",
            "scaling policy deleted",
        ),
        on("PutLifecycleHook|DeleteLifecycleHook").touches(
            "aws.autoscaling.group",
            "requestParameters.autoScalingGroupName",
            "lifecycle hooks changed",
        ),
        on("TerminateInstanceInAutoScalingGroup").deletes("aws.ec2.instance", "requestParameters.instanceId"),
        // A bookkeeping call that leaves nothing to list.
        on("CompleteLifecycleAction|RecordLifecycleActionHeartbeat|CreateOrUpdateTags|DeleteTags"),
    ],
};

/// Application Auto Scaling logs under the same event source, and has calls of these names too.
fn is_group(record: &Record) -> bool {
    record.value("requestParameters.serviceNamespace").is_none()
}
