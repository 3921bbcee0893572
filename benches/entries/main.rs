//! How near to Cloud Logging's limit audit logs are read: the real source against a quota per window.
//!
//! ```text
//! cargo bench --features gcp --bench entries
//! TRIAGE_BENCH_PROJECTS=10,100,1000,5000   how many projects (these)
//! ```
//!
//! The server is on loopback, in this process: 60 reads in each window of two seconds, full again at its edge, 80 ms until an
//! answer, 429 for what is one too many. One project in ten has 1,000 entries and the rest none, so that N projects take
//! max(N/100, entries/1000) requests. The bound is the windows that so many requests need, and one answer.
//!
//! Google's window is a minute. In two seconds an answer weighs 30 times as much as there: pages of one filter come one after the
//! other, and the last few of them after the last edge would be half of what is measured. From 1,000 projects on windows are of
//! eight seconds, so that the pacing is measured and not that; the line says which.
//! It prints requests, refusals, entries lost, seconds, the bound, its share, and peak memory. It fails on a wrong answer only:
//! what a shared machine measures is no verdict.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use triage::cloud::gcp::entries::{Entries, Logs};
use triage::cloud::gcp::{Connect, Gcp};
use triage::cloud::{Feed, LogSource, Query, Take};
use triage::model::Gap;
use triage::model::report::CoveredScope;

const LATENCY: Duration = Duration::from_millis(80);
const READS: u64 = 60;
/// A window of so many projects.
fn window(projects: usize) -> Duration {
    Duration::from_secs(if projects < 1000 { 2 } else { 8 })
}

const PAGE: usize = 1000;
const EMAIL: &str = "builder@shop-prod-4821.iam.gserviceaccount.com";

/// Entries of a project.
fn entries(project: usize) -> usize {
    if project % 10 == 7 { 1000 } else { 0 }
}

