//! Sends what the sweep says, and tells it what came back.

use super::Configure;
use super::reach::Question;
use crate::cloud::aws::error::failed;
use crate::cloud::sweep::{Answer, Job, Limits, Loss, Next, Request, Spot, Sweep, Verdict};
use crate::cloud::{By, CloudError, Refusal};
use crate::model::{Gap, Place, Time};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::retry::RetryConfig;
use aws_sdk_cloudtrail::config::timeout::TimeoutConfig;
use aws_sdk_cloudtrail::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

const CALL: &str = "cloudtrail:LookupEvents";
/// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
const PAGE: i32 = 50;
const CONNECT: Duration = Duration::from_secs(5);
/// Wakes up this often at least, to see whether the run was stopped.
const NAP: f64 = 0.1;

/// Part of a job's answer, or its end.
#[derive(Default)]
pub struct Part {
    pub job: usize,
    pub name: Arc<str>,
    /// As received.
    pub records: Vec<String>,
    pub gaps: Vec<Gap>,
    pub ended: bool,
    /// With `ended`: its place answers nothing.
    pub is_closed: bool,
}

pub struct Pages {
    pub config: Arc<dyn Configure>,
    pub limits: Limits,
    /// By place: how long one answer is waited for.
    pub timeouts: Vec<Duration>,
    pub places: Vec<Place>,
    pub spots: Vec<Spot>,
    pub questions: Vec<Question>,
    pub jobs: Vec<Job>,
    pub stop: Arc<AtomicBool>,
    pub sender: Sender<Part>,
}

/// What came back to a request.
struct Reply {
    request: Box<Request>,
    answer: Answer,
    error: Option<CloudError>,
    /// Absent when nothing was sent.
    sent: Instant,
    at: Instant,
    client: Option<Client>,
}

impl Pages {
    pub async fn run(self) {
        let noise = Time::now().as_nanosecond() as u64;
        let mut sweep = Sweep::new(self.limits, &self.spots, &self.jobs, noise);
        let began = Instant::now();
        let since = |at: Instant| at.duration_since(began).as_secs_f64();
        // Held only while a bucket goes on: 17,000 clients would be 300 MB (perf.md C).
        let mut clients: HashMap<usize, Client> = HashMap::new();
        let mut ended: HashSet<usize> = HashSet::new();
        let mut under_way: JoinSet<Reply> = JoinSet::new();
        while !self.stop.load(Ordering::Relaxed) {
            let nap = match sweep.next(since(Instant::now())) {
                Next::Over => break,
                Next::Send(request) => {
                    let client = clients.get(&request.bucket).cloned();
                    under_way.spawn(self.ask(request, client));
                    continue;
                }
                Next::Wait(until) => (until - since(Instant::now())).clamp(0.0, NAP),
                Next::Hold => NAP,
            };
            let reply = tokio::select! {
                biased;
                Some(reply) = under_way.join_next() => reply,
                () = tokio::time::sleep(Duration::from_secs_f64(nap)) => continue,
            };
            // A task that panicked would leave its page open for ever: the panic goes on.
            let reply = match reply {
                Ok(reply) => reply,
                Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
                Err(_) => break,
            };
            let Reply { request, answer, error, sent, at, client } = reply;
            let (job, bucket) = (request.job, request.bucket);
            let goes_on = matches!(&answer, Answer::Page { more: Some(_), .. });
            let verdict = sweep.answered(*request, answer, since(sent), since(at));
            match client.filter(|_| goes_on) {
                Some(client) => drop(clients.insert(bucket, client)),
                None if sweep.is_idle(bucket) => drop(clients.remove(&bucket)),
                None => {}
            }
            let mut over: Vec<usize> = Vec::new();
            let mut gaps = Vec::new();
            match verdict {
                Verdict::Going => {}
                Verdict::Done => over.push(job),
                Verdict::Lost { why, from, to, ended } => {
                    over.extend(ended.then_some(job));
                    let is_closed = sweep.is_closed(bucket);
                    gaps.push(self.gap(job, why, error.as_ref(), (from, to), is_closed));
                }
            }
            for (job, _, _, is_over) in sweep.closed() {
                // Why nothing more is asked here was said once.
                over.extend(is_over.then_some(job));
            }
            if !gaps.is_empty() {
                let part = Part { job, name: self.name(job), gaps, ..Part::default() };
                if self.sender.send(part).await.is_err() {
                    break;
                }
            }
            for job in over {
                let is_closed = sweep.is_closed(bucket);
                let part = Part { job, ended: true, is_closed, ..Part::default() };
                if ended.insert(job) && self.sender.send(part).await.is_err() {
                    return;
                }
            }
        }
    }

    fn name(&self, job: usize) -> Arc<str> {
        format!("{}, {}", self.places[self.jobs[job].bucket], self.questions[job]).into()
    }

