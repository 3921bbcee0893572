//! Many buckets asked page by page, each at its own pace, all under one limit: what to send next and when.
//!
//! Pure: a state machine that is told the time and the answers, so that a whole sweep can be played through with a virtual
//! clock. `lookup_events` sends what it says. Nothing is dropped: every job ends as done or as lost, and says which.

use super::pace::{Grant, Pacer, Rate};
use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};

/// What is asked of one bucket. Times of a range are whole seconds, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    pub bucket: usize,
    pub from: i64,
    pub to: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub rate: Rate,
    /// Requests under way at once, over all buckets.
    pub in_flight: usize,
    /// Of these, so many pages that are expected to be full (some 150 KB each).
    pub full_pages: usize,
    /// For how long a page is repeated that is always one too many, in seconds.
    pub patience: f64,
    /// How often a page is tried that gets no answer, or a failure.
    pub tries: u32,
    /// For how long it is tried, in seconds: after this no further try begins.
    pub silence: f64,
    /// So many slices at most are cut of one job at a time.
    pub slices: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // LookupEvents: two requests a second per account and region; the burst is an assumption (perf.md C).
            rate: Rate { per_second: 2.0, burst: 2.0 },
            in_flight: 1024,
            full_pages: 768,
            patience: 600.0,
            tries: 6,
            silence: 100.0,
            slices: 16,
        }
    }
}

/// Where jobs are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub region: usize,
    /// Lower is asked first.
    pub rank: u32,
    /// It did not answer before: its pages are tried once.
    pub is_doubtful: bool,
}

/// A page to ask for. Comes back with its answer.
#[derive(Debug)]
pub struct Request {
    pub job: usize,
    pub bucket: usize,
    pub from: i64,
    pub to: i64,
    pub token: Option<String>,
    chain: Chain,
    grant: Grant,
}

/// A run of pages, newest first.
#[derive(Debug)]
struct Chain {
    job: usize,
    from: i64,
    to: i64,
    token: Option<String>,
    /// Hashes of the tokens that were followed.
    tokens: HashSet<u64>,
    /// The oldest that it has shown.
    reached: i64,
    pages: u32,
    /// Of these, since `to`.
    shown: u32,
    empties: u32,
    tries: u32,
    /// Since when each of its requests was one too many.
    throttled: Option<f64>,
    /// Since when it gets no answer, or failures.
    failed: Option<f64>,
    not_before: f64,
}

#[derive(Debug)]
pub enum Answer {
    /// A page: how to go on, and the oldest that it shows.
    Page { more: Option<String>, oldest: Option<i64> },
    /// One request too many.
    Throttled,
    /// No answer or a failure: worth another try.
    Failed,
    /// The token is not taken (any more).
    TokenRefused,
    /// This will not be answered; other questions may be.
    Invalid,
    /// It will not be answered, nor will anything else in this bucket.
    Refused,
}

/// What an answer means for its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is more to ask.
    Going,
    /// All of it was answered, or the rest was reported lost before.
    Done,
    /// This range is lost; `ended` when nothing of the job is left to ask.
    Lost { why: Loss, from: i64, to: i64, ended: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// As the last answer says.
    Refused,
    /// The token leads back to where it came from.
    Loop,
    /// Page after page without anything in it.
    Empty,
}

/// What to do now.
#[derive(Debug)]
pub enum Next {
    Send(Box<Request>),
    /// Nothing before this time, unless an answer comes.
    Wait(f64),
    /// Nothing until an answer comes.
    Hold,
    Over,
}

/// An empty page with a token is not the end, but so many of them in a row are no log either.
const MOST_EMPTIES: u32 = 1000;
/// A range shorter than this is not cut, in seconds.
const SHORTEST_SLICE: i64 = 120;

struct Bucket {
    pacer: Pacer,
    region: usize,
    rank: u32,
    tries: u32,
    ready: VecDeque<Chain>,
    in_flight: usize,
    /// How long answers take, smoothed.
    rtt: Option<f64>,
    /// Its place in the queue is the one that bears this.
    stamp: u64,
    is_closed: bool,
}

/// What answers of a region taught.
#[derive(Clone, Copy)]
struct Region {
    /// When the first came.
    first: f64,
    /// How long the quickest took.
    quickest: f64,
    /// How long they take, smoothed.
    rtt: Option<f64>,
}

/// When, rank, bucket, stamp.
type Place = Reverse<(u64, u32, usize, u64)>;

