//! What else holds records besides event history: trails in S3, CloudTrail Lake, Athena, as the operator asks for them.

use super::args::AuditArgs;
use super::live::Session;
use crate::cloud::LogSource;
use crate::cloud::aws::pushdown::{Asked, Engine, EngineSource};
use crate::cloud::aws::trails::{self, Bucket, Part, Proof, Scope, Trail, TrailSource};
use crate::cloud::sql::{Bounds, Table};
use crate::model::gap::GapKind;
use crate::model::report::Window;
use crate::model::{Gap, Place, Time};
use clap::Args;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Without `--since`: as far back as event history goes (aws.md 2.1).
const HISTORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where records are, besides event history")]
pub struct SourceArgs {
    /// Read the trails' files in S3, too: what is older than 90 days, and data events.
    #[arg(long)]
    pub trails: bool,
    /// Prove by CloudTrail's digests that the trails' files are as they were written; implies --trails.
    #[arg(long)]
    pub verify_trail: bool,
    /// Ask this CloudTrail Lake event data store, too (an ARN or id; it bills what it scans).
    #[arg(long, value_name = "STORE")]
    pub lake: Vec<String>,
    /// Ask this Athena table over a trail's bucket, too (it bills what it scans).
    #[arg(long, value_name = "DATABASE.TABLE:DAY_COLUMN")]
    pub athena: Vec<String>,
    /// How the day is written in that column.
    #[arg(long, value_name = "FORMAT", default_value = "%Y/%m/%d")]
    pub athena_day: String,
    /// Athena's work group to ask in; its own limit of bytes scanned holds.
    #[arg(long, value_name = "NAME")]
    pub athena_work_group: Option<String>,
    /// Where Athena writes what it finds, unless its work group says so.
    #[arg(long, value_name = "S3_URI")]
    pub athena_results: Option<String>,
}

/// A source that is searched besides.
pub enum Further {
    Trails(TrailSource),
    Engine(EngineSource),
}

impl Further {
    pub fn source(&self) -> &dyn LogSource {
        match self {
            Further::Trails(source) => source,
            Further::Engine(source) => source,
        }
    }

    /// The statements that were run.
    pub fn asked(&self) -> Vec<Asked> {
        match self {
            Further::Trails(_) => Vec::new(),
            Further::Engine(source) => source.asked(),
        }
    }
}

/// What is searched besides event history, and what was proved of it.
pub struct Besides {
    pub sources: Vec<Further>,
    proofs: Mutex<Vec<Proof>>,
    /// `--verify-trail`.
    proves: bool,
    organization: Result<Option<String>, Gap>,
    window: (Time, Time),
    now: Time,
}

impl Besides {
    /// What was proved of trails' files, by trail, account and region.
    pub fn proofs(&self) -> Vec<Proof> {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        proofs.sort_by(|a, b| (&a.trail, &a.account, &a.region).cmp(&(&b.trail, &b.account, &b.region)));
        proofs
    }

    /// The chain led into an account: what its trails deliver is searched, too.
    pub async fn reach(&self, session: &Session, account: &Arc<str>, regions: &[Arc<str>]) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for source in &self.sources {
            if let Further::Trails(source) = source {
                let scopes = [(account.clone(), regions.to_vec())];
                for part in self.parts(session, &scopes, &mut gaps).await {
                    source.add(&part);
                }
            }
        }
        gaps
    }

    /// Finds the trails that deliver these accounts' records, and proves them where that is asked for.
    async fn parts(&self, session: &Session, scopes: &[Scope], gaps: &mut Vec<Gap>) -> Vec<Part> {
        let mut all: BTreeMap<Arc<str>, (Trail, Vec<Scope>)> = BTreeMap::new();
        for (scope, (trails, more)) in scopes.iter().zip(trails::find(&session.aws, scopes).await) {
            gaps.extend(more);
            // An organization's trail has every account's files; any other its own account's.
            let is_its = |trail: &Trail| trail.is_organization || scope.0 == trail.home.account;
            let trails: Vec<Trail> = trails.into_iter().filter(is_its).collect();
            if trails.is_empty() {
                let why = "no trail was found that delivers its records to a bucket";
                gaps.push(Gap::new(GapKind::NotFollowed, format!("trails of {}", scope.0), why));
            }
            for trail in trails {
                all.entry(trail.arn.clone()).or_insert((trail, Vec::new())).1.push(scope.clone());
            }
        }
        let mut parts = Vec::new();
        for (trail, scopes) in all.into_values() {
            if trail.is_organization {
                // Without its id the files of an organization's trail can't be found.
                gaps.extend(self.organization.as_ref().err().cloned());
            }
            match Bucket::open(&session.aws, &trail).await {
                Ok(bucket) => parts.push(Part {
                    trail,
                    bucket: Arc::new(bucket),
                    organization: self.organization.clone().unwrap_or_default(),
                    scopes,
                }),
                Err(error) => gaps.push(error.gap()),
            }
        }
        if self.proves {
            for part in &parts {
                let proofs = trails::prove(&session.aws, part, self.window, self.now).await;
                gaps.extend(proofs.iter().flat_map(|proof| proof.gaps.iter().cloned()));
                self.proofs.lock().unwrap_or_else(PoisonError::into_inner).extend(proofs);
            }
        }
        parts
    }
}

