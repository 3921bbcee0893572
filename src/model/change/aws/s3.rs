//! S3: what makes a bucket public, lets strangers in, empties it or copies it away.
//!
//! Rules are disabled, never removed, so that what is put back is exactly what was there.

use super::super::{Reversal, Spec, Undo, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum S3Change {
    BlockPublicBucket {
        bucket: Arc<str>,
    },
    /// Takes that back; absent where the bucket had no block of its own.
    PutBackPublicAccessBlock {
        bucket: Arc<str>,
        block: Option<PublicAccessBlock>,
    },
    /// `members` as the policy names them: ARNs, account ids, canonical ids.
    ShutOutOfBucket {
        bucket: Arc<str>,
        members: Vec<Arc<str>>,
    },
    /// Takes that back.
    PutBackBucketPolicy {
        bucket: Arc<str>,
        policy: Arc<str>,
    },
    /// Lifecycle rules that delete objects after so many days or fewer.
    DisableExpiryRules {
        bucket: Arc<str>,
        days: u32,
    },
    /// Takes that back.
    EnableExpiryRules {
        bucket: Arc<str>,
        rules: Vec<Arc<str>>,
    },
    DisableReplication {
        bucket: Arc<str>,
    },
    /// Takes that back.
    EnableReplication {
        bucket: Arc<str>,
        rules: Vec<Arc<str>>,
    },
    EnableVersioning {
        bucket: Arc<str>,
    },
    /// Takes that back.
    SuspendVersioning {
        bucket: Arc<str>,
    },
}

/// A bucket's own block, by S3's four switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict_buckets: bool,
}

impl PublicAccessBlock {
    pub const ALL: PublicAccessBlock =
        PublicAccessBlock { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };
}

const BLOCK: &[&str] = &["s3:PutBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock"];
const POLICY: &[&str] = &["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicy"];
const LIFECYCLE: &[&str] = &["s3:PutLifecycleConfiguration", "s3:GetLifecycleConfiguration"];
const REPLICATION: &[&str] =
    &["s3:PutReplicationConfiguration", "s3:GetReplicationConfiguration", "iam:PassRole"];
const VERSIONING: &[&str] = &["s3:PutBucketVersioning", "s3:GetBucketVersioning"];

