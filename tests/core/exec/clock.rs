//! A clock that stands still until everybody waits, and then goes to the first who wakes.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use triage::cloud::Async;
use triage::exec::Clock;
use triage::model::Time;

#[derive(Debug)]
pub struct Still {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Time,
    next: u64,
    waits: BTreeMap<(Time, u64), Waker>,
}

impl Still {
    pub fn at(now: Time) -> Still {
        Still { state: Mutex::new(State { now, next: 0, waits: BTreeMap::new() }) }
    }

    /// Polls until it is ready; whenever nothing moves, time goes on.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.run_until(future, |_| false).expect("nothing kills it")
    }

    /// The same, but drops it, as a kill would, once `is_killed` says so of the time.
    pub fn run_until<T>(
        &self,
        future: impl Future<Output = T>,
        is_killed: impl Fn(Time) -> bool,
    ) -> Option<T> {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(value);
            }
            if is_killed(self.now()) {
                return None;
            }
            if flag.0.swap(false, Ordering::SeqCst) {
                continue;
            }
            let mut state = self.state.lock().unwrap();
            let ((at, _), waker) = state.waits.pop_first().expect("it waits for something that never comes");
            state.now = state.now.max(at);
            drop(state);
            waker.wake();
        }
    }
}

impl Clock for Still {
    fn passed(&self) -> Duration {
        self.now().duration_since(super::begun()).unsigned_abs()
    }

    fn now(&self) -> Time {
        self.state.lock().unwrap().now
    }

    fn sleep(&self, time: Duration) -> Async<'_, ()> {
        let mut state = self.state.lock().unwrap();
        state.next += 1;
        let key = (state.now.checked_add(time).unwrap(), state.next);
        Box::pin(Sleep { clock: self, key })
    }
}

struct Sleep<'a> {
    clock: &'a Still,
    key: (Time, u64),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state.lock().unwrap();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.waits.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.state.lock().unwrap().waits.remove(&self.key);
    }
}
