//! What somebody could take away again unseen: looked at again, told loudly, and put in force again.
//!
//! And what an earlier run left without an end: looked at before anything else.

use super::act::{Call, Finish, Hand};
use super::crowd::Crowd;
use super::entry::{Entry, Intent, Resolution};
use super::look::{LATE, LOOKED, SOON};
use super::run::{Done, End, Told};
use crate::model::change::Rearms;
use crate::model::{Place, Sight, Time};
use std::collections::BTreeMap;
use std::time::Duration;

/// After a crash, so long since the call is looked for its effect; what is seen later is taken for ours then.
const OPEN: Duration = Duration::from_secs(15);

/// Something done that is looked at again.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    /// The intent that first did it.
    pub first: u64,
    pub intent: Intent,
    /// By the clock's `passed`.
    pub due: Duration,
    pub reapplied: u32,
}

/// What somebody took away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reverted {
    /// How often.
    pub times: u32,
    /// Whether it is in force now, as far as was looked.
    pub is_in_force: bool,
}

/// What a look after a hold found.
pub(super) enum Held {
    /// In force, or the thing is gone.
    Still(Hold),
    /// It was taken away, and is in force again.
    Again(Hold),
    /// It was taken away, and is not in force.
    Lost(Hold, String),
    /// It could not be looked at.
    Blind(Hold, String),
}

impl Held {
    /// The step's number in the plan of this run.
    pub(super) fn step(&self) -> u32 {
        match self {
            Held::Still(hold) | Held::Again(hold) | Held::Lost(hold, _) | Held::Blind(hold, _) => {
                hold.intent.step
            }
        }
    }
}

impl Hold {
    pub(super) fn new(first: u64, intent: Intent, hand: &Hand<'_>) -> Hold {
        Hold { first, intent, due: hand.later(), reapplied: 0 }
    }
}

/// Groups by place and kind, at most as many as one look asks for.
pub(super) fn groups<T>(all: Vec<T>, intent: impl Fn(&T) -> &Intent) -> Vec<(Place, Vec<T>)> {
    let mut groups: BTreeMap<(Place, String), Vec<T>> = BTreeMap::new();
    for one in all {
        let key = (intent(&one).at.clone(), intent(&one).change.name());
        groups.entry(key).or_default().push(one);
    }
    let mut some = Vec::new();
    for ((at, _), mut group) in groups {
        while group.len() > LOOKED {
            let rest = group.split_off(LOOKED);
            some.push((at.clone(), std::mem::replace(&mut group, rest)));
        }
        some.push((at, group));
    }
    some
}

