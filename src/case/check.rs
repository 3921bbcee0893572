//! Whether a case is what it was when it was sealed: file by file, against `SHA256SUMS`.
//!
//! Knows names, bytes and sums; the journal's own chain is `exec`'s.

use super::index::INDEX;
use super::manifest::{self, SUMS};
use super::name::hex;
use super::{CASE, INPUTS, JOURNAL, disk};
use crate::model::Gap;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What the files of a case are, against their sums.
#[derive(Debug, Default)]
pub struct Check {
    /// Files that are as they were sealed.
    pub good: u64,
    /// Sorted by file.
    pub faults: Vec<Fault>,
    /// SHA-256 of `SHA256SUMS` itself, in hexadecimal; absent where there is none.
    pub manifest: Option<String>,
    /// Files that are no part of a case and that no sum is of, sorted: somebody's notes.
    pub beside: Vec<String>,
    /// Files of evidence that can be written to.
    pub writable: u64,
}

/// A file that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Relative to the case; of a bad line of the sums `SHA256SUMS:4`.
    pub file: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Altered,
    Missing,
    Added,
    /// A line of the sums that is none.
    NoSum,
    /// There are no sums to hold it against.
    Unsealed,
    /// A run wrote it that did not end.
    Unfinished,
    Unreadable(String),
}

impl What {
    /// Whether somebody changed something; otherwise it could not be seen.
    pub fn is_change(&self) -> bool {
        match self {
            What::Altered | What::Missing | What::Added | What::NoSum => true,
            What::Unsealed | What::Unfinished | What::Unreadable(_) => false,
        }
    }

    /// Whether a run that was cut off would leave it so.
    pub(super) fn is_of_a_crash(&self) -> bool {
        match self {
            What::Added | What::Unsealed | What::Unfinished => true,
            What::Altered | What::Missing | What::NoSum | What::Unreadable(_) => false,
        }
    }

    /// As documents spell it.
    pub fn name(&self) -> &'static str {
        match self {
            What::Altered => "altered",
            What::Missing => "missing",
            What::Added => "added",
            What::NoSum => "no_sum",
            What::Unsealed => "unsealed",
            What::Unfinished => "unfinished",
            What::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Altered => write!(f, "it was altered since {SUMS} was written"),
            What::Missing => write!(f, "it is missing, though {SUMS} lists it"),
            What::Added => write!(f, "it was added since {SUMS} was written"),
            What::NoSum => f.write_str("the line is no checksum of a file in this case"),
            What::Unsealed => f.write_str(
                "it is missing: the run that wrote this case did not end, or its evidence was altered since",
            ),
            What::Unfinished => f.write_str("the run that wrote it did not end: run the same command again"),
            What::Unreadable(why) => f.write_str(why),
        }
    }
}

impl From<&Fault> for Gap {
    fn from(fault: &Fault) -> Gap {
        Gap::unread(fault.file.clone(), fault.what.to_string())
    }
}

/// Looks at every file of a case folder.
pub(super) fn check(case: &Path) -> Check {
    let mut unread = Vec::new();
    let found = disk::files_under(case, "", &mut unread);
    let found: Vec<PathBuf> = found.into_iter().filter(|file| !is_own(file)).collect();
    let mut check = compare(case, &found, |_| true);
    // A file that could not be looked at is no missing file.
    check.faults.retain(|fault| {
        fault.what != What::Missing
            || !unread.iter().any(|gap| Path::new(&fault.file).starts_with(&gap.place))
    });
    let unread = unread.into_iter().map(|gap| Fault { file: gap.place, what: What::Unreadable(gap.why) });
    check.faults.extend(unread);
    let is_ours = |file: &str| {
        let file = Path::new(file);
        manifest::is_evidence(file) || manifest::is_index(file) || manifest::is_document(file)
    };
    let (faults, beside): (Vec<Fault>, Vec<Fault>) =
        check.faults.into_iter().partition(|fault| fault.what != What::Added || is_ours(&fault.file));
    check.faults = faults;
    check.beside = beside.into_iter().map(|fault| fault.file).collect();
    check.writable =
        found.iter().filter(|file| manifest::is_evidence(file) && is_writable(&case.join(file))).count()
            as u64;
    check.faults.sort();
    check
}

