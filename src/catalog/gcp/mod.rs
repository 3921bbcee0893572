//! What we know of Google Cloud: one file per service, one row per method.

pub mod accesscontextmanager;
pub mod admin;
pub mod aiplatform;
pub mod alloydb;
pub mod apikeys;
pub mod appengine;
pub mod artifactregistry;
pub mod batch;
pub mod bigquery;
pub mod bigtableadmin;
pub mod billingbudgets;
pub mod clientauthconfig;
pub mod cloudbilling;
pub mod cloudbuild;
pub mod cloudfunctions;
pub mod cloudkms;
pub mod cloudquotas;
pub mod cloudresourcemanager;
pub mod cloudscheduler;
pub mod cloudsql;
pub mod cloudtasks;
pub mod common;
pub mod composer;
pub mod compute;
pub mod compute_disk;
pub mod compute_network;
pub mod config;
pub mod container;
pub mod dataflow;
pub mod datafusion;
pub mod dataproc;
pub mod deploymentmanager;
pub mod dns;
pub mod essentialcontacts;
pub mod eventarc;
pub mod file;
pub mod generativelanguage;
pub mod iam;
pub mod iamcredentials;
pub mod iap;
pub mod k8s;
pub mod logging;
pub mod login;
pub mod ml;
pub mod monitoring;
pub mod name;
pub mod notebooks;
pub mod orgpolicy;
pub mod osconfig;
pub mod oslogin;
pub mod policy;
pub mod principals;
pub mod pubsub;
pub mod redis;
pub mod run;
pub mod secretmanager;
pub mod securitycenter;
pub mod serviceusage;
pub mod spanner;
pub mod ssh_serialport;
pub mod storage;
pub mod storage_hmac;
pub mod storagetransfer;
pub mod sts;
pub mod tell;
pub mod tpu;
pub mod vmwareengine;
pub mod vpcaccess;
pub mod workflows;
pub mod workstations;

use super::Service;

/// Every Google service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[
    &accesscontextmanager::ACCESSCONTEXTMANAGER,
    &admin::ADMIN,
    &aiplatform::AIPLATFORM,
    &alloydb::ALLOYDB,
    &apikeys::APIKEYS,
    &appengine::APPENGINE,
    &artifactregistry::ARTIFACTREGISTRY,
    &batch::BATCH,
    &bigquery::BIGQUERY,
    &bigtableadmin::BIGTABLEADMIN,
    &billingbudgets::BILLINGBUDGETS,
    &clientauthconfig::CLIENTAUTHCONFIG,
    &cloudbilling::CLOUDBILLING,
    &cloudbuild::CLOUDBUILD,
    &cloudfunctions::CLOUDFUNCTIONS,
    &cloudkms::CLOUDKMS,
    &cloudquotas::CLOUDQUOTAS,
    &cloudresourcemanager::RESOURCE_MANAGER,
    &cloudscheduler::CLOUDSCHEDULER,
    &cloudsql::CLOUDSQL,
    &cloudtasks::CLOUDTASKS,
    &composer::COMPOSER,
    &compute::COMPUTE_ENGINE,
    &compute_disk::COMPUTE_DISK,
    &compute_network::COMPUTE_NETWORK,
    &config::CONFIG,
    &container::CONTAINER,
    &dataflow::DATAFLOW,
    &datafusion::DATAFUSION,
    &dataproc::DATAPROC,
    &deploymentmanager::DEPLOYMENTMANAGER,
    &dns::DNS,
    &essentialcontacts::ESSENTIALCONTACTS,
    &eventarc::EVENTARC,
    &file::FILE,
    &generativelanguage::GENERATIVELANGUAGE,
    &iam::IAM,
    &iamcredentials::IAM_CREDENTIALS,
    &iap::IAP,
    &k8s::K8S,
    &logging::LOGGING,
    &login::LOGIN,
    &login::OAUTH2,
    &ml::ML,
    &monitoring::MONITORING,
    &notebooks::NOTEBOOKS,
    &orgpolicy::ORGPOLICY,
    &osconfig::OSCONFIG,
    &oslogin::OS_LOGIN,
    &pubsub::PUBSUB,
    &redis::REDIS,
    &run::RUN,
    &secretmanager::SECRETMANAGER,
    &securitycenter::SECURITYCENTER,
    &serviceusage::SERVICEMANAGEMENT,
    &serviceusage::SERVICEUSAGE,
    &spanner::SPANNER,
    &ssh_serialport::SSH_SERIALPORT,
    &storage::STORAGE,
    &storage_hmac::HMAC,
    &storagetransfer::STORAGETRANSFER,
    &sts::STS,
    &tpu::TPU,
    &vmwareengine::VMWAREENGINE,
    &vpcaccess::VPCACCESS,
    &workflows::WORKFLOWEXECUTIONS,
    &workflows::WORKFLOWS,
    &workstations::WORKSTATIONS,
];

