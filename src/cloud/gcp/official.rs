//! Google's own crates, for the changes that they know: Compute, service accounts and their keys, policies of the resource tree.
//!
//! The way that a request takes to the network, and nothing else: ids were checked when the [`Ask`] was made, and pacing,
//! repetition, what an error means and following an operation stay where they are for every call. The crates repeat nothing by
//! themselves. What they can't say (an endpoint whose paths are others', a field that they don't know) goes by `rest`, which
//! alone calls this. Two calls may go either way, by what is in them, because a policy or metadata must go back as they were read:
//! `setIamPolicy` by `rest` where the policy has `auditConfigs`, whose kinds of log the crate writes as numbers; `setMetadata` by
//! `rest` where the fingerprint is not in the URL's alphabet of base64, the only one that the crate reads, and Compute's own.

use super::endpoints::{Api, COMPUTE, Endpoints, IAM, RESOURCEMANAGER};
use super::error::{Told, told};
use super::rest::{Answer, Ask, Trouble, causes};
use google_cloud_auth::credentials::Credentials;
use google_cloud_compute_v1::{client as compute, model as thing};
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_iam_admin_v1::client::Iam;
use google_cloud_iam_v1::model::Policy;
use google_cloud_resourcemanager_v3::client as manager;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

/// The crates' own paths begin so.
const COMPUTE_PATH: &str = "compute/v1/";

/// Collections of a name, each before its id.
const ACCOUNT: &[&str] = &["projects", "serviceAccounts"];
const KEY: &[&str] = &["projects", "serviceAccounts", "keys"];

/// What could not be said this way.
struct Unsaid;

/// Why nothing came of it.
enum Why {
    Unsaid,
    Trouble(Trouble),
}

impl From<Unsaid> for Why {
    fn from(_: Unsaid) -> Why {
        Why::Unsaid
    }
}

type Sent = Result<Vec<u8>, Why>;

macro_rules! clients {
    ($($name:ident: $client:ty = $api:ident,)*) => {
        /// Clients, each made when it is first needed.
        pub(super) struct Official {
            credentials: Credentials,
            user_agent: String,
            $($name: OnceCell<$client>,)*
        }

        impl Official {
            pub fn new(credentials: Credentials, user_agent: &str) -> Official {
                Official { credentials, user_agent: user_agent.into(), $($name: OnceCell::new(),)* }
            }

            $(async fn $name(&self, endpoints: &Endpoints) -> Result<$client, Why> {
                let endpoint = endpoint(endpoints, $api)?;
                let made = self.$name.get_or_try_init(|| async {
                    <$client>::builder()
                        .with_endpoint(endpoint)
                        .with_credentials(self.credentials.clone())
                        .with_retry_policy(NeverRetry)
                        .build()
                        .await
                });
                made.await.cloned().map_err(|error| Why::Trouble(Trouble::Silent(causes(&error))))
            })*
        }
    };
}

clients! {
    instances: compute::Instances = COMPUTE,
    groups: compute::InstanceGroupManagers = COMPUTE,
    region_groups: compute::RegionInstanceGroupManagers = COMPUTE,
    scalers: compute::Autoscalers = COMPUTE,
    region_scalers: compute::RegionAutoscalers = COMPUTE,
    firewalls: compute::Firewalls = COMPUTE,
    snapshots: compute::Snapshots = COMPUTE,
    templates: compute::InstanceTemplates = COMPUTE,
    projects: compute::Projects = COMPUTE,
    iam: Iam = IAM,
    tree_projects: manager::Projects = RESOURCEMANAGER,
    tree_folders: manager::Folders = RESOURCEMANAGER,
    tree_organizations: manager::Organizations = RESOURCEMANAGER,
}

/// What the crates put their own paths behind.
fn endpoint(endpoints: &Endpoints, api: Api) -> Result<String, Unsaid> {
    let base = endpoints.base(api);
    match api == COMPUTE {
        true => base.strip_suffix(COMPUTE_PATH).map(str::to_owned).ok_or(Unsaid),
        false => Ok(base.to_owned()),
    }
}

