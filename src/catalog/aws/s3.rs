//! Amazon S3.
//!
//! An object that was read, written or deleted is named by its bucket: a report with a line for each object helps nobody,
//! and what happens to objects of a bucket that the principal made itself must match that bucket.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::{
    DATA_DESTRUCTION, DATA_ENCRYPTED, DATA_FROM_CLOUD_STORAGE, DISABLE_CLOUD_LOGS, DISABLE_TOOLS,
    INHIBIT_RECOVERY, LIFECYCLE_DELETION, TRANSFER_TO_CLOUD_ACCOUNT,
};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{DefenseEvasion, Destruction, Exfiltration, Exposure};
use serde_json::Value;

pub static S3: Service = Service {
    source: "s3.amazonaws.com",
    rows: &[
        on("CreateBucket").creates("aws.s3.bucket", BUCKET).contain("s3:PutPublicAccessBlock"),
        on("DeleteBucket")
            .deletes("aws.s3.bucket", BUCKET)
            .finding(Destruction, &DATA_DESTRUCTION, "Bucket {id} was deleted; create it again at once, or somebody else can take its name."),
        // Policies.
        on("PutBucketPolicy")
            .touches("aws.s3.bucket_policy", BUCKET, "its policy was replaced")
            .contain("s3:PutBucketPolicy")
            .tells(|record, facts| grant(record, POLICY, BUCKET, facts)),
        on("PutBucketPolicy")
            .about("aws.s3.bucket_policy", BUCKET)
            .finding(Exposure, &DATA_FROM_CLOUD_STORAGE, "The policy of bucket {id} now lets another account, or anybody, in.")
            .pair("s3:policy")
            .only_if(|record| lets_outsiders_in(record, POLICY)),
        on("PutBucketPolicy").about("aws.s3.bucket_policy", BUCKET).undoes("s3:policy").only_if(|record| keeps_outsiders_out(record, POLICY)),
        on("DeleteBucketPolicy")
            .touches("aws.s3.bucket_policy", BUCKET, "its policy was deleted")
            .contain("s3:PutBucketPolicy")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "The policy of bucket {id} was deleted, and with it whatever it forbade.")
            .pair("s3:policy-gone"),
        on("DeleteBucketPolicy").about("aws.s3.bucket_policy", BUCKET).undoes("s3:policy"),
        on("PutBucketPolicy").about("aws.s3.bucket_policy", BUCKET).undoes("s3:policy-gone"),
        on("PutBucketAcl")
            .touches("aws.s3.bucket_acl", BUCKET, "its ACL was replaced")
            .contain("s3:PutPublicAccessBlock")
            .tells(acl_grants),
        on("PutBucketAcl")
            .about("aws.s3.bucket_acl", BUCKET)
            .finding(Exposure, &DATA_FROM_CLOUD_STORAGE, "The ACL of bucket {id} now lets everybody, or every AWS account, in.")
            .pair("s3:acl")
            .only_if(is_public_acl),
        on("PutBucketAcl").about("aws.s3.bucket_acl", BUCKET).undoes("s3:acl").only_if(|record| !is_public_acl(record)),
        on("PutObjectAcl")
            .touches("aws.s3.object", BUCKET, "the ACL of objects was replaced")
            .finding(Exposure, &DATA_FROM_CLOUD_STORAGE, "Objects in bucket {id} were made readable for everybody.")
            .only_if(is_public_acl),
        on("DeleteBucketPublicAccessBlock")
            .touches("aws.s3.public_access_block", BUCKET, "its public access block was removed")
            .contain("s3:PutPublicAccessBlock")
            .finding(Exposure, &DISABLE_TOOLS, "The public access block of bucket {id} was removed: a policy or ACL can now make it public.")
            .pair("s3:public-access-block"),
        on("PutBucketPublicAccessBlock")
            .touches("aws.s3.public_access_block", BUCKET, "its public access block was weakened")
            .contain("s3:PutPublicAccessBlock")
            .finding(Exposure, &DISABLE_TOOLS, "The public access block of bucket {id} was weakened: a policy or ACL can now make it public.")
            .pair("s3:public-access-block")
            .only_if(|record| !blocks_all(record)),
        on("PutBucketPublicAccessBlock")
            .touches("aws.s3.public_access_block", BUCKET, "its public access block was set")
            .undoes("s3:public-access-block")
            .only_if(blocks_all),
        on("DeleteAccountPublicAccessBlock")
            .touches("aws.s3.account_public_access_block", ACCOUNT, "its public access block was removed")
            .contain("s3control:PutPublicAccessBlock")
            .finding(Exposure, &DISABLE_TOOLS, "The public access block of account {id} was removed: each of its buckets can now be made public.")
            .pair("s3:public-access-block"),
        on("PutAccountPublicAccessBlock")
            .touches("aws.s3.account_public_access_block", ACCOUNT, "its public access block was weakened")
            .contain("s3control:PutPublicAccessBlock")
            .finding(Exposure, &DISABLE_TOOLS, "The public access block of account {id} was weakened: its buckets can now be made public.")
            .pair("s3:public-access-block")
            .only_if(|record| !blocks_all(record)),
        on("PutAccountPublicAccessBlock")
            .touches("aws.s3.account_public_access_block", ACCOUNT, "its public access block was set")
            .undoes("s3:public-access-block")
            .only_if(blocks_all),
        // Copies that leave by themselves.
        on("PutBucketReplication")
            .touches("aws.s3.replication", BUCKET, "replicated to {requestParameters.ReplicationConfiguration.Rule[].Destination.Bucket}")
            .contain("s3:DeleteBucketReplication")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "Everything written to bucket {id} is now copied to {requestParameters.ReplicationConfiguration.Rule[].Destination.Bucket}.")
            .pair("s3:replication"),
        on("DeleteBucketReplication").touches("aws.s3.replication", BUCKET, "its replication was removed").undoes("s3:replication"),
        // Slow destruction.
        on("PutBucketLifecycle|PutBucketLifecycleConfiguration")
            .touches("aws.s3.lifecycle", BUCKET, "its lifecycle rules were replaced")
            .contain("s3:PutBucketLifecycleConfiguration, s3:DeleteBucketLifecycle"),
        on("PutBucketLifecycle|PutBucketLifecycleConfiguration")
            .about("aws.s3.lifecycle", BUCKET)
            .finding(Destruction, &LIFECYCLE_DELETION, "Bucket {id} deletes its objects within days by itself now; if it holds logs, they go too.")
            .pair("s3:lifecycle")
            .only_if(expires_soon),
        on("PutBucketLifecycle|PutBucketLifecycleConfiguration").about("aws.s3.lifecycle", BUCKET).undoes("s3:lifecycle").only_if(|record| !expires_soon(record)),
        on("DeleteBucketLifecycle").touches("aws.s3.lifecycle", BUCKET, "its lifecycle rules were removed").undoes("s3:lifecycle"),
        on("PutBucketVersioning")
            .touches("aws.s3.versioning", BUCKET, "versioning was set to {requestParameters.VersioningConfiguration.Status}")
            .contain("s3:PutBucketVersioning"),
        on("PutBucketVersioning")
            .about("aws.s3.versioning", BUCKET)
            .finding(Destruction, &INHIBIT_RECOVERY, "Versioning of bucket {id} was switched off: what is deleted or overwritten from now on is lost.")
            .pair("s3:versioning")
            .only_if(|record| record.first(VERSIONING).is_some_and(|status| !status.eq_ignore_ascii_case("Enabled"))),
        on("PutBucketVersioning").about("aws.s3.versioning", BUCKET).undoes("s3:versioning").only_if(|record| record.is(VERSIONING, "Enabled")),
        on("PutBucketEncryption")
            .touches("aws.s3.encryption", BUCKET, "its default encryption was replaced")
            .contain("s3:PutBucketEncryption"),
        on("PutBucketEncryption")
            .about("aws.s3.encryption", BUCKET)
            .finding(Destruction, &DATA_ENCRYPTED, "Bucket {id} now encrypts with a key of another account, which can shut you out.")
            .pair("s3:encryption")
            .only_if(is_foreign_key),
        on("PutBucketEncryption").about("aws.s3.encryption", BUCKET).undoes("s3:encryption").only_if(|record| !is_foreign_key(record)),
        on("DeleteBucketEncryption").touches("aws.s3.encryption", BUCKET, "its default encryption was removed").undoes("s3:encryption"),
        on("PutBucketLogging").touches("aws.s3.logging", BUCKET, "its access logging was changed"),
        on("PutBucketLogging")
            .about("aws.s3.logging", BUCKET)
            .contain("s3:PutBucketLogging")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Access logging of bucket {id} was switched off.")
            .pair("s3:logging")
            .only_if(|record| record.value(LOGGING).is_none()),
        on("PutBucketLogging").about("aws.s3.logging", BUCKET).undoes("s3:logging").only_if(|record| record.value(LOGGING).is_some()),
        on("PutBucketTagging|DeleteBucketTagging").touches("aws.s3.bucket", BUCKET, "its tags were changed"),
        on("PutBucketOwnershipControls|DeleteBucketOwnershipControls|PutBucketNotification|PutBucketCors|DeleteBucketCors|PutBucketWebsite|DeleteBucketWebsite")
            .touches("aws.s3.bucket", BUCKET, "its settings were changed"),
        // Objects: data events, seen only where a trail records them.
        on("GetObject").touches("aws.s3.object", BUCKET, "objects were read").note("Objects of bucket {id} were read."),
        on("PutObject|CopyObject|UploadPart|CompleteMultipartUpload|RestoreObject|PutObjectTagging").touches("aws.s3.object", BUCKET, "objects were written"),
        on("PutObject|CopyObject")
            .about("aws.s3.object", BUCKET)
            .finding(Destruction, &DATA_ENCRYPTED, "Objects in bucket {id} were encrypted with a key that AWS does not keep; only whoever wrote them can read them.")
            .only_if(|record| record.is("requestParameters.x-amz-server-side-encryption-customer-algorithm|additionalEventData.SSEApplied", "AES256") || record.is("additionalEventData.SSEApplied", "SSE_C")),
        on("DeleteObject|DeleteObjects|DeleteObjectVersion")
            .touches("aws.s3.object", BUCKET, "objects were deleted")
            .finding(Destruction, &DATA_DESTRUCTION, "Objects of bucket {id} were deleted; where versioning is on they can be brought back."),
    ],
};

