//! App Engine.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const VERSION: &str = "gcp.appengine.version";
const VERSION_ID: &str = concat!(
    within!("versions"),
    "|apps/{resource.labels.project_id}/services/{resource.labels.module_id}/versions/{resource.labels.version_id}"
);
const SERVICE_ID: &str = within!("services");
const RULE: &str = "gcp.appengine.firewall_rule";

pub static APPENGINE: Service = Service {
    source: "appengine.googleapis.com",
    rows: &[
        on("Versions.CreateVersion")
            .creates(VERSION, VERSION_ID)
            .names(VERSION_ID)
            .contain("appengine.apps.services.versions.patch;!appengine.apps.services.versions.delete")
            .note("Version {id} runs its maker's code; set it to STOPPED before deleting it."),
        on("Versions.UpdateVersion").touches(VERSION, VERSION_ID, "changed").names(VERSION_ID),
        on("Versions.DeleteVersion").deletes(VERSION, VERSION_ID).names(VERSION_ID).finding(
            Destruction,
            &SERVICE_STOP,
            "App Engine version {id} was deleted.",
        ),
        on("Services.UpdateService").touches("gcp.appengine.service", SERVICE_ID, "traffic moved"),
        on("Services.DeleteService").deletes("gcp.appengine.service", SERVICE_ID).finding(
            Destruction,
            &SERVICE_STOP,
            "App Engine service {id} was deleted with all its versions.",
        ),
        on("Applications.CreateApplication")
            .creates("gcp.appengine.application", "protoPayload.resourceName")
            .contain("appengine.apps.patch")
            .finding(
                Persistence,
                &CREATE_CLOUD_ACCOUNT,
                "App Engine was set up in {id}, which makes its default service account; an application can't be deleted again.",
            ),
        on("Instances.DebugInstance").touches("gcp.appengine.instance", "protoPayload.resourceName", "opened for SSH").finding(
            LateralMovement,
            &DIRECT_VM_CONNECTIONS,
            "App Engine instance {id} was opened for debugging, which lets its caller in over SSH.",
        ),
        on("Firewall.CreateIngressRule").creates(RULE, "protoPayload.resourceName").contain("!appengine.apps.firewall.ingressRules.delete"),
        on("Firewall.UpdateIngressRule").touches(RULE, "protoPayload.resourceName", "changed").finding(
            LateralMovement,
            &DISABLE_CLOUD_FIREWALL,
            "App Engine firewall rule {id} was changed; see whom it lets in now.",
        ),
        on("Firewall.DeleteIngressRule").deletes(RULE, "protoPayload.resourceName").finding(
            DefenseEvasion,
            &DISABLE_CLOUD_FIREWALL,
            "App Engine firewall rule {id} was deleted; if it denied, what it kept out can come in.",
        ),
    ],
};
