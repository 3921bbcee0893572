//! What we know of AWS: one file per service, one row per event.

pub mod ec2;

use super::Service;

/// Every AWS service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[&ec2::EC2];
