//! `SHA256SUMS`: what the files of a case were when the run ended, in the format of `sha256sum -c`.
//!
//! Evidence and inventory, what runs remember, and every document beside them; not the journal, which grows and has a chain of its own.

use super::index::INDEX;
use super::name::hex;
use super::{EVIDENCE, INVENTORY, disk};
use anyhow::{Result, bail};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

pub(super) const SUMS: &str = "SHA256SUMS";

/// What earlier runs left in a case that is continued.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    sums: BTreeMap<PathBuf, String>,
    /// What lay there when it was continued, with a sum or without.
    present: BTreeSet<PathBuf>,
}

/// What this run did to documents that were there.
#[derive(Debug, Default)]
pub(super) struct Wrote {
    /// Written by this run.
    pub fresh: BTreeSet<PathBuf>,
    /// The names that earlier documents stay under, and what they were called.
    pub kept: BTreeMap<PathBuf, PathBuf>,
}

impl Sealed {
    /// Reads the sums. Where none are, as in a case that a person wrote, nothing was sealed and all will be.
    pub(super) fn of(case: &Path) -> Result<Sealed> {
        let path = case.join(SUMS);
        if std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(Sealed::default());
        }
        let text = String::from_utf8_lossy(&disk::read_small(&path)?).into_owned();
        let (sums, present) = (parse(&text, &mut Vec::new()), files(case)?.into_iter().collect());
        Ok(Sealed { sums, present })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &PathBuf> {
        self.sums.keys()
    }

    pub(super) fn sums(&self) -> &BTreeMap<PathBuf, String> {
        &self.sums
    }

    /// Takes what a run left that did not end for this run's own, to be sealed with it; but not what was altered.
    pub(super) fn adopt(&mut self, altered: BTreeSet<PathBuf>) {
        self.present.retain(|file| !is_of_run(file) || self.sums.contains_key(file));
        self.present.extend(altered);
    }

    /// The sum that a file is to have: what was sealed or altered before this run is not sealed anew, or nobody could
    /// see that it was.
    fn sum(&self, case: &Path, file: &Path, wrote: &Wrote) -> Result<Option<String>> {
        let was = match wrote.kept.get(file) {
            Some(was) => was,
            None if wrote.fresh.contains(file) => return now(case, file).map(Some),
            None => file,
        };
        match self.sums.get(was) {
            Some(sum) => Ok(Some(sum.clone())),
            None if self.present.contains(was) => Ok(None),
            None => now(case, file).map(Some),
        }
    }
}

fn now(case: &Path, file: &Path) -> Result<String> {
    let path = case.join(file);
    sum_of(&path).map_err(|error| disk::told("read", &path, error))
}

/// Whether a file beside the folders is a document of ours.
pub(super) fn is_document(name: &Path) -> bool {
    name.components().count() == 1 && name.extension().is_some_and(|end| end == "json")
}

/// Whether conclusions rest on a file.
pub(super) fn is_evidence(name: &Path) -> bool {
    name.starts_with(EVIDENCE) || name.starts_with(INVENTORY)
}

/// Whether it is what a run writes before it seals.
pub(super) fn is_of_run(name: &Path) -> bool {
    name.starts_with(EVIDENCE) || is_index(name)
}

pub(super) fn is_index(name: &Path) -> bool {
    name.starts_with(INDEX)
}

/// Every file of the case that is summed up, sorted.
fn files(case: &Path) -> Result<Vec<PathBuf>> {
    let mut gaps = Vec::new();
    let mut files = disk::files_under(case, EVIDENCE, &mut gaps);
    files.extend(disk::files_under(case, INVENTORY, &mut gaps));
    files.extend(disk::files_under(case, INDEX, &mut gaps));
    files.extend(documents(case)?);
    if let Some(gap) = gaps.first() {
        bail!("sum up {}: {}", case.join(&gap.place).display(), gap.why);
    }
    files.sort();
    Ok(files)
}

/// The plain files beside the folders that are documents of ours.
fn documents(case: &Path) -> Result<Vec<PathBuf>> {
    let told = |error| disk::told("read the case folder", case, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(case).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = PathBuf::from(entry.file_name());
        if is_document(&name) && entry.file_type().map_err(told)?.is_file() {
            found.push(name);
        }
    }
    Ok(found)
}

/// Sums up evidence, inventory, indexes and documents, and makes all but documents read-only.
pub(super) fn write(case: &Path, earlier: Option<&Sealed>, wrote: &Wrote) -> Result<()> {
    let nothing = Sealed::default();
    let sealed = earlier.unwrap_or(&nothing);
    let mut sums = BTreeMap::new();
    let all = files(case)?;
    let summed = disk::at_once(&all, |file| {
        if is_evidence(file) || is_index(file) {
            disk::make_read_only(&case.join(file));
        }
        sealed.sum(case, file, wrote)
    })?;
    for (file, sum) in all.into_iter().zip(summed) {
        sums.extend(sum.map(|sum| (file, sum)));
    }
    for (file, sum) in &sealed.sums {
        // What is missing stays listed.
        sums.entry(file.clone()).or_insert_with(|| sum.clone());
    }
    let mut lines = String::new();
    for (file, sum) in sums {
        let Some(name) = file.to_str() else {
            bail!("sum up {}: its name is not UTF-8", case.join(&file).display())
        };
        lines += &line(name, &sum);
    }
    disk::write_whole(&case.join(SUMS), lines.as_bytes())
}

pub(super) fn sum_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// `sha256sum` marks a line whose name it had to escape with a backslash.
pub(super) fn line(name: &str, sum: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{sum}  {escaped}\n")
}

/// Reads the lines; the numbers of those that are no checksum of a file in this case go to `bad`.
pub(super) fn parse(text: &str, bad: &mut Vec<usize>) -> BTreeMap<PathBuf, String> {
    let mut sums = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        match parse_line(line) {
            Some((file, sum)) => {
                sums.insert(file, sum);
            }
            None => bad.push(at + 1),
        }
    }
    sums
}

fn parse_line(line: &str) -> Option<(PathBuf, String)> {
    let (line, is_escaped) = line.strip_prefix('\\').map_or((line, false), |rest| (rest, true));
    let (sum, name) = line.split_once("  ").or_else(|| line.split_once(" *"))?;
    let name = if is_escaped { unescape(name)? } else { name.into() };
    let path = PathBuf::from(name);
    let is_inside =
        path.components().all(|part| matches!(part, Component::Normal(_))) && path.components().count() > 0;
    let is_sum = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
    (is_inside && is_sum).then(|| (path, sum.to_ascii_lowercase()))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::new();
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            _ => letter,
        });
    }
    Some(plain)
}
