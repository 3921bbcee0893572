//! Asking event histories: nothing lost and the right gap, whatever the other side does.

use crate::lookup::{self, Call, Fault, Standin, World, spread};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use triage::cloud::aws::lookup_events::EventHistory;
use triage::cloud::pace::Rate;
use triage::cloud::sweep::Limits;
use triage::cloud::{Ask, By, CloudError, Feed, LogSource, Query, Take};
use triage::model::gap::GapKind;
use triage::model::report::CoveredScope;
use triage::model::{Gap, Place};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const A: &str = "111122223333";
const B: &str = "444455556666";
const TIMEOUT: Duration = Duration::from_secs(2);

/// Fast enough for a test: a hundred requests a second.
const RATE: f64 = 100.0;

fn limits() -> Limits {
    Limits {
        rate: Rate { per_second: RATE, burst: 2.0 },
        patience: 3.0,
        tries: 3,
        slices: 1,
        ..Limits::default()
    }
}

fn world(finds: usize) -> World {
    World {
        // Twice what is asked for, so that a slow machine throttles nobody.
        rate: RATE * 2.0,
        burst: 4.0,
        finds: Box::new(
            move |call| if call.by == "AccessKeyId" { spread(call, finds, 24) } else { Vec::new() },
        ),
        written: Box::new(lookup::written),
        ..World::default()
    }
}

#[derive(Default)]
struct Taken {
    records: Mutex<Vec<String>>,
    gaps: Mutex<Vec<Gap>>,
    scopes: Mutex<Vec<CoveredScope>>,
    ended: AtomicU64,
    /// Who was asked, and how they ended.
    asked: Mutex<BTreeSet<Arc<str>>>,
    done: Mutex<BTreeMap<String, bool>>,
    stop: AtomicBool,
}

impl Take for Taken {
    fn part(&self, _: &str, feed: &mut Feed<'_>) {
        let gaps = feed(&mut |raw| {
            self.records.lock().unwrap().push(String::from_utf8(raw.bytes.to_vec()).unwrap());
            ControlFlow::Continue(())
        });
        self.gaps.lock().unwrap().extend(gaps);
    }

    fn covered(&self, scope: CoveredScope) {
        self.scopes.lock().unwrap().push(scope);
    }

    fn ended(&self) {
        self.ended.fetch_add(1, Relaxed);
    }

    fn asks(&self, what: &'static str, who: BTreeSet<Arc<str>>) {
        assert_eq!(what, "regions");
        *self.asked.lock().unwrap() = who;
    }

    fn done(&self, who: &str, has_answered: bool) {
        assert!(self.asked.lock().unwrap().contains(who), "{who} was not asked");
        let before = self.done.lock().unwrap().insert(who.to_owned(), has_answered);
        assert_eq!(before, None, "{who} ends once");
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }
}

impl Taken {
    fn ids(&self) -> BTreeSet<String> {
        let records = self.records.lock().unwrap();
        let id = |record: &String| {
            let record: serde_json::Value = serde_json::from_str(record).unwrap();
            record["eventID"].as_str().unwrap().to_owned()
        };
        records.iter().map(id).collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let mut gaps = self.gaps.lock().unwrap().clone();
        gaps.sort();
        gaps.dedup();
        gaps
    }

    fn seen(&self) -> BTreeMap<String, bool> {
        let scopes = self.scopes.lock().unwrap();
        scopes.iter().map(|scope| (format!("{} {}", scope.account, scope.region), scope.seen)).collect()
    }
}

struct Asking {
    standin: Standin,
    source: EventHistory,
    // Dropped last: the source's tasks run on it.
    _runtime: tokio::runtime::Runtime,
}

fn places(accounts: &[&str], regions: &[&str]) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
    let regions: Vec<Arc<str>> = regions.iter().map(|region| (*region).into()).collect();
    accounts.iter().map(|account| ((*account).into(), regions.clone())).collect()
}

impl Asking {
    fn of(world: World, accounts: &[&str], regions: &[&str]) -> Asking {
        let standin = Standin::start(world);
        let config = lookup::config(&standin.url);
        let config = move |at: &Place| Ok::<_, CloudError>(config(&at.account, &at.region));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let source = EventHistory::new(Arc::new(config), runtime.handle().clone(), places(accounts, regions));
        Asking { standin, source: source.with_limits(limits(), TIMEOUT), _runtime: runtime }
    }

    fn ask(&self, asks: &[Ask]) -> Taken {
        let query = Query { asks: asks.to_vec(), ..Query::default() };
        let taken = Taken::default();
        let shards = self.source.shards(&query);
        self.source.drive(&query, &shards, &taken);
        assert_eq!(taken.ended.load(Relaxed), shards.len() as u64, "each shard ends, and once");
        let asked: BTreeSet<String> = taken.asked.lock().unwrap().iter().map(ToString::to_string).collect();
        assert!(asked.iter().eq(taken.done.lock().unwrap().keys()), "and so does each that was asked");
        taken
    }
}

