//! What an audit of logs remembers in its case, and how the next takes up from there: reads what is new, and says what changed.
//!
//! What is remembered only saves reading. Records come from the case's evidence, and what can't be believed is read again.

use super::Failure;
use super::args::AuditArgs;
use super::job::{Job, given, holds, read_inventory};
use crate::case::{self, Case, CaseFile, Evidence, Inputs, Resumed, Written};
use crate::cloud::files::{Earlier, FileSource, Given, ReadAs, Stamp, Standing};
use crate::cloud::{LogSource, Query};
use crate::collect::{self, Memory, Note, Numbers, Packed, Packer, Remembered, TakeNumbers, Visit, Wanted};
use crate::model::report::Window;
use crate::model::{Event, Gap, Provenance, Report, Time};
use crate::read;
use crate::render::changed::{self, Changes, Files};
use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// So often notes are made to last: at most so much is read again after a crash.
const EVERY: Duration = Duration::from_secs(1);
/// Or when so many bytes of them wait.
const WAITING: usize = 8 << 20;
/// Numbers of records that are held in memory (32 MB); what is more is put aside.
const ROOM: usize = 4 << 20;

/// A case that is continued.
pub struct Before {
    /// Records of earlier runs, still to be taken.
    pub events: Vec<Event>,
    pub memory: Memory,
    /// The last report, if there is one; why it can't be read.
    pub report: Result<Option<Report>, String>,
    pub file: CaseFile,
    pub is_cut: bool,
    pub refused: Option<String>,
}

/// What stands in a note.
const GIVEN: u8 = b'G';
const WANTED: u8 = b'W';
const FIRST: u8 = b'F';
const AGAIN: u8 = b'A';

#[derive(Serialize, Deserialize)]
struct Again {
    path: Arc<str>,
    up_to: usize,
    gaps: Vec<Gap>,
}

/// Opens the case that `--logs` are added to: the job over all that it was ever given.
pub fn open(args: &AuditArgs, dir: &Path, now: Time) -> Result<(Job, Case, Before), Failure> {
    let typed = given(args)?;
    let window = args.window(now).map_err(Failure::Usage)?;
    let by = collect::fingerprint();
    let mut resumed = Case::resume(dir, &by)?;
    refuse_others(&resumed, dir)?;
    let file = resumed.open.file.clone();
    if let Some(typed) = &typed
        && !holds(&file.principal, typed)
    {
        return Err(Failure::Usage(anyhow!(
            "the case {} is about {}, and keeps only the records that matter for that\nhint: make a new case for {}",
            dir.display(),
            file.principal.id,
            typed.id
        )));
    }
    let principal = typed.unwrap_or_else(|| file.principal.clone());
    let window = Window {
        since: window.since.or(file.window.since),
        until: window.until.or(file.window.until),
        leaked_at: window.leaked_at.or(file.window.leaked_at),
    };
    let mut notes = Notes::default();
    let past = resumed.notes();
    let read = past.each(&mut |note| notes.take(note).context("a note is none of ours"));
    if let Err(error) = read {
        notes = Notes::default();
        resumed.refused = Some(format!("{error:#}"));
    }
    let here = here(&args.logs)?;
    let mut paths: Vec<Given> = notes.given.iter().filter(|given| **given != here).cloned().collect();
    let mut gaps = resumed.open.gaps.clone();
    if notes.given.is_empty()
        && let Some(inputs) = &resumed.open.inputs
    {
        // Nothing is remembered of them: they are read again, and what could not be read then is told again.
        let names = inputs.inputs.iter().map(|input| input.path.to_string()).collect();
        paths.push(Given { paths: names, ..here.clone() });
        paths.push(here.clone());
        gaps.extend(inputs.gaps.iter().filter(|gap| is_of_nothing_named(gap, &paths)).cloned());
    } else {
        paths.push(here.clone());
    }
    let earlier: Vec<Earlier> = notes.files.values().map(|(earlier, ..)| earlier.clone()).collect();
    let (source, missed) = FileSource::again(&paths, &earlier, dir);
    gaps.extend(missed);
    if !notes.given.is_empty() {
        gaps.extend(lost(resumed.open.inputs.as_ref(), &source));
    }
    let is_changed = |path: &str| source.standing().get(path) == Some(&Standing::Changed);
    let files = notes.files.into_iter().filter(|(path, _)| !is_changed(path));
    let (mut files_of, mut latest) = (BTreeMap::new(), HashMap::new());
    for (path, (_, was, number)) in files {
        latest.insert(path.clone(), number);
        files_of.insert(path, was);
    }
    let mut memory = Memory {
        wanted: notes.wanted,
        files: files_of,
        numbers: Some(Box::new(Past { notes: past, latest })),
        saved: Vec::new(),
    };
    let events = saved(&resumed, &mut memory.saved, &mut gaps);
    let report = earlier_report(&resumed);
    if let Err(why) = &report {
        gaps.push(Gap::unread(
            "report.json",
            format!("the report of the last run can't be compared with: {why}"),
        ));
    }
    let mut looks = Vec::new();
    for path in &resumed.open.inventory {
        read_inventory(path, &mut looks, &mut gaps);
    }
    resumed.begin(&by, resumed.refused.is_some())?;
    resumed.case.note(&[], &[note(GIVEN, &here)?])?;
    let (is_cut, refused) = (resumed.is_cut, resumed.refused.take());
    let job = Job { principal, window, source, looks, swept: Vec::new(), gaps, opened: None, known: None };
    Ok((job, resumed.case, Before { events, memory, report, file, is_cut, refused }))
}

