//! Trails in S3: where they deliver, and their files as a source that is streamed object by object.
//!
//! Only the accounts, regions and days that are asked for are listed; an object is unpacked as it arrives and never kept. Keys
//! lead to records, they say nothing of them: what a record is comes from the record. Facts: aws.md 2.2.

pub mod digest;
mod keys;
mod proof;
mod source;

use super::error::failed;
use super::many::each;
use super::{Aws, client, not_answered};
use crate::cloud::unwrap::{Limits, unwrap};
use crate::cloud::{CloudError, Raw, Refusal};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use aws_sdk_s3::Client;
pub use keys::{Day, Layout, days, delivered_at};
pub use proof::{Proof, prove};
use sha2::{Digest as _, Sha256};
pub use source::{Part, ReadObject, TrailSource};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A trail, as its home region describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trail {
    pub arn: Arc<str>,
    pub name: Arc<str>,
    /// The account that owns the trail, and where it lives.
    pub home: Place,
    pub bucket: Arc<str>,
    pub prefix: Option<Arc<str>>,
    pub is_organization: bool,
    pub is_multi_region: bool,
    /// Whether it writes digests, so that files can be proved.
    pub writes_digests: bool,
}

/// An account and its regions.
pub type Scope = (Arc<str>, Vec<Arc<str>>);

/// Finds the trails that deliver something of each account, asked in each of its regions. A trail that does not log, or that
/// could not deliver, is a gap: its files have holes.
pub async fn find(aws: &Aws, scopes: &[Scope]) -> Vec<(Vec<Trail>, Vec<Gap>)> {
    each(scopes, |(account, regions)| find_in(aws, account, regions)).await
}

async fn find_in(aws: &Aws, account: &Arc<str>, regions: &[Arc<str>]) -> (Vec<Trail>, Vec<Gap>) {
    let mut found: BTreeMap<Arc<str>, Trail> = BTreeMap::new();
    let mut gaps = Vec::new();
    let ask = |region: &Arc<str>| {
        let at = Place::new(account.clone(), region.clone());
        async move { describe(aws, &at).await }
    };
    for told in each(regions, ask).await {
        match told {
            Ok(trails) => found.extend(trails.into_iter().map(|trail| (trail.arn.clone(), trail))),
            Err(error) => gaps.push(error.gap()),
        }
    }
    for told in each(found.values(), |trail| troubles(aws, trail)).await {
        match told {
            Ok(troubles) => gaps.extend(troubles),
            Err(error) => gaps.push(error.gap()),
        }
    }
    (found.into_values().collect(), gaps)
}

async fn describe(aws: &Aws, at: &Place) -> Result<Vec<Trail>, CloudError> {
    const CALL: &str = "cloudtrail:DescribeTrails";
    let client = client!(aws, at, aws_sdk_cloudtrail)?;
    let answer = client
        .describe_trails()
        .include_shadow_trails(true)
        .send()
        .await
        .map_err(|error| failed(CALL, at, error))?;
    let mut trails = Vec::new();
    for trail in answer.trail_list() {
        let (Some(arn), Some(bucket)) = (trail.trail_arn(), trail.s3_bucket_name()) else {
            return Err(not_answered(CALL, at, "ARN or bucket of a trail"));
        };
        // arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME
        let owner = arn.split(':').nth(4).unwrap_or(&at.account);
        trails.push(Trail {
            arn: arn.into(),
            name: trail.name().unwrap_or_default().into(),
            home: Place::new(owner, trail.home_region().unwrap_or(&at.region)),
            bucket: bucket.into(),
            prefix: trail.s3_key_prefix().filter(|prefix| !prefix.is_empty()).map(Arc::from),
            is_organization: trail.is_organization_trail().unwrap_or(false),
            is_multi_region: trail.is_multi_region_trail().unwrap_or(false),
            writes_digests: trail.log_file_validation_enabled().unwrap_or(false),
        });
    }
    Ok(trails)
}

