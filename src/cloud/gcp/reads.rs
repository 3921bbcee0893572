//! Every question that we put to Google Cloud, by IAM permission: what `triage permissions` and the pre-flight ask for. What the
//! calls of a change and the looks around it need is said by its `spec()`.

use std::collections::BTreeSet;

/// To reach projects at all.
const REACH: &[&str] = &[
    "billing.resourceAssociations.list",
    "cloudasset.assets.searchAllIamPolicies",
    "cloudasset.assets.searchAllResources",
    "resourcemanager.folders.get",
    "resourcemanager.folders.list",
    "resourcemanager.organizations.get",
    "resourcemanager.projects.get",
    "resourcemanager.projects.list",
    "serviceusage.services.use",
];

/// Where records are.
const LOGS: &[&str] = &[
    "logging.buckets.list",
    "logging.logEntries.list",
    "logging.privateLogEntries.list",
    "logging.sinks.list",
    "logging.views.access",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    "resourcemanager.projects.getIamPolicy",
];

/// What is looked at: what a principal launched, made and is.
const INVENTORY: &[&str] = &[
    "apikeys.keys.get",
    "cloudscheduler.jobs.get",
    "compute.autoscalers.list",
    "compute.disks.list",
    "compute.firewalls.get",
    "compute.globalOperations.get",
    "compute.globalOperations.list",
    "compute.images.get",
    "compute.instanceGroupManagers.list",
    "compute.instanceTemplates.get",
    "compute.instances.list",
    "compute.regionOperations.get",
    "compute.snapshots.get",
    "compute.zoneOperations.get",
    "iam.serviceAccounts.get",
    "iam.workloadIdentityPoolProviders.get",
];

/// What an account is and what it holds.
const IDENTITY: &[&str] = &[
    "compute.instances.list",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "orgpolicy.policy.get",
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
    "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
    "storage.hmacKeys.list",
];

pub fn reach() -> BTreeSet<&'static str> {
    REACH.iter().copied().collect()
}

pub fn inventory() -> BTreeSet<&'static str> {
    INVENTORY.iter().copied().collect()
}

pub fn identity() -> BTreeSet<&'static str> {
    IDENTITY.iter().copied().collect()
}