fn ask(by: By, value: &str) -> Ask {
    Ask { by, value: value.into(), account: None, of: None, within: None }
}

fn key() -> Ask {
    ask(By::AccessKeyId, KEY)
}

fn all(accounts: &[&str], regions: &[&str], each: usize) -> BTreeSet<String> {
    let each = |account: &str, region: &str| {
        (0..each).map(|place| format!("{account}-{region}-{place}")).collect::<Vec<_>>()
    };
    accounts.iter().flat_map(|account| regions.iter().flat_map(move |region| each(account, region))).collect()
}

#[test]
fn every_page_of_every_region_is_taken_once_and_as_it_was_received() {
    let regions = ["us-east-1", "eu-west-3", "sa-east-1"];
    let asking = Asking::of(world(230), &[A, B], &regions);
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.gaps(), []);
    assert_eq!(taken.ids(), all(&[A, B], &regions, 230));
    assert_eq!(asking.standin.counts.calls.load(Relaxed), 6 * 5, "five pages each, and no more");
    assert_eq!(asking.standin.counts.throttled.load(Relaxed), 0);
    let example = Call {
        account: A.into(),
        region: "eu-west-3".into(),
        value: KEY.into(),
        ..asking.standin.calls()[0].clone()
    };
    let first = spread(&example, 230, 24).swap_remove(0);
    assert!(taken.records.lock().unwrap().contains(&lookup::written(&example, &first)), "to the byte");
    // What was answered is not asked again, what is new is.
    assert!(asking.source.shards(&Query { asks: vec![key()], ..Query::default() }).is_empty());
    assert!(asking.source.add(places(&["777788889999"], &["us-east-1"])));
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.ids(), all(&["777788889999"], &["us-east-1"], 230));
}

#[test]
fn a_quiet_region_is_seen_and_one_that_refuses_is_not() {
    let world = World {
        fault: Box::new(|call| match &*call.region {
            "eu-west-3" => Fault::Code(400, "AccessDeniedException"),
            "me-south-1" => Fault::Code(400, "UnrecognizedClientException"),
            _ => Fault::None,
        }),
        ..world(0)
    };
    let asking = Asking::of(world, &[A], &["us-east-1", "eu-west-3", "me-south-1"]);
    let taken = asking.ask(&[key(), ask(By::ResourceName, KEY), ask(By::Username, "ci-deploy")]);
    let seen = |region: &str| taken.seen()[&format!("{A} {region}")];
    assert_eq!((seen("us-east-1"), seen("eu-west-3"), seen("me-south-1")), (true, false, false));
    let done = taken.done.lock().unwrap().clone();
    let answered = |region: &str| done[&format!("{region} of {A}")];
    assert_eq!((answered("us-east-1"), answered("eu-west-3"), answered("me-south-1")), (true, false, false));
    let gaps = taken.gaps();
    let told: Vec<_> = gaps.iter().map(|gap| (gap.kind, &*gap.place)).collect();
    assert_eq!(
        told,
        [(GapKind::Denied, "eu-west-3 of 111122223333"), (GapKind::Denied, "me-south-1 of 111122223333")],
        "{gaps:?}"
    );
    assert!(gaps[0].why.contains("cloudtrail:LookupEvents"), "{gaps:?}");
    // A refusal is asked for again by nobody: at most what was under way.
    let denied = asking.standin.calls().iter().filter(|call| call.region == "eu-west-3").count();
    assert!(denied <= 3, "{denied}");
}

#[test]
fn a_storm_of_throttles_loses_nothing() {
    let world = World {
        // Three of four calls are one too many, whatever the pace.
        fault: Box::new(|call| {
            if call.number % 4 == 3 { Fault::None } else { Fault::Code(400, "ThrottlingException") }
        }),
        ..world(120)
    };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.gaps(), []);
    assert_eq!(taken.ids(), all(&[A], &["us-east-1"], 120));
}

#[test]
fn who_is_always_throttled_is_named_and_others_are_not_held_up() {
    let world = World {
        fault: Box::new(|call| match &*call.region {
            "us-east-1" => Fault::Code(400, "ThrottlingException"),
            _ => Fault::None,
        }),
        ..world(60)
    };
    let asking = Asking::of(world, &[A], &["us-east-1", "eu-west-3"]);
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.ids(), all(&[A], &["eu-west-3"], 60));
    let gaps = taken.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].kind, GapKind::Unread);
    assert!(gaps[0].place.contains("us-east-1 of 111122223333, AccessKeyId AKIA"), "{gaps:?}");
    assert!(gaps[0].why.contains("too many requests"), "{gaps:?}");
}

