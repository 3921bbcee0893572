//! Many futures in one task: nothing is spawned, so that a run borrows what it works with and ends when it is dropped.

use crate::cloud::Async;
use std::future::poll_fn;
use std::task::Poll;

/// Futures that run side by side. Bounded by the caller: every wake polls all of them.
pub(super) struct Crowd<'a, T>(Vec<Async<'a, T>>);

impl<'a, T> Crowd<'a, T> {
    pub(super) fn new() -> Crowd<'a, T> {
        Crowd(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, one: Async<'a, T>) {
        self.0.push(one);
    }

    /// Waits until one has ended, or until `is_news` says that there is something to do; `None` then, and when none is left.
    pub(super) async fn next(&mut self, is_news: impl Fn() -> bool) -> Option<T> {
        poll_fn(|context| {
            if self.0.is_empty() {
                return Poll::Ready(None);
            }
            for at in 0..self.0.len() {
                if let Poll::Ready(end) = self.0[at].as_mut().poll(context) {
                    drop(self.0.swap_remove(at));
                    return Poll::Ready(Some(end));
                }
            }
            if is_news() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}