#[derive(Default)]
struct Server {
    /// Of now, in nanoseconds.
    window: AtomicU64,
    /// Reads by window.
    windows: Mutex<BTreeMap<u128, u64>>,
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Server {
    fn is_one_too_many(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let window = now.as_nanos() / u128::from(self.window.load(Relaxed).max(1));
        let mut windows = self.windows.lock().expect("nobody panics with it");
        let used = windows.entry(window).or_default();
        *used += 1;
        *used > READS
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        loop {
            let mut head = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                if line == "\r\n" {
                    break;
                }
                head += &line;
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            let (status, answer) = self.answer(&head, &body);
            let head = format!(
                "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                answer.len()
            );
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes())).is_err() {
                return;
            }
        }
    }

    fn answer(&self, head: &str, body: &[u8]) -> (u16, String) {
        if head.starts_with("POST /token") {
            return (200, r#"{"access_token":"bench","expires_in":3600,"token_type":"Bearer"}"#.into());
        }
        if !head.starts_with("POST /v2/entries:list") {
            return (200, r#"{"email":"responder@example.com"}"#.into());
        }
        std::thread::sleep(LATENCY);
        if self.is_one_too_many() {
            self.refused.fetch_add(1, Relaxed);
            return (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#.into());
        }
        self.answered.fetch_add(1, Relaxed);
        let asked: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        let logs = asked["resourceNames"].as_array().expect("a list");
        assert!(logs.len() <= 100, "Google takes 100 names");
        let numbers = logs
            .iter()
            .filter_map(|log| log.as_str()?.split('/').nth(1)?.strip_prefix("bench-")?.parse::<usize>().ok());
        let all: Vec<(usize, usize)> =
            numbers.flat_map(|project| (0..entries(project)).map(move |n| (project, n))).collect();
        let from: usize = asked["pageToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let page: Vec<String> =
            all.iter().skip(from).take(PAGE).map(|(project, n)| entry(*project, *n)).collect();
        let next = from + page.len();
        let more = if next < all.len() { format!(r#","nextPageToken":"{next}""#) } else { String::new() };
        (200, format!(r#"{{"entries":[{}]{more}}}"#, page.join(",")))
    }
}

/// As small as an entry can be: what is measured is the asking.
fn entry(project: usize, n: usize) -> String {
    format!(
        r#"{{"insertId":"{project}-{n}","logName":"projects/bench-{project}/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2026-03-14T02:{:02}:{:02}Z","protoPayload":{{"serviceName":"compute.googleapis.com","methodName":"v1.compute.instances.get","authenticationInfo":{{"principalEmail":"{EMAIL}"}}}}}}"#,
        n / 60 % 60,
        n % 60
    )
}

/// Counts what comes.
#[derive(Default)]
struct Count {
    records: AtomicU64,
    gaps: AtomicU64,
    unseen: AtomicU64,
    stop: AtomicBool,
}

impl Take for Count {
    fn part(&self, _input: &str, feed: &mut Feed<'_>) {
        let gaps: Vec<Gap> = feed(&mut |_| {
            self.records.fetch_add(1, Relaxed);
            ControlFlow::Continue(())
        });
        self.gaps.fetch_add(gaps.len() as u64, Relaxed);
    }

    fn covered(&self, scope: CoveredScope) {
        self.unseen.fetch_add(u64::from(!scope.seen), Relaxed);
    }

    fn ended(&self) {}

    fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }
}

/// Peak memory in MB, where the system says.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server: &'static Server = Box::leak(Box::default());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || server.serve(stream));
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("adc.json");
    let adc = serde_json::json!({
        "type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x", "token_uri": format!("{url}/token"),
    });
    std::fs::write(&file, adc.to_string()).expect("a file");
    let env = [
        ("GOOGLE_APPLICATION_CREDENTIALS", file.to_string_lossy().into_owned()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING", url.clone()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_OAUTH2", url),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let connect = Connect {
        case: "bench".into(),
        env: env.map(|(name, value)| (name.to_owned(), value)).into(),
        ..Connect::default()
    };
    let gcp = Arc::new(runtime.block_on(Gcp::connect(connect)).unwrap_or_else(|error| panic!("{error}")));
    let given = std::env::var("TRIAGE_BENCH_PROJECTS").unwrap_or_else(|_| "10,100,1000,5000".into());
    println!(
        "{:>8} {:>6} {:>9} {:>8} {:>9} {:>6} {:>8} {:>8} {:>6} {:>7}",
        "projects",
        "window",
        "requests",
        "refused",
        "entries",
        "lost",
        "seconds",
        "bound",
        "share",
        "peak MB"
    );
    for projects in given.split(',').filter_map(|count| count.trim().parse::<usize>().ok()) {
        one(&gcp, runtime.handle(), server, projects);
    }
}

fn one(gcp: &Arc<Gcp>, runtime: &tokio::runtime::Handle, server: &Server, projects: usize) {
    let ids: Vec<Arc<str>> = (0..projects).map(|number| format!("bench-{number}").into()).collect();
    let wanted: usize = (0..projects).map(entries).sum();
    let requests: u64 = (0..projects)
        .collect::<Vec<_>>()
        .chunks(100)
        .map(|some| some.iter().map(|n| entries(*n)).sum::<usize>().div_ceil(PAGE).max(1) as u64)
        .sum();
    let window = window(projects);
    server.window.store(window.as_nanos() as u64, Relaxed);
    server.windows.lock().expect("nobody panics with it").clear();
    let source = Entries::new(gcp.clone(), runtime.clone(), Logs { projects: ids, ..Logs::default() })
        .with_rate(READS as u32, window);
    // Each run begins with a full window.
    let into =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() % window.as_nanos();
    std::thread::sleep(window - Duration::from_nanos(into as u64) + Duration::from_millis(35));
    let (answered, refused) = (server.answered.load(Relaxed), server.refused.load(Relaxed));
    let query = Query { ids: vec![EMAIL.into()], ..Query::default() };
    let count = Count::default();
    let began = Instant::now();
    source.drive(&query, &source.shards(&query), &count);
    let took = began.elapsed().as_secs_f64();
    let (answered, refused) =
        (server.answered.load(Relaxed) - answered, server.refused.load(Relaxed) - refused);
    let lost = wanted as u64 - count.records.load(Relaxed);
    // The longest chain of pages, or the windows that all of them need, and one answer.
    let chain = (0..projects.min(100)).map(entries).sum::<usize>().div_ceil(PAGE).max(1) as f64
        * LATENCY.as_secs_f64();
    let windows = (requests - 1) / READS;
    let bound = (windows as f64 * window.as_secs_f64() + LATENCY.as_secs_f64()).max(chain);
    println!(
        "{projects:>8} {:>4} s {answered:>9} {refused:>8} {:>9} {lost:>6} {took:>8.2} {bound:>8.2} {:>6.2} {:>7}",
        window.as_secs(),
        count.records.load(Relaxed),
        bound / took,
        peak()
    );
    assert_eq!((lost, count.gaps.load(Relaxed), count.unseen.load(Relaxed)), (0, 0, 0), "nothing is lost");
    assert_eq!(answered, requests, "no request more than it takes");
}