const BUCKET: &str = "requestParameters.bucketName";
const ACCOUNT: &str = "requestParameters.accountId|recipientAccountId|userIdentity.accountId";
const POLICY: &str = "requestParameters.bucketPolicy";
const VERSIONING: &str = "requestParameters.VersioningConfiguration.Status";
const LOGGING: &str = "requestParameters.BucketLoggingStatus.LoggingEnabled";
const GRANTS: &str = "requestParameters.AccessControlPolicy.AccessControlList.Grant[]";

/// Whether a canned ACL, a grant header or a grant to one of Amazon's two groups opens it.
fn is_public_acl(record: &Record) -> bool {
    record
        .all("requestParameters.x-amz-acl")
        .iter()
        .any(|acl| acl.starts_with("public-") || &**acl == "authenticated-read")
        || !public_groups(record).is_empty()
        || ["read", "write", "read-acp", "write-acp", "full-control"].iter().any(|right| {
            record
                .first(&format!("requestParameters.x-amz-grant-{right}"))
                .is_some_and(|to| is_public_group(&to))
        })
}

fn is_public_group(uri: &str) -> bool {
    uri.contains("/groups/global/AllUsers") || uri.contains("/groups/global/AuthenticatedUsers")
}

/// Returns the group and the right of every grant to everybody.
fn public_groups<'a>(record: &Record<'a>) -> Vec<(&'a str, &'a str)> {
    let text = |value: Option<&'a Value>| value.and_then(Value::as_str).unwrap_or("");
    record
        .values(GRANTS)
        .into_iter()
        .map(|grant| {
            let right = grant.get("Permission").or_else(|| grant.get("permission"));
            (text(grant.pointer("/Grantee/URI")), text(right))
        })
        .filter(|(uri, _)| is_public_group(uri))
        .collect()
}

