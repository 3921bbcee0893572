//! One query on the wire: tried, run, waited for, paged through; each answer is kept before it is read.

use super::{Asked, BigQuery, Sink};
use crate::cloud::gcp::each::text;
use crate::cloud::gcp::endpoints::BIGQUERY;
use crate::cloud::gcp::rest::Ask;
use crate::cloud::sql::bigquery::Statement;
use crate::cloud::sql::entry;
use crate::cloud::{CloudError, Raw, Refusal, Take};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// The reason of a query that would be billed for more than it may.
pub(super) const OVER: &str = "bytesBilledLimitExceeded";
const QUERY: &str = "bigquery.jobs.query";
const RESULTS: &str = "bigquery.jobs.getQueryResults";
/// Rows of one page; entries are mostly 3 KB, and BigQuery ends a page at about 10 MB.
const PAGE: u64 = 2_000;
/// For how long BigQuery is to wait before it says that it is not done yet, in milliseconds.
const PATIENCE: u64 = 10_000;
/// One answer.
const ATTEMPT: Duration = Duration::from_secs(60);
/// A query that takes longer than this is given up.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);
/// What is billed at the least for each table that a query names.
const LEAST: u64 = 10_000_000;
/// Pages without a row, one after the other.
const EMPTIES: u32 = 100;

impl Statement {
    /// Its parameters, as the case keeps them.
    pub(super) fn parameters(&self) -> BTreeMap<&'static str, Value> {
        [("since", json!(self.since)), ("until", json!(self.until)), ("ids", json!(self.ids))].into()
    }

    /// What is billed for it, however little it scans.
    fn least(&self) -> u64 {
        self.tables.saturating_mul(LEAST)
    }

    /// As BigQuery takes it.
    fn body(&self) -> Value {
        let time = |name: &str, value: &str| json!({"name": name, "parameterType": {"type": "TIMESTAMP"}, "parameterValue": {"value": value}});
        let ids: Vec<Value> = self.ids.iter().map(|id| json!({"value": id})).collect();
        json!({
            "query": self.text, "useLegacySql": false, "parameterMode": "NAMED",
            "queryParameters": [
                time("since", &self.since),
                time("until", &self.until),
                {"name": "ids", "parameterType": {"type": "ARRAY", "arrayType": {"type": "STRING"}},
                 "parameterValue": {"arrayValues": ids}},
            ],
        })
    }
}

/// Where an answer's rows go on.
struct Job {
    project: String,
    id: String,
    location: Option<String>,
}

