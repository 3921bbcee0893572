//! AWS, live: who we are there, where we can go, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`] and [`Mutator`] alone.

mod accounts;
mod apprunner;
mod autoscaling;
mod batch;
mod bucket_policy;
mod clock;
mod cloudcontrol;
mod cloudformation;
mod codebuild;
mod each;
mod ec2;
mod ecs;
mod eks;
mod emr;
mod error;

mod eventbridge;
mod glue;
pub mod iam;
mod lacks;
mod lambda;
mod lightsail;
pub mod lookup_events;
mod many;
pub mod organizations;
mod overrides;
mod own;
mod power;
mod pricing;
pub mod pushdown;
pub mod reads;
mod regions;
mod role;
mod rolesanywhere;
mod s3;
mod sagemaker;
mod scheduler;
mod ses;
mod session;
mod sfn;
mod ssm;
pub mod sso;
pub mod support;
mod trail;
pub mod trails;

pub use accounts::{Account, AccountsAsked, Organization};
pub use own::Own;
pub use regions::{Region, narrow};
pub use session::{Aws, Connect, Identity};

use error::{failed, not_answered};
use session::client;
