//! How near to CloudTrail's limit the event history is read: the real source against a token bucket per account and region.
//!
//! ```text
//! cargo bench --features aws --bench sweep
//! TRIAGE_BENCH_ACCOUNTS=1,10,100,1000   how many accounts (these)
//! TRIAGE_BENCH_SLOWED=4                 every clock so many times slower (1; 4 from 1,000 accounts on)
//! ```
//!
//! The server is on loopback, in a process of its own: two requests a second and a burst of two per account and region, 80 ms
//! until an answer. 1 and 10 accounts: 17 regions of 10 pages each. From 100 on nearly all are quiet, one account in a
//! hundred has 20 pages in one region. A last run has a region that takes 1.5 s for an answer, with 20 pages.
//!
//! 17,000 places at once are a matter of CPU on a small machine, on which the server runs, too: there the server's clock and
//! the pacing run slower by the same factor, so that the pacing is measured and not the machine. The line says so; with
//! `TRIAGE_BENCH_SLOWED=1` the same runs at full speed.
//!
//! The bound is what pages cost at two a second after the burst, and one answer; with more requests than may be under
//! way also the time that these take. It prints requests, refusals, regions lost, seconds, the bound, its share, and peak
//! memory. It fails on a wrong answer only: what a shared machine measures is no verdict.

#[path = "../../tests/standin/lookup.rs"]
mod lookup;

use lookup::{Call, Standin, World, spread};
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use triage::cloud::aws::lookup_events::EventHistory;
use triage::cloud::pace::Rate;
use triage::cloud::sweep::Limits;
use triage::cloud::{Ask, By, CloudError, Feed, LogSource, Query, Take};
use triage::model::report::CoveredScope;
use triage::model::{Gap, Place};

const REGIONS: [&str; 17] = triage::analyze::coverage::AWS_DEFAULT_REGIONS;
const LATENCY: f64 = 0.080;
const SLOW: f64 = 1.5;
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// What is in the logs, told to the server by its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Load {
    /// Ten pages in each region.
    Full,
    /// Nothing, but twenty pages in one region of each hundredth account.
    Quiet,
    /// Twenty pages in one slow region.
    Slow,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Load::Full => "full",
            Load::Quiet => "quiet",
            Load::Slow => "slow",
        }
    }

    fn pages(self, account: usize, region: &str) -> usize {
        match self {
            Load::Full => 10,
            Load::Quiet if account % 100 == 37 && region == "eu-west-3" => 20,
            Load::Slow if region == "us-east-1" => 20,
            Load::Quiet | Load::Slow => 0,
        }
    }
}

/// `100000000037`: the 37th.
fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number)
}

fn number(account: &str) -> usize {
    account.parse::<usize>().map_or(0, |account| account - 100_000_000_000)
}

/// How many times slower every clock runs for so many accounts.
fn slowed(accounts: usize) -> f64 {
    let asked = std::env::var("TRIAGE_BENCH_SLOWED").ok().map(|text| text.parse().expect("a number"));
    asked.unwrap_or(if accounts < 1000 { 1.0 } else { 4.0 })
}

/// Requests under way at once: as many as files may be open, with some to spare.
fn in_flight() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files: usize = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(256);
    files.saturating_sub(100).clamp(64, Limits::default().in_flight)
}

fn limits(slowed: f64) -> Limits {
    let usual = Limits { in_flight: in_flight(), ..Limits::default() };
    let rate = Rate { per_second: usual.rate.per_second / slowed, ..usual.rate };
    Limits { rate, ..usual }
}

fn serve(load: Load, slowed: f64) {
    let finds = move |call: &Call| spread(call, load.pages(number(&call.account), &call.region) * 50, 24);
    let latency = move |call: &Call| {
        let slow = load == Load::Slow && call.region == "us-east-1";
        Duration::from_secs_f64(slowed * if slow { SLOW } else { LATENCY })
    };
    let usual = World::default();
    let standin = Standin::start_large(World {
        rate: usual.rate / slowed,
        finds: Box::new(finds),
        latency: Box::new(latency),
        written: Box::new(lookup::written),
        ..usual
    });
    println!("{}", standin.url);
    // Until whoever started it has read enough.
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {
        let counts = &standin.counts;
        let [calls, pages, throttled, connections] =
            [&counts.calls, &counts.pages, &counts.throttled, &counts.connections].map(|n| n.load(Relaxed));
        println!("{calls} {pages} {throttled} {connections}");
        line.clear();
    }
}

struct Server(Child, BufReader<std::process::ChildStdout>);

