//! Long ids in a text, however many they are, by looking at a part of its bytes only.
//!
//! An id that stands in a text covers one of the places that are looked at, so eight of its bytes stand there whole: those are
//! looked up in a filter first, then among all eights of the ids, then the id is compared. Pure; [`super::needles`] uses it.

use super::needles::rarest;

/// Bytes that are looked at in one place.
const GRAM: usize = 8;
/// Bytes of an id by which it is found.
const WIDEST: usize = 40;
/// Words of the filter at most: half of what the nearest memory holds.
const WORDS: usize = 1 << 12;
/// Bits of the filter for each gram: few are met by chance.
const SPARSE: usize = 64;
/// Turns signs that differ in letter case alone into one, and some others.
const LOWER: u64 = 0x2020_2020_2020_2020;

pub(super) struct Grams {
    ids: Vec<Box<[u8]>>,
    any_case: bool,
    /// From one place that is looked at to the next.
    step: usize,
    filter: Box<[u64; WORDS]>,
    /// Bits of a number that do not tell a bit of the filter: the fewer it has, the nearer it stays.
    shift: u32,
    /// Eight bytes, the id that they are of and where they lie in it; sorted.
    all: Vec<(u64, u32, u32)>,
}

impl Grams {
    /// An id must have as many bytes.
    pub const SHORTEST: usize = 16;

    pub fn of(ids: &[&str], any_case: bool) -> Grams {
        let width = ids.iter().map(|id| id.len()).min().unwrap_or(WIDEST).min(WIDEST);
        let step = width + 1 - GRAM;
        let mut grams = Grams {
            ids: ids.iter().map(|id| id.as_bytes().into()).collect(),
            any_case,
            step,
            filter: Box::new([0; WORDS]),
            shift: 64 - (ids.len() * step * SPARSE).next_power_of_two().clamp(1 << 12, WORDS * 64).ilog2(),
            all: Vec::with_capacity(ids.len() * step),
        };
        for (n, id) in (0..).zip(ids) {
            let from = rarest(id.as_bytes(), width);
            for at in from..from + step {
                let Some(gram) = grams.at(id.as_bytes(), at) else { continue };
                grams.all.push((gram, n, at as u32));
                let (word, bit) = grams.place(gram);
                grams.filter[word] |= 1 << bit;
            }
        }
        grams.all.sort_unstable();
        grams
    }

    #[inline]
    fn at(&self, text: &[u8], at: usize) -> Option<u64> {
        let gram = u64::from_le_bytes(*text.get(at..)?.first_chunk()?);
        Some(if self.any_case { gram | LOWER } else { gram })
    }

    /// Lowest, whether the filter has a gram.
    #[inline]
    fn bit(&self, gram: u64) -> u64 {
        let (word, bit) = self.place(gram);
        self.filter[word] >> bit
    }

    /// A gram's word in the filter, and its bit.
    #[inline]
    fn place(&self, gram: u64) -> (usize, u32) {
        let hash = gram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        ((hash >> 6) as usize & (WORDS - 1), hash as u32 & 63)
    }

    pub fn is_in(&self, text: &[u8]) -> bool {
        match self.any_case {
            true => self.is_in_with::<LOWER>(text),
            false => self.is_in_with::<0>(text),
        }
    }

    fn is_in_with<const LOWER: u64>(&self, text: &[u8]) -> bool {
        let step = self.step;
        let mut from = 0;
        // Several at once, for the processor's sake.
        while let Some(part) = text.get(from..from + 3 * step + GRAM) {
            let four = [0, step, 2 * step, 3 * step]
                .map(|at| part[at..].first_chunk().map_or(0, |gram| u64::from_le_bytes(*gram) | LOWER));
            let found = self.bit(four[0]) | self.bit(four[1]) | self.bit(four[2]) | self.bit(four[3]);
            if found & 1 != 0 && (0..4).any(|n| self.is_around(text, from + n * step, four[n])) {
                return true;
            }
            from += 4 * step;
        }
        while let Some(gram) = self.at(text, from) {
            if self.is_around(text, from, gram) {
                return true;
            }
            from += step;
        }
        false
    }

    /// Whether an id stands there that has these bytes here.
    fn is_around(&self, text: &[u8], at: usize, gram: u64) -> bool {
        if self.bit(gram) & 1 == 0 {
            return false;
        }
        let first = self.all.partition_point(|(other, ..)| *other < gram);
        self.all[first..].iter().take_while(|(other, ..)| *other == gram).any(|(_, id, within)| {
            let id = &self.ids[*id as usize];
            let start = at.checked_sub(*within as usize);
            start.and_then(|start| text.get(start..start + id.len())).is_some_and(|there| {
                match self.any_case {
                    true => there.eq_ignore_ascii_case(id),
                    false => *there == **id,
                }
            })
        })
    }
}
