//! Which steps' turn it is: in the plan's order, side by side where it allows, bounded in every place.

use super::act::Hand;
use super::crowd::Crowd;
use super::entry::Entry;
use super::hold::{Held, Hold, Reverted, groups, take_down};
use super::look::LOOKED;
use super::run::{End, Told};
use super::unit::{Job, News, Outbox, needs, way};
use crate::model::Place;
use crate::model::change::Change;
use crate::model::plan::{Plan, Step};
use std::collections::{BTreeMap, BTreeSet};

/// Of what one call takes alone, so many share a look: more, and the last would be called long after it was looked at.
const TOGETHER: usize = 10;

/// What ends when a future of the run does.
enum Work {
    Unit {
        lane: usize,
    },
    /// It is time to look again at something.
    Due,
    Held(Vec<Held>),
}

/// A step on its way.
#[derive(Default)]
struct Turn {
    /// Steps that must end before it.
    waits_for: usize,
    /// Steps that wait for it.
    awaited_by: Vec<usize>,
    depth: u32,
    way: usize,
    without: Option<u32>,
    end: Option<End>,
}

/// The ready steps of one place.
#[derive(Default)]
struct Lane {
    at: Place,
    kinds: BTreeMap<String, BTreeSet<usize>>,
    busy: usize,
    /// As it stands in `Schedule::ripe`.
    ripe: Option<usize>,
}

