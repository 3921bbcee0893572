//! A CloudTrail on loopback that answers LookupEvents alone: one token bucket per account and region, a latency, and faults
//! on demand. What else is asked (who we are, which regions there are) a test may answer.
//!
//! It knows the wire as documented (JSON 1.1, 50 events a page, newest first, `NextToken` good for the same parameters
//! alone, ThrottlingException above two requests a second per account and region), and nothing of the program. The account
//! is read from the access key that signs, the region from the credential's scope. Used by `tests/it` and `benches/sweep`.

// Tests and bench each use a part of it.
#![allow(dead_code)]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PAGE: usize = 50;
/// How often it is looked whether an answer is still held back.
const HELD: Duration = Duration::from_millis(20);

/// One call as it came.
#[derive(Clone, Debug)]
pub struct Call {
    pub account: String,
    pub region: String,
    pub by: String,
    pub value: String,
    pub from: i64,
    pub to: i64,
    pub token: Option<String>,
    /// How many calls of this account and region came before, refused ones included.
    pub number: u64,
}

/// What to do instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// An error: HTTP status and code.
    Code(u16, &'static str),
    /// The connection is closed without an answer.
    Reset,
    /// No answer, ever.
    BlackHole,
    /// A page without events, and with a token.
    Empty,
    /// A page whose token leads to itself.
    Loop,
}

/// An event: its second, and its record.
#[derive(Clone, Debug)]
pub struct Logged {
    pub at: i64,
    pub record: String,
}

type Fun<T> = Box<dyn Fn(&Call) -> T + Send + Sync>;

pub struct World {
    /// Requests a second and at once, per account and region; none are refused at 0.
    pub rate: f64,
    pub burst: f64,
    pub latency: Fun<Duration>,
    pub fault: Fun<Fault>,
    /// What a question finds, newest first; the range is cut here.
    pub finds: Fun<Vec<Logged>>,
    /// The record of an event, where `finds` gives less than that.
    pub written: Writing,
    /// Whether an answer waits for now.
    pub holds: Fun<bool>,
    /// What is answered to any other call, by head and body.
    pub others: Others,
}

type Others = Box<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

type Writing = Box<dyn Fn(&Call, &Logged) -> String + Send + Sync>;

impl Default for World {
    fn default() -> World {
        World {
            rate: 2.0,
            burst: 2.0,
            latency: Box::new(|_| Duration::ZERO),
            fault: Box::new(|_| Fault::None),
            finds: Box::new(|_| Vec::new()),
            written: Box::new(|_, logged| logged.record.clone()),
            holds: Box::new(|_| false),
            others: Box::new(|_, _| None),
        }
    }
}

#[derive(Default)]
pub struct Counts {
    pub calls: AtomicU64,
    pub pages: AtomicU64,
    pub throttled: AtomicU64,
    pub connections: AtomicU64,
}

#[derive(Default)]
struct Bucket {
    calls: u64,
    tokens: f64,
    at: Option<Instant>,
}

struct Shared {
    world: World,
    counts: Arc<Counts>,
    buckets: Mutex<HashMap<(String, String), Bucket>>,
    calls: Mutex<Vec<Call>>,
    keeps_calls: bool,
}

/// A running server; it ends with this.
pub struct Standin {
    pub url: String,
    pub counts: Arc<Counts>,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

impl Standin {
    pub fn start(world: World) -> Standin {
        Standin::of(world, true)
    }

    /// For so many calls that they are not kept.
    pub fn start_large(world: World) -> Standin {
        Standin::of(world, false)
    }

