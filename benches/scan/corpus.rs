//! What both clouds' corpora share: a seeded generator of numbers, file sizes as measured in real trails, and writing in
//! parallel with no more than a file per thread in memory.

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The corpus begins here (2026-03-01T00:00:00Z, epoch seconds) and spans a week.
pub const BEGIN: i64 = 1_772_323_200;
pub const SPAN: i64 = 7 * 86_400;

/// What the report of a corpus must say.
#[derive(Default)]
pub struct Truth {
    pub principal: String,
    pub records: u64,
    pub duplicates: u64,
    pub events_of_principal: u64,
    pub events_of_derived: u64,
    pub failed: u64,
    /// Every credential but the seed: id → (depth, id of its issuer).
    pub credentials: BTreeMap<String, (u64, String)>,
    /// Every machine that the closure made: id → state.
    pub machines: BTreeMap<String, &'static str>,
    pub machine: &'static str,
    /// What only mentions the credential: in no list of the report.
    pub decoys: Vec<String>,
}

/// SplitMix64: small, seeded, and the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        let hex = format!("{a:016x}{b:016x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Log-normal by three uniform numbers, which is near enough for sizes.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let normal: f64 = (0..3).map(|_| self.next() as f64 / u64::MAX as f64 * 2.0 - 1.0).sum();
        median * (normal * sigma).exp()
    }

    /// Records of one file.
    pub fn size(&mut self, sizes: Sizes) -> usize {
        match sizes {
            Sizes::Mixed => self.file_size(),
            Sizes::Large => 5000,
            Sizes::Small => 1 + (self.log_normal(5.0, 0.9) as usize).min(600),
        }
    }

    /// Two thirds of the records lie in files of thousands (an organisation's trail), most of the
    /// rest in busy five-minute files, and by far the most files are tiny.
    pub fn file_size(&mut self) -> usize {
        match self.below(1000) {
            0..400 => 1 + (self.log_normal(5.0, 0.9) as usize).min(600),
            400..986 => 1 + (self.log_normal(20.0, 1.2) as usize).min(400),
            _ => 3000 + self.below(4000),
        }
    }
}

/// How many records lie in one file.
#[derive(Clone, Copy)]
pub enum Sizes {
    Mixed,
    /// Five thousand.
    Large,
    /// Five, by the median.
    Small,
}

/// Epoch seconds as `2026-03-01T00:00:00Z`.
pub fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_second(at).expect("a time of this century").to_string()
}

/// One file to be written: where and when it is from, how much noise, which planted records, and whether twice.
pub struct File<A> {
    pub place: usize,
    pub from: i64,
    pub noise: usize,
    pub acts: Vec<A>,
    pub twice: bool,
}

/// A provider's way of writing records and files.
pub trait Cloud: Sync {
    type Act: Sync;
    /// Appends one record of somebody else.
    fn noise(&self, place: usize, from: i64, rng: &mut Rng, out: &mut Vec<u8>);
    /// Appends one planted record.
    fn act(&self, act: &Self::Act, rng: &mut Rng, out: &mut Vec<u8>);
    fn path(&self, place: usize, from: i64, rng: &mut Rng) -> PathBuf;
    /// What stands before, between and after the records, and whether the file is packed.
    fn frame(&self) -> (&'static str, &'static str, &'static str, bool);
}

/// Adds files of noise until there are `records` in all; of each hundred files `twice` are delivered again.
pub fn fill<A>(
    files: &mut Vec<File<A>>,
    places: usize,
    records: usize,
    (sizes, twice): (Sizes, usize),
    rng: &mut Rng,
) -> Truth {
    let mut truth = Truth::default();
    for file in files.iter_mut() {
        file.twice = rng.chance(twice);
    }
    let count = |file: &File<A>| (file.noise + file.acts.len()) * if file.twice { 2 } else { 1 };
    let mut total: usize = files.iter().map(count).sum();
    while total < records {
        let size = rng.size(sizes).min(records - total);
        let twice = rng.chance(twice) && size * 2 <= records - total;
        let file = File {
            place: rng.below(places),
            from: BEGIN + rng.below(SPAN as usize) as i64 / 300 * 300,
            noise: size,
            acts: Vec::new(),
            twice,
        };
        total += count(&file);
        files.push(file);
    }
    truth.records = total as u64;
    truth.duplicates =
        files.iter().filter(|file| file.twice).map(|file| (file.noise + file.acts.len()) as u64).sum();
    truth
}

/// Writes the corpus; returns the bytes of it, decompressed.
pub fn write<C: Cloud>(cloud: &C, dir: &Path, files: &[File<C::Act>], seed: u64) -> u64 {
    let of_file = |(number, file): (usize, &File<C::Act>)| -> std::io::Result<u64> {
        let mut rng = Rng(seed ^ (number as u64).wrapping_mul(0xd134_2543_de82_ef95));
        let (before, between, after, packed) = cloud.frame();
        let mut text = before.as_bytes().to_vec();
        // Planted records lie scattered among the noise, in no order of time.
        let every = file.noise / (file.acts.len() + 1) + 1;
        let mut acts = file.acts.iter();
        let mut first = true;
        for n in 0..file.noise + file.acts.len() {
            if !std::mem::take(&mut first) {
                text.extend_from_slice(between.as_bytes());
            }
            let is_planted = n % every == every - 1 || n >= file.noise + file.acts.len() - acts.len();
            match is_planted.then(|| acts.next()).flatten() {
                Some(act) => cloud.act(act, &mut rng, &mut text),
                None => cloud.noise(file.place, file.from, &mut rng, &mut text),
            }
        }
        text.extend_from_slice(after.as_bytes());
        let bytes = if packed {
            let mut gz = GzEncoder::new(Vec::new(), Compression::new(6));
            gz.write_all(&text)?;
            gz.finish()?
        } else {
            text.clone()
        };
        for _ in 0..if file.twice { 2 } else { 1 } {
            let path = dir.join(cloud.path(file.place, file.from, &mut rng));
            std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
            std::fs::write(path, &bytes)?;
        }
        Ok(text.len() as u64 * if file.twice { 2 } else { 1 })
    };
    files
        .par_iter()
        .enumerate()
        .map(|file| of_file(file).expect("the temporary folder takes the corpus"))
        .sum()
}