pub struct Sweep {
    limits: Limits,
    buckets: Vec<Bucket>,
    /// Per job its chains that are not over.
    open: Vec<u32>,
    regions: Vec<Region>,
    /// Buckets whose next page continues a chain, and those that begin one: going on comes first.
    going: BinaryHeap<Place>,
    fresh: BinaryHeap<Place>,
    in_flight: usize,
    full_in_flight: usize,
    left: usize,
    /// Jobs of buckets that were closed, to be reported by [`Sweep::closed`].
    closed: Vec<(usize, i64, i64)>,
    noise: u64,
}

impl Sweep {
    /// `noise` spreads repeated tries.
    pub fn new(limits: Limits, buckets: &[Spot], jobs: &[Job], noise: u64) -> Sweep {
        let regions = buckets.iter().map(|spot| spot.region + 1).max().unwrap_or_default();
        let mut sweep = Sweep {
            limits,
            buckets: Vec::with_capacity(buckets.len()),
            open: vec![1; jobs.len()],
            regions: vec![Region { first: f64::INFINITY, quickest: f64::INFINITY, rtt: None }; regions],
            going: BinaryHeap::new(),
            fresh: BinaryHeap::with_capacity(buckets.len()),
            in_flight: 0,
            full_in_flight: 0,
            left: jobs.len(),
            closed: Vec::new(),
            noise: noise | 1,
        };
        for spot in buckets {
            sweep.buckets.push(Bucket {
                pacer: Pacer::new(limits.rate),
                region: spot.region,
                rank: spot.rank,
                tries: if spot.is_doubtful { 1 } else { limits.tries },
                ready: VecDeque::new(),
                in_flight: 0,
                rtt: None,
                stamp: 0,
                is_closed: false,
            });
        }
        for (number, job) in jobs.iter().enumerate() {
            sweep.buckets[job.bucket].ready.push_back(Chain::new(number, job.from, job.to));
        }
        for bucket in 0..sweep.buckets.len() {
            sweep.queue(bucket);
        }
        sweep
    }

    /// Puts a bucket where its next page belongs.
    fn queue(&mut self, bucket: usize) {
        let here = &mut self.buckets[bucket];
        here.stamp += 1;
        let Some(chain) = here.ready.front() else { return };
        let at = here.pacer.eligible().max(chain.not_before).max(0.0);
        let place = Reverse(((at * 1e6) as u64, here.rank, bucket, here.stamp));
        if chain.pages > 0 { self.going.push(place) } else { self.fresh.push(place) }
    }

    /// Returns what to send, now or when.
    pub fn next(&mut self, now: f64) -> Next {
        if self.left == 0 {
            return Next::Over;
        }
        if self.in_flight >= self.limits.in_flight {
            return Next::Hold;
        }
        let mut wait = f64::INFINITY;
        for is_going in [true, false] {
            if is_going && self.full_in_flight >= self.limits.full_pages {
                continue;
            }
            let queue = if is_going { &mut self.going } else { &mut self.fresh };
            while let Some(Reverse((at, _, bucket, stamp))) = queue.peek().copied() {
                if self.buckets[bucket].stamp != stamp {
                    queue.pop();
                    continue;
                }
                let at = at as f64 / 1e6;
                if at > now {
                    wait = wait.min(at);
                    break;
                }
                queue.pop();
                return Next::Send(Box::new(self.send(bucket, now)));
            }
        }
        if wait.is_finite() { Next::Wait(wait) } else { Next::Hold }
    }

    fn send(&mut self, bucket: usize, now: f64) -> Request {
        let here = &mut self.buckets[bucket];
        let mut chain = here.ready.pop_front().expect("a queued bucket has a chain that is ready");
        let grant = here.pacer.grant(now);
        here.in_flight += 1;
        self.in_flight += 1;
        self.full_in_flight += usize::from(chain.pages > 0);
        self.queue(bucket);
        let (job, from, to, token) = (chain.job, chain.from, chain.to, chain.token.take());
        Request { job, bucket, from, to, token, chain, grant }
    }

