//! CloudTrail's event history as a source: every account and region is asked at once, each at its own pace.
//!
//! Reads, never writes, and never interprets a record. `sweep` decides what is sent when, this file sends it. What was not
//! answered is a gap that names account, region and question. Driven from outside the runtime's own threads.

mod pages;
mod reach;

use super::Aws;
use crate::cloud::pace::Pacer;
use crate::cloud::sweep::{Job, Limits};
use crate::cloud::{Async, CloudError, LogSource, Query, Raw, Shard, Take};
use crate::model::gap::GapKind;
use crate::model::report::CoveredScope;
use crate::model::{Gap, Place, Time};
use aws_config::SdkConfig;
use pages::Part;
use rayon::prelude::*;
use reach::{Patience, Question, Reach};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The event history keeps so many days (aws.md 2.1).
const KEPT_DAYS: i64 = 90;
/// The slowest answer that was reported took 35 s (perf.md C).
const TIMEOUT: Duration = Duration::from_secs(60);
/// The first answer of a place: above the slowest that was reported.
const FIRST: Duration = Duration::from_secs(40);
/// An answer of a place that did not answer before.
const SECOND: Duration = Duration::from_secs(15);
/// Pages that were received and not yet taken; each holds up to 150 KB.
const UNTAKEN: usize = 128;
/// How often somebody looks whether the run was stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// A configuration for every place: who we are there and over which client.
pub trait Configure: Send + Sync {
    fn config<'a>(&'a self, at: &'a Place) -> Async<'a, Result<SdkConfig, CloudError>>;
}

impl Configure for Aws {
    fn config<'a>(&'a self, at: &'a Place) -> Async<'a, Result<SdkConfig, CloudError>> {
        Box::pin(Aws::config(self, at))
    }
}

impl<F: Fn(&Place) -> Result<SdkConfig, CloudError> + Send + Sync> Configure for F {
    fn config<'a>(&'a self, at: &'a Place) -> Async<'a, Result<SdkConfig, CloudError>> {
        Box::pin(std::future::ready(self(at)))
    }
}

/// The event histories of these accounts and regions.
pub struct EventHistory {
    config: Arc<dyn Configure>,
    /// One with threads of its own.
    runtime: Handle,
    limits: Limits,
    timeout: Duration,
    /// In epoch seconds: what is too old is the same in every round.
    began: i64,
    reach: Mutex<Reach>,
    /// The clock of all passes, and where they left the buckets: the next pass goes on at their pace.
    clock: Instant,
    paces: Arc<Mutex<HashMap<Place, Pacer>>>,
}

/// The time that is asked for, in whole seconds.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Older than this the history keeps nothing.
    kept: i64,
    since: i64,
    until: i64,
    now: i64,
}

impl EventHistory {
    pub fn new(
        config: Arc<dyn Configure>,
        runtime: Handle,
        places: Vec<(Arc<str>, Vec<Arc<str>>)>,
    ) -> EventHistory {
        let source = EventHistory {
            config,
            runtime,
            limits: Limits { in_flight: most_at_once(), ..Limits::default() },
            timeout: TIMEOUT,
            began: Time::now().as_second(),
            reach: Mutex::default(),
            clock: Instant::now(),
            paces: Arc::default(),
        };
        source.add(places);
        source
    }

    /// Other limits than AWS documents, for servers that have others.
    pub fn with_limits(self, limits: Limits, timeout: Duration) -> EventHistory {
        EventHistory { limits, timeout, ..self }
    }

