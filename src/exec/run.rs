//! Carries out an approved plan: looks, writes down, calls, looks until it is seen. The only caller of a `Mutator`.
//!
//! Parallel across places and independent steps, ordered inside, bounded. What fails is listed and the rest goes on. Decides
//! nothing: which steps, in what order and what else to try stands in the plan.

use super::act::{Hand, Spoken};
use super::clock::Clock;
use super::entry::{Entry, Started, Tally};
use super::gate::Approved;
use super::hold::{Hold, Reverted};
use super::journal::{Journal, sum};
use super::schedule::Schedule;
use crate::cloud::{Inventory, Mutator};
use crate::model::change::{Change, Reversal, Spec};
use crate::model::plan::{Plan, PlanKind, Target};
use crate::model::secret;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a run works with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub inventory: &'a dyn Inventory,
    pub mutator: &'a dyn Mutator,
    pub journal: &'a Journal,
    pub clock: &'a dyn Clock,
    /// Hears what happens, as it happens.
    pub tell: &'a (dyn Fn(Told) + Send + Sync),
    /// Set by Ctrl-C: calls under way are finished, none is started.
    pub stop: &'a AtomicBool,
}

/// What the journal is told of a run besides its plan.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// As typed; redacted when it is written.
    pub command_line: Vec<String>,
    /// Who runs it, as the cloud says.
    pub operator: Option<String>,
    /// Endpoints and proxies that stand in for the cloud's own.
    pub endpoints: Vec<String>,
}

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Groups of steps under way at once.
    pub at_once: usize,
    /// Of these, in one account and region: its request rates are shared with everything that lives there.
    pub per_place: usize,
    /// A call without an answer by then is taken for unclear; above what a client waits and repeats by itself.
    pub answers_within: Duration,
    /// How often a call is repeated that was throttled, in conflict, signed out or unclear.
    pub repeats: u32,
    /// When what somebody could take away again is looked at again.
    pub looks_again_after: Duration,
    /// How often it is put in force again.
    pub reapplies: u32,
    /// What must be known of a change.
    pub spec: fn(&Change) -> Spec,
    /// What takes a change back.
    pub reverse: fn(&Change, &Value) -> Reversal,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            at_once: 64,
            per_place: 8,
            answers_within: Duration::from_secs(300),
            repeats: 3,
            looks_again_after: Duration::from_secs(15),
            reapplies: 3,
            spec: Change::spec,
            reverse: Change::undo,
        }
    }
}

/// What is heard of a run while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// So many calls of earlier runs had no end and are looked at first.
    Resolving {
        intents: usize,
    },
    Calls {
        step: u32,
    },
    Repeats {
        step: u32,
        why: String,
    },
    /// The cloud refused for a quota, or because it can't be changed that way: the next way is tried.
    TriesNext {
        step: u32,
        why: String,
    },
    Ended {
        step: u32,
        end: End,
    },
    /// Somebody took away what was done. Loud.
    Reverted {
        step: u32,
        target: Target,
        what: String,
    },
    Reapplied {
        step: u32,
        target: Target,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Called, and seen as expected.
    Done,
    /// It was so before: nothing was called.
    Already,
    /// The thing does not exist any more.
    Gone,
    /// Nothing was called: what is there is not what was planned for, or a step that it needs has not succeeded.
    Skipped(String),
    /// It could not be looked at, or the cloud refused.
    Failed(String),
    /// Called, and not seen as expected (yet), or not any more.
    NotSeen(String),
    /// The run was stopped before its turn.
    NotStarted,
}

impl End {
    /// Whether what the step was for is so.
    pub fn is_good(&self) -> bool {
        match self {
            End::Done | End::Already | End::Gone => true,
            End::Skipped(_) | End::Failed(_) | End::NotSeen(_) | End::NotStarted => false,
        }
    }

