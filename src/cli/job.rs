//! What an audit works on: the principal, its window, the source, the inventory, and what an opened case already knew.

use super::Failure;
use super::args::AuditArgs;
use crate::analyze::investigation::Own;
use crate::analyze::{Investigation, siblings};
use crate::case::{AskedBy, Case, OpenCase};
use crate::cloud::files::FileSource;
use crate::collect::Corpus;
use crate::model::report::Window;
use crate::model::{Gap, Observed, Principal, Report, Time};
use crate::read::inventory::{self, Look};
use anyhow::{Context, anyhow, bail};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A leaked key file is small; what is larger is something else.
const MAX_KEY_FILE: u64 = 4 << 20;
/// One inventory file: an aggregated list of tens of thousands of machines.
const MAX_INVENTORY: u64 = 1 << 30;

pub struct Job {
    pub principal: Principal,
    pub window: Window,
    pub source: FileSource,
    pub looks: Vec<Look>,
    /// What computed where a live run looked, whoever made it.
    pub swept: Vec<Observed>,
    /// What could not be found or opened, before anything is read.
    pub gaps: Vec<Gap>,
    pub opened: Option<OpenCase>,
    /// What a saved case knew of the corpus that it kept only the records that matter of.
    pub known: Option<Corpus>,
}

impl Job {
    pub fn new(args: &AuditArgs, now: Time) -> Result<Job, Failure> {
        let given = given(args)?;
        let window = args.window(now).map_err(Failure::Usage)?;
        match &args.case {
            Some(dir) if args.logs.is_empty() => Job::of_case(Case::open(dir)?, given, window),
            Some(_) | None => Job::of_logs(&args.logs, given, window),
        }
    }

    fn of_logs(logs: &[String], given: Option<Principal>, window: Window) -> Result<Job, Failure> {
        let usage = |text: &'static str| Err(Failure::Usage(anyhow!(text)));
        let Some(principal) = given else {
            return usage(
                "no principal\nhint: say who leaked with --principal P or --key-file FILE, or open a case with --case DIR",
            );
        };
        if logs.is_empty() {
            return usage(
                "no logs to read\nhint: give exported logs with --logs PATH…, or a recorded case with --case DIR",
            );
        }
        let (source, gaps) = FileSource::new(logs);
        Ok(Job {
            principal,
            window,
            source,
            looks: Vec::new(),
            swept: Vec::new(),
            gaps,
            opened: None,
            known: None,
        })
    }

    pub(super) fn of_case(case: OpenCase, given: Option<Principal>, window: Window) -> Result<Job, Failure> {
        let saved = case.inputs.is_some();
        let principal = match given {
            Some(given) if saved && !holds(&case.file.principal, &given) => {
                return Err(Failure::Usage(anyhow!(
                    "the case {} is about {}, and keeps only the records that matter for that\nhint: audit the original logs for {}",
                    case.dir.display(),
                    case.file.principal.id,
                    given.id
                )));
            }
            Some(given) => given,
            None => case.file.principal.clone(),
        };
        let window = Window {
            since: window.since.or(case.file.window.since),
            until: window.until.or(case.file.window.until),
            leaked_at: window.leaked_at.or(case.file.window.leaked_at),
        };
        let evidence = case.dir.join("evidence");
        let (source, mut gaps) = FileSource::new(&[evidence.to_string_lossy().into_owned()]);
        if saved && source.inputs().next().is_none() && case.evidence.is_empty() {
            // Nothing mattered: an empty folder is what was saved, not something that could not be found.
            gaps.clear();
        }
        gaps.extend(case.gaps.iter().cloned());
        let mut looks = Vec::new();
        for path in &case.inventory {
            read_inventory(path, &mut looks, &mut gaps);
        }
        let mut sweeps = Vec::new();
        if let Some(path) = &case.swept {
            read_inventory(path, &mut sweeps, &mut gaps);
        }
        let swept = sweeps.into_iter().flat_map(|look| look.observed).collect();
        let known = case.inputs.as_ref().map(|inputs| Corpus {
            counts: inputs.counts.into(),
            scopes: inputs.scopes.clone(),
            gaps: inputs.gaps.clone(),
            complete: inputs.complete,
        });
        Ok(Job { principal, window, source, looks, swept, gaps, opened: Some(case), known })
    }
}

