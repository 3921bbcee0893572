//! The case folder: one incident's evidence, inventory, report, plans and journal on disk.
//!
//! Knows names, bytes and checksums; reads no record and draws no conclusion. Commands and `exec` write it, anyone may be
//! handed what [`Case::open`] found. A folder that exists is never overwritten, only continued: what lies there stays, and a
//! report or plan that is replaced stays under a number. Nothing half-written has a whole file's name.

mod check;
mod disk;
mod evidence;
mod file;
mod index;
mod inputs;
mod manifest;
mod name;
mod pack;
mod resume;

pub use check::{Check, Fault, What};
pub use disk::{chance, told};
pub use evidence::{Evidence, GzLines, Saved, one_line};
pub use file::{CaseFile, HostClock, Versions};
pub use index::Written;
pub use inputs::{AskedBy, Input, InputCounts, Inputs};
pub use name::safe_component;
pub use pack::{Packed, pack, top};
pub use resume::{Notes, Resumed};

use crate::model::gap::GapKind;
use crate::model::{Gap, Provider, Time};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const CASE: &str = "case.json";
const EVIDENCE: &str = "evidence";
/// Below evidence: what an engine answered, as it came; the records that were read out of it lie beside.
const ANSWERS: &str = "answers";
const INVENTORY: &str = "inventory";
/// Everything that computes in the places that were looked into, whoever made it: to find lookalikes.
const SWEPT: &str = "swept";
const JOURNAL: &str = "journal.ndjson";
/// So many answers of one name are kept.
const MOST_ANSWERS: u32 = 99_999;

/// A case folder that this run made, or continues, and alone writes.
#[derive(Debug)]
pub struct Case {
    dir: PathBuf,
    /// What earlier runs left; absent in a new case.
    earlier: Option<manifest::Sealed>,
    wrote: Mutex<manifest::Wrote>,
    /// Who asked in earlier runs.
    asked_by: Option<AskedBy>,
    /// What is missing, altered or unreadable in what earlier runs left.
    gaps: Vec<Gap>,
    /// What this run remembers of what it reads, where it reads files.
    index: Mutex<Option<index::Index>>,
}

/// What the corpus was.
const INPUTS: &str = Case::INPUTS;

impl Case {
    /// The file that says what the corpus was; gaps in reading it bear its name.
    pub const INPUTS: &str = "inputs.json";

    /// Makes the folder and its `case.json`; without a folder given, a new one in the current directory.
    ///
    /// A folder given must not exist yet, or be empty and no symbolic link.
    pub fn create(dir: Option<&Path>, meta: &CaseFile) -> Result<Case> {
        let dir = match dir {
            Some(dir) => claim(dir)?,
            None => fresh(Path::new("."), meta.started_at.unwrap_or_else(Time::now))?,
        };
        disk::write_new(&dir.join(CASE), &meta.to_json()?)?;
        disk::make_dir(&dir.join(EVIDENCE))?;
        let (wrote, index) = (Mutex::default(), Mutex::default());
        Ok(Case { dir, earlier: None, wrote, asked_by: None, gaps: Vec::new(), index })
    }

    /// Continues a case of logs, also one whose last run did not end; `by` is who notes what was read, and whose notes alone
    /// are believed.
    pub fn resume(dir: &Path, by: &str) -> Result<Resumed> {
        resume::resume(dir, by)
    }

    /// Whether a case is there, to be opened and not made.
    pub fn is_there(dir: &Path) -> bool {
        dir.join(CASE).symlink_metadata().is_ok()
    }

    /// Begins to remember what is read, in a new case.
    pub fn remember(&self, by: &str) -> Result<()> {
        self.begin(index::Index::begin(&self.dir, 1, by, true)?);
        Ok(())
    }

    fn begin(&self, index: index::Index) {
        *self.index.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(index);
    }

    /// Notes what was read, and how far the evidence of it was written.
    pub fn note(&self, evidence: &[Written], notes: &[Vec<u8>]) -> Result<()> {
        let mut index = self.index.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        index.as_mut().map_or(Ok(()), |index| index.note(evidence, notes))
    }

    /// A new file to put things aside in: it has no name, and is gone with whoever holds it.
    pub fn scratch(&self) -> Result<File> {
        let path = self.dir.join(format!(".scratch.{:08x}.part", disk::chance() as u32));
        disk::scratch(&path).map_err(|error| told("write", &path, error))
    }

