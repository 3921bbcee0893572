//! Looking: patient, bounded, and never an absence made of an error.

use super::act::Hand;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::Change;
use crate::model::{Place, Sight};
use std::time::Duration;

/// Most things that one look asks for.
pub(super) const LOOKED: usize = 100;
/// Between two looks, at first and at most.
pub(super) const SOON: Duration = Duration::from_millis(500);
pub(super) const LATE: Duration = Duration::from_secs(5);
/// How soon Ctrl-C is noticed while waiting.
const NAP: Duration = Duration::from_millis(250);

/// Whether asking again may help.
fn is_passing(error: &CloudError) -> bool {
    match error.refusal {
        Refusal::Throttled
        | Refusal::Conflict
        | Refusal::SignedOut
        | Refusal::Unreachable
        | Refusal::Failed => true,
        Refusal::Denied
        | Refusal::NotFound
        | Refusal::Quota
        | Refusal::Unmodifiable
        | Refusal::Protected
        | Refusal::Disabled
        | Refusal::Invalid => false,
    }
}

pub(super) fn backoff(tries: u32) -> Duration {
    (SOON * 2_u32.saturating_pow(tries)).min(LATE)
}

impl Hand<'_> {
    /// Looks at changes of one kind in one place; asks again where that may help.
    pub(super) async fn look(&self, at: &Place, changes: &[Change]) -> Vec<Result<Sight, CloudError>> {
        let mut sights = self.look_once(at, changes).await;
        for tries in 0..self.options.repeats {
            let again: Vec<usize> = (0..sights.len())
                .filter(|at| matches!(&sights[*at], Err(error) if is_passing(error)))
                .collect();
            if again.is_empty() || self.is_halted() {
                break;
            }
            self.nap(backoff(tries)).await;
            let some: Vec<Change> = again.iter().map(|at| changes[*at].clone()).collect();
            for (index, sight) in again.into_iter().zip(self.look_once(at, &some).await) {
                sights[index] = sight;
            }
        }
        sights
    }

    /// Looks once: one answer for each change, whatever the cloud says.
    pub(super) async fn look_once(&self, at: &Place, changes: &[Change]) -> Vec<Result<Sight, CloudError>> {
        let mut sights = Vec::with_capacity(changes.len());
        for some in changes.chunks(LOOKED) {
            let answers = self.answered(self.means.inventory.look(at, some)).await;
            sights.extend(whole(at, some, answers));
        }
        sights
    }

    /// Makes changes of one kind in one place, at most as many as one call takes.
    pub(super) async fn perform(&self, at: &Place, changes: &[Change]) -> Vec<Result<Receipt, CloudError>> {
        let answered = self
            .means
            .journal
            .ledger(|ledger| changes.iter().map(|change| ledger.answered(at, change)).collect::<Vec<u32>>());
        whole(at, changes, self.answered(self.means.mutator.perform(at, changes, &answered)).await)
    }

    /// Waits for an answer, but not for ever.
    async fn answered<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = self.means.clock.sleep(self.options.answers_within) => None,
        }
    }

    /// Waits, unless the run is stopped.
    pub(super) async fn nap(&self, mut time: Duration) {
        while !time.is_zero() && !self.is_halted() {
            let some = time.min(NAP);
            self.means.clock.sleep(some).await;
            time -= some;
        }
    }
}

/// One answer for each change: what got none is unclear.
fn whole<T>(
    at: &Place,
    changes: &[Change],
    answers: Option<Vec<Result<T, CloudError>>>,
) -> Vec<Result<T, CloudError>> {
    let (refusal, why) = match answers {
        Some(_) => (Refusal::Failed, "the answer says nothing of it"),
        None => (Refusal::Unreachable, "no answer in time"),
    };
    let mut answers = answers.unwrap_or_default();
    answers.truncate(changes.len());
    for change in &changes[answers.len()..] {
        answers.push(Err(CloudError::new(refusal, change.spec().api, at, None, why)));
    }
    answers
}
