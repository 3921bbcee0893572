//! Google Cloud, live: who we are there, which projects there are, and one file per service that we look at or act on.
//!
//! Service files look and perform; they decide nothing. They are called through [`Inventory`](crate::cloud::Inventory) and
//! [`Mutator`](crate::cloud::Mutator) alone. All that goes over the network goes through `rest`, one thin client, with
//! the operator's credentials from Google's own crate.

mod account;
mod apikeys;
mod appengine;
pub mod bigquery;
mod cloudbuild;
mod cloudfunctions;
mod composer;
mod compute;
mod container;
mod each;
mod endpoints;
pub mod entries;
mod error;
mod file;
pub mod health;
mod hidden;
mod iam;
mod lacks;
mod named;
mod official;
mod policy;
mod power;
mod pricing;
mod project;
mod projects;
pub mod reads;
mod request;
mod rest;
mod restore;
mod run;
mod scheduler;
mod session;
mod sqladmin;
mod storage;
pub mod support;
mod workload;

pub use hidden::Sought;
pub use projects::{Reach, Wanted};
pub use session::{Connect, Gcp, Identity};
