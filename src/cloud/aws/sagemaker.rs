//! SageMaker, live: what we look at and what we do to it.

use super::Aws;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::SageMakerChange;
use crate::model::{Observed, Place, ResourceRef, Sight};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

pub(super) async fn look(
    _aws: &Aws,
    at: &Place,
    changes: &[&SageMakerChange],
) -> Vec<Result<Sight, CloudError>> {
    changes.iter().map(|_| Err(CloudError::new(Refusal::Invalid, "not built", at, None, ""))).collect()
}

pub(super) async fn perform(
    _aws: &Aws,
    at: &Place,
    changes: &[&SageMakerChange],
) -> Vec<Result<Receipt, CloudError>> {
    changes.iter().map(|_| Err(CloudError::new(Refusal::Invalid, "not built", at, None, ""))).collect()
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    _aws: &Aws,
    at: &Place,
    _kind: &'static str,
    _wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Err(CloudError::new(Refusal::Invalid, "not built", at, None, ""))
}

/// Lists everything that computes here, whoever made it.
pub(super) async fn sweep(_aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    Err(CloudError::new(Refusal::Invalid, "not built", at, None, ""))
}