    fn of(world: World, keeps_calls: bool) -> Standin {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be started");
        let counts = Arc::new(Counts::default());
        let shared = Arc::new(Shared {
            world,
            counts: counts.clone(),
            buckets: Mutex::default(),
            calls: Mutex::default(),
            keeps_calls,
        });
        let listener =
            runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port of loopback is free");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let serving = shared.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.counts.connections.fetch_add(1, Relaxed);
                let serving = serving.clone();
                tokio::spawn(async move {
                    // A client that goes away is no failure of the server.
                    let _ = serve(stream, serving).await;
                });
            }
        });
        Standin { url, counts, shared, _runtime: runtime }
    }

    /// Every call so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer: Vec<u8> = Vec::with_capacity(4096);
    loop {
        let (head, length) = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let length = header(&head, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
                buffer.drain(..end + 4);
                break (head, length);
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        while buffer.len() < length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body: Vec<u8> = buffer.drain(..length).collect();
        match answer(&head, &body, &shared).await {
            Some((status, body)) => {
                let mut page = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                page.push_str(&body);
                stream.write_all(page.as_bytes()).await?;
            }
            None => return Ok(()),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// The status and body; `None` closes the connection.
async fn answer(head: &str, body: &[u8], shared: &Shared) -> Option<(u16, String)> {
    let arrived = Instant::now();
    shared.counts.calls.fetch_add(1, Relaxed);
    let is_lookup = header(head, "x-amz-target").is_some_and(|target| target.ends_with(".LookupEvents"));
    if !is_lookup {
        let answer = (shared.world.others)(head, &String::from_utf8_lossy(body));
        return Some(answer.map_or_else(|| error(400, "UnknownOperationException"), |body| (200, body)));
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let scope = header(head, "authorization")?.split("Credential=").nth(1)?;
    let mut scope = scope.split('/');
    let (key, region) = (scope.next()?, scope.nth(1)?);
    let second = |name: &str| body[name].as_f64().map(|second| second as i64);
    let attribute = &body["LookupAttributes"][0];
    let mut call = Call {
        account: key.trim_start_matches("AKIA").to_owned(),
        region: region.to_owned(),
        by: attribute["AttributeKey"].as_str().unwrap_or_default().to_owned(),
        value: attribute["AttributeValue"].as_str().unwrap_or_default().to_owned(),
        from: second("StartTime").unwrap_or(i64::MIN),
        to: second("EndTime").unwrap_or(i64::MAX),
        token: body["NextToken"].as_str().map(str::to_owned),
        number: 0,
    };
    let is_throttled = {
        let mut buckets = shared.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((call.account.clone(), call.region.clone())).or_default();
        call.number = bucket.calls;
        bucket.calls += 1;
        !take(bucket, arrived, &shared.world)
    };
    if shared.keeps_calls {
        shared.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
    }
    tokio::time::sleep((shared.world.latency)(&call).saturating_sub(arrived.elapsed())).await;
    while (shared.world.holds)(&call) {
        tokio::time::sleep(HELD).await;
    }
    if is_throttled {
        shared.counts.throttled.fetch_add(1, Relaxed);
        return Some(error(400, "ThrottlingException"));
    }
    let page = match (shared.world.fault)(&call) {
        Fault::None => match page(&call, shared) {
            Some(page) => page,
            None => return Some(error(400, "InvalidNextTokenException")),
        },
        Fault::Code(status, code) => return Some(error(status, code)),
        Fault::Reset => return None,
        Fault::BlackHole => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return None;
        }
        Fault::Empty => {
            let next = call
                .token
                .as_deref()
                .and_then(|token| token.strip_prefix("empty-")?.parse().ok())
                .unwrap_or(0);
            json!({"Events": [], "NextToken": format!("empty-{}", next + 1)}).to_string()
        }
        Fault::Loop => json!({"Events": [], "NextToken": "round and round"}).to_string(),
    };
    shared.counts.pages.fetch_add(1, Relaxed);
    Some((200, page))
}

/// Takes a token of a bucket that refills by itself.
fn take(bucket: &mut Bucket, at: Instant, world: &World) -> bool {
    if world.rate == 0.0 {
        return true;
    }
    let passed = bucket.at.map_or(f64::INFINITY, |before| at.saturating_duration_since(before).as_secs_f64());
    bucket.tokens = (bucket.tokens + passed * world.rate).min(world.burst);
    bucket.at = Some(at);
    if bucket.tokens < 1.0 {
        return false;
    }
    bucket.tokens -= 1.0;
    true
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, json!({"__type": code, "message": "as asked for"}).to_string())
}

/// `None` for a token that is not good.
fn page(call: &Call, shared: &Shared) -> Option<String> {
    let mut found = (shared.world.finds)(call);
    found.retain(|one| (call.from..=call.to).contains(&one.at));
    // A token is good for the parameters that it was given for.
    let own = |offset: usize| format!("{}/{}/{}/{}-{offset}", call.by, call.value, call.from, call.to);
    let offset = match &call.token {
        None => 0,
        Some(token) => match token.rsplit_once('-').and_then(|(_, offset)| offset.parse().ok()) {
            Some(offset) if own(offset) == *token => offset,
            Some(_) | None if token.starts_with("empty-") => 0,
            Some(_) | None => return None,
        },
    };
    let mut page = String::with_capacity(if found.is_empty() { 64 } else { 128 * 1024 });
    page.push_str("{\"Events\":[");
    for (place, one) in found.iter().skip(offset).take(PAGE).enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let record = Value::from((shared.world.written)(call, one));
        let _ = write!(
            page,
            "{comma}{{\"EventId\":\"{offset}-{place}\",\"EventTime\":{}.0,\"CloudTrailEvent\":{record}}}",
            one.at
        );
    }
    page.push(']');
    if offset + PAGE < found.len() {
        let _ = write!(page, ",\"NextToken\":{}", Value::from(own(offset + PAGE)));
    }
    page.push('}');
    Some(page)
}

/// A record of a read-only call, as long as real ones.
pub fn record(call: &Call, id: &str, at: i64) -> String {
    let time = triage::model::Time::from_second(at).expect("a second of our time");
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAIOSFODNN7EXAMPLE",
            "arn": format!("arn:aws:iam::{}:user/ci-deploy", call.account),
            "accountId": call.account, "accessKeyId": call.value, "userName": "ci-deploy"
        },
        "eventTime": time.to_string(), "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
        "awsRegion": call.region, "sourceIPAddress": "198.51.100.7",
        "userAgent": "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11 cfg/retry-mode#legacy",
        "requestParameters": {"instancesSet": {}, "filterSet": {"items": [{"name": "instance-state-name",
            "valueSet": {"items": [{"value": "running"}, {"value": "pending"}, {"value": "stopping"}]}}]}},
        "responseElements": null, "requestID": format!("{id}-request"), "eventID": id, "readOnly": true,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": call.account,
        "eventCategory": "Management", "tlsDetails": {"tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "ec2.example.amazonaws.com"}
    })
    .to_string()
}

/// So many events spread evenly over the hours before now, newest first: their ids, for [`written`] to write out.
pub fn spread(call: &Call, count: usize, hours: i64) -> Vec<Logged> {
    let newest = triage::model::Time::now().as_second() / 3600 * 3600;
    let step = (hours * 3600 / count.max(1) as i64).max(1);
    (0..count)
        .map(|place| {
            let at = newest - place as i64 * step;
            Logged { at, record: format!("{}-{}-{place}", call.account, call.region) }
        })
        .collect()
}

/// Writes out an event of [`spread`]: only what a page shows, because the server shares the machine.
pub fn written(call: &Call, logged: &Logged) -> String {
    record(call, &logged.record, logged.at)
}

/// A configuration for one account and region of it, over one client for all.
pub fn config(url: &str) -> impl Fn(&str, &str) -> SdkConfig + Send + Sync + use<> {
    let client = aws_smithy_http_client::Builder::new().build_http();
    let base = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .http_client(client)
        .build();
    move |account, region| {
        let keys = Credentials::new(format!("AKIA{account}"), "not a secret", None, None, "standin");
        base.to_builder()
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .build()
    }
}
