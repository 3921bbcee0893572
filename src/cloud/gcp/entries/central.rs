//! One bucket instead of every project: a log bucket behind a sink of an organization or folder that takes all that lies below.
//!
//! Only a shortcut: each project's own `_Required` stays the truth, and nobody can change it. A bucket is used where its sink and
//! its settings say that it holds everything since the window began, it is held against some projects' own records at every
//! level, and any difference ends it (gcp.md 2.3).

use super::chain::Job;
use crate::cloud::CloudError;
use crate::cloud::gcp::each::{at_time, text};
use crate::cloud::gcp::endpoints::LOGGING;
use crate::cloud::gcp::rest::Ask;
use crate::cloud::gcp::{Gcp, Reach};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time, time};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Below this many, asking each project is as cheap: one request for the bucket, one to hold it against projects.
pub(super) const WORTH: usize = 2 * super::PER_REQUEST;
/// Folders that are asked for sinks; where there are more, only organizations are.
const FOLDERS: usize = 100;
/// Projects that it is held against, besides the principal's own.
const HOTTEST: usize = 3;
/// Records are routed within seconds; younger ones may have come to one place and not yet to the other.
const YOUNG: SignedDuration = SignedDuration::from_secs(60);
/// What a bucket keeps that does not say how long.
const DAYS: i64 = 30;

/// A bucket that can stand for these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// As it is asked for.
    pub(super) view: String,
    /// The sink that fills it.
    pub(super) sink: String,
    /// Project ids, `folders/N`, `organizations/N`.
    pub(super) covered: BTreeSet<Arc<str>>,
}

impl Gcp {
    /// Looks for a bucket that holds what all or most of these projects logged since then; says why one that is there is not used.
    pub async fn central(&self, reach: &Reach, since: Option<Time>) -> (Option<Central>, Vec<Gap>) {
        let mut gaps = Vec::new();
        if reach.projects.len() + reach.above.len() <= WORTH {
            return (None, gaps);
        }
        let now = Time::now();
        let kept = now.checked_sub(SignedDuration::from_hours(super::KEPT_DAYS * 24)).unwrap_or(now);
        let since = since.map_or(kept, |since| since.max(kept));
        let (organizations, folders): (Vec<&Arc<str>>, Vec<&Arc<str>>) =
            reach.above.iter().partition(|one| one.starts_with("organizations/"));
        let folders = if folders.len() > FOLDERS { Vec::new() } else { folders };
        for roots in [organizations, folders] {
            let mut found: Vec<Central> = Vec::new();
            for root in roots {
                match self.behind(root, reach, (since, now), &mut gaps).await {
                    Ok(some) => found.extend(some),
                    Err(error) => {
                        let gap = error.gap();
                        let why = format!(
                            "{}: whether a central bucket could be asked is not known, so all projects are",
                            gap.why
                        );
                        gaps.push(Gap::new(GapKind::Blind, gap.place, why));
                    }
                }
            }
            let best = found.into_iter().max_by_key(|one| one.covered.len());
            if best.as_ref().is_some_and(|one| one.covered.len() > WORTH) {
                return (best, gaps);
            }
        }
        (None, gaps)
    }

    /// Buckets behind the sinks of an organization or folder.
    async fn behind(
        &self,
        root: &Arc<str>,
        reach: &Reach,
        (since, now): (Time, Time),
        gaps: &mut Vec<Gap>,
    ) -> Result<Vec<Central>, CloudError> {
        let at = Place::new(root.clone(), "");
        let call = match root.starts_with("folders/") {
            true => "logging.folders.sinks.list",
            false => "logging.organizations.sinks.list",
        };
        let sinks = self.rest.list(Ask::get(call, &at, LOGGING, "v2/{+}/sinks", &[root])?, "sinks").await?;
        let mut found = Vec::new();
        for sink in &sinks {
            let Some(bucket) = destination(sink).filter(|_| sink["includeChildren"].as_bool() == Some(true))
            else {
                continue;
            };
            let name = format!("{root}/sinks/{}", text(sink, "name").unwrap_or_default());
            let settings = match fit(sink, since) {
                Ok(()) => {
                    let at = Place::new(bucket.split('/').nth(1).unwrap_or_default(), "");
                    let call = "logging.projects.locations.buckets.get";
                    let ask = Ask::get(call, &at, LOGGING, "v2/{+}", &[bucket])?;
                    self.rest.json(&ask).await.map_err(|error| error.to_string())
                }
                Err(why) => Err(why),
            };
            match settings.and_then(|settings| keeps(&settings, since, now)) {
                Ok(()) => found.push(Central {
                    view: format!("{bucket}/views/_AllLogs"),
                    sink: name,
                    covered: reach.below(root, since),
                }),
                Err(why) => gaps.push(unused(&name, bucket, &why)),
            }
        }
        Ok(found)
    }
}

