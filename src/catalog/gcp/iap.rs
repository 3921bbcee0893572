//! Identity-Aware Proxy: tunnels to VMs and access to web services.

use super::common::{self, NAME};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const WEB: &str = "gcp.iap.web";

pub static IAP: Service = Service {
    source: "iap.googleapis.com",
    rows: &[
        on("IdentityAwareProxyAdminService.SetIamPolicy|IdentityAwareProxyAdminV1.SetIamPolicy")
            .touches(WEB, NAME, "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("iap.setIamPolicy")
            .tells(|record, facts| {
                common::policy(record, facts, WEB, LateralMovement, &ADDITIONAL_CLOUD_ROLES)
            }),
        on("IdentityAwareProxyAdminService.UpdateIapSettings")
            .touches(WEB, NAME, "settings changed")
            .finding(
                DefenseEvasion,
                &MODIFY_AUTH_PROCESS,
                "The access settings of {id} were changed; see who gets through now.",
            ),
        on("AuthorizeUser")
            .touches(
                WEB,
                "resource.labels.instance_id|protoPayload.resourceName",
                "reached through the proxy",
            )
            .names(NAME)
            .finding(
                LateralMovement,
                &REMOTE_CLOUD_SERVICES,
                "{id} was reached through the identity proxy: a tunnel to a VM or a protected web service.",
            ),
    ],
};
