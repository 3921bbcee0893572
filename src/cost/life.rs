//! When a resource ran: spans between its readings, from its birth to its end or the time that is counted to.

use crate::model::Time;
use crate::model::meter::{Reading, Words};
use crate::model::report::Resource;

/// A part of its life in which nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Time,
    pub to: Time,
    pub words: Words,
    pub is_on: bool,
}

impl Span {
    pub fn seconds(&self) -> u64 {
        self.to.as_second().saturating_sub(self.from.as_second()).try_into().unwrap_or(0)
    }
}

/// What is no longer paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saves {
    /// It was stopped: its disks still cost.
    Running,
    All,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    pub spans: Vec<Span>,
    /// Whether it exists at the time that is counted to, and runs.
    pub is_there: bool,
    pub is_on: bool,
    pub saves: Option<Saves>,
    /// Why it may have run less, and why more.
    pub upper: Vec<String>,
    pub lower: Vec<String>,
}

/// Seconds after which a job is ended by its service, whoever watches.
fn longest(resource: &Resource) -> Option<i64> {
    resource.turns.iter().find_map(|turn| turn.words.get("seconds"))?.parse().ok().filter(|most| *most > 0)
}

impl Life {
    /// Lays out the life of a resource until `at`.
    pub fn of(resource: &Resource, at: Time) -> Life {
        let mut life = Life::default();
        let born = resource.created_at.min(at);
        let turns: Vec<_> = resource.turns.iter().filter(|turn| turn.at <= at).collect();
        let ran_last = turns
            .iter()
            .rev()
            .find(|turn| matches!(turn.reading, Reading::On | Reading::Off))
            .map(|turn| (turn.reading == Reading::On, turn.at));
        let seen = resource.observed_at.unwrap_or(at).min(at);
        // What the record tells of a time after the look outweighs it.
        let is_news = |(_, turned): &(bool, Time)| *turned > seen;
        let mut end = at;
        let mut off_from = None;
        let mut on_from = None;
        life.is_there = true;
        match (resource.deleted_at, resource.state) {
            (Some(died), state) if !matches!(state, "running" | "stopped") => {
                end = died.min(at);
                life.is_there = died > at;
            }
            (_, "gone") => {
                end = seen;
                life.is_there = false;
                life.saves = Some(Saves::All);
                life.upper.push("it was gone when looked at, and no record tells since when".into());
            }
            (_, "stopped") if ran_last.is_none_or(|last| !is_news(&last)) => {
                life.saves = Some(Saves::Running);
                if ran_last.is_none_or(|(is_on, _)| is_on) {
                    off_from = Some(seen);
                    life.upper.push("it was stopped when looked at, and no record tells since when".into());
                }
            }
            (_, "running") if ran_last.is_some_and(|(is_on, turned)| !is_on && turned <= seen) => {
                on_from = Some(seen);
                life.lower.push("it ran again when looked at, and no record tells since when".into());
            }
            (_, "running") => {}
            (_, "unknown") => life.upper.push("whether it still runs could not be seen".into()),
            _ if ran_last.is_none_or(|(is_on, _)| is_on) => {
                life.upper.push("no record shows its end".into());
            }
            _ => {}
        }
        if let Some(most) = longest(resource) {
            let last = Time::from_second(born.as_second().saturating_add(most)).unwrap_or(end);
            if last < end {
                end = last;
                life.is_there = false;
                life.upper.push("it ran no longer than it was allowed to".into());
            }
        }
        life.lay(resource, born, end.max(born), off_from, on_from);
        life.is_on &= life.is_there;
        life
    }

    fn lay(
        &mut self,
        resource: &Resource,
        born: Time,
        end: Time,
        off_from: Option<Time>,
        on_from: Option<Time>,
    ) {
        let mut words: Words = Words::new();
        for (word, key) in [("type", "type"), ("lifecycle", "lifecycle"), ("gb", "gb"), ("count", "count")] {
            if let Some(text) = resource.details.get(key) {
                words.insert(word, text.clone());
            }
        }
        // What the record of the launch tells outweighs a look long after it.
        let first = resource.turns.iter().find(|turn| turn.reading == Reading::Sized);
        words.extend(first.into_iter().flat_map(|turn| turn.words.clone()));
        let mut is_on = true;
        let mut from = born;
        let mut steps: Vec<(Time, Option<bool>, Option<&Words>)> = resource
            .turns
            .iter()
            .filter(|turn| turn.at <= end)
            .map(|turn| match turn.reading {
                Reading::Sized | Reading::Used => (turn.at, None, Some(&turn.words)),
                Reading::On => (turn.at, Some(true), None),
                Reading::Off => (turn.at, Some(false), None),
            })
            .collect();
        steps.extend(off_from.map(|time| (time.min(end), Some(false), None)));
        steps.extend(on_from.map(|time| (time.min(end), Some(true), None)));
        steps.sort_by_key(|(time, _, _)| *time);
        for (time, power, size) in steps {
            if time > from {
                self.spans.push(Span { from, to: time, words: words.clone(), is_on });
                from = time;
            }
            is_on = power.unwrap_or(is_on);
            words.extend(size.into_iter().flat_map(|size| size.clone()));
        }
        self.spans.push(Span { from, to: end, words, is_on });
        self.is_on = is_on;
    }

    /// Seconds for which it ran.
    pub fn running(&self) -> u64 {
        self.spans.iter().filter(|span| span.is_on).map(Span::seconds).sum()
    }
}