fn unused(sink: &str, bucket: &str, why: &str) -> Gap {
    let why = format!("the central bucket {bucket} is not used: {why}; all projects are asked instead");
    Gap::new(GapKind::Blind, sink, why)
}

/// The bucket that a sink writes into, if it is one: `projects/P/locations/L/buckets/B`.
fn destination(sink: &Value) -> Option<&str> {
    let bucket = text(sink, "destination")?.strip_prefix("logging.googleapis.com/")?;
    let parts: Vec<&str> = bucket.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b':'))
    };
    match parts[..] {
        ["projects", p, "locations", l, "buckets", b] if [p, l, b].iter().all(is_plain) => Some(bucket),
        _ => None,
    }
}

/// Whether a sink took all of Admin Activity since then.
fn fit(sink: &Value, since: Time) -> Result<(), String> {
    if sink["disabled"].as_bool() == Some(true) {
        return Err("its sink is switched off".into());
    }
    let is_on = |one: &&Value| one["disabled"].as_bool() != Some(true);
    if let Some(one) = sink["exclusions"].as_array().into_iter().flatten().find(is_on) {
        return Err(format!(
            "its sink leaves out what matches exclusion {:?}",
            text(one, "name").unwrap_or_default()
        ));
    }
    if !takes_audit(text(sink, "filter").unwrap_or_default()) {
        return Err("its sink has a filter that may leave audit logs out".into());
    }
    // Who may change a sink could have changed it back.
    match at_time(&sink["updateTime"]).or_else(|| at_time(&sink["createTime"])) {
        Some(at) if at <= since => Ok(()),
        Some(at) => Err(format!("its sink was made or changed at {at}, in the window")),
        None => Err("its sink does not say when it was changed".into()),
    }
}

/// Whether a filter is sure to take Admin Activity and System Event logs: nothing, or an `OR` of whole logs.
fn takes_audit(filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let wanted = ["cloudaudit.googleapis.com/activity", "cloudaudit.googleapis.com/system_event"];
    let mut taken = [false; 2];
    for part in filter.split(" OR ") {
        let part = part.trim();
        let quoted = |rest: &str| -> Option<String> {
            let inner = rest.trim().strip_prefix('"')?.strip_suffix('"')?;
            (!inner.contains(['"', '\\'])).then(|| inner.replace("%2F", "/"))
        };
        let lower = part.to_ascii_lowercase();
        let takes: Box<dyn Fn(&str) -> bool> =
            if let Some(rest) = lower.strip_prefix("log_id(").and_then(|rest| rest.strip_suffix(')')) {
                let Some(log) = quoted(rest) else { return false };
                Box::new(move |wanted| wanted == log)
            } else if let Some(rest) = part.strip_prefix("logName:") {
                let Some(log) = quoted(rest) else { return false };
                Box::new(move |wanted| format!("/logs/{wanted}").contains(&log))
            } else {
                // Another language than we read: it may as well be the end of an AND.
                return false;
            };
        taken.iter_mut().zip(wanted).for_each(|(taken, wanted)| *taken |= takes(wanted));
    }
    taken == [true; 2]
}

/// Whether a bucket still has, and shows, what came since then.
fn keeps(bucket: &Value, since: Time, now: Time) -> Result<(), String> {
    match text(bucket, "lifecycleState") {
        Some("ACTIVE") => {}
        other => return Err(format!("it is {}", other.unwrap_or("in an unknown state"))),
    }
    if bucket["restrictedFields"].as_array().is_some_and(|fields| !fields.is_empty()) {
        return Err("some fields of it are hidden".into());
    }
    let days = bucket["retentionDays"].as_i64().unwrap_or(DAYS);
    if now.checked_sub(SignedDuration::from_hours(days.saturating_mul(24))).is_ok_and(|first| first > since) {
        return Err(format!("it keeps records for {days} days, and the window begins before"));
    }
    match at_time(&bucket["updateTime"]) {
        Some(at) if at > since => Err(format!("it was changed at {at}, in the window")),
        Some(_) | None => Ok(()),
    }
}

/// Records of Admin Activity and System Event, by project, each by a digest of what tells it apart.
pub(super) struct Met {
    records: BTreeMap<String, BTreeSet<[u8; 16]>>,
    /// Whether answers of central buckets are noted, and no others, or the other way round.
    central: bool,
}

impl Met {
    /// To note what central buckets answer.
    pub fn central() -> Met {
        Met { records: BTreeMap::new(), central: true }
    }

