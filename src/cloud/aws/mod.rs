//! AWS, live: who we are there, where we can go, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`] and [`Mutator`] alone.

mod accounts;
mod autoscaling;
mod batch;
mod ec2;
mod ecs;
mod error;
mod eventbridge;
mod iam;
mod lacks;
mod lambda;
mod lightsail;
mod overrides;
mod own;
mod power;
pub mod reads;
mod regions;
mod role;
mod rolesanywhere;
mod sagemaker;
mod session;
mod trail;

pub use accounts::{Account, AccountsAsked, Organization};
pub use own::Own;
pub use regions::{Region, narrow};
pub use session::{Aws, Connect, Identity};

use error::{failed, not_answered};
use session::client;