#[test]
fn what_fails_now_and_then_is_asked_again() {
    for fault in [Fault::Reset, Fault::Code(500, "InternalFailure"), Fault::BlackHole] {
        let world = World {
            fault: Box::new(move |call| if call.number % 3 == 1 { fault } else { Fault::None }),
            ..world(120)
        };
        let asking = Asking::of(world, &[A], &["us-east-1"]);
        let taken = asking.ask(&[key()]);
        assert_eq!(taken.gaps(), [], "{fault:?}");
        assert_eq!(taken.ids(), all(&[A], &["us-east-1"], 120), "{fault:?}");
    }
}

#[test]
fn a_region_that_never_answers_is_a_gap_and_no_other_region_waits_for_it() {
    for fault in [Fault::Reset, Fault::Code(503, "ServiceUnavailable"), Fault::BlackHole] {
        let world = World {
            fault: Box::new(move |call| if call.region == "sa-east-1" { fault } else { Fault::None }),
            ..world(60)
        };
        let asking = Asking::of(world, &[A], &["sa-east-1", "eu-west-3"]);
        let taken = asking.ask(&[key(), ask(By::Username, "ci-deploy")]);
        assert_eq!(taken.ids(), all(&[A], &["eu-west-3"], 60));
        let gaps = taken.gaps();
        assert!(
            !gaps.is_empty() && gaps.iter().all(|gap| gap.place.contains("sa-east-1 of 111122223333")),
            "{gaps:?}"
        );
        assert!(!taken.seen()[&format!("{A} sa-east-1")]);
    }
}

#[test]
fn a_failure_in_the_middle_says_what_was_not_seen() {
    let world = World {
        fault: Box::new(
            |call| if call.token.is_some() { Fault::Code(500, "InternalFailure") } else { Fault::None },
        ),
        ..world(120)
    };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.ids().len(), 50, "what came is kept");
    let gaps = taken.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].why.contains("what happened between"), "{gaps:?}");
}

#[test]
fn a_token_that_comes_back_ends_and_is_a_gap() {
    let world = World { fault: Box::new(|_| Fault::Loop), ..world(0) };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let taken = asking.ask(&[key()]);
    let gaps = taken.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].why.contains("in a circle") && gaps[0].kind == GapKind::Unread, "{gaps:?}");
    assert_eq!(asking.standin.calls().len(), 2);
}

#[test]
fn an_empty_page_with_a_token_is_not_the_end() {
    let world = World {
        fault: Box::new(|call| if call.number < 5 { Fault::Empty } else { Fault::None }),
        ..world(60)
    };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.gaps(), []);
    assert_eq!(taken.ids(), all(&[A], &["us-east-1"], 60));
}

#[test]
fn a_slow_region_is_asked_in_slices_and_each_event_is_there() {
    let slow = Limits { rate: Rate { per_second: 20.0, burst: 2.0 }, slices: 16, ..limits() };
    let world = World { latency: Box::new(|_| Duration::from_millis(250)), ..world(600) };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let Asking { standin, source, _runtime } = asking;
    let asking = Asking { standin, source: source.with_limits(slow, TIMEOUT), _runtime };
    let taken = asking.ask(&[key()]);
    assert_eq!(taken.gaps(), []);
    assert_eq!(taken.ids(), all(&[A], &["us-east-1"], 600));
    let calls = asking.standin.calls();
    let ranges: BTreeSet<_> = calls.iter().map(|call| (call.from, call.to)).collect();
    assert!(ranges.len() > 1, "one chain of 12 pages was followed");
    assert!(calls.len() <= 36, "{} calls for 12 pages", calls.len());
}

#[test]
fn an_account_that_is_not_in_reach_is_a_gap() {
    let asking = Asking::of(world(1), &[A], &["us-east-1"]);
    let there = Ask { account: Some(B.into()), ..key() };
    let taken = asking.ask(&[there]);
    assert_eq!(taken.ids().len(), 0);
    let left = asking.source.left();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].kind, &*left[0].place), (GapKind::NotFollowed, B));
    assert!(left[0].why.contains(KEY), "{left:?}");
}

#[test]
fn a_window_older_than_the_history_is_a_gap() {
    let asking = Asking::of(world(1), &[A], &["us-east-1"]);
    let since = triage::model::time::parse("2020-01-01T00:00:00Z");
    let query = Query { asks: vec![key()], since, ..Query::default() };
    let taken = Taken::default();
    asking.source.drive(&query, &asking.source.shards(&query), &taken);
    assert_eq!(taken.ids().len(), 1);
    let gaps = taken.gaps();
    assert_eq!(gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Retention], "{gaps:?}");
}

#[test]
fn who_stops_does_not_wait_for_answers() {
    let world = World { fault: Box::new(|_| Fault::BlackHole), ..world(1) };
    let asking = Asking::of(world, &[A], &["us-east-1"]);
    let taken = Taken::default();
    taken.stop.store(true, Relaxed);
    let began = std::time::Instant::now();
    let query = Query { asks: vec![key()], ..Query::default() };
    asking.source.drive(&query, &asking.source.shards(&query), &taken);
    assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
    assert!(taken.seen().is_empty(), "nothing is claimed");
}

mod chain;
