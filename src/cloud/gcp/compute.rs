//! Compute Engine, live: what we look at and what we do to it. By numeric id wherever there is one: a namesake is another thing.

mod act;
mod groups;
mod metadata;
mod observe;
mod seen;

pub(super) use act::{look, perform};
pub(super) use observe::{KINDS, observe, sweep};

use super::Gcp;
use crate::cloud::CloudError;
use crate::model::{Observed, Place};

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

    async fn listed(
        &self,
        at: &Place,
        list: &seen::List,
    ) -> Result<(Vec<Observed>, Vec<String>), CloudError> {
        seen::all(self, at, list).await
    }
}