    /// Takes the answer to a request that was sent at `sent`.
    pub fn answered(&mut self, request: Request, answer: Answer, sent: f64, now: f64) -> Verdict {
        let Request { bucket, token, mut chain, grant, .. } = request;
        let job = chain.job;
        self.in_flight -= 1;
        self.full_in_flight -= usize::from(chain.pages > 0);
        let here = &mut self.buckets[bucket];
        here.in_flight -= 1;
        match &answer {
            Answer::Throttled => here.pacer.throttled(grant, sent),
            Answer::Page { .. } => {
                let rtt = now - sent;
                let region = &mut self.regions[here.region];
                // The first ones open connections: half of that is no answer's own time.
                let quickest = if region.first > sent { rtt / 2.0 } else { region.quickest.min(rtt) };
                here.pacer.answered(grant, sent, now, quickest);
                region.first = region.first.min(now);
                region.quickest = region.quickest.min(rtt);
                region.rtt = Some(region.rtt.map_or(rtt, |known| known + (rtt - known) / 8.0));
                here.rtt = Some(here.rtt.map_or(rtt, |known| known + (rtt - known) / 4.0));
            }
            Answer::Failed | Answer::TokenRefused | Answer::Invalid | Answer::Refused => {}
        }
        let is_failure = matches!(answer, Answer::Failed);
        let lost = match answer {
            Answer::Page { more, oldest } => {
                (chain.tries, chain.throttled, chain.failed) = (0, None, None);
                chain.pages += 1;
                chain.shown += 1;
                chain.empties = if oldest.is_some() { 0 } else { chain.empties + 1 };
                let before = chain.reached;
                chain.reached = oldest.map_or(before, |oldest| oldest.clamp(chain.from, before));
                match more {
                    None => None,
                    Some(more) if !chain.tokens.insert(hash(&more)) => Some(Loss::Loop),
                    Some(_) if chain.empties >= MOST_EMPTIES => Some(Loss::Empty),
                    Some(more) => {
                        chain.token = Some(more);
                        self.go_on(bucket, chain);
                        return Verdict::Going;
                    }
                }
            }
            Answer::Throttled => {
                let since = *chain.throttled.get_or_insert(now);
                if now - since <= self.limits.patience {
                    chain.token = token;
                    return self.again(bucket, chain);
                }
                Some(Loss::Refused)
            }
            Answer::Failed
                if chain.tries + 1 < self.buckets[bucket].tries
                    && now - chain.failed.unwrap_or(sent) <= self.silence(bucket) =>
            {
                chain.tries += 1;
                chain.failed.get_or_insert(sent);
                chain.token = token;
                let most = 0.25 * f64::from(1 << chain.tries.min(6));
                chain.not_before = now + most * (0.5 + 0.5 * self.noise());
                return self.again(bucket, chain);
            }
            // From where it had come: pages are newest first. Without getting anywhere it would go on for ever.
            Answer::TokenRefused if token.is_some() && chain.reached < chain.to => {
                chain = Chain { pages: chain.pages, ..Chain::new(job, chain.from, chain.reached) };
                return self.again(bucket, chain);
            }
            Answer::Refused => {
                self.close(bucket);
                Some(Loss::Refused)
            }
            Answer::Failed | Answer::TokenRefused | Answer::Invalid => {
                // Where nothing was ever answered, nothing else will be: not each question is tried as long.
                if is_failure && self.buckets[bucket].rtt.is_none() {
                    self.close(bucket);
                }
                Some(Loss::Refused)
            }
        };
        self.open[job] -= 1;
        let ended = self.open[job] == 0;
        self.left -= usize::from(ended);
        self.queue(bucket);
        match lost {
            Some(why) => Verdict::Lost { why, from: chain.from, to: chain.reached, ended },
            None if ended => Verdict::Done,
            None => Verdict::Going,
        }
    }

    /// For how long a page is tried: where nothing was ever answered, nobody waits as long.
    fn silence(&self, bucket: usize) -> f64 {
        match self.buckets[bucket].rtt {
            Some(_) => self.limits.silence,
            None => self.limits.silence / 3.0,
        }
    }

    /// Asks the same page again, before anything else of the bucket.
    fn again(&mut self, bucket: usize, chain: Chain) -> Verdict {
        if self.buckets[bucket].is_closed {
            let (job, from, to) = (chain.job, chain.from, chain.reached);
            self.open[job] -= 1;
            let ended = self.open[job] == 0;
            self.left -= usize::from(ended);
            return Verdict::Lost { why: Loss::Refused, from, to, ended };
        }
        let ready = &mut self.buckets[bucket].ready;
        match ready.front() {
            // What can go on at once is not held up by what must wait.
            Some(_) if chain.not_before > 0.0 && chain.tries > 0 => ready.push_back(chain),
            _ => ready.push_front(chain),
        }
        self.queue(bucket);
        Verdict::Going
    }