pub(super) fn as_gaps(faults: &[Fault]) -> Vec<Gap> {
    disk::some(faults.iter().map(Gap::from).collect(), SUMS)
}

/// What conclusions could be wrong about: evidence that is not as it was, and what says what the case is. What was made
/// from evidence may be made anew.
pub(super) fn faults<'a>(
    case: &Path,
    is_recorded: bool,
    files: impl Iterator<Item = &'a PathBuf>,
) -> Vec<Fault> {
    let heads = [CASE, INPUTS].map(PathBuf::from).into_iter().filter(|name| case.join(name).is_file());
    let files: Vec<PathBuf> = files.cloned().chain(heads).collect();
    let check = compare(case, &files, |file| {
        manifest::is_evidence(file) || [CASE, INPUTS].iter().any(|name| file == Path::new(name))
    });
    let faults = check.faults.into_iter();
    // A case written by hand may have no sums.
    faults.filter(|fault| is_recorded || fault.what != What::Unsealed).collect()
}

/// Compares files with their sums, as far as they matter.
fn compare(case: &Path, files: &[PathBuf], matters: impl Fn(&Path) -> bool) -> Check {
    let mut check = Check::default();
    let fault = |file: &Path, what| Fault { file: file.to_string_lossy().into_owned(), what };
    let path = case.join(SUMS);
    let (mut bad, mut listed) = (Vec::new(), BTreeMap::new());
    let unsummed = match disk::read_small(&path) {
        Err(_) if is_missing(&path) => Some(What::Unsealed),
        Err(error) => Some(What::Unreadable(format!("{error:#}"))),
        Ok(bytes) => {
            check.manifest = Some(hex(&Sha256::digest(&bytes)));
            match String::from_utf8(bytes) {
                Err(_) => Some(What::Unreadable("it is not UTF-8".into())),
                Ok(text) => {
                    listed = manifest::parse(&text, &mut bad);
                    None
                }
            }
        }
    };
    if let Some(what) = unsummed {
        check.faults.push(fault(Path::new(SUMS), what));
        return check;
    }
    check
        .faults
        .extend(bad.into_iter().map(|line| Fault { file: format!("{SUMS}:{line}"), what: What::NoSum }));
    let is_cut = is_cut(case, &listed);
    for file in files {
        match (listed.remove(file), manifest::sum_of(&case.join(file))) {
            (None, _) if is_cut && manifest::is_of_run(file) => {
                check.faults.push(fault(file, What::Unfinished));
            }
            (None, _) => check.faults.push(fault(file, What::Added)),
            (Some(sum), Ok(now)) if sum == now => check.good += 1,
            (Some(_), Ok(_)) => check.faults.push(fault(file, What::Altered)),
            (Some(_), Err(error)) => {
                let why = format!("its checksum could not be taken: {error}");
                check.faults.push(fault(file, What::Unreadable(why)));
            }
        }
    }
    let gone = listed.into_keys().filter(|file| matters(file));
    check.faults.extend(gone.map(|file| fault(&file, What::Missing)));
    check
}

/// Whether a run noted what it read and did not come to seal its notes.
fn is_cut(case: &Path, sums: &BTreeMap<PathBuf, String>) -> bool {
    disk::files_under(case, INDEX, &mut Vec::new()).iter().any(|file| !sums.contains_key(file))
}

/// The manifest and the journal, which has a chain of its own.
fn is_own(file: &Path) -> bool {
    file == Path::new(SUMS) || file == Path::new(JOURNAL)
}

fn is_missing(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn is_writable(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| !meta.permissions().readonly())
}
