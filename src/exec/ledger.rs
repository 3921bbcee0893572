//! What a journal's lines amount to: of every intent, what became of it. Pure, and kept up as lines are added.

use super::entry::{Entry, Intent, Line, Outcome, Resolution, Started};
use crate::model::change::Change;
use crate::model::{Place, Time};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    deeds: BTreeMap<u64, Deed>,
    /// Intents by what they change, in order.
    by_change: BTreeMap<Place, BTreeMap<Change, Vec<u64>>>,
    open: BTreeSet<u64>,
    runs: Vec<(u64, Started)>,
}

/// An intent and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub no: u64,
    pub at: Time,
    /// 0-based number of its run in the journal.
    pub run: usize,
    pub intent: Intent,
    pub status: Status,
    /// Parts of its undo that are in force.
    pub undone: BTreeSet<u32>,
    pub undo_parts: u32,
    /// What put it in force again.
    pub again: Vec<u64>,
    /// How often the cloud said yes or no to it; what nobody heard is not counted.
    pub answers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No line says what became of the call.
    Open,
    /// The cloud took it; not seen yet.
    Took,
    Refused,
    /// The cloud's answer leaves it open.
    Unclear,
    Verified,
    Resolved(Resolution),
}

impl Deed {
    /// Whether it was done, as far as the journal knows.
    pub fn is_done(&self) -> bool {
        matches!(self.status, Status::Took | Status::Verified | Status::Resolved(Resolution::Done))
    }

    /// Whether nobody knows.
    pub fn is_open(&self) -> bool {
        match self.status {
            Status::Open | Status::Unclear | Status::Resolved(Resolution::Unknown) => true,
            Status::Took
            | Status::Refused
            | Status::Verified
            | Status::Resolved(Resolution::Done | Resolution::NotDone | Resolution::Gone) => false,
        }
    }

    /// Whether it may have been done after all: the cloud never refused it.
    fn may_be_done(&self) -> bool {
        self.is_open() || self.status == Status::Resolved(Resolution::NotDone)
    }

    pub fn is_undone(&self) -> bool {
        self.undo_parts > 0 && self.undone.len() >= self.undo_parts as usize
    }
}

impl Ledger {
    pub(super) fn of(lines: &[Line]) -> Ledger {
        let mut ledger = Ledger::default();
        lines.iter().for_each(|line| ledger.add(line.no, line.at, &line.entry));
        ledger
    }

    /// Every intent, oldest first.
    pub fn deeds(&self) -> impl DoubleEndedIterator<Item = &Deed> {
        self.deeds.values()
    }

    pub fn deed(&self, no: u64) -> Option<&Deed> {
        self.deeds.get(&no)
    }

    /// The latest run, if any.
    pub fn last_run(&self) -> Option<&Started> {
        self.runs.last().map(|(_, run)| run)
    }

    pub fn run(&self, number: usize) -> Option<&Started> {
        self.runs.get(number).map(|(_, run)| run)
    }

    /// Intents that an earlier run left without an end, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Deed> {
        self.open.iter().filter_map(|no| self.deeds.get(no))
    }

    /// Intents of ours to make this change here, oldest first, undone ones left out.
    pub fn standing<'a>(&'a self, at: &Place, change: &Change) -> impl DoubleEndedIterator<Item = &'a Deed> {
        let numbers = self.by_change.get(at).and_then(|changes| changes.get(change));
        numbers.into_iter().flatten().filter_map(|no| self.deeds.get(no)).filter(|deed| !deed.is_undone())
    }

    /// How often this change was answered here, also where it was undone since: what comes next is another request.
    pub fn answered(&self, at: &Place, change: &Change) -> u32 {
        let numbers = self.by_change.get(at).and_then(|changes| changes.get(change));
        let deeds = numbers.into_iter().flatten().filter_map(|no| self.deeds.get(no));
        deeds.fold(0, |sum, deed| sum.saturating_add(deed.answers))
    }

    /// Intents that were taken for not done, though the change is in force now: ours after all, seen late.
    pub(super) fn seen_late(&self, at: &Place, change: &Change) -> Vec<u64> {
        self.standing(at, change).filter(|deed| deed.may_be_done()).map(|deed| deed.no).collect()
    }

    pub(super) fn add(&mut self, no: u64, at: Time, entry: &Entry) {
        match entry {
            Entry::Started(run) => self.runs.push((no, (**run).clone())),
            Entry::Intent(intent) => {
                if let Some(first) = intent.again.and_then(|of| self.deeds.get_mut(&of)) {
                    first.again.push(no);
                }
                let here = self.by_change.entry(intent.at.clone()).or_default();
                here.entry(intent.change.clone()).or_default().push(no);
                let run = self.runs.len().saturating_sub(1);
                let deed = Deed {
                    no,
                    at,
                    run,
                    intent: (**intent).clone(),
                    status: Status::Open,
                    undone: BTreeSet::new(),
                    undo_parts: 0,
                    again: Vec::new(),
                    answers: 0,
                };
                self.deeds.insert(no, deed);
                self.open.insert(no);
            }
            Entry::Again { of } => self.set(*of, Status::Open),
            Entry::Outcome { of, outcome } => {
                let status = match outcome {
                    Outcome::Ok(_) => Status::Took,
                    Outcome::Refused { .. } => Status::Refused,
                    Outcome::Unclear { .. } => Status::Unclear,
                };
                if let Some(deed) = self.deeds.get_mut(of) {
                    deed.answers += u32::from(status != Status::Unclear);
                }
                self.set(*of, status);
            }
            Entry::Verified { of, .. } => self.set(*of, Status::Verified),
            Entry::Resolved { of, to, .. } => self.set(*of, Status::Resolved(*to)),
            Entry::Undone { intents, part, parts } => {
                for no in intents {
                    if let Some(deed) = self.deeds.get_mut(no) {
                        deed.undone.insert(*part);
                        deed.undo_parts = *parts;
                    }
                }
            }
            Entry::NotSeen { .. }
            | Entry::Reverted { .. }
            | Entry::Reapplied { .. }
            | Entry::Skipped { .. }
            | Entry::Torn { .. }
            | Entry::Interrupted
            | Entry::Ended(_) => {}
        }
    }

    fn set(&mut self, no: u64, status: Status) {
        let Some(deed) = self.deeds.get_mut(&no) else { return };
        deed.status = status;
        if deed.is_open() {
            self.open.insert(no);
        } else {
            self.open.remove(&no);
        }
    }
}
