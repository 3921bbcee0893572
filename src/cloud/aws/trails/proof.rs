//! `--verify-trail`: gets the digests of a window and proves, hour by hour, that the files are those that CloudTrail wrote.

use super::digest::{self, Digest, Keys};
use super::{Bucket, Layout, Trail, days};
use crate::cloud::aws::Aws;
use crate::cloud::aws::client;
use crate::cloud::aws::error::failed;
use crate::cloud::{CloudError, Refusal};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was proved, and everything that was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Digests whose signature is CloudTrail's.
    pub digests: u64,
    /// Files that are as they were written.
    pub files: u64,
    /// Hours that no proof covers, files that are missing or altered.
    pub gaps: Vec<Gap>,
}

/// Proves the files of one account and region over a window. `scope` is whose files; the trail is whose bucket.
pub async fn prove(
    aws: &Aws,
    trail: &Trail,
    bucket: &Arc<Bucket>,
    organization: Option<&str>,
    scope: &Place,
    window: (Time, Time),
) -> Proof {
    let mut proof = Proof::default();
    let place = format!("{} in {scope}", trail.arn);
    let keys = match public_keys(aws, scope, window).await {
        Ok(keys) => keys,
        Err(error) => {
            proof.gaps.push(error.gap());
            return proof;
        }
    };
    let layout = Layout {
        prefix: trail.prefix.as_deref().map(str::to_owned),
        organization: organization.filter(|_| trail.is_organization).map(str::to_owned),
    };
    let mut chain: Vec<Digest> = Vec::new();
    let mut signatures: BTreeMap<String, String> = BTreeMap::new();
    for day in days(window.0, window.1) {
        let listed = match bucket.list(&layout.digests(&scope.account, &scope.region, day)).await {
            Ok(listed) => listed,
            Err(error) => {
                proof.gaps.push(error.gap());
                continue;
            }
        };
        // One bucket may hold the digests of several trails; each bears its trail's name and home region.
        let ours = format!("_{}_{}_", trail.name, trail.home.region);
        for object in listed.into_iter().filter(|object| object.key.contains(&ours)) {
            match bucket.get(&object.key).await {
                Err(error) => proof.gaps.push(Gap { place: object.name(), ..error.gap() }),
                Ok(got) => {
                    let signature = got.meta.get("signature").map(String::as_str);
                    match digest::read(&object.bucket, &object.key, &got.bytes, signature, &keys) {
                        Ok(digest) => {
                            signatures.insert(object.key.clone(), signature.unwrap_or_default().to_owned());
                            chain.push(digest);
                        }
                        Err(why) => proof.gaps.push(broken(object.name(), why)),
                    }
                }
            }
        }
    }
    proof.digests = chain.len() as u64;
    let holes = digest::holes(&chain, &signatures, window.0, window.1);
    proof.gaps.extend(holes.into_iter().map(|why| broken(place.clone(), why)));
    for file in chain.iter().flat_map(|digest| &digest.log_files) {
        let name = format!("s3://{}/{}", file.s3_bucket, file.s3_object);
        match bucket.get(&file.s3_object).await {
            Err(error) => proof.gaps.push(Gap { place: name, ..error.gap() }),
            Ok(got) => match digest::check(file, &got.bytes) {
                Ok(()) => proof.files += 1,
                Err(why) => proof.gaps.push(broken(name, why)),
            },
        }
    }
    proof.gaps.sort();
    proof.gaps.dedup();
    proof
}

fn broken(place: String, why: impl Into<String>) -> Gap {
    Gap::new(GapKind::Interrupted, place, why)
}

/// CloudTrail's public keys of a region and window; a digest may be signed up to two hours after its end (aws.md 2.2).
async fn public_keys(aws: &Aws, at: &Place, window: (Time, Time)) -> Result<Keys, CloudError> {
    const CALL: &str = "cloudtrail:ListPublicKeys";
    let client = client!(aws, at, aws_sdk_cloudtrail)?;
    let mut keys = Keys::new();
    let mut token: Option<String> = None;
    let mut met: BTreeSet<String> = BTreeSet::new();
    loop {
        let answer = client
            .list_public_keys()
            .start_time(aws_smithy_types::DateTime::from_secs(window.0.as_second()))
            .end_time(aws_smithy_types::DateTime::from_secs(window.1.as_second() + 2 * 3600))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| failed(CALL, at, error))?;
        for key in answer.public_key_list() {
            if let (Some(fingerprint), Some(value)) = (key.fingerprint(), key.value()) {
                keys.insert(fingerprint.to_owned(), value.as_ref().to_vec());
            }
        }
        match answer.next_token() {
            None => return Ok(keys),
            Some(next) if !met.insert(next.to_owned()) => {
                return Err(CloudError::new(
                    Refusal::Failed,
                    CALL,
                    at,
                    None,
                    "the same page again and again",
                ));
            }
            Some(next) => token = Some(next.to_owned()),
        }
    }
}
