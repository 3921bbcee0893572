//! S3, live: what opens, empties or copies a bucket.
//!
//! Every call names the account that must own the bucket: names are the world's, and a bucket that was deleted can be
//! somebody else's by now.

use super::bucket_policy;
use super::each::{detail, observed, or_gone, or_none, receipt, tags_or_why};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{PublicAccessBlock, S3Change};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleRule,
    PublicAccessBlockConfiguration, ReplicationConfiguration, ReplicationRuleStatus,
    TransitionDefaultMinimumObjectSize, VersioningConfiguration,
};
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.s3.bucket"];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&S3Change]) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &S3Change) -> Result<Sight, CloudError> {
    let s3 = Buckets { client: client!(aws, at, aws_sdk_s3)?, at };
    match change {
        S3Change::BlockPublicBucket { bucket } => {
            let block = s3.block(bucket).await?;
            Ok(Sight::there(json!({ "block": block }), block == Some(PublicAccessBlock::ALL)))
        }
        S3Change::PutBackPublicAccessBlock { bucket, block: wanted } => {
            let block = s3.block(bucket).await?;
            Ok(Sight::there(json!({ "block": block }), block == *wanted))
        }
        S3Change::ShutOutOfBucket { bucket, members } => {
            let policy = s3.policy(bucket).await?;
            let is_done = policy.as_deref().is_none_or(|policy| !bucket_policy::lets_in(policy, members));
            Ok(Sight::there(json!({ "policy": policy }), is_done))
        }
        S3Change::PutBackBucketPolicy { bucket, policy: wanted } => {
            let policy = s3.policy(bucket).await?;
            let is_done = policy.as_deref().is_some_and(|policy| bucket_policy::is_same(policy, wanted));
            Ok(Sight::there(json!({ "policy": policy }), is_done))
        }
        S3Change::DisableExpiryRules { bucket, days } => {
            let (rules, _) = s3.lifecycle(bucket).await?;
            let mut rules: Vec<&str> = rules
                .iter()
                .filter(|rule| expires_within(rule, *days))
                .filter_map(|rule| rule.id())
                .collect();
            rules.sort_unstable();
            Ok(Sight::there(json!({ "rules": rules }), rules.is_empty()))
        }
        S3Change::EnableExpiryRules { bucket, rules: wanted } => {
            let (rules, _) = s3.lifecycle(bucket).await?;
            let is_on = |id: &str| {
                rules.iter().any(|rule| rule.id() == Some(id) && rule.status == ExpirationStatus::Enabled)
            };
            let on: Vec<&str> = wanted.iter().map(|id| &**id).filter(|id| is_on(id)).collect();
            Ok(Sight::there(json!({ "rules": on }), on.len() == wanted.len()))
        }
        S3Change::DisableReplication { bucket } => {
            let on = s3.replicating(bucket).await?;
            Ok(Sight::there(json!({ "rules": on }), on.is_empty()))
        }
        S3Change::EnableReplication { bucket, rules: wanted } => {
            let on = s3.replicating(bucket).await?;
            let is_done = wanted.iter().all(|id| on.iter().any(|on| **on == **id));
            Ok(Sight::there(json!({ "rules": on }), is_done))
        }
        S3Change::EnableVersioning { bucket } | S3Change::SuspendVersioning { bucket } => {
            let status = s3.versioning(bucket).await?;
            let wanted = versioning(change);
            let is_done = status.as_ref() == Some(&wanted);
            let status = status.as_ref().map(BucketVersioningStatus::as_str);
            Ok(Sight::there(json!({ "versioning": status }), is_done))
        }
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&S3Change],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &S3Change) -> Result<Receipt, CloudError> {
    let s3 = Buckets { client: client!(aws, at, aws_sdk_s3)?, at };
    match change {
        S3Change::BlockPublicBucket { bucket } => s3.put_block(bucket, Some(PublicAccessBlock::ALL)).await,
        S3Change::PutBackPublicAccessBlock { bucket, block } => s3.put_block(bucket, *block).await,
        S3Change::ShutOutOfBucket { bucket, members } => {
            const CALL: &str = "s3:PutBucketPolicy";
            let Some(policy) = s3.policy(bucket).await? else { return Ok(Receipt::default()) };
            match bucket_policy::without(&policy, members) {
                Ok(rest) => s3.put_policy(bucket, rest).await,
                Err(why) => Err(CloudError::new(Refusal::Unmodifiable, CALL, at, None, why)),
            }
        }
        S3Change::PutBackBucketPolicy { bucket, policy } => {
            s3.put_policy(bucket, Some(policy.to_string())).await
        }
        S3Change::DisableExpiryRules { bucket, days } => {
            let (mut rules, size) = s3.lifecycle(bucket).await?;
            for rule in rules.iter_mut().filter(|rule| expires_within(rule, *days)) {
                rule.status = ExpirationStatus::Disabled;
            }
            s3.put_lifecycle(bucket, rules, size).await
        }
        S3Change::EnableExpiryRules { bucket, rules: wanted } => {
            let (mut rules, size) = s3.lifecycle(bucket).await?;
            for rule in rules.iter_mut() {
                if wanted.iter().any(|id| rule.id.as_deref() == Some(&**id)) {
                    rule.status = ExpirationStatus::Enabled;
                }
            }
            s3.put_lifecycle(bucket, rules, size).await
        }
        S3Change::DisableReplication { bucket } => {
            s3.switch_replication(bucket, |_| Some(ReplicationRuleStatus::Disabled)).await
        }
        S3Change::EnableReplication { bucket, rules: wanted } => {
            let is_wanted = |id: &str| wanted.iter().any(|wanted| **wanted == *id);
            s3.switch_replication(bucket, |id| is_wanted(id).then_some(ReplicationRuleStatus::Enabled)).await
        }
        S3Change::EnableVersioning { bucket } | S3Change::SuspendVersioning { bucket } => {
            let wanted = VersioningConfiguration::builder().status(versioning(change)).build();
            let call = s3.client.put_bucket_versioning().bucket(&**bucket).versioning_configuration(wanted);
            let sent = call.expected_bucket_owner(&*at.account).send().await;
            Ok(receipt(&sent.map_err(|error| failed("s3:PutBucketVersioning", at, error))?))
        }
    }
}

