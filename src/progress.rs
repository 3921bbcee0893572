//! How far long work is: which phase runs, and numbers that workers raise; the terminal reads them.
//!
//! Knows nobody and prints nothing; cheap to clone and to raise from any thread. `cli::ui` shows it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    SigningIn,
    /// Where to look: accounts and their regions, or projects.
    Finding,
    #[default]
    Reading,
    /// For records that come late.
    Settling,
    /// At what lives, and who.
    Looking,
    /// A plan is held against the cloud.
    Checking,
    /// A plan of this kind is carried out.
    Acting(&'static str),
    /// Whether what was done stays so.
    Watching,
    /// Before the next sweep.
    Pausing,
}

#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    pass: AtomicU64,
    parts: AtomicU64,
    of_parts: AtomicU64,
    records: AtomicU64,
    now: Mutex<Now>,
}

/// What changes too seldom to be counted without a lock.
#[derive(Debug, Default)]
struct Now {
    phase: Phase,
    parts: &'static str,
    asked: Option<Asking>,
    steps: Option<Steps>,
    called: BTreeSet<u32>,
}

#[derive(Debug)]
struct Asking {
    what: &'static str,
    of: usize,
    silent: usize,
    /// Who has not ended yet.
    out: BTreeSet<Arc<str>>,
}

/// What a [`Progress`] shows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub phase: Phase,
    /// 1-based; 0 before the first.
    pub pass: u64,
    /// Parts (`what_parts`: files, questions) read in this pass.
    pub parts: u64,
    pub of_parts: u64,
    pub what_parts: &'static str,
    /// Records read in every pass.
    pub records: u64,
    /// Of a cloud that is asked itself.
    pub asked: Option<Asked>,
    pub steps: Option<Steps>,
}

/// Who was asked in this pass, and who has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// "regions".
    pub what: &'static str,
    pub of: usize,
    pub answered: usize,
    /// These ended without an answer.
    pub silent: usize,
    /// The first [`NAMED`] by name of those who have not ended. They are the cloud's words, not ours.
    pub out: Vec<Arc<str>>,
}

impl Asked {
    /// How many have not ended.
    pub fn open(&self) -> usize {
        self.of.saturating_sub(self.answered + self.silent)
    }
}

/// Steps of a plan that is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    pub of: usize,
    /// Ended as planned.
    pub good: usize,
    /// Ended otherwise.
    pub bad: usize,
    /// Called, and now looked at until it is seen.
    pub called: usize,
}

/// So many that have not ended are named.
pub const NAMED: usize = 3;

impl Progress {
    /// One that begins with this phase.
    pub fn at(phase: Phase) -> Progress {
        let progress = Progress::default();
        progress.phase(phase);
        progress
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn phase(&self, phase: Phase) {
        self.now().phase = phase;
    }

    /// Begins to read, for the next time, this many parts: files, questions.
    pub fn pass(&self, of_parts: u64, what: &'static str) {
        {
            let mut now = self.now();
            now.phase = Phase::Reading;
            now.parts = what;
            now.asked = None;
        }
        self.0.parts.store(0, Relaxed);
        self.0.of_parts.store(of_parts, Relaxed);
        self.0.pass.fetch_add(1, Relaxed);
    }

    /// A part is done.
    pub fn part(&self) {
        self.0.parts.fetch_add(1, Relaxed);
    }

    /// So many more records were read.
    pub fn records(&self, more: u64) {
        self.0.records.fetch_add(more, Relaxed);
    }

    /// These are asked now, and no others.
    pub fn asks(&self, what: &'static str, who: BTreeSet<Arc<str>>) {
        self.now().asked = Some(Asking { what, of: who.len(), silent: 0, out: who });
    }

    /// One that was asked has ended: has answered whole, or will not.
    pub fn ended(&self, who: &str, has_answered: bool) {
        if let Some(asked) = &mut self.now().asked
            && asked.out.remove(who)
            && !has_answered
        {
            asked.silent += 1;
        }
    }

    /// So many steps are to be carried out.
    pub fn steps(&self, of: usize) {
        let mut now = self.now();
        now.steps = Some(Steps { of, ..Steps::default() });
        now.called.clear();
    }

    /// A step's call was made.
    pub fn step_called(&self, no: u32) {
        self.now().called.insert(no);
    }

    pub fn step_ended(&self, no: u32, is_good: bool) {
        let mut now = self.now();
        now.called.remove(&no);
        if let Some(steps) = &mut now.steps {
            *(if is_good { &mut steps.good } else { &mut steps.bad }) += 1;
        }
    }

    pub fn reached(&self) -> Reached {
        let now = self.now();
        let asked = now.asked.as_ref().map(|asked| Asked {
            what: asked.what,
            of: asked.of,
            answered: asked.of - asked.out.len() - asked.silent,
            silent: asked.silent,
            out: asked.out.iter().take(NAMED).cloned().collect(),
        });
        Reached {
            phase: now.phase,
            pass: self.0.pass.load(Relaxed),
            // A source may ask again by itself, to hold one answer against another.
            parts: self.0.parts.load(Relaxed).min(self.0.of_parts.load(Relaxed)),
            of_parts: self.0.of_parts.load(Relaxed),
            what_parts: now.parts,
            records: self.0.records.load(Relaxed),
            asked,
            steps: now.steps.map(|steps| Steps { called: now.called.len(), ..steps }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_asked_has_answered_is_silent_or_still_out() {
        let progress = Progress::default();
        // Nobody was asked: nothing to end.
        progress.ended("eu-west-3", true);
        assert_eq!(progress.reached().asked, None);
        progress.pass(8, "questions");
        let who = ["a", "b", "c", "d", "e", "f"].map(Arc::from);
        progress.asks("regions", who.into());
        progress.ended("b", true);
        progress.ended("b", true);
        progress.ended("c", false);
        progress.ended("who?", false);
        let asked = progress.reached().asked.expect("somebody was asked");
        assert_eq!((asked.of, asked.answered, asked.silent, asked.open()), (6, 1, 1, 4));
        assert_eq!(asked.out, ["a", "d", "e"].map(Arc::from), "no more are named");
        progress.pass(1, "questions");
        assert_eq!(progress.reached().asked, None, "another pass asks others");
    }

    #[test]
    fn a_step_is_called_then_ended() {
        let progress = Progress::at(Phase::Acting("revoke"));
        progress.steps(3);
        progress.step_called(1);
        progress.step_called(1);
        progress.step_called(2);
        let reached = |good, bad, called| Some(Steps { of: 3, good, bad, called });
        assert_eq!(progress.reached().steps, reached(0, 0, 2));
        progress.step_ended(1, true);
        progress.step_ended(3, false);
        assert_eq!(progress.reached().steps, reached(1, 1, 1));
    }
}
