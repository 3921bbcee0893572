//! Evidence: records exactly as received, one a line, gzip, one file per account, region and source.
//!
//! Written in the order of arrival, by any thread. A file that was closed to keep few open gets a further gzip member.

use super::disk::{self, told};
use super::index::Written;
use super::name::{hex, safe_component};
use crate::model::Provider;
use anyhow::{Result, anyhow, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Systems allow a process 256 open files at worst, and inputs are open too; each also holds 270 KB of gzip state.
const MOST_OPEN: usize = 64;

/// So many times one case is continued with the same source; every time is a file.
const MOST_RUNS: usize = 10_000;

/// Whether a record was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    Kept,
    /// It is no single JSON object, so that it can't be a line: a gap, never silence.
    NotARecord,
}

/// The evidence of one case being written.
#[derive(Debug)]
pub struct Evidence {
    root: PathBuf,
    /// Files of earlier runs; one that is missing must not seem to be there again.
    taken: BTreeSet<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<Place, Open>,
    made: BTreeMap<Place, Made>,
    clock: u64,
    /// The first failure: after it no file is whole, and going on would hide that.
    broken: Option<String>,
}

/// Provider, account, region, source.
type Place = (Provider, String, String, String);

/// A file that was made.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    /// Which one it is, so that nothing slipped into its place is written to.
    identity: Identity,
    lines: u64,
    hash: Sha256,
    /// Whether it was written to since it was last made to last.
    is_behind: bool,
}

#[derive(Debug)]
struct Open {
    lines: GzLines<File>,
    path: PathBuf,
    used: u64,
}

impl Evidence {
    pub(super) fn under(root: PathBuf, taken: BTreeSet<PathBuf>) -> Evidence {
        Evidence { root, taken, state: Mutex::default() }
    }

    /// Saves a record as received; line breaks between its tokens become spaces.
    pub fn save(
        &self,
        provider: Provider,
        account: &str,
        region: &str,
        source: &str,
        record: &[u8],
    ) -> Result<Saved> {
        let Some(line) = one_line(record) else { return Ok(Saved::NotARecord) };
        let place = (provider, account.into(), region.into(), source.into());
        self.locked(|state| {
            let open = state.open(&self.root, &self.taken, &place)?;
            open.lines.write_line(&line).map_err(|error| told("write", &open.path, error))?;
            if let Some(made) = state.made.get_mut(&place) {
                made.lines += 1;
                made.hash.update(&line);
                made.hash.update(b"\n");
                made.is_behind = true;
            }
            Ok(())
        })?;
        Ok(Saved::Kept)
    }

    /// Makes everything that was saved so far last, and returns how far the files are that were written to since the last time.
    pub fn flush(&self) -> Result<Vec<Written>> {
        let case = self.root.parent().unwrap_or(&self.root);
        self.locked(|state| state.flush(case))
    }

    /// Closes every file and makes it last; returns the same as [`Evidence::flush`].
    pub fn finish(&self) -> Result<Vec<Written>> {
        let case = self.root.parent().unwrap_or(&self.root);
        self.locked(|state| state.close(case))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(broken) = &state.broken {
            bail!("{broken}");
        }
        act(&mut state).inspect_err(|error| state.broken = Some(format!("{error:#}")))
    }
}

impl State {
    fn open(&mut self, root: &Path, taken: &BTreeSet<PathBuf>, place: &Place) -> Result<&mut Open> {
        self.clock += 1;
        let used = self.clock;
        if !self.open.contains_key(place) {
            if self.open.len() >= MOST_OPEN {
                self.close_oldest()?;
            }
            let (file, path) = match self.made.get(place) {
                Some(made) => (append(&made.path, &made.identity)?, made.path.clone()),
                None => {
                    let (file, path) = make(root, taken, place)?;
                    let identity = identity_of(&file).map_err(|error| told("write", &path, error))?;
                    let (lines, hash, is_behind) = (0, Sha256::new(), true);
                    let made = Made { path: path.clone(), identity, lines, hash, is_behind };
                    self.made.insert(place.clone(), made);
                    (file, path)
                }
            };
            self.open.insert(place.clone(), Open { lines: GzLines::new(file), path, used });
        }
        let open = self.open.get_mut(place).expect("inserted above when it was not there");
        open.used = used;
        Ok(open)
    }

    fn close_oldest(&mut self) -> Result<()> {
        let Some(oldest) = self.open.iter().min_by_key(|(_, open)| open.used).map(|(place, _)| place.clone())
        else {
            return Ok(());
        };
        self.open.remove(&oldest).map_or(Ok(()), Open::close)
    }

    fn close(&mut self, case: &Path) -> Result<Vec<Written>> {
        for (_, open) in self.open.drain() {
            open.close()?;
        }
        sync(self.made.values().collect())?;
        Ok(self.written(case))
    }