/// A call with its ids in their order, then what it takes besides.
macro_rules! send {
    ($official:ident, $ask:ident, $endpoints:ident, $client:ident.$method:ident($($set:ident),*) $(, $($more:tt)*)?) => {{
        let mut ids = $ask.ids().iter().cloned();
        let call = $official.$client($endpoints).await?.$method()
            $(.$set(ids.next().ok_or(Unsaid)?))*
            .with_user_agent($official.user_agent.clone())
            .with_attempt_timeout($ask.attempt());
        $(let call = send!(@ call, $ask, $($more)*);)?
        answered(call.send().await)
    }};
    ($official:ident, $ask:ident, $endpoints:ident, policy $client:ident, $of:expr) => {{
        let policy = $ask.said().and_then(|body| body.get("policy")).ok_or(Unsaid)?;
        let call = $official.$client($endpoints).await?.set_iam_policy()
            .set_resource(named($of, $ask.ids())?)
            .set_policy(said::<Policy>(policy)?)
            .with_user_agent($official.user_agent.clone())
            .with_attempt_timeout($ask.attempt());
        answered(call.send().await)
    }};
    ($official:ident, $ask:ident, $endpoints:ident, $client:ident.$method:ident, $of:expr) => {{
        let call = $official.$client($endpoints).await?.$method()
            .set_name(named($of, $ask.ids())?)
            .with_user_agent($official.user_agent.clone())
            .with_attempt_timeout($ask.attempt());
        answered(call.send().await)
    }};
    (@ $call:ident, $ask:ident, once $(, $($more:tt)*)?) => {{
        let call = match $ask.asked("requestId") {
            Some(id) => $call.set_request_id(id),
            None => $call,
        };
        $(let call = send!(@ call, $ask, $($more)*);)?
        call
    }};
    (@ $call:ident, $ask:ident, flag $set:ident = $name:literal $(, $($more:tt)*)?) => {{
        let call = match $ask.asked($name) {
            Some(flag) => $call.$set(flag == "true"),
            None => $call,
        };
        $(let call = send!(@ call, $ask, $($more)*);)?
        call
    }};
    (@ $call:ident, $ask:ident, text $set:ident = $name:literal $(, $($more:tt)*)?) => {{
        let call = $call.$set($ask.asked($name).ok_or(Unsaid)?);
        $(let call = send!(@ call, $ask, $($more)*);)?
        call
    }};
    (@ $call:ident, $ask:ident, body $model:ty) => {
        $call.set_body(said::<$model>($ask.said().ok_or(Unsaid)?)?)
    };
}

impl Official {
    /// Sends a call that a crate knows; `None` for any other, and where the crate can't say all of it.
    pub async fn send(&self, ask: &Ask, endpoints: &Endpoints) -> Option<Result<Answer, Trouble>> {
        match self.sent(ask, endpoints).await {
            Ok(bytes) => Some(Ok(Answer { bytes })),
            Err(Why::Trouble(trouble)) => Some(Err(trouble)),
            Err(Why::Unsaid) => None,
        }
    }

