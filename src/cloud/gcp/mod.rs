//! Google Cloud, live: who we are there, which projects there are, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`](crate::cloud::Inventory) and
//! [`Mutator`](crate::cloud::Mutator) alone. All that goes over the network goes through `rest`, one thin client, with
//! the operator's credentials from Google's own crate.

mod account;
mod apikeys;
mod compute;
mod each;
mod endpoints;
pub mod entries;
mod error;
mod hidden;
mod iam;
mod lacks;
mod official;
mod policy;
mod power;
mod pricing;
mod projects;
pub mod reads;
mod request;
mod rest;
mod scheduler;
mod session;
mod storage;

pub use hidden::Sought;
pub use projects::{Reach, Wanted};
pub use session::{Connect, Gcp, Identity};
