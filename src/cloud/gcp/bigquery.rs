//! BigQuery as a source: the question goes to the dataset that already holds the logs, level after level of the chain.
//!
//! Existing datasets only: nothing is made in anybody's project. Every statement is tried without running it first, and never runs
//! without a cap on what is billed. What was asked, what it scanned and each answer as it came are kept for the case before an
//! answer is read. Reads, never interprets a record. Driven from outside the runtime's own threads.

mod job;

use super::Gcp;
use super::endpoints::BIGQUERY;
use super::rest::{Ask, backoff};
use crate::cloud::sql::bigquery::{self as sql, Dataset, Statement, Table};
use crate::cloud::sql::{Bounds, size};
use crate::cloud::{CloudError, LogSource, Query, Raw, Refusal, Shard, Take};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// Tries of a query whose answer did not come.
const TRIES: u32 = 4;
/// Parts of one entry: more no entry has.
const MOST_PARTS: u32 = 1_000;

/// Keeps an answer as it came, before anybody reads it; returns the name that it is kept under, which begins so.
pub type Keep<'a> = &'a (dyn Fn(&str, &[u8]) -> Result<String, String> + Sync);

/// How many bytes may still be billed, of all that is asked in one run.
#[derive(Debug)]
pub struct Budget {
    most: u64,
    left: Mutex<u64>,
}

impl Budget {
    pub fn new(most: u64) -> Budget {
        Budget { most, left: Mutex::new(most) }
    }

    pub fn left(&self) -> u64 {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self, bytes: u64) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(bytes);
    }
}

/// One statement that was run, or not: what the case keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub engine: &'static str,
    /// The project that it is billed to.
    pub account: Arc<str>,
    pub region: String,
    /// What was asked, `PROJECT.DATASET`.
    pub dataset: String,
    /// The window that it is bound to.
    pub since: Time,
    pub until: Time,
    /// The job's id; empty where it was not run.
    pub query_id: String,
    pub statement: String,
    /// By name.
    pub parameters: BTreeMap<&'static str, Value>,
    /// What it would scan, as BigQuery said before it ran; at the least what is billed for its tables.
    pub bytes_estimated: u64,
    /// `maximumBytesBilled`.
    pub bytes_allowed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_scanned: Option<u64>,
    /// As BigQuery said, else as its price list has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_billed: Option<u64>,
    pub records: u64,
    /// Its answers as they came, in `evidence/answers/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// Why it came to nothing, or not to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// The audit logs that a dataset holds.
pub struct BigQuery<'a> {
    gcp: Arc<Gcp>,
    /// One with threads of its own.
    runtime: Handle,
    dataset: Dataset,
    tables: Vec<Table>,
    /// Where queries run, and who pays for them.
    billed: Place,
    bounds: Bounds,
    budget: &'a Budget,
    keep: Keep<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ids: BTreeSet<Arc<str>>,
    asked: Vec<Asked>,
}

type Sink<'a> = dyn FnMut(Raw<'_>) -> ControlFlow<()> + 'a;

impl Gcp {
    /// Finds what of a dataset can be asked; also returns what can't, and why.
    pub async fn bigquery<'a>(
        self: &Arc<Gcp>,
        runtime: Handle,
        dataset: &Dataset,
        billed: &str,
        bounds: Bounds,
        (budget, keep): (&'a Budget, Keep<'a>),
    ) -> Result<(BigQuery<'a>, Vec<Gap>), Gap> {
        let at = Place::new(dataset.project.as_str(), "");
        let ids = [dataset.project.as_str(), dataset.dataset.as_str()];
        let failed = |error: CloudError| told(&error, dataset, billed);
        let ask = Ask::get("bigquery.tables.list", &at, BIGQUERY, "projects/{}/datasets/{}/tables", &ids);
        let ask = ask.map_err(failed)?.with("maxResults", 1000);
        let listed = self.rest.list(ask, "tables").await.map_err(failed)?;
        let mut found = sql::find(dataset, &listed, bounds);
        if found.has_view {
            let ids = [ids[0], ids[1], sql::ALL_LOGS];
            let ask =
                Ask::get("bigquery.tables.get", &at, BIGQUERY, "projects/{}/datasets/{}/tables/{}", &ids);
            let view = self.rest.json(&ask.map_err(failed)?).await.map_err(failed)?;
            found.shown(&view);
        }
        let not = |place: String, why: &str| Gap::new(GapKind::NotFollowed, place, why);
        let mut gaps: Vec<Gap> =
            found.not.iter().map(|(name, why)| not(format!("{dataset} {name}"), why)).collect();
        if !found.any {
            let why = "it holds no _AllLogs of log analytics and no cloudaudit_googleapis_com_ table of a log sink: nothing was \
                       asked; bq ls shows what it holds";
            gaps.push(not(dataset.to_string(), why));
        } else if found.tables.is_empty() && gaps.is_empty() {
            gaps.push(not(
                dataset.to_string(),
                "none of its tables is of a day of the window: nothing was asked",
            ));
        }
        let source = BigQuery {
            gcp: self.clone(),
            runtime,
            dataset: dataset.clone(),
            tables: found.tables,
            billed: Place::new(billed, ""),
            bounds,
            budget,
            keep,
            state: Mutex::default(),
        };
        Ok((source, gaps))
    }
}