fn acl_grants(record: &Record, facts: &mut Vec<Fact>) {
    let Some(on) = record.first(BUCKET) else { return };
    for (uri, right) in public_groups(record) {
        facts.push(Fact::Granted { member: uri.into(), role: right.into(), on: on.clone() });
    }
    if let Some(acl) = record.first("requestParameters.x-amz-acl").filter(|_| is_public_acl(record)) {
        facts.push(Fact::Granted { member: "*".into(), role: acl, on });
    }
}

fn blocks_all(record: &Record) -> bool {
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
        .iter()
        .all(|block| record.is(&format!("requestParameters.PublicAccessBlockConfiguration.{block}"), "true"))
}

/// A log or a backup that lives a week or less is gone before anybody looks; ransom notes ask for the same.
const MAX_SUSPICIOUS_DAYS: f64 = 7.0;

fn expires_soon(record: &Record) -> bool {
    record.values("requestParameters.LifecycleConfiguration.Rule[]").into_iter().any(|rule| {
        let days = rule.pointer("/Expiration/Days").and_then(|days| match days {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        });
        rule.get("Status").and_then(Value::as_str) != Some("Disabled")
            && days.is_some_and(|days: f64| days <= MAX_SUSPICIOUS_DAYS)
    })
}

/// Whether the key's ARN names another account. A bare key id is of this account.
fn is_foreign_key(record: &Record) -> bool {
    let key = "requestParameters.ServerSideEncryptionConfiguration.Rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID";
    record.first(key).is_some_and(|arn| {
        let account = arn.split(':').nth(4).unwrap_or("");
        !account.is_empty() && !record.scope.account.is_empty() && *account != *record.scope.account
    })
}