impl Job {
    /// Who asked a cloud for this case, if anyone did.
    pub(super) fn asked_by(&self) -> Option<&AskedBy> {
        self.opened.as_ref()?.inputs.as_ref()?.asked_by.as_ref()
    }

    /// Tells the investigation what the case knows besides its records: who asked for it, and what its inventory showed.
    pub(super) fn tell(&self, investigation: &mut Investigation) {
        if let Some(ours) = self.asked_by() {
            // A cloud was asked itself: its event history was read, and our own calls are in it.
            investigation.leave_out(Own {
                keys: ours.keys.clone(),
                sessions: ours.sessions.clone(),
                principals: ours.principals.clone(),
            });
            investigation.reads_history();
        }
        for look in &self.looks {
            look.observed.iter().for_each(|observed| investigation.observe(observed.clone()));
            look.keys.iter().for_each(|key| investigation.key_seen(key.clone()));
            look.listings.iter().for_each(|listing| investigation.listed(listing.clone()));
            look.gaps.iter().for_each(|gap| investigation.missed(gap.clone()));
        }
    }

    /// When a cloud was last asked for this case.
    pub(super) fn asked_at(&self) -> Option<Time> {
        self.asked_by()?.at
    }

    /// Lists what looks like what the principal launched, where a live run swept.
    pub(super) fn similar(&self, report: &mut Report) {
        if let Some(ours) = self.asked_by() {
            report.similar = siblings::lookalikes(report, &self.swept, &ours.names);
        }
    }

    /// A saved case holds only the records that matter: what its corpus was, it knows from when it was made.
    pub(super) fn with_known(&self, read: Corpus) -> Corpus {
        let mut corpus = match &self.known {
            None => read,
            Some(known) => {
                let complete = read.complete && known.complete;
                let gaps: Vec<Gap> = known.gaps.iter().chain(&read.gaps).cloned().collect();
                Corpus { gaps, complete, ..known.clone() }
            }
        };
        corpus.gaps.extend(self.gaps.iter().cloned());
        corpus.gaps.sort();
        corpus.gaps.dedup();
        corpus
    }
}

/// Whether what was kept for one principal is all that matters for another: the same, with no id that was not looked for.
pub fn holds(kept: &Principal, given: &Principal) -> bool {
    let has = |of: fn(&Principal) -> &Option<Arc<str>>| of(given).is_none() || of(given) == of(kept);
    (kept.provider, kept.kind, &kept.id) == (given.provider, given.kind, &given.id)
        && has(|who| &who.arn)
        && has(|who| &who.email)
        && has(|who| &who.unique_id)
        && has(|who| &who.key)
}

pub fn given(args: &AuditArgs) -> Result<Option<Principal>, Failure> {
    if let Some(path) = &args.key_file {
        let text = read_key_file(path)?;
        return Principal::from_key_file(&text).map(Some).map_err(|error| {
            let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            Failure::Usage(anyhow!("take ids out of {}: {error}{hint}", path.display()))
        });
    }
    args.principal().map_err(|error| {
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        Failure::Usage(anyhow!("--principal: {error}{hint}\naccepted: {}", error.accepted()))
    })
}

fn read_key_file(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_KEY_FILE + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_KEY_FILE + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("read the key file {}", path.display()))?;
    if bytes.len() as u64 > MAX_KEY_FILE {
        bail!("read the key file {}: larger than any key file ({} MiB)", path.display(), MAX_KEY_FILE >> 20);
    }
    Ok(decoded(&bytes))
}

/// PowerShell's `>` writes UTF-16.
fn decoded(bytes: &[u8]) -> String {
    let units = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).skip(1).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

pub(super) fn read_inventory(path: &Path, looks: &mut Vec<Look>, gaps: &mut Vec<Gap>) {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MAX_INVENTORY + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => return gaps.push(Gap::unread(shown.to_string(), error.to_string())),
        Ok(_) if bytes.len() as u64 > MAX_INVENTORY => {
            return gaps.push(Gap::unread(shown.to_string(), "larger than 1 GiB"));
        }
        Ok(_) => {}
    }
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match inventory::read(line) {
            Ok(look) => looks.push(look),
            Err(why) => gaps.push(Gap::unread(format!("{shown}:{}", index + 1), why.0)),
        }
    }
}
