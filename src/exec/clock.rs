//! What time it is, and waiting: passed in, so that a test need not wait.

use crate::cloud::Async;
use crate::model::Time;
use std::time::Duration;

pub trait Clock: Send + Sync {
    fn now(&self) -> Time;
    fn sleep(&self, time: Duration) -> Async<'_, ()>;
}

/// The clock on the wall; needs a tokio runtime with its timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wall;

impl Clock for Wall {
    fn now(&self) -> Time {
        Time::now()
    }

    fn sleep(&self, time: Duration) -> Async<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
