//! The one place that brings a change to the file of its service.

use super::Aws;
use crate::cloud::{Async, CloudError, Inventory, Mutator, Receipt};
use crate::model::change::{AwsChange, Change};
use crate::model::{Observed, Place, ResourceRef, Sight};

/// Every service: its file, and its name among the changes.
macro_rules! each_service {
    ($go:ident) => {
        $go! {
            apprunner AppRunner,
            autoscaling AutoScaling,
            batch Batch,
            cloudcontrol CloudControl,
            cloudformation CloudFormation,
            codebuild CodeBuild,
            ec2 Ec2,
            ecs Ecs,
            eks Eks,
            emr Emr,
            eventbridge EventBridge,
            glue Glue,
            iam Iam,
            lambda Lambda,
            lightsail Lightsail,
            organizations Organizations,
            rolesanywhere RolesAnywhere,
            s3 S3,
            sagemaker SageMaker,
            scheduler Scheduler,
            ses Ses,
            sfn StepFunctions,
            ssm Ssm,
            sso Sso,
            support Support,
            trail CloudTrail,
        }
    };
}

macro_rules! define {
    ($($file:ident $service:ident,)*) => {
        impl Aws {
            async fn look_at(&self, at: &Place, changes: &[Change]) -> Vec<Result<Sight, CloudError>> {
                match changes.first() {
                    $(Some(Change::Aws(AwsChange::$service(_))) => {
                        super::$file::look(self, at, &picked!(changes, $service)).await
                    })*
                    Some(Change::Gcp(_)) | None => Vec::new(),
                }
            }

            async fn perform_all(&self, at: &Place, changes: &[Change]) -> Vec<Result<Receipt, CloudError>> {
                match changes.first() {
                    $(Some(Change::Aws(AwsChange::$service(_))) => {
                        super::$file::perform(self, at, &picked!(changes, $service)).await
                    })*
                    Some(Change::Gcp(_)) | None => Vec::new(),
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
                if super::cloudcontrol::knows(kind) {
                    return super::cloudcontrol::observe(self, at, kind, wanted).await;
                }
                Ok(Vec::new())
            }

            fn knows(&self, kind: &str) -> bool {
                [$(super::$file::KINDS),*].iter().any(|kinds| kinds.contains(&kind))
                    || super::cloudcontrol::knows(kind)
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
                Change::Aws(AwsChange::$service(change)) => Some(change),
                Change::Aws(_) | Change::Gcp(_) => None,
            })
            .collect::<Vec<_>>()
    };
}

each_service!(define);

impl Inventory for Aws {
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

    fn sweep<'a>(&'a self, at: &'a Place) -> Async<'a, Vec<Result<Vec<Observed>, CloudError>>> {
        Box::pin(async move {
            let (a, b, c, d, e, f) = tokio::join!(
                super::ec2::sweep(self, at),
                super::autoscaling::sweep(self, at),
                super::ecs::sweep(self, at),
                super::lambda::sweep(self, at),
                super::sagemaker::sweep(self, at),
                super::lightsail::sweep(self, at),
            );
            vec![a, b, c, d, e, f]
        })
    }

    fn observes(&self, kind: &str) -> bool {
        self.knows(kind)
    }
}

impl Mutator for Aws {
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
        _: &'a [u32],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>> {
        Box::pin(self.perform_all(at, changes))
    }
}