pub(super) struct Schedule<'a> {
    plan: &'a Plan,
    hand: &'a Hand<'a>,
    turns: Vec<Turn>,
    by_no: BTreeMap<u32, usize>,
    lanes: Vec<Lane>,
    lane_of: BTreeMap<Place, usize>,
    /// Lanes that may start something, by their first step.
    ripe: BTreeSet<(usize, usize)>,
    pub(super) held: Vec<Hold>,
    pub(super) reverted: BTreeMap<u32, Reverted>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(plan: &'a Plan, hand: &'a Hand<'a>) -> Schedule<'a> {
        let mut turns: Vec<Turn> = plan.steps.iter().map(|_| Turn::default()).collect();
        let by_no: BTreeMap<u32, usize> = (0..).zip(&plan.steps).map(|(at, step)| (step.no, at)).collect();
        let mut last_on: BTreeMap<_, usize> = BTreeMap::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let named = step.after.iter().chain(&step.needs).filter_map(|no| by_no.get(no).copied());
            // Two calls at once on one thing would be in each other's way.
            let target = (step.target.kind, &step.target.id, &step.target.account, &step.target.region);
            let mut before: Vec<usize> = named.chain(last_on.insert(target, index)).collect();
            before.sort_unstable();
            before.dedup();
            // A step that waits for a later one would wait for ever; a plan never says so.
            before.retain(|earlier| *earlier < index);
            turns[index].depth =
                before.iter().map(|earlier| turns[*earlier].depth + 1).max().unwrap_or_default();
            turns[index].waits_for = before.len();
            before.into_iter().for_each(|earlier| turns[earlier].awaited_by.push(index));
        }
        let mut schedule = Schedule {
            plan,
            hand,
            turns,
            by_no,
            lanes: Vec::new(),
            lane_of: BTreeMap::new(),
            ripe: BTreeSet::new(),
            held: Vec::new(),
            reverted: BTreeMap::new(),
        };
        let first: Vec<usize> =
            (0..plan.steps.len()).filter(|at| schedule.turns[*at].waits_for == 0).collect();
        first.into_iter().for_each(|index| schedule.ready(index));
        schedule
    }

    /// Every step's end, in the plan's order.
    pub(super) fn into_ends(self) -> Vec<End> {
        self.turns.into_iter().map(|turn| turn.end.unwrap_or(End::NotStarted)).collect()
    }

    /// Runs until nothing is left to do or to look at again.
    pub(super) async fn run(&mut self) {
        let (plan, hand) = (self.plan, self.hand);
        let outbox = Outbox::default();
        let mut crowd: Crowd<'_, Work> = Crowd::new();
        let mut waiting: Vec<Hold> = Vec::new();
        let (mut units, mut has_alarm) = (0, false);
        loop {
            let news = outbox.take();
            let has_news = !news.is_empty();
            news.into_iter().for_each(|news| self.hear(news, &mut waiting));
            while units < hand.options.at_once.max(1) && !hand.is_halted() {
                let Some((lane, at, jobs)) = self.take() else { break };
                units += 1;
                let outbox = &outbox;
                crowd.push(Box::pin(async move {
                    hand.unit(plan.kind, &at, jobs, outbox).await;
                    Work::Unit { lane }
                }));
            }
            if hand.is_halted() {
                self.held.append(&mut waiting);
            }
            if let Some(due) = waiting.iter().map(|hold| hold.due).min().filter(|_| !has_alarm) {
                has_alarm = true;
                let time = due.saturating_sub(hand.means.clock.passed());
                crowd.push(Box::pin(async move {
                    hand.nap(time).await;
                    Work::Due
                }));
            }
            match crowd.next(|| !outbox.is_empty()).await {
                Some(Work::Unit { lane }) => {
                    units -= 1;
                    self.lanes[lane].busy -= 1;
                    self.ripen(lane);
                }
                Some(Work::Due) => {
                    has_alarm = false;
                    if hand.is_halted() {
                        continue;
                    }
                    let now = hand.means.clock.passed();
                    let (due, later) = waiting.into_iter().partition(|hold| hold.due <= now);
                    waiting = later;
                    for (at, holds) in groups(due, |hold| &hold.intent) {
                        crowd.push(Box::pin(async move { Work::Held(hand.hold(&at, holds).await) }));
                    }
                }
                Some(Work::Held(all)) => all.into_iter().for_each(|held| self.look_after(held, &mut waiting)),
                None if crowd.len() == 0 && outbox.is_empty() && !has_news => return,
                None => {}
            }
        }
    }

    fn look_after(&mut self, held: Held, waiting: &mut Vec<Hold>) {
        let is_again = matches!(held, Held::Again(_));
        let mut nowhere = End::NotStarted;
        let turn = self.by_no.get(&held.step()).and_then(|index| self.turns.get_mut(*index));
        let end = turn.and_then(|turn| turn.end.as_mut()).unwrap_or(&mut nowhere);
        let hold = take_down(held, end, &mut self.reverted);
        // What somebody took away once they may take away twice.
        if is_again { waiting.push(hold) } else { self.held.push(hold) }
    }

    fn hear(&mut self, news: News, waiting: &mut Vec<Hold>) {
        match news {
            News::Ended { index, end } => self.end(index, end),
            News::Next { index } => {
                self.turns[index].way += 1;
                self.ready(index);
            }
            News::Hold(hold) => waiting.push(*hold),
        }
    }

    /// Takes down a step's end, and makes ready what waited for it.
    fn end(&mut self, index: usize, end: End) {
        let mut ended = vec![(index, end)];
        while let Some((index, end)) = ended.pop() {
            self.hand.tell(Told::Ended { step: self.plan.steps[index].no, end: end.clone() });
            self.turns[index].end = Some(end);
            for waiter in std::mem::take(&mut self.turns[index].awaited_by) {
                self.turns[waiter].waits_for -= 1;
                if self.turns[waiter].waits_for > 0 {
                    continue;
                }
                match self.lacks(waiter) {
                    Some((no, End::Gone)) => {
                        self.turns[waiter].without = Some(no);
                        self.ready(waiter);
                    }
                    Some((_, End::NotStarted)) => ended.push((waiter, End::NotStarted)),
                    Some((no, _)) => {
                        let step = &self.plan.steps[waiter];
                        let end = needs(no);
                        let why = end.why().unwrap_or_default().to_owned();
                        let skipped = Entry::Skipped { step: step.no, target: step.target.clone(), why };
                        // A journal that can't be written stops the run before the next call.
                        let _ = self.hand.write(vec![skipped]);
                        ended.push((waiter, end));
                    }
                    None => self.ready(waiter),
                }
            }
        }
    }

    /// The first step that this one needs and that has not succeeded, and how that ended.
    fn lacks(&self, index: usize) -> Option<(u32, End)> {
        let lacking = self.plan.steps[index].needs.iter().filter_map(|no| {
            let end = self.by_no.get(no).and_then(|at| self.turns[*at].end.clone());
            match end {
                Some(End::Done | End::Already) => None,
                Some(end) => Some((*no, end)),
                None => Some((*no, End::Failed("it is not in this plan".into()))),
            }
        });
        // One that has failed weighs more than one that found nothing to do it to.
        lacking.max_by_key(|(_, end)| *end != End::Gone)
    }

    fn ready(&mut self, index: usize) {
        let step = &self.plan.steps[index];
        let at = place(step);
        let lane = *self.lane_of.entry(at.clone()).or_insert_with(|| {
            self.lanes.push(Lane { at, ..Lane::default() });
            self.lanes.len() - 1
        });
        let kind = kind(way(step, self.turns[index].way));
        self.lanes[lane].kinds.entry(kind).or_default().insert(index);
        self.ripen(lane);
    }

    /// Notes whether a lane may start something, and from which step on.
    fn ripen(&mut self, number: usize) {
        let lane = &mut self.lanes[number];
        if let Some(first) = lane.ripe.take() {
            self.ripe.remove(&(first, number));
        }
        let first = lane.kinds.values().filter_map(|kind| kind.first().copied()).min();
        if let Some(first) = first.filter(|_| lane.busy < self.hand.options.per_place.max(1)) {
            lane.ripe = Some(first);
            self.ripe.insert((first, number));
        }
    }

    /// Takes the steps whose turn is next: of one kind, in one place.
    fn take(&mut self) -> Option<(usize, Place, Vec<Job<'a>>)> {
        let (first, number) = self.ripe.pop_first()?;
        let lane = &mut self.lanes[number];
        lane.ripe = None;
        let name = kind(way(&self.plan.steps[first], self.turns[first].way));
        let ready = lane.kinds.get_mut(&name)?;
        let free = self.hand.options.per_place.max(1).saturating_sub(lane.busy).max(1);
        let batch =
            (self.hand.options.spec)(way(&self.plan.steps[first], self.turns[first].way)).batch.max(1);
        let most = batch.clamp(TOGETHER, LOOKED);
        let many = ready.len().div_ceil(free).max(batch.min(LOOKED)).min(most);
        let taken: Vec<usize> = ready.iter().copied().take(many).collect();
        for index in &taken {
            ready.remove(index);
        }
        if ready.is_empty() {
            lane.kinds.remove(&name);
        }
        lane.busy += 1;
        let at = lane.at.clone();
        self.ripen(number);
        let jobs = taken.into_iter().map(|index| {
            let (step, turn) = (&self.plan.steps[index], &self.turns[index]);
            Job { index, step, way: turn.way, depth: turn.depth, without: turn.without }
        });
        Some((number, at, jobs.collect()))
    }
}

/// Where a step's calls go.
pub(super) fn place(step: &Step) -> Place {
    let region = step.target.zone.clone().unwrap_or_else(|| step.target.region.clone());
    Place::new(step.target.account.clone(), region)
}

/// What one call takes together.
fn kind(change: &Change) -> String {
    let cloud = match change {
        Change::Aws(_) => "aws",
        Change::Gcp(_) => "gcp",
    };
    format!("{cloud}.{}", change.name())
}
