//! Amazon ECR: repositories, pushed images and who may pull or push.

use super::policy_document::{keeps_outsiders_out, openings};
use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;
use std::collections::BTreeSet;

pub static ECR: Service = Service {
    source: "ecr.amazonaws.com",
    rows: &[
        on("CreateRepository")
            .creates("aws.ecr.repository", "responseElements.repository.repositoryArn")
            .names("responseElements.repository.repositoryName|requestParameters.repositoryName")
            .contain("ecr:SetRepositoryPolicy, ecr:DeleteRepository"),
        on("DeleteRepository")
            .deletes(
                "aws.ecr.repository",
                "responseElements.repository.repositoryArn|requestParameters.repositoryName",
            )
            .names("responseElements.repository.repositoryName|requestParameters.repositoryName"),
        on("PutImage")
            .creates(
                "aws.ecr.image",
                "responseElements.image.repositoryName+responseElements.image.imageId.imageDigest\
                 |requestParameters.repositoryName+requestParameters.imageDigest",
            )
            .finding(Persistence, &t::IMPLANT_IMAGE, "Image {id} was pushed: whatever pulls its tag runs it.")
            .contain("ecr:BatchDeleteImage")
            .pair("ecr:image"),
        on("BatchDeleteImage")
            .deletes(
                "aws.ecr.image",
                "requestParameters.repositoryName+responseElements.imageIds[].imageDigest\
                 |requestParameters.repositoryName+requestParameters.imageIds[].imageDigest",
            )
            .tells(deleted),
        on("SetRepositoryPolicy")
            .about("aws.ecr.repository_policy", "requestParameters.repositoryName")
            .contain("ecr:SetRepositoryPolicy, ecr:DeleteRepositoryPolicy")
            .tells(policy),
        on("DeleteRepositoryPolicy")
            .touches("aws.ecr.repository", "requestParameters.repositoryName", "policy deleted")
            .undoes("ecr:repository-policy"),
        on("PutReplicationConfiguration")
            .about("aws.ecr.registry", "awsRegion")
            .finding(
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "The registry in {id} copies its images to other regions or accounts.",
            )
            .contain("ecr:PutReplicationConfiguration"),
        on("PutRegistryPolicy")
            .about("aws.ecr.registry", "awsRegion")
            .finding(
                Exposure,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "Other accounts may replicate into or pull through the registry in {id}.",
            )
            .contain("ecr:DeleteRegistryPolicy")
            .pair("ecr:registry-policy"),
        on("DeleteRegistryPolicy").about("aws.ecr.registry", "awsRegion").undoes("ecr:registry-policy"),
        on("InitiateLayerUpload|UploadLayerPart|CompleteLayerUpload|TagResource|UntagResource\
             |PutLifecyclePolicy|PutImageTagMutability|PutImageScanningConfiguration"),
    ],
};

/// Every image deleted takes back its own push.
fn deleted(record: &Record, facts: &mut Vec<Fact>) {
    for image in tell::resources(facts, &[crate::catalog::Act::Deletes]) {
        let pair = Half { label: "ecr:image", concerns: &image.id, undoes: true };
        facts.push(tell::half(record, Persistence, &t::IMPLANT_IMAGE, String::new(), image.id.clone(), pair));
    }
}

/// A policy that lets in nobody from outside takes back one that did; one that the record does not show does neither.
fn policy(record: &Record, facts: &mut Vec<Fact>) {
    const POLICY: &str = "requestParameters.policyText|responseElements.policyText";
    let Some(name) = record.first("requestParameters.repositoryName") else { return };
    let outsiders: BTreeSet<_> = openings(record, POLICY).into_iter().map(|opening| opening.member).collect();
    let how = if outsiders.is_empty() {
        "policy changed".to_owned()
    } else if outsiders.contains("*") {
        "made public".to_owned()
    } else {
        format!("shared with {}", outsiders.iter().map(|who| &**who).collect::<Vec<_>>().join(", "))
    };
    let note =
        format!("Repository {name} was {how}: its images can be taken from outside, or replaced there.");
    facts.push(Fact::Touched { resource: record.resource("aws.ecr.repository", name.clone()), how });
    for member in &outsiders {
        facts.push(tell::granted(member, "repository policy", name.clone(), false));
    }
    if outsiders.is_empty() && !keeps_outsiders_out(record, POLICY) {
        return;
    }
    let pair = Half { label: "ecr:repository-policy", concerns: &name, undoes: outsiders.is_empty() };
    facts.push(tell::half(record, Exposure, &t::TRANSFER_TO_CLOUD_ACCOUNT, note, name.clone(), pair));
}
