//! Cloud Logging as a source: `entries.list` over every project, breadth-first, one filter for all that is new.
//!
//! Reads, never writes, and never interprets a record. N projects and E matches take ceil(N/100) plus ceil(E/1000) requests for
//! each level of the chain (gcp.md 2.1); where a central bucket has all of it, that is read instead of the N. What was not answered is a gap that names its project. Driven from outside the runtime's
//! own threads.

mod central;
mod chain;
mod filter;
mod pace;
mod split;

use super::Gcp;
use crate::cloud::{LogSource, Query, Raw, Shard, Take};
use crate::model::gap::GapKind;
use crate::model::report::CoveredScope;
use crate::model::{Gap, Time};
pub use central::Central;
use central::Met;
use chain::{Job, Log, Part, Reader, Via};
use jiff::SignedDuration;
use pace::Pace;
use split::Split;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

/// `_Required` keeps so many days, whatever anybody sets (gcp.md 1.3).
const KEPT_DAYS: i64 = 400;
/// Logs of one request.
const PER_REQUEST: usize = 100;
/// Reads a minute of one quota project; it can't be raised.
const PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Requests under way at once.
const AT_ONCE: usize = 12;
/// Pages that were received and not yet taken.
const UNTAKEN: usize = 8;
/// How often somebody looks whether the run was stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// Where logs are, candidates first.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// Project ids.
    pub projects: Vec<Arc<str>>,
    /// Of these, so many are looked into more closely: data access, and Google's own notices.
    pub candidates: usize,
    /// `folders/N`, `organizations/N`.
    pub above: Vec<Arc<str>>,
    /// A bucket that has the records of many of these.
    pub central: Option<Central>,
}

/// The audit logs of these projects.
pub struct Entries {
    gcp: Arc<Gcp>,
    /// One with threads of its own.
    runtime: Handle,
    pace: Arc<Pace>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In the order in which they were added.
    groups: Vec<Group>,
}

/// Projects that were added together, and what was asked of them.
struct Group {
    logs: Logs,
    asked: BTreeSet<Arc<str>>,
    has_notices: bool,
}

impl Entries {
    pub fn new(gcp: Arc<Gcp>, runtime: Handle, logs: Logs) -> Entries {
        let pace = Arc::new(Pace::new(PER_MINUTE, MINUTE));
        let entries = Entries { gcp, runtime, pace, state: Mutex::default() };
        entries.add(logs);
        entries
    }

    /// Another number of reads in another time than Google documents, for servers that have others.
    pub fn with_rate(self, reads: u32, window: Duration) -> Entries {
        Entries { pace: Arc::new(Pace::new(reads, window)), ..self }
    }

    /// Adds projects that are not known yet; returns whether any was. What was asked before is asked there too.
    pub fn add(&self, mut logs: Logs) -> bool {
        let mut state = self.state();
        let known: BTreeSet<Arc<str>> = state
            .groups
            .iter()
            .flat_map(|group| group.logs.projects.iter().chain(&group.logs.above))
            .cloned()
            .collect();
        let kept = logs.projects.iter().take(logs.candidates).filter(|id| !known.contains(*id)).count();
        logs.projects.retain(|id| !known.contains(id));
        logs.above.retain(|id| !known.contains(id));
        logs.candidates = kept;
        // It stands for what it was found with.
        logs.central = logs.central.filter(|_| known.is_empty());
        let is_new = !logs.projects.is_empty() || !logs.above.is_empty();
        if is_new {
            state.groups.push(Group { logs, asked: BTreeSet::new(), has_notices: false });
        }
        is_new
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a query comes to: as few requests as hold it.
    fn jobs(&self, query: &Query) -> Vec<Job> {
        let state = self.state();
        let mut jobs = Vec::new();
        for group in &state.groups {
            let new: Vec<&Arc<str>> =
                query.ids.iter().filter(|id| query.again || !group.asked.contains(*id)).collect();
            let candidates = &group.logs.projects[..group.logs.candidates.min(group.logs.projects.len())];
            let mut add = |logs: Vec<Log>, base: &'static str, terms: Option<&str>, most: usize| {
                for some in logs.chunks(most) {
                    jobs.push(Job {
                        number: jobs.len(),
                        logs: some.to_vec(),
                        base,
                        terms: terms.map(Arc::from),
                        since: query.since,
                        until: query.until,
                    });
                }
            };
            let log = |of: &Arc<str>, via: Via| {
                let of = if of.contains('/') { of.clone() } else { format!("projects/{of}").into() };
                Log { of, via }
            };
            if !group.has_notices || query.again {
                let logs = candidates.iter().map(|id| log(id, Via::Container)).collect();
                add(logs, filter::ABUSE, None, chain::CONTAINERS);
            }
            let central = group.logs.central.as_ref();
            for terms in filter::filters(new) {
                let all = group.logs.projects.iter().chain(&group.logs.above);
                let all = all.filter(|of| central.is_none_or(|central| !central.covered.contains(*of)));
                if let Some(central) = central {
                    let of = central.sink.as_str().into();
                    add(
                        vec![Log { of, via: Via::Central(central.view.clone()) }],
                        filter::AUDIT,
                        Some(&terms),
                        PER_REQUEST,
                    );
                }
                let logs = all.map(|id| log(id, Via::View("_Required"))).collect();
                add(logs, filter::AUDIT, Some(&terms), PER_REQUEST);
                let logs = candidates.iter().map(|id| log(id, Via::View("_Default"))).collect();
                add(logs, filter::AUDIT, Some(&terms), PER_REQUEST);
            }
        }
        jobs
    }