    fn ask(&self, request: Box<Request>, client: Option<Client>) -> impl Future<Output = Reply> + use<> {
        let question = self.questions[request.job].clone();
        let place = self.places[request.bucket].clone();
        let (config, timeout, sender) =
            (self.config.clone(), self.timeouts[request.bucket], self.sender.clone());
        let name = self.name(request.job);
        async move {
            let client = match client {
                Some(client) => Ok(client),
                None => connect(&*config, &place, timeout).await,
            };
            let sent = Instant::now();
            let client = match client {
                Ok(client) => client,
                Err(error) => {
                    let answer = meaning(&error, &request);
                    return Reply { request, answer, error: Some(error), sent, at: sent, client: None };
                }
            };
            let page = send(&client, &request, &question, &place).await;
            let at = Instant::now();
            match page {
                Ok(page) => {
                    let more = page.next_token.filter(|token| !token.is_empty());
                    let events = page.events.unwrap_or_default();
                    let oldest = events.iter().filter_map(|event| Some(event.event_time?.secs())).min();
                    let oldest = oldest.or((!events.is_empty()).then_some(i64::MAX));
                    let mut part = Part { job: request.job, name, ..Part::default() };
                    for event in events {
                        match event.cloud_trail_event {
                            Some(record) => part.records.push(record),
                            None => part.gaps.push(Gap::unread(
                                &*part.name,
                                format!(
                                    "event {} came without its record",
                                    event.event_id.unwrap_or_default()
                                ),
                            )),
                        }
                    }
                    // Whoever takes them is slower than the network: then this page still counts as under way.
                    if !part.records.is_empty() || !part.gaps.is_empty() {
                        // Nobody takes them any more: the run was stopped.
                        let _ = sender.send(part).await;
                    }
                    let answer = Answer::Page { more, oldest };
                    Reply { request, answer, error: None, sent, at, client: Some(client) }
                }
                Err(error) => {
                    let answer = meaning(&error, &request);
                    Reply { request, answer, error: Some(error), sent, at, client: None }
                }
            }
        }
    }

    fn gap(
        &self,
        job: usize,
        why: Loss,
        error: Option<&CloudError>,
        (from, to): (i64, i64),
        is_closed: bool,
    ) -> Gap {
        let whole = self.jobs[job];
        let day = |second: i64| Time::from_second(second).map(|time| time.to_string()).unwrap_or_default();
        // What came before was newer.
        let part = if (from, to) == (whole.from, whole.to) {
            String::new()
        } else {
            format!("; what happened between {} and {} was not seen", day(from), day(to))
        };
        match (why, error) {
            // Whatever is asked there ends like that: said once, in the same words for every question.
            (Loss::Refused, Some(error)) if is_closed => error.gap(),
            (Loss::Refused, Some(error)) => {
                let gap = error.gap();
                Gap { place: self.name(job).to_string(), why: format!("{}{part}", gap.why), ..gap }
            }
            (Loss::Loop, _) => Gap::unread(
                &*self.name(job),
                format!("{CALL} leads in a circle: its token for the next page came twice{part}"),
            ),
            (Loss::Empty, _) => {
                Gap::unread(&*self.name(job), format!("{CALL} gives one empty page after the other{part}"))
            }
            (Loss::Refused, None) => Gap::unread(&*self.name(job), format!("{CALL} was not answered{part}")),
        }
    }
}

async fn connect(config: &dyn Configure, place: &Place, timeout: Duration) -> Result<Client, CloudError> {
    let shared = config.config(place).await?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(timeout))
        .operation_attempt_timeout(timeout)
        .build();
    let config = Builder::from(&shared)
        // The sweep repeats, at its own pace: the SDK's retries lose pages and know no buckets (perf.md C).
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Ok(Client::from_conf(config))
}

async fn send(
    client: &Client,
    request: &Request,
    question: &Question,
    place: &Place,
) -> Result<LookupEventsOutput, CloudError> {
    let key = match question.by {
        By::AccessKeyId => LookupAttributeKey::AccessKeyId,
        By::Username => LookupAttributeKey::Username,
        By::ResourceName => LookupAttributeKey::ResourceName,
        By::EventName => LookupAttributeKey::EventName,
    };
    let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(&*question.value).build();
    let second = DateTime::from_secs;
    let call = client
        .lookup_events()
        .lookup_attributes(attribute.map_err(|_| {
            CloudError::new(Refusal::Invalid, CALL, place, None, "the question can't be written")
        })?)
        .start_time(second(request.from))
        .end_time(second(request.to))
        .max_results(PAGE)
        .set_next_token(request.token.clone());
    call.send().await.map_err(|error| failed(CALL, place, error))
}

/// What an error means for the page.
fn meaning(error: &CloudError, request: &Request) -> Answer {
    match error.refusal {
        Refusal::Throttled => Answer::Throttled,
        // Credentials of a role may have run out: the next try gets new ones.
        Refusal::Unreachable | Refusal::Failed | Refusal::SignedOut => Answer::Failed,
        Refusal::Denied | Refusal::Disabled => Answer::Refused,
        Refusal::Invalid if request.token.is_some() && is_about_token(error) => Answer::TokenRefused,
        Refusal::Invalid
        | Refusal::NotFound
        | Refusal::Quota
        | Refusal::Unmodifiable
        | Refusal::Protected
        | Refusal::Conflict => Answer::Invalid,
    }
}

fn is_about_token(error: &CloudError) -> bool {
    error.code.as_deref().is_some_and(|code| code.contains("InvalidNextToken"))
}
