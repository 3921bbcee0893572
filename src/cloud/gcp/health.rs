//! What `triage doctor` asks besides: which APIs are on, which reads are logged, how long logs are kept. Changes nothing.

use super::Gcp;
use super::each::text;
use super::endpoints::{self, LOGGING, RESOURCEMANAGER, SERVICEUSAGE};
use super::rest::Ask;
use crate::cloud::CloudError;
use crate::model::Place;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By service, `allServices` among them: which kinds of reads are logged.
pub type DataAccess = BTreeMap<String, BTreeSet<String>>;

/// A log bucket of a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    pub id: String,
    pub location: String,
    pub days: u64,
}

impl Gcp {
    /// Whose quota our calls use, and where the APIs must be on: the quota project, else a service account's own.
    pub fn consumer(&self) -> Option<Arc<str>> {
        let own = || {
            let project = self.identity.name.strip_suffix(".iam.gserviceaccount.com")?.split_once('@')?.1;
            Some(project.into())
        };
        self.quota_project.clone().or_else(own)
    }

    /// Which of the APIs that we call are off in a project, by host; and how many there are.
    pub async fn apis_off(&self, project: &str) -> Result<(Vec<&'static str>, usize), CloudError> {
        let at = Place::new(project, "");
        let ask =
            Ask::get("serviceusage.services.list", &at, SERVICEUSAGE, "v1/projects/{}/services", &[project])?
                .with("filter", "state:ENABLED")
                .with("pageSize", 200);
        let on = self.rest.list(ask, "services").await?;
        let on: BTreeSet<&str> =
            on.iter().filter_map(|one| text(&one["config"], "name").or_else(|| last(one))).collect();
        let ours: Vec<&'static str> = endpoints::hosts().collect();
        let count = ours.len();
        Ok((ours.into_iter().filter(|host| !on.contains(host)).collect(), count))
    }

    /// Which reads a project, folder or organization (`folders/1`) has logged by itself; what is above adds to it.
    pub async fn data_access(&self, of: &str) -> Result<DataAccess, CloudError> {
        let at = Place::new(of, "");
        let (call, template) = match of.split('/').next() {
            Some("folders") => ("resourcemanager.folders.getIamPolicy", "v3/{+}:getIamPolicy"),
            Some("organizations") => ("resourcemanager.organizations.getIamPolicy", "v3/{+}:getIamPolicy"),
            _ => ("resourcemanager.projects.getIamPolicy", "v3/{+}:getIamPolicy"),
        };
        let ask = Ask::post(call, &at, RESOURCEMANAGER, template, &[of])?
            .body(json!({"options": {"requestedPolicyVersion": 3}}))
            .repeatable();
        Ok(read(&self.rest.json(&ask).await?))
    }

    /// The log buckets of a project.
    pub async fn buckets(&self, project: &str) -> Result<Vec<Bucket>, CloudError> {
        const CALL: &str = "logging.projects.locations.buckets.list";
        let at = Place::new(project, "");
        let ask = Ask::get(CALL, &at, LOGGING, "v2/projects/{}/locations/-/buckets", &[project])?;
        let all = self.rest.list(ask, "buckets").await?;
        Ok(all.iter().filter_map(bucket).collect())
    }
}

/// `projects/1/services/compute.googleapis.com`.
fn last(one: &Value) -> Option<&str> {
    text(one, "name").map(super::each::name)
}

/// `projects/P/locations/global/buckets/_Default`; one without a number keeps for the default's 30 days.
fn bucket(one: &Value) -> Option<Bucket> {
    let mut parts = text(one, "name")?.split('/').skip(3);
    let (location, _, id) = (parts.next()?, parts.next()?, parts.next()?);
    let days = one["retentionDays"].as_u64().filter(|days| *days > 0).unwrap_or(30);
    Some(Bucket { id: id.to_owned(), location: location.to_owned(), days })
}

fn read(policy: &Value) -> DataAccess {
    let mut found = DataAccess::new();
    for config in policy["auditConfigs"].as_array().into_iter().flatten() {
        let Some(service) = text(config, "service") else { continue };
        let kinds = config["auditLogConfigs"].as_array().into_iter().flatten();
        found
            .entry(service.to_owned())
            .or_default()
            .extend(kinds.filter_map(|one| text(one, "logType")).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_which_reads_are_logged() {
        let policy = json!({"auditConfigs": [
            {"service": "iam.googleapis.com", "auditLogConfigs": [{"logType": "ADMIN_READ"}]},
            {"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:a@example.com"]}, {"logType": "DATA_WRITE"}]},
            {"auditLogConfigs": [{"logType": "DATA_READ"}]}]});
        let found = read(&policy);
        assert_eq!(found.len(), 2);
        assert_eq!(found["allServices"].len(), 2);
        assert!(read(&json!({})).is_empty());
    }

    #[test]
    fn a_bucket_without_a_number_keeps_for_the_default() {
        let bucket = |one: Value| bucket(&one).map(|found| (found.id, found.location, found.days));
        let name = "projects/shop-prod-4821/locations/global/buckets/_Default";
        assert_eq!(bucket(json!({"name": name})), Some(("_Default".into(), "global".into(), 30)));
        assert_eq!(bucket(json!({"name": name, "retentionDays": 400})).map(|found| found.2), Some(400));
        assert_eq!(bucket(json!({"name": "x"})), None);
    }
}
