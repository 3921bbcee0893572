//! How fast one bucket of a cloud's quota may be asked: a token bucket on the server's clock, seen from here.
//!
//! Pure: times are seconds since any fixed moment, passed in. `sweep` holds one pacer per bucket. The server counts arrivals,
//! we know only sendings and answers: what an answer was later than the quickest one is taken as time on the way there.

/// How late at most an answer is taken to have been on its way there; more is the server's own slowness, which it does not
/// count.
const MOST_ON_THE_WAY: f64 = 0.060;
/// Added once, when a bucket is full again: the next arrivals may be quicker than the first.
const MARGIN: f64 = 0.010;
/// A throttle moves the clock by this part of the time between two requests; nothing doubles.
const STEP_BACK: f64 = 0.2;
/// So many throttles in a row mean that others use up the bucket: from then on a whole interval is waited.
const SHORT_STEPS: u32 = 5;

/// What a server allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once when nothing was asked for a while.
    pub burst: f64,
}

/// The theoretical arrival time of the next request (GCRA), as far as it is known.
#[derive(Clone, Debug)]
pub struct Pacer {
    rate: Rate,
    next: f64,
    grants: u64,
    throttles: u32,
}

/// A request that may be sent; comes back with its answer.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    number: u64,
    step: f64,
}

impl Pacer {
    pub fn new(rate: Rate) -> Pacer {
        Pacer { rate, next: f64::NEG_INFINITY, grants: 0, throttles: 0 }
    }

    fn interval(&self) -> f64 {
        1.0 / self.rate.per_second
    }

    /// What a full bucket allows at once, as time.
    fn slack(&self) -> f64 {
        (self.rate.burst - 1.0) * self.interval()
    }

    /// The earliest time at which a request may be sent.
    pub fn eligible(&self) -> f64 {
        self.next - self.slack()
    }

    /// Counts a request that is sent now, at its slot, before anyone knows when it arrives.
    pub fn grant(&mut self, now: f64) -> Grant {
        let before = if self.next <= now { now + MARGIN } else { self.next };
        self.next = before + self.interval();
        self.grants += 1;
        Grant { number: self.grants, step: self.interval() }
    }

    /// Takes an answer: the request was sent at `sent`, answered at `now`, and `quickest` is the quickest answer known.
    pub fn answered(&mut self, grant: Grant, sent: f64, now: f64, quickest: f64) {
        self.throttles = 0;
        let late = (now - sent - quickest).clamp(0.0, MOST_ON_THE_WAY);
        let since = (self.grants - grant.number) as f64;
        // It arrived no earlier than this, and each request granted since counts for itself.
        self.next = self.next.max(sent + late + self.interval() * (1.0 + since));
    }

    /// Takes that a request was refused as one too many: it did not count, and the bucket was empty when it arrived.
    pub fn throttled(&mut self, grant: Grant, sent: f64) {
        self.throttles += 1;
        let step = if self.throttles <= SHORT_STEPS { STEP_BACK } else { 1.0 } * self.interval();
        self.next = (self.next - grant.step).max(sent + self.slack()) + step;
    }
}
