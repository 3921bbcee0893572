//! What time it is, and waiting: passed in, so that a test need not wait.

use crate::cloud::Async;
use crate::model::Time;
use std::time::{Duration, Instant};

pub trait Clock: Send + Sync {
    /// What goes into a journal. May go back.
    fn now(&self) -> Time;
    /// How long it has been running. Never goes back: what waits goes by this.
    fn passed(&self) -> Duration;
    fn sleep(&self, time: Duration) -> Async<'_, ()>;
}

/// The clock on the wall; needs a tokio runtime with its timer.
#[derive(Clone, Copy, Debug)]
pub struct Wall(Instant);

impl Default for Wall {
    fn default() -> Wall {
        Wall(Instant::now())
    }
}

impl Clock for Wall {
    fn now(&self) -> Time {
        Time::now()
    }

    fn passed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Async<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
