//! What a command that acts works on: the principal, its window, and the case that it makes or continues.

use super::Failure;
use super::args::AuditArgs;
use super::door::{Door, Inquiry};
use super::job::{given, holds};
use crate::case::{Case, CaseFile, Versions, chance};
use crate::model::report::{self, Window};
use crate::model::{Principal, Time};
use anyhow::anyhow;
use std::path::{Path, PathBuf};

pub struct Opened {
    pub principal: Principal,
    pub window: Window,
    /// The incident: session names, tags and the user agent bear it.
    pub id: String,
    at: Time,
    place: Where,
}

enum Where {
    /// A new folder, here if it is said.
    New(Option<PathBuf>),
    /// A folder that an earlier run made.
    There(PathBuf),
}

/// Takes what was typed: a principal, or a case that knows it.
pub fn open(args: &AuditArgs, now: Time) -> Result<Opened, Failure> {
    if !args.logs.is_empty() {
        return Err(Failure::Usage(anyhow!(
            "exported logs can be audited, but nothing can be changed in them\nhint: triage audit --logs PATH…, or leave --logs out \
             to ask the cloud itself"
        )));
    }
    let typed = given(args)?;
    let window = args.window(now).map_err(Failure::Usage)?;
    let Some(dir) = &args.case else {
        let principal = typed.ok_or_else(|| {
            Failure::Usage(anyhow!(
                "no principal\nhint: say who leaked with --principal P or --key-file FILE"
            ))
        })?;
        let place = Where::New(args.case_dir.clone());
        return Ok(Opened { principal, window, id: new_id(now), at: now, place });
    };
    let opened = existing(dir)?;
    if let Some(typed) = typed
        && !holds(&opened.principal, &typed)
    {
        return Err(Failure::Usage(anyhow!(
            "the case {} is about {}\nhint: leave --principal out, or make a new case",
            dir.display(),
            opened.principal.id
        )));
    }
    let known = opened.window;
    let window = Window {
        since: window.since.or(known.since),
        until: window.until.or(known.until),
        leaked_at: window.leaked_at.or(known.leaked_at),
    };
    Ok(Opened { window, at: now, ..opened })
}

/// Takes a case that an earlier run made.
pub fn existing(dir: &Path) -> Result<Opened, Failure> {
    let now = Time::now();
    let case = Case::open(dir)?;
    Ok(Opened {
        principal: case.file.principal.clone(),
        window: case.file.window.clone(),
        id: case.file.id.clone().unwrap_or_else(|| new_id(now)),
        at: now,
        place: Where::There(dir.to_owned()),
    })
}

/// `20260314T050607-1f2e3d4c`: fits every cloud's session names and tags.
pub fn new_id(now: Time) -> String {
    format!("{}-{:08x}", now.strftime("%Y%m%dT%H%M%S"), chance() as u32)
}

impl Opened {
    /// What is asked of the cloud.
    pub fn inquiry<'a>(&'a self, args: &'a AuditArgs, case: &'a Case) -> Inquiry<'a> {
        Inquiry { args, principal: &self.principal, window: &self.window, case, asks_identities: true }
    }

    /// Makes the case's folder, or continues the one that is there.
    pub fn case(&self, session: &dyn Door) -> Result<Case, Failure> {
        let case = match &self.place {
            Where::There(dir) => Case::reopen(dir)?,
            Where::New(dir) => Case::create(dir.as_deref(), &self.file(session))?,
        };
        Ok(case)
    }

    fn file(&self, session: &dyn Door) -> CaseFile {
        CaseFile {
            // `args()` would panic on a folder whose name is not UTF-8.
            command_line: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            versions: Some(Versions {
                triage: env!("CARGO_PKG_VERSION").into(),
                schema: report::SCHEMA.into(),
            }),
            started_at: Some(self.at),
            operator: Some(session.operator().to_owned()),
            clock: session.clock(),
            scopes: session.scope_names(),
            id: Some(self.id.clone()),
            ..CaseFile::new(self.principal.clone(), self.window.clone())
        }
    }
}