impl BigQuery<'_> {
    fn query(&self, body: Value) -> Result<Ask, CloudError> {
        let ask = Ask::post(QUERY, &self.billed, BIGQUERY, "projects/{}/queries", &[&self.billed.account])?;
        Ok(ask.body(body).within(ATTEMPT))
    }

    fn wrong(&self, call: &'static str, why: &str) -> CloudError {
        CloudError::new(Refusal::Failed, call, &self.billed, None, why)
    }

    /// What a statement would be billed for; nothing is run.
    pub(super) async fn tried(&self, statement: &Statement) -> Result<u64, CloudError> {
        let mut body = statement.body();
        body["dryRun"] = true.into();
        let answer = self.gcp.rest.json(&self.query(body)?.repeatable()).await?;
        bytes(&answer["totalBytesProcessed"])
            .map(|bytes| bytes.max(statement.least()))
            .ok_or_else(|| self.wrong(QUERY, "the answer does not say what it would scan"))
    }

    /// Runs a statement and hands its rows on.
    pub(super) async fn follow(
        &self,
        statement: &Statement,
        asked: &mut Asked,
        to: &dyn Take,
        sink: &mut Sink<'_>,
    ) -> Result<(), CloudError> {
        let mut body = statement.body();
        body["maximumBytesBilled"] = asked.bytes_allowed.to_string().into();
        body["maxResults"] = PAGE.into();
        body["timeoutMs"] = PATIENCE.into();
        // Not repeated by itself: each time that it runs is billed.
        let mut ask = self.query(body)?;
        let began = Instant::now();
        let (mut tokens, mut empties, mut job) = (HashSet::new(), 0, None);
        loop {
            let answer = self.gcp.rest.send(&ask).await?;
            let call = ask.call;
            let name =
                (self.keep)(&format!("bigquery-{}", self.dataset.dataset), &answer.bytes).map_err(|why| {
                    let why = format!("an answer could not be kept, and was not read: {why}");
                    CloudError::new(Refusal::Protected, call, &self.billed, None, &why)
                })?;
            asked.answers.push(name);
            let answer: Value = serde_json::from_slice(&answer.bytes)
                .map_err(|_| self.wrong(call, "an answer that can't be read"))?;
            let job = match &mut job {
                Some(job) => &*job,
                empty => &*empty.insert(self.job(&answer, asked)?),
            };
            if to.is_stopped() {
                return Ok(());
            }
            if answer["jobComplete"].as_bool() != Some(true) {
                if began.elapsed() > LONGEST_WAIT {
                    self.gcp.rest.json(&self.cancel(job)?).await?;
                    return Err(self.wrong(call, "it did not end within 30 minutes, and was cancelled"));
                }
                // Who answers at once that it is not done is asked again in a while.
                tokio::time::sleep(Duration::from_millis(200)).await;
                ask = self.results(job, None)?;
                continue;
            }
            if let Some(scanned) = bytes(&answer["totalBytesProcessed"]) {
                let is_free = answer["cacheHit"].as_bool() == Some(true);
                asked.bytes_scanned = Some(if is_free { 0 } else { scanned });
                let billed = bytes(&answer["totalBytesBilled"]).or(asked.bytes_billed);
                asked.bytes_billed =
                    billed.or(Some(if is_free { 0 } else { scanned.max(statement.least()) }));
            }
            if let Some(error) = answer["errors"].as_array().and_then(|all| all.first()) {
                let why = text(error, "message").unwrap_or("it says that something went wrong");
                let error = CloudError::new(Refusal::Failed, call, &self.billed, text(error, "reason"), why);
                return Err(error);
            }
            let rows = answer["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
            for row in rows {
                let entry = row["f"][0]["v"].as_str().and_then(entry);
                let entry = entry.ok_or_else(|| self.wrong(call, "a row that is no audit entry"))?;
                asked.records += 1;
                if sink(Raw { bytes: &entry, line: asked.records }).is_break() {
                    return Ok(());
                }
            }
            empties = if rows.is_empty() { empties + 1 } else { 0 };
            let Some(token) = text(&answer, "pageToken") else {
                // An answer that was cut short is no end.
                return match bytes(&answer["totalRows"]) {
                    Some(total) if total == asked.records => Ok(()),
                    Some(total) => {
                        let why = format!("it has {total} rows, and gave {}", asked.records);
                        Err(self.wrong(call, &why))
                    }
                    None => Err(self.wrong(call, "the answer does not say how many rows there are")),
                };
            };
            if !tokens.insert(token.to_owned()) || empties > EMPTIES {
                return Err(self.wrong(call, "its pages never end"));
            }
            ask = self.results(job, Some(token))?;
        }
    }

    fn job(&self, answer: &Value, asked: &mut Asked) -> Result<Job, CloudError> {
        let of = &answer["jobReference"];
        let id = text(of, "jobId").ok_or_else(|| self.wrong(QUERY, "the answer names no job"))?;
        let location = text(of, "location").map(str::to_owned);
        asked.query_id = id.to_owned();
        asked.region = location.clone().unwrap_or_default();
        let project = text(of, "projectId").unwrap_or(&self.billed.account).to_owned();
        Ok(Job { project, id: id.to_owned(), location })
    }

    fn results(&self, job: &Job, token: Option<&str>) -> Result<Ask, CloudError> {
        let ids = [job.project.as_str(), job.id.as_str()];
        let ask = Ask::get(RESULTS, &self.billed, BIGQUERY, "projects/{}/queries/{}", &ids)?.within(ATTEMPT);
        let ask = ask.with("maxResults", PAGE).with("timeoutMs", PATIENCE);
        let ask = job.location.iter().fold(ask, |ask, location| ask.with("location", location));
        Ok(token.into_iter().fold(ask, |ask, token| ask.with("pageToken", token)))
    }

    fn cancel(&self, job: &Job) -> Result<Ask, CloudError> {
        let ids = [job.project.as_str(), job.id.as_str()];
        let ask =
            Ask::post("bigquery.jobs.cancel", &self.billed, BIGQUERY, "projects/{}/jobs/{}/cancel", &ids)?;
        Ok(job.location.iter().fold(ask, |ask, location| ask.with("location", location)))
    }
}

/// A number of bytes or rows, as Google writes it.
fn bytes(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
