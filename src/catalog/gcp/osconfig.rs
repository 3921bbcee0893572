//! VM Manager: patch jobs and OS policies run scripts as root on many VMs at once.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const DEPLOYMENT: &str = "gcp.osconfig.patch_deployment";
const JOB: &str = "gcp.osconfig.patch_job";
const ASSIGNMENT: &str = "gcp.osconfig.os_policy_assignment";
/// By name, which a deletion has too, so that the pair joins.
const ASSIGNMENT_ID: &str = within!("osPolicyAssignments", "osPolicyAssignmentId");
const ASSIGNMENT_NAMES: &str =
    concat!(within!("osPolicyAssignments", "osPolicyAssignmentId"), "|protoPayload.response.uid");

pub static OSCONFIG: Service = Service {
    source: "osconfig.googleapis.com",
    rows: &[
        on("OsConfigService.ExecutePatchJob")
            .creates(JOB, within!("patchJobs"))
            .contain("osconfig.patchJobs.cancel")
            .finding(
                LateralMovement,
                &CLOUD_ADMIN_COMMAND,
                "Patch job {id} can run a script as root on every VM it matches.",
            ),
        on("OsConfigService.CancelPatchJob").deletes(JOB, within!("patchJobs")),
        on("OsConfigService.CreatePatchDeployment")
            .creates(DEPLOYMENT, within!("patchDeployments", "patchDeploymentId"))
            .names(within!("patchDeployments", "patchDeploymentId"))
            .contain("osconfig.patchDeployments.pause;!osconfig.patchDeployments.delete")
            .finding(
                Persistence,
                &SCHEDULED_TASK,
                "Patch deployment {id} runs its scripts as root on every VM it matches, again and again.",
            )
            .pair("gcp.osconfig.deployment"),
        on("OsConfigService.PausePatchDeployment")
            .touches(DEPLOYMENT, within!("patchDeployments"), "paused")
            .undoes("gcp.osconfig.deployment"),
        on("OsConfigService.DeletePatchDeployment")
            .deletes(DEPLOYMENT, within!("patchDeployments"))
            .undoes("gcp.osconfig.deployment"),
        on("OsConfigZonalService.CreateOSPolicyAssignment")
            .creates(ASSIGNMENT, ASSIGNMENT_ID)
            .names(ASSIGNMENT_NAMES)
            .contain("!osconfig.osPolicyAssignments.delete")
            .finding(
                Persistence,
                &CLOUD_ADMIN_COMMAND,
                "OS policy {id} runs its commands as root on every VM it matches, now and on every new one.",
            )
            .pair("gcp.osconfig.assignment"),
        on("OsConfigZonalService.UpdateOSPolicyAssignment")
            .touches(
                ASSIGNMENT,
                concat!(
                    within!("osPolicyAssignments"),
                    "|protoPayload.request.osPolicyAssignment.name~/osPolicyAssignments/"
                ),
                "changed",
            )
            .names("protoPayload.response.uid")
            .contain("!osconfig.osPolicyAssignments.delete")
            .finding(
                Persistence,
                &CLOUD_ADMIN_COMMAND,
                "OS policy {id} was changed; see what it runs as root now and where.",
            ),
        on("OsConfigZonalService.DeleteOSPolicyAssignment")
            .deletes(ASSIGNMENT, ASSIGNMENT_ID)
            .names(ASSIGNMENT_NAMES)
            .undoes("gcp.osconfig.assignment"),
    ],
};