/// What speaks against a trail's files being whole.
async fn troubles(aws: &Aws, trail: &Trail) -> Result<Vec<Gap>, CloudError> {
    const CALL: &str = "cloudtrail:GetTrailStatus";
    let client = client!(aws, &trail.home, aws_sdk_cloudtrail)?;
    let status = client
        .get_trail_status()
        .name(&*trail.arn)
        .send()
        .await
        .map_err(|error| failed(CALL, &trail.home, error))?;
    let mut gaps = Vec::new();
    if !status.is_logging().unwrap_or(false) {
        let since = status.stop_logging_time().and_then(time).map(|at| format!(" since {at}"));
        gaps.push(Gap::new(
            GapKind::Interrupted,
            trail.arn.to_string(),
            format!("the trail does not log{}; event history is unaffected", since.unwrap_or_default()),
        ));
    }
    if let Some(error) = status.latest_delivery_error().filter(|error| !error.is_empty()) {
        gaps.push(Gap::new(
            GapKind::Interrupted,
            trail.arn.to_string(),
            format!("its last delivery to S3 failed ({error})"),
        ));
    }
    Ok(gaps)
}

fn time(at: &aws_smithy_types::DateTime) -> Option<Time> {
    Time::from_second(at.secs()).ok()
}

/// One object, as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub bucket: Arc<str>,
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Object {
    pub fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// A bucket that trails deliver to, seen with the credentials of the account that owns the trail.
pub struct Bucket {
    client: Client,
    name: Arc<str>,
    at: Place,
}

impl Bucket {
    pub async fn open(aws: &Aws, trail: &Trail) -> Result<Bucket, CloudError> {
        let client = client!(aws, &trail.home, aws_sdk_s3)?;
        Ok(Bucket::with(client, trail.bucket.clone(), trail.home.clone()))
    }

    pub fn with(client: Client, name: Arc<str>, at: Place) -> Bucket {
        Bucket { client, name, at }
    }

    /// Lists what lies under a prefix, in the order of keys.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Object>, CloudError> {
        const CALL: &str = "s3:ListObjectsV2";
        let mut objects = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&*self.name)
                .prefix(prefix)
                .set_continuation_token(token.clone())
                .send()
                .await
                .map_err(|error| failed(CALL, &self.at, error))?;
            for object in page.contents() {
                if let Some(key) = object.key() {
                    let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                    objects.push(Object { bucket: self.name.clone(), key: key.to_owned(), size });
                }
            }
            match page.next_continuation_token().filter(|_| page.is_truncated().unwrap_or(false)) {
                None => return Ok(objects),
                Some(next) if token.as_deref() == Some(next) => {
                    return Err(CloudError::new(
                        Refusal::Failed,
                        CALL,
                        &self.at,
                        None,
                        "the same page again and again",
                    ));
                }
                Some(next) => token = Some(next.to_owned()),
            }
        }
    }

    /// Gets an object whole: trail files are a few megabytes.
    pub async fn get(&self, key: &str) -> Result<Got, CloudError> {
        const CALL: &str = "s3:GetObject";
        let answer = self
            .client
            .get_object()
            .bucket(&*self.name)
            .key(key)
            .send()
            .await
            .map_err(|error| failed(CALL, &self.at, error))?;
        let meta = answer.metadata().cloned().unwrap_or_default();
        let bytes = answer.body.collect().await.map_err(|error| {
            CloudError::new(Refusal::Unreachable, CALL, &self.at, None, &format!("{key}: {error}"))
        })?;
        Ok(Got { bytes: bytes.into_bytes().to_vec(), meta: meta.into_iter().collect() })
    }
}

/// An object's bytes, and what its writer noted beside them (`signature`).
pub struct Got {
    pub bytes: Vec<u8>,
    pub meta: BTreeMap<String, String>,
}

/// Hands every record of an object's bytes on; returns what could not be read, and how many there were.
pub fn records(
    name: &str,
    bytes: &[u8],
    sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
) -> (u64, String, Vec<Gap>) {
    let was = unwrap(&mut &*bytes, &Limits::default(), sink);
    let gaps =
        was.troubles.iter().map(|trouble| Gap::unread(format!("{name}:{}", trouble.line), &trouble.why));
    let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    (was.records, sha256, gaps.collect())
}