    /// Goes on with a chain; where answers take so long that one chain can't use up the rate, with several slices of it.
    fn go_on(&mut self, bucket: usize, chain: Chain) {
        let usual = self.usual(self.buckets[bucket].region);
        let here = &mut self.buckets[bucket];
        if here.is_closed {
            self.closed.push((chain.job, chain.from, chain.reached));
            self.open[chain.job] -= 1;
            self.left -= usize::from(self.open[chain.job] == 0);
            return;
        }
        let slow = here.rtt.unwrap_or_default() - usual;
        let wanted = slices(self.limits.rate, slow, self.limits.slices);
        let active = here.in_flight + here.ready.len() + 1;
        let (span, shown) = (chain.reached - chain.from, chain.to - chain.reached);
        // As many pages as are left if the rest is as dense as what was shown: an empty slice is a request for nothing.
        let left = f64::from(chain.shown) * span as f64 / shown.max(1) as f64;
        let parts = wanted.saturating_sub(active - 1).min(left.ceil() as usize) as i64;
        // A page that ends in the second in which it began gives no time to cut at.
        if parts < 2 || shown < 1 || span < SHORTEST_SLICE {
            here.ready.push_front(chain);
            self.queue(bucket);
            return;
        }
        // Logs are dense for hours and empty for weeks: the newer slices hold some pages each at the density seen so far, the
        // oldest all the rest.
        let width = (8 * shown).clamp(1, span / parts);
        let mut to = chain.reached;
        let mut cut = Vec::new();
        for part in (0..parts).rev() {
            let from = if part == 0 { chain.from } else { to - width };
            // The seconds at both ends belong to two slices: duplicates are told apart, a lost record would not be.
            let slice = Chain::new(chain.job, from, to);
            // The newest goes on where the chain was.
            cut.push(if part == parts - 1 { Chain { pages: chain.pages, ..slice } } else { slice });
            to = from;
        }
        self.open[chain.job] += cut.len() as u32 - 1;
        for slice in cut.into_iter().rev() {
            here.ready.push_front(slice);
        }
        self.queue(bucket);
    }

    /// How long answers of the quickest other region take now. Where all are slow it is we who are slow, or the way, and more
    /// questions would make us slower still.
    fn usual(&self, region: usize) -> f64 {
        let others = self.regions.iter().enumerate().filter(|(other, _)| *other != region);
        let usual = others.filter_map(|(_, other)| other.rtt).fold(f64::INFINITY, f64::min);
        if usual.is_finite() { usual } else { 0.0 }
    }

    /// Ends everything else that was to be asked of a bucket.
    fn close(&mut self, bucket: usize) {
        let here = &mut self.buckets[bucket];
        here.is_closed = true;
        for chain in std::mem::take(&mut here.ready) {
            self.closed.push((chain.job, chain.from, chain.reached));
            self.open[chain.job] -= 1;
            self.left -= usize::from(self.open[chain.job] == 0);
        }
    }

    /// Takes the ranges that were lost because their bucket was closed: job, from, to; and whether the job is over.
    pub fn closed(&mut self) -> Vec<(usize, i64, i64, bool)> {
        let closed = std::mem::take(&mut self.closed);
        closed.into_iter().map(|(job, from, to)| (job, from, to, self.open[job] == 0)).collect()
    }

    /// Whether nothing more is asked of a bucket.
    pub fn is_closed(&self, bucket: usize) -> bool {
        self.buckets[bucket].is_closed
    }

    /// Whether nothing of a bucket is under way or left to ask.
    pub fn is_idle(&self, bucket: usize) -> bool {
        let here = &self.buckets[bucket];
        here.in_flight == 0 && here.ready.is_empty()
    }

    /// Between 0 and 1.
    fn noise(&mut self) -> f64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        (self.noise >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Chain {
    fn new(job: usize, from: i64, to: i64) -> Chain {
        Chain {
            job,
            from,
            to,
            token: None,
            tokens: HashSet::new(),
            reached: to,
            pages: 0,
            shown: 0,
            empties: 0,
            tries: 0,
            throttled: None,
            failed: None,
            not_before: 0.0,
        }
    }
}

/// How many chains it takes to use up a rate, when each waits for one answer before it asks on.
pub fn slices(rate: Rate, rtt: f64, most: usize) -> usize {
    ((rate.per_second * rtt).ceil() as usize).clamp(1, most)
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
