//! Amazon GuardDuty.

use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static GUARDDUTY: Service = Service {
    source: "guardduty.amazonaws.com",
    rows: &[
        on("CreateDetector").creates("aws.guardduty.detector", "responseElements.detectorId"),
        on("DeleteDetector")
            .deletes("aws.guardduty.detector", DETECTOR)
            .contain("guardduty:CreateDetector")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "GuardDuty detector {id} was deleted, with all its findings."),
        on("UpdateDetector")
            .touches("aws.guardduty.detector", DETECTOR, "its settings were changed")
            .contain("guardduty:UpdateDetector"),
        on("UpdateDetector")
            .about("aws.guardduty.detector", DETECTOR)
            .finding(DefenseEvasion, &DISABLE_TOOLS, "GuardDuty detector {id} was switched off: it warned of nothing from then on.")
            .pair("guardduty:detector")
            .only_if(|record| record.is("requestParameters.enable", "false")),
        on("UpdateDetector").about("aws.guardduty.detector", DETECTOR).undoes("guardduty:detector").only_if(|record| record.is("requestParameters.enable", "true")),
        on("CreateFilter")
            .creates("aws.guardduty.filter", FILTER)
            .contain("guardduty:DeleteFilter"),
        on("CreateFilter")
            .about("aws.guardduty.filter", FILTER)
            .finding(DefenseEvasion, &DISABLE_TOOLS, "GuardDuty filter {id} hides the findings that it matches.")
            .pair("guardduty:filter {requestParameters.detectorId}")
            .only_if(|record| record.is("requestParameters.action", "ARCHIVE")),
        on("DeleteFilter").deletes("aws.guardduty.filter", "requestParameters.filterName"),
        on("DeleteFilter").about("aws.guardduty.filter", "requestParameters.filterName").undoes("guardduty:filter {requestParameters.detectorId}"),
        on("CreateIPSet|CreateTrustedEntitySet")
            .creates("aws.guardduty.ip_set", "responseElements.ipSetId|responseElements.trustedEntitySetId")
            .names("requestParameters.name")
            .contain("guardduty:UpdateIPSet")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "GuardDuty was told to trust the addresses in {requestParameters.location}: it warns of nothing that comes from there.")
            .pair("guardduty:trust"),
        on("UpdateIPSet|UpdateTrustedEntitySet").touches("aws.guardduty.ip_set", IP_SET, "its addresses or state were changed"),
        on("UpdateIPSet|UpdateTrustedEntitySet").about("aws.guardduty.ip_set", IP_SET).undoes("guardduty:trust").only_if(|record| record.is("requestParameters.activate", "false")),
        on("DeleteIPSet|DeleteTrustedEntitySet").deletes("aws.guardduty.ip_set", IP_SET),
        on("DeleteIPSet|DeleteTrustedEntitySet").about("aws.guardduty.ip_set", IP_SET).undoes("guardduty:trust"),
        on("StopMonitoringMembers|DisassociateMembers|DeleteMembers|DisassociateFromMasterAccount|DisassociateFromAdministratorAccount")
            .touches("aws.guardduty.detector", DETECTOR, "its member accounts were cut off")
            .contain("guardduty:StartMonitoringMembers, guardduty:InviteMembers")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "GuardDuty's administrator no longer watches accounts {requestParameters.accountIds[]|recipientAccountId}.")
            .pair("guardduty:members"),
        on("StartMonitoringMembers").touches("aws.guardduty.detector", DETECTOR, "watches member accounts again").undoes("guardduty:members"),
        on("DeletePublishingDestination")
            .touches("aws.guardduty.detector", DETECTOR, "its findings are no longer published")
            .contain("guardduty:CreatePublishingDestination")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The findings of GuardDuty detector {id} are no longer exported."),
        on("ArchiveFindings|DeleteInvitations|UpdateFindingsFeedback").touches("aws.guardduty.detector", DETECTOR, "findings or invitations were put away"),
    ],
};

const DETECTOR: &str = "requestParameters.detectorId";
const FILTER: &str = "responseElements.name|requestParameters.name";
const IP_SET: &str = "requestParameters.ipSetId|requestParameters.trustedEntitySetId";
