//! Asks a cloud what became of what a report lists, and keeps the answers.
//!
//! Names `model`, `read` (for the line that is kept) and `cloud`; the commands call it. What could not be asked is a gap,
//! and the thing stays as the log left it.

use crate::cloud::{Async, CloudError, Inventory, Refusal};
use crate::model::change::Change;
use crate::model::gap::GapKind;
use crate::model::plan::{Plan, Step};
use crate::model::{Gap, Observed, Place, Report, ResourceRef, Sight, Time};
use crate::read::inventory;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What was asked and what came of it.
#[derive(Default)]
pub struct Looked {
    pub observed: Vec<Observed>,
    pub gaps: Vec<Gap>,
    /// One line for each answer, by place: what the case keeps.
    pub lines: BTreeMap<Place, Vec<u8>>,
}

/// So many questions are out at the same time.
const AT_ONCE: usize = 64;
/// One question names at most so many things.
const PER_QUESTION: usize = 500;
/// All calls that one question takes in one place, with their tries.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a report lists that a cloud can be asked about, by place and kind. What the log saw deleted is asked about too: it
/// may have been made again.
pub fn questions(
    report: &Report,
    inventory: &dyn Inventory,
) -> BTreeMap<(Place, &'static str), Vec<ResourceRef>> {
    let mut by: BTreeMap<(Place, &'static str), Vec<ResourceRef>> = BTreeMap::new();
    for one in report.resources.iter().filter(|one| inventory.observes(one.kind) && !one.account.is_empty()) {
        let place = Place { account: one.account.clone(), region: one.region.clone() };
        let names = one.name.iter().filter(|name| **name != one.id).cloned().collect();
        by.entry((place, one.kind)).or_default().push(ResourceRef {
            kind: one.kind,
            id: one.id.clone(),
            names,
            account: one.account.clone(),
            // What is seen is joined to what the record told, which names the zone.
            region: one.zone.as_ref().unwrap_or(&one.region).clone(),
            launcher: one.launched_by.clone(),
        });
    }
    by
}

/// Asks about everything that a report lists. `clock` tells when an answer came.
pub async fn observe(inventory: Arc<dyn Inventory>, report: &Report, clock: fn() -> Time) -> Looked {
    let mut jobs = JoinSet::new();
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    for ((place, kind), wanted) in questions(report, &*inventory) {
        for part in wanted.chunks(PER_QUESTION) {
            let (inventory, gate, place, part) =
                (inventory.clone(), gate.clone(), place.clone(), part.to_vec());
            jobs.spawn(async move {
                let _permit = gate.acquire().await;
                let answer =
                    in_time(&place, "what became of it", inventory.observe(&place, kind, &part)).await;
                let answer = answer.and_then(|answer| answer);
                let missing = answer.as_ref().map_or(0, |seen| {
                    part.iter().filter(|one| !seen.iter().any(|seen| is_about(seen, one))).count()
                });
                (place, kind, answer, missing)
            });
        }
    }
    let mut looked = Looked::default();
    while let Some(done) = jobs.join_next().await {
        match done {
            Ok((place, kind, Ok(seen), missing)) => {
                if missing > 0 {
                    looked.gaps.push(Gap::unread(
                        place.to_string(),
                        format!("{missing} of kind {kind} were asked about and not answered for"),
                    ));
                }
                looked.keep(place, seen, clock());
            }
            Ok((_, _, Err(error), _)) => looked.gaps.push(error.gap()),
            Err(failure) => looked.gaps.push(Gap::unread("inventory", failure.to_string())),
        }
    }
    looked.sort();
    looked
}

/// Waits for an answer, but not for a place that says nothing: the others go on.
async fn in_time<T>(
    place: &Place,
    call: &'static str,
    answer: impl Future<Output = T>,
) -> Result<T, CloudError> {
    let late = |_| CloudError::new(Refusal::Unreachable, call, place, None, "no answer in time");
    tokio::time::timeout(PATIENCE, answer).await.map_err(late)
}

fn is_about(seen: &Observed, asked: &ResourceRef) -> bool {
    seen.resource.kind == asked.kind
        && seen.resource.all_names().any(|name| asked.all_names().any(|one| one == name))
}

/// Lists everything that computes in these places, whoever made it.
pub async fn sweep(inventory: Arc<dyn Inventory>, places: Vec<Place>, clock: fn() -> Time) -> Looked {
    let mut jobs = JoinSet::new();
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    for place in places {
        let (inventory, gate) = (inventory.clone(), gate.clone());
        jobs.spawn(async move {
            let _permit = gate.acquire().await;
            let answers = in_time(&place, "everything that computes", inventory.sweep(&place)).await;
            let answers = answers.unwrap_or_else(|error| vec![Err(error)]);
            (place, answers)
        });
    }
    let mut looked = Looked::default();
    while let Some(done) = jobs.join_next().await {
        match done {
            Ok((place, answers)) => {
                for answer in answers {
                    match answer {
                        Ok(seen) => looked.keep(place.clone(), seen, clock()),
                        Err(error) => looked.gaps.push(error.gap()),
                    }
                }
            }
            Err(failure) => looked.gaps.push(Gap::new(GapKind::Unread, "inventory", failure.to_string())),
        }
    }
    looked.sort();
    looked
}

impl Looked {
    pub fn keep(&mut self, place: Place, seen: Vec<Observed>, at: Time) {
        if !seen.is_empty() {
            let line = inventory::line(at, &place, &seen);
            self.lines.entry(place).or_default().extend(line);
        }
        self.observed.extend(seen);
    }

    pub fn sort(&mut self) {
        self.gaps.sort();
        self.gaps.dedup();
        self.observed.sort_by(|a, b| (&a.resource, a.at, a.state).cmp(&(&b.resource, b.at, b.state)));
    }
}

/// A plan that was held against the cloud.
pub struct Seen {
    /// With what each step's target showed; without the steps that have nothing to do any more.
    pub plan: Plan,
    /// Steps whose change is in force already, and steps whose target is gone.
    pub already: Vec<Step>,
    pub gone: Vec<Step>,
    pub gaps: Vec<Gap>,
}

/// Looks at everything that a plan would change, so that the operator is shown what is, not what the logs last told. A step
/// that could not be looked at stays, and is looked at again before it is made.
pub async fn see(inventory: Arc<dyn Inventory>, plan: Plan) -> Seen {
    let mut by: BTreeMap<(Place, String), Vec<usize>> = BTreeMap::new();
    for (at, step) in plan.steps.iter().enumerate() {
        by.entry((place_of(step), step.change.name())).or_default().push(at);
    }
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut jobs = JoinSet::new();
    for ((place, _), steps) in by {
        for part in steps.chunks(PER_LOOK) {
            let changes: Vec<Change> = part.iter().map(|at| plan.steps[*at].change.clone()).collect();
            let (inventory, gate, place, part) =
                (inventory.clone(), gate.clone(), place.clone(), part.to_vec());
            jobs.spawn(async move {
                let _permit = gate.acquire().await;
                let sights = inventory.look(&place, &changes).await;
                (part, sights)
            });
        }
    }
    let mut sights: BTreeMap<usize, Sight> = BTreeMap::new();
    let mut gaps = Vec::new();
    while let Some(done) = jobs.join_next().await {
        match done {
            Ok((part, answers)) => {
                for (at, answer) in part.into_iter().zip(answers) {
                    match answer {
                        Ok(sight) => drop(sights.insert(at, sight)),
                        Err(error) => gaps.push(error.gap()),
                    }
                }
            }
            Err(failure) => gaps.push(Gap::unread("inventory", failure.to_string())),
        }
    }
    gaps.sort();
    gaps.dedup();
    let mut seen = Seen {
        plan: Plan { steps: Vec::new(), ..plan.clone() },
        already: Vec::new(),
        gone: Vec::new(),
        gaps,
    };
    // Steps keep their numbers' order; what falls away is waited for by nobody.
    let mut renumbered: BTreeMap<u32, u32> = BTreeMap::new();
    for (at, step) in plan.steps.into_iter().enumerate() {
        match sights.remove(&at) {
            Some(Sight::Gone) => seen.gone.push(step),
            // What a step before it changes is looked at when that is done: an isolation's groups may go when the last machine is out.
            Some(Sight::There { .. }) if step.undoes.is_some() && seen.waits(&step, &renumbered) => {
                seen.take(step, &mut renumbered)
            }
            Some(Sight::There { is_done: true, .. }) => seen.already.push(step),
            Some(Sight::There { state, .. }) => {
                seen.take(Step { seen: Some(state), ..step }, &mut renumbered)
            }
            None => seen.take(step, &mut renumbered),
        }
    }
    seen
}

impl Seen {
    /// Whether a step that stays in the plan must have succeeded before this one.
    fn waits(&self, step: &Step, renumbered: &BTreeMap<u32, u32>) -> bool {
        step.needs.iter().any(|needed| renumbered.contains_key(needed))
    }

    fn take(&mut self, mut step: Step, renumbered: &mut BTreeMap<u32, u32>) {
        let no = self.plan.steps.len() as u32 + 1;
        renumbered.insert(step.no, no);
        for waits in [&mut step.after, &mut step.needs] {
            *waits = waits.iter().filter_map(|old| renumbered.get(old).copied()).collect();
        }
        step.no = no;
        self.plan.steps.push(step);
    }
}

/// One look names at most so many things.
const PER_LOOK: usize = 100;

/// Where a step's call goes.
pub fn place_of(step: &Step) -> Place {
    let region = step.target.zone.as_ref().unwrap_or(&step.target.region);
    Place { account: step.target.account.clone(), region: region.clone() }
}

/// A future that answers at once, for inventories that need not wait.
pub fn ready<'a, T: Send + 'a>(answer: T) -> Async<'a, T> {
    Box::pin(std::future::ready(answer))
}
