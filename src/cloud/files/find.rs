//! Which files the operator's paths name. Opens nothing but the `case.json` of a folder; follows no link that it finds.

use super::{Found, Given, open, reason};
use crate::model::Gap;
use rayon::prelude::*;
use serde::Deserialize;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, DirEntry, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Folders that are listed at once: what is found waits in memory until it is gone through.
const LISTED: usize = 256;

/// What a case keeps beside its evidence, made from it or asked of a cloud.
const DOCUMENTS: [&str; 9] =
    ["case", "inputs", "report", "changes", "swept", "identities", "trusts", "queries", "proof"];

/// What the operator named, now (the last) and in earlier runs, beginning with what is known from those, under the name that it
/// had; `but` is a folder that is left out. Sorted by name.
pub(super) fn find(known: &[(&str, &Path)], given: &[Given], but: Option<&Path>) -> (Vec<Found>, Vec<Gap>) {
    let but = but.and_then(|but| fs::canonicalize(but).ok());
    // In one folder, where no link is followed, nothing is met twice.
    let is_one = known.is_empty() && given.iter().map(|given| given.paths.len()).sum::<usize>() <= 1;
    let mut finder = Finder { but, seen: (!is_one).then(HashSet::new), ..Finder::default() };
    for (name, path) in known {
        finder.known(name, path);
    }
    for (n, one) in given.iter().enumerate() {
        finder.is_earlier = n + 1 < given.len();
        finder.base.clone_from(&one.base);
        one.paths.iter().for_each(|path| finder.given(path));
    }
    finder.gaps.sort();
    finder.gaps.dedup();
    (sorted(finder.files), finder.gaps)
}

/// By name, each once.
fn sorted(mut files: Vec<Found>) -> Vec<Found> {
    files.par_sort_by(|a, b| a.name.cmp(&b.name));
    if files.windows(2).all(|pair| pair[0].name != pair[1].name) {
        return files;
    }
    // Two names that are not UTF-8 may look the same.
    let mut named = BTreeMap::new();
    for file in files {
        let (mut name, path) = (file.name.to_string(), file.path().to_owned());
        while named.contains_key(&*name) {
            name.push('\'');
        }
        let file = Found::new(&name, &path);
        named.insert(file.name.clone(), file);
    }
    named.into_values().collect()
}

#[derive(Default)]
struct Finder {
    /// What paths are relative to that are typed relative.
    base: PathBuf,
    but: Option<PathBuf>,
    /// Whether an earlier run was given what is looked at.
    is_earlier: bool,
    files: Vec<Found>,
    gaps: Vec<Gap>,
    /// Where the files really lie: one that is named twice is read once. Absent where none can be.
    seen: Option<HashSet<OsString>>,
    /// Whether a folder is a case of ours.
    cases: BTreeMap<PathBuf, bool>,
}

impl Finder {
    /// A file that is not there any more is kept all the same: it may have to be looked at again.
    fn known(&mut self, name: &str, path: &Path) {
        if let Some(seen) = &mut self.seen
            && let Ok(real) = fs::canonicalize(path)
        {
            seen.insert(real.into_os_string());
        }
        self.files.push(Found::new(name, path));
    }

    fn given(&mut self, text: &str) {
        let path = self.base.join(text);
        match fs::metadata(&path) {
            Ok(meta) => self.named(&path, &meta),
            // A name with signs of a pattern in it was tried as a name first.
            Err(_) if text.contains(['*', '?', '[']) => self.pattern(text),
            // What was read there is known, and that it is not there any more is told of each file.
            Err(e)
                if e.kind() == ErrorKind::NotFound
                    && self.is_earlier
                    && self.files.iter().any(|found| found.path().starts_with(&path)) => {}
            Err(e) => self.gap(&path, reason(&e)),
        }
    }

    fn pattern(&mut self, text: &str) {
        let base = glob::Pattern::escape(&self.base.to_string_lossy());
        let whole = Path::new(&base).join(text);
        let matches = match glob::glob(&whole.to_string_lossy()) {
            Ok(matches) => matches,
            Err(e) => return self.gap(Path::new(text), format!("not a pattern: {}", e.msg)),
        };
        let mut found = false;
        // A folder and what is in it may both match.
        self.seen.get_or_insert_default();
        for path in matches {
            found = true;
            match path {
                Ok(path) if self.is_of_case(&path) => {}
                Ok(path) => match fs::metadata(&path) {
                    Ok(meta) => self.named(&path, &meta),
                    Err(e) => self.gap(&path, reason(&e)),
                },
                Err(e) => self.gap(e.path(), reason(e.error())),
            }
        }
        let is_known = || {
            let pattern = glob::Pattern::new(&whole.to_string_lossy());
            let matches = |found: &Found| pattern.as_ref().is_ok_and(|one| one.matches_path(found.path()));
            self.is_earlier && self.files.iter().any(matches)
        };
        if !found && !is_known() {
            self.gap(Path::new(text), "nothing matches");
        }
    }

    fn named(&mut self, path: &Path, meta: &fs::Metadata) {
        match meta.file_type() {
            kind if kind.is_dir() => self.folder(path),
            kind if kind.is_file() => self.file(path, fs::canonicalize(path).ok()),
            kind => self.gap(path, not_opened(kind)),
        }
    }

