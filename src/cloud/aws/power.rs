//! The one place that brings a change to the file of its service.

use super::{
    Aws, apprunner, autoscaling, batch, codebuild, ec2, ecs, eks, emr, eventbridge, iam, lambda, lightsail,
    rolesanywhere, sagemaker, trail,
};
use crate::cloud::{Async, CloudError, Inventory, Mutator, Receipt};
use crate::model::change::{AwsChange, Change};
use crate::model::{Observed, Place, ResourceRef, Sight};

/// The changes of one service among changes of one kind: all of them.
macro_rules! picked {
    ($changes:expr, $service:ident) => {
        $changes
            .iter()
            .filter_map(|change| match change {
                Change::Aws(AwsChange::$service(change)) => Some(change),
                Change::Aws(_) | Change::Gcp(_) => None,
            })
            .collect::<Vec<_>>()
    };
}

macro_rules! dispatch {
    ($changes:expr, $self:ident, $at:ident, $verb:ident, $($module:ident $service:ident),*) => {
        match $changes.first() {
            $(Some(Change::Aws(AwsChange::$service(_))) => {
                $module::$verb($self, $at, &picked!($changes, $service)).await
            })*
            Some(Change::Gcp(_)) | None => Vec::new(),
        }
    };
}

macro_rules! each_service {
    ($changes:expr, $self:ident, $at:ident, $verb:ident) => {
        dispatch!(
            $changes, $self, $at, $verb,
            iam Iam, rolesanywhere RolesAnywhere, trail CloudTrail, autoscaling AutoScaling, ec2 Ec2, ecs Ecs, eks Eks, lambda Lambda, eventbridge EventBridge, batch Batch, sagemaker SageMaker, lightsail Lightsail, apprunner AppRunner, codebuild CodeBuild, emr Emr
        )
    };
}

impl Inventory for Aws {
    fn look<'a>(&'a self, at: &'a Place, changes: &'a [Change]) -> Async<'a, Vec<Result<Sight, CloudError>>> {
        Box::pin(async move { each_service!(changes, self, at, look) })
    }

    fn observe<'a>(
        &'a self,
        at: &'a Place,
        kind: &'static str,
        wanted: &'a [ResourceRef],
    ) -> Async<'a, Result<Vec<Observed>, CloudError>> {
        Box::pin(async move {
            if iam::KINDS.contains(&kind) {
                return iam::observe(self, at, kind, wanted).await;
            }
            if rolesanywhere::KINDS.contains(&kind) {
                return rolesanywhere::observe(self, at, kind, wanted).await;
            }
            if trail::KINDS.contains(&kind) {
                return trail::observe(self, at, kind, wanted).await;
            }
            if autoscaling::KINDS.contains(&kind) {
                return autoscaling::observe(self, at, kind, wanted).await;
            }
            if ec2::KINDS.contains(&kind) {
                return ec2::observe(self, at, kind, wanted).await;
            }
            if ecs::KINDS.contains(&kind) {
                return ecs::observe(self, at, kind, wanted).await;
            }
            if eks::KINDS.contains(&kind) {
                return eks::observe(self, at, kind, wanted).await;
            }
            if lambda::KINDS.contains(&kind) {
                return lambda::observe(self, at, kind, wanted).await;
            }
            if eventbridge::KINDS.contains(&kind) {
                return eventbridge::observe(self, at, kind, wanted).await;
            }
            if batch::KINDS.contains(&kind) {
                return batch::observe(self, at, kind, wanted).await;
            }
            if sagemaker::KINDS.contains(&kind) {
                return sagemaker::observe(self, at, kind, wanted).await;
            }
            if apprunner::KINDS.contains(&kind) {
                return apprunner::observe(self, at, kind, wanted).await;
            }
            if codebuild::KINDS.contains(&kind) {
                return codebuild::observe(self, at, kind, wanted).await;
            }
            if emr::KINDS.contains(&kind) {
                return emr::observe(self, at, kind, wanted).await;
            }
            if lightsail::KINDS.contains(&kind) {
                return lightsail::observe(self, at, kind, wanted).await;
            }
            Ok(Vec::new())
        })
    }

    fn sweep<'a>(&'a self, at: &'a Place) -> Async<'a, Vec<Result<Vec<Observed>, CloudError>>> {
        Box::pin(async move {
            let (a, b, c, d, e, f) = tokio::join!(
                ec2::sweep(self, at),
                autoscaling::sweep(self, at),
                ecs::sweep(self, at),
                lambda::sweep(self, at),
                sagemaker::sweep(self, at),
                lightsail::sweep(self, at),
            );
            vec![a, b, c, d, e, f]
        })
    }

    fn observes(&self, kind: &str) -> bool {
        [
            iam::KINDS,
            rolesanywhere::KINDS,
            trail::KINDS,
            autoscaling::KINDS,
            ec2::KINDS,
            ecs::KINDS,
            eks::KINDS,
            lambda::KINDS,
            eventbridge::KINDS,
            batch::KINDS,
            sagemaker::KINDS,
            lightsail::KINDS,
            apprunner::KINDS,
            codebuild::KINDS,
            emr::KINDS,
        ]
        .iter()
        .any(|kinds| kinds.contains(&kind))
    }
}

impl Mutator for Aws {
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>> {
        Box::pin(async move { each_service!(changes, self, at, perform) })
    }
}
