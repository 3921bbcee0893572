//! AWS Cost Explorer: anomaly detection, logged in us-east-1.

use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static CE: Service = Service {
    source: "ce.amazonaws.com",
    rows: &[
        on("CreateAnomalyMonitor").creates("aws.ce.anomaly_monitor", "responseElements.monitorArn"),
        on("DeleteAnomalyMonitor")
            .deletes("aws.ce.anomaly_monitor", "requestParameters.monitorArn")
            .contain("ce:CreateAnomalyMonitor")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Cost anomaly monitor {id} was deleted: nobody is told when the bill jumps.",
            ),
        on("CreateAnomalySubscription")
            .creates("aws.ce.anomaly_subscription", "responseElements.subscriptionArn"),
        on("DeleteAnomalySubscription")
            .deletes("aws.ce.anomaly_subscription", "requestParameters.subscriptionArn")
            .contain("ce:CreateAnomalySubscription")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Cost anomaly subscription {id} was deleted: nobody is told when the bill jumps.",
            ),
    ],
};
