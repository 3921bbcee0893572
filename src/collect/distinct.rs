//! How many numbers of many are distinct, and how many repeat one, in bounded memory: what is too many is sorted and put aside
//! on disk, and read along with the rest at the end.
//!
//! The numbers are made of records (8 bytes each, 100 million are no exception); `scan` alone counts by them.

use super::remembered::Note;
use anyhow::{Context, Result};
use rayon::slice::ParallelSliceMut;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// Bytes of a number.
const LEN: usize = 8;
/// Bytes that are read at once of what was put aside.
const PIECE: usize = 64 << 10;

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub distinct: u64,
    /// Those that were there before.
    pub repeated: u64,
}

/// Many numbers, added by many threads.
pub(super) struct Distinct<'a> {
    note: &'a dyn Note,
    held: Mutex<Vec<u64>>,
    aside: Mutex<Aside>,
}

/// What lies on disk: runs of sorted numbers, one after another.
#[derive(Default)]
struct Aside {
    file: Option<File>,
    /// Numbers of each run.
    runs: Vec<u64>,
    /// What a run would have had twice.
    repeated: u64,
}

impl<'a> Distinct<'a> {
    pub fn new(note: &'a dyn Note) -> Distinct<'a> {
        Distinct { note, held: Mutex::default(), aside: Mutex::default() }
    }

    pub fn add(&self, numbers: &[u64]) -> Result<()> {
        for some in numbers.chunks(self.note.room().max(1)) {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let mut full = Vec::new();
            if held.len() + some.len() > self.note.room() {
                full = std::mem::take(&mut *held);
            }
            held.extend_from_slice(some);
            drop(held);
            if !full.is_empty() {
                let all = full.len();
                // By this thread alone: the others read meanwhile.
                full.sort_unstable();
                full.dedup();
                self.aside.lock().unwrap_or_else(PoisonError::into_inner).put(&full, all, self.note)?;
            }
        }
        Ok(())
    }

    pub fn count(self) -> Result<Counts> {
        let mut held = self.held.into_inner().unwrap_or_else(PoisonError::into_inner);
        let aside = self.aside.into_inner().unwrap_or_else(PoisonError::into_inner);
        let all = held.len() as u64;
        held.par_sort_unstable();
        held.dedup();
        let repeated = all - held.len() as u64 + aside.repeated;
        let Some(mut file) = aside.file else {
            return Ok(Counts { distinct: held.len() as u64, repeated });
        };
        let mut runs = Vec::with_capacity(aside.runs.len() + 1);
        let mut from = 0;
        for len in aside.runs {
            let end = from + len * LEN as u64;
            runs.push(Run { from, end, piece: Vec::new(), at: 0 });
            from = end;
        }
        let piece = std::mem::take(&mut held);
        runs.push(Run { from, end: from, piece, at: 0 });
        merge(&mut file, &mut runs, repeated).context("read what was put aside")
    }
}

impl Aside {
    /// Sorted, each once, of so many in all.
    fn put(&mut self, numbers: &[u64], all: usize, note: &dyn Note) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            new => new.insert(note.scratch()?),
        };
        for some in numbers.chunks(PIECE / LEN) {
            let bytes: Vec<u8> = some.iter().flat_map(|one| one.to_le_bytes()).collect();
            file.write_all(&bytes).context("put numbers of records aside in the case folder")?;
        }
        self.repeated += (all - numbers.len()) as u64;
        self.runs.push(numbers.len() as u64);
        Ok(())
    }
}

/// A run that is read piece by piece.
struct Run {
    from: u64,
    end: u64,
    piece: Vec<u64>,
    at: usize,
}

impl Run {
    fn next(&mut self, file: &mut File) -> std::io::Result<Option<u64>> {
        if self.at == self.piece.len() {
            let len = usize::try_from(self.end - self.from).unwrap_or(PIECE).min(PIECE);
            let mut bytes = vec![0; len];
            if len > 0 {
                file.seek(SeekFrom::Start(self.from))?;
                file.read_exact(&mut bytes)?;
            }
            self.from += len as u64;
            self.piece.clear();
            self.piece.extend(bytes.as_chunks::<LEN>().0.iter().map(|one| u64::from_le_bytes(*one)));
            self.at = 0;
        }
        let next = self.piece.get(self.at).copied();
        self.at += 1;
        Ok(next)
    }
}

/// Each run is sorted and has each number once.
fn merge(file: &mut File, runs: &mut [Run], repeated: u64) -> std::io::Result<Counts> {
    let mut counts = Counts { distinct: 0, repeated };
    let mut next = BinaryHeap::with_capacity(runs.len());
    for (n, run) in runs.iter_mut().enumerate() {
        next.extend(run.next(file)?.map(|number| Reverse((number, n))));
    }
    let mut last = None;
    while let Some(Reverse((number, n))) = next.pop() {
        match last.replace(number) == Some(number) {
            true => counts.repeated += 1,
            false => counts.distinct += 1,
        }
        next.extend(runs[n].next(file)?.map(|number| Reverse((number, n))));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::remembered::{Visit, Wanted};
    use std::collections::HashSet;
    use std::sync::Arc;

    struct Room(usize);

    impl Note for Room {
        fn searched(&self, _: &Arc<str>, _: &[Wanted], _: Visit<'_>) -> Result<()> {
            Ok(())
        }

        fn room(&self) -> usize {
            self.0
        }

        fn scratch(&self) -> Result<File> {
            Ok(tempfile::tempfile()?)
        }
    }

    #[test]
    fn what_is_put_aside_counts_as_what_is_held() {
        let mut state = 7_u64;
        let mut number = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for (room, len, below) in
            [(1, 50, 30), (2, 1, 1), (7, 500, 200), (64, 5_000, 3_000), (20_000, 60_000, 50_000)]
        {
            let all: Vec<u64> = (0..len).map(|_| number(below) << 40 | 5).collect();
            let distinct = all.iter().collect::<HashSet<_>>().len() as u64;
            let expect = Counts { distinct, repeated: len - distinct };
            for room in [room, usize::MAX] {
                let note = Room(room);
                let counted = Distinct::new(&note);
                std::thread::scope(|scope| {
                    for part in all.chunks(all.len() / 3 + 1) {
                        let counted = &counted;
                        scope.spawn(move || {
                            part.chunks(13).try_for_each(|some| counted.add(some)).expect("the disk has room")
                        });
                    }
                });
                let is_aside = counted.aside.lock().expect("no thread panicked").file.is_some();
                assert_eq!(is_aside, (room as u64) < len, "room {room} for {len}");
                assert_eq!(counted.count().expect("it is read back"), expect, "room {room} for {len}");
            }
        }
    }

    #[test]
    fn a_disk_without_room_is_a_failure() {
        struct Full;
        impl Note for Full {
            fn searched(&self, _: &Arc<str>, _: &[Wanted], _: Visit<'_>) -> Result<()> {
                Ok(())
            }

            fn room(&self) -> usize {
                2
            }

            fn scratch(&self) -> Result<File> {
                anyhow::bail!("no space left")
            }
        }
        let counted = Distinct::new(&Full);
        counted.add(&[1, 2]).expect("they are held");
        assert!(counted.add(&[3]).is_err());
    }
}
