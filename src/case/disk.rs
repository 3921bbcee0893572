//! The few things that a case does to a disk: private, never through a link, never over what is there.

use crate::model::Gap;
use anyhow::{Result, anyhow, bail};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// `case.json` and `inputs.json` name files, not records.
const LARGEST_SMALL: u64 = 256 << 20;
/// So many places of one kind are named; a folder of rubbish must not drown the report.
const NAMED: usize = 20;
/// `evidence/<provider>/<account>/<region>/<file>`, and room.
const DEEPEST: usize = 16;

/// Words an I/O error: what could not be done to which file, why, and what would help.
pub fn told(action: &str, path: &Path, error: io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "\nhint: free some space, or give --case-dir a folder on another disk; what was written so far is not whole"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "\nhint: give --case-dir a folder that you may write to"
        }
        _ => "",
    };
    anyhow!("{action} {}: {error}{hint}", path.display())
}

/// Makes one folder that its owner alone may enter.
pub(super) fn try_make_dir(path: &Path) -> io::Result<()> {
    builder().create(path)
}

pub(super) fn make_dir(path: &Path) -> Result<()> {
    try_make_dir(path).map_err(|error| told("make", path, error))
}

/// Makes what is missing above a folder that the operator named.
pub(super) fn make_parents(path: &Path) -> Result<()> {
    builder().recursive(true).create(path).map_err(|error| told("make", path, error))
}

fn builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes folders one below the other and returns the last; one that is there must be a folder and no link.
pub(super) fn make_dirs(root: &Path, names: &[String]) -> Result<PathBuf> {
    let mut path = root.to_path_buf();
    for name in names {
        path.push(name);
        match try_make_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let meta = fs::symlink_metadata(&path).map_err(|error| told("make", &path, error))?;
                if !meta.is_dir() {
                    bail!("make {}: something that is no folder has this name", path.display());
                }
            }
            Err(error) => return Err(told("make", &path, error)),
        }
    }
    Ok(path)
}

/// Takes a folder's rights from all but its owner.
pub(super) fn make_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, rights).map_err(|error| told("make private", path, error))?;
    }
    Ok(())
}

/// Takes from a file the right to be written to by accident. Where the file system has no rights, it stays as it is.
pub(super) fn make_read_only(path: &Path) {
    #[cfg(unix)]
    {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o400);
        let _ = fs::set_permissions(path, rights);
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Opens a new file that its owner alone may read.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens a new file that nobody can open again, and that is gone when it is closed.
pub(super) fn scratch(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // FILE_FLAG_DELETE_ON_CLOSE: an open file can't be removed there.
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
    let file = options.open(path)?;
    #[cfg(unix)]
    fs::remove_file(path)?;
    Ok(file)
}

/// Writes a new file to its end, or leaves none.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create_new(path).map_err(|error| told("write", path, error))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // What remains would pass for the whole; failing to remove it changes nothing about the error told.
        let _ = fs::remove_file(path);
        told("write", path, error)
    })
}

/// Writes a file beside its place and moves it there when it is whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    write_all_whole(path.parent().unwrap_or(Path::new(".")), &[(name, bytes)])
}

/// The same of several files of one folder: all are whole before the first is moved.
pub(super) fn write_all_whole(folder: &Path, files: &[(String, &[u8])]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let mark = chance() as u32;
    let part = |name: &str| folder.join(format!(".{name}.{mark:08x}.part"));
    let written = at_once(files, |(name, bytes)| write_new(&part(name), bytes));
    let moved = written.and_then(|_| {
        files.iter().try_for_each(|(name, _)| {
            let path = folder.join(name);
            fs::rename(part(name), &path).map_err(|error| told("write", &path, error))
        })
    });
    if moved.is_err() {
        // What is left would only be in the way; failing to remove it changes nothing about the error told.
        files.iter().for_each(|(name, _)| drop(fs::remove_file(part(name))));
    }
    moved?;
    sync_dir(folder)
}

/// Opens a file of ours to append to and to read; never through a link.
pub(super) fn append(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
    let file = options.open(path).map_err(|error| told("write", path, error))?;
    let meta = file.metadata().map_err(|error| told("write", path, error))?;
    if !meta.is_file() {
        bail!("write {}: it is no plain file", path.display());
    }
    #[cfg(unix)]
    {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        file.set_permissions(rights).map_err(|error| told("make private", path, error))?;
    }
    Ok(file)
}

