//! CloudTrail Lake and Athena as sources: the question goes to the engine that already holds the logs.
//!
//! Existing stores and tables only: nothing is made in anybody's account. What was asked, over what window and how many bytes it
//! scanned is kept for the case, also where it failed. Rows go on page by page. Facts: aws.md 2.3.

mod athena;
mod lake;

use super::Aws;
use crate::cloud::sql::{self, Bounds, NotAsked, Statement, Table};
use crate::cloud::{CloudError, LogSource, Query, Raw, Refusal, Shard, Take};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use rayon::prelude::*;
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

/// A query that takes longer than this is given up: engines end theirs after 30 and 60 minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// Where the question goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The id of an event data store.
    Lake { store: String },
    /// A table, and where Athena writes what it finds (`s3://…`), unless its work group says so.
    Athena { table: Table, work_group: Option<String>, results: Option<String> },
}

/// One statement that was run: what the case keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub engine: &'static str,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// The window that it is bound to.
    pub since: Time,
    pub until: Time,
    /// The engine's own id of it.
    pub query_id: String,
    pub statement: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// What it is billed for; absent where the engine did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_scanned: Option<u64>,
    pub records: u64,
    /// Why it came to nothing, or not to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

pub struct EngineSource {
    handle: Handle,
    aws: Arc<Aws>,
    at: Place,
    engine: Engine,
    bounds: Bounds,
    asked: Mutex<Vec<Asked>>,
}

/// What an engine tells of a query.
struct Told {
    is_over: bool,
    scanned: Option<u64>,
    /// Its state and what it says of it, where that is neither under way nor done.
    failure: Option<(String, String)>,
}

/// Rows as records, and the token of what follows.
struct Page {
    rows: Vec<Vec<u8>>,
    next: Option<String>,
}

/// One engine, about to be asked.
enum Open<'a> {
    Lake(lake::Lake<'a>),
    Athena(athena::Athena<'a>),
}

impl Open<'_> {
    /// Refuses what would scan more than it should.
    async fn bounded(&self, aws: &Aws) -> Result<(), Gap> {
        match self {
            Open::Lake(_) => Ok(()),
            Open::Athena(athena) => athena.bounded(aws).await,
        }
    }

    async fn start(&self, statement: &Statement) -> Result<String, CloudError> {
        match self {
            Open::Lake(lake) => lake.start(statement).await,
            Open::Athena(athena) => athena.start(statement).await,
        }
    }

    async fn told(&self, id: &str) -> Result<Told, CloudError> {
        match self {
            Open::Lake(lake) => lake.told(id).await,
            Open::Athena(athena) => athena.told(id).await,
        }
    }

    async fn page(&mut self, id: &str, token: Option<String>) -> Result<Page, CloudError> {
        match self {
            Open::Lake(lake) => lake.page(id, token).await,
            Open::Athena(athena) => athena.page(id, token).await,
        }
    }

    async fn cancel(&self, id: &str) -> Result<(), CloudError> {
        match self {
            Open::Lake(lake) => lake.cancel(id).await,
            Open::Athena(athena) => athena.cancel(id).await,
        }
    }

    /// The call that a failure is said of.
    fn call(&self) -> &'static str {
        match self {
            Open::Lake(_) => lake::START,
            Open::Athena(_) => athena::START,
        }
    }
}

impl EngineSource {
    pub fn new(handle: Handle, aws: Arc<Aws>, at: Place, engine: Engine, bounds: Bounds) -> EngineSource {
        EngineSource { handle, aws, at, engine, bounds, asked: Mutex::default() }
    }

    /// Every statement that was run, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }

