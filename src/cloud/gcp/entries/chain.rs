//! One run of pages: the same filter over up to a hundred logs, newest first, and what is done when it is refused.

use super::filter;
use super::pace::Pace;
use crate::cloud::gcp::Gcp;
use crate::cloud::gcp::each::text;
use crate::cloud::gcp::endpoints::LOGGING;
use crate::cloud::gcp::rest::{Ask, Trouble, backoff};
use crate::cloud::{CloudError, Refusal};
use crate::model::{Gap, Place, Time, time};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

pub(super) const CALL: &str = "logging.entries.list";
/// Entries of one page; audit entries are up to 512 KiB each, mostly 3.
const PAGE: u32 = 1000;
/// One page: it may have to search terabytes.
const ATTEMPT: Duration = Duration::from_secs(60);
/// Tries of one page that gets no answer.
const TRIES: u32 = 6;
/// For how long a page is repeated that is always one too many.
const PATIENCE: Duration = Duration::from_secs(600);
/// Empty pages with a token in a row: "did not have time to search" is legal, for ever is not.
const EMPTIES: u32 = 1000;
/// Questions of who may read what, at once.
const SIFT_AT_ONCE: usize = 16;
/// Container names fan out to every bucket that they have: 200 at most in one query (gcp.md 2.1).
pub(super) const CONTAINERS: usize = 50;

/// How a log is named in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// A bucket's view, where buckets lie by default.
    View(&'static str),
    /// A view elsewhere.
    Named(String),
    /// A central bucket's view: it stands for many, and where it is refused, nothing else does.
    Central(String),
    /// The project itself: all its buckets.
    Container,
}

/// A project, folder or organization whose log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// `projects/P`.
    pub of: Arc<str>,
    pub via: Via,
}

impl Log {
    pub fn name(&self) -> String {
        match &self.via {
            Via::View(bucket) => format!("{}/locations/global/buckets/{bucket}/views/_AllLogs", self.of),
            Via::Named(view) | Via::Central(view) => view.clone(),
            Via::Container => self.of.to_string(),
        }
    }

    /// As gaps and coverage name it: a project by its id alone.
    pub fn place(&self) -> &str {
        self.of.strip_prefix("projects/").unwrap_or(&self.of)
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub number: usize,
    pub logs: Vec<Log>,
    pub base: &'static str,
    pub terms: Option<Arc<str>>,
    pub since: Option<Time>,
    pub until: Option<Time>,
}

impl Job {
    /// Whether it asks a central bucket.
    pub fn is_central(&self) -> bool {
        self.logs.iter().any(|log| matches!(log.via, Via::Central(_)))
    }
}

/// What came, in the order of pages.
pub(super) enum Part {
    Page {
        job: usize,
        records: Vec<String>,
    },
    Gap(Gap),
    /// A job is over; these logs were not read whole.
    Ended {
        job: usize,
        lost: Vec<Arc<str>>,
    },
}

pub(super) struct Reader {
    pub gcp: Arc<Gcp>,
    pub pace: Arc<Pace>,
    pub gate: Arc<Semaphore>,
    pub send: mpsc::Sender<Part>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    entries: Vec<&'a RawValue>,
    #[serde(rename = "nextPageToken", borrow, default)]
    next: Option<Cow<'a, str>>,
}

/// How a chain of pages ended.
enum End {
    Done,
    /// Nobody listens any more.
    Stopped,
    Refused(CloudError),
}

impl Reader {
    /// Reads a job to its end: split where it is refused as a whole, told where it is refused at last.
    pub async fn read(&self, job: Job) {
        let number = job.number;
        let mut lost = Vec::new();
        let mut left = vec![job];
        while let Some(mut job) = left.pop() {
            let refused = match self.chain(&mut job).await {
                End::Done => continue,
                End::Stopped => return,
                End::Refused(error) => error,
            };
            match refused.refusal {
                // One of them, or all: who may be read is asked, so that one does not cost the others.
                Refusal::Denied
                | Refusal::NotFound
                | Refusal::Invalid
                | Refusal::Failed
                | Refusal::Unreachable
                | Refusal::Protected
                    if job.logs.len() > 1 =>
                {
                    left.extend(self.apart(job, refused.refusal).await);
                }
                Refusal::NotFound if matches!(job.logs[0].via, Via::View(_)) => {
                    match self.elsewhere(&job.logs[0]).await {
                        Ok(logs) if !logs.is_empty() => left.push(Job { logs, ..job }),
                        Ok(_) => left.push(as_container(job)),
                        Err(error) => self.lose(&job, &error, &mut lost).await,
                    }
                }
                // A view has permissions of its own.
                Refusal::Denied if !matches!(job.logs[0].via, Via::Container | Via::Central(_)) => {
                    left.push(as_container(job))
                }
                _ => self.lose(&job, &refused, &mut lost).await,
            }
        }
        let _ = self.send.send(Part::Ended { job: number, lost }).await;
    }