/// Whether a file is there and holds just this.
pub(super) fn holds(path: &Path, bytes: &[u8]) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(told("write", path, error)),
        Ok(_) => Ok(read_small(path)? == bytes),
    }
}

/// Copies `<stem>.json`, where it is there, to `<stem>-1.json` or the first free number, and returns that name.
pub(super) fn keep(dir: &Path, stem: &str) -> Result<Option<PathBuf>> {
    let path = dir.join(format!("{stem}.json"));
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let earlier = read_small(&path)?;
    let mut number = 1;
    loop {
        let name = PathBuf::from(format!("{stem}-{number}.json"));
        let kept = dir.join(&name);
        match fs::symlink_metadata(&kept) {
            Ok(_) => number += 1,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return write_new(&kept, &earlier).map(|()| Some(name));
            }
            Err(error) => return Err(told("write", &kept, error)),
        }
    }
}

/// Does the same to all at once, for one write of the disk serves them all; results in their order. By threads of its own: those
/// that read logs may be waiting for a lock that the caller holds.
pub(super) fn at_once<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    const THREADS: usize = 8;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(all.len())));
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(n) else { return };
            let result = act(one);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((n, result));
        }
    };
    std::thread::scope(|scope| {
        // The caller is one of them.
        for _ in 1..all.len().min(THREADS) {
            // A system that gives no more threads has it done by those that there are.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Makes names in a folder last through a power cut.
pub(super) fn sync_dir(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path).and_then(|dir| dir.sync_all()).map_err(|error| told("write", path, error))?;
    }
    Ok(())
}

/// Copies a file's bytes to a new file.
pub(super) fn copy_new(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(|error| told("read", from, error))?;
    let mut file = create_new(to).map_err(|error| told("write", to, error))?;
    io::copy(&mut source, &mut file).and_then(|_| file.sync_all()).map_err(|error| {
        let _ = fs::remove_file(to);
        told("write", to, error)
    })
}

/// Reads a file that must be small and no link, pipe or device.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>> {
    let meta = fs::symlink_metadata(path).map_err(|error| told("read", path, error))?;
    if !meta.is_file() {
        bail!("read {}: it is no plain file", path.display());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| told("read", path, error))?;
    file.take(LARGEST_SMALL + 1).read_to_end(&mut bytes).map_err(|error| told("read", path, error))?;
    if bytes.len() as u64 > LARGEST_SMALL {
        bail!("read {}: it is larger than {} MiB", path.display(), LARGEST_SMALL >> 20);
    }
    Ok(bytes)
}

/// Returns every plain file below a folder of the case, relative to the case and sorted; what is none becomes a gap.
pub(super) fn files_under(case: &Path, folder: &str, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut missed = Vec::new();
    let mut left = vec![PathBuf::from(folder)];
    while let Some(path) = left.pop() {
        let mut miss = |why: String| missed.push(Gap::unread(path.to_string_lossy(), why));
        match fs::symlink_metadata(case.join(&path)) {
            Ok(meta) if meta.is_file() => files.push(path),
            Ok(meta) if meta.is_symlink() => {
                miss("it is a symbolic link, which a case does not follow".into())
            }
            Ok(meta) if !meta.is_dir() => miss("it is no plain file".into()),
            Ok(_) if path.components().count() > DEEPEST => miss("its folders are nested too deeply".into()),
            Ok(_) => match fs::read_dir(case.join(&path)) {
                Err(error) => miss(format!("the folder could not be listed: {error}")),
                Ok(entries) => {
                    for entry in entries {
                        match entry {
                            Ok(entry) => left.push(path.join(entry.file_name())),
                            Err(error) => missed.push(Gap::unread(
                                path.to_string_lossy(),
                                format!("the folder could not be listed: {error}"),
                            )),
                        }
                    }
                }
            },
            Err(error) if error.kind() == ErrorKind::NotFound && path == Path::new(folder) => {}
            Err(error) => miss(format!("it could not be looked at: {error}")),
        }
    }
    files.sort();
    gaps.extend(some(missed, folder));
    files
}

/// Returns the first gaps by order and the number of the rest.
pub(super) fn some(mut gaps: Vec<Gap>, place: &str) -> Vec<Gap> {
    gaps.sort();
    let more = gaps.len().saturating_sub(NAMED);
    gaps.truncate(NAMED);
    if more > 0 {
        gaps.push(Gap::unread(place, format!("{more} more files like these")));
    }
    gaps
}

/// Returns a number that no other run gets: the standard library seeds its hashers from the system.
pub fn chance() -> u64 {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}
