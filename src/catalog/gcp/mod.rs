//! What we know of Google Cloud: one file per service, one row per method.

use super::Service;

/// Every Google service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[];