    fn statements(&self, query: &Query) -> Result<(Vec<Statement>, Vec<NotAsked>), &'static str> {
        match &self.engine {
            Engine::Lake { store } => sql::lake(store, query, self.bounds),
            Engine::Athena { table, .. } => sql::athena(table, query, self.bounds),
        }
    }

    async fn open(&self) -> Result<Open<'_>, CloudError> {
        Ok(match &self.engine {
            Engine::Lake { .. } => Open::Lake(lake::Lake::open(&self.aws, &self.at).await?),
            Engine::Athena { table, work_group, results } => {
                let to = (work_group.as_deref(), results.as_deref());
                Open::Athena(athena::Athena::open(&self.aws, &self.at, table, to).await?)
            }
        })
    }

    /// Runs one statement and hands its rows on as records; notes it whatever comes of it.
    async fn run(&self, statement: &Statement, sink: &mut Sink<'_>) -> Result<(), Gap> {
        let mut open = self.open().await.map_err(|error| error.gap())?;
        open.bounded(&self.aws).await?;
        let id = open.start(statement).await.map_err(|error| error.gap())?;
        let (since, until) = self.bounds.ends();
        let mut asked = Asked {
            engine: match self.engine {
                Engine::Lake { .. } => "cloudtrail lake",
                Engine::Athena { .. } => "athena",
            },
            account: self.at.account.clone(),
            region: self.at.region.clone(),
            since,
            until,
            query_id: id.clone(),
            statement: statement.text.clone(),
            parameters: statement.parameters.clone(),
            bytes_scanned: None,
            records: 0,
            failed: None,
        };
        let done = self.follow(&mut open, &id, &mut asked, sink).await;
        asked.failed = done.as_ref().err().map(CloudError::to_string);
        self.note(asked);
        done.map_err(|error| error.gap())
    }

    /// Waits for a query to end and hands its rows on.
    async fn follow(
        &self,
        open: &mut Open<'_>,
        id: &str,
        asked: &mut Asked,
        sink: &mut Sink<'_>,
    ) -> Result<(), CloudError> {
        let mut waited = Duration::ZERO;
        loop {
            let told = open.told(id).await?;
            asked.bytes_scanned = told.scanned.or(asked.bytes_scanned);
            if let Some((state, why)) = told.failure {
                return Err(CloudError::new(Refusal::Failed, open.call(), &self.at, Some(&state), &why));
            }
            if told.is_over {
                break;
            }
            if waited >= LONGEST_WAIT {
                let why = "the query did not end within 30 minutes, and was cancelled";
                open.cancel(id).await?;
                return Err(CloudError::new(Refusal::Unreachable, open.call(), &self.at, None, why));
            }
            let pause = (waited / 4).clamp(Duration::from_millis(500), Duration::from_secs(10));
            tokio::time::sleep(pause).await;
            waited += pause;
        }
        let mut token: Option<String> = None;
        let mut met = std::collections::HashSet::new();
        loop {
            let page = open.page(id, token).await?;
            for row in &page.rows {
                asked.records += 1;
                if sink(Raw { bytes: row, line: asked.records }).is_break() {
                    return Ok(());
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            if !met.insert(next.clone()) {
                return Err(CloudError::new(
                    Refusal::Failed,
                    open.call(),
                    &self.at,
                    None,
                    "its pages never end",
                ));
            }
            token = Some(next);
        }
    }
}

type Sink<'a> = dyn FnMut(Raw<'_>) -> ControlFlow<()> + 'a;

impl LogSource for EngineSource {
    fn about(&self) -> String {
        match &self.engine {
            Engine::Lake { store } => format!("event data store {store} in {}", self.at),
            Engine::Athena { table, .. } => format!("table {}.{} in {}", table.database, table.name, self.at),
        }
    }

    fn shards(&self, _query: &Query) -> Vec<Shard> {
        vec![Shard { name: self.about().into() }]
    }

    fn drive(&self, query: &Query, shards: &[Shard], to: &dyn Take) {
        shards.par_iter().with_max_len(1).for_each(|shard| {
            if !to.is_stopped() {
                to.part(&shard.name, &mut |sink| self.fetch(query, shard, sink));
                to.ended();
            }
        });
    }
}

impl EngineSource {
    /// Hands every record of a part on.
    fn fetch(&self, query: &Query, shard: &Shard, sink: &mut Sink<'_>) -> Vec<Gap> {
        let (statements, not_asked) = match self.statements(query) {
            Ok(statements) => statements,
            Err(why) => return vec![Gap::unread(&*shard.name, why)],
        };
        let mut gaps: Vec<Gap> = not_asked
            .into_iter()
            .map(|one| {
                let why = format!("{} was not asked about: {}", one.id, one.why);
                Gap::new(GapKind::NotFollowed, &*shard.name, why)
            })
            .collect();
        let mut is_stopped = false;
        for statement in &statements {
            let mut sink = |raw: Raw<'_>| {
                let flow = sink(raw);
                is_stopped |= flow.is_break();
                flow
            };
            gaps.extend(self.handle.block_on(self.run(statement, &mut sink)).err());
            if is_stopped {
                break;
            }
        }
        gaps
    }
}

/// A number of bytes as services tell it.
fn bytes(told: Option<i64>) -> Option<u64> {
    told.and_then(|n| u64::try_from(n).ok())
}