fn versioning(change: &S3Change) -> BucketVersioningStatus {
    match change {
        S3Change::EnableVersioning { .. } => BucketVersioningStatus::Enabled,
        _ => BucketVersioningStatus::Suspended,
    }
}

fn expires_within(rule: &LifecycleRule, days: u32) -> bool {
    let expires = rule.expiration.as_ref().and_then(|expiration| expiration.days);
    let is_soon = expires.is_some_and(|found| i64::from(found) <= i64::from(days));
    is_soon && rule.status == ExpirationStatus::Enabled
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let s3 = Buckets { client: client!(aws, at, aws_sdk_s3)?, at };
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let call = s3.client.head_bucket().bucket(&*one.id).expected_bucket_owner(&*at.account);
        let asked = call.send().await.map_err(|error| failed("s3:ListBucket", at, error));
        seen.push(match or_none(asked) {
            Ok(Some(_)) => {
                let mut found = observed(one, State::Running, None);
                tags_or_why(&mut found, s3.tags(&one.id).await);
                found
            }
            Ok(None) => observed(one, State::Gone, None),
            // Its name may be somebody else's by now: that must not keep us from seeing the others.
            Err(error) if error.refusal == Refusal::Denied => {
                let mut unknown = observed(one, State::Unknown, None);
                detail(&mut unknown, "why", Some("access denied: not ours any more, or not ours to see"));
                unknown
            }
            Err(error) => return Err(error),
        });
    }
    Ok(seen)
}

struct Buckets<'a> {
    client: Client,
    at: &'a Place,
}

/// What a bucket does not have is an error of its own code, and no sign that the bucket is gone.
fn unless<T>(found: Result<T, CloudError>, absent: &str) -> Result<Option<T>, CloudError> {
    match found {
        Err(error) if error.code.as_deref() == Some(absent) => Ok(None),
        found => found.map(Some),
    }
}

