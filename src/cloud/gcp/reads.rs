//! Every question that we put to Google Cloud, by IAM permission: what `triage permissions` and the pre-flight ask for. What the
//! calls of a change and the looks around it need is said by its `spec()`.

use std::collections::BTreeSet;

/// To reach projects at all.
const REACH: &[&str] = &[
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
];

/// What is looked at: what a principal launched, made and is.
const INVENTORY: &[&str] = &[
    "apikeys.keys.get",
    "cloudscheduler.jobs.get",
    "compute.autoscalers.list",
    "compute.disks.list",
    "compute.firewalls.get",
    "compute.globalOperations.list",
    "compute.images.get",
    "compute.instanceGroupManagers.list",
    "compute.instanceTemplates.get",
    "compute.instances.list",
    "compute.snapshots.get",
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