    async fn lose(&self, job: &Job, error: &CloudError, lost: &mut Vec<Arc<str>>) {
        for log in &job.logs {
            lost.push(log.of.clone());
            if job.is_central() {
                // Nothing is missed yet: every project is asked itself.
                continue;
            }
            let gap = error.gap();
            let gap = Gap::new(gap.kind, log.place(), gap.why);
            let _ = self.send.send(Part::Gap(gap)).await;
        }
    }

    async fn chain(&self, job: &mut Job) -> End {
        let at = Place::new(
            match &*job.logs {
                [one] => one.place().to_owned(),
                all => format!("{} projects", all.len()),
            },
            "",
        );
        let names: Vec<String> = job.logs.iter().map(Log::name).collect();
        let mut token: Option<String> = None;
        let mut tokens = HashSet::new();
        let (mut tries, mut empties, mut throttled, mut renewed) = (0, 0, None, false);
        // Where it is begun anew: a token is good for one filter alone.
        let mut reached = job.until;
        loop {
            let filter = filter::whole(job.base, job.since, job.until, job.terms.as_deref());
            let mut body = json!({
                "resourceNames": names, "filter": filter, "orderBy": "timestamp desc", "pageSize": PAGE,
            });
            if let Some(token) = &token {
                body["pageToken"] = token.as_str().into();
            }
            let ask = match Ask::post(CALL, &at, LOGGING, "v2/entries:list", &[]) {
                Ok(ask) => ask.body(body).within(ATTEMPT),
                Err(error) => return End::Refused(error),
            };
            if self.send.is_closed() {
                return End::Stopped;
            }
            self.pace.take().await;
            let answer = {
                let _permit = self.gate.acquire().await;
                self.gcp.rest.once(&ask).await
            };
            let trouble = match answer {
                Ok(answer) => {
                    self.pace.answered();
                    (tries, throttled, renewed) = (0, None, false);
                    let page: Page = match serde_json::from_slice(&answer.bytes) {
                        Ok(page) => page,
                        Err(_) => {
                            return End::Refused(CloudError::new(
                                Refusal::Failed,
                                CALL,
                                &at,
                                None,
                                "a page that can't be read",
                            ));
                        }
                    };
                    empties = if page.entries.is_empty() { empties + 1 } else { 0 };
                    let next = page.next.filter(|next| !next.is_empty()).map(Cow::into_owned);
                    let oldest = page.entries.last().and_then(|entry| at_of(entry.get()));
                    let records: Vec<String> =
                        page.entries.iter().map(|entry| entry.get().to_owned()).collect();
                    if !records.is_empty()
                        && self.send.send(Part::Page { job: job.number, records }).await.is_err()
                    {
                        return End::Stopped;
                    }
                    if let Some(oldest) = oldest {
                        reached = Some(reached.map_or(oldest, |until| until.min(oldest)));
                    }
                    match next {
                        None => return End::Done,
                        Some(next) if !tokens.insert(next.clone()) => {
                            return End::Refused(CloudError::new(
                                Refusal::Failed,
                                CALL,
                                &at,
                                None,
                                "its pages lead back to where they came from",
                            ));
                        }
                        Some(_) if empties >= EMPTIES => {
                            return End::Refused(CloudError::new(
                                Refusal::Failed,
                                CALL,
                                &at,
                                None,
                                "page after page without an entry",
                            ));
                        }
                        next => token = next,
                    }
                    continue;
                }
                Err(trouble) => trouble,
            };
            let error = trouble.error(CALL, &at);
            match error.refusal {
                Refusal::Throttled if throttled.get_or_insert_with(Instant::now).elapsed() < PATIENCE => {
                    self.pace.throttled();
                }
                // A token may have ended between our look at it and Google's.
                Refusal::SignedOut if !renewed && matches!(trouble, Trouble::Answered(_)) => {
                    renewed = true;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Refusal::Failed | Refusal::Unreachable if tries + 1 < TRIES => {
                    tries += 1;
                    tokio::time::sleep(backoff(tries)).await;
                }
                // Its token is not taken: from where it had come, pages are newest first.
                Refusal::Invalid if token.is_some() => {
                    (token, job.until) = (None, reached);
                    tokens.clear();
                    tries += 1;
                    if tries >= TRIES {
                        return End::Refused(error);
                    }
                }
                _ => {
                    job.until = reached;
                    return End::Refused(error);
                }
            }
        }
    }

    /// Parts of a job that was refused as a whole.
    async fn apart(&self, job: Job, why: Refusal) -> Vec<Job> {
        if why == Refusal::Denied {
            let (may, may_not) = self.sift(&job.logs).await;
            if !may.is_empty() && !may_not.is_empty() {
                let mut parts = vec![Job { logs: may, ..job.clone() }];
                parts.extend(may_not.into_iter().map(|log| Job { logs: vec![log], ..job.clone() }));
                return parts;
            }
            if may.is_empty() {
                // Nobody lets us see its views: by their containers, fewer at a time.
                let all: Vec<Log> =
                    job.logs.iter().map(|log| Log { via: Via::Container, ..log.clone() }).collect();
                if job.logs.iter().any(|log| log.via != Via::Container) {
                    return all
                        .chunks(CONTAINERS)
                        .map(|some| Job { logs: some.to_vec(), ..job.clone() })
                        .collect();
                }
            }
        }
        let half = job.logs.len() / 2;
        let (one, other) = job.logs.split_at(half);
        [other, one].into_iter().map(|logs| Job { logs: logs.to_vec(), ..job.clone() }).collect()
    }

    /// Which logs we may read by their projects' own word; what can't be asked counts as readable and is found out by halves.
    async fn sift(&self, logs: &[Log]) -> (Vec<Log>, Vec<Log>) {
        let gate = Arc::new(Semaphore::new(SIFT_AT_ONCE));
        let mut asked = tokio::task::JoinSet::new();
        for (at, log) in logs.iter().enumerate() {
            let (gcp, gate, project) = (self.gcp.clone(), gate.clone(), log.place().to_owned());
            asked.spawn(async move {
                let _permit = gate.acquire().await;
                let lacks = gcp.lacks(&project, &["logging.logEntries.list"]).await;
                (at, lacks.map_or_else(|error| error.refusal == Refusal::Denied, |lacks| !lacks.is_empty()))
            });
        }
        let denied: HashSet<usize> = asked
            .join_all()
            .await
            .into_iter()
            .filter(|(_, is_denied)| *is_denied)
            .map(|(at, _)| at)
            .collect();
        let (may_not, may): (Vec<_>, Vec<_>) =
            logs.iter().cloned().enumerate().partition(|(at, _)| denied.contains(at));
        let logs = |some: Vec<(usize, Log)>| some.into_iter().map(|(_, log)| log).collect();
        (logs(may), logs(may_not))
    }

    /// Where a bucket lies when it is not where they lie by default.
    async fn elsewhere(&self, log: &Log) -> Result<Vec<Log>, CloudError> {
        let Via::View(bucket) = &log.via else { return Ok(Vec::new()) };
        let at = Place::new(log.place(), "");
        let call = "logging.projects.locations.buckets.list";
        let ask = Ask::get(call, &at, LOGGING, "v2/{+}/locations/-/buckets", &[&log.of])?;
        let all = self.gcp.rest.list(ask, "buckets").await?;
        let names = all.iter().filter_map(|one: &Value| text(one, "name"));
        let its = names.filter(|name| name.rsplit('/').next() == Some(bucket));
        Ok(its
            .map(|name| Log { of: log.of.clone(), via: Via::Named(format!("{name}/views/_AllLogs")) })
            .collect())
    }
}

fn as_container(job: Job) -> Job {
    let logs = job.logs.into_iter().map(|log| Log { via: Via::Container, ..log }).collect();
    Job { logs, ..job }
}

/// When an entry is of.
fn at_of(entry: &str) -> Option<Time> {
    #[derive(Deserialize)]
    struct Stamp<'a> {
        #[serde(borrow)]
        timestamp: Cow<'a, str>,
    }
    serde_json::from_str::<Stamp>(entry).ok().and_then(|stamp| time::parse(&stamp.timestamp))
}