/// Everything that an audit asks.
pub fn audit() -> BTreeSet<&'static str> {
    [REACH, LOGS, INVENTORY, IDENTITY].into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::GcpChange;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Every call of the code and the permission that it needs.
    const CALLS: &[(&str, &str)] = &[
        ("apikeys.projects.locations.keys.delete", "apikeys.keys.delete"),
        ("apikeys.projects.locations.keys.get", "apikeys.keys.get"),
        ("apikeys.projects.locations.keys.undelete", "apikeys.keys.undelete"),
        ("cloudasset.searchAllIamPolicies", "cloudasset.assets.searchAllIamPolicies"),
        ("cloudasset.searchAllResources", "cloudasset.assets.searchAllResources"),
        ("cloudbilling.billingAccounts.projects.list", "billing.resourceAssociations.list"),
        // The public catalog.
        ("cloudbilling.services.skus.list", ""),
        ("cloudscheduler.projects.locations.jobs.get", "cloudscheduler.jobs.get"),
        ("cloudscheduler.projects.locations.jobs.pause", "cloudscheduler.jobs.pause"),
        ("cloudscheduler.projects.locations.jobs.resume", "cloudscheduler.jobs.enable"),
        ("compute.autoscalers.aggregatedList", "compute.autoscalers.list"),
        ("compute.autoscalers.get", "compute.autoscalers.get"),
        ("compute.autoscalers.patch", "compute.autoscalers.update"),
        ("compute.disks.aggregatedList", "compute.disks.list"),
        ("compute.disks.getIamPolicy", "compute.disks.getIamPolicy"),
        ("compute.disks.setIamPolicy", "compute.disks.setIamPolicy"),
        ("compute.firewalls.delete", "compute.firewalls.delete"),
        ("compute.firewalls.get", "compute.firewalls.get"),
        ("compute.firewalls.insert", "compute.firewalls.create"),
        ("compute.firewalls.patch", "compute.firewalls.update"),
        ("compute.globalOperations.aggregatedList", "compute.globalOperations.list"),
        ("compute.globalOperations.get", "compute.globalOperations.get"),
        ("compute.images.get", "compute.images.get"),
        ("compute.images.getIamPolicy", "compute.images.getIamPolicy"),
        ("compute.images.setIamPolicy", "compute.images.setIamPolicy"),
        ("compute.instanceGroupManagers.aggregatedList", "compute.instanceGroupManagers.list"),
        ("compute.instanceGroupManagers.delete", "compute.instanceGroupManagers.delete"),
        ("compute.instanceGroupManagers.get", "compute.instanceGroupManagers.get"),
        ("compute.instanceGroupManagers.startInstances", "compute.instanceGroupManagers.update"),
        ("compute.instanceGroupManagers.stopInstances", "compute.instanceGroupManagers.update"),
        ("compute.instanceTemplates.delete", "compute.instanceTemplates.delete"),
        ("compute.instanceTemplates.get", "compute.instanceTemplates.get"),
        ("compute.instances.addAccessConfig", "compute.instances.addAccessConfig"),
        ("compute.instances.aggregatedList", "compute.instances.list"),
        ("compute.instances.delete", "compute.instances.delete"),
        ("compute.instances.deleteAccessConfig", "compute.instances.deleteAccessConfig"),
        ("compute.instances.get", "compute.instances.get"),
        ("compute.instances.setDeletionProtection", "compute.instances.setDeletionProtection"),
        ("compute.instances.setMetadata", "compute.instances.setMetadata"),
        ("compute.instances.setTags", "compute.instances.setTags"),
        ("compute.instances.start", "compute.instances.start"),
        ("compute.instances.stop", "compute.instances.stop"),
        ("compute.projects.get", "compute.projects.get"),
        ("compute.projects.setCommonInstanceMetadata", "compute.projects.setCommonInstanceMetadata"),
        ("compute.regionAutoscalers.get", "compute.autoscalers.get"),
        ("compute.regionAutoscalers.patch", "compute.autoscalers.update"),
        ("compute.regionInstanceGroupManagers.delete", "compute.instanceGroupManagers.delete"),
        ("compute.regionInstanceGroupManagers.get", "compute.instanceGroupManagers.get"),
        ("compute.regionInstanceGroupManagers.startInstances", "compute.instanceGroupManagers.update"),
        ("compute.regionInstanceGroupManagers.stopInstances", "compute.instanceGroupManagers.update"),
        ("compute.regionOperations.get", "compute.regionOperations.get"),
        ("compute.snapshots.get", "compute.snapshots.get"),
        ("compute.snapshots.getIamPolicy", "compute.snapshots.getIamPolicy"),
        ("compute.snapshots.insert", "compute.snapshots.create"),
        ("compute.snapshots.setIamPolicy", "compute.snapshots.setIamPolicy"),
        ("compute.zoneOperations.get", "compute.zoneOperations.get"),
        ("iam.policies.createPolicy", "iam.denypolicies.create"),
        ("iam.policies.delete", "iam.denypolicies.delete"),
        ("iam.policies.get", "iam.denypolicies.get"),
        (
            "iam.projects.locations.workloadIdentityPools.providers.get",
            "iam.workloadIdentityPoolProviders.get",
        ),
        (
            "iam.projects.locations.workloadIdentityPools.providers.patch",
            "iam.workloadIdentityPoolProviders.update",
        ),
        ("iam.projects.serviceAccounts.disable", "iam.serviceAccounts.disable"),
        ("iam.projects.serviceAccounts.enable", "iam.serviceAccounts.enable"),
        ("iam.projects.serviceAccounts.get", "iam.serviceAccounts.get"),
        ("iam.projects.serviceAccounts.getIamPolicy", "iam.serviceAccounts.getIamPolicy"),
        ("iam.projects.serviceAccounts.keys.disable", "iam.serviceAccountKeys.disable"),
        ("iam.projects.serviceAccounts.keys.enable", "iam.serviceAccountKeys.enable"),
        ("iam.projects.serviceAccounts.keys.get", "iam.serviceAccountKeys.get"),
        ("iam.projects.serviceAccounts.keys.list", "iam.serviceAccountKeys.list"),
        ("iam.projects.serviceAccounts.setIamPolicy", "iam.serviceAccounts.setIamPolicy"),
        ("logging.entries.list", "logging.logEntries.list"),
        ("logging.logEntries.list", "logging.logEntries.list"),
        ("logging.projects.locations.buckets.list", "logging.buckets.list"),
        ("logging.projects.sinks.list", "logging.sinks.list"),
        ("orgpolicy.projects.policies.getEffectivePolicy", "orgpolicy.policy.get"),
        (
            "policyanalyzer.projects.locations.activityTypes.activities.query",
            "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
        ),
        ("resourcemanager.folders.get", "resourcemanager.folders.get"),
        ("resourcemanager.folders.getIamPolicy", "resourcemanager.folders.getIamPolicy"),
        ("resourcemanager.folders.list", "resourcemanager.folders.list"),
        ("resourcemanager.folders.setIamPolicy", "resourcemanager.folders.setIamPolicy"),
        ("resourcemanager.organizations.getIamPolicy", "resourcemanager.organizations.getIamPolicy"),
        ("resourcemanager.organizations.search", "resourcemanager.organizations.get"),
        ("resourcemanager.organizations.setIamPolicy", "resourcemanager.organizations.setIamPolicy"),
        ("resourcemanager.projects.get", "resourcemanager.projects.get"),
        ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.getIamPolicy"),
        ("resourcemanager.projects.list", "resourcemanager.projects.list"),
        ("resourcemanager.projects.search", "resourcemanager.projects.get"),
        ("resourcemanager.projects.setIamPolicy", "resourcemanager.projects.setIamPolicy"),
        ("resourcemanager.projects.testIamPermissions", ""),
        ("storage.buckets.getIamPolicy", "storage.buckets.getIamPolicy"),
        ("storage.buckets.setIamPolicy", "storage.buckets.setIamPolicy"),
        ("storage.projects.hmacKeys.get", "storage.hmacKeys.get"),
        ("storage.projects.hmacKeys.list", "storage.hmacKeys.list"),
        ("storage.projects.hmacKeys.update", "storage.hmacKeys.update"),
    ];

    /// What looks like a call and is none: a constraint, beginnings of permissions, whose own name we may ask.
    const OTHERS: &[&str] = &[
        "iam.allowServiceAccountCredentialLifetimeExtension",
        "iam.denypolicies.",
        "oauth2.userinfo.get",
        "resourcemanager.folders.",
        "resourcemanager.organizations.",
        "logging.logEntries.list",
    ];

    /// Every text in the sources that reads `service.something.verb`.
    fn texts(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                texts(&path, found);
                continue;
            }
            if path.file_name().is_some_and(|name| name == "reads.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("UTF-8");
            // Quotes that are no text's ends.
            let source = source.replace("'\"'", "").replace("\\\"", "");
            for text in source.split('"').skip(1).step_by(2) {
                let words = text.split('.').count();
                let is_call = words >= 3 || text.starts_with("iam.") || text.starts_with("cloudasset.");
                let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
                let is_host = text.ends_with(".com") || text.contains("gserviceaccount");
                if is_call
                    && is_plain
                    && !is_host
                    && text.starts_with(char::is_lowercase)
                    && !text.starts_with("gcp.")
                {
                    found.insert(text.to_owned(), path.display().to_string());
                }
            }
        }
    }

    #[test]
    fn every_call_of_the_code_is_in_a_role() {
        let mut found = BTreeMap::new();
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/gcp"), &mut found);
        assert!(found.len() > 50, "only {} calls were found", found.len());
        let known: BTreeMap<&str, &str> = CALLS.iter().copied().collect();
        let changes = GcpChange::samples().unwrap();
        let held: BTreeSet<&str> = audit()
            .into_iter()
            .chain(changes.iter().flat_map(|change| change.spec().permissions.iter().copied()))
            .collect();
        for (call, file) in &found {
            if OTHERS.contains(&call.as_str()) {
                continue;
            }
            let permission =
                known.get(call.as_str()).unwrap_or_else(|| panic!("{call} of {file} is not in CALLS"));
            assert!(
                permission.is_empty() || held.contains(permission),
                "{permission} of {call} is in no list"
            );
        }
        for (call, _) in CALLS {
            assert!(found.contains_key(*call), "{call} is called nowhere");
        }
    }
}
