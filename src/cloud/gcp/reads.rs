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
    "serviceusage.services.list",
    "serviceusage.services.use",
];

/// Where records are.
const LOGS: &[&str] = &[
    "logging.buckets.get",
    "logging.buckets.list",
    "logging.logEntries.list",
    "logging.privateLogEntries.list",
    "logging.sinks.list",
    "logging.views.access",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    "resourcemanager.projects.getIamPolicy",
];

/// Where a log sink or log analytics holds records: `--bigquery`. A question is a job there: it changes nothing, and bills.
const PUSHDOWN: &[&str] =
    &["bigquery.jobs.create", "bigquery.tables.get", "bigquery.tables.getData", "bigquery.tables.list"];

/// What is looked at: what a principal launched, made and is.
const INVENTORY: &[&str] = &[
    "aiplatform.batchPredictionJobs.get",
    "aiplatform.customJobs.get",
    "aiplatform.endpoints.get",
    "aiplatform.hyperparameterTuningJobs.get",
    "aiplatform.nasJobs.get",
    "aiplatform.notebookRuntimes.get",
    "aiplatform.persistentResources.get",
    "aiplatform.pipelineJobs.get",
    "aiplatform.schedules.get",
    "aiplatform.trainingPipelines.get",
    "apikeys.keys.get",
    "appengine.versions.get",
    "batch.jobs.get",
    "cloudbuild.builds.get",
    "cloudfunctions.functions.get",
    "cloudscheduler.jobs.get",
    "cloudsql.instances.get",
    "composer.environments.get",
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
    "container.clusters.get",
    "dataflow.jobs.get",
    "dataproc.batches.get",
    "dataproc.clusters.get",
    "dataproc.jobs.get",
    "dataproc.sessions.get",
    "file.instances.get",
    "iam.serviceAccounts.get",
    "iam.workloadIdentityPoolProviders.get",
    "logging.exclusions.get",
    "logging.sinks.get",
    "notebooks.instances.get",
    "run.executions.get",
    "run.executions.list",
    "run.jobs.get",
    "run.services.get",
    "run.workerpools.get",
    "tpu.nodes.get",
    "tpu.queuedresources.get",
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
    [REACH, LOGS, PUSHDOWN, INVENTORY, IDENTITY].into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::GcpChange;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Every call of the code and the permission that it needs.
    const CALLS: &[(&str, &str)] = &[
        ("aiplatform.projects.locations.batchPredictionJobs.cancel", "aiplatform.batchPredictionJobs.cancel"),
        ("aiplatform.projects.locations.batchPredictionJobs.delete", "aiplatform.batchPredictionJobs.delete"),
        ("aiplatform.projects.locations.batchPredictionJobs.get", "aiplatform.batchPredictionJobs.get"),
        ("aiplatform.projects.locations.customJobs.cancel", "aiplatform.customJobs.cancel"),
        ("aiplatform.projects.locations.customJobs.delete", "aiplatform.customJobs.delete"),
        ("aiplatform.projects.locations.customJobs.get", "aiplatform.customJobs.get"),
        ("aiplatform.projects.locations.endpoints.delete", "aiplatform.endpoints.delete"),
        ("aiplatform.projects.locations.endpoints.deployModel", "aiplatform.endpoints.deploy"),
        ("aiplatform.projects.locations.endpoints.get", "aiplatform.endpoints.get"),
        ("aiplatform.projects.locations.endpoints.undeployModel", "aiplatform.endpoints.undeploy"),
        (
            "aiplatform.projects.locations.hyperparameterTuningJobs.cancel",
            "aiplatform.hyperparameterTuningJobs.cancel",
        ),
        (
            "aiplatform.projects.locations.hyperparameterTuningJobs.delete",
            "aiplatform.hyperparameterTuningJobs.delete",
        ),
        (
            "aiplatform.projects.locations.hyperparameterTuningJobs.get",
            "aiplatform.hyperparameterTuningJobs.get",
        ),
        ("aiplatform.projects.locations.nasJobs.cancel", "aiplatform.nasJobs.cancel"),
        ("aiplatform.projects.locations.nasJobs.delete", "aiplatform.nasJobs.delete"),
        ("aiplatform.projects.locations.nasJobs.get", "aiplatform.nasJobs.get"),
        ("aiplatform.projects.locations.notebookRuntimes.delete", "aiplatform.notebookRuntimes.delete"),
        ("aiplatform.projects.locations.notebookRuntimes.get", "aiplatform.notebookRuntimes.get"),
        ("aiplatform.projects.locations.notebookRuntimes.start", "aiplatform.notebookRuntimes.start"),
        ("aiplatform.projects.locations.notebookRuntimes.stop", "aiplatform.notebookRuntimes.stop"),
        ("aiplatform.projects.locations.persistentResources.delete", "aiplatform.persistentResources.delete"),
        ("aiplatform.projects.locations.persistentResources.get", "aiplatform.persistentResources.get"),
        ("aiplatform.projects.locations.pipelineJobs.cancel", "aiplatform.pipelineJobs.cancel"),
        ("aiplatform.projects.locations.pipelineJobs.delete", "aiplatform.pipelineJobs.delete"),
        ("aiplatform.projects.locations.pipelineJobs.get", "aiplatform.pipelineJobs.get"),
        ("aiplatform.projects.locations.schedules.delete", "aiplatform.schedules.delete"),
        ("aiplatform.projects.locations.schedules.get", "aiplatform.schedules.get"),
        ("aiplatform.projects.locations.schedules.pause", "aiplatform.schedules.update"),
        ("aiplatform.projects.locations.schedules.resume", "aiplatform.schedules.update"),
        ("aiplatform.projects.locations.trainingPipelines.cancel", "aiplatform.trainingPipelines.cancel"),
        ("aiplatform.projects.locations.trainingPipelines.delete", "aiplatform.trainingPipelines.delete"),
        ("aiplatform.projects.locations.trainingPipelines.get", "aiplatform.trainingPipelines.get"),
        ("apikeys.projects.locations.keys.delete", "apikeys.keys.delete"),
        ("apikeys.projects.locations.keys.get", "apikeys.keys.get"),
        ("apikeys.projects.locations.keys.undelete", "apikeys.keys.undelete"),
        ("appengine.apps.services.versions.delete", "appengine.versions.delete"),
        ("appengine.apps.services.versions.get", "appengine.versions.get"),
        ("appengine.apps.services.versions.patch", "appengine.versions.update"),
        ("batch.projects.locations.jobs.cancel", "batch.jobs.cancel"),
        ("batch.projects.locations.jobs.delete", "batch.jobs.delete"),
        ("batch.projects.locations.jobs.get", "batch.jobs.get"),
        // Who may create a job may ask what came of it, and end it.
        ("bigquery.jobs.cancel", "bigquery.jobs.create"),
        ("bigquery.jobs.getQueryResults", "bigquery.jobs.create"),
        ("bigquery.jobs.query", "bigquery.jobs.create"),
        ("bigquery.tables.get", "bigquery.tables.get"),
        ("bigquery.tables.list", "bigquery.tables.list"),
        ("billingbudgets.budgets.create", "billing.budgets.create"),
        ("billingbudgets.budgets.delete", "billing.budgets.delete"),
        ("billingbudgets.budgets.get", "billing.budgets.get"),
        ("billingbudgets.budgets.list", "billing.budgets.list"),
        ("billingbudgets.budgets.patch", "billing.budgets.update"),
        ("cloudasset.searchAllIamPolicies", "cloudasset.assets.searchAllIamPolicies"),
        ("cloudasset.searchAllResources", "cloudasset.assets.searchAllResources"),
        ("cloudbilling.billingAccounts.projects.list", "billing.resourceAssociations.list"),
        ("cloudbilling.projects.getBillingInfo", "resourcemanager.projects.get"),
        ("cloudbilling.projects.updateBillingInfo", "resourcemanager.projects.createBillingAssignment"),
        // The public catalog.
        ("cloudbilling.services.skus.list", ""),
        ("cloudbuild.projects.locations.builds.cancel", "cloudbuild.builds.update"),
        ("cloudbuild.projects.locations.builds.get", "cloudbuild.builds.get"),
        ("cloudbuild.projects.locations.triggers.delete", "cloudbuild.builds.update"),
        ("cloudbuild.projects.locations.triggers.get", "cloudbuild.builds.get"),
        ("cloudbuild.projects.locations.triggers.patch", "cloudbuild.builds.update"),
        ("cloudfunctions.projects.locations.functions.delete", "cloudfunctions.functions.delete"),
        ("cloudfunctions.projects.locations.functions.get", "cloudfunctions.functions.get"),
        ("cloudfunctions.projects.locations.functions.getIamPolicy", "cloudfunctions.functions.getIamPolicy"),
        ("cloudfunctions.projects.locations.functions.patch", "cloudfunctions.functions.update"),
        ("cloudfunctions.projects.locations.functions.setIamPolicy", "cloudfunctions.functions.setIamPolicy"),
        ("cloudscheduler.projects.locations.jobs.get", "cloudscheduler.jobs.get"),
        ("cloudscheduler.projects.locations.jobs.pause", "cloudscheduler.jobs.pause"),
        ("cloudscheduler.projects.locations.jobs.resume", "cloudscheduler.jobs.enable"),
        // What kinds of cases there are is no secret.
        ("cloudsupport.caseClassifications.search", ""),
        ("cloudsupport.cases.create", "cloudsupport.techCases.create"),
        ("cloudsupport.cases.list", "cloudsupport.techCases.list"),
        ("composer.projects.locations.environments.delete", "composer.environments.delete"),
        ("composer.projects.locations.environments.get", "composer.environments.get"),
        ("composer.projects.locations.environments.saveSnapshot", "composer.environments.update"),
        ("compute.autoscalers.aggregatedList", "compute.autoscalers.list"),
        ("compute.autoscalers.delete", "compute.autoscalers.delete"),
        ("compute.autoscalers.get", "compute.autoscalers.get"),
        ("compute.autoscalers.insert", "compute.autoscalers.create"),
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
        ("compute.instanceGroupManagers.listManagedInstances", "compute.instanceGroupManagers.get"),
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
        ("compute.regionAutoscalers.delete", "compute.autoscalers.delete"),
        ("compute.regionAutoscalers.get", "compute.autoscalers.get"),
        ("compute.regionAutoscalers.insert", "compute.autoscalers.create"),
        ("compute.regionAutoscalers.patch", "compute.autoscalers.update"),
        ("compute.regionInstanceGroupManagers.delete", "compute.instanceGroupManagers.delete"),
        ("compute.regionInstanceGroupManagers.get", "compute.instanceGroupManagers.get"),
        ("compute.regionInstanceGroupManagers.listManagedInstances", "compute.instanceGroupManagers.get"),
        ("compute.regionInstanceGroupManagers.startInstances", "compute.instanceGroupManagers.update"),
        ("compute.regionInstanceGroupManagers.stopInstances", "compute.instanceGroupManagers.update"),
        ("compute.regionOperations.get", "compute.regionOperations.get"),
        ("compute.snapshots.get", "compute.snapshots.get"),
        ("compute.snapshots.getIamPolicy", "compute.snapshots.getIamPolicy"),
        ("compute.snapshots.insert", "compute.snapshots.create"),
        ("compute.snapshots.setIamPolicy", "compute.snapshots.setIamPolicy"),
        ("compute.zoneOperations.get", "compute.zoneOperations.get"),
        ("container.projects.locations.clusters.delete", "container.clusters.delete"),
        ("container.projects.locations.clusters.get", "container.clusters.get"),
        ("container.projects.locations.clusters.nodePools.delete", "container.clusters.update"),
        ("container.projects.locations.clusters.nodePools.setAutoscaling", "container.clusters.update"),
        ("container.projects.locations.clusters.nodePools.setManagement", "container.clusters.update"),
        ("container.projects.locations.clusters.update", "container.clusters.update"),
        ("dataflow.projects.locations.jobs.get", "dataflow.jobs.get"),
        ("dataflow.projects.locations.jobs.update", "dataflow.jobs.cancel"),
        ("dataproc.projects.locations.batches.delete", "dataproc.batches.delete"),
        ("dataproc.projects.locations.batches.get", "dataproc.batches.get"),
        ("dataproc.projects.locations.sessions.delete", "dataproc.sessions.delete"),
        ("dataproc.projects.locations.sessions.get", "dataproc.sessions.get"),
        ("dataproc.projects.locations.sessions.terminate", "dataproc.sessions.terminate"),
        ("dataproc.projects.regions.clusters.delete", "dataproc.clusters.delete"),
        ("dataproc.projects.regions.clusters.get", "dataproc.clusters.get"),
        ("dataproc.projects.regions.clusters.start", "dataproc.clusters.start"),
        ("dataproc.projects.regions.clusters.stop", "dataproc.clusters.stop"),
        ("dataproc.projects.regions.jobs.cancel", "dataproc.jobs.cancel"),
        ("dataproc.projects.regions.jobs.delete", "dataproc.jobs.delete"),
        ("dataproc.projects.regions.jobs.get", "dataproc.jobs.get"),
        ("dataproc.projects.regions.operations.cancel", "dataproc.operations.cancel"),
        ("essentialcontacts.contacts.create", "essentialcontacts.contacts.create"),
        ("essentialcontacts.contacts.delete", "essentialcontacts.contacts.delete"),
        ("essentialcontacts.contacts.get", "essentialcontacts.contacts.get"),
        ("essentialcontacts.contacts.list", "essentialcontacts.contacts.list"),
        ("essentialcontacts.contacts.patch", "essentialcontacts.contacts.update"),
        ("file.projects.locations.backups.create", "file.backups.create"),
        ("file.projects.locations.backups.get", "file.backups.get"),
        ("file.projects.locations.instances.delete", "file.instances.delete"),
        ("file.projects.locations.instances.get", "file.instances.get"),
        ("file.projects.locations.instances.patch", "file.instances.update"),
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
        ("logging.exclusions.create", "logging.exclusions.create"),
        ("logging.exclusions.delete", "logging.exclusions.delete"),
        ("logging.exclusions.get", "logging.exclusions.get"),
        ("logging.exclusions.patch", "logging.exclusions.update"),
        ("logging.folders.sinks.list", "logging.sinks.list"),
        ("logging.logEntries.list", "logging.logEntries.list"),
        ("logging.organizations.sinks.list", "logging.sinks.list"),
        ("logging.projects.locations.buckets.get", "logging.buckets.get"),
        ("logging.projects.locations.buckets.list", "logging.buckets.list"),
        ("logging.sinks.create", "logging.sinks.create"),
        ("logging.sinks.delete", "logging.sinks.delete"),
        ("logging.sinks.get", "logging.sinks.get"),
        ("logging.sinks.patch", "logging.sinks.update"),
        ("notebooks.projects.locations.instances.delete", "notebooks.instances.delete"),
        ("notebooks.projects.locations.instances.get", "notebooks.instances.get"),
        ("notebooks.projects.locations.instances.start", "notebooks.instances.start"),
        ("notebooks.projects.locations.instances.stop", "notebooks.instances.stop"),
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
        ("resourcemanager.liens.create", "resourcemanager.projects.updateLiens"),
        ("resourcemanager.liens.delete", "resourcemanager.projects.updateLiens"),
        ("resourcemanager.liens.get", "resourcemanager.projects.get"),
        ("resourcemanager.liens.list", "resourcemanager.projects.get"),
        ("resourcemanager.organizations.getIamPolicy", "resourcemanager.organizations.getIamPolicy"),
        ("resourcemanager.organizations.search", "resourcemanager.organizations.get"),
        ("resourcemanager.organizations.setIamPolicy", "resourcemanager.organizations.setIamPolicy"),
        ("resourcemanager.projects.delete", "resourcemanager.projects.delete"),
        ("resourcemanager.projects.get", "resourcemanager.projects.get"),
        ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.getIamPolicy"),
        ("resourcemanager.projects.list", "resourcemanager.projects.list"),
        ("resourcemanager.projects.search", "resourcemanager.projects.get"),
        ("resourcemanager.projects.setIamPolicy", "resourcemanager.projects.setIamPolicy"),
        ("resourcemanager.projects.testIamPermissions", ""),
        ("resourcemanager.projects.undelete", "resourcemanager.projects.undelete"),
        ("run.projects.locations.jobs.delete", "run.jobs.delete"),
        ("run.projects.locations.jobs.executions.cancel", "run.executions.cancel"),
        ("run.projects.locations.jobs.executions.get", "run.executions.get"),
        ("run.projects.locations.jobs.executions.list", "run.executions.list"),
        ("run.projects.locations.jobs.get", "run.jobs.get"),
        ("run.projects.locations.services.delete", "run.services.delete"),
        ("run.projects.locations.services.get", "run.services.get"),
        ("run.projects.locations.services.patch", "run.services.update"),
        ("run.projects.locations.workerPools.delete", "run.workerpools.delete"),
        ("run.projects.locations.workerPools.get", "run.workerpools.get"),
        ("run.projects.locations.workerPools.patch", "run.workerpools.update"),
        ("serviceusage.services.disable", "serviceusage.services.disable"),
        ("serviceusage.services.enable", "serviceusage.services.enable"),
        ("serviceusage.services.get", "serviceusage.services.get"),
        ("serviceusage.services.list", "serviceusage.services.list"),
        ("sql.instances.delete", "cloudsql.instances.delete"),
        ("sql.instances.get", "cloudsql.instances.get"),
        ("sql.instances.patch", "cloudsql.instances.update"),
        ("storage.buckets.get", "storage.buckets.get"),
        ("storage.buckets.getIamPolicy", "storage.buckets.getIamPolicy"),
        ("storage.buckets.patch", "storage.buckets.update"),
        ("storage.buckets.setIamPolicy", "storage.buckets.setIamPolicy"),
        ("storage.objects.list", "storage.objects.list"),
        ("storage.projects.hmacKeys.get", "storage.hmacKeys.get"),
        ("storage.projects.hmacKeys.list", "storage.hmacKeys.list"),
        ("storage.projects.hmacKeys.update", "storage.hmacKeys.update"),
        ("tpu.projects.locations.nodes.delete", "tpu.nodes.delete"),
        ("tpu.projects.locations.nodes.get", "tpu.nodes.get"),
        ("tpu.projects.locations.nodes.start", "tpu.nodes.start"),
        ("tpu.projects.locations.nodes.stop", "tpu.nodes.stop"),
        ("tpu.projects.locations.queuedResources.delete", "tpu.queuedresources.delete"),
        ("tpu.projects.locations.queuedResources.get", "tpu.queuedresources.get"),
    ];

    /// What looks like a call and is none: a constraint, beginnings of permissions, whose own name we may ask.
    const OTHERS: &[&str] = &[
        "iam.allowServiceAccountCredentialLifetimeExtension",
        "billing.",
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
