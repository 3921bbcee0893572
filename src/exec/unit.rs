//! Steps of one kind in one place, together: looked at again, compared with the plan, and called where nothing has changed.

use super::act::{Call, Finish, Hand};
use super::entry::{Entry, Intent, Resolution};
use super::hold::Hold;
use super::run::{End, Told};
use crate::cloud::Refusal;
use crate::model::change::{Change, Rearms};
use crate::model::plan::{PlanKind, Step};
use crate::model::{Place, Sight, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A step whose turn has come.
pub(super) struct Job<'p> {
    /// Of the step in its plan.
    pub index: usize,
    pub step: &'p Step,
    /// Which way: 0 is the step's change, then those of `otherwise`.
    pub way: usize,
    pub depth: u32,
    /// A step that this one needs found nothing to do it to: it may not be called, but it may be gone as well.
    pub without: Option<u32>,
}

impl Job<'_> {
    pub(super) fn change(&self) -> &Change {
        way(self.step, self.way)
    }
}

/// Returns the change that is tried at this turn; the last one stays the last.
pub(super) fn way(step: &Step, number: usize) -> &Change {
    match number.checked_sub(1) {
        Some(other) => step.otherwise.get(other).or(step.otherwise.last()).unwrap_or(&step.change),
        None => &step.change,
    }
}

/// What a unit tells its schedule as it goes.
pub(super) enum News {
    Ended {
        index: usize,
        end: End,
    },
    /// The cloud does not take this way; the step's next is to be tried.
    Next {
        index: usize,
    },
    /// Seen, and to be looked at again later.
    Hold(Box<Hold>),
}

/// Where units leave their news.
#[derive(Default)]
pub(super) struct Outbox(Mutex<Vec<News>>);

impl Outbox {
    pub(super) fn put(&self, news: News) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(news);
    }

    pub(super) fn take(&self) -> Vec<News> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// What a look says of a job: its end, or what there is before the call.
enum Found {
    End(End),
    Before(Value),
}