    async fn sent(&self, ask: &Ask, at: &Endpoints) -> Sent {
        match ask.call {
            "compute.instances.stop" => {
                send!(self, ask, at, instances.stop(set_project, set_zone, set_instance), once,
                    flag set_no_graceful_shutdown = "noGracefulShutdown", flag set_discard_local_ssd = "discardLocalSsd")
            }
            "compute.instances.start" => {
                send!(self, ask, at, instances.start(set_project, set_zone, set_instance), once)
            }
            "compute.instances.delete" => {
                send!(self, ask, at, instances.delete(set_project, set_zone, set_instance), once)
            }
            "compute.instances.setTags" => {
                send!(self, ask, at, instances.set_tags(set_project, set_zone, set_instance), once, body thing::Tags)
            }
            "compute.instances.setMetadata" => {
                send!(self, ask, at, instances.set_metadata(set_project, set_zone, set_instance), once, body thing::Metadata)
            }
            "compute.instances.setDeletionProtection" => {
                send!(self, ask, at, instances.set_deletion_protection(set_project, set_zone, set_resource), once,
                    flag set_deletion_protection = "deletionProtection")
            }
            "compute.instances.deleteAccessConfig" => {
                send!(self, ask, at, instances.delete_access_config(set_project, set_zone, set_instance), once,
                    text set_access_config = "accessConfig", text set_network_interface = "networkInterface")
            }
            "compute.instances.addAccessConfig" => {
                send!(self, ask, at, instances.add_access_config(set_project, set_zone, set_instance), once,
                    text set_network_interface = "networkInterface", body thing::AccessConfig)
            }
            "compute.firewalls.insert" => {
                send!(self, ask, at, firewalls.insert(set_project), once, body thing::Firewall)
            }
            "compute.firewalls.patch" => {
                send!(self, ask, at, firewalls.patch(set_project, set_firewall), once, body thing::Firewall)
            }
            "compute.firewalls.delete" => {
                send!(self, ask, at, firewalls.delete(set_project, set_firewall), once)
            }
            "compute.snapshots.insert" => {
                send!(self, ask, at, snapshots.insert(set_project), once, body thing::Snapshot)
            }
            "compute.instanceTemplates.delete" => {
                send!(self, ask, at, templates.delete(set_project, set_instance_template), once)
            }
            "compute.projects.setCommonInstanceMetadata" => {
                send!(self, ask, at, projects.set_common_instance_metadata(set_project), once, body thing::Metadata)
            }
            "compute.instanceGroupManagers.delete" => {
                send!(self, ask, at, groups.delete(set_project, set_zone, set_instance_group_manager), once)
            }
            "compute.regionInstanceGroupManagers.delete" => {
                send!(
                    self,
                    ask,
                    at,
                    region_groups.delete(set_project, set_region, set_instance_group_manager),
                    once
                )
            }
            "compute.instanceGroupManagers.stopInstances" => {
                send!(self, ask, at, groups.stop_instances(set_project, set_zone, set_instance_group_manager), once,
                    body thing::InstanceGroupManagersStopInstancesRequest)
            }
            "compute.instanceGroupManagers.startInstances" => {
                send!(self, ask, at, groups.start_instances(set_project, set_zone, set_instance_group_manager), once,
                    body thing::InstanceGroupManagersStartInstancesRequest)
            }
            "compute.regionInstanceGroupManagers.stopInstances" => {
                send!(self, ask, at, region_groups.stop_instances(set_project, set_region, set_instance_group_manager), once,
                    body thing::RegionInstanceGroupManagersStopInstancesRequest)
            }
            "compute.regionInstanceGroupManagers.startInstances" => {
                send!(self, ask, at, region_groups.start_instances(set_project, set_region, set_instance_group_manager), once,
                    body thing::RegionInstanceGroupManagersStartInstancesRequest)
            }
            "compute.autoscalers.patch" => {
                send!(self, ask, at, scalers.patch(set_project, set_zone), once, text set_autoscaler = "autoscaler", body thing::Autoscaler)
            }
            "compute.regionAutoscalers.patch" => {
                send!(self, ask, at, region_scalers.patch(set_project, set_region), once, text set_autoscaler = "autoscaler", body thing::Autoscaler)
            }
            "iam.projects.serviceAccounts.disable" => {
                send!(self, ask, at, iam.disable_service_account, ACCOUNT)
            }
            "iam.projects.serviceAccounts.enable" => {
                send!(self, ask, at, iam.enable_service_account, ACCOUNT)
            }
            "iam.projects.serviceAccounts.keys.disable" => {
                send!(self, ask, at, iam.disable_service_account_key, KEY)
            }
            "iam.projects.serviceAccounts.keys.enable" => {
                send!(self, ask, at, iam.enable_service_account_key, KEY)
            }
            "iam.projects.serviceAccounts.setIamPolicy" => send!(self, ask, at, policy iam, ACCOUNT),
            "resourcemanager.projects.setIamPolicy" => {
                send!(self, ask, at, policy tree_projects, &["projects"])
            }
            "resourcemanager.folders.setIamPolicy" => send!(self, ask, at, policy tree_folders, &["folders"]),
            "resourcemanager.organizations.setIamPolicy" => {
                send!(self, ask, at, policy tree_organizations, &["organizations"])
            }
            _ => Err(Why::Unsaid),
        }
    }
}

/// A body as the crate means it; one that would come out as another is not said.
fn said<T: DeserializeOwned + Serialize>(body: &Value) -> Result<T, Unsaid> {
    let model: T = serde_json::from_value(body.clone()).map_err(|_| Unsaid)?;
    let again = serde_json::to_value(&model).map_err(|_| Unsaid)?;
    if without_empty(&again) == without_empty(body) { Ok(model) } else { Err(Unsaid) }
}

