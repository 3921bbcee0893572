//! Calls of one kind in one place: intent on the disk, call, outcome on the disk, looked at until it is seen.

use super::entry::{Entry, Intent, Outcome, Resolution};
use super::look::{LATE, SOON, backoff};
use super::run::{Means, Options, Told};
use crate::cloud::{CloudError, Refusal};
use crate::model::plan::PlanKind;
use crate::model::{Place, Sight};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// After an unclear answer to a call that repeats safely, so long is looked for its effect before it is repeated.
const UNCLEAR: Duration = Duration::from_secs(10);

/// What does the work of a run: its means, and whether it must stop.
pub(super) struct Hand<'a> {
    pub means: Means<'a>,
    pub options: Options,
    broken: Mutex<Option<String>>,
}

/// The journal could not be written; the hand knows why, and calls nothing any more.
pub(super) enum Spoken {
    Halted,
}

/// A call to make.
pub(super) struct Call {
    /// The caller's own number for it.
    pub key: usize,
    pub intent: Intent,
}

/// How a call ended.
pub(super) enum Finish {
    Seen,
    Gone,
    Refused(CloudError),
    NotSeen(String),
    /// The cloud took it, and shows that it is not so: somebody may have taken it away before it was ever seen.
    Vanished(String),
    /// Nothing was called.
    NotStarted,
}

/// A call whose intent is on the disk.
struct Made {
    call: Call,
    no: u64,
    /// When it was last answered.
    at: Duration,
    /// The last answer that leaves it open.
    unclear: Option<CloudError>,
}

/// Hears how each call ended: the caller's number, the intent's number and data, the end.
pub(super) type OnEnd<'a> = &'a (dyn Fn(usize, Option<u64>, &Intent, Finish) + Send + Sync);