    fn folder(&mut self, top: &Path) {
        let home = match fs::canonicalize(top) {
            Ok(home) => home,
            Err(e) => return self.gap(top, reason(&e)),
        };
        let mut folders = vec![(top.to_owned(), home.clone())];
        // No link is followed below, so that where the folder really lies tells where everything in it does.
        while !folders.is_empty() {
            let some = folders.split_off(folders.len().saturating_sub(LISTED));
            let listed: Vec<_> = some.par_iter().map(|(folder, _)| list(folder)).collect();
            for ((folder, real), entries) in some.into_iter().zip(listed) {
                let entries = match entries {
                    Ok(entries) => entries,
                    Err(e) => {
                        self.gap(&folder, reason(&e));
                        continue;
                    }
                };
                for entry in entries {
                    match entry {
                        Err(e) => self.gap(&folder, reason(&e)),
                        Ok((path, kind)) if kind.is_symlink() => self.link(&path, &home),
                        Ok((path, kind)) if kind.is_dir() => {
                            let real = path.file_name().map(|name| real.join(name)).unwrap_or_default();
                            folders.push((path, real));
                        }
                        Ok((path, kind)) if kind.is_file() => {
                            let is_noted = self.seen.is_some() || self.but.is_some();
                            let real = path.file_name().filter(|_| is_noted).map(|name| real.join(name));
                            self.file(&path, real);
                        }
                        Ok((path, kind)) => self.gap(&path, not_opened(kind)),
                    }
                }
            }
        }
    }

    /// A link inside its folder leads to what is read under its own name; one out of it is the operator's to follow.
    fn link(&mut self, path: &Path, home: &Path) {
        match fs::canonicalize(path) {
            Ok(target) if target.starts_with(home) => {}
            Ok(_) => self
                .gap(path, "a link that leads out of the folder is not followed: name its target to read it"),
            Err(e) => self.gap(path, format!("a link that leads nowhere: {}", reason(&e))),
        }
    }

    fn file(&mut self, path: &Path, real: Option<PathBuf>) {
        if let Some(real) = real {
            let is_left_out = self.but.as_ref().is_some_and(|but| real.starts_with(but));
            let is_again = || self.seen.as_mut().is_some_and(|seen| !seen.insert(real.into_os_string()));
            if is_left_out || is_again() {
                return;
            }
        }
        self.files.push(Found::new(&self.shown(path), path));
    }

    /// Whether this is something that `triage` keeps beside the evidence of a case: made from logs, so no log.
    fn is_of_case(&mut self, path: &Path) -> bool {
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| case_of(folder, name))
            .is_some_and(|case| *self.cases.entry(case.to_owned()).or_insert_with(|| is_case(case)))
    }

    fn gap(&mut self, path: &Path, why: impl Into<String>) {
        self.gaps.push(Gap::unread(self.shown(path), why));
    }

    /// As it was typed.
    fn shown(&self, path: &Path) -> String {
        let shown = match self.base.as_os_str().is_empty() {
            true => path,
            false => path.strip_prefix(&self.base).unwrap_or(path),
        };
        shown.to_string_lossy().into_owned()
    }
}

/// What lies in a folder and is nothing that `triage` keeps beside the evidence of a case.
fn list(folder: &Path) -> io::Result<Vec<io::Result<(PathBuf, FileType)>>> {
    let is_case = OnceCell::new();
    let look = |entry: io::Result<DirEntry>| {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours =
            name.to_str().and_then(|name| case_of(folder, name)).is_some_and(|case| match case == folder {
                true => *is_case.get_or_init(|| self::is_case(folder)),
                false => self::is_case(case),
            });
        match is_ours {
            true => Ok(None),
            false => Ok(Some((entry.path(), entry.file_type()?))),
        }
    };
    Ok(fs::read_dir(folder)?.filter_map(|entry| look(entry).transpose()).collect())
}

/// The folder that would be a case if this name in a folder is that of something that `triage` keeps there.
fn case_of<'a>(folder: &'a Path, name: &str) -> Option<&'a Path> {
    match name {
        // What an engine answered: its records lie beside it.
        "answers" if folder.ends_with("evidence") => folder.parent(),
        "inventory" | "expect" | "index" | "journal.ndjson" | "SHA256SUMS" => Some(folder),
        _ => is_document(name).then_some(folder),
    }
}

/// Whether it is named like a document of a case, also like an earlier one, which stays under a number.
fn is_document(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".json") else { return false };
    let first = stem.rsplit_once('-').filter(|(_, number)| number.bytes().all(|c| c.is_ascii_digit()));
    [Some(stem), first.map(|(first, _)| first)]
        .into_iter()
        .flatten()
        .any(|stem| DOCUMENTS.contains(&stem) || stem.starts_with("plan-"))
}

/// Whether a folder holds the `case.json` of a case.
fn is_case(folder: &Path) -> bool {
    #[derive(Deserialize)]
    struct Case {
        schema: String,
    }
    let Ok((file, _)) = open(&folder.join("case.json")) else { return false };
    let mut text = Vec::new();
    file.take(1 << 20).read_to_end(&mut text).is_ok()
        && serde_json::from_slice::<Case>(&text).is_ok_and(|case| case.schema.starts_with("triage.case/"))
}

/// Why something that is not a regular file is left alone.
pub(super) fn not_opened(kind: FileType) -> String {
    #[cfg(unix)]
    let what = {
        use std::os::unix::fs::FileTypeExt;
        match () {
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () if kind.is_char_device() || kind.is_block_device() => "a device",
            () if kind.is_dir() => "a folder",
            () => "not a regular file",
        }
    };
    #[cfg(not(unix))]
    let what = if kind.is_dir() { "a folder" } else { "not a regular file" };
    format!("{what}, which is not opened")
}