impl S3Change {
    pub fn spec(&self) -> Spec {
        match self {
            S3Change::BlockPublicBucket { .. } => watched(spec(
                "s3:PutBucketPublicAccessBlock(all four)",
                BLOCK,
                "nobody outside the account reaches the bucket by a public policy or ACL, whatever they say; a public website in it goes \
                 dark, and other accounts that a public policy lets in are out, too",
                "the bucket's public access block reads all four",
                Undo::Call(
                    "s3:PutBucketPublicAccessBlock(as it was), or s3:DeleteBucketPublicAccessBlock where there was none",
                ),
            )),
            S3Change::PutBackPublicAccessBlock { .. } => spec(
                "s3:PutBucketPublicAccessBlock(as it was)",
                BLOCK,
                "policies and ACLs open the bucket as far as they did before",
                "the bucket's public access block reads as it was",
                Undo::Call("s3:PutBucketPublicAccessBlock(all four)"),
            ),
            S3Change::ShutOutOfBucket { .. } => watched(spec(
                "s3:PutBucketPolicy(without these members), or s3:DeleteBucketPolicy where nothing is left",
                POLICY,
                "takes these accounts and identities out of what the bucket's policy allows; what it forbids and whom else it lets in stays",
                "the policy allows these members nothing",
                Undo::Call("s3:PutBucketPolicy(as it was)"),
            )),
            S3Change::PutBackBucketPolicy { .. } => spec(
                "s3:PutBucketPolicy(as it was)",
                POLICY,
                "the bucket's policy is again what it was",
                "the policy reads as it was",
                Undo::Call("s3:PutBucketPolicy(as it is now)"),
            ),
            S3Change::DisableExpiryRules { .. } => watched(spec(
                "s3:PutLifecycleConfiguration(those rules disabled)",
                LIFECYCLE,
                "the rules that delete objects within days do so no more; other rules stay as they are",
                "no enabled rule deletes objects within that time",
                Undo::Call("s3:PutLifecycleConfiguration(those rules enabled)"),
            )),
            S3Change::EnableExpiryRules { .. } => spec(
                "s3:PutLifecycleConfiguration(those rules enabled)",
                LIFECYCLE,
                "the rules delete objects again",
                "the rules read Enabled",
                Undo::Call("s3:PutLifecycleConfiguration(those rules disabled)"),
            ),
            S3Change::DisableReplication { .. } => watched(spec(
                "s3:PutReplicationConfiguration(every rule disabled)",
                REPLICATION,
                "nothing more is copied to another bucket; what was copied stays there",
                "every replication rule reads Disabled",
                Undo::Call("s3:PutReplicationConfiguration(those rules enabled)"),
            )),
            S3Change::EnableReplication { .. } => spec(
                "s3:PutReplicationConfiguration(those rules enabled)",
                REPLICATION,
                "what is written from now on is copied again",
                "the rules read Enabled",
                Undo::Call("s3:PutReplicationConfiguration(every rule disabled)"),
            ),
            S3Change::EnableVersioning { .. } => spec(
                "s3:PutBucketVersioning(Status=Enabled)",
                VERSIONING,
                "what is deleted or overwritten from now on is kept as an older version, which costs storage",
                "versioning reads Enabled",
                Undo::Call("s3:PutBucketVersioning(Status=Suspended)"),
            ),
            S3Change::SuspendVersioning { .. } => spec(
                "s3:PutBucketVersioning(Status=Suspended)",
                VERSIONING,
                "new versions are kept no more, as before",
                "versioning reads Suspended",
                Undo::Call("s3:PutBucketVersioning(Status=Enabled)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let saved = |bucket: &Arc<str>| match before.get("policy").and_then(Value::as_str) {
            Some(policy) => Reversal::Changes(vec![
                S3Change::PutBackBucketPolicy { bucket: bucket.clone(), policy: policy.into() }.into(),
            ]),
            None => Reversal::None("There was no policy to put back."),
        };
        let back = match self {
            S3Change::BlockPublicBucket { bucket } | S3Change::PutBackPublicAccessBlock { bucket, .. } => {
                let Ok(block) = serde_json::from_value(before.get("block").cloned().unwrap_or_default())
                else {
                    return Reversal::None("The block that it had was not seen; set it by hand.");
                };
                S3Change::PutBackPublicAccessBlock { bucket: bucket.clone(), block }
            }
            S3Change::ShutOutOfBucket { bucket, .. } | S3Change::PutBackBucketPolicy { bucket, .. } => {
                return saved(bucket);
            }
            S3Change::DisableExpiryRules { bucket, .. } => {
                let rules = enabled(before);
                if rules.is_empty() {
                    return Reversal::Changes(Vec::new());
                }
                S3Change::EnableExpiryRules { bucket: bucket.clone(), rules }
            }
            S3Change::DisableReplication { bucket } => {
                let rules = enabled(before);
                if rules.is_empty() {
                    return Reversal::Changes(Vec::new());
                }
                S3Change::EnableReplication { bucket: bucket.clone(), rules }
            }
            S3Change::EnableExpiryRules { bucket, .. } => {
                S3Change::DisableExpiryRules { bucket: bucket.clone(), days: SUSPICIOUS_DAYS }
            }
            S3Change::EnableReplication { bucket, .. } => {
                S3Change::DisableReplication { bucket: bucket.clone() }
            }
            S3Change::EnableVersioning { bucket } => match before.get("versioning").and_then(Value::as_str) {
                Some("Enabled") => return Reversal::Changes(Vec::new()),
                Some(_) => S3Change::SuspendVersioning { bucket: bucket.clone() },
                None => {
                    return Reversal::None(
                        "A bucket that has had versioning can't be without; it can only be suspended.",
                    );
                }
            },
            S3Change::SuspendVersioning { bucket } => S3Change::EnableVersioning { bucket: bucket.clone() },
        };
        Reversal::Changes(vec![back.into()])
    }
}

/// What lives a week or less is gone before anybody looks: the catalog's limit, too.
pub const SUSPICIOUS_DAYS: u32 = 7;

/// The rules that a look found enabled and to be disabled.
fn enabled(before: &Value) -> Vec<Arc<str>> {
    let rules = before.get("rules").and_then(Value::as_array);
    rules.into_iter().flatten().filter_map(Value::as_str).map(Arc::from).collect()
}