    fn flush(&mut self, case: &Path) -> Result<Vec<Written>> {
        for (place, open) in &mut self.open {
            if self.made.get(place).is_some_and(|made| made.is_behind) {
                open.lines.flush().map_err(|error| told("write", &open.path, error))?;
            }
        }
        sync(self.made.values().filter(|made| made.is_behind).collect())?;
        Ok(self.written(case))
    }

    /// How far what was behind is now.
    fn written(&mut self, case: &Path) -> Vec<Written> {
        let mut written = Vec::new();
        for made in self.made.values_mut().filter(|made| made.is_behind) {
            made.is_behind = false;
            let path = made.path.strip_prefix(case).unwrap_or(&made.path).to_string_lossy().into_owned();
            let sha256 = hex(&made.hash.clone().finalize());
            written.push(Written { path, lines: made.lines, sha256 });
        }
        written
    }
}

/// Makes files last, and the folders that they lie in.
fn sync(made: Vec<&Made>) -> Result<()> {
    let folders: BTreeSet<&Path> =
        made.iter().flat_map(|made| made.path.ancestors().skip(1).take(4)).collect();
    disk::at_once(&made, |Made { path, identity, .. }| {
        append(path, identity)?.sync_all().map_err(|error| told("write", path, error))
    })?;
    let folders: Vec<&Path> = folders.into_iter().collect();
    disk::at_once(&folders, |folder| disk::sync_dir(folder)).map(drop)
}

impl Open {
    fn close(self) -> Result<()> {
        self.lines.finish().map(drop).map_err(|error| told("write", &self.path, error))
    }
}

fn make(
    root: &Path,
    taken: &BTreeSet<PathBuf>,
    (provider, account, region, source): &Place,
) -> Result<(File, PathBuf)> {
    let folders = [provider.name().into(), safe_component(account), safe_component(region)];
    let folder = disk::make_dirs(root, &folders)?;
    let name = safe_component(source);
    let path = folder.join(format!("{name}.ndjson.gz"));
    let create = |path: &Path| match taken.contains(path) {
        true => Err(ErrorKind::AlreadyExists.into()),
        false => disk::create_new(path),
    };
    match create(&path) {
        Ok(file) => Ok((file, path)),
        // A file system that ignores case has `US` and `us` in one place, and an earlier run of this case had its own.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let exact = hex(&Sha256::digest(format!("{account}\0{region}\0{source}").as_bytes()));
            let exact = format!("{name}~{}", &exact[..16]);
            let numbered = (2..=MOST_RUNS).map(|run| format!("{exact}-{run}"));
            for name in std::iter::once(exact.clone()).chain(numbered) {
                let path = folder.join(format!("{name}.ndjson.gz"));
                match create(&path) {
                    Ok(file) => return Ok((file, path)),
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(told("write", &path, error)),
                }
            }
            Err(told("write", &path, error))
        }
        Err(error) => Err(told("write", &path, error)),
    }
}

fn append(path: &Path, made: &Identity) -> Result<File> {
    let file = OpenOptions::new().append(true).open(path).map_err(|error| told("write", path, error))?;
    match identity_of(&file) {
        Ok(now) if now == *made => Ok(file),
        Ok(_) => Err(anyhow!("write {}: somebody put another file in its place", path.display())),
        Err(error) => Err(told("write", path, error)),
    }
}

/// Device and number of a file.
type Identity = (u64, u64);

fn identity_of(file: &File) -> io::Result<Identity> {
    let meta = file.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok((meta.dev(), meta.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        Ok((0, 0))
    }
}

/// Lines into a gzip member.
#[derive(Debug)]
pub struct GzLines<W: Write>(GzEncoder<W>);

impl<W: Write> GzLines<W> {
    pub fn new(inner: W) -> GzLines<W> {
        GzLines(GzEncoder::new(inner, Compression::new(6)))
    }

    pub fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)?;
        self.0.write_all(b"\n")
    }

    /// Writes lines as they are read.
    pub(super) fn copy(&mut self, from: &mut dyn io::Read) -> io::Result<()> {
        io::copy(from, &mut self.0).map(drop)
    }

    /// Hands on what was written so far, so that it can be read although the member has no end yet.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    /// Ends the member; an error means that it is not whole.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

/// Returns a record on one line, or `None` when it is no JSON object or a line break stands within a string of it.
pub fn one_line(record: &[u8]) -> Option<Cow<'_, [u8]>> {
    let record = record.trim_ascii();
    if !(record.starts_with(b"{") && record.ends_with(b"}")) {
        return None;
    }
    if memchr::memchr2(b'\n', b'\r', record).is_none() {
        return Some(Cow::Borrowed(record));
    }
    let mut line = record.to_vec();
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in &mut line {
        match *byte {
            b'\n' | b'\r' if in_string => return None,
            b'\n' | b'\r' => *byte = b' ',
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    Some(Cow::Owned(line))
}
