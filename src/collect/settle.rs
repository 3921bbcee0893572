//! When to ask again for records that come late, and when it is quiet enough to stop.
//!
//! AWS says about five minutes, and guarantees nothing; 25 to 85 were measured (aws.md 1.4). The decision is pure; waiting
//! is done by whoever drives.

use crate::model::Time;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Minutes after the first sweep at which the same is asked again.
const ROUNDS: [u64; 5] = [5, 15, 30, 60, 120];
/// So many rounds in a row without a new record end it.
const QUIET: u32 = 2;

/// Decides about rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    rounds: Vec<Duration>,
    round: usize,
    quiet: u32,
}

impl Default for Settle {
    fn default() -> Settle {
        Settle::at(ROUNDS.map(|minutes| Duration::from_secs(minutes * 60)).to_vec())
    }
}

impl Settle {
    /// Rounds so long after the first sweep.
    pub fn at(rounds: Vec<Duration>) -> Settle {
        Settle { rounds, round: 0, quiet: 0 }
    }

    /// Returns how long after the first sweep the next round is due, given whether the last one brought anything new, or
    /// `None` when it is quiet or late enough. What the first sweep brought is no news.
    pub fn next(&mut self, news: bool) -> Option<Duration> {
        if self.round > 0 {
            self.quiet = if news { 0 } else { self.quiet + 1 };
        }
        let due = self.rounds.get(self.round).filter(|_| self.quiet < QUIET).copied()?;
        self.round += 1;
        Some(due)
    }
}

/// Waits between rounds.
pub struct Settling<'a> {
    settle: Settle,
    began: Time,
    /// How far back each round asks.
    newest: SignedDuration,
    now: &'a dyn Fn() -> Time,
    /// Waits so long or until the run is stopped.
    wait: &'a dyn Fn(Duration),
}

impl<'a> Settling<'a> {
    /// Asks for the `newest` so many minutes in each round; records are late by up to 85 (aws.md 1.4).
    pub fn new(newest_minutes: u32, now: &'a dyn Fn() -> Time, wait: &'a dyn Fn(Duration)) -> Settling<'a> {
        let newest = SignedDuration::from_mins(newest_minutes.into());
        Settling { settle: Settle::default(), began: now(), newest, now, wait }
    }

    /// The same with rounds of the operator's own.
    pub fn with(self, settle: Settle) -> Settling<'a> {
        Settling { settle, ..self }
    }

    /// Waits until the next round is due and returns from when on it asks.
    pub(super) fn next(&mut self, news: bool, stop: &AtomicBool) -> Option<Time> {
        let due = self.settle.next(news)?;
        let passed = (self.now)().duration_since(self.began);
        let passed = Duration::try_from(passed).unwrap_or_default();
        (self.wait)(due.saturating_sub(passed));
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        Some((self.now)().checked_sub(self.newest).unwrap_or(Time::MIN))
    }
}