    /// To note what projects themselves answer.
    pub fn own() -> Met {
        Met { records: BTreeMap::new(), central: false }
    }

    /// Notes a record that answers a job, if it must be in both places by now.
    pub fn see(&mut self, job: Option<&Job>, record: &str, before: Time) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Record<'a> {
            #[serde(borrow)]
            log_name: Cow<'a, str>,
            #[serde(borrow)]
            timestamp: Cow<'a, str>,
            #[serde(borrow)]
            insert_id: Cow<'a, str>,
        }
        if job.is_none_or(|job| job.is_central() != self.central) {
            return;
        }
        let Ok(record) = serde_json::from_str::<Record>(record) else { return };
        let Some((of, log)) = record.log_name.split_once("/logs/") else { return };
        let is_kept = matches!(
            log,
            "cloudaudit.googleapis.com%2Factivity" | "cloudaudit.googleapis.com%2Fsystem_event"
        );
        let Some(project) = of.strip_prefix("projects/").filter(|_| is_kept) else { return };
        if time::parse(&record.timestamp).is_some_and(|at| at < before) {
            let mut digest = Sha256::new();
            for part in [log, &record.timestamp, &record.insert_id] {
                digest.update((part.len() as u64).to_le_bytes());
                digest.update(part);
            }
            let mut key = [0; 16];
            key.copy_from_slice(&digest.finalize()[..16]);
            self.records.entry(project.to_owned()).or_default().insert(key);
        }
    }

    /// The projects that have most, and these.
    pub fn hottest(&self, covered: &BTreeSet<Arc<str>>, besides: Option<&Arc<str>>) -> BTreeSet<Arc<str>> {
        let mut all: Vec<(&String, usize)> =
            self.records.iter().map(|(of, records)| (of, records.len())).collect();
        all.sort_by_key(|(of, count)| (std::cmp::Reverse(*count), (*of).clone()));
        let hottest = all.into_iter().map(|(of, _)| Arc::from(of.as_str()));
        let hottest = hottest.filter(|of: &Arc<str>| covered.contains(of)).take(HOTTEST);
        hottest.chain(besides.filter(|of| covered.contains(*of)).cloned()).collect()
    }

    /// How what these projects have themselves differs from this, if so.
    pub fn differs(&self, own: &Met, of: &BTreeSet<Arc<str>>) -> Option<String> {
        let none = BTreeSet::new();
        of.iter().find_map(|project| {
            let (here, there) =
                (self.records.get(&**project).unwrap_or(&none), own.records.get(&**project).unwrap_or(&none));
            let (lacks, more) = (there.difference(here).count(), here.difference(there).count());
            let told = match (lacks, more) {
                (0, 0) => return None,
                (0, more) => format!("it has {more} records of {project} that {project} itself has not"),
                (lacks, _) => {
                    format!("it lacks {lacks} of {} records that {project} itself has", there.len())
                }
            };
            Some(told)
        })
    }
}

/// Before this, records must be in both places.
pub(super) fn settled(now: Time) -> Time {
    now.checked_sub(YOUNG).unwrap_or(now)
}

/// That it is not believed any more.
pub(super) fn doubted(central: &Central, why: &str) -> Gap {
    let bucket = central.view.strip_suffix("/views/_AllLogs").unwrap_or(&central.view);
    unused(&central.sink, bucket, why)
}

#[cfg(test)]
mod tests {
    use super::super::chain::{Log, Via};
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn only_filters_that_are_sure_to_take_audit_logs_are_taken() {
        for filter in [
            "",
            r#"logName:"cloudaudit.googleapis.com""#,
            r#"logName:"/logs/cloudaudit.googleapis.com""#,
            r#"logName:"cloudaudit.googleapis.com%2Factivity" OR logName:"cloudaudit.googleapis.com%2Fsystem_event""#,
            r#"LOG_ID("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/system_event") OR log_id("x")"#,
        ] {
            assert!(takes_audit(filter), "{filter}");
        }
        for filter in [
            "severity>=ERROR",
            r#"logName:"cloudaudit.googleapis.com%2Factivity""#,
            r#"logName:"cloudaudit.googleapis.com" AND severity>=ERROR"#,
            r#"logName:"cloudaudit.googleapis.com" -protoPayload.methodName:"Delete""#,
            r#"NOT logName:"cloudaudit.googleapis.com""#,
            r#"logName:"cloudaudit.googleapis.com" OR severity>=ERROR resource.type="x""#,
            r#"logName="cloudaudit.googleapis.com""#,
            r#"log_id("cloudaudit.googleapis.com/activity")"#,
        ] {
            assert!(!takes_audit(filter), "{filter}");
        }
    }

