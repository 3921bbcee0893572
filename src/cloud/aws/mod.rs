//! AWS, live: who we are there, where we can go, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`] and [`Mutator`] alone.

mod autoscaling;
mod batch;
mod ec2;
mod ecs;
mod error;
mod eventbridge;
pub mod iam;
mod lambda;
mod lightsail;
pub mod organizations;
mod power;
mod rolesanywhere;
mod sagemaker;
mod session;
pub mod sso;
mod trail;

pub use session::{Aws, Identity};

use error::{failed, not_answered};
