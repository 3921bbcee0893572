//! One archive of a case, to hand over: a gzipped tar that is a BagIt bag (RFC 8493) with the case as its payload.
//!
//! The same case gives the same bytes: files are sorted, times, owners and rights are fixed. Nothing in the case is changed.

use super::disk::{self, told};
use super::manifest;
use super::name::{hex, safe_component};
use super::{CASE, CaseFile};
use crate::model::{Gap, Time};
use anyhow::{Context, Result, bail};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// 0.97 names files as they are, so that plain `sha256sum -c` reads its manifest; 1.0 would escape `%` in it.
const BAGIT: &str = "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n";

/// What was packed.
#[derive(Debug)]
pub struct Packed {
    /// Files of the case, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// SHA-256 of the archive.
    pub sha256: String,
    /// What is in the folder and could not be packed.
    pub gaps: Vec<Gap>,
}

/// Packs a case into a new file that its owner alone may read. `notes` go into `bag-info.txt`, as `(label, value)`.
pub fn pack(case: &Path, out: &Path, notes: &[(&str, String)]) -> Result<Packed> {
    let meta = CaseFile::read(&disk::read_small(&case.join(CASE))?)
        .with_context(|| format!("read {}", case.join(CASE).display()))?;
    let top = top(case)?;
    let mut gaps = Vec::new();
    let files = disk::files_under(case, "", &mut gaps);
    let mut plain = Vec::new();
    for file in files {
        match file.to_str() {
            Some(name) if !name.contains(['\n', '\r']) => plain.push((file.clone(), name.to_owned())),
            _ => gaps.push(Gap::unread(file.to_string_lossy(), "no manifest can spell its name")),
        }
    }
    refuse_inside(case, out)?;
    let made = disk::create_new(out).map_err(|error| told("write", out, error))?;
    let written = write(case, made, &top, &plain, &meta, notes).and_then(|(files, bytes, sha256)| {
        disk::sync_dir(out.parent().unwrap_or(Path::new(".")))?;
        Ok(Packed { files, bytes, sha256, gaps })
    });
    written.inspect_err(|_| {
        // Half an archive would pass for a whole one.
        let _ = std::fs::remove_file(out);
    })
}

/// The name of the archive's only folder: the case's own.
pub fn top(case: &Path) -> Result<String> {
    let whole = std::fs::canonicalize(case).map_err(|error| told("open the case", case, error))?;
    Ok(safe_component(&whole.file_name().unwrap_or_default().to_string_lossy()))
}

/// An archive in the case would be part of what it holds.
fn refuse_inside(case: &Path, out: &Path) -> Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).map_err(|error| told("write", out, error))?;
    let case = std::fs::canonicalize(case).map_err(|error| told("open the case", case, error))?;
    if folder.starts_with(case) {
        bail!(
            "write {}: it would lie in the case that it holds\nhint: give --out a path elsewhere",
            out.display()
        );
    }
    Ok(())
}

type Written = (u64, u64, String);

fn write(
    case: &Path,
    made: File,
    top: &str,
    files: &[(PathBuf, String)],
    meta: &CaseFile,
    notes: &[(&str, String)],
) -> Result<Written> {
    let mut sums = Vec::new();
    let mut bytes = 0;
    for (file, name) in files {
        let path = case.join(file);
        let size = std::fs::metadata(&path).map_err(|error| told("read", &path, error))?.len();
        let sum = manifest::sum_of(&path).map_err(|error| told("read", &path, error))?;
        bytes += size;
        sums.push((file, name, size, sum));
    }
    let manifest: String = sums.iter().map(|(_, name, _, sum)| format!("{sum}  data/{name}\n")).collect();
    let info = info(meta, bytes, files.len(), notes);
    let tags = [("bagit.txt", BAGIT), ("bag-info.txt", &info), ("manifest-sha256.txt", &manifest)];
    let tagged: String = tags
        .iter()
        .map(|(name, text)| format!("{}  {name}\n", hex(&Sha256::digest(text.as_bytes()))))
        .collect();

    let at = meta.started_at.map_or(0, Time::as_second).max(0) as u64;
    // Neither the time of packing nor the system goes into the head.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut tar = Builder::new(gzip.write(Summing::new(made), Compression::new(6)));
    for (name, text) in tags.into_iter().chain([("tagmanifest-sha256.txt", tagged.as_str())]) {
        let mut header = header(text.len() as u64, at, 0o600);
        tar.append_data(&mut header, format!("{top}/{name}"), text.as_bytes())
            .context("write the archive")?;
    }
    for (file, name, size, sum) in &sums {
        let path = case.join(file);
        let rights = if manifest::is_evidence(file) { 0o400 } else { 0o600 };
        let mut read =
            Hashing::new(File::open(&path).map_err(|error| told("read", &path, error))?.take(*size));
        tar.append_data(&mut header(*size, at, rights), format!("{top}/data/{name}"), &mut read)
            .with_context(|| format!("pack {}", path.display()))?;
        let now = std::fs::metadata(&path).map_err(|error| told("read", &path, error))?.len();
        if read.sum() != *sum || now != *size {
            bail!(
                "pack {}: it changed meanwhile\nhint: wait until the run that writes this case has ended",
                path.display()
            );
        }
    }
    let (made, sum) = tar.into_inner().and_then(|gzip| gzip.finish()).context("write the archive")?.done();
    made.sync_all().context("write the archive")?;
    Ok((files.len() as u64, bytes, sum))
}

fn header(size: u64, at: u64, rights: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mtime(at);
    header.set_mode(rights);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// `bag-info.txt`: who, when, about whom, with what.
fn info(meta: &CaseFile, bytes: u64, files: usize, notes: &[(&str, String)]) -> String {
    let mut lines = vec![("Payload-Oxum", format!("{bytes}.{files}"))];
    if let Some(at) = meta.started_at {
        lines.push(("Bagging-Date", at.strftime("%Y-%m-%d").to_string()));
    }
    if let Some(id) = &meta.id {
        lines.push(("External-Identifier", id.clone()));
    }
    if let Some(operator) = &meta.operator {
        lines.push(("Contact-Name", operator.clone()));
    }
    if let Some(versions) = &meta.versions {
        lines.push(("Triage-Version", versions.triage.clone()));
    }
    lines.push(("Triage-Principal", meta.principal.id.to_string()));
    lines.push(("Triage-Host-Clock", meta.clock.to_string()));
    lines.extend(notes.iter().map(|(label, value)| (*label, value.clone())));
    // A line break in a name would forge a label.
    let plain = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    lines.iter().map(|(label, value)| format!("{label}: {}\n", plain(value))).collect()
}

/// Sums up what is written through it.
struct Summing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Summing<W> {
    fn new(inner: W) -> Summing<W> {
        Summing { inner, hash: Sha256::new() }
    }

    fn done(self) -> (W, String) {
        (self.inner, hex(&self.hash.finalize()))
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Sums up what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    fn new(inner: R) -> Hashing<R> {
        Hashing { inner, hash: Sha256::new() }
    }

    fn sum(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