    /// Continues a folder that an earlier run or a person wrote: what lies there is kept, and keeps the checksum that it has.
    pub fn reopen(dir: &Path) -> Result<Case> {
        let dir: PathBuf = dir.components().collect();
        let open = Case::look(&dir)?;
        let (faults, inputs, mut gaps) = (open.faults(), open.inputs, open.gaps);
        let (news, harm): (Vec<Fault>, Vec<Fault>) =
            faults.into_iter().partition(|fault| fault.what.is_of_a_crash());
        gaps.extend(check::as_gaps(&harm));
        gaps.extend(check::as_gaps(&news).into_iter().map(|gap| Gap { kind: GapKind::Blind, ..gap }));
        gaps.sort();
        disk::make_dirs(&dir, &[EVIDENCE.into()])?;
        let earlier = Some(manifest::Sealed::of(&dir)?);
        let asked_by = inputs.and_then(|inputs| inputs.asked_by);
        let (wrote, index) = (Mutex::default(), Mutex::default());
        Ok(Case { dir, earlier, wrote, asked_by, gaps, index })
    }

    /// Who asked the cloud in earlier runs, as far as that can be read.
    pub fn asked_by(&self) -> Option<&AskedBy> {
        self.asked_by.as_ref()
    }

    /// What is missing, altered or unreadable in what earlier runs left: never passed over. What a run left that was cut off is
    /// only told of: it takes nothing from a result that is asked for anew.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Opens the journal to append to, and says whether it is new. Reading is allowed too, to check what is there.
    pub fn append_journal(&self) -> Result<(File, PathBuf, bool)> {
        let path = self.dir.join(JOURNAL);
        let is_new = match disk::create_new(&path) {
            Ok(_) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(told("write", &path, error)),
        };
        let file = disk::append(&path)?;
        if is_new {
            disk::sync_dir(&self.dir)?;
        }
        Ok((file, path, is_new))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where records go; to be finished before the case is sealed.
    pub fn evidence(&self) -> Evidence {
        let taken = self.earlier.iter().flat_map(manifest::Sealed::names);
        Evidence::under(self.dir.join(EVIDENCE), taken.map(|name| self.dir.join(name)).collect())
    }

    /// Keeps an answer as it came; returns its name below the evidence's `answers`, which begins with `stem`.
    pub fn keep_answer(&self, stem: &str, bytes: &[u8]) -> Result<String> {
        let folder = disk::make_dirs(&self.dir, &[EVIDENCE.into(), ANSWERS.into()])?;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        std::io::Write::write_all(&mut packed, bytes).context("pack an answer")?;
        let packed = packed.finish().context("pack an answer")?;
        let stem = safe_component(stem);
        for number in 1..=MOST_ANSWERS {
            let name = format!("{stem}-{number:05}.json.gz");
            let path = folder.join(&name);
            match path.symlink_metadata() {
                Ok(_) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return disk::write_new(&path, &packed).map(|()| name);
                }
                Err(error) => return Err(told("write", &path, error)),
            }
        }
        bail!("keep an answer in {}: there are {MOST_ANSWERS} of this name already", folder.display())
    }

    /// Copies what another case's inventory and sweep hold, byte by byte.
    pub fn copy_inventory(&self, from: &OpenCase) -> Result<()> {
        if let Some(swept) = &from.swept {
            disk::copy_new(swept, &self.dir.join(format!("{SWEPT}.json")))?;
        }
        for path in &from.inventory {
            let parts = path.strip_prefix(&from.dir).unwrap_or(path).components();
            let parts: Vec<String> =
                parts.map(|part| safe_component(&part.as_os_str().to_string_lossy())).collect();
            let Some((name, folders)) = parts.split_last() else { continue };
            let folder = disk::make_dirs(&self.dir, folders)?;
            disk::copy_new(path, &folder.join(name))?;
        }
        Ok(())
    }

