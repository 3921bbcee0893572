//! What could ever be changed in AWS, one file per service. Facts of aws.md 3.1 and 4.1 to 4.3: deny, never detach; inactive,
//! never delete; stop before terminate. Named through [`super`].
//!
//! Where a call wants a name and the variant holds an ARN, the name is the ARN's last part; account and region are the step's
//! target's. Names of variants are unique over all services: they are what a plan and a journal say.

mod apprunner;
mod autoscaling;
mod batch;
mod cloudcontrol;
mod cloudformation;
mod cloudtrail;
mod codebuild;
mod ec2;
mod ecs;
mod eks;
mod emr;
mod eventbridge;
mod glue;
mod iam;
mod lambda;
mod lightsail;
mod organizations;
mod rolesanywhere;
mod s3;
mod sagemaker;
mod scheduler;
mod sesv2;
mod sfn;
mod ssm;
mod sso;
mod support;

pub use apprunner::AppRunnerChange;
pub use autoscaling::{AutoScalingChange, SUSPENDED, ScheduledSize, WarmPool};
pub use batch::BatchChange;
pub use cloudcontrol::{CloudControlChange, Identifier, TYPES, TypeRow};
pub use cloudformation::CloudFormationChange;
pub use cloudtrail::{CloudTrailChange, TrailPart};
pub use codebuild::CodeBuildChange;
pub use ec2::{Direction, Ec2Change, Rule};
pub use ecs::EcsChange;
pub use eks::{AccessEntry, EksChange};
pub use emr::EmrChange;
pub use eventbridge::EventBridgeChange;
pub use glue::GlueChange;
pub use iam::IamChange;
pub use lambda::{FunctionPermission, LambdaChange};
pub use lightsail::LightsailChange;
pub use organizations::OrganizationsChange;
pub use rolesanywhere::RolesAnywhereChange;
pub use s3::{PublicAccessBlock, S3Change, SUSPICIOUS_DAYS};
pub use sagemaker::{SageMakerChange, SageMakerJob};
pub use scheduler::SchedulerChange;
pub use sesv2::SesChange;
pub use sfn::StepFunctionsChange;
pub use ssm::SsmChange;
pub use sso::SsoChange;
pub use support::SupportChange;

use super::{Change, Reversal, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! services {
    ($($name:ident($changes:ty)),* $(,)?) => {
        /// A change of AWS.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(untagged)]
        pub enum AwsChange {
            $($name($changes)),*
        }

        impl AwsChange {
            pub fn spec(&self) -> Spec {
                match self {
                    $(AwsChange::$name(change) => change.spec()),*
                }
            }

            /// Returns what takes it back, given what was seen before it.
            pub fn undo(&self, before: &Value) -> Reversal {
                match self {
                    $(AwsChange::$name(change) => change.undo(before)),*
                }
            }

            /// One change of every kind that there is, in no meaningful order: what is asked of all of them is asked of these.
            pub fn samples() -> Result<Vec<AwsChange>, String> {
                let mut all = Vec::new();
                $(
                    let some = super::samples::of::<$changes>().map_err(|error| format!("{}: {error}", stringify!($name)))?;
                    all.extend(some.into_iter().map(AwsChange::$name));
                )*
                Ok(all)
            }

            /// The service, which one file of `cloud/aws` speaks to.
            pub fn service(&self) -> &'static str {
                match self {
                    $(AwsChange::$name(_) => stringify!($name)),*
                }
            }
        }

        $(impl From<$changes> for Change {
            fn from(change: $changes) -> Change {
                Change::Aws(AwsChange::$name(change))
            }
        })*
    };
}

services! {
    Iam(IamChange),
    Organizations(OrganizationsChange),
    Sso(SsoChange),
    RolesAnywhere(RolesAnywhereChange),
    CloudTrail(CloudTrailChange),
    AutoScaling(AutoScalingChange),
    Ec2(Ec2Change),
    Ecs(EcsChange),
    Eks(EksChange),
    Lambda(LambdaChange),
    EventBridge(EventBridgeChange),
    Batch(BatchChange),
    SageMaker(SageMakerChange),
    Lightsail(LightsailChange),
    Glue(GlueChange),
    CloudFormation(CloudFormationChange),
    Scheduler(SchedulerChange),
    StepFunctions(StepFunctionsChange),
    Ssm(SsmChange),
    S3(S3Change),
    Ses(SesChange),
    CloudControl(CloudControlChange),
    AppRunner(AppRunnerChange),
    CodeBuild(CodeBuildChange),
    Emr(EmrChange),
    Support(SupportChange),
}
