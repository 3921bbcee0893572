//! Compute Engine, live: what we look at and what we do to it. By numeric id wherever there is one: a namesake is another thing.

mod act;
mod groups;
mod metadata;
pub(super) mod nodes;
mod observe;
mod seen;

pub(super) use act::{look, perform};
pub(super) use observe::{KINDS, observe, sweep};

use super::Gcp;
use crate::cloud::CloudError;
use crate::model::{Observed, Place};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So long an aggregated list is taken for what is: those who look at a hundred machines one after the other ask once.
const FRESH: Duration = Duration::from_secs(3);

type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Result<Arc<seen::Whole>, CloudError>)>>>;

/// Aggregated lists that were asked for just now, by project and kind.
#[derive(Default)]
pub(super) struct Lists(Mutex<BTreeMap<(Arc<str>, &'static str), Slot>>);

impl Lists {
    fn slot(&self, project: &Arc<str>, kind: &'static str) -> Slot {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((project.clone(), kind)).or_default().clone()
    }

    /// Something was changed: what was listed before is old.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Gcp {
    /// Who launched which machine of a project, as Compute itself says; an error besides what was told where it is not whole.
    pub async fn launches(&self, project: &str) -> Vec<Result<Vec<Observed>, CloudError>> {
        let at = Place::new(project, "");
        match seen::all(self, &at, &seen::OPERATIONS).await {
            Ok((all, silent)) if silent.is_empty() => vec![Ok(all)],
            Ok((all, silent)) => vec![Err(seen::not_whole(&seen::OPERATIONS, &at, &silent)), Ok(all)],
            Err(error) => vec![Err(error)],
        }
    }

    /// Everything of one kind in a project: asked once for all that want to know at the same time, until something is changed.
    async fn listed(&self, at: &Place, list: &seen::List) -> Result<Arc<seen::Whole>, CloudError> {
        let lists = &self.lists;
        let slot = lists.slot(&at.account, list.kind);
        let mut slot = slot.lock().await;
        if let Some((asked, answer)) = &*slot
            && asked.elapsed() < FRESH
        {
            return answer.clone();
        }
        let answer = seen::all(self, at, list).await.map(Arc::new);
        *slot = Some((Instant::now(), answer.clone()));
        answer
    }
}
