//! `--verify-trail`: gets the digests of a window and proves, hour by hour, that the files are those that CloudTrail wrote.

use super::digest::{self, Digest, Keys, LogFile};
use super::source::Part;
use super::{Bucket, Day, Layout, Object, days, delivered_at};
use crate::cloud::aws::Aws;
use crate::cloud::aws::client;
use crate::cloud::aws::error::failed;
use crate::cloud::aws::many::each;
use crate::cloud::{CloudError, Refusal};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// What was proved of one trail's files in one account and region, for the case; what was not is said by gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    pub trail: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub since: Time,
    pub until: Time,
    /// Digests whose signature is CloudTrail's.
    pub digests: u64,
    /// Files that are as they were written.
    pub files: u64,
    /// Hours that no proof covers, files that are missing, altered or nobody's.
    #[serde(skip)]
    pub gaps: Vec<Gap>,
}

/// A digest follows its hour, and a file its events.
const LATE: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);
/// A file may lie on either side of the hour that its name says.
const ROUNDED: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Proves a trail's files over a window: one proof for each account and region.
pub async fn prove(aws: &Aws, part: &Part, window: (Time, Time), now: Time) -> Vec<Proof> {
    let places = part.scopes.iter().flat_map(|(account, regions)| {
        let regions = regions.iter().filter(|region| part.sees(region));
        regions.map(|region| Place::new(account.clone(), region.clone()))
    });
    each(places, |place| async move { prove_in(aws, part, &place, window, now).await }).await
}

async fn prove_in(aws: &Aws, part: &Part, scope: &Place, window: (Time, Time), now: Time) -> Proof {
    let mut proof = Proof {
        trail: part.trail.arn.clone(),
        account: scope.account.clone(),
        region: scope.region.clone(),
        since: window.0,
        until: window.1,
        digests: 0,
        files: 0,
        gaps: Vec::new(),
    };
    if !part.trail.writes_digests {
        let why = "the trail writes no digests: nothing proves its files";
        proof.gaps.push(broken(part.trail.arn.to_string(), why));
        return proof;
    }
    match public_keys(aws, scope, window).await {
        Ok(keys) => Proving { part, scope, window, keys }.prove(now, &mut proof).await,
        Err(error) => proof.gaps.push(error.gap()),
    }
    proof.gaps.sort();
    proof.gaps.dedup();
    proof
}

struct Proving<'a> {
    part: &'a Part,
    scope: &'a Place,
    window: (Time, Time),
    keys: Keys,
}