    /// Adds what a live look showed, as lines; earlier looks stay beside it.
    pub fn add_inventory(&self, provider: Provider, account: &str, region: &str, lines: &[u8]) -> Result<()> {
        let region = if region.is_empty() { "global" } else { region };
        let folders = [INVENTORY.into(), provider.name().into(), safe_component(account)];
        let folder = disk::make_dirs(&self.dir, &folders)?;
        let stem = safe_component(region);
        for number in 0.. {
            let name = if number == 0 { format!("{stem}.ndjson") } else { format!("{stem}-{number}.ndjson") };
            let path = folder.join(name);
            match std::fs::symlink_metadata(&path) {
                Ok(_) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return disk::write_new(&path, lines);
                }
                Err(error) => return Err(told("write", &path, error)),
            }
        }
        Ok(())
    }

    /// Writes what a sweep showed, lines like an inventory's.
    pub fn write_swept(&self, lines: &[u8]) -> Result<()> {
        self.replace(SWEPT, lines)
    }

    /// Writes a further document of ours under this name; an earlier one stays under a number.
    pub fn write_document(&self, stem: &str, bytes: &[u8]) -> Result<()> {
        self.replace(&safe_component(stem), bytes)
    }

    /// Writes what the corpus was; in a case that is continued, an earlier one stays as `inputs-1.json` and so on.
    pub fn write_inputs(&self, inputs: &Inputs) -> Result<()> {
        self.replace("inputs", &inputs.to_json()?)
    }

    /// Writes `report.json`; in a case that is continued, an earlier one stays as `report-1.json` and so on.
    pub fn write_report(&self, bytes: &[u8]) -> Result<()> {
        self.replace("report", bytes)
    }

    /// Writes `plan-<name>.json`; in a case that is continued, an earlier one stays as `plan-<name>-1.json` and so on.
    pub fn write_plan(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.replace(&format!("plan-{}", safe_component(name)), bytes)
    }

    fn replace(&self, stem: &str, bytes: &[u8]) -> Result<()> {
        self.replace_all(&[(stem, bytes)])
    }

    /// Writes several documents, each as it is written alone: the disk is waited for once.
    pub fn write_documents(&self, documents: &[(String, Vec<u8>)]) -> Result<()> {
        let safe: Vec<String> = documents.iter().map(|(stem, _)| safe_component(stem)).collect();
        let all: Vec<(&str, &[u8])> =
            safe.iter().zip(documents).map(|(stem, (_, bytes))| (stem.as_str(), bytes.as_slice())).collect();
        self.replace_all(&all)
    }

    fn replace_all(&self, documents: &[(&str, &[u8])]) -> Result<()> {
        let mut wrote = self.wrote.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut new = Vec::with_capacity(documents.len());
        for (stem, bytes) in documents {
            let name = format!("{stem}.json");
            let path = self.dir.join(&name);
            if self.earlier.is_some() || path.symlink_metadata().is_ok() {
                if disk::holds(&path, bytes)? {
                    continue;
                }
                if let Some(kept) = disk::keep(&self.dir, stem)?
                    && !wrote.fresh.contains(Path::new(&name))
                {
                    wrote.kept.insert(kept, name.clone().into());
                }
            }
            new.push((name, *bytes));
        }
        if let Some(index) = &mut *self.index.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            index.documents(&new)?;
        }
        disk::write_all_whole(&self.dir, &new)?;
        wrote.fresh.extend(new.into_iter().map(|(name, _)| name.into()));
        Ok(())
    }

    /// Writes `SHA256SUMS` and makes evidence and inventory read-only: the last thing that a run does to its case.
    pub fn seal(&self) -> Result<()> {
        let wrote = self.wrote.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        manifest::write(&self.dir, self.earlier.as_ref(), &wrote)
    }

    /// Looks at every file of a case folder, against its sums.
    pub fn check(dir: &Path) -> Check {
        check::check(dir)
    }

    /// Says in `case.json` what is asked now; what was asked at first stays as `case-1.json`.
    pub fn write_meta(&self, meta: &CaseFile) -> Result<()> {
        self.replace("case", &meta.to_json()?)
    }

    /// Opens a folder that a run or a person wrote, and checks it against its checksums.
    pub fn open(dir: &Path) -> Result<OpenCase> {
        let mut open = Case::look(dir)?;
        open.gaps.extend(check::as_gaps(&open.faults()));
        open.gaps.sort();
        Ok(open)
    }

    /// Looks at what is there, and not at whether it is what it was.
    fn look(dir: &Path) -> Result<OpenCase> {
        let meta = std::fs::metadata(dir).map_err(|error| told("open the case", dir, error))?;
        if !meta.is_dir() {
            bail!("open the case {}: it is no folder", dir.display());
        }
        let path = dir.join(CASE);
        if let Err(error) = std::fs::symlink_metadata(&path)
            && error.kind() == std::io::ErrorKind::NotFound
        {
            bail!(
                "open the case {}: it holds no {CASE}\nhint: give the folder that a run wrote, or --logs for a folder of logs",
                dir.display()
            );
        }
        let file =
            CaseFile::read(&disk::read_small(&path)?).with_context(|| format!("read {}", path.display()))?;
        let mut gaps = Vec::new();
        let evidence = disk::files_under(dir, EVIDENCE, &mut gaps);
        let (answers, evidence) = evidence
            .into_iter()
            .partition(|file: &PathBuf| file.starts_with(Path::new(EVIDENCE).join(ANSWERS)));
        let inventory = disk::files_under(dir, INVENTORY, &mut gaps);
        let inputs = match Inputs::open(&dir.join(INPUTS)) {
            Ok(inputs) => inputs,
            Err(error) => {
                gaps.push(Gap::unread(INPUTS, format!("{error:#}")));
                None
            }
        };
        let whole = |paths: Vec<PathBuf>| paths.into_iter().map(|path| dir.join(path)).collect();
        Ok(OpenCase {
            dir: dir.into(),
            file,
            evidence: whole(evidence),
            answers: whole(answers),
            inventory: whole(inventory),
            swept: {
                let path = dir.join(format!("{SWEPT}.json"));
                path.symlink_metadata().is_ok().then_some(path)
            },
            journal: std::fs::symlink_metadata(dir.join(JOURNAL)).is_ok().then(|| dir.join(JOURNAL)),
            inputs,
            gaps,
        })
    }
}

