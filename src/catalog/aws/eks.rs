//! Amazon EKS: clusters, the groups that launch their nodes, and who may enter them. Requests call the cluster `name`.

use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{self, *};
use std::sync::Arc;

pub static EKS: Service = Service {
    source: "eks.amazonaws.com",
    rows: &[
        on("CreateCluster")
            .creates(
                "aws.eks.cluster",
                "responseElements.cluster.arn|requestParameters.name|requestParameters.clusterName",
            )
            .names("responseElements.cluster.name|requestParameters.name|requestParameters.clusterName")
            .contain("eks:DeleteNodegroup, eks:DeleteFargateProfile, eks:DeleteCluster")
            .tells(cluster_role),
        on("UpdateClusterConfig|UpdateClusterVersion|AssociateEncryptionConfig").touches(
            "aws.eks.cluster",
            "requestParameters.name|requestParameters.clusterName",
            "settings changed",
        ),
        on("DeleteCluster")
            .deletes(
                "aws.eks.cluster",
                "responseElements.cluster.arn|requestParameters.name|requestParameters.clusterName",
            )
            .names("responseElements.cluster.name|requestParameters.name|requestParameters.clusterName"),
        on("RegisterCluster")
            .creates("aws.eks.connected_cluster", "responseElements.cluster.arn|requestParameters.name")
            .names("requestParameters.name")
            .contain("eks:DeregisterCluster"),
        on("DeregisterCluster")
            .deletes("aws.eks.connected_cluster", "responseElements.cluster.arn|requestParameters.name")
            .names("requestParameters.name"),
        on("CreateNodegroup")
            .creates("aws.eks.nodegroup", "responseElements.nodegroup.nodegroupArn")
            .names(
                "requestParameters.name+requestParameters.nodegroupName\
                 |requestParameters.clusterName+requestParameters.nodegroupName",
            )
            .contain("eks:UpdateNodegroupConfig, eks:DeleteNodegroup")
            .tells(nodegroup),
        on("UpdateNodegroupConfig|UpdateNodegroupVersion")
            .touches(
                "aws.eks.nodegroup",
                "requestParameters.name+requestParameters.nodegroupName\
                 |requestParameters.clusterName+requestParameters.nodegroupName",
                "size or version changed",
            )
            .contain("eks:UpdateNodegroupConfig"),
        on("DeleteNodegroup")
            .deletes(
                "aws.eks.nodegroup",
                "responseElements.nodegroup.nodegroupArn\
                 |requestParameters.name+requestParameters.nodegroupName",
            )
            .names(
                "requestParameters.name+requestParameters.nodegroupName\
                 |requestParameters.clusterName+requestParameters.nodegroupName",
            ),
        on("CreateFargateProfile")
            .creates("aws.eks.fargate_profile", "responseElements.fargateProfile.fargateProfileArn")
            .names(
                "requestParameters.name+requestParameters.fargateProfileName\
                 |requestParameters.clusterName+requestParameters.fargateProfileName",
            )
            .contain("eks:DeleteFargateProfile")
            .tells(fargate),
        on("DeleteFargateProfile")
            .deletes(
                "aws.eks.fargate_profile",
                "responseElements.fargateProfile.fargateProfileArn\
                 |requestParameters.name+requestParameters.fargateProfileName",
            )
            .names(
                "requestParameters.name+requestParameters.fargateProfileName\
                 |requestParameters.clusterName+requestParameters.fargateProfileName",
            ),
        on("CreateAddon")
            .creates("aws.eks.addon", "responseElements.addon.addonArn")
            .names(
                "requestParameters.name+requestParameters.addonName\
                 |requestParameters.clusterName+requestParameters.addonName",
            )
            .contain("eks:DeleteAddon")
            .tells(addon),
        on("DeleteAddon")
            .deletes(
                "aws.eks.addon",
                "responseElements.addon.addonArn|requestParameters.name+requestParameters.addonName",
            )
            .names(
                "requestParameters.name+requestParameters.addonName\
                 |requestParameters.clusterName+requestParameters.addonName",
            ),
        // Who may enter.
        on("CreateAccessEntry")
            .creates(
                "aws.eks.access_entry",
                "responseElements.accessEntry.accessEntryArn|requestParameters.principalArn",
            )
            .contain("eks:DeleteAccessEntry")
            .tells(entry_made),
        on("DeleteAccessEntry")
            .deletes("aws.eks.access_entry", "requestParameters.name+requestParameters.principalArn")
            .tells(entry_deleted),
        on("AssociateAccessPolicy")
            .about("aws.eks.access_policy", "requestParameters.principalArn")
            .contain("eks:DisassociateAccessPolicy")
            .tells(policy_given),
        on("DisassociateAccessPolicy")
            .about("aws.eks.access_policy", "requestParameters.principalArn")
            .tells(policy_taken),
        on("AssociateIdentityProviderConfig")
            .touches(
                "aws.eks.cluster",
                "requestParameters.name|requestParameters.clusterName",
                "given an outside identity provider",
            )
            .finding(
                Persistence,
                &t::TRUST_MODIFICATION,
                "Cluster {id} now trusts an outside identity provider, whose users can enter it.",
            )
            .contain("eks:DisassociateIdentityProviderConfig")
            .pair("eks:identity-provider"),
        on("DisassociateIdentityProviderConfig")
            .touches(
                "aws.eks.cluster",
                "requestParameters.name|requestParameters.clusterName",
                "identity provider taken away",
            )
            .undoes("eks:identity-provider"),
        on("CreatePodIdentityAssociation")
            .creates("aws.eks.pod_identity_association", "responseElements.association.associationArn")
            .names("responseElements.association.associationId")
            .contain("eks:DeletePodIdentityAssociation")
            .tells(pod_identity),
        on("DeletePodIdentityAssociation")
            .deletes(
                "aws.eks.pod_identity_association",
                "responseElements.association.associationArn|requestParameters.associationId",
            )
            .names("requestParameters.associationId"),
        on("TagResource|UntagResource"),
    ],
};

