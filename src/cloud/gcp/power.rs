//! The one place that brings a change to the file of its service.

use super::Gcp;
use super::each::or_gone;
use super::request::Deed;
use crate::cloud::{Async, CloudError, Inventory, Mutator, Receipt};
use crate::model::change::{Change, GcpChange};
use crate::model::{Observed, Place, ResourceRef, Sight};

/// Every service: its file, and its name among the changes.
macro_rules! each_service {
    ($go:ident) => {
        $go! {
            apikeys Apikeys,
            appengine Appengine,
            cloudbuild Cloudbuild,
            cloudfunctions Cloudfunctions,
            composer Composer,
            compute Compute,
            container Container,
            file File,
            iam Iam,
            policy Policy,
            run Run,
            project Project,
            restore Restore,
            scheduler Scheduler,
            sqladmin Sqladmin,
            storage Storage,
            support Support,
            workload Workload,
        }
    };
}

macro_rules! define {
    ($($file:ident $service:ident,)*) => {
        impl Gcp {
            async fn look_at(&self, at: &Place, changes: &[Change]) -> Vec<Result<Sight, CloudError>> {
                // Where a ticket would be filed must be there; what is not there of all else is gone.
                let is_ticket = matches!(changes.first(), Some(Change::Gcp(GcpChange::Support(_))));
                match changes.first() {
                    $(Some(Change::Gcp(GcpChange::$service(_))) => {
                        let mut seen = Vec::with_capacity(changes.len());
                        for change in picked!(changes, $service) {
                            let sight = super::$file::look(self, at, change).await;
                            seen.push(if is_ticket { sight } else { or_gone(sight) });
                        }
                        seen
                    })*
                    Some(Change::Aws(_)) | None => Vec::new(),
                }
            }

            async fn perform_all(&self, at: &Place, changes: &[Change]) -> Vec<Result<Receipt, CloudError>> {
                match changes.first() {
                    $(Some(Change::Gcp(GcpChange::$service(_))) => {
                        let mut done = Vec::with_capacity(changes.len());
                        for change in picked!(changes, $service) {
                            done.push(super::$file::perform(self, at, change).await);
                        }
                        done
                    })*
                    Some(Change::Aws(_)) | None => Vec::new(),
                }
            }

            async fn observe_all(
                &self,
                at: &Place,
                kind: &'static str,
                wanted: &[ResourceRef],
            ) -> Result<Vec<Observed>, CloudError> {
                $(if super::$file::KINDS.contains(&kind) {
                    return super::$file::observe(self, at, kind, wanted).await;
                })*
                Ok(Vec::new())
            }

            fn knows(&self, kind: &str) -> bool {
                [$(super::$file::KINDS),*].iter().any(|kinds| kinds.contains(&kind))
            }
        }
    };
}

/// The changes of one service among changes of one kind: all of them.
macro_rules! picked {
    ($changes:expr, $service:ident) => {
        $changes
            .iter()
            .filter_map(|change| match change {
                Change::Gcp(GcpChange::$service(change)) => Some(change),
                Change::Gcp(_) | Change::Aws(_) => None,
            })
            .collect::<Vec<_>>()
    };
}

each_service!(define);

impl Inventory for Gcp {
    fn look<'a>(&'a self, at: &'a Place, changes: &'a [Change]) -> Async<'a, Vec<Result<Sight, CloudError>>> {
        Box::pin(self.look_at(at, changes))
    }

    fn observe<'a>(
        &'a self,
        at: &'a Place,
        kind: &'static str,
        wanted: &'a [ResourceRef],
    ) -> Async<'a, Result<Vec<Observed>, CloudError>> {
        Box::pin(self.observe_all(at, kind, wanted))
    }

    /// The place is a project: one call lists all its zones.
    fn sweep<'a>(&'a self, at: &'a Place) -> Async<'a, Vec<Result<Vec<Observed>, CloudError>>> {
        Box::pin(super::compute::sweep(self, at))
    }

    fn observes(&self, kind: &str) -> bool {
        self.knows(kind)
    }
}

impl Mutator for Gcp {
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
        answered: &'a [u32],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>> {
        Box::pin(async move {
            let mut done = Vec::with_capacity(changes.len());
            let answered = answered.iter().copied().chain(std::iter::repeat(0));
            for (change, answered) in changes.iter().zip(answered) {
                let deed = Deed::new(&self.case, at, change, answered);
                done.extend(deed.of(self.perform_all(at, std::slice::from_ref(change))).await);
            }
            done
        })
    }
}