impl Buckets<'_> {
    async fn tags(&self, bucket: &str) -> Result<Vec<(String, String)>, CloudError> {
        let call = self.client.get_bucket_tagging().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        let asked = asked.map_err(|error| failed("s3:GetBucketTagging", self.at, error));
        let found = unless(asked, "NoSuchTagSet")?.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(found.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    async fn block(&self, bucket: &str) -> Result<Option<PublicAccessBlock>, CloudError> {
        let call = self.client.get_public_access_block().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        let asked = asked.map_err(|error| failed("s3:GetBucketPublicAccessBlock", self.at, error));
        let found = unless(asked, "NoSuchPublicAccessBlockConfiguration")?;
        Ok(found.and_then(|found| found.public_access_block_configuration).map(|is| PublicAccessBlock {
            block_acls: is.block_public_acls.unwrap_or(false),
            ignore_acls: is.ignore_public_acls.unwrap_or(false),
            block_policy: is.block_public_policy.unwrap_or(false),
            restrict_buckets: is.restrict_public_buckets.unwrap_or(false),
        }))
    }

    async fn put_block(&self, bucket: &str, block: Option<PublicAccessBlock>) -> Result<Receipt, CloudError> {
        let Some(block) = block else {
            let call = self.client.delete_public_access_block().bucket(bucket);
            let sent = call.expected_bucket_owner(&*self.at.account).send().await;
            return Ok(receipt(
                &sent.map_err(|error| failed("s3:PutBucketPublicAccessBlock", self.at, error))?,
            ));
        };
        let wanted = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block.block_acls)
            .ignore_public_acls(block.ignore_acls)
            .block_public_policy(block.block_policy)
            .restrict_public_buckets(block.restrict_buckets)
            .build();
        let call =
            self.client.put_public_access_block().bucket(bucket).public_access_block_configuration(wanted);
        let sent = call.expected_bucket_owner(&*self.at.account).send().await;
        Ok(receipt(&sent.map_err(|error| failed("s3:PutBucketPublicAccessBlock", self.at, error))?))
    }

    async fn policy(&self, bucket: &str) -> Result<Option<String>, CloudError> {
        const CALL: &str = "s3:GetBucketPolicy";
        let call = self.client.get_bucket_policy().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        let found = unless(asked.map_err(|error| failed(CALL, self.at, error)), "NoSuchBucketPolicy")?;
        let Some(found) = found else { return Ok(None) };
        found.policy.map(Some).ok_or_else(|| not_answered(CALL, self.at, "policy"))
    }

    /// `None` deletes it.
    async fn put_policy(&self, bucket: &str, policy: Option<String>) -> Result<Receipt, CloudError> {
        let Some(policy) = policy else {
            let call = self.client.delete_bucket_policy().bucket(bucket);
            let sent = call.expected_bucket_owner(&*self.at.account).send().await;
            return Ok(receipt(&sent.map_err(|error| failed("s3:DeleteBucketPolicy", self.at, error))?));
        };
        let call = self.client.put_bucket_policy().bucket(bucket).policy(policy);
        let sent = call.expected_bucket_owner(&*self.at.account).send().await;
        Ok(receipt(&sent.map_err(|error| failed("s3:PutBucketPolicy", self.at, error))?))
    }

    async fn lifecycle(
        &self,
        bucket: &str,
    ) -> Result<(Vec<LifecycleRule>, Option<TransitionDefaultMinimumObjectSize>), CloudError> {
        let call = self.client.get_bucket_lifecycle_configuration().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        let asked = asked.map_err(|error| failed("s3:GetLifecycleConfiguration", self.at, error));
        let found = unless(asked, "NoSuchLifecycleConfiguration")?;
        Ok(found.map_or_else(Default::default, |found| {
            (found.rules.unwrap_or_default(), found.transition_default_minimum_object_size)
        }))
    }

    async fn put_lifecycle(
        &self,
        bucket: &str,
        rules: Vec<LifecycleRule>,
        size: Option<TransitionDefaultMinimumObjectSize>,
    ) -> Result<Receipt, CloudError> {
        const CALL: &str = "s3:PutLifecycleConfiguration";
        let wanted = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        let wanted = wanted.map_err(|_| not_answered(CALL, self.at, "rules"))?;
        let call = self.client.put_bucket_lifecycle_configuration().bucket(bucket);
        let call = call.lifecycle_configuration(wanted).set_transition_default_minimum_object_size(size);
        let sent = call.expected_bucket_owner(&*self.at.account).send().await;
        Ok(receipt(&sent.map_err(|error| failed(CALL, self.at, error))?))
    }

    async fn replication(&self, bucket: &str) -> Result<Option<ReplicationConfiguration>, CloudError> {
        let call = self.client.get_bucket_replication().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        let asked = asked.map_err(|error| failed("s3:GetReplicationConfiguration", self.at, error));
        let found = unless(asked, "ReplicationConfigurationNotFoundError")?;
        Ok(found.and_then(|found| found.replication_configuration))
    }

    /// The rules that copy, by id; sorted.
    async fn replicating(&self, bucket: &str) -> Result<Vec<String>, CloudError> {
        let rules = self.replication(bucket).await?.map(|found| found.rules).unwrap_or_default();
        let on = rules.into_iter().filter(|rule| rule.status == ReplicationRuleStatus::Enabled);
        let mut on: Vec<String> = on.map(|rule| rule.id.unwrap_or_default()).collect();
        on.sort();
        Ok(on)
    }

    async fn switch_replication(
        &self,
        bucket: &str,
        status: impl Fn(&str) -> Option<ReplicationRuleStatus>,
    ) -> Result<Receipt, CloudError> {
        let Some(mut wanted) = self.replication(bucket).await? else { return Ok(Receipt::default()) };
        for rule in &mut wanted.rules {
            if let Some(status) = status(rule.id.as_deref().unwrap_or_default()) {
                rule.status = status;
            }
        }
        let call = self.client.put_bucket_replication().bucket(bucket).replication_configuration(wanted);
        let sent = call.expected_bucket_owner(&*self.at.account).send().await;
        Ok(receipt(&sent.map_err(|error| failed("s3:PutReplicationConfiguration", self.at, error))?))
    }

    async fn versioning(&self, bucket: &str) -> Result<Option<BucketVersioningStatus>, CloudError> {
        let call = self.client.get_bucket_versioning().bucket(bucket);
        let asked = call.expected_bucket_owner(&*self.at.account).send().await;
        Ok(asked.map_err(|error| failed("s3:GetBucketVersioning", self.at, error))?.status)
    }
}