/// Makes ready what the operator asked for; what can't be is a gap.
pub async fn further(session: &Session, args: &AuditArgs, window: &Window, now: Time) -> (Besides, Vec<Gap>) {
    let until = window.until.unwrap_or(now);
    let since = window.since.or_else(|| until.checked_sub(HISTORY).ok()).unwrap_or(until);
    let live = &args.further;
    let mut besides = Besides {
        sources: Vec::new(),
        proofs: Mutex::default(),
        proves: live.verify_trail,
        organization: Ok(None),
        window: (since, until),
        now,
    };
    let mut gaps = Vec::new();
    if live.trails || live.verify_trail {
        let organization = session.aws.organization().await;
        besides.organization =
            organization.map(|one| one.map(|one| one.id.to_string())).map_err(|error| error.gap());
        let parts = besides.parts(session, &session.scopes, &mut gaps).await;
        let source = TrailSource::new(session.runtime.handle().clone(), &parts, since, until);
        drop(source.list_ahead());
        besides.sources.push(Further::Trails(source));
    }
    let home = Place::new(session.aws.identity.account.clone(), session.aws.home.clone());
    let engines = live.lake.iter().map(|store| Ok(lake(store, &home)));
    let engines = engines.chain(live.athena.iter().map(|table| Ok((athena(table, args)?, home.clone()))));
    for engine in engines {
        match (engine, Bounds::new(since, until)) {
            (Ok((engine, at)), Some(bounds)) => {
                let handle = session.runtime.handle().clone();
                let source = EngineSource::new(handle, session.aws.clone(), at, engine, bounds);
                besides.sources.push(Further::Engine(source));
            }
            (Err(why), _) => {
                let why: String = why;
                gaps.push(Gap::unread("--lake or --athena", why));
            }
            (Ok(_), None) => {
                gaps.push(Gap::unread("--lake or --athena", "a window without an end can't be asked about"))
            }
        }
    }
    (besides, gaps)
}

/// The id of an event data store, which lies at home, or its ARN, which says where.
fn lake(store: &str, home: &Place) -> (Engine, Place) {
    let parts: Vec<&str> = store.splitn(6, ':').collect();
    let at = match parts[..] {
        ["arn", _, "cloudtrail", region, account, _] => Place::new(account, region),
        _ => home.clone(),
    };
    let id = store.rsplit('/').next().unwrap_or(store);
    (Engine::Lake { store: id.to_owned() }, at)
}

/// `DATABASE.TABLE:DAY_COLUMN`.
fn athena(table: &str, args: &AuditArgs) -> Result<Engine, String> {
    let wrong = || format!("{table}: expected DATABASE.TABLE:DAY_COLUMN, such as logs.cloudtrail:timestamp");
    let (name, day) = table.split_once(':').ok_or_else(wrong)?;
    let (database, name) = name.split_once('.').ok_or_else(wrong)?;
    Ok(Engine::Athena {
        table: Table {
            database: database.to_owned(),
            name: name.to_owned(),
            day: (day.to_owned(), args.further.athena_day.clone()),
        },
        work_group: args.further.athena_work_group.clone(),
        results: args.further.athena_results.clone(),
    })
}
