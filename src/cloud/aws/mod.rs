//! AWS, live: who we are there, where we can go, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`] and [`Mutator`] alone.

mod autoscaling;
mod batch;
mod bucket_policy;
mod cloudcontrol;
mod cloudformation;
mod each;
mod ec2;
mod ecs;
mod error;

mod eventbridge;
mod glue;
mod iam;
mod lambda;
mod lightsail;
mod power;
mod rolesanywhere;
mod s3;
mod sagemaker;
mod scheduler;
mod ses;
mod session;
mod sfn;
mod ssm;
mod trail;

pub use session::{Aws, Identity};

use error::{failed, not_answered};
