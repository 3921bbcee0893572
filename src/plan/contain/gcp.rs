//! Google Cloud, one file per service.

mod compute;
mod restore;
mod scheduler;
mod standing;
mod workload;

use super::standing::Told;
use super::{Ask, Way};
use crate::plan::Proposal;
use crate::plan::ground::Ground;

/// Returns what to do about a kind that a service's file knows.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    const SERVICES: &[fn(&Ask) -> Option<Way>] = &[compute::way, restore::way, scheduler::way, workload::way];
    SERVICES.iter().find_map(|way| way(ask))
}

/// Plans what takes back what stands changed; returns the findings that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    standing::standing(ground, proposal)
}
