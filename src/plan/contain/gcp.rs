//! Google Cloud, one file per service.

mod compute;
mod scheduler;

use super::{Ask, Way};

/// Returns what to do about a kind that a service's file knows.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    const SERVICES: &[fn(&Ask) -> Option<Way>] = &[compute::way, scheduler::way];
    SERVICES.iter().find_map(|way| way(ask))
}
