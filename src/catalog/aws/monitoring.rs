//! Amazon CloudWatch alarms and dashboards.

use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static MONITORING: Service = Service {
    source: "monitoring.amazonaws.com",
    rows: &[
        on("PutMetricAlarm|PutCompositeAlarm").touches(
            "aws.cloudwatch.alarm",
            "requestParameters.alarmName",
            "made or changed",
        ),
        on("PutMetricAlarm|PutCompositeAlarm")
            .about("aws.cloudwatch.alarm", "requestParameters.alarmName")
            .undoes("cloudwatch:alarm {awsRegion}"),
        on("DeleteAlarms")
            .deletes("aws.cloudwatch.alarm", ALARMS)
            .contain("cloudwatch:PutMetricAlarm")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Alarm {id} was deleted: nobody is called when what it watched happens.",
            )
            .pair("cloudwatch:alarm {awsRegion}")
            .each(),
        on("DisableAlarmActions")
            .touches("aws.cloudwatch.alarm", ALARMS, "its actions were switched off")
            .contain("cloudwatch:EnableAlarmActions")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Alarm {id} no longer calls anybody.")
            .pair("cloudwatch:actions {awsRegion}")
            .each(),
        on("EnableAlarmActions")
            .touches("aws.cloudwatch.alarm", ALARMS, "its actions were switched on")
            .undoes("cloudwatch:actions {awsRegion}")
            .each(),
        on("SetAlarmState").touches(
            "aws.cloudwatch.alarm",
            "requestParameters.alarmName",
            "its state was set by hand",
        ),
    ],
};

const ALARMS: &str = "requestParameters.alarmNames[]";
