//! Pacing and slicing with a virtual clock against a token bucket: how near to the limit, how often refused, what is lost.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use triage::cloud::pace::{Pacer, Rate};
use triage::cloud::sweep::{Answer, Job, Limits, Loss, Next, Request, Spot, Sweep, Verdict, slices};

/// The server's side of one bucket: its own clock, tokens and latencies.
struct Server {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: f64,
}

impl Server {
    fn takes(&mut self, at: f64) -> bool {
        self.tokens = (self.tokens + (at - self.at) * self.rate).min(self.burst);
        self.at = at;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// What a simulated sweep did.
#[derive(Default)]
struct Done {
    seconds: f64,
    calls: u64,
    throttled: u64,
    /// Per bucket and second the events that were shown.
    seen: BTreeMap<usize, BTreeSet<i64>>,
    lost: Vec<(usize, Loss, i64, i64)>,
    done: usize,
    most_in_flight: usize,
}

/// A request, when it was sent, when its answer is back, and what that is, where it is no page.
type Flight = (Box<Request>, f64, f64, Option<Answer>);

/// A world of buckets with events at these seconds each.
struct Sim {
    limits: Limits,
    server: Rate,
    /// Way there, and the whole time until the answer is back, by number of the call.
    there: fn(u64) -> f64,
    rtt: fn(u64) -> f64,
    regions: usize,
    /// Of what is asked for.
    from: i64,
    events: Vec<Vec<i64>>,
    /// What to do instead, by number of the call in the bucket.
    fault: fn(u64) -> Option<Answer>,
}

const DAY: i64 = 86_400;

impl Sim {
    fn of(buckets: usize, pages: usize) -> Sim {
        let count = pages * 50;
        let events = (0..count as i64).map(|place| DAY * place / count as i64).collect::<Vec<_>>();
        Sim {
            limits: Limits::default(),
            server: Rate { per_second: 2.0, burst: 2.0 },
            there: |_| 0.02,
            rtt: |_| 0.08,
            regions: 17,
            from: 0,
            events: vec![events; buckets],
            fault: |_| None,
        }
    }

    fn run(&self) -> Done {
        let count = self.events.len();
        let spot = |bucket| Spot { region: bucket % self.regions, rank: 0, is_doubtful: false };
        let buckets: Vec<Spot> = (0..count).map(spot).collect();
        let jobs: Vec<Job> = (0..count).map(|bucket| Job { bucket, from: self.from, to: DAY }).collect();
        let mut sweep = Sweep::new(self.limits, &buckets, &jobs, 7);
        let new = || Server {
            rate: self.server.per_second,
            burst: self.server.burst,
            tokens: self.server.burst,
            at: 0.0,
        };
        let mut servers: Vec<Server> = (0..count).map(|_| new()).collect();
        let mut numbers = vec![0u64; count];
        // Arrivals must reach the servers in their own order: (time, what).
        let mut arrivals: BinaryHeap<std::cmp::Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut answers: BinaryHeap<std::cmp::Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut under_way: Vec<Option<Flight>> = Vec::new();
        let (mut now, mut done) = (0.0_f64, Done::default());
        let micros = |at: f64| (at * 1e6) as u64;
        for _ in 0..5_000_000 {
            let next = sweep.next(now);
            let until = match next {
                Next::Over => {
                    done.seconds = now;
                    return done;
                }
                Next::Send(request) => {
                    done.calls += 1;
                    let number = numbers[request.bucket];
                    numbers[request.bucket] += 1;
                    arrivals.push(std::cmp::Reverse((micros(now + (self.there)(number)), under_way.len())));
                    under_way.push(Some((request, now, now + (self.rtt)(number), (self.fault)(number))));
                    let flying = under_way.iter().flatten().count();
                    done.most_in_flight = done.most_in_flight.max(flying);
                    continue;
                }
                Next::Wait(until) => until,
                Next::Hold => f64::INFINITY,
            };
            let arrival = arrivals.peek().map_or(f64::INFINITY, |one| one.0.0 as f64 / 1e6);
            let answer = answers.peek().map_or(f64::INFINITY, |one| one.0.0 as f64 / 1e6);
            assert!(until.min(arrival).min(answer).is_finite(), "it waits for nothing");
            now = now.max(until.min(arrival).min(answer));
            if arrival <= now {
                let std::cmp::Reverse((at, which)) = arrivals.pop().unwrap();
                let (request, _, back, answer) = under_way[which].as_mut().unwrap();
                if !servers[request.bucket].takes(at as f64 / 1e6) {
                    done.throttled += 1;
                    *answer = Some(Answer::Throttled);
                }
                answers.push(std::cmp::Reverse((micros(*back), which)));
            } else if answer <= now {
                let std::cmp::Reverse((_, which)) = answers.pop().unwrap();
                let (request, sent, _, answer) = under_way[which].take().unwrap();
                let (bucket, job) = (request.bucket, request.job);
                let answer = answer.unwrap_or_else(|| self.page(&request, &mut done));
                match sweep.answered(*request, answer, sent, now) {
                    Verdict::Going => {}
                    Verdict::Done => done.done += 1,
                    Verdict::Lost { why, from, to, .. } => done.lost.push((job, why, from, to)),
                }
                done.lost.extend(
                    sweep.closed().into_iter().map(|(job, from, to, _)| (job, Loss::Refused, from, to)),
                );
                assert_eq!(bucket, job);
            }
        }
        panic!("it does not end");
    }

    fn page(&self, request: &Request, done: &mut Done) -> Answer {
        let range = request.from..=request.to;
        let found: Vec<i64> =
            self.events[request.bucket].iter().rev().copied().filter(|at| range.contains(at)).collect();
        let offset: usize = request.token.as_ref().map_or(0, |token| token.parse().unwrap());
        let page: Vec<i64> = found.iter().copied().skip(offset).take(50).collect();
        done.seen.entry(request.bucket).or_default().extend(&page);
        let more = (offset + 50 < found.len()).then(|| (offset + 50).to_string());
        Answer::Page { more, oldest: page.last().copied() }
    }

    /// Everything was seen, and nothing was lost.
    fn check(&self) -> Done {
        let done = self.run();
        assert_eq!(done.lost, []);
        assert_eq!(done.done, self.events.len());
        for (bucket, events) in self.events.iter().enumerate() {
            let seen = done.seen.get(&bucket).map_or(0, BTreeSet::len);
            assert_eq!(seen, events.iter().collect::<BTreeSet<_>>().len(), "bucket {bucket}");
        }
        done
    }
}

/// The least that pages take at two a second with a burst of two (perf.md C).
fn bound(pages: f64, rtt: f64) -> f64 {
    (pages - 2.0).max(0.0) / 2.0 + rtt
}

#[test]
fn steady_pages_come_at_the_limit_and_none_is_refused() {
    for (buckets, pages) in [(17, 10), (170, 10), (1, 100), (3, 40)] {
        let done = Sim::of(buckets, pages).check();
        let ratio = bound(pages as f64, 0.08) / done.seconds;
        assert!(ratio >= 0.99, "{buckets} x {pages}: {ratio:.3}");
        assert_eq!(done.throttled, 0, "{buckets} x {pages}");
        assert_eq!(done.calls, (buckets * pages) as u64);
    }
}

#[test]
fn uneven_ways_cost_a_twentieth_at_most() {
    type Way = fn(u64) -> f64;
    let cases: [(&str, Way, Way); 3] = [
        // Up to 50 ms late on the way there.
        ("jitter there", |n| 0.02 + (n * 7 % 11) as f64 * 0.005, |n| 0.08 + (n * 7 % 11) as f64 * 0.005),
        ("jitter back", |_| 0.02, |n| 0.08 + (n * 7 % 11) as f64 * 0.02),
        // The first call opens a connection.
        ("first is slow", |n| if n == 0 { 0.1 } else { 0.02 }, |n| if n == 0 { 0.2 } else { 0.08 }),
    ];
    for (name, there, rtt) in cases {
        let done = Sim { there, rtt, ..Sim::of(34, 20) }.check();
        let ratio = bound(20.0, 0.08) / done.seconds;
        assert!(ratio >= 0.95, "{name}: {ratio:.3}");
        // One at most while a bucket is learned, never again.
        assert!(done.throttled <= 34, "{name}: {}", done.throttled);
    }
}

#[test]
fn a_smaller_burst_than_assumed_is_learned_from_a_few_refusals() {
    let server = Rate { per_second: 2.0, burst: 1.0 };
    let done = Sim { server, ..Sim::of(17, 40) }.check();
    assert!(done.seconds <= (39.0 / 2.0 + 0.08) / 0.95, "{}", done.seconds);
    assert!(done.throttled <= 17 * 6, "{}", done.throttled);
}

#[test]
fn a_bucket_that_others_use_too_is_shared_and_never_given_up() {
    // Half of the rate is someone else's.
    let server = Rate { per_second: 1.0, burst: 2.0 };
    let done = Sim { server, ..Sim::of(2, 30) }.check();
    assert!(done.seconds <= 28.0 / 1.0 / 0.85, "{}", done.seconds);
    // A fifth of an interval each: five steps to the slot that was someone else's.
    assert!(done.throttled <= 60 * 5, "{}", done.throttled);
}

#[test]
fn slow_answers_are_made_up_for_by_slices() {
    let slow = Sim { rtt: |_| 1.5, ..Sim::of(1, 20) };
    let done = slow.check();
    let ratio = bound(20.0, 1.5) / done.seconds;
    // The first answer, which alone tells how slow it is, is an eighth of it.
    assert!(ratio >= 0.8, "{ratio:.3}");
    assert!(done.calls <= 30, "{}", done.calls);
    // A day of work in a quarter of silence.
    let mut long = Sim { rtt: |_| 1.5, from: -89 * DAY, ..Sim::of(1, 20) };
    let done = long.check();
    assert!(done.calls <= 32, "{}", done.calls);
    assert!(bound(20.0, 1.5) / done.seconds >= 0.7, "{}", done.seconds);
    long.rtt = |_| 4.0;
    let done = long.check();
    assert!(done.calls <= 45 && done.seconds <= 40.0, "{} in {}", done.calls, done.seconds);
    let one = Sim { limits: Limits { slices: 1, ..Limits::default() }, rtt: |_| 1.5, ..Sim::of(1, 20) };
    assert!(one.check().seconds > 29.0, "one chain takes its time");
    assert_eq!(slices(Rate { per_second: 2.0, burst: 2.0 }, 0.08, 16), 1);
    assert_eq!(slices(Rate { per_second: 2.0, burst: 2.0 }, 1.5, 16), 3);
    assert_eq!(slices(Rate { per_second: 2.0, burst: 2.0 }, 60.0, 16), 16);
}

#[test]
fn when_everything_is_slow_no_more_is_asked_for_it() {
    let done = Sim { rtt: |_| 3.0, ..Sim::of(17, 10) }.check();
    assert!(done.calls <= 17 * 12, "{}", done.calls);
}

#[test]
fn crowded_and_uneven_logs_are_sliced_without_loss() {
    // All in one minute, and hundreds in one second.
    let crowded: Vec<i64> = (0..600).map(|place| DAY / 2 + place / 10).collect();
    let one_second = vec![DAY / 3; 230];
    let tail: Vec<i64> = (0..400).map(|place| DAY - 1 - (place * place) / 2).rev().collect();
    let mut sim = Sim { rtt: |_| 2.0, regions: 1, ..Sim::of(3, 0) };
    sim.events = vec![crowded, one_second, tail];
    for events in &mut sim.events {
        events.sort();
    }
    sim.check();
}

#[test]
fn no_more_is_under_way_than_allowed_and_heavy_buckets_do_not_wait_for_the_quiet() {
    let mut sim = Sim::of(2000, 0);
    sim.limits.in_flight = 128;
    sim.limits.full_pages = 96;
    sim.events[1990] = (0..1000).map(|place| place * 80).collect();
    let done = sim.check();
    assert!(done.most_in_flight <= 128);
    // 2,000 probes over 128 at a time, then the heavy chain.
    let limit = 2000.0 / 128.0 * 0.08 + bound(20.0, 0.08);
    assert!(limit / done.seconds >= 0.95, "{} of {limit}", done.seconds);
}

#[test]
fn failures_are_tried_again_and_the_hopeless_are_named() {
    let done = Sim { fault: |n| (n % 3 == 1).then_some(Answer::Failed), ..Sim::of(3, 10) }.check();
    assert!(done.calls > 30);
    let hopeless = Sim { fault: |_| Some(Answer::Failed), ..Sim::of(2, 1) }.run();
    assert_eq!(hopeless.lost, [(0, Loss::Refused, 0, DAY), (1, Loss::Refused, 0, DAY)]);
    let refused = Sim { fault: |_| Some(Answer::Refused), ..Sim::of(1, 1) }.run();
    assert_eq!((refused.lost.len(), refused.calls), (1, 1));
    let storm = Sim { fault: |_| Some(Answer::Throttled), ..Sim::of(1, 1) }.run();
    assert_eq!(storm.lost, [(0, Loss::Refused, 0, DAY)]);
    assert!(storm.calls as f64 <= storm.seconds * 2.5, "{} calls in {} s", storm.calls, storm.seconds);
    let around =
        Sim { fault: |_| Some(Answer::Page { more: Some("again".into()), oldest: None }), ..Sim::of(1, 1) };
    assert_eq!(around.run().lost, [(0, Loss::Loop, 0, DAY)]);
}

#[test]
fn a_token_that_is_refused_is_begun_anew_where_it_was() {
    let done = Sim { fault: |n| (n == 3).then_some(Answer::TokenRefused), ..Sim::of(1, 10) }.check();
    assert!(done.calls <= 12, "{}", done.calls);
}

#[test]
fn a_second_pass_goes_on_at_the_pace_of_the_first() {
    let spots = [Spot { region: 0, rank: 0, is_doubtful: false }];
    let jobs = [Job { bucket: 0, from: 0, to: DAY }];
    let mut server = Server { rate: 2.0, burst: 2.0, tokens: 2.0, at: 0.0 };
    let (mut now, mut refused, mut pace) = (0.0, 0, None::<Pacer>);
    // A chain of credentials: what one page tells is asked for in the next pass.
    for _ in 0..6 {
        let mut sweep = Sweep::after(Limits::default(), &spots, &jobs, 1, |_| pace.clone());
        loop {
            match sweep.next(now) {
                Next::Over => break,
                Next::Hold => panic!("one page at a time is not held"),
                Next::Wait(until) => now = until.max(now + 1e-6),
                Next::Send(request) => {
                    let sent = now;
                    now += 0.08;
                    let answer = match server.takes(sent + 0.02) {
                        true => Answer::Page { more: None, oldest: None },
                        false => Answer::Throttled,
                    };
                    refused += u32::from(matches!(answer, Answer::Throttled));
                    sweep.answered(*request, answer, sent, now);
                }
            }
        }
        pace = Some(sweep.pace(0).clone());
    }
    assert_eq!(refused, 0);
    assert!(now < bound(6.0, 0.08) + 0.1, "{now}");
}