impl<'a> Hand<'a> {
    pub(super) fn new(means: Means<'a>, options: Options) -> Hand<'a> {
        Hand { means, options, broken: Mutex::new(None) }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.means.stop.load(Ordering::SeqCst)
    }

    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no further call may be started.
    pub(super) fn is_halted(&self) -> bool {
        self.is_stopped() || self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn write(&self, entries: Vec<Entry>) -> Result<Vec<u64>, Spoken> {
        self.means.journal.append(entries, self.means.clock.now()).map_err(|error| {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.get_or_insert_with(|| format!("{error:#}"));
            Spoken::Halted
        })
    }

    pub(super) fn write_one(&self, entry: Entry) -> Result<u64, Spoken> {
        self.write(vec![entry])?.first().copied().ok_or(Spoken::Halted)
    }

    pub(super) fn tell(&self, told: Told) {
        (self.means.tell)(told);
    }

    /// Makes calls of one kind in one place, and says of each how it ended.
    pub(super) async fn act(&self, at: &Place, mut calls: Vec<Call>, on_end: OnEnd<'_>) {
        let Some(first) = calls.first() else { return };
        let batch = (self.options.spec)(&first.intent.change).batch.max(1);
        let mut landed = Vec::new();
        while !calls.is_empty() {
            let rest = calls.split_off(batch.min(calls.len()));
            self.call(at, std::mem::replace(&mut calls, rest), &mut landed, on_end).await;
        }
        self.settle(at, landed, on_end).await;
    }

    /// Makes one call, again where that helps; what the cloud took, or may have taken, lands.
    async fn call(&self, at: &Place, calls: Vec<Call>, landed: &mut Vec<Made>, on_end: OnEnd<'_>) {
        let not_started = |calls: &[Call]| {
            calls.iter().for_each(|call| on_end(call.key, None, &call.intent, Finish::NotStarted));
        };
        if self.is_halted() {
            return not_started(&calls);
        }
        let intents = calls.iter().map(|call| Entry::Intent(Box::new(call.intent.clone()))).collect();
        let Ok(numbers) = self.write(intents) else { return not_started(&calls) };
        let now = self.means.clock.passed();
        let made = calls.into_iter().zip(numbers);
        let mut made: Vec<Made> = made.map(|(call, no)| Made { call, no, at: now, unclear: None }).collect();
        let mut tries = 0;
        loop {
            let changes: Vec<_> = made.iter().map(|one| one.call.intent.change.clone()).collect();
            made.iter().for_each(|one| self.tell(Told::Calls { step: one.call.intent.step }));
            let answers = self.perform(at, &changes).await;
            let outcomes = made.iter().zip(&answers);
            let outcomes =
                outcomes.map(|(one, answer)| Entry::Outcome { of: one.no, outcome: Outcome::from(answer) });
            let told = self.write(outcomes.collect());
            let mut again = Vec::new();
            for (mut one, answer) in made.into_iter().zip(answers) {
                one.at = self.means.clock.passed();
                let (is_last, is_told) = (tries >= self.options.repeats, told.is_ok());
                match answer {
                    Ok(_) => landed.push(one),
                    Err(error) if !is_told => {
                        on_end(
                            one.call.key,
                            Some(one.no),
                            &one.call.intent,
                            Finish::NotSeen(error.to_string()),
                        );
                    }
                    Err(error) if error.is_unclear() => {
                        one.unclear = Some(error);
                        if is_last { landed.push(one) } else { again.push(one) }
                    }
                    Err(error) if repeats(&error) && !is_last => {
                        one.unclear = Some(error);
                        again.push(one);
                    }
                    Err(error) => {
                        on_end(one.call.key, Some(one.no), &one.call.intent, Finish::Refused(error))
                    }
                }
            }
            if again.is_empty() {
                return;
            }
            self.nap(backoff(tries)).await;
            tries += 1;
            made = self.still_to_do(at, again, on_end).await;
            if made.is_empty() {
                return;
            }
            if self.write(made.iter().map(|one| Entry::Again { of: one.no }).collect()).is_err() {
                return made.drain(..).for_each(|one| self.give_up(one, on_end));
            }
        }
    }

    /// Of calls that were refused for the moment or whose fate is open: those that a look shows must be made again.
    async fn still_to_do(&self, at: &Place, mut left: Vec<Made>, on_end: OnEnd<'_>) -> Vec<Made> {
        let is_unclear = |one: &Made| one.unclear.as_ref().is_some_and(CloudError::is_unclear);
        let begun = self.means.clock.passed();
        let mut pause = SOON;
        loop {
            let (open, blind) = self.seen(at, left, on_end).await;
            // Without a look, only what does no harm twice is called again.
            let (blind, mut waiting): (Vec<_>, Vec<_>) = blind
                .into_iter()
                .partition(|(one, _)| !(self.options.spec)(&one.call.intent.change).repeats_safely);
            for (mut one, error) in blind {
                one.unclear = Some(error);
                self.give_up(one, on_end);
            }
            let mut todo: Vec<Made> = waiting.drain(..).map(|(one, _)| one).chain(open).collect();
            if self.is_halted() {
                todo.drain(..).for_each(|one| self.give_up(one, on_end));
                return Vec::new();
            }
            let passed = self.means.clock.passed().saturating_sub(begun);
            let wait = |one: &Made| {
                let spec = (self.options.spec)(&one.call.intent.change);
                if spec.repeats_safely { UNCLEAR.min(spec.settles_within) } else { spec.settles_within }
            };
            if !todo.iter().any(|one| is_unclear(one) && passed < wait(one)) {
                for one in &todo {
                    let why = one.unclear.as_ref().map(ToString::to_string).unwrap_or_default();
                    self.tell(Told::Repeats { step: one.call.intent.step, why });
                }
                return todo;
            }
            self.nap(pause).await;
            pause = (pause * 2).min(LATE);
            left = todo;
        }
    }

    /// Looks until each is seen as expected, or its time is over.
    async fn settle(&self, at: &Place, mut left: Vec<Made>, on_end: OnEnd<'_>) {
        let mut pause = SOON;
        while !left.is_empty() {
            let (open, blind) = self.seen(at, left, on_end).await;
            let now = self.means.clock.passed();
            let blind = blind.into_iter().map(|(one, error)| (one, Some(error)));
            let mut over = Vec::new();
            left = Vec::new();
            for (one, error) in open.into_iter().map(|one| (one, None)).chain(blind) {
                let spec = (self.options.spec)(&one.call.intent.change);
                let settles = match spec.keeps_watch {
                    // What somebody may take away is put in force again rather than waited for.
                    true => spec.settles_within.min(self.options.looks_again_after),
                    false => spec.settles_within,
                };
                let is_over = now.saturating_sub(one.at) >= settles;
                if !is_over && !self.is_halted() {
                    left.push(one);
                    continue;
                }
                let is_known = error.is_none() && one.unclear.is_none() && is_over;
                let why = match (error.or(one.unclear.clone()), is_over) {
                    (Some(error), _) => format!("called, and not seen since: {error}"),
                    (None, false) => "called; the run was stopped before it was seen".into(),
                    (None, true) => {
                        format!("called, but not seen within {} s: {}", settles.as_secs(), spec.expect)
                    }
                };
                over.push((one, why, is_known && spec.keeps_watch));
            }
            let entries = over.iter().map(|(one, why, _)| Entry::NotSeen { of: one.no, why: why.clone() });
            // A journal that can't be written stops the run; what was seen is told all the same.
            let _ = self.write(entries.collect());
            for (one, why, has_vanished) in over {
                let finish = if has_vanished { Finish::Vanished(why) } else { Finish::NotSeen(why) };
                on_end(one.call.key, Some(one.no), &one.call.intent, finish);
            }
            if !left.is_empty() {
                self.nap(pause).await;
                pause = (pause * 2).min(LATE);
            }
        }
    }

    /// Looks once; ends what is seen or gone, and returns what is not so yet and what could not be looked at.
    async fn seen(
        &self,
        at: &Place,
        made: Vec<Made>,
        on_end: OnEnd<'_>,
    ) -> (Vec<Made>, Vec<(Made, CloudError)>) {
        let changes: Vec<_> = made.iter().map(|one| one.call.intent.change.clone()).collect();
        let sights = self.look_once(at, &changes).await;
        let (mut open, mut blind, mut ended, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (one, sight) in made.into_iter().zip(sights) {
            let intent = &one.call.intent;
            let of = one.no;
            let may_vanish = intent.kind == PlanKind::Undo
                || (self.options.spec)(&intent.change).destroys
                || intent.change.removes();
            match sight {
                Err(error) => blind.push((one, error)),
                Ok(Sight::There { is_done: false, .. }) => open.push(one),
                Ok(sight) if sight.is_done() || may_vanish => {
                    entries.push(Entry::Verified { of, sight });
                    if let Some(undoes) = &intent.undoes {
                        let (part, parts) = (undoes.part, undoes.parts);
                        entries.push(Entry::Undone { intents: undoes.intents.clone(), part, parts });
                    }
                    ended.push((one, Finish::Seen));
                }
                Ok(_) => {
                    entries.push(Entry::Resolved { of, to: Resolution::Gone, why: None });
                    ended.push((one, Finish::Gone));
                }
            }
        }
        // A journal that can't be written stops the run; what was seen is told all the same.
        let _ = self.write(entries);
        for (one, finish) in ended {
            on_end(one.call.key, Some(one.no), &one.call.intent, finish);
        }
        (open, blind)
    }

    fn give_up(&self, one: Made, on_end: OnEnd<'_>) {
        let why = one.unclear.map(|error| error.to_string()).unwrap_or_default();
        let _ = self.write(vec![Entry::NotSeen { of: one.no, why: why.clone() }]);
        on_end(one.call.key, Some(one.no), &one.call.intent, Finish::NotSeen(why));
    }
}

/// Whether a refusal may pass by itself.
fn repeats(error: &CloudError) -> bool {
    match error.refusal {
        Refusal::Throttled | Refusal::Conflict | Refusal::SignedOut => true,
        Refusal::Denied
        | Refusal::NotFound
        | Refusal::Quota
        | Refusal::Unmodifiable
        | Refusal::Protected
        | Refusal::Disabled
        | Refusal::Unreachable
        | Refusal::Failed
        | Refusal::Invalid => false,
    }
}