impl Proving<'_> {
    async fn prove(&self, now: Time, proof: &mut Proof) {
        let place = format!("{} in {}", self.part.trail.arn, self.scope);
        let (chain, signatures) = self.digests(&mut proof.gaps).await;
        proof.digests = chain.len() as u64;
        // CloudTrail signs an hour when it is over: the last ones can't be proved by anybody yet.
        let signed = now.checked_sub(LATE).unwrap_or(now);
        let last = chain.iter().map(|digest| digest.digest_end_time).max();
        let mut until = self.window.1;
        if until > signed && last.is_none_or(|last| last < until) {
            until = last.map_or(signed, |last| last.max(signed).min(until));
            let why =
                format!("files since {until} are not signed yet: CloudTrail signs an hour when it is over");
            proof.gaps.push(Gap::new(GapKind::Blind, place.clone(), why));
        }
        if self.window.0 < until {
            let holes = digest::holes(&chain, &signatures, self.window.0, until);
            proof.gaps.extend(holes.into_iter().map(|why| broken(place.clone(), why)));
        }
        proof.files = self.files(&chain, &mut proof.gaps).await;
        self.strangers(&chain, &mut proof.gaps).await;
    }

    fn layout(&self) -> Layout {
        self.part.layout()
    }

    /// Lists what lies under a prefix for each day of the window.
    async fn listed(&self, prefix: impl Fn(Day) -> String, gaps: &mut Vec<Gap>) -> Vec<Object> {
        let bucket = &self.part.bucket;
        let list = |day| {
            let prefix = prefix(day);
            async move { bucket.list(&prefix).await }
        };
        let mut all = Vec::new();
        for listed in each(days(self.window.0, self.window.1), list).await {
            match listed {
                Ok(some) => all.extend(some),
                Err(error) => gaps.push(error.gap()),
            }
        }
        all
    }

    /// Gets the digests that cover the window, and the signatures that they bear.
    async fn digests(&self, gaps: &mut Vec<Gap>) -> (Vec<Digest>, BTreeMap<String, String>) {
        let trail = &self.part.trail;
        let prefix = |day| self.layout().digests(&self.scope.account, &self.scope.region, day);
        // One bucket may hold the digests of several trails; each bears its trail's name and home region. What was filled in
        // later has a chain of its own.
        let ours = format!("_{}_{}_", trail.name, trail.home.region);
        let mut objects = self.listed(prefix, gaps).await;
        objects.retain(|object| {
            let is_near = delivered_at(&object.key).is_none_or(|at| {
                at >= self.window.0 && at <= self.window.1.checked_add(LATE).unwrap_or(self.window.1)
            });
            is_near && object.key.contains(&ours) && !object.key.contains("_backfill")
        });
        let (mut chain, mut signatures) = (Vec::new(), BTreeMap::new());
        let got = each(&objects, |object| self.part.bucket.get(&object.key)).await;
        for (object, got) in objects.iter().zip(got) {
            let got = match got {
                Ok(got) => got,
                Err(error) => {
                    gaps.push(Gap { place: object.name(), ..error.gap() });
                    continue;
                }
            };
            let signature = got.meta.get("signature").map(String::as_str);
            match digest::read(&object.bucket, &object.key, &got.bytes, signature, &self.keys) {
                Ok(digest) => {
                    signatures.insert(object.key.clone(), signature.unwrap_or_default().to_owned());
                    chain.push(digest);
                }
                Err(why) => gaps.push(broken(object.name(), why)),
            }
        }
        (chain, signatures)
    }

    /// Checks every file that the digests name; returns how many are as they were written.
    async fn files(&self, chain: &[Digest], gaps: &mut Vec<Gap>) -> u64 {
        let files: Vec<_> = chain.iter().flat_map(|digest| &digest.log_files).collect();
        async fn check(bucket: &Bucket, file: &LogFile) -> Result<Result<(), String>, CloudError> {
            let got = bucket.get(&file.s3_object).await?;
            Ok(digest::check(file, &got.bytes))
        }
        let mut proved = 0;
        for (file, checked) in
            files.iter().zip(each(files.iter().copied(), |file| check(&self.part.bucket, file)).await)
        {
            let name = format!("s3://{}/{}", file.s3_bucket, file.s3_object);
            match checked {
                Ok(Ok(())) => proved += 1,
                Ok(Err(why)) => gaps.push(broken(name, why)),
                Err(error) => gaps.push(Gap { place: name, ..error.gap() }),
            }
        }
        proved
    }

    /// Files of hours that are signed, which no digest names: CloudTrail did not write them.
    async fn strangers(&self, chain: &[Digest], gaps: &mut Vec<Gap>) {
        let named: HashSet<&str> =
            chain.iter().flat_map(|digest| &digest.log_files).map(|file| &*file.s3_object).collect();
        let is_signed = |at: Time| {
            chain.iter().any(|digest| digest.digest_start_time <= at && at < digest.digest_end_time)
        };
        let prefix = |day| self.layout().logs(&self.scope.account, &self.scope.region, day);
        for object in self.listed(prefix, gaps).await {
            let is_covered = delivered_at(&object.key).is_some_and(|at| {
                is_signed(at)
                    && is_signed(at.checked_sub(ROUNDED).unwrap_or(at))
                    && is_signed(at.checked_add(ROUNDED).unwrap_or(at))
            });
            if is_covered && !named.contains(&*object.key) {
                gaps.push(broken(object.name(), "no digest names it: CloudTrail did not write it"));
            }
        }
    }
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