/// A case as it lay on disk.
#[derive(Debug)]
pub struct OpenCase {
    pub dir: PathBuf,
    pub file: CaseFile,
    /// Every file of records, sorted by path.
    pub evidence: Vec<PathBuf>,
    /// Every answer that was kept as it came, sorted by path.
    pub answers: Vec<PathBuf>,
    /// Every file of what was observed, sorted by path.
    pub inventory: Vec<PathBuf>,
    /// What a sweep showed, if there was one: one look a line.
    pub swept: Option<PathBuf>,
    /// Where its journal is, if anything was ever done in it.
    pub journal: Option<PathBuf>,
    /// What the corpus was; `None` for a case written by hand, whose evidence is the corpus.
    pub inputs: Option<Inputs>,
    /// What is missing, altered or unreadable in the folder itself.
    pub gaps: Vec<Gap>,
}

/// The largest document of ours that is read back.
const MAX_DOCUMENT: u64 = 1 << 30;

impl OpenCase {
    /// Files of evidence, answers and inventory, relative to the case.
    fn files(&self) -> Vec<PathBuf> {
        let relative = |path: &PathBuf| path.strip_prefix(&self.dir).unwrap_or(path).to_path_buf();
        self.evidence.iter().chain(&self.answers).chain(&self.inventory).map(relative).collect()
    }

    /// What is not as it was sealed of what conclusions rest on.
    fn faults(&self) -> Vec<Fault> {
        check::faults(&self.dir, self.file.is_recorded(), self.files().iter())
    }

    /// Reads a document of ours (`report`, `plan-revoke`) back; `None` where there is none.
    pub fn document(&self, stem: &str) -> Result<Option<Vec<u8>>> {
        let path = self.dir.join(format!("{}.json", safe_component(stem)));
        let meta = match std::fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(told("read", &path, error)),
        };
        if !meta.is_file() || meta.len() > MAX_DOCUMENT {
            bail!("read {}: it is no file of ours", path.display());
        }
        std::fs::read(&path).map(Some).map_err(|error| told("read", &path, error))
    }
}

/// Makes the folder, or takes it over when it is empty.
fn claim(dir: &Path) -> Result<PathBuf> {
    // Without a trailing slash, or the system would look behind a symbolic link.
    let dir: PathBuf = dir.components().collect();
    let refused = |why: &str| {
        format!(
            "make the case folder {}: {why}\nhint: give --case-dir a folder that does not exist yet",
            dir.display()
        )
    };
    if dir.as_os_str().is_empty() {
        bail!(refused("the name is empty"));
    }
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        disk::make_parents(parent)?;
    }
    match disk::try_make_dir(&dir) {
        Ok(()) => return Ok(dir),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(told("make the case folder", &dir, error)),
    }
    let meta = std::fs::symlink_metadata(&dir).map_err(|error| told("make the case folder", &dir, error))?;
    if meta.is_symlink() {
        bail!(refused("it is a symbolic link"));
    }
    if !meta.is_dir() {
        bail!(refused("it exists and is no folder"));
    }
    let mut entries = std::fs::read_dir(&dir).map_err(|error| told("read the case folder", &dir, error))?;
    if entries.next().is_some() {
        bail!(refused("it exists and is not empty; a case is never overwritten"));
    }
    disk::make_private(&dir)?;
    Ok(dir)
}

/// Makes `triage-<time>-<8 hex>`, unique per run.
fn fresh(parent: &Path, at: Time) -> Result<PathBuf> {
    let at = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut tries = 0;
    loop {
        let dir = parent.join(format!("triage-{at}-{:08x}", disk::chance() as u32));
        tries += 1;
        match disk::try_make_dir(&dir) {
            Ok(()) => return Ok(dir.strip_prefix(".").map_or(dir.clone(), Path::to_path_buf)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && tries < 8 => {}
            Err(error) => return Err(told("make the case folder", &dir, error)),
        }
    }
}