/// A value without what stands for nothing: the crates leave it out.
fn without_empty(value: &Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(key, value)| (key.clone(), without_empty(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(list) => list.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

/// `projects/P/serviceAccounts/E`.
fn named(of: &[&str], ids: &[String]) -> Result<String, Unsaid> {
    if of.len() != ids.len() {
        return Err(Unsaid);
    }
    let parts: Vec<String> = of.iter().zip(ids).map(|(of, id)| format!("{of}/{id}")).collect();
    Ok(parts.join("/"))
}

fn answered<T: Serialize>(answer: Result<T, Error>) -> Sent {
    let answer = answer.map_err(|error| Why::Trouble(trouble(&error)))?;
    serde_json::to_vec(&answer).map_err(|error| Why::Trouble(Trouble::Silent(error.to_string())))
}

/// An error as the answer said it: by status and reason, for the one place that knows what they mean.
fn trouble(error: &Error) -> Trouble {
    let Some(http) = error.http_status_code() else {
        return match error.is_authentication() {
            true => Trouble::Unsigned(causes(error)),
            false => Trouble::Silent(causes(error)),
        };
    };
    if let Some(body) = error.http_payload() {
        return Trouble::Answered(told(http, body));
    }
    let Some(status) = error.status() else {
        return Trouble::Answered(Told { http, ..Told::default() });
    };
    let details = serde_json::to_value(&status.details).unwrap_or_default();
    let reasons = details.as_array().into_iter().flatten().filter_map(|one| one["reason"].as_str());
    Trouble::Answered(Told {
        http,
        // What an older service does not name is no status.
        status: if status.code == Code::Unknown { String::new() } else { status.code.name().to_owned() },
        reasons: reasons.map(str::to_owned).collect(),
        message: status.message.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{CloudError, Refusal};
    use crate::model::Place;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn what_would_come_out_as_another_is_not_said() {
        let tags = json!({"items": ["a"], "fingerprint": "42WmSpB8rSM="});
        assert!(said::<thing::Tags>(&tags).is_ok());
        assert!(said::<thing::Tags>(&json!({"items": [], "fingerprint": "42WmSpB8rSM="})).is_ok());
        assert!(said::<thing::Tags>(&json!({"items": "a"})).is_err());
        let metadata = |fingerprint: &str| {
            let items =
                json!([{"key": "ssh-keys", "value": ""}, {"key": "startup-script", "value": "#! x\n"}]);
            said::<thing::Metadata>(
                &json!({"fingerprint": fingerprint, "items": items, "kind": "compute#metadata"}),
            )
        };
        assert!(metadata("42WmS-B8r_M=").is_ok(), "as Compute writes it");
        assert!(metadata("42WmS+B8r/M=").is_err());
        let rule = json!({"name": "x", "direction": "EGRESS", "priority": 0, "denied": [{"IPProtocol": "all"}], "disabled": false});
        assert!(said::<thing::Firewall>(&rule).is_ok());
        let policy = json!({"version": 3, "etag": "BwXhpPq1Jhk=", "bindings": [{"role": "r", "members": ["user:a"],
            "condition": {"title": "t", "expression": "e"}}]});
        assert!(said::<Policy>(&policy).is_ok(), "conditions are kept");
        let with = |word: &str, value: Value| {
            let mut policy = policy.clone();
            policy[word] = value;
            said::<Policy>(&policy).is_ok()
        };
        assert!(!with("etag", "no base64!".into()));
        // The crate writes a kind of log as a number: Google would take it, and what it says is not what was read.
        let logs = json!([{"logType": "DATA_READ", "exemptedMembers": ["user:b"]}]);
        assert!(!with("auditConfigs", json!([{"service": "allServices", "auditLogConfigs": logs}])));
    }

    #[test]
    fn paths_that_are_not_googles_go_the_other_way() {
        let with = |url: &str| {
            let env =
                BTreeMap::from([("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE".to_owned(), url.to_owned())]);
            endpoint(&Endpoints::new(&env).expect("an endpoint"), COMPUTE).ok()
        };
        assert_eq!(
            with("https://compute.example.com/compute/v1/").as_deref(),
            Some("https://compute.example.com/")
        );
        assert_eq!(with("https://compute.example.com/alpha/"), None);
    }

    #[test]
    fn errors_mean_what_their_reason_says_also_through_a_crate() {
        let at = Place::new("p", "");
        let of = |http: u16, body: Value| -> CloudError {
            let bytes = body.to_string().into_bytes();
            let plain = Error::http(http, Default::default(), bytes.into());
            let status = plain.http_payload().map(google_cloud_gax::error::rpc::Status::try_from);
            let error = match status {
                Some(Ok(status)) => Error::service_with_http_metadata(status, Some(http), None),
                _ => plain,
            };
            trouble(&error).error("x", &at)
        };
        let limited = json!({"error": {"code": 403, "message": "m", "errors": [{"reason": "rateLimitExceeded", "domain": "usageLimits"}]}});
        let refusal = |http, body| of(http, body).refusal;
        assert_eq!(refusal(403, limited), Refusal::Throttled);
        assert_eq!(
            refusal(
                403,
                json!({"error": {"code": 403, "message": "m", "errors": [{"reason": "forbidden"}]}})
            ),
            Refusal::Denied
        );
        let off = json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "m",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]}});
        assert_eq!(refusal(403, off), Refusal::Disabled);
        assert_eq!(
            refusal(404, json!({"error": {"code": 404, "message": "m", "errors": [{"reason": "notFound"}]}})),
            Refusal::NotFound
        );
        assert_eq!(
            refusal(409, json!({"error": {"code": 409, "status": "ABORTED", "message": "m"}})),
            Refusal::Conflict
        );
        assert_eq!(
            refusal(
                412,
                json!({"error": {"code": 412, "message": "m", "errors": [{"reason": "conditionNotMet"}]}})
            ),
            Refusal::Conflict
        );
        assert_eq!(refusal(503, json!("<html>")), Refusal::Failed);
    }
}
