//! OCSF 1.5.0's objects, as far as we fill them. <https://schema.ocsf.io/1.5.0>

use crate::model::Provider;
use crate::model::report::{Resource, Technique};
use serde::Serialize;
use serde_json::Value;

/// What every event has. A field is left out where nothing is known.
#[derive(Serialize)]
pub struct Head<'a> {
    pub category_uid: u32,
    pub category_name: &'static str,
    pub class_uid: u32,
    pub class_name: &'static str,
    pub activity_id: u32,
    pub activity_name: &'static str,
    /// Class times 100, and the activity.
    pub type_uid: u32,
    pub severity_id: u32,
    pub severity: &'static str,
    pub status_id: u32,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<&'a str>,
    /// Milliseconds since 1970.
    pub time: i64,
    pub time_dt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub metadata: Metadata<'a>,
    pub cloud: Cloud<'a>,
}

#[derive(Serialize)]
pub struct ApiActivity<'a> {
    #[serde(flatten)]
    pub head: Head<'a>,
    pub actor: Actor<'a>,
    pub api: Api<'a>,
    pub src_endpoint: Endpoint<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request: Option<HttpRequest<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceDetails<'a>>,
    pub unmapped: Value,
}

#[derive(Serialize)]
pub struct DetectionFinding<'a> {
    #[serde(flatten)]
    pub head: Head<'a>,
    pub confidence_id: u32,
    pub confidence: &'static str,
    pub is_alert: bool,
    pub finding_info: FindingInfo<'a>,
    pub evidences: Vec<Evidence<'a>>,
    pub resources: Vec<ResourceDetails<'a>>,
}

#[derive(Serialize)]
pub struct RemediationActivity<'a> {
    #[serde(flatten)]
    pub head: Head<'a>,
    pub command_uid: String,
    pub api: Api<'a>,
    pub remediation: Remediation,
    pub observables: Vec<Observable<'a>>,
    pub unmapped: Value,
}

#[derive(Serialize)]
pub struct Metadata<'a> {
    pub version: &'static str,
    pub product: Product,
    pub profiles: [&'static str; 2],
    /// Stable: the cloud's own event id, or the case's id and a number.
    pub uid: String,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_name: Option<&'static str>,
}

#[derive(Serialize)]
pub struct Product {
    pub name: &'static str,
    pub vendor_name: &'static str,
    pub version: &'static str,
}

impl<'a> Metadata<'a> {
    pub fn new(case: Option<&'a str>, uid: String, log_name: Option<&'static str>) -> Metadata<'a> {
        let product = Product { name: "triage", vendor_name: "triage", version: env!("CARGO_PKG_VERSION") };
        let profiles = ["cloud", "datetime"];
        Metadata { version: "1.5.0", product, profiles, uid, correlation_uid: case, log_name }
    }
}

#[derive(Serialize)]
pub struct Cloud<'a> {
    pub provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Account<'a> {
    pub uid: &'a str,
    pub type_id: u32,
    pub r#type: &'static str,
}

impl<'a> Cloud<'a> {
    pub fn new(provider: Provider, account: &'a str, region: &'a str) -> Cloud<'a> {
        let (name, type_id, kind) = match provider {
            Provider::Aws => ("AWS", 10, "AWS Account"),
            Provider::Gcp => ("GCP", 11, "GCP Project"),
        };
        let account = (!account.is_empty()).then_some(Account { uid: account, type_id, r#type: kind });
        Cloud { provider: name, account, region: (!region.is_empty()).then_some(region) }
    }
}

#[derive(Serialize)]
pub struct Actor<'a> {
    pub user: User<'a>,
}

#[derive(Serialize)]
pub struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_uid: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Api<'a> {
    pub operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response<'a>>,
}

#[derive(Serialize)]
pub struct Service<'a> {
    pub name: &'a str,
}

#[derive(Serialize)]
pub struct Response<'a> {
    pub error: &'a str,
}

/// Where it came from: an address, or the name of the service that called.
#[derive(Serialize)]
pub struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub svc_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
}

impl<'a> Endpoint<'a> {
    pub fn of(address: Option<&'a str>) -> Endpoint<'a> {
        let is_ip = |text: &&str| text.parse::<std::net::IpAddr>().is_ok();
        Endpoint {
            ip: address.filter(is_ip),
            svc_name: address.filter(|text| !is_ip(text)),
            // The record tells none, and the class wants one.
            name: address.is_none().then_some("unknown"),
        }
    }
}

#[derive(Serialize)]
pub struct HttpRequest<'a> {
    pub user_agent: &'a str,
}

#[derive(Serialize)]
pub struct ResourceDetails<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

impl<'a> ResourceDetails<'a> {
    pub fn of(one: &'a Resource) -> ResourceDetails<'a> {
        ResourceDetails {
            uid: &one.id,
            name: one.name.as_deref(),
            r#type: Some(one.kind),
            region: Some(&one.region),
        }
    }
}

#[derive(Serialize)]
pub struct FindingInfo<'a> {
    pub uid: String,
    pub title: &'static str,
    pub desc: &'a str,
    pub types: Vec<&'static str>,
    pub first_seen_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attack<'a>>,
    pub related_events: Vec<RelatedEvent<'a>>,
}

#[derive(Serialize)]
pub struct RelatedEvent<'a> {
    pub uid: &'a str,
}

#[derive(Serialize)]
pub struct Attack<'a> {
    pub version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technique: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_technique: Option<Named<'a>>,
}

#[derive(Serialize)]
pub struct Named<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
}

impl<'a> Attack<'a> {
    pub fn of(one: &'a Technique) -> Attack<'a> {
        let (technique, sub_technique) = match (one.id.split_once('.'), one.name.split_once(": ")) {
            (Some((above, _)), Some((family, name))) => {
                (Named { uid: above, name: Some(family) }, Some(Named { uid: one.id, name: Some(name) }))
            }
            (Some((above, _)), None) => {
                (Named { uid: above, name: None }, Some(Named { uid: one.id, name: Some(one.name) }))
            }
            (None, _) => (Named { uid: one.id, name: Some(one.name) }, None),
        };
        Attack { version: one.version, technique: Some(technique), sub_technique }
    }
}

#[derive(Serialize)]
pub struct Evidence<'a> {
    pub actor: Actor<'a>,
}

#[derive(Serialize)]
pub struct Remediation {
    pub desc: &'static str,
}

#[derive(Serialize)]
pub struct Observable<'a> {
    pub name: &'static str,
    pub type_id: u32,
    pub r#type: &'static str,
    pub value: &'a str,
}