impl Hand<'_> {
    /// Does jobs of one kind in one place.
    pub(super) async fn unit(&self, kind: PlanKind, at: &Place, jobs: Vec<Job<'_>>, outbox: &Outbox) {
        if self.is_halted() {
            return jobs
                .iter()
                .for_each(|job| outbox.put(News::Ended { index: job.index, end: End::NotStarted }));
        }
        let found = self.find(at, &jobs).await;
        let (mut calls, mut entries, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let now = self.means.clock.now();
        for (key, (job, found)) in jobs.iter().zip(found).enumerate() {
            match found {
                Found::Before(before) => {
                    calls.push(Call { key, intent: self.intent(kind, at, job, before, now) });
                }
                Found::End(end) => {
                    entries.extend(self.without_call(at, job, &end));
                    ends.push(News::Ended { index: job.index, end });
                    if ends.last().is_some_and(is_already) && (self.options.spec)(job.change()).keeps_watch {
                        ends.extend(self.ours(at, job).map(|hold| News::Hold(Box::new(hold))));
                    }
                }
            }
        }
        // A journal that can't be written stops the run before the next call.
        let _ = self.write(entries);
        ends.into_iter().for_each(|news| outbox.put(news));
        let on_end = |key: usize, no: Option<u64>, intent: &Intent, finish: Finish| {
            if let Some(job) = jobs.get(key) {
                self.ended(job, no, intent, finish, outbox);
            }
        };
        self.act(at, calls, &on_end).await;
    }

    fn ended(&self, job: &Job<'_>, no: Option<u64>, intent: &Intent, finish: Finish, outbox: &Outbox) {
        let end = match finish {
            Finish::Seen => {
                if let Some(no) = no.filter(|_| (self.options.spec)(&intent.change).keeps_watch) {
                    outbox.put(News::Hold(Box::new(Hold::new(no, intent.clone(), self))));
                }
                End::Done
            }
            Finish::Gone => End::Gone,
            Finish::Refused(error) => {
                let may_go_on = match error.refusal {
                    Refusal::Quota | Refusal::Unmodifiable => job.way < job.step.otherwise.len(),
                    Refusal::Denied
                    | Refusal::NotFound
                    | Refusal::Protected
                    | Refusal::Conflict
                    | Refusal::Throttled
                    | Refusal::Disabled
                    | Refusal::SignedOut
                    | Refusal::Unreachable
                    | Refusal::Failed
                    | Refusal::Invalid => false,
                };
                if may_go_on {
                    self.tell(Told::TriesNext { step: job.step.no, why: error.to_string() });
                    return outbox.put(News::Next { index: job.index });
                }
                End::Failed(error.to_string())
            }
            Finish::Vanished(why) => {
                if let Some(no) = no {
                    // Looked at again at once, and put in force again.
                    let due = self.means.clock.passed();
                    outbox.put(News::Hold(Box::new(Hold { due, ..Hold::new(no, intent.clone(), self) })));
                }
                End::NotSeen(why)
            }
            Finish::NotSeen(why) => End::NotSeen(why),
            Finish::NotStarted => End::NotStarted,
        };
        outbox.put(News::Ended { index: job.index, end });
    }

    /// Looks at what the jobs would change, and compares.
    async fn find(&self, at: &Place, jobs: &[Job<'_>]) -> Vec<Found> {
        let changes: Vec<Change> = jobs.iter().map(|job| job.change().clone()).collect();
        let sights = self.look(at, &changes).await;
        let mut found: Vec<Found> = jobs
            .iter()
            .zip(sights)
            .map(|(job, sight)| match sight {
                Err(error) => Found::End(End::Failed(format!("could not look: {error}"))),
                Ok(Sight::Gone) => Found::End(End::Gone),
                Ok(Sight::There { is_done: true, .. }) => Found::End(End::Already),
                Ok(Sight::There { state, is_done: false }) => match (&job.step.seen, job.without) {
                    (_, Some(no)) => Found::End(needs(no)),
                    (Some(seen), None) if job.way == 0 && *seen != state => {
                        Found::End(End::Skipped("it has changed since it was planned".into()))
                    }
                    (Some(_) | None, None) => Found::Before(state),
                },
            })
            .collect();
        self.find_other_ways(at, jobs, &mut found).await;
        self.find_what_is_undone(at, jobs, &mut found).await;
        found
    }

    /// A step that an earlier run did another way, because the first was refused, is done: it is not tried again.
    async fn find_other_ways(&self, at: &Place, jobs: &[Job<'_>], found: &mut [Found]) {
        let mut ask = Vec::new();
        for (key, job) in jobs.iter().enumerate() {
            if matches!(found[key], Found::Before(_)) {
                let later = job.step.otherwise.iter().skip(job.way);
                let ours = |change: &&Change| {
                    self.means.journal.ledger(|ledger| ledger.standing(at, change).any(|deed| deed.is_done()))
                };
                ask.extend(later.filter(ours).map(|change| (key, change.clone())));
            }
        }
        for (key, sight) in self.look_at_kinds(at, ask).await {
            if sight.is_ok_and(|sight| sight.is_done()) {
                found[key] = Found::End(End::Already);
            }
        }
    }

    /// What is no longer as we left it is not taken back: somebody else has decided since.
    async fn find_what_is_undone(&self, at: &Place, jobs: &[Job<'_>], found: &mut [Found]) {
        let mut ask = Vec::new();
        for (key, job) in jobs.iter().enumerate() {
            let forward = job.step.undoes.as_ref().and_then(|undoes| undoes.while_in_force.as_ref());
            if let (Found::Before(_), Some(forward)) = (&found[key], forward) {
                ask.push((key, forward.clone()));
            }
        }
        for (key, sight) in self.look_at_kinds(at, ask).await {
            let end = match sight {
                Ok(sight) if sight.is_done() => continue,
                // What was removed and is still gone is as we left it.
                Ok(Sight::Gone) if is_removal(jobs[key].step) => continue,
                Ok(Sight::Gone) => End::Gone,
                Ok(Sight::There { .. }) => {
                    End::Skipped("it has changed since: what was done is not in force any more".into())
                }
                Err(error) => End::Failed(format!("could not look: {error}")),
            };
            found[key] = Found::End(end);
        }
    }

    /// Looks at changes of any kind in one place.
    async fn look_at_kinds(
        &self,
        at: &Place,
        ask: Vec<(usize, Change)>,
    ) -> Vec<(usize, Result<Sight, crate::cloud::CloudError>)> {
        let mut kinds: BTreeMap<String, (Vec<usize>, Vec<Change>)> = BTreeMap::new();
        for (key, change) in ask {
            let (keys, changes) = kinds.entry(change.name()).or_default();
            keys.push(key);
            changes.push(change);
        }
        let mut sights = Vec::new();
        for (keys, changes) in kinds.into_values() {
            sights.extend(keys.into_iter().zip(self.look(at, &changes).await));
        }
        sights
    }

    fn intent(&self, kind: PlanKind, at: &Place, job: &Job<'_>, before: Value, now: Time) -> Intent {
        let (step, change) = (job.step, job.change().clone());
        let undo = (self.options.reverse)(&change, &before).into();
        let rearms = (self.options.spec)(&change).rearms;
        let lives_until = match rearms {
            Rearms::SessionsFor(time) => now.checked_add(time).ok(),
            Rearms::Nothing | Rearms::Secret => None,
        };
        Intent {
            step: step.no,
            kind,
            target: step.target.clone(),
            at: at.clone(),
            change,
            before,
            undo,
            safe_from: step.lives_until.or(lives_until),
            rearms_secret: rearms == Rearms::Secret,
            depth: job.depth,
            again: None,
            undoes: step.undoes.clone(),
        }
    }

    /// What the journal is told of a step that is not called.
    fn without_call(&self, at: &Place, job: &Job<'_>, end: &End) -> Vec<Entry> {
        let (step, mut entries) = (job.step, Vec::new());
        let why = match end {
            End::Already => {
                let late = self.means.journal.ledger(|ledger| ledger.seen_late(at, job.change()));
                let why = Some("it is seen now".to_owned());
                let resolved = |of| Entry::Resolved { of, to: Resolution::Done, why: why.clone() };
                entries.extend(late.into_iter().map(resolved));
                if let Some(undoes) = &step.undoes {
                    let (part, parts) = (undoes.part, undoes.parts);
                    entries.push(Entry::Undone { intents: undoes.intents.clone(), part, parts });
                }
                "it is so already"
            }
            End::Gone => "it does not exist any more",
            End::Done | End::Skipped(_) | End::Failed(_) | End::NotSeen(_) | End::NotStarted => {
                end.why().unwrap_or_default()
            }
        };
        entries.push(Entry::Skipped { step: step.no, target: step.target.clone(), why: why.into() });
        entries
    }

    /// What an earlier run of ours did here, to be looked after.
    fn ours(&self, at: &Place, job: &Job<'_>) -> Option<Hold> {
        self.means.journal.ledger(|ledger| {
            let deed = ledger.standing(at, job.change()).rfind(|deed| deed.is_done())?;
            // In the journal the step keeps its number of then; heard of it is by its number now.
            let intent = Intent { step: job.step.no, ..deed.intent.clone() };
            Some(Hold::new(intent.again.unwrap_or(deed.no), intent, self))
        })
    }
}

fn is_already(news: &News) -> bool {
    matches!(news, News::Ended { end: End::Already, .. })
}

pub(super) fn needs(no: u32) -> End {
    End::Skipped(format!("step {no}, which it needs, has not succeeded"))
}

/// Whether a step takes back something that was removed.
fn is_removal(step: &Step) -> bool {
    let forward = step.undoes.as_ref().and_then(|undoes| undoes.while_in_force.as_ref());
    forward.is_some_and(crate::model::change::Change::removes)
}