/// Returns a method's name as rows spell it ([`super::Row::events`]).
///
/// Compute and its like lose the version in front (`beta.compute.instances.insert` → `compute.instances.insert`); gRPC
/// names keep `Service.Method`, or only the method where a package has no service between its version and the method
/// (`google.iam.admin.v1.CreateServiceAccountKey` → `CreateServiceAccountKey`); old `google.storage.objects.get` loses
/// `google.`; bare names, `storage.…`, `io.k8s.…` and anything else stay as they are.
pub fn normalize(service: &str, method: &str) -> String {
    if service == "k8s.io" {
        return method.to_owned();
    }
    if service == "storage.googleapis.com"
        && let Some(rest) = method.strip_prefix("google.").filter(|rest| rest.starts_with("storage."))
    {
        return rest.to_owned();
    }
    if let Some((front, rest)) = method.split_once('.')
        && is_version(front)
        && !rest.is_empty()
    {
        return rest.to_owned();
    }
    if !method.starts_with("google.") {
        return method.to_owned();
    }
    let mut back = method.rsplit('.');
    match (back.next(), back.next()) {
        (Some(last), Some(before)) if !last.is_empty() && is_version(before) => last.to_owned(),
        (Some(last), Some(before)) if !last.is_empty() && !before.is_empty() => format!("{before}.{last}"),
        (_, _) => method.to_owned(),
    }
}

/// Returns a service's name as [`Service::source`] spells it: the serial console logs under one name per region
/// (`us-central1-ssh-serialport.googleapis.com`).
pub fn service_of(name: &str) -> &str {
    const SERIAL: &str = "ssh-serialport.googleapis.com";
    if name.ends_with(SERIAL) { SERIAL } else { name }
}

/// `v1`, `v1beta1`, `v2alpha`, `beta`, `alpha`.
fn is_version(segment: &str) -> bool {
    let Some(digits) = segment.strip_prefix('v') else { return matches!(segment, "alpha" | "beta") };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let stage = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    rest.len() < digits.len() && (rest.is_empty() || matches!(stage, "alpha" | "beta"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_spelled_as_rows_spell_them() {
        for (service, method, expect) in [
            ("compute", "v1.compute.instances.insert", "compute.instances.insert"),
            ("compute", "beta.compute.regionInstances.bulkInsert", "compute.regionInstances.bulkInsert"),
            ("compute", "compute.instances.preempted", "compute.instances.preempted"),
            (
                "deploymentmanager",
                "v2.deploymentmanager.deployments.insert",
                "deploymentmanager.deployments.insert",
            ),
            ("iam", "google.iam.admin.v1.CreateServiceAccountKey", "CreateServiceAccountKey"),
            ("iam", "google.iam.admin.v1.SetIAMPolicy", "SetIAMPolicy"),
            (
                "iam",
                "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPool",
                "WorkloadIdentityPools.CreateWorkloadIdentityPool",
            ),
            (
                "aiplatform",
                "google.cloud.aiplatform.ui.JobService.CreateCustomJob",
                "JobService.CreateCustomJob",
            ),
            (
                "dataproc",
                "google.cloud.dataproc.v1beta2.ClusterController.CreateCluster",
                "ClusterController.CreateCluster",
            ),
            ("admin", "google.admin.AdminService.addGroupMember", "AdminService.addGroupMember"),
            ("us-central1-ssh-serialport", "google.ssh-serialport.v1.connect", "connect"),
            ("storage", "google.storage.objects.get", "storage.objects.get"),
            ("storage", "storage.hmacKeys.create", "storage.hmacKeys.create"),
            ("cloudresourcemanager", "SetIamPolicy", "SetIamPolicy"),
            ("x", "", ""),
            ("x", "google.", "google."),
            ("x", "v1.", "v1."),
            ("x", "vpn.tunnels.insert", "vpn.tunnels.insert"),
        ] {
            assert_eq!(normalize(&format!("{service}.googleapis.com"), method), expect, "{method}");
        }
        assert_eq!(normalize("k8s.io", "io.k8s.core.v1.pods.create"), "io.k8s.core.v1.pods.create");
        assert_eq!(service_of("us-central1-ssh-serialport.googleapis.com"), "ssh-serialport.googleapis.com");
        assert_eq!(service_of("iam.googleapis.com"), "iam.googleapis.com");
    }
}
