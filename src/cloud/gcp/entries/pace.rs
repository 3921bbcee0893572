//! Sixty reads a minute for each quota project, full again at the minute's edge: all of them at once, then none until the edge.
//! A 429 says nothing of when: short pauses that grow, never past the edge (gcp.md 2.1, perf.md C).

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Their clock and ours differ a little.
const MARGIN: Duration = Duration::from_millis(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Pace {
    reads: u32,
    /// A minute.
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    window: u128,
    used: u32,
    throttles: u32,
    not_before: Option<Instant>,
}

impl Pace {
    pub fn new(reads: u32, window: Duration) -> Pace {
        Pace { reads: reads.max(1), window: window.max(Duration::from_millis(1)), state: Mutex::default() }
    }

    /// Until the window is over.
    fn to_edge(&self, epoch: Duration) -> Duration {
        let window = self.window.as_nanos();
        Duration::from_nanos((window - epoch.saturating_sub(MARGIN).as_nanos() % window) as u64)
    }

    /// Waits until one more request may be sent.
    pub async fn take(&self) {
        loop {
            match self.wait(since_epoch(), Instant::now()) {
                None => return,
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Counts a request, or says how long to wait.
    fn wait(&self, epoch: Duration, now: Instant) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(until) = state.not_before.filter(|until| *until > now) {
            return Some(until - now);
        }
        let window = epoch.saturating_sub(MARGIN).as_nanos() / self.window.as_nanos();
        if state.window != window {
            (state.window, state.used) = (window, 0);
        }
        if state.used < self.reads {
            state.used += 1;
            return None;
        }
        Some(self.to_edge(epoch))
    }

    /// One request was one too many: others use the quota too.
    pub fn throttled(&self) {
        let (epoch, now) = (since_epoch(), Instant::now());
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // What was sent at the same time is refused at the same time: one pause for all of them.
        if state.not_before.is_some_and(|until| until > now) {
            return;
        }
        state.throttles += 1;
        let pause = FIRST_PAUSE * (1 << state.throttles.min(7));
        state.not_before = Some(now + pause.min(self.to_edge(epoch)));
    }

    pub fn answered(&self) {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).throttles = 0;
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_used_up_at_once_and_the_edge_is_waited_for() {
        let pace = Pace::new(3, Duration::from_secs(60));
        let now = Instant::now();
        let at = |millis: u64| Duration::from_millis(1_000_000 * 60_000 + millis);
        for _ in 0..3 {
            assert_eq!(pace.wait(at(1_000), now), None);
        }
        let wait = pace.wait(at(1_000), now).unwrap();
        assert_eq!(wait, Duration::from_secs(59) + MARGIN);
        assert!(pace.wait(at(59_999), now).is_some());
        assert_eq!(pace.wait(at(60_000) + MARGIN, now), None);
    }

    #[test]
    fn a_throttle_stops_all_for_a_while_and_longer_each_time() {
        let pace = Pace::new(1000, Duration::from_secs(60));
        pace.throttled();
        pace.throttled();
        let first = pace.state.lock().unwrap().not_before.unwrap();
        assert!(pace.wait(since_epoch(), Instant::now()).is_some());
        assert_eq!(pace.state.lock().unwrap().throttles, 1, "together they are one");
        assert_eq!(pace.wait(since_epoch(), first), None);
    }
}
