//! Cloud Storage: buckets, and their objects as far as data-access logs show them. HMAC keys are with the credentials.
//!
//! Objects are counted on their bucket: a list of every object read or deleted would drown the rest.

use super::common::{self, NAME, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const BUCKET: &str = "gcp.storage.bucket";
const BUCKET_ID: &str = "resource.labels.bucket_name|protoPayload.resourceName~/buckets/";
const BUCKET_NAMES: &str = "projects/_/buckets/{resource.labels.bucket_name}";
const MANAGED: &str = "gcp.storage.managed_folder";

pub static STORAGE: Service = Service {
    source: "storage.googleapis.com",
    rows: &[
        on("storage.buckets.create")
            .creates(BUCKET, BUCKET_ID)
            .names(BUCKET_NAMES)
            .contain("storage.buckets.setIamPolicy;!storage.buckets.delete")
            .note("Bucket {id} was made: look in it before deleting it, it may hold stolen data or tools."),
        on("storage.buckets.update|storage.buckets.patch")
            .touches(BUCKET, BUCKET_ID, "changed")
            .names(BUCKET_NAMES)
            .contain("storage.buckets.patch")
            .tells(changed),
        on("storage.buckets.delete").deletes(BUCKET, BUCKET_ID).names(BUCKET_NAMES).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Bucket {id} was deleted.",
        ),
        on("storage.buckets.lockRetentionPolicy").touches(BUCKET, BUCKET_ID, "retention locked").names(BUCKET_NAMES).finding_without_technique(
            Commitment,
            "Retention of bucket {id} was locked: nothing in it can be deleted before its time, and it is billed until then.",
        ),
        on("storage.setIamPermissions|storage.setIamPolicy|storage.buckets.setIamPolicy|storage.managedFolders.setIamPolicy")
            .touches(BUCKET, BUCKET_ID, "access changed")
            .names(BUCKET_NAMES)
            .contain("storage.buckets.setIamPolicy;storage.buckets.patch")
            .tells(|record, facts| common::policy(record, facts, BUCKET, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("storage.objects.get|storage.objects.list").touches(BUCKET, BUCKET_ID, "objects read").names(BUCKET_NAMES).tells(copied),
        on("storage.objects.create|storage.objects.update|storage.objects.patch|storage.objects.compose|storage.objects.rewrite|storage.objects.restore|storage.objects.move")
            .touches(BUCKET, BUCKET_ID, "objects written")
            .names(BUCKET_NAMES),
        on("storage.objects.delete")
            .touches(BUCKET, BUCKET_ID, "objects deleted")
            .names(BUCKET_NAMES)
            .contain("storage.objects.restore")
            .finding(Destruction, &DATA_DESTRUCTION, "Objects in {id} were deleted; soft delete, if the bucket has it, keeps them for 7 days."),
        on("storage.managedFolders.create").creates(MANAGED, NAME),
        on("storage.managedFolders.delete").deletes(MANAGED, NAME),
    ],
};

/// Tells a read that was a copy to another bucket.
fn copied(record: &Record, facts: &mut Vec<Fact>) {
    let Some(bucket) = common::last(facts, BUCKET).map(|resource| resource.id.clone()) else { return };
    let Some(to) = record.first("protoPayload.metadata.destination") else { return };
    let to = to.split_once("/objects/").map_or(&*to, |(bucket, _)| bucket).to_owned();
    let note = format!("Objects of {bucket} were copied to {}.", common::brief(&to));
    facts.push(
        Say { kind: Exfiltration, technique: &TRANSFER_TO_CLOUD_ACCOUNT, subject: &bucket, pair: "", note }
            .fact(record),
    );
}

/// Tells the changes of a bucket that destroy or blind, as far as the record has the new settings (it often has not).
fn changed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(bucket) = common::last(facts, BUCKET).map(|resource| resource.id.clone()) else { return };
    let deletes = record.values("protoPayload.request.lifecycle.rule[]|protoPayload.metadata.bucket.lifecycle.rule[]|protoPayload.request.resource.lifecycle.rule[]").iter().any(|rule| {
        let text = |path: &[&str]| path.iter().try_fold(*rule, |value, key| value.get(key)).and_then(|value| value.as_str());
        text(&["action", "type"]).is_some_and(|action| action.eq_ignore_ascii_case("delete"))
    });
    if deletes {
        let note = format!("A lifecycle rule of {bucket} deletes objects by itself, within about a day.");
        facts.push(
            Say { kind: Destruction, technique: &DATA_DESTRUCTION, subject: &bucket, pair: "", note }
                .fact(record),
        );
    }
    let public = "protoPayload.request.iamConfiguration.publicAccessPrevention|protoPayload.request.resource.iamConfiguration.publicAccessPrevention";
    let say = Say {
        kind: Exposure,
        technique: &MODIFY_CLOUD_CONFIGURATION,
        subject: &bucket,
        pair: "gcp.storage.public",
        note: format!("Public access to {bucket} is no longer prevented."),
    };
    if record.is(public, "inherited") || record.is(public, "unspecified") {
        facts.push(say.fact(record));
    } else if record.is(public, "enforced") {
        facts.push(say.undoing(record));
    }
    // The ACL of a bucket is an update whose delta says who was let in.
    common::policy(record, facts, BUCKET, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT);
}
