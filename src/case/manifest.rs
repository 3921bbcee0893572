//! `SHA256SUMS`: whether evidence is what it was when the run ended, in the format of `sha256sum -c`.

use super::name::hex;
use super::{CASE, EVIDENCE, INPUTS, INVENTORY, disk};
use crate::model::Gap;
use anyhow::{Result, bail};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

const SUMS: &str = "SHA256SUMS";

/// What earlier runs left in a case that is continued.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    sums: BTreeMap<PathBuf, String>,
    /// What lay there when it was continued, with a sum or without.
    present: BTreeSet<PathBuf>,
    /// The corpus may be told anew; its sum then, to see whether it was.
    inputs: Option<String>,
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
        let inputs = case.join(INPUTS);
        let inputs = match sum_of(&inputs) {
            Ok(sum) => Some(sum),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(disk::told("read", &inputs, error)),
        };
        Ok(Sealed { sums, present, inputs })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &PathBuf> {
        self.sums.keys()
    }

    /// The sum that a file is to have: what was sealed or altered before this run is not sealed anew, or nobody could
    /// see that it was.
    fn sum(&self, case: &Path, file: &Path) -> Result<Option<String>> {
        let path = case.join(file);
        let now = || sum_of(&path).map_err(|error| disk::told("read", &path, error));
        if !self.present.contains(file) && !self.sums.contains_key(file) {
            return now().map(Some);
        }
        if file == Path::new(INPUTS) {
            let now = now()?;
            if self.inputs.as_ref() != Some(&now) {
                return Ok(Some(now));
            }
        }
        Ok(self.sums.get(file).cloned())
    }
}

/// Every file of the case that is summed up, sorted.
fn files(case: &Path) -> Result<Vec<PathBuf>> {
    let mut gaps = Vec::new();
    let mut files = disk::files_under(case, EVIDENCE, &mut gaps);
    files.extend(disk::files_under(case, INVENTORY, &mut gaps));
    files.extend([CASE, INPUTS].map(PathBuf::from).into_iter().filter(|name| case.join(name).is_file()));
    if let Some(gap) = gaps.first() {
        bail!("sum up {}: {}", case.join(&gap.place).display(), gap.why);
    }
    files.sort();
    Ok(files)
}

/// Sums up `case.json`, `inputs.json`, evidence and inventory.
pub(super) fn write(case: &Path, earlier: Option<&Sealed>) -> Result<()> {
    let nothing = Sealed::default();
    let sealed = earlier.unwrap_or(&nothing);
    let mut sums = BTreeMap::new();
    for file in files(case)? {
        if let Some(sum) = sealed.sum(case, &file)? {
            sums.insert(file, sum);
        }
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

/// Compares the folder with its sums. A case written by hand may have none.
pub(super) fn verify<'a>(
    case: &Path,
    is_recorded: bool,
    files: impl Iterator<Item = &'a PathBuf>,
) -> Vec<Gap> {
    let path = case.join(SUMS);
    let missing =
        std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if missing && !is_recorded {
        return Vec::new();
    }
    if missing {
        let why =
            "it is missing: the run that wrote this case did not end, or its evidence was altered since";
        return vec![Gap::unread(SUMS, why)];
    }
    let mut gaps = Vec::new();
    let mut listed = match disk::read_small(&path).map(String::from_utf8) {
        Ok(Ok(text)) => parse(&text, &mut gaps),
        Ok(Err(_)) => return vec![Gap::unread(SUMS, "it is not UTF-8")],
        Err(error) => return vec![Gap::unread(SUMS, format!("{error:#}"))],
    };
    let present = [CASE, INPUTS].map(PathBuf::from).into_iter().filter(|name| case.join(name).is_file());
    for file in files.cloned().chain(present) {
        let name = file.to_string_lossy();
        match (listed.remove(&file), sum_of(&case.join(&file))) {
            (None, _) => gaps.push(Gap::unread(name, format!("it was added since {SUMS} was written"))),
            (Some(sum), Ok(now)) if sum == now => {}
            (Some(_), Ok(_)) => {
                gaps.push(Gap::unread(name, format!("it was altered since {SUMS} was written")))
            }
            (Some(_), Err(error)) => {
                gaps.push(Gap::unread(name, format!("its checksum could not be taken: {error}")))
            }
        }
    }
    for gone in listed.into_keys() {
        gaps.push(Gap::unread(gone.to_string_lossy(), format!("it is missing, though {SUMS} lists it")));
    }
    disk::some(gaps, SUMS)
}

fn sum_of(path: &Path) -> io::Result<String> {
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
fn line(name: &str, sum: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{sum}  {escaped}\n")
}

fn parse(text: &str, gaps: &mut Vec<Gap>) -> BTreeMap<PathBuf, String> {
    let mut sums = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        match parse_line(line) {
            Some((file, sum)) => {
                sums.insert(file, sum);
            }
            None => gaps.push(Gap::unread(
                format!("{SUMS}:{}", at + 1),
                "the line is no checksum of a file in this case",
            )),
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
