//! Parts of split log entries, put aside until all of them are there, in whatever order, file or pass they come.
//!
//! An entry is wanted when any of its parts holds a wanted id, or the whole does. Of what is wanted and not whole in the end,
//! what there is is read, and what is missing is a gap. `collect` alone uses it.

use super::needles::Needles;
use super::tally::Identities;
use super::{Keep, NOT_KEPT, Refusal};
use crate::model::{Event, Gap, Provenance};
use crate::read::{self, Head, Part, Unreadable, cloudaudit};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of parts that are held: what nobody wants goes first.
const MOST: usize = 48 << 20;

#[derive(Default)]
pub(super) struct Parts(Mutex<State>);

#[derive(Default)]
struct State {
    entries: HashMap<u128, Entry>,
    held: usize,
    /// In the order in which they were met.
    met: u64,
}

#[derive(Default)]
struct Entry {
    total: u32,
    pieces: BTreeMap<u32, Piece>,
    is_wanted: bool,
    /// Read already; its pieces are gone.
    is_read: bool,
    /// Some of its parts found no room.
    is_too_much: bool,
    met: u64,
    /// Where the first of its parts was met.
    place: String,
}

/// Whether a record may be a part; cheap.
pub(super) fn may_be(raw: &[u8]) -> bool {
    memchr::memmem::find(raw, b"\"split\"").is_some()
}

/// A part as it came.
pub(super) struct Piece {
    pub bytes: Box<[u8]>,
    pub head: Head,
    pub seen_in: Provenance,
}

/// An entry that is to be kept and read.
pub(super) struct Joined {
    pub pieces: Vec<Piece>,
    pub bytes: Result<Vec<u8>, Unreadable>,
    /// What of it is not there.
    pub gap: Option<Gap>,
}

impl Joined {
    /// Saves each part as it came, and reads the whole; `new` counts the parts that were not kept before.
    pub fn read(self, keep: &dyn Keep, saved: &Identities, new: &mut u64) -> Result<Option<Event>, Refusal> {
        let seen_in = self.pieces.first().map(|piece| piece.seen_in.clone()).unwrap_or_default();
        for piece in &self.pieces {
            if saved.insert(piece.head.identity) {
                *new += 1;
                if !keep.save(&piece.bytes, &piece.head).map_err(Refusal::Failure)? {
                    return Err(Refusal::Unreadable(NOT_KEPT.into()));
                }
            }
        }
        let bytes = self.bytes.map_err(|why| Refusal::Unreadable(why.0))?;
        read::read(&bytes, seen_in).map_err(|why| Refusal::Unreadable(why.0))
    }
}

impl Entry {
    fn join(&mut self) -> (Vec<Piece>, Result<Vec<u8>, Unreadable>) {
        let bytes = cloudaudit::join(self.pieces.values().map(|piece| &*piece.bytes));
        (std::mem::take(&mut self.pieces).into_values().collect(), bytes)
    }

    fn size(&self) -> usize {
        self.pieces.values().map(|piece| piece.bytes.len()).sum()
    }

    fn is_whole(&self) -> bool {
        self.pieces.len() == self.total as usize
    }

    fn gap(&self) -> Gap {
        let first = self.pieces.values().next();
        let place = first.map_or_else(|| self.place.clone(), |piece| place(&piece.seen_in));
        let why = match self.is_too_much {
            true => "a split log entry whose parts are too large to be held together".to_owned(),
            false => {
                let missing: Vec<String> = (0..self.total)
                    .filter(|index| !self.pieces.contains_key(index))
                    .map(|index| (index + 1).to_string())
                    .collect();
                // A list of a thousand numbers helps nobody.
                let missing = match missing.len() {
                    few @ 1..=8 => {
                        format!("{} {}", if few == 1 { "part" } else { "parts" }, missing.join(", "))
                    }
                    many => format!("{many} parts"),
                };
                format!("{missing} of {} of a split log entry can't be found", self.total)
            }
        };
        Gap::unread(place, why)
    }
}

fn place(seen_in: &Provenance) -> String {
    match seen_in.line {
        0 => seen_in.input.to_string(),
        line => format!("{}:{line}", seen_in.input),
    }
}

impl Parts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a part; returns its entry when it is whole, wanted, and was not returned before.
    pub fn take(
        &self,
        part: Part,
        raw: &[u8],
        head: &Head,
        seen_in: Provenance,
        needles: Option<&Needles>,
    ) -> Option<Joined> {
        let mut scratch = Vec::new();
        let is_hit = needles.is_some_and(|needles| needles.hit(raw, &mut scratch));
        let mut state = self.state();
        let state = &mut *state;
        state.met += 1;
        let met = state.met;
        let entry = state.entries.entry(part.of).or_insert_with(|| Entry {
            total: part.total,
            met,
            place: place(&seen_in),
            ..Entry::default()
        });
        if entry.is_read {
            return None;
        }
        entry.is_wanted |= is_hit;
        if !entry.pieces.contains_key(&part.index) {
            if state.held + raw.len() > MOST {
                state.make_room(part.of, raw.len());
            }
            let entry = state.entries.get_mut(&part.of)?;
            if state.held + raw.len() > MOST {
                entry.is_too_much = true;
                return None;
            }
            state.held += raw.len();
            entry.pieces.insert(part.index, Piece { bytes: raw.into(), head: head.clone(), seen_in });
        }
        let entry = state.entries.get_mut(&part.of)?;
        if !entry.is_whole() {
            return None;
        }
        if !entry.is_wanted {
            // An id may be cut in two.
            let whole = cloudaudit::join(entry.pieces.values().map(|piece| &*piece.bytes));
            let is_hit =
                whole.is_ok_and(|whole| needles.is_some_and(|needles| needles.hit(&whole, &mut scratch)));
            if !is_hit {
                return None;
            }
        }
        entry.is_read = true;
        state.held -= entry.size();
        let (pieces, bytes) = entry.join();
        Some(Joined { pieces, bytes, gap: None })
    }

    /// What is wanted and will not be whole any more; each once.
    pub fn left(&self) -> Vec<Joined> {
        let mut state = self.state();
        let state = &mut *state;
        let mut left = Vec::new();
        for entry in state.entries.values_mut().filter(|entry| entry.is_wanted && !entry.is_read) {
            entry.is_read = true;
            state.held -= entry.size();
            let gap = Some(entry.gap());
            let (pieces, bytes) = entry.join();
            left.push(Joined { pieces, bytes, gap });
        }
        left.sort_by_key(|one| one.pieces.first().map(|piece| (piece.head.at, piece.head.identity)));
        left
    }
}

impl State {
    /// Lets go of entries that nobody wants, the oldest first: a file that is looked at again brings them again.
    fn make_room(&mut self, but: u128, bytes: usize) {
        let mut idle: Vec<(u64, u128)> = self
            .entries
            .iter()
            .filter(|(of, entry)| **of != but && !entry.is_wanted && !entry.pieces.is_empty())
            .map(|(of, entry)| (entry.met, *of))
            .collect();
        idle.sort_unstable();
        for (_, of) in idle {
            if self.held + bytes <= MOST {
                return;
            }
            if let Some(entry) = self.entries.remove(&of) {
                self.held -= entry.size();
            }
        }
    }
}
