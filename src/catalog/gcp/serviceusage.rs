//! Which APIs are on, and how much of them may be used. Older entries say `servicemanagement.googleapis.com`.

use super::common::{NAME, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Row, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const SERVICE: &str = "gcp.serviceusage.service";
/// Several at once in a batch; their names there are bare.
const SERVICE_ID: &str = "projects/{resource.labels.project_id}/services/{protoPayload.request.serviceName}|protoPayload.resourceName~.googleapis.com|protoPayload.request.name~/services/|protoPayload.request.serviceIds[]|protoPayload.request.serviceNames[]|protoPayload.resourceName";
const QUOTA: &str = "gcp.serviceusage.quota";

const ENABLE: Row = on("ServiceUsage.EnableService|ServiceUsage.BatchEnableServices|ServiceUsage.AddEnableRules|ServiceUsage.UpdateConsumerPolicyLRO|ServiceUsage.UpdateConsumerPolicy|ServiceManager.EnableService|ServiceManager.ActivateServices")
    .touches(SERVICE, SERVICE_ID, "enabled")
    .names(NAME)
    .contain("serviceusage.services.disable")
    .tells(enabled);
const DISABLE: Row = on("ServiceUsage.DisableService|ServiceUsage.BatchDisableServices|ServiceManager.DisableService|ServiceManager.DeactivateServices")
    .touches(SERVICE, SERVICE_ID, "disabled")
    .names(NAME)
    .contain("serviceusage.services.enable")
    .tells(disabled);

pub static SERVICEUSAGE: Service = Service {
    source: "serviceusage.googleapis.com",
    rows: &[
        ENABLE,
        DISABLE,
        on("ServiceUsage.CreateConsumerOverride|ServiceUsage.UpdateConsumerOverride|ServiceUsage.ImportConsumerOverrides|ServiceUsage.CreateAdminOverride|ServiceUsage.UpdateAdminOverride|ServiceUsage.ImportAdminOverrides")
            .touches(QUOTA, NAME, "overridden")
            .contain("!serviceusage.consumerOverrides.delete")
            .finding_without_technique(ResourceHijacking, "Quota {id} was changed, which often comes right before mass launches."),
        on("ServiceUsage.DeleteConsumerOverride|ServiceUsage.DeleteAdminOverride").touches(QUOTA, NAME, "override removed"),
        on("ServiceUsage.GenerateServiceIdentity").touches(SERVICE, SERVICE_ID, "service agent made"),
    ],
};

pub static SERVICEMANAGEMENT: Service =
    Service { source: "servicemanagement.googleapis.com", rows: &[ENABLE, DISABLE] };

/// APIs whose loss blinds or disarms the defenders.
const GUARDS: [&str; 8] = [
    "securitycenter",
    "logging",
    "monitoring",
    "cloudasset",
    "policyanalyzer",
    "accesscontextmanager",
    "containerthreatdetection",
    "websecurityscanner",
];

fn services(facts: &[Fact]) -> Vec<std::sync::Arc<str>> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Touched { resource, .. } if resource.kind == SERVICE => Some(resource.id.clone()),
            _ => None,
        })
        .collect()
}

fn short(service: &str) -> &str {
    let host = host(service);
    host.split('.').next().unwrap_or(host)
}

const PAIR: &str = "gcp.serviceusage.disable";

/// The API's own name: a batch says only that, a single call the path.
fn host(service: &str) -> &str {
    service.rsplit('/').next().unwrap_or(service)
}

/// Tells an API switched off: a guard's blinds, another's stops whatever uses it.
fn disabled(record: &Record, facts: &mut Vec<Fact>) {
    for service in services(facts) {
        let (service, is_guard) = (host(&service), GUARDS.contains(&short(&service)));
        let say = Say {
            kind: if is_guard { DefenseEvasion } else { Destruction },
            technique: if is_guard { &DISABLE_TOOLS } else { &SERVICE_STOP },
            subject: service,
            pair: PAIR,
            note: format!("API {service} was disabled; whatever uses it in this project fails."),
        };
        facts.push(say.fact(record));
    }
}

/// Tells APIs switched back on, and language-model APIs: every old API key of the project may use those from then on.
fn enabled(record: &Record, facts: &mut Vec<Fact>) {
    for service in services(facts) {
        let service = host(&service);
        facts.push(super::tell::undo(record, PAIR, service));
        if matches!(short(service), "generativelanguage" | "aiplatform") {
            let note = format!(
                "API {service} was enabled: API keys of this project, also old ones, may now run language models at your cost."
            );
            facts.push(
                Say {
                    kind: ServiceAbuse,
                    technique: &CLOUD_SERVICE_HIJACKING,
                    subject: service,
                    pair: "",
                    note,
                }
                .fact(record),
            );
        }
    }
}