/// A refusal, with the step to take.
fn told(error: &CloudError, dataset: &Dataset, billed: &str) -> Gap {
    let step = match (error.refusal, error.code.as_deref()) {
        (Refusal::Quota, Some(job::OVER)) => {
            "more would be billed than may be: narrow the window, or raise --bigquery-max-bytes".to_owned()
        }
        (Refusal::Denied, _) => format!(
            "it takes roles/bigquery.jobUser in {billed} and roles/bigquery.dataViewer on {dataset}, for log analytics \
             roles/logging.viewAccessor besides"
        ),
        (Refusal::NotFound, _) => {
            format!("bq ls --project_id {} shows which datasets there are", dataset.project)
        }
        (Refusal::Quota | Refusal::Throttled, _) => {
            "others use the quota too: run it again later, or let another project run it (--bigquery-project)"
                .to_owned()
        }
        (Refusal::Disabled, _) => format!(
            "gcloud services enable bigquery.googleapis.com --project {billed}, or let another project run it (--bigquery-project)"
        ),
        (
            Refusal::Unmodifiable
            | Refusal::Protected
            | Refusal::Conflict
            | Refusal::SignedOut
            | Refusal::Unreachable
            | Refusal::Failed
            | Refusal::Invalid,
            _,
        ) => "run it again; what it holds was not seen".to_owned(),
    };
    let gap = error.gap();
    Gap::new(gap.kind, dataset.to_string(), format!("{}; {step}", gap.why))
}

