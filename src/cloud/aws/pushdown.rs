//! CloudTrail Lake and Athena as sources: the question goes to the engine that already holds the logs.
//!
//! Existing stores and tables only: nothing is made in anybody's account. What was asked, over what window and how many bytes it
//! scanned is kept for the case. Facts: aws.md 2.3.

use super::error::failed;
use super::{Aws, client, not_answered};
use crate::cloud::sql::{self, Bounds, NotAsked, Statement, Table, record};
use crate::cloud::{CloudError, LogSource, Query, Raw, Refusal, Shard, Take};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place};
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
    /// The engine's own id of it.
    pub query_id: String,
    pub statement: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_scanned: Option<u64>,
    pub records: u64,
}

pub struct EngineSource {
    handle: Handle,
    aws: Arc<Aws>,
    at: Place,
    engine: Engine,
    bounds: Bounds,
    asked: Mutex<Vec<Asked>>,
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

    fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Lake { .. } => "cloudtrail lake",
            Engine::Athena { .. } => "athena",
        }
    }

    fn statements(&self, query: &Query) -> Result<(Vec<Statement>, Vec<NotAsked>), &'static str> {
        match &self.engine {
            Engine::Lake { store } => sql::lake(store, query, self.bounds),
            Engine::Athena { table, .. } => sql::athena(table, query, self.bounds),
        }
    }

    /// Runs one statement and returns its rows as records, with what it cost.
    async fn run(&self, statement: &Statement, rows: &mut Vec<Vec<u8>>) -> Result<(), CloudError> {
        match &self.engine {
            Engine::Lake { .. } => self.run_lake(statement, rows).await,
            Engine::Athena { work_group, results, .. } => {
                self.run_athena(statement, work_group.as_deref(), results.as_deref(), rows).await
            }
        }
    }

    async fn run_lake(&self, statement: &Statement, rows: &mut Vec<Vec<u8>>) -> Result<(), CloudError> {
        const START: &str = "cloudtrail:StartQuery";
        const RESULTS: &str = "cloudtrail:GetQueryResults";
        let at = &self.at;
        let client = client!(self.aws, at, aws_sdk_cloudtrail)?;
        let started = client
            .start_query()
            .query_statement(&statement.text)
            .send()
            .await
            .map_err(|error| failed(START, at, error))?;
        let id = started.query_id().ok_or_else(|| not_answered(START, at, "query id"))?.to_owned();
        let mut waited = Duration::ZERO;
        let scanned = loop {
            let told = client
                .describe_query()
                .query_id(&id)
                .send()
                .await
                .map_err(|error| failed("cloudtrail:DescribeQuery", at, error))?;
            let status = told.query_status().map(|status| status.as_str().to_owned()).unwrap_or_default();
            match status.as_str() {
                "FINISHED" => {
                    break told
                        .query_statistics()
                        .and_then(|all| all.bytes_scanned())
                        .and_then(|n| u64::try_from(n).ok());
                }
                "QUEUED" | "RUNNING" => wait(&mut waited, START, at).await?,
                other => {
                    let why = told.error_message().unwrap_or_default();
                    return Err(CloudError::new(Refusal::Failed, START, at, Some(other), why));
                }
            }
        };
        let before = rows.len();
        let mut token: Option<String> = None;
        loop {
            let page = client
                .get_query_results()
                .query_id(&id)
                .max_query_results(1000)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| failed(RESULTS, at, error))?;
            for row in page.query_result_rows() {
                // A row is a list of maps of one column each.
                let json = row
                    .iter()
                    .flat_map(|column| column.iter())
                    .find(|(name, _)| name.eq_ignore_ascii_case("eventJson"));
                let (_, json) = json.ok_or_else(|| not_answered(RESULTS, at, "eventJson"))?;
                rows.push(json.clone().into_bytes());
            }
            match page.next_token() {
                None => break,
                Some(next) if token.as_deref() == Some(next) => {
                    return Err(CloudError::new(
                        Refusal::Failed,
                        RESULTS,
                        at,
                        None,
                        "the same page again and again",
                    ));
                }
                Some(next) => token = Some(next.to_owned()),
            }
        }
        self.note(self.asked_of(statement, id, scanned, rows.len() - before));
        Ok(())
    }

    async fn run_athena(
        &self,
        statement: &Statement,
        work_group: Option<&str>,
        results: Option<&str>,
        rows: &mut Vec<Vec<u8>>,
    ) -> Result<(), CloudError> {
        const START: &str = "athena:StartQueryExecution";
        const RESULTS: &str = "athena:GetQueryResults";
        let at = &self.at;
        let client = client!(self.aws, at, aws_sdk_athena)?;
        let to = results
            .map(|to| aws_sdk_athena::types::ResultConfiguration::builder().output_location(to).build());
        let started = client
            .start_query_execution()
            .query_string(&statement.text)
            .set_execution_parameters(Some(statement.parameters.clone()))
            .set_work_group(work_group.map(str::to_owned))
            .set_result_configuration(to)
            .send()
            .await
            .map_err(|error| failed(START, at, error))?;
        let id = started.query_execution_id().ok_or_else(|| not_answered(START, at, "query id"))?.to_owned();
        let mut waited = Duration::ZERO;
        let scanned = loop {
            let told = client
                .get_query_execution()
                .query_execution_id(&id)
                .send()
                .await
                .map_err(|error| failed("athena:GetQueryExecution", at, error))?;
            let execution = told.query_execution().ok_or_else(|| not_answered(START, at, "execution"))?;
            let status = execution.status();
            let state =
                status.and_then(|status| status.state()).map(|state| state.as_str()).unwrap_or_default();
            match state {
                "SUCCEEDED" => {
                    let bytes = execution.statistics().and_then(|all| all.data_scanned_in_bytes());
                    break bytes.and_then(|n| u64::try_from(n).ok());
                }
                "QUEUED" | "RUNNING" => wait(&mut waited, START, at).await?,
                other => {
                    let why = status.and_then(|status| status.state_change_reason()).unwrap_or_default();
                    return Err(CloudError::new(Refusal::Failed, START, at, Some(other), why));
                }
            }
        };
        let before = rows.len();
        let mut token: Option<String> = None;
        let mut names: Vec<String> = Vec::new();
        loop {
            let page = client
                .get_query_results()
                .query_execution_id(&id)
                .max_results(1000)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| failed(RESULTS, at, error))?;
            let found = page.result_set().map(|set| set.rows()).unwrap_or_default();
            for row in found {
                let cells: Vec<Option<&str>> = row.data().iter().map(|cell| cell.var_char_value()).collect();
                if names.is_empty() {
                    // The first row of the first page names the columns.
                    names = cells.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect();
                    continue;
                }
                rows.push(
                    record(&names, &cells)
                        .ok_or_else(|| not_answered(RESULTS, at, "column that a record needs"))?,
                );
            }
            match page.next_token() {
                None => break,
                Some(next) if token.as_deref() == Some(next) => {
                    return Err(CloudError::new(
                        Refusal::Failed,
                        RESULTS,
                        at,
                        None,
                        "the same page again and again",
                    ));
                }
                Some(next) => token = Some(next.to_owned()),
            }
        }
        self.note(self.asked_of(statement, id, scanned, rows.len() - before));
        Ok(())
    }

    fn asked_of(&self, statement: &Statement, id: String, scanned: Option<u64>, records: usize) -> Asked {
        Asked {
            engine: self.engine_name(),
            account: self.at.account.clone(),
            region: self.at.region.clone(),
            query_id: id,
            statement: statement.text.clone(),
            parameters: statement.parameters.clone(),
            bytes_scanned: scanned,
            records: records as u64,
        }
    }
}