fn cluster_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "responseElements.cluster.roleArn|requestParameters.roleArn");
}

/// A node group's launcher is its cluster.
fn nodegroup(record: &Record, facts: &mut Vec<Fact>) {
    let cluster = record
        .first("responseElements.nodegroup.clusterName|requestParameters.name|requestParameters.clusterName");
    for group in tell::named(facts, "aws.eks.nodegroup") {
        group.launcher = cluster.clone();
    }
    tell::carries(record, facts, "responseElements.nodegroup.nodeRole|requestParameters.nodeRole");
}

fn fargate(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(
        record,
        facts,
        "responseElements.fargateProfile.podExecutionRoleArn|requestParameters.podExecutionRoleArn",
    );
}

fn addon(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.serviceAccountRoleArn");
}

fn pod_identity(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "responseElements.association.roleArn|requestParameters.roleArn");
}

/// Cluster and principal of a call; principals that stood in a URL are logged percent-encoded.
fn cluster_and_principal(record: &Record) -> Option<(Arc<str>, Arc<str>)> {
    let cluster = record.first("requestParameters.name|requestParameters.clusterName")?;
    let principal = record.first("requestParameters.principalArn")?;
    Some((cluster, tell::percent_decoded(&principal).into()))
}

fn entry_made(record: &Record, facts: &mut Vec<Fact>) {
    entry(record, facts, false);
}

fn entry_deleted(record: &Record, facts: &mut Vec<Fact>) {
    entry(record, facts, true);
}

fn entry(record: &Record, facts: &mut Vec<Fact>, undoes: bool) {
    let Some((cluster, principal)) = cluster_and_principal(record) else { return };
    let name = format!("{cluster}/{principal}");
    for entry in tell::named(facts, "aws.eks.access_entry") {
        tell::add_name(entry, &name);
        if undoes {
            entry.id = name.as_str().into();
        }
    }
    facts.push(tell::granted(&principal, "access entry", cluster.clone(), undoes));
    facts.push(tell::half(
        record,
        Persistence,
        &t::ADDITIONAL_CLOUD_ROLES,
        format!("{principal} may now enter Kubernetes cluster {cluster}."),
        cluster,
        Half { label: "eks:access-entry", concerns: &name, undoes },
    ));
}

fn policy_given(record: &Record, facts: &mut Vec<Fact>) {
    policy(record, facts, false);
}

fn policy_taken(record: &Record, facts: &mut Vec<Fact>) {
    policy(record, facts, true);
}

fn policy(record: &Record, facts: &mut Vec<Fact>, undoes: bool) {
    let Some((cluster, principal)) = cluster_and_principal(record) else { return };
    let Some(policy) = record.first("requestParameters.policyArn") else { return };
    let policy: Arc<str> = tell::percent_decoded(&policy).into();
    let name = policy.rsplit('/').next().unwrap_or(&policy);
    let how = if undoes {
        format!("{name} taken from {principal}")
    } else {
        format!("{name} given to {principal}")
    };
    facts.push(Fact::Touched { resource: record.resource("aws.eks.cluster", cluster.clone()), how });
    facts.push(tell::granted(&principal, policy.clone(), cluster.clone(), undoes));
    let concerns = format!("{cluster}/{principal} {policy}");
    facts.push(tell::half(
        record,
        FindingKind::PrivilegeEscalation,
        &t::ADDITIONAL_CLOUD_ROLES,
        format!("{principal} was given {name} on Kubernetes cluster {cluster}."),
        cluster,
        Half { label: "eks:access-policy", concerns: &concerns, undoes },
    ));
}