    fn asked(&self, query: &Query) {
        for group in &mut self.state().groups {
            group.has_notices = true;
            group.asked.extend(query.ids.iter().cloned());
        }
    }

    /// Says which projects answered, also where there was nothing; one that did not is not seen.
    fn cover(&self, jobs: &[Job], lost: &BTreeMap<usize, Vec<Arc<str>>>, query: &Query, to: &dyn Take) {
        let now = Time::now();
        let kept = now.checked_sub(SignedDuration::from_hours(KEPT_DAYS * 24)).ok();
        let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
        for job in jobs.iter().filter(|job| job.base == filter::AUDIT) {
            let lost = lost.get(&job.number);
            for log in job.logs.iter().filter(|log| log.via == Via::View("_Required")) {
                let has_answered = lost.is_some_and(|lost| !lost.contains(&log.of));
                *seen.entry(log.place()).or_insert(true) &= has_answered;
            }
        }
        let state = self.state();
        let central = jobs.iter().filter(|job| job.is_central());
        for job in central {
            let has_answered = lost.get(&job.number).is_some_and(Vec::is_empty);
            let all = state.groups.iter().filter_map(|group| group.logs.central.as_ref());
            for of in all.flat_map(|central| &central.covered) {
                *seen.entry(of).or_insert(true) &= has_answered;
            }
        }
        for (project, seen) in seen {
            to.covered(CoveredScope {
                account: project.to_owned(),
                region: String::new(),
                source: "activity".into(),
                seen,
                from: query.since.max(kept).filter(|_| seen),
                to: query.until.map_or(Some(now), |until| Some(until.min(now))).filter(|_| seen),
                records: 0,
            });
        }
    }
}

impl LogSource for Entries {
    fn about(&self) -> String {
        let projects: usize = self.state().groups.iter().map(|group| group.logs.projects.len()).sum();
        format!("the audit logs of {projects} projects")
    }

    fn shards(&self, query: &Query) -> Vec<Shard> {
        let name = |job: &Job| match &*job.logs {
            [one] => one.name(),
            all => format!("{} and {} more", all[0].name(), all.len() - 1),
        };
        self.jobs(query).iter().map(|job| Shard { name: name(job).into() }).collect()
    }