async fn wait(waited: &mut Duration, call: &'static str, at: &Place) -> Result<(), CloudError> {
    if *waited >= LONGEST_WAIT {
        return Err(CloudError::new(
            Refusal::Unreachable,
            call,
            at,
            None,
            "the query did not end within 30 minutes",
        ));
    }
    let pause = (*waited / 4).clamp(Duration::from_millis(500), Duration::from_secs(10));
    tokio::time::sleep(pause).await;
    *waited += pause;
    Ok(())
}

impl LogSource for EngineSource {
    fn about(&self) -> String {
        match &self.engine {
            Engine::Lake { store } => format!("event data store {store} in {}", self.at),
            Engine::Athena { table, .. } => format!("table {}.{} in {}", table.database, table.name, self.at),
        }
    }

    fn shards(&self, _query: &Query) -> Vec<Shard> {
        vec![Shard { name: self.about(), size: 0 }]
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
    fn fetch(
        &self,
        query: &Query,
        shard: &Shard,
        sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> Vec<Gap> {
        let (statements, not_asked) = match self.statements(query) {
            Ok(statements) => statements,
            Err(why) => return vec![Gap::unread(&shard.name, why)],
        };
        let mut gaps: Vec<Gap> = not_asked
            .into_iter()
            .map(|one| {
                Gap::new(
                    GapKind::NotFollowed,
                    &shard.name,
                    format!("{} was not asked about: {}", one.id, one.why),
                )
            })
            .collect();
        for statement in &statements {
            let mut rows = Vec::new();
            let done = self.handle.block_on(self.run(statement, &mut rows));
            gaps.extend(done.err().map(|error| error.gap()));
            for (line, row) in (1..).zip(&rows) {
                if sink(Raw { bytes: row, line }).is_break() {
                    return gaps;
                }
            }
        }
        gaps
    }
}