    /// Adds accounts, with their regions; returns whether any was news. What was asked before is asked there too.
    pub fn add(&self, places: Vec<(Arc<str>, Vec<Arc<str>>)>) -> bool {
        self.reach().add(places)
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn window(&self, query: &Query) -> Window {
        let now = Time::now().as_second();
        let kept = self.began - KEPT_DAYS * 86_400;
        let since = query.since.map_or(kept, |since| since.as_second());
        // Clocks differ, and what happens while we ask is asked for too.
        let until = query.until.map_or(now + 60, |until| until.as_second());
        Window { kept, since, until, now }
    }
}

impl Window {
    /// The range of a question. What minted a credential may lie long before the window.
    fn of(&self, question: &Question, again: bool) -> (i64, i64) {
        let (since, until) = match question.within {
            Some((from, to)) => (from.as_second(), to.as_second()),
            None if question.is_origin() && !again => (self.kept, self.until),
            None => (self.since, self.until),
        };
        (since.max(self.kept), until)
    }
}

impl LogSource for EventHistory {
    fn about(&self) -> String {
        let (accounts, places) = self.reach().size();
        format!("the event history of {accounts} accounts, {places} regions in all")
    }

    fn shards(&self, query: &Query) -> Vec<Shard> {
        let mut reach = self.reach();
        let parts = reach.parts(query);
        parts.into_iter().map(|part| Shard { name: reach.name(&part).into() }).collect()
    }

    fn drive(&self, query: &Query, _shards: &[Shard], to: &dyn Take) {
        self.run(query, to);
    }

    fn is_live(&self) -> bool {
        true
    }

    fn left(&self) -> Vec<Gap> {
        self.reach().left()
    }
}

impl EventHistory {
    fn run(&self, query: &Query, to: &dyn Take) {
        let window = self.window(query);
        let (parts, resting, places, spots, questions, timeouts) = {
            let mut reach = self.reach();
            let now = Instant::now();
            let (resting, parts): (Vec<_>, Vec<_>) =
                reach.parts(query).into_iter().partition(|part| reach.rests(part.place, now));
            let questions: Vec<Question> = parts.iter().map(|part| reach.question(part)).collect();
            let places = reach.places();
            let timeouts: Vec<Duration> =
                (0..places.len()).map(|place| self.timeout(reach.patience(place))).collect();
            (parts, resting, places, reach.spots(&query.asks), questions, timeouts)
        };
        let asked: BTreeSet<usize> = parts.iter().chain(&resting).map(|part| part.place).collect();
        to.asks("regions", asked.iter().map(|place| name(&places[*place])).collect());
        self.leave(&resting, &places, to);
        if parts.is_empty() {
            return;
        }
        if window.since < window.kept && query.since.is_some() {
            to.part("", &mut |_| vec![too_old(window)]);
        }
        let jobs: Vec<Job> = parts
            .iter()
            .zip(&questions)
            .map(|(part, question)| {
                let (from, until) = window.of(question, query.again);
                Job { bucket: part.place, from: from.min(until), to: until }
            })
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, mut received) = mpsc::channel::<Part>(UNTAKEN);
        let sweep = pages::Pages {
            config: self.config.clone(),
            limits: self.limits,
            timeouts,
            places: places.clone(),
            spots,
            questions,
            jobs,
            stop: stop.clone(),
            sender,
            began: self.clock,
            paces: self.paces.clone(),
        };
        let driver = self.runtime.spawn(sweep.run());
        let mut has_answered = vec![None; parts.len()];
        let mut open = Open::of(&parts);
        let mut batch = Vec::new();
        loop {
            let more = received.recv_many(&mut batch, UNTAKEN / 2);
            let waited = self.runtime.block_on(async { tokio::time::timeout(GLANCE, more).await });
            if to.is_stopped() {
                stop.store(true, Ordering::Relaxed);
                break;
            }
            if let Ok(0) = waited {
                break;
            }
            for part in &batch {
                if part.ended {
                    has_answered[part.job] = Some(!part.is_closed);
                    to.ended();
                    let place = parts[part.job].place;
                    if let Some(has_answered) = open.ended(place, !part.is_closed) {
                        to.done(&name(&places[place]), has_answered);
                    }
                }
            }
            batch.par_drain(..).for_each(|part| {
                if !part.records.is_empty() || !part.gaps.is_empty() {
                    to.part(&part.name, &mut |sink| feed(&part, sink));
                }
            });
        }
        drop(received);
        if let Err(failure) = self.runtime.block_on(driver)
            && failure.is_panic()
        {
            to.part("", &mut |_| vec![Gap::unread("event history", "the sweep ended before all was asked")]);
        }
        if !to.is_stopped() {
            self.cover(&parts, &places, &has_answered, window, to);
        }
    }

