//! What else holds records besides event history: trails in S3, CloudTrail Lake, Athena, as the operator asks for them.

use super::args::AuditArgs;
use super::live::Session;
use crate::cloud::LogSource;
use crate::cloud::aws::pushdown::{Asked, Engine, EngineSource};
use crate::cloud::aws::trails::{self, Bucket, Part, Trail, TrailSource};
use crate::cloud::sql::{Bounds, Table};
use crate::model::gap::GapKind;
use crate::model::report::Window;
use crate::model::{Gap, Place, Time};
use clap::Args;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// Makes ready what the operator asked for; what can't be is a gap.
pub async fn further(
    session: &Session,
    args: &AuditArgs,
    window: &Window,
    now: Time,
) -> (Vec<Further>, Vec<Gap>) {
    let until = window.until.unwrap_or(now);
    let since = window.since.or_else(|| until.checked_sub(HISTORY).ok()).unwrap_or(until);
    let mut found = Vec::new();
    let mut gaps = Vec::new();
    let live = &args.further;
    if live.trails || live.verify_trail {
        of_trails(session, args, (since, until), &mut found, &mut gaps).await;
    }
    let engines =
        live.lake.iter().map(|store| lake(store)).chain(live.athena.iter().map(|table| athena(table, args)));
    for engine in engines {
        match (engine, Bounds::new(since, until)) {
            (Ok(engine), Some(bounds)) => {
                let at = Place::new(session.aws.identity.account.clone(), session.aws.home.clone());
                let handle = session.runtime.handle().clone();
                found.push(Further::Engine(EngineSource::new(
                    handle,
                    session.aws.clone(),
                    at,
                    engine,
                    bounds,
                )));
            }
            (Err(why), _) => gaps.push(Gap::unread("--lake or --athena", why)),
            (Ok(_), None) => {
                gaps.push(Gap::unread("--lake or --athena", "a window without an end can't be asked about"))
            }
        }
    }
    (found, gaps)
}

/// The id of an event data store, or the end of its ARN.
fn lake(store: &str) -> Result<Engine, String> {
    let id = store.rsplit('/').next().unwrap_or(store);
    Ok(Engine::Lake { store: id.to_owned() })
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

async fn of_trails(
    session: &Session,
    args: &AuditArgs,
    window: (Time, Time),
    found: &mut Vec<Further>,
    gaps: &mut Vec<Gap>,
) {
    let aws = &session.aws;
    let mut all: BTreeMap<Arc<str>, (Trail, Vec<Arc<str>>)> = BTreeMap::new();
    for (account, regions) in &session.scopes {
        let (trails, more) = trails::find(aws, account, regions).await;
        gaps.extend(more);
        for trail in trails {
            all.entry(trail.arn.clone()).or_insert((trail, Vec::new())).1.push(account.clone());
        }
    }
    if all.is_empty() {
        gaps.push(Gap::new(GapKind::NotFollowed, "trails", "no trail was found that delivers to a bucket"));
    }
    let organization = match aws.organization().await {
        Ok(organization) => organization.map(|organization| organization.id.to_string()),
        Err(error) => {
            if all.values().any(|(trail, _)| trail.is_organization) {
                gaps.push(error.gap());
            }
            None
        }
    };
    let mut parts = Vec::new();
    for (trail, accounts) in all.into_values() {
        let bucket = match Bucket::open(aws, &trail).await {
            Ok(bucket) => Arc::new(bucket),
            Err(error) => {
                gaps.push(error.gap());
                continue;
            }
        };
        // An organization's trail has every account's files; any other its own account's.
        let is_its = |account: &Arc<str>| {
            accounts.contains(account) && (trail.is_organization || *account == trail.home.account)
        };
        let scopes = session.scopes.iter().filter(|(account, _)| is_its(account)).cloned().collect();
        parts.push(Part { trail, bucket, organization: organization.clone(), scopes });
    }
    if args.further.verify_trail {
        for part in &parts {
            gaps.extend(proved(session, part, window).await);
        }
    }
    let source = TrailSource::new(session.runtime.handle().clone(), &parts, window.0, window.1);
    drop(source.list_ahead());
    found.push(Further::Trails(source));
}

/// Proves the files of a trail; what is not proved is a gap that names its hour or file.
async fn proved(session: &Session, part: &Part, window: (Time, Time)) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (account, regions) in &part.scopes {
        for region in regions {
            if !part.trail.is_multi_region && *region != part.trail.home.region {
                continue;
            }
            let scope = Place::new(account.clone(), region.clone());
            let organization = part.organization.as_deref();
            let proof =
                trails::prove(&session.aws, &part.trail, &part.bucket, organization, &scope, window).await;
            gaps.extend(proof.gaps);
        }
    }
    gaps
}