/// The last report; none where no run came so far.
fn earlier_report(resumed: &Resumed) -> Result<Option<Report>, String> {
    match resumed.open.document("report") {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// Files of earlier runs that nothing is remembered of, and that are not there to be read again.
fn lost(inputs: Option<&Inputs>, source: &FileSource) -> Vec<Gap> {
    let there: BTreeSet<Arc<str>> =
        source.shards(&Query::default()).into_iter().map(|shard| shard.name).collect();
    let all = inputs.into_iter().flat_map(|inputs| &inputs.inputs);
    let lost = all.filter(|input| !there.contains(&input.path));
    lost.map(|input| Gap::unread(&*input.path, "an earlier run read it, and it is not there any more"))
        .collect()
}

/// Begins to remember what a new case's run reads.
pub fn begin(case: &Case, logs: &[String]) -> anyhow::Result<()> {
    case.remember(&collect::fingerprint())?;
    case.note(&[], &[note(GIVEN, &here(logs)?)?])
}

/// Paths as they are typed, and where.
fn here(logs: &[String]) -> anyhow::Result<Given> {
    let base = std::env::current_dir().context("tell the current folder")?;
    Ok(Given { base, paths: logs.to_vec() })
}

/// A case that a person wrote, or that asked a cloud, has no files to go back to.
fn refuse_others(resumed: &Resumed, dir: &Path) -> Result<(), Failure> {
    let file = &resumed.open.file;
    let why = if file.versions.is_none() {
        "a person wrote it: its own evidence is all that it is about"
    } else if file.operator.is_some()
        || resumed.open.inputs.as_ref().is_some_and(|was| was.asked_by.is_some())
    {
        "it was asked of a cloud, and is continued by asking again"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(anyhow!(
        "add logs to the case {}: {why}\nhint: leave --logs out, or leave --case out and make a new case",
        dir.display()
    )))
}

/// Whether a gap of earlier runs is about nothing that is looked at now.
fn is_of_nothing_named(gap: &Gap, paths: &[Given]) -> bool {
    !paths.iter().flat_map(|given| &given.paths).any(|path| gap.place.starts_with(path.as_str()))
        && gap.kind != crate::model::gap::GapKind::Interrupted
}

/// Reads the case's evidence: all that earlier runs took.
fn saved(resumed: &Resumed, saved: &mut Vec<u128>, gaps: &mut Vec<Gap>) -> Vec<Event> {
    let mut events = Vec::new();
    if resumed.open.evidence.is_empty() {
        return events;
    }
    let folder = resumed.case.dir().join("evidence");
    let (source, missed) = FileSource::new(&[folder.to_string_lossy().into_owned()]);
    gaps.extend(missed);
    for shard in source.shards(&Query::default()) {
        let input = shard.name.clone();
        let unread = source.fetch(&shard, &mut |raw| {
            let seen_in = Provenance { input: input.clone(), line: raw.line };
            let read = read::head(raw.bytes).and_then(|head| {
                // Of a split entry all parts are read again where they came from.
                let event = if head.part.is_some() { None } else { read::read(raw.bytes, seen_in)? };
                Ok((head.identity, event))
            });
            // One that can't be read was kept and told of when it was first met.
            if let Ok((identity, event)) = read {
                saved.push(identity);
                events.extend(event);
            }
            ControlFlow::Continue(())
        });
        gaps.extend(unread);
    }
    events
}

/// What earlier runs noted.
#[derive(Default)]
struct Notes {
    given: Vec<Given>,
    wanted: Vec<Wanted>,
    /// Each with the number of its last note.
    files: BTreeMap<Arc<str>, (Earlier, Remembered, u64)>,
    /// How many notes of files there were.
    count: u64,
}

impl Notes {
    fn take(&mut self, note: &[u8]) -> Option<()> {
        let (kind, rest) = note.split_first()?;
        match *kind {
            GIVEN => {
                let given = serde_json::from_slice(rest).ok()?;
                if !self.given.contains(&given) {
                    self.given.push(given);
                }
            }
            WANTED => self.wanted.extend(collect::read_wanted(rest)?),
            FIRST => each_first(rest, &mut |earlier, body| {
                let was = Remembered::read(body)?;
                let number = self.count;
                self.count += 1;
                if was.up_to > self.wanted.len() {
                    return None;
                }
                self.files.insert(earlier.path.clone(), (earlier, was, number));
                Some(())
            })?,
            AGAIN => {
                let again: Again = serde_json::from_slice(rest).ok()?;
                if let Some((_, was, _)) = self.files.get_mut(&again.path)
                    && again.up_to <= self.wanted.len()
                {
                    was.up_to = was.up_to.max(again.up_to);
                    was.gaps.extend(again.gaps);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// The notes once more, for the numbers of those files that are what they were.
struct Past {
    notes: case::Notes,
    /// Of each, the number of its last note.
    latest: HashMap<Arc<str>, u64>,
}

impl Numbers for Past {
    fn each(&self, to: &mut TakeNumbers<'_>) -> anyhow::Result<()> {
        let mut count = 0;
        self.notes.each(&mut |note| {
            let mut taken = Ok(());
            let first = note.split_first().filter(|(kind, _)| **kind == FIRST).map(|(_, rest)| rest);
            let read = first.map_or(Some(()), |first| {
                each_first(first, &mut |earlier, body| {
                    if taken.is_ok() && self.latest.get(&earlier.path) == Some(&count) {
                        let (identities, others) = collect::read_numbers(body)?;
                        taken = to(&identities, &others);
                    }
                    count += 1;
                    Some(())
                })
            });
            read.context("the index of the case was altered while it was read")?;
            taken
        })
    }
}

/// Files that were read, and what their first look brought, as bytes: one after another, each path by what it does not share with
/// the one before.
fn write_first(base: &Path, files: &[(Earlier, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut out = Packer(vec![FIRST]);
    out.text(base.to_str().context("the current folder's name is not UTF-8")?);
    let mut before = "";
    for (Earlier { path, base: own, stamp, sha256, records, shape }, body) in files {
        let shared = before.bytes().zip(path.bytes()).take_while(|(a, b)| a == b).count();
        let shared = path.floor_char_boundary(shared);
        out.number(shared as u64);
        out.text(&path[shared..]);
        before = path;
        out.maybe((**own != *base).then_some(own), |out, own| out.text(&own.to_string_lossy()));
        out.number(stamp.size);
        out.signed(stamp.modified);
        out.maybe(stamp.changed, Packer::signed);
        out.maybe(stamp.number, Packer::number);
        out.0.extend_from_slice(sha256);
        out.number(*records);
        out.text(shape);
        out.bytes(body);
    }
    Ok(out.0)
}

/// Reads them back; `None` when they are not what was written.
fn each_first(note: &[u8], to: &mut dyn FnMut(Earlier, &[u8]) -> Option<()>) -> Option<()> {
    let mut bytes = Packed(note);
    let base: Arc<Path> = Path::new(bytes.text()?).into();
    let mut path = String::new();
    while !bytes.0.is_empty() {
        let shared = bytes.size()?;
        path.get(..shared)?;
        path.truncate(shared);
        path.push_str(bytes.text()?);
        let own = bytes.maybe(Packed::text)?;
        let stamp = Stamp {
            size: bytes.number()?,
            modified: bytes.signed()?,
            changed: bytes.maybe(Packed::signed)?,
            number: bytes.maybe(Packed::number)?,
        };
        let earlier = Earlier {
            path: path.as_str().into(),
            base: own.map_or_else(|| base.clone(), |own| Path::new(own).into()),
            stamp,
            sha256: bytes.take(32)?.try_into().ok()?,
            records: bytes.number()?,
            shape: bytes.text()?.into(),
        };
        to(earlier, bytes.bytes()?)?;
    }
    Some(())
}

fn note(kind: u8, told: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut note = vec![kind];
    serde_json::to_writer(&mut note, told)?;
    Ok(note)
}

/// Notes what is read while it is read.
pub struct Notebook<'a> {
    case: &'a Case,
    source: &'a FileSource,
    evidence: &'a Evidence,
    base: Arc<Path>,
    waiting: Mutex<Waiting>,
    /// What was noted, by this run or an earlier one; held while notes are made to last.
    noted: Mutex<HashSet<Arc<str>>>,
}

#[derive(Default)]
struct Waiting {
    /// How many of the wanted ids are noted or wait.
    wanted: usize,
    new: Vec<Wanted>,
    /// Each with what its first look brought, as bytes.
    first: Vec<(Arc<str>, Vec<u8>)>,
    again: Vec<Again>,
    bytes: usize,
    read: u64,
    looked_again: BTreeSet<Arc<str>>,
}

impl<'a> Notebook<'a> {
    pub fn new(
        case: &'a Case,
        source: &'a FileSource,
        evidence: &'a Evidence,
        memory: &Memory,
    ) -> anyhow::Result<Notebook<'a>> {
        let waiting = Waiting { wanted: memory.wanted.len(), ..Waiting::default() };
        let noted = memory.files.keys().cloned().collect();
        Ok(Notebook {
            case,
            source,
            evidence,
            base: here(&[])?.base.into(),
            waiting: waiting.into(),
            noted: Mutex::new(noted),
        })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what is noted last, now and then, while `work` is done.
    pub fn beside<T>(&self, work: impl FnOnce() -> T) -> anyhow::Result<T> {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (done, noted) = std::thread::scope(|scope| {
            let noting = scope.spawn(move || {
                while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    self.flush()?;
                }
                anyhow::Ok(())
            });
            let done = work();
            drop(end);
            (done, noting.join())
        });
        match noted {
            Ok(noted) => noted?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(done)
    }

    /// Makes what waits last: first the evidence that it rests on.
    fn flush(&self) -> anyhow::Result<()> {
        self.note(|| self.evidence.flush())
    }

    /// Notes what is left, once the evidence is closed.
    pub fn finish(&self, written: Vec<Written>) -> anyhow::Result<()> {
        self.note(|| Ok(written))
    }

    fn note(&self, written: impl FnOnce() -> anyhow::Result<Vec<Written>>) -> anyhow::Result<()> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let (new, first, again) = {
            let mut waiting = self.waiting();
            waiting.bytes = 0;
            (
                std::mem::take(&mut waiting.new),
                std::mem::take(&mut waiting.first),
                std::mem::take(&mut waiting.again),
            )
        };
        let written = written()?;
        let mut notes = Vec::new();
        if !new.is_empty() {
            notes.push(note(WANTED, &new)?);
        }
        let (mut read, mut early) = (Vec::with_capacity(first.len()), Vec::new());
        for (path, body) in first {
            match self.source.read_as(&path, &self.base) {
                ReadAs::Read(earlier) => {
                    noted.insert(path);
                    read.push((earlier, body));
                }
                ReadAs::NotYet => early.push((path, body)),
                ReadAs::Unknown => {}
            }
        }
        if !read.is_empty() {
            notes.push(write_first(&self.base, &read)?);
        }
        for again in again {
            if noted.contains(&again.path) && !self.source.has_failed(&again.path) {
                notes.push(note(AGAIN, &again)?);
            }
        }
        self.waiting().first.append(&mut early);
        self.case.note(&written, &notes)
    }

    /// What was read, and what was not.
    pub fn files(&self) -> Files {
        let waiting = self.waiting();
        let of = |standing: Standing| {
            let all = self.source.standing().iter().filter(move |(_, is)| **is == standing);
            all.map(|(name, _)| name.to_string()).collect::<Vec<String>>()
        };
        let (changed, gone) = (of(Standing::Changed), of(Standing::Gone));
        let known = (self.source.standing().len() - changed.len()) as u64;
        Files { read: waiting.read, known, again: waiting.looked_again.len() as u64, changed, gone }
    }
}

impl Note for Notebook<'_> {
    fn searched(&self, file: &Arc<str>, wanted: &[Wanted], visit: Visit<'_>) -> anyhow::Result<()> {
        let is_full = {
            let mut waiting = self.waiting();
            let from = waiting.wanted;
            waiting.new.extend(wanted.get(from..).unwrap_or_default().iter().cloned());
            waiting.wanted = from.max(wanted.len());
            match visit {
                Visit::First(counted) if counted.is_split => waiting.read += 1,
                Visit::First(counted) => {
                    let body = counted.write()?;
                    waiting.read += 1;
                    waiting.bytes += body.len();
                    waiting.first.push((file.clone(), body));
                }
                Visit::Again { up_to, gaps } => {
                    let path = file.clone();
                    waiting.looked_again.insert(path.clone());
                    waiting.again.push(Again { path, up_to, gaps: gaps.to_vec() });
                }
            }
            waiting.bytes > WAITING
        };
        // Memory does not wait for the clock.
        if is_full { self.flush() } else { Ok(()) }
    }

    fn room(&self) -> usize {
        ROOM
    }

    fn scratch(&self) -> anyhow::Result<File> {
        self.case.scratch()
    }
}

/// What changed since the case's last report.
pub fn changes(before: &Before, report: &Report, files: Files) -> Changes {
    let changes = match &before.report {
        Ok(earlier) => changed::changes(earlier.as_ref(), report, files),
        Err(why) => changed::not_compared(report, files, why),
    };
    Changes { resumed: before.is_cut, forgotten: before.refused.clone(), ..changes }
}
