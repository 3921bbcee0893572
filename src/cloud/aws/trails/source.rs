//! Trail files in S3 as a source: one shard is one account, region and day of one trail.
//!
//! Everything is listed once, ahead of the reading and many days at a time; the objects of a shard are fetched ahead of their
//! unpacking. A pass reads the files again: nothing of them is kept.

use super::{Bucket, Day, Layout, Object, Trail, days, delivered_at, records};
use crate::cloud::{CloudError, LogSource, Query, Raw, Shard, Take};
use crate::model::{Gap, Time};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinHandle;

/// So many lists are out at the same time: S3 serves 5,500 reads a second and prefix.
const LISTS_AT_ONCE: usize = 64;
/// So many objects of a shard are on their way while one is unpacked; each is a few megabytes.
const OBJECTS_AHEAD: usize = 8;
/// CloudTrail delivers within minutes; what came a day late is still looked at.
const LATEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What is asked of one trail.
pub struct Part {
    pub trail: Trail,
    pub bucket: Arc<Bucket>,
    pub organization: Option<String>,
    /// Accounts and their regions.
    pub scopes: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

/// An object that was read: a line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadObject {
    pub name: String,
    /// Bytes.
    pub size: u64,
    pub sha256: String,
    pub records: u64,
}

impl Part {
    pub(super) fn layout(&self) -> Layout {
        Layout {
            prefix: self.trail.prefix.as_deref().map(str::to_owned),
            organization: self.organization.clone().filter(|_| self.trail.is_organization),
        }
    }

    /// Whether it has files of a region: a trail of one region has that region's, and the global services' where it takes them.
    pub fn sees(&self, region: &Arc<str>) -> bool {
        self.trail.is_multi_region || *region == self.trail.home.region
    }
}

pub struct TrailSource {
    handle: Handle,
    days: Vec<Day>,
    since: Time,
    until: Time,
    shards: Mutex<BTreeMap<String, Arc<Place>>>,
    lists: Arc<Semaphore>,
    read: Mutex<BTreeMap<String, ReadObject>>,
}

struct Place {
    bucket: Arc<Bucket>,
    prefix: String,
    listed: OnceCell<Result<Vec<Object>, CloudError>>,
}

impl TrailSource {
    /// Knows its shards from the trails, accounts, regions and days alone.
    pub fn new(handle: Handle, parts: &[Part], since: Time, until: Time) -> TrailSource {
        let source = TrailSource {
            handle,
            days: days(since, until),
            since,
            until,
            shards: Mutex::default(),
            lists: Arc::new(Semaphore::new(LISTS_AT_ONCE)),
            read: Mutex::default(),
        };
        parts.iter().for_each(|part| source.add(part));
        source
    }

    /// Adds accounts and regions of a trail: what the chain led to since.
    pub fn add(&self, part: &Part) {
        let layout = part.layout();
        let mut shards = self.places();
        for (account, regions) in &part.scopes {
            for region in regions.iter().filter(|region| part.sees(region)) {
                for day in &self.days {
                    let prefix = layout.logs(account, region, *day);
                    let name = format!("s3://{}/{prefix}", part.trail.bucket);
                    shards.entry(name).or_insert_with(|| {
                        Arc::new(Place { bucket: part.bucket.clone(), prefix, listed: OnceCell::new() })
                    });
                }
            }
        }
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Place>>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read so far, sorted by name.
    pub fn objects(&self) -> Vec<ReadObject> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Lists every shard in the background, so that reading seldom waits for it.
    pub fn list_ahead(&self) -> JoinHandle<()> {
        let all: Vec<Arc<Place>> = self.places().values().cloned().collect();
        let lists = self.lists.clone();
        self.handle.spawn(async move {
            let mut jobs = tokio::task::JoinSet::new();
            for place in all {
                let Ok(permit) = lists.clone().acquire_owned().await else { return };
                jobs.spawn(async move {
                    place.listed.get_or_init(|| place.bucket.list(&place.prefix)).await;
                    drop(permit);
                });
                while jobs.try_join_next().is_some() {}
            }
            while jobs.join_next().await.is_some() {}
        })
    }

    /// Whether a file may hold events of the window, by when it was delivered.
    fn is_wanted(&self, object: &Object) -> bool {
        let latest = self.until.checked_add(LATEST).unwrap_or(self.until);
        object.key.ends_with(".json.gz")
            && delivered_at(&object.key).is_none_or(|at| {
                // Rounded to minutes in the name.
                at.as_second() + 60 >= self.since.as_second() && at <= latest
            })
    }
}

impl LogSource for TrailSource {
    fn about(&self) -> String {
        format!("{} days and regions of trails in S3", self.places().len())
    }

    fn shards(&self, _query: &Query) -> Vec<Shard> {
        self.places().keys().map(|name| Shard { name: name.as_str().into() }).collect()
    }

    fn drive(&self, query: &Query, shards: &[Shard], to: &dyn Take) {
        shards.par_iter().with_max_len(1).for_each(|shard| {
            if !to.is_stopped() {
                to.part(&shard.name, &mut |sink| self.fetch(query, shard, sink));
                to.ended();
            }
        });
    }
}

impl TrailSource {
    /// Hands every record of a part on.
    fn fetch(
        &self,
        _query: &Query,
        shard: &Shard,
        sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> Vec<Gap> {
        let Some(place) = self.places().get(&*shard.name).cloned() else {
            return vec![Gap::unread(&*shard.name, "not one of the places that were asked for")];
        };
        let listed = self.handle.block_on(place.listed.get_or_init(|| place.bucket.list(&place.prefix)));
        let objects: Vec<Object> = match listed {
            Ok(objects) => objects.iter().filter(|object| self.is_wanted(object)).cloned().collect(),
            Err(error) => return vec![error.gap()],
        };
        let mut gaps = Vec::new();
        let mut ahead: VecDeque<_> = VecDeque::new();
        let mut next = objects.into_iter();
        let mut stopped = false;
        while !stopped {
            while ahead.len() < OBJECTS_AHEAD
                && let Some(object) = next.next()
            {
                let (bucket, key) = (place.bucket.clone(), object.key.clone());
                ahead.push_back((object, self.handle.spawn(async move { bucket.get(&key).await })));
            }
            let Some((object, job)) = ahead.pop_front() else { break };
            let name = object.name();
            let bytes = match self.handle.block_on(job) {
                Ok(Ok(got)) => got.bytes,
                Ok(Err(error)) => {
                    gaps.push(Gap { place: name, ..error.gap() });
                    continue;
                }
                Err(failure) => {
                    gaps.push(Gap::unread(name, failure.to_string()));
                    continue;
                }
            };
            let (count, sha256, troubles) = records(&name, &bytes, &mut |raw| {
                let flow = sink(raw);
                stopped |= flow.is_break();
                flow
            });
            gaps.extend(troubles);
            let size = bytes.len() as u64;
            let read = ReadObject { name: name.clone(), size, sha256, records: count };
            let before =
                self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), read.clone());
            if before.is_some_and(|before| before.sha256 != read.sha256) {
                gaps.push(Gap::unread(name, "it changed while it was being read"));
            }
        }
        ahead.into_iter().for_each(|(_, job)| job.abort());
        gaps
    }
}