    fn drive(&self, query: &Query, _shards: &[Shard], to: &dyn Take) {
        let jobs = self.jobs(query);
        if let Some(since) = query.since
            && let Some(kept) = Time::now().checked_sub(SignedDuration::from_hours(KEPT_DAYS * 24)).ok()
            && since < kept
        {
            to.part("", &mut |_| {
                // The day is enough, and the same in every pass.
                let day: String = kept.to_string().chars().take(10).collect();
                let why = format!(
                    "Admin Activity logs are kept for {KEPT_DAYS} days: what was before {day} can't be asked"
                );
                vec![Gap::new(GapKind::Retention, "audit logs", why)]
            });
        }
        if jobs.is_empty() {
            return;
        }
        let mut jobs = jobs;
        let mut lost = BTreeMap::new();
        let mut split = Split::default();
        let mut met = Met::central();
        self.run(&jobs, &mut lost, &mut split, &mut met, to);
        if let Some(gap) = self.doubt(&jobs, &lost, &met, to) {
            to.part("", &mut |_| vec![gap.clone()]);
            self.disbelieve();
            // Whatever it answered, now and before, is asked of every project.
            jobs = self.jobs(query);
            (lost, split) = (BTreeMap::new(), Split::default());
            self.run(&jobs, &mut lost, &mut split, &mut Met::central(), to);
        }
        // A filter may have met one part of an entry and not the others.
        let parts = split.jobs(&jobs);
        if !parts.is_empty() && !to.is_stopped() {
            self.run(&parts, &mut BTreeMap::new(), &mut Split::default(), &mut Met::central(), to);
        }
        if !to.is_stopped() {
            self.cover(&jobs, &lost, query, to);
            self.asked(query);
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

impl Entries {
    /// Holds what a central bucket answered against what some projects have themselves; why it is not believed, if so.
    fn doubt(
        &self,
        jobs: &[Job],
        lost: &BTreeMap<usize, Vec<Arc<str>>>,
        met: &Met,
        to: &dyn Take,
    ) -> Option<Gap> {
        let (central, home) = {
            let state = self.state();
            let group = state.groups.iter().find(|group| group.logs.central.is_some())?;
            (group.logs.central.clone()?, group.logs.projects.first().cloned())
        };
        let asked: Vec<&Job> = jobs.iter().filter(|job| job.is_central()).collect();
        if asked.is_empty() || to.is_stopped() {
            return None;
        }
        if asked.iter().any(|job| lost.get(&job.number).is_none_or(|lost| !lost.is_empty())) {
            return Some(central::doubted(&central, "it could not be read"));
        }
        let against = met.hottest(&central.covered, home.as_ref());
        let logs: Vec<Log> = against
            .iter()
            .map(|of| Log { of: format!("projects/{of}").into(), via: Via::View("_Required") })
            .collect();
        if logs.is_empty() {
            return Some(central::doubted(&central, "there is no project that it could be held against"));
        }
        let checks: Vec<Job> = asked
            .iter()
            .enumerate()
            .map(|(number, job)| Job { number, logs: logs.clone(), ..(*job).clone() })
            .collect();
        let (mut unread, mut own) = (BTreeMap::new(), Met::own());
        self.run(&checks, &mut unread, &mut Split::default(), &mut own, to);
        if to.is_stopped() {
            return None;
        }
        if checks.iter().any(|job| unread.get(&job.number).is_none_or(|lost| !lost.is_empty())) {
            return Some(central::doubted(
                &central,
                "it could not be held against the projects' own records",
            ));
        }
        met.differs(&own, &against).map(|why| central::doubted(&central, &why))
    }

    /// From here on every project is asked itself, also for what was asked before.
    fn disbelieve(&self) {
        for group in &mut self.state().groups {
            if group.logs.central.take().is_some() {
                group.asked.clear();
            }
        }
    }

    /// Reads these jobs and hands over what comes, until all is over or nothing more is taken.
    fn run(
        &self,
        jobs: &[Job],
        lost: &mut BTreeMap<usize, Vec<Arc<str>>>,
        split: &mut Split,
        met: &mut Met,
        to: &dyn Take,
    ) {
        let mut open = Open::of(jobs);
        to.asks("groups of projects", open.names());
        let before = central::settled(Time::now());
        let (send, mut received) = mpsc::channel::<Part>(UNTAKEN);
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        for job in jobs.iter().cloned() {
            let reader = Reader {
                gcp: self.gcp.clone(),
                pace: self.pace.clone(),
                gate: gate.clone(),
                send: send.clone(),
            };
            self.runtime.spawn(async move { reader.read(job).await });
        }
        drop(send);
        loop {
            let next = self.runtime.block_on(async { tokio::time::timeout(GLANCE, received.recv()).await });
            if to.is_stopped() {
                break;
            }
            match next {
                Err(_) => {}
                Ok(None) => break,
                Ok(Some(Part::Page { job, records })) => to.part("entries.list", &mut |sink| {
                    for record in &records {
                        split.see(job, record);
                        met.see(jobs.get(job).filter(|one| one.number == job), record, before);
                        if sink(Raw { bytes: record.as_bytes(), line: 0 }).is_break() {
                            break;
                        }
                    }
                    Vec::new()
                }),
                Ok(Some(Part::Gap(gap))) => to.part("", &mut |_| vec![gap.clone()]),
                Ok(Some(Part::Ended { job, lost: some })) => {
                    let over = jobs.get(job).and_then(|job| open.ended(job, some.is_empty()));
                    if let Some((who, has_answered)) = over {
                        to.done(&who, has_answered);
                    }
                    lost.insert(job, some);
                    to.ended();
                }
            }
        }
        drop(received);
        if !to.is_stopped() {
            for job in jobs.iter().filter(|job| !lost.contains_key(&job.number)) {
                let why = "the reading ended before all was asked";
                to.part("", &mut |_| job.logs.iter().map(|log| Gap::unread(log.place(), why)).collect());
            }
        }
    }
}

/// Requests to a group of projects that have not ended, and whether all were answered whole; by the group's name.
struct Open(BTreeMap<Arc<str>, (usize, bool)>);

impl Open {
    fn of(jobs: &[Job]) -> Open {
        let mut open = BTreeMap::new();
        jobs.iter().for_each(|job| open.entry(group(job)).or_insert((0, true)).0 += 1);
        Open(open)
    }

    fn names(&self) -> BTreeSet<Arc<str>> {
        self.0.keys().cloned().collect()
    }

    /// A request has ended; where it was its group's last, which that is and whether all were answered.
    fn ended(&mut self, job: &Job, has_answered: bool) -> Option<(Arc<str>, bool)> {
        let who = group(job);
        let (left, answers) = self.0.get_mut(&who)?;
        *left = left.saturating_sub(1);
        *answers &= has_answered;
        (*left == 0).then_some((who, *answers))
    }
}

/// Projects that are asked together, as whoever waits for them reads it.
fn group(job: &Job) -> Arc<str> {
    match &*job.logs {
        [] => "nothing".into(),
        [one] => one.place().into(),
        [first, rest @ ..] => format!("{} and {} more", first.place(), rest.len()).into(),
    }
}