    /// Why it is not good, in words.
    pub fn why(&self) -> Option<&str> {
        match self {
            End::Done | End::Already | End::Gone => None,
            End::Skipped(why) | End::Failed(why) | End::NotSeen(why) => Some(why),
            End::NotStarted => Some("the run was stopped before its turn"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub no: u32,
    pub target: Target,
    pub end: End,
}

/// Why a run stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    Interrupted,
    /// The journal could not be written: without it nothing is called.
    Journal(String),
}

/// How a run went. Only a run makes one: who holds it had consent.
#[derive(Debug)]
pub struct Done {
    pub kind: PlanKind,
    /// Every step's end, in the plan's order.
    pub ends: Vec<Ended>,
    /// What somebody took away since, by step.
    pub reverted: BTreeMap<u32, Reverted>,
    pub halted: Option<Halt>,
    /// What can be looked at again.
    pub(super) held: Vec<Hold>,
}

/// What a run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that was planned is so.
    Whole,
    /// Some of it is.
    Partly,
    /// None of it is.
    Nothing,
}

impl Done {
    pub fn verdict(&self) -> Verdict {
        let good = self.ends.iter().filter(|ended| ended.end.is_good()).count();
        match good {
            good if good == self.ends.len() && self.halted.is_none() => Verdict::Whole,
            0 => Verdict::Nothing,
            _ => Verdict::Partly,
        }
    }

    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for ended in &self.ends {
            *match ended.end {
                End::Done => &mut tally.done,
                End::Already => &mut tally.already,
                End::Gone => &mut tally.gone,
                End::Skipped(_) => &mut tally.skipped,
                End::Failed(_) | End::NotSeen(_) => &mut tally.failed,
                End::NotStarted => &mut tally.not_started,
            } += 1;
        }
        tally
    }

    /// Whether [`watch`] has anything to look at.
    pub fn is_watchable(&self) -> bool {
        !self.held.is_empty()
    }
}

/// Carries out a plan.
pub async fn run(approved: Approved, about: &About, means: Means<'_>, options: Options) -> Done {
    let plan = approved.into_plan();
    let hand = Hand::new(means, options);
    let mut done =
        Done { kind: plan.kind, ends: Vec::new(), reverted: BTreeMap::new(), halted: None, held: Vec::new() };
    let ends = match begin(&plan, about, &hand) {
        Ok(()) => {
            hand.resolve().await;
            let mut schedule = Schedule::new(&plan, &hand);
            schedule.run().await;
            done.held = std::mem::take(&mut schedule.held);
            done.reverted = std::mem::take(&mut schedule.reverted);
            schedule.into_ends()
        }
        Err(Spoken::Halted) => vec![End::NotStarted; plan.steps.len()],
    };
    let steps = plan.steps.iter().zip(ends);
    done.ends = steps.map(|(step, end)| Ended { no: step.no, target: step.target.clone(), end }).collect();
    close(&mut done, &hand);
    done
}

/// Looks again, at these times from now, at what somebody could have taken away since, and puts it in force again.
pub async fn watch(mut done: Done, schedule: &[Duration], means: Means<'_>, options: Options) -> Done {
    let hand = Hand::new(means, options);
    let begun = means.clock.passed();
    for time in schedule {
        let passed = means.clock.passed().saturating_sub(begun);
        hand.nap(time.saturating_sub(passed)).await;
        if hand.is_halted() {
            break;
        }
        hand.look_after(&mut done).await;
    }
    close(&mut done, &hand);
    done
}

fn begin(plan: &Plan, about: &About, hand: &Hand<'_>) -> Result<(), Spoken> {
    let json = serde_json::to_vec(plan).unwrap_or_default();
    hand.write_one(Entry::Started(Box::new(Started {
        kind: plan.kind,
        plan: sum(&json),
        steps: plan.steps.len() as u64,
        principal: plan.principal.clone(),
        window: plan.window.clone(),
        command_line: about.command_line.iter().map(|word| secret::redact(word)).collect(),
        operator: about.operator.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        endpoints: about.endpoints.iter().map(|endpoint| endpoint_without_secret(endpoint)).collect(),
    })))
    .map(drop)
}

/// An endpoint as it was given, without the user and password that a proxy's may hold.
fn endpoint_without_secret(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    secret::redact(&if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") })
}

fn close(done: &mut Done, hand: &Hand<'_>) {
    let interrupted = hand.is_stopped().then_some(Entry::Interrupted);
    let entries = interrupted.into_iter().chain([Entry::Ended(done.tally())]).collect();
    // A journal that can't be written has told so already: it is the halt below.
    let _ = hand.write(entries);
    done.halted = match hand.broken() {
        Some(broken) => Some(Halt::Journal(broken)),
        None => hand.is_stopped().then_some(Halt::Interrupted),
    };
}