impl Server {
    fn start(load: Load, slowed: f64) -> (Server, String) {
        let own = std::env::current_exe().expect("a running program has a path");
        let mut child = Command::new(own)
            .args(["--serve", load.name(), &slowed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bench can start itself");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut url = String::new();
        out.read_line(&mut url).expect("the server says where it is");
        (Server(child, out), url.trim().to_owned())
    }

    fn counts(mut self) -> [u64; 4] {
        use std::io::Write;
        let mut stdin = self.0.stdin.take().expect("it is piped");
        stdin.write_all(b"counts\n").expect("the server reads");
        let mut line = String::new();
        self.1.read_line(&mut line).expect("the server answers");
        drop(stdin);
        self.0.wait().expect("the server ends");
        let mut counts = line.split_whitespace().map(|n| n.parse().expect("a number"));
        std::array::from_fn(|_| counts.next().expect("four numbers"))
    }
}

#[derive(Default)]
struct Taken {
    records: AtomicU64,
    gaps: Mutex<Vec<Gap>>,
    unseen: AtomicU64,
}

impl Take for Taken {
    fn part(&self, _: &str, feed: &mut Feed<'_>) {
        let gaps = feed(&mut |_| {
            self.records.fetch_add(1, Relaxed);
            ControlFlow::Continue(())
        });
        self.gaps.lock().unwrap().extend(gaps);
    }

    fn covered(&self, scope: CoveredScope) {
        self.unseen.fetch_add(u64::from(!scope.seen), Relaxed);
    }

    fn ended(&self) {}

    fn is_stopped(&self) -> bool {
        false
    }
}

fn sweep(accounts: usize, load: Load) {
    let slowed = slowed(accounts);
    let limits = limits(slowed);
    let (server, url) = Server::start(load, slowed);
    let config = lookup::config(&url);
    let config = move |at: &Place| Ok::<_, CloudError>(config(&at.account, &at.region));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let regions: Vec<Arc<str>> = REGIONS.iter().map(|region| (*region).into()).collect();
    let places = (0..accounts).map(|number| (account(number).into(), regions.clone())).collect();
    let source = EventHistory::new(Arc::new(config), runtime.handle().clone(), places)
        .with_limits(limits, Duration::from_secs(60));
    let ask = Ask { by: By::AccessKeyId, value: KEY.into(), account: None, of: None, within: None };
    let query = Query { asks: vec![ask], ..Query::default() };
    let taken = Taken::default();
    let shards = source.shards(&query);
    let (began, cpu) = (Instant::now(), cpu_seconds());
    source.drive(&query, &shards, &taken);
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let [calls, _, throttled, connections] = server.counts();
    let pages: Vec<usize> =
        (0..accounts).flat_map(|n| REGIONS.map(|region| load.pages(n, region).max(1))).collect();
    let least: usize = pages.iter().sum();
    let worst = pages.iter().max().copied().unwrap_or_default();
    let latency = slowed * if load == Load::Slow { SLOW } else { LATENCY };
    // Which bucket is heavy shows only when it has answered: all must be asked first.
    let probes = (shards.len() as f64 / limits.in_flight as f64 - 1.0).max(0.0) * slowed * LATENCY;
    let bound =
        worst.saturating_sub(limits.rate.burst as usize) as f64 / limits.rate.per_second + latency + probes;
    let expected: usize = (0..accounts).flat_map(|n| REGIONS.map(|region| load.pages(n, region) * 50)).sum();
    let gaps = taken.gaps.into_inner().unwrap();
    println!(
        "{accounts:5} x 17 {:5}{}: {calls:6} requests ({least} pages), {throttled:3} throttled, {} lost, {connections:4} connections, {seconds:6.2} s, bound {bound:5.2} s: {:.3}; {cpu:.1} s of CPU, peak {:.0} MB",
        load.name(),
        if slowed == 1.0 { String::new() } else { format!(", every clock {slowed} times slower") },
        taken.unseen.load(Relaxed),
        bound / seconds,
        peak_mb(),
    );
    assert_eq!(gaps, [], "nothing is lost");
    let records = taken.records.load(Relaxed) as usize;
    assert!(records >= expected && calls as usize >= least, "{records} of {expected} records");
}

fn status(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Not known on every system.
fn peak_mb() -> f64 {
    status("VmHWM:").unwrap_or(f64::NAN) / 1024.0
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(load) = args.iter().position(|arg| arg == "--serve").and_then(|at| args.get(at + 1)) {
        let load = [Load::Full, Load::Quiet, Load::Slow].into_iter().find(|one| one.name() == load);
        let slowed = args.last().and_then(|text| text.parse().ok()).expect("how slow");
        return serve(load.expect("a load that is known"), slowed);
    }
    // `cargo test --all-targets` runs benches with `--test`: then a glance is enough.
    let is_test = args.iter().any(|arg| arg == "--test");
    let accounts = std::env::var("TRIAGE_BENCH_ACCOUNTS")
        .unwrap_or_else(|_| if is_test { "1".into() } else { "1,10,100,1000".into() });
    for accounts in accounts.split(',').map(|text| text.parse().expect("a number")) {
        sweep(accounts, if accounts < 100 { Load::Full } else { Load::Quiet });
    }
    if !is_test {
        sweep(1, Load::Slow);
    }
}
