//! Application Auto Scaling: what sets desired counts back up after somebody sets them to zero.

use crate::catalog::technique as t;
use crate::catalog::{Record, Row, Service, on};
use crate::model::report::FindingKind::*;

const ROWS: &[Row] = &[
    on("RegisterScalableTarget")
        .creates(
            "aws.application_autoscaling.scalable_target",
            "requestParameters.resourceId+requestParameters.scalableDimension",
        )
        .contain(
            "application-autoscaling:RegisterScalableTarget, \
             application-autoscaling:DeregisterScalableTarget",
        ),
    on("DeregisterScalableTarget").deletes(
        "aws.application_autoscaling.scalable_target",
        "requestParameters.resourceId+requestParameters.scalableDimension",
    ),
    on("PutScalingPolicy")
        .creates("aws.application_autoscaling.scaling_policy", "responseElements.policyARN")
        .names("requestParameters.resourceId+requestParameters.policyName")
        .contain("application-autoscaling:DeleteScalingPolicy")
        .only_if(is_application),
    on("DeleteScalingPolicy").deletes(
        "aws.application_autoscaling.scaling_policy",
        "requestParameters.resourceId+requestParameters.policyName",
    ),
    on("PutScheduledAction")
        .creates(
            "aws.application_autoscaling.scheduled_action",
            "requestParameters.resourceId+requestParameters.scheduledActionName",
        )
        .finding(Persistence, &t::SCHEDULED_TASK, "Scheduled action {id} sets the capacity again later.")
        .contain("application-autoscaling:DeleteScheduledAction")
        .pair("application-autoscaling:scheduled-action")
        .only_if(is_application),
    on("DeleteScheduledAction")
        .deletes(
            "aws.application_autoscaling.scheduled_action",
            "requestParameters.resourceId+requestParameters.scheduledActionName",
        )
        .undoes("application-autoscaling:scheduled-action")
        .only_if(is_application),
];

pub static APPLICATION_AUTOSCALING: Service =
    Service { source: "application-autoscaling.amazonaws.com", rows: ROWS };

/// The same rows under the event source that its calls are logged with in many accounts.
pub static APPLICATION_AUTOSCALING_AS_AUTOSCALING: Service =
    Service { source: "autoscaling.amazonaws.com", rows: ROWS };

/// EC2 Auto Scaling has calls of the same names, which name no service.
fn is_application(record: &Record) -> bool {
    record.value("requestParameters.serviceNamespace").is_some()
}
