//! Google Cloud, one file per service.

mod compute;
mod projects;
mod restore;
mod scheduler;
mod standing;
mod workload;

use super::standing::Told;
use super::{Ask, Way};
use crate::plan::ground::Ground;
use crate::plan::{Options, Proposal};

/// Returns what to do about a kind that a service's file knows.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    const SERVICES: &[fn(&Ask) -> Option<Way>] =
        &[compute::way, projects::way, restore::way, scheduler::way, workload::way];
    SERVICES.iter().find_map(|way| way(ask))
}

/// Plans what takes back what stands changed; returns the findings that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, options: Options, proposal: &mut Proposal) -> Told<'a> {
    projects::projects(ground, options, proposal);
    let mut told = standing::standing(ground, proposal);
    told.extend(projects::services(ground, proposal));
    told
}
