//! Cloud Monitoring: the alerts that would have told.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const ALERT: &str = "gcp.monitoring.alert_policy";
const CHANNEL: &str = "gcp.monitoring.notification_channel";

pub static MONITORING: Service = Service {
    source: "monitoring.googleapis.com",
    rows: &[
        on("AlertPolicyService.CreateAlertPolicy").creates(ALERT, within!("alertPolicies")),
        on("AlertPolicyService.UpdateAlertPolicy").touches(ALERT, within!("alertPolicies"), "changed"),
        on("AlertPolicyService.DeleteAlertPolicy").deletes(ALERT, within!("alertPolicies")).finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Alert {id} was deleted and can't fire any more.",
        ),
        on("NotificationChannelService.CreateNotificationChannel")
            .creates(CHANNEL, within!("notificationChannels")),
        on("NotificationChannelService.DeleteNotificationChannel")
            .deletes(CHANNEL, within!("notificationChannels"))
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Notification channel {id} was deleted; alerts that used it tell nobody.",
            ),
    ],
};
