//! Security Command Center: muting what it found.

use super::common::{NAME, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const MUTE: &str = "gcp.securitycenter.mute_config";
const MUTE_ID: &str = within!("muteConfigs", "muteConfigId");
const NOTIFY: &str = "gcp.securitycenter.notification_config";

pub static SECURITYCENTER: Service = Service {
    source: "securitycenter.googleapis.com",
    rows: &[
        on("SecurityCenter.CreateMuteConfig")
            .creates(MUTE, MUTE_ID)
            .names(MUTE_ID)
            .contain("!securitycenter.muteConfigs.delete")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Mute rule {id} hides every finding it matches, also future ones.")
            .pair("gcp.scc.mute"),
        on("SecurityCenter.UpdateMuteConfig").touches(MUTE, MUTE_ID, "changed").names("protoPayload.request.muteConfig.name~/muteConfigs/").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Mute rule {id} was changed; see which findings it hides now.",
        ),
        on("SecurityCenter.DeleteMuteConfig").deletes(MUTE, MUTE_ID).undoes("gcp.scc.mute"),
        on("SecurityCenter.BulkMuteFindings").touches(MUTE, NAME, "findings muted in bulk").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Security findings of {id} were muted in bulk.",
        ),
        on("SecurityCenter.SetMute").touches("gcp.securitycenter.finding", "protoPayload.request.name|protoPayload.resourceName", "muted or unmuted").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Security finding {id} was muted or unmuted.",
        ),
        on("SecurityCenter.SetFindingState").touches("gcp.securitycenter.finding", "protoPayload.request.name|protoPayload.resourceName", "state set").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "The state of security finding {id} was set by hand.",
        ),
        on("Settings.UpdateEventThreatDetectionSettings|SecurityCenterSettingsService.UpdateEventThreatDetectionSettings|SecurityCenter.UpdateOrganizationSettings|Settings.UpdateContainerThreatDetectionSettings|Settings.UpdateSecurityHealthAnalyticsSettings|SecurityCenterManagement.UpdateSecurityCenterService")
            .touches("gcp.securitycenter.settings", NAME, "changed")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Threat-detection settings of {id} were changed; see what is switched off."),
        on("SecurityCenter.CreateNotificationConfig").creates(NOTIFY, within!("notificationConfigs", "configId")),
        on("SecurityCenter.DeleteNotificationConfig").deletes(NOTIFY, within!("notificationConfigs")).finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Notification {id} of security findings was deleted.",
        ),
    ],
};