impl BigQuery<'_> {
    /// What a question about these ids would scan, as BigQuery says without running it.
    pub fn estimate(&self, ids: &[Arc<str>]) -> Result<u64, Gap> {
        let query = Query { ids: ids.to_vec(), ..Query::default() };
        let (statements, _) = sql::statements(&self.dataset, &self.tables, &query, self.bounds);
        let mut bytes = 0_u64;
        for statement in &statements {
            let tried = self.runtime.block_on(self.tried(statement));
            bytes = bytes.saturating_add(tried.map_err(|error| self.told(&error))?);
        }
        Ok(bytes)
    }

    /// Every statement, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, error: &CloudError) -> Gap {
        told(error, &self.dataset, &self.billed.account)
    }

    /// The same question about what was not asked yet.
    fn fresh(&self, query: &Query) -> Query {
        let state = self.state();
        let ids = query.ids.iter().filter(|id| !state.ids.contains(*id)).cloned().collect();
        Query { ids, ..Query::default() }
    }

    /// Runs one statement and hands its rows on as entries; notes it whatever comes of it.
    fn run(&self, statement: &Statement, to: &dyn Take, sink: &mut Sink<'_>) -> Option<Gap> {
        let (since, until) = self.bounds.ends();
        let mut asked = Asked {
            engine: "bigquery",
            account: self.billed.account.clone(),
            region: String::new(),
            dataset: self.dataset.to_string(),
            since,
            until,
            query_id: String::new(),
            statement: statement.text.clone(),
            parameters: statement.parameters(),
            bytes_estimated: 0,
            bytes_allowed: self.budget.left(),
            bytes_scanned: None,
            bytes_billed: None,
            records: 0,
            answers: Vec::new(),
            failed: None,
        };
        let gap = self.runtime.block_on(self.answered(statement, &mut asked, to, sink)).err();
        let cut = || to.is_stopped().then(|| "the run was cut short".to_owned());
        asked.failed = gap.as_ref().map(|gap| gap.why.clone()).or_else(cut);
        self.state().asked.push(asked);
        gap
    }

    async fn answered(
        &self,
        statement: &Statement,
        asked: &mut Asked,
        to: &dyn Take,
        sink: &mut Sink<'_>,
    ) -> Result<(), Gap> {
        asked.bytes_estimated = self.tried(statement).await.map_err(|error| self.told(&error))?;
        for tries in 1.. {
            asked.bytes_allowed = self.budget.left();
            if asked.bytes_estimated > asked.bytes_allowed {
                let why = format!(
                    "{} would be billed, and of the {} that may be {} are left: it was not asked; narrow the window, or \
                     raise --bigquery-max-bytes",
                    size(asked.bytes_estimated),
                    size(self.budget.most),
                    size(asked.bytes_allowed)
                );
                return Err(Gap::new(GapKind::NotFollowed, self.dataset.to_string(), why));
            }
            let done = self.follow(statement, asked, to, sink).await;
            let has_begun = !asked.query_id.is_empty();
            if has_begun || done.as_ref().is_err_and(CloudError::is_unclear) {
                // What may have run may have been billed.
                self.budget.spend(asked.bytes_billed.unwrap_or(asked.bytes_estimated));
            }
            match done {
                Err(error) if !has_begun && error.is_unclear() && tries < TRIES => {
                    tokio::time::sleep(backoff(tries)).await;
                }
                done => return done.map_err(|error| self.told(&error)),
            }
        }
        Ok(())
    }

    /// All that a part of the question comes to: what could not be asked, and what was refused.
    fn ask(&self, query: &Query, to: &dyn Take, parts: &mut Parts, sink: &mut Sink<'_>) -> Vec<Gap> {
        let (statements, not) = sql::statements(&self.dataset, &self.tables, query, self.bounds);
        let not = not.into_iter().map(|one| {
            let why = format!("{} was not asked about: {}", one.id, one.why);
            Gap::new(GapKind::NotFollowed, self.dataset.to_string(), why)
        });
        let mut gaps: Vec<Gap> = not.collect();
        for statement in &statements {
            if to.is_stopped() {
                break;
            }
            gaps.extend(self.run(statement, to, &mut |raw| {
                parts.see(raw.bytes);
                sink(raw)
            }));
        }
        gaps
    }
}

impl LogSource for BigQuery<'_> {
    fn about(&self) -> String {
        format!("the BigQuery dataset {}", self.dataset)
    }

    fn shards(&self, _query: &Query) -> Vec<Shard> {
        vec![Shard { name: self.about().into() }]
    }

    fn drive(&self, query: &Query, _shards: &[Shard], to: &dyn Take) {
        // What comes late comes by Cloud Logging itself: here it would be the whole scan once more.
        let fresh = self.fresh(query);
        if !fresh.ids.is_empty() && !self.tables.is_empty() {
            to.part(&self.about(), &mut |sink| {
                let mut parts = Parts::default();
                let mut gaps = self.ask(&fresh, to, &mut parts, sink);
                let ids = parts.missing();
                if !ids.is_empty() {
                    let rest = Query { ids, ..Query::default() };
                    gaps.extend(self.ask(&rest, to, &mut Parts::default(), sink));
                }
                gaps
            });
        }
        if !to.is_stopped() {
            self.state().ids.extend(fresh.ids);
        }
        to.ended();
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// Entries that came in parts, by what the parts share: how many there are, and which were met.
#[derive(Default)]
struct Parts(BTreeMap<String, (u32, BTreeSet<u32>)>);

impl Parts {
    fn see(&mut self, record: &[u8]) {
        #[derive(Deserialize)]
        struct Record {
            split: Split,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Split {
            uid: String,
            #[serde(default)]
            index: u32,
            total_splits: u32,
        }
        if memchr::memmem::find(record, b"\"split\"").is_none() {
            return;
        }
        let Ok(Record { split }) = serde_json::from_slice(record) else { return };
        let met = self.0.entry(split.uid).or_insert((split.total_splits.min(MOST_PARTS), BTreeSet::new()));
        met.1.insert(split.index);
    }

    /// What those share of which a part was not met.
    fn missing(self) -> Vec<Arc<str>> {
        let is_part = |(total, met): &(u32, BTreeSet<u32>)| (0..*total).any(|index| !met.contains(&index));
        self.0.into_iter().filter(|(_, met)| is_part(met)).map(|(uid, _)| uid.into()).collect()
    }
}