    /// How long one answer is waited for.
    fn timeout(&self, patience: Patience) -> Duration {
        self.timeout.min(match patience {
            Patience::Short => SECOND,
            Patience::First => FIRST,
            Patience::Long => TIMEOUT,
        })
    }

    /// Says of places that are left alone for now that they were not seen. Why, their gaps have said.
    fn leave(&self, resting: &[reach::Part], places: &[Place], to: &dyn Take) {
        let left: BTreeSet<usize> = resting.iter().map(|part| part.place).collect();
        for place in left {
            to.covered(scope(&places[place], false, None, None));
            to.done(&name(&places[place]), false);
        }
        resting.iter().for_each(|_| to.ended());
    }

    /// Says which places answered, also where there was nothing; a place that did not is not seen.
    fn cover(
        &self,
        parts: &[reach::Part],
        places: &[Place],
        has_answered: &[Option<bool>],
        window: Window,
        to: &dyn Take,
    ) {
        let mut reach = self.reach();
        let mut seen: BTreeMap<usize, bool> = BTreeMap::new();
        for (part, has_answered) in parts.iter().zip(has_answered) {
            let has_answered = has_answered.unwrap_or_default();
            *seen.entry(part.place).or_default() |= has_answered;
            reach.ended(part, has_answered);
        }
        let now = Instant::now();
        seen.iter().for_each(|(place, seen)| reach.passed(*place, *seen, now));
        drop(reach);
        let at = |second| Time::from_second(second).ok();
        for (place, seen) in seen {
            let (from, until) = (at(window.since.max(window.kept)), at(window.until.min(window.now)));
            to.covered(scope(&places[place], seen, from.filter(|_| seen), until.filter(|_| seen)));
        }
    }
}

/// As whoever waits for it reads it.
fn name(place: &Place) -> Arc<str> {
    place.to_string().into()
}

/// Questions to a place that have not ended, and whether any was answered.
struct Open(BTreeMap<usize, (usize, bool)>);

impl Open {
    fn of(parts: &[reach::Part]) -> Open {
        let mut open = BTreeMap::<usize, (usize, bool)>::new();
        parts.iter().for_each(|part| open.entry(part.place).or_default().0 += 1);
        Open(open)
    }

    /// A question has ended; where it was the place's last, whether the place answers.
    fn ended(&mut self, place: usize, has_answered: bool) -> Option<bool> {
        let (left, answers) = self.0.get_mut(&place)?;
        *left = left.saturating_sub(1);
        *answers |= has_answered;
        (*left == 0).then_some(*answers)
    }
}

fn scope(place: &Place, seen: bool, from: Option<Time>, to: Option<Time>) -> CoveredScope {
    CoveredScope {
        account: place.account.to_string(),
        region: place.region.to_string(),
        // The event history holds management events, whoever asks for whichever of them.
        source: "management".into(),
        seen,
        from,
        to,
        records: 0,
    }
}

fn too_old(window: Window) -> Gap {
    let from = Time::from_second(window.kept).map(|time| time.to_string()).unwrap_or_default();
    Gap::new(
        GapKind::Retention,
        "event history",
        format!("it keeps {KEPT_DAYS} days: what was before {from} must come from a trail"),
    )
}

fn feed(part: &Part, sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Vec<Gap> {
    for record in &part.records {
        if sink(Raw { bytes: record.as_bytes(), line: 0 }).is_break() {
            break;
        }
    }
    part.gaps.clone()
}

/// As many requests as there may be connections, up to the default: a program has few files open by default on some systems.
fn most_at_once() -> usize {
    const SPARE: usize = 100;
    const FEWEST: usize = 64;
    // Where nobody says: the least default that is known, macOS's 256.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files: usize = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(256);
    files.saturating_sub(SPARE).clamp(FEWEST, Limits::default().in_flight)
}
