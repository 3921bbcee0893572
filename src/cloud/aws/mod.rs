//! AWS, live: who we are there, where we can go, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`] and [`Mutator`] alone.

mod apprunner;
mod autoscaling;
mod batch;
mod codebuild;
mod each;
mod ec2;
mod ecs;
mod eks;
mod emr;
mod error;
mod eventbridge;
mod iam;
mod lambda;
mod lightsail;
mod many;
mod power;
mod rolesanywhere;
mod sagemaker;
mod session;
mod trail;

pub use session::{Aws, Identity};

use error::{failed, not_answered};