impl Hand<'_> {
    pub(super) fn later(&self) -> Duration {
        self.means.clock.passed().saturating_add(self.options.looks_again_after)
    }

    /// Looks at holds of one kind in one place, and puts in force again what was taken away.
    pub(super) async fn hold(&self, at: &Place, holds: Vec<Hold>) -> Vec<Held> {
        let changes: Vec<_> = holds.iter().map(|hold| hold.intent.change.clone()).collect();
        let sights = self.look(at, &changes).await;
        let (mut held, mut taken, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let now = self.means.clock.now();
        for (hold, sight) in holds.into_iter().zip(sights) {
            match sight {
                Ok(Sight::Gone | Sight::There { is_done: true, .. }) => held.push(Held::Still(hold)),
                Err(error) => held.push(Held::Blind(hold, error.to_string())),
                Ok(Sight::There { state, is_done: false }) => {
                    let sight = Sight::there(state.clone(), false);
                    entries.push(Entry::Reverted { of: hold.first, sight });
                    let (step, target) = (hold.intent.step, hold.intent.target.clone());
                    self.tell(Told::Reverted {
                        step,
                        target,
                        what: (self.options.spec)(&hold.intent.change).does.into(),
                    });
                    let undo = (self.options.reverse)(&hold.intent.change, &state).into();
                    let safe_from = match (self.options.spec)(&hold.intent.change).rearms {
                        // Who took it away may have made sessions in the meantime.
                        Rearms::SessionsFor(time) => now.checked_add(time).ok().max(hold.intent.safe_from),
                        Rearms::Nothing | Rearms::Secret => hold.intent.safe_from,
                    };
                    let again = Some(hold.first);
                    let intent = Intent { before: state, undo, safe_from, again, ..hold.intent.clone() };
                    taken.push((hold, intent));
                }
            }
        }
        // A journal that can't be written stops the run before the next call.
        let _ = self.write(entries);
        held.extend(self.put_back(at, taken).await);
        held
    }

    async fn put_back(&self, at: &Place, taken: Vec<(Hold, Intent)>) -> Vec<Held> {
        let (mut holds, mut calls, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for (hold, intent) in taken {
            if hold.reapplied >= self.options.reapplies {
                let times = hold.reapplied + 1;
                held.push(Held::Lost(
                    hold,
                    format!("somebody took it away {times} times; it is not in force"),
                ));
                continue;
            }
            calls.push(Call { key: holds.len(), intent });
            holds.push(hold);
        }
        let ends = std::sync::Mutex::new(Vec::new());
        let on_end = |key: usize, no: Option<u64>, _: &Intent, finish: Finish| {
            ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((key, no, finish));
        };
        self.act(at, calls, &on_end).await;
        let ends = std::mem::take(&mut *ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        let mut entries = Vec::new();
        for (key, no, finish) in ends {
            let Some(hold) = holds.get(key).cloned() else { continue };
            let lost = |hold, why: String| {
                Held::Lost(
                    hold,
                    format!("somebody took it away, and it could not be put in force again: {why}"),
                )
            };
            held.push(match finish {
                Finish::Seen => {
                    entries.extend(no.map(|by| Entry::Reapplied { of: hold.first, by }));
                    let (step, target) = (hold.intent.step, hold.intent.target.clone());
                    self.tell(Told::Reapplied { step, target });
                    Held::Again(Hold { due: self.later(), reapplied: hold.reapplied + 1, ..hold })
                }
                Finish::Gone => Held::Still(hold),
                Finish::Refused(error) => lost(hold, error.to_string()),
                Finish::Vanished(why) | Finish::NotSeen(why) => lost(hold, why),
                Finish::NotStarted => lost(hold, "the run was stopped".into()),
            });
        }
        // A journal that can't be written stops the run before the next call.
        let _ = self.write(entries);
        held
    }

    /// Looks once at all that a run holds, side by side, and takes down what became of it.
    pub(super) async fn look_after(&self, done: &mut Done) {
        let mut crowd = Crowd::new();
        let mut waiting = groups(std::mem::take(&mut done.held), |hold| &hold.intent).into_iter();
        loop {
            while crowd.len() < self.options.at_once {
                let Some((at, mut holds)) = waiting.next() else { break };
                // Every time of the schedule has its own tries.
                holds.iter_mut().for_each(|hold| hold.reapplied = 0);
                crowd.push(Box::pin(async move { self.hold(&at, holds).await }));
            }
            let Some(all) = crowd.next(|| false).await else { break };
            for held in all {
                let step = held.step();
                let ended = done.ends.iter_mut().find(|ended| ended.no == step);
                let mut nowhere = End::NotStarted;
                let end = ended.map_or(&mut nowhere, |ended| &mut ended.end);
                done.held.push(take_down(held, end, &mut done.reverted));
            }
        }
    }

    /// Looks at every intent that an earlier run left without an end, and writes down what became of it.
    pub(super) async fn resolve(&self) {
        let open: Vec<(u64, Time, Intent)> = self
            .means
            .journal
            .ledger(|ledger| ledger.open().map(|deed| (deed.no, deed.at, deed.intent.clone())).collect());
        if open.is_empty() {
            return;
        }
        self.tell(Told::Resolving { intents: open.len() });
        let mut crowd = Crowd::new();
        let mut waiting = groups(open, |(_, _, intent)| intent).into_iter();
        loop {
            while crowd.len() < self.options.at_once {
                let Some((at, some)) = waiting.next() else { break };
                crowd.push(Box::pin(async move { self.resolve_some(&at, some).await }));
            }
            if crowd.next(|| false).await.is_none() {
                break;
            }
        }
    }

    async fn resolve_some(&self, at: &Place, mut open: Vec<(u64, Time, Intent)>) {
        let mut pause = SOON;
        let since = self.means.clock.passed();
        while !open.is_empty() {
            let changes: Vec<_> = open.iter().map(|(_, _, intent)| intent.change.clone()).collect();
            let sights = self.look(at, &changes).await;
            let now = self.means.clock.now();
            let (mut entries, mut later) = (Vec::new(), Vec::new());
            for ((of, begun, intent), sight) in open.into_iter().zip(sights) {
                // A call just before the crash may take its time to be seen.
                let settles = (self.options.spec)(&intent.change).settles_within.min(OPEN);
                let is_over = now.duration_since(begun) >= settles.try_into().unwrap_or_default()
                    || self.means.clock.passed().saturating_sub(since) >= settles;
                let (to, why) = match sight {
                    Ok(Sight::There { is_done: true, .. }) => (Resolution::Done, None),
                    Ok(Sight::Gone) => (Resolution::Gone, None),
                    Ok(Sight::There { is_done: false, .. }) if !is_over && !self.is_halted() => {
                        later.push((of, begun, intent));
                        continue;
                    }
                    Ok(Sight::There { is_done: false, .. }) => (Resolution::NotDone, None),
                    Err(error) => (Resolution::Unknown, Some(error.to_string())),
                };
                entries.push(Entry::Resolved { of, to, why });
                let is_in_force = to == Resolution::Done || to == Resolution::Gone && intent.undoes.is_some();
                if let Some(undoes) = intent.undoes.filter(|_| is_in_force) {
                    let (part, parts) = (undoes.part, undoes.parts);
                    entries.push(Entry::Undone { intents: undoes.intents, part, parts });
                }
            }
            if self.write(entries).is_err() {
                return;
            }
            open = later;
            if !open.is_empty() {
                self.nap(pause).await;
                pause = (pause * 2).min(LATE);
            }
        }
    }
}

/// Takes down what became of a hold, and returns it to be looked at again.
pub(super) fn take_down(held: Held, end: &mut End, reverted: &mut BTreeMap<u32, Reverted>) -> Hold {
    let mut count = |hold: &Hold, is_in_force: bool| {
        let one = reverted.entry(hold.intent.step).or_default();
        (one.times, one.is_in_force) = (one.times + 1, is_in_force);
    };
    match held {
        Held::Still(hold) => {
            if let Some(one) = reverted.get_mut(&hold.intent.step) {
                one.is_in_force = true;
            }
            if matches!(end, End::NotSeen(_)) {
                *end = End::Done;
            }
            hold
        }
        Held::Again(hold) => {
            count(&hold, true);
            *end = End::Done;
            hold
        }
        Held::Lost(hold, why) => {
            count(&hold, false);
            *end = End::NotSeen(why);
            hold
        }
        Held::Blind(hold, why) => {
            *end = End::NotSeen(format!("it was seen, but could not be looked at again: {why}"));
            hold
        }
    }
}