    #[test]
    fn a_sink_or_bucket_that_may_lack_something_is_not_used() {
        let since = at("2026-03-01T00:00:00Z");
        let sink = |more: Value| {
            let mut sink = json!({"includeChildren": true, "updateTime": "2026-02-01T00:00:00Z"});
            sink.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            fit(&sink, since)
        };
        assert_eq!(sink(json!({})), Ok(()));
        assert_eq!(sink(json!({"exclusions": [{"name": "x", "disabled": true}]})), Ok(()));
        for (more, words) in [
            (json!({"disabled": true}), "switched off"),
            (json!({"exclusions": [{"name": "x"}]}), "exclusion \"x\""),
            (json!({"filter": "severity>=ERROR"}), "filter"),
            (json!({"updateTime": "2026-03-02T00:00:00Z"}), "in the window"),
            (json!({"updateTime": null}), "does not say"),
        ] {
            assert!(sink(more).is_err_and(|why| why.contains(words)), "{words}");
        }
        let now = at("2026-03-14T00:00:00Z");
        let bucket = |more: Value| {
            let mut bucket = json!({"lifecycleState": "ACTIVE", "retentionDays": 400});
            bucket.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            keeps(&bucket, since, now)
        };
        assert_eq!(bucket(json!({})), Ok(()));
        assert_eq!(bucket(json!({"retentionDays": 30})), Ok(()));
        for (more, words) in [
            (json!({"retentionDays": 7}), "7 days"),
            (json!({"lifecycleState": "DELETE_REQUESTED"}), "DELETE_REQUESTED"),
            (json!({"restrictedFields": ["protoPayload"]}), "hidden"),
            (json!({"updateTime": "2026-03-10T00:00:00Z"}), "in the window"),
        ] {
            assert!(bucket(more).is_err_and(|why| why.contains(words)), "{words}");
        }
    }

    #[test]
    fn only_buckets_are_destinations() {
        let of = |text: &str| destination(&json!({"destination": text})).map(str::to_owned);
        let good = "logging.googleapis.com/projects/sec-ops-7001/locations/global/buckets/central";
        assert_eq!(of(good).as_deref(), Some("projects/sec-ops-7001/locations/global/buckets/central"));
        for text in [
            "storage.googleapis.com/x",
            "logging.googleapis.com/projects/p/locations/global/buckets/",
            "logging.googleapis.com/projects/p/locations/global/buckets/b/views/v",
            "logging.googleapis.com/organizations/1/locations/global/buckets/b",
            "logging.googleapis.com/projects/p/locations/global/buckets/b?x",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn any_difference_is_one() {
        let record = |project: &str, id: &str| {
            json!({"logName": format!("projects/{project}/logs/cloudaudit.googleapis.com%2Factivity"), "timestamp": "2026-03-14T00:00:00Z", "insertId": id}).to_string()
        };
        let job = |via: Via| Job {
            number: 0,
            logs: vec![Log { of: "projects/a".into(), via }],
            base: "",
            terms: None,
            since: None,
            until: None,
        };
        let (bucket, view) = (job(Via::Central("b".into())), job(Via::View("_Required")));
        let late = at("2026-03-15T00:00:00Z");
        let met = |ids: &[(&str, &str)]| {
            let mut met = Met::own();
            ids.iter().for_each(|(of, id)| met.see(Some(&view), &record(of, id), late));
            met
        };
        // What somebody else answered is nobody's word for the bucket.
        let mut none = Met::central();
        none.see(Some(&view), &record("a", "1"), late);
        none.see(None, &record("a", "1"), late);
        assert!(none.records.is_empty());
        none.see(Some(&bucket), &record("a", "1"), late);
        assert_eq!(none.records.len(), 1);
        let of: BTreeSet<Arc<str>> = ["a".into()].into();
        let central = met(&[("a", "1"), ("a", "2"), ("b", "1")]);
        assert_eq!(central.differs(&met(&[("a", "2"), ("a", "1")]), &of), None);
        assert!(
            central
                .differs(&met(&[("a", "1"), ("a", "2"), ("a", "3")]), &of)
                .is_some_and(|why| why.contains("lacks 1 of 3"))
        );
        assert!(central.differs(&met(&[("a", "1")]), &of).is_some_and(|why| why.contains("itself has not")));
        let all: BTreeSet<Arc<str>> = ["a".into(), "b".into(), "c".into()].into();
        assert_eq!(central.hottest(&all, Some(&"c".into())), all);
        assert_eq!(central.hottest(&of, Some(&"c".into())), of);
        // What is too young may be on its way.
        let mut young = Met::own();
        young.see(Some(&view), &record("a", "9"), at("2026-03-14T00:00:00Z"));
        assert_eq!(young.differs(&met(&[]), &of), None);
    }
}
