//! Compute Engine, live: what we look at and what we do to it. By numeric id wherever there is one: a namesake is another thing.

mod act;
mod groups;
mod observe;
mod seen;

pub(super) use act::{look, perform};
pub(super) use observe::{KINDS, observe, sweep};

use super::Gcp;
use crate::cloud::CloudError;
use crate::model::{Observed, Place};

impl Gcp {
    async fn listed(
        &self,
        at: &Place,
        list: &seen::List,
    ) -> Result<(Vec<Observed>, Vec<String>), CloudError> {
        seen::all(self, at, list).await
    }
}
